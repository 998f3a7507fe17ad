"""A state in words: what is seen in it, and where it leads."""

from __future__ import annotations

import numpy as np

from latently.estimators import CategoricalHMM, PoissonHMM
from latently.report.segmentation.analysis import SegmentationAnalysis
from latently.wording import count, decimals, listed, number, share

MOST_COLUMNS = 4
MOST_SYMBOLS = 3


def parameters(a: SegmentationAnalysis, k: int) -> str:
    """What is seen in a state: means and spreads, rates, or the likeliest symbols."""
    if isinstance(a.model, CategoricalHMM):
        return _symbols(a, k)
    if isinstance(a.model, PoissonHMM):
        named = [f"{name} {rate}" for name, rate in zip(a.names, rates(a, k), strict=True)]
        return f"a mean of {rates(a, k)[0]}" if len(named) == 1 else _some(named)
    named = [f"{name} {cell}" for name, cell in zip(a.names, means(a, k), strict=True)]
    return means(a, k)[0] if len(named) == 1 else _some(named)


def means(a: SegmentationAnalysis, k: int) -> list[str]:
    """Mean and standard deviation of each column in a state."""
    cells = []
    for j in range(len(a.names)):
        digits = decimals(a.deviations[:, j])
        mean, spread = a.model.means_[k, j], a.deviations[k, j]
        cells.append(f"{number(mean, digits)} ± {number(spread, digits)}")
    return cells


def rates(a: SegmentationAnalysis, k: int) -> list[str]:
    """Mean count of each column in a state, to two digits beyond its standard error or so."""
    rows = np.maximum(a.shares * a.n_rows, 1.0)
    digits = [decimals(a.deviations[:, j] / np.sqrt(rows)) for j in range(len(a.names))]
    return [number(rate, places) for rate, places in zip(a.model.lambdas_[k], digits, strict=True)]


def duration(a: SegmentationAnalysis, k: int) -> str:
    """Mean duration of a visit, in steps."""
    steps = a.durations[k]
    if not np.isfinite(steps):
        return "never ends"
    return number(steps, 1 if steps < 10 else 0)


def next_state(a: SegmentationAnalysis, k: int) -> str:
    """The likeliest next state once a state is left, and how likely it is."""
    if not a.exits[k].any():
        return "none"
    following = int(a.exits[k].argmax())
    return f"{following} ({share(a.exits[k, following])})"


def lasts(a: SegmentationAnalysis, k: int) -> str:
    """How long a state lasts and where it leads, as half a sentence."""
    if not np.isfinite(a.durations[k]):
        return "it is never left"
    steps = duration(a, k)
    step = "step" if steps == "1.0" else "steps"
    said = f"it lasts {steps} {step} on average"
    if a.n_states == 2:
        return f"{said} and then turns into state {1 - k}"
    return f"{said} and is mostly followed by state {next_state(a, k)}"


def visited(a: SegmentationAnalysis, k: int) -> str:
    """How often the path visits a state."""
    times = int(a.visits[k])
    return {0: "never", 1: "once", 2: "twice"}.get(times, f"{times:,} times")


def _symbols(a: SegmentationAnalysis, k: int) -> str:
    probabilities = a.model.emissionprob_[k]
    order = np.argsort(-probabilities, kind="stable")[:MOST_SYMBOLS]
    named = [f"{a.model.categories_[s]} {share(probabilities[s])}" for s in order if probabilities[s] > 0]
    rest = 1.0 - probabilities[order].sum()
    return listed([*named, f"others {share(rest)}"] if rest > 1e-9 else named)


def _some(named: list[str]) -> str:
    if len(named) <= MOST_COLUMNS:
        return listed(named)
    return listed([*named[:MOST_COLUMNS], count(len(named) - MOST_COLUMNS, "more column")])
