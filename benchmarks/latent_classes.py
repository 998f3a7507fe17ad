"""Mixtures of tables of categories and of mixed columns, beside StepMix.

The same number of EM steps from starts at random, everything counted; and, of categories, a default fit
beside StepMix with twenty starts: its log-likelihood. Of the mixed table that would take hours. Both have one
thread; time is that of the processor.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.harness import alternate, installed, medians, table, write
from latently import MixtureModel
from latently.emissions import Columns

STEPS = {"categories": (20, 50, 100), "mixed": (20,)}
ROUNDS, STARTS = 3, 20
Drawn = tuple[np.ndarray, int, list[str]]


def categories(rng: np.random.Generator) -> Drawn:
    """Ten thousand rows of twelve columns of three categories, six classes."""
    n, d, K = 10_000, 12, 6
    return _codes(rng.integers(K, size=n), d, 3, K, rng), K, ["categorical"] * d


def mixed(rng: np.random.Generator) -> Drawn:
    """A hundred thousand rows, half of the twenty columns numbers, a tenth missing; eight classes."""
    n, K = 100_000, 8
    labels = rng.integers(K, size=n)
    numbers = rng.normal(0, 2, (K, 10))[labels] + rng.standard_normal((n, 10))
    x = np.hstack([_codes(labels, 10, 4, K, rng), numbers])
    x[rng.random(x.shape) < 0.1] = np.nan
    return x, K, ["categorical"] * 10 + ["gaussian"] * 10


def _codes(labels: np.ndarray, d: int, size: int, K: int, rng: np.random.Generator) -> np.ndarray:
    edges = rng.dirichlet(np.full(size, 0.7), (K, d)).cumsum(axis=2)
    draws = rng.random((len(labels), d, 1)) > edges[labels]
    return draws.sum(axis=2).clip(0, size - 1).astype(np.float64)


def ours(x: np.ndarray, K: int, kinds: list[str], **settings: Any) -> Callable[[], Any]:
    """A mixture of `Columns`."""
    families = dict(enumerate(kinds))
    return lambda: MixtureModel(Columns(families), K, random_state=0, n_jobs=1, **settings).fit(x)


def seconds(action: Callable[[], Any]) -> float:
    """Those of the processor."""
    start = time.process_time()
    action()
    return time.process_time() - start


def theirs(x: np.ndarray, K: int, kinds: list[str], **settings: Any) -> Callable[[], Any]:
    """StepMix, with its own families for tables with missing cells."""
    from stepmix.stepmix import StepMix

    nan = "_nan" if np.isnan(x).any() else ""
    blocks = {"categorical": f"categorical{nan}", "gaussian": f"gaussian_diag{nan}"}
    measurement = {
        kind: {"model": blocks[kind], "n_columns": kinds.count(kind)} for kind in dict.fromkeys(kinds)
    }
    quiet: dict[str, Any] = {"random_state": 0, "verbose": 0, "progress_bar": 0}
    return lambda: StepMix(n_components=K, measurement=measurement, **quiet, **settings).fit(x)


def main() -> None:
    """Run it, print the figures and write them down."""
    warnings.simplefilter("ignore")
    peer, rows = installed("stepmix"), []
    for name, draw in (("categories", categories), ("mixed", mixed)):
        x, K, kinds = draw(np.random.default_rng(0))
        row: dict[str, Any]
        for n_steps in STEPS[name]:
            steps: dict[str, Any] = {"max_iter": n_steps, "n_init": 1}
            plain = ours(x, K, kinds, tol=0, init_params="random", acceleration=None, **steps)
            plain()  # compiles
            contestants = {"latently": lambda plain=plain: seconds(plain)}
            if peer:
                rival = theirs(x, K, kinds, abs_tol=0, rel_tol=0, **steps)
                contestants["stepmix"] = lambda rival=rival: seconds(rival)
            found = medians(alternate(contestants, ROUNDS))
            row = {"table": name, "rows": len(x), "K": K, "steps": n_steps} | found
            rows.append(row | ({"ratio": found["stepmix"] / found["latently"]} if peer else {}))
        if name == "mixed":
            continue
        row = {"table": name, "rows": len(x), "K": K, "steps": "whole fit"}
        models: dict[str, Any] = {}
        row["latently"] = seconds(lambda: models.update(ours=ours(x, K, kinds)()))  # noqa: B023
        row["log-likelihood"] = models["ours"].log_likelihood_
        if peer:
            whole = theirs(x, K, kinds, n_init=STARTS)
            row["stepmix"] = seconds(lambda: models.update(theirs=whole()))  # noqa: B023
            row["ratio"] = row["stepmix"] / row["latently"]
            row["its log-likelihood"] = float(models["theirs"].score(x)) * len(x)
        rows.append(row)
    table("Latent classes and mixed tables", rows)
    write("latent_classes", rows)


if __name__ == "__main__":
    main()
