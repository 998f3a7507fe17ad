"""The imputer as users meet it: what comes out, in which form, and what each setting touches."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import multivariate_normal, norm
from sklearn.base import clone
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from latently import GaussianImputer, GaussianMixture
from latently.core.errors import UndeterminedWarning
from tests.holed import BENT, COVARIANCE, DRAWS, EMPTY, MEAN, MISSING, NAMES, NEW, X, conditional

INDEX = np.arange(len(X)) + 100
FRAMES = {
    "pandas": pd.DataFrame(X, columns=NAMES, index=INDEX),
    "polars": pl.DataFrame(dict(zip(NAMES, X.T, strict=True))).fill_nan(None),
}


@pytest.fixture(scope="module")
def fitted():
    return GaussianImputer().fit(X)


@pytest.fixture(scope="module")
def drawn():
    return GaussianImputer(**DRAWS).fit(X)


def tables(imputer, X, n=2):
    """Intervals and draws."""
    return *imputer.interval(X), *imputer.draw_imputations(X, n)


# -- what comes out ---------------------------------------------------------------------------------------


def test_attributes(fitted):
    assert_array_equal(fitted.missing_counts_, MISSING.sum(axis=0))
    assert fitted.parameter_draws_ == ()
    assert fitted.stop_reason_.startswith("converged")
    assert fitted.converged_
    assert len(fitted.log_likelihood_history_) > 1
    assert fitted.log_likelihood_history_[-1] == fitted.log_likelihood_
    assert isinstance(fitted.mixture_, GaussianMixture)
    assert fitted.n_features_in_ == 3
    total = 0.0
    for row in X:
        seen = np.flatnonzero(~np.isnan(row))
        if len(seen):
            part = fitted.covariance_[np.ix_(seen, seen)]
            total += multivariate_normal.logpdf(row[seen], fitted.mean_[seen], part)
    assert_allclose(fitted.log_likelihood_, total, rtol=1e-12)
    assert_allclose(fitted.score(X), total / len(X), rtol=1e-12)


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_cells_are_filled_by_their_expectation_within_an_interval_and_the_rest_is_untouched(fitted, level):
    filled, (lower, upper) = fitted.transform(NEW), fitted.interval(NEW, level)
    reach = norm.ppf((1 + level) / 2)
    for row, out, low, high in zip(NEW, filled, lower, upper, strict=True):
        lost, centre, deviation = conditional(fitted.mean_, fitted.covariance_, row)
        assert_allclose(out[lost], centre, rtol=1e-10)
        assert_allclose(low[lost], centre - reach * deviation, rtol=1e-9)
        assert_allclose(high[lost], centre + reach * deviation, rtol=1e-9)
    seen = ~np.isnan(NEW)
    assert_array_equal(filled[seen], NEW[seen])
    for end in (lower, upper):
        assert_array_equal(np.isnan(end), seen)
    assert_allclose(fitted.transform(np.full((1, 3), np.nan))[0], fitted.mean_, rtol=1e-14)


def test_a_mixture_imputes_what_one_gaussian_cannot():
    """A bend: the slope of one column on the other changes its sign."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-2.0, 2.0, 600)
    x = np.column_stack([x, np.abs(x) + 0.1 * rng.standard_normal(600)])
    lost = rng.random(600) < 0.3
    incomplete = x.copy()
    incomplete[lost, 1] = np.nan
    one, mixture = (GaussianImputer(k, random_state=0, n_init=2).fit(incomplete) for k in (1, 2))
    errors = [np.mean((found.transform(incomplete) - x)[lost, 1] ** 2) for found in (mixture, one)]
    assert errors[0] < 0.2 * errors[1]
    assert_allclose(mixture.mean_, mixture.mixture_.weights_ @ mixture.mixture_.means_)
    draws, _ = mixture.mixture_.sample(200_000, random_state=0)
    assert_allclose(mixture.covariance_, np.cov(draws.T), atol=0.1)
    assert_allclose(mixture.transform(incomplete), mixture.mixture_.impute(incomplete))


def test_new_rows_use_the_fitted_model_only(fitted):
    before = fitted.mean_.copy(), fitted.covariance_.copy()
    together = fitted.transform(NEW)
    one_by_one = np.concatenate([fitted.transform(row[None]) for row in NEW])
    assert_allclose(together, one_by_one, rtol=1e-12)
    assert_allclose(fitted.transform(np.concatenate([NEW, 1e3 + X]))[: len(NEW)], together, rtol=1e-12)
    assert_array_equal(fitted.mean_, before[0])
    assert_array_equal(fitted.covariance_, before[1])


def test_rows_count_as_often_as_their_weight_says():
    weights = np.random.default_rng(0).integers(0, 3, len(X))
    weighted = GaussianImputer(tol=1e-12).fit(X, sample_weight=weights)
    repeated = GaussianImputer(tol=1e-12).fit(np.repeat(X, weights, axis=0))
    assert_allclose(weighted.mean_, repeated.mean_, rtol=1e-8)
    assert_allclose(weighted.covariance_, repeated.covariance_, rtol=1e-8)
    assert_array_equal(weighted.missing_counts_, MISSING.sum(axis=0))


def test_a_table_without_holes_and_one_of_one_column():
    complete = X[~MISSING.any(axis=1)]
    imputer = GaussianImputer().fit(complete)
    assert_array_equal(imputer.transform(complete), complete)
    assert_allclose(imputer.mean_, complete.mean(axis=0))
    assert_allclose(imputer.covariance_, np.cov(complete.T, bias=True))
    assert all(np.isnan(end).all() for end in imputer.interval(complete))
    assert np.isfinite(imputer.transform(NEW)).all()
    narrow = GaussianImputer().fit(X[:, :1])
    assert_allclose(narrow.transform([[np.nan]]), np.nanmean(X[:, 0]))
    assert_allclose(narrow.covariance_, np.nanvar(X[:, 0]))


def test_float32_in_and_out(fitted):
    single = X.astype(np.float32)
    imputer = GaussianImputer(**DRAWS).fit(single)
    filled = imputer.transform(single)
    assert {out.dtype for out in (filled, *tables(imputer, single))} == {np.dtype(np.float32)}
    assert_array_equal(filled[~MISSING], single[~MISSING])
    assert_allclose(filled, fitted.transform(X), rtol=1e-3, atol=1e-4)


def test_any_number_of_threads_gives_the_same_bits(shared_out):
    x = np.tile(X, (60, 1))  # several blocks
    one, three = (GaussianImputer(**DRAWS, n_jobs=n, tol=1e-3).fit(x) for n in (1, 3))
    assert_array_equal(one.covariance_, three.covariance_)
    assert_array_equal(one.draw_imputations(NEW, 3), three.draw_imputations(NEW, 3))


# -- scikit-learn's ways ----------------------------------------------------------------------------------


def test_inside_a_pipeline():
    rng = np.random.default_rng(0)
    truth = rng.multivariate_normal(MEAN, COVARIANCE, size=len(X))
    x = np.where(MISSING, np.nan, truth)
    y = truth @ [1.0, -1.0, 0.5] + 0.1 * rng.standard_normal(len(X))
    pipeline = make_pipeline(StandardScaler(), GaussianImputer(), LinearRegression())
    assert pipeline.fit(x, y).score(x, y) > 0.6
    assert_array_equal(pipeline[:-1].get_feature_names_out(NAMES), NAMES)
    scaled = pipeline[:-1].transform(x) * pipeline[0].scale_ + pipeline[0].mean_
    assert_allclose(scaled, GaussianImputer().fit_transform(x), atol=1e-3)


@pytest.mark.parametrize("library", FRAMES)
def test_frames_in_and_out(library, drawn):
    """Filled, as intervals and as draws, which know of no indicators."""
    frame = FRAMES[library]
    imputer = GaussianImputer(**DRAWS, add_indicator=True).fit(frame)
    assert isinstance(imputer.transform(frame), np.ndarray)
    assert_array_equal(imputer.feature_names_in_, NAMES)
    imputer.set_output(transform=library)
    filled = imputer.transform(frame)
    assert list(filled.columns) == imputer.get_feature_names_out().tolist()
    plain = drawn.transform(X), *tables(drawn, X)
    for array, out in zip(plain, (filled[NAMES], *tables(imputer, frame)), strict=True):
        assert type(array) is np.ndarray
        assert type(out) is type(frame)
        assert list(out.columns) == NAMES
        assert_array_equal(out.to_numpy(), array)
        if library == "pandas":
            assert_array_equal(out.index, INDEX)


def test_integers_and_pandas_missing_values():
    frame = pd.DataFrame({"a": pd.array([1, 2, None, 4, 9], dtype="Int64"), "b": [2.0, 4.1, 6.0, 8.2, 3.0]})
    assert GaussianImputer().fit_transform(frame)[[0, 1, 3], 0].tolist() == [1.0, 2.0, 4.0]


def test_indicator_columns():
    x = np.column_stack([X, np.random.default_rng(0).standard_normal(len(X))])
    names = [*NAMES, "full"]
    imputer = GaussianImputer(add_indicator=True).set_output(transform="pandas")
    out = imputer.fit_transform(pd.DataFrame(x, columns=names))
    added = [f"missingindicator_{name}" for name in NAMES]
    assert list(out.columns) == imputer.get_feature_names_out().tolist() == [*names, *added]
    assert_array_equal(out[added].to_numpy(), MISSING)
    assert_array_equal(out[names].to_numpy(), GaussianImputer().fit_transform(x))
    # A hole where there was none at the fit has no column, and is filled all the same.
    incomplete = x[10:12].copy()
    incomplete[:, 3] = np.nan
    again = imputer.transform(pd.DataFrame(incomplete, columns=names))
    assert again.shape == (2, 7)
    assert np.isfinite(again["full"]).all()


OF_EMPTY = pd.DataFrame(EMPTY, columns=["a", "empty", "b", "c"])
KEPT = [0, 2, 3]


def test_empty_columns_are_kept_if_asked_for(drawn):
    imputer = GaussianImputer(**DRAWS, keep_empty_features=True).set_output(transform="pandas").fit(OF_EMPTY)
    assert np.isnan(imputer.mean_[1])
    assert np.isnan(imputer.covariance_[1]).all()
    assert_array_equal(imputer.mean_[KEPT], drawn.mean_)
    assert_array_equal(imputer.covariance_[np.ix_(KEPT, KEPT)], drawn.covariance_)
    assert imputer.log_likelihood_ == drawn.log_likelihood_
    assert imputer.missing_counts_[1] == len(X)
    ends, drawings = imputer.interval(OF_EMPTY), imputer.draw_imputations(OF_EMPTY, 2)
    for end, other in zip(ends, drawn.interval(X), strict=True):
        assert np.isnan(end.iloc[:, 1]).all()
        assert_array_equal(end.iloc[:, KEPT], other)
    filled = imputer.transform(OF_EMPTY), drawn.transform(X)
    for out, other in (filled, *zip(drawings, drawn.draw_imputations(X, 2), strict=True)):
        assert list(out.columns) == list(OF_EMPTY.columns)
        assert (out.iloc[:, 1] == 0).all()
        assert_array_equal(out.iloc[:, KEPT], other)
    # Values that show up later stay as they are; the model knows nothing of them.
    assert (imputer.transform(OF_EMPTY[:5].assign(empty=7.0))["empty"] == 7.0).all()


@pytest.mark.parametrize("indicator", [False, True])
def test_empty_columns_are_dropped_as_scikit_learn_does(drawn, indicator):
    imputer = GaussianImputer(**DRAWS, add_indicator=indicator).set_output(transform="pandas")
    with pytest.warns(UndeterminedWarning, match="no value is observed of column 'empty'"):
        out = imputer.fit_transform(OF_EMPTY)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says the same
        theirs = IterativeImputer(add_indicator=indicator).fit(OF_EMPTY).get_feature_names_out()
    assert list(out.columns) == imputer.get_feature_names_out().tolist() == theirs.tolist()
    names = ["a", "b", "c"]
    assert_array_equal(out[names].to_numpy(), drawn.transform(X))
    for mine, other in zip(tables(imputer, OF_EMPTY), tables(drawn, X), strict=True):
        assert list(mine.columns) == names
        assert_array_equal(mine.to_numpy(), other)
    assert imputer.diagnostics_[0].which == (1,)
    assert imputer.score(OF_EMPTY) == drawn.score(X)
    pipeline = make_pipeline(GaussianImputer(), LinearRegression())
    with pytest.warns(UndeterminedWarning):
        assert pipeline.fit(EMPTY, np.arange(len(X))).predict(EMPTY).shape == (len(X),)


def test_where_the_likelihood_has_a_maximum_there_is_no_prior(fitted):
    imputer = GaussianImputer(prior_strength=3.0).fit(X)
    assert imputer.prior_ is None
    assert_array_equal(imputer.covariance_, GaussianImputer(prior=None).fit(X).covariance_)
    assert_array_equal(imputer.covariance_, fitted.covariance_)


@pytest.mark.parametrize(
    "limits", [{"min_value": 0.0}, {"max_value": [1.0, -2.0, 9.0]}, {"min_value": 0.5, "max_value": 2.0}]
)
def test_limits_act_on_the_output_only(drawn, fitted, limits):
    limited = GaussianImputer(**DRAWS, **limits).fit(X)
    for other in (limited, fitted):  # nor do draws act on the fit
        assert_array_equal(other.mean_, drawn.mean_)
        assert_array_equal(other.covariance_, drawn.covariance_)
        assert other.log_likelihood_ == drawn.log_likelihood_
    low, high = limits.get("min_value", -np.inf), limits.get("max_value", np.inf)
    mine, theirs = limited.transform(X), drawn.transform(X)
    assert_array_equal(mine[MISSING], np.clip(theirs, low, high)[MISSING])
    assert (mine != theirs).any()
    for filled in (mine, *limited.draw_imputations(X, 3)):
        assert_array_equal(filled[~MISSING], X[~MISSING])
        assert ((low <= filled) & (filled <= high))[MISSING].all()
    assert (np.clip(X, low, high) != X)[~MISSING].any()
    for mine, theirs in zip(limited.interval(X), drawn.interval(X), strict=True):
        assert_array_equal(mine, np.clip(theirs, low, high))


# -- warnings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("covariance_type", ["diag", "spherical"])
def test_mean_filling_is_told(covariance_type):
    imputer = GaussianImputer(covariance_type=covariance_type)
    said = rf"covariance_type='{covariance_type}' .*fills in the mean .*'full'"
    with pytest.warns(UserWarning, match=said):
        filled = imputer.fit_transform(X)
    assert_allclose(filled[MISSING], np.broadcast_to(np.nanmean(X, axis=0), X.shape)[MISSING])


@pytest.mark.parametrize(
    ("imputer", "x"),
    [
        (GaussianImputer(), BENT),
        (GaussianImputer(covariance_type="tied"), BENT),
        (GaussianImputer(2, covariance_type="diag", random_state=0), BENT),
        (GaussianImputer(prior="ridge"), BENT),
        (GaussianImputer(covariance_type="diag"), X[:, :1]),  # one column knows no correlations anyway
    ],
    ids=str,
)
def test_nothing_else_is(imputer, x):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clone(imputer).fit(x)
