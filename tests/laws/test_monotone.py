"""Law 3: the objective never falls by more than rounding, 64 eps times the sum of its absolute terms."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from latently import GaussianMixture
from latently.core.backends import SerialBackend
from latently.core.em import EMMap, Settings, describe, run
from latently.core.errors import ObjectiveFellError
from latently.core.incremental import first_pass, next_pass
from latently.core.parameters import feasible, named, with_named
from latently.core.spaces import Simplex
from tests.laws.exemptions import bound_by, on_hard_data, over_gaussians
from tests.models import BANDED, Data, Entry, iterate
from tests.simulations import repeated

EPS = 2.0**-52


def assert_climbs(em: EMMap, params: Any, n_steps: int = 25) -> list[float]:
    """Take the steps by hand, so that the guard of `run` has no part in it."""
    objectives = []
    for step in range(n_steps):
        stats = em.e_step(params)
        objectives.append(em.objective(stats, params))
        assert np.isfinite(objectives[-1])
        if step:
            fall = objectives[-2] - objectives[-1]
            assert fall <= 64 * EPS * em.rounding_scale(stats, params), f"fell by {fall} at step {step}"
        params = em.m_step(stats, params)
    return objectives


def start_of(entry: Entry, model: Any, data: Data, which: int) -> Any:
    """From the labels, from labels at random, or the model's own."""
    rng = np.random.default_rng(1)
    if which == 2:
        return model.start(describe(model, data.source, SerialBackend()), rng)
    if which == 1:
        data = replace(data, labels=rng.integers(model.n_components, size=len(data.labels)))
    return entry.start(model, data)


def in_turns(few: int, many: int) -> pytest.MarkDecorator:
    """By day each start takes a few steps on data of its own; at night each takes many, on all data."""
    night = [pytest.param(turn, many, marks=pytest.mark.slow) for turn in range(3)]
    return pytest.mark.parametrize(("turn", "n_steps"), [(0, few), *night])


@bound_by()
@in_turns(6, 25)
def test_on_ordinary_data(entry, turn, n_steps):
    for seed in range(3):
        data = entry.data(np.random.default_rng(seed))
        em = entry.em(data)
        objectives = assert_climbs(em, start_of(entry, em.model, data, (seed + turn) % 3), n_steps)
        assert objectives[-1] > objectives[0]


@on_hard_data()
@in_turns(6, 16)
def test_on_hard_data(entry, kind, turn, n_steps):
    data = entry.hard[kind](np.random.default_rng(0))
    em = entry.em(data)
    which = (list(entry.hard).index(kind) + turn) % 3
    assert_climbs(em, start_of(entry, em.model, data, which), n_steps)


@over_gaussians()
@pytest.mark.parametrize("reg_covar", [0.0, 0.3])
@pytest.mark.parametrize("n_steps", repeated(6, 12))
def test_without_a_floor_and_with_a_high_one(entry, reg_covar, n_steps):
    entry = entry.with_floor(reg_covar)
    for start, kind in enumerate(["condition 1e9", "scales 1e-8 and 1e8", "offset 1e6"]):
        data = entry.hard[kind](np.random.default_rng(1))
        em = entry.em(data)
        assert_climbs(em, start_of(entry, em.model, data, start), n_steps)


@bound_by()
def test_under_acceleration(entry):
    """Between all iterates, plain and extrapolated."""
    model, params, data = entry.prepared()
    em = EMMap(model, data.source)
    result = run(em, params, Settings(tol=1e-12, accelerate=True), data.weights.sum())
    rounding_scale = em.rounding_scale(em.e_step(result.params), result.params)
    steps = np.diff([step.log_likelihood for step in result.history])
    assert steps.min() >= -64 * EPS * rounding_scale
    assert feasible(model.spaces(result.params), result.params)
    if "banded" in entry.name:
        np.testing.assert_array_equal(result.params.latent.transmat > 0, BANDED)


@bound_by()
def test_with_parameters_held_fixed(entry):
    model, params, data = entry.prepared()
    for name in model.spaces(params):
        em = EMMap(model, data.source, fixed=(name,))
        assert_climbs(em, params, 5)
        np.testing.assert_array_equal(named(iterate(em, params, 1))[name], named(params)[name])


@bound_by()
def test_rounding_is_taken_out_of_extrapolated_params(entry):
    """Weights that sum to 1 + 1e-12 would pass for a gain of n times that, to be lost at the next step."""
    model, params, data = entry.prepared()
    values = named(params)
    off = {
        name: values[name] * (1 + 1e-12)
        for name, space in model.spaces(params).items()
        if isinstance(space, Simplex)
    }
    settled = model.projected(with_named(params, off))
    assert off
    for name in off:
        np.testing.assert_allclose(named(settled)[name].sum(axis=-1), 1.0, rtol=0, atol=4 * EPS)
    stats = [EMMap(model, data.source).e_step(p).bound for p in (params, settled)]
    np.testing.assert_allclose(stats[1], stats[0], rtol=0, atol=1e-13 * data.weights.sum())


@over_gaussians()
def test_an_extrapolated_covariance_is_held_on_its_floor(entry):
    """To more digits than a matrix of that condition has."""
    model, params, _ = entry.with_floor(1e-6).prepared()
    family = model.emission
    plane = np.eye(params.emission.means.shape[1])
    plane[:2, :2] = np.outer([1.0, 0.7], [1.0, 0.7])
    flat = np.repeat(plane[None], model.n_components, axis=0)
    held = family.clipped(family.params(params.emission.means, family.from_dense(flat)))
    again = family.projected(replace(held, covariances=held.covariances.copy()))
    np.testing.assert_allclose(family.log_det(again), family.log_det(held), rtol=1e-12)


def test_a_long_accelerated_run_to_the_last_digit():
    """Four components where there is one: the slowest of problems, extrapolated far."""
    X = np.random.default_rng(5).standard_normal((400, 2))
    mixture = GaussianMixture(4, covariance_type="diag", means_init=X[:4], tol=1e-10, max_iter=5000).fit(X)
    assert mixture.converged_
    assert np.diff(mixture.log_likelihood_history_).min() >= -64 * EPS * np.abs(mixture.log_likelihood_)


@dataclass(frozen=True)
class Wrong:
    """A model whose M-step does not belong to its E-step."""

    inner: Any
    other_start: Any

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def m_step(self, stats, params, fixed=()):
        return self.other_start


@bound_by()
def test_a_greater_fall_is_reported_as_a_bug(entry):
    model, params, data = entry.prepared()
    em = EMMap(model, data.source)
    better = em.m_step(em.e_step(params), params)
    wrong = EMMap(Wrong(model, params), data.source)
    with pytest.raises(
        ObjectiveFellError, match=r"the objective fell from .* at iteration 1: .* report this"
    ):
        run(wrong, better, Settings(), data.weights.sum())
    with pytest.raises(ObjectiveFellError, match=r"the free energy fell from .* in a pass: .* report this"):
        next_pass(wrong, first_pass(em, better))
