"""Chains that start from their stationary distribution: Q and its gradient by other means, and law 3."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize

from latently.core.array_source import ArraySource
from latently.core.backends import SerialBackend
from latently.core.em import EMMap, Settings, describe, run
from latently.emissions import Categorical, Poisson
from latently.kernels.stationary import SETTLED, climb
from latently.latent.chain import Chain
from latently.latent.stationary import CLIMBED, ROUNDS, maximise, slopes, stationary
from latently.models import LatentEmission
from tests.laws.test_monotone import assert_climbs

EPS = 2.0**-52

SHAPES = {
    "dense": lambda K, rng: np.ones((K, K)),
    "banded": lambda K, rng: np.eye(K) + np.roll(np.eye(K), 1, axis=1),
    "incomplete": lambda K, rng: (rng.random((K, K)) < 0.4) + np.roll(np.eye(K), 1, axis=1),
}
over_shapes = pytest.mark.parametrize("shape", list(SHAPES))


def exactly_stationary(transmat):
    """By Gauss elimination of fractions, however rarely a state is left."""
    K = len(transmat)
    P = [[Fraction(value) for value in row] for row in transmat.tolist()]
    rows = [[(i == j) * sum(P[i]) - P[i][j] for i in range(K)] for j in range(K)]
    rows[0] = [Fraction(1)] * K
    right = [Fraction(int(j == 0)) for j in range(K)]
    for n in range(K):
        pivot = next(r for r in range(n, K) if rows[r][n])
        rows[n], rows[pivot], right[n], right[pivot] = rows[pivot], rows[n], right[pivot], right[n]
        for r in set(range(K)) - {n}:
            factor = rows[r][n] / rows[n][n]
            rows[r] = [a - factor * b for a, b in zip(rows[r], rows[n], strict=True)]
            right[r] -= factor * right[n]
    return np.array([float(right[n] / rows[n][n]) for n in range(K)])


def q_function(initial, transitions, transmat):
    used, began = transitions > 0, initial > 0
    first = exactly_stationary(transmat)
    return float(transitions[used] @ np.log(transmat[used]) + initial[began] @ np.log(first[began]))


def problem(K, shape, rng):
    """Counts of few and of many sequences, some of them zero, and transitions."""
    support = SHAPES[shape](K, rng) > 0
    transmat = support * rng.gamma(1.0, size=(K, K)) + 0.01 * support
    transmat /= transmat.sum(axis=1, keepdims=True)
    initial = rng.dirichlet(np.ones(K)) * 10 ** rng.uniform(-1, 2)
    transitions = support * rng.gamma(0.7, size=(K, K)) * 10 ** rng.uniform(-1, 3)
    transitions[rng.random((K, K)) < 0.1] = 0.0
    return initial, transitions, transmat


@over_shapes
@pytest.mark.parametrize("K", [1, 2, 3, 6])
def test_stationary_distributions(K, shape):
    rng = np.random.default_rng(K)
    for _ in range(5):
        _, _, transmat = problem(K, shape, rng)
        assert_allclose(stationary(transmat), exactly_stationary(transmat), rtol=1e-12)


def test_states_that_are_hardly_ever_left():
    """The chain comes apart to rounding, and is one chain all the same."""
    transmat = np.array([[1 - 3e-200, 3e-200, 0.0], [1e-200, 0.5, 0.5], [0.0, 1e-20, 1 - 1e-20]])
    assert_allclose(stationary(transmat), exactly_stationary(transmat), rtol=1e-12)


def test_stationary_distribution_of_a_chain_that_comes_apart():
    """One of many, left as it is by the transitions."""
    apart = np.array([[0.5, 0.5, 0.0], [0.2, 0.8, 0.0], [0.0, 0.0, 1.0]])
    for transmat in (np.eye(3), apart):
        found = stationary(transmat)
        assert_allclose(found @ transmat, found, atol=1e-12)
        assert_allclose(found.sum(), 1.0)
    ending = np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.0, 0.0, 1.0]])
    assert_allclose(stationary(ending), [0.0, 0.0, 1.0], atol=1e-12)


@over_shapes
@pytest.mark.parametrize("K", [2, 3, 5])
def test_gradient_by_differences(K, shape):
    """Along directions in which rows keep their sums."""
    rng = np.random.default_rng(K)
    for _ in range(5):
        initial, transitions, transmat = problem(K, shape, rng)
        slope = slopes(initial, transitions, transmat)
        direction = rng.standard_normal((K, K)) * transmat
        direction -= transmat * direction.sum(axis=1, keepdims=True)
        h = 1e-5
        up, down = (q_function(initial, transitions, transmat + s * h * direction) for s in (1, -1))
        assert_allclose((slope * direction).sum(), (up - down) / (2 * h), rtol=1e-6, atol=1e-6)


@over_shapes
@pytest.mark.parametrize("K", [1, 2, 3, 6])
def test_maximise_raises_q_and_keeps_zeros(K, shape):
    rng = np.random.default_rng(10 + K)
    raised = []
    for _ in range(8):
        initial, transitions, transmat = problem(K, shape, rng)
        found = maximise(initial, transitions, transmat)
        before, after = (q_function(initial, transitions, m) for m in (transmat, found))
        assert after >= before - 1e-9 * abs(before)
        raised.append(after - before)
        total = transitions.sum(axis=1, keepdims=True)
        if (transitions[transmat > 0] > 0).all():
            assert after >= q_function(initial, transitions, transitions / total) - 1e-9 * abs(before)
        assert_array_equal(found[transmat == 0], 0.0)
        assert_allclose(found.sum(axis=1), 1.0, rtol=1e-14)
    assert max(raised) > 0.1 or K == 1


@pytest.mark.parametrize("sequences", [1.0, 5.0])
def test_maximise_leads_as_high_as_another_search(sequences):
    """At once for one sequence, the usual case; step by step where many first states are counted."""
    rng = np.random.default_rng(3)
    for _ in range(5):
        initial, transitions, transmat = problem(3, "dense", rng)
        initial *= sequences / initial.sum()

        def falling(logits, initial=initial, transitions=transitions):
            values = np.exp(logits.reshape(3, 3))
            return -q_function(initial, transitions, values / values.sum(axis=1, keepdims=True))

        best = minimize(falling, np.log(transmat).ravel(), method="L-BFGS-B").fun
        for _ in range(1 if sequences == 1 else 30):
            transmat = maximise(initial, transitions, transmat)
        assert q_function(initial, transitions, transmat) >= -best - 1e-4


@pytest.mark.parametrize("K", [2, 3, 5, 12])
def test_the_climb_of_a_series_settles_at_the_top(K):
    """Within its few steps, from far away; there the gradient is the same along each row."""
    rng = np.random.default_rng(K)
    for _ in range(10):
        transmat = 0.8 * np.eye(K) + 0.2 * rng.dirichlet(np.full(K, 5.0), K)
        transitions = 300 / K * transmat * rng.gamma(5.0, 0.2, size=(K, K))
        initial, found = rng.dirichlet(np.full(K, 0.1)), np.empty((K, K))
        begin = rng.dirichlet(np.ones(K), K)
        assert climb(initial, transitions, begin, found, CLIMBED, ROUNDS) == SETTLED
        slope = found * slopes(initial, transitions, found)
        level = slope.sum(axis=1, keepdims=True)  # known to the root of what is left to gain
        assert_allclose(slope, found * level, rtol=0, atol=1e-5 * level.max())


@pytest.mark.parametrize(
    "transmat",
    [
        np.eye(3),
        np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.0, 0.0, 1.0]]),
        np.eye(3) + 1e-300 * np.ones((3, 3)),
        np.array([[1.0, 1e-300, 0.0], [0.0, 1.0, 1e-300], [1e-300, 0.0, 1.0]]),
    ],
    ids=["apart", "ending", "all but apart", "all but apart, zeros"],
)
def test_maximise_where_the_chain_comes_apart(transmat):
    """No slope to follow there: the transitions stay as good as they were, and finite."""
    rng = np.random.default_rng(0)
    for _ in range(5):
        transitions = rng.gamma(1.0, size=(3, 3)) * (transmat > 0)
        found = maximise(rng.dirichlet(np.ones(3)), transitions, transmat)
        assert np.isfinite(found).all()
        assert_allclose(found.sum(axis=1), 1.0, rtol=1e-14)
        assert_array_equal(found[transmat == 0], 0.0)


# -- law 3 -------------------------------------------------------------------------------------------------


def sequences(kind, rng):
    lengths = rng.integers(1, 15, size=rng.integers(1, 12))
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    if kind == "counts":
        return rng.poisson(rng.choice([1.0, 8.0, 20.0], size=(offsets[-1], 1))).astype(float), offsets
    return rng.integers(4, size=(offsets[-1], 1)), offsets


def em_of(kind, K, shape, seed):
    rng = np.random.default_rng([seed, K])
    x, offsets = sequences(kind, rng)
    support = None if shape == "dense" else SHAPES[shape](K, rng) > 0
    family = Poisson() if kind == "counts" else Categorical(4)
    model = LatentEmission(Chain(startprob="stationary", support=support), family, K)
    source = ArraySource(x, rng.integers(1, 4, len(offsets) - 1).astype(float), offsets, 64)
    description = describe(model, source, SerialBackend())
    model = model.bind(description)
    return EMMap(model, source), model.start(description, rng)


@over_shapes
@pytest.mark.parametrize("kind", ["counts", "symbols"])
@pytest.mark.parametrize("K", [2, 3, 4])
def test_the_objective_never_falls(kind, K, shape):
    """A generalised EM step is taken only uphill, whatever the data."""
    for seed in range(8):
        em, params = em_of(kind, K, shape, seed)
        objectives = assert_climbs(em, params, 12)
        assert objectives[-1] > objectives[0]


@pytest.mark.parametrize("kind", ["counts", "symbols"])
def test_nor_under_acceleration(kind):
    for seed in range(4):
        em, params = em_of(kind, 3, "dense", seed)
        result = run(em, params, Settings(tol=1e-8, accelerate=True), em.source.weights.sum())
        steps = np.diff([step.log_likelihood for step in result.history])
        assert steps.min() >= -64 * EPS * em.e_step(result.params).rounding_scale
        first = em.model.latent.first(result.params.latent)
        assert_allclose(first, exactly_stationary(result.params.latent.transmat), rtol=1e-6, atol=1e-9)
        assert_array_equal(result.params.latent.startprob, first)
