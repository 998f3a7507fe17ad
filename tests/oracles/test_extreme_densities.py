"""Chains whose densities differ by more than any float: all paths, weighed with unbounded exponents."""

from dataclasses import dataclass
from itertools import pairwise, product

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from latently import GaussianHMM, HiddenMarkovModel, PoissonHMM
from latently.core.backends import SerialBackend, backend
from latently.core.blocks import Block
from latently.emissions.base import Emission
from latently.latent import viterbi
from latently.latent.base import IN_ORDER, normalised
from latently.latent.checkpoints import in_segments
from latently.latent.emission_tables import OfRows
from tests.simulations import by_night

LAG = 2
mpmath.mp.dps = 60


@dataclass(frozen=True)
class Table:
    rows: np.ndarray  # of log densities by state: shape (K, n)


@dataclass(frozen=True)
class Tabled(Emission):
    """What is observed is a row of a table of log densities."""

    def log_density(self, params, x):
        return params.rows.T[x[:, 0].astype(int)]

    def describe(self, x, weights): ...
    def start(self, description, n_components, rng): ...
    def expected_stats(self, params, x, resp): ...
    def m_step(self, stats, params, fixed=()): ...
    def expected_log_likelihood(self, stats, params): ...

    def spaces(self, params):
        return {}

    def check(self, params, n_components, n_features):
        """Densities of zero are as good as others."""


def tabled(startprob, transmat, log_density):
    table = np.array(log_density, dtype=float)
    model = HiddenMarkovModel.from_parameters(Tabled(), startprob, transmat, Table(table.T), n_features=1)
    return model, np.arange(float(len(table)))[:, None]


class Paths:
    """All paths of a model along a sequence and their weights, to sixty digits."""

    def __init__(self, startprob, transmat, log_density):
        self.K, self.T = len(startprob), len(log_density)
        density = [[mpmath.exp(mpmath.mpf(float(value))) for value in row] for row in log_density]
        self.weights = {}
        for path in product(range(self.K), repeat=self.T):
            weight = mpmath.mpf(float(startprob[path[0]]))
            for i, j in pairwise(path):
                weight *= mpmath.mpf(float(transmat[i][j]))
            self.weights[path] = [weight, *(density[t][k] for t, k in enumerate(path))]

    def given(self, times):
        """Weights of the paths, with what is observed at these times."""
        return {path: mpmath.fprod([w[0], *(w[1 + t] for t in times)]) for path, w in self.weights.items()}

    def states(self, t, times):
        sums = [
            mpmath.fsum(w for path, w in self.given(times).items() if path[t] == k) for k in range(self.K)
        ]
        total = mpmath.fsum(sums)
        return [float(part / total) for part in sums]

    def pairs(self):
        every, counts = self.given(range(self.T)), np.zeros((self.K, self.K))
        total = mpmath.fsum(every.values())
        for path, weight in every.items():
            for pair in pairwise(path):
                counts[pair] += float(weight / total)
        return counts

    @property
    def log_likelihood(self):
        return float(mpmath.log(mpmath.fsum(self.given(range(self.T)).values())))


def every_posterior(model, X):
    """States given everything, the past, some of the future, and all other times; and in segments."""
    n, K = len(X), model.n_components
    whole, latent, params = model._source(X).whole(), model._model.latent, model.params_.latent
    lookup = model._model.lookup(model.params_, whole)
    reading = OfRows(lambda rows: lookup.rows[rows], lambda rows, resp: [resp], K)
    block = Block(X, np.ones(1), np.array([0, n]))
    return {
        "smooth": model.smooth(X),
        "filter": model.filter(X),
        "fixed lag": model.fixed_lag(X, LAG),
        "leave one out": np.exp(latent.leave_one_out(params, lookup, whole, "others")),
        "forecast residuals": np.exp(latent.leave_one_out(params, lookup, whole, "past")),
        "online": np.array([update(model, X)]).reshape(n, K),
        "segments": np.concatenate(
            in_segments(model.startprob_, model.transmat_, reading, block, SerialBackend()).stats
        ),
    }


def update(model, X):
    online = model.filtering()
    return [online.update(x) for x in X]


def seen(kind, t, T):
    """The times that are observed, for the states at time t."""
    everything = range(T)
    return {
        "smooth": everything,
        "segments": everything,
        "filter": range(t + 1),
        "online": range(t + 1),
        "fixed lag": range(min(t + LAG + 1, T)),
        "leave one out": [s for s in everything if s != t],
        "forecast residuals": range(t),
    }[kind]


STICKY = [[0.95, 0.05], [0.05, 0.95]]
FAR = -(9.97e36**2) / 2
# Start, transitions, and the log densities of each time.
CASES = {
    "one value far out": (
        [0.5, 0.5],
        STICKY,
        [[0, -4.5], [FAR, FAR], [-4.5, 0], [-4.5, 0], [-4.5, 0]],
    ),
    "no way back": ([0.5, 0.5], np.eye(2), [[0, -5e5], [-5e13, -4.999e13], [-5e13, -4.999e13], [0, -5e5]]),
    "a state that seemed lost": (
        [0.5, 0.3, 0.2],
        [[0.5, 0.5, 0], [0, 0.5, 0.5], [0.2, 0, 0.8]],
        [[0, -2e3, -3e3], [0, -5e4, -5e4], [-1e36, -np.inf, -1e36], [-1e5, 0, -2e4], [0, -1, -2]],
    ),
    "high densities": ([0.2, 0.8], STICKY, [[1e10, 1e10 - 1], [1e10 + 2, 1e10], [3e9, 3e9 + 4]]),
    "only what is improbable can be": (
        [0.0, 0.4, 0.6],
        [[1, 0, 0], [0, 0.7, 0.3], [0, 0.2, 0.8]],
        [[0, -1e36, -1e36], [0, -1e40, -1e40], [-1, -2, -3], [0, -1e36, -1e36]],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_all_paths_by_extended_precision(name):
    startprob, transmat, logs = CASES[name]
    model, X = tabled(startprob, transmat, logs)
    paths = Paths(startprob, transmat, logs)
    for kind, found in every_posterior(model, X).items():
        right = [paths.states(t, seen(kind, t, len(X))) for t in range(len(X))]
        assert_allclose(found, right, rtol=1e-6, atol=1e-12, err_msg=kind)
    assert_allclose(model.score(X), paths.log_likelihood, rtol=1e-14)
    every = paths.given(range(len(X)))
    assert_allclose(float(every[tuple(model.predict(X).tolist())] / max(every.values())), 1)
    last = np.array(paths.states(len(X) - 1, range(len(X))))
    assert_allclose(model.forecast(X, 2).states, [last @ transmat, last @ transmat @ transmat], rtol=1e-6)
    stats = model._model.generic_e_step(model.params_, Block(X, np.ones(1), np.array([0, len(X)])))
    assert_allclose(stats.latent.transitions, paths.pairs(), rtol=1e-6, atol=1e-12)
    drawn = model.sample_states(X, 400, random_state=0)
    shares = (drawn[:, :, None] == np.arange(len(startprob))).mean(axis=0)
    assert np.abs(shares - model.smooth(X)).max() < 0.1


def test_numbers_and_counts_far_out():
    far = GaussianHMM.from_parameters([0.5, 0.5], STICKY, [[0.0], [3.0]], [[1.0], [1.0]])
    assert far.predict([[0], [9.97e36], [3], [3], [3]]).tolist() == [0, 1, 1, 1, 1]
    counts = PoissonHMM.from_parameters([0.5, 0.5], [[0.9, 0.1], [0.1, 0.9]], [[1e-12], [1e9]])
    for posterior in every_posterior(counts, np.array([[0.0], [1e9], [5], [1e9], [0], [3e9]])).values():
        assert_allclose(posterior.sum(axis=1), 1, atol=1e-12)


SIZES = st.sampled_from([0.0, 1.0, 30.0, 1e3, 1e8, 1e16, 1e36, 1e73, 1e300])


@pytest.mark.parametrize("K", [2, 3, *by_night(9)])  # each width is compiled
@settings(max_examples=8)
@given(data=st.data())
def test_posteriors_of_any_densities_sum_to_one(data, K):
    T = data.draw(st.integers(1, 6))
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    logs = np.array([[-data.draw(SIZES) for _ in range(K)] for _ in range(T)]) * rng.uniform(0.5, 1, (T, K))
    transmat = np.where(rng.random((K, K)) < 0.3, 0.0, rng.dirichlet(np.ones(K), K)) + 1e-3 * np.eye(K)
    transmat /= transmat.sum(axis=1, keepdims=True)
    model, X = tabled(rng.dirichlet(np.ones(K)), transmat, logs)
    for kind, found in every_posterior(model, X).items():
        assert_allclose(found.sum(axis=1), 1, atol=1e-12, err_msg=kind)
    states = model.forecast(X, 3).states
    assert_allclose(states.sum(axis=1), 1, atol=1e-12)
    stats = model._model.generic_e_step(model.params_, Block(X, np.ones(1), np.array([0, T])))
    assert_allclose(stats.latent.transitions.sum(), T - 1, atol=1e-9)


def test_labels_that_only_rounding_makes_as_likely():
    height, logs = normalised(np.array([-800.0, -1.0]), np.full(2, -1e36))
    assert (height, np.exp(logs).tolist()) == (-1e36, [0.0, 1.0])


@pytest.mark.parametrize("K", [2, 9])
@pytest.mark.parametrize("share", [False, True])
def test_paths_beside_numbers_of_any_size(monkeypatch, K, share):
    """A number added to all densities of a time changes no path, however large it is."""
    rng = np.random.default_rng(K)
    T, start, transmat = 60, rng.dirichlet(np.ones(K)), rng.dirichlet(np.ones(K), K)
    logs = 3 * rng.normal(size=(T, K))
    logs[::7] = 0.0
    far = logs.copy()
    far[::7] = -rng.choice([1e3, 1e16, 1e36, 1e73], len(far[::7]))[:, None]
    monkeypatch.setattr(viterbi, "LONG_SEQUENCE", 2 if share else 2**20)
    with backend(2) as workers:
        plain, other = (
            viterbi.likeliest_paths(table, IN_ORDER, start, transmat, np.array([0, T]), workers)[0]
            for table in (logs, far)
        )
    assert_array_equal(plain, other)
