"""Pictures show what they say: rows, components, criteria and the climb."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas
import pytest
from matplotlib import pyplot
from matplotlib.collections import LineCollection, PathCollection, QuadMesh
from matplotlib.colors import to_hex
from matplotlib.patches import Ellipse
from numpy.testing import assert_allclose, assert_array_equal

from latently import GaussianImputer, GaussianMixture, datasets, missing_patterns, overimpute, plots
from latently.core.findings import Finding
from latently.plots.imputation.looks import FILLED, OBSERVED
from latently.plots.palette import COLOURS, colour, marker

FAITHFUL = datasets.load_faithful().data
TWO = GaussianMixture(2, n_init=1, random_state=0).fit(FAITHFUL)
THREE = GaussianMixture.from_parameters(
    [0.5, 0.3, 0.2], np.diag([5.0, 6.0, 7.0]), np.stack([np.diag([1.0, 4.0, 9.0])] * 3)
)


@pytest.fixture(autouse=True)
def _close():
    yield
    pyplot.close("all")


def title(ax):
    return ax.get_title(loc="left")


def dots(ax):
    """Offsets of the dots by colour."""
    scatters = [drawn for drawn in ax.collections if isinstance(drawn, PathCollection)]
    return {to_hex(drawn.get_facecolor()[0]): drawn.get_offsets() for drawn in scatters}


def a_selection(rows, best):
    """A search over tied and full covariances, as `select` returns it."""
    table = [
        {
            "covariance_type": family,
            "n_components": k,
            "bic": bic,
            "aic": -k,
            "diagnostics": [Finding("few rows", text, severity="grave") for text in doubts],
            "failure": failure,
        }
        for family, k, bic, doubts, failure in rows
    ]
    params = {name: table[best][name] for name in ("covariance_type", "n_components")}
    return SimpleNamespace(table_=table, best_index_=best, best_params_=params, criterion="bic")


SELECTION = a_selection(
    [
        ("full", 1, 400.0, (), None),
        ("full", 2, 310.0, (), None),
        ("full", 3, 290.0, ("rests on 2 rows",), None),
        ("tied", 1, 500.0, (), None),
        ("tied", 2, None, (), "singular"),
        ("tied", 3, 300.0, (), None),
    ],
    best=5,
)


def test_data_draws_each_row_in_the_colour_of_its_component():
    ax = plots.data(TWO, FAITHFUL)
    shown = dots(ax)
    labels = TWO.predict(FAITHFUL)
    for k in range(2):
        assert_array_equal(shown[colour(k)], FAITHFUL[labels == k])
    assert title(ax) == "272 rows in 2 components"


def test_ellipses_are_one_and_two_standard_deviations():
    mixture = GaussianMixture.from_parameters([1.0], [[3.0, -1.0]], [[[4.0, 0.0], [0.0, 1.0]]])
    ax = plots.data(mixture, mixture.sample(50, random_state=0)[0])
    ellipses = [patch for patch in ax.patches if isinstance(patch, Ellipse)]
    assert [(e.width, e.height) for e in ellipses] == [(4.0, 2.0), (8.0, 4.0)]
    assert {e.center for e in ellipses} == {(3.0, -1.0)}
    assert {e.angle % 180 for e in ellipses} == {0.0}


def test_ellipses_lean_as_the_features_do():
    mixture = GaussianMixture.from_parameters([1.0], [[0.0, 0.0]], [[[2.0, 1.0], [1.0, 2.0]]])
    ax = plots.data(mixture, mixture.sample(50, random_state=0)[0])
    leaning = next(patch for patch in ax.patches if isinstance(patch, Ellipse))
    assert leaning.angle % 180 == pytest.approx(45)
    assert leaning.width == pytest.approx(2 * np.sqrt(3))


def test_contours_hold_half_and_nine_tenths():
    draws, _ = TWO.sample(5000, random_state=1)
    ax = plots.data(TWO, draws)
    levels = next(drawn.levels for drawn in ax.collections if hasattr(drawn, "levels"))
    inside = [(TWO.score_samples(draws) > level).mean() for level in levels]
    assert_allclose(inside, [0.9, 0.5], atol=0.03)


def test_other_features_are_chosen_by_position_or_name():
    X = pandas.DataFrame(THREE.sample(100, random_state=0)[0], columns=["a", "b", "c"])
    mixture = GaussianMixture(2, n_init=1, random_state=0).fit(X)
    by_name = plots.data(mixture, X, features=("c", "a"))
    by_position = plots.data(mixture, X, features=(2, 0))
    assert (by_name.get_xlabel(), by_name.get_ylabel()) == ("c", "a")
    for k, drawn in dots(by_name).items():
        assert_array_equal(drawn, dots(by_position)[k])
    assert_array_equal(np.sort(np.concatenate(list(dots(by_name).values()))[:, 0]), np.sort(X["c"]))


def test_unnamed_features_are_numbered():
    ax = plots.data(THREE, THREE.sample(20, random_state=0)[0], features=(0, 2))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("feature 0", "feature 2")


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (("a", "z"), "no feature 'z'; there are a, b, c"),
        ((0, 1, 2), "one feature or two"),
        ((0, 7), "from 0 to 2"),
    ],
)
def test_features_that_cannot_be_shown_are_refused(features, message):
    X = pandas.DataFrame(THREE.sample(50, random_state=0)[0], columns=["a", "b", "c"])
    mixture = GaussianMixture(1).fit(X)
    with pytest.raises(ValueError, match=message):
        plots.data(mixture, X, features=features)


def test_one_feature_is_a_histogram_under_densities_that_sum_to_one():
    mixture = GaussianMixture(2, n_init=1, random_state=0).fit(FAITHFUL[:, 1:])
    ax = plots.data(mixture, FAITHFUL[:, 1:])
    whole, *parts = ax.lines
    x, density = whole.get_data()
    assert np.trapezoid(density, x) == pytest.approx(1, abs=0.01)
    assert_allclose(sum(part.get_ydata() for part in parts), density, rtol=1e-6)
    assert sum(bar.get_width() * bar.get_height() for bar in ax.patches) == pytest.approx(1)


def test_of_very_many_rows_some_are_drawn_and_the_title_says_so():
    X, _ = TWO.sample(12_000, random_state=0)
    ax = plots.data(TWO, X)
    assert sum(len(drawn) for drawn in dots(ax).values()) == 10_000
    assert title(ax) == "12,000 rows in 2 components, 10,000 of them drawn"


def test_a_name_with_dollars_is_no_formula():
    X = pandas.DataFrame(FAITHFUL, columns=["cost ($)", r"price ($\)"])
    ax = plots.data(GaussianMixture(1).fit(X), X)
    ax.figure.draw_without_rendering()
    assert ax.get_xlabel() == r"cost (\$)"


def test_pictures_are_drawn_on_the_axes_given():
    pyplot.close("all")  # what pages may have left open in this process
    _, axes = pyplot.subplots(1, 4)
    drawn = [
        plots.data(TWO, FAITHFUL, ax=axes[0]),
        plots.uncertainty(TWO, FAITHFUL, ax=axes[1]),
        plots.convergence(TWO, ax=axes[2]),
        plots.criterion(SELECTION, ax=axes[3]),
    ]
    assert all(one is other for one, other in zip(drawn, axes, strict=True))
    assert len(pyplot.get_fignums()) == 1


def test_uncertainty_counts_the_rows_that_are_not_sure():
    mixture = GaussianMixture(3, covariance_type="tied", random_state=0).fit(FAITHFUL)
    ax = plots.uncertainty(mixture, FAITHFUL)
    n_unsure = int((mixture.uncertainty(FAITHFUL) > 0.1).sum())
    assert 10 < n_unsure < 100
    assert title(ax) == f"{n_unsure} of 272 rows are less than 90% sure"
    assert sorted(len(drawn) for drawn in dots(ax).values()) == [n_unsure, 272 - n_unsure]


def test_uncertainty_of_one_feature_is_drawn_as_a_height():
    mixture = GaussianMixture(2, n_init=1, random_state=0).fit(FAITHFUL[:, 1:])
    ax = plots.uncertainty(mixture, FAITHFUL[:, 1:])
    heights = np.concatenate([drawn[:, 1] for drawn in dots(ax).values()])
    assert_allclose(np.sort(heights), np.sort(mixture.uncertainty(FAITHFUL[:, 1:])))


def test_convergence_draws_the_history_below_its_end():
    ax = plots.convergence(TWO)
    history = TWO.log_likelihood_history_
    assert_allclose(ax.lines[0].get_ydata(), history - history[-1])
    assert title(ax) == f"Converged after {len(history) - 1} steps"


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_convergence_says_if_there_was_none():
    short = GaussianMixture(3, n_init=1, max_iter=1, random_state=0).fit(FAITHFUL)
    assert title(plots.convergence(short)) == "Not converged after 1 step"


def test_rounding_does_not_look_like_a_fall():
    still = SimpleNamespace(log_likelihood_history_=[-100.0, -100.0 - 1e-13, -100.0], converged_=True)
    low, high = plots.convergence(still).get_ylim()
    assert high - low >= 1e-4


def test_criterion_draws_a_line_for_each_family_and_a_gap_for_a_failure():
    ax = plots.criterion(SELECTION)
    lines = {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}
    assert_allclose(lines["full"].get_ydata(), [100, 10, -10])
    assert_allclose(lines["tied"].get_ydata(), [200, np.nan, 0])
    assert title(ax) == "BIC is lowest (300.0) for tied, 3 components"


def test_criterion_shows_a_doubtful_maximum_hollow():
    ax = plots.criterion(SELECTION)
    hollow = [line for line in ax.lines if line.get_markerfacecolor() == "white" and len(line.get_xdata())]
    assert [line.get_xydata().tolist() for line in hollow] == [[[3.0, -10.0]]]
    full = next(line for line in ax.lines if line.get_label() == "full")
    assert full.get_markevery() == [0, 1]
    assert ax.get_ylim()[0] < -10


def test_criterion_marks_the_best():
    ring = plots.criterion(SELECTION).lines[-1]
    assert ring.get_xydata().tolist() == [[3.0, 0.0]]
    assert ring.get_fillstyle() == "none"


@pytest.mark.parametrize(("name", "extreme"), [("coherence", "highest"), ("perplexity", "lowest")])
def test_criteria_of_topics_are_drawn_as_they_are(name, extreme):
    values = {2: 0.31, 3: 0.42, 4: 0.36} if name == "coherence" else {2: 900.0, 3: 750.0, 4: 800.0}
    rows = [
        {"n_components": k, name: value, "diagnostics": (), "failure": None} for k, value in values.items()
    ]
    found = SimpleNamespace(
        table_=rows, best_index_=1, best_params_={"n_components": 3}, criterion=name, names=("n_components",)
    )
    ax = plots.criterion(found)
    assert ax.lines[0].get_ydata().tolist() == list(values.values())
    assert ax.lines[-1].get_xydata().tolist() == [[3.0, values[3]]]
    assert ax.get_ylabel() == name
    assert ax.get_yscale() == "linear"
    assert title(ax).startswith(f"{name} is {extreme} (")


def test_criterion_refuses_a_search_that_was_not_over_components():
    with pytest.raises(ValueError, match="no 'icl'"):
        plots.criterion(SELECTION, "icl")


def test_panels_show_the_truth_the_clusters_and_the_climb():
    truth = np.where(TWO.predict(FAITHFUL) == 0, "long", "short")
    panels = plots.mixture_panels(TWO, FAITHFUL, truth)
    assert [title(panel) for panel in panels[:2]] == [
        "272 rows of 2 true clusters",
        "272 rows in 2 components",
    ]
    assert title(panels[2]).startswith("Converged")
    for k, drawn in dots(panels[0]).items():
        assert_array_equal(drawn, dots(panels[1])[k])  # the same colour for what is the same


def test_panels_without_truth_show_the_rows_in_one_colour():
    _, axes = pyplot.subplots(1, 3)
    panels = plots.mixture_panels(TWO, FAITHFUL, ax=axes)
    assert len(dots(panels[0])) == 1
    assert title(panels[0]) == "272 rows as given"


def test_panels_need_two_features():
    mixture = GaussianMixture(1).fit(FAITHFUL[:, :1])
    with pytest.raises(ValueError, match=r"use plots\.data"):
        plots.mixture_panels(mixture, FAITHFUL[:, :1])


def test_no_two_of_very_many_components_look_the_same():
    looks = {(colour(k), marker(k)) for k in range(30)}
    assert len(looks) == 30
    assert len(set(COLOURS)) == len(COLOURS)


def test_the_library_imports_no_extra_and_says_what_a_picture_needs():
    code = """
import sys
from types import SimpleNamespace
import sklearn.utils.validation, sklearn.cluster  # which may bring some of them along
before = set(sys.modules)
from latently import GaussianMixture, plots
print(sorted({"matplotlib", "polars", "typer", "rich"} & (set(sys.modules) - before)))
sys.modules["matplotlib"] = None
try:
    plots.convergence(SimpleNamespace(log_likelihood_history_=[0.0]))
except ImportError as error:
    print(error)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ["[]", 'pictures need matplotlib: pip install "latently[plot]"']


def test_intervals_are_those_of_the_fit():
    ax = plots.intervals(TWO, FAITHFUL, "means", feature=1, level=0.9)
    low, high = TWO.confidence_intervals(FAITHFUL, 0.9)["means"]
    lines = [line.get_xdata() for line in ax.lines if len(line.get_xdata()) == 2]
    assert_allclose(lines, np.column_stack([low[:, 1], high[:, 1]]))
    dots_at = [line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 1]
    assert_allclose(dots_at, TWO.means_[:, 1])
    assert "90% intervals" in title(ax)


def test_a_component_without_an_interval_is_hollow():
    one = GaussianMixture(1).fit(FAITHFUL)
    same = GaussianMixture.from_parameters([0.5, 0.5], one.means_[[0, 0]], one.covariances_[[0, 0]])
    ax = plots.intervals(same, FAITHFUL, "weights")
    assert [line.get_markerfacecolor() for line in ax.lines] == ["white", "white"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"parameter": "mean"}, "parameter='mean': should be one of 'weights', 'means'"),
        ({"parameter": "covariances"}, "should be one of 'weights', 'means'"),
        ({"feature": 2}, "feature=2: should be from 0 to 1"),
    ],
)
def test_intervals_of_what_is_not_there(settings, message):
    with pytest.raises(ValueError, match=message):
        plots.intervals(TWO, FAITHFUL, **settings)


# -- missing cells -------------------------------------------------------------------------------------

AIR = pandas.DataFrame(datasets.load_airquality().data[:, :4], columns=["Ozone", "Solar.R", "Wind", "Temp"])
HOLES = AIR.isna().to_numpy()
IMPUTER = GaussianImputer(n_parameter_draws=3, random_state=0).fit(AIR)
DRAWN = IMPUTER.draw_imputations(AIR, 3)


def bars(ax):
    """Ends of all straight bars, each from its lower to its upper end."""
    groups = [drawn.get_segments() for drawn in ax.collections if isinstance(drawn, LineCollection)]
    return [np.asarray(segment) for group in groups for segment in group]


def outline(ax, style):
    """The one ellipse in a style of line, as its mean and its covariance."""
    drawn = [patch for patch in ax.patches if isinstance(patch, Ellipse) and patch.get_linestyle() == style]
    assert len(drawn) == 1
    angle = np.radians(drawn[0].angle)
    axes = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    half = np.diag([drawn[0].width / 2, drawn[0].height / 2])
    return np.asarray(drawn[0].center), axes @ half**2 @ axes.T / 4


def test_the_map_has_a_line_for_each_pattern_with_its_rows():
    ax = plots.patterns(missing_patterns(AIR))
    mesh = next(drawn for drawn in ax.collections if isinstance(drawn, QuadMesh))
    expected = [[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [1, 1, 0, 0]]
    assert_array_equal(mesh.get_array().reshape(4, 4), expected)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["111 (73%)", "35 (23%)", "5 (3%)", "2 (1%)"]
    assert [tick.get_text() for tick in ax.get_xticklabels()][:2] == ["Ozone\n37", "Solar.R\n7"]
    assert ax.get_ylim() == (4, 0)  # the most frequent on top
    assert title(ax) == "44 of 612 cells are missing, in 4 patterns"


def test_of_very_many_patterns_and_columns_some_are_drawn_and_the_note_says_so():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 40))
    X[:, 10:][rng.random((300, 30)) < 0.1] = np.nan
    ax = plots.patterns(missing_patterns(X))
    mesh = next(drawn for drawn in ax.collections if isinstance(drawn, QuadMesh))
    assert mesh.get_array().size == 20 * 30
    labels = [tick.get_text() for tick in ax.get_xticklabels()]
    assert labels == [f"feature {j}: {np.isnan(X[:, j]).sum()}" for j in range(10, 40)]
    note = ax.texts[0].get_text()
    assert "the 20 most frequent patterns" in note
    assert "the 30 columns that lack most" in note


def test_panels_of_an_imputation_show_what_is_known_what_is_complete_and_what_is_filled():
    known, alone, after = plots.imputation_panels(IMPUTER, AIR)
    assert {panel.get_xlabel() for panel in (known, alone, after)} == {"Temp"}
    assert {panel.get_ylabel() for panel in (known, alone, after)} == {"Ozone"}
    pair = AIR[["Temp", "Ozone"]].to_numpy()
    assert_array_equal(dots(known)[OBSERVED], pair[~HOLES[:, 0]])
    assert_array_equal(known.lines[0].get_xdata(), AIR["Temp"][HOLES[:, 0]])
    assert_array_equal(dots(alone)[OBSERVED], pair[~HOLES.any(axis=1)])
    assert_array_equal(dots(after)[OBSERVED], pair[~HOLES[:, 0]])
    filled = IMPUTER.transform(AIR)[:, [3, 0]][HOLES[:, 0]]
    assert_allclose(dots(after)[FILLED], filled)
    assert len({panel.get_ylim() for panel in (known, alone, after)}) == 1
    assert after.get_ylim()[0] < filled[:, 1].min() < 0


def test_filled_dots_carry_their_intervals():
    after = plots.imputation_panels(IMPUTER, AIR, level=0.8)[2]
    lower, upper = (end[HOLES[:, 0], 0] for end in IMPUTER.interval(AIR, 0.8, parameter_uncertainty=True))
    drawn = np.array(bars(after))
    assert_allclose(drawn[:, :, 0], np.repeat(AIR["Temp"][HOLES[:, 0]].to_numpy()[:, None], 2, axis=1))
    assert_allclose(drawn[:, :, 1], np.column_stack([lower, upper]))
    assert "80% intervals" in after.texts[0].get_text()


def test_ellipses_are_those_of_the_model_and_of_the_complete_rows():
    after = plots.imputation_panels(IMPUTER, AIR)[2]
    mean, covariance = outline(after, "-")
    assert_allclose(mean, IMPUTER.mean_[[3, 0]])
    assert_allclose(covariance, IMPUTER.covariance_[np.ix_([3, 0], [3, 0])], rtol=1e-8)
    complete = AIR[["Temp", "Ozone"]].to_numpy()[~HOLES.any(axis=1)]
    mean, covariance = outline(after, "--")
    assert_allclose(mean, complete.mean(axis=0))
    assert_allclose(covariance, np.cov(complete, rowvar=False, bias=True), rtol=1e-8)


def test_panels_show_the_truth_where_it_is_known():
    truth = np.where(HOLES, 200.0, AIR)
    _, axes = pyplot.subplots(1, 3)
    panels = plots.imputation_panels(IMPUTER, AIR, truth, features=("Solar.R", "Wind"), ax=axes)
    lost = HOLES[:, 1]
    assert_array_equal(dots(panels[0])[FILLED], truth[lost][:, [1, 2]])
    assert_array_equal(dots(panels[0])[OBSERVED], truth[~lost][:, [1, 2]])
    assert title(panels[0]) == "153 rows as they were"
    assert panels[0] is axes[0]


def test_many_filled_dots_have_no_bars():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    X[:100, 0] = np.nan
    after = plots.imputation_panels(GaussianImputer().fit(X), X)[2]
    assert not bars(after)
    assert len(dots(after)[FILLED]) == 100
    assert "intervals" not in after.texts[0].get_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"features": ("Ozone",)}, "shows two features"),
        ({"features": ("Ozone", "Ozone")}, "shows two features"),
        ({"features": ("Ozone", "Rain")}, "no feature 'Rain'"),
        ({"features": (0, 4)}, "from 0 to 3"),
        ({"truth": AIR.to_numpy()[:5]}, r"truth has shape \(5, 4\)"),
    ],
)
def test_panels_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        plots.imputation_panels(IMPUTER, AIR, **arguments)


def test_panels_need_a_second_column():
    alone = GaussianImputer().fit(AIR[["Ozone"]])
    with pytest.raises(ValueError, match=r"use plots\.densities"):
        plots.imputation_panels(alone, AIR[["Ozone"]])


def test_densities_are_of_observed_cells_of_each_table_and_of_all_together():
    ax = plots.densities(AIR, DRAWN)
    assert title(ax) == "Ozone: 37 of 153 cells imputed"
    lines = [line for line in ax.lines if len(line.get_xdata()) > 2]
    assert len(lines) == 1 + 3 + 1
    observed, *each, together = (np.trapezoid(line.get_ydata(), line.get_xdata()) for line in lines)
    assert_allclose([observed, together], 1, atol=0.03)
    assert_allclose(each, 1, atol=0.1)
    middle = [np.average(line.get_xdata(), weights=line.get_ydata()) for line in lines]
    assert middle[0] == pytest.approx(AIR["Ozone"].mean(), rel=0.02)
    assert middle[-1] == pytest.approx(np.mean([table[HOLES[:, 0], 0].mean() for table in DRAWN]), rel=0.05)
    ends = [line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 2]
    assert ends == [1.0, 168.0]


def test_few_imputed_cells_have_one_density_and_none_have_none():
    few = plots.densities(AIR, DRAWN, "Solar.R")
    assert sum(len(line.get_xdata()) > 2 for line in few.lines) == 2
    assert few.texts[0].get_text().startswith("imputed: 3 tables together")
    none = plots.densities(AIR, DRAWN, 3)
    assert sum(len(line.get_xdata()) > 2 for line in none.lines) == 1
    assert title(none) == "Temp: 0 of 153 cells imputed"


@pytest.mark.parametrize(
    ("tables", "message"),
    [([AIR.to_numpy()], "still has missing cells"), ([DRAWN[0][:9]], r"shape \(9, 4\), and X \(153, 4\)")],
)
def test_densities_refuse_what_is_no_completed_table(tables, message):
    with pytest.raises(ValueError, match=message):
        plots.densities(AIR, tables)


def test_densities_need_an_observed_cell():
    with pytest.raises(ValueError, match="'b' has no observed cell"):
        plots.densities(pandas.DataFrame({"a": [1.0, 2.0], "b": [np.nan] * 2}), [np.ones((2, 2))])


def test_overimputation_marks_the_intervals_that_miss():
    found = overimpute(IMPUTER, AIR, share=0.2, random_state=1)
    missed = (found.true < found.lower) | (found.upper < found.true)
    assert 0 < missed.sum() < 20
    ax = plots.overimputation(found, AIR)
    assert {face: len(drawn) for face, drawn in dots(ax).items()} == {
        OBSERVED: (~missed).sum(),
        FILLED: missed.sum(),
    }
    n = len(missed)
    assert title(ax) == f"{(~missed).sum()} of {n} hidden cells ({(~missed).mean():.0%}) in 95% intervals"
    line = ax.lines[-1]
    assert_array_equal(line.get_xdata(), line.get_ydata())


def test_overimputation_of_one_feature_is_in_its_units():
    found = overimpute(IMPUTER, AIR, share=0.2, random_state=1)
    ax = plots.overimputation(found, AIR, "Temp")
    temp = found.columns == 3
    shown = np.concatenate(list(dots(ax).values()))
    order = np.lexsort((found.predicted[temp], found.true[temp]))
    assert_allclose(
        shown[np.lexsort(shown.T[::-1])], np.column_stack([found.true, found.predicted])[temp][order]
    )
    ends = {(round(bar[0, 1], 9), round(bar[1, 1], 9)) for bar in bars(ax)}
    assert ends == {
        (round(low, 9), round(high, 9))
        for low, high in zip(found.lower[temp], found.upper[temp], strict=True)
    }
    assert "hidden value of Temp" in ax.get_xlabel()


def test_overimputation_of_a_feature_without_hidden_cells_is_refused():
    found = overimpute(IMPUTER, AIR, share=0.003, random_state=0)
    absent = next(j for j in range(4) if j not in found.columns)
    with pytest.raises(ValueError, match="hide a larger share"):
        plots.overimputation(found, AIR, absent)


def test_convergence_serves_the_imputer_and_says_if_a_prior_is_left_out():
    ax = plots.convergence(IMPUTER)
    assert title(ax) == f"Converged after {IMPUTER.n_iter_} steps"
    assert "prior" not in ax.texts[0].get_text()
    with_prior = GaussianImputer(prior="ridge").fit(AIR)
    assert "the prior is left out" in plots.convergence(with_prior).texts[0].get_text()
