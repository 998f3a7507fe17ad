"""Ordinal columns whose grades are words, in the order that the type of the column has."""

import numpy as np
import pandas as pd
import pytest

import latently
from latently import HiddenMarkovModel, LatentClassAnalysis, MixedImputer, MixtureModel, load
from latently.emissions import Columns

GRADES = ["low", "mid", "high", "top"]  # nobody has the last
FAMILIES = {"grade": "ordinal", "x": "gaussian", "likert": "ordinal"}


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    good = rng.integers(0, 2, 120)
    codes = rng.binomial(2, np.where(good == 1, 0.8, 0.2))
    grade = pd.Categorical.from_codes(codes, GRADES, ordered=True)
    found = pd.DataFrame(
        {"grade": grade, "x": rng.normal(3 * good), "likert": rng.binomial(4, 0.3 + 0.3 * good)}
    )
    found.loc[:9, "grade"] = None
    return found


@pytest.fixture(scope="module")
def mixture(table):
    return MixtureModel(Columns(FAMILIES), 2, n_init=1, random_state=0).fit(table)


@pytest.mark.parametrize("model", [MixtureModel, HiddenMarkovModel])
def test_it_is_the_model_of_their_codes(model, table):
    codes = table.assign(grade=table.grade.cat.codes.replace(-1, np.nan).astype(float))
    how = {"n_init": 1, "random_state": 0}
    in_words, in_codes = (model(Columns(FAMILIES), 2, **how).fit(one) for one in (table, codes))
    assert in_words.log_likelihood_ == pytest.approx(in_codes.log_likelihood_, rel=1e-12)


def test_words_are_kept_and_found_in_any_type(table, mixture, tmp_path):
    expected = mixture.predict(table)
    mixture.save(tmp_path / "m.latently")
    kept = load(tmp_path / "m.latently")
    for cells in (table.grade, table.grade.astype(object), table.grade.cat.reorder_categories(GRADES[::-1])):
        np.testing.assert_array_equal(kept.predict(table.assign(grade=cells)), expected)
    drawn, _ = kept.sample(50)
    assert set(drawn[:, 0]) <= set(GRADES[:3])
    filled = MixedImputer(2, families=FAMILIES, n_init=1, random_state=0).fit(table).transform(table)
    assert filled.grade.dtype == table.grade.dtype
    assert filled.grade[:10].isin(GRADES[:3]).all()


def test_what_is_no_grade_is_named(table, mixture):
    with pytest.raises(
        ValueError, match=r"row 3, column 'grade' holds 'huge', which is not among .*'low', 'mid'"
    ):
        mixture.predict(table.assign(grade=["low"] * 3 + ["huge"] * 117))
    lenient = MixtureModel(Columns(FAMILIES, unknown="missing"), 2, n_init=1, random_state=0).fit(table)
    huge, gone = (table.assign(grade=[cell] * 120) for cell in ("huge", None))
    np.testing.assert_array_equal(lenient.predict_proba(huge), lenient.predict_proba(gone))
    with pytest.raises(
        ValueError, match=r"row 10, column 'grade' holds .*give its grades in order, as pandas"
    ):
        MixtureModel(Columns(FAMILIES), 2).fit(table.astype({"grade": object}))


@pytest.mark.usefixtures("unrendered", "hasty")
def test_pages_and_profiles_tell_of_them(table):
    classes = LatentClassAnalysis(2, families=FAMILIES, n_init=1, random_state=0).fit(table)
    means = [row["value"] for row in classes.profile_ if row["column"] == "grade"]
    assert len(means) == 2
    assert abs(means[0] - means[1]) > 0.5
    assert "grade" in latently.report(classes, table).page()
    chain = HiddenMarkovModel(Columns(FAMILIES), 2, n_init=1, random_state=0).fit(table)
    assert "grade" in latently.report(chain, table).page()
    imputer = MixedImputer(2, families=FAMILIES, n_init=1, random_state=0).fit(table)
    assert "grade" in latently.report(imputer, table).page()
