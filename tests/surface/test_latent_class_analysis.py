"""What people see of latent classes: tables of any kind, profiles, findings, words."""

import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from latently import HiddenMarkovModel, LatentClassAnalysis, MixedImputer, MixtureModel, load, report
from latently.core.errors import ConstantColumnWarning
from latently.emissions import Columns, Gaussian, described
from latently.estimators import latent_class_analysis

KINDS = {
    "town": "categorical",
    "smoker": "categorical",
    "grade": "categorical",
    "visits": "Poisson",
    "age": "normal",
}


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    z = rng.random(300) < 0.4
    found = pd.DataFrame(
        {
            "town": np.where(rng.random(300) < np.where(z, 0.9, 0.2), "Ayr", "Bath"),
            "smoker": rng.random(300) < np.where(z, 0.8, 0.1),
            "grade": np.where(z, rng.integers(0, 3, 300), rng.integers(1, 5, 300)),
            "visits": rng.poisson(np.where(z, 20, 5)),
            "age": 30 + 5 * rng.normal(size=300) + 20 * z,
        }
    )
    found.loc[::7, "age"] = np.nan
    found.loc[3::11, "town"] = None
    return found


@pytest.fixture(scope="module")
def classes(table):
    return LatentClassAnalysis(2, families={"visits": "poisson"}, random_state=0, n_init=2).fit(table)


def test_columns_are_what_they_look_like_and_codes_are_categories(table, classes):
    assert classes._model.emission.chosen == KINDS
    named = LatentClassAnalysis(1, families={"grade": "gaussian"}).fit(table)
    assert named._model.emission.chosen == KINDS | {"grade": "normal", "visits": "negative binomial"}
    assert_array_equal(classes.class_sizes_, classes.weights_)


def test_it_is_a_mixture_of_columns(table, classes):
    families = {name: kind.lower().replace("normal", "gaussian") for name, kind in KINDS.items()}
    same = MixtureModel(Columns(families), 2, random_state=0, n_init=2).fit(table)
    assert_allclose(classes.log_likelihood_, same.log_likelihood_, rtol=1e-10)


def test_a_profile_is_a_tidy_table(table, classes, tmp_path):
    profile = pd.DataFrame(classes.profile_)
    assert list(profile) == ["class", "column", "quantity", "value", "standard_error"]
    own = profile[profile["class"] == 1].set_index(["column", "quantity"])["value"]
    params = classes.params_.emission
    assert own["visits", "rate"] == params["poisson"].lambdas[1, 0]
    assert own["age", "standard deviation"] == pytest.approx(np.sqrt(params["normal"].covariances[1, 0]))
    assert own["smoker", False] + own["smoker", True] == pytest.approx(1.0)
    errors = classes.standard_errors(table)
    found = profile.set_index(["class", "column", "quantity"])["standard_error"]
    assert_allclose(found[1, "visits", "rate"], errors["poisson.lambdas"][1, 0], rtol=1e-4)
    deviation = own["age", "standard deviation"]
    of_variance = errors["normal.covariances"][1, 0] / (2 * deviation)
    assert_allclose(found[1, "age", "standard deviation"], of_variance, rtol=1e-4)
    assert np.isnan(found[0, "grade", 0])  # no row of the larger class has it
    assert "probabilities of 0 or 1: 'grade' = 0 in class 0" in classes.profile_.notes[0]
    assert "at zero: on this boundary" in " ".join(classes.profile(table).notes)
    assert "visits  rate" in str(classes.profile_)
    classes.save(tmp_path / "classes")
    assert str(load(tmp_path / "classes").profile_) == str(classes.profile_)


def test_errors_that_would_cost_too_much_are_left_to_profile(table, monkeypatch):
    monkeypatch.setattr(latent_class_analysis, "CHEAP", 0)
    few = LatentClassAnalysis(2, random_state=0, n_init=1).fit(table)
    assert np.isnan(few.profile_.column("standard_error")).all()
    assert np.isfinite(few.profile(table).column("standard_error")).mean() > 0.7


def test_tables_of_any_kind(table, classes):
    expected = classes.predict_proba(table)
    missing = {name: [None if pd.isna(cell) else cell for cell in table[name]] for name in table}
    for same in (pl.DataFrame(missing), missing, table.to_numpy(dtype=object), table[table.columns[::-1]]):
        assert_array_equal(classes.predict_proba(same), expected)


def test_imputed_tables_are_of_the_kind_of_the_user(table, classes):
    filled = classes.impute(table)
    assert list(filled.dtypes) == list(table.dtypes)
    assert not filled.isna().any(axis=None)
    seen = table.notna()
    assert filled.where(seen).equals(table.where(seen))
    resp = classes.predict_proba(table)
    means = resp @ classes.params_.emission["normal"].means
    assert_allclose(filled["age"][::7], means[::7, 0])


def test_weights_are_repeats(table):
    weights = np.arange(300) % 3
    twice = table.loc[np.repeat(np.arange(300), weights)].reset_index(drop=True)
    settings = {"random_state": 0, "n_init": 1, "max_iter": 30, "tol": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one = LatentClassAnalysis(1, **settings).fit(table, sample_weight=weights)
        other = LatentClassAnalysis(1, **settings).fit(twice)
    for verb in ("goodness_of_fit", "bivariate_residuals"):
        first = getattr(one, verb)(table, sample_weight=weights)
        assert str(first) == str(getattr(other, verb)(twice))


def test_only_columns_of_few_values_are_compared(table, classes):
    found = classes.goodness_of_fit(table)
    assert found.columns == ("town", "smoker", "grade")
    assert found.degrees_of_freedom == 2 * 2 * 5 - 1 - (1 + 2 * (1 + 1 + 4))
    assert found.trustworthy == ("rough" not in str(found))
    assert not found.caveats or found.caveats[0].endswith("expected counts below 5")
    numbers = LatentClassAnalysis(2, families={0: Gaussian()}, n_init=1, random_state=0)
    with pytest.raises(ValueError, match="no column is categorical"):
        numbers.fit(table[["age"]].to_numpy()).goodness_of_fit(table[["age"]].to_numpy())


def test_what_is_not_identified_is_said():
    x = np.random.default_rng(0).integers(1, 3, (200, 2))
    says = "the 5 parameters are not identified: the information has rank at most 3, and others fit"
    with pytest.warns(UserWarning, match=says):
        found = LatentClassAnalysis(2, random_state=0, n_init=1).fit(x)
    assert [one.kind for one in found.diagnostics_][-1] == "not identified"


def test_more_parameters_than_different_rows_are_a_finding():
    x = np.random.default_rng(0).integers(1, 3, (8, 6))
    found = LatentClassAnalysis(2, random_state=0, n_init=1).fit(x).diagnostics_[-1]
    assert (found.kind, found.numbers["parameters"]) == ("more parameters than patterns", 13)


def test_columns_that_say_nothing_are_named(table):
    with pytest.warns(ConstantColumnWarning, match="'land' is constant \\(every value is 'Scotland'\\)"):
        LatentClassAnalysis(2, random_state=0, n_init=1).fit(table.assign(land="Scotland"))
    with pytest.raises(ValueError, match="column 'empty' has no observed value: leave it out"):
        LatentClassAnalysis(2).fit(table.assign(empty=None))


UNFIT = {
    "dates as text": (
        ["2024-03-01", "2024-03-02"] * 150,
        "holds dates as text, such as '2024-03-01': turn them",
    ),
    "times as text": (
        ["1/3/24 07:30", None, "2/3/24 7:45"] * 100,
        "holds dates as text, such as '1/3/24 07:30'",
    ),
    "names of rows": (
        [f"no. {i}" for i in range(300)],
        "holds another text in each of 300 rows, such as 'no. 0'",
    ),
    "dates": (np.arange(300).astype("M8[D]"), "holds dates: turn them into numbers first"),
}


@pytest.mark.parametrize("kind", UNFIT)
def test_columns_that_no_family_fits(table, kind):
    cells, says = UNFIT[kind]
    for model in (LatentClassAnalysis(2), MixtureModel(Columns("auto"), 2), MixedImputer(2)):
        with pytest.raises(ValueError, match=f"column 'odd'.* {re.escape(says)}"):
            model.fit(table.assign(odd=cells))
    named = LatentClassAnalysis(1, families={"odd": "categorical"})
    if kind != "dates":
        assert named.fit(table.assign(odd=cells))._model.emission.chosen["odd"] == "categorical"


@pytest.mark.parametrize(
    "family", ["gaussian", "gamma", "beta", "von-mises", "mixture-of-gaussians", "bernoulli"]
)
def test_a_constant_column_alone_of_its_family(family):
    rng = np.random.default_rng(0)
    z = rng.integers(2, size=60)
    value = 1.0 if family == "bernoulli" else 0.5
    table = {
        "town": np.where(z, "x", "y").astype(object),
        "n": rng.poisson(2 + 5 * z),
        "u": np.full(60, value),
    }
    for kind in (MixtureModel, HiddenMarkovModel):
        model = kind(Columns({"u": family}, "auto"), 2, n_init=1, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", ConstantColumnWarning)
            model.fit(table)
        same = np.mean(model.predict(table) == z)
        assert max(same, 1 - same) > 0.95
        assert np.isfinite(model.log_likelihood_)
    whole = MixedImputer(2, families={"u": family}, n_init=1, random_state=0)
    table["u"][::5] = np.nan
    with pytest.warns(ConstantColumnWarning, match="column 'u' is constant"):
        assert_allclose(whole.fit_transform(table)["u"], value, atol=1e-2)


def test_a_category_that_is_new(table, classes):
    with pytest.raises(ValueError, match="row 0, column 'town' holds 'Cork'"):
        classes.predict(table.assign(town="Cork"))
    lenient = LatentClassAnalysis(2, unknown="missing", random_state=0, n_init=2).fit(table)
    assert_allclose(
        lenient.predict_proba(table.assign(town="Cork")), lenient.predict_proba(table.assign(town=None))
    )


@pytest.mark.usefixtures("unrendered")
def test_a_page_about_a_dict_of_columns(table, classes):
    columns = {name: table[name].to_numpy() for name in table}
    found = report(classes, columns)
    assert found.tables["profiles"].rows == report(classes, table).tables["profiles"].rows
    assert "Bivariate residuals" in found.page()
    assert any("cells of 1,500 are missing" in line for line in found.said)


def test_grades_of_which_some_are_missing_are_whole_numbers():
    grades = pd.DataFrame({"grade": [1, 2, None, 5, 5, 1, 2, 5]})
    model = LatentClassAnalysis(1, families={"grade": "categorical"}, random_state=0).fit(grades)
    assert [one["quantity"] for one in model.profile_] == [1, 2, 5]
    assert all(isinstance(one["quantity"], int) for one in model.profile_)


def test_classes_are_named_by_the_mean_of_grades_and_by_the_category_of_codes():
    rng = np.random.default_rng(0)
    z = rng.random(600) < 0.5
    grade = np.where(z, rng.choice([1, 2, 3], 600, p=[0.5, 0.4, 0.1]), rng.choice([3, 4, 5], 600))
    code = np.where(z, rng.choice([10, 20, 30], 600, p=[0.1, 0.8, 0.1]), rng.choice([10, 30], 600))
    answers = pd.DataFrame({"grade": grade, "code": code, "other": np.where(z, "x", "y")})
    families = {"grade": "categorical", "code": "categorical", "other": "categorical"}
    said = report(LatentClassAnalysis(2, families=families, random_state=0).fit(answers), answers).said
    low, high = sorted((text for text in said if text.startswith("Cluster")), key=lambda text: "high" in text)
    assert "low grade (1.6, all: 2.9)" in low
    assert "code = 20 (" in low
    assert "high grade (4.0, all: 2.9)" in high
    places = [low.index(f"{name} ") for name in ("other", "grade", "code")]
    assert places == sorted(places)  # by how far they stand out
    assert described.said([(0.6, "some"), (3.0, "far"), (0.1, "near")]) == "far and some"
