"""Imputation of a normal table with a fifth of its cells missing, beside scikit-learn and Amelia II.

Data: rows ``z L' / sqrt(d)`` with `z` and `L` standard normal, a cell missing with probability 0.2, whatever
it holds. Ours converges to a gain still to come of 1e-4 per row, which 1000 further plain steps then check.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer

from benchmarks.harness import alternate, medians, seconds, table, write
from latently import GaussianImputer, GaussianMixture

SIZES = ((100_000, 10), (100_000, 20), (20_000, 50))
SHARE = 0.2
ENOUGH = 0.88  # of scikit-learn's error
LONG = 10_000  # EM steps of a run that is to find the maximum
NEAR = 1e-3  # of it, per row
AMELIA = """
suppressMessages(library(Amelia))
x <- as.matrix(read.csv("{table}", header = FALSE, na.strings = "nan"))
t <- proc.time()[["elapsed"]]
a <- amelia(x, m = 1, boot.type = "none", p2s = 0)
cat(if (a$code == 1) proc.time()[["elapsed"]] - t else a$message)
"""


def incomplete(n: int, d: int, share: float = SHARE, seed: int = 0) -> tuple[Any, Any, float]:
    """Complete rows, the same with cells missing, and the condition of their covariance."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(d, d)) / np.sqrt(d)
    complete = rng.normal(size=(n, d)) @ root.T
    rows = complete.copy()
    rows[rng.random(rows.shape) < share] = np.nan
    return complete, rows, float(np.linalg.cond(root) ** 2)


def error(filled: Any, complete: Any, rows: Any) -> float:
    """Root mean square error of the filled cells."""
    missing = np.isnan(rows)
    return float(np.sqrt(np.mean((filled[missing] - complete[missing]) ** 2)))


def first_good(complete: Any, rows: Any, limit: float) -> float:
    """Seconds to the first iterate whose imputations are as good as the limit, judging not counted."""
    spent, judged = 0.0, time.perf_counter()
    iterates: list[tuple[float, Any]] = []

    def keep(iteration: int, params: Any, log_likelihood: float) -> None:
        iterates.append((time.perf_counter() - judged, params))

    GaussianImputer(tol=1e-4, callbacks=[keep]).fit(rows)
    for spent, params in iterates:
        theta = params.emission
        model = GaussianMixture.from_parameters([1.0], theta.means, theta.covariances)
        start = time.perf_counter()
        filled = model.impute(rows)
        if error(filled, complete, rows) <= limit:
            return spent + time.perf_counter() - start
    return float("inf")


def still_to_gain(imputer: GaussianImputer, rows: Any, steps: int = 1000) -> float:
    """Log-likelihood per row that further plain EM steps gain."""
    mixture = imputer.mixture_
    further = GaussianMixture(
        1,
        means_init=mixture.means_,
        precisions_init=mixture.precisions_,
        tol=0,
        max_iter=steps,
        acceleration=None,
    ).fit(rows)
    return float((further.log_likelihood_ - imputer.log_likelihood_) / len(rows))


def amelia(rows: Any) -> float | str:
    """Seconds of Amelia II's EM and one draw, reading the table not counted; or why there are none."""
    if shutil.which("Rscript") is None:
        return "R is not installed"
    with tempfile.TemporaryDirectory() as folder:
        name = Path(folder) / "table.csv"
        np.savetxt(name, rows, delimiter=",", fmt="%.17g")
        script = AMELIA.format(table=name)
        done = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True)
    if "there is no package called" in done.stderr:
        return "Amelia is not installed"
    try:
        return float(done.stdout)
    except ValueError:
        return f"Amelia failed: {done.stdout or done.stderr}"


def one_line(n: int, d: int, rounds: int) -> dict[str, Any]:
    """Measure one size."""
    complete, rows, condition = incomplete(n, d)
    kept: dict[str, Any] = {}

    def ours() -> float:
        imputer = GaussianImputer(tol=1e-4)
        spent = seconds(lambda: kept.update(filled=imputer.fit_transform(rows)))
        kept["imputer"] = imputer
        return spent

    def sklearn() -> float:
        return seconds(lambda: kept.update(theirs=IterativeImputer().fit_transform(rows)))

    ours()
    found = medians(alternate({"latently": ours, "scikit-learn": sklearn}, rounds))
    mine, theirs = error(kept["filled"], complete, rows), error(kept["theirs"], complete, rows)
    good = first_good(complete, rows, ENOUGH * theirs)
    theirs_in_r = amelia(rows)
    return {
        "n": n,
        "d": d,
        "condition": condition,
        "latently s": found["latently"],
        "scikit-learn s": found["scikit-learn"],
        "x scikit-learn": found["scikit-learn"] / found["latently"],
        "E-steps": kept["imputer"].n_iter_,
        "still to gain": still_to_gain(kept["imputer"], rows),
        "RMSE": mine,
        "RMSE scikit-learn": theirs,
        "RMSE ratio": mine / theirs,
        "first good s": good,
        "x to first good": found["scikit-learn"] / good,
        "Amelia s": theirs_in_r,
        "x Amelia": "-" if isinstance(theirs_in_r, str) else theirs_in_r / found["latently"],
    }


def half_missing() -> dict[str, Any]:
    """EM steps to within `NEAR` of the maximum with half of the cells missing, with and without SQUAREM.

    The maximum is the best of both runs, which are long; but the likelihood is so flat that they do not know
    its last 1e-4 per row, so nearness is ten times that. Rejected proposals are steps, too. A run that does
    not get there counts with all its steps, and the ratio says at least how much it needs.
    """
    _, rows, _ = incomplete(5_000, 20, 0.5)
    paths: dict[str, list[tuple[int, float]]] = {"plain EM": [], "SQUAREM": []}
    for path, acceleration in zip(paths.values(), (None, "squarem"), strict=True):

        def keep(iteration: int, params: Any, value: float, path: Any = path) -> None:
            path.append((iteration, value))

        GaussianImputer(acceleration=acceleration, tol=1e-12, max_iter=LONG, callbacks=[keep]).fit(rows)
    best = max(value for path in paths.values() for _, value in path)
    target = best - NEAR * len(rows)
    steps = {
        name: next((iteration for iteration, value in path if value >= target), None)
        for name, path in paths.items()
    }
    counted = {name: path[-1][0] if steps[name] is None else steps[name] for name, path in paths.items()}
    return {
        **{name: f"more than {counted[name]}" if n is None else n for name, n in steps.items()},
        "ratio": counted["plain EM"] / counted["SQUAREM"],
    }


def mixture_with_holes(rounds: int) -> list[dict[str, Any]]:
    """Seconds of an EM iteration of a mixture with 5% of the cells missing, over those of a complete one."""
    from benchmarks.data import clusters

    X, means = clusters(200_000, 8, 8)
    rows = X.copy()
    rows[np.random.default_rng(1).random(X.shape) < 0.05] = np.nan
    found = []
    for covariance_type in ("full", "tied", "diag", "spherical"):

        def per_iteration(data: Any, covariance_type: str = covariance_type) -> float:
            ticks: list[float] = []
            callbacks = [lambda *_: ticks.append(time.perf_counter())]
            GaussianMixture(
                8,
                covariance_type=covariance_type,
                means_init=means,
                tol=0,
                max_iter=12,
                acceleration=None,
                callbacks=callbacks,
            ).fit(data)
            return (ticks[-1] - ticks[2]) / (len(ticks) - 3)

        per_iteration(rows)
        contestants = {
            "complete": lambda f=per_iteration: f(X),
            "5% missing": lambda f=per_iteration: f(rows),
        }
        times = medians(alternate(contestants, rounds))
        found.append(
            {"type": covariance_type, **{f"{name} s": value for name, value in times.items()}}
            | {"ratio": times["5% missing"] / times["complete"]}
        )
    return found


MEMORY = """
import resource, sys, threading, time
sys.path.insert(0, ".")
from benchmarks.imputation import incomplete
from latently import GaussianImputer
_, rows, _ = incomplete(1_000_000, 20)
del _
GaussianImputer(tol=0, max_iter=2).fit_transform(rows[:20000])
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()
before, peak, done = resident(), 0, False
def watch():
    global peak
    while not done:
        peak = max(peak, resident())
        time.sleep(0.001)
watcher = threading.Thread(target=watch)
watcher.start()
filled = GaussianImputer(tol=0, max_iter=5).fit_transform(rows)
done = True
watcher.join()
print((peak - before - filled.nbytes) / 1e6)
"""


def main(rounds: int = 3) -> None:
    """Measure, print and write."""
    from benchmarks.footprint import run

    warnings.simplefilter("ignore")
    rows = [one_line(n, d, rounds) for n, d in SIZES]
    table("Imputation of a normal table, 20% missing", rows)
    write("imputation", rows)
    half = [half_missing()]
    table("EM steps with 50% missing, d = 20, to 1e-3 per row of the maximum", half)
    write("imputation_squarem", half)
    holes = mixture_with_holes(rounds)
    table("An EM iteration of a mixture, 2e5 x 8, K = 8", holes)
    write("imputation_mixture", holes)
    memory = [{"what": "peak memory above data and output, 1e6 x 20, MB", "value": run(MEMORY)}]
    table("Memory", memory)
    write("imputation_memory", memory)
