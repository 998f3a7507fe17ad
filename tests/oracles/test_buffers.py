"""Room to work in is used again, and never by two at once."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from latently.core.backends import BufferPool
from latently.core.blocks import Block


def test_room_is_used_again_for_what_fits():
    buffers = BufferPool()
    with buffers.buffer((10, 4)) as large:
        assert large.shape == (10, 4)
        assert large.flags.c_contiguous
    with buffers.buffer((3, 5)) as small:
        assert np.shares_memory(large, small)
    with buffers.buffer((40,)) as again:
        assert np.shares_memory(large, again)


def test_rooms_at_the_same_time_are_apart():
    buffers = BufferPool()
    with buffers.buffer((10,)) as one, buffers.buffer((10,)) as other:
        assert not np.shares_memory(one, other)
    with buffers.buffer((4,)) as one, buffers.buffer((9,)) as other:
        assert not np.shares_memory(one, other)


def test_what_is_too_small_makes_way():
    buffers = BufferPool()
    with buffers.buffer((10,)):
        pass
    with buffers.buffer((20,)) as larger:
        assert larger.size == 20
    with buffers.buffer((15,)) as again:
        assert np.shares_memory(larger, again)


def test_room_is_free_again_after_an_error():
    buffers = BufferPool()
    with pytest.raises(RuntimeError), buffers.buffer((6,)) as first:
        raise RuntimeError
    with buffers.buffer((6,)) as second:
        assert np.shares_memory(first, second)


def test_threads_do_not_meet():
    buffers = BufferPool()

    def own(number):
        with buffers.buffer((1000,)) as room:
            room[:] = number
            for _ in range(50):
                room += 1
            return (room == number + 50).all()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(own, range(200)))


def test_rows_without_missing_cells_before_those_with_take_no_room_and_stay_what_they_are():
    x = np.arange(12.0).reshape(6, 2)
    x[4:, 1] = np.nan
    block = Block(x, np.ones(6))
    whole, incomplete = block.by_completeness()
    assert whole.n_rows == 4
    assert np.shares_memory(whole.x, x)
    assert np.shares_memory(incomplete.x, x)
    assert block.by_completeness()[0] is whole
