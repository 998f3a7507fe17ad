"""The laws for hidden Markov models on the compiled chain: every family, missing cells among the rows."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from latently.core.em import EMMap, Settings, describe, run
from latently.core.executors import SerialExecutor, executor
from latently.core.parameters import named
from latently.emissions import Categorical, Gaussian, Poisson
from latently.latent.chain import Chain
from latently.models import LatentEmission, LatentEmissionParams
from tests.comparing import assert_identical, assert_same, leaves
from tests.laws.test_monotone import EPS, assert_climbs
from tests.models import Data, iterate, responsibilities, sum_of_pieces, whole_e_step

K = 3
MISSING_SYMBOL = 5


def numbers(labels, rng):
    x = np.array([[0.0, 0.0], [3.0, 1.0], [-1.0, 4.0]])[labels] + rng.standard_normal((len(labels), 2))
    return np.round(x * 2**20) / 2**20


def counts(labels, rng):
    return rng.poisson(np.array([[1.0, 6.0], [5.0, 2.0], [12.0, 12.0]])[labels]).astype(float)


def symbols(labels, rng):
    emissionprob = np.array(
        [[0.6, 0.1, 0.1, 0.1, 0.1], [0.1, 0.1, 0.6, 0.1, 0.1], [0.05, 0.4, 0.05, 0.1, 0.4]]
    )
    return np.array([[rng.choice(5, p=emissionprob[label])] for label in labels])


def holed(rows):
    def draw(labels, rng):
        x = rows(labels, rng)
        x[rng.random(x.shape) < 0.2] = np.nan if x.dtype.kind == "f" else MISSING_SYMBOL
        return x

    return draw


@dataclass(frozen=True)
class Case:
    """A model and how its rows are drawn."""

    model: LatentEmission
    rows: object

    def data(self, seed=0, n=24):
        """Sequences of 1 to 15 rows, weights from 0 to 3."""
        rng = np.random.default_rng(seed)
        offsets = np.concatenate([[0], np.cumsum(rng.integers(1, 16, n))])
        labels = np.empty(offsets[-1], dtype=np.int64)
        for low, high in pairwise(offsets):
            labels[low:high] = (rng.integers(K) + np.cumsum(rng.random(high - low) < 0.3)) % K
        weights = rng.permutation(np.arange(n) % 4.0)
        return Data(self.rows(labels, rng), weights, labels, offsets)

    def prepared(self, seed=0):
        data = self.data(seed)
        description = describe(self.model, data.source, SerialExecutor())
        model = self.model.bind(description)
        return model, self.start(model, description, data), data

    def start(self, model, description, data):
        """One M-step from the labels, softened."""
        origin = model.start(description, np.random.default_rng(0))
        resp = np.full((len(data.x), K), 0.3 / K)
        resp[np.arange(len(data.x)), data.labels] += 0.7
        emission = model.emission
        stats = emission.expected_stats(origin.emission, data.x, resp * data.row_weights[:, None])
        followed = model.latent.stats_of(resp, data.block(0, len(data.weights)))
        if model.latent.support is not None:  # independent labels know of no zeros
            followed = replace(followed, transitions=followed.transitions * model.latent.support)
        return LatentEmissionParams(
            model.latent.m_step(followed, origin.latent), emission.m_step(stats, origin.emission)
        )


def case(family, rows, fused=True, **chain):
    return Case(LatentEmission(Chain(**chain), family, K, fused), rows)


BANDED = np.array([[True, True, False], [False, True, True], [True, False, True]])

CASES = {
    "poisson": case(Poisson(), counts),
    "poisson, NaN": case(Poisson(), holed(counts)),
    "poisson, stationary": case(Poisson(), counts, startprob="stationary"),
    "poisson, uniform": case(Poisson(), counts, startprob="uniform"),
    "categorical": case(Categorical(5), symbols),
    "categorical, missing": case(Categorical(5), holed(symbols)),
    "categorical, NumPy": case(Categorical(5), holed(symbols), fused=False),
    "categorical, banded": case(Categorical(5), symbols, support=BANDED),
    "diag": case(Gaussian("diag"), numbers),
    "diag, NaN": case(Gaussian("diag"), holed(numbers)),
    "full": case(Gaussian("full"), numbers),
    "full, NaN": case(Gaussian("full"), holed(numbers)),
    "full, banded, stationary": case(Gaussian("full"), numbers, support=BANDED, startprob="stationary"),
    "tied": case(Gaussian("tied"), numbers),
    "spherical": case(Gaussian("spherical"), numbers),
}
over_cases = pytest.mark.parametrize("name", list(CASES))


def start_on(chain_case, data):
    description = describe(chain_case.model, data.source, SerialExecutor())
    model = chain_case.model.bind(description)
    return model, chain_case.start(model, description, data)


# -- 1: additive -------------------------------------------------------------------------------------------


@over_cases
def test_any_split_gives_the_same_statistics(name):
    model, params, data = CASES[name].prepared()
    whole = whole_e_step(model, params, data)
    for cuts in ([5], [1, 2, 23], [0, 0, 12, 24], list(range(25))):
        pieces = sum_of_pieces(lambda block: model.e_step(params, block, SerialExecutor()), data, cuts)
        assert_same(whole, pieces)
        facts = sum_of_pieces(model.describe, data, cuts)
        assert_same(model.describe(data.block(0, len(data.weights))), facts)
    assert sum(1 for _ in data.source.blocks()) > 1
    assert_same(whole, EMMap(model, data.source).e_step(params))


@over_cases
def test_an_empty_block_gives_zero(name):
    model, params, data = CASES[name].prepared()
    for leaf, value in leaves(model.e_step(params, data.block(3, 3), SerialExecutor())).items():
        assert_array_equal(value, 0.0, err_msg=leaf)


# -- 2: weights are repeats --------------------------------------------------------------------------------


@over_cases
def test_integer_weights_equal_repeated_sequences(name):
    model, params, data = CASES[name].prepared()
    assert set(data.weights) == {0.0, 1.0, 2.0, 3.0}
    assert_same(whole_e_step(model, params, data), whole_e_step(model, params, data.repeated()))
    ends = []
    for units in (data, data.repeated()):
        model, params = start_on(CASES[name], units)
        ends.append(iterate(EMMap(model, units.source), params, 20))
    assert_same(ends[0], ends[1], rtol=1e-6 if "stationary" in name else 1e-8)


@over_cases
def test_a_sequence_without_weight_may_hold_anything(name):
    model, params, data = CASES[name].prepared()
    rows = data.rows_of(np.flatnonzero(data.weights == 0))
    x = data.x.copy()
    x[rows] = x[rows][::-1]
    changed = replace(data, x=x)
    assert_same(whole_e_step(model, params, data), whole_e_step(model, params, changed), rtol=1e-13)


@pytest.mark.parametrize("name", ["poisson", "poisson, NaN"])
def test_the_mean_count_does_not_depend_on_the_scale_of_the_weights(name):
    _, _, data = CASES[name].prepared()
    family = CASES[name].model.emission
    means = [family.bind(family.describe(data.x, share * data.row_weights)).means for share in (1.0, 1e-4)]
    assert_allclose(means[1], means[0], rtol=1e-12)


# -- 3: monotone -------------------------------------------------------------------------------------------


@over_cases
@pytest.mark.parametrize("seed", range(3))
def test_the_objective_never_falls(name, seed):
    model, params, data = CASES[name].prepared(seed)
    em = EMMap(model, data.source)
    own = model.start(describe(model, data.source, SerialExecutor()), np.random.default_rng(seed))
    for start in (params, own):
        objectives = assert_climbs(em, start, 15)
        assert objectives[-1] > objectives[0]


@over_cases
def test_nor_with_parameters_held_fixed(name):
    model, params, data = CASES[name].prepared()
    for kept in model.spaces(params):
        em = EMMap(model, data.source, fixed=(kept,))
        assert_climbs(em, params, 8)
        assert_array_equal(named(iterate(em, params, 3))[kept], named(params)[kept])


@over_cases
def test_nor_under_acceleration(name):
    model, params, data = CASES[name].prepared()
    em = EMMap(model, data.source)
    result = run(em, params, Settings(tol=1e-10, accelerate=True, max_iter=400), data.weights.sum())
    stats = em.e_step(result.params)
    steps = np.diff([step.log_likelihood for step in result.history])
    assert steps.min() >= -64 * EPS * em.magnitude(stats, result.params)
    assert stats.bound == result.log_likelihood
    for kept, space in model.spaces(result.params).items():
        assert space.feasible(named(result.params)[kept]), kept


# -- 4: deterministic --------------------------------------------------------------------------------------


@over_cases
def test_any_number_of_threads_gives_the_same_bits(name):
    model, params, data = CASES[name].prepared()
    found = []
    for n_threads in (1, 2, 7):
        with executor(n_threads) as workers:
            found.append(EMMap(model, data.source, workers).e_step(params))
    assert_identical(found[0], found[1])
    assert_identical(found[0], found[2])


# -- 5: equivariant ----------------------------------------------------------------------------------------

ORDER = np.array([2, 0, 1])


@over_cases
def test_relabelled_states(name):
    model, params, data = CASES[name].prepared()
    support = model.latent.support
    if support is not None:
        chain = replace(model.latent, support=support[np.ix_(ORDER, ORDER)])
        other = replace(model, latent=chain)
    else:
        other = model
    moved = other.permute(params, ORDER)
    assert_allclose(
        responsibilities(other, moved, data), responsibilities(model, params, data)[:, ORDER], atol=1e-12
    )
    one = iterate(EMMap(model, data.source), params, 10)
    two = iterate(EMMap(other, data.source), moved, 10)
    rtol = 1e-6 if "stationary" in name else 1e-9
    assert_same(other.permute(one, ORDER), two, rtol=rtol)


@over_cases
def test_reordered_sequences(name):
    model, params, data = CASES[name].prepared()
    order = np.random.default_rng(0).permutation(len(data.weights))
    assert_same(whole_e_step(model, params, data), whole_e_step(model, params, data.take(order)), rtol=1e-11)


@pytest.mark.parametrize("name", ["diag", "diag, NaN", "full", "full, NaN", "tied"])
def test_shifted_and_rescaled_numbers(name):
    """An offset of 1e6, and scales of 1e-8 and 1e8: the same states, step by step."""
    data = CASES[name].data()
    model, params = start_on(CASES[name], data)
    here = responsibilities(model, iterate(EMMap(model, data.source), params, 10), data)
    scales = np.array([1e-8, 1e8])
    for x in (data.x + 1e6, data.x * scales):
        moved = replace(data, x=x)
        other, start = start_on(CASES[name], moved)
        there = responsibilities(other, iterate(EMMap(other, moved.source), start, 10), moved)
        assert_allclose(there, here, atol=1e-6)


@pytest.mark.parametrize("name", ["categorical", "categorical, missing"])
def test_renamed_symbols(name):
    data = CASES[name].data()
    names = np.array([3, 1, 4, 0, 2, MISSING_SYMBOL])
    moved = replace(data, x=names[data.x])
    ends = []
    for each in (data, moved):
        model, params = start_on(CASES[name], each)
        ends.append(named(iterate(EMMap(model, each.source), params, 10)))
    assert_allclose(ends[1]["emissionprob"][:, names[:5]], ends[0]["emissionprob"], rtol=1e-9)
    assert_allclose(ends[1]["transmat"], ends[0]["transmat"], rtol=1e-9)


# -- 6: NaN is a missing cell ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["poisson", "categorical", "diag", "full"])
def test_a_time_without_observation_only_lengthens_the_sequence(name):
    """Missing times at the end change neither the likelihood nor what is learned of the emission."""
    model, params, data = CASES[name].prepared()
    gap = np.full((4, data.x.shape[1]), np.nan if data.x.dtype.kind == "f" else MISSING_SYMBOL)
    pieces, lengths = [], []
    for low, high in pairwise(data.offsets):
        pieces += [data.x[low:high], gap.astype(data.x.dtype)]
        lengths.append(high - low + 4)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    longer = Data(np.concatenate(pieces), data.weights, np.zeros(offsets[-1], dtype=int), offsets)
    one, other = whole_e_step(model, params, data), whole_e_step(model, params, longer)
    assert_allclose(other.bound, one.bound, rtol=1e-12)
    assert_same(other.latent.initial, one.latent.initial, rtol=1e-10)
    for kept in ("emissionprob", "lambdas", "means"):
        ends = [named(model.m_step(stats, params)) for stats in (one, other)]
        if kept in ends[0]:
            assert_allclose(ends[1][kept], ends[0][kept], rtol=1e-9)


# -- exact zeros -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["categorical, banded", "full, banded, stationary"])
def test_zeros_stay_zero(name):
    model, params, data = CASES[name].prepared()
    em = EMMap(model, data.source)
    result = run(em, params, Settings(tol=1e-10, accelerate=True, max_iter=300), data.weights.sum())
    assert_array_equal(result.params.latent.transmat[~BANDED], 0.0)
    assert (result.params.latent.transmat[BANDED] > 0).any()
