"""In how many documents, or windows of text, words of a topic stand together."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Array
from latently.metrics.topics.splitting import as_counts

TOKENS_AT_ONCE = 1 << 12
DOCUMENTS_AT_ONCE = 1 << 11


@dataclass(frozen=True)
class Cooccurrence:
    """Where words stand together."""

    # (n_topics, n, n): in how many windows two words of a topic are; on the diagonal, one word. Beyond the
    # words of a short topic, zero
    joint: Array
    n_windows: int  # of how many


def in_texts(
    topics: Sequence[Sequence[Hashable]], documents: Iterable[Sequence[Hashable]], window: int | None
) -> Cooccurrence:
    """Count windows of `window` tokens, moved on token by token; whole documents if it is None.

    A document no longer than a window is one window; an empty one is none.
    """
    columns = _columns(topics)
    numbers = {word: i for i, word in enumerate(dict.fromkeys(word for topic in topics for word in topic))}
    places = [[numbers[word] for word in topic] for topic in topics]
    joint, n_windows = np.zeros((len(topics), columns, columns)), 0
    for tokens, starts, ends in _parts(documents, numbers, window):
        # One more column, always empty, stands for what a short topic lacks.
        present = _present(tokens, starts, ends, len(numbers) + 1)
        joint += _products(present, _padded(places, columns, len(numbers)))
        n_windows += len(starts)
    return Cooccurrence(joint, n_windows)


def in_counts(topics: Sequence[Sequence[int]], counts: object) -> Cooccurrence:
    """Count documents of a matrix of counts; those without words do not count.

    Raises a ValueError if a column is not there, or X is no matrix of counts.
    """
    X = as_counts(counts)
    for number, topic in enumerate(topics):
        for word in topic:
            if not 0 <= word < X.shape[1]:
                raise ValueError(
                    f"topic {number} has word {word}, and documents have columns 0 to {X.shape[1] - 1}: give "
                    "topics and documents of the same vocabulary"
                )
    columns = _columns(topics)
    used = np.unique(np.concatenate([np.asarray(topic, dtype=np.intp) for topic in topics]))
    places = [[int(np.searchsorted(used, word)) for word in topic] for topic in topics]
    joint = np.zeros((len(topics), columns, columns))
    for start in range(0, X.shape[0], DOCUMENTS_AT_ONCE):
        part = X[start : start + DOCUMENTS_AT_ONCE, used].toarray() > 0
        present = np.hstack([part, np.zeros((len(part), 1), dtype=bool)])
        joint += _products(present, _padded(places, columns, len(used)))
    return Cooccurrence(joint, int((np.diff(X.indptr) > 0).sum()))


def _columns(topics: Sequence[Sequence[object]]) -> int:
    return max(len(topic) for topic in topics)


def _padded(places: list[list[int]], columns: int, empty: int) -> NDArray[np.intp]:
    return np.array([topic + [empty] * (columns - len(topic)) for topic in places])


def _products(present: NDArray[np.bool_], places: NDArray[np.intp]) -> Array:
    """Joint counts per topic; exact, as single precision holds whole numbers up to 2**24."""
    chosen = present.astype(np.float32)[:, places].transpose(1, 2, 0)
    return np.asarray(chosen @ chosen.transpose(0, 2, 1), dtype=np.float64)


def _present(
    tokens: NDArray[np.intp], starts: NDArray[np.intp], ends: NDArray[np.intp], n_words: int
) -> NDArray[np.bool_]:
    """Which words are in which windows, by differences of running counts."""
    running = np.zeros((len(tokens) + 1, n_words), dtype=np.int32)
    known = np.flatnonzero(tokens >= 0)
    running[known + 1, tokens[known]] = 1
    np.cumsum(running, axis=0, out=running)
    return np.asarray(running[ends] > running[starts])


def _parts(
    documents: Iterable[Sequence[Hashable]], numbers: Mapping[Hashable, int], window: int | None
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]]:
    """Several thousand tokens at a time, -1 for words of no topic, with the limits of windows in them."""
    tokens: list[int] = []
    starts: list[NDArray[np.intp]] = []
    ends: list[NDArray[np.intp]] = []
    for document in documents:
        for piece, opened in _pieces([numbers.get(word, -1) for word in document], window):
            start = len(tokens) + np.arange(opened)
            tokens += piece
            starts.append(start)
            ends.append(np.minimum(start + (window or len(piece)), len(tokens)))
            if len(tokens) >= TOKENS_AT_ONCE:
                yield np.array(tokens), np.concatenate(starts), np.concatenate(ends)
                tokens, starts, ends = [], [], []
    if tokens:
        yield np.array(tokens), np.concatenate(starts), np.concatenate(ends)


def _pieces(tokens: list[int], window: int | None) -> Iterator[tuple[list[int], int]]:
    """A document in pieces that memory holds, each with the number of windows that begin in it."""
    if not tokens:
        return
    if window is None:
        yield tokens, 1
        return
    n_windows = max(1, len(tokens) - window + 1)
    for start in range(0, n_windows, TOKENS_AT_ONCE):
        opened = min(TOKENS_AT_ONCE, n_windows - start)
        yield tokens[start : start + opened + window - 1], opened
