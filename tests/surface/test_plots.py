"""Pictures show what they say: rows, components, criteria and the climb."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas
import pytest
from matplotlib import pyplot
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.patches import Ellipse
from numpy.testing import assert_allclose, assert_array_equal

from latently import GaussianMixture, datasets, plots
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
            "doubts": doubts,
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
import sklearn.utils.validation, sklearn.cluster  # which may bring some of them along
before = set(sys.modules)
from latently import GaussianMixture, plots
print(sorted({"matplotlib", "polars", "typer", "rich"} & (set(sys.modules) - before)))
sys.modules["matplotlib"] = None
try:
    plots.convergence(None)
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
    same = {"means_init": FAITHFUL[[0, 0]], "weights_init": [0.5, 0.5]}
    ax = plots.intervals(GaussianMixture(2, **same).fit(FAITHFUL), FAITHFUL, "weights")
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
