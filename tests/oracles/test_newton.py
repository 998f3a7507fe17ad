"""Many zeros at once are those that a search finds one by one."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import brentq
from scipy.special import digamma, polygamma

from latently.emissions.newton import zero

LOW, HIGH = -30.0, 20.0
TARGETS = 10.0 ** np.linspace(-5, 5, 40).reshape(4, 10)


def gamma_shape(t):
    """Slope of a gamma likelihood by the logarithm of its shape, and its derivative."""
    a = np.exp(t)
    derivative = a * (np.log(a) - digamma(a) - TARGETS) + a * (1 - a * polygamma(1, a))
    return a * (np.log(a) - digamma(a) - TARGETS), derivative


HARD = {
    "Newton diverges": lambda t: (-np.arctan(t - TARGETS / 1e4), -1 / (1 + (t - TARGETS / 1e4) ** 2)),
    "flat": lambda t: (-((t - TARGETS / 1e4) ** 3), -3 * (t - TARGETS / 1e4) ** 2),
    "rises at first": lambda t: ((TARGETS / 1e4 - t) * np.exp(t), (TARGETS / 1e4 - t - 1) * np.exp(t)),
    "wrong derivative": lambda t: (TARGETS / 1e4 - t, np.full(t.shape, 3.0)),
    "NaN derivative": lambda t: (TARGETS / 1e4 - t, np.full(t.shape, np.nan)),
}


@pytest.mark.parametrize("start", [LOW, -1.0, 0.0, 15.0, HIGH])
def test_shapes_of_gamma_distributions(start):
    def one(t, i):
        return gamma_shape(np.full(TARGETS.shape, t))[0].ravel()[i]

    expected = np.reshape([brentq(one, LOW, HIGH, (i,), 1e-13) for i in range(TARGETS.size)], TARGETS.shape)
    found = zero(gamma_shape, np.full(TARGETS.shape, start), LOW, HIGH)
    assert_allclose(found, expected, rtol=1e-6)  # where the shape is large, the slope is mostly rounding


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("start", [LOW, 1.0, HIGH])
def test_slopes_that_lead_newton_astray(name, start):
    found = zero(HARD[name], np.full(TARGETS.shape, start), LOW, HIGH)
    assert_allclose(found, TARGETS / 1e4, atol=1e-4 if name == "flat" else 1e-8)


def test_without_a_zero_it_is_the_limit():
    upwards = np.array([True, False])
    sign = np.where(upwards, 1.0, -1.0)
    for slope in (lambda t: (sign, np.zeros(2)), lambda t: (sign, np.full(2, -1.0))):
        assert_allclose(zero(slope, np.zeros(2), -3.0, 5.0), [5.0, -3.0], atol=1e-7)


def test_few_steps_from_nearby():
    calls = []

    def counted(t):
        calls.append(t)
        return gamma_shape(t)

    far = zero(counted, np.zeros(TARGETS.shape), LOW, HIGH)
    assert len(calls) <= 14
    calls.clear()
    zero(counted, far + 1e-3, LOW, HIGH)
    assert len(calls) <= 5


@pytest.mark.parametrize("away", [1e-4, 1e-3, 0.1, 0.4])
def test_what_is_left_of_a_few_steps_is_beyond_what_can_be_seen(away):
    """Of one zero, for of many the farthest decides."""
    for target in (1e-2, 0.5, 3.0, 40.0):
        found = zero(lambda t, at=target: (at - np.exp(t), -np.exp(t)), np.log([target]) + away, LOW, HIGH)
        assert_allclose(found, np.log([target]), atol=1e-7)
