"""Moves between maxima: what they promise by hand, and that they lead only upwards."""

import warnings
from copy import deepcopy
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import multivariate_normal

from latently import (
    CategoricalHMM,
    GaussianHMM,
    GaussianMixture,
    LatentClassAnalysis,
    MixedImputer,
    MixtureModel,
    PoissonHMM,
)
from latently.core import exploration
from latently.core.array_source import ArraySource
from latently.core.backends import SerialBackend
from latently.core.em import EMMap, FitResult, Settings, Step
from latently.core.errors import ObjectiveFellError
from latently.core.exploration import Candidate, Explorer, Plan, drawn
from latently.core.findings import Finding
from latently.core.model import Proposal
from latently.core.moves import MORE, TRIAL, Climber, End, Move
from latently.core.restarts import Found, Restarts
from latently.core.streamed import Piece, StreamedSource
from latently.emissions import Poisson
from latently.models import windows
from latently.models.moves import look
from tests.lattice import at, climber, grid
from tests.simulations import by_night

# -- what moves promise --------------------------------------------------------------------------------------


def test_losses_of_removals_by_hand():
    x = grid(2)
    em, params = at([(0, 0), (0, 1), (1, 0), (1, 1.3)], x, 0.4)
    moves = look(em.model, params, list(em.source.blocks()), np.random.default_rng(0))
    normal = np.array([multivariate_normal.pdf(x, m, 0.16) for m in params.emission.means]).T
    resp = normal / normal.sum(axis=1, keepdims=True)
    assert_allclose(moves.resp, resp, rtol=1e-9)
    shares = resp.mean(axis=0)
    for removal in moves.removals():
        k, other = removal.label, removal.other
        if other is None:
            left = np.delete(normal * shares, k, axis=1).sum(axis=1)
            loss = np.log((normal @ shares) / left).sum()
        else:
            s = resp[:, k] + resp[:, other]
            mean = s @ x / s.sum()
            variance = s @ ((x - mean) ** 2).mean(axis=1) / s.sum()
            two = normal[:, [k, other]] @ shares[[k, other]] / shares[[k, other]].sum()
            loss = s @ (np.log(two) - multivariate_normal.logpdf(x, mean, variance))
        assert_allclose(removal.loss, loss, rtol=1e-6)


def test_a_split_gains_what_two_components_gain():
    """Nearly so: the halves have made some steps only."""
    x = grid(2)
    em, params = at([(0, 0.5), (1, 0), (1, 1)], x, 0.3)
    end = climber(em).end(params)
    moves = look(em.model, end.result.params, list(em.source.blocks()), np.random.default_rng(0))
    best = max(moves.splits(np.random.default_rng(0)), key=lambda split: split.gain)
    mine = x[x[:, 0] < 0.5]
    two, one = (GaussianMixture(k, covariance_type="spherical", random_state=0).fit(mine) for k in (2, 1))
    gain = two.log_likelihood_ - one.log_likelihood_
    assert 0.7 * gain < best.gain < gain + 1e-6
    # The shares are those after these steps: another one does not lower the gain.
    whole = moves.resp[:, best.label]
    halves = np.stack([whole * best.share, whole * (1 - best.share)], axis=1)
    joint = moves._learned([best.label] * 2, halves, x) + np.log(halves.sum(axis=0) / whole.sum())
    assert whole @ (np.logaddexp(*joint.T) - moves.log_density[:, best.label]) > best.gain - 1e-6
    assert_allclose(end.result.params.emission.means[best.label], (0, 0.5), atol=0.05)


def test_a_label_that_lost_all_rows_is_not_split():
    em, params = at([(0, 0), (1, 1), (1e6, 0)], grid(2), 0.3)
    moves = look(em.model, params, list(em.source.blocks()), np.random.default_rng(0))
    assert {split.label for split in moves.splits(np.random.default_rng(0))} == {0, 1}
    assert all(np.isfinite(moves.given_up(one)[1]).all() for one in moves.removals())


@pytest.mark.parametrize("seed", range(5))
def test_consecutive_rows_keep_their_sequences_and_weights(seed):
    whole = ArraySource(np.arange(30)[:, None], np.arange(5.0), np.array([0, 4, 4, 15, 21, 30]), 8)
    part = whole.stretch(9, np.random.default_rng(seed))
    assert_array_equal(part.x[:, 0], part.x[0, 0] + np.arange(9))
    assert_array_equal(part.row_weights, whole.row_weights[part.x[:, 0]])
    starts = np.isin(part.x[1:, 0], whole.offsets)
    assert_array_equal(part.offsets, [0, *(1 + np.flatnonzero(starts)), 9])
    assert whole.stretch(30, np.random.default_rng(0)) is whole
    names = np.repeat(np.arange(5), np.diff(whole.offsets))
    pieces = [Piece(whole.x[rows], names[rows]) for rows in (slice(0, 7), slice(7, 30))]
    read = StreamedSource(lambda: iter(pieces), lambda piece: piece, 8, several=True)
    for n_rows in (9, 29, 30):
        part, same = (source.stretch(n_rows, np.random.default_rng(seed)) for source in (whole, read))
        assert_array_equal(same.x, part.x)
        assert_array_equal(np.unique(same.offsets), np.unique(part.offsets))


# -- where moves lead ----------------------------------------------------------------------------------------


def test_moves_find_what_ten_starts_do_not():
    x = grid(5, each=10, spread=0.03)
    common = {"covariance_type": "spherical", "init_params": "random_from_data", "random_state": 0}
    planted = GaussianMixture(
        25, covariance_type="spherical", means_init=x.reshape(25, 10, 2).mean(axis=1)
    ).fit(x)
    starts = GaussianMixture(25, n_init=10, **common).fit(x)
    assert starts.log_likelihood_ < planted.log_likelihood_ - 50
    for n_init in (1, "auto"):
        moved = GaussianMixture(25, n_init=n_init, search="moves", **common).fit(x)
        assert moved.log_likelihood_ > planted.log_likelihood_ - 1e-3
        gains = [move.gain for found in moved.restarts_.maxima for move in found.moves]
        assert gains
        assert min(gains) > 0


def test_states_that_differ_by_what_follows_are_told_apart():
    """Two states look alike, and one of a third kind has been taken for two."""
    rng, after = np.random.default_rng(4), np.array([2, 3, 1, 4, 0])
    state = 0
    states = [state := int(rng.choice(5, p=0.1 / 5 + 0.9 * np.eye(5)[after[state]])) for _ in range(500)]
    noise = np.where(np.isin(states, [0, 1, 2]), rng.standard_normal(500), rng.uniform(-3, 3, 500))
    x = (np.array([0.0, 0.0, 6.0, 12.0, 24.0])[states] + noise)[:, None]
    cycle = 0.1 / 5 + 0.9 * np.eye(5)[after]
    common = {"random_state": 0, "n_init": 1, "search": "starts"}
    planted = GaussianHMM(5, means_init=[[0], [0], [6], [12], [24]], transmat_init=cycle, **common)
    wrong = GaussianHMM(5, means_init=[[0], [5], [7], [12], [24]], **common).fit(x)
    top = planted.fit(x).log_likelihood_
    assert wrong.log_likelihood_ < top - 40
    climbing = climber(EMMap(wrong._model, wrong._source(x)))
    higher = climbing.climbed(climbing.end(wrong.params_), np.random.default_rng(0))
    assert_allclose(higher.result.objective, top, atol=1e-3)


@pytest.mark.parametrize("seed", [0, *by_night(1, 2, 3)])
def test_a_sound_maximum_is_not_left_for_a_spurious_one(seed):
    """Forty rows and four full covariances: higher maxima that rest on few rows are everywhere."""
    x = np.random.default_rng(seed).standard_normal((40, 2))
    x[20:] += 3
    em, _ = at([(0, 0)], x)
    model = GaussianMixture(4, random_state=seed, search="starts").fit(x)
    if model.diagnostics_:
        pytest.skip("the starts find no sound maximum")
    em = EMMap(model._model.bind(model._model.describe(next(em.source.blocks()))), em.source)
    end = climber(em).end(model.params_)
    climbed = climber(em).climbed(end, np.random.default_rng(0))
    assert climbed.diagnostics == ()
    assert climbed.result.objective >= end.result.objective


def test_a_state_takes_one_half_of_the_rows_of_another():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 1)) + 10.0 * (np.arange(300)[:, None] // 50 % 2)
    model = GaussianHMM(2, random_state=0).fit(x)
    source = ArraySource(x, np.ones(1), np.array([0, 300]), 1024)
    proposals = windows.propose(model._model, model.params_, source, np.random.default_rng(1))
    halves = [one.params.emission.means for one in proposals if one.kind == windows.APART]
    assert len(halves) > 2
    assert all(abs(means[0, 0] - means[1, 0]) > 7 for means in halves)  # not a few rows of all


# -- what they leave alone -----------------------------------------------------------------------------------


def run_to(name, objective, *, converged=False):
    """A run that is to end there, and promises no more than that."""
    history = tuple(Step(objective, 0.0) for _ in range(3))
    return FitResult(name, objective, objective, history, 1, converged, "", 0.0, None)


@pytest.mark.parametrize("max_iter", [100, *MORE])
@pytest.mark.parametrize(("slow", "found"), [(0, True), (1, True), (2, False)])
def test_the_most_promising_trials_are_given_some_steps_more(slow, found, max_iter, monkeypatch):
    """One that lies below the maximum after its trial, and above it later; the others never do.

    They take no steps but these, however long a run may be.
    """
    trials = [run_to(f"{i}", -1.0 - i) for i in range(3)]
    model = SimpleNamespace(diagnose=lambda *_: ())
    em = SimpleNamespace(model=model, source=SimpleNamespace(blocks=list), fixed=(), backend=SerialBackend())
    climber = Climber(em, Settings(1e-6, max_iter), 1.0, 1e-5)

    def run(params, settings, max_iter):
        assert settings.to_reach == 1e-5
        if params in proposed:
            return trials[proposed.index(params)]
        return run_to("higher", 1.0, converged=True) if params == f"{slow}" else run_to(params, -1.0)

    proposed = ["a", "b", "c"]
    monkeypatch.setattr(climber, "_run", run)
    end = climber.higher(
        End(run_to("end", 0.0, converged=True), ()), [Proposal("swap", one) for one in proposed]
    )
    assert (end is not None) == found
    assert climber.n_steps <= TRIAL * len(proposed) + len(MORE)
    assert end is None or (end.result.params, end.moves) == ("higher", (Move("swap", 1.0),))


def test_threads_shifts_and_scales_do_not_matter(shared_out):
    x = np.random.default_rng(0).standard_normal((100, 2)) @ [[2, 0], [1, 0.5]]
    common = {"n_components": 3, "covariance_type": "diag", "random_state": 0}
    one, two = (GaussianMixture(n_jobs=n, **common).fit(x) for n in (1, 2))
    assert_array_equal(one.means_, two.means_)
    assert one.restarts_ == two.restarts_
    far = GaussianMixture(**common).fit(1e3 * x + 1e6)
    assert_allclose(far.log_likelihood_, one.log_likelihood_ - 200 * np.log(1e3), atol=1e-3)


def test_structural_zeros_known_states_and_fixed_parameters_stay():
    rng = np.random.default_rng(0)
    states = np.repeat(np.arange(5), 40)
    x = 3.0 * np.array([0, 2, 1, 4, 3])[states][:, None] + rng.standard_normal((200, 1))
    transmat = np.triu(np.tril(np.ones((5, 5)), 1))
    transmat /= transmat.sum(axis=1, keepdims=True)
    common = {"random_state": 0, "search": "moves"}
    model = GaussianHMM(5, transmat_init=transmat, startprob_init=[1, 0, 0, 0, 0], **common).fit(x)
    assert (model.transmat_[transmat == 0] == 0).all()
    known = np.where(np.arange(200) % 20 == 0, states, -1)
    model = GaussianHMM(5, **common).fit(x, states=known)
    assert_array_equal(model.predict(x, states=known)[known >= 0], known[known >= 0])
    source = ArraySource(x, np.ones(1), np.array([0, 200]), 200, labels=known)
    assert list(windows.propose(model._model, model.params_, source, rng)) == []  # a known state is kept
    means = np.arange(4.0)[:, None]
    model = GaussianHMM(4, means_init=means, fixed=("means",), **common).fit(x)
    assert_array_equal(model.means_, means)


COUNTS = np.random.default_rng(0).poisson(np.repeat([1, 5, 20, 60], 50))[:, None]
SYMBOLS = np.random.default_rng(0).integers(0, 4, 300)


@pytest.mark.parametrize(
    ("estimator", "x"),
    [(MixtureModel(Poisson(), 4), COUNTS), (CategoricalHMM(3), SYMBOLS)],
    ids=["counts", "symbols"],
)
def test_any_family_moves(estimator, x):
    estimator.set_params(random_state=0, n_init=2)
    starts = estimator.set_params(search="starts").fit(x).log_likelihood_
    assert estimator.set_params(search="moves").fit(x).log_likelihood_ >= starts - 1e-2


# -- what is said of it --------------------------------------------------------------------------------------


def test_the_chance_of_another_maximum_is_the_share_of_those_found_once():
    maxima = Found(-1.0, 4), Found(-2.0, 1), Found(-3.0, 1)
    assert Restarts((), 4, (), maxima=maxima).unseen == pytest.approx(1 / 3)
    assert Restarts((), 4, (), maxima=maxima[:1]).unseen == 0.0


def test_of_a_batch_the_first_maximum_that_can_be_trusted_is_taken_with_what_led_there():
    doubts, moves = (Finding("floor", "rests on it", "component", (0,)),), (SimpleNamespace(gain=1.0),)
    ends = {"doubtful": doubts, "more so": doubts, "sound": (), "later": ()}

    def end(name):
        if name == "failing":
            raise ObjectiveFellError("it fell")
        result = FitResult(name, -1.0, -1.0, (), 3, True, "", 0.0, None)
        return End(result, ends[name], moves if name == "sound" else ())

    explorer = Explorer(SimpleNamespace(fixed=()), Plan(), 1.0)
    explorer._narrowed, explorer._climber = list, SimpleNamespace(end=end)
    names = ("doubtful", "failing", "more so", "sound", "later")
    found = explorer._batch([Candidate(name, name) for name in names])
    assert found.candidate.params == "sound"
    assert found.candidate.moves == moves
    assert {one.kind: one.failure is None for one in explorer.lost} == {
        name: name != "failing" for name in names if name != "sound"
    }


def test_each_start_draws_numbers_of_its_own(monkeypatch):
    """In all batches."""
    first = []

    def noted(start, stream):
        first.append(deepcopy(stream.bit_generator).random_raw())
        return drawn(start, stream)

    monkeypatch.setattr(exploration, "drawn", noted)
    x = np.random.default_rng(0).standard_normal((80, 2))
    GaussianMixture(4, covariance_type="spherical", random_state=0, n_jobs=1).fit(x)
    assert len(set(first)) == len(first) > Plan().batch


def test_on_easy_data_one_look_is_enough():
    x = np.concatenate([np.random.default_rng(0).normal(m, 1, (100, 2)) for m in (0, 8)])
    restarts = GaussianMixture(2, random_state=0).fit(x).restarts_
    assert len(restarts.runs) <= 16
    assert restarts.n_agreeing >= 4
    assert restarts.unseen == 0


def test_a_search_is_as_exact_per_time_step_as_per_row(monkeypatch):
    seen = []

    def spied(explorer, em, plan, n, begun=Explorer.__init__):
        seen.append(n)
        begun(explorer, em, plan, n)

    monkeypatch.setattr(Explorer, "__init__", spied)
    x = np.random.default_rng(0).poisson(3.0, (60, 1))
    PoissonHMM(2, random_state=0).fit(x, lengths=[20, 40], sequence_weight=[1, 2])
    assert seen == [100.0]


# -- what some of the rows have not shown --------------------------------------------------------------------


def rare_answers(n=6000):
    """Two classes, and in each column six answers that one row alone has."""
    rng = np.random.default_rng(0)
    z = rng.integers(2, size=n)
    x = np.column_stack([np.where(rng.random(n) < 0.8, z, 1 - z) for _ in range(4)])
    for j in range(4):
        x[rng.choice(n, 6, replace=False), j] = 10 + np.arange(6)
    return x


def test_answers_too_rare_for_a_sample_are_no_reason_to_fail():
    x = rare_answers()
    classes = LatentClassAnalysis(2, random_state=0).fit(x)
    assert not any(run.failure for run in classes.restarts_.runs)
    assert classes.restarts_.n_agreeing > 5
    few = LatentClassAnalysis(2, random_state=0).fit(np.where(x > 1, np.nan, x))
    assert_allclose(classes.class_sizes_, few.class_sizes_, atol=2e-3)
    probabilities = classes.params_.emission.values[0].probabilities
    assert_allclose((classes.class_sizes_ @ probabilities[:, 0])[2:], 1 / len(x), rtol=1e-6)
    many = LatentClassAnalysis(4, random_state=0, n_init=1, max_iter=20, tol=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        many.fit(x)
    source = many._source(x)
    blocks = list(source.blocks())
    proposals = list(many._model.propose(many.params_, source, np.random.default_rng(1)))
    assert len(proposals) > 3
    for proposal in proposals:
        assert np.isfinite(sum(many._model.e_step(proposal.params, block).bound for block in blocks))
    counted = MixedImputer("bic", max_components=3, random_state=0).fit(np.where(x[:, :1] == 10, np.nan, x))
    assert min(counted.bic_, key=counted.bic_.get) == 2


def test_zeros_that_are_given_stay_zero_on_a_sample():
    x = rare_answers()
    x[x > 1] = 1
    start = np.full((2, 4, 2), 0.5)
    start[0, 0], start[1] = (1.0, 0.0), (0.3, 0.7)
    given = {"categorical.probabilities": start}
    fit = LatentClassAnalysis(2, starting_values=given, random_state=0, n_init="auto").fit(x)
    assert_array_equal(fit.params_.emission.values[0].probabilities[0, 0], (1.0, 0.0))
