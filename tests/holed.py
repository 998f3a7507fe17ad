"""Rows of a normal distribution with holes, as imputers are tested on."""

import numpy as np

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
EMPTY = np.insert(X, 1, np.nan, axis=1)
DRAWS = {"n_parameter_draws": 3, "random_state": 0}


def conditional(mean, covariance, row):
    """Expectations and standard deviations of the missing cells of a row, by the textbook."""
    seen, lost = np.flatnonzero(~np.isnan(row)), np.flatnonzero(np.isnan(row))
    slope = covariance[np.ix_(lost, seen)] @ np.linalg.inv(covariance[np.ix_(seen, seen)])
    left = covariance[np.ix_(lost, lost)] - slope @ covariance[np.ix_(seen, lost)]
    return lost, mean[lost] + slope @ (row[seen] - mean[seen]), np.sqrt(np.diagonal(left))
