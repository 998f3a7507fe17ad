"""The distinct words of a minibatch, at a cost that does not depend on the vocabulary."""

from __future__ import annotations

import numpy as np

from latently.kernels.compiling import kernel


@kernel
def relabel(words, place):
    """Number the distinct words in the order in which they first occur.

    Parameters
    ----------
    words : array of int32 of shape (n_entries,)
        Word ids.
    place : array of int32 of shape (n_words,)
        All -1, before and after.

    Returns
    -------
    found : array of int64
        The distinct ids.
    numbers : array of int32 of shape (n_entries,)
        Which of them each entry is.
    """
    found, numbers = np.empty(len(words), np.int64), np.empty(len(words), np.int32)
    n = 0
    for p in range(len(words)):
        w = words[p]
        if place[w] < 0:
            place[w] = n
            found[n] = w
            n += 1
        numbers[p] = place[w]
    for i in range(n):
        place[found[i]] = -1
    return found[:n].copy(), numbers
