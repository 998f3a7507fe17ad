"""Law 7: maximum likelihood, no hidden prior; the floor is a constraint, met exactly, and said so."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from latently import GaussianMixture
from latently.core.backends import SerialBackend
from latently.core.em import EMMap, describe
from latently.core.errors import FitError, SpuriousMaximumWarning
from latently.emissions.gaussian import STRUCTURES, Gaussian
from latently.latent import Independent
from latently.models import LatentEmission
from tests.charts import Chart
from tests.comparing import assert_identical
from tests.laws.exemptions import over_gaussians
from tests.models import Data, iterate

over_types = pytest.mark.parametrize("covariance_type", list(STRUCTURES))


@over_gaussians()
def test_an_inactive_floor_changes_nothing(entry):
    """Not a bit of it: it is no ridge."""
    data = entry.data(np.random.default_rng(0))
    ends = []
    for reg_covar in (1e-6, 0.0):
        em = entry.with_floor(reg_covar).em(data)
        ends.append(iterate(em, entry.start(em.model, data), 8))
    assert_identical(*ends)


@over_gaussians()
def test_the_m_step_on_the_floor_beats_every_feasible_neighbour(entry):
    """Few distinct rows and a high floor: the constrained maximum of Q, by trying others."""
    entry = entry.with_floor(0.3)
    data = entry.data(np.random.default_rng(0))
    model = entry.bound(data)
    start = entry.start(model, data)
    # Statistics with less scatter than the floor in one direction, more in another.
    wide = np.geomspace(1.0, 1e-3, data.x.shape[1])
    narrow = replace(data, x=(data.x - np.nanmean(data.x, axis=0)) * wide)
    stats = EMMap(model, narrow.source).e_step(start)
    best = model.m_step(stats, start)
    assert model.emission.floor_active(best.emission).any()

    def least(emission_params):
        unit = np.sqrt(model.emission.floor)
        dense = model.emission.dense(emission_params) / np.outer(unit, unit)
        return np.linalg.eigvalsh(dense)[:, 0].min()

    assert least(best.emission) >= 1 - 1e-8
    highest = model.expected_log_likelihood(stats, best)
    chart, rng, tried = Chart(model, best), np.random.default_rng(0), 0
    for size in (1e-4, 1e-3, 1e-2, 0.1):
        for _ in range(60):
            other = chart.at(size * rng.standard_normal(chart.size))
            other = replace(other, emission=model.emission.clipped(other.emission))
            assert least(other.emission) >= 1 - 1e-8
            assert model.expected_log_likelihood(stats, other) <= highest + 1e-9 * abs(highest)
            tried += 1
    assert tried == 240


@over_types
@pytest.mark.parametrize("fixed", [(), ("means",)])
def test_the_floor_is_that_of_the_unclipped_maximum(covariance_type, fixed):
    """The exact constrained maximiser: eigenvalues below the floor raised to it, the others untouched."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((50, 3)) @ np.array([[2.0, 0.3, 1.0], [0, 1.0, 0.2], [0, 0, 1e-4]])
    model = LatentEmission(Independent(), Gaussian(covariance_type, 1e-2), 1)
    data = Data(x, np.ones(50), np.zeros(50, dtype=int))
    description = describe(model, data.source, SerialBackend())
    bound = model.bind(description)
    start = bound.start(description, rng)
    best = bound.m_step(EMMap(bound, data.source).e_step(start), start, fixed).emission
    scatter = (x - best.means[0]).T @ (x - best.means[0]) / 50
    floor = 1e-2 * x.var(axis=0)
    if covariance_type in ("full", "tied"):
        unit = np.sqrt(floor)
        values, vectors = np.linalg.eigh(scatter / np.outer(unit, unit))
        expected = (vectors * np.maximum(values, 1)) @ vectors.T * np.outer(unit, unit)
    elif covariance_type == "diag":
        expected = np.diag(np.maximum(np.diag(scatter), floor))
    else:
        expected = np.eye(3) * max(np.diag(scatter).mean(), floor.max())
    np.testing.assert_allclose(bound.emission.dense(best)[0], expected, rtol=1e-6, atol=1e-9)


SPIKE = np.concatenate([np.random.default_rng(0).standard_normal((60, 2)), np.full((20, 2), 8.0)])


@pytest.mark.parametrize("covariance_type", ["full", "diag", "spherical"])
def test_an_active_floor_warns_and_names_the_component(covariance_type):
    with pytest.warns(SpuriousMaximumWarning) as caught:
        mixture = GaussianMixture(2, covariance_type=covariance_type, random_state=0).fit(SPIKE)
    spike = int(np.argmax(mixture.means_[:, 0]))
    message = str(caught[0].message)
    assert f"component {spike} rests on the floor set by reg_covar" in message
    assert f"component {1 - spike} rests" not in message
    assert "Lower n_components" in message
    assert mixture.diagnostics_
    assert np.isfinite(mixture.log_likelihood_)


def test_no_warning_without_an_active_floor():
    rng = np.random.default_rng(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mixture = GaussianMixture(2, n_init=1, random_state=0)
        mixture.fit(rng.standard_normal((80, 2)) + 3 * (np.arange(80) % 2)[:, None])
    assert mixture.diagnostics_ == ()


@over_types
def test_singular_without_a_floor_is_an_error_naming_component_and_remedy(covariance_type):
    X = np.repeat([[0.0, 0.0], [5.0, 5.0]], 20, axis=0)
    who = "the covariance shared by all components" if covariance_type == "tied" else r"component \d"
    with pytest.raises(FitError, match=who) as caught:
        GaussianMixture(2, covariance_type=covariance_type, reg_covar=0, random_state=0).fit(X)
    message = str(caught.value)
    assert "set reg_covar" in message
    assert "lower n_components" in message
    assert "\n" not in message


@over_types
def test_the_error_of_a_given_start_is_that_of_its_component(covariance_type):
    """From given starts there is one run, so the error is its own."""
    X = np.repeat([[0.0, 0.0], [5.0, 5.0]], 20, axis=0) + 1e-2 * np.random.default_rng(0).standard_normal(
        (40, 2)
    )
    X[20:] = 5.0
    mixture = GaussianMixture(
        2, covariance_type=covariance_type, reg_covar=0, means_init=[[0.0, 0.0], [5.0, 5.0]]
    )
    if covariance_type == "tied":
        mixture.fit(X)  # one component's rows on a point do no harm to what all share
        assert mixture.converged_
    else:
        with pytest.raises(FitError, match="component 1"):
            mixture.fit(X)
