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
from latently.core.errors import SingularCovarianceError, UndeterminedWarning
from latently.estimators.imputation import parameter_draws

NAMES = ["size", "weight", "age"]
MEAN = np.array([1.0, -2.0, 10.0])
COVARIANCE = np.array([[2.0, 1.2, 0.5], [1.2, 1.5, 0.3], [0.5, 0.3, 4.0]])


def table(n=300, share=0.2, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.multivariate_normal(MEAN, COVARIANCE, size=n)
    x[rng.random(x.shape) < share] = np.nan
    x[3] = np.nan
    return x


X = table()
NEW = table(40, 0.4, seed=1)
MISSING = np.isnan(X)
BENT = np.concatenate([table(150, seed=2), table(150, seed=3) + 6.0])


def conditional(mean, covariance, row):
    """Expectations and standard deviations of the missing cells of a row, by the textbook."""
    seen, lost = np.flatnonzero(~np.isnan(row)), np.flatnonzero(np.isnan(row))
    slope = covariance[np.ix_(lost, seen)] @ np.linalg.inv(covariance[np.ix_(seen, seen)])
    left = covariance[np.ix_(lost, lost)] - slope @ covariance[np.ix_(seen, lost)]
    return lost, mean[lost] + slope @ (row[seen] - mean[seen]), np.sqrt(np.diagonal(left))


# -- what comes out ---------------------------------------------------------------------------------------


def test_attributes():
    imputer = GaussianImputer().fit(X)
    assert imputer.mean_.shape == (3,)
    assert imputer.covariance_.shape == (3, 3)
    assert_array_equal(imputer.missing_counts_, MISSING.sum(axis=0))
    assert imputer.parameter_draws_ == ()
    assert imputer.converged_
    assert imputer.stop_reason_.startswith("converged")
    assert len(imputer.log_likelihood_history_) > 1
    assert imputer.log_likelihood_history_[-1] == imputer.log_likelihood_
    assert isinstance(imputer.mixture_, GaussianMixture)
    assert imputer.n_features_in_ == 3
    total = 0.0
    for row in X:
        seen = np.flatnonzero(~np.isnan(row))
        if len(seen):
            part = imputer.covariance_[np.ix_(seen, seen)]
            total += multivariate_normal.logpdf(row[seen], imputer.mean_[seen], part)
    assert_allclose(imputer.log_likelihood_, total, rtol=1e-12)
    assert_allclose(imputer.score(X), total / len(X), rtol=1e-12)


def test_cells_are_filled_by_their_expectation_and_the_rest_is_untouched():
    imputer = GaussianImputer().fit(X)
    filled = imputer.transform(NEW)
    for row, out in zip(NEW, filled, strict=True):
        lost, centre, _ = conditional(imputer.mean_, imputer.covariance_, row)
        assert_allclose(out[lost], centre, rtol=1e-10)
    seen = ~np.isnan(NEW)
    assert_array_equal(filled[seen], NEW[seen])
    assert_allclose(imputer.transform(np.full((1, 3), np.nan))[0], imputer.mean_, rtol=1e-14)


def test_it_is_a_better_guess_than_the_mean():
    rng = np.random.default_rng(0)
    truth = rng.multivariate_normal(MEAN, COVARIANCE, size=2000)
    incomplete = np.where(rng.random(truth.shape) < 0.2, np.nan, truth)
    lost = np.isnan(incomplete)
    error = (GaussianImputer().fit_transform(incomplete) - truth)[lost]
    by_mean = (np.where(lost, np.nanmean(incomplete, axis=0), incomplete) - truth)[lost]
    assert np.sqrt(np.mean(error**2)) < 0.9 * np.sqrt(np.mean(by_mean**2))


def test_a_mixture_imputes_what_one_gaussian_cannot():
    """A bend: the slope of one column on the other changes its sign."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-2.0, 2.0, 600)
    x = np.column_stack([x, np.abs(x) + 0.1 * rng.standard_normal(600)])
    lost = rng.random(600) < 0.3
    incomplete = x.copy()
    incomplete[lost, 1] = np.nan
    one, two = (
        np.mean((GaussianImputer(k, random_state=0).fit_transform(incomplete) - x)[lost, 1] ** 2)
        for k in (1, 2)
    )
    assert two < 0.2 * one
    mixture = GaussianImputer(2, random_state=0).fit(incomplete)
    assert_allclose(mixture.mean_, mixture.mixture_.weights_ @ mixture.mixture_.means_)
    draws, _ = mixture.mixture_.sample(200_000, random_state=0)
    assert_allclose(mixture.covariance_, np.cov(draws.T), atol=0.1)
    assert_allclose(mixture.transform(incomplete), mixture.mixture_.impute(incomplete))


def test_new_rows_use_the_fitted_model_only():
    imputer = GaussianImputer().fit(X)
    before = imputer.mean_.copy(), imputer.covariance_.copy()
    together = imputer.transform(NEW)
    one_by_one = np.concatenate([imputer.transform(row[None]) for row in NEW])
    assert_allclose(together, one_by_one, rtol=1e-12)
    assert_allclose(imputer.transform(np.concatenate([NEW, 1e3 + X]))[: len(NEW)], together, rtol=1e-12)
    assert_array_equal(imputer.mean_, before[0])
    assert_array_equal(imputer.covariance_, before[1])


def test_neither_the_table_nor_the_settings_are_changed():
    x, imputer = X.copy(), GaussianImputer(min_value=[0.0, -9.0, -9.0], random_state=3, n_parameter_draws=2)
    settings = {**imputer.get_params()}
    imputer.fit(x).transform(x)
    imputer.interval(x)
    imputer.draw_imputations(x, 2)
    assert_array_equal(x, X)
    assert imputer.get_params() == settings


def test_rows_count_as_often_as_their_weight_says():
    weights = np.random.default_rng(0).integers(0, 3, len(X))
    weighted = GaussianImputer(tol=1e-12).fit(X, sample_weight=weights)
    repeated = GaussianImputer(tol=1e-12).fit(np.repeat(X, weights, axis=0))
    assert_allclose(weighted.mean_, repeated.mean_, rtol=1e-8)
    assert_allclose(weighted.covariance_, repeated.covariance_, rtol=1e-8)
    assert_array_equal(weighted.missing_counts_, MISSING.sum(axis=0))


def test_a_table_without_holes():
    complete = X[~MISSING.any(axis=1)]
    imputer = GaussianImputer().fit(complete)
    assert_array_equal(imputer.transform(complete), complete)
    assert_allclose(imputer.mean_, complete.mean(axis=0))
    assert_allclose(imputer.covariance_, np.cov(complete.T, bias=True))
    assert all(np.isnan(end).all() for end in imputer.interval(complete))
    assert np.isfinite(imputer.transform(NEW)).all()


def test_one_column():
    imputer = GaussianImputer().fit(X[:, :1])
    assert_allclose(imputer.transform([[np.nan]]), np.nanmean(X[:, 0]))
    assert_allclose(imputer.covariance_, np.nanvar(X[:, 0]))


def test_float32_in_and_out():
    single = X.astype(np.float32)
    imputer = GaussianImputer(n_parameter_draws=2, random_state=0).fit(single)
    filled = imputer.transform(single)
    assert filled.dtype == np.float32
    assert imputer.draw_imputations(single, 2)[0].dtype == np.float32
    assert imputer.interval(single)[0].dtype == np.float32
    assert_array_equal(filled[~MISSING], single[~MISSING])
    assert_allclose(filled, GaussianImputer().fit(X).transform(X), rtol=1e-3, atol=1e-4)


def test_any_number_of_threads_gives_the_same_bits():
    x = np.tile(X, (60, 1))
    one, three = (
        GaussianImputer(n_jobs=n, n_parameter_draws=2, random_state=0, tol=1e-4).fit(x) for n in (1, 3)
    )
    assert_array_equal(one.covariance_, three.covariance_)
    for mine, theirs in zip(one.draw_imputations(NEW, 2), three.draw_imputations(NEW, 2), strict=True):
        assert_array_equal(mine, theirs)


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


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_in_and_out(library):
    frame = pd.DataFrame(X, columns=NAMES, index=np.arange(len(X)) + 100)
    if library == "polars":
        frame = pl.DataFrame(dict(zip(NAMES, X.T, strict=True))).fill_nan(None)
    imputer = GaussianImputer().set_output(transform=library)
    out = imputer.fit_transform(frame)
    assert type(out) is type(frame)
    assert list(out.columns) == NAMES
    assert_array_equal(out.to_numpy(), GaussianImputer().fit_transform(X))
    if library == "pandas":
        assert_array_equal(out.index, frame.index)
    assert_array_equal(imputer.get_feature_names_out(), NAMES)
    assert_array_equal(imputer.feature_names_in_, NAMES)
    assert isinstance(GaussianImputer().fit_transform(frame), np.ndarray)


def test_integers_and_pandas_missing_values():
    frame = pd.DataFrame({"a": pd.array([1, 2, None, 4, 9], dtype="Int64"), "b": [2.0, 4.1, 6.0, 8.2, 3.0]})
    assert GaussianImputer().fit_transform(frame)[[0, 1, 3], 0].tolist() == [1.0, 2.0, 4.0]


def test_indicator_columns():
    x = np.column_stack([X, np.random.default_rng(0).standard_normal(len(X))])
    names = [*NAMES, "full"]
    imputer = GaussianImputer(add_indicator=True).set_output(transform="pandas")
    out = imputer.fit_transform(pd.DataFrame(x, columns=names))
    added = [f"missingindicator_{name}" for name in NAMES]
    assert list(out.columns) == [*names, *added]
    assert_array_equal(imputer.get_feature_names_out(), [*names, *added])
    assert_array_equal(out[added].to_numpy(), MISSING)
    assert_array_equal(out[names].to_numpy(), GaussianImputer().fit_transform(x))
    # A hole where there was none at the fit has no column, and is filled all the same.
    incomplete = x[10:12].copy()
    incomplete[:, 3] = np.nan
    again = imputer.transform(pd.DataFrame(incomplete, columns=names))
    assert again.shape == (2, 7)
    assert np.isfinite(again["full"]).all()


def test_empty_columns_are_kept_if_asked_for():
    x = np.insert(X, 1, np.nan, axis=1)
    names = ["a", "empty", "b", "c"]
    imputer = GaussianImputer(keep_empty_features=True, n_parameter_draws=2, random_state=0)
    imputer.set_output(transform="pandas").fit(pd.DataFrame(x, columns=names))
    plain = GaussianImputer(n_parameter_draws=2, random_state=0).fit(X)
    out = imputer.transform(pd.DataFrame(x, columns=names))
    assert list(out.columns) == names
    assert (out["empty"] == 0).all()
    assert_array_equal(out.drop(columns="empty").to_numpy(), plain.transform(X))
    assert np.isnan(imputer.mean_[1])
    assert np.isnan(imputer.covariance_[1]).all()
    kept = [0, 2, 3]
    assert_array_equal(imputer.mean_[kept], plain.mean_)
    assert_array_equal(imputer.covariance_[np.ix_(kept, kept)], plain.covariance_)
    assert imputer.log_likelihood_ == plain.log_likelihood_
    frame = pd.DataFrame(x, columns=names)
    for end, other in zip(imputer.interval(frame), plain.interval(X), strict=True):
        assert np.isnan(end.iloc[:, 1]).all()
        assert_array_equal(end.iloc[:, kept], other)
    for drawn, other in zip(imputer.draw_imputations(frame, 2), plain.draw_imputations(X, 2), strict=True):
        assert (drawn.iloc[:, 1] == 0).all()
        assert_array_equal(drawn.iloc[:, kept], other)
    assert imputer.missing_counts_[1] == len(x)
    # Values that show up later stay as they are; the model knows nothing of them.
    later = x[:5].copy()
    later[:, 1] = 7.0
    assert (imputer.transform(pd.DataFrame(later, columns=names))["empty"] == 7.0).all()


def test_empty_columns_are_dropped_as_scikit_learn_does():
    x, names = np.insert(X, 1, np.nan, axis=1), ["a", "empty", "b", "c"]
    frame, kept = pd.DataFrame(x, columns=names), ["a", "b", "c"]
    settings = {"n_parameter_draws": 2, "random_state": 0}
    for indicator in (False, True):
        imputer = GaussianImputer(**settings, add_indicator=indicator).set_output(transform="pandas")
        with pytest.warns(UndeterminedWarning, match="no value is observed of column 'empty'"):
            out = imputer.fit_transform(frame)
        theirs = IterativeImputer(add_indicator=indicator)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says the same
            theirs.fit(frame)
        assert list(out.columns) == list(theirs.get_feature_names_out())
        assert_array_equal(imputer.get_feature_names_out(), out.columns)
        plain = GaussianImputer(**settings).fit(X)
        assert_array_equal(out[kept].to_numpy(), plain.transform(X))
        for mine, other in (
            *zip(imputer.interval(frame), plain.interval(X), strict=True),
            *zip(imputer.draw_imputations(frame, 2), plain.draw_imputations(X, 2), strict=True),
        ):
            assert list(mine.columns) == kept
            assert_array_equal(mine.to_numpy(), other)
        assert imputer.diagnostics_[0].which == (1,)
        assert imputer.score(frame) == plain.score(X)
    pipeline = make_pipeline(GaussianImputer(), LinearRegression())
    with pytest.warns(UndeterminedWarning):
        assert pipeline.fit(x, np.arange(len(x))).predict(x).shape == (len(x),)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_set_output_reaches_intervals_and_draws(library):
    frame = pd.DataFrame(X, columns=NAMES, index=np.arange(len(X)) + 100)
    if library == "polars":
        frame = pl.DataFrame(dict(zip(NAMES, X.T, strict=True))).fill_nan(None)
    imputer = GaussianImputer(n_parameter_draws=2, random_state=0, add_indicator=True)
    arrays = *imputer.fit(frame).interval(frame), *imputer.draw_imputations(frame, 2)
    imputer.set_output(transform=library)
    frames = *imputer.interval(frame), *imputer.draw_imputations(frame, 2)
    for plain, out in zip(arrays, frames, strict=True):
        assert type(plain) is np.ndarray
        assert type(out) is type(frame)
        assert list(out.columns) == NAMES
        assert_array_equal(out.to_numpy(), plain)
        if library == "pandas":
            assert_array_equal(out.index, frame.index)


FEW = {
    "as many rows as columns": (X[10:13], ((),), "3 rows with an observed value for 3 columns"),
    "collinear": (np.column_stack([X, 2 * X[:, 0]]), ((0, 3),), "columns 0, 3 are collinear"),
    "wide": (np.random.default_rng(0).standard_normal((20, 40)), ((),), "20 rows .* for 40 columns"),
}


@pytest.mark.parametrize("case", list(FEW))
def test_where_the_likelihood_has_no_maximum_a_named_prior_stands_in(case):
    x, columns, reason = FEW[case]
    with pytest.warns(UndeterminedWarning, match=f"{reason}.*: the ridge prior stands in"):
        imputer = GaussianImputer().fit(x)
    assert (imputer.prior, imputer.prior_) == ("auto", "ridge")
    (found,) = imputer.diagnostics_
    assert (found.kind, found.which) == ("prior", columns)
    ridge = GaussianImputer(prior="ridge").fit(x)
    assert_array_equal(imputer.covariance_, ridge.covariance_)
    assert ridge.diagnostics_ == ()
    pipeline = make_pipeline(StandardScaler(), GaussianImputer(), LinearRegression())
    with pytest.warns(UndeterminedWarning):
        pipeline.fit(x, np.arange(len(x)))


def test_where_the_likelihood_has_a_maximum_there_is_no_prior():
    imputer = GaussianImputer(prior_strength=3.0).fit(X)
    assert imputer.prior_ is None
    assert_array_equal(imputer.covariance_, GaussianImputer(prior=None).fit(X).covariance_)


@pytest.mark.parametrize(
    "limits",
    [{"min_value": 0.0}, {"max_value": [1.0, -2.0, 9.0]}, {"min_value": 0.5, "max_value": 2.0}],
    ids=["least", "greatest of each", "both"],
)
def test_limits_act_on_the_output_only(limits):
    settings = {"n_parameter_draws": 3, "random_state": 0}
    free, limited = GaussianImputer(**settings).fit(X), GaussianImputer(**settings, **limits).fit(X)
    assert_array_equal(limited.mean_, free.mean_)
    assert_array_equal(limited.covariance_, free.covariance_)
    assert limited.log_likelihood_ == free.log_likelihood_
    low, high = limits.get("min_value", -np.inf), limits.get("max_value", np.inf)
    mine, theirs = limited.transform(X), free.transform(X)
    assert_array_equal(mine[MISSING], np.clip(theirs, low, high)[MISSING])
    assert (mine != theirs).any()
    for table in (mine, *limited.draw_imputations(X, 3)):
        assert_array_equal(table[~MISSING], X[~MISSING])
        assert ((low <= table) & (table <= high))[MISSING].all()
    assert (np.clip(X, low, high) != X)[~MISSING].any()
    for mine, theirs in zip(limited.interval(X), free.interval(X), strict=True):
        assert_array_equal(mine, np.clip(theirs, low, high))


# -- intervals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_intervals_of_one_gaussian(level):
    imputer = GaussianImputer().fit(X)
    lower, upper = imputer.interval(NEW, level)
    reach = norm.ppf((1 + level) / 2)
    for row, low, high in zip(NEW, lower, upper, strict=True):
        lost, centre, deviation = conditional(imputer.mean_, imputer.covariance_, row)
        assert_allclose(low[lost], centre - reach * deviation, rtol=1e-9)
        assert_allclose(high[lost], centre + reach * deviation, rtol=1e-9)
    assert_array_equal(np.isnan(lower), ~np.isnan(NEW))
    assert_array_equal(np.isnan(upper), ~np.isnan(NEW))


def test_intervals_of_a_mixture_leave_the_right_share_on_each_side():
    imputer = GaussianImputer(2, random_state=0).fit(BENT)
    mixture = imputer.mixture_
    row = np.array([4.0, np.nan, np.nan])
    lower, upper = imputer.interval(row[None], 0.8)
    given = mixture.conditional([0], row[:1])
    for column in (1, 2):
        part = given.marginal([column - 1])
        for end, share in ((lower, 0.1), (upper, 0.9)):
            deviations = np.sqrt(part.covariances_[:, 0, 0])
            below = part.weights_ @ norm.cdf((end[0, column] - part.means_[:, 0]) / deviations)
            assert_allclose(below, share, atol=1e-9)


def test_uncertain_parameters_make_intervals_wider():
    small = table(25, 0.3, seed=4)
    imputer = GaussianImputer(n_parameter_draws=60, random_state=0).fit(small)
    plain, wide = (imputer.interval(NEW, parameter_uncertainty=uncertain) for uncertain in (False, True))
    widths = [np.nanmean(upper - lower) for lower, upper in (plain, wide)]
    assert 1.02 < widths[1] / widths[0] < 2.0
    large = GaussianImputer(n_parameter_draws=20, random_state=0).fit(table(5000, seed=5))
    plain, wide = (large.interval(NEW, parameter_uncertainty=uncertain) for uncertain in (False, True))
    assert_allclose(np.nanmean(wide[1] - wide[0]), np.nanmean(plain[1] - plain[0]), rtol=0.01)


# -- draws ------------------------------------------------------------------------------------------------


@pytest.fixture
def one_step(monkeypatch):
    """Complete rows need no augmentation, so each step is a draw of its own."""
    monkeypatch.setattr(parameter_draws, "STEPS", 1)


def drawn_parameters(x, method, n, **settings):
    imputer = GaussianImputer(n_parameter_draws=n, draw_method=method, random_state=0, **settings).fit(x)
    means = np.array([draw.means[0] for draw in imputer.parameter_draws_])
    return imputer, means, np.array([draw.covariances[0] for draw in imputer.parameter_draws_])


@pytest.mark.usefixtures("one_step")
@pytest.mark.parametrize("method", ["bootstrap", "posterior"])
def test_draws_are_as_uncertain_as_a_complete_table_leaves_them(method):
    """Means with covariance S / n, variances with 2 S^2 / n; the posterior's are a little wider."""
    n, d = 150, 2
    x = np.random.default_rng(6).multivariate_normal(MEAN[:2], COVARIANCE[:2, :2], size=n)
    _, means, covariances = drawn_parameters(x, method, 600)
    S = np.cov(x.T, bias=True)
    # An inverse Wishart matrix of n - 1 degrees of freedom and scatter n S (Gelman et al. 2013, section 3.6).
    freedom = n - 1
    expected = S * n / (freedom - d - 1) if method == "posterior" else S * (n - 1) / n
    assert_allclose(means.mean(axis=0), x.mean(axis=0), atol=5 * np.sqrt(S.max() / n / 600))
    assert_allclose(np.cov(means.T), expected / n, rtol=0.2, atol=0.2 * S[0, 1] / n)
    assert_allclose(covariances.mean(axis=0), expected, rtol=0.03)
    variances = covariances[:, [0, 1], [0, 1]]
    if method == "posterior":
        spread = np.diagonal(expected) * np.sqrt(2 / (freedom - d - 3))
    else:
        centred = (x - x.mean(axis=0)) ** 2
        spread = centred.std(axis=0) / np.sqrt(n)
    assert_allclose(variances.std(axis=0), spread, rtol=0.12)


@pytest.mark.parametrize("method", ["bootstrap", "posterior"])
def test_draws_know_of_the_missing_cells(method, monkeypatch):
    """One column with holes: its mean is less certain by the closed form of monotone patterns.

    Little & Rubin 2002, section 7.4.2, equation 7.13, to first order.
    """
    monkeypatch.setattr(parameter_draws, "STEPS", 8)
    rng = np.random.default_rng(7)
    n, m = 400, 160
    rho = 0.6
    x = rng.multivariate_normal([0.0, 0.0], [[1.0, rho], [rho, 1.0]], size=n)
    x[m:, 1] = np.nan
    imputer, means, _ = drawn_parameters(x, method, 250, tol=1e-6)
    r2 = imputer.covariance_[0, 1] ** 2 / np.prod(np.diagonal(imputer.covariance_))
    variances = np.diagonal(imputer.covariance_)
    expected = np.sqrt([variances[0] / n, variances[1] / m * (1 - r2 * (n - m) / n)])
    assert_allclose(means.std(axis=0), expected, rtol=0.15)


def test_draws_of_a_mixture_and_of_each_covariance_type():
    for covariance_type in ("full", "tied", "diag", "spherical"):
        imputer = GaussianImputer(
            2, covariance_type=covariance_type, n_parameter_draws=3, random_state=0, tol=1e-4
        ).fit(BENT)
        first, second, _ = imputer.draw_imputations(BENT, 3)
        lost = np.isnan(BENT)
        assert_array_equal(first[~lost], BENT[~lost])
        assert (first != second)[lost].all()
        assert np.isfinite(first).all()
        wide = imputer.interval(BENT, parameter_uncertainty=True)
        assert (wide[0] < wide[1])[lost].all()


def test_imputations_of_a_cell_have_its_conditional_distribution():
    x = table(3000, 0.2, seed=8)
    imputer = GaussianImputer(n_parameter_draws=1, random_state=0, tol=1e-5).fit(x)
    draw = imputer.parameter_draws_[0]
    row = np.array([2.0, np.nan, np.nan])
    cells = imputer.draw_imputations(np.tile(row, (20_000, 1)), 1)[0][:, 1:]
    lost, centre, deviation = conditional(draw.means[0], draw.covariances[0], row)
    assert lost.tolist() == [1, 2]
    assert_allclose(cells.mean(axis=0), centre, atol=4 * deviation.max() / np.sqrt(20_000))
    assert_allclose(cells.std(axis=0), deviation, rtol=0.03)
    slope = draw.covariances[0][1:, :1] / draw.covariances[0][0, 0]
    left = draw.covariances[0][1:, 1:] - slope @ draw.covariances[0][:1, 1:]
    assert_allclose(np.cov(cells.T)[0, 1], left[0, 1], atol=0.05 * deviation.prod())


@pytest.mark.parametrize("method", ["bootstrap", "posterior"])
def test_imputations_repeat_by_their_seed(method, monkeypatch):
    monkeypatch.setattr(parameter_draws, "STEPS", 5)
    settings = {"n_parameter_draws": 3, "draw_method": method, "random_state": 0}
    imputer, same = GaussianImputer(**settings).fit(X), GaussianImputer(**settings).fit(X)
    own = imputer.draw_imputations(NEW, 3)
    for mine, theirs in zip(own, same.draw_imputations(NEW, 3), strict=True):
        assert_array_equal(mine, theirs)
    first = imputer.draw_imputations(NEW, 3, random_state=5)
    again = imputer.draw_imputations(NEW, 3, random_state=5)
    other = imputer.draw_imputations(NEW, 3, random_state=6)
    lost = np.isnan(NEW)
    assert_array_equal(np.array(first), np.array(again))
    assert (np.array(first) != np.array(other))[:, lost].all()
    assert_array_equal(np.array(first)[:, ~lost], np.tile(NEW[~lost], (3, 1)))
    assert len(imputer.draw_imputations(NEW, 2)) == 2
    generator = np.random.default_rng(5)
    drawn = imputer.draw_imputations(NEW, 3, generator)
    assert_array_equal(np.array(drawn), np.array(first))
    assert (np.array(imputer.draw_imputations(NEW, 3, generator)) != np.array(first))[:, lost].any()


def test_draws_do_not_change_the_fit():
    with_draws = GaussianImputer(n_parameter_draws=3, random_state=0).fit(X)
    without = GaussianImputer(random_state=0).fit(X)
    assert_array_equal(with_draws.covariance_, without.covariance_)


# -- warnings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("covariance_type", ["diag", "spherical"])
def test_mean_filling_is_told(covariance_type):
    imputer = GaussianImputer(covariance_type=covariance_type)
    with pytest.warns(
        UserWarning, match=rf"covariance_type='{covariance_type}' .*fills in the mean .*'full'"
    ):
        filled = imputer.fit_transform(X)
    assert_allclose(filled[MISSING], np.broadcast_to(np.nanmean(X, axis=0), X.shape)[MISSING])


@pytest.mark.parametrize(
    "imputer",
    [
        GaussianImputer(),
        GaussianImputer(covariance_type="tied"),
        GaussianImputer(2, covariance_type="diag", random_state=0),
        GaussianImputer(prior="ridge"),
    ],
    ids=str,
)
def test_nothing_else_is(imputer):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clone(imputer).fit(BENT)


def test_one_column_knows_no_correlations_anyway():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        GaussianImputer(covariance_type="diag").fit(X[:, :1])


# -- bad input --------------------------------------------------------------------------------------------


def changed(value, row=5, column=1):
    x = X.copy()
    x[row, column] = value
    return x


FRAME = pd.DataFrame(X, columns=NAMES)
COLLINEAR = np.column_stack([X, 2 * X[:, 0] - 1.0])
OF_THREE = np.column_stack([np.where(MISSING, 1.0, X), np.where(MISSING, 1.0, X) @ [1.0, -1.0, 0.0]])

TABLES = {
    "no cell at all": (np.full((20, 2), np.nan), "no column has an observed value"),
    "two collinear columns": (
        COLLINEAR,
        "columns 0, 3 are collinear: .*set prior='ridge', or leave one of them out",
    ),
    "two collinear columns in pandas": (
        pd.DataFrame(COLLINEAR, columns=[*NAMES, "double"]),
        "columns 'size', 'double' are collinear",
    ),
    "collinear beside an independent column": (OF_THREE, "columns 0, 1, 3 are collinear"),
    "as many rows as columns": (
        X[10:13],
        "there are 3 rows with an observed value for 3 columns, .*: set prior='ridge', or leave columns out",
    ),
    "rows without cells do not count": (
        np.concatenate([X[10:13], np.full((50, 3), np.nan)]),
        "there are 3 rows with an observed value for 3 columns",
    ),
}


@pytest.mark.parametrize("case", list(TABLES))
def test_tables(case):
    rows, message = TABLES[case]
    imputer = GaussianImputer(prior=None)
    with pytest.raises(ValueError, match=message) as caught:
        imputer.fit(rows)
    assert not hasattr(imputer, "mean_")
    assert not hasattr(imputer, "mixture_")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("case", ["two collinear columns", "collinear beside an independent column"])
def test_collinear_columns_have_an_error_of_their_own_and_a_prior_helps(case):
    rows, _ = TABLES[case]
    with pytest.raises(SingularCovarianceError):
        GaussianImputer(prior=None).fit(rows)
    filled = GaussianImputer(prior="ridge").fit_transform(rows)
    assert np.isfinite(filled).all()


def test_columns_that_are_collinear_in_the_first_rows_only_are_not():
    x = np.random.default_rng(0).standard_normal((20_000, 3))
    x[:17_000, 2] = x[:17_000, 0] + x[:17_000, 1]
    assert GaussianImputer(tol=1e-4).fit(x).converged_


def test_the_remedies_that_messages_name_do_help():
    few = X[10:13]
    assert np.isfinite(GaussianImputer(prior="ridge").fit(few).covariance_).all()
    with pytest.warns(UserWarning, match="fills in the mean"):
        GaussianImputer(covariance_type="diag").fit(few)
    empty = np.insert(X, 1, np.nan, axis=1)
    assert GaussianImputer(keep_empty_features=True).fit(empty).transform(empty).shape == empty.shape


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda imputer: imputer.interval(X, 95), "level=95: should be a number between 0 and 1"),
        (lambda imputer: imputer.interval(X, "most"), "level='most': should be a number between 0 and 1"),
        (
            lambda imputer: imputer.draw_imputations(X, 0),
            "n_imputations=0: should be an integer of at least 1",
        ),
        (lambda imputer: imputer.draw_imputations(X, 2.5), "n_imputations=2.5"),
        (
            lambda imputer: imputer.draw_imputations(X, 6),
            r"there are 5 parameter draws and 6 are needed: set n_parameter_draws=\d+ and fit again",
        ),
        (lambda imputer: imputer.draw_imputations(X), "5 parameter draws and 20 are needed"),
    ],
)
def test_arguments(call, message):
    imputer = GaussianImputer(n_parameter_draws=5, random_state=0, tol=1e-3).fit(X)
    with pytest.raises(ValueError, match=message):
        call(imputer)


def test_without_parameter_draws():
    imputer = GaussianImputer().fit(X)
    for call in (
        lambda: imputer.draw_imputations(X),
        lambda: imputer.interval(X, parameter_uncertainty=True),
    ):
        with pytest.raises(ValueError, match=r"there are 0 parameter draws .*set n_parameter_draws="):
            call()


def test_refits_that_cannot_succeed():
    """Too few observed values for a table drawn with replacement to have a maximum."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((5, 4))
    with pytest.raises(
        ValueError, match=r"of 20 refits on rows drawn with replacement .*: set prior='ridge'"
    ):
        GaussianImputer(prior=None, n_parameter_draws=20, random_state=0).fit(x)
    with pytest.warns(UndeterminedWarning, match="only .* of 20 refits .*: the ridge prior stands in"):
        assert len(GaussianImputer(n_parameter_draws=20, random_state=0).fit(x).parameter_draws_) == 20
