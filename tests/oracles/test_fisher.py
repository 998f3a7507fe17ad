"""Fisher's identity: at its own params, Q has the derivative of the log-likelihood."""

import numpy as np
from numpy.testing import assert_allclose

from tests.charts import Chart
from tests.laws.exemptions import bound_by
from tests.models import whole_e_step


def slope(function, h=1e-4):
    """Derivative at zero, by differences of order h^4."""
    near, far = ((function(s * h) - function(-s * h)) / (2 * s * h) for s in (1, 2))
    return (4 * near - far) / 3


@bound_by()
def test_fishers_identity(entry):
    model, params, data = entry.prepared()
    stats = whole_e_step(model, params, data)
    chart, rng = Chart(model, params), np.random.default_rng(0)
    for direction in rng.standard_normal((4, chart.size)):

        def q(h, direction=direction):
            return model.expected_log_likelihood(stats, chart.at(h * direction))

        def log_likelihood(h, direction=direction):
            return whole_e_step(model, chart.at(h * direction), data).bound

        assert_allclose(slope(q), slope(log_likelihood), rtol=1e-6, atol=1e-6 * stats.rounding_scale)


@bound_by()
def test_nowhere_near_a_stationary_point(entry):
    """So that the identity above is not one of zeros."""
    model, params, data = entry.prepared()
    stats = whole_e_step(model, params, data)
    chart = Chart(model, params)
    slopes = [
        slope(lambda h, e=e: model.expected_log_likelihood(stats, chart.at(h * e)))
        for e in np.eye(chart.size)
    ]
    assert np.abs(slopes).max() > 0.5
