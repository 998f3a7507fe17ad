"""When a search is at its end, and a run in it: not where nothing can be trusted, and where it is in vain."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from latently import GaussianMixture
from latently.core.array_source import ArraySource
from latently.core.backends import SerialBackend
from latently.core.em import FARTHEST, IN_VAIN, PACE, EMMap, FitResult, Settings, Step, run
from latently.core.exploration import Explorer, Maximum, Plan, Start
from latently.core.findings import Finding
from latently.core.moves import Climber, End


def with_pairs(n_pairs, rng):
    """Two clusters, and pairs of rows next to each other, on which full covariances collapse."""
    x = rng.standard_normal((160, 2)) + np.repeat([[0, 0], [7, 7]], 80, axis=0)
    near = rng.uniform(-2, 9, (n_pairs, 2))
    return np.vstack([x, near, near + 1e-3 * rng.standard_normal((n_pairs, 2))])


def collapsed(x, n_pairs):
    """The map of a mixture and its params where a component sits on each pair."""
    means = [[0, 0], [7, 7], *x[160 : 160 + n_pairs]]
    narrow = [np.eye(2), np.eye(2), *[1e-5 * np.eye(2)] * n_pairs]
    weights = np.array([80, 80, *[2] * n_pairs]) / (160 + 2 * n_pairs)
    model = GaussianMixture.from_parameters(weights, np.array(means), np.stack(narrow))
    source = ArraySource(x, np.ones(len(x)), None, 1024)
    bound = model._model.bind(model._model.describe(next(source.blocks())))
    return EMMap(bound, source), model.params_


@pytest.mark.parametrize(("doubtful", "batches"), [(0, 2), (3, 5), (9, 9)])
def test_agreement_at_a_spurious_maximum_is_not_enough(doubtful, batches):
    """So many batches end at the same one, which cannot be trusted, and all others at another, which can."""
    doubts = (Finding("floor", "rests on it", "component", (0,)),)

    def batch(candidates):
        trusted = len(taken) >= doubtful
        taken.append(candidates)
        end = FitResult("any", -1.0 - trusted, -1.0 - trusted, (), 3, True, "", 0.0, None)
        return Maximum(candidates[0], End(end, () if trusted else doubts))

    taken = []
    em = SimpleNamespace(fixed=(), backend=SerialBackend())
    explorer = Explorer(em, Plan(moves=False), 1.0)
    explorer._batch = batch
    start = Start("any", lambda rng: SimpleNamespace())
    explorer.explore([start] * 36, np.random.default_rng(0))
    assert len(taken) == batches
    assert (explorer.maxima[0].end.diagnostics == ()) == (doubtful < 9)


# -- runs in vain ------------------------------------------------------------------------------------------


def test_a_pace_that_is_too_slow():
    settings = Settings(to_reach=0.0)
    slow = [Step(-100.0 + t, 0.0) for t in range(PACE + 1)]  # one a step, 95 to go
    assert settings.in_vain(slow)
    assert not settings.in_vain(slow[:-1])  # too few steps to tell
    near = [Step(one.log_likelihood + 95 - FARTHEST, 0.0) for one in slow]
    assert not settings.in_vain(near)
    assert not replace(settings, to_reach=None).in_vain(slow)
    assert not settings.in_vain([Step(1.0, 0.0)] * 9)  # there already
    assert settings.in_vain([Step(-1.0, 0.0)] * 9)  # at rest below


def test_beside_a_prior_log_likelihoods_do_not_tell_how_far_it_is():
    climber = Climber(None, Settings(), 100, 1e-5)
    end = FitResult("any", -7.0, -7.0, (), 3, True, "", 0.0, None)
    assert climber._to_reach(End(end, ())) == pytest.approx(-7.0 + 1e-3)
    assert climber._to_reach(End(replace(end, objective=-7.5), ())) is None


def test_a_run_ends_where_it_is_in_vain():
    x = np.random.default_rng(0).standard_normal((160, 2))  # one cluster for two components
    em, params = collapsed(x, 0)
    whole = run(em, params, Settings(1e-9, 500), len(x))
    best = run(em, params, Settings(1e-9, 500, to_reach=whole.log_likelihood - 1e-6), len(x))
    assert (best.params.emission.means == whole.params.emission.means).all()
    vain = run(em, params, Settings(1e-9, 500, to_reach=whole.log_likelihood + 1e6), len(x))
    assert (vain.stop_reason, vain.converged, vain.n_iter) == (IN_VAIN, False, PACE)
