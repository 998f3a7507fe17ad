"""The E-step against all assignments of labels, tried one by one."""

from functools import cache

import numpy as np
from numpy.testing import assert_allclose

from latently.models import bounds
from tests.charts import Chart
from tests.laws.exemptions import bound_by
from tests.models import responsibilities, whole_e_step
from tests.oracles.enumeration import Enumeration


@cache
def tiny(entry, seed=0):
    """A model, its params, a few units, and all assignments of them: the same for all tests."""
    model, params, data = entry.tiny(seed)
    assert model.n_components ** len(data.x) in (2**6, 3**6)
    return model, params, data, Enumeration(model, params, data)


@bound_by()
def test_log_likelihood(entry):
    for seed in range(3):
        model, params, data, truth = tiny(entry, seed)
        stats = whole_e_step(model, params, data)
        assert_allclose(stats.bound, truth.log_likelihood, rtol=1e-12)
        assert stats.rounding_scale >= abs(stats.bound) * (1 - 1e-12)


@bound_by()
def test_responsibilities(entry):
    model, params, data, truth = tiny(entry)
    assert_allclose(responsibilities(model, params, data), truth.responsibilities, rtol=1e-10, atol=1e-14)
    assert_allclose(
        bounds.responsibilities(model, params, data.source), truth.responsibilities, rtol=1e-10, atol=1e-14
    )


@bound_by()
def test_q_at_its_own_params_and_at_others(entry):
    model, params, data, truth = tiny(entry)
    chart, rng = Chart(model, params), np.random.default_rng(0)
    stats = whole_e_step(model, params, data)
    for at in (params, *(chart.at(0.3 * rng.standard_normal(chart.size)) for _ in range(2))):
        expected = truth.q_function(at)
        assert_allclose(model.expected_log_likelihood(stats, at), expected, rtol=1e-11)
        assert_allclose(bounds.q_function(model, params, data.source, at), expected, rtol=1e-11)


@bound_by()
def test_entropy(entry):
    model, params, data, truth = tiny(entry)
    assert_allclose(bounds.posterior_entropy(model, params, data.source), truth.entropy, rtol=1e-9)
    assert 0.1 < truth.label_entropy < 6 * np.log(model.n_components)


@bound_by()
def test_sequences_and_rows_add_up(entry):
    """The log-likelihood of all units is the sum of those of each."""
    model, params, data, truth = tiny(entry)
    one_by_one = [
        Enumeration(model, params, data.take(np.array([unit]))).log_likelihood
        for unit in range(len(data.weights))
    ]
    assert_allclose(sum(one_by_one), truth.log_likelihood, rtol=1e-12)
