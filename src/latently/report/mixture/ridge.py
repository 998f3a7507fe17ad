"""Whether two components are two clusters: whether the density between them has a dip."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy.special import logsumexp

from latently.checks.arrays import Array
from latently.estimators.mixture import BaseMixture

HARDLY_A_DIP = 0.9
N_STEPS = 201


def without_dip(mixture: BaseMixture) -> list[tuple[int, int]]:
    """Pairs of components between which the density of the mixture hardly falls.

    All modes of two Gaussians lie on their ridgeline, so that the density along it tells one hill from two.
    Hardly: the lowest density between two hills is at least nine tenths of the lower hill. Of families that
    are not Gaussian nothing is said.

    References
    ----------
    .. [1] Ray, S. and Lindsay, B. G. (2005). The topography of multivariate normal mixtures. Annals of
       Statistics 33, 2042-2065, section 2.
    .. [2] Hennig, C. (2010). Methods for merging Gaussian mixture components. Advances in Data Analysis and
       Classification 4, 3-34, section 4.1.

    Examples
    --------
    >>> from latently import GaussianMixture
    >>> mixture = GaussianMixture.from_parameters([0.4, 0.3, 0.3], [[0.0], [1.0], [9.0]], [[[1.0]]] * 3)
    >>> without_dip(mixture)
    [(0, 1)]
    """
    family, params = mixture._model.emission, mixture.params_.emission
    means, covariances = family.mean(params), family.covariance(params)
    if means is None or covariances is None:
        return []
    precisions = np.linalg.inv(covariances).astype(np.float64)
    log_weights = np.log(mixture.weights_)

    def dip(i: int, j: int) -> float:
        """How far the density falls along the ridgeline, as a share of the lower of both hills."""
        points = _ridgeline(means[[i, j]], precisions[[i, j]])
        density = logsumexp(family.log_density(params, points) + log_weights, axis=1)
        left = np.maximum.accumulate(density)
        right = np.maximum.accumulate(density[::-1])[::-1]
        return float(-np.expm1((density - np.minimum(left, right)).min()))

    return [(i, j) for i, j in combinations(range(len(means)), 2) if dip(i, j) < 1 - HARDLY_A_DIP]


def _ridgeline(means: Array, precisions: Array) -> Array:
    """x(a) = [(1 - a) S1^-1 + a S2^-1]^-1 [(1 - a) S1^-1 m1 + a S2^-1 m2], a from 0 to 1."""
    a = np.linspace(0.0, 1.0, N_STEPS)[:, None]
    precision = (1 - a)[..., None] * precisions[0] + a[..., None] * precisions[1]
    target = (1 - a) * (precisions[0] @ means[0]) + a * (precisions[1] @ means[1])
    return np.linalg.solve(precision, target[..., None])[..., 0]
