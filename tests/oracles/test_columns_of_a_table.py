"""A product of families over the columns of a table, against its parts and against SciPy."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm, poisson

from latently import GaussianMixture, HiddenMarkovModel, MixtureModel, datasets, load
from latently.checks.columns import as_table
from latently.core.errors import ConstantColumnWarning
from latently.emissions import Binomial, Categorical, Columns, Gaussian, MixtureOfGaussians, Poisson

FAMILIES = {"age": Gaussian(), ("x", "y"): Gaussian("full"), "town": Categorical(), "visits": Poisson()}


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    z = rng.choice(2, 400, p=[0.6, 0.4])
    town = np.where(rng.random(400) < 0.8, np.array(["A", "B"])[z], "C").astype(object)
    found = {
        "age": np.where(z, 60, 25) + 5 * rng.standard_normal(400),
        "x": z + rng.standard_normal(400),
        "y": rng.standard_normal(400) - z,
        "town": town,
        "visits": rng.poisson(np.where(z, 8, 2)),
    }
    found["age"][::7] = np.nan
    found["town"][3::9] = None
    return pd.DataFrame(found)


@pytest.fixture(scope="module")
def mixture(table):
    return MixtureModel(Columns(FAMILIES), 2, n_init=2, random_state=0).fit(table)


def test_densities_are_products(table, mixture):
    params = mixture.params_.emission
    joint = np.log(mixture.weights_) + np.zeros((len(table), 2))
    for k in range(2):
        age = norm.logpdf(
            table["age"],
            params["normal"].means[k, 0],
            np.sqrt(params["normal"].covariances[k, 0]),
        )
        both = params["normal(x, y)"]
        town = params["categorical"].probabilities[k, 0][
            table["town"].map({"A": 0, "B": 1, "C": 2}).fillna(0).astype(int)
        ]
        with np.errstate(divide="ignore"):
            joint[:, k] += (
                np.nan_to_num(age)
                + multivariate_normal(both.means[k], both.covariances[k]).logpdf(table[["x", "y"]])
                + np.where(table["town"].isna(), 0.0, np.log(town))
                + poisson.logpmf(table["visits"], params["poisson"].lambdas[k, 0])
            )
    assert_allclose(mixture.score_samples(table), logsumexp(joint, axis=1), rtol=1e-10)


def test_normal_columns_are_a_mixture_of_normal_distributions():
    faithful = datasets.load_faithful().data
    columns = MixtureModel(Columns({0: Gaussian(), 1: Gaussian()}), 2, random_state=0).fit(faithful)
    plain = GaussianMixture(2, covariance_type="diag", random_state=0).fit(faithful)
    assert_allclose(columns.log_likelihood_, plain.log_likelihood_, rtol=1e-13)
    assert_allclose(columns.params_.emission["normal"].means, plain.means_, rtol=1e-10)


def test_any_frame_of_the_same_table_is_read_alike(table, mixture):
    expected = mixture.predict_proba(table)
    arrow = pl.from_pandas(table.assign(town=pd.Categorical(table["town"]))).to_arrow()
    for same in (
        pl.DataFrame(
            table.assign(town=table["town"].astype(object).where(table["town"].notna(), None)).to_dict("list")
        ),
        {name: table[name].to_numpy() for name in table},
        table.convert_dtypes(),
        table.assign(town=pd.Categorical(table["town"])),
        arrow,
        pa.concat_tables([arrow.slice(0, 7), arrow.slice(7)]),
        table[table.columns[::-1]],
        table.to_numpy(dtype=object),
    ):
        assert_array_equal(mixture.predict_proba(same), expected)


def test_it_is_saved(table, mixture, tmp_path):
    mixture.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert_array_equal(again.predict_proba(table), mixture.predict_proba(table))
    assert again._model.emission.chosen == mixture._model.emission.chosen


def test_samples_can_be_fitted_again(mixture):
    x, labels = mixture.sample(500, random_state=0)
    town = mixture.params_.emission["categorical"].probabilities[:, 0]
    for k in range(2):
        shares = [np.mean(x[labels == k, 3] == name) for name in "ABC"]
        assert_allclose(shares, town[k], atol=0.08)
    again = MixtureModel(
        Columns(
            dict(zip(range(5), ["gaussian", "gaussian", "gaussian", "categorical", "poisson"], strict=True))
        ),
        2,
        n_init=2,
        random_state=0,
    )
    assert np.mean(again.fit(x).predict(x) == labels) > 0.95


def test_standard_errors_name_the_columns_of_a_kind(table, mixture):
    errors = mixture.standard_errors(table)
    resp = mixture.predict_proba(table)
    least = np.sqrt(mixture.params_.emission["poisson"].lambdas[:, 0] / resp.sum(axis=0))
    assert (errors["poisson.lambdas"][:, 0] >= 0.99 * least).all()


def test_series_of_several_channels(table):
    rng = np.random.default_rng(1)
    states = np.repeat([0, 1, 0, 1], 60)
    series = {
        "level": np.array([0.0, 3.0])[states] + rng.standard_normal(240),
        "kind": np.where(rng.random(240) < 0.9, np.array(["a", "b"])[states], "c"),
    }
    model = HiddenMarkovModel(
        Columns({"level": "gaussian", "kind": "categorical"}), 2, n_init=4, random_state=0
    )
    found = model.fit(series).predict(series)
    assert max(np.mean(found == states), np.mean(found == 1 - states)) > 0.97
    halves = [
        {name: cells[part] for name, cells in series.items()} for part in (slice(0, 120), slice(120, 240))
    ]
    assert_allclose(model.score(halves), model.score(series, lengths=[120, 120]), rtol=1e-12)


@pytest.mark.parametrize(
    ("families", "settings", "change", "says"),
    [
        ({"agee": "gaussian"}, {}, {}, "families names column 'agee', and X has age"),
        (
            {"age": "gaussian"},
            {},
            {},
            "no family is given for columns 'x', 'y', 'town' and 'visits': add them",
        ),
        ({}, {}, {}, "no family is given for columns 'age', 'x', 'y', 'town' and 'visits'"),
        ({}, {"others": "drop"}, {}, "families names no column"),
        ({"age": Gaussian}, {"others": "drop"}, {}, "column 'age': .*Gaussian'> is no family: make one"),
        ({("x", "y"): 3}, {"others": "drop"}, {}, "columns 'x' and 'y': 3 is no family"),
        ({"x": "gausian"}, {"others": "drop"}, {}, "column 'x': there is no family 'gausian'"),
        ({"town": "gaussian"}, {"others": "drop"}, {}, "row 0, column 'town' holds '.', which is no number"),
        ({"visits": "poisson"}, {"others": "drop"}, {"visits": -1.0}, "column 'visits' holds -1: counts are"),
        (
            {"age": "gaussian", ("age", "x"): "gaussian"},
            {"others": "drop"},
            {},
            "'age' is given two families",
        ),
        ({"age": "categorical"}, {"others": "drop"}, {"age": np.nan}, "column 'age': no symbol is observed"),
    ],
)
def test_bad_columns_are_named(table, families, settings, change, says):
    with pytest.raises(ValueError, match=says):
        MixtureModel(Columns(families, **settings), 2).fit(table.assign(**change))


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (pd.Series([1j, 2j]), "Complex data not supported: column 'odd' of X holds complex numbers"),
        (pd.to_timedelta(pd.Series([1, 2]), "D"), "column 'odd' of X holds spans of time"),
        (pd.to_datetime(pd.Series([1, 2]), unit="D"), "column 'odd' of X holds dates"),
    ],
)
def test_columns_that_are_no_cells_say_what_they_hold(cells, says):
    with pytest.raises(ValueError, match=says):
        as_table(pd.DataFrame({"odd": cells}))


def test_no_column_named_and_others_auto_is_every_column_by_itself(table):
    rows = as_table(table)
    assert Columns({}, others="auto").learned(rows).chosen == Columns().learned(rows).chosen


def test_a_word_in_a_list_of_numbers_is_the_cell_that_is_named(mixture, table):
    bad = {name: table[name].tolist() for name in table}
    bad["visits"][5] = "many"
    with pytest.raises(ValueError, match="row 5, column 'visits' holds 'many', which is no number"):
        mixture.predict(bad)


@pytest.mark.parametrize("kind", ["boolean", "bool[pyarrow]", object])
def test_yes_and_no_with_holes_are_bernoulli(kind):
    column = pd.Series([True, False, None, True], dtype=kind)
    assert Columns().learned(as_table({"smoker": column})).chosen == {"smoker": "Bernoulli"}


def test_columns_of_one_kind_are_one_bank_unless_settings_are_by_feature():
    table = {name: [0, 3, 5] for name in "abcd"}
    families = {
        "a": Binomial(9),
        "b": Binomial(np.array([5])),
        "c": Binomial(np.array([5])),
        "d": Binomial(9),
    }
    parts = Columns(families).learned(as_table(table)).parts
    assert [part.names for part in parts] == [("a", "d"), ("b",), ("c",)]


def test_columns_that_are_dropped_do_not_shift_the_names_of_others(table):
    same = table.assign(visits=3)
    with pytest.warns(ConstantColumnWarning, match="column 'visits' is constant"):
        MixtureModel(Columns({"age": "gaussian", "visits": "poisson"}, others="drop"), 1).fit(same)


def test_a_category_that_is_new(table, mixture):
    strange = table.assign(town="Z")
    with pytest.raises(ValueError, match="row 0, column 'town' holds 'Z', which is not among its categories"):
        mixture.predict(strange)
    lenient = MixtureModel(Columns(FAMILIES, unknown="missing"), 2, n_init=2, random_state=0).fit(table)
    assert_allclose(lenient.predict_proba(strange), lenient.predict_proba(table.assign(town=None)))


@pytest.mark.parametrize("unit", [1e-6, 1.0])
def test_distances_of_categories_do_not_hang_on_the_unit_of_weights(unit):
    family = Columns({0: "categorical"}).learned(as_table([["A"], ["A"], ["B"]]))
    x = np.array([[0.0], [0.0], [1.0]])
    found = family.parts[0].family.embed(family.parts[0].family.describe(x, np.full(3, unit)), x)
    assert_allclose(found, np.eye(2)[[0, 0, 1]] / np.sqrt(1 - 5 / 9))


def test_columns_that_are_named_together_are_a_part_of_their_own():
    X = {"a": [1, 2, 3, 4], "b": [0, 1, 0, 2], "c": [5, 1, 2, 2], "d": [1, 1, 2, 0]}
    families = Columns({("a", "b"): "poisson", "c": "poisson", "d": "poisson"})
    assert MixtureModel(families, 1).fit(X).params_.emission.names == ("poisson(a, b)", "poisson")


def test_columns_of_one_family_are_one_part_that_knows_how_large_its_cells_are():
    answers = pd.DataFrame({"a": list("xyxz"), "n": [0, 3, np.nan, 5], "b": list("uuvv"), "m": [1, 0, 9, 2]})
    answers[["r", "s"]] = np.random.default_rng(0).normal(size=(4, 2))
    kinds: dict = {"a": "categorical", "n": "poisson", "b": "categorical", "m": "poisson"}
    kinds |= dict.fromkeys("rs", MixtureOfGaussians(1))  # whose columns depend on each other
    fitted = MixtureModel(Columns(kinds), 1, max_iter=1, tol=0).fit(answers)
    assert [(part.names, part.most) for part in fitted._model.emission.parts] == [
        (("a", "b"), (2, 1)),
        (("n", "m"), (5, 9)),
        (("r",), None),
        (("s",), None),
    ]
    alike = fitted._source(answers).x[[0, 0, 1]]  # without coordinates they are cut as the first part is
    halves = fitted._model.emission.split(alike, None, np.ones(3), 0, np.random.default_rng(0))
    assert halves[0] == halves[1] != halves[2]
