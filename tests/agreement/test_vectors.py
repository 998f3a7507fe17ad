"""Vectors of states, in registers and in arrays, do what NumPy does."""

import numpy as np
import pytest
from numba import njit
from numba.core.errors import TypingError
from numpy.testing import assert_allclose, assert_array_equal

from latently.kernels import vectors as v
from latently.kernels.chain import forward_backward
from latently.kernels.compiling import FLAGS
from latently.kernels.lanes import larger, largest, load, number, store, total
from latently.latent.base import IN_ORDER

compiled = njit(**FLAGS)


def lanes_of(K):
    return (0,) * K if K <= 8 else None


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@compiled
def verbs(start, rows, matrix, left, right, n, lanes, out, products):
    """Each verb writes a row of `out`; in one function, as most of what a test takes is to compile it."""
    width = len(start)
    here, room = v.vector(start, lanes), v.vector(start, lanes)
    square = v.panels(matrix, lanes)
    for t in range(2):
        here, room = v.stepped(here, square, room), here
        v.write(here, out, t * width)
    v.write(v.multiplied(v.vector(start, lanes), rows, width), out, 2 * width)
    v.write(v.added(v.vector(start, lanes), rows, width), out, 3 * width)
    v.write(v.scaled(v.vector(start, lanes), 3.0), out, 4 * width)
    here = v.vector(start, lanes)
    v.write(here, out, 5 * width)
    v.write_product(here, 5.0, out, 5 * width)
    v.add_row(rows, 0, out, 6 * width, width, lanes)
    v.scaled_row(rows, width, 2.0, out, 7 * width, width, lanes)
    v.product_row(rows, 0, rows, width, 3.0, out, 8 * width, width, lanes)
    v.add_products(left, right, n, products, lanes)
    return v.sum_of(here), v.product_sum(here, rows, width)


@pytest.mark.parametrize("K", [4, 16, 24])  # in a register, and in an array; of eight: tests of the chain
@pytest.mark.parametrize("n", [0, 1, 7, 8])
def test_verbs(K, n, rng):
    start, rows, matrix = rng.normal(size=K), rng.normal(size=(2, K)), rng.normal(size=(K, K))
    left, right, products, out = (
        rng.normal(size=(8, K)),
        rng.normal(size=(8, K)),
        rng.normal(size=(K, K)),
        rng.normal(size=(9, K)),
    )
    once, summed = start @ matrix, products + left[:n].T @ right[:n]
    changed = [start * rows[1], start + rows[1], 3 * start, 5 * start**2]
    of_rows = [out[6] + rows[0], 2 * rows[1], 3 * rows[0] * rows[1]]
    given = start.copy()
    sums = verbs(start, rows, matrix, left, right, n, lanes_of(K), out, products)
    assert_array_equal(start, given)
    assert_allclose(out[:2], [once, once @ matrix], rtol=1e-13, atol=1e-13)
    assert_allclose(out[2:], [*changed, *of_rows], rtol=1e-15)
    assert_allclose(products, summed, rtol=1e-12, atol=1e-14)
    assert_allclose(sums, [start.sum(), start @ rows[1]], rtol=1e-12)


def test_lanes_begin_anywhere(rng):
    @compiled
    def sums(array, lanes, out):
        for at in range(array.size - 3):
            value = load(array, at, lanes)
            store(out, at, value + value * 2.0)
            out[at + 4] = total(larger(value, load(array, 0, lanes))) + number(array, at)

    array, out = rng.normal(size=(2, 5)), np.zeros(11)
    sums(array, (0,) * 4, out)
    flat, expected = array.reshape(-1), np.zeros(11)
    for at in range(7):
        expected[at : at + 4] = 3 * flat[at : at + 4]
        expected[at + 4] = np.maximum(flat[at : at + 4], flat[:4]).sum() + flat[at]
    assert_allclose(out, expected, rtol=1e-14)


@compiled
def largest_of(array):
    return largest(array)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n", [1, 7, 8, 9, 16, 21])
def test_largest(n, dtype, rng):
    for array in (*rng.normal(size=(20, n)).astype(dtype), np.full(n, -np.inf, dtype)):
        assert largest_of(array) == array.max()


def test_lanes_refuse_other_arrays():
    read = compiled(lambda array: total(load(array, 0, (0, 0, 0, 0))))
    for array in (np.zeros(8, dtype=np.int64), np.zeros((4, 8)).T, np.zeros(8)[::2]):
        with pytest.raises(TypingError, match="C-contiguous arrays of float64 or float32"):
            read(array)


@pytest.mark.parametrize("K", [4, 8, 16, 24])
def test_the_place_of_arrays_changes_no_bit(K, rng):
    T = 37
    transmat, weights = rng.dirichlet(np.ones(K), K), np.ones(1)
    table, start = rng.random((T, K)), rng.dirichlet(np.ones(K))

    def moved(array, by):
        room = np.empty(array.size + 8)[by : by + array.size].reshape(array.shape)
        room[:] = array
        return room

    def passed(by):
        state, counts = moved(np.zeros((T, K)), by), moved(np.zeros((K, K)), by)
        scales, initial = np.zeros(1), moved(np.zeros(K), by)
        parts = moved(start, by), moved(transmat, by), moved(transmat.T, by)
        offsets = np.array([0, T])
        symbol_counts = np.zeros((1, K))
        given = moved(table, by), IN_ORDER, offsets, weights, *parts
        filled = state, scales, initial, counts, symbol_counts
        assert forward_backward(*given, *filled, lanes_of(K)) == (-1, -1)
        return state, counts, scales, initial

    for by in range(1, 8):
        for one, other in zip(passed(0), passed(by), strict=True):
            assert_array_equal(one, other)
