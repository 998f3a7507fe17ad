"""Imputation of a mixed table with a fifth of its cells missing, beside miceforest.

Data: rows of a mixture of five components, within which four columns are normal, three Poisson and five
categorical (of 2 to 5 categories); a cell is missing with probability 0.2, whatever it holds. miceforest
makes one dataset of 5 iterations, with its defaults and, as "predictions", without matching: what it predicts
is filled in, which is nearest to the truth on average. It runs in an environment of its own: set MICEFOREST
to a Python that has it. Both have one thread; time is that of the processor.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.harness import table, write
from latently import MixedImputer

SIZES = (20_000,)
K, SHARE = 5, 0.2
CATEGORIES = (2, 2, 3, 4, 5)
FAMILIES = {
    "latently": "auto",
    "latently, Poisson counts": dict.fromkeys(map("count {}".format, range(3)), "poisson"),
}
RIVAL = """
import sys, time
import pandas as pd, miceforest as mf
rows = pd.read_csv(sys.argv[1])
for name in rows:
    if name.startswith("category"):
        rows[name] = rows[name].astype("category")
start = time.process_time()
more = {} if sys.argv[3] == "defaults" else {"mean_match_candidates": 0}
kernel = mf.ImputationKernel(rows, num_datasets=1, random_state=0, **more)
kernel.mice(5, num_threads=1)
filled = kernel.complete_data(0)
print(time.process_time() - start)
filled.to_csv(sys.argv[2], index=False)
"""


def planted(n: int, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Complete rows, and the same with cells missing."""
    rng = np.random.default_rng(seed)
    z = rng.choice(K, n, p=rng.dirichlet(np.full(K, 8.0)))
    columns: dict[str, Any] = {}
    for j in range(4):
        mean, spread = rng.normal(0, 3, K), rng.uniform(0.5, 1.5, K)
        columns[f"number {j}"] = mean[z] + spread[z] * rng.standard_normal(n)
    for j in range(3):
        columns[f"count {j}"] = rng.poisson(rng.gamma(2.0, 3.0, K)[z]).astype(float)
    for j, C in enumerate(CATEGORIES):
        edges = rng.dirichlet(np.full(C, 0.6), K).cumsum(axis=1)[z]
        codes = (rng.random((n, 1)) > edges).sum(axis=1).clip(0, C - 1)
        columns[f"category {j}"] = np.array(list("abcde"), dtype=object)[codes]
    whole = pd.DataFrame(columns)
    return whole, whole.mask(rng.random(whole.shape) < SHARE)


def errors(filled: pd.DataFrame, whole: pd.DataFrame, holes: pd.DataFrame) -> dict[str, float]:
    """Root mean square error in standard deviations, and share of categories guessed right, on average."""
    rmse, right = [], []
    for name in whole:
        hidden = holes[name].isna()
        guess, true = filled[name][hidden], whole[name][hidden]
        if name.startswith("category"):
            right.append(float((guess.astype(str) == true).mean()))
        else:
            apart = guess.astype(float) - true
            rmse.append(float(np.sqrt((apart**2).mean()) / whole[name].std()))
    return {"rmse": float(np.mean(rmse)), "accuracy": float(np.mean(right))}


def rival(holes: pd.DataFrame, how: str) -> tuple[float, pd.DataFrame]:
    """Seconds of miceforest, and its table."""
    with tempfile.TemporaryDirectory() as folder:
        read, made = Path(folder) / "rows.csv", Path(folder) / "filled.csv"
        holes.to_csv(read, index=False)
        words = [os.environ["MICEFOREST"], "-c", RIVAL, str(read), str(made), how]
        env = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": ""}
        out = subprocess.run(words, capture_output=True, text=True, check=True, env=env).stdout
        return float(out.split()[-1]), pd.read_csv(made)


def ours(whole: pd.DataFrame, holes: pd.DataFrame, who: str, families: Any) -> dict[str, Any]:
    """Figures of a whole fit, the number of components by BIC included."""
    start = time.process_time()
    imputer = MixedImputer(families=families, random_state=0, n_jobs=1)
    filled = imputer.fit_transform(holes)
    spent = time.process_time() - start
    lower, upper = imputer.interval(holes)
    numbers = [name for name in whole if name.startswith("number")]
    hidden = holes[numbers].isna().to_numpy()
    inside = ((lower[numbers] <= whole[numbers]) & (whole[numbers] <= upper[numbers])).to_numpy()
    found = {"rows": len(whole), "who": who, "seconds": spent, **errors(filled, whole, holes)}
    return found | {"components": imputer.n_components_, "in 95% intervals": float(inside[hidden].mean())}


def main() -> None:
    """Run it, print the figures and write them down."""
    rows = []
    for n in SIZES:
        whole, holes = planted(n)
        MixedImputer(random_state=0, n_jobs=1).fit_transform(holes)  # compiles
        rows += [ours(whole, holes, who, families) for who, families in FAMILIES.items()]
        for how in ("predictions", "defaults"):
            seconds, filled = rival(holes, how)
            rows.append(
                {"rows": n, "who": f"miceforest, {how}", "seconds": seconds, **errors(filled, whole, holes)}
            )
            print(rows[-1])
    table("Mixed tables", rows)
    write("mixed_imputation", rows)


if __name__ == "__main__":
    main()
