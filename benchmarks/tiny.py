"""Tiny tables: CPU seconds of one thread of a fit, and of an EM step, beside scikit-learn."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.datasets import load_iris
from sklearn.mixture import GaussianMixture as Peer

from benchmarks.harness import alternate, table, write
from latently import CategoricalHMM, GaussianHMM, GaussianMixture, MixtureModel, PoissonHMM, datasets
from latently.core.libraries import single_threaded_libraries

STEPS = 200


def cpu_seconds(action: Callable[[], Any]) -> float:
    """CPU time of one call, all threads together."""
    start = time.process_time()
    action()
    return time.process_time() - start


def contestants() -> dict[str, tuple[Callable[..., Any], Callable[..., Any] | None]]:
    """What fits which data with which settings, and its peer."""
    rng = np.random.default_rng(0)
    faithful, iris = datasets.load_faithful().data, load_iris().data
    speeds = np.concatenate([rng.normal(20, 2, 60), rng.normal(26, 3, 22)])[:, None]
    counts = np.concatenate([rng.poisson(3, 120), rng.poisson(12, 80)])[:, None]
    symbols = np.concatenate([rng.integers(0, 6, 100), np.minimum(rng.integers(0, 12, 100), 5)])[:, None]
    steps = np.concatenate([rng.normal(0, 1, 120), rng.normal(4, 1, 80)])[:, None]
    found: dict[str, tuple[Callable[..., Any], Callable[..., Any] | None]] = {}
    for kind in ("full", "tied", "diag", "spherical"):
        for x, K in ((speeds, 2), (faithful, 2), (iris, 3)):

            def ours(x: Any = x, K: int = K, kind: str = kind, **how: Any) -> Any:
                return GaussianMixture(K, covariance_type=kind, random_state=0, n_jobs=1, **how).fit(x)

            def peer(x: Any = x, K: int = K, kind: str = kind, **how: Any) -> Any:
                return Peer(K, covariance_type=kind, random_state=0, **how).fit(x)

            found[f"{kind} {x.shape[0]} x {x.shape[1]}, K={K}"] = ours, peer
    others: dict[str, tuple[Any, Any]] = {
        "Poisson 200": (lambda **how: MixtureModel("poisson", 2, **how), counts),
        "Gaussian chain 200": (lambda **how: GaussianHMM(2, **how), steps),
        "Poisson chain 200": (lambda **how: PoissonHMM(2, **how), counts),
        "symbols in a chain 200": (lambda **how: CategoricalHMM(2, **how), symbols),
    }
    for name, (make, x) in others.items():
        found[name] = (lambda make=make, x=x, **how: make(random_state=0, n_jobs=1, **how).fit(x)), None
    return found


def case(name: str, ours: Callable[..., Any], peer: Callable[..., Any] | None) -> dict[str, Any]:
    """One row: the least of several measurements, taken in turn."""
    measures = {
        "default fit": lambda: ours(),
        "one start": lambda: ours(n_init=1),
        "no step": lambda: ours(n_init=1, max_iter=1, tol=0),
        "steps": lambda: ours(n_init=1, max_iter=1 + STEPS, tol=0),
    }
    if peer is not None:
        measures["scikit-learn"] = lambda: peer()
    for action in measures.values():
        action()
    found = alternate({key: lambda act=act: cpu_seconds(act) for key, act in measures.items()}, 5)
    least = {key: 1e3 * min(values) for key, values in found.items()}
    step = (least.pop("steps") - least["no step"]) / STEPS
    return {"data": name, "EM step, ms": step} | {f"{key}, ms": value for key, value in least.items()}


def main() -> None:
    """Measure, print and write."""
    warnings.simplefilter("ignore")
    with single_threaded_libraries():
        rows = [case(name, *pair) for name, pair in contestants().items()]
    table("Tiny tables, CPU time of one thread", rows)
    write("tiny", rows)
