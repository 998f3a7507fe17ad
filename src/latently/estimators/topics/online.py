"""Fits of topic models that see a minibatch at a time, of data in memory or of a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.core.blocks import ArraySource, Block
from latently.core.em import STOPPED, Callback
from latently.core.executors import Executor
from latently.models.admixture import Schedule, Stream, StreamingAdmixture

AT_FIRST = 0.005  # random counts to begin with, as a part of all tokens


def minibatches(source: ArraySource, size: int) -> Iterator[Block]:
    """The documents of a source, some at a time, in their order."""
    offsets: Any = source.offsets
    for start in range(0, len(source), size):
        stop = min(start + size, len(source))
        low, high = offsets[start], offsets[stop]
        yield Block(source.x[low:high], source.weights[start:stop], offsets[start : stop + 1] - low, start)


def begin(
    n_words: int, n_components: int, n_tokens: float, logs: bool, dtype: Any, rng: np.random.Generator
) -> Stream:
    """Random counts, few enough that the first minibatches outweigh them.

    Where documents are inferred with expected logs, counts much below one would differ by orders of
    magnitude: so they are about one.
    """
    if logs:
        return Stream.begin(rng.gamma(100.0, 0.01, (n_words, n_components)).astype(dtype))
    counts = rng.gamma(1.0, 1.0, (n_words, n_components)).astype(dtype)
    counts *= AT_FIRST * n_tokens / max(float(counts.sum(dtype=np.float64)), 1e-300)
    return Stream.begin(counts)


def run_through(
    model: StreamingAdmixture,
    stream: Stream,
    batches: Callable[[], Iterator[Block]],
    n_documents: float,
    schedule: Schedule,
    n_passes: int,
    callbacks: Sequence[Callback],
    executor: Executor,
) -> tuple[int, str]:
    """Go through the minibatches so many times; the passes made, and why it ended."""
    for n_iter in range(1, n_passes + 1):
        bound, tokens = 0.0, 0.0
        for block in batches():
            weight = float(block.weights.sum())
            if not weight or not block.n_rows:
                continue
            rate = schedule.weight(stream.n_steps)
            touched = model.step(stream, block, n_documents / weight, rate, executor)
            bound += touched.bound
            tokens += tokens_of(block)
        per_token = bound / tokens if tokens else 0.0
        stop = [bool(callback(n_iter, None, per_token)) for callback in callbacks]
        if any(stop):
            return n_iter, STOPPED
    return n_passes, f"made max_iter={n_passes} passes"


def tokens_of(block: Block) -> float:
    """Tokens of a minibatch, weights applied."""
    offsets: NDArray[np.int64] = np.asarray(block.offsets)
    per_entry = np.repeat(block.weights, np.diff(offsets))
    return float(per_entry @ block.x.counts.astype(np.float64))
