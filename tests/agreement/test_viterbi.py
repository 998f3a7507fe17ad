"""A sequence that two threads share has the path that it has in one, and that of plain NumPy."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from latently.core.backends import SerialBackend, backend
from latently.latent import viterbi
from latently.latent.base import IN_ORDER


def plain(log_density, startprob, transmat):
    """Viterbi's path and its score."""
    with np.errstate(divide="ignore"):
        score, steps = np.log(startprob) + log_density[0], np.log(transmat)
    origins = []
    for row in log_density[1:]:
        through = score[:, None] + steps
        origins.append(through.argmax(axis=0))
        score = through.max(axis=0) + row
    path = [int(score.argmax())]
    for origin in reversed(origins):
        path.append(int(origin[path[-1]]))
    return path[::-1], score.max()


@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize("K", [1, 3, 4, 7, 8, 12])
def test_shared_whole_and_plain_agree(monkeypatch, K, zeros, offset):
    rng = np.random.default_rng(K)
    transmat = rng.dirichlet(np.ones(K), K)
    if zeros:
        transmat = np.triu(transmat)
        transmat /= transmat.sum(axis=1, keepdims=True)
    startprob, lengths = rng.dirichlet(np.ones(K)), [1, 2, 5, 80, 301]
    logs = 3 * rng.normal(size=(sum(lengths), K)) + offset
    logs[40] = 0.0  # a missing time
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    whole = viterbi.likeliest_paths(logs, IN_ORDER, startprob, transmat, offsets, SerialBackend())
    monkeypatch.setattr(viterbi, "LONG_SEQUENCE", 2)
    with backend(2) as workers:
        shared = viterbi.likeliest_paths(logs, IN_ORDER, startprob, transmat, offsets, workers)
    for n, (low, high) in enumerate(pairwise(offsets)):
        path, value = plain(logs[low:high], startprob, transmat)
        assert_array_equal(whole[0][low:high], path)
        assert_array_equal(shared[0][low:high], path)
        assert_allclose([whole[1][n], shared[1][n]], value, rtol=1e-12)


@pytest.mark.parametrize("K", [2, 9])
@pytest.mark.parametrize("time", [0, 7, 19])
def test_sequences_that_are_impossible(monkeypatch, K, time):
    rng = np.random.default_rng(K)
    logs = rng.normal(size=(20, K))
    logs[time] = -np.inf
    parts = np.full(K, 1 / K), rng.dirichlet(np.ones(K), K), np.array([0, 20])
    for long in (2**20, 2):
        monkeypatch.setattr(viterbi, "LONG_SEQUENCE", long)
        _, values = viterbi.likeliest_paths(logs, IN_ORDER, *parts, SerialBackend())
        assert values[0] == -np.inf
