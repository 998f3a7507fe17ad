"""A mixture of Gaussians inside a state: against hmmlearn, plain Gaussians, and the sum of its parts."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp
from scipy.stats import kstest

from latently import GaussianHMM, GaussianMixture, HiddenMarkovModel, MixtureModel, load
from latently.core.parameters import check_feasible, feasible, named, with_named
from latently.emissions import Columns, Gaussian, MixtureOfGaussians
from latently.emissions.gaussian import STRUCTURES

MEANS = np.array([[[0.0, 0.0], [2.0, 2.0]], [[1.0, -1.0], [3.0, 2.5]]])
WEIGHTS = np.array([[0.3, 0.7], [0.6, 0.4]])
TRANSMAT, STARTPROB = np.array([[0.8, 0.2], [0.3, 0.7]]), np.array([0.6, 0.4])
COVARIANCES = {
    "full": np.tile(np.array([[1.0, 0.3], [0.3, 0.8]]), (2, 2, 1, 1)),
    "tied": np.array([[1.0, 0.3], [0.3, 0.8]]),
    "diag": np.tile(np.array([1.0, 0.5]), (2, 2, 1)),
    "spherical": np.full((2, 2), 0.9),
}
# One step of hmmlearn 0.3.3's GMMHMM from these parameters: inner weights and covariances.
HMMLEARN = {
    "diag": (
        [[0.52351713, 0.47648287], [0.73181707, 0.26818293]],
        [[[0.486978, 0.526513], [2.36708, 1.0285]], [[1.823105, 1.073021], [1.074643, 1.108244]]],
    ),
    "spherical": (
        [[0.51400941, 0.48599059], [0.69661817, 0.30338183]],
        [[0.642483, 1.701588], [1.136232, 1.554091]],
    ),
}
over_types = pytest.mark.parametrize("kind", list(STRUCTURES))


def rows(n=30):
    X = np.random.default_rng(3).normal(size=(n, 2)).round(3)
    X[::3] += 2.5
    return X


def given(kind):
    return {"inner_weights": WEIGHTS, "means": MEANS, "covariances": COVARIANCES[kind]}


@pytest.mark.parametrize("kind", list(HMMLEARN))
@pytest.mark.filterwarnings("ignore:EM reached max_iter")
def test_one_step_is_that_of_hmmlearn(kind):
    """But for covariances, which hmmlearn takes about the old means."""
    start = {"startprob": STARTPROB, "transmat": TRANSMAT, **given(kind)}
    model = HiddenMarkovModel(MixtureOfGaussians(2, kind), 2, max_iter=1, starting_values=start).fit(rows())
    found, (weights, covariances) = model.params_.emission, HMMLEARN[kind]
    assert_allclose(found.inner_weights, weights, atol=1e-8)
    moved = (found.means - MEANS) ** 2
    about_old = found.covariances + (moved if kind == "diag" else moved.mean(axis=2))
    assert_allclose(about_old, covariances, atol=1e-6)


@over_types
def test_densities_and_distributions_are_sums_of_those_of_its_parts(kind):
    family = MixtureOfGaussians(2, kind)
    _, params = family.given(given(kind), 2)
    x = rows(60)
    x[::5, 1] = np.nan
    found = family.log_density(params, x)
    for k in range(2):
        covariances = COVARIANCES[kind] if kind == "tied" else COVARIANCES[kind][k]
        parts = GaussianMixture.from_parameters(WEIGHTS[k], MEANS[k], covariances, covariance_type=kind)
        assert_allclose(found[:, k], parts.score_samples(x), rtol=1e-12)
    drawn = family.sample(params, np.zeros(2000, dtype=int), np.random.default_rng(0))
    assert_allclose(np.cov(drawn.T, ddof=0), family.covariance(params)[0], rtol=0.2, atol=0.1)
    assert_allclose(drawn.mean(axis=0), family.mean(params)[0], atol=0.1)
    told = family.distribution(params, drawn)
    assert kstest(np.exp(told.below[:, 0, 0]), "uniform").pvalue > 0.01
    assert_allclose(logsumexp([told.below, told.above], axis=0), 0.0, atol=1e-12)


@over_types
def test_the_m_step(kind):
    """Its Q rises, from no neighbour higher, and the derivative of Q is that of the log-likelihood."""
    x, rng = rows(120), np.random.default_rng(0)
    family = MixtureOfGaussians(2, kind).bind(MixtureOfGaussians(2, kind).describe(x, np.ones(120)))
    params = family.params(**given(kind))
    resp = rng.dirichlet([1.0, 1.0], size=120)
    stats = family.expected_stats(params, x, resp)
    best = family.m_step(stats, params)
    highest = family.expected_log_likelihood(stats, best)
    charts = {name: space.chart(named(best)[name]) for name, space in family.spaces(best).items()}
    for size in (1e-3, 0.03):
        for _ in range(10):
            moved = {name: c.at(size * rng.standard_normal(c.dimension)) for name, c in charts.items()}
            near = with_named(best, moved)
            if feasible(family.spaces(near), near):
                assert family.expected_log_likelihood(stats, near) < highest
    slopes = family.gradient(stats, params)
    for name, space in family.spaces(params).items():
        chart = space.chart(named(params)[name])
        step = 1e-6 * rng.standard_normal(chart.dimension)
        up, down = (
            (resp * family.log_density(with_named(params, {name: chart.at(way * step)}), x)).sum()
            for way in (1, -1)
        )
        assert_allclose(2 * step @ (chart.basis.T @ slopes[name].ravel()), up - down, rtol=1e-4, atol=1e-9)
    for name in named(params):
        held = family.m_step(stats, params, (name,))
        assert_array_equal(named(held)[name], named(params)[name])
        assert family.expected_log_likelihood(stats, held) > family.expected_log_likelihood(stats, params)
    swapped = family.permute(params, [1, 0])
    assert_allclose(family.log_density(swapped, x), family.log_density(params, x)[:, ::-1], rtol=1e-12)


def test_one_gaussian_in_each_state_is_a_gaussian_model_and_one_state_a_mixture(tmp_path):
    X = rows(100)
    plain = GaussianHMM(2, covariance_type="diag", n_init=4, random_state=0).fit(X)
    same = HiddenMarkovModel(MixtureOfGaussians(1, "diag"), 2, n_init=4, random_state=0).fit(X)
    assert same.log_likelihood_ == pytest.approx(plain.log_likelihood_, rel=1e-6)
    assert same.n_parameters_ == plain.n_parameters_
    mixture = GaussianMixture(2, n_init=4, random_state=0).fit(X)
    inside = MixtureModel(MixtureOfGaussians(2), 1, n_init=4, random_state=0).fit(X)
    assert inside.log_likelihood_ == pytest.approx(mixture.log_likelihood_, rel=1e-6)
    assert inside.n_parameters_ == mixture.n_parameters_
    errors = mixture.standard_errors(X)
    order = np.argsort(-inside.params_.emission.inner_weights[0])
    found = inside.standard_errors(X)
    assert_allclose(found["inner_weights"][0, order], errors["weights"], rtol=0.02)
    assert_allclose(found["means"][0, order], errors["means"], rtol=0.02)
    same.save(tmp_path / "model")
    assert_array_equal(load(tmp_path / "model").predict(X), same.predict(X))


def test_two_peaks_in_each_state_are_told_from_two_states():
    """Corners of a square: the states are its diagonals, which only the order of the rows tells."""
    rng = np.random.default_rng(0)
    states = np.repeat([0, 1, 0, 1, 0, 1], 50)
    corners = np.array([[[0.0, 0.0], [4.0, 4.0]], [[4.0, 0.0], [0.0, 4.0]]])
    X = corners[states, rng.integers(2, size=300)] + 0.7 * rng.standard_normal((300, 2))
    X[rng.random(X.shape) < 0.05] = np.nan
    model = HiddenMarkovModel(MixtureOfGaussians(2, "spherical"), 2, random_state=0).fit(X)
    found = model.predict(X)
    assert max((found == states).mean(), (found != states).mean()) > 0.95
    check_feasible(model.params_.emission, model._model.emission.spaces(model.params_.emission))


def test_starts_go_by_distance_only_where_that_is_asked_for():
    """Rows of a state may be far apart; the coordinates are those of the Gaussians of all the data."""
    X = rows(100)
    X[::7, 1] = np.nan
    inner = MixtureOfGaussians(2, "diag")
    paired = Columns({(0, 1): inner, 2: "gaussian"})
    table = np.column_stack([X, rows(100)[:, 0]])
    for kind in (MixtureModel, HiddenMarkovModel):
        for family, data in ((inner, X), (paired, table)):
            runs = kind(family, 2, n_init=4, max_iter=2, tol=0, random_state=0).fit(data).restarts_.runs
            assert {run.kind for run in runs} == {"family", "random"}
    asked = MixtureModel(inner, 2, init_params="k-means++", n_init=2, random_state=0).fit(X)
    assert {run.kind for run in asked.restarts_.runs} == {"k-means++"}
    description = inner.describe(X, np.ones(100))
    filled = inner.fill(description, X)
    assert_array_equal(inner.embed(description, filled), Gaussian("diag").embed(description, filled))
    assert inner.coordinates(description, X) is None


def test_bad_input():
    for settings, message in (({"n_mix": 0}, "n_mix=0: should be"), ({"covariance_type": "odd"}, "'odd'")):
        with pytest.raises(ValueError, match=message):
            MixtureOfGaussians(**settings)
    wrong = given("diag") | {"inner_weights": [[0.5, 0.4], [0.5, 0.5]]}
    with pytest.raises(ValueError, match="inner_weights"):
        HiddenMarkovModel(MixtureOfGaussians(2, "diag"), 2, starting_values=wrong).fit(rows())
    with pytest.raises(ValueError, match=r"covariances'\] .*\(2, 2, 2\)"):
        HiddenMarkovModel(
            MixtureOfGaussians(2, "diag"), 2, starting_values={"covariances": np.ones((4, 2))}
        ).fit(rows())


@over_types
def test_one_feature_of_several_gaussians_by_hand(kind):
    covariances = {"tied": [[1.0]], "full": np.ones((2, 3, 1, 1)), "diag": np.ones((2, 3, 1))}
    values = {
        "inner_weights": np.full((2, 3), 1 / 3),
        "means": [[[0.0], [2.0], [4.0]], [[5.0], [6.0], [7.0]]],
        "covariances": covariances.get(kind, np.ones((2, 3))),
    }
    model = HiddenMarkovModel.from_parameters(MixtureOfGaussians(3, kind), STARTPROB, TRANSMAT, values)
    assert_allclose(model.predict_proba([[2.0]]).sum(), 1.0)
    assert model.sample(5, random_state=0)[0].shape == (5, 1)
