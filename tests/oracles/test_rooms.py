"""Room to work in is used again, and never by two at once."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from latently.core.rooms import Rooms


def test_room_is_used_again_for_what_fits():
    rooms = Rooms()
    with rooms.room((10, 4)) as large:
        assert large.shape == (10, 4)
        assert large.flags.c_contiguous
    with rooms.room((3, 5)) as small:
        assert np.shares_memory(large, small)
    with rooms.room((40,)) as again:
        assert np.shares_memory(large, again)


def test_rooms_at_the_same_time_are_apart():
    rooms = Rooms()
    with rooms.room((10,)) as one, rooms.room((10,)) as other:
        assert not np.shares_memory(one, other)
    with rooms.room((4,)) as one, rooms.room((9,)) as other:
        assert not np.shares_memory(one, other)


def test_what_is_too_small_makes_way():
    rooms = Rooms()
    with rooms.room((10,)):
        pass
    with rooms.room((20,)) as larger:
        assert larger.size == 20
    with rooms.room((15,)) as again:
        assert np.shares_memory(larger, again)


def test_room_is_free_again_after_an_error():
    rooms = Rooms()
    with pytest.raises(RuntimeError), rooms.room((6,)) as first:
        raise RuntimeError
    with rooms.room((6,)) as second:
        assert np.shares_memory(first, second)


def test_threads_do_not_meet():
    rooms = Rooms()

    def own(number):
        with rooms.room((1000,)) as room:
            room[:] = number
            for _ in range(50):
                room += 1
            return (room == number + 50).all()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(own, range(200)))
