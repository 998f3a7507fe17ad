"""The classic demonstration of imputation: cells of a normal table are hidden, then estimated."""

import numpy as np

from latently import GaussianImputer


def filled(X, mean, covariance):
    """Missing cells at their expectation given the rest of the row."""
    out = X.copy()
    for missing in np.unique(np.isnan(X), axis=0):
        rows, seen = (np.isnan(X) == missing).all(axis=1), ~missing
        slope = np.linalg.solve(covariance[np.ix_(seen, seen)], covariance[np.ix_(seen, missing)])
        out[np.ix_(rows, missing)] = mean[missing] + (X[np.ix_(rows, seen)] - mean[seen]) @ slope
    return out


def covariance_by_filling_in(X):
    """EM as it is often told: fill in, take mean and covariance, repeat."""
    mean, covariance = np.nanmean(X, axis=0), np.diag(np.nanvar(X, axis=0))
    for _ in range(30):
        complete = filled(X, mean, covariance)
        mean, covariance = complete.mean(axis=0), np.cov(complete.T, bias=True)
    return covariance


# 10,000 rows of three correlated columns. Then a fifth of the cells goes missing, whatever they hold.
rng = np.random.default_rng(0)
covariance = [[4.0, 7.0, -1.2], [7.0, 25.0, -2.0], [-1.2, -2.0, 1.0]]
truth = rng.multivariate_normal([10.0, 50.0, -3.0], covariance, size=10_000)
hidden = rng.random(truth.shape) < 0.2
X = np.where(hidden, np.nan, truth)

imputer = GaussianImputer().fit(X)
by_mean = np.where(hidden, np.nanmean(X, axis=0), truth)


def error(table):
    return np.sqrt(np.mean(((table - truth) / truth.std(axis=0))[hidden] ** 2))


def shape(covariance):
    """Three variances and three correlations."""
    spread = np.sqrt(np.diag(covariance))
    correlations = covariance / np.outer(spread, spread)
    return np.concatenate([spread**2, correlations[[0, 0, 1], [1, 2, 2]]])


def bias(covariance):
    return " ".join(f"{entry:+7.1%}" for entry in shape(covariance) / shape(np.cov(truth.T)) - 1)


print(f"missing {hidden.mean():.1%} of the cells")
print("error of filled cells, in standard deviations of their columns")
print(f"  imputer                 {error(imputer.transform(X)):.3f}")
print(f"  column means            {error(by_mean):.3f}")
print("bias of the covariance:   three variances, three correlations")
print(f"  with the conditional    {bias(imputer.covariance_)}")
print(f"  without it              {bias(covariance_by_filling_in(X))}")
