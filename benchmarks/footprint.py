"""Memory above the data, time to import, time to a first answer with and without compiled kernels on disk."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.harness import table, write
from latently import datasets

IMPORT = "import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
FIRST_FIT = """
from latently import GaussianMixture, datasets
GaussianMixture(2, random_state=0).fit(datasets.load_faithful().data)
"""
COMMAND = "import sys; from latently.cli import main; sys.argv = {arguments}; main()"
FAITHFUL = str(Path(datasets.__file__).with_name("faithful.csv"))
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


def cpu_seconds(code: str, folder: str) -> float:
    """User and system time of a new process that keeps its kernels in a folder."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"NUMBA_CACHE_DIR": folder}, capture_output=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def first_answers(rounds: int) -> list[dict[str, Any]]:
    """CPU seconds of processes from their start to their end: those of imports, compilers and pages count."""
    with tempfile.TemporaryDirectory() as out:
        command = ["latently", "cluster", FAITHFUL, "--out", out, "--force"]
        codes = {
            "a first fit, Old Faithful, K = 2": FIRST_FIT,
            "latently cluster, Old Faithful, all shapes and numbers, with its page": COMMAND.format(
                arguments=command
            ),
            "latently cluster, no such file": COMMAND.format(arguments=["latently", "cluster", "none.csv"]),
        }
        rows = []
        for what, code in codes.items():
            with tempfile.TemporaryDirectory() as folder:
                cold = cpu_seconds(code, folder)
                warm = statistics.median(cpu_seconds(code, folder) for _ in range(rounds))
            rows.append({"what": f"{what}, nothing compiled, CPU s", "value": cold})
            rows.append({"what": f"{what}, the second time, CPU s", "value": warm})
    return rows


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
    rows += first_answers(3)
    rows.append({"what": "peak memory above the data, 1e6 x 8, K = 16, MB", "value": run(MEMORY)})
    table("Footprint", rows)
    write("footprint", rows)
