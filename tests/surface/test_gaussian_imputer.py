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
DRAWS = {"n_parameter_draws": 3, "random_state": 0}


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


def conditional(mean, covariance, row):
    """Expectations and standard deviations of the missing cells of a row, by the textbook."""
    seen, lost = np.flatnonzero(~np.isnan(row)), np.flatnonzero(np.isnan(row))
    slope = covariance[np.ix_(lost, seen)] @ np.linalg.inv(covariance[np.ix_(seen, seen)])
    left = covariance[np.ix_(lost, lost)] - slope @ covariance[np.ix_(seen, lost)]
    return lost, mean[lost] + slope @ (row[seen] - mean[seen]), np.sqrt(np.diagonal(left))


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


def test_any_number_of_threads_gives_the_same_bits():
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


EMPTY = np.insert(X, 1, np.nan, axis=1)
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


# -- intervals --------------------------------------------------------------------------------------------


def test_intervals_of_a_mixture_leave_the_right_share_on_each_side():
    imputer = GaussianImputer(2, random_state=0, n_init=2).fit(BENT)
    row = np.array([4.0, np.nan, np.nan])
    lower, upper = imputer.interval(row[None], 0.8)
    given = imputer.mixture_.conditional([0], row[:1])
    for column in (1, 2):
        part = given.marginal([column - 1])
        for end, share in ((lower, 0.1), (upper, 0.9)):
            deviations = np.sqrt(part.covariances_[:, 0, 0])
            below = part.weights_ @ norm.cdf((end[0, column] - part.means_[:, 0]) / deviations)
            assert_allclose(below, share, atol=1e-9)


def test_uncertain_parameters_make_intervals_wider():
    ratios = []
    for x, n in ((table(25, 0.3, seed=4), 60), (table(5000, seed=5), 20)):
        imputer = GaussianImputer(n_parameter_draws=n, random_state=0).fit(x)
        (low, high), (lower, upper) = (imputer.interval(NEW, parameter_uncertainty=u) for u in (False, True))
        ratios.append(np.nanmean(upper - lower) / np.nanmean(high - low))
    assert 1.02 < ratios[0] < 2.0
    assert ratios[1] == pytest.approx(1.0, rel=0.01)


# -- draws ------------------------------------------------------------------------------------------------

over_methods = pytest.mark.parametrize("method", ["bootstrap", "posterior"])


def drawn_parameters(x, method, n, **settings):
    imputer = GaussianImputer(n_parameter_draws=n, draw_method=method, random_state=0, **settings).fit(x)
    means = np.array([draw.means[0] for draw in imputer.parameter_draws_])
    return imputer, means, np.array([draw.covariances[0] for draw in imputer.parameter_draws_])


@over_methods
def test_draws_are_as_uncertain_as_a_complete_table_leaves_them(method, monkeypatch):
    """Means with covariance S / n, variances with 2 S^2 / n; the posterior's are a little wider."""
    # Complete rows need no augmentation, so each step is a draw of its own.
    monkeypatch.setattr(parameter_draws, "AUGMENTATION_STEPS", 1)
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
    if method == "posterior":
        spread = np.diagonal(expected) * np.sqrt(2 / (freedom - d - 3))
    else:
        spread = ((x - x.mean(axis=0)) ** 2).std(axis=0) / np.sqrt(n)
    assert_allclose(covariances[:, [0, 1], [0, 1]].std(axis=0), spread, rtol=0.12)


@over_methods
def test_draws_know_of_the_missing_cells(method, monkeypatch):
    """One column with holes: its mean is less certain by the closed form of monotone patterns.

    Little & Rubin 2002, section 7.4.2, equation 7.13, to first order.
    """
    monkeypatch.setattr(parameter_draws, "AUGMENTATION_STEPS", 8)
    n, m, rho = 400, 160, 0.6
    x = np.random.default_rng(7).multivariate_normal([0.0, 0.0], [[1.0, rho], [rho, 1.0]], size=n)
    x[m:, 1] = np.nan
    imputer, means, _ = drawn_parameters(x, method, 250, tol=1e-6)
    variances = np.diagonal(imputer.covariance_)
    r2 = imputer.covariance_[0, 1] ** 2 / np.prod(variances)
    expected = np.sqrt([variances[0] / n, variances[1] / m * (1 - r2 * (n - m) / n)])
    assert_allclose(means.std(axis=0), expected, rtol=0.15)


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_draws_of_a_mixture_and_of_each_covariance_type(covariance_type):
    settings = {"covariance_type": covariance_type, "n_init": 2, "tol": 1e-4}
    imputer = GaussianImputer(2, **DRAWS, **settings).fit(BENT)
    first, second, _ = imputer.draw_imputations(BENT, 3)
    lost = np.isnan(BENT)
    assert_array_equal(first[~lost], BENT[~lost])
    assert (first != second)[lost].all()
    assert np.isfinite(first).all()
    wide = imputer.interval(BENT, parameter_uncertainty=True)
    assert (wide[0] < wide[1])[lost].all()


def test_imputations_of_a_cell_have_its_conditional_distribution():
    imputer = GaussianImputer(n_parameter_draws=1, random_state=0, tol=1e-5).fit(table(3000, 0.2, seed=8))
    (draw,) = imputer.parameter_draws_
    row = np.array([2.0, np.nan, np.nan])
    cells = imputer.draw_imputations(np.tile(row, (20_000, 1)), 1)[0][:, 1:]
    lost, centre, deviation = conditional(draw.means[0], draw.covariances[0], row)
    assert lost.tolist() == [1, 2]
    assert_allclose(cells.mean(axis=0), centre, atol=4 * deviation.max() / np.sqrt(20_000))
    assert_allclose(cells.std(axis=0), deviation, rtol=0.03)
    slope = draw.covariances[0][1:, :1] / draw.covariances[0][0, 0]
    left = draw.covariances[0][1:, 1:] - slope @ draw.covariances[0][:1, 1:]
    assert_allclose(np.cov(cells.T)[0, 1], left[0, 1], atol=0.05 * deviation.prod())


@over_methods
def test_imputations_repeat_by_their_seed(method, monkeypatch):
    monkeypatch.setattr(parameter_draws, "AUGMENTATION_STEPS", 5)
    imputer, same = (GaussianImputer(**DRAWS, draw_method=method).fit(X) for _ in range(2))
    assert_array_equal(imputer.draw_imputations(NEW, 3), same.draw_imputations(NEW, 3))
    generator, lost = np.random.default_rng(5), np.isnan(NEW)
    first, again, other, drawn, next_one = (
        np.array(imputer.draw_imputations(NEW, 3, random_state=seed))
        for seed in (5, 5, 6, generator, generator)
    )
    assert_array_equal(first, again)
    assert_array_equal(first, drawn)
    assert (first != other)[:, lost].all()
    assert (first != next_one)[:, lost].any()
    assert_array_equal(first[:, ~lost], np.tile(NEW[~lost], (3, 1)))
    assert len(imputer.draw_imputations(NEW, 2)) == 2


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


# -- where there is no maximum ----------------------------------------------------------------------------

COLLINEAR = np.column_stack([X, 2 * X[:, 0] - 1.0])
OF_THREE = np.column_stack([np.where(MISSING, 1.0, X), np.where(MISSING, 1.0, X) @ [1.0, -1.0, 0.0]])
FEW = "there are 3 rows with an observed value for 3 columns, .*: set prior='ridge', or leave columns out"
# A table, the columns to blame, and what is said.
UNDETERMINED = {
    "two collinear columns": (
        COLLINEAR,
        (0, 3),
        "columns 0, 3 are collinear: .*set prior='ridge', or leave one of them out",
    ),
    "two collinear columns in pandas": (
        pd.DataFrame(COLLINEAR, columns=[*NAMES, "double"]),
        (0, 3),
        "columns 'size', 'double' are collinear",
    ),
    "collinear beside an independent column": (OF_THREE, (0, 1, 3), "columns 0, 1, 3 are collinear"),
    "as many rows as columns": (X[10:13], (), FEW),
    "rows without cells do not count": (np.concatenate([X[10:13], np.full((50, 3), np.nan)]), (), FEW),
    "wide": (np.random.default_rng(0).standard_normal((20, 40)), (), "20 rows .* for 40 columns"),
}


@pytest.mark.parametrize("case", UNDETERMINED)
def test_where_the_likelihood_has_no_maximum(case):
    """It is refused, and a named prior stands in unless there is to be none."""
    x, columns, reason = UNDETERMINED[case]
    without = GaussianImputer(prior=None)
    with pytest.raises(SingularCovarianceError if columns else ValueError, match=reason) as caught:
        without.fit(x)
    assert "\n" not in str(caught.value)
    assert not hasattr(without, "mean_")
    assert not hasattr(without, "mixture_")
    with pytest.warns(UndeterminedWarning, match=f"{reason.split(',')[0].split(':')[0]}.*: the ridge prior"):
        imputer = GaussianImputer().fit(x)
    assert (imputer.prior, imputer.prior_) == ("auto", "ridge")
    (found,) = imputer.diagnostics_
    assert (found.kind, found.which) == ("prior", (columns,))
    ridge = GaussianImputer(prior="ridge").fit(x)
    assert_array_equal(imputer.covariance_, ridge.covariance_)
    assert ridge.diagnostics_ == ()
    assert np.isfinite(ridge.transform(x)).all()
    pipeline = make_pipeline(StandardScaler(), GaussianImputer(), LinearRegression())
    with pytest.warns(UndeterminedWarning):
        pipeline.fit(x, np.arange(len(x)))


def test_no_cell_at_all():
    with pytest.raises(ValueError, match="no column has an observed value"):
        GaussianImputer(prior=None).fit(np.full((20, 2), np.nan))


def test_columns_that_are_collinear_in_the_first_rows_only_are_not():
    x = np.random.default_rng(0).standard_normal((20_000, 3))
    x[:17_000, 2] = x[:17_000, 0] + x[:17_000, 1]
    assert GaussianImputer(tol=1e-4).fit(x).converged_


def test_the_remedies_that_messages_name_do_help():
    with pytest.warns(UserWarning, match="fills in the mean"):
        GaussianImputer(covariance_type="diag").fit(X[10:13])
    assert GaussianImputer(keep_empty_features=True).fit(EMPTY).transform(EMPTY).shape == EMPTY.shape


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.interval(X, 95), "level=95: should be a number between 0 and 1"),
        (lambda m: m.interval(X, "most"), "level='most': should be a number between 0 and 1"),
        (lambda m: m.draw_imputations(X, 0), "n_imputations=0: should be an integer of at least 1"),
        (lambda m: m.draw_imputations(X, 2.5), "n_imputations=2.5"),
        (
            lambda m: m.draw_imputations(X, 6),
            r"there are 3 parameter draws and 6 are needed: set n_parameter_draws=\d+ and fit again",
        ),
        (lambda m: m.draw_imputations(X), "3 parameter draws and 20 are needed"),
    ],
)
def test_arguments(drawn, call, message):
    with pytest.raises(ValueError, match=message):
        call(drawn)


def test_without_parameter_draws(fitted):
    for call in (fitted.draw_imputations, lambda x: fitted.interval(x, parameter_uncertainty=True)):
        with pytest.raises(ValueError, match=r"there are 0 parameter draws .*set n_parameter_draws="):
            call(X)


def test_refits_that_cannot_succeed():
    """Too few observed values for a table drawn with replacement to have a maximum."""
    x, settings = np.random.default_rng(0).standard_normal((5, 4)), {**DRAWS, "n_parameter_draws": 20}
    with pytest.raises(ValueError, match=r"of 20 refits on rows drawn with replacement .*set prior='ridge'"):
        GaussianImputer(prior=None, **settings).fit(x)
    with pytest.warns(UndeterminedWarning, match="only .* of 20 refits .*: the ridge prior stands in"):
        assert len(GaussianImputer(**settings).fit(x).parameter_draws_) == 20
