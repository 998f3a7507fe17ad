"""Seconds of a whole run of a Gaussian mixture: ten plain EM steps from a start at random.

Far from the solution most pairs of rows and components count. What is done once per fit is counted, too:
checks of the data, and the search for components that rest on too few rows. Starting values are the first
rows as means, equal weights and the covariance of all rows.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.mixture import GaussianMixture as Peer

from benchmarks.data import clusters
from benchmarks.harness import alternate, medians, seconds, table, write
from benchmarks.mixture_iteration import SIZES, TYPES
from latently import GaussianMixture


def random_start(X: Any, K: int, covariance_type: str) -> dict[str, Any]:
    """Starting values and settings that both libraries take."""
    d = X.shape[1]
    covariance = np.cov(X.T, bias=True)
    precision, variances = np.linalg.inv(covariance), np.diagonal(covariance)
    precisions = {
        "full": np.repeat(precision[None], K, axis=0),
        "tied": precision,
        "diag": np.repeat(1 / variances[None], K, axis=0),
        "spherical": np.full(K, d / variances.sum()),
    }[covariance_type]
    start = {"weights_init": np.full(K, 1 / K), "means_init": X[:K], "precisions_init": precisions}
    return {"covariance_type": covariance_type, "tol": 0, "max_iter": 10, "n_init": 1, **start}


def one_line(n: int, d: int, K: int, covariance_type: str, rounds: int) -> dict[str, Any]:
    """Measure both libraries side by side."""
    X, _ = clusters(n, d, K)
    start = random_start(X, K, covariance_type)

    def ours() -> Any:
        return GaussianMixture(K, acceleration=None, **start).fit(X)

    def sklearn() -> Any:
        return Peer(K, **start).fit(X)

    ours()
    contestants = {"latently": lambda: seconds(ours), "scikit-learn": lambda: seconds(sklearn)}
    found = medians(alternate(contestants, rounds))
    row: dict[str, Any] = {"n": n, "d": d, "K": K, "type": covariance_type, "rounds": rounds}
    row["x scikit-learn"] = found["scikit-learn"] / found["latently"]
    return row | {f"{name} s": value for name, value in found.items()}


def main(rounds: int = 3) -> None:
    """Measure all lines, print and write them."""
    warnings.simplefilter("ignore")
    rows = []
    for size in SIZES:
        for covariance_type in TYPES:
            rows.append(one_line(*size, covariance_type, rounds))
            print(".", end="", flush=True)
    table("Ten EM steps of a Gaussian mixture from a start at random, everything counted", rows)
    write("mixture_run", rows)
