"""EM for Gaussian mixtures with missing cells, row by row, in the textbook's formulas: slow, easy to trust.

Little & Rubin 2002, Statistical Analysis with Missing Data, 2nd edition, section 11.2; for mixtures
Ghahramani & Jordan 1994, Supervised learning from incomplete data via an EM approach, section 3.
"""

import numpy as np
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from tests.oracles.enumeration import conditional_moments


def dense(covariance_type, covariances, K, d):
    """A matrix for each component."""
    return {
        "full": lambda: covariances,
        "tied": lambda: np.repeat(covariances[None], K, axis=0),
        "diag": lambda: np.stack([np.diag(row) for row in covariances]),
        "spherical": lambda: np.stack([v * np.eye(d) for v in covariances]),
    }[covariance_type]()


def log_densities(x, means, matrices):
    """Log density of the observed cells of each row under each component; zero for a row without any."""
    values = np.zeros((len(x), len(means)))
    observed = ~np.isnan(x)
    for seen in np.unique(observed, axis=0):
        rows = (observed == seen).all(axis=1)
        for k, (mean, matrix) in enumerate(zip(means, matrices, strict=True)):
            if seen.any():
                marginal = multivariate_normal(mean[seen], matrix[np.ix_(seen, seen)])
                values[rows, k] = marginal.logpdf(x[np.ix_(rows, seen)])
    return values


def log_likelihood(x, row_weights, weights, means, matrices):
    return float(row_weights @ logsumexp(log_densities(x, means, matrices) + np.log(weights), axis=1))


def em_step(covariance_type, x, row_weights, weights, means, covariances):
    """Weights, means and covariances after one step."""
    K, d = means.shape
    matrices = dense(covariance_type, covariances, K, d)
    joint = log_densities(x, means, matrices) + np.log(weights)
    resp = row_weights[:, None] * np.exp(joint - logsumexp(joint, axis=1, keepdims=True))
    new_weights = resp.sum(axis=0) / row_weights.sum()
    if covariance_type in ("diag", "spherical"):
        return new_weights, *_observed_cells(covariance_type, x, resp)
    used = ~np.isnan(x).all(axis=1)
    new_means, scatters, counts = np.empty_like(means), np.zeros((K, d, d)), resp[used].sum(axis=0)
    for k in range(K):
        completed = [conditional_moments(means[k], matrices[k], row) for row in x[used]]
        expected = np.array([row for row, _ in completed])
        new_means[k] = resp[used, k] @ expected / counts[k]
        for r, (row, left) in zip(resp[used, k], completed, strict=True):
            scatters[k] += r * (np.outer(row - new_means[k], row - new_means[k]) + left)
    if covariance_type == "tied":
        return new_weights, new_means, scatters.sum(axis=0) / counts.sum()
    return new_weights, new_means, scatters / counts[:, None, None]


def _observed_cells(covariance_type, x, resp):
    """Means and variances of the observed cells, feature by feature."""
    seen = ~np.isnan(x)
    cells = np.where(seen, x, 0.0)
    counts = resp.T @ seen
    means = resp.T @ cells / counts
    squares = np.stack(
        [r @ np.where(seen, (cells - m) ** 2, 0.0) for r, m in zip(resp.T, means, strict=True)]
    )
    if covariance_type == "diag":
        return means, squares / counts
    return means, squares.sum(axis=1) / counts.sum(axis=1)
