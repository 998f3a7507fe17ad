"""The compiled chain against the plain one of tests/chain.py, on hard sequences."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from latently.core import blocks
from latently.core.backends import SerialBackend, backend
from latently.core.blocks import Block
from latently.core.errors import ImpossibleObservationError
from latently.latent import chain as compiled
from latently.latent import passes
from tests import chain as plain
from tests.chain import LENGTHS, STATES, WEIGHTS, counted, offsets_of
from tests.comparing import assert_identical
from tests.simulations import by_night

over_states = pytest.mark.parametrize("K", STATES)


def ordinary(T, K, rng):
    return 3.0 * rng.standard_normal((T, K))


def tiny(T, K, rng):
    """About exp(-1000), and at every other time exp(-1300)."""
    return ordinary(T, K, rng) - 1000.0 - 300.0 * (np.arange(T) % 2)[:, None]


def huge(T, K, rng):
    return ordinary(T, K, rng) + 900.0


def turning(T, K, rng):
    """At each time another state is the likelier by exp(300)."""
    here = np.arange(T)[:, None] % K == np.arange(K)
    return ordinary(T, K, rng) + np.where(here, 0.0, -300.0)


def partly_zero(T, K, rng):
    """A third of the densities are zero, but never all of a time."""
    values = ordinary(T, K, rng)
    values[rng.random((T, K)) < 1 / 3] = -np.inf
    values[np.arange(T), np.arange(T) % K] = rng.standard_normal(T)
    return values


def gaps(T, K, rng):
    """Times without any observation among sharp ones."""
    values = 20.0 * ordinary(T, K, rng)
    values[rng.random(T) < 0.4] = 0.0
    return values


DENSITIES = {f.__name__: f for f in (ordinary, tiny, huge, turning, partly_zero, gaps)}


def dense(K, rng):
    return rng.dirichlet(np.ones(K)), rng.dirichlet(np.ones(K), K)


def nearly_zero(K, rng):
    """Most transitions are rarer than 1e-100."""
    transmat = 1e-120 * rng.random((K, K)) + np.roll(np.eye(K), 1, axis=1) + 0.5 * np.eye(K)
    return np.full(K, 1 / K), transmat / transmat.sum(axis=1, keepdims=True)


def banded(K, rng):
    """From each state to itself and the next, the last of which is the first; sequences start in two."""
    keep = rng.uniform(0.2, 0.8, K)[:, None]
    start = np.zeros(K)
    start[: min(2, K)] = 1 / min(2, K)
    return start, keep * np.eye(K) + (1 - keep) * np.roll(np.eye(K), 1, axis=1)


TRANSITIONS = {f.__name__: f for f in (dense, nearly_zero, banded)}

# Where a path must cross a factor of exp(300) at each time nothing that is scaled can follow: so not those.
over_problems = pytest.mark.parametrize(
    ("density", "transitions"),
    [(d, t) for d in DENSITIES for t in TRANSITIONS if d != "turning" or t == "dense"],
)


class Recorder:
    """Takes responsibilities as an emission does, and keeps them."""

    def __init__(self, n, K):
        self.resp = np.full((n, K), np.nan)

    def visit(self, rows, resp):
        self.resp[rows] = resp
        return resp.sum(axis=0)


def passed(module, start, transmat, log_density, block, workers=None):
    recorder = Recorder(*log_density.shape)
    expected = module.Chain().run(
        module.ChainParams(start, transmat),
        lambda rows: log_density[rows],
        block,
        recorder.visit,
        workers or SerialBackend(),
    )
    return expected, recorder.resp


def assert_passes_agree(one, other, weight, atol=1e-11):
    """Bounds, responsibilities and counts; the rounding_scale bounds the bound."""
    (mine, resp), (theirs, their_resp) = one, other
    assert_allclose(mine.bound, theirs.bound, rtol=1e-12, atol=1e-10)
    assert_allclose(resp, their_resp, rtol=1e-9, atol=atol)
    assert_allclose(mine.latent.initial, theirs.latent.initial, rtol=1e-9, atol=atol)
    assert_allclose(mine.latent.transitions, theirs.latent.transitions, rtol=1e-9, atol=atol * weight)
    assert_allclose(mine.emission, theirs.emission, rtol=1e-9, atol=atol * weight)
    assert mine.rounding_scale >= abs(mine.bound) * (1 - 1e-12)


def problem(K, density, transitions, lengths=LENGTHS, weights=WEIGHTS, seed=0):
    rng = np.random.default_rng([seed, K])
    start, transmat = TRANSITIONS[transitions](K, rng)
    if transitions == "banded":
        log_density = np.clip(DENSITIES[density](int(lengths.sum()), K, rng), -2000.0, None)
        if density == "partly_zero":  # along a path that exists, so that no sequence is impossible
            log_density = np.where(log_density == -2000.0, -np.inf, log_density)
            for low, high in zip(offsets_of(lengths)[:-1], offsets_of(lengths)[1:], strict=True):
                log_density[np.arange(low, high), np.arange(high - low) % K] = 0.5
    else:
        log_density = DENSITIES[density](int(lengths.sum()), K, rng)
    offsets = offsets_of(lengths)
    block = Block(np.zeros((offsets[-1], 1)), weights, offsets, first=3)
    return start, transmat, log_density, block


# -- one thread, many sequences ----------------------------------------------------------------------------


@over_states
@over_problems
def test_agrees_with_plain_numpy(K, density, transitions, monkeypatch):
    parts, in_logs = problem(K, density, transitions), counted(monkeypatch, passes, "_in_logs")
    one, other = passed(compiled, *parts), passed(plain, *parts)
    assert not in_logs or density != "ordinary"
    assert_passes_agree(one, other, 1000.0)
    total = (LENGTHS * WEIGHTS).sum()
    assert_allclose(one[1].sum(), total, rtol=1e-12)
    assert_allclose(one[0].latent.initial.sum(), WEIGHTS[LENGTHS > 0].sum(), rtol=1e-12)
    inner = (np.maximum(LENGTHS - 1, 0) * WEIGHTS).sum()
    assert_allclose(one[0].latent.transitions.sum(), inner, rtol=1e-12)


@pytest.mark.parametrize("density", ["ordinary", "tiny", "partly_zero"])
def test_tiles_may_end_within_sequences(density, monkeypatch):
    monkeypatch.setattr(blocks, "TILE_BYTES", 1)  # the least there is: 64 rows
    parts = problem(3, density, "dense")
    assert sum(1 for _ in parts[-1].tiles(1)) > 4
    assert_passes_agree(passed(compiled, *parts), passed(plain, *parts), 1000.0)


@over_states
def test_exact_zeros_stay(K):
    parts = problem(K, "partly_zero", "banded")
    expected, resp = passed(compiled, *parts)
    assert_array_equal(expected.latent.transitions[parts[1] == 0], 0.0)
    assert_array_equal(resp[np.isneginf(parts[2])], 0.0)
    if K > 2:
        assert_array_equal(expected.latent.initial[parts[0] == 0], 0.0)


@pytest.mark.parametrize("K", [1, 3, 9])
@pytest.mark.parametrize("T", range(1, 20))
def test_each_small_length(K, T):
    """Where the two directions meet, and where vectors are rescaled, depends on the length."""
    lengths, weights = np.array([T]), np.array([1.7])
    parts = problem(K, "ordinary", "dense", lengths, weights)
    assert_passes_agree(passed(compiled, *parts), passed(plain, *parts), T, atol=1e-13)


@pytest.mark.parametrize("K", [2, 8])
def test_a_block_of_rows_is_one_of_sequences_of_one(K):
    start, transmat, log_density, block = problem(K, "ordinary", "dense", np.ones(40, dtype=int), np.ones(40))
    as_rows = replace(block, offsets=None)
    one = passed(compiled, start, transmat, log_density, block)
    other = passed(compiled, start, transmat, log_density, as_rows)
    assert_identical(one[0], other[0])
    assert_allclose(one[0].latent.initial, one[1].sum(axis=0), rtol=1e-13)


def test_an_empty_block_gives_zeros():
    parts = problem(3, "ordinary", "dense", np.array([], dtype=int), np.array([]))
    expected, resp = passed(compiled, *parts)
    assert expected.bound == expected.rounding_scale == 0.0
    assert_array_equal(expected.latent.transitions, 0.0)
    assert_array_equal(expected.latent.initial, 0.0)
    assert resp.shape == (0, 3)


@pytest.mark.parametrize("T", [1, 2, 3, 10, 31])
@pytest.mark.parametrize("K", [2, 5])
def test_impossible_at_any_time_is_named(T, K):
    """In whichever half; another sequence before it is possible."""
    for wrong in range(T):
        lengths = np.array([4, T])
        start, transmat, log_density, block = problem(K, "ordinary", "dense", lengths, np.ones(2))
        log_density[4 + wrong] = -np.inf
        with pytest.raises(ImpossibleObservationError, match=rf"sequence 4 is impossible from time {wrong} "):
            passed(compiled, start, transmat, log_density, block)


def test_impossible_by_its_transitions_is_named():
    """No density is zero at every state, but no path exists."""
    transmat = np.roll(np.eye(3), 1, axis=1)
    log_density = np.where(np.eye(3)[[0, 1, 2, 0, 2, 2]] > 0, 0.0, -np.inf)
    block = Block(np.zeros((6, 1)), np.ones(1), np.array([0, 6]))
    with pytest.raises(ImpossibleObservationError, match="sequence 0 is impossible from time 4 on"):
        passed(compiled, np.full(3, 1 / 3), transmat, log_density, block)


def test_what_counts_nothing_may_be_impossible():
    start, transmat, log_density, block = problem(
        3, "ordinary", "dense", np.array([5, 5]), np.array([1.0, 0])
    )
    first = passed(compiled, start, transmat, log_density, block)
    log_density[7] = -np.inf
    assert_identical(passed(compiled, start, transmat, log_density, block)[0], first[0])


# -- one long sequence, shared by two threads --------------------------------------------------------------


@pytest.fixture
def shared(monkeypatch):
    monkeypatch.setattr(passes, "SHARED", 2)


@pytest.mark.parametrize("K", [*STATES[:6], *by_night(*STATES[6:])])
@pytest.mark.parametrize("T", [2, 3, 4, 33, 300])
@pytest.mark.parametrize("density", ["ordinary", "tiny", "partly_zero", "gaps"])
def test_the_shared_path_agrees_with_the_other(K, T, density, monkeypatch):
    parts = problem(K, density, "dense", np.array([T]), np.array([2.5]))
    alone = passed(compiled, *parts)
    monkeypatch.setattr(passes, "SHARED", 2)
    calls, in_logs = (counted(monkeypatch, passes, name) for name in ("_shared", "_in_logs"))
    together = passed(compiled, *parts)
    assert len(calls) == 1
    assert not in_logs or density != "ordinary"
    assert_passes_agree(together, alone, T, atol=1e-12)
    assert_passes_agree(together, passed(plain, *parts), T)


@pytest.mark.parametrize("K", [2, 5])
def test_impossible_at_any_time_is_named_on_the_shared_path(K, shared):
    for wrong in range(9):
        start, transmat, log_density, block = problem(K, "ordinary", "dense", np.array([9]), np.ones(1))
        log_density[wrong] = -np.inf
        with pytest.raises(ImpossibleObservationError, match=f"sequence 3 is impossible from time {wrong} "):
            passed(compiled, start, transmat, log_density, block)


@pytest.mark.parametrize("K", [2, 5, 8])
def test_any_number_of_threads_gives_the_same_bits(K, shared):
    parts = problem(K, "ordinary", "dense", np.array([900]), np.array([2.0]))
    found = []
    for n_threads in (1, 2, 7):
        with backend(n_threads) as workers:
            found.append(passed(compiled, *parts, workers))
    for expected, resp in found[1:]:
        assert_identical(expected, found[0][0])
        assert_array_equal(resp, found[0][1])


@pytest.mark.parametrize("wrong", [0, 3, 449, 450, 451, 898, 899])
def test_impossible_in_either_half_is_named(wrong, shared):
    start, transmat, log_density, block = problem(3, "ordinary", "dense", np.array([900]), np.ones(1))
    log_density[wrong] = -np.inf
    with (
        backend(2) as workers,
        pytest.raises(ImpossibleObservationError, match=rf"sequence 3 is impossible from time {wrong} "),
    ):
        passed(compiled, start, transmat, log_density, block, workers)


def test_a_sequence_without_weight_is_not_shared(shared):
    start, transmat, log_density, block = problem(3, "ordinary", "dense", np.array([50]), np.zeros(1))
    log_density[20] = -np.inf
    expected, resp = passed(compiled, start, transmat, log_density, block)
    assert expected.bound == 0.0
    assert_array_equal(resp, 0.0)
