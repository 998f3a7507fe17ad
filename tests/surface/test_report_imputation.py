"""What is said of an imputation is true of the fit, and warns where it must."""

from types import SimpleNamespace

import numpy as np
import pandas
import pytest
from numpy.testing import assert_allclose

from latently import GaussianImputer, datasets
from latently.report.imputation import ImputationAnalysis, imputation_report
from latently.wording import EN_DASH, MINUS
from tests.reports import NASTY, Page, assert_sound, by_kind, known, with_model

AIR = pandas.DataFrame(datasets.load_airquality().data[:, :4], columns=["Ozone", "Solar.R", "Wind", "Temp"])
HOLES = AIR.isna().to_numpy()
LEVEL = {"level": 0.95, "coverage": 0.8}
PARTS = {"drawn": "draws/", "left_out": {"Month": "not asked for"}}


def analysed(X, n_draws=2, *, fit=None, **said):
    imputer = GaussianImputer(n_parameter_draws=n_draws, random_state=0, **(fit or {})).fit(X)
    return ImputationAnalysis(imputer, X, "air.csv", **said)


@pytest.fixture(scope="module")
def air():
    return analysed(AIR, 3, **PARTS)


def found(a):
    """Findings by kind."""
    return by_kind(imputation_report(a).findings)


def told(a):
    """Cautions by kind."""
    return by_kind(imputation_report(a).cautions)


def test_a_mean_loses_nothing_where_no_cell_is_missing(air):
    """The fraction of missing information by degrees of freedom is above zero there."""
    lost = {row[0]: row[-1] for row in imputation_report(air).tables["means"].rows}
    assert lost["Wind"] == lost["Temp"] == "0%" != lost["Ozone"]


def test_the_report_of_an_imputation(air):
    report = imputation_report(air)
    page, summary = assert_sound(report)
    assert report.headline == "44 missing cells of air.csv filled in"
    for text in (f"{MINUS}2,326.697383", "Month (not asked for)", "latently.pool(", "not completed.csv"):
        assert text in page.text
    again = imputation_report(analysed(AIR, 3, **PARTS))
    assert (again.json(), again.replay()) == (report.json(), report.replay())
    assert next(one for one in again.figures if one.name == "densities").svg() in page.addresses
    missing, where, test, outside, check, draws = report.findings
    assert str(missing) == "7% of the cells are missing: 44 of 612, in 42 of 153 rows (27%)"
    assert missing.numbers == {"cells": 44, "rows": 42}
    assert str(where) == "Missing cells: Ozone 37 (24%) and Solar.R 7 (5%); Wind and Temp are complete"
    assert where.which == (0, 1)
    assert (test.kind, test.numbers["df"]) == ("mcar", 8)
    assert outside.numbers == {"filled": 3}
    assert f"(3 of Ozone: down to {MINUS}21, least observed 1)" in str(outside)
    hidden = air.overimputation
    assert check.numbers == {"hidden": len(hidden.true), "inside": hidden.inside.sum()}
    assert draws.numbers == {"tables": 3}

    shown = {row[0]: row[1:] for row in report.tables["columns"].rows}
    assert shown["Ozone"][:5] == ["37 (24%)", "42 ± 33", "42 ± 32", "1 to 168", f"{MINUS}21 to 72"]
    assert shown["Ozone"][5] == "3"
    assert shown["Wind"] == ["none", "10.0 ± 3.5", "10.0 ± 3.5", "1.7 to 20.7", EN_DASH, EN_DASH, "35%"]
    assert report.tables["patterns"].rows == [
        ["nothing", "111", "73%"],
        ["Ozone", "35", "23%"],
        ["Solar.R", "5", "3%"],
        ["Ozone, Solar.R", "2", "1%"],
    ]

    assert summary["missing"] == [37, 7, 0, 0]
    assert summary["filled_outside_the_observed_range"] == [3, 0, 0, 0]
    assert summary["patterns"][3] == {"missing": ["Ozone", "Solar.R"], "rows": 2}
    assert_allclose(summary["mean"], [41.871173, 184.846806, 9.957516, 77.882353], rtol=1e-5)
    assert summary["little_mcar_test"]["df"] == 8
    assert summary["overimputation"]["coverage"] == hidden.coverage
    assert summary["starts_agree"] is True


@pytest.mark.usefixtures("unrendered")
def test_names_are_escaped_on_the_page_of_an_imputation():
    a = analysed(AIR.set_axis([NASTY, "b", "c", "d"], axis=1), notes=[NASTY])
    html = imputation_report(a).page()
    assert "<script>alert" not in html
    assert NASTY in Page(html).text


def test_pictures_of_an_imputation_leave_out_what_would_show_nothing(air):
    def names(a):
        return [picture.name for picture in imputation_report(a).figures]

    assert names(air) == ["patterns", "overimputation", "scatters", "densities", "convergence"]
    assert "scatters" not in names(analysed(AIR[["Ozone"]]))
    flat = with_model(air, log_likelihood_history_=np.array([-5.0, -5.0]))
    assert "convergence" not in names(flat)


def test_a_mixture_imputes_and_is_named():
    X = pandas.DataFrame(datasets.load_faithful().data, columns=["length", "wait"])
    X.loc[::10, "wait"] = np.nan
    a = analysed(X, fit={"n_components": 2, "n_init": 4})
    assert a.starts is None
    assert imputation_report(a).how["Model"].startswith("Mixture of 2 Gaussians")


# -- findings ------------------------------------------------------------------------------------------


def test_a_table_without_a_complete_column_or_with_many_is_told_briefly():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 12))
    X[rng.random(X.shape) < 0.1] = np.nan
    where = found(analysed(X))["where"]
    assert len(where.which) == 12
    assert str(where).endswith("4 more columns with fewer; no column is complete")


def test_what_is_filled_above_the_observed_range_is_told(air):
    completed = air.completed.copy()
    completed[4, 0] = 169.5
    beyond = HOLES & (completed > [168, 400, 99, 99])
    said = found(known(air, completed=completed, outside=beyond))["outside"]
    assert said.numbers == {"filled": 1}
    assert "(1 of Ozone: up to 169.5, greatest observed 168)" in str(said)
    none = found(known(air, outside=np.zeros_like(HOLES)))["outside"]
    assert str(none).startswith("Every filled cell lies within")


@pytest.mark.parametrize(
    ("p_value", "df", "words"),
    [
        (0.049, 8, "Cells are not missing completely at random, says Little's test"),
        (1e-9, 8, "p < 0.001"),
        (0.2, 1, "1 degree of freedom"),
        (0.051, 8, "finds no sign"),
        (None, 8, "cannot be made"),
    ],
)
def test_littles_test_is_told_in_words(air, p_value, df, words):
    test = None if p_value is None else SimpleNamespace(statistic=14.9, df=df, p_value=p_value)
    said = found(known(air, test=test))["mcar"]
    assert words in str(said)
    assert "No test can show that" in str(said)
    assert said.numbers.get("p_value") == p_value


def test_one_pattern_is_no_test():
    X = np.column_stack([AIR["Wind"], AIR["Temp"]])
    X[:5] = np.nan
    assert analysed(X).test is None


def test_what_other_columns_explain_is_their_squared_multiple_correlation():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 3)) @ rng.normal(size=(3, 3))
    lacking = X.copy()
    lacking[0, 0] = np.nan
    design = np.column_stack([np.ones(499), X[1:, 1:]])
    residual = X[1:, 0] - design @ np.linalg.lstsq(design, X[1:, 0], rcond=None)[0]
    assert analysed(lacking).explained[0] == pytest.approx(1 - residual.var() / X[1:, 0].var(), abs=0.003)


# -- cautions ------------------------------------------------------------------------------------------


def starts(level, *log_likelihoods):
    return SimpleNamespace(agree=False, higher=(), level=level, log_likelihoods=np.array(log_likelihoods))


@pytest.mark.parametrize(
    ("changed", "kind", "words"),
    [
        ({"starts": starts(False, -1.0, -3.5)}, "starts apart", "log-likelihoods are up to 2.500 apart"),
        ({"starts": starts(True, -1.0, -1.0)}, "undetermined", "2 starts far apart ended equally high"),
        ({"overimputation": None}, "unchecked", "too few rows to hide some cells"),
        (
            {"overimputation": SimpleNamespace(true=np.ones(60), inside=np.arange(60) < 48, **LEVEL)},
            "coverage",
            "only 80% of the hidden cells lie in their 95% intervals",
        ),
        ({"explained": np.array([0.05, 0.5, 0.05, 0.5])}, "unexplained", "nothing of Ozone, which is"),
        ({"still_empty": {"Note": 3}}, "still empty", "columns that are not in the model: 3 of Note"),
    ],
)
def test_what_is_wrong_with_an_imputation_is_told(air, changed, kind, words):
    assert words in str(told(known(air, **changed))[kind])
    assert kind not in told(air)


def test_an_imputation_that_had_not_converged_is_told(air):
    stopped = with_model(air, converged_=False, stop_reason_="reached max_iter=3")
    assert "it reached max_iter=3" in str(told(stopped)["not converged"])


def test_columns_that_are_hardly_there_or_no_amounts_are_told():
    rng = np.random.default_rng(0)
    X = pandas.DataFrame(rng.normal(size=(80, 3)), columns=["a", "b", "code"])
    X["code"] = (X["a"] + rng.normal(size=80) > 0).astype(float)
    X.loc[:45, "b"] = np.nan
    X.loc[70:75, "code"] = np.nan
    X.loc[76:77] = np.nan
    said = told(analysed(X))
    assert said["mostly missing"].which == (1,)
    assert said["codes"].which == (2,)
    assert "column code holds two values only" in str(said["codes"])
    assert said["empty rows"].numbers == {"rows": 2}


def test_few_rows_and_a_prior_are_told():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(12, 4))
    X[0, 0] = np.nan
    said = told(analysed(X, fit={"prior": "ridge"}))
    assert said["few rows"].numbers == {"rows": 12}
    assert "the ridge prior was asked for" in str(said["asked prior"])


@pytest.mark.filterwarnings("ignore::latently.core.errors.UndeterminedWarning")
@pytest.mark.usefixtures("unrendered")
def test_columns_never_observed_together_are_named_everywhere():
    X = pandas.DataFrame(np.random.default_rng(0).normal(size=(80, 3)) @ [[1, 1, 1], [0, 1, 0], [0, 0, 1]])
    X.columns = ["x", "y", "z"]
    X.loc[:39, "y"] = X.loc[40:, "z"] = np.nan
    report = imputation_report(analysed(X))
    _, summary = assert_sound(report)
    first = report.cautions[0]
    assert (first.kind, first.which) == ("never observed together", ((1, 2),))
    assert str(first).startswith("columns 'y' and 'z' are never observed together: the data do not determine")
    assert "undetermined" not in by_kind(report.cautions)
    assert report.how["Other starts"].endswith("ended at one maximum, with different parameters")
    assert summary["diagnostics"] == [{"kind": "never observed together", "columns": [["y", "z"]]}]
    assert summary["starts_agree"] is False


def test_draws_of_a_skewed_column_that_cannot_be_are_told():
    rng = np.random.default_rng(0)
    X = pandas.DataFrame(np.exp(rng.normal(size=(300, 2)) @ [[1, 0.5], [0, 0.8]]), columns=["a", "dust"])
    X.loc[:90, "dust"] = np.nan
    a = analysed(X, 5)
    drawn = np.concatenate([table[:91, 1] for table in a.tables])
    below, least = (drawn < X["dust"].min()).mean(), f"{X['dust'].min():.6g}"
    assert below > 0.1
    assert a.drawn_outside[0, 1] == pytest.approx(below)
    said = told(a)["drawn outside"]
    assert said.which == (1,)
    assert f"of the drawn cells of dust ({100 * below:.0f}% below {least}" in str(said)
    assert f"{100 * (drawn < 0).mean():.0f}% negative, which no observed one is" in str(said)
    assert found(a)["outside"].which == (1,)
    assert "negative" not in str(told(analysed(X, 5, fit={"min_value": 0.0})).get("drawn outside"))


def test_a_clean_imputation_needs_no_caution():
    rng = np.random.default_rng(3)
    X = rng.multivariate_normal([0, 5], [[1, 0.8], [0.8, 1]], size=300)
    X[:20, 0] = np.nan
    assert imputation_report(analysed(X)).cautions == []
