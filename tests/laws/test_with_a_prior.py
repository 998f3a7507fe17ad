"""The laws where a prior was asked for, cells missing: it is in the objective, and moves with the units."""

from dataclasses import replace
from itertools import cycle, product

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone

from latently import GaussianImputer, GaussianMixture
from latently.core.em import EMMap, Settings, run
from latently.core.parameters import named
from latently.emissions.gaussian.prior import PRIORS, Prior
from tests.comparing import assert_same
from tests.laws.test_monotone import assert_climbs, start_of
from tests.models import ENTRIES_BY_NAME, iterate

# By day each prior under one family, and each family and latent under one prior.
FULL, *OTHERS = (
    "independent x full, NaN",
    "independent x tied, NaN",
    "independent x diag, NaN",
    "independent x spherical, NaN",
    "chain x full, NaN",
)
BY_DAY = {*product([FULL], PRIORS), *zip(OTHERS, cycle(PRIORS))}
over_priors = pytest.mark.parametrize(
    ("name", "kind"),
    [
        pytest.param(*pair, id="-".join(pair), marks=[] if pair in BY_DAY else [pytest.mark.slow])
        for pair in product([FULL, *OTHERS], PRIORS)
    ],
)


def with_prior(name, kind, strength=None):
    entry = ENTRIES_BY_NAME[name]
    emission = replace(entry.model.emission, prior=Prior(kind, strength))
    return replace(entry, model=replace(entry.model, emission=emission))


@over_priors
def test_the_objective_climbs(name, kind):
    entry = with_prior(name, kind)
    data = entry.data(np.random.default_rng(0))
    em = entry.em(data)
    for params in (start_of(entry, em.model, data, which) for which in range(3)):
        assert em.model.log_prior(params) != 0.0
        assert_climbs(em, params, 6)


@over_priors
@pytest.mark.parametrize("hard", ["mostly missing", "scales 1e-8 and 1e8"])
def test_the_objective_climbs_on_hard_data(name, kind, hard):
    entry = with_prior(name, kind)
    data = entry.hard[hard](np.random.default_rng(1))
    em = entry.em(data)
    assert_climbs(em, start_of(entry, em.model, data, 1), 6)


@pytest.mark.parametrize("kind", PRIORS)
def test_the_log_likelihood_alone_may_fall(kind):
    """So that the prior is seen to count: EM climbs to another place than without it."""
    entry = with_prior(FULL, kind, strength=60.0)
    data = entry.data(np.random.default_rng(0))
    plain = ENTRIES_BY_NAME[FULL].em(data)
    start = entry.start(plain.model, data)
    em = entry.em(data)
    best = iterate(plain, start, 12)
    end = iterate(em, best, 12)
    assert em.e_step(end).bound < em.e_step(best).bound - 0.1
    assert em.objective(em.e_step(end), end) > em.objective(em.e_step(best), best) + 0.1


@over_priors
def test_the_reported_objective_is_that_of_the_returned_params(name, kind):
    entry = with_prior(name, kind)
    model, params, data = entry.prepared()
    em = EMMap(model, data.source)
    result = run(em, params, Settings(tol=1e-9, accelerate=True), data.weights.sum())
    stats = em.e_step(result.params)
    assert result.log_likelihood == stats.bound
    assert result.objective == stats.bound + model.log_prior(result.params)
    assert result.converged


@over_priors
def test_another_unit_for_each_feature(name, kind):
    if "spherical" in name:
        pytest.skip("one variance for all features allows one common scale")
    entry = with_prior(name, kind)
    data = entry.data(np.random.default_rng(0))
    scales = np.array([1e-8, 1.0, 1e8])
    other = replace(data, x=data.x * scales)
    ends = []
    for each in (data, other):
        em = entry.em(each)
        ends.append(iterate(em, entry.start(em.model, each), 4))
    one, moved = (named(end) for end in ends)
    assert_allclose(moved["means"] / scales, one["means"], rtol=1e-8, atol=1e-8)
    units = scales**2 if "diag" in name else np.outer(scales, scales)
    assert_allclose(moved["covariances"] / units, one["covariances"], rtol=1e-8, atol=1e-8)


@over_priors
def test_integer_weights_equal_repeated_units(name, kind):
    entry = with_prior(name, kind)
    data = entry.data(np.random.default_rng(0))
    ends = []
    for units in (data, data.repeated()):
        em = entry.em(units)
        ends.append(iterate(em, entry.start(em.model, units), 4))
    assert_same(ends[0], ends[1], rtol=1e-8)


@pytest.mark.parametrize("kind", PRIORS)
@pytest.mark.parametrize("estimator", [GaussianMixture(1), GaussianImputer()], ids=["mixture", "imputer"])
def test_the_prior_is_not_in_the_reported_log_likelihood(estimator, kind):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 3)) @ rng.standard_normal((3, 3))
    X[rng.random(X.shape) < 0.2] = np.nan
    fitted = clone(estimator).set_params(prior=kind).fit(X)
    assert_allclose(fitted.log_likelihood_, len(X) * fitted.score(X), rtol=1e-12)
    free = clone(estimator).fit(X)
    assert fitted.log_likelihood_ < free.log_likelihood_
