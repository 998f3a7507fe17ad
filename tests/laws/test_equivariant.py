"""Law 5: shift or rescale the features, permute rows or labels, and the same model comes back."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from latently import GaussianMixture
from latently.core.backends import SerialBackend
from latently.core.em import EMMap, FitResult, Settings, describe, run
from latently.core.parameters import largest_change
from tests.comparing import assert_same
from tests.laws.exemptions import EACH_FEATURE, ONE_SCALE, SHIFT, bound_by
from tests.models import ENTRIES_BY_NAME, Data, Entry, iterate, responsibilities
from tests.rows import SYMBOLS
from tests.simulations import by_night


def fit(entry: Entry, data: Data) -> tuple[Any, FitResult]:
    """Until there is little left to gain, which slow ones do not reach."""
    em = entry.em(data)
    return em.model, run(em, entry.start(em.model, data), Settings(tol=1e-3, max_iter=15), data.weights.sum())


@cache
def fit_as_drawn(name: str, kind: str = "") -> tuple[Data, Any, FitResult]:
    """Ordinary data or some of a hard kind, and the fit that others are compared with."""
    entry = ENTRIES_BY_NAME[name]
    data = (entry.hard[kind] if kind else entry.data)(np.random.default_rng(0))
    return data, *fit(entry, data)


def beginning(model: Any, data: Data) -> tuple[np.ndarray, np.ndarray | None]:
    """Responsibilities where a random start begins, and the coordinates in which others look for groups."""
    description = describe(model, data.source, SerialBackend())
    family, facts = model.emission, description.emission
    params = model.start(description, np.random.default_rng(0))
    filled = family.fill(facts, data.x)
    assert_allclose(filled, np.where(np.isnan(data.x), filled, data.x))
    return responsibilities(model, params, data), family.embed(facts, filled)


def assert_same_model(
    entry: Entry, change: Any, scales: Any = 1.0, rtol: float = 1e-7, kind: str = ""
) -> None:
    """The same responsibilities, and the same density but for the change of units."""
    data, model, result = fit_as_drawn(entry.name, kind)
    other = replace(data, x=change(data.x))
    other_model, other_result = fit(entry, other)
    begins, other_begins = (beginning(one, rows) for one, rows in ((model, data), (other_model, other)))
    assert_allclose(other_begins[0], begins[0], rtol=0, atol=rtol)
    if begins[1] is not None:
        assert_allclose(other_begins[1], begins[1], rtol=0, atol=1e-5)
    params, other_params = result.params, other_result.params
    assert_allclose(
        responsibilities(other_model, other_params, other),
        responsibilities(model, params, data),
        rtol=0,
        atol=rtol,
    )
    per_row = np.where(np.isnan(data.x), 0.0, np.log(np.broadcast_to(scales, data.x.shape))).sum(axis=1)
    jacobian = float(data.row_weights @ per_row)
    log_likelihood = EMMap(model, data.source).e_step(params).bound
    assert_allclose(
        EMMap(other_model, other.source).e_step(other_params).bound + jacobian,
        log_likelihood,
        rtol=rtol * 1e-2,
        atol=rtol * 1e-2 * abs(jacobian),
    )
    assert other_result.n_iter == result.n_iter
    assert other_result.converged == result.converged
    changes, other_changes = ([step.change for step in end.history[1:6]] for end in (result, other_result))
    assert_allclose(other_changes, changes, rtol=1e-5)
    off_grid = replace(data, x=np.where(np.isnan(data.x), np.nan, data.x * 1.25))
    off_grid_other = replace(other, x=other.x + (off_grid.x - data.x) * scales)
    assert_allclose(
        responsibilities(other_model, other_params, off_grid_other),
        responsibilities(model, params, off_grid),
        rtol=0,
        atol=rtol,
    )


@bound_by(SHIFT)
@pytest.mark.parametrize("offset", [1e6, *by_night(-3.0)])
def test_shift(entry, offset):
    assert_same_model(entry, lambda x: x + offset)


@bound_by(ONE_SCALE)
@pytest.mark.parametrize("scale", [1e-8, *by_night(1e8)])
def test_one_scale_for_all_features(entry, scale):
    assert_same_model(entry, lambda x: x * scale, scale)


@bound_by(EACH_FEATURE)
def test_rescale_each_feature(entry):
    scales = 10.0 ** np.linspace(-8, 8, entry.prepared()[2].x.shape[1])
    assert_same_model(entry, lambda x: x * scales, scales)


@bound_by(SHIFT)
@pytest.mark.parametrize("scale", [1e-8, *by_night(1e8)])
def test_rescale_on_the_floor(entry, scale):
    """Few distinct rows: the floor is in the units of the data, so it moves with them."""
    assert_same_model(entry, lambda x: x * scale, scale, rtol=1e-6, kind="duplicates")


@bound_by()
def test_permuted_units(entry):
    data, model, result = fit_as_drawn(entry.name)
    order = np.random.default_rng(1).permutation(len(data.weights))
    other = data.take(order)
    other_model, other_result = fit(entry, other)
    assert_same(result.params, other_result.params, rtol=entry.rtol())
    assert_allclose(
        responsibilities(other_model, other_result.params, other),
        responsibilities(model, result.params, data)[data.rows_of(order)],
        rtol=0,
        atol=entry.rtol(),
    )
    assert other_result.n_iter == result.n_iter


@bound_by()
def test_permuted_labels(entry):
    model, start, data = entry.prepared()
    order, other = np.arange(model.n_components)[::-1], model
    if "banded" in entry.name:
        support = model.latent.support[np.ix_(order, order)]
        other = replace(model, latent=replace(model.latent, support=support))
    end = iterate(EMMap(model, data.source), start, 8)
    other_end = iterate(EMMap(other, data.source), other.permute(start, order), 8)
    assert_same(other.permute(end, order), other_end, rtol=entry.rtol())
    assert largest_change(model.spaces(end), end, other_end) > 0.01
    assert_allclose(
        responsibilities(other, other_end, data),
        responsibilities(model, end, data)[:, order],
        atol=entry.rtol(),
    )


@pytest.mark.parametrize(
    "name", ["independent x categorical", "chain x categorical", "chain x categorical, missing"]
)
def test_renamed_symbols(name):
    entry = ENTRIES_BY_NAME[name]
    data = entry.data(np.random.default_rng(0))
    names = np.array([3, 1, 4, 0, 2, SYMBOLS])
    ends = []
    for each in (data, replace(data, x=names[data.x])):
        em = entry.em(each)
        ends.append(iterate(em, entry.start(em.model, each), 10))
    one, renamed = ends
    assert_allclose(renamed.emission.emissionprob[:, names[:SYMBOLS]], one.emission.emissionprob, rtol=1e-9)
    assert_same(renamed.latent, one.latent, rtol=1e-9)


# -- the estimator ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag"])
def test_estimator_shows_the_transformed_parameters(covariance_type):
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.standard_normal((80, 2)), 3 + rng.standard_normal((60, 2))])
    X = np.round(X * 2**20) / 2**20
    scales, offset = np.array([1e-8, 1e8]), np.array([2e-2, -1e14])
    settings = {"covariance_type": covariance_type, "random_state": 0, "tol": 1e-12}
    plain = GaussianMixture(2, means_init=X[[0, -1]], **settings).fit(X)
    moved = GaussianMixture(2, means_init=X[[0, -1]] * scales + offset, **settings).fit(X * scales + offset)
    assert_allclose(moved.weights_, plain.weights_, rtol=1e-6)
    assert_allclose((moved.means_ - offset) / scales, plain.means_, atol=1e-6)
    units = scales**2 if covariance_type == "diag" else np.outer(scales, scales)
    assert_allclose(moved.covariances_ / units, plain.covariances_, rtol=1e-6, atol=1e-6)
    assert abs(moved.n_iter_ - plain.n_iter_) <= 2  # gains within rounding, which is coarser far from zero


def test_labels_come_in_falling_order_of_weight_and_ties_in_order_of_the_means():
    X = np.repeat([[0.0], [10.0], [20.0]], [30, 50, 30], axis=0) + np.tile([-1.0, 1.0], 55)[:, None]
    for seed in range(3):
        mixture = GaussianMixture(3, n_init=3, random_state=seed).fit(X)
        assert_allclose(mixture.means_.ravel(), [10.0, 0.0, 20.0], atol=1e-6)


def test_labels_named_by_starting_values_keep_their_order():
    X = np.repeat([[0.0], [10.0]], [30, 50], axis=0) + np.tile([-1.0, 1.0], 40)[:, None]
    mixture = GaussianMixture(2, means_init=[[0.0], [10.0]]).fit(X)
    assert_allclose(mixture.means_.ravel(), [0.0, 10.0], atol=1e-6)
