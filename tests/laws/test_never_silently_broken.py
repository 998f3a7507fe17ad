"""Law 9: what goes wrong keeps the run alive, or raises an error that names the culprit and the remedy."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from latently import GaussianMixture, MixtureModel
from latently.core.em import EMMap, Settings, run
from latently.core.errors import FitError, ImpossibleObservationError
from latently.core.exploration import Plan, Start
from latently.core.parameters import feasible, named, with_named
from latently.core.restarts import search
from latently.emissions.gaussian import STRUCTURES
from latently.latent import Independent
from latently.models import LatentEmission
from latently.models.latent_emission import FEW_ROWS
from tests.laws.exemptions import IMPOSSIBLE, LOST, bound_by, over_gaussians
from tests.models import ENTRIES_BY_NAME, Data, Entry, Exponential, iterate
from tests.rows import exponential_rows

FAR = 1e9


def first_of(emission):
    """Name and a copy of the values of a family's first parameter: its means or rates."""
    name, values = next(iter(named(emission).items()))
    return name, values.copy()


def without_second(model, params):
    """Params whose second component no row can come near to."""
    name, values = first_of(params.emission)
    if hasattr(model.emission, "variances"):
        values[1] += FAR * np.sqrt(model.emission.variances)
    else:
        values[1] *= FAR
    return with_named(params, {name: values})


@bound_by(LOST)
def test_a_vanished_component_keeps_the_run_alive_and_is_named(entry):
    model, params, data = entry.prepared()
    data = replace(data, x=np.where(np.isnan(data.x), 1.0, data.x))
    lost = without_second(model, params)
    em = EMMap(model, data.source)
    end = iterate(em, lost, 10)
    stats = em.e_step(end)
    assert np.isfinite(stats.bound)
    assert feasible(model.spaces(end), end)
    (found,) = model.diagnose(end, data.source.blocks())
    assert str(found).startswith(f"{model.latent.label} 1 kept no data: lower n_")
    assert (found.kind, found.subject, found.which) == ("no data", model.latent.label, (1,))


@pytest.mark.parametrize("covariance_type", list(STRUCTURES))
def test_a_vanished_component_at_the_estimator(covariance_type):
    X = np.random.default_rng(0).standard_normal((60, 2))
    mixture = GaussianMixture(2, covariance_type=covariance_type, means_init=[[0.0, 0.0], [1e9, 1e9]])
    with pytest.warns(UserWarning, match="component 1 kept no data: lower n_components"):
        mixture.fit(X)
    assert mixture.weights_[1] == 0.0
    assert np.isfinite(mixture.covariances_).all()
    assert mixture.predict(X).max() == 0
    assert np.isfinite(mixture.bic())


@bound_by(IMPOSSIBLE)
def test_an_impossible_observation_is_named(entry):
    """Too far for any density, or outside the support: the unit is named, wherever it stands."""
    model, params, data = entry.prepared()
    number = len(data.weights) - 2
    weights = data.weights.copy()
    weights[number] = 1.0
    x = data.x.copy()
    row = data.rows_of(np.array([number]))[-1]
    x[row] = -1e200
    broken = replace(data, x=x, weights=weights)
    unit = "row" if data.offsets is None else "sequence"
    with (
        pytest.raises(ImpossibleObservationError, match=f"{unit} {number} ") as caught,
        np.errstate(over="ignore"),
    ):
        EMMap(model, broken.source).e_step(params)
    message = str(caught.value)
    assert ("remove it" if data.offsets is None else "allow more") in message
    assert "\n" not in message
    weights[number], x[row] = 0.0, -1.0
    assert np.isfinite(EMMap(model, broken.source).e_step(params).bound)


def test_an_impossible_observation_at_the_estimator():
    x = exponential_rows(np.arange(60) % 2, np.random.default_rng(0))
    x[17, 1] = -0.5
    with pytest.raises(FitError, match="row 17 has zero density under every component; remove it"):
        MixtureModel(Exponential(), 2, random_state=0).fit(x)


def test_an_impossible_observation_belongs_to_no_component():
    x = np.random.default_rng(0).exponential(size=(40, 2))
    mixture = MixtureModel(Exponential(), 2, n_init=2, random_state=0).fit(x)
    x[31, 0] = -1.0
    for method in (mixture.predict, mixture.predict_proba, mixture.uncertainty):
        with pytest.raises(ImpossibleObservationError, match="row 31 has zero density under every component"):
            method(x)
    assert mixture.score_samples(x)[31] == -np.inf
    assert np.isfinite(np.delete(mixture.score_samples(x), 31)).all()


def test_a_log_density_that_is_not_a_number_names_its_row():
    class Broken(Exponential):
        def log_density(self, params, x):
            return np.where(x[:, :1] == 3.0, np.nan, super().log_density(params, x))

    x = np.random.default_rng(0).exponential(size=(40, 2))
    x[23] = 3.0
    with pytest.raises(FitError, match="log density of row 23 is not a number"):
        MixtureModel(Broken(), 2, random_state=0).fit(x)


@over_gaussians()
def test_the_row_of_a_doubt_is_named_by_its_unit(entry):
    """The last unit, far out, is alone in a component."""
    model, params, data = entry.prepared()
    needed = model.emission.rows_needed(params.emission)
    if needed == 1:
        pytest.skip("one row is enough for a component of this family")
    number = len(data.weights) - 1
    x = data.x.copy()
    x[data.rows_of(np.array([number]))] = np.nan_to_num(x[-1]) + 1e4
    weights = data.weights.copy()
    weights[number] = 1.0
    changed = replace(data, x=x, weights=weights)
    means = params.emission.means.copy()
    means[1] = x[-1]
    alone = replace(params, emission=params.emission.with_means(means))
    found = model.diagnose(alone, changed.source.blocks())
    one = found[-1]
    assert (one.kind, one.subject, one.which) == (FEW_ROWS, model.latent.label, (1,))
    assert one.numbers == {"rows": pytest.approx(1.0), "needed": needed, "on_floor": False}
    place = f"row {number}, " if data.offsets is None else f"sequence {number}, time step "
    assert f"({place}" in str(one)


# -- restarts ---------------------------------------------------------------------------------------------


SETTINGS = Settings(tol=1e-4, accelerate=True)


def cannot_start(rng):
    raise FitError("component 0 has no rows to start from")


def searched(entry: Entry, starts_of, plan=None):
    model, params, data = entry.prepared()
    em = EMMap(model, data.source)
    found = search(em, starts_of(params), SETTINGS, data.weights.sum(), np.random.default_rng(0), plan)
    return params, found


@bound_by()
def test_failed_restarts_are_recorded_and_never_fail_the_fit(entry):
    """One has no start, and under that of another each unit is impossible."""

    def broken(params):
        name, values = first_of(params.emission)
        return with_named(params, {name: np.full_like(values, np.nan)})

    model, params, data = entry.prepared()
    alone = run(EMMap(model, data.source), params, SETTINGS, data.weights.sum())
    for plan in (None, Plan(finish=1, moves=False)):
        _, (best, diagnostics, restarts) = searched(
            entry,
            lambda params: [
                Start("hopeless", cannot_start),
                Start("bad", lambda rng: broken(params)),
                Start("good", lambda rng: params),
            ],
            plan,
        )
        if plan is None:
            assert best.log_likelihood == alone.log_likelihood
        assert abs(best.log_likelihood - alone.log_likelihood) <= 2 * SETTINGS.tol * data.weights.sum()
        assert best.converged
        assert diagnostics == ()
        assert restarts.n_failed == 2
        assert "2 failed" in str(restarts)
        good, *others = restarts.runs
        assert (good.kind, good.failure) == ("good", None)
        failures = {one.kind: one.failure for one in others}
        assert set(failures) == {"hopeless", "bad"}
        assert failures["hopeless"] == "component 0 has no rows to start from"
        assert failures["bad"]
        assert all(one.log_likelihood is None for one in others)


class Overflowing(EMMap):
    def m_step(self, stats, params):
        raise np.linalg.LinAlgError("Eigenvalues did not converge")  # as eigh may say of infinities


@bound_by()
def test_numbers_out_of_range_fail_a_run_and_no_more(entry):
    model, params, data = entry.prepared()
    with pytest.raises(FitError, match=r"choose other units \("):
        run(Overflowing(model, data.source), params, Settings(), data.weights.sum())


@bound_by()
def test_all_failed_is_an_error_with_the_first_reason(entry):
    for plan in (None, Plan(finish=1)):
        with pytest.raises(FitError, match="all 3 runs failed; the first because component 0 has no rows"):
            searched(entry, lambda params: [Start("hopeless", cannot_start)] * 3, plan)


def test_a_spurious_maximum_loses_to_one_that_is_not():
    """One run starts at eight equal rows and climbs high; the other is chosen, and this is said."""
    entry = ENTRIES_BY_NAME["independent x full"]
    data = entry.data(np.random.default_rng(0))
    x = data.x.copy()
    x[:8] = 0.5
    data = replace(data, x=x, weights=np.ones(len(x)))
    em = entry.em(data)
    good = entry.start(em.model, data)
    resp = np.eye(2)[(np.arange(len(x)) < 8).astype(int)]
    stats = em.model.emission.expected_stats(good.emission, x, resp)
    tight = replace(good, emission=em.model.emission.m_step(stats, good.emission))
    starts = [Start("tight", lambda rng: tight), Start("good", lambda rng: good)]
    best, diagnostics, restarts = search(em, starts, Settings(), len(x), np.random.default_rng(0), None)
    assert restarts.runs[0].kind == "good"
    assert diagnostics == ()
    assert [run.kind for run in restarts.passed_over] == ["tight"]
    assert restarts.passed_over[0].log_likelihood > best.log_likelihood
    assert "component 1 rests on the floor set by reg_covar" in str(restarts.passed_over[0].diagnostics[0])
    assert "1 higher but spurious" in str(restarts)


def test_units_without_weight_do_not_starve_the_short_runs():
    """The subsample of the short runs must hold rows that count."""
    X = np.random.default_rng(0).standard_normal((12_000, 1))
    weights = np.zeros(12_000)
    weights[::600] = 1.0
    alone = GaussianMixture(2, random_state=0, tol=1e-3).fit(X[::600])
    mixture = GaussianMixture(2, random_state=0, tol=1e-3).fit(X, sample_weight=weights)
    assert_array_equal(np.isfinite(mixture.means_), True)
    assert mixture.log_likelihood_ >= alone.log_likelihood_ - 0.1
    assert mixture.restarts_.n_failed == 0


def test_rows_are_named_the_same_in_one_block_and_in_many():
    model = LatentEmission(Independent(), Exponential(), 2)
    x = np.random.default_rng(0).exponential(size=(200, 2))
    x[150] = -1.0
    data = Data(x, np.ones(200), np.arange(200) % 2)
    start = ENTRIES_BY_NAME["independent x exponential"].start(model, replace(data, x=np.abs(x)))
    for source in (data.source, replace(data.source, block_rows=1000)):
        with pytest.raises(ImpossibleObservationError, match="row 150 "):
            EMMap(model, source).e_step(start)
