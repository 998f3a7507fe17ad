"""The data of the benchmarks: Gaussian clusters round scattered means."""

from __future__ import annotations

from typing import Any

import numpy as np


def clusters(n: int, d: int, K: int, scale: float = 1.0, seed: int = 0) -> tuple[Any, Any]:
    """Rows of K Gaussian clusters and their means.

    Means are normal with standard deviation 4 times `scale`, covariances L L' with L = N / sqrt(d) + I.
    """
    rng = np.random.default_rng(seed)
    means = rng.normal(size=(K, d)) * 4 * scale
    labels = rng.integers(K, size=n)
    roots = rng.normal(size=(K, d, d)) / np.sqrt(d) + np.eye(d)
    X = np.empty((n, d))
    for k in range(K):
        mine = labels == k
        X[mine] = means[k] + rng.normal(size=(int(mine.sum()), d)) @ roots[k].T
    return X, means
