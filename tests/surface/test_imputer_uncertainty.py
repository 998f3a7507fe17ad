"""How sure an imputer is: intervals, draws of parameters and of cells, and what no rows determine."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from latently import GaussianImputer
from latently.core.errors import SingularCovarianceError, UndeterminedWarning
from latently.estimators.imputation import parameter_draws
from tests.holed import BENT, COVARIANCE, DRAWS, EMPTY, MEAN, MISSING, NAMES, NEW, X, conditional, table
from tests.simulations import repeated


@pytest.fixture(scope="module")
def fitted():
    return GaussianImputer().fit(X)


@pytest.fixture(scope="module")
def drawn():
    return GaussianImputer(**DRAWS).fit(X)


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
    for x, n in ((table(25, 0.3, seed=4), 30), (table(5000, seed=5), 2)):
        imputer = GaussianImputer(n_parameter_draws=n, random_state=0, tol=1e-5).fit(x)
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
@pytest.mark.parametrize("n_draws", repeated(120, 250))
def test_draws_know_of_the_missing_cells(method, n_draws, monkeypatch):
    """One column with holes: its mean is less certain by the closed form of monotone patterns.

    Little & Rubin 2002, section 7.4.2, equation 7.13, to first order.
    """
    monkeypatch.setattr(parameter_draws, "AUGMENTATION_STEPS", 8)
    n, m, rho = 400, 160, 0.6
    x = np.random.default_rng(7).multivariate_normal([0.0, 0.0], [[1.0, rho], [rho, 1.0]], size=n)
    x[m:, 1] = np.nan
    imputer, means, _ = drawn_parameters(x, method, n_draws, tol=1e-5)
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


# -- where there is no maximum ----------------------------------------------------------------------------

COLLINEAR = np.column_stack([X, 2 * X[:, 0] - 1.0])
OF_THREE = np.column_stack([np.where(MISSING, 1.0, X), np.where(MISSING, 1.0, X) @ [1.0, -1.0, 0.0]])
FEW = "X has 3 rows with an observed value for 3 columns, .*: set prior='ridge', or leave columns out"
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
            r"it has 3 parameter draws, and 6 are needed: set n_parameter_draws=\d+ and fit again",
        ),
        (lambda m: m.draw_imputations(X), "3 parameter draws, and 20 are needed"),
    ],
)
def test_arguments(drawn, call, message):
    with pytest.raises(ValueError, match=message):
        call(drawn)


def test_without_parameter_draws(fitted):
    for call in (fitted.draw_imputations, lambda x: fitted.interval(x, parameter_uncertainty=True)):
        with pytest.raises(ValueError, match=r"it has 0 parameter draws, .*set n_parameter_draws="):
            call(X)


def test_refits_that_cannot_succeed():
    """Too few observed values for a table drawn with replacement to have a maximum."""
    x, settings = np.random.default_rng(0).standard_normal((5, 4)), {**DRAWS, "n_parameter_draws": 8}
    with pytest.raises(ValueError, match=r"of 8 refits on rows drawn with replacement .*set prior='ridge'"):
        GaussianImputer(prior=None, **settings).fit(x)
    with pytest.warns(UndeterminedWarning, match="only .* of 8 refits .*: the ridge prior stands in"):
        assert len(GaussianImputer(**settings).fit(x).parameter_draws_) == 8
