"""What is hidden answers for itself: labels that do not depend on each other are a chain that forgets."""

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import logsumexp

from latently.core.backends import SerialBackend
from latently.core.blocks import Block
from latently.core.errors import ImpossibleObservationError
from latently.latent import Chain, Independent
from latently.latent.base import Latent, Lookup
from latently.latent.chain import ChainParams
from latently.latent.independent import Weights

K, T = 3, 7
RNG = np.random.default_rng(0)
WEIGHTS = np.array([0.5, 0.3, 0.2])
TABLE = RNG.normal(scale=3.0, size=(4, K))
INDEX = RNG.integers(4, size=T)
X = np.zeros((T, 1))
ROWS = Block(X, np.ones(T))
SEQUENCE = Block(X, np.ones(1), np.array([0, T]), alone=True)

APART = (Independent(), Weights(WEIGHTS), ROWS)
FORGETFUL = (Chain(), ChainParams(WEIGHTS, np.tile(WEIGHTS, (K, 1))), SEQUENCE)
STICKY = (Chain(), ChainParams(WEIGHTS, np.array([[0.8, 0.1, 0.1], [0.3, 0.7, 0], [0, 0.4, 0.6]])), SEQUENCE)


def answers(latent, params, block, lookup):
    """All that is not random, units added up."""
    backend = SerialBackend()
    log_likelihood, resp = latent.posterior(
        params, lambda rows: lookup.rows[rows], block, backend, refuse=True
    )
    value, path = latent.decode(params, lookup, block, backend)
    online, before, total = [], None, 0.0
    for log_density in lookup.rows:
        gained, before = latent.filter_step(params, before, log_density)
        online.append(np.exp(before))
        total += gained
    filtered = latent.filter(params, lookup, block)
    return {
        "log-likelihood": log_likelihood.sum(),
        "smoothed": resp,
        "joint of the likeliest labels": value.sum(),
        "likeliest labels": path,
        "filtered": filtered,
        "filtered online": np.array(online),
        "log-likelihood online": total,
        "with a lag": latent.filter(params, lookup, block, 2),
        "first": latent.predict(params, None, 1),
        "ahead": np.array([latent.predict(params, filtered[-1], steps) for steps in (1, 2, 5)]),
        "from others": np.exp(latent.leave_one_out(params, lookup, block, "others")),
        "from the past": np.exp(latent.leave_one_out(params, lookup, block, "past")),
    }


def every_path(params):
    """The same of a chain, from all paths."""
    paths = np.array(list(product(range(K), repeat=T)))
    with np.errstate(divide="ignore"):
        logs = np.log(params.startprob), np.log(params.transmat)
    prior = logs[0][paths[:, 0]] + logs[1][paths[:, :-1], paths[:, 1:]].sum(axis=1)
    density = TABLE[INDEX][np.arange(T), paths]

    def states(t, times):
        weights = np.exp(prior + density[:, times].sum(axis=1))
        return np.bincount(paths[:, t], weights, K) / weights.sum()

    def at(times_of):
        return np.array([states(t, list(times_of(t))) for t in range(T)])

    joint = prior + density.sum(axis=1)
    last = states(T - 1, list(range(T)))
    power = np.linalg.matrix_power
    return {
        "log-likelihood": logsumexp(joint),
        "smoothed": at(lambda t: range(T)),
        "joint of the likeliest labels": joint.max(),
        "likeliest labels": paths[joint.argmax()],
        "filtered": at(lambda t: range(t + 1)),
        "filtered online": at(lambda t: range(t + 1)),
        "log-likelihood online": logsumexp(joint),
        "with a lag": at(lambda t: range(min(t + 3, T))),
        "first": params.startprob,
        "ahead": np.array([last @ power(params.transmat, steps) for steps in (1, 2, 5)]),
        "from others": at(lambda t: [s for s in range(T) if s != t]),
        "from the past": at(range),
    }


@pytest.mark.parametrize("lookup", [Lookup(TABLE, INDEX), Lookup(TABLE[INDEX])], ids=["table", "rows"])
@pytest.mark.parametrize(
    ("latent", "truth"),
    [(APART, FORGETFUL), (FORGETFUL, FORGETFUL), (STICKY, STICKY)],
    ids=["apart", "forgetful", "sticky"],
)
def test_answers_are_those_of_all_paths(latent, truth, lookup):
    found, right = answers(*latent, lookup), every_path(truth[1])
    assert found.keys() == right.keys()
    for name, value in right.items():
        assert_allclose(found[name], value, rtol=1e-10, atol=1e-13, err_msg=name)


@pytest.mark.parametrize(("latent", "params", "block"), [APART, FORGETFUL, STICKY])
def test_draws_have_the_shares_they_should_have(latent, params, block):
    lookup, rng = Lookup(TABLE, INDEX), np.random.default_rng(1)
    draws = latent.sample_posterior(params, lookup, block, 20_000, rng)
    shares = (draws[:, :, None] == np.arange(K)).mean(axis=0)
    smoothed = latent.posterior(params, lambda rows: lookup.rows[rows], block, SerialBackend(), refuse=True)[
        1
    ]
    assert_allclose(shares, smoothed, atol=0.015)  # four standard errors
    labels = latent.sample(params, 50_000, rng)
    in_the_long_run = latent.predict(params, WEIGHTS, 200)
    assert_allclose(np.bincount(labels, minlength=K) / len(labels), in_the_long_run, atol=0.03)
    assert {int(latent.sample(params, 3, rng, 2)[0]) for _ in range(20)} == {2}


@pytest.mark.parametrize(("latent", "params", "block"), [APART, STICKY])
def test_what_is_impossible_is_told(latent, params, block):
    table = TABLE.copy()
    table[INDEX[3]] = -np.inf
    lookup, backend = Lookup(table, INDEX), SerialBackend()

    density = lookup.rows.__getitem__
    values, resp = latent.posterior(params, density, block, backend, refuse=False)
    assert values.min() == -np.inf
    assert np.isnan(resp[3]).all()
    assert latent.decode(params, lookup, block, backend)[0].min() == -np.inf
    assert latent.filter_step(params, None, table[INDEX[3]])[0] == -np.inf
    first = int((INDEX[3] == INDEX).argmax())
    for ask in (
        lambda: latent.posterior(params, density, block, backend, refuse=True),
        lambda: latent.filter(params, lookup, block),
        lambda: latent.sample_posterior(params, lookup, block, 1, np.random.default_rng(0)),
    ):
        with pytest.raises(ImpossibleObservationError, match=rf"(row|time) {first} |from time {first} "):
            ask()


def test_a_structure_that_does_not_answer_says_so():
    class Silent(Independent):
        decode = Latent.decode
        gradient = Latent.gradient

    assert not {**Silent().gradient(None, None)}  # all is found by differences
    with pytest.raises(NotImplementedError, match="Silent has no decode method"):
        Silent().decode(None, Lookup(TABLE), ROWS, SerialBackend())
