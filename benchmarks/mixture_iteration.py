"""Seconds of one EM iteration of a Gaussian mixture: plain EM from given starting values.

What happens once per fit is left out: ours tells the time after each iteration, from the third to the
last of twelve; of the peers a run of more iterations less one of fewer is taken, over the difference
in what they made: oneDAL stops when nothing changes any more.
Starting values are the means of the clusters, equal weights and four times the identity.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.mixture import GaussianMixture as Peer

from benchmarks.data import clusters
from benchmarks.harness import alternate, installed, medians, seconds, table, write
from latently import GaussianMixture

SIZES = ((1_000_000, 2, 8), (1_000_000, 8, 16), (200_000, 32, 32), (50_000, 128, 32))
TYPES = ("full", "tied", "diag", "spherical")
PRECISION = 0.25


def precisions(covariance_type: str, d: int, K: int) -> Any:
    """Starting precisions, in scikit-learn's shapes."""
    return {
        "full": np.repeat(PRECISION * np.eye(d)[None], K, axis=0),
        "tied": PRECISION * np.eye(d),
        "diag": np.full((K, d), PRECISION),
        "spherical": np.full(K, PRECISION),
    }[covariance_type]


def per_iteration(fit: Callable[[int], int], few: int, many: int) -> Callable[[], float]:
    """Measure by the difference of two runs; `fit` gives back how many iterations it made."""

    def measure() -> float:
        made: list[int] = []
        longer = seconds(lambda: made.append(fit(many)))
        shorter = seconds(lambda: made.append(fit(few)))
        return (longer - shorter) / (made[0] - made[1])

    return measure


def one_line(n: int, d: int, K: int, covariance_type: str, scale: float, rounds: int) -> dict[str, Any]:
    """Measure all who can do it side by side."""
    X, means = clusters(n, d, K, scale)
    start: dict[str, Any] = {
        "covariance_type": covariance_type,
        "weights_init": np.full(K, 1 / K),
        "means_init": means,
        "precisions_init": precisions(covariance_type, d, K),
        "tol": 0,
    }

    def ours() -> float:
        ticks: list[float] = []
        callbacks = [lambda *_: ticks.append(time.perf_counter())]
        GaussianMixture(K, max_iter=12, acceleration=None, n_init=1, callbacks=callbacks, **start).fit(X)
        return (ticks[-1] - ticks[2]) / (len(ticks) - 3)

    def sklearn(max_iter: int) -> int:
        return int(Peer(K, max_iter=max_iter, **start).fit(X).n_iter_)

    contestants = {
        "latently": ours,
        "scikit-learn": per_iteration(sklearn, 1, 3),
    }
    if covariance_type in ("full", "diag") and d < 100 and installed("scikit-learn-intelex"):
        contestants["oneDAL"] = per_iteration(onedal(X, means, covariance_type), 1, 5)
    ours()
    found = medians(alternate(contestants, rounds))
    row: dict[str, Any] = {"n": n, "d": d, "K": K, "type": covariance_type, "means x": scale}
    row["rounds"] = rounds
    row |= {f"{name} s": value for name, value in found.items()}
    row["x scikit-learn"] = found["scikit-learn"] / found["latently"]
    row["x oneDAL"] = found["oneDAL"] / found["latently"] if "oneDAL" in found else "-"
    return row


def onedal(X: Any, means: Any, covariance_type: str) -> Callable[[int], int]:
    """EM of oneDAL by daal4py, from the same starting values."""
    import daal4py

    K, d = means.shape
    storage = "diagonal" if covariance_type == "diag" else "full"
    one = np.full((1, d), 1 / PRECISION) if storage == "diagonal" else np.eye(d) / PRECISION
    weights = np.full((1, K), 1 / K)

    def fit(max_iter: int) -> int:
        algorithm = daal4py.em_gmm(
            K, maxIterations=max_iter, accuracyThreshold=0.0, covarianceStorage=storage
        )
        result = algorithm.compute(X, weights, means, [one.copy() for _ in range(K)])
        return int(result.nIterations[0, 0])

    return fit


def main(rounds: int = 5) -> None:
    """Measure all lines, print and write them."""
    warnings.simplefilter("ignore")
    lines = [(n, d, K, kind, 1.0) for n, d, K in SIZES for kind in TYPES]
    lines.append((200_000, 32, 32, "full", 0.3))
    rows = []
    for line in lines:
        rows.append(one_line(*line, rounds))
        print(".", end="", flush=True)
    columns = ["latently s", "scikit-learn s", "oneDAL s"]
    rows = [
        {**{c: row[c] for c in row if c not in columns}, **{c: row.get(c, "-") for c in columns}}
        for row in rows
    ]
    table("One EM iteration of a Gaussian mixture (seconds; ratios of medians)", rows)
    write("mixture_iteration", rows)
