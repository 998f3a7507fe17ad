"""exp of whole rows of numbers: sixteen at a time, so that no step of one waits for the step before it."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core.errors import TypingError
from numba.extending import intrinsic

from latently.kernels.compiling import part
from latently.kernels.lanes import EIGHT, FUSED, Lanes, load, store
from latently.kernels.special import LOG_2, LOWEST, OVER_LOG_2, REST_OF_LOG_2, SHIFT, TERMS, exp

SIXTEEN = EIGHT + EIGHT


@intrinsic
def exp_of_lanes(typingctx, x):
    """`special.exp` of each lane, step by step the same."""
    if not (isinstance(x, Lanes) and x.dtype.bitwidth == 64):
        raise TypingError("exp_of_lanes takes lanes of float64")

    def build(context, builder, signature, arguments):
        return _exp(builder, *arguments)

    return x(x), build


def _exp(builder: Any, x: Any) -> Any:
    kind, count = x.type, x.type.count
    bits = ir.VectorType(ir.IntType(64), count)

    def all_of(value: float) -> Any:
        return ir.Constant(kind, [value] * count)

    def fused(a: Any, b: Any, c: Any) -> Any:
        return builder.fadd(builder.fmul(a, b, flags=FUSED), c, flags=FUSED)

    lowest, shift = all_of(LOWEST), all_of(SHIFT)
    v = builder.select(builder.fcmp_ordered("<", x, lowest), lowest, x)
    shifted = fused(v, all_of(OVER_LOG_2), shift)
    k = builder.fsub(shifted, shift, flags=FUSED)
    f = fused(k, all_of(-REST_OF_LOG_2), fused(k, all_of(-LOG_2), v))
    p = all_of(TERMS[0])
    for term in TERMS[1:]:
        p = fused(p, f, all_of(term))
    power = builder.shl(builder.bitcast(shifted, bits), ir.Constant(bits, [52] * count))
    found = builder.fmul(p, builder.bitcast(power, kind), flags=FUSED)
    return builder.select(builder.fcmp_ordered("<=", x, lowest), all_of(0.0), found)


@part
def exponentiate(values):
    """Take exp of each number of a contiguous array, in place."""
    stop = len(values) - len(values) % 16
    for s in range(0, stop, 16):
        store(values, s, exp_of_lanes(load(values, s, SIXTEEN)))
    for s in range(stop, len(values)):
        values[s] = exp(values[s])


@part
def exponentiate_less(values, tops, totals, size):
    """Turn the first `size` values into exp of what they are above the tops, and add that to the totals."""
    stop = size - size % 16
    for s in range(0, stop, 16):
        value = exp_of_lanes(load(values, s, SIXTEEN) - load(tops, s, SIXTEEN))
        store(values, s, value)
        store(totals, s, load(totals, s, SIXTEEN) + value)
    for s in range(stop, size):
        values[s] = exp(values[s] - tops[s])
        totals[s] += values[s]
