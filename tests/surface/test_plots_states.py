"""Pictures of states over time show what they say: the series, probabilities, and true states."""

import numpy as np
import pandas
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_hex
from matplotlib.dates import date2num
from numpy.testing import assert_allclose, assert_array_equal

from latently import CategoricalHMM, GaussianHMM, HiddenMarkovModel, PoissonHMM, plots, select
from latently.emissions import Columns
from latently.metrics import match_labels, matched_accuracy
from latently.plots.hmm.steps import axis, runs, steps
from latently.plots.palette import INK, NEUTRAL, colour
from tests.given import COUNTS, DICE, PAIR, QUAKES, ROLLS, SERIES, YEARS, sticky
from tests.pictures import legend, note, ticks, title

PATH = QUAKES.predict(COUNTS)


def labelled(ax, name):
    """Outlines of the areas of a state."""
    (area,) = [drawn for drawn in ax.collections if drawn.get_label() == name]
    return area


def outline(ax, name):
    (path,) = labelled(ax, name).get_paths()
    return path.vertices


def spans(ax, name):
    """Where a state is shaded: from and to."""
    ends = [path.vertices[:, 0] for path in labelled(ax, name).get_paths()]
    return [(x.min(), x.max()) for x in ends]


def height(ax, name, at):
    x, y = outline(ax, name).T
    return np.ptp(y[np.isclose(x, at)])


def separators(ax):
    return [drawn.get_xdata()[0] for drawn in ax.lines if len(drawn.get_xdata()) == 2]


def labels_of(panels):
    return [panel.get_ylabel() for panel in panels]


# -- states ------------------------------------------------------------------------------------------------


def test_the_series_lies_over_its_likeliest_states():
    panel, _ = plots.states(QUAKES, COUNTS, time=YEARS)
    assert_array_equal(panel.lines[0].get_xdata(), YEARS)
    assert_array_equal(panel.lines[0].get_ydata(), COUNTS[:, 0])
    shaded = np.full(len(PATH), -1)
    for k in range(3):
        for low, high in spans(panel, f"state {k}"):
            inside = (low < YEARS) & (high > YEARS)
            assert (shaded[inside] == -1).all()
            shaded[inside] = k
        assert to_hex(labelled(panel, f"state {k}").get_facecolor()[0]) == colour(k)
    assert_array_equal(shaded, PATH)
    assert panel.get_xlim() == (1899.5, 2006.5)
    assert title(panel) == "107 time steps in 3 states"
    assert legend(panel) == ["state 0", "state 1", "state 2"]


def test_the_strips_are_smoothed_and_filtered_probabilities():
    panels = plots.states(QUAKES, COUNTS, filtered=True)
    assert labels_of(panels) == ["observed", "smoothed", "filtered"]
    for panel, probabilities in zip(panels[1:], (QUAKES.smooth(COUNTS), QUAKES.filter(COUNTS)), strict=True):
        x, y = outline(panel, "state 1").T
        for t in (0, 41, 42, 106):
            inner = y[np.isclose(x, t - 0.5) | np.isclose(x, t + 0.5)]
            for edge in np.cumsum(probabilities[t])[:2]:
                assert np.isclose(inner, edge, atol=1e-9).any()
        assert panel.get_ylim() == (0, 1)
    assert "then given the rows up to each" in note(panels[0])
    strip = plots.states(DICE, ROLLS)[1]
    assert outline(strip, "state 1")[:, 1].max() == pytest.approx(1)  # filled
    assert height(strip, "state 0", -0.5) == pytest.approx(DICE.smooth(ROLLS)[0, 0])


def test_symbols_are_dots_at_their_place_in_the_alphabet():
    weather = np.array(list("rrrrsssscccsrrr"), dtype=object)[:, None]
    weather[5] = None
    model = CategoricalHMM(2, categories=["s", "c", "r"], random_state=0, n_init=1).fit(weather)
    panel = plots.states(model, weather)[0]
    expected = [{"s": 0, "c": 1, "r": 2}.get(symbol, np.nan) for symbol in weather[:, 0]]
    assert_array_equal(panel.lines[0].get_ydata(), expected)
    assert panel.lines[0].get_linestyle() == "None"
    assert ticks(panel.yaxis) == ["s", "c", "r"]


def test_symbols_beside_numbers_are_dots_as_well():
    table = {"speed": np.arange(12) % 5 / 2, "open": np.array(["no", "yes", "no"] * 4)}
    model = HiddenMarkovModel(Columns("auto"), 2, n_init=1, random_state=0).fit(table)
    speed, opened, _ = plots.states(model, table)
    assert_allclose(speed.lines[0].get_ydata(), table["speed"])
    assert ticks(opened.yaxis) == ["no", "yes"]
    assert_array_equal(opened.lines[0].get_ydata(), [0, 1, 0] * 4)


def test_missing_times_are_gaps_and_a_time_between_two_is_a_dot():
    x = SERIES.copy()
    x[[*range(40, 60), 70, 72]] = np.nan
    line, alone, *_ = plots.states(PAIR, x)[0].lines
    assert_array_equal(np.flatnonzero(np.isnan(line.get_ydata())), [*range(40, 60), 70, 72])
    assert alone.get_xydata().tolist() == [[71, x[71, 0]]]


def test_each_feature_has_a_panel_up_to_a_limit():
    x = np.random.default_rng(0).normal(size=(40, 6))
    model = GaussianHMM(1).fit(x)
    panels = plots.states(model, x)
    assert labels_of(panels) == [*(f"feature {j}" for j in range(4)), "smoothed"]
    assert "4 of 6 features" in note(panels[0])
    for j, panel in enumerate(panels[:4]):
        assert_array_equal(panel.lines[0].get_ydata(), x[:, j])
    chosen = plots.states(model, x, features=[5, 0])
    assert labels_of(chosen) == ["feature 5", "feature 0", "smoothed"]
    assert_array_equal(chosen[0].lines[0].get_ydata(), x[:, 5])


def test_names_of_columns_are_the_labels():
    frame = pandas.DataFrame(SERIES, columns=["cost ($)", "speed"])
    model = GaussianHMM(1).fit(frame)
    panels = plots.states(model, frame, features=["speed", "cost ($)"])
    assert labels_of(panels)[:2] == ["speed", r"cost (\$)"]
    panels[0].figure.draw_without_rendering()
    with pytest.raises(ValueError, match="no feature 'rain'"):
        plots.states(model, frame, features=["rain"])


def test_sequences_are_separate():
    panels = plots.states(PAIR, SERIES, lengths=[100, 50, 150])
    line = panels[0].lines[0]
    assert_array_equal(np.flatnonzero(np.isnan(line.get_ydata())), [100, 151])  # no line across
    assert separators(panels[0]) == [99.5, 149.5]
    assert title(panels[0]) == "3 sequences, 300 time steps in 2 states"
    for low, high in (span for k in range(2) for span in spans(panels[0], f"state {k}")):
        assert not any(low < boundary < high for boundary in (99.5, 149.5))
    parts = plots.states(PAIR, np.split(SERIES, [100, 150]))
    assert_array_equal(parts[0].lines[0].get_ydata(), line.get_ydata())
    many = plots.states(PAIR, SERIES, lengths=[10] * 30)[0]
    assert many.get_xlim() == (-0.5, 119.5)
    assert "the first 12 sequences" in note(many)
    assert title(many) == "30 sequences, 300 time steps in 2 states"


@pytest.mark.parametrize("kind", [np.asarray, pandas.to_datetime, lambda days: [str(day) for day in days]])
def test_dates(kind):
    days = np.datetime64("2020-01-30") + np.arange(107) * np.timedelta64(7, "D")
    panels = plots.states(QUAKES, COUNTS, time=kind(days))
    assert_allclose(panels[0].lines[0].get_xdata(), date2num(days))
    panels[0].figure.draw_without_rendering()
    assert "2021" in ticks(panels[-1].xaxis)


def test_times_that_overlap_are_drawn_on_end_under_their_own_names():
    time = np.concatenate([np.arange(1950, 2000), np.arange(1950, 2007)])
    panels = plots.states(QUAKES, COUNTS, lengths=[50, 57], time=time)
    assert panels[0].get_xlim() == (-0.5, 106.5)
    write = panels[-1].xaxis.get_major_formatter()
    assert [write(position) for position in (0, 49, 50, 106, 107)] == ["1950", "1999", "1950", "2006", ""]


def test_of_very_many_times_each_step_shows_many():
    x, _ = QUAKES.sample(20_000, random_state=0)
    panels = plots.states(QUAKES, x)
    assert_allclose(panels[0].lines[0].get_ydata(), x[:, 0].reshape(1000, 20).mean(axis=1))
    band = next(drawn for drawn in panels[0].collections if to_hex(drawn.get_facecolor()[0]) == INK)
    y = band.get_paths()[0].vertices[:, 1]
    assert (y.min(), y.max()) == (x.min(), x.max())
    assert "each step is 20 time steps: mean and range" in note(panels[0])
    assert title(panels[0]) == "20,000 time steps in 3 states"
    assert panels[0].get_xlim() == (-0.5, 19_999.5)
    assert height(panels[1], "state 0", -0.5) == pytest.approx(QUAKES.smooth(x)[:20, 0].mean())


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
    new = np.array([True, False, False, True, False])
    assert runs(np.array([1, 1, 0, 0, 0]), new) == [(0, 1), (2, 2), (3, 4)]


def test_uneven_times_have_steps_of_their_own_width():
    cut = steps(np.array([0.0, 1.0, 4.0]), np.array([0, 3]))
    assert_array_equal(cut.left, [-0.5, 0.5, 2.5])
    assert_array_equal(cut.right, [0.5, 2.5, 5.5])
    assert not axis([0.0, 1.0, 4.0], np.array([0, 3])).dated


def test_states_beyond_the_colours_are_hatched():
    K = 12
    rates = (2.0 * np.arange(K)[:, None] + 1) ** 2
    model, x = PoissonHMM.from_parameters(*sticky(K), rates), np.repeat(rates, 20, axis=0)
    panel = plots.states(model, x)[0]
    looks = {(to_hex(area.get_facecolor()[0]), area.get_hatch()) for area in panel.collections}
    assert len(looks) == len(legend(panel)) == K


def test_pictures_are_drawn_on_the_axes_given():
    pyplot.close("all")  # what pages may have left open in this process
    fitted = PoissonHMM(2, n_init=1, random_state=0).fit(COUNTS)
    _, axes = pyplot.subplots(3, 4)
    flat = axes.ravel()
    assert all(one is ax for one, ax in zip(plots.states(QUAKES, COUNTS, ax=flat[:2]), flat, strict=False))
    assert plots.transitions(QUAKES, ax=flat[2]) is flat[2]
    assert plots.emissions(QUAKES, ax=flat[3])[0] is flat[3]
    assert plots.decoded(QUAKES, COUNTS, PATH, ax=flat[4]) is flat[4]
    assert plots.hmm_panels(fitted, COUNTS, PATH, ax=flat[5:7])[1] is flat[6]
    assert plots.pseudo_residuals(QUAKES, COUNTS, ax=flat[7:10])[2] is flat[9]
    assert len(pyplot.get_fignums()) == 1
    with pytest.raises(ValueError, match="ax holds 3 panels, and this picture has 2"):
        plots.states(QUAKES, COUNTS, ax=flat[:3])


# -- decoded -----------------------------------------------------------------------------------------------


def steps_of(ax, color):
    (drawn,) = [patch for patch in ax.patches if to_hex(patch.get_edgecolor()) == color]
    values, edges, _ = drawn.get_data()
    assert_array_equal(edges, np.arange(len(values) + 1) - 0.5)
    return values


def test_true_and_decoded_states_are_lines_and_errors_are_marked():
    rolls, dice = DICE.sample(1000, random_state=1)
    names, swapped = np.where(dice == 1, "loaded", "fair"), np.where(dice == 1, 0, 1)
    ax, path = plots.decoded(DICE, rolls, names), DICE.predict(rolls)
    levels = ["fair", "loaded"]
    assert ticks(ax.yaxis) == levels
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
    ax = plots.decoded(QUAKES, COUNTS, PATH, 30)
    assert len(steps_of(ax, INK)) == 30
    assert title(ax) == "Accuracy 100% after matching labels"
    assert note(ax).startswith("the first 30 of 107 time steps")
    assert len(steps_of(plots.decoded(QUAKES, COUNTS, PATH, 1000), INK)) == 107


def test_sequences_are_not_joined_and_more_states_than_true_ones_have_names():
    path = QUAKES.predict(COUNTS, lengths=[60, 47])
    ax = plots.decoded(QUAKES, COUNTS, np.minimum(path, 1), lengths=[60, 47])
    assert ticks(ax.yaxis) == ["0", "1", "2"]
    assert [len(patch.get_data()[0]) for patch in ax.patches] == [60, 60, 40, 40]
    assert 59.5 in separators(ax)


def test_the_panels_are_the_decoded_states_and_the_climb():
    model = PoissonHMM(2, n_init=1, random_state=0).fit(COUNTS)
    left, right = plots.hmm_panels(model, COUNTS, model.predict(COUNTS), 50)
    assert title(left) == "Accuracy 100% after matching labels"
    assert len(steps_of(left, INK)) == 50
    history = model.log_likelihood_history_
    assert_allclose(right.lines[0].get_ydata(), history - history[-1])


# -- what cannot be ----------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("true", "n", "message"),
    [(np.zeros(5, int), 100, r"true_states has shape \(5,\)"), (np.zeros(107, int), 0, "n=0: should be")],
)
def test_true_states_that_cannot_be_are_refused(true, n, message):
    with pytest.raises(ValueError, match=message):
        plots.decoded(QUAKES, COUNTS, true, n)


def test_a_criterion_is_drawn_against_the_number_of_states():
    ax = plots.criterion(select(PoissonHMM(n_init=1, random_state=0), COUNTS, {"n_components": [1, 2]}))
    assert ax.get_xlabel() == "number of states"
    assert title(ax).endswith("for 2 states")
