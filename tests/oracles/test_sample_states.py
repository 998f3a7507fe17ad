"""Paths drawn given the data, against the probabilities of all paths, tried one by one."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import chisquare

from latently import CategoricalHMM, GaussianHMM, HiddenMarkovModel, PoissonHMM
from latently.core.errors import ImpossibleObservationError
from latently.emissions.poisson import Poisson, PoissonParams
from tests.oracles.paths import (
    BANDED,
    LAMBDAS,
    MEANS,
    STARTPROB,
    TRANSMAT,
    WITH_A_ZERO,
    K,
    Truth,
    over_transitions,
)
from tests.simulations import by_night

N_PATHS = 6000

COUNTS = np.array([[2.0, 5.0], [np.nan, 3.0], [np.nan, np.nan], [6.0, 4.0], [8.0, 7.0]])
MODELS = {
    "symbols": (
        lambda A: CategoricalHMM.from_parameters(STARTPROB, A, WITH_A_ZERO, categories=list("abcd")),
        np.array(["a", "c", None, "d", "a"], dtype=object)[:, None],
    ),
    "counts": (lambda A: PoissonHMM.from_parameters(STARTPROB, A, LAMBDAS), COUNTS),
    "numbers": (
        lambda A: GaussianHMM.from_parameters(STARTPROB, A, MEANS[:, :1], np.ones((K, 1))),
        np.array([[0.3], [1.0], [np.nan], [-2.0], [0.1]]),
    ),
    "any family": (
        lambda A: HiddenMarkovModel.from_parameters(Poisson(), STARTPROB, A, PoissonParams(LAMBDAS)),
        COUNTS,
    ),
}


def posterior_of_paths(model, X):
    """All paths of one sequence, and the probability of each given the data."""
    log_density = model._model.lookup(model.params_, model._source(X).whole()).rows
    truth = Truth(log_density, model.transmat_, model.startprob_)
    return truth.paths, truth.posterior


def frequencies(drawn, paths):
    base = drawn.max(initial=0) + paths.max() + 1
    codes = base ** np.arange(paths.shape[1])
    return (drawn @ codes == (paths @ codes)[:, None]).sum(axis=1)


def assert_drawn_from(drawn, paths, probabilities):
    """No impossible path, and Pearson's statistic of the others is no surprise; rare ones count together."""
    found = frequencies(drawn, paths)
    assert found.sum() == len(drawn)
    assert not found[probabilities == 0].any()
    often = probabilities * len(drawn) > 5
    observed, expected = found[often], probabilities[often] * len(drawn)
    if not often.all():
        observed = np.append(observed, found[~often].sum())
        expected = np.append(expected, probabilities[~often].sum() * len(drawn))
    used = expected > 1e-9
    assert used.sum() > 1
    assert (
        chisquare(observed[used], expected[used] * (observed[used].sum() / expected[used].sum())).pvalue
        > 1e-3
    )


@over_transitions
@pytest.mark.parametrize("name", MODELS)
def test_paths_come_as_often_as_they_are_likely(name, transmat):
    make, X = MODELS[name]
    model = make(transmat)
    assert_drawn_from(model.sample_states(X, N_PATHS, random_state=0), *posterior_of_paths(model, X))


@pytest.mark.parametrize("name", MODELS)
def test_several_sequences_are_drawn_apart(name):
    make, X = MODELS[name]
    model = make(TRANSMAT)
    drawn = model.sample_states(X, N_PATHS, random_state=1, lengths=[1, 3, 1])
    assert drawn.shape == (N_PATHS, 5)
    for low, high in [(0, 1), (1, 4), (4, 5)]:
        assert_drawn_from(drawn[:, low:high], *posterior_of_paths(model, X[low:high]))
    together = np.corrcoef(drawn[:, 0], drawn[:, 1])[0, 1]
    assert abs(together) < 4 / np.sqrt(N_PATHS)
    in_a_list = model.sample_states([X[:1], X[1:4], X[4:]], N_PATHS, random_state=1)
    assert_array_equal(drawn, in_a_list)


@pytest.mark.parametrize("n_components", [1, 2, 4, 5, *by_night(9)])
def test_any_number_of_states(n_components):
    rng = np.random.default_rng(n_components)
    transmat = rng.dirichlet(np.ones(n_components), n_components)
    rates = np.arange(1.0, n_components + 1)[:, None]
    model = PoissonHMM.from_parameters("stationary", transmat, rates)
    X = np.array([[1], [4], [2]])
    drawn = model.sample_states(X, N_PATHS, random_state=0)
    shares = (drawn[:, :, None] == np.arange(n_components)).mean(axis=0)
    assert_allclose(shares, model.smooth(X), atol=4 * 0.5 / np.sqrt(N_PATHS))


def test_a_state_that_underflows_and_turns_out_to_be_the_only_one():
    # The first state is behind by e^-2000 after the first time, and the last one is reached from it alone.
    model = GaussianHMM.from_parameters(
        [0.5, 0.5, 0.0],
        [[0.5, 0.0, 0.5], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [[0.0], [63.3], [1e6]],
        np.ones((3, 1)),
    )
    X = np.array([[63.3], [np.nan], [1e6]])
    drawn = model.sample_states(X, 4000, random_state=0)
    paths, probabilities = posterior_of_paths(model, X)
    assert set(map(tuple, paths[probabilities > 1e-12])) == {(0, 0, 2), (0, 2, 2)}
    assert_drawn_from(drawn, paths, probabilities)


def test_a_state_that_is_lost_and_overtakes_in_small_steps():
    # After two times the first state is behind by 1e-400; the other then goes on by steps of 1e-100 each.
    first, second, third, fourth, trash = range(5)
    transmat = np.zeros((5, 5))
    transmat[first, [first, third]] = 0.5
    transmat[second, [second, fourth, trash]] = 0.5, 1e-100, 0.5
    transmat[third, third] = transmat[trash, trash] = 1.0
    transmat[fourth, [fourth, trash]] = 1e-100, 1.0
    symbols = np.array([[1e-200, 0, 1], [1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]])
    model = CategoricalHMM.from_parameters([0.5, 0.5, 0, 0, 0], transmat, symbols)
    X = np.array([0, 0, 1, 1, 1, 1, 1])[:, None]
    paths = model.sample_states(X, 5, random_state=0)
    assert_array_equal(paths, [[first, first, third, third, third, third, third]] * 5)
    assert_allclose(model.smooth(X)[np.arange(7), paths[0]], 1.0)


def test_both_ways_draw_the_same_paths_of_the_same_numbers():
    from latently.latent.path_sampling import PathPosterior

    make, _ = MODELS["counts"]
    model = make(BANDED)
    X = model.sample(500, random_state=0)[0]
    whole = model._source(X).whole()
    lookup = model._model.lookup(model.params_, whole)
    scaled, logs = (PathPosterior(model.params_.latent, lookup, whole) for _ in range(2))
    assert scaled._scaled
    logs._scaled = False
    uniform, one, other = np.random.default_rng(0).random(500), *np.zeros((2, 500), dtype=np.int64)
    scaled.draw(uniform, one)
    logs.draw(uniform, other)
    assert scaled._log_forward is None
    assert logs._log_forward is not None
    assert_array_equal(one, other)


def test_an_impossible_sequence_is_named():
    model = CategoricalHMM.from_parameters(
        [1.0, 0.0], [[1.0, 0.0], [0.5, 0.5]], [[1.0, 0.0], [0.0, 1.0]], categories=["a", "b"]
    )
    with pytest.raises(ImpossibleObservationError, match="sequence 1, time 1 is impossible"):
        model.sample_states([["a"], ["a"], ["b"]], lengths=[1, 2])


def test_shares_along_a_long_series_of_the_same_seed():
    make, _ = MODELS["numbers"]
    model = make(TRANSMAT)
    X, states = model.sample(20_000, random_state=0)
    paths = model.sample_states(X, 3, random_state=0)
    assert paths.dtype == np.int64
    smoothed = model.smooth(X)
    for path in paths:
        # Right as often as a posterior draw should be: the sum of squares of the posterior.
        assert abs((path == states).mean() - (smoothed**2).sum(axis=1).mean()) < 0.02
        stay = (path[1:] == path[:-1]).mean()
        assert abs(stay - (states[1:] == states[:-1]).mean()) < 0.02
    assert (paths[0] != paths[1]).any()


def test_seeds():
    make, X = MODELS["counts"]
    model = make(TRANSMAT)
    few, more = model.sample_states(X, 2, random_state=5), model.sample_states(X, 6, random_state=5)
    assert_array_equal(few, more[:2])
    rng = np.random.default_rng(5)
    assert_array_equal(model.sample_states(X, 6, random_state=rng), more)
    assert (model.sample_states(X, 6, random_state=rng) != more).any()


@pytest.mark.parametrize("n_paths", [0, -1, 1.5, True, "2"])
def test_a_number_of_paths_that_is_none(n_paths):
    make, X = MODELS["counts"]
    with pytest.raises(ValueError, match=r"n_paths=.*: should be an integer of at least 1"):
        make(TRANSMAT).sample_states(X, n_paths)
