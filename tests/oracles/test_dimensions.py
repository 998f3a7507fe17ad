"""Free parameters, counted: the rank of the map from coordinates to numbers."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from latently import GaussianMixture
from latently.core.parameters import dimension, feasible, largest_change, named
from latently.core.spaces import SPD, Positive, Real, Simplex, UnitInterval
from latently.latent.independent import Weights
from tests.charts import Chart
from tests.laws.exemptions import ONE_MORE_ZERO, bound_by
from tests.models import ENTRIES_BY_NAME, whole_e_step


@bound_by()
def test_dimension_is_the_number_of_directions_one_can_move_in(entry):
    model, params, data = entry.prepared()
    spaces = model.spaces(params)
    assert dimension(spaces) == Chart(model, params).rank()
    slopes = model.latent.gradient(whole_e_step(model, params, data).latent, params.latent)
    assert set(slopes) == set(model.latent.spaces(params.latent))  # none is left to differences
    follows = (
        {"startprob"} if entry.name.endswith(("stationary", "uniform")) else set()
    )  # from the transitions
    assert set(spaces) == set(named(params)) - follows
    for name in spaces:
        assert dimension(spaces, (name,)) == dimension(spaces) - spaces[name].dimension


@bound_by(ONE_MORE_ZERO)
def test_structural_zeros_are_not_counted(entry):
    """A chain that cannot go back has fewer free transitions."""
    K = entry.model.n_components
    support = np.triu(np.ones((K, K), dtype=bool))
    left_to_right = replace(
        entry, model=replace(entry.model, latent=replace(entry.model.latent, support=support))
    )
    model, params, _ = left_to_right.prepared()
    transmat = np.where(support, params.latent.transmat, 0.0)
    transmat /= transmat.sum(axis=1, keepdims=True)
    params = replace(params, latent=replace(params.latent, transmat=transmat))
    assert feasible(model.spaces(params), params)
    assert dimension(model.spaces(params)) == dimension(entry.model.spaces(params)) - K * (K - 1) // 2
    assert dimension(model.spaces(params)) == Chart(model, params).rank()


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize(("K", "d"), [(1, 1), (3, 2), (2, 5)])
def test_of_gaussian_mixtures(covariance_type, K, d):
    """As counted by McLachlan and Peel (2000), and by the criteria."""
    X = np.random.default_rng(0).standard_normal((60, d)) + 4 * (np.arange(60) % K)[:, None]
    mixture = GaussianMixture(K, covariance_type=covariance_type, n_init=1, random_state=0).fit(X)
    symmetric = d * (d + 1) // 2
    covariances = {"full": K * symmetric, "tied": symmetric, "diag": K * d, "spherical": K}[covariance_type]
    p = K - 1 + K * d + covariances
    assert mixture.n_parameters_ == p
    log_likelihood = mixture.score_samples(X).sum()
    assert mixture.bic() == pytest.approx(-2 * log_likelihood + p * np.log(60))
    assert mixture.aic() == pytest.approx(-2 * log_likelihood + 2 * p)
    assert mixture.bic(X) == pytest.approx(mixture.bic())
    assert mixture.aic(X) == pytest.approx(mixture.aic())


def test_n_is_the_sum_of_the_weights_of_rows_with_any_observed_cell():
    entry = ENTRIES_BY_NAME["independent x exponential"]
    data = entry.data(np.random.default_rng(0))
    observed = ~np.isnan(data.x).all(axis=1)
    assert not observed.all()
    description = entry.model.describe(data.block(0, len(data.weights)))
    assert description.n_observed == data.weights[observed].sum()
    assert description.weight == data.weights.sum()


def test_spaces_know_what_is_feasible():
    assert Real((2,), np.ones(2)).feasible(np.array([-1.0, 1e9]))
    assert not Real((2,), np.ones(2)).feasible(np.array([0.0, np.inf]))
    assert not Positive((1,), np.ones(1)).feasible(np.zeros(1))
    simplex = Simplex(np.array([True, True, False]))
    assert simplex.dimension == 1
    assert simplex.feasible(np.array([0.25, 0.75, 0.0]))
    assert not simplex.feasible(np.array([0.25, 0.65, 0.1]))
    assert not simplex.feasible(np.array([0.25, 0.25, 0.0]))
    assert not simplex.feasible(np.array([1.25, -0.25, 0.0]))
    spd = SPD((2, 2), np.ones((2, 2)))
    assert spd.feasible(np.array([[2.0, 1.0], [1.0, 2.0]]))
    assert spd.feasible(np.array([[1.0, 1e-17], [-1e-17, 1.0]]))  # zero, but for rounding
    assert not spd.feasible(np.array([[2.0, 1.0], [1.1, 2.0]]))
    assert not spd.feasible(np.array([[1.0, 2.0], [2.0, 1.0]]))


def test_changes_are_measured_in_units_of_the_features():
    spaces = {"weights": Simplex(np.ones(2, dtype=bool))}
    assert largest_change(
        spaces, Weights(np.array([0.5, 0.5])), Weights(np.array([0.4, 0.6]))
    ) == pytest.approx(0.1)
    model, params, _ = ENTRIES_BY_NAME["independent x full"].prepared()
    moved = replace(params, emission=params.emission.with_means(params.emission.means + 0.5))
    expected = 0.5 / np.sqrt(model.emission.variances).min()
    assert largest_change(model.spaces(params), params, moved) == pytest.approx(expected)


def test_a_covariance_on_its_floor_is_feasible_however_large_its_entries():
    """Along (1, 1) it is the floor, a hundred millionth of its entries, which are rounded."""
    floor = np.full(2, 5e-9)
    space = SPD((2, 2), np.ones((2, 2)), floor)
    across = np.random.default_rng(0).uniform(0.1, 1.0, 100)[:, None, None] * np.array([[1, -1], [-1, 1]])
    assert all(space.feasible(one + np.diag(floor)) for one in across)
    assert not any(space.feasible(one + 0.9 * np.diag(floor)) for one in across)


ONE, SYMMETRIC = np.ones(1), np.array([[2.0, 1.0], [1.0, 2.0]])
ENDS = {
    "real": (Real((1,), ONE, limit=3.0), [[-3.0], [3.0]], [[3.01], [-3.01], [np.nan], [np.inf]]),
    "positive": (Positive((1,), ONE, floor=0.5, ceiling=2.0), [[0.5], [2.0]], [[0.49], [2.01], [np.nan]]),
    "above zero": (Positive((1,), ONE), [[1e-300], [1e300]], [[0.0], [-1.0], [np.inf]]),
    "unit interval": (UnitInterval((1,), ONE), [[0.0], [1.0]], [[-1e-9], [1 + 1e-9], [np.nan]]),
    "without zero": (UnitInterval((1,), ONE, with_zero=False), [[1e-300], [1.0]], [[0.0], [1 + 1e-9]]),
    "probabilities": (
        Simplex(np.array([True, True, False])),
        [[0.0, 1.0, 0.0], [0.5, 0.5, 0.0]],
        [[0.5, 0.4, 0.1], [0.5, 0.6, 0.0], [-0.1, 1.1, 0.0]],
    ),
    "covariance": (
        SPD((2, 2), np.ones((2, 2)), floor=ONE.repeat(2)),
        [SYMMETRIC, 5 * SYMMETRIC],  # whose smallest eigenvalues are 1 and 5
        [0.99 * SYMMETRIC, np.array([[2.0, 1.1], [1.0, 2.0]]), np.nan * SYMMETRIC],
    ),
}


@pytest.mark.parametrize(("space", "inside", "outside"), ENDS.values(), ids=ENDS)
def test_the_ends_belong_to_a_space_and_what_lies_beyond_does_not(space, inside, outside):
    assert [space.feasible(np.asarray(value)) for value in inside] == [True] * len(inside)
    assert [space.feasible(np.asarray(value)) for value in outside] == [False] * len(outside)


HELD = np.array([False, True, False])
WITHIN = {
    "real": (Real((2, 3), np.ones(3), HELD, 9.0), np.arange(6.0).reshape(2, 3)),
    "positive": (Positive((2, 3), np.ones(3), 0.5, HELD), 1.0 + np.arange(6.0).reshape(2, 3)),
    "unit interval": (UnitInterval((2, 2), ONE), np.array([[0.2, 1.0], [0.7, 0.4]])),
    "probabilities": (
        Simplex(np.array([[True] * 3, [True, False, True]])),
        np.array([[0.2, 0.5, 0.3], [0.6, 0, 0.4]]),
    ),
    "covariances": (
        SPD((2, 3, 3), np.ones((3, 3)), fixed=HELD),
        np.array([np.eye(3), np.diag([2.0, 1.0, 3.0]) + np.outer([1, 0, 1], [1, 0, 1])]),
    ),
}


@pytest.mark.parametrize(("space", "value"), WITHIN.values(), ids=WITHIN)
def test_tangents_lie_in_the_chart_and_coordinates_have_owners(space, value):
    chart, rng = space.chart(value), np.random.default_rng(0)
    basis = chart.basis.toarray()
    changes = np.array([space.tangent(value, rng).ravel() for _ in range(2 * basis.shape[1])])
    assert_allclose(basis @ np.linalg.lstsq(basis, changes.T)[0], changes.T, atol=1e-12)
    assert np.linalg.matrix_rank(changes) == basis.shape[1]
    if chart.owners is not None:
        assert basis[chart.owners, np.arange(len(chart.owners))].all()
        assert chart.without(np.arange(len(chart.owners)) == 1).resting.ravel()[chart.owners[1]]
