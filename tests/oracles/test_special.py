"""The special functions of the kernels against mpmath, in units in the last place."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from latently.kernels import exponentials, special


def over(function):
    @njit
    def values(x):
        out = np.empty_like(x)
        for i in range(len(x)):
            out[i] = function(x[i])
        return out

    return values


@njit
def in_place(x):
    exponentials.exponentiate(x)


@njit
def less(x, tops, totals):
    exponentials.exponentiate_less(x, tops, totals, len(x))


def exp_of_all(x):
    """Sixteen at a time, and what is left over one by one."""
    out = x.copy()
    in_place(out)
    return out


exp, log, digamma, lgamma = map(over, (special.exp, special.log, special.digamma, special.lgamma))


def exactly(function, numbers):
    """The values of one of mpmath's functions to forty digits."""
    with mpmath.workdps(40):
        return [function(mpmath.mpf(float(x))) for x in numbers]


def ulps(found, exact):
    with mpmath.workdps(40):
        return float(abs(mpmath.mpf(float(found)) - exact) / mpmath.mpf(float(np.spacing(abs(float(exact))))))


EXPONENTS = np.concatenate([np.linspace(-707.9, 700, 2000), np.geomspace(1e-300, 1, 200), [0.0, -0.0]])
NUMBERS = np.concatenate([np.geomspace(1e-300, 1e300, 2000), 1 + np.linspace(-0.3, 0.45, 1000)])


@pytest.mark.parametrize(
    ("functions", "true", "x"),
    [([exp, exp_of_all], mpmath.exp, EXPONENTS), ([log], mpmath.log, NUMBERS)],
    ids=["exp", "log"],
)
def test_to_two_units_in_the_last_place(functions, true, x):
    exact = exactly(true, x)
    for function in functions:
        assert max(map(ulps, function(x), exact)) <= 2


@pytest.mark.parametrize("function", [exp, exp_of_all])
def test_edges(function):
    x = np.tile([np.nan, -np.inf, -1e9, -708.5, 0.0], 5)
    np.testing.assert_array_equal(function(x), np.tile([np.nan, 0.0, 0.0, 0.0, 1.0], 5))


def test_log_of_one_is_zero():
    assert log(np.ones(1))[0] == 0.0


@pytest.mark.parametrize("n", [1, 15, 16, 37])
def test_exp_less_a_top_is_added_to_the_totals(n):
    rng = np.random.default_rng(n)
    x, tops, totals = rng.normal(0, 9, (3, n))
    found, sums = x.copy(), totals.copy()
    less(found, tops, sums)
    np.testing.assert_allclose(found, np.exp(x - tops), rtol=1e-15)
    np.testing.assert_array_equal(sums, totals + found)


@given(st.floats(-700, 700))
def test_log_undoes_exp(x):
    assert log(exp(np.array([x])))[0] == pytest.approx(x, abs=4e-16 * max(1.0, abs(x)))


# Both have zeros (digamma near 1.46, lgamma at 1 and 2), where only an absolute error can be small.
POSITIVE = np.concatenate(
    [
        np.geomspace(1e-12, 1e12, 1500),
        np.linspace(0.01, 12.0, 1200),
        [1.0, 2.0, 1.4616321449683623, 1e-5, 0.05, 1e30],
    ]
)


def worst(found, true):
    """The largest error in units of eps times the larger of the value and one."""
    with mpmath.workdps(40):
        pairs = zip(found, exactly(true, POSITIVE), strict=True)
        errors = [abs(mpmath.mpf(float(v)) - exact) / max(abs(exact), 1) for v, exact in pairs]
    return float(max(errors)) / np.finfo(float).eps


def test_digamma_to_eight_eps_and_lgamma_to_32():
    assert worst(digamma(POSITIVE), mpmath.digamma) <= 8
    assert worst(lgamma(POSITIVE), mpmath.loggamma) <= 32


@given(st.floats(1e-10, 1e10))
def test_their_recurrences(x):
    here, there = np.array([x]), np.array([x + 1.0])
    assert digamma(there)[0] - digamma(here)[0] == pytest.approx(
        1 / x, rel=1e-8, abs=1e-13 * max(np.log(x), 40)
    )
    left = lgamma(there)[0] - lgamma(here)[0]
    assert left == pytest.approx(np.log(x), abs=1e-14 * max(abs(lgamma(there)[0]), 40))
