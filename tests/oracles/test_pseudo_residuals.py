"""Pseudo-residuals against all paths of tiny sequences, and against the normal distribution."""

from itertools import pairwise

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import ndtr, ndtri
from scipy.stats import kstest, norm, poisson

from latently import CategoricalHMM, GaussianHMM, HiddenMarkovModel, PoissonHMM
from latently.core.errors import ImpossibleObservationError
from latently.emissions import Categorical, Gaussian, Poisson
from latently.emissions.categorical import CategoricalParams
from latently.emissions.poisson import PoissonParams
from tests.oracles.paths import (
    BANDED,
    COVARIANCES,
    LAMBDAS,
    MEANS,
    STARTPROB,
    TRANSMAT,
    WITH_A_ZERO,
    Truth,
    log_of_counts,
    log_of_numbers,
    log_of_symbols,
    over_transitions,
)

LENGTHS = [4, 1, 5]
EDGES = np.concatenate([[0], np.cumsum(LENGTHS)])


def gaussian(kind, transmat=TRANSMAT):
    covariances = COVARIANCES[kind][0]
    return GaussianHMM.from_parameters(STARTPROB, transmat, MEANS, covariances, covariance_type=kind)


def one_state(family, *parameters):
    return family.from_parameters([1.0], [[1.0]], *parameters)


def of_others(log_density, transmat, kind):
    """Probabilities of the states at each time given the other ones, over all paths of one sequence."""
    truth, T = Truth(log_density, transmat), len(log_density)
    times = [[s for s in range(T) if s < t or (kind == "ordinary" and s > t)] for t in range(T)]
    return np.array([truth.given(times[t]).smoothed[t] for t in range(T)])


def expected(log_density, below, until, transmat, kind):
    """Lower, upper and mid normal deviates, shape (n, d), from distribution functions of shape (n, K, d)."""
    states = [of_others(log_density[low:high], transmat, kind) for low, high in pairwise(EDGES)]
    lower, upper = (np.einsum("nk,nkd->nd", np.concatenate(states), part) for part in (below, until))
    return ndtri(lower), ndtri(upper), ndtri((lower + upper) / 2)


def assert_same(found, lower, upper, mid):
    assert_allclose(found.lower, lower, rtol=1e-8, atol=1e-10)
    assert_allclose(found.upper, upper, rtol=1e-8, atol=1e-10)
    assert_allclose(found.mid, mid, rtol=1e-8, atol=1e-10)


over_kinds = pytest.mark.parametrize("kind", ["ordinary", "forecast"])


@over_kinds
@over_transitions
@pytest.mark.parametrize("gaps", [False, True])
def test_counts(kind, transmat, gaps):
    x = np.random.default_rng(0).poisson(4.0, (sum(LENGTHS), 2)).astype(float)
    if gaps:
        x[2] = x[4] = np.nan
        x[6, 0] = np.nan
    model = PoissonHMM.from_parameters(STARTPROB, transmat, LAMBDAS)
    below, until = (poisson.cdf(x[:, None, :] - step, LAMBDAS) for step in (1, 0))
    found = model.pseudo_residuals(x, lengths=LENGTHS, kind=kind)
    assert_same(found, *expected(log_of_counts(x), below, until, transmat, kind))
    for part in (found.lower, found.upper, found.mid):
        assert_array_equal(np.isnan(part), np.isnan(x))


@over_kinds
@over_transitions
@pytest.mark.parametrize("gaps", [False, True])
def test_symbols_in_the_order_of_the_alphabet(kind, transmat, gaps):
    symbols = np.random.default_rng(1).integers(4, size=sum(LENGTHS))
    seen = np.ones(len(symbols), dtype=bool)
    if gaps:
        seen[[1, 4, 8]] = False
    letters = np.array(list("dbca"))
    x = np.where(seen, letters[symbols], None)[:, None]
    model = CategoricalHMM.from_parameters(STARTPROB, transmat, WITH_A_ZERO, categories=list("dbca"))
    log_density = log_of_symbols(np.where(seen, symbols, None), WITH_A_ZERO)
    until = WITH_A_ZERO.cumsum(axis=1)[:, symbols].T
    below = until - WITH_A_ZERO[:, symbols].T
    until, below = (np.where(seen[:, None], part, np.nan)[:, :, None] for part in (until, below))
    found = model.pseudo_residuals(x, lengths=LENGTHS, kind=kind)
    with np.errstate(invalid="ignore"):
        lower, upper, mid = expected(log_density, below, np.round(until, 12), transmat, kind)
    lower[seen & (symbols == 0)], upper[seen & (symbols == 3)] = -np.inf, np.inf
    assert_same(found, lower, upper, mid)
    assert_array_equal(np.isnan(found.mid[:, 0]), ~seen)


@over_kinds
@pytest.mark.parametrize("covariance", list(COVARIANCES))
def test_numbers_feature_by_feature(kind, covariance):
    x = np.random.default_rng(2).normal(0.5, 1.5, (sum(LENGTHS), 2))
    x[1], x[7, 1] = np.nan, np.nan
    model = gaussian(covariance, BANDED)
    dense = COVARIANCES[covariance][1]
    log_density = log_of_numbers(dense)(x)
    until = norm.cdf(x[:, None, :], MEANS, np.sqrt(np.einsum("kii->ki", dense)))
    found = model.pseudo_residuals(x, lengths=LENGTHS, kind=kind)
    assert_same(found, *expected(log_density, until, until, BANDED, kind))


def test_the_first_time_has_no_past():
    """Its forecast residual is that of the mixture by the starting probabilities."""
    x = np.array([[0.3, -1.0], [2.0, 1.0]])
    found = gaussian("diag").pseudo_residuals(x, kind="forecast")
    until = norm.cdf(x[0], MEANS, np.sqrt(COVARIANCES["diag"][0]))
    assert_allclose(found.mid[0], ndtri(STARTPROB @ until), rtol=1e-10)


def test_an_observation_does_not_hide_itself():
    """However far out, it leaves the residuals of the past alone, and its own grows with it."""
    x = np.random.default_rng(0).normal(size=(50, 2))
    model, moved = gaussian("diag"), x.copy()
    moved[20, 0] = 30.0
    before, after = (model.pseudo_residuals(part, kind="forecast").mid for part in (x, moved))
    assert_array_equal(before[:20], after[:20])
    assert after[20, 0] > 20
    assert after[20, 1] == before[20, 1]  # the other feature is judged by itself


# -- tails -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("z", [3.0, 8.5, 20.0, 200.0])
def test_far_out_of_a_normal_distribution(z, side):
    x = np.array([[side * z]])
    model = one_state(GaussianHMM, [[0.0]], [[1.0]])
    assert_allclose(model.pseudo_residuals(x).mid, side * z, rtol=1e-12)


def deviate(probability):
    """Of a small probability, to 15 digits."""
    with mpmath.workdps(40):
        start = -mpmath.sqrt(-2 * mpmath.log(probability))
        log_tail = mpmath.findroot(
            lambda z: mpmath.log(mpmath.erfc(-z / mpmath.sqrt(2)) / 2) - mpmath.log(probability), start
        )
        return float(log_tail)


@pytest.mark.parametrize(
    ("count", "rate", "tolerance"),
    [(60, 10.0, 1e-12), (3, 120.0, 1e-12), (900, 100.0, 1e-5), (20, 2000.0, 1e-5), (8000, 1e5, 1e-5)],
)
def test_far_out_of_a_poisson_distribution(count, rate, tolerance):
    model = one_state(PoissonHMM, [[rate]])
    found = model.pseudo_residuals([[count]])
    with mpmath.workdps(40):

        def less_than(n):
            return mpmath.gammainc(n, rate, mpmath.inf, regularized=True)

        def at_least(n):
            return mpmath.gammainc(n, 0, rate, regularized=True)

        if count < rate:
            lower, upper = deviate(less_than(count)), deviate(less_than(count + 1))
        else:
            lower, upper = -deviate(at_least(count)), -deviate(at_least(count + 1))
    assert abs(lower) > 8
    assert_allclose([found.lower[0, 0], found.upper[0, 0]], [lower, upper], rtol=tolerance)
    assert found.lower < found.mid < found.upper


def test_far_out_of_an_alphabet():
    """The small probabilities at its end are not lost beside one."""
    tail = np.array([1.0, 1e-18, 1e-25, 1e-30])
    found = Categorical(4).distribution(CategoricalParams(tail[None]), np.arange(5)[:, None])
    assert_allclose(np.exp(found.above[:3, 0, 0]), [1e-18 + 1e-25 + 1e-30, 1e-25 + 1e-30, 1e-30], rtol=1e-12)
    assert_array_equal(np.isnan(found.below[:, 0, 0]), [False] * 4 + [True])
    assert found.above[3, 0, 0] == found.below[0, 0, 0] == -np.inf


def test_three_parts_make_one():
    x = np.arange(40.0)[:, None]
    found = Poisson().distribution(PoissonParams(np.array([[0.01], [7.0], [35.0]])), x)
    assert_allclose(np.exp(found.below) + np.exp(found.at) + np.exp(found.above), 1, rtol=1e-12)


def test_where_the_past_is_all_but_impossible():
    """Left to right, and a first state 60 standard deviations away: nothing is lost in logarithms."""
    x = np.array([[0.0], [60.0], [60.0], [0.5]])
    left_right = [1.0, 0.0], [[0.5, 0.5], [0.0, 1.0]]
    model = GaussianHMM.from_parameters(*left_right, [[0.0], [60.0]], [[1.0], [1.0]])
    found = model.pseudo_residuals(x)
    assert np.isfinite(found.mid).all()
    # The last time is in state 1: of it 0.5 is the 59.5th deviate below.
    assert_allclose(found.mid[3, 0], -59.5, rtol=1e-6)


# -- the right model, and wrong ones -----------------------------------------------------------------------


def spread(found, rng):
    """A point drawn within each segment: normal even where observations are discrete."""
    low, high = ndtr(found.lower), ndtr(found.upper)
    return ndtri(low + rng.random(low.shape) * (high - low))[:, 0]


SLOW = [0.5, 0.5], [[0.95, 0.05], [0.1, 0.9]]
CASINO = CategoricalHMM.from_parameters(*SLOW, [[1 / 6] * 6, [0.1] * 5 + [0.5]])
FEW_AND_MANY = PoissonHMM.from_parameters(*SLOW, [[2.0], [9.0]])
WIDE = GaussianHMM.from_parameters(*SLOW, [[0.0], [4.0]], [[1.0], [3.0]])


@over_kinds
@pytest.mark.parametrize("model", [CASINO, FEW_AND_MANY, WIDE])
def test_residuals_of_the_right_model_are_normal(model, kind):
    rng = np.random.default_rng(100)
    x, _ = model.sample(4000, random_state=3)
    z = spread(model.pseudo_residuals(x, kind=kind), rng)
    assert kstest(z, "norm").pvalue > 0.05
    if kind == "forecast":  # and independent: within three standard errors
        assert abs(np.corrcoef(z[:-1], z[1:])[0, 1]) < 3 / np.sqrt(len(z))


@pytest.mark.parametrize("model", [CASINO, FEW_AND_MANY])
def test_points_drawn_within_segments(model):
    """They are even in probability, repeat with an integer, and never leave their segment."""
    x, _ = model.sample(4000, random_state=3)
    found = model.pseudo_residuals(x, kind="forecast")
    z = found.drawn(103)
    assert ((found.lower < z) & (z < found.upper)).all()
    share = (ndtr(z) - ndtr(found.lower)) / (ndtr(found.upper) - ndtr(found.lower))
    assert kstest(share[:, 0], "uniform").pvalue > 0.05
    assert kstest(z[:, 0], "norm").pvalue > 0.05
    assert kstest(found.mid[:, 0], "norm").pvalue < 1e-6  # which mid residuals are not
    assert_array_equal(z, found.drawn(103))


def test_points_drawn_far_out():
    """Where the segment lies beyond what a probability next to one can tell apart."""
    found = one_state(PoissonHMM, [[10.0]]).pseudo_residuals([[70.0], [np.nan], [0.0]])
    z = found.drawn(0)
    assert found.lower[0, 0] > 11
    assert found.lower[0, 0] < z[0, 0] < found.upper[0, 0]
    assert np.isnan(z[1, 0])
    assert np.isfinite(z[2, 0])


def test_points_drawn_are_the_residuals_of_numbers():
    x = np.random.default_rng(0).normal(size=(20, 2))
    found = gaussian("full").pseudo_residuals(x)
    assert_array_equal(found.drawn(), found.mid)


@over_kinds
def test_residuals_of_a_wrong_model_are_not(kind):
    rng = np.random.default_rng(0)
    x, _ = WIDE.sample(4000, random_state=3)
    wrong = one_state(GaussianHMM, [[x.mean()]], [[x.var()]])
    z = spread(wrong.pseudo_residuals(x, kind=kind), rng)
    assert kstest(z, "norm").pvalue < 1e-6
    assert np.corrcoef(z[:-1], z[1:])[0, 1] > 0.3


# -- surface -----------------------------------------------------------------------------------------------


def test_a_list_of_sequences_is_a_table_with_lengths():
    x = np.random.default_rng(0).normal(size=(30, 2))
    model = gaussian("full")
    whole = model.pseudo_residuals(x, lengths=[10, 20])
    parts = model.pseudo_residuals([x[:10], x[10:]])
    assert_array_equal(whole.mid, parts.mid)
    assert_array_equal(whole.mid[10:], model.pseudo_residuals(x[10:]).mid)
    assert whole.mid.shape == whole.lower.shape == whole.upper.shape == (30, 2)


def test_any_family_with_a_distribution():
    x = np.random.default_rng(0).normal(size=(20, 2))
    params = Gaussian("diag").params(MEANS, COVARIANCES["diag"][0])
    model = HiddenMarkovModel.from_parameters(Gaussian("diag"), STARTPROB, TRANSMAT, params)
    assert_array_equal(model.pseudo_residuals(x).mid, gaussian("diag").pseudo_residuals(x).mid)


class Mute(Gaussian):
    distribution = None


def test_a_family_without_one_is_told_which_method_it_lacks():
    x = np.random.default_rng(0).normal(size=(20, 1))
    model = HiddenMarkovModel(Mute("diag"), 1, random_state=0).fit(x)
    with pytest.raises(NotImplementedError, match=r"Mute has no .* a method distribution\(params, x\)"):
        model.pseudo_residuals(x)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="kind='past': should be 'ordinary' or 'forecast'"):
        FEW_AND_MANY.pseudo_residuals([[1]], kind="past")


def test_an_impossible_sequence_is_named():
    faces = np.array([[0.5, 0.5, 0.0], [0.2, 0.8, 0.0]])
    model = CategoricalHMM.from_parameters([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]], faces)
    with pytest.raises(ImpossibleObservationError, match="sequence 1"):
        model.pseudo_residuals([[0], [1], [1], [2]], lengths=[2, 2])
