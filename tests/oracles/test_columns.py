"""Extremes of columns, by comparing cell by cell."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from latently.checks.arrays import WIDE_ROW, extremes
from latently.core.streamed import _different


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("n", "d"), [(0, 3), (1, 1), (7, 2), (1025, 1), (3000, 5), (4, WIDE_ROW + 1)])
def test_extremes(n, d, dtype, order):
    rng = np.random.default_rng(n + d)
    rows = rng.normal(size=(n, d)).astype(dtype)
    rows[rng.random((n, d)) < 0.3] = np.nan
    if n > 2:
        rows[:, 0] = np.nan
    used = rng.random(n) < 0.5
    for which in (None, used):
        some = rows if which is None else rows[which]
        seen = [column[~np.isnan(column)] for column in some.T]
        low, high = extremes(np.asarray(rows, order=order), which)
        assert_array_equal(low, [column.min(initial=np.inf) for column in seen])
        assert_array_equal(high, [column.max(initial=-np.inf) for column in seen])


@pytest.mark.parametrize("order", ["C", "F"])
def test_different_rows_come_in_the_order_in_which_they_appeared(order):
    rows = np.array([[3, 2], [3, 2], [1, 4], [3, 2], [5, 6]], order=order)
    assert_array_equal(_different(rows, 2), [[3, 2], [1, 4]])
    assert_array_equal(_different(rows, 9), [[3, 2], [1, 4], [5, 6]])
