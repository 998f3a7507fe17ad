"""Whatever is handed in: one line that names the culprit and the remedy."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone

from examples.own_family import Exponential
from latently import GaussianMixture, MixtureModel
from latently.emissions import Gaussian

RNG = np.random.default_rng(0)
X = RNG.standard_normal((30, 2)) + 3 * (np.arange(30) % 2)[:, None]


def changed(row, column, value, x=X):
    x = x.copy()
    x[row, column] = value
    return x


TABLES = {
    "text": (np.array([["a", "b"], ["c", "d"]]), "'a'|not numeric"),
    "text in an object array": (np.array([[1.0, "x"], [2.0, "y"]], dtype=object), "'x'|not numeric"),
    "text in pandas": (
        pd.DataFrame({"size": [1.0, 2.0, 3.0], "name": ["x", "y", "z"]}),
        "column 'name' is not numeric; leave it out or encode it",
    ),
    "text in polars": (
        pl.DataFrame({"size": [1.0, 2.0, 3.0], "name": ["x", "y", "z"], "when": ["a", "b", "c"]}),
        "column 'name', 'when' is not numeric; leave it out or encode it",
    ),
    "complex": (X + 1j, "[Cc]omplex data not supported"),
    "no rows": (np.empty((0, 2)), r"Found array with 0 sample\(s\)"),
    "no columns": (np.empty((5, 0)), r"0 feature\(s\)"),
    "one column as a vector": (X[:, 0], "Expected 2D array, got 1D array"),
    "three dimensions": (np.zeros((2, 2, 2)), "dim"),
    "infinite": (
        changed(7, 1, np.inf),
        "contains infinity at row 7, column 1 .1 such cells.: drop those rows",
    ),
    "minus infinite": (changed(3, 0, -np.inf), "contains infinity at row 3, column 0"),
    "infinite in float32": (
        changed(3, 0, np.inf, X.astype(np.float32)),
        "contains infinity at row 3, column 0",
    ),
    "an empty column": (
        np.insert(X, 1, np.nan, axis=1),
        "column 1 has no observed value: leave it out",
    ),
    "an empty column in pandas": (
        pd.DataFrame({"a": X[:, 0], "b": np.nan}),
        "column 'b' has no observed value: leave it out",
    ),
    "no cell at all": (np.full((30, 2), np.nan), "column 0 has no observed value"),
    "infinite beside NaN": (
        changed(7, 1, np.inf, changed(7, 0, np.nan)),
        "contains infinity at row 7, column 1 .1 such cells.: drop those rows",
    ),
    "constant columns only": (
        pd.DataFrame({"flag": np.ones(30), "other": 0.1}),
        r"column 'flag' is constant \(every value is 1\), as all are: there is nothing to learn from",
    ),
    "a column too narrow for its square": (
        X * [1.0, 1e-200],
        "column 1 spans .*e-200, the square of which is beyond double precision: choose another unit",
    ),
    "a column too wide for its square": (X * [1e200, 1.0], "column 0 spans .*e[+]20.*: choose another unit"),
    "a column as wide as can be": (
        changed(0, 0, 1.7e308) - changed(1, 0, 1.7e308, 0 * X),
        "column 0 spans inf",
    ),
    "one row": (X[:1], "n_samples = 1"),
    "fewer rows than components": (X[:2], r"n_components = 3, n_samples = 2 .*: lower n_components"),
    "fewer distinct rows than components": (
        np.repeat(X[:2], 10, axis=0),
        "there are 2 distinct rows for 3 components: lower n_components",
    ),
}

WEIGHTS = {
    "negative": (
        np.where(np.arange(30) == 6, -0.5, 1.0),
        "sample_weight of row 6 is -0.5: weights must be finite",
    ),
    "NaN": (np.where(np.arange(30) == 9, np.nan, 1.0), "sample_weight of row 9 is nan"),
    "infinite": (np.where(np.arange(30) == 2, np.inf, 1.0), "sample_weight of row 2 is inf"),
    "all zero": (np.zeros(30), "sample_weight is zero for every row: at least one row must count"),
    "one number, negative": (-1.0, "sample_weight of row 0 is -1"),
    "one number, zero": (0.0, "sample_weight is zero for every row"),
    "too few": (np.ones(29), r"sample_weight has shape \(29,\), should be \(30,\)"),
    "two-dimensional": (np.ones((30, 1)), r"sample_weight has shape \(30, 1\)"),
    "fewer rows that count than components": (
        (np.arange(30) < 2).astype(float),
        "n_samples = 2 with positive weight: lower n_components",
    ),
}

SETTINGS = {
    "n_components": [0, -1, 1.5, "two", None, True],
    "max_iter": [-1, 2.5, None, True],
    "tol": [-1e-3, None, "small", np.nan],
    "reg_covar": [-1e-6, 1.0, 2.0, None, "a little", np.nan],
    "covariance_type": ["spheric", None, 3],
    "n_init": [0, -1, "many", 2.5, True, None],
    "init_params": ["kmean", None],
    "acceleration": ["fast", True],
    "fixed": ["means"],
    "n_jobs": [0, 1.5, "all"],
}


@pytest.mark.parametrize("estimator", [GaussianMixture(3), MixtureModel(Gaussian("full"), 3)], ids=str)
@pytest.mark.parametrize("case", list(TABLES))
def test_tables(estimator, case):
    table, message = TABLES[case]
    with pytest.raises((ValueError, TypeError), match=message):
        estimator.fit(table)
    assert not hasattr(estimator, "means_")
    assert not hasattr(estimator, "weights_")


@pytest.mark.parametrize(
    "case", [case for case in TABLES if "vector" not in case and case not in ("complex",)]
)
def test_messages_are_one_line(case):
    with pytest.raises((ValueError, TypeError)) as caught:
        GaussianMixture(3).fit(TABLES[case][0])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("case", list(WEIGHTS))
def test_weights(case):
    weights, message = WEIGHTS[case]
    with pytest.raises(ValueError, match=message) as caught:
        GaussianMixture(3).fit(X, sample_weight=weights)
    assert "\n" not in str(caught.value)
    if np.ndim(weights) and "fewer" not in case:
        mixture = GaussianMixture(2, n_init=1, random_state=0).fit(X)
        for method in (mixture.score, mixture.bic, mixture.icl, mixture.q_function):
            with pytest.raises(ValueError, match=message):
                method(X, sample_weight=weights)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in SETTINGS for value in SETTINGS[name]])
def test_settings(name, value):
    with pytest.raises((ValueError, TypeError), match=name) as caught:
        GaussianMixture(**{"n_components": 2, name: value}).fit(X)
    message = str(caught.value)
    assert repr(value) in message or str(value) in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weights_init": [0.5, 0.6]}, r"weights_init sums to 1\.1, should be 1"),
        ({"weights_init": [1.5, -0.5]}, "weights_init holds a negative probability"),
        ({"weights_init": [1.0]}, r"weights_init has shape \(1,\), should be \(2,\)"),
        ({"means_init": [[0.0, 0.0]]}, r"means_init has shape \(1, 2\), should be \(2, 2\)"),
        ({"means_init": [[0.0, np.nan], [1.0, 1.0]]}, r"means_init\[0, 1\] is nan: should be finite"),
        ({"precisions_init": np.eye(2)}, r"precisions_init has shape \(2, 2\), should be \(2, 2, 2\)"),
        ({"precisions_init": [np.eye(2), -np.eye(2)]}, r"precisions_init\[1\] is not positive definite"),
        (
            {"precisions_init": [np.eye(2), [[1.0, 0.5], [0.0, 1.0]]]},
            r"precisions_init\[1\] is not symmetric",
        ),
        (
            {"precisions_init": [1.0, 0.0], "covariance_type": "spherical"},
            r"precisions_init\[1\] is 0: should be positive",
        ),
        ({"fixed": ("mean",)}, "there is no parameter 'mean'; this model has weights, means, covariances"),
        ({"fixed": ("means",)}, "'means' is to be kept fixed but has no value: give .* means_init"),
        ({"fixed": ("covariances",)}, "'covariances' is to be kept fixed .* precisions_init"),
    ],
)
def test_starting_values(settings, message):
    with pytest.raises(ValueError, match=message) as caught:
        GaussianMixture(2, **settings).fit(X)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.zeros((3, 3)), "X has 3 features, but GaussianMixture is expecting 2 features as input"),
        (np.zeros((3, 1)), "X has 1 features, but GaussianMixture is expecting 2"),
        (np.empty((0, 2)), r"0 sample\(s\)"),
        ([[np.nan, -np.inf]], "contains infinity at row 0, column 1"),
        ([[np.inf, 0.0]], "contains infinity at row 0, column 0"),
    ],
)
def test_at_prediction(rows, message):
    mixture = GaussianMixture(2, n_init=1, random_state=0).fit(X)
    for method in (mixture.predict, mixture.predict_proba, mixture.score_samples, mixture.score, mixture.bic):
        with pytest.raises(ValueError, match=message):
            method(rows)


def test_other_column_names_at_prediction():
    mixture = GaussianMixture(2, n_init=1, random_state=0).fit(pd.DataFrame(X, columns=["a", "b"]))
    with pytest.raises(ValueError, match="feature names should match"):
        mixture.predict(pd.DataFrame(X, columns=["b", "a"]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.sample(0), "n_samples=0: should be an integer of at least 1"),
        (lambda m: m.sample(1.5), "n_samples=1.5"),
        (lambda m: m.marginal([2]), "keep holds 2: should be from 0 to 1"),
        (lambda m: m.conditional([0, 1], [0.0, 0.0]), "given names every feature: none is left"),
        (lambda m: m.conditional([0], [np.inf]), "values has entries that are not finite"),
    ],
)
def test_other_arguments(call, message):
    mixture = GaussianMixture.from_parameters([1.0], [[0.0, 0.0]], [np.eye(2)])
    with pytest.raises(ValueError, match=message):
        call(mixture)


def test_a_failed_fit_leaves_an_earlier_one_as_it_was():
    mixture = GaussianMixture(2, n_init=1, random_state=0).fit(X)
    means = mixture.means_
    with pytest.raises(ValueError, match="contains infinity"):
        mixture.fit(changed(0, 0, np.inf))
    assert np.shares_memory(mixture.means_, means)


class Complete(Exponential):
    """A family that does not know of missing cells."""

    accepts_missing = False


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (changed(4, 0, np.nan), "contains NaN at row 4, column 0 .1 such cells.*: drop those rows or fill"),
        (
            pd.DataFrame({"a": [1.0, 2.0, 4.0], "b": [3.0, None, 1.0]}),
            "contains NaN at row 1, column 'b'",
        ),
        (changed(4, 0, np.inf), "contains infinity at row 4, column 0"),
    ],
)
def test_a_family_may_refuse_missing_cells(table, message):
    with pytest.raises(ValueError, match=message) as caught:
        MixtureModel(Complete(), 2).fit(table)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("estimator", [GaussianMixture(2), MixtureModel(Gaussian("full"), 2)], ids=str)
def test_missing_cells_are_no_bad_input(estimator):
    holed = X.copy()
    holed[::4, 0] = holed[1::5, 1] = np.nan
    holed[7] = np.nan
    mixture = clone(estimator).set_params(n_init=1, random_state=0).fit(holed)
    assert np.isfinite(mixture.log_likelihood_)
    assert mixture.n_observed_ == np.sum(~np.isnan(holed).all(axis=1)) < 30
    assert np.isfinite(mixture.predict_proba([[0.0, np.nan], [np.nan, np.nan]])).all()
    assert mixture.score_samples([[np.nan, np.nan]])[0] == pytest.approx(0.0, abs=1e-15)


def test_a_column_without_an_observed_cell():
    x = np.random.default_rng(0).exponential(size=(30, 3))
    x[:, 1] = np.nan
    with pytest.raises(ValueError, match="column 1 has no observed value: leave it out"):
        MixtureModel(Exponential(), 2).fit(x)
