"""The M-step against an optimiser that knows nothing but Q, and against neighbours."""

import numpy as np
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from latently.core.em import EMMap
from latently.core.parameters import named
from latently.emissions import Ordinal
from latently.emissions.ordinal import OrdinalParams
from latently.emissions.tabulated import Histogram
from latently.latent import chain
from latently.latent.chain_parts import ChainCounts, ChainParams
from tests.charts import Chart
from tests.laws.exemptions import bound_by
from tests.models import whole_e_step


@bound_by()
def test_an_optimiser_finds_nothing_better(entry):
    model, params, data = entry.prepared()
    stats = whole_e_step(model, params, data)
    best = model.m_step(stats, params)
    highest = model.expected_log_likelihood(stats, best)
    chart = Chart(model, params)

    def loss(u):
        return -model.expected_log_likelihood(stats, chart.at(u)) / data.weights.sum()

    found = minimize(loss, np.zeros(chart.size), method="BFGS", options={"gtol": 1e-6})
    q = model.expected_log_likelihood(stats, chart.at(found.x))
    assert q <= highest + 1e-9 * abs(highest)
    assert q >= highest - 1e-5 * abs(highest)  # so the optimiser did get there
    values, best_values = named(chart.at(found.x)), named(best)
    for name, space in model.spaces(best).items():
        assert_allclose(values[name] / space.scale, best_values[name] / space.scale, atol=2e-3)


@bound_by()
def test_no_neighbour_is_better(entry):
    model, params, data = entry.prepared()
    stats = whole_e_step(model, params, data)
    best = model.m_step(stats, params)
    highest = model.expected_log_likelihood(stats, best)
    chart, rng = Chart(model, best), np.random.default_rng(0)
    for size in (1e-3, 1e-2, 0.1, 1.0):
        for _ in range(25):
            other = chart.at(size * rng.standard_normal(chart.size))
            assert model.expected_log_likelihood(stats, other) < highest


@bound_by()
def test_with_one_parameter_fixed_the_others_are_still_the_best(entry):
    model, params, data = entry.prepared()
    stats = whole_e_step(model, params, data)
    rng = np.random.default_rng(0)
    for name in model.spaces(params):
        best = model.m_step(stats, params, (name,))
        np.testing.assert_array_equal(named(best)[name], named(params)[name])
        highest = model.expected_log_likelihood(stats, best)
        chart = Chart(model, best)
        chart.hold(name)
        for size in (1e-3, 0.03):
            for _ in range(20):
                other = chart.at(size * rng.standard_normal(chart.size))
                assert model.expected_log_likelihood(stats, other) <= highest + 1e-12 * abs(highest)
        em = EMMap(model, data.source, fixed=(name,))
        np.testing.assert_array_equal(named(em.m_step(stats, params))[name], named(params)[name])


def test_grades_that_labels_part_do_not_lower_q_near_the_limits():
    """Near the end of the locations a step of hardly any promise may be long, and no parabola any more."""
    counts = [[6e-30, 26.0], [2.7e-9, 25.0], [19.0, 3.8e-10], [26.0, 1.4e-30], [13.0, 2.7e-51]]
    stats = Histogram(np.arange(5.0), np.array(counts)[:, :, None])
    family = Ordinal(5)
    params = OrdinalParams(
        np.array([[17.36910481], [-29.97628363]]),
        np.array([[0.0, 29.93706291, 35.11769923, 18.06225199, 0.0]]),
    )
    best = family.m_step(stats, params)
    q = [family.expected_log_likelihood(stats, one) for one in (params, best)]
    assert q[1] >= q[0] - 1e-10


def test_a_state_that_nothing_leaves_keeps_its_transitions():
    before = ChainParams(np.array([0.5, 0.5]), np.array([[0.5, 0.5], [0.3, 0.7]]))
    counts = ChainCounts(np.array([1.0, 0.0]), np.array([[3.0, 1.0], [0.0, 0.0]]))
    after = chain.Chain().m_step(counts, before)
    assert_allclose(after.transmat, [[0.75, 0.25], [0.3, 0.7]])
    assert_allclose(after.startprob, [1.0, 0.0])
