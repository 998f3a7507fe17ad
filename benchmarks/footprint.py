"""Memory above the data, time to import, time to a first answer with and without compiled kernels on disk."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from typing import Any

from benchmarks.harness import table, write

IMPORT = "import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
FIRST_FIT = """
import time
t = time.perf_counter()
from latently import GaussianMixture, datasets
X = datasets.load_faithful().data
start = time.perf_counter()
GaussianMixture(2, random_state=0).fit(X)
print(time.perf_counter() - start)
"""
MEMORY = """
import resource, threading, time, sys
import numpy as np
sys.path.insert(0, ".")
from benchmarks.data import clusters
from latently import GaussianMixture
X, means = clusters(1_000_000, 8, 16)
start = dict(weights_init=np.full(16, 1 / 16), means_init=means)
start["precisions_init"] = np.repeat(np.eye(8)[None], 16, 0)
GaussianMixture(16, max_iter=1, tol=0, **start).fit(X[:20000])
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
GaussianMixture(16, max_iter=10, tol=0, **start).fit(X)
done = True
watcher.join()
print((peak - before) / 1e6)
"""


def run(code: str, **environment: str) -> float:
    """What a new process prints."""
    result = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return float(result.stdout.split()[-1])


def main(rounds: int = 7) -> None:
    """Measure, print and write."""
    rows: list[dict[str, Any]] = []
    times = {"latently": [], "sklearn.mixture": []}  # type: dict[str, list[float]]
    for _ in range(rounds):
        for module, found in times.items():
            found.append(run(IMPORT.format(module=module)))
    ours, theirs = (statistics.median(found) for found in times.values())
    rows.append({"what": "import latently, s", "value": ours})
    rows.append({"what": "import sklearn.mixture, s", "value": theirs})
    rows.append({"what": "ratio of the two", "value": ours / theirs})
    with tempfile.TemporaryDirectory() as folder:
        cold = run(FIRST_FIT, NUMBA_CACHE_DIR=folder)
        warm = statistics.median(run(FIRST_FIT, NUMBA_CACHE_DIR=folder) for _ in range(rounds))
    rows.append({"what": "first fit in a process, nothing compiled, s", "value": cold})
    rows.append({"what": "first fit in a process, kernels on disk, s", "value": warm})
    rows.append({"what": "peak memory above the data, 1e6 x 8, K = 16, MB", "value": run(MEMORY)})
    table("Footprint", rows)
    write("footprint", rows)
