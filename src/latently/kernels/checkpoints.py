"""One segment of a sequence at a time: the steps of a pass that keeps vectors at the limits of segments only.

Each begins with the vector at which the segment before stopped, and leaves the one at which the next goes
on. Rows of `state` are those of the segment, and so are those of `table` or of `index`.
"""

from __future__ import annotations

from latently.kernels.chain import backward_first, backward_rest, forward_first, forward_rest
from latently.kernels.compiling import ZERO, kernel
from latently.kernels.log_chain import backward_logs, forward_logs
from latently.kernels.vectors import panels


@kernel
def fill_forward(table, index, predicted, transmat, state, lanes):
    """Write forward vectors; return the log of their scales, and where all becomes impossible, or -1."""
    matrix = panels(transmat, lanes)
    return forward_first(table, index, predicted, matrix, state, ZERO, len(state), lanes)


@kernel
def fill_backward(table, index, back, transposed, state, lanes):
    """Write backward vectors, up to a factor each."""
    matrix = panels(transposed, lanes)
    backward_first(table, index, back, matrix, state, ZERO, len(state), lanes)


@kernel
def finish_forward(table, index, transmat, before, state, weight, counts, symbol_counts, lanes):
    """Turn backward vectors into responsibilities; see `kernels.chain.forward_rest`."""
    matrix = panels(transmat, lanes)
    return forward_rest(
        table, index, matrix, before, state, ZERO, len(state), weight, counts, symbol_counts, lanes
    )


@kernel
def finish_backward(table, index, transposed, after, state, weight, counts, symbol_counts, lanes, met):
    """Turn forward vectors into responsibilities; see `kernels.chain.backward_rest`."""
    matrix = panels(transposed, lanes)
    return backward_rest(
        table, index, matrix, after, state, ZERO, len(state), weight, counts, symbol_counts, lanes, met
    )


@kernel
def fill_logs(table, index, predicted, log_transmat, state):
    """Write log forward vectors; return the log of their scales, and where all becomes impossible, or -1."""
    return forward_logs(table, index, predicted, log_transmat, ZERO, len(state), state)


@kernel
def finish_logs(table, index, log_transmat, after, more, state, weight, transitions, symbol_counts):
    """Turn log forward vectors into responsibilities; see `kernels.log_chain.backward_logs`."""
    n, K = len(state), len(after)
    backward_logs(table, index, log_transmat, after, more, state, ZERO, n, weight, transitions, symbol_counts)
    for t in range(n):
        for j in range(K, state.shape[1]):
            state[t, j] = 0.0
