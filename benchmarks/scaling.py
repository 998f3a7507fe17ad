"""Data larger than memory, and workers of a cluster, beside the same rows in memory.

Rows a second of one pass of EM: in memory, from Parquet files, on two workers of one thread each. Peak memory
of a fit of all files, in a process of its own. A twentieth of the size, or by LATENTLY_SCALE=1 all 4 GB.
"""

from __future__ import annotations

import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import table, write

N, D, K = 60_000_000, 8, 16
FILES, GROUP, STEPS, IN_MEMORY = 12, 500_000, 6, 5_000_000
ON_CLUSTER, CHUNKS, ROUNDS = 2_000_000, 16, 3

FIT = """
import json, re, sys
from pathlib import Path
import numpy as np
from benchmarks.scaling import model, steps
from latently import scan
seconds = steps(lambda callbacks: model(sys.argv[2], callbacks).fit(scan(sys.argv[1])))
# The peak that getrusage knows may be that of the process which started this one.
peak = re.search(r"VmHWM:[^0-9]*([0-9]+)", Path("/proc/self/status").read_text())
print(json.dumps([seconds, int(peak[1]) / 1024]))
"""


def truth() -> tuple[np.ndarray, np.ndarray]:
    """Means, and roots of covariances, of overlapping clusters."""
    rng = np.random.default_rng(0)
    return 3 * rng.normal(size=(K, D)), 0.4 * rng.normal(size=(K, D, D)) + np.eye(D)


def rows(n: int, rng: np.random.Generator) -> np.ndarray:
    """Rows of these clusters."""
    means, roots = truth()
    labels, noise = rng.integers(K, size=n), rng.standard_normal((n, D))
    for k in range(K):
        mine = labels == k
        noise[mine] = noise[mine] @ roots[k].T
    return np.asarray(means[labels] + noise)


def generate(folder: Path, n: int) -> None:
    """Parquet files of so many rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(1)
    for i in range(FILES):
        writer: Any = None
        for start in range(0, n // FILES, GROUP):
            x = rows(min(GROUP, n // FILES - start), rng)
            part = pa.table({f"x{j}": x[:, j] for j in range(D)})
            writer = writer or pq.ParquetWriter(folder / f"{i:02}.parquet", part.schema, use_dictionary=False)
            writer.write_table(part, row_group_size=GROUP)
        writer.close()


def model(threads: Any, callbacks: list[Any]) -> Any:
    """A mixture that starts near the truth and makes so many plain steps."""
    from latently import GaussianMixture

    how: dict[str, Any] = {"means_init": truth()[0] + 0.5, "n_init": 1, "max_iter": STEPS, "tol": 0}
    return GaussianMixture(K, **how, n_jobs=int(threads), callbacks=callbacks)


def steps(fit: Callable[[list[Any]], Any]) -> float:
    """Median seconds of a step of a fit."""
    times: list[float] = []
    fit([lambda *_: times.append(time.perf_counter()) and None])
    return statistics.median(np.diff(times)[1:])


def out_of_core(folder: Path, n: int) -> dict[str, Any]:
    """A fit of all files in a process of its own, beside rows in memory."""
    import json

    from latently import scan

    x = rows(min(n, IN_MEMORY), np.random.default_rng(2))
    memory, streamed = [], []
    for _ in range(ROUNDS):
        memory.append(len(x) / steps(lambda callbacks: model(2, callbacks).fit(x)))
        some = scan(sorted(map(str, folder.glob("*.parquet")))[: max(1, len(x) * FILES // n)])
        n_some = n // FILES * len(some.paths)
        streamed.append(n_some / steps(lambda callbacks, some=some: model(2, callbacks).fit(some)))
    here = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
    done = subprocess.run(
        [sys.executable, "-c", FIT, str(folder), "2"], capture_output=True, text=True, check=True, env=here
    )
    seconds, peak = json.loads(done.stdout.split("\n")[-2])
    return {
        "rows": n,
        "in memory, million rows/s": statistics.median(memory) / 1e6,
        "from files, million rows/s": statistics.median(streamed) / 1e6,
        "ratio": statistics.median(streamed) / statistics.median(memory),
        "all files, million rows/s": n / seconds / 1e6,
        "peak memory, MB": peak,
    }


def on_cluster(n: int) -> dict[str, Any]:
    """Two workers of one thread beside two threads, and the bytes that an iteration sends."""
    import cloudpickle
    import dask.array as da
    from distributed import Client, LocalCluster

    from latently.core import cluster as ours

    x = rows(n, np.random.default_rng(3))
    sent: list[int] = []
    folded = ours.ClusterSource._folded

    def counted(self: Any, task: Any) -> Any:
        found = folded(self, task)
        sent.append(
            len(self.groups) * len(cloudpickle.dumps(task)) + len(self.chunks) * len(pickle.dumps(found))
        )
        return found

    threads, workers = [], []
    with tempfile.TemporaryDirectory() as folder:
        for i, part in enumerate(np.array_split(x, CHUNKS)):
            np.save(Path(folder, f"{i}.npy"), part)
        parts = [
            da.from_delayed(_loaded(Path(folder, f"{i}.npy")), (n // CHUNKS, D), float) for i in range(CHUNKS)
        ]
        with (
            LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
            Client(cluster),
        ):
            ours.ClusterSource._folded = counted  # type: ignore[method-assign]
            for _ in range(ROUNDS):
                threads.append(n / steps(lambda callbacks: model(2, callbacks).fit(x)))
                workers.append(n / steps(lambda callbacks: model(2, callbacks).fit(da.concatenate(parts))))
            ours.ClusterSource._folded = folded  # type: ignore[method-assign]
    return {
        "rows": n,
        "two threads, million rows/s": statistics.median(threads) / 1e6,
        "two workers, million rows/s": statistics.median(workers) / 1e6,
        "ratio": statistics.median(workers) / statistics.median(threads),
        "kB sent an iteration": statistics.median(sent) / 1e3,
    }


def _loaded(path: Path) -> Any:
    from dask import delayed

    return delayed(np.load)(path)


def main() -> None:
    """Run them."""
    n = int(N * float(os.environ.get("LATENTLY_SCALE", "0.05")))
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder), n)
        found = [out_of_core(Path(folder), n)]
    table("From files larger than memory, beside memory", found)
    write("out_of_core", found)
    found = [on_cluster(size) for size in (ON_CLUSTER // 4, ON_CLUSTER)]
    table("On two workers of a Dask cluster, beside two threads", found)
    write("cluster", found)


if __name__ == "__main__":
    main()
