"""Law 6: NaN is a missing cell, handled by exact marginal likelihood."""

from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import quad

from latently.core.parameters import named, with_named
from latently.emissions import Gaussian
from tests.comparing import assert_same
from tests.laws.exemptions import FEWER, bound_by
from tests.models import Data, responsibilities, whole_e_step
from tests.oracles.enumeration import completes


def with_a_hole_in(data: Data, column: int, missing: float = np.nan) -> Data:
    """No cell of a column observed."""
    x = data.x.copy()
    x[:, column] = missing
    return replace(data, x=x)


def features_of(emission, name):
    """Along which axis of a parameter features run."""
    axes = [one.axes for one in emission.parameters if one.name == name and "features" in one.axes]
    return axes[0].index("features") if axes else 1


def narrower(model, params, column):
    """The model of the other columns: what is left of params if a feature is marginalised."""
    matrices = completes(model.emission)
    values, emission = named(params.emission), model.emission
    for name, value in values.items():
        for axis in (-2, -1) if matrices and name == "covariances" else (features_of(emission, name),):
            if value.ndim > 1:
                values[name] = np.delete(values[name], column, axis=axis)
    if is_dataclass(emission):  # what it was bound to of each feature
        bound = {f.name: getattr(emission, f.name) for f in fields(emission)}
        bound = {
            name: np.delete(fact, column, axis=0)
            for name, fact in bound.items()
            if isinstance(fact, np.ndarray)
        }
        emission = replace(emission, **bound)
    return replace(model, emission=emission), with_named(params, values)


@bound_by()
def test_a_missing_cell_is_integrated_out(entry):
    model, params, data = entry.prepared()
    row = data.x[~entry.missing(data.x).any(axis=1)][0]

    def density(cells, feature, component):
        complete = np.repeat(row[None], np.size(cells), axis=0)
        complete[:, feature] = cells
        return np.exp(model.emission.log_density(params.emission, complete)[:, component]).sum()

    for feature in range(len(row)):
        values = entry.kind.by_column[feature] if entry.kind.by_column else entry.kind.values
        incomplete = row.copy()
        incomplete[feature] = entry.kind.missing
        log_density = model.emission.log_density(params.emission, incomplete[None])[0]
        for component in range(model.n_components):
            if isinstance(values, tuple):
                total, _ = quad(density, *values, args=(feature, component))
            else:
                total = density(values, feature, component)
            assert_allclose(log_density[component], np.log(total), rtol=1e-7, atol=1e-12)


@bound_by()
def test_an_empty_row_says_nothing(entry):
    model, params, data = entry.prepared()
    empty = np.full_like(data.x[:1], entry.kind.missing)
    assert_array_equal(model.emission.log_density(params.emission, empty), 0.0)
    x = data.x.copy()
    x[np.flatnonzero(data.row_weights)[[0, 7, 8]]] = entry.kind.missing
    observed = ~entry.missing(x).all(axis=1)
    description = model.describe(replace(data, x=x).block(0, len(data.weights)))
    assert description.n_observed == data.row_weights[observed].sum()
    assert description.n_observed < description.weight


@bound_by()
def test_nothing_is_learned_of_the_family_from_empty_rows(entry):
    """A sequence of their own, so that a chain does not pass through them."""
    model, params, data = entry.prepared()
    empty = np.full_like(data.x[:3], entry.kind.missing)
    offsets = None if data.offsets is None else np.append(data.offsets, data.offsets[-1] + 3)
    more = 3 if offsets is None else 1
    weights = np.append(data.weights, np.full(more, 2.0))
    longer = Data(np.concatenate([data.x, empty]), weights, np.append(data.labels, [0, 0, 0]), offsets)
    before, after = whole_e_step(model, params, data), whole_e_step(model, params, longer)
    assert_same(model.m_step(before, params).emission, model.m_step(after, params).emission, rtol=1e-13)
    assert_allclose(after.bound, before.bound, rtol=1e-13)


@bound_by()
def test_a_time_without_observation_only_lengthens_a_sequence(entry):
    """At the end of it: neither the likelihood changes nor what is learned of the family."""
    model, params, data = entry.prepared()
    if data.offsets is None:
        pytest.skip("a row is no time of a sequence")
    offsets = data.offsets + 4 * np.arange(len(data.offsets))
    x = np.full((offsets[-1], data.x.shape[1]), entry.kind.missing).astype(data.x.dtype)
    x[np.arange(len(data.x)) + 4 * np.repeat(np.arange(len(data.weights)), np.diff(data.offsets))] = data.x
    longer = Data(x, data.weights, np.zeros(len(x), dtype=int), offsets)
    one, other = whole_e_step(model, params, data), whole_e_step(model, params, longer)
    assert_allclose(other.bound, one.bound, rtol=1e-12)
    assert_same(other.latent.initial, one.latent.initial, rtol=1e-10)
    assert_same(model.m_step(other, params).emission, model.m_step(one, params).emission, rtol=1e-9)


@bound_by(FEWER)
@pytest.mark.parametrize("column", [0, 1])
def test_a_column_that_is_never_seen_may_as_well_not_be_there(entry, column):
    """Densities, responsibilities and what is learned of all else are those of the other columns."""
    model, params, data = entry.prepared()
    blind = with_a_hole_in(data, column)
    less, marginal = narrower(model, params, column)
    fewer = replace(data, x=np.delete(data.x, column, axis=1))
    assert_allclose(
        responsibilities(model, params, blind), responsibilities(less, marginal, fewer), rtol=1e-9, atol=1e-12
    )
    stats, other = whole_e_step(model, params, blind), whole_e_step(less, marginal, fewer)
    assert_allclose(stats.bound, other.bound, rtol=1e-12)
    _, learned = narrower(model, model.m_step(stats, params), column)
    assert_same(less.m_step(other, marginal), learned, rtol=entry.rtol(1e-10))


@bound_by()
def test_what_was_never_seen_is_not_learned(entry):
    """Where features are independent given the label; where they are not, its regression on others stays."""
    model, params, data = entry.prepared()
    unseen = with_a_hole_in(data, min(1, data.x.shape[1] - 1), entry.kind.missing)
    end = model.m_step(whole_e_step(model, params, unseen), params).emission
    if not isinstance(model.emission, Gaussian):
        for name, values in named(params.emission).items():
            axis = features_of(model.emission, name)
            one = np.arange(1, min(2, values.shape[axis]))
            assert_array_equal(np.take(named(end)[name], one, axis), np.take(values, one, axis))
        return
    before, after = (model.emission.dense(theta) for theta in (params.emission, end))
    others = np.delete(np.arange(data.x.shape[1]), 1)
    for k, (old, new) in enumerate(zip(before, after, strict=True)):
        slope = np.linalg.solve(old[np.ix_(others, others)], old[others, 1])
        moved = (end.means - params.emission.means)[k]
        assert_allclose(moved[1], slope @ moved[others], atol=1e-10)
        if completes(model.emission):
            assert_allclose(np.linalg.solve(new[np.ix_(others, others)], new[others, 1]), slope, atol=1e-9)


@bound_by(FEWER)
def test_a_row_with_a_hole_is_weighed_by_its_other_cells(entry):
    """A table in which each row misses another cell: row by row the narrower model's density."""
    model, params, data = entry.prepared()
    x = data.x[~np.isnan(data.x).any(axis=1)]
    columns = np.arange(len(x)) % x.shape[1]
    incomplete = x.copy()
    incomplete[np.arange(len(x)), columns] = np.nan
    found = model.emission.log_density(params.emission, incomplete)
    for column in range(x.shape[1]):
        less, marginal = narrower(model, params, column)
        rows = columns == column
        expected = less.emission.log_density(marginal.emission, np.delete(x[rows], column, axis=1))
        assert_allclose(found[rows], expected, rtol=1e-11)
