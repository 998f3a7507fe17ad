"""Aitken's estimate on series of which the limit is known."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latently.core.convergence import ROUNDING, StoppingRule, remaining_gain


def rounding():
    return ROUNDING


@given(
    limit=st.floats(-1e3, 1e3),
    gap=st.floats(1e-2, 1e3),
    ratio=st.floats(0.01, 0.99),
)
def test_exact_on_a_geometric_series(limit, gap, ratio):
    first, second, third = (limit - gap * ratio**k for k in range(3))
    assert remaining_gain(first, second, third) == pytest.approx(gap * ratio**2, rel=1e-5, abs=1e-8)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_never_negative(first, second, third):
    assert remaining_gain(first, second, third) >= 0


@pytest.mark.parametrize(("first", "second", "third"), [(0.0, 1.0, 2.0), (0.0, 1.0, 3.0), (0.0, 0.0, 1.0)])
def test_no_end_in_sight_while_gains_do_not_shrink(first, second, third):
    assert remaining_gain(first, second, third) == math.inf


def test_a_ratio_known_from_elsewhere_counts_if_it_is_larger():
    assert remaining_gain(0.0, 1.0, 1.0, 0.9) == remaining_gain(0.0, 1.0, 0.9, 0.9) == 0.0
    assert remaining_gain(0.0, 1.0, 1.5, 0.9) == pytest.approx(0.5 * 0.9 / 0.1)
    assert remaining_gain(0.0, 1.0, 1.5, 0.1) == pytest.approx(0.5)
    assert remaining_gain(0.0, 1.0, 1.5, 1.0) == math.inf


def steps_until_stop(series, tol, n, rounding_scale=1.0):
    rule, seen = StoppingRule(tol, n), []
    for k, value in enumerate(series):
        seen.append(value)
        if rule.met(seen, lambda: ROUNDING * rounding_scale):
            return k
    return None


@pytest.mark.parametrize("ratio", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("n", [1.0, 1000.0])
def test_stops_once_the_rest_is_within_tol_per_unit_twice(ratio, n):
    gap, tol = 100.0, 1e-4
    series = [-gap * ratio**k for k in range(3000)]
    expected = next(k for k in range(3000) if gap * ratio**k <= tol * n)
    assert steps_until_stop(series, tol, n) == max(expected, 2) + 1


def test_a_ratio_that_was_low_once_is_not_believed():
    """After an extrapolation fast directions shrink first; a step before, the slow one had shown."""
    rule = StoppingRule(1e-2, 1.0)
    assert not rule.met([0.0, 1e-3, 1e-3 + 0.99e-3], rounding)  # 0.1 still to come
    for _ in range(3):
        assert not rule.met([0.0, 1e-3, 1e-3 + 0.5e-3], rounding)  # not 5e-4, but 0.05
    for seen in range(3):  # forgotten by and by
        assert rule.met([0.0, 1e-3, 1e-3 + 0.5e-3], rounding) == (seen > 0)


def test_slow_convergence_is_not_convergence():
    """Steps of a hundredth of tol, of which ten thousand are still to come."""
    series = [-(0.9999**k) for k in range(100)]
    assert abs(series[1] - series[0]) < 2e-4
    assert steps_until_stop(series, tol=1e-2, n=1.0) is None


def test_once_is_not_enough():
    rule = StoppingRule(1e-3, 1.0)
    assert not rule.met([0.0, 1.0, 1.0 + 1e-9], rounding)
    assert not rule.met([1.0, 1.0 + 1e-9, 2.0], rounding)
    assert not rule.met([0.0, 1.0, 1.0 + 1e-9], rounding)
    assert rule.met([1.0, 1.0 + 1e-6, 1.0 + 1e-6 + 1e-12], rounding)


def test_tol_zero_never_stops():
    assert steps_until_stop([1.0] * 50, tol=0.0, n=1.0) is None


def test_standing_still_up_to_rounding_stops():
    eps = 2.0**-52
    for size in (1, 4, 50):  # of what rounding is, as far as the rounding_scale tells
        wobble = [1e6 * (1 + size * eps * (k % 2)) for k in range(20)]
        assert steps_until_stop(wobble, tol=1e-300, n=1.0, rounding_scale=1e6) is not None


def test_small_gains_are_not_rounding():
    climb = [1e6 + 1e-9 * k for k in range(20)]
    assert steps_until_stop(climb, tol=1e-300, n=1.0, rounding_scale=1e6) is None
