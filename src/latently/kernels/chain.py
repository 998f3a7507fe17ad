"""Forward and backward along a Markov chain, and the expected counts, in one array of T x K.

The first half of a sequence is filled forwards and the second half backwards, at the same time; then each
direction goes on through the other half, where it meets what is needed to finish: so one array is enough,
and two threads can share one sequence (docs/formulas.md, "Forward and backward").

Vectors are rescaled when they have become small and not at each step: a division at each step is what the
next one would wait for. Times are counted from the beginning of the sequence for that in either direction, so
that a pass which stops and goes on (kernels/checkpoints.py) does the same. Densities come as rows of `table`,
at `index` or, where that is empty, in order: one compilation serves both.
"""

from __future__ import annotations

import numpy as np

from latently.kernels.compiling import ZERO, kernel, part
from latently.kernels.exponentials import exponentiate
from latently.kernels.lanes import aligned
from latently.kernels.special import log
from latently.kernels.vectors import (
    add_products,
    add_row,
    multiplied,
    panels,
    product_row,
    product_sum,
    scaled,
    scaled_row,
    stepped,
    sum_of,
    vector,
    width,
    write,
    write_product,
)

SMALL = 1e-30
LOST = 1e-200  # agreement of the two directions below which one of them has lost what mattered
EVERY = 8


@part
def row_at(index, t):
    """Row of the table that time t has."""
    return index[t] if len(index) else t


@part
def density_at(table, index, t):
    """Densities of time t under each state, up to a factor."""
    return table[row_at(index, t)]


@part
def rescaled(here, t):
    """A vector over its sum if that is small or it is time to, and the sum; 1 if it was left alone.

    Zero means that the vector is zero: nothing more is possible.
    """
    total = sum_of(here)
    if total > SMALL and t % EVERY:
        return here, 1.0
    if total > 0.0:
        return scaled(here, 1.0 / total), total
    return here, 0.0


@part
def forward_first(table, index, predicted, matrix, state, low, high, lanes):
    """Fill rows `low` to `high` of `state` with forward vectors; return the log of their scales.

    Where the sequence is impossible, the time at which it becomes so is given as well, -1 otherwise.
    `predicted` is what the times before say of `low`, and is overwritten with what all say of `high`.
    """
    K = width(lanes, predicted)
    here, room = vector(predicted, lanes), vector(predicted, lanes)
    log_scale = 0.0
    for t in range(low, high):
        here = multiplied(here, table, K * row_at(index, t))
        here, total = rescaled(here, t - low)
        if total != 1.0:
            if total == 0.0:
                return log_scale, t
            log_scale += log(total)
        write(here, state, K * t)
        here, room = stepped(here, matrix, room), here
    write(here, predicted, 0)
    return log_scale, -1


@part
def backward_first(table, index, back, matrix, state, low, high, lanes):
    """Fill rows `low` to `high` of `state` with backward vectors, up to a factor each.

    `back` is that of the last row, and is overwritten with that of the time before `low`.
    """
    K = width(lanes, back)
    here, room = vector(back, lanes), vector(back, lanes)
    for t in range(high - 1, low - 1, -1):
        write(here, state, K * t)
        here = multiplied(here, table, K * row_at(index, t))
        here, _ = rescaled(here, t - low)
        here, room = stepped(here, matrix, room), here
    write(here, back, 0)


@part
def forward_rest(table, index, matrix, before, state, low, high, weight, counts, symbol_counts, lanes):
    """Turn rows `low` to `high` of `state` from backward vectors into responsibilities, times `weight`.

    `before` is the forward vector of the time before, and is overwritten. What each step adds to the
    transitions is added to `counts`, transition probabilities left out.
    """
    K = width(lanes, before)
    here, room = vector(before, lanes), vector(before, lanes)
    left, ahead = aligned(EVERY, K, before.dtype), aligned(EVERY, K, before.dtype)
    log_scale, n = 0.0, ZERO
    for t in range(low, high):
        at, seen = K * t, K * row_at(index, t)
        write(here, left, K * n)
        here, room = stepped(here, matrix, room), here
        here = multiplied(here, table, seen)
        norm = product_sum(here, state, at)
        if not norm > LOST:
            return log_scale, t
        product_row(table, seen, state, at, weight / norm, ahead, K * n, K, lanes)
        write_product(here, weight / norm, state, at)
        if len(index):
            add_row(state, at, symbol_counts, seen, K, lanes)
        n += 1
        if n == EVERY:
            add_products(left, ahead, n, counts, lanes)
            n = ZERO
        here, total = rescaled(here, t - low)
        if total != 1.0:
            if total == 0.0:
                return log_scale, t
            log_scale += log(total)
    add_products(left, ahead, n, counts, lanes)
    write(here, before, 0)
    return log_scale, -1


@part
def backward_rest(table, index, matrix, after, state, low, high, weight, counts, symbol_counts, lanes, met):
    """Turn rows `low` to `high` of `state` from forward vectors into responsibilities, times `weight`.

    `after` is what the time `high` says: its backward vector times its densities; it is overwritten. The
    step to that time is counted unless this is where the two directions `met`: the other one counts it.
    """
    K = width(lanes, after)
    here, room = vector(after, lanes), vector(after, lanes)
    left, ahead = aligned(EVERY, K, after.dtype), aligned(EVERY, K, after.dtype)
    n = ZERO
    for t in range(high - 1, low - 1, -1):
        at, seen = K * t, K * row_at(index, t)
        write(here, ahead, K * n)
        here, room = stepped(here, matrix, room), here
        norm = product_sum(here, state, at)
        if not norm > LOST:
            return t
        if t < high - 1 or not met:
            scaled_row(state, at, weight / norm, left, K * n, K, lanes)
            n += 1
            if n == EVERY:
                add_products(left, ahead, n, counts, lanes)
                n = ZERO
        write_product(here, weight / norm, state, at)
        if len(index):
            add_row(state, at, symbol_counts, seen, K, lanes)
        here = multiplied(here, table, seen)
        here, _ = rescaled(here, t - low)
    add_products(left, ahead, n, counts, lanes)
    write(here, after, 0)
    return -1


@part
def middle(low, high):
    """Where the two directions meet: a multiple of `EVERY` from `low`, so that both rescale alike."""
    half = (high - low + 1) // 2
    return low + (half if half < EVERY else half - half % EVERY)


@kernel
def first_half(table, index, start, transmat, transposed, state, low, high, lanes, forward):
    """One direction through the half where it begins; see `forward_first` and `backward_first`."""
    mid = middle(low, high)
    if forward:
        matrix = panels(transmat, lanes)
        return forward_first(table, index, start.copy(), matrix, state, low, mid, lanes)
    matrix = panels(transposed, lanes)
    backward_first(table, index, np.ones(len(start)), matrix, state, mid, high, lanes)
    return 0.0, -1


@kernel
def other_half(
    table, index, transmat, transposed, edge, state, low, high, weight, counts, symbol_counts, lanes, forward
):
    """The same direction through the other half; see `forward_rest` and `backward_rest`."""
    mid = middle(low, high)
    if forward:
        matrix = panels(transmat, lanes)
        return forward_rest(
            table, index, matrix, edge, state, mid, high, weight, counts, symbol_counts, lanes
        )
    matrix = panels(transposed, lanes)
    return 0.0, backward_rest(
        table, index, matrix, edge, state, low, mid, weight, counts, symbol_counts, lanes, True
    )


@kernel
def forward_backward(
    table,
    index,
    offsets,
    weights,
    start,
    transmat,
    transposed,
    state,
    scales,
    initial,
    counts,
    symbol_counts,
    lanes,
):
    """Both directions through all sequences of a block, in this thread.

    Parameters
    ----------
    table : array of shape (n, K)
        Densities up to a factor for each row.
    index : array of int of shape (T,) or (0,)
        Which row of the table each time has; empty if they are in order.
    offsets : array of int of shape (n_sequences + 1,)
        Where sequences begin and end.
    weights : array of shape (n_sequences,)
        Their weights; a sequence without weight is left out.
    start : array of shape (K,)
        Probabilities of the first state.
    transmat, transposed : arrays of shape (K, K)
        Transition probabilities, from row to column, and transposed.
    state : array of shape (T, K)
        Where to write the responsibilities, weights applied.
    scales : array of shape (n_sequences,)
        Where to write the log-likelihoods, less the logs of what the densities were divided by.
    initial, counts, symbol_counts : arrays of shape (K,), (K, K), (n, K)
        Sums to add to: expected first states; expected transitions before they are multiplied by `transmat`;
        responsibilities by row of the table, if there is an index.
    lanes : tuple of K numbers, or None
        Tells the compiler the number of states, which is four or a multiple of eight.

    Returns
    -------
    sequence, time : int
        The first that is impossible, or in which a vector lost a state that mattered; -1, -1 if none is.
    """
    K = width(lanes, start)
    onward, backward = panels(transmat, lanes), panels(transposed, lanes)
    before, after = np.empty(K), np.empty(K)
    for u in range(len(weights)):
        low, high, weight = offsets[u], offsets[u + 1], weights[u]
        scales[u] = 0.0
        if low == high or weight == 0.0:
            state[low:high] = 0.0
            continue
        mid = middle(low, high)
        for j in range(K):
            before[j] = start[j]
            after[j] = 1.0
        total, wrong = forward_first(table, index, before, onward, state, low, mid, lanes)
        if wrong >= 0:
            return u, wrong
        backward_first(table, index, after, backward, state, mid, high, lanes)
        for j in range(K):
            before[j] = state[mid - 1, j]
            after[j] = 1.0
        if mid < high:
            b = density_at(table, index, mid)
            for j in range(K):
                after[j] = b[j] * state[mid, j]
        more, wrong = forward_rest(
            table, index, onward, before, state, mid, high, weight, counts, symbol_counts, lanes
        )
        if wrong >= 0:
            return u, wrong
        wrong = backward_rest(
            table, index, backward, after, state, low, mid, weight, counts, symbol_counts, lanes, True
        )
        if wrong >= 0:
            return u, wrong
        last = 0.0
        for j in range(K):
            last += before[j]
            initial[j] += state[low, j]
        scales[u] = total + more + log(last)
    return -1, -1


@kernel
def sequence_sums(values, offsets, weights, sums, sizes):
    """Write the sum of the values of each sequence, and of their absolute values; zero without weight."""
    for u in range(len(weights)):
        total, size = 0.0, 0.0
        if weights[u] != 0.0:
            for t in range(offsets[u], offsets[u + 1]):
                total += values[t]
                size += abs(values[t])
        sums[u], sizes[u] = total, size


@kernel
def shift_rows(log_density, shifted, top):
    """Write densities over the largest of their row, zeros in further columns, and the largest's logarithm.

    Rows that are all minus infinity become zero, and their logarithm minus infinity.
    """
    n, K = log_density.shape
    wide = shifted.shape[1]
    for s in range(n):
        best = -np.inf
        for j in range(K):
            v = log_density[s, j]
            best = best if v <= best else v  # NaN stays
        top[s] = best
        less = best if best > -np.inf else 0.0
        for j in range(K):
            shifted[s, j] = log_density[s, j] - less
        for j in range(K, wide):
            shifted[s, j] = -np.inf
    exponentiate(shifted.reshape(-1))
