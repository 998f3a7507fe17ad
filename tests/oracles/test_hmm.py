"""What hidden Markov models say, against all paths of tiny sequences, tried one by one."""

import warnings
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp
from scipy.stats import norm

from latently import CategoricalHMM, GaussianHMM, HiddenMarkovModel, PoissonHMM
from latently.core.parameters import named
from latently.emissions import Poisson
from tests.oracles.paths import (
    BANDED,
    COVARIANCES,
    EMISSIONPROB,
    LAMBDAS,
    MEANS,
    TRANSMAT,
    VARIANCES,
    K,
    Truth,
    fitted,
    known,
    log_of_counts,
    log_of_numbers,
    log_of_symbols,
    over_transitions,
)

LENGTHS = [5, 1, 3]
OFFSETS = np.concatenate([[0], np.cumsum(LENGTHS)])


def counts_with_gaps(rng):
    x = rng.poisson(4.0, (sum(LENGTHS), 2)).astype(float)
    x[2] = x[5] = np.nan
    x[6, 0] = np.nan
    return x


def symbols_with_gaps(rng):
    x = rng.integers(4, size=sum(LENGTHS)).astype(object)
    x[3] = x[5] = None
    return x


def numbers_with_gaps(rng):
    x = rng.normal(0.5, 1.5, (sum(LENGTHS), 2))
    x[1] = x[5] = np.nan
    x[3, 1] = np.nan
    return x


def whole(draw):
    def complete(rng):
        x = draw(rng)
        if x.dtype == object:
            x[[3, 5]] = [1, 2]
            return x.astype(int)
        return np.where(np.isnan(x), 2.0, x)

    return complete


@dataclass(frozen=True)
class Case:
    make: object
    log_density: object
    draw: object


def gaussian(kind):
    def make(transmat=TRANSMAT, **settings):
        starts = {"means_init": MEANS, "covariances_init": COVARIANCES[kind][0]}
        return known(GaussianHMM(K, covariance_type=kind, **settings), transmat, **starts)

    return make, log_of_numbers(COVARIANCES[kind][1]), numbers_with_gaps


def of_symbols(transmat=TRANSMAT, **settings):
    return known(CategoricalHMM(K, n_features=4, **settings), transmat, emissionprob_init=EMISSIONPROB)


def of_counts(transmat=TRANSMAT, **settings):
    return known(PoissonHMM(K, **settings), transmat, lambdas_init=LAMBDAS)


def of_any_family(transmat=TRANSMAT, **settings):
    return known(HiddenMarkovModel(Poisson(), K, **settings), transmat, starting_values={"lambdas": LAMBDAS})


FAMILIES = {
    "symbols": (of_symbols, log_of_symbols, symbols_with_gaps),
    "counts": (of_counts, log_of_counts, counts_with_gaps),
    "any family": (of_any_family, log_of_counts, counts_with_gaps),
    **{kind: gaussian(kind) for kind in COVARIANCES},
}
CASES = {name: Case(make, log, whole(draw)) for name, (make, log, draw) in FAMILIES.items()}
CASES |= {f"{name}, gaps": Case(make, log, draw) for name, (make, log, draw) in FAMILIES.items()}

over_cases = pytest.mark.parametrize("case", list(CASES))


def prepared(case, transmat, seed=0):
    """A model that has its parameters, data, and the truth of each sequence: no test changes them."""
    return _prepared(case, transmat is BANDED, seed)


@cache
def _prepared(case, banded, seed):
    spec, transmat = CASES[case], BANDED if banded else TRANSMAT
    x = spec.draw(np.random.default_rng(seed))
    model = fitted(spec.make(transmat), x, lengths=LENGTHS)
    log_density = spec.log_density(x)
    return model, x, [Truth(log_density[low:high], transmat) for low, high in pairwise(OFFSETS)]


@over_cases
@over_transitions
def test_likelihood_and_smoothing(case, transmat):
    for seed in range(2):
        model, x, truths = prepared(case, transmat, seed)
        total = sum(truth.log_likelihood for truth in truths)
        smoothed = np.vstack([truth.smoothed for truth in truths])
        assert_allclose(model.log_likelihood_, total, rtol=1e-12)
        assert_allclose(model.score(x, lengths=LENGTHS), total, rtol=1e-12)
        assert_allclose(model.smooth(x, lengths=LENGTHS), smoothed, rtol=1e-10, atol=1e-14)
        value, posteriors = model.score_samples(x, lengths=LENGTHS)
        assert_allclose(value, total, rtol=1e-12)
        assert_allclose(posteriors, smoothed, rtol=1e-10, atol=1e-14)


@over_cases
@over_transitions
def test_filtering_and_fixed_lags(case, transmat):
    model, x, truths = prepared(case, transmat)
    filtered = [truth.up_to(t).smoothed[t] for truth in truths for t in range(len(truth.log_density))]
    assert_allclose(model.filter(x, lengths=LENGTHS), filtered, rtol=1e-10, atol=1e-14)
    for lag in (0, 1, 2, 7):
        late = [truth.up_to(t + lag).smoothed[t] for truth in truths for t in range(len(truth.log_density))]
        assert_allclose(model.fixed_lag(x, lag, lengths=LENGTHS), late, rtol=1e-10, atol=1e-14)
    assert np.abs(model.fixed_lag(x, 1, lengths=LENGTHS) - np.array(filtered)).max() > 0.01


@over_cases
@over_transitions
def test_the_likeliest_path(case, transmat):
    for seed in range(2):
        model, x, truths = prepared(case, transmat, seed)
        value, states = model.decode(x, lengths=LENGTHS)
        assert_allclose(value, sum(truth.log_joint.max() for truth in truths), rtol=1e-12)
        for truth, (low, high) in zip(truths, pairwise(OFFSETS), strict=True):
            at = np.flatnonzero((truth.paths == states[low:high]).all(axis=1))
            assert_allclose(truth.log_joint[at], truth.log_joint.max(), rtol=1e-12)
        assert_array_equal(model.predict(x, lengths=LENGTHS), states)
        penalty = model.n_parameters_ * np.log(len(x))
        assert_allclose(model.icl(x, LENGTHS), penalty - 2 * value, rtol=1e-12)


@over_cases
@over_transitions
def test_the_likeliest_state_at_each_time(case, transmat):
    model, x, truths = prepared(case, transmat)
    smoothed = np.vstack([truth.smoothed for truth in truths])
    value, states = model.decode(x, lengths=LENGTHS, algorithm="map")
    assert_allclose(smoothed[np.arange(len(smoothed)), states], smoothed.max(axis=1), rtol=1e-10)
    assert_allclose(value, np.log(smoothed.max(axis=1)).sum(), rtol=1e-10)


@over_cases
@over_transitions
def test_forecasts(case, transmat):
    model, x, (truth, *_) = prepared(case, transmat)
    forecast = model.forecast(x[: LENGTHS[0]], 3)
    longer = truth.then(3)
    assert_allclose(forecast.states, longer.smoothed[-3:], rtol=1e-10, atol=1e-14)
    assert_allclose(longer.log_likelihood, truth.log_likelihood, rtol=1e-12)


def test_forecasts_of_observations():
    model, x, (truth, *_) = prepared("counts", TRANSMAT)
    states = truth.then(2).smoothed[-2:]
    possible = np.array([[0.0, 3.0], [5.0, 1.0], [np.nan, 2.0]])
    density = np.exp(log_of_counts(possible))
    forecast = model.forecast(x[: LENGTHS[0]], 2)
    assert_allclose(np.exp(forecast.log_density(possible)), states @ density.T, rtol=1e-10)
    assert_allclose(forecast.mean, states @ LAMBDAS, rtol=1e-10)
    # The density of what comes next is the ratio of two likelihoods.
    for row, value in zip(possible, forecast.log_density(possible)[0], strict=True):
        longer = np.vstack([x[: LENGTHS[0]], row])
        assert_allclose(model.score(longer) - model.score(x[: LENGTHS[0]]), value, rtol=1e-9)


def test_forecasts_of_numbers_and_of_symbols():
    model, x, (truth, *_) = prepared("diag", TRANSMAT)
    states = truth.then(1).smoothed[-1:]
    forecast = model.forecast(x[: LENGTHS[0]])
    rows = np.array([[0.3, -0.2]])
    joint = norm.pdf(rows[:, None], MEANS, np.sqrt(VARIANCES)).prod(axis=2)
    assert_allclose(np.exp(forecast.log_density(rows)), states @ joint.T, rtol=1e-10)
    assert_allclose(forecast.mean, states @ MEANS, rtol=1e-10, atol=1e-14)
    model, x, (truth, *_) = prepared("symbols", TRANSMAT)
    forecast = model.forecast(x[: LENGTHS[0]])
    values = np.exp(forecast.log_density(np.arange(4)[:, None]))
    assert_allclose(values, truth.then(1).smoothed[-1:] @ EMISSIONPROB, rtol=1e-10)
    assert forecast.mean is None


def test_missing_times_are_summed_over():
    """The likelihood with a gap is the sum of those with each symbol in it."""
    model, x, _ = prepared("symbols, gaps", BANDED)
    first = x[: LENGTHS[0]]
    (gap,) = [t for t, symbol in enumerate(first) if symbol is None]
    filled = [np.concatenate([first[:gap], [symbol], first[gap + 1 :]]) for symbol in range(4)]
    assert_allclose(model.score(first), logsumexp([model.score(f.astype(int)) for f in filled]), rtol=1e-12)


# -- Baum and Welch's step ---------------------------------------------------------------------------------


def expected_counts(truths):
    """Of first states, and of transitions."""
    return (
        sum(truth.smoothed[0] for truth in truths),
        sum(truth.transitions for truth in truths),
        np.vstack([truth.smoothed for truth in truths]),
    )


@pytest.mark.parametrize("case", ["symbols", "symbols, gaps", "counts, gaps", "any family, gaps"])
@over_transitions
def test_one_step_of_em(case, transmat):
    """Means over the posterior of all paths."""
    _, x, truths = prepared(case, transmat)
    initial, transitions, resp = expected_counts(truths)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = CASES[case].make(transmat).set_params(fixed=(), tol=0, max_iter=1, acceleration=None)
        model.fit(x, lengths=LENGTHS)
    assert_allclose(model.startprob_, initial / initial.sum(), rtol=1e-10)
    assert_allclose(model.transmat_, transitions / transitions.sum(axis=1, keepdims=True), rtol=1e-10)
    if case.startswith("symbols"):
        counts = np.array([[resp[[s == v for s in x], k].sum() for v in range(4)] for k in range(K)])
        assert_allclose(model.emissionprob_, counts / counts.sum(axis=1, keepdims=True), rtol=1e-10)
    else:
        rates = resp.T @ np.nan_to_num(x) / (resp.T @ ~np.isnan(x))
        assert_allclose(model.params_.emission.lambdas, rates, rtol=1e-10)


# -- known states ------------------------------------------------------------------------------------------


STATES = np.array([-1, 2, 0, -1, -1, -1, 1, -1, -1])


def known_states(truths):
    """Paths that go elsewhere are ruled out."""
    barred = []
    for truth, (low, high) in zip(truths, pairwise(OFFSETS), strict=True):
        states = STATES[low:high, None]
        others = (states != -1) & (states != np.arange(K))
        barred.append(Truth(np.where(others, -np.inf, truth.log_density), TRANSMAT))
    return barred


@pytest.mark.parametrize("case", list(CASES))
def test_partly_known_states(case):
    """Paths that go elsewhere are ruled out: in the likelihood and in what one step learns."""
    _, x, truths = prepared(case, TRANSMAT)
    barred = known_states(truths)
    initial, transitions, _ = expected_counts(barred)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = CASES[case].make().set_params(tol=0, max_iter=1, acceleration=None)
        names = [name for name in model.fixed if name not in ("startprob", "transmat")]
        model.set_params(fixed=tuple(names)).fit(x, lengths=LENGTHS, states=STATES)
    assert_allclose(model.log_likelihood_history_[0], sum(t.log_likelihood for t in barred), rtol=1e-12)
    assert_allclose(model.startprob_, initial / initial.sum(), rtol=1e-10)
    assert_allclose(model.transmat_, transitions / transitions.sum(axis=1, keepdims=True), rtol=1e-10)
    # It can be asked about data whose states are not known.
    assert model.smooth(x, lengths=LENGTHS).shape == (len(x), K)


@pytest.mark.parametrize("case", list(CASES))
def test_what_is_said_where_states_are_known(case):
    model, x, truths = prepared(case, TRANSMAT)
    barred = known_states(truths)
    given = {"lengths": LENGTHS, "states": STATES}
    assert_allclose(model.score(x, **given), sum(t.log_likelihood for t in barred), rtol=1e-12)
    smoothed = np.vstack([truth.smoothed for truth in barred])
    assert_allclose(model.predict_proba(x, **given), smoothed, rtol=1e-10, atol=1e-14)
    for lag in (0, 2):
        late = [truth.up_to(t + lag).smoothed[t] for truth in barred for t in range(len(truth.log_density))]
        assert_allclose(model.fixed_lag(x, lag, **given), late, rtol=1e-10, atol=1e-14)
    assert_array_equal(model.filter(x, **given), model.fixed_lag(x, 0, **given))
    value, path = model.decode(x, **given)
    assert_allclose(value, sum(truth.log_joint.max() for truth in barred), rtol=1e-12)
    assert_array_equal(path[STATES >= 0], STATES[STATES >= 0])
    forecast = model.forecast(x[: LENGTHS[0]], 3, states=STATES[: LENGTHS[0]])
    assert_allclose(forecast.states, barred[0].then(3).smoothed[-3:], rtol=1e-10, atol=1e-14)
    drawn = model.sample_states(x, 2000, 0, **given)
    shares = (drawn[:, :, None] == np.arange(K)).mean(axis=0)
    assert np.abs(shares - smoothed).max() < 0.05


@pytest.mark.parametrize("case", ["symbols, gaps", "counts, gaps"])
def test_known_states_in_segments(case):
    x = np.concatenate([CASES[case].draw(np.random.default_rng(seed)) for seed in range(70)])
    states = np.where(np.random.default_rng(0).random(len(x)) < 0.2, 1, -1)
    states[0] = 0
    found = []
    for budget in (None, 4000):
        model = CASES[case].make(BANDED, memory_budget=budget).set_params(fixed=(), tol=0, max_iter=1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found.append(model.set_params(acceleration=None).fit(x, states=states))
    assert_allclose(found[1].log_likelihood_history_, found[0].log_likelihood_history_, rtol=1e-12)
    assert_allclose(found[1].transmat_, found[0].transmat_, rtol=1e-10)
    for name, value in named(found[0].params_.emission).items():
        assert_allclose(named(found[1].params_.emission)[name], value, rtol=1e-10)


# -- stationary and uniform starts -------------------------------------------------------------------------


@over_transitions
@pytest.mark.parametrize("startprob", ["stationary", "uniform"])
def test_starts_that_are_not_free(transmat, startprob):
    spec = CASES["counts"]
    x = spec.draw(np.random.default_rng(1))
    settings = {"lambdas_init": LAMBDAS, "transmat_init": transmat, "fixed": ("transmat", "lambdas")}
    model = fitted(PoissonHMM(K, startprob=startprob, **settings), x, lengths=LENGTHS)
    if startprob == "uniform":
        first = np.full(K, 1 / K)
    else:
        values, vectors = np.linalg.eig(transmat.T)
        first = np.real(vectors[:, np.argmin(np.abs(values - 1))])
        first = first / first.sum()
    assert_allclose(model.startprob_, first, rtol=1e-10)
    assert_allclose(model.get_stationary_distribution() @ transmat, model.get_stationary_distribution())
    log_density = spec.log_density(x)
    truths = [Truth(log_density[low:high], transmat, first) for low, high in pairwise(OFFSETS)]
    assert_allclose(model.log_likelihood_, sum(t.log_likelihood for t in truths), rtol=1e-12)
