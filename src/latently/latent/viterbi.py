"""The likeliest paths of sequences, one after the other; a long one is shared by two threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.core.backends import Backend
from latently.latent.base import Array
from latently.latent.chain_parts import padded_width

LONG_SEQUENCE = 2**20  # scores from which on a sequence is scored from both ends


def likeliest_paths(
    log_density: Array,
    index: NDArray[np.int64],
    startprob: Array,
    transmat: Array,
    offsets: NDArray[np.int64],
    backend: Backend,
) -> tuple[NDArray[np.int64], Array]:
    """The likeliest path of each sequence, and its log joint density with the data.

    `index` says which row of the log densities each time step has; it is empty if they are in order. The
    backend may share out the two directions of a long sequence.

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
    kept = np.empty((T, W), dtype=np.uint8 if lanes else np.float64)
    scored = _Scored(np.ascontiguousarray(table), index, start, square, kept, path, lanes)
    long = np.flatnonzero(np.diff(offsets) >= max(LONG_SEQUENCE // W, 2)).tolist()
    begin = 0
    for n in [*long, len(values)]:  # consecutive short ones, then a long one
        if begin < n:
            scored.whole(offsets[begin : n + 1], values[begin:n])
        if n < len(values):
            values[n] = scored.shared(int(offsets[n]), int(offsets[n + 1]), K, backend)
        begin = n + 1
    return path, values


@dataclass(frozen=True)
class _Scored:
    """Sequences and room for what is kept of each step, as the kernels take them; see `kernels.viterbi`."""

    table: Array
    index: NDArray[np.int64]
    start: Array
    transmat: Array
    kept: Array | NDArray[np.uint8]
    path: NDArray[np.int64]
    lanes: Any

    @property
    def kernels(self) -> Any:
        """Those for so many states."""
        from latently.kernels import viterbi, viterbi_few

        return viterbi_few if self.lanes else viterbi

    def whole(self, offsets: NDArray[np.int64], values: Array) -> None:
        """Paths of sequences, one after the other, in this thread."""
        parts = self.table, self.index, self.start, self.transmat, self.kept
        self.kernels.whole_paths(*parts, offsets, self.path, values, self.lanes)

    def shared(self, low: int, high: int, n_states: int, backend: Backend) -> float:
        """The path of one sequence, from both ends to the middle and back; its score."""
        kernels, mid = self.kernels, (low + high) // 2
        before, ahead = np.empty_like(self.start), np.full_like(self.start, -np.inf)
        ahead[:n_states] = 0.0
        transposed = np.ascontiguousarray(self.transmat.T)
        seen = self.table, self.index

        def score(forwards: bool) -> float:
            if forwards:
                parts = self.start, self.transmat, self.kept, low, mid, before
                taken = kernels.score_first(*seen, *parts, self.lanes)
            else:
                taken = kernels.score_backwards(*seen, transposed, self.kept, mid, high, ahead, self.lanes)
            return float(taken)

        def trace(backwards: bool) -> None:
            if backwards:
                kernels.trace_first(self.transmat, self.kept, low, mid, state, self.path)
            else:
                kernels.trace_ahead(*seen, self.transmat, self.kept, mid, high, state, self.path)

        taken = sum(backend.map(score, (True, False)))
        joint = before + ahead
        state = int(joint.argmax())
        for _ in backend.map(trace, (True, False)):
            pass
        return taken + float(joint[state])
