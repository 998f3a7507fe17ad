"""Law 2: integer weights equal repeated units."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from latently import GaussianMixture
from latently.core.parameters import dimension, named
from tests.comparing import assert_identical, assert_same
from tests.laws.exemptions import bound_by
from tests.models import ENTRIES_BY_NAME, iterate, whole_e_step


@bound_by()
def test_statistics_and_description(entry):
    """And statistics are linear in the weights."""
    model, params, data = entry.prepared()
    assert set(data.weights) == {0.0, 1.0, 2.0, 3.0}
    repeated = data.repeated()
    assert_same(whole_e_step(model, params, data), whole_e_step(model, params, repeated))
    described = [model.describe(each.block(0, len(each.weights))) for each in (data, repeated)]
    assert_same(*described)
    one, other = np.random.default_rng(0).random((2, len(data.weights)))
    parts = [whole_e_step(model, params, replace(data, weights=weights)) for weights in (one, 2.5 * other)]
    together = whole_e_step(model, params, replace(data, weights=one + 2.5 * other))
    assert_same(together, parts[0] + parts[1])


@bound_by()
def test_fits_from_given_starts(entry):
    _, _, data = entry.prepared()
    ends = []
    for units in (data, data.repeated()):
        em = entry.em(units)
        ends.append(iterate(em, entry.start(em.model, units), 10))
        assert dimension(em.model.spaces(ends[-1])) == dimension(em.model.spaces(ends[0]))
    assert_same(ends[0], ends[1], rtol=entry.rtol())


@bound_by()
def test_a_unit_without_weight_may_hold_anything(entry):
    """Even one that is impossible, or far out: it is not there."""
    model, params, data = entry.prepared()
    out = np.flatnonzero(data.weights == 0)[:2]
    rows = data.rows_of(out)
    x = data.x.copy()
    x[rows] = np.where(entry.missing(x[rows]), x[rows], entry.kind.absurd)
    changed = replace(data, x=x)
    assert_identical(whole_e_step(model, params, data), whole_e_step(model, params, changed))
    # Where rows are taken together by their missing cells, the order of the others' sums may change.
    without_holes = x.copy()
    without_holes[rows] = entry.kind.absurd
    assert_same(
        whole_e_step(model, params, data),
        whole_e_step(model, params, replace(data, x=without_holes)),
        rtol=1e-12,
    )
    bound = entry.bound(changed)
    one, other = named(entry.start(model, data)), named(entry.start(bound, changed))
    for name, value in one.items():
        np.testing.assert_array_equal(other[name], value, err_msg=name)


@pytest.mark.parametrize("name", ["chain x poisson", "chain x poisson, NaN"])
def test_the_mean_count_does_not_depend_on_the_scale_of_the_weights(name):
    model, _, data = ENTRIES_BY_NAME[name].prepared()
    family = model.emission
    means = [family.bind(family.describe(data.x, share * data.row_weights)).means for share in (1.0, 1e-4)]
    assert_allclose(means[1], means[0], rtol=1e-12)


@pytest.mark.parametrize("covariance_type", ["full", "diag"])
def test_at_the_estimator_from_starts_of_its_own(covariance_type):
    """A seed leads to the same starts from weighted as from repeated rows, in any order."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 2)) + 4 * (np.arange(60) % 2)[:, None]
    weights = rng.integers(0, 4, 60)
    settings = {"covariance_type": covariance_type, "random_state": 0, "tol": 1e-6}
    weighted = GaussianMixture(2, **settings).fit(X, sample_weight=weights)
    repeated = GaussianMixture(2, **settings).fit(rng.permutation(np.repeat(X, weights, axis=0)))
    assert_allclose(repeated.log_likelihood_, weighted.log_likelihood_, rtol=1e-12)
    assert_allclose(repeated.predict_proba(X), weighted.predict_proba(X), atol=1e-9)
    assert_allclose(repeated.means_, weighted.means_, rtol=1e-9, atol=1e-8)
    assert repeated.bic() == pytest.approx(weighted.bic(), rel=1e-12)


@pytest.mark.parametrize("init_params", ["kmeans", "k-means++", "random_from_data", "random"])
def test_each_kind_of_start(init_params):
    """One cloud and three components: another start leads to another maximum."""
    rng = np.random.default_rng(0)
    X, weights = rng.standard_normal((60, 2)), rng.integers(0, 4, 60)
    settings = {"init_params": init_params, "n_init": 1, "random_state": 0, "tol": 0, "max_iter": 5}
    weighted = GaussianMixture(3, **settings).fit(X, sample_weight=weights)
    repeated = GaussianMixture(3, **settings).fit(rng.permutation(np.repeat(X, weights, axis=0)))
    other = GaussianMixture(3, **{**settings, "random_state": 1}).fit(X, sample_weight=weights)
    assert_allclose(repeated.log_likelihood_history_, weighted.log_likelihood_history_, rtol=1e-10)
    assert np.abs(other.log_likelihood_history_ - weighted.log_likelihood_history_).max() > 0.01
