"""The special functions of the kernels against mpmath, in units in the last place."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from latently.kernels import special


@njit
def exp(x):
    out = np.empty_like(x)
    for i in range(len(x)):
        out[i] = special.exp(x[i])
    return out


@njit
def log(x):
    out = np.empty_like(x)
    for i in range(len(x)):
        out[i] = special.log(x[i])
    return out


def ulps(found, exact):
    with mpmath.workdps(40):
        return float(abs(mpmath.mpf(float(found)) - exact) / mpmath.mpf(float(np.spacing(abs(float(exact))))))


def test_exp_to_two_units_in_the_last_place():
    x = np.concatenate([np.linspace(-707.9, 700, 2000), np.geomspace(1e-300, 1, 200), [0.0, -0.0]])
    worst = max(ulps(found, mpmath.exp(mpmath.mpf(float(v)))) for v, found in zip(x, exp(x), strict=True))
    assert worst <= 2


def test_log_to_two_units_in_the_last_place():
    x = np.concatenate([np.geomspace(1e-300, 1e300, 2000), 1 + np.linspace(-0.3, 0.45, 1001)])
    x = x[x != 1.0]
    worst = max(ulps(found, mpmath.log(mpmath.mpf(float(v)))) for v, found in zip(x, log(x), strict=True))
    assert worst <= 2


def test_edges():
    x = np.array([np.nan, -np.inf, -1e9, -708.5, 0.0])
    np.testing.assert_array_equal(exp(x), [np.nan, 0.0, 0.0, 0.0, 1.0])
    assert log(np.ones(1))[0] == 0.0


@given(st.floats(-700, 700))
def test_log_undoes_exp(x):
    assert log(exp(np.array([x])))[0] == pytest.approx(x, abs=4e-16 * max(1.0, abs(x)))
