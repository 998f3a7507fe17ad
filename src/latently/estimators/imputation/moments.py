"""Mean and covariance of a mixture as a whole, and how far two such are apart."""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigvalsh

from latently.estimators.gaussian_mixture import GaussianMixture
from latently.estimators.inputs import Array


def moments(mixture: GaussianMixture) -> tuple[Array, Array]:
    """Mean and covariance of all components together."""
    params = mixture.params_
    weights, means = params.latent.weights, params.emission.means
    mean = weights @ means
    away = means - mean
    covariance = np.einsum("k,kij->ij", weights, mixture._dense(params))
    return mean, covariance + np.einsum("k,ki,kj->ij", weights, away, away)


def distance(one: GaussianMixture, other: GaussianMixture) -> float:
    """How far two mixtures are apart, whatever the units, in the direction in which they are most.

    The distance of the means in standard deviations, or the logarithm of the ratio of the variances,
    whichever is greater: each is that of the linear combination of features for which it is greatest.
    """
    (mean, covariance), (other_mean, other_covariance) = moments(one), moments(other)
    shift = np.abs(np.linalg.solve(covariance, other_mean - mean) @ (other_mean - mean))
    ratios = np.log(np.maximum(np.asarray(eigvalsh(other_covariance, covariance)), np.finfo(float).tiny))
    return max(float(shift) ** 0.5, float(np.abs(ratios).max()))
