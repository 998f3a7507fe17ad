"""SQUAREM: fewer steps to the same place, and never a step down."""

from dataclasses import dataclass

import numpy as np
import pytest

from latently import GaussianMixture, MixtureModel
from latently.core.acceleration import Squarem
from latently.core.array_source import ArraySource
from latently.core.backends import SerialBackend
from latently.core.em import EMMap, Settings, describe, run
from latently.core.spaces import Real, Simplex
from latently.emissions.gaussian import Gaussian
from latently.latent.independent import Independent, Weights
from latently.models import LatentEmission
from tests.simulations import by_night

ONE = {"weights": Simplex(np.ones(3, dtype=bool))}


def slow_rows():
    rng = np.random.default_rng(1)
    return np.concatenate([rng.normal(size=(300, 2)), rng.normal([1.2, 0.0], 1.0, size=(300, 2))])


@pytest.mark.parametrize("covariance_type", ["full", "diag", "spherical", *by_night("tied")])
def test_a_third_of_the_steps_to_the_same_log_likelihood(covariance_type):
    X = slow_rows()
    start = {"means_init": X[[0, 300]], "covariance_type": covariance_type, "tol": 1e-9, "max_iter": 20_000}
    plain = GaussianMixture(2, acceleration=None, **start).fit(X)
    fast = GaussianMixture(2, acceleration="squarem", **start).fit(X)
    assert fast.converged_
    assert fast.log_likelihood_ >= plain.log_likelihood_ - 1e-8 * len(X)
    assert 3 * fast.n_iter_ <= plain.n_iter_


def test_every_e_step_counts_as_an_iteration(monkeypatch):
    X = slow_rows()
    source, model = (
        ArraySource(X, np.ones(len(X)), None, 1024),
        LatentEmission(Independent(), Gaussian("diag"), 2),
    )
    description = describe(model, source, SerialBackend())
    model = model.bind(description)
    taken, e_step = [], EMMap.e_step
    monkeypatch.setattr(EMMap, "e_step", lambda em, params: taken.append(1) or e_step(em, params))
    start = model.start(description, np.random.default_rng(0))
    found = run(EMMap(model, source), start, Settings(tol=1e-9, accelerate=True), len(X))
    assert found.converged
    assert found.n_iter == len(taken) - 1 >= len(found.history)  # some leaps led nowhere


@dataclass(frozen=True)
class Point:
    x: np.ndarray


def simplex_params(values):
    return Weights(np.array(values))


def test_the_limit_of_a_geometric_run_is_found_in_one_leap():
    spaces = {"x": Real((2,), np.ones(2))}
    limit, gap = np.array([3.0, -1.0]), np.array([1.0, 2.0])
    track = [Point(limit - gap * 0.7**t) for t in range(3)]
    squarem = Squarem()
    proposal = squarem.propose(spaces, *track)
    np.testing.assert_allclose(proposal.x, limit, rtol=1e-12)
    assert squarem.ratio == pytest.approx(0.7**2)  # of gains, where steps shrink by 0.7


def test_probabilities_keep_their_sum_and_their_zeros():
    track = [simplex_params(v) for v in ([0.5, 0.0, 0.5], [0.52, 0.0, 0.48], [0.535, 0.0, 0.465])]
    proposal = Squarem().propose(ONE, *track)
    assert proposal.weights.sum() == pytest.approx(1.0, abs=1e-15)
    assert proposal.weights[1] == 0.0
    assert proposal.weights[0] > 0.535


def test_an_infeasible_proposal_is_drawn_back_or_dropped():
    track = [simplex_params(v) for v in ([0.9, 0.05, 0.05], [0.95, 0.025, 0.025], [0.999, 0.0005, 0.0005])]
    proposal = Squarem().propose(ONE, *track)
    assert proposal is None or (proposal.weights >= 0).all()


def test_where_there_is_nowhere_to_leap_to_the_last_leap_counts_no_more():
    """Its gain, if large, kept a run from ending that had come to rest: 1000 steps without any change."""
    spaces = {"x": Real((1,), np.ones(1))}
    at_rest = [Point(np.zeros(1))] * 3
    fast = [Point(np.array([x])) for x in (1.0, 0.1, -0.35)]  # steps that halve: plain ones do
    for track in (at_rest, fast):
        squarem = Squarem(gain=1.0, cap=1.0)
        assert squarem.propose(spaces, *track) is None
        assert squarem.gain == 0.0


def test_it_waits_until_progress_is_slow_and_linear():
    assert not Squarem().ready([0.0, 1.0, 1.1, 1.11])  # fast
    assert not Squarem().ready([0.0, 1.0, 1.6, 2.5])  # not linear
    assert Squarem().ready([0.0, 1.0, 1.9, 2.71])  # slow and linear


def test_tol_zero_means_plain_steps():
    X = slow_rows()
    start = {"means_init": X[[0, 300]], "tol": 0, "max_iter": 60}
    plain = GaussianMixture(2, acceleration=None, **start).fit(X)
    auto = GaussianMixture(2, **start).fit(X)
    np.testing.assert_array_equal(plain.log_likelihood_history_, auto.log_likelihood_history_)
    assert auto.n_iter_ == 60


def test_steps_that_grow_along_a_ridge_do_not_keep_it_from_ending():
    """Two Poisson components where there is one: 1,105 steps, of which 800 gained less than `tol`, once."""
    counts = np.repeat(np.arange(9), [2, 5, 9, 7, 9, 4, 1, 2, 1])[:, None]
    start = {"weights": [0.41, 0.59], "lambdas": [[1.65243902], [4.27542373]]}
    models = [
        MixtureModel("poisson", 2, tol=tol, max_iter=5000, starting_values=start) for tol in (1e-6, 1e-10)
    ]
    ends = [model.fit(counts) for model in models]
    assert ends[0].n_iter_ < 600
    assert ends[0].log_likelihood_ > ends[1].log_likelihood_ - 1e-6 * len(counts)
