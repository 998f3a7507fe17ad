"""Four or eight numbers side by side, in one register: what loops over few states are written in.

The compiler takes a long loop side by side by itself. A loop over eight states it writes out number by number
instead, as it cannot know that the array it writes to is not one it reads from. So lanes say what is meant:
they are loaded from an array at once, added and multiplied, and stored at once. An array is taken as its
numbers in order, whatever its shape, and `at` is the first of them that is meant.

How many numbers stand side by side is told by `lanes`, a tuple of so many. They are float64 or float32, as
the array has them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.errors import TypingError
from numba.core.registry import cpu_target
from numba.extending import intrinsic, models, overload, register_model

from latently.kernels.compiling import INLINED, part

EIGHT = (0, 0, 0, 0, 0, 0, 0, 0)
# As many as a register holds, or two of a processor with small ones.
REGISTER = EIGHT if "+avx512f" in cpu_target.target_context.codegen().magic_tuple()[2] else EIGHT[:4]
LINE = 64  # bytes that a cache fetches at once
FUSED = ("contract",)  # a product and a sum may be one instruction
NUMBERS = {types.float64: ir.DoubleType(), types.float32: ir.FloatType()}
PLACE = ir.IntType(32)


class Lanes(types.Type):
    """Type of `count` numbers in a register."""

    def __init__(self, count: int, dtype: Any) -> None:
        self.count = count
        self.dtype = dtype
        super().__init__(f"Lanes({count} x {dtype})")


@register_model(Lanes)
class LanesModel(models.PrimitiveModel):
    """Lanes are a vector of LLVM's."""

    def __init__(self, manager: Any, lanes: Any) -> None:
        super().__init__(manager, lanes, ir.VectorType(NUMBERS[lanes.dtype], lanes.count))


@intrinsic
def load(typingctx, array, at, lanes):
    """Numbers of an array, from one on: as many as `lanes` has, which may be lanes itself."""
    _check(array)
    count = lanes.count if isinstance(lanes, Lanes) else len(lanes)

    def build(context, builder, signature, arguments):
        return _loaded(context, builder, signature.args[0], *arguments[:2], count)

    return Lanes(count, array.dtype)(array, types.intp, lanes), build


@intrinsic
def number(typingctx, array, at):
    """One number of an array. Unlike an index, `at` is not looked at: it must not be negative."""
    _check(array)

    def build(context, builder, signature, arguments):
        return builder.load(_address(context, builder, signature.args[0], *arguments, 1))

    return array.dtype(array, types.intp), build


@intrinsic
def store(typingctx, array, at, value):
    """Write to an array, from one number on."""
    _check(array)

    def build(context, builder, signature, arguments):
        array, at, value = arguments
        address = _address(context, builder, signature.args[0], array, at, value.type.count)
        builder.store(value, address, align=_size(signature.args[0]))
        return context.get_dummy_value()

    return types.void(array, types.intp, value), build


@intrinsic
def total(typingctx, value):
    """Sum over the lanes: halves are added until one number is left."""
    return value.dtype(value), _folded(lambda builder, low, high: builder.fadd(low, high))


@intrinsic
def highest(typingctx, value):
    """The largest number of the lanes."""
    return value.dtype(value), _folded(_larger)


@intrinsic
def larger(typingctx, one, other):
    """The larger number in each lane; that of `one` if either is NaN."""

    def build(context, builder, signature, arguments):
        return _larger(builder, *arguments)

    return one(one, other), build


@intrinsic
def times_matrix(typingctx, value, matrix):
    """The row of lanes times a matrix of as many rows and columns."""
    _check(matrix)

    def build(context, builder, signature, arguments):
        found = _with_rows(context, builder, signature, arguments, builder.fmul)
        while len(found) > 1:
            found = [builder.fadd(*pair, flags=FUSED) for pair in zip(found[::2], found[1::2], strict=True)]
        return found[0]

    return value(value, matrix), build


@intrinsic
def best_with_matrix(typingctx, value, matrix, stays, came, at):
    """The largest of lane and entry of its row, added, in each column of a matrix of as many rows.

    Which row it is goes to `came`, an array of uint8, from `at` on: that of the column itself if lane and
    `stays`, added, are no less than the largest, else the first of the largest.
    """
    _check(matrix)

    def build(context, builder, signature, arguments):
        value, _, stays, came, at = arguments
        count = value.type.count
        rows = ir.VectorType(ir.IntType(64), count)
        found = [
            (joined, ir.Constant(rows, [i] * count))
            for i, joined in enumerate(_with_rows(context, builder, signature, arguments[:2], builder.fadd))
        ]
        while len(found) > 1:
            better = []
            for (one, of_one), (other, of_other) in zip(found[::2], found[1::2], strict=True):
                wins = builder.fcmp_ordered(">", other, one)
                better.append((builder.select(wins, other, one), builder.select(wins, of_other, of_one)))
            found = better
        best, row = found[0]
        same = builder.fcmp_ordered(">=", builder.fadd(value, stays), best)
        row = builder.select(same, ir.Constant(rows, list(range(count))), row)
        small = ir.VectorType(ir.IntType(8), count)
        address = builder.gep(context.make_array(signature.args[3])(context, builder, came).data, [at])
        builder.store(builder.trunc(row, small), builder.bitcast(address, ir.PointerType(small)), align=1)
        return best

    return value(value, matrix, value, came, types.intp), build


def _check(array: Any) -> None:
    if not (isinstance(array, types.Array) and array.dtype in NUMBERS and array.layout == "C"):
        raise TypingError("lanes are loaded from, and stored to, C-contiguous arrays of float64 or float32")


def _size(kind: Any) -> int:
    return int(kind.dtype.bitwidth) // 8


def _address(context: Any, builder: Any, kind: Any, array: Any, at: Any, count: int) -> Any:
    address = builder.gep(context.make_array(kind)(context, builder, array).data, [at])
    if count == 1:
        return address
    return builder.bitcast(address, ir.PointerType(ir.VectorType(NUMBERS[kind.dtype], count)))


def _loaded(context: Any, builder: Any, kind: Any, array: Any, at: Any, count: int) -> Any:
    return builder.load(_address(context, builder, kind, array, at, count), align=_size(kind))


def _shuffled(builder: Any, value: Any, places: list[int]) -> Any:
    mask = ir.Constant(ir.VectorType(PLACE, len(places)), places)
    return builder.shuffle_vector(value, value, mask)


def _spread(builder: Any, number: Any, count: int) -> Any:
    nothing = ir.Constant(ir.VectorType(number.type, count), ir.Undefined)
    return _shuffled(builder, builder.insert_element(nothing, number, PLACE(0)), [0] * count)


def _larger(builder: Any, one: Any, other: Any) -> Any:
    return builder.select(builder.fcmp_ordered(">", other, one), other, one)


def _folded(combine: Callable[..., Any]) -> Any:
    def build(context, builder, signature, arguments):
        (value,), count = arguments, signature.args[0].count
        while count > 1:
            count //= 2
            low, high = list(range(count)), list(range(count, 2 * count))
            value = combine(builder, _shuffled(builder, value, low), _shuffled(builder, value, high))
        return builder.extract_element(value, PLACE(0))

    return build


def _with_rows(context: Any, builder: Any, signature: Any, arguments: Any, join: Any) -> list[Any]:
    """Each lane, spread out, joined with its row of a matrix."""
    value, matrix = arguments
    count, found = value.type.count, []
    for i in range(count):
        row = _loaded(context, builder, signature.args[1], matrix, ir.IntType(64)(i * count), count)
        found.append(join(row, _shuffled(builder, value, [i] * count), flags=FUSED))
    return found


def _arithmetic(instruction: str) -> Any:
    """Addition or multiplication of lanes by lanes, or by a number."""

    @intrinsic
    def operate(typingctx, one, other):
        result = one if isinstance(one, Lanes) else other

        def build(context, builder, signature, arguments):
            sides = (
                value if isinstance(kind, Lanes) else _spread(builder, value, result.count)
                for kind, value in zip(signature.args, arguments, strict=True)
            )
            return getattr(builder, instruction)(*sides, flags=FUSED)

        return result(one, other), build

    return operate


def _are_lanes(one: Any, other: Any) -> bool:
    lanes = {kind for kind in (one, other) if isinstance(kind, Lanes)}
    return len(lanes) == 1 and {one, other} - lanes <= {kind.dtype for kind in lanes}


_add, _subtract, _multiply = _arithmetic("fadd"), _arithmetic("fsub"), _arithmetic("fmul")


@overload(operator.add, jit_options=INLINED)
def _added(one, other):
    return (lambda one, other: _add(one, other)) if _are_lanes(one, other) else None


@overload(operator.sub, jit_options=INLINED)
def _subtracted(one, other):
    return (lambda one, other: _subtract(one, other)) if _are_lanes(one, other) else None


@overload(operator.mul, jit_options=INLINED)
def _multiplied(one, other):
    return (lambda one, other: _multiply(one, other)) if _are_lanes(one, other) else None


@part
def largest(array):
    """The largest number of an array that is not empty; the last lanes may overlap those before."""
    n = array.size
    best = number(array, 0)
    if n < len(EIGHT):
        for i in range(1, n):
            best = number(array, i) if number(array, i) > best else best
        return best
    few = load(array, 0, EIGHT)
    for i in range(len(EIGHT), n, len(EIGHT)):
        few = larger(few, load(array, min(i, n - len(EIGHT)), EIGHT))
    return highest(few)


def line_of(array: Any) -> Any:
    """As many lanes as a line of the cache has numbers of an array, in compiled code."""
    raise NotImplementedError


@overload(line_of, jit_options=INLINED)
def _line_of(array):
    lanes = (0,) * (LINE // _size(array))
    return lambda array: lanes


@part
def aligned(n_rows, n_columns, dtype):
    """An array that begins where a line of the cache does, so that few lanes of its rows lie in two."""
    n = n_rows * n_columns
    room = np.empty(n + LINE, dtype)
    skip = (-room.ctypes.data % LINE) // room.itemsize
    return room[skip : skip + n].reshape(n_rows, n_columns)
