"""Forward and backward along a Markov chain, and the expected counts, in one array of T x K.

The first half of a sequence is filled forwards and the second half backwards, at the same time; then each
direction goes on through the other half, where it meets what is needed to finish: so one array is enough,
and two threads can share one sequence (docs/formulas.md, "Forward and backward").

Vectors are rescaled when they have become small and not at each step: a division at each step is what the
next one would wait for. Times are counted from the beginning of the sequence for that in either direction, so
that a pass which stops and goes on (kernels/checkpoints.py) does the same. Densities come as rows of `table`,
at `index` or, without one, in order.
"""

from __future__ import annotations

import numpy as np

from latently.kernels.compiling import kernel, part
from latently.kernels.special import exp, log

SMALL = 1e-30
LOST = 1e-200  # agreement of the two directions below which one of them has lost what mattered
EVERY = 8


@part
def density_at(table, index, t):
    """Densities of time t under each state, up to a factor."""
    if index is None:
        return table[t]
    return table[index[t]]


@part
def width(lanes, vector):
    """Number of states, known to the compiler if `lanes` is a tuple of so many numbers."""
    if lanes is None:
        return len(vector)
    return len(lanes)


@part
def tally(tallies, index, t, resp, lanes):
    """Add the responsibilities of time t to those of its symbol, if there are symbols."""
    if index is not None:
        row = tallies[index[t]]
        for j in range(width(lanes, resp)):
            row[j] += resp[j]


@part
def step(matrix, vector, lanes, out):
    """Write ``vector @ matrix``; the number of states is four or a multiple of eight."""
    K = width(lanes, vector)
    if K == 4:
        p0, p1, p2, p3 = vector[0], vector[1], vector[2], vector[3]
        a0, a1, a2, a3 = matrix[0], matrix[1], matrix[2], matrix[3]
        for j in range(K):
            out[j] = (p0 * a0[j] + p1 * a1[j]) + (p2 * a2[j] + p3 * a3[j])
        return
    for i in range(0, K, 8):
        p0, p1, p2, p3 = vector[i], vector[i + 1], vector[i + 2], vector[i + 3]
        p4, p5, p6, p7 = vector[i + 4], vector[i + 5], vector[i + 6], vector[i + 7]
        a0, a1, a2, a3 = matrix[i], matrix[i + 1], matrix[i + 2], matrix[i + 3]
        a4, a5, a6, a7 = matrix[i + 4], matrix[i + 5], matrix[i + 6], matrix[i + 7]
        if i == 0:
            for j in range(K):
                one = (p0 * a0[j] + p1 * a1[j]) + (p2 * a2[j] + p3 * a3[j])
                out[j] = one + ((p4 * a4[j] + p5 * a5[j]) + (p6 * a6[j] + p7 * a7[j]))
        else:
            for j in range(K):
                one = (p0 * a0[j] + p1 * a1[j]) + (p2 * a2[j] + p3 * a3[j])
                out[j] += one + ((p4 * a4[j] + p5 * a5[j]) + (p6 * a6[j] + p7 * a7[j]))


@part
def rescaled(vector, t, low, lanes):
    """Divide a vector by its sum if that is small or it is time to; return the sum, 1 if it was left alone.

    Zero means that the vector is zero: nothing more is possible.
    """
    K = width(lanes, vector)
    total = 0.0
    for j in range(K):
        total += vector[j]
    if total > low and t % EVERY:
        return 1.0
    if total > 0.0:
        inverse = 1.0 / total
        for j in range(K):
            vector[j] *= inverse
    return total


@part
def forward_first(table, index, predicted, transmat, state, low, high, lanes):
    """Fill rows `low` to `high` of `state` with forward vectors; return the log of their scales.

    Where the sequence is impossible, the time at which it becomes so is given as well, -1 otherwise.
    `predicted` is what the times before say of `low`, and is overwritten with what all say of `high`.
    """
    K = width(lanes, predicted)
    before = np.empty(K)
    log_scale = 0.0
    for t in range(low, high):
        here, b = state[t], density_at(table, index, t)
        for j in range(K):
            before[j] = predicted[j] * b[j]
        total = rescaled(before, t - low, SMALL, lanes)
        if total != 1.0:
            if not total > 0.0:
                return log_scale, t
            log_scale += log(total)
        step(transmat, before, lanes, predicted)
        for j in range(K):
            here[j] = before[j]
    return log_scale, -1


@part
def backward_first(table, index, back, transposed, state, low, high, lanes):
    """Fill rows `low` to `high` of `state` with backward vectors, up to a factor each.

    `back` is that of the last row, and is overwritten with that of the time before `low`.
    """
    K = width(lanes, back)
    ahead = np.empty(K)
    for t in range(high - 1, low - 1, -1):
        here, b = state[t], density_at(table, index, t)
        for j in range(K):
            here[j] = back[j]
            ahead[j] = back[j] * b[j]
        rescaled(ahead, t - low, SMALL, lanes)
        step(transposed, ahead, lanes, back)


@part
def forward_rest(table, index, transmat, before, state, low, high, weight, counts, tallies, lanes):
    """Turn rows `low` to `high` of `state` from backward vectors into responsibilities, times `weight`.

    `before` is the forward vector of the time before, and is overwritten. What each step adds to the
    transitions is added to `counts`, transition probabilities left out.
    """
    K = width(lanes, transmat)
    predicted, ahead = np.empty(K), np.empty(K)
    log_scale = 0.0
    for t in range(low, high):
        here, b = state[t], density_at(table, index, t)
        step(transmat, before, lanes, predicted)
        norm = 0.0
        for j in range(K):
            ahead[j] = b[j] * here[j]
            norm += predicted[j] * ahead[j]
        if not norm > LOST:
            return log_scale, t
        inverse = weight / norm
        for j in range(K):
            ahead[j] *= inverse
        for i in range(K):
            p, row = before[i], counts[i]
            for j in range(K):
                row[j] += p * ahead[j]
        for j in range(K):
            here[j] = predicted[j] * ahead[j]
            before[j] = predicted[j] * b[j]
        tally(tallies, index, t, here, lanes)
        total = rescaled(before, t - low, SMALL, lanes)
        if total != 1.0:
            if not total > 0.0:
                return log_scale, t
            log_scale += log(total)
    return log_scale, -1


@part
def backward_rest(table, index, transposed, after, state, low, high, weight, counts, tallies, lanes, met):
    """Turn rows `low` to `high` of `state` from forward vectors into responsibilities, times `weight`.

    `after` is what the time `high` says: its backward vector times its densities; it is overwritten. The
    step to that time is counted unless this is where the two directions `met`: the other one counts it.
    """
    K = width(lanes, transposed)
    back = np.empty(K)
    for t in range(high - 1, low - 1, -1):
        here = state[t]
        step(transposed, after, lanes, back)
        norm = 0.0
        for j in range(K):
            norm += here[j] * back[j]
        if not norm > LOST:
            return t
        inverse = weight / norm
        if t < high - 1 or not met:
            for i in range(K):
                p, row = inverse * here[i], counts[i]
                for j in range(K):
                    row[j] += p * after[j]
        b = density_at(table, index, t)
        for j in range(K):
            here[j] *= inverse * back[j]
            after[j] = back[j] * b[j]
        tally(tallies, index, t, here, lanes)
        rescaled(after, t - low, SMALL, lanes)
    return -1


@part
def middle(low, high):
    """Where the two directions meet: a multiple of `EVERY` from `low`, so that both rescale alike."""
    half = (high - low + 1) // 2
    return low + (half if half < EVERY else half - half % EVERY)


@kernel
def first_half(table, index, start, transmat, transposed, state, low, high, lanes, forward):
    """One direction through the half where it begins; see `forward_first` and `backward_first`."""
    mid, K = middle(low, high), width(lanes, start)
    vector = np.empty(K)
    for j in range(K):
        vector[j] = start[j] if forward else 1.0
    if forward:
        return forward_first(table, index, vector, transmat, state, low, mid, lanes)
    backward_first(table, index, vector, transposed, state, mid, high, lanes)
    return 0.0, -1


@kernel
def other_half(
    table, index, transmat, transposed, vector, state, low, high, weight, counts, tallies, lanes, forward
):
    """The same direction through the other half; see `forward_rest` and `backward_rest`."""
    mid = middle(low, high)
    if forward:
        return forward_rest(table, index, transmat, vector, state, mid, high, weight, counts, tallies, lanes)
    return 0.0, backward_rest(
        table, index, transposed, vector, state, low, mid, weight, counts, tallies, lanes, True
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
    tallies,
    lanes,
):
    """Both directions through all sequences of a block, in this thread.

    Parameters
    ----------
    table : array of shape (n, K)
        Densities up to a factor for each row.
    index : array of int of shape (T,) or None
        Which row of the table each time has; None if they are in order.
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
    initial, counts, tallies : arrays of shape (K,), (K, K), (n, K)
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
    vector, after = np.empty(K), np.empty(K)
    for u in range(len(weights)):
        low, high, weight = offsets[u], offsets[u + 1], weights[u]
        scales[u] = 0.0
        if low == high or weight == 0.0:
            for t in range(low, high):
                for j in range(K):
                    state[t, j] = 0.0
            continue
        mid = middle(low, high)
        for j in range(K):
            vector[j] = start[j]
            after[j] = 1.0
        total, wrong = forward_first(table, index, vector, transmat, state, low, mid, lanes)
        if wrong >= 0:
            return u, wrong
        backward_first(table, index, after, transposed, state, mid, high, lanes)
        for j in range(K):
            vector[j] = state[mid - 1, j]
            after[j] = 1.0
        if mid < high:
            b = density_at(table, index, mid)
            for j in range(K):
                after[j] = b[j] * state[mid, j]
            more, wrong = forward_rest(
                table, index, transmat, vector, state, mid, high, weight, counts, tallies, lanes
            )
            if wrong >= 0:
                return u, wrong
            total += more
            wrong = backward_rest(
                table, index, transposed, after, state, low, mid, weight, counts, tallies, lanes, True
            )
            if wrong >= 0:
                return u, wrong
        else:
            norm = 0.0
            for j in range(K):
                norm += vector[j]
            for j in range(K):
                state[low, j] = weight / norm * vector[j]
            tally(tallies, index, low, state[low], lanes)
        last = 0.0
        for j in range(K):
            last += vector[j]
            initial[j] += state[low, j]
        scales[u] = total + log(last)
    return -1, -1


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
    flat = shifted.reshape(-1)
    for i in range(len(flat)):
        flat[i] = exp(flat[i])
