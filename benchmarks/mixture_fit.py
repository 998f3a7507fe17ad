"""Whole fits: default settings against scikit-learn's ten starts, and SQUAREM against plain EM."""

from __future__ import annotations

import statistics
import warnings
from typing import Any

import numpy as np
from sklearn.mixture import GaussianMixture as Peer

from benchmarks.data import clusters
from benchmarks.harness import seconds, table, write
from latently import GaussianMixture

N, D, K, SCALE = 50_000, 8, 16, 0.5


def default_fit(seed: int) -> dict[str, Any]:
    """One seed of the hard mixture, both contestants."""
    X, _ = clusters(N, D, K, SCALE, seed)
    ours, peer = (
        GaussianMixture(K, random_state=seed),
        Peer(K, n_init=10, tol=1e-6, max_iter=300, random_state=seed),
    )
    mine, theirs = seconds(lambda: ours.fit(X)), seconds(lambda: peer.fit(X))
    return {
        "seed": seed,
        "latently s": mine,
        "scikit-learn s": theirs,
        "ratio": theirs / mine,
        "gain per row": ours.score(X) - peer.score(X),
        "agreed": ours.restarts_.n_agreeing,
    }


def slow_mixture() -> dict[str, Any]:
    """E-steps of SQUAREM and of plain EM to the same log-likelihood, where EM is slow."""
    rng = np.random.default_rng(1)
    X = np.concatenate([rng.normal(size=(2000, 2)), rng.normal((1.2, 0.0), size=(2000, 2))])
    start: dict[str, Any] = {"means_init": X[[0, 2000]], "tol": 1e-9, "max_iter": 50_000}
    plain = GaussianMixture(2, acceleration=None, **start).fit(X)
    fast = GaussianMixture(2, acceleration="squarem", **start).fit(X)
    target = min(plain.log_likelihood_, fast.log_likelihood_) - 1e-6
    steps: list[int] = []

    def reached(iteration: int, params: Any, log_likelihood: float) -> bool:
        if log_likelihood >= target:
            steps.append(iteration + 1)
        return log_likelihood >= target

    for acceleration in (None, "squarem"):
        GaussianMixture(2, acceleration=acceleration, callbacks=[reached], **start).fit(X)
    return {
        "plain EM": steps[0],
        "SQUAREM": steps[1],
        "ratio": steps[0] / steps[1],
        "log-likelihood": target,
    }


def main(seeds: int = 5) -> None:
    """Measure, print and write."""
    warnings.simplefilter("ignore")
    rows = [default_fit(seed) for seed in range(seeds)]
    middle = {key: statistics.median(row[key] for row in rows) for key in rows[0]} | {"seed": "median"}
    rows.append(middle)
    table(f"A default fit of a hard mixture ({N} x {D}, {K} components, means x {SCALE})", rows)
    write("mixture_fit", rows)
    slow = [slow_mixture()]
    table("E-steps to the same log-likelihood on a slow mixture", slow)
    write("squarem", slow)
