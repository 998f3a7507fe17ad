"""Random numbers that follow from a seed and from what a document holds.

So equal documents start alike, and neither their order nor the number of threads matters. The
generator is splitmix64 (Steele, Lea & Flood 2014, section 4).
"""

from __future__ import annotations

import numpy as np

from latently.kernels.compiling import kernel, part
from latently.kernels.special import bits_of

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@part
def mixed(z):
    """Scramble 64 bits."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@part
def document_state(words, counts, begin, end, seed):
    """Where the stream of a document begins: that of the same counts in single precision is the same."""
    state = seed
    for p in range(begin, end):
        state = mixed(state + GOLDEN + np.uint64(words[p]))
        state = mixed(state + GOLDEN + np.uint64(bits_of(np.float64(np.float32(counts[p])))))
    return state


@part
def uniform(state):
    """The next state, and a number in [0, 1)."""
    state = state + GOLDEN
    return state, np.float64(mixed(state) >> np.uint64(11)) * 1.1102230246251565e-16


@kernel
def fingerprints(words, counts, offsets):
    """A number for each document that follows from what it holds."""
    found = np.empty(len(offsets) - 1, np.uint64)
    for d in range(len(found)):
        found[d] = document_state(words, counts, offsets[d], offsets[d + 1], np.uint64(0))
    return found
