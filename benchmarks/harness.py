"""How measurements are made: contestants in turn, medians, ratios of medians; machine and versions named."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from llvmlite.binding import get_host_cpu_features

RESULTS = Path(__file__).parent / "results"
PEERS = ("latently", "numpy", "scipy", "scikit-learn", "scikit-learn-intelex", "numba")


def seconds(action: Callable[[], Any]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def alternate(contestants: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Measure each contestant in turn, `rounds` times over, so that a busy moment hits all alike."""
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, measure in contestants.items():
            found[name].append(measure())
    return found


def medians(found: dict[str, list[float]]) -> dict[str, float]:
    """Median of each contestant's measurements."""
    return {name: statistics.median(values) for name, values in found.items()}


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    model = "unknown"
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = lines[0].split(":")[1].strip() if lines else model
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "processor": model,
        "vector bits": vector_bits(),
        "cores": cores,
        "python": platform.python_version(),
        "versions": {name: installed(name) for name in PEERS},
    }


def vector_bits() -> int | None:
    """Width of the processor's vectors; None if it is not of the kind that we know of."""
    features = get_host_cpu_features()
    widths = {"avx512f": 512, "avx2": 256, "avx": 256, "sse2": 128, "neon": 128}
    return next((width for name, width in widths.items() if features.get(name)), None)


def installed(name: str) -> str | None:
    """Version of a package, None if it is not there."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def write(name: str, rows: Sequence[dict[str, Any]]) -> None:
    """Write the rows of one benchmark, with the machine, to results/NAME.json."""
    RESULTS.mkdir(exist_ok=True)
    content = {"machine": machine(), "rows": list(rows)}
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")


def table(title: str, rows: Sequence[dict[str, Any]]) -> None:
    """Print rows as an aligned table."""
    print(f"\n{title}")
    columns = list(rows[0])
    cells = [[_text(row.get(column)) for column in columns] for row in rows]
    widths = [max(len(column), *(len(row[i]) for row in cells)) for i, column in enumerate(columns)]
    for line in [columns, *cells]:
        print("  " + "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
