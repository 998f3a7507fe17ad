"""Pictures of hidden Markov models show what they say: states, probabilities, transitions, residuals."""

import warnings

import numpy as np
import pandas
import pytest
from matplotlib import pyplot
from matplotlib.collections import LineCollection, PathCollection, PolyCollection, QuadMesh
from matplotlib.colors import to_hex
from matplotlib.dates import date2num
from matplotlib.patches import StepPatch
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import ndtri
from scipy.stats import norm, poisson

from latently import CategoricalHMM, GaussianHMM, HiddenMarkovModel, MixtureModel, PoissonHMM, datasets, plots
from latently.core.errors import SpuriousMaximumWarning
from latently.emissions import Gaussian
from latently.metrics import match_labels, matched_accuracy
from latently.plots.hmm.residuals import autocorrelations
from latently.plots.hmm.steps import axis, runs, steps
from latently.plots.palette import COLOURS, INK, NEUTRAL, colour

EARTHQUAKES = datasets.load_earthquakes()
COUNTS, YEARS = EARTHQUAKES.data, EARTHQUAKES.year
CASINO = datasets.load_casino()


def given(estimator, x, **starts):
    """A model that has its parameters and nothing to learn."""
    estimator.set_params(**starts, fixed=tuple(name.removesuffix("_init") for name in starts))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpuriousMaximumWarning)  # so few rows
        return estimator.fit(x)


TRANSMAT = [[0.95, 0.024, 0.026], [0.05, 0.9, 0.05], [0.0, 0.2, 0.8]]
QUAKES = given(
    PoissonHMM(3),
    COUNTS,
    startprob_init=[0.4, 0.4, 0.2],
    transmat_init=TRANSMAT,
    lambdas_init=[[13.15], [19.72], [29.71]],
)
DICE = given(
    CategoricalHMM(2),
    CASINO.data,
    **{f"{name}_init": CASINO[name] for name in ("startprob", "transmat", "emissionprob")},
)
MEANS = np.array([[0.0, 0.0], [4.0, -3.0]])
COVARIANCES = np.array([[[1.0, 0.5], [0.5, 2.0]], [[2.0, 0.0], [0.0, 0.5]]])
PAIR = given(
    GaussianHMM(2, covariance_type="full"),
    np.random.default_rng(0).normal(size=(30, 2)),
    startprob_init=[0.5, 0.5],
    transmat_init=[[0.95, 0.05], [0.1, 0.9]],
    means_init=MEANS,
    covariances_init=COVARIANCES,
)
SERIES, TRUE = PAIR.sample(300, random_state=0)


@pytest.fixture(autouse=True)
def _close():
    yield
    pyplot.close("all")


def title(ax):
    return ax.get_title(loc="left")


def note(ax):
    """What stands below the title."""
    return ax.texts[-1].get_text()


def labelled(ax, name):
    """Outlines of the areas of a state."""
    (area,) = [drawn for drawn in ax.collections if drawn.get_label() == name]
    return area


def spans(ax, name):
    """Where a state is shaded: from and to."""
    ends = [path.vertices[:, 0] for path in labelled(ax, name).get_paths()]
    return [(x.min(), x.max()) for x in ends]


def heights(ax, name, at):
    """Height of an area at positions."""
    (path,) = labelled(ax, name).get_paths()
    x, y = path.vertices.T
    return np.array([np.ptp(y[np.isclose(x, position)]) for position in at])


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


# -- states ------------------------------------------------------------------------------------------------


def test_the_series_lies_over_its_likeliest_states():
    panels = plots.states(QUAKES, COUNTS, time=YEARS)
    series = panels[0].lines[0]
    assert_array_equal(series.get_xdata(), YEARS)
    assert_array_equal(series.get_ydata(), COUNTS[:, 0])
    path = QUAKES.predict(COUNTS)
    shaded = np.full(len(path), -1)
    for k in range(3):
        for low, high in spans(panels[0], f"state {k}"):
            inside = (low < YEARS) & (high > YEARS)
            assert (shaded[inside] == -1).all()
            shaded[inside] = k
            assert to_hex(labelled(panels[0], f"state {k}").get_facecolor()[0]) == colour(k)
    assert_array_equal(shaded, path)
    assert panels[0].get_xlim() == (1899.5, 2006.5)
    assert title(panels[0]) == "107 times in 3 states"
    assert legend(panels[0]) == ["state 0", "state 1", "state 2"]


def test_the_strips_are_smoothed_and_filtered_probabilities():
    panels = plots.states(QUAKES, COUNTS, filtered=True)
    assert [panel.get_ylabel() for panel in panels] == ["observed", "smoothed", "filtered"]
    for panel, probabilities in zip(panels[1:], (QUAKES.smooth(COUNTS), QUAKES.filter(COUNTS)), strict=True):
        outline = labelled(panel, "state 1").get_paths()[0].vertices
        for t in (0, 41, 42, 106):
            inner = outline[np.isclose(outline[:, 0], t - 0.5) | np.isclose(outline[:, 0], t + 0.5), 1]
            below = probabilities[t, 0]
            for edge in (below, below + probabilities[t, 1]):
                assert np.isclose(inner, edge, atol=1e-9).any()
        assert panel.get_ylim() == (0, 1)
    assert "then given the past only" in note(panels[0])


def test_probabilities_fill_the_strip():
    strip = plots.states(DICE, CASINO.data)[1]
    top = labelled(strip, "state 1").get_paths()[0].vertices[:, 1].max()
    assert top == pytest.approx(1)
    assert heights(strip, "state 0", [-0.5])[0] == pytest.approx(DICE.smooth(CASINO.data)[0, 0])


def test_symbols_are_dots_at_their_place_in_the_alphabet():
    weather = np.array(list("rrrrsssscccsrrr"), dtype=object)[:, None]
    weather[5] = None
    model = CategoricalHMM(2, categories=["s", "c", "r"], random_state=0, n_init=1).fit(weather)
    panel = plots.states(model, weather)[0]
    drawn = panel.lines[0].get_ydata()
    expected = [{"s": 0, "c": 1, "r": 2}.get(symbol, np.nan) for symbol in weather[:, 0]]
    assert_array_equal(drawn, expected)
    assert panel.lines[0].get_linestyle() == "None"
    assert [tick.get_text() for tick in panel.get_yticklabels()] == ["s", "c", "r"]


def test_missing_times_are_gaps_and_a_time_between_two_is_a_dot():
    x = SERIES.copy()
    x[40:60] = np.nan
    x[70], x[72] = np.nan, np.nan
    panel = plots.states(PAIR, x)[0]
    line, alone = panel.lines[0], panel.lines[1]
    assert_array_equal(np.flatnonzero(np.isnan(line.get_ydata())), [*range(40, 60), 70, 72])
    assert alone.get_xdata().tolist() == [71]
    assert alone.get_ydata().tolist() == [x[71, 0]]


def test_each_feature_has_a_panel_up_to_a_limit():
    x = np.random.default_rng(0).normal(size=(40, 6))
    model = GaussianHMM(1).fit(x)
    panels = plots.states(model, x)
    assert [panel.get_ylabel() for panel in panels] == [*(f"feature {j}" for j in range(4)), "smoothed"]
    assert "4 of 6 features" in note(panels[0])
    for j, panel in enumerate(panels[:4]):
        assert_array_equal(panel.lines[0].get_ydata(), x[:, j])
    chosen = plots.states(model, x, features=[5, 0])
    assert [panel.get_ylabel() for panel in chosen] == ["feature 5", "feature 0", "smoothed"]
    assert_array_equal(chosen[0].lines[0].get_ydata(), x[:, 5])


def test_names_of_columns_are_the_labels():
    frame = pandas.DataFrame(SERIES, columns=["cost ($)", "speed"])
    model = GaussianHMM(1).fit(frame)
    panels = plots.states(model, frame, features=["speed", "cost ($)"])
    assert [panel.get_ylabel() for panel in panels][:2] == ["speed", r"cost (\$)"]
    panels[0].figure.draw_without_rendering()
    with pytest.raises(ValueError, match="no feature 'rain'"):
        plots.states(model, frame, features=["rain"])


def test_sequences_are_separate():
    lengths = [100, 50, 150]
    panels = plots.states(PAIR, SERIES, lengths=lengths)
    line = panels[0].lines[0]
    assert_array_equal(np.flatnonzero(np.isnan(line.get_ydata())), [100, 151])  # no line across
    separators = [drawn.get_xdata()[0] for drawn in panels[0].lines if len(drawn.get_xdata()) == 2]
    assert separators == [99.5, 149.5]
    assert title(panels[0]) == "3 sequences, 300 times in 2 states"
    for low, high in [span for k in range(2) for span in spans(panels[0], f"state {k}")]:
        assert not any(low < boundary < high for boundary in separators)
    parts = plots.states(PAIR, np.split(SERIES, [100, 150]))
    assert_array_equal(parts[0].lines[0].get_ydata(), line.get_ydata())


def test_of_very_many_sequences_the_first_are_drawn():
    panels = plots.states(PAIR, SERIES, lengths=[10] * 30)
    assert panels[0].get_xlim() == (-0.5, 119.5)
    assert "the first 12 sequences" in note(panels[0])
    assert title(panels[0]) == "30 sequences, 300 times in 2 states"


@pytest.mark.parametrize("kind", [np.asarray, pandas.to_datetime, lambda days: [str(day) for day in days]])
def test_dates(kind):
    days = np.datetime64("2020-01-30") + np.arange(107) * np.timedelta64(7, "D")
    panels = plots.states(QUAKES, COUNTS, time=kind(days))
    assert_allclose(panels[0].lines[0].get_xdata(), date2num(days))
    panels[0].figure.draw_without_rendering()
    assert "2021" in [tick.get_text() for tick in panels[-1].get_xticklabels()]


def test_times_that_overlap_are_drawn_on_end_under_their_own_names():
    time = np.concatenate([np.arange(1950, 2000), np.arange(1950, 2007)])
    panels = plots.states(QUAKES, COUNTS, lengths=[50, 57], time=time)
    assert panels[0].get_xlim() == (-0.5, 106.5)
    write = panels[-1].xaxis.get_major_formatter()
    assert [write(position) for position in (0, 49, 50, 106, 107)] == ["1950", "1999", "1950", "2006", ""]


@pytest.mark.parametrize(
    ("time", "message"),
    [
        (np.arange(5), r"time has shape \(5,\), should be \(107,\)"),
        (np.arange(107)[::-1], "does not rise at row 1: sort the rows"),
        (np.arange(107) * 1e306, "time is 4.5e\\+307 at row 45, which cannot be drawn: choose another unit"),
        (["a"] * 107, "should be numbers or dates"),
    ],
)
def test_times_that_cannot_be_are_refused(time, message):
    with pytest.raises(ValueError, match=message):
        plots.states(QUAKES, COUNTS, time=time)


def test_of_very_many_times_each_step_shows_many():
    x, _ = QUAKES.sample(20_000, random_state=0)
    panels = plots.states(QUAKES, x)
    parts = x[:, 0].reshape(1000, 20)
    assert_allclose(panels[0].lines[0].get_ydata(), parts.mean(axis=1))
    band = next(drawn for drawn in panels[0].collections if to_hex(drawn.get_facecolor()[0]) == INK)
    y = band.get_paths()[0].vertices[:, 1]
    assert (y.min(), y.max()) == (x.min(), x.max())
    assert "each step is 20 times: mean and range" in note(panels[0])
    assert title(panels[0]) == "20,000 times in 3 states"
    assert panels[0].get_xlim() == (-0.5, 19_999.5)
    smoothed = QUAKES.smooth(x)[:, 0].reshape(1000, 20).mean(axis=1)
    assert heights(panels[1], "state 0", [-0.5])[0] == pytest.approx(smoothed[0])


def test_of_very_many_symbols_each_step_shows_how_often_they_are_seen():
    x, _ = DICE.sample(10_000, random_state=0)
    panel = plots.states(DICE, x)[0]
    shares = (x.reshape(1000, 10)[:, :, None] == np.arange(1, 7)).mean(axis=1)
    rows = [drawn for drawn in panel.collections if not drawn.get_label().startswith("state")]
    for k, drawn in enumerate(rows):
        assert_allclose(drawn.get_facecolor()[:, 3], 0.9 * shares[shares[:, k] > 0, k] / shares.max())
    assert len(rows) == 6


def test_steps_do_not_cross_sequences_and_keep_what_is_missing():
    x = np.arange(10_000.0)
    x[:11] = np.nan
    cut = steps(np.arange(10_000.0), np.array([0, 4995, 10_000]))
    assert cut.each == 10
    assert cut.sizes.sum() == 10_000
    assert cut.first[cut.new].tolist() == [0, 4995]
    assert cut.sizes[499] == 5
    assert np.isnan(cut.mean(x)[0])
    assert cut.mean(x)[1] == np.arange(11, 20).mean()
    assert [end[1] for end in cut.extremes(x)] == [11, 19]
    assert runs(np.array([1, 1, 0, 0, 0]), np.array([True, False, False, True, False])) == [
        (0, 1),
        (2, 2),
        (3, 4),
    ]


def test_uneven_times_have_steps_of_their_own_width():
    cut = steps(np.array([0.0, 1.0, 4.0]), np.array([0, 3]))
    assert_array_equal(cut.left, [-0.5, 0.5, 2.5])
    assert_array_equal(cut.right, [0.5, 2.5, 5.5])
    assert not axis([0.0, 1.0, 4.0], np.array([0, 3])).dated


def test_states_beyond_the_colours_are_hatched():
    K = 12
    x = np.repeat(np.arange(K), 20)[:, None] * 5.0 + np.tile([-1.0, 1.0], 10 * K)[:, None]
    transmat = np.full((K, K), 0.01) + 0.88 * np.eye(K)
    model = given(
        GaussianHMM(K, startprob="uniform"),
        x,
        transmat_init=transmat,
        means_init=np.arange(K)[:, None] * 5.0,
        covariances_init=np.ones((K, 1)),
    )
    panel = plots.states(model, x)[0]
    looks = {(to_hex(area.get_facecolor()[0]), area.get_hatch()) for area in panel.collections}
    assert len(looks) == K
    assert len(legend(panel)) == K


def test_pictures_are_drawn_on_the_axes_given():
    pyplot.close("all")
    _, axes = pyplot.subplots(3, 4)
    flat = axes.ravel()
    assert all(
        one is other for one, other in zip(plots.states(QUAKES, COUNTS, ax=flat[:2]), flat, strict=False)
    )
    assert plots.transitions(QUAKES, ax=flat[2]) is flat[2]
    assert plots.emissions(QUAKES, ax=flat[3])[0] is flat[3]
    path = QUAKES.predict(COUNTS)
    assert plots.decoded(QUAKES, COUNTS, path, ax=flat[4]) is flat[4]
    assert plots.hmm_panels(QUAKES, COUNTS, path, ax=flat[5:7])[1] is flat[6]
    assert plots.pseudo_residuals(QUAKES, COUNTS, ax=flat[7:10])[2] is flat[9]
    assert len(pyplot.get_fignums()) == 1
    with pytest.raises(ValueError, match="ax holds 3 panels, and this picture has 2"):
        plots.states(QUAKES, COUNTS, ax=flat[:3])


# -- transitions -------------------------------------------------------------------------------------------


def test_the_map_has_the_transition_probabilities():
    ax = plots.transitions(QUAKES)
    mesh = next(drawn for drawn in ax.collections if isinstance(drawn, QuadMesh))
    values = mesh.get_array()
    assert_allclose(np.ma.filled(values, 0.0), TRANSMAT)
    assert values.mask.tolist() == (np.array(TRANSMAT) == 0).tolist()  # blank
    numbers = {(t.get_position()[1] - 0.5, t.get_position()[0] - 0.5): t.get_text() for t in ax.texts[:8]}
    assert numbers == {
        (0, 0): ".95",
        (0, 1): ".02",
        (0, 2): ".03",
        (1, 0): ".05",
        (1, 1): ".90",
        (1, 2): ".05",
        (2, 1): ".20",
        (2, 2): ".80",
    }
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("to state", "from state")
    assert ax.get_ylim() == (3, 0)


def test_beside_the_map_stand_durations_and_shares():
    texts = [text.get_text() for text in plots.transitions(QUAKES).texts]
    shares = [f"{share:.0%}" for share in QUAKES.get_stationary_distribution()]
    assert texts[8:16] == ["steps", "20.0", "10.0", "5.0", "share", *shares]


def test_a_state_that_is_never_left_lasts_for_ever():
    model = given(
        PoissonHMM(2), COUNTS, startprob_init=[1, 0], transmat_init=[[0.999, 0.001], [0, 1]],
        lambdas_init=[[10], [20]],
    )  # fmt: skip
    texts = [text.get_text() for text in plots.transitions(model).texts]
    assert texts[:3] == [">.99", "<.01", "1"]
    assert texts[3:6] == ["steps", "1,000", "for ever"]


def test_of_very_many_states_the_numbers_are_left_out():
    K = 20
    transmat = np.full((K, K), 0.01) + 0.8 * np.eye(K)
    start = {"transmat_init": transmat, "lambdas_init": np.arange(1, K + 1)[:, None]}
    ax = plots.transitions(given(PoissonHMM(K, startprob="uniform"), COUNTS, **start))
    assert not [text for text in ax.texts if text.get_text() in (".81", ".01")]
    assert [text.get_text() for text in ax.texts if text.get_text() == "5.3"] == ["5.3"] * 4


# -- emissions ---------------------------------------------------------------------------------------------


def outlines(ax):
    """Step functions by colour: filled ones, and lines."""
    steps_drawn = [patch for patch in ax.patches if isinstance(patch, StepPatch)]
    return [p for p in steps_drawn if p.get_fill()], [p for p in steps_drawn if not p.get_fill()]


def test_counts_have_an_outline_for_each_state():
    ax = plots.emissions(QUAKES)[0]
    filled, lines = outlines(ax)
    assert len(filled) == len(lines) == 3
    for k, drawn in enumerate(lines):
        values, edges, _ = drawn.get_data()
        assert_allclose(values, poisson.pmf(edges[:-1] + 0.5, QUAKES.lambdas_[k, 0]), rtol=1e-10)
        assert to_hex(drawn.get_edgecolor()) == colour(k)
    assert title(ax) == "What 3 states emit"


def test_with_data_states_have_their_shares_and_what_is_seen_is_shared_out():
    ax = plots.emissions(QUAKES, COUNTS)[0]
    filled, lines = outlines(ax)
    resp = QUAKES.smooth(COUNTS)
    shares = resp.mean(axis=0)
    for k in range(3):
        values, edges, _ = lines[k].get_data()
        assert_allclose(values, shares[k] * poisson.pmf(edges[:-1] + 0.5, QUAKES.lambdas_[k, 0]), rtol=1e-10)
        values, edges, _ = filled[k].get_data()
        assert values @ np.diff(edges) == pytest.approx(shares[k])
        expected = np.histogram(COUNTS[:, 0], edges, weights=resp[:, k])[0] / len(COUNTS) / np.diff(edges)
        assert_allclose(values, expected)
    (whole,) = ax.lines
    at = whole.get_xdata()
    assert_allclose(whole.get_ydata(), poisson.pmf(at[:, None], QUAKES.lambdas_[:, 0]) @ shares)
    assert legend(ax) == [f"state {k}: {shares[k]:.0%}" for k in range(3)]


def test_numbers_have_a_curve_for_each_state_and_feature():
    x = SERIES.copy()
    x[:20, 1] = np.nan
    panels = plots.emissions(PAIR, x)
    resp = PAIR.smooth(x)
    assert [panel.get_xlabel() for panel in panels] == ["feature 0", "feature 1"]
    for j, panel in enumerate(panels):
        seen = ~np.isnan(x[:, j])
        for k in range(2):
            at, density = panel.lines[k].get_data()
            spread = np.sqrt(COVARIANCES[k, j, j])
            share = resp[seen, k].mean()
            assert_allclose(density, share * norm.pdf(at, MEANS[k, j], spread), rtol=1e-8, atol=1e-12)
        assert panel.lines[0].get_xdata()[0] <= x[seen, j].min()
        assert panel.lines[0].get_xdata()[-1] >= x[seen, j].max()
    assert [panel.get_xlabel() for panel in plots.emissions(PAIR, features=[1])] == ["feature 1"]


def test_curves_of_states_by_themselves_have_area_one():
    panels = plots.emissions(PAIR)
    for panel in panels:
        areas = [np.trapezoid(drawn.get_ydata(), drawn.get_xdata()) for drawn in panel.lines]
        assert_allclose(areas, 1, atol=0.015)


def test_symbols_have_bars_and_dashes_of_what_is_seen():
    ax = plots.emissions(DICE, CASINO.data)[0]
    bars = [patch.get_height() for patch in ax.patches]
    assert_allclose(bars, CASINO.emissionprob.ravel())
    resp = DICE.smooth(CASINO.data)
    hits = CASINO.data == np.arange(1, 7)
    dashes = [drawn for drawn in ax.collections if isinstance(drawn, LineCollection)]
    for k, drawn in enumerate(dashes):
        seen = [segment[0, 1] for segment in drawn.get_segments()]
        assert_allclose(seen, resp[:, k] @ hits / resp[:, k].sum())
    assert len(dashes) == 2
    assert [tick.get_text() for tick in ax.get_xticklabels()] == list("123456")
    left = [patch.get_x() for patch in ax.patches]
    assert len(set(np.round(left, 6))) == 12  # side by side


def test_more_bars_than_can_be_told_apart_become_a_map():
    rng = np.random.default_rng(0)
    prob = rng.dirichlet(np.ones(40), size=5)
    start = {"transmat_init": np.full((5, 5), 0.2), "emissionprob_init": prob}
    model = given(CategoricalHMM(5, n_features=40, startprob="uniform"), np.arange(40)[:, None], **start)
    ax = plots.emissions(model, np.arange(40)[:, None])[0]
    mesh = next(drawn for drawn in ax.collections if isinstance(drawn, QuadMesh))
    kept = np.sort(np.argsort(-prob.max(axis=0))[:30])
    assert_allclose(mesh.get_array(), prob[:, kept])
    assert [tick.get_text() for tick in ax.get_xticklabels()] == [str(symbol) for symbol in kept]
    assert "30 of 40 symbols" in note(ax)


class Whole(Gaussian):
    accepts_missing = False


def test_emissions_that_cannot_be_shown_are_refused():
    x = SERIES.copy()
    x[:, 1] = np.nan
    with pytest.raises(ValueError, match="every cell of 'feature 1' is missing: leave X out"):
        plots.emissions(PAIR, x)
    model = HiddenMarkovModel(Whole("diag"), 2, random_state=0, n_init=1).fit(SERIES)
    with pytest.raises(ValueError, match="Whole does not accept missing cells"):
        plots.emissions(model)


# -- decoded -----------------------------------------------------------------------------------------------


def steps_of(ax, color):
    (drawn,) = [patch for patch in ax.patches if to_hex(patch.get_edgecolor()) == color]
    values, edges, _ = drawn.get_data()
    assert_array_equal(edges, np.arange(len(values) + 1) - 0.5)
    return values


def test_true_and_decoded_states_are_lines_and_errors_are_marked():
    rolls, dice = DICE.sample(1000, random_state=1)
    names = np.where(dice == 1, "loaded", "fair")
    swapped = np.where(dice == 1, 0, 1)
    ax = plots.decoded(DICE, rolls, names)
    path = DICE.predict(rolls)
    levels = ["fair", "loaded"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == levels
    assert_array_equal(steps_of(ax, NEUTRAL), [levels.index(name) for name in names[:100]])
    found = match_labels(names, path)[:100]
    assert_array_equal(steps_of(ax, INK), [levels.index(name) for name in found])
    (errors,) = [drawn for drawn in ax.lines if drawn.get_marker() == "o"]
    assert_array_equal(errors.get_xdata(), np.flatnonzero(found != names[:100]))
    accuracy = matched_accuracy(names, path)
    assert 0.7 < accuracy < 0.95
    assert title(ax) == f"Accuracy {accuracy:.1%} after matching labels"
    assert f"orange: {(found != names[:100]).sum()} wrong" in note(ax)
    assert title(plots.decoded(DICE, rolls, swapped)) == title(ax)  # numbers are arbitrary


def test_so_many_times_are_drawn():
    path = QUAKES.predict(COUNTS)
    ax = plots.decoded(QUAKES, COUNTS, path, 30)
    assert len(steps_of(ax, INK)) == 30
    assert title(ax) == "Accuracy 100% after matching labels"
    assert note(ax).startswith("the first 30 of 107 times")
    assert len(steps_of(plots.decoded(QUAKES, COUNTS, path, 1000), INK)) == 107


def test_sequences_are_not_joined_and_more_states_than_true_ones_have_names():
    path = QUAKES.predict(COUNTS, lengths=[60, 47])
    ax = plots.decoded(QUAKES, COUNTS, np.minimum(path, 1), lengths=[60, 47])
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["0", "1", "2"]
    sizes = [len(patch.get_data()[0]) for patch in ax.patches]
    assert sizes == [60, 60, 40, 40]
    assert 59.5 in [drawn.get_xdata()[0] for drawn in ax.lines if len(drawn.get_xdata()) == 2]


@pytest.mark.parametrize(
    ("true", "n", "message"),
    [(np.zeros(5, int), 100, r"true_states has shape \(5,\)"), (np.zeros(107, int), 0, "n=0: should be")],
)
def test_true_states_that_cannot_be_are_refused(true, n, message):
    with pytest.raises(ValueError, match=message):
        plots.decoded(QUAKES, COUNTS, true, n)


def test_the_panels_are_the_decoded_states_and_the_climb():
    model = PoissonHMM(2, n_init=1, random_state=0).fit(COUNTS)
    left, right = plots.hmm_panels(model, COUNTS, model.predict(COUNTS), 50)
    assert title(left) == "Accuracy 100% after matching labels"
    assert len(steps_of(left, INK)) == 50
    history = model.log_likelihood_history_
    assert_allclose(right.lines[0].get_ydata(), history - history[-1])


# -- pseudo-residuals --------------------------------------------------------------------------------------


def dots(ax):
    scatters = [drawn for drawn in ax.collections if isinstance(drawn, PathCollection)]
    return {
        to_hex(drawn.get_facecolor()[0]): drawn.get_offsets()
        for drawn in scatters
        if len(drawn.get_offsets())
    }


@pytest.mark.parametrize("kind", ["ordinary", "forecast"])
def test_residuals_over_time_with_their_segments(kind):
    panels = plots.pseudo_residuals(QUAKES, COUNTS, time=YEARS, kind=kind)
    found = QUAKES.pseudo_residuals(COUNTS, kind=kind)
    mid = found.mid[:, 0]
    out = np.abs(mid) > 1.96
    shown = dots(panels[0])
    assert_allclose(shown[COLOURS[0]], np.column_stack([YEARS, mid])[~out])
    assert_allclose(shown[COLOURS[1]], np.column_stack([YEARS, mid])[out])
    segments = next(drawn for drawn in panels[0].collections if isinstance(drawn, LineCollection))
    ends = np.array(segments.get_segments())
    assert_allclose(ends[:, 0, 1], found.lower[:, 0])
    assert_allclose(ends[:, 1, 1], found.upper[:, 0])
    bands = sorted(drawn.get_ydata()[0] for drawn in panels[0].lines)
    assert bands == [-2.58, -1.96, 1.96, 2.58]
    assert note(panels[0]) == f"{out.sum()} of 107 ({out.mean():.1%}) outside 95%"
    assert title(panels[0]) == f"{kind.capitalize()} pseudo-residuals"


def test_quantiles_lie_against_those_of_the_normal_distribution():
    x = SERIES.copy()
    x[10:20, 1] = np.nan
    middle = plots.pseudo_residuals(PAIR, x, feature=1)[1]
    z = PAIR.pseudo_residuals(x).mid[:, 1]
    z = np.sort(z[~np.isnan(z)])
    diagonal, points = middle.lines
    assert_allclose(points.get_ydata(), z)
    assert_allclose(points.get_xdata(), ndtri((np.arange(290) + 0.5) / 290))
    assert_array_equal(*diagonal.get_data())
    assert note(middle).startswith(f"mean {z.mean():.2f}".replace("-", "\N{MINUS SIGN}"))


def test_quantiles_of_symbols_are_those_of_points_within_their_segments():
    middle = plots.pseudo_residuals(DICE, CASINO.data)[1]
    drawn = DICE.pseudo_residuals(CASINO.data).drawn(0)[:, 0]
    assert_allclose(middle.lines[1].get_ydata(), np.sort(drawn))
    assert "points within segments" in note(middle)


def test_autocorrelations_are_within_sequences():
    values = np.array([1.0, -1.0, 1.0, np.nan, 1.0, -1.0, 1.0, -1.0, 5.0, 5.0])
    centred = values - np.nanmean(values)
    lags, found, pairs = autocorrelations(values, np.array([0, 8, 10]))
    products = [centred[t] * centred[t + 1] for t in (0, 1, 4, 5, 6, 8)]
    assert pairs.tolist() == [6, 4]  # lag 2: 0-2, 4-6, 5-7 and, across the gap, 2-4
    assert lags.tolist() == [1, 2]
    assert found[0] == pytest.approx(np.mean(products) / np.nanmean(centred**2))


def test_the_last_panel_shows_them():
    right = plots.pseudo_residuals(QUAKES, COUNTS)[2]
    mid = QUAKES.pseudo_residuals(COUNTS).mid[:, 0]
    lags, values, pairs = autocorrelations(mid, np.array([0, 107]))
    assert len(lags) == 25
    stems = next(drawn for drawn in right.collections if isinstance(drawn, LineCollection))
    assert_allclose([segment[1, 1] for segment in stems.get_segments()], values)
    band = next(drawn for drawn in right.collections if isinstance(drawn, PolyCollection))
    assert band.get_paths()[0].vertices[:, 1].max() == pytest.approx(1.96 / np.sqrt(pairs[-1]))


def test_of_very_many_residuals_some_are_drawn_and_all_are_counted():
    x, _ = QUAKES.sample(12_000, random_state=0)
    panels = plots.pseudo_residuals(QUAKES, x)
    assert sum(len(drawn) for drawn in dots(panels[0]).values()) == 10_000
    out = int((np.abs(QUAKES.pseudo_residuals(x).mid) > 1.96).sum())
    assert note(panels[0]) == f"{out:,} of 12,000 ({out / 12_000:.1%}) outside 95%; 10,000 of them drawn"
    assert len(panels[1].lines[1].get_xdata()) == 1000


def test_a_feature_without_any_cell_is_refused():
    x = SERIES.copy()
    x[:, 1] = np.nan
    with pytest.raises(ValueError, match="every cell of 'feature 1' is missing"):
        plots.pseudo_residuals(PAIR, x, feature=1)


def test_what_components_of_a_mixture_emit():
    rng = np.random.default_rng(0)
    X = rng.poisson(np.array([[1.0], [30.0]])[np.repeat([0, 1], [90, 60])])
    mixture = MixtureModel("poisson", 2, n_init=2, random_state=0).fit(X)
    (panel,) = plots.emissions(mixture, X)
    assert panel.get_title(loc="left") == "What 2 components emit"
    assert [text.get_text() for text in panel.get_legend().get_texts()] == [
        "component 0: 60%",
        "component 1: 40%",
    ]
