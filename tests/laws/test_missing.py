"""Law 6: NaN is a missing cell, handled by exact marginal likelihood."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import quad

from tests.laws.exemptions import MISSING, bound_by
from tests.models import whole_e_step


@bound_by(MISSING)
def test_a_missing_cell_is_integrated_out(entry):
    model, params, data = entry.prepared()
    row = data.x[~np.isnan(data.x).any(axis=1)][0]

    def density(cell, feature, component):
        complete = row.copy()
        complete[feature] = cell
        return float(np.exp(model.emission.log_density(params.emission, complete[None])[0, component]))

    for feature in range(len(row)):
        holed = row.copy()
        holed[feature] = np.nan
        log_density = model.emission.log_density(params.emission, holed[None])[0]
        for component in range(model.n_components):
            total, _ = quad(density, 0, np.inf, args=(feature, component))
            assert_allclose(log_density[component], np.log(total), rtol=1e-7)


@bound_by(MISSING)
def test_an_empty_row_says_nothing(entry):
    model, params, data = entry.prepared()
    empty = np.full_like(data.x[:1], np.nan)
    assert_array_equal(model.emission.log_density(params.emission, empty), 0.0)
    observed = ~np.isnan(data.x).all(axis=1)
    assert not observed.all()
    description = model.describe(data.block(0, len(data.weights)))
    assert description.n_observed == data.row_weights[observed].sum()


@bound_by(MISSING)
def test_what_stands_elsewhere_is_not_moved_by_a_hole(entry):
    """The statistics of a table with a column missing are those of the table without it."""
    model, params, data = entry.prepared()
    x = data.x.copy()
    x[:, 1] = np.nan
    stats = whole_e_step(model, params, type(data)(x, data.weights, data.labels, data.offsets))
    assert_array_equal(model.m_step(stats, params).emission.rates[:, 1], params.emission.rates[:, 1])
