"""Whether two components are two clusters: whether the density between them has a dip."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from latently.estimators import GaussianMixture, MultivariateNormal

HARDLY_A_DIP = 0.9
N_STEPS = 201


def without_dip(mixture: GaussianMixture) -> list[tuple[int, int]]:
    """Pairs of components between which the density of the mixture hardly falls.

    All modes of two Gaussians lie on their ridgeline, so that the density along it tells one hill from two.

    Parameters
    ----------
    mixture : GaussianMixture
        Fitted.

    Returns
    -------
    list of (int, int)
        Pairs for which the lowest density between two hills is at least nine tenths of the lower hill.

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
    unnamed = mixture.marginal(range(mixture.n_features_in_))  # points on a ridgeline are no table with names
    parts = enumerate(mixture.components_)
    return [(i, j) for (i, a), (j, b) in combinations(parts, 2) if _dip(unnamed, a, b) < 1 - HARDLY_A_DIP]


def _dip(mixture: GaussianMixture, one: MultivariateNormal, other: MultivariateNormal) -> float:
    """How far the density falls along the ridgeline, as a share of the lower of the hills on both sides."""
    # x(a) = [(1 - a) S1^-1 + a S2^-1]^-1 [(1 - a) S1^-1 m1 + a S2^-1 m2], a from 0 to 1
    a = np.linspace(0.0, 1.0, N_STEPS)[:, None]
    first, second = np.linalg.inv(one.covariance), np.linalg.inv(other.covariance)
    precision = (1 - a)[..., None] * first + a[..., None] * second
    target = (1 - a) * (first @ one.mean) + a * (second @ other.mean)
    density = mixture.score_samples(np.linalg.solve(precision, target[..., None])[..., 0])
    left = np.maximum.accumulate(density)
    right = np.maximum.accumulate(density[::-1])[::-1]
    return float(-np.expm1((density - np.minimum(left, right)).min()))
