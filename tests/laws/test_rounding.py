"""Laws 3 and 4 at the last digits: rounding is told from a fall, and no choice hangs on it."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from examples.own_family import Exponential
from latently import GaussianHMM, GaussianImputer, GaussianMixture, MixtureModel, PoissonHMM, select
from latently.core.em import EMMap, Settings
from latently.core.errors import FitError, ObjectiveFellError, ObjectiveFellWarning, SingularCovarianceError
from latently.core.exploration import Plan, Start
from latently.core.moves import Climber
from latently.core.restarts import search
from latently.emissions import Gaussian, Poisson
from tests.models import ENTRIES
from tests.simulations import by_night

EPS = 2.0**-52


def switching_counts() -> np.ndarray:
    """Rates of 1000 and 1200, 25 times each by turns: log probabilities of -5 are differences of 8000."""
    rates = np.where(np.arange(300) // 25 % 2, 1200, 1000)
    return np.random.default_rng(0).poisson(rates)[:, None]


def test_large_counts_in_two_states():
    model = PoissonHMM(2, random_state=0).fit(switching_counts())
    assert_allclose(model.lambdas_.ravel(), [1004.05, 1204.24], atol=0.01)
    assert model.log_likelihood_ == pytest.approx(-1527.2348, abs=1e-4)
    assert model.restarts_.n_failed == 0


def test_large_counts_in_two_components():
    """The maximum to which a climb by hand comes from the two rates."""
    x = switching_counts()
    mixture = MixtureModel(Poisson(), 2, random_state=0).fit(x)
    rates, share = np.array([1000.0, 1200.0]), np.array([0.5, 0.5])
    for _ in range(2000):
        joint = x * np.log(rates) - rates + np.log(share)
        resp = np.exp(joint - joint.max(axis=1, keepdims=True))
        resp /= resp.sum(axis=1, keepdims=True)
        rates, share = (resp * x).sum(axis=0) / resp.sum(axis=0), resp.mean(axis=0)
    assert_allclose(np.sort(mixture.params_.emission.lambdas.ravel()), rates, rtol=1e-4)
    assert mixture.restarts_.n_failed == 0


def test_many_large_rates():
    x = np.random.default_rng(0).poisson(np.tile(10 + 200 * np.arange(8), 40))[:, None]
    model = PoissonHMM(8, random_state=0).fit(x)
    assert model.log_likelihood_ == pytest.approx(-1415.7284, abs=1e-3)
    assert model.restarts_.n_failed == 0


@pytest.mark.filterwarnings("ignore:this maximum of the likelihood is spurious")
@pytest.mark.parametrize("estimator", [GaussianHMM, GaussianMixture])
@pytest.mark.parametrize("seed", [0, *by_night(*range(1, 10))])
def test_many_steps_at_rest(estimator, seed):
    """One value far out, and 400 steps with nothing left to gain."""
    rng = np.random.default_rng(seed)
    x = np.concatenate([rng.normal(centre, 1.0, 100) for centre in (0, 5, 0, 5)])[:, None]
    x[150] = 1e4
    model = estimator(
        3, covariance_type="spherical", tol=0, max_iter=400, n_init=1, acceleration=None, random_state=seed
    ).fit(x)
    assert model.n_iter_ == 400
    assert np.diff(model.log_likelihood_history_[-100:]).min() > -1e-9


@pytest.mark.parametrize("name", ["independent x full", "independent x diag, NaN", "chain x full"])
def test_means_far_from_zero_are_rounded(name):
    """At 1e12 standard deviations a mean has four digits left: what that costs is no fall."""
    entry = next(entry for entry in ENTRIES if entry.name == name)
    data = entry.data(np.random.default_rng(0))
    data = replace(data, x=data.x + 1e12)
    em = entry.em(data)
    params = entry.start(em.model, data)
    objectives = []
    for _ in range(30):
        stats = em.e_step(params)
        objectives.append(em.objective(stats, params))
        allowed = 64 * EPS * em.rounding_scale(stats, params)
        assert allowed < 1e-2
        assert len(objectives) < 2 or objectives[-2] - objectives[-1] <= allowed
        params = em.m_step(stats, params)


def test_a_family_that_does_not_say_is_measured():
    """By its Q; and what another says of itself agrees with that."""
    family, said = Exponential(), Poisson()
    x = np.random.default_rng(0).exponential(np.exp([-1.0, -1.1, -0.9]), (1000, 3))
    stats = family.expected_stats(None, x, np.ones((1000, 1)))
    params = family.m_step(stats, family.start(stats, 1, np.random.default_rng(0)))
    assert abs(family.expected_log_likelihood(stats, params)) < 200  # a difference of 3000 and 3000
    assert 100 < family.inner_terms(stats, params) < 30000

    counts = switching_counts().astype(float)
    stats = said.expected_stats(None, counts, np.ones((300, 1)))
    params = said.m_step(stats, said.start(said.describe(counts, np.ones(300)), 1, np.random.default_rng(0)))
    measured = super(Poisson, said).inner_terms(stats, params)
    assert 0.02 * said.inner_terms(stats, params) < measured < 10 * said.inner_terms(stats, params)


@dataclass(frozen=True)
class Nudged:
    """A mixture whose sums are rounded otherwise, to its gain, where the first mean is the larger."""

    inner: Any

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def e_step(self, params, block, backend):
        stats = self.inner.e_step(params, block, backend)
        larger = params.emission.means[0, 0] > params.emission.means[1, 0]
        return replace(stats, bound=stats.bound + larger * 4 * EPS * stats.rounding_scale)


@pytest.mark.parametrize("plan", [None, Plan(finish=1)], ids=["finished", "narrowed down"])
@pytest.mark.parametrize("first", [0, 1])
def test_of_equal_maxima_the_first_wins(plan, first):
    """Two starts that are one but for their labels: one ends higher, by the last bits."""
    entry = next(entry for entry in ENTRIES if entry.name == "independent x full")
    model, params, data = entry.prepared()
    orders = [params, model.permute(params, [1, 0])]
    if first:
        orders.reverse()
    starts = [Start(str(i), lambda rng, start=start: start) for i, start in enumerate(orders)]
    em = EMMap(Nudged(model), data.source)
    best, _, restarts = search(em, starts, Settings(), data.weights.sum(), np.random.default_rng(0), plan)
    assert restarts.runs[0].kind == "0"
    assert restarts.n_agreeing == 2
    larger = best.params.emission.means[:, 0].argmax()
    assert larger == orders[0].emission.means[:, 0].argmax()


@pytest.mark.parametrize("acceleration", ["auto", None])
@pytest.mark.parametrize("tol", [1e-14, 1e-18])
def test_a_tolerance_below_rounding_stops_at_rounding(tol, acceleration):
    """Slowly, with holes and nothing to tell one feature from the other."""
    x = np.random.default_rng(3).standard_normal((200, 3))
    x[np.random.default_rng(4).random(x.shape) < 0.3] = np.nan
    mixture = GaussianMixture(1, tol=tol, max_iter=3000, acceleration=acceleration).fit(x)
    assert mixture.converged_


@pytest.mark.filterwarnings("ignore:EM reached max_iter")
@pytest.mark.parametrize("seed", [1, 4, 24, 239, *by_night(13, 27, 53, 68, 70)])
def test_a_likelihood_without_limit_is_no_bug(seed):
    """Few rows, fewer of them complete: on its floor a covariance has few digits."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(6, 3))
    if seed % 2:
        x[:, 2] = x[:, 0] + x[:, 1]
        x[rng.integers(6), rng.integers(3)] += 1
    x[rng.random(x.shape) < 0.25] = np.nan
    with pytest.raises(SingularCovarianceError, match="prior='ridge'"):
        GaussianImputer(prior=None).fit(x)
    assert GaussianImputer(prior="ridge", n_parameter_draws=0).fit(x).converged_


class Slipping(Gaussian):
    """A family whose M-step is wrong now and then: to show what becomes of it."""

    def m_step(self, stats, params, fixed=()):
        better = super().m_step(stats, params, fixed)
        slips = stats.counts.sum() > 0 and better.means[0, 0] < better.means[1, 0]
        return self.params(better.means + 0.5 * slips, better.covariances)


def two_clouds() -> np.ndarray:
    return np.concatenate([np.random.default_rng(0).normal(c, 1.0, (50, 1)) for c in (0.0, 6.0)])


def test_a_bug_in_some_runs_is_warned_of():
    model = MixtureModel(Slipping("diag"), 2, n_init=6, init_params="random_from_data", random_state=0)
    with pytest.warns(ObjectiveFellWarning, match=r"of 6 runs ended: the objective fell .* report this"):
        model.fit(two_clouds())
    assert 0 < model.restarts_.n_failed < 6


def test_a_bug_in_moves_leaves_what_starts_found(monkeypatch):
    def falls(*_):
        raise ObjectiveFellError("the objective fell in a move; report this")

    monkeypatch.setattr(Climber, "climbed", falls)
    counts = np.random.default_rng(0).poisson(np.repeat([1, 5, 20, 60], 50))[:, None]
    model = MixtureModel("poisson", 4, n_init=2, search="moves", random_state=0)
    with pytest.warns(ObjectiveFellWarning, match="1 of 2 runs ended: the objective fell in a move"):
        model.fit(counts)
    assert [run.kind for run in model.restarts_.runs if run.failure] == ["move"]


def test_a_bug_in_all_runs_is_an_error_of_its_own():
    x = two_clouds()
    starts = {"weights": [0.5, 0.5], "means": [[0.0], [6.0]], "covariances": [[1.0], [1.0]]}
    model = MixtureModel(Slipping("diag"), 2, starting_values=starts)
    with pytest.raises(ObjectiveFellError, match="the run failed because the objective fell"):
        model.fit(x)
    assert not issubclass(ObjectiveFellError, FitError)
    with (
        pytest.warns(ObjectiveFellWarning, match="the objective fell"),
        pytest.raises(ValueError, match="the only fit failed"),
    ):
        select(model, x, {"tol": [1e-8]})


def test_a_search_takes_the_first_of_equal_fits():
    """One component in one dimension is the same in every family."""
    x = np.random.default_rng(0).normal(1e3, 1.0, (200, 1))
    types = ["spherical", "diag", "tied", "full"]
    for listed in (types, types[::-1]):
        found = select(GaussianMixture(1), x, {"covariance_type": listed})
        values = [row["bic"] for row in found.table_]
        assert_allclose(values, values[0], rtol=1e-12)
        assert found.best_params_ == {"covariance_type": listed[0]}


@pytest.mark.parametrize("exponent", [-400, 400])
def test_holes_in_units_far_from_one(exponent):
    """Products of four deviations would be out of range."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 6)) @ rng.normal(size=(6, 6))
    x[rng.random(x.shape) < 0.4] = np.nan
    plain = GaussianMixture(1, max_iter=20, tol=0).fit(x)
    scaled = GaussianMixture(1, max_iter=20, tol=0).fit(x * 2.0**exponent)
    moved = exponent * np.log(2) * np.isfinite(x).sum()
    assert scaled.log_likelihood_ + moved == pytest.approx(plain.log_likelihood_, rel=1e-9)
    assert_allclose(scaled.means_ / 2.0**exponent, plain.means_, rtol=1e-9)
