"""EM that comes to rest on a saddle is led on from there, and it costs little where there is none."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import latently as L
from latently.core import saddles
from latently.core.em import EMMap, Settings, run
from latently.core.parameters import in_units, named
from latently.emissions.poisson import Poisson
from tests.laws.exemptions import bound_by

NAN = np.nan
MURRAY = np.array(
    [(1, 1), (1, -1), (-1, 1), (-1, -1), *[(2, NAN), (-2, NAN), (NAN, 2), (NAN, -2)] * 2], dtype=float
)
COVARIANCE = [[8 / 3, 4 / 3], [4 / 3, 8 / 3]]
RNG = np.random.default_rng(0)
CLOUDS = np.concatenate([RNG.normal(0, 1, (200, 2)), RNG.normal(3, 1, (200, 2))])
SERIES = RNG.normal(3.0 * np.repeat([0, 1] * 10, 30))[:, None]
COUNTS = RNG.poisson(2 + 8 * np.repeat([0, 1] * 10, 30))[:, None]


@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (1e6, 1e-8), (0.0, 1e8)])
def test_murrays_rows(shift, scale):
    """Murray (1977), in the discussion of Dempster, Laird and Rubin: two maxima and a saddle between them."""
    rows = scale * (MURRAY + shift)
    expected = scale**2 * np.array(COVARIANCE)
    height = -29.97428641 - np.isfinite(MURRAY).sum() * np.log(scale)
    mixture = L.GaussianMixture(1).fit(rows)
    assert_allclose(mixture.covariances_[0], expected, rtol=1e-3)
    assert_allclose(mixture.log_likelihood_, height, atol=1e-5)
    assert (np.diff(mixture.log_likelihood_history_) > -1e-9).all()
    assert len(mixture.log_likelihood_history_) == len(mixture.parameter_change_history_)
    assert mixture.converged_
    assert mixture.restarts_.n_agreeing == 1
    imputer = L.GaussianImputer().fit(rows)
    assert_allclose(imputer.covariance_, expected, rtol=1e-3)
    assert_allclose(imputer.log_likelihood_, height, atol=1e-5)
    assert_allclose(L.MultivariateNormal.fit(rows).covariance, expected, rtol=1e-3)


def test_callbacks_see_one_run():
    seen = []
    L.GaussianMixture(1, callbacks=[lambda i, params, log_likelihood: seen.append(i)]).fit(MURRAY)
    assert seen == sorted(set(seen))
    stopped = L.GaussianMixture(1, callbacks=[lambda i, params, log_likelihood: i > 8]).fit(MURRAY)
    assert stopped.stop_reason_ == "stopped by a callback"
    assert stopped.log_likelihood_ > -30.0


def test_without_a_tolerance_there_are_exactly_so_many_steps():
    mixture = L.GaussianMixture(1, tol=0, max_iter=30).fit(MURRAY)
    assert mixture.n_iter_ == 30
    assert_allclose(mixture.covariances_[0], 2.5 * np.eye(2))


@pytest.mark.parametrize("covariance_type", ["full", "diag", "spherical"])
def test_equal_components_part(covariance_type):
    best = L.GaussianMixture(2, covariance_type=covariance_type, random_state=0).fit(CLOUDS)
    mixture = L.GaussianMixture(2, covariance_type=covariance_type, means_init=[[1.0, 1.0]] * 2).fit(CLOUDS)
    assert_allclose(mixture.log_likelihood_, best.log_likelihood_, atol=1e-4)


def test_equal_components_of_one_shape_part_somehow():
    """The likelihood is level to second order there, so that any direction will do."""
    mixture = L.GaussianMixture(2, covariance_type="tied", means_init=[[1.0, 1.0]] * 2).fit(CLOUDS)
    alone = L.GaussianMixture(1).fit(CLOUDS)
    assert mixture.log_likelihood_ > alone.log_likelihood_ + 1


def test_equal_states_part():
    even = {"transmat_init": np.full((2, 2), 0.5), "startprob_init": [0.5, 0.5]}
    best = L.GaussianHMM(2, random_state=0).fit(SERIES)
    equal = L.GaussianHMM(2, means_init=[[1.5]] * 2, covariances_init=[[1.0]] * 2, **even).fit(SERIES)
    assert_allclose(equal.log_likelihood_, best.log_likelihood_, atol=1e-4)
    best = L.PoissonHMM(2, random_state=0).fit(COUNTS)
    equal = L.PoissonHMM(2, lambdas_init=[[6.0]] * 2, **even).fit(COUNTS)
    assert_allclose(equal.log_likelihood_, best.log_likelihood_, atol=1e-4)


def test_equal_rates_part():
    mixture = L.MixtureModel(Poisson(), 2, starting_values={"lambdas": [[6.0], [6.0]]}).fit(COUNTS)
    best = L.MixtureModel(Poisson(), 2, random_state=0).fit(COUNTS)
    assert_allclose(mixture.log_likelihood_, best.log_likelihood_, atol=1e-4)


@bound_by()
def test_the_rate_is_the_largest_eigenvalue(entry):
    """Against the whole derivative of the EM map, by differences along all free coordinates."""
    model, params, data = entry.prepared()
    em = EMMap(model, data.source)
    end = run(em, params, Settings(1e-11, 1000), float(data.weights.sum())).params
    spaces = model.spaces(end)
    rng = np.random.default_rng(0)
    found = saddles.slowest(em, end, saddles.random_direction(em, end, rng), -1.0)
    here = in_units(spaces, named(em.m_step(em.e_step(end), end)))
    moves = [in_units(spaces, saddles.random_direction(em, end, rng)) for _ in range(60)]
    basis = np.linalg.svd(np.array(moves), full_matrices=False)[2]
    basis = basis[: np.linalg.matrix_rank(np.array(moves))]
    assert len(basis) < len(moves)  # so they span all that is free
    images = [saddles._image(em, spaces, end, here, v) for v in basis]
    if any(image is None for image in images):
        pytest.skip("on a boundary")
    largest = np.linalg.eigvals(basis @ np.array(images).T).real.max()
    assert_allclose(found.rate, largest, atol=0.05)


@pytest.mark.parametrize("name", ["few rows", "many rows"])
def test_easy_data_are_looked_at_once(name, monkeypatch):
    """A few E-steps, and for long tables of a small part of the rows."""
    n = {"few rows": 300, "many rows": 40000}[name]
    x = np.concatenate([RNG.normal(0, 1, (n, 3)), RNG.normal(8, 1, (n, 3))])
    x[RNG.random(x.shape) < 0.1] = NAN
    seen, e_step, look = [], EMMap.e_step, saddles.slowest

    def counted(em, params):
        seen.append(len(em.source))
        return e_step(em, params)

    def watched(*arguments):
        with monkeypatch.context() as patch:
            patch.setattr(EMMap, "e_step", counted)
            return look(*arguments)

    monkeypatch.setattr(saddles, "slowest", watched)
    L.GaussianMixture(2, n_init=1, random_state=0).fit(x)
    assert 0 < len(seen) <= 1 + saddles.MOST_STEPS
    assert max(seen) == min(2 * n, saddles.SCREEN)


def test_a_start_that_ends_higher_is_told(monkeypatch):
    found = L.dispersed_starts(L.GaussianImputer(), MURRAY, n_starts=4, random_state=0)
    assert not found.higher
    monkeypatch.setattr(saddles, "ALL_IS_WELL", np.inf)
    stuck = L.dispersed_starts(L.GaussianImputer(), MURRAY, n_starts=4, random_state=0)
    assert stuck.higher
    assert not stuck.agree
    assert_allclose(stuck.objective, -30.03334239)
