"""Vectors of states: in a register up to eight states, in an array beyond.

These verbs work on both, so that a pass along a chain is written once. A verb uses up the vector it is given
first: what it returns is that vector from then on. The number of states is four or eight, as many as `lanes`
has, or, if that is None, a multiple of eight. Other arrays are taken as their numbers in order, whatever
their shape; `at` is where a row begins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types
from numba.extending import overload

from latently.kernels.compiling import INLINED, ZERO, copy, part
from latently.kernels.lanes import EIGHT, Lanes, aligned, load, number, store, times_matrix, total


def verb(choose: Callable[..., Any]) -> Any:
    """A verb: given the types of its arguments, `choose` returns what is to be done."""

    def name(*arguments: Any) -> Any:
        raise NotImplementedError("verbs are for compiled code")

    overload(name, jit_options=INLINED)(choose)
    return name


@part
def width(lanes, array):
    """Number of states, known to the compiler if they fit in a register."""
    if lanes is None:
        return len(array)
    return len(lanes)


@verb
def at_once(lanes):
    """How many numbers of a row are worked on at once, as a tuple of so many."""
    return (lambda lanes: EIGHT) if isinstance(lanes, types.NoneType) else (lambda lanes: lanes)


@verb
def vector(array, lanes):
    """A vector with the numbers of an array."""
    if isinstance(lanes, types.NoneType):

        def many(array, lanes):
            out = aligned(1, len(array), array.dtype)[0]
            copy(array, out)
            return out

        return many
    return lambda array, lanes: load(array, 0, lanes)


@verb
def panels(matrix, lanes):
    """A matrix as `stepped` wants it: eight columns after eight columns."""
    if not isinstance(lanes, types.NoneType):
        return lambda matrix, lanes: matrix

    def many(matrix, lanes):
        K = len(matrix)
        out = aligned(K, K, matrix.dtype)
        for j in range(0, K, 8):
            for i in range(K):
                store(out, j * K + 8 * i, load(matrix, i * K + j, EIGHT))
        return out

    return many


@verb
def stepped(vector, matrix, room):
    """The vector times a matrix in panels; `room` is another vector, which is used up as well."""
    if isinstance(vector, Lanes):
        return lambda vector, matrix, room: times_matrix(vector, matrix)

    def many(vector, matrix, room):
        K = len(vector)
        for j in range(0, K, 8):
            a, b, c, d = four_products(vector, ZERO, matrix, j * K)
            for i in range(4, K, 4):
                e, f, g, h = four_products(vector, i, matrix, j * K + 8 * i)
                a, b, c, d = a + e, b + f, c + g, d + h
            store(room, j, (a + b) + (c + d))
        return room

    return many


@part
def four_products(vector, i, matrix, at):
    """Entries of the vector from i on, each times its row of a panel."""
    return (
        load(matrix, at, EIGHT) * number(vector, i),
        load(matrix, at + 8, EIGHT) * number(vector, i + 1),
        load(matrix, at + 16, EIGHT) * number(vector, i + 2),
        load(matrix, at + 24, EIGHT) * number(vector, i + 3),
    )


@verb
def scaled(vector, factor):
    """The vector times a number."""
    if isinstance(vector, Lanes):
        return lambda vector, factor: vector * factor

    def many(vector, factor):
        for j in range(0, len(vector), 8):
            store(vector, j, load(vector, j, EIGHT) * factor)
        return vector

    return many


@verb
def multiplied(vector, array, at):
    """The vector times a row, entry by entry."""
    if isinstance(vector, Lanes):
        return lambda vector, array, at: vector * load(array, at, vector)

    def many(vector, array, at):
        for j in range(0, len(vector), 8):
            store(vector, j, load(vector, j, EIGHT) * load(array, at + j, EIGHT))
        return vector

    return many


@verb
def sum_of(vector):
    """Sum of the entries. The vector is not used up."""
    if isinstance(vector, Lanes):
        return lambda vector: total(vector)

    def many(vector):
        found = load(vector, 0, EIGHT)
        for j in range(8, len(vector), 8):
            found = found + load(vector, j, EIGHT)
        return total(found)

    return many


@verb
def product_sum(vector, array, at):
    """Sum of products with a row. The vector is not used up."""
    if isinstance(vector, Lanes):
        return lambda vector, array, at: total(vector * load(array, at, vector))

    def many(vector, array, at):
        found = load(vector, 0, EIGHT) * load(array, at, EIGHT)
        for j in range(8, len(vector), 8):
            found = found + load(vector, j, EIGHT) * load(array, at + j, EIGHT)
        return total(found)

    return many


@verb
def write(vector, array, at):
    """Write the vector to a row. It is not used up."""
    if isinstance(vector, Lanes):
        return lambda vector, array, at: store(array, at, vector)

    def many(vector, array, at):
        for j in range(0, len(vector), 8):
            store(array, at + j, load(vector, j, EIGHT))

    return many


@verb
def write_product(vector, factor, array, at):
    """Multiply a row by the vector and a number. It is not used up."""
    if isinstance(vector, Lanes):
        return lambda vector, factor, array, at: store(array, at, load(array, at, vector) * vector * factor)

    def many(vector, factor, array, at):
        for j in range(0, len(vector), 8):
            store(array, at + j, load(array, at + j, EIGHT) * load(vector, j, EIGHT) * factor)

    return many


@part
def add_row(array, at, out, to, n_states, lanes):
    """Add a row of one array to a row of another."""
    few = at_once(lanes)
    for j in range(0, n_states, len(few)):
        store(out, to + j, load(out, to + j, few) + load(array, at + j, few))


@part
def scaled_row(array, at, factor, out, to, n_states, lanes):
    """Write a row times a number."""
    few = at_once(lanes)
    for j in range(0, n_states, len(few)):
        store(out, to + j, load(array, at + j, few) * factor)


@part
def product_row(array, at, other, there, factor, out, to, n_states, lanes):
    """Write the product of two rows and a number."""
    few = at_once(lanes)
    for j in range(0, n_states, len(few)):
        store(out, to + j, load(array, at + j, few) * load(other, there + j, few) * factor)


@part
def column(array, at, n_states):
    """Four numbers below each other."""
    return (
        number(array, at),
        number(array, at + n_states),
        number(array, at + 2 * n_states),
        number(array, at + 3 * n_states),
    )


@part
def add_products(left, right, n, out, lanes):
    """Add ``left[:n].T @ right[:n]`` to a matrix; n is eight at most."""
    few, K = at_once(lanes), width(lanes, out)
    if n < 8:
        for s in range(n):
            for i in range(K):
                for j in range(0, K, len(few)):
                    more = load(right, s * K + j, few) * number(left, s * K + i)
                    store(out, i * K + j, load(out, i * K + j, few) + more)
        return
    for i in range(K):
        p0, p1, p2, p3 = column(left, i, K)
        p4, p5, p6, p7 = column(left, 4 * K + i, K)
        for j in range(0, K, len(few)):
            a = load(right, j, few) * p0 + load(right, K + j, few) * p1
            b = load(right, 2 * K + j, few) * p2 + load(right, 3 * K + j, few) * p3
            c = load(right, 4 * K + j, few) * p4 + load(right, 5 * K + j, few) * p5
            d = load(right, 6 * K + j, few) * p6 + load(right, 7 * K + j, few) * p7
            store(out, i * K + j, load(out, i * K + j, few) + ((a + b) + (c + d)))
