"""Standard errors of hidden Markov models, against differences of the exact likelihood, and simulation."""

import warnings
from functools import partial
from itertools import combinations_with_replacement, product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from latently import CategoricalHMM, GaussianHMM, GaussianMixture, HiddenMarkovModel, PoissonHMM, datasets
from latently.core.parameters import named, with_named
from latently.core.spaces import Simplex
from latently.emissions import Poisson
from latently.latent.chain import Chain
from tests.refusing import refused
from tests.simulations import repeated

TRANSMAT = np.array([[0.9, 0.1], [0.2, 0.8]])
MANY = [20] * 12


def symbols(rng, n):
    make = CategoricalHMM.from_parameters([0.6, 0.4], TRANSMAT, [[0.8, 0.1, 0.1], [0.1, 0.2, 0.7]])
    return make.sample(n, rng)[0]


def counts(rng, n):
    return PoissonHMM.from_parameters([0.6, 0.4], TRANSMAT, [[2.0, 5.0], [7.0, 3.0]]).sample(n, rng)[0]


def numbers(rng, n):
    means, variances = [[0.0, 1.0], [2.0, -1.0]], [[1.0, 0.5], [1.0, 2.0]]
    return GaussianHMM.from_parameters([0.6, 0.4], TRANSMAT, means, variances).sample(n, rng)[0]


def in_sequences(draw, seed=1, gaps=False):
    rng = np.random.default_rng(seed)
    X = np.concatenate([draw(rng, n) for n in MANY])
    if gaps:
        X = X.astype(float)
        X[rng.random(X.shape) < 0.15] = np.nan
        X[5] = X[17] = np.nan
    return X


ESTIMATORS = {
    "symbols": (lambda **s: CategoricalHMM(2, n_features=3, **s), symbols),
    "counts": (lambda **s: PoissonHMM(2, **s), counts),
    "any family": (lambda **s: HiddenMarkovModel(Poisson(), 2, **s), counts),
    "diag": (lambda **s: GaussianHMM(2, **s), numbers),
    "full": (lambda **s: GaussianHMM(2, covariance_type="full", **s), numbers),
    "tied": (lambda **s: GaussianHMM(2, covariance_type="tied", **s), numbers),
    "spherical": (lambda **s: GaussianHMM(2, covariance_type="spherical", **s), numbers),
}


def log_likelihood(model, params, found):
    """Forward and rescaled, all sequences side by side, from the family's densities alone."""
    log_density = model.emission.log_density(params.emission, found.x)
    top = log_density.max(axis=1, keepdims=True)
    density = np.exp(log_density - top).reshape(len(found), -1, model.n_components)  # of equal lengths
    total, forward = top.sum(), model.latent.first(params.latent)
    for t in range(density.shape[1]):
        forward = forward * density[:, t] if t == 0 else (forward @ params.latent.transmat) * density[:, t]
        scale = forward.sum(axis=1, keepdims=True)
        forward /= scale
        total += np.log(scale).sum()
    return total


def hessian_errors(hmm, X, lengths, held=()):
    """Standard errors from second differences of the log-likelihood, in coordinates of this test's own."""
    model, params, found = hmm._model, hmm.params_, hmm._source(X, lengths=lengths)
    moves = [
        (name, move)
        for name, space in model.spaces(params).items()
        if name not in held
        for move in directions(space, named(params)[name])
    ]

    def at(*steps):
        values = {name: value.copy() for name, value in named(params).items()}
        for (name, move), step in zip(moves, steps, strict=True):
            values[name] = values[name] + step * move
        return log_likelihood(model, with_named(params, values), found)

    h, p = 2e-4, len(moves)
    information = np.empty((p, p))
    for i, j in combinations_with_replacement(range(p), 2):
        value = 0.0
        for a, b in product((1, -1), repeat=2):
            steps = np.zeros(p)
            steps[i] += a * h
            steps[j] += b * h
            value += a * b * at(*steps)
        information[i, j] = information[j, i] = -value / (4 * h * h)
    covariance = np.linalg.inv(information)
    errors = {}
    for name in {name for name, _ in moves}:
        where = [i for i, (other, _) in enumerate(moves) if other == name]
        basis = np.stack([moves[i][1].ravel() for i in where], axis=1)
        spread = np.einsum("ij,jk,ik->i", basis, covariance[np.ix_(where, where)], basis)
        errors[name] = np.sqrt(spread).reshape(named(params)[name].shape)
    return errors


def directions(space, value):
    """Independent changes of a parameter: of entries, of pairs in a row, of symmetric pairs."""
    entries = list(np.ndindex(value.shape))
    for at in entries:
        move = np.zeros(value.shape)
        move[at] = 1.0
        if isinstance(space, Simplex):
            possible = np.flatnonzero(space.support[at[:-1]])
            if at[-1] not in possible[:-1]:
                continue
            move[(*at[:-1], possible[-1])] = -1.0
        elif type(space).__name__ == "SPD":
            if at[-1] > at[-2]:
                continue
            move[(*at[:-2], at[-1], at[-2])] = 1.0
        yield move


@pytest.mark.parametrize(
    ("name", "startprob", "gaps"),
    [
        *product(["symbols", "counts", "diag"], ["free", "uniform"], [False]),
        *product(ESTIMATORS, ["stationary"], [True]),
    ],
)
def test_the_inverse_of_minus_the_hessian(name, startprob, gaps):
    make, draw = ESTIMATORS[name]
    X = in_sequences(draw, gaps=gaps)
    hmm = make(startprob=startprob, random_state=0, n_init=2).fit(X, lengths=MANY)
    found = hmm.standard_errors(X, lengths=MANY)
    assert found.reasons == ()
    expected = hessian_errors(hmm, X, MANY)
    assert set(found.errors) == set(expected)
    assert ("startprob" in expected) == (startprob == "free")
    for parameter, errors in expected.items():
        assert_allclose(found[parameter], errors, rtol=2e-4)


@pytest.mark.parametrize("startprob", ["free", "stationary", "uniform"])
def test_written_derivatives_of_the_chain(startprob):
    rng = np.random.default_rng(0)
    chain, K = Chain(startprob=startprob), 4
    params = chain.projected(chain.start(K, rng))
    X = rng.poisson(4.0, (50, 1)).astype(float)
    hmm = PoissonHMM.from_parameters(
        params.startprob if startprob == "free" else startprob,
        params.transmat,
        np.arange(1.0, K + 1)[:, None],
    )
    source = hmm._source(X, lengths=[20, 30])
    (block,) = source.blocks()
    stats = hmm._model.e_step(hmm.params_, block)
    slopes = chain.gradient(stats.latent, params)
    for name, slope in slopes.items():
        value = named(params)[name]
        for move in directions(Simplex(np.ones(value.shape, dtype=bool)), value):
            up, down = (
                chain.expected_log_likelihood(stats.latent, with_named(params, {name: value + h * move}))
                for h in (1e-6, -1e-6)
            )
            assert (up - down) / 2e-6 == pytest.approx((slope * move).sum(), rel=1e-6, abs=1e-5)


@pytest.mark.parametrize("runs", repeated(30, 120))
def test_errors_are_those_of_repeated_fits(runs):
    """A parametric bootstrap: models fitted to series drawn from the model scatter as the errors say."""
    truth = PoissonHMM.from_parameters("stationary", TRANSMAT, [[2.0], [8.0]])
    start = {"transmat_init": TRANSMAT, "lambdas_init": [[2.0], [8.0]], "startprob": "stationary"}
    fits, errors = [], []
    for seed in range(runs):
        X = truth.sample(300, seed)[0]
        hmm = PoissonHMM(2, **start, n_jobs=1).fit(X)
        fits.append([hmm.transmat_[0, 1], hmm.transmat_[1, 0], *hmm.lambdas_[:, 0]])
        found = hmm.standard_errors(X)
        errors.append([found["transmat"][0, 1], found["transmat"][1, 0], *found["lambdas"][:, 0]])
    # The spread of so many fits is known to about 1 / sqrt(2 * runs) of itself.
    assert_allclose(np.mean(errors, axis=0), np.std(fits, axis=0), rtol=3.9 / np.sqrt(2 * runs))
    low, high = (np.array(fits) + side * 1.645 * np.array(errors) for side in (-1, 1))
    covered = (low < [0.1, 0.2, 2.0, 8.0]) & (high > [0.1, 0.2, 2.0, 8.0])
    assert (abs(covered.mean(axis=0) - 0.9) < 3.5 * np.sqrt(0.09 / runs)).all()


def test_missing_observations_cost_certainty():
    X = numbers(np.random.default_rng(3), 400)
    incomplete = X.copy()
    incomplete[::2] = np.nan
    start = {"means_init": [[0.0, 1.0], [2.0, -1.0]], "startprob": "stationary", "n_init": 1}
    whole, half = (GaussianHMM(2, **start).fit(x).standard_errors(x) for x in (X, incomplete))
    for name in ("means", "covariances", "transmat"):
        assert (half[name] > 1.1 * whole[name]).all()


# -- boundaries ----------------------------------------------------------------------------------------


def test_structural_zeros_have_error_zero():
    A = np.array([[0.8, 0.2, 0.0], [0.0, 0.7, 0.3], [0.3, 0.0, 0.7]])
    rates = np.array([[1.0], [6.0], [15.0]])
    X = PoissonHMM.from_parameters("stationary", A, rates).sample(500, 0)[0]
    hmm = PoissonHMM(3, startprob="stationary", transmat_init=A, lambdas_init=rates).fit(X)
    found = hmm.standard_errors(X)
    assert found.reasons == ()
    assert_array_equal(found["transmat"] == 0, A == 0)
    assert_allclose(found["transmat"], hessian_errors(hmm, X, None)["transmat"], rtol=2e-4)


def test_the_first_state_of_one_sequence_has_no_error_and_the_others_hold_it():
    X = counts(np.random.default_rng(0), 300)
    hmm = PoissonHMM(2, n_init=2, random_state=0).fit(X)
    found = hmm.standard_errors(X)
    assert np.isnan(found["startprob"]).all()
    assert len(found.reasons) == 1
    assert found.reasons[0].startswith("startprob has no error")
    expected = hessian_errors(hmm, X, None, held=("startprob",))
    for name in ("transmat", "lambdas"):
        assert_allclose(found[name], expected[name], rtol=2e-4)
    low, high = hmm.confidence_intervals(X)["startprob"]
    assert np.isnan(low).all()
    assert np.isnan(high).all()


def test_one_state_has_nothing_to_learn_of_its_chain():
    X = np.random.default_rng(0).poisson(4.0, (100, 1))
    found = PoissonHMM(1).fit(X).standard_errors(X)
    assert found.reasons == ()
    assert found["startprob"].tolist() == [0.0]
    assert found["transmat"].tolist() == [[0.0]]
    assert_allclose(found["lambdas"], np.sqrt(X.mean() / 100), rtol=1e-6)


def test_a_transition_that_was_never_made_has_no_error():
    # Published: the third row of the earthquakes' transitions begins with a zero.
    X = datasets.load_earthquakes().data
    hmm = PoissonHMM(3, startprob="stationary", n_init=5, random_state=0).fit(X)
    found = hmm.standard_errors(X)
    assert hmm.transmat_[2, 0] < 1e-6
    assert np.isnan(found["transmat"][2, 0])
    assert found.reasons[0].startswith("transmat[2, 0] at zero")
    others = np.ones((3, 3), dtype=bool)
    others[2, 0] = False
    assert (found["transmat"][others] > 0).all()
    # As if that zero had been given.
    A = np.where(others, hmm.transmat_, 0.0)
    A /= A.sum(axis=1, keepdims=True)
    given = PoissonHMM(3, startprob="stationary", transmat_init=A, lambdas_init=hmm.lambdas_).fit(X)
    known = given.standard_errors(X)
    assert known.reasons == ()
    assert_allclose(found["lambdas"], known["lambdas"], rtol=1e-3)
    assert_allclose(found["transmat"][others], known["transmat"][others], rtol=1e-3)


def test_a_probability_on_its_way_to_zero_is_taken_for_zero():
    # In a long series EM stops while a transition that was never made still has some hundredths of an event.
    A = np.array([[0.9, 0.1, 0.0], [0.1, 0.8, 0.1], [0.02, 0.08, 0.9]])
    rates = np.array([[8.0], [14.0], [20.0]])
    X = PoissonHMM.from_parameters("stationary", A, rates).sample(20_000, 0)[0]
    start = np.array([[0.9, 0.09, 0.01], [0.1, 0.8, 0.1], [0.02, 0.08, 0.9]])
    hmm = PoissonHMM(3, startprob="uniform", transmat_init=start, lambdas_init=rates, tol=1e-6).fit(X)
    found = hmm.standard_errors(X)
    assert 0.0 < hmm.transmat_[0, 2] < 1e-3
    assert np.isnan(found["transmat"][0, 2])
    assert found.reasons[0].startswith("transmat[0, 2] at zero")
    assert len(found.reasons) == 1
    assert np.isnan(found["transmat"]).sum() == 1
    assert (abs(hmm.lambdas_ - rates) < 4 * found["lambdas"]).all()


def test_where_one_of_a_row_is_left_it_has_no_error_either():
    X = np.array(["a"] * 20 + ["b"] * 20)[:, None]
    likely = [[0.9, 0.1], [0.1, 0.9]]
    hmm = CategoricalHMM(2, startprob="uniform", transmat_init=likely, emissionprob_init=likely).fit(X)
    found = hmm.standard_errors(X)
    assert np.isnan(found["emissionprob"]).all()
    assert np.isnan(found["transmat"][1]).all()
    assert (found["transmat"][0] > 0).all()
    assert "and" not in found.reasons[0].split(":")[0]


def test_fixed_parameters_have_no_error():
    X = counts(np.random.default_rng(0), 300)
    hmm = PoissonHMM(
        2, startprob_init=[0.5, 0.5], transmat_init=TRANSMAT, fixed=("startprob", "transmat"), random_state=0
    ).fit(X)
    found = hmm.standard_errors(X)
    assert found.reasons == ()
    assert not found["startprob"].any()
    assert not found["transmat"].any()
    assert (found["lambdas"] > 0).all()


def test_states_of_no_difference_are_told():
    X = np.random.default_rng(0).poisson(4.0, (200, 1))
    hmm = PoissonHMM.from_parameters("uniform", [[0.5, 0.5]] * 2, [[X.mean()], [X.mean()]])
    found = hmm.standard_errors(X)
    assert np.isnan(found["lambdas"]).all()
    assert "singular" in found.reasons[0]


# -- kinds, weights, known states ----------------------------------------------------------------------


def test_weights_are_repeats():
    X = in_sequences(counts)
    weights = np.arange(len(MANY)) % 3
    pieces = np.split(X, np.cumsum(MANY)[:-1])
    repeated = [piece for piece, weight in zip(pieces, weights, strict=True) for _ in range(weight)]
    hmm = PoissonHMM(2, startprob="stationary", n_init=2, random_state=0).fit(pieces, sequence_weight=weights)
    one = hmm.standard_errors(pieces, sequence_weight=weights)
    other = hmm.standard_errors(repeated)
    for name in one.errors:
        assert_allclose(one[name], other[name], rtol=1e-5)


@pytest.mark.parametrize("kind", ["robust", "bootstrap"])
def test_kinds_agree_where_the_model_is_true(kind):
    draw = np.random.default_rng(4)
    pieces = [counts(draw, 25) for _ in range(150)]
    hmm = PoissonHMM(2, random_state=0, n_init=2, tol=1e-6).fit(pieces)
    observed = hmm.standard_errors(pieces)
    other = hmm.standard_errors(pieces, kind, n_replicates=80)
    assert other.kind == kind
    assert other.reasons == ()
    for name in observed.errors:
        assert_allclose(other[name], observed[name], rtol=0.3)
    intervals = hmm.confidence_intervals(pieces, 0.9, kind, n_replicates=30)
    assert set(intervals) == set(observed.errors)
    for name, (low, high) in intervals.items():
        assert_allclose(high - low, 2 * 1.645 * observed[name], rtol=0.5)


def test_intervals_are_so_many_errors_wide():
    X = in_sequences(counts)
    hmm = PoissonHMM(2, startprob="stationary", n_init=2, random_state=0).fit(X, lengths=MANY)
    errors = hmm.standard_errors(X, lengths=MANY)
    intervals = hmm.confidence_intervals(X, lengths=MANY, transform=False)
    assert set(intervals) == {"transmat", "lambdas"}
    low, high = intervals["lambdas"]
    assert_allclose((low + high) / 2, hmm.lambdas_)
    assert_allclose(high - low, 2 * 1.959964 * errors["lambdas"], rtol=1e-6)


def test_known_states_are_part_of_the_data():
    truth = PoissonHMM.from_parameters([0.6, 0.4], TRANSMAT, [[3.0], [5.0]])
    X, states = truth.sample(400, 0)
    hmm = PoissonHMM(2, startprob="uniform", n_init=2, random_state=0).fit(X, states=states)
    found = hmm.standard_errors(X, states=states)
    assert found.reasons == ()
    n = np.bincount(states)
    assert_allclose(found["lambdas"][:, 0], np.sqrt(hmm.lambdas_[:, 0] / n), rtol=1e-5)
    left = np.bincount(states[:-1])
    stay = np.diag(hmm.transmat_)
    assert_allclose(np.diag(found["transmat"]), np.sqrt(stay * (1 - stay) / left), rtol=1e-5)


def test_bad_settings_are_named():
    X = counts(np.random.default_rng(0), 100)
    chain = PoissonHMM(2, random_state=0, n_init=1).fit(X)
    for model in (chain, GaussianMixture().fit(X)):
        for ask in (model.standard_errors, model.confidence_intervals):
            refused(
                partial(ask, X, kind="exact"), "kind='exact': should be one of 'observed', 'robust', 'boot"
            )
            few = partial(ask, X, kind="bootstrap", n_replicates=1)
            refused(few, "n_replicates=1: should be an integer of at least 2")
        for level in (0, 1, 95):
            refused(partial(model.confidence_intervals, X, level), "between 0 and 1")
    whole = "draws weights for whole sequences, and there is one: use kind='observed'"
    refused(lambda: chain.standard_errors(X, "bootstrap"), whole)
    more = "needs more sequences than the 6 parameters, .* there is 1: use kind='observed'"
    refused(lambda: chain.standard_errors(X, "robust"), more)


def test_few_sequences_make_a_rough_bootstrap():
    pieces = [counts(np.random.default_rng(seed), 60) for seed in range(3)]
    hmm = PoissonHMM(2, random_state=0, n_init=2, startprob="stationary").fit(pieces)
    found = hmm.standard_errors(pieces, "bootstrap", n_replicates=10)
    assert any("3 sequences only" in reason for reason in found.reasons)
    assert set(found.errors) == {"transmat", "lambdas"}


def test_a_fit_cut_short_is_told():
    X = counts(np.random.default_rng(0), 200)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = {"transmat_init": [[0.5, 0.5]] * 2, "lambdas_init": [[3.9, 4.1], [4.1, 3.9]]}
        hmm = PoissonHMM(2, startprob="uniform", **start, tol=0, max_iter=2).fit(X)
    reasons = hmm.standard_errors(X).reasons
    assert any("still rises" in reason or "singular" in reason for reason in reasons)
