"""Where kernels write what they add up in the same loop."""

from __future__ import annotations

import numpy as np

from latently.kernels.compiling import part

APART = 256


@part
def apart(n, like):
    """An array of n numbers of the type of `like`, far from all others.

    The compiler takes a sum side by side only if what the loop writes is not too near what it reads, which it
    finds out when it runs: so the last bits of the sum would depend on where arrays happen to lie.
    """
    return np.empty(n + 2 * APART, like.dtype)[APART : APART + n]
