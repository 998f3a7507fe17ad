"""Imputation of tables of any column types: what is filled in, how sure it is, and in what it comes back."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax
from scipy.stats import norm, poisson
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from latently import MixedImputer, load, pool
from latently.core.errors import ConstantColumnWarning, UndeterminedWarning
from latently.emissions import Gaussian

WEIGHTS = np.array([0.5, 0.3, 0.2])
MEANS, SPREADS = np.array([0.0, 4.0, -3.0]), np.array([1.0, 2.0, 0.5])
RATES = np.array([2.0, 9.0, 20.0])
SHARES = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]])
YES = np.array([0.9, 0.2, 0.5])


def planted(n, seed=0, share=0.2):
    """Rows of a mixture of three, and the same with cells missing."""
    rng = np.random.default_rng(seed)
    z = rng.choice(3, n, p=WEIGHTS)
    whole = pd.DataFrame(
        {
            "size": MEANS[z] + SPREADS[z] * rng.standard_normal(n),
            "weight": 10 * MEANS[z] + SPREADS[z] * rng.standard_normal(n),
            "visits": rng.poisson(RATES[z]).astype(float),
            "town": np.array(["Ulm", "Bonn", "Kiel"], dtype=object)[
                (rng.random(n)[:, None] > SHARES[z].cumsum(axis=1)).sum(axis=1).clip(0, 2)
            ],
            "smoker": np.where(rng.random(n) < YES[z], "yes", "no").astype(object),
        }
    )
    return whole, whole.mask(rng.random(whole.shape) < share)


def responsibilities(table):
    """Those of the true components, given the observed cells."""
    towns = SHARES[:, [["Ulm", "Bonn", "Kiel"].index(t) if isinstance(t, str) else 0 for t in table["town"]]]
    x = table[["size", "weight", "visits"]].to_numpy()[:, :, None]
    parts = [
        norm.logpdf(x[:, 0], MEANS, SPREADS),
        norm.logpdf(x[:, 1], 10 * MEANS, SPREADS),
        poisson.logpmf(x[:, 2], RATES),
        np.log(towns.T),
        np.log(np.where((table["smoker"] == "yes").to_numpy()[:, None], YES, 1 - YES)),
    ]
    return softmax(
        np.log(WEIGHTS) + sum(np.where(table.iloc[:, [j]].isna(), 0, p) for j, p in enumerate(parts)), axis=1
    )


@pytest.fixture(scope="module")
def fitted():
    whole, holes = planted(1500)
    return whole, holes, MixedImputer(random_state=0, n_parameter_draws=5).fit(holes)


def test_guesses_are_nearly_as_good_as_by_the_true_model(fitted):
    whole, holes, imputer = fitted
    assert imputer.n_components_ == 3 == min(imputer.bic_, key=imputer.bic_.get)
    assert imputer.families_["visits"] == "negative binomial"
    assert imputer.families_["town"] == "categorical"
    filled, resp, missing = imputer.transform(holes), responsibilities(holes), holes.isna()
    assert not filled.isna().any().any()
    assert filled[~missing].equals(holes[~missing])
    for name, means in (("size", MEANS), ("weight", 10 * MEANS), ("visits", RATES)):
        own = missing[name]
        error, least = (
            np.sqrt(np.mean((guess - whole[name])[own] ** 2)) for guess in (filled[name], resp @ means)
        )
        assert error < 1.03 * least
    for name, categories, shares in (
        ("town", np.array(["Ulm", "Bonn", "Kiel"]), SHARES),
        ("smoker", np.array(["yes", "no"]), np.column_stack([YES, 1 - YES])),
    ):
        own = missing[name]
        right = (filled[name] == whole[name])[own].mean()
        assert right > (categories[(resp @ shares).argmax(axis=1)] == whole[name])[own].mean() - 0.02
    assert (filled["visits"] % 1 == 0).all()
    assert (filled["visits"] >= 0).all()


def test_intervals_cover_and_categories_are_calibrated(fitted):
    whole, holes, imputer = fitted
    for uncertain in (False, True):
        lower, upper = imputer.interval(holes, 0.9, parameter_uncertainty=uncertain)
        for name, most in (("size", 0.94), ("weight", 0.94), ("visits", 0.99)):
            own = holes[name].isna()
            inside = (lower[name] <= whole[name]) & (whole[name] <= upper[name])
            assert 0.86 < inside[own].mean() < most
            assert lower[name].notna().equals(own)
        assert lower[["town", "smoker"]].isna().all().all()
    found = imputer.category_probabilities(holes)
    assert list(found) == ["town", "smoker"]
    rows, categories, probabilities = found["town"]
    assert_array_equal(rows, np.flatnonzero(holes["town"].isna()))
    order = [["Ulm", "Bonn", "Kiel"].index(name) for name in categories]
    truth = (responsibilities(holes) @ SHARES)[rows][:, order]
    actual = whole["town"].to_numpy()[rows, None] == categories
    brier, least = (np.mean(np.sum((actual - p) ** 2, axis=1)) for p in (probabilities, truth))
    assert brier < 1.02 * least
    for low, high in ((0.0, 0.2), (0.6, 1.0)):
        some = (probabilities > low) & (probabilities <= high)
        assert abs(actual[some].mean() - probabilities[some].mean()) < 0.06


def test_draws_differ_and_are_pooled(fitted):
    whole, holes, imputer = fitted
    tables = imputer.draw_imputations(holes, 5, random_state=1)
    assert not any(table.isna().any().any() for table in tables)
    assert all((table["visits"] % 1 == 0).all() for table in tables)
    again = imputer.draw_imputations(holes, 5, random_state=1)
    assert all(one.equals(other) for one, other in zip(tables, again, strict=True))
    means = [table["size"].mean() for table in tables]
    assert len(set(means)) == 5
    pooled = pool(means, [table["size"].var() / len(table) for table in tables])
    assert abs(pooled.estimate - whole["size"].mean()) < 4 * pooled.standard_error
    town = holes["town"].isna()
    shares = np.mean([(table["town"] == "Kiel")[town].mean() for table in tables])
    assert abs(shares - (whole["town"] == "Kiel")[town].mean()) < 0.06
    with pytest.raises(ValueError, match="it has 5 parameter draws, and 6 are needed"):
        imputer.draw_imputations(holes, 6)


def typed(holes):
    """The same rows in frames whose columns have types of their own."""
    plain = holes.iloc[:200].reset_index(drop=True)
    pandas = plain.assign(
        size=plain["size"].astype("float32"),
        visits=plain["visits"].astype("Int16"),
        town=plain["town"].astype(pd.CategoricalDtype(["Rome", "Ulm", "Bonn", "Kiel"])),
        smoker=(plain["smoker"] == "yes").astype("boolean").mask(plain["smoker"].isna()),
    ).set_axis(np.arange(200) * 3)
    columns = {name: [None if pd.isna(c) else c for c in plain[name]] for name in plain}
    polars = pl.DataFrame(
        columns | {"smoker": [None if c is None else c == "yes" for c in columns["smoker"]]}
    )
    polars = polars.with_columns(
        pl.col("town").cast(pl.Enum(["Rome", "Ulm", "Bonn", "Kiel"])), pl.col("visits").cast(pl.Int8)
    )
    return pandas, polars, columns


def test_tables_come_back_in_their_kind(fitted):
    pandas, polars, columns = typed(fitted[1])
    imputer = MixedImputer(3, n_init=1, max_iter=20, tol=0, random_state=0)
    filled = clone(imputer).fit_transform(pandas)
    assert filled.dtypes.equals(pandas.dtypes)
    assert filled.index.equals(pandas.index)
    assert not filled.isna().any().any()
    assert filled.where(pandas.notna()).equals(pandas)
    others = clone(imputer).fit_transform(polars)
    assert others.schema == polars.schema
    assert not any(others.null_count().row(0))
    assert_allclose(others["weight"], filled["weight"], rtol=1e-4)
    assert others["town"].to_list() == filled["town"].to_list()
    lower, _ = clone(imputer).fit(polars).interval(polars)
    assert isinstance(lower, pl.DataFrame)
    assert lower["town"].is_nan().all()
    arrays = clone(imputer).fit_transform(columns)
    assert list(arrays) == list(columns)
    assert arrays["weight"].dtype == float
    cells = np.array(list(columns.values()), dtype=object).T
    rows = clone(imputer).fit_transform(cells)
    assert rows.dtype == object
    assert (rows[:, 3] == arrays["town"]).all()
    assert clone(imputer).fit_transform(cells.tolist()).tolist() == rows.tolist()
    numbers = pandas[["size", "weight"]].to_numpy(dtype=np.float32)
    assert clone(imputer).fit_transform(numbers).dtype == np.float32
    shown = clone(imputer).set_output(transform="polars").fit_transform(pandas)
    assert isinstance(shown, pl.DataFrame)
    assert shown["town"].to_list() == filled["town"].to_list()


def test_new_rows_of_a_frame_that_knows_less(fitted):
    imputer = fitted[2]
    new = pd.DataFrame(
        {
            "smoker": pd.Categorical(["no", None], categories=["no"]),
            "town": [None, None],
            "visits": [np.nan, 21.0],
            "weight": [41.0, np.nan],
            "size": [4.0, -3.0],
        }
    )
    filled = imputer.transform(new)
    assert list(filled["town"]) == ["Bonn", "Kiel"]
    assert filled["smoker"].notna().all()
    assert not filled.isna().any().any()
    assert imputer.transform(
        pl.DataFrame({"town": [None], "smoker": ["yes"], "visits": [2], "weight": [0.1], "size": [None]})
    )["town"].to_list() == ["Ulm"]


def test_it_is_saved_and_cloned(fitted, tmp_path):
    _, holes, imputer = fitted
    imputer.save(tmp_path / "m")
    again = load(tmp_path / "m")
    assert again.transform(holes).equals(imputer.transform(holes))
    assert again.bic_ == imputer.bic_
    assert again.families_ == imputer.families_
    pairs = zip(*(one.draw_imputations(holes[:50], 2, 0) for one in (again, imputer)), strict=True)
    assert all(one.equals(other) for one, other in pairs)
    mine = MixedImputer(2, families={("size", "weight"): Gaussian("full"), "visits": "gaussian"}, n_init=1)
    mine.fit(holes[:300]).save(tmp_path / "n")
    again = load(tmp_path / "n")
    assert again.transform(holes[:40]).equals(mine.transform(holes[:40]))
    again.mixture_.weights_ = [0.5, 0.5]  # draws are not of these parameters
    with pytest.raises(ValueError, match="parameters were set by hand since the fit"):
        again.draw_imputations(holes[:40])


def test_any_number_of_threads_finds_the_same(fitted, shared_out):
    _, holes, _ = fitted
    few = holes[:200]
    one, two = (MixedImputer(random_state=0, n_jobs=n, n_parameter_draws=2).fit(few) for n in (1, 2))
    assert one.transform(few).equals(two.transform(few))
    pairs = zip(one.draw_imputations(few, 2), two.draw_imputations(few, 2), strict=True)
    assert all(a.equals(b) for a, b in pairs)


def test_in_a_pipeline(fitted):
    _, holes, _ = fitted
    line = make_pipeline(MixedImputer(3, n_init=1, random_state=0), OneHotEncoder(handle_unknown="ignore"))
    assert line.fit_transform(holes[["town", "smoker"]]).shape == (len(holes), 5)
    assert list(line[:1].get_feature_names_out()) == ["town", "smoker"]


def test_correlated_columns_are_filled_by_each_other():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(300)
    table = pd.DataFrame(
        {"x": x, "y": 2 * x + 0.1 * rng.standard_normal(300), "k": rng.choice(list("ab"), 300)}
    )
    holes = table.copy()
    holes.loc[::5, "y"] = np.nan
    filled = MixedImputer(1, families={("x", "y"): Gaussian("full")}).fit_transform(holes)
    assert np.abs(filled["y"] - table["y"]).max() < 0.5


def test_columns_that_say_nothing(fitted):
    _, holes, _ = fitted
    few = holes[["size", "town"]][:200].assign(none=None, one="A")
    few.loc[3, "one"] = None
    with (
        pytest.warns(UndeterminedWarning, match="no value is observed of column 'none'"),
        pytest.warns(ConstantColumnWarning, match="'one' is constant"),
    ):
        imputer = MixedImputer(2, n_init=1, random_state=0).fit(few)
    filled = imputer.transform(few)
    assert list(filled) == list(imputer.get_feature_names_out()) == ["size", "town", "one"]
    assert (filled["one"] == "A").all()
    with pytest.raises(ValueError, match="'none' has no observed value, from which a family could be"):
        MixedImputer(families={"none": "categorical"}).fit(few)
    with pytest.raises(ValueError, match="no column has an observed value"):
        MixedImputer().fit(few[["none"]])


def test_what_is_new_is_named(fitted):
    _, holes, imputer = fitted
    new = holes[:4].assign(town=["Ulm", "Paris", None, "Kiel"])
    with pytest.raises(ValueError, match="row 1, column 'town' holds 'Paris', which is not among"):
        imputer.transform(new)
    tolerant = MixedImputer(3, unknown="missing", n_init=3, random_state=0).fit(holes)
    assert set(tolerant.transform(new)["town"]) <= {"Ulm", "Bonn", "Kiel"}
    with pytest.raises(ValueError, match="row 0, column 'visits' holds -1: counts are"):
        imputer.transform(holes[:1].assign(visits=-1.0))
    with pytest.raises(ValueError, match="X has no column 'town'"):
        imputer.transform(holes.drop(columns="town"))


def test_rows_that_cannot_be_are_filled_all_the_same():
    table = pd.DataFrame({"a": list("xxxyyy") * 9, "b": list("uuuvvv") * 9, "c": list("pppqqq") * 9})
    imputer = MixedImputer(2, random_state=0).fit(table)
    with pytest.warns(UserWarning, match="no component can have the observed cells of 1 row"):
        filled = imputer.transform(pd.DataFrame({"a": ["x", "x"], "b": ["v", "u"], "c": [None, None]}))
    assert filled["c"][1] == "p"
    assert filled["c"][0] in {"p", "q"}


def test_categories_too_rare_for_a_sample_of_the_rows():
    rng = np.random.default_rng(0)
    kind = rng.choice(2, 6000)
    table = pd.DataFrame(
        {"x": 6 * kind + rng.standard_normal(6000), "k": np.array(["a", "b"], dtype=object)[kind]}
    )
    table.loc[:9, "k"] = [f"rare {i}" for i in range(10)]
    table.loc[5000:, "k"] = None
    imputer = MixedImputer(random_state=0, max_components=3).fit(table)
    assert imputer.n_components_ == 2
    assert (imputer.transform(table)["k"][5000:] == np.array(["a", "b"])[kind[5000:]]).mean() > 0.99


@pytest.mark.slow
def test_pooled_intervals_cover_what_is_missing_at_random():
    """Means of a column and shares of a category, missing by what is observed, in 95% intervals."""
    inside = np.zeros(2)
    truth = WEIGHTS @ RATES, WEIGHTS @ SHARES[:, 2]
    for run in range(200):
        whole, _ = planted(400, seed=run)
        rng = np.random.default_rng(run)
        holes = whole.copy()
        chance = 1 / (1 + np.exp(-whole["size"].to_numpy() / 2))
        holes.loc[rng.random(400) < 0.6 * chance, "visits"] = np.nan
        holes.loc[rng.random(400) < 0.6 * chance, "town"] = None
        imputer = MixedImputer(3, n_init=4, n_parameter_draws=20, random_state=run, n_jobs=1).fit(holes)
        tables = imputer.draw_imputations(holes, 20)
        columns = [(table["visits"], (table["town"] == "Kiel").astype(float)) for table in tables]
        for j in range(2):
            values = [one[j] for one in columns]
            low, high = pool([v.mean() for v in values], [v.var() / len(v) for v in values]).interval(0.95)
            inside[j] += low <= truth[j] <= high
    assert (inside / 200 > 0.91).all()
    assert (inside / 200 < 0.99).all()
