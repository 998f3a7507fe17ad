"""The likeliest paths of sequences, one after the other; a long one is shared by two threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.core.executors import Executor
from latently.latent.base import Array
from latently.latent.chain_parts import padded_width

LONG = 4096  # times from which on a sequence is scored from both ends


def likeliest_paths(
    log_density: Array,
    index: NDArray[np.int64] | None,
    startprob: Array,
    transmat: Array,
    offsets: NDArray[np.int64],
    executor: Executor,
) -> tuple[NDArray[np.int64], Array]:
    """The likeliest path of each sequence, and its log joint density with the data.

    Parameters
    ----------
    log_density : array of shape (n, K)
        Log densities.
    index : array of int of shape (T,) or None
        Which row of them each time has; None if they are in order.
    startprob, transmat : arrays of shape (K,), (K, K)
        Probabilities.
    offsets : array of int of shape (n_sequences + 1,)
        Where sequences begin and end.
    executor : Executor
        For the two directions of a long sequence.

    References
    ----------
    .. [1] Viterbi, A. (1967). Error bounds for convolutional codes and an asymptotically optimum decoding
       algorithm. IEEE Transactions on Information Theory 13, 260-269.
    """
    K = len(startprob)
    W = padded_width(K)
    table = log_density
    if W > K:
        table = np.full((len(log_density), W), -np.inf)
        table[:, :K] = log_density
    start, square = np.full(W, -np.inf), np.full((W, W), -np.inf)
    with np.errstate(divide="ignore"):
        start[:K], square[:K, :K] = np.log(startprob), np.log(transmat)
    lanes = (0,) * W if W in (4, 8) else None
    T = int(offsets[-1])
    path, values = np.empty(T, dtype=np.int64), np.empty(len(offsets) - 1)
    scored = _Scored(np.ascontiguousarray(table), index, start, square, np.empty((T, W)), path, lanes)
    long = np.flatnonzero(np.diff(offsets) >= LONG).tolist()
    begin = 0
    for n in [*long, len(values)]:  # short ones on end, then a long one
        if begin < n:
            scored.whole(offsets[begin : n + 1], values[begin:n])
        if n < len(values):
            values[n] = scored.shared(int(offsets[n]), int(offsets[n + 1]), K, executor)
        begin = n + 1
    return path, values


@dataclass(frozen=True)
class _Scored:
    """Sequences and room for their scores, as the kernels take them; see `kernels.viterbi`."""

    table: Array
    index: NDArray[np.int64] | None
    start: Array
    transmat: Array
    scores: Array
    path: NDArray[np.int64]
    lanes: Any

    def whole(self, offsets: NDArray[np.int64], values: Array) -> None:
        """Paths of sequences, one after the other, in this thread."""
        from latently.kernels.viterbi import whole_paths

        parts = self.table, self.index, self.start, self.transmat, self.scores
        whole_paths(*parts, offsets, self.path, values, self.lanes)

    def shared(self, low: int, high: int, n_states: int, executor: Executor) -> float:
        """The path of one sequence, from both ends to the middle and back; its score."""
        from latently.kernels.viterbi import score_backwards, score_first, trace_ahead, trace_first

        mid = (low + high) // 2
        ahead = np.where(np.arange(len(self.start)) < n_states, 0.0, -np.inf)
        transposed = np.ascontiguousarray(self.transmat.T)
        seen = self.table, self.index

        def score(forwards: bool) -> None:
            if forwards:
                score_first(*seen, self.start, self.transmat, self.scores, low, mid, self.lanes)
            else:
                score_backwards(*seen, transposed, self.scores, mid, high, ahead, self.lanes)

        def trace(backwards: bool) -> None:
            if backwards:
                trace_first(self.transmat, self.scores, low, mid, state, self.path)
            else:
                trace_ahead(*seen, self.transmat, self.scores, mid, high, state, self.path)

        for _ in executor.map(score, (True, False)):
            pass
        joint = self.scores[mid - 1] + ahead
        state = int(joint.argmax())
        for _ in executor.map(trace, (True, False)):
            pass
        return float(joint[state])
