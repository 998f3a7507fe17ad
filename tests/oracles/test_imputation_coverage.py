"""Intervals hold what they promise, by simulation: for missing cells, and for what is estimated of them."""

import numpy as np
import pytest

from latently import GaussianImputer, overimpute, pool
from tests.simulations import by_night, repeated

D = 3
LEVEL = 0.95
MEAN = np.array([0.0, 5.0, -3.0])
COVARIANCE = np.array([[1.0, 0.7, 0.4], [0.7, 2.0, 0.9], [0.4, 0.9, 1.5]])


def completely_at_random(x, rng):
    return rng.random(x.shape) < [0.0, 0.25, 0.25]


def at_random(x, rng):
    """Later columns are missing the oftener, the larger the first is, which is always seen."""
    chance = 1 / (1 + np.exp(1.5 - 1.5 * x[:, :1]))
    return rng.random(x.shape) < chance * [0.0, 1.0, 1.0]


MECHANISMS = {"completely at random": completely_at_random, "at random": at_random}
# By day the harder one.
over_mechanisms = pytest.mark.parametrize("mechanism", ["at random", *by_night("completely at random")])


def incomplete(mechanism, seed, n):
    rng = np.random.default_rng(seed)
    x = rng.multivariate_normal(MEAN, COVARIANCE, size=n)
    lost = MECHANISMS[mechanism](x, rng)
    return x, np.where(lost, np.nan, x), lost


@over_mechanisms
@pytest.mark.parametrize("runs", repeated(12, 60))
@pytest.mark.parametrize("rows", [50, *by_night(100)])
def test_cells_are_in_their_intervals(mechanism, rows, runs):
    """So many rows to a column; cells of one table share its parameters, so tables are the trials."""
    shares = np.empty((runs, 2))  # without and with the uncertainty of the parameters
    for seed in range(runs):
        truth, x, lost = incomplete(mechanism, seed, rows * D)
        imputer = GaussianImputer(tol=1e-5, n_parameter_draws=10, random_state=0, n_jobs=1).fit(x)
        for uncertain in (0, 1):
            lower, upper = imputer.interval(x, LEVEL, parameter_uncertainty=bool(uncertain))
            shares[seed, uncertain] = np.mean((lower < truth)[lost] & (truth < upper)[lost])
    error = np.std(shares, axis=0, ddof=1) / np.sqrt(runs)
    assert (error < 0.012).all()
    # What the parameters cost is a term of order d / n, beside the Monte Carlo error.
    assert (abs(np.mean(shares, axis=0) - LEVEL) < 3.5 * error + 0.5 / rows).all()


def test_hidden_cells_are_in_theirs():
    _, x, _ = incomplete("completely at random", 0, 2000)
    found = overimpute(GaussianImputer(tol=1e-5), x, random_state=0)
    assert abs(found.coverage - LEVEL) < 4 * np.sqrt(LEVEL * (1 - LEVEL) / len(found.true))


# -- estimates --------------------------------------------------------------------------------------------

M = 5
SLOPE = COVARIANCE[0, 1] / COVARIANCE[0, 0]  # of the second column on the first


def slope_and_variance(x):
    centred = x[:, 0] - x[:, 0].mean()
    square = centred @ centred
    slope = centred @ x[:, 1] / square
    residual = x[:, 1] - x[:, 1].mean() - slope * centred
    return slope, residual @ residual / (len(x) - 2) / square


def mean_and_variance(x):
    return x[:, 1].mean(), x[:, 1].var(ddof=1) / len(x)


def both(x):
    """Estimates and their variances, shape (2, 2)."""
    return np.transpose([slope_and_variance(x), mean_and_variance(x)])


@pytest.mark.parametrize("runs", repeated(28, 100))
@pytest.mark.parametrize("method", ["bootstrap", "posterior"])
def test_pooled_intervals_cover_where_those_of_one_table_do_not(method, runs, monkeypatch):
    """The slope of the second column on the first, and its mean; half of it is missing."""
    monkeypatch.setattr("latently.estimators.imputation.parameter_draws.AUGMENTATION_STEPS", 10)
    n, truth = 100, np.array([SLOPE, MEAN[1]])
    pooled, single = np.empty((runs, 2)), np.empty((runs, 2))
    for run in range(runs):
        rng = np.random.default_rng(run)
        x = rng.multivariate_normal(MEAN[:2], COVARIANCE[:2, :2], size=n)
        x[rng.random(n) < 1 / (1 + np.exp(-x[:, 0])), 1] = np.nan
        settings = {"n_parameter_draws": M, "draw_method": method, "tol": 1e-4, "n_jobs": 1}
        imputer = GaussianImputer(random_state=run, **settings).fit(x)
        found = np.array([both(table) for table in imputer.draw_imputations(x, M)])
        lower, upper = pool(found[:, 0], found[:, 1], df_complete=n - 2).interval(LEVEL)
        pooled[run] = (lower < truth) & (truth < upper)
        estimates, variances = both(imputer.transform(x))
        single[run] = np.abs(estimates - truth) < 1.96 * np.sqrt(variances)
    error = np.sqrt(LEVEL * (1 - LEVEL) / runs)
    assert (pooled.mean(axis=0) > LEVEL - 3 * error).all()
    assert (single.mean(axis=0) < LEVEL - 4 * np.sqrt(LEVEL * (1 - LEVEL) / 100)).all()  # four of 100 runs
    assert (pooled.mean(axis=0) - single.mean(axis=0) > 0.1).all()
