"""Whatever is handed in: one line that names the culprit and the remedy."""

import inspect

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import latently as L
from examples.own_family import Exponential
from latently.emissions import Gaussian
from tests.refusing import changed, refused

RNG = np.random.default_rng(0)
X = RNG.standard_normal((30, 2)) + 3 * (np.arange(30) % 2)[:, None]
COUNTS = RNG.poisson(3, (30, 1))


INFINITE = "contains infinity at row 7, column 1 .1 such cell.: drop those rows"
TABLES = {
    "no rows": (np.empty((0, 2)), r"Found array with 0 sample\(s\)"),
    "no columns": (np.empty((5, 0)), r"0 feature\(s\)"),
    "one column as a vector": (X[:, 0], "Expected 2D array, got 1D array"),
    "three dimensions": (np.zeros((2, 2, 2)), "dim"),
    "infinite": (changed(X, (7, 1), np.inf), INFINITE),
    "minus infinite": (changed(X, (3, 0), -np.inf), "contains infinity at row 3, column 0"),
    "infinite in float32": (changed(X, (7, 1), np.inf).astype(np.float32), INFINITE),
    "an empty column": (np.insert(X, 1, np.nan, axis=1), "column 1 has no observed value: leave it out"),
    "an empty column in pandas": (
        pd.DataFrame({"a": X[:, 0], "b": np.nan}),
        "column 'b' has no observed value: leave it out",
    ),
    "no cell at all": (np.full((30, 2), np.nan), "column 0 has no observed value"),
    "infinite beside NaN": (changed(changed(X, (7, 0), np.nan), (7, 1), np.inf), INFINITE),
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
        changed(X, (0, 0), 1.7e308) - changed(0 * X, (1, 0), 1.7e308),
        "column 0 spans inf",
    ),
    "one row": (X[:1], "n_samples = 1"),
    "fewer rows than components": (X[:2], r"n_components = 3, n_samples = 2 .*: lower n_components"),
    "fewer distinct rows than components": (
        np.repeat(X[:2], 10, axis=0),
        "X has 2 distinct rows for 3 components: lower n_components",
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


ONE = {"n_init": 1, "random_state": 0}
OF_ROWS = ("predict", "predict_proba", "score_samples", "score", "bic", "aic")
OF_STEPS = ("predict", "smooth", "filter", "decode", "score_samples", "score", "bic", "aic", "forecast")
# An estimator of tables of numbers, and what is asked of it after a fit.
ESTIMATORS = {
    "GaussianMixture": (L.GaussianMixture(2, **ONE), (*OF_ROWS, "uncertainty", "icl", "q_function")),
    "MixtureModel": (L.MixtureModel(Gaussian("full"), 2, **ONE), OF_ROWS),
    "GaussianHMM": (L.GaussianHMM(2, **ONE), OF_STEPS),
    "HiddenMarkovModel": (L.HiddenMarkovModel(Gaussian("full"), 2, **ONE), OF_STEPS),
    "GaussianImputer": (
        L.GaussianImputer(2, prior=None, n_parameter_draws=20, tol=1e-3, **ONE),
        ("transform", "interval", "draw_imputations", "score"),
    ),
}
OF_SEQUENCES = {"GaussianHMM", "HiddenMarkovModel"}
OF_A_SEQUENCE = {"no rows", "three dimensions", "fewer rows than components"}
OTHERWISE = {  # said in other words, or no fault, of sequences and of what fills cells
    **{name: OF_A_SEQUENCE | {"fewer distinct rows than components"} for name in OF_SEQUENCES},
    "GaussianImputer": {"an empty column", "an empty column in pandas", "no cell at all"},
}
over_estimators = pytest.mark.parametrize("name", ESTIMATORS)


@pytest.fixture(scope="module")
def fitted():
    return {name: clone(estimator).fit(X) for name, (estimator, _) in ESTIMATORS.items()}


@pytest.mark.parametrize("case", TABLES)
@over_estimators
def test_tables(name, case):
    if case in OTHERWISE.get(name, ()):
        return
    table, message = TABLES[case]
    model = clone(ESTIMATORS[name][0]).set_params(n_components=3)
    refused(lambda: model.fit(table), message, (ValueError, TypeError))
    learned = {attribute for attribute in vars(model) if attribute.endswith("_")}
    assert learned <= {"n_features_in_", "feature_names_in_"}


@pytest.mark.parametrize("case", WEIGHTS)
@pytest.mark.parametrize("name", [name for name in ESTIMATORS if name not in OF_SEQUENCES])
def test_weights(fitted, name, case):
    weights, message = WEIGHTS[case]
    model = clone(ESTIMATORS[name][0]).set_params(n_components=3)
    refused(lambda: model.fit(X, sample_weight=weights), message)
    if np.ndim(weights) and "fewer" not in case:
        for verb in {"score", "bic", "icl", "q_function"} & set(ESTIMATORS[name][1]):
            asked = getattr(fitted[name], verb)
            if "sample_weight" in inspect.signature(asked).parameters:
                refused(lambda asked=asked: asked(X, sample_weight=weights), message)


AT_PREDICTION = {
    "a column more": (np.zeros((3, 3)), "X has 3 features, but {} is expecting 2 features as input"),
    "a column less": (np.zeros((3, 1)), "X has 1 features, but {} is expecting 2"),
    "no rows": (np.empty((0, 2)), r"0 sample\(s\)|sequence 0 is empty"),
    "minus infinite": ([[np.nan, -np.inf]], "contains infinity at row 0, column 1"),
    "infinite": ([[np.inf, 0.0]], "contains infinity at row 0, column 0"),
    "text": ([["a", 1.0]], "'a'|not numeric"),
}


@pytest.mark.parametrize("case", AT_PREDICTION)
@over_estimators
def test_at_prediction(fitted, name, case):
    rows, message = AT_PREDICTION[case]
    for verb in ESTIMATORS[name][1]:
        asked = getattr(fitted[name], verb)
        refused(lambda asked=asked: asked(rows), message.format(name), (ValueError, TypeError))


@over_estimators
def test_other_column_names_at_prediction(name):
    estimator, verbs = ESTIMATORS[name]
    frame = pd.DataFrame(X, columns=["a", "b"])
    model = clone(estimator).fit(frame)
    for other in (frame[["b", "a"]], frame.rename(columns={"a": "years"})):
        for verb in verbs:
            with pytest.raises(ValueError, match="feature names should match"):
                getattr(model, verb)(other)


UNFITTED = {
    **{name: (estimator, X, verbs) for name, (estimator, verbs) in ESTIMATORS.items()},
    "PoissonHMM": (L.PoissonHMM(2), COUNTS, (*OF_STEPS, "predict_proba")),
    "CategoricalHMM": (L.CategoricalHMM(2), COUNTS, (*OF_STEPS, "predict_proba")),
    "LatentDirichletAllocation": (
        L.LatentDirichletAllocation(2),
        COUNTS,
        ("transform", "perplexity", "coherence", "token_topics", "score"),
    ),
}


@pytest.mark.parametrize("name", UNFITTED)
def test_before_a_fit(name):
    estimator, x, verbs = UNFITTED[name]
    for verb in verbs:
        refused(lambda verb=verb: getattr(clone(estimator), verb)(x), "is not fitted yet", NotFittedError)
    others = {"save": ("nowhere",), "sample": ()}
    if name == "GaussianImputer":
        others["get_feature_names_out"] = ()
    for verb, arguments in others.items():
        if hasattr(estimator, verb):
            with pytest.raises(NotFittedError):
                getattr(clone(estimator), verb)(*arguments)


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
    mixture = L.GaussianMixture.from_parameters([1.0], [[0.0, 0.0]], [np.eye(2)])
    with pytest.raises(ValueError, match=message):
        call(mixture)


@over_estimators
def test_a_failed_fit_leaves_an_earlier_one_as_it_was(name):
    model = clone(ESTIMATORS[name][0]).fit(X)
    params = model.mixture_.params_ if name == "GaussianImputer" else model.params_
    refused(lambda: model.fit(changed(X, (0, 0), np.inf)), "contains infinity")
    assert (model.mixture_.params_ if name == "GaussianImputer" else model.params_) is params


class Complete(Exponential):
    """A family that does not know of missing cells."""

    accepts_missing = False


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            changed(X, (4, 0), np.nan),
            "contains NaN at row 4, column 0 .1 such cell.*: drop those rows or",
        ),
        (
            pd.DataFrame({"a": [1.0, 2.0, 4.0], "b": [3.0, None, 1.0]}),
            "contains NaN at row 1, column 'b'",
        ),
        (changed(X, (4, 0), np.inf), "contains infinity at row 4, column 0"),
    ],
)
def test_a_family_may_refuse_missing_cells(table, message):
    with pytest.raises(ValueError, match=message) as caught:
        L.MixtureModel(Complete(), 2).fit(table)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("estimator", [L.GaussianMixture(2), L.MixtureModel(Gaussian("full"), 2)], ids=str)
def test_missing_cells_are_no_bad_input(estimator):
    incomplete = X.copy()
    incomplete[::4, 0] = incomplete[1::5, 1] = np.nan
    incomplete[7] = np.nan
    mixture = clone(estimator).set_params(n_init=1, random_state=0).fit(incomplete)
    assert np.isfinite(mixture.log_likelihood_)
    assert mixture.n_observed_ == np.sum(~np.isnan(incomplete).all(axis=1)) < 30
    assert np.isfinite(mixture.predict_proba([[0.0, np.nan], [np.nan, np.nan]])).all()
    assert mixture.score_samples([[np.nan, np.nan]])[0] == pytest.approx(0.0, abs=1e-15)
