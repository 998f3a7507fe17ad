"""What users of hidden Markov models see: ways to hand in sequences, settings, alphabets, long series."""

from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from latently import CategoricalHMM, GaussianHMM, HiddenMarkovModel, PoissonHMM
from latently.emissions import Gaussian
from tests.simulations import by_night

LENGTHS = [30, 1, 25, 44]
EDGES = np.cumsum(LENGTHS)[:-1]


def labels(rng):
    return np.concatenate([(rng.integers(2) + np.cumsum(rng.random(n) < 0.2)) % 2 for n in LENGTHS])


def numbers(rng):
    return np.array([[0.0, 0.0], [4.0, -3.0]])[labels(rng)] + rng.standard_normal((sum(LENGTHS), 2))


def counts(rng):
    return rng.poisson(np.array([[2.0], [12.0]])[labels(rng)]).astype(float)


def symbols(rng):
    hidden = labels(rng)
    return np.where(rng.random(len(hidden)) < 0.85, hidden, 2 + rng.integers(3, size=len(hidden)))[:, None]


ESTIMATORS = {
    "symbols": (CategoricalHMM(2, random_state=0), symbols),
    "counts": (PoissonHMM(2, random_state=0), counts),
    "numbers": (GaussianHMM(2, random_state=0), numbers),
    "any family": (HiddenMarkovModel(Gaussian("diag"), 2, random_state=0), numbers),
}
over_estimators = pytest.mark.parametrize("name", list(ESTIMATORS))


def prepared(name, **settings):
    estimator, draw = ESTIMATORS[name]
    return clone(estimator).set_params(**settings), draw(np.random.default_rng(0))


@cache
def fitted(name):
    """A model that no test alters, and its data."""
    model, x = prepared(name)
    return model.fit(x, lengths=LENGTHS), x


def assert_equal_fits(one, other):
    assert one.log_likelihood_ == other.log_likelihood_
    assert_array_equal(one.transmat_, other.transmat_)
    assert_array_equal(one.startprob_, other.startprob_)


# -- ways to hand in sequences -----------------------------------------------------------------------------


@over_estimators
def test_a_list_of_arrays_is_a_table_with_lengths(name):
    model, x = fitted(name)
    parts = np.split(x, EDGES)
    assert_equal_fits(model, clone(model).fit(parts))
    for verb in ("smooth", "filter", "predict", "predict_proba", "score", "bic", "aic"):
        method = getattr(model, verb)
        assert_array_equal(method(parts), method(x, lengths=LENGTHS), err_msg=verb)
    assert_array_equal(model.fixed_lag(parts, 2), model.fixed_lag(x, 2, lengths=LENGTHS))
    # Each sequence by itself, and not the same as one long sequence.
    assert model.score(x) != model.score(parts)
    assert_allclose(model.score(parts), sum(model.score(part) for part in parts), rtol=1e-12)
    for method in (model.smooth, model.filter):
        assert_allclose(method(parts), np.vstack([method(part) for part in parts]), atol=1e-14)
    assert_array_equal(model.predict(parts), np.concatenate([model.predict(part) for part in parts]))


@over_estimators
def test_weights_of_sequences_are_repeats(name):
    estimator, x = prepared(name, tol=0, max_iter=15, acceleration=None)
    parts, weights = np.split(x, EDGES), [2, 1, 0, 3]
    start = prepared(name)[0].fit(parts)
    given = {"startprob_init": [0.6, 0.4], "transmat_init": [[0.7, 0.3], [0.2, 0.8]]}
    if name == "symbols":
        given |= {"emissionprob_init": start.emissionprob_, "categories": start.categories_}
    elif name == "counts":
        given |= {"lambdas_init": start.lambdas_}
    elif name == "numbers":
        given |= {"means_init": start.means_, "covariances_init": start.covariances_}
    else:
        theta = start.params_.emission
        given |= {"starting_values": {"means": theta.means, "covariances": theta.covariances}}
    repeated = [part for part, weight in zip(parts, weights, strict=True) for _ in range(weight)]
    one = clone(estimator).set_params(**given).fit(parts, sequence_weight=weights)
    other = clone(estimator).set_params(**given).fit(repeated)
    assert_allclose(one.log_likelihood_history_, other.log_likelihood_history_, rtol=1e-9)
    assert_allclose(one.transmat_, other.transmat_, rtol=1e-7, atol=1e-10)
    assert_allclose(one.bic(), other.bic(), rtol=1e-9)


# -- filtering one by one ----------------------------------------------------------------------------------


@over_estimators
def test_online_filtering_is_filter(name):
    model, x = fitted(name)
    online, part = model.filtering(), x[:30]
    assert_array_equal(online.states, model.startprob_)
    for row, expected in zip(part, model.filter(part), strict=True):
        assert_allclose(online.update(row), expected, rtol=1e-9, atol=1e-13)
    assert online.n_seen == 30
    assert_allclose(online.log_likelihood, model.score(part), rtol=1e-11)
    assert_allclose(online.predict(3), model.forecast(part, 3).states[-1], rtol=1e-8, atol=1e-12)
    assert_allclose(online.predict(), online.states @ model.transmat_)


@over_estimators
def test_the_past_only(name):
    """What comes later changes smoothing, and filtering not at all."""
    model, x = fitted(name)
    part, changed = x[:20], x[:20].copy()
    changed[12:] = x[20:28]
    assert_array_equal(model.filter(part)[:12], model.filter(changed)[:12])
    assert np.abs(model.smooth(part)[:12] - model.smooth(changed)[:12]).max() > 0
    assert_allclose(model.filter(part)[-1], model.smooth(part)[-1], atol=1e-12)
    assert_allclose(model.fixed_lag(part, 19), model.smooth(part), atol=1e-12)
    assert_allclose(model.fixed_lag(part, 0), model.filter(part), atol=1e-14)


@over_estimators
def test_a_refused_observation_leaves_the_filter_as_it_was(name):
    model, x = fitted(name)
    online = model.filtering()
    before = online.update(x[0]).copy()
    wrong = {"symbols": 99, "counts": [-1.0], "numbers": [np.inf, 0.0], "any family": [np.inf, 0.0]}[name]
    with pytest.raises(ValueError, match=r"99|-1|infinity"):
        online.update(wrong)
    assert_array_equal(online.states, before)
    assert online.n_seen == 1


# -- lengths -----------------------------------------------------------------------------------------------


@over_estimators
def test_sequences_of_one_time(name):
    """They say nothing of transitions; at prediction one is enough."""
    model, x = fitted(name)
    one = x[:1]
    assert_allclose(model.smooth(one), model.filter(one), atol=1e-14)
    assert_allclose(model.smooth(one).sum(), 1.0)
    assert model.predict(one).shape == (1,)
    assert np.isfinite(model.score(one))
    assert_allclose(model.forecast(one).states[0], model.smooth(one)[0] @ model.transmat_)


@pytest.mark.parametrize("K", [1, 2])
def test_a_fit_to_one_time(K):
    transmat = np.full((K, K), 1 / K)
    given = {"transmat_init": transmat, "emissionprob_init": np.full((K, 3), 1 / 3)}
    model = CategoricalHMM(K, n_features=3, **given, fixed=("emissionprob",)).fit([1])
    assert_allclose(model.log_likelihood_, np.log(1 / 3))
    assert_array_equal(model.transmat_, transmat)  # never left: it keeps its rows


def test_a_series_of_zeros():
    """Its likelihood is one, whose logarithm is known to rounding only: no run may be said to fall."""
    model = PoissonHMM(2, random_state=0).fit(np.zeros((20, 1)))
    assert_allclose(model.log_likelihood_, 0.0, atol=1e-6)
    assert model.restarts_.n_failed == 0


PERIOD = 50


def periodic(n_periods):
    """A series that repeats, so that its likelihood follows from few products of matrices."""
    return np.tile(np.random.default_rng(0).integers(4, size=PERIOD), n_periods)


def log_likelihood_of_periods(startprob, transmat, emissionprob, series, n_periods):
    """By squaring the matrix of a period, in extended precision."""
    start, steps = startprob.astype(np.longdouble), np.eye(len(transmat), dtype=np.longdouble)
    for symbol in series[:PERIOD]:
        steps = steps @ (np.diag(emissionprob[:, symbol]) @ transmat).astype(np.longdouble)
    power, power_log = steps, np.longdouble(0.0)
    total, total_log = start[None, :], np.longdouble(0.0)
    while n_periods:
        if n_periods % 2:
            total = total @ power
            total_log += power_log + np.log(total.sum())
            total = total / total.sum()
        power = power @ power
        power_log = 2 * power_log + np.log(power.sum())
        power = power / power.sum()
        n_periods //= 2
    return float(total_log)  # the last transition is to anywhere, with probability one


@pytest.mark.parametrize("K", [3, *by_night(8)])
def test_a_million_times_without_drift(K):
    rng = np.random.default_rng(K)
    n_periods = 20_000
    startprob, transmat = rng.dirichlet(np.ones(K)), rng.dirichlet(np.ones(K), K)
    emissionprob = rng.dirichlet(np.ones(4), K)
    model = CategoricalHMM.from_parameters(startprob, transmat, emissionprob).set_params(n_jobs=2)
    x = periodic(n_periods)
    assert len(x) == 1_000_000
    expected = log_likelihood_of_periods(model.startprob_, model.transmat_, model.emissionprob_, x, n_periods)
    value, posteriors = model.score_samples(x)
    assert_allclose(value, expected, rtol=1e-12)  # about a million roundings, at random
    assert_allclose(posteriors.sum(axis=1), 1.0, rtol=0, atol=1e-13)
    # Far from both ends each period is like the others.
    middle = posteriors[PERIOD * 9_999 : PERIOD * 10_001]
    assert_allclose(middle[:PERIOD], middle[PERIOD:], rtol=0, atol=1e-13)
    assert_allclose(model.filter(x)[-1], posteriors[-1], atol=1e-13)


def test_one_state_is_no_chain():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 2))
    model = GaussianHMM(1, reg_covar=0.0).fit(x, lengths=[20, 40])
    assert_allclose(model.means_[0], x.mean(axis=0), atol=1e-12)
    assert_allclose(model.covariances_[0], x.var(axis=0), rtol=1e-12)
    assert_array_equal(model.transmat_, [[1.0]])
    assert_array_equal(model.predict(x), 0)
    assert_array_equal(model.smooth(x), 1.0)
    assert model.n_parameters_ == 4
    rates = PoissonHMM(1).fit(rng.poisson(3.0, (50, 2)))
    assert rates.n_parameters_ == 2
    chances = CategoricalHMM(1).fit(list("abbabc"))
    assert_allclose(chances.emissionprob_[0], [2 / 6, 3 / 6, 1 / 6])


# -- settings ----------------------------------------------------------------------------------------------


def test_zeros_in_emissionprob_init_stay_zero():
    x = np.random.default_rng(0).integers(3, size=200)
    model = CategoricalHMM(2, emissionprob_init=[[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]], random_state=0).fit(x)
    assert model.emissionprob_[0, 2] == model.emissionprob_[1, 0] == 0.0
    assert_array_equal(model.predict(x)[x == 2], 1)


GIVEN = {"transmat": [[0.9, 0.1], [0.3, 0.7]], "startprob": [0.25, 0.75], "lambdas": [[3.0], [10.0]]}


@pytest.mark.parametrize("fixed", [("transmat",), ("startprob",), ("lambdas",), ("transmat", "startprob")])
def test_fixed_parameters_stay(fixed):
    estimator, x = prepared("counts", fixed=fixed, **{f"{name}_init": GIVEN[name] for name in fixed})
    model = estimator.fit(x, lengths=LENGTHS)
    for name in fixed:
        assert_allclose(getattr(model, f"{name}_"), GIVEN[name], rtol=1e-15)
    free = clone(model).set_params(fixed=()).fit(x, lengths=LENGTHS)
    assert free.n_parameters_ > model.n_parameters_
    assert free.log_likelihood_ > model.log_likelihood_


@over_estimators
def test_labels_are_canonical(name):
    """Whatever the seed, states come in the order of their means, or of how often they emit."""
    first, x = fitted(name)
    for seed in (1, 2, 3):
        model = clone(first).set_params(random_state=seed).fit(x, lengths=LENGTHS)
        assert_allclose(model.transmat_, first.transmat_, atol=1e-3)
        assert_array_equal(model.predict(x), first.predict(x))
    if name != "any family":
        table = {"counts": "lambdas_", "numbers": "means_", "symbols": "emissionprob_"}[name]
        steps = np.diff(getattr(first, table)[:, 0])
        assert ((steps < 0) if name == "symbols" else (steps > 0)).all()


def test_labels_given_are_kept():
    _, x = prepared("counts")
    model = PoissonHMM(2, lambdas_init=[[12.0], [2.0]], random_state=0).fit(x, lengths=LENGTHS)
    assert model.lambdas_[0, 0] > model.lambdas_[1, 0]
    states = np.full(len(x), -1)
    states[x[:, 0] > 14] = 0
    states[:3] = np.where(x[:3, 0] > 7, 0, 1)
    known = PoissonHMM(2, random_state=0).fit(x, lengths=LENGTHS, states=states)
    assert known.lambdas_[0, 0] > known.lambdas_[1, 0]


@over_estimators
def test_information_criteria(name):
    model, x = fitted(name)
    p, value = model.n_parameters_, model.log_likelihood_
    assert p == {"symbols": 1 + 2 + 8, "counts": 1 + 2 + 2}.get(name, 1 + 2 + 8)
    assert_allclose(model.score(x, lengths=LENGTHS), value, rtol=1e-12)
    assert_allclose(model.aic(), 2 * p - 2 * value)
    assert_allclose(model.bic(), p * np.log(len(x)) - 2 * value)
    assert_allclose(model.bic(x, lengths=LENGTHS), model.bic(), rtol=1e-12)
    assert_allclose(model.aic(x, lengths=LENGTHS), model.aic(), rtol=1e-12)


# -- alphabets ---------------------------------------------------------------------------------------------

WEATHER = list("ssrrrcssscrrrrsssssscccrrrrssss")


def test_strings():
    model = CategoricalHMM(2, random_state=0).fit(WEATHER)
    assert model.categories_.tolist() == ["c", "r", "s"]
    codes = np.searchsorted(["c", "r", "s"], WEATHER)
    by_number = CategoricalHMM(2, random_state=0).fit(codes)
    assert_equal_fits(model, by_number)
    assert_array_equal(model.predict(WEATHER), by_number.predict(codes))
    drawn, _ = model.sample(50, random_state=0)
    assert drawn.shape == (50, 1)
    assert set(drawn[:, 0].tolist()) <= {"c", "r", "s"}


def test_categories_in_an_order_of_one_s_own():
    model = CategoricalHMM(2, categories=["s", "x", "c", "r"], random_state=0).fit(WEATHER)
    assert model.categories_.tolist() == ["s", "x", "c", "r"]
    assert_array_equal(model.emissionprob_[:, 1], 0.0)  # never seen in training
    sorted_model = CategoricalHMM(2, categories=["c", "r", "s"], random_state=0).fit(WEATHER)
    assert_allclose(model.log_likelihood_, sorted_model.log_likelihood_, atol=1e-3)
    for k in range(3):
        share = np.mean(np.array(WEATHER) == "crs"[k])
        where = model.categories_.tolist().index("crs"[k])
        # Of any maximum: expected symbols are those seen.
        assert_allclose(model.smooth(WEATHER).mean(axis=0) @ model.emissionprob_[:, where], share, atol=1e-4)


def test_n_features():
    x = np.array([0, 1, 1, 0, 3, 1, 0, 0, 3, 1] * 5)
    model = CategoricalHMM(2, n_features=5, random_state=0).fit(x)
    assert_array_equal(model.categories_, np.arange(5))
    assert model.emissionprob_.shape == (2, 5)
    assert_array_equal(model.emissionprob_[:, [2, 4]], 0.0)
    assert model.score([0, 4]) == -np.inf
    assert_allclose(model.emissionprob_.sum(axis=1), 1.0)


def test_fewer_symbols_than_states():
    """Nothing is spurious about a coin with three states."""
    tosses = np.random.default_rng(0).integers(2, size=200)
    model = CategoricalHMM(3, random_state=0).fit(tosses)
    assert model.diagnostics_ == ()
    assert model.log_likelihood_ >= CategoricalHMM(1).fit(tosses).log_likelihood_


# -- samples -----------------------------------------------------------------------------------------------


@over_estimators
def test_samples(name):
    model, x = fitted(name)
    drawn, states = model.sample(4000, random_state=0)
    assert drawn.shape == (4000, x.shape[1])
    assert states.shape == (4000,)
    found = np.zeros((2, 2))
    np.add.at(found, (states[:-1], states[1:]), 1.0)
    assert_allclose(found / found.sum(axis=1, keepdims=True), model.transmat_, atol=0.04)
    assert_allclose(np.bincount(states) / 4000, model.get_stationary_distribution(), atol=0.06)
    if name != "symbols":
        means = model.params_.emission.lambdas if name == "counts" else model.params_.emission.means
        for k in range(2):
            assert_allclose(drawn[states == k].mean(axis=0), means[k], atol=0.3)
    assert (model.predict(drawn) == states).mean() > 0.75


def test_samples_begin_where_sequences_do_and_follow_the_zeros():
    model = PoissonHMM.from_parameters([0, 1, 0], np.roll(np.eye(3), 1, axis=1), [[1.0], [10.0], [30.0]])
    assert_array_equal(model.sample(7, random_state=1)[1], [1, 2, 0, 1, 2, 0, 1])


def test_a_state_that_was_lost_comes_back():
    """Two states that never meet: long after one has underflowed it alone explains the rest."""
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=100), 6 + rng.normal(size=200), 3 + rng.normal(size=300)])[:, None]
    model = GaussianHMM.from_parameters([0.5, 0.5], np.eye(2), [[0.0], [6.0]], np.ones((2, 1)))
    constant = np.log(0.5) - 0.5 * len(X) * np.log(2 * np.pi)
    paths = [constant - 0.5 * ((X - mean) ** 2).sum() for mean in (0.0, 6.0)]
    assert_allclose(model.score(X), np.logaddexp(*paths), rtol=1e-12)
    assert_array_equal(model.smooth(X).argmax(axis=1), int(np.argmax(paths)))
    online = model.filtering()
    for row, expected in zip(X, model.filter(X), strict=True):
        assert_allclose(online.update(row), expected, atol=1e-12)
