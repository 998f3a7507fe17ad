"""Numbers side by side in a register do what NumPy does; vectors of states are held to it along chains."""

import numpy as np
import pytest
from numba import njit
from numba.core.errors import TypingError
from numpy.testing import assert_allclose, assert_array_equal

from latently.kernels.chain import forward_backward
from latently.kernels.compiling import FLAGS
from latently.kernels.lanes import larger, largest, load, number, store, total
from latently.latent.base import IN_ORDER

compiled = njit(**FLAGS)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


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
        assert forward_backward(*given, *filled, (0,) * K if K <= 8 else None) == (-1, -1)
        return state, counts, scales, initial

    for by in range(1, 8):
        for one, other in zip(passed(0), passed(by), strict=True):
            assert_array_equal(one, other)
