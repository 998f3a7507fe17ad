"""Pictures of imputations show what they say: patterns, filled cells, intervals, densities, hidden cells."""

import numpy as np
import pandas
import pytest
from matplotlib import pyplot
from matplotlib.patches import Ellipse
from numpy.testing import assert_allclose, assert_array_equal

from latently import GaussianImputer, datasets, missing_patterns, overimpute, plots
from latently.plots.imputation.looks import FILLED, OBSERVED
from tests.pictures import bars, dots, mesh, note, ticks, title

AIR = pandas.DataFrame(datasets.load_airquality().data[:, :4], columns=["Ozone", "Solar.R", "Wind", "Temp"])
PAIR = AIR[["Temp", "Ozone"]].to_numpy()
HOLES = AIR.isna().to_numpy()
LOST = HOLES[:, 0]
COMPLETE = ~HOLES.any(axis=1)
IMPUTER = GaussianImputer(n_parameter_draws=3, random_state=0).fit(AIR)
DRAWN = IMPUTER.draw_imputations(AIR, 3)
OF_OZONE = GaussianImputer().fit(AIR[["Ozone"]])
HIDDEN = overimpute(IMPUTER, AIR, share=0.2, random_state=1)
OF_FEW = overimpute(IMPUTER, AIR, share=0.003, random_state=0)


def outline(ax, style):
    """The one ellipse in a style of line, as its mean and its covariance."""
    (drawn,) = [one for one in ax.patches if isinstance(one, Ellipse) and one.get_linestyle() == style]
    angle = np.radians(drawn.angle)
    axes = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    half = np.diag([drawn.width / 2, drawn.height / 2])
    return np.asarray(drawn.center), axes @ half**2 @ axes.T / 4


def test_the_map_has_a_line_for_each_pattern_with_its_rows():
    ax = plots.patterns(missing_patterns(AIR))
    assert_array_equal(mesh(ax).reshape(4, 4), [[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [1, 1, 0, 0]])
    assert ticks(ax.yaxis) == ["111 (73%)", "35 (23%)", "5 (3%)", "2 (1%)"]
    assert ticks(ax.xaxis)[:2] == ["Ozone\n37", "Solar.R\n7"]
    assert ax.get_ylim() == (4, 0)  # the most frequent on top
    assert title(ax) == "44 of 612 cells are missing, in 4 patterns"


def test_of_very_many_patterns_and_columns_some_are_drawn_and_the_note_says_so():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 40))
    X[:, 10:][rng.random((300, 30)) < 0.1] = np.nan
    ax = plots.patterns(missing_patterns(X))
    assert mesh(ax).size == 20 * 30
    assert ticks(ax.xaxis) == [f"feature {j}: {np.isnan(X[:, j]).sum()}" for j in range(10, 40)]
    assert "the 20 most frequent patterns" in note(ax)
    assert "the 30 columns that lack most" in note(ax)


def test_panels_show_what_is_known_what_is_complete_and_what_is_filled_with_intervals_and_ellipses():
    known, alone, after = panels = plots.imputation_panels(IMPUTER, AIR, level=0.8)
    assert {(panel.get_xlabel(), panel.get_ylabel()) for panel in panels} == {("Temp", "Ozone")}
    assert_array_equal(dots(known)[OBSERVED], PAIR[~LOST])
    assert_array_equal(known.lines[0].get_xdata(), AIR["Temp"][LOST])
    assert_array_equal(dots(alone)[OBSERVED], PAIR[COMPLETE])
    assert_array_equal(dots(after)[OBSERVED], PAIR[~LOST])
    filled = IMPUTER.transform(AIR)[:, [3, 0]][LOST]
    assert_allclose(dots(after)[FILLED], filled)
    assert len({panel.get_ylim() for panel in panels}) == 1
    assert after.get_ylim()[0] < filled[:, 1].min() < 0

    ends = [end[LOST, 0] for end in IMPUTER.interval(AIR, 0.8, parameter_uncertainty=True)]
    assert_allclose(bars(after)[:, :, 0], np.repeat(PAIR[LOST, :1], 2, axis=1))
    assert_allclose(bars(after)[:, :, 1], np.column_stack(ends))
    assert "80% intervals" in note(after)

    mean, covariance = outline(after, "-")
    assert_allclose(mean, IMPUTER.mean_[[3, 0]])
    assert_allclose(covariance, IMPUTER.covariance_[np.ix_([3, 0], [3, 0])], rtol=1e-8)
    mean, covariance = outline(after, "--")
    assert_allclose(mean, PAIR[COMPLETE].mean(axis=0))
    assert_allclose(covariance, np.cov(PAIR[COMPLETE], rowvar=False, bias=True), rtol=1e-8)


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
    X = np.random.default_rng(0).normal(size=(300, 2))
    X[:100, 0] = np.nan
    after = plots.imputation_panels(GaussianImputer().fit(X), X)[2]
    assert not len(bars(after))
    assert len(dots(after)[FILLED]) == 100
    assert "intervals" not in note(after)


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
    assert middle[-1] == pytest.approx(np.mean([table[LOST, 0].mean() for table in DRAWN]), rel=0.05)
    assert [line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 2] == [1.0, 168.0]

    few, none = plots.densities(AIR, DRAWN, "Solar.R"), plots.densities(AIR, DRAWN, 3)
    assert [sum(len(line.get_xdata()) > 2 for line in ax.lines) for ax in (few, none)] == [2, 1]
    assert note(few).startswith("imputed: 3 tables together")
    assert title(none) == "Temp: 0 of 153 cells imputed"


def test_overimputation_marks_the_intervals_that_miss():
    missed = (HIDDEN.true < HIDDEN.lower) | (HIDDEN.upper < HIDDEN.true)
    assert 0 < missed.sum() < 20
    ax, n = plots.overimputation(HIDDEN, AIR), len(missed)
    shown = {face: len(drawn) for face, drawn in dots(ax).items()}
    assert shown == {OBSERVED: (~missed).sum(), FILLED: missed.sum()}
    assert title(ax) == f"{(~missed).sum()} of {n} hidden cells ({(~missed).mean():.0%}) in 95% intervals"
    assert_array_equal(ax.lines[-1].get_xdata(), ax.lines[-1].get_ydata())


def test_overimputation_of_one_feature_is_in_its_units():
    ax = plots.overimputation(HIDDEN, AIR, "Temp")
    temp = HIDDEN.columns == 3
    shown = np.concatenate(list(dots(ax).values()))
    expected = np.column_stack([HIDDEN.true, HIDDEN.predicted])[temp]
    assert_allclose(*(cells[np.lexsort(cells.T[::-1])] for cells in (shown, expected)))
    ends = np.column_stack([HIDDEN.lower, HIDDEN.upper])[temp]
    assert_allclose(*(cells[np.lexsort(cells.T)] for cells in (bars(ax)[:, :, 1], ends)))
    assert "hidden value of Temp" in ax.get_xlabel()


def test_convergence_serves_the_imputer_and_says_if_a_prior_is_left_out():
    ax = plots.convergence(IMPUTER)
    assert title(ax) == f"Converged after {IMPUTER.n_iter_} steps"
    assert "prior" not in note(ax)
    assert "the prior is left out" in note(plots.convergence(GaussianImputer(prior="ridge").fit(AIR)))


def panels(**arguments):
    return lambda: plots.imputation_panels(IMPUTER, AIR, **arguments)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (panels(features=("Ozone",)), "shows two features"),
        (panels(features=("Ozone", "Ozone")), "shows two features"),
        (panels(features=("Ozone", "Rain")), "no feature 'Rain'"),
        (panels(features=(0, 4)), "from 0 to 3"),
        (panels(truth=AIR.to_numpy()[:5]), r"truth has shape \(5, 4\)"),
        (lambda: plots.imputation_panels(OF_OZONE, AIR[["Ozone"]]), r"use plots\.densities"),
        (lambda: plots.densities(AIR, [AIR.to_numpy()]), "still has missing cells"),
        (lambda: plots.densities(AIR, [DRAWN[0][:9]]), r"shape \(9, 4\), and X \(153, 4\)"),
        (
            lambda: plots.densities(pandas.DataFrame({"a": [1.0], "b": [np.nan]}), [np.ones((1, 2))]),
            "'b' has no observed cell",
        ),
        (
            lambda: plots.overimputation(OF_FEW, AIR, next(j for j in range(4) if j not in OF_FEW.columns)),
            "hide a larger share",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
