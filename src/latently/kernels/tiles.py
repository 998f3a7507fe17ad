"""A tile of rows, and the pairs of rows and components in it that count.

Rows are held feature-major, so that inner loops run over samples. Most rows have a responsibility
above rounding for one or two components only, and a bound on the rest costs little: the Mahalanobis
norm of the first few features is never more than that of all. So a tile is worked on in stages: a
bound for every pair, the exact value for each row's best candidate, and then for those pairs whose
bound says that they might count. The rest is below the last bit of the sums it would be added to.
"""

from __future__ import annotations

import numpy as np

from latently.kernels.compiling import part
from latently.kernels.exponentials import exponentiate
from latently.kernels.special import log

TILE = 256
TINY = 1e-300

# -q / 2 + log(1 + q) <= SLOPE q + SPREAD for q >= 0, the tangent at q = 63: how much a pair may count for.
SLOPE = 0.015625 - 0.5
SPREAD = 3.18


@part
def load(x, start, size, rows):
    """Copy `size` rows of x from `start` on into `rows`, feature-major and as float64."""
    d = x.shape[1]
    for s in range(size):
        for i in range(d):
            rows[i, s] = x[start + s, i]


@part
def select(mask, count, index):
    """Write the positions of the set bytes of `mask` to `index`, and return how many there are.

    Eight bytes are looked at at a time: most masks are nearly empty. The bytes from `count` on to the next
    multiple of eight are cleared first.
    """
    words = mask.view(np.uint64)
    n_words = (count + 7) // 8
    for s in range(count, 8 * n_words):
        mask[s] = 0
    found = 0
    for word in range(n_words):
        if words[word]:
            for s in range(8 * word, 8 * word + 8):
                index[found] = s
                found += mask[s]
    return found


@part
def centre(rows, mean, n_features, count, centred):
    """Copy the first features of all columns of `rows`, less the mean, into `centred`."""
    for i in range(n_features):
        row, out, mu = rows[i], centred[i], mean[i]
        for s in range(count):
            out[s] = row[s] - mu


@part
def gather(rows, mean, index, count, centred):
    """Copy the named columns of `rows`, less the mean, into `centred`."""
    for i in range(len(mean)):
        row, out, mu = rows[i], centred[i], mean[i]
        for t in range(count):
            out[t] = row[index[t]] - mu


@part
def normalise(joint, index, first, top, total, size, weight):
    """Turn log joint densities of pairs into responsibilities; return bound and rounding_scale.

    Pairs of component k stand at ``first[k]:first[k + 1]``, their rows in `index`.
    """
    K = len(first) - 1
    for s in range(size):
        total[s] = 0.0
    for t in range(first[K]):
        joint[t] -= top[index[t]]
    exponentiate(joint[: first[K]])
    for t in range(first[K]):
        total[index[t]] += joint[t]
    bound = 0.0
    rounding_scale = 0.0
    for s in range(size):
        value = top[s] + log(total[s])
        bound += weight[s] * value
        rounding_scale += weight[s] * abs(value)
        total[s] = 1.0 / total[s]
    for t in range(first[K]):
        joint[t] *= total[index[t]]
    return bound, rounding_scale
