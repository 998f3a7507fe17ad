"""Standard errors against closed forms, differences of the log-likelihood, and simulation."""

import numpy as np
import pytest

from examples.own_family import Exponential
from latently import GaussianMixture, MixtureModel
from latently.core.array_source import ArraySource
from latently.core.backends import SerialBackend
from latently.core.em import EMMap
from latently.core.information import Coordinates, score, standard_errors
from latently.core.parameters import named
from tests.models import ENTRIES, iterate
from tests.simulations import repeated


def normal_rows(n=400, seed=0):
    rng = np.random.default_rng(seed)
    return rng.multivariate_normal([1.0, -2.0], [[2.0, 0.7], [0.7, 1.0]], size=n)


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag"])
@pytest.mark.parametrize("weighted", [False, True])
def test_closed_forms_of_one_component(covariance_type, weighted):
    X = normal_rows()
    weights = np.arange(len(X)) % 3.0 if weighted else np.ones(len(X))
    n = weights.sum()
    errors = GaussianMixture(1, covariance_type=covariance_type).fit(X, sample_weight=weights)
    found = errors.standard_errors(X, sample_weight=weights)
    S = np.cov(X.T, aweights=weights, ddof=0)
    variances = np.diagonal(S)
    np.testing.assert_allclose(found["means"][0], np.sqrt(variances / n), rtol=1e-6)
    if covariance_type == "diag":
        expected = np.sqrt(2 * variances**2 / n)[None]
    else:
        expected = np.sqrt((S**2 + np.outer(variances, variances)) / n)
        expected = expected[None] if covariance_type == "full" else expected
    np.testing.assert_allclose(found["covariances"], expected, rtol=1e-6)
    assert found["weights"].tolist() == [0.0]
    assert found.reasons == ()


def test_errors_are_a_mapping_from_the_names_of_parameters():
    X = normal_rows()
    found = GaussianMixture(1).fit(X).standard_errors(X)
    assert list(found) == list(found.keys()) == ["weights", "means", "covariances"]
    assert len(found) == 3
    assert [name in found for name in ("means", "mean", 0)] == [True, False, False]
    assert dict(found)["means"] is dict(found.items())["means"] is found["means"]


def test_robust_errors_of_one_mean_are_those_of_the_sample():
    X = np.random.default_rng(1).exponential(size=(500, 2))
    found = GaussianMixture(1).fit(X).standard_errors(X, "robust")
    np.testing.assert_allclose(found["means"][0], X.std(axis=0) / np.sqrt(len(X)), rtol=1e-6)
    squares = (X - X.mean(axis=0)) ** 2
    variances = np.diagonal(found["covariances"][0])
    np.testing.assert_allclose(variances, squares.std(axis=0) / np.sqrt(len(X)), rtol=1e-6)


def test_exponential_family_of_the_user_from_q_alone():
    rng = np.random.default_rng(2)
    X = rng.exponential([1.0, 4.0], size=(600, 2))
    X[rng.random(X.shape) < 0.2] = np.nan
    found = MixtureModel(Exponential(), 1).fit(X)
    counts = (~np.isnan(X)).sum(axis=0)
    rates = found.params_.emission.rates
    np.testing.assert_allclose(found.standard_errors(X)["rates"], rates / np.sqrt(counts), rtol=1e-5)


@pytest.mark.parametrize("entry", [one for one in ENTRIES if not one.nightly], ids=lambda entry: entry.name)
def test_the_information_is_minus_the_hessian_of_the_log_likelihood(entry):
    model, params, data = entry.prepared()
    em = EMMap(model, data.source)
    params = iterate(em, params, 4)
    values = named(params)
    spaces = model.spaces(params)
    if any(np.min(np.abs(values["weights" if "weights" in values else name])) == 0 for name in values):
        pytest.skip("on a boundary")
    coordinates = Coordinates(params, {name: space.chart(values[name]) for name, space in spaces.items()})
    rng = np.random.default_rng(0)
    direction = rng.normal(size=coordinates.dimension) / np.sqrt(coordinates.dimension)

    def slope(step):
        moved = coordinates.at(step * direction)
        return score(em, coordinates, moved, em.e_step(moved)) @ direction

    def value(step):
        moved = coordinates.at(step * direction)
        return em.objective(em.e_step(moved), moved)

    h = 1e-3
    curvature = (value(h) - 2 * value(0.0) + value(-h)) / h**2
    assert (slope(1e-5) - slope(-1e-5)) / 2e-5 == pytest.approx(curvature, rel=1e-3, abs=1e-3)
    assert slope(0.0) == pytest.approx((value(1e-5) - value(-1e-5)) / 2e-5, rel=1e-4, abs=1e-4)


def test_numerical_and_written_derivatives_agree():
    X = np.concatenate([normal_rows(), normal_rows(seed=3) + 4.0])
    mixture = GaussianMixture(2, random_state=0).fit(X)
    em = EMMap(mixture._model, ArraySource(X, np.ones(len(X)), None, 256))

    class FromQAlone(type(mixture._model)):
        def gradient(self, stats, params):
            return {}

    plain = FromQAlone(mixture._model.latent, mixture._model.emission, 2)
    numerical = standard_errors(EMMap(plain, em.source, SerialBackend()), mixture.params_)
    for name, written in standard_errors(em, mixture.params_).errors.items():
        np.testing.assert_allclose(numerical[name], written, rtol=1e-4)


@pytest.mark.parametrize("runs", repeated(12, 200))
def test_intervals_cover_as_often_as_they_say(runs):
    covered = {kind: [] for kind in ("observed", "robust", "bootstrap")}
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        labels = rng.random(300) < 0.4
        X = np.where(labels, rng.normal(4.0, 1.0, 300), rng.normal(0.0, 0.7, 300))[:, None]
        start = {"weights_init": [0.6, 0.4], "means_init": [[0.0], [4.0]]}
        mixture = GaussianMixture(2, **start).fit(X)
        for kind, shares in covered.items():
            low, high = mixture.confidence_intervals(X, 0.9, kind, n_replicates=20)["means"]
            shares.append(((low < [[0.0], [4.0]]) & (high > [[0.0], [4.0]]))[:, 0])
    for shares in covered.values():
        # Both means together: at least 2 * runs trials, taken as half independent.
        assert abs(np.mean(shares) - 0.9) < 3.5 * np.sqrt(0.09 / runs)


def test_fixed_parameters_have_no_error_and_lend_others_precision():
    X = np.concatenate([normal_rows(), normal_rows(seed=3) + 2.0])
    start = {"means_init": [[1.0, -2.0], [3.0, 0.0]]}
    free = GaussianMixture(2, **start).fit(X).standard_errors(X)
    fixed = GaussianMixture(2, fixed=("means",), **start).fit(X).standard_errors(X)
    assert (fixed["means"] == 0).all()
    assert (fixed["weights"] < free["weights"]).all()


def test_nan_with_the_reason_on_the_floor():
    X = normal_rows()
    X[:30] = X[0]
    with pytest.warns(UserWarning, match="rests on the floor"):
        mixture = GaussianMixture(
            2, means_init=[X[0], [1.0, -2.0]], precisions_init=[np.eye(2) * 1e6, np.eye(2)]
        ).fit(X)
    found = mixture.standard_errors(X)
    assert found.reasons[0].startswith("covariances[0] on its floor: on this boundary")
    assert np.isnan(found["covariances"][0]).all()
    assert np.isfinite(found["covariances"][1]).all()
    # As if that covariance were given: it parts the rows for certain, so the others are those of theirs.
    rest = GaussianMixture(1).fit(X[30:]).standard_errors(X[30:])
    np.testing.assert_allclose(found["means"][1], rest["means"][0], rtol=1e-3)
    np.testing.assert_allclose(found["covariances"][1], rest["covariances"][0], rtol=1e-3)
    share = mixture.weights_[0]
    np.testing.assert_allclose(found["weights"], np.sqrt(share * (1 - share) / len(X)), rtol=1e-3)


def test_units_in_which_squares_are_out_of_range():
    """Errors of variances of 1e200 are as large; of rows of another world the score is out of range."""
    X = normal_rows()
    expected = GaussianMixture(1).fit(X).standard_errors(X)["covariances"]
    for unit in (1e-100, 1e100):
        found = GaussianMixture(1).fit(unit * X).standard_errors(unit * X)
        np.testing.assert_allclose(found["covariances"] / unit**2, expected, rtol=1e-9)
    lost = GaussianMixture(1).fit(1e-100 * X).standard_errors(X)
    assert np.isnan(lost["covariances"]).all()
    assert lost.reasons == ("the numbers span more than double precision holds: choose other units",)


def test_nan_with_the_reason_where_components_are_the_same():
    X = normal_rows()
    one = GaussianMixture(1).fit(X)
    mixture = GaussianMixture.from_parameters([0.5, 0.5], one.means_[[0, 0]], one.covariances_[[0, 0]])
    found = mixture.standard_errors(X)
    assert np.isnan(found["means"]).all()
    assert "singular" in found.reasons[0]


def test_a_run_cut_short_is_told():
    X = np.concatenate([normal_rows(), normal_rows(seed=3) + 2.0])
    mixture = GaussianMixture(2, means_init=[[0.0, 0.0], [3.0, 0.0]], tol=0, max_iter=3).fit(X)
    assert any(
        "still rises" in reason or "singular" in reason for reason in mixture.standard_errors(X).reasons
    )


def test_replicates_with_other_components_are_left_out_and_told():
    X = np.random.default_rng(5).normal(size=(60, 1))
    mixture = GaussianMixture(2, random_state=0).fit(X)
    reasons = mixture.standard_errors(X, "bootstrap", n_replicates=20).reasons
    assert any("replicates were left out" in reason for reason in reasons)
