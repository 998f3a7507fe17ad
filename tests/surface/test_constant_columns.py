"""A column that does not vary is modelled on the floor of its variance, and named in a warning."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score

from latently import GaussianHMM, GaussianImputer, GaussianMixture, HiddenMarkovModel, load
from latently.core.errors import ConstantColumnWarning, SingularCovarianceError
from latently.emissions.mixture_of_gaussians import MixtureOfGaussians

RNG = np.random.default_rng(0)
X = np.concatenate([RNG.normal(0, 1, (80, 2)), RNG.normal(6, [1, 2], (80, 2))])
FLAGGED = np.insert(X, 1, 7.25, axis=1)
OTHER = np.insert(X, 1, RNG.normal(7.25, 5, 160), axis=1)
TYPES = ("full", "tied", "diag", "spherical")
FIT = {"n_components": 2, "n_init": 1, "random_state": 0}
NAMED = pytest.warns(ConstantColumnWarning, match=r"column 1 is constant \(every value is 7.25\)")


@pytest.mark.parametrize("covariance_type", TYPES[:3])
@pytest.mark.parametrize("family", [GaussianMixture, GaussianHMM])
def test_it_changes_nothing_but_the_density(family, covariance_type, tmp_path):
    plain = family(covariance_type=covariance_type, **FIT).fit(X)
    with NAMED:
        model = family(covariance_type=covariance_type, **FIT).fit(FLAGGED)
    assert not model.diagnostics_
    assert model.n_parameters_ == plain.n_parameters_
    np.testing.assert_allclose(np.delete(model.means_, 1, axis=1), plain.means_, rtol=1e-6)
    np.testing.assert_array_equal(model.means_[:, 1], 7.25)
    errors, others = model.standard_errors(FLAGGED), plain.standard_errors(X)
    assert errors.reasons == others.reasons
    assert (errors["means"][:, 1] == 0).all()
    np.testing.assert_allclose(np.delete(errors["means"], 1, axis=1), others["means"], rtol=1e-4)
    for table in (FLAGGED, OTHER):
        assert np.isfinite(model.score(table))
        np.testing.assert_allclose(model.predict_proba(table), plain.predict_proba(X), atol=1e-6)
    model.save(tmp_path / "model")
    assert load(tmp_path / "model").n_parameters_ == plain.n_parameters_


@pytest.mark.parametrize("covariance_type", TYPES)
def test_its_unit_goes_with_that_of_the_table(covariance_type):
    """Shifted by anything and rescaled by one factor, the densities change by its logarithm only."""
    mixture = GaussianMixture(covariance_type=covariance_type, **FIT)
    with NAMED:
        density = mixture.fit(FLAGGED).score_samples(OTHER)
    with pytest.warns(ConstantColumnWarning):
        moved = mixture.fit(1e3 * FLAGGED - 1e6).score_samples(1e3 * OTHER - 1e6)
    np.testing.assert_allclose(moved + 3 * np.log(1e3), density, rtol=1e-6)


def test_a_spherical_covariance_knows_no_single_columns():
    with NAMED:
        mixture = GaussianMixture(covariance_type="spherical", **FIT).fit(FLAGGED)
    assert mixture.n_parameters_ == 1 + 6 + 2


def test_several_components_within_a_state_name_it_too():
    with NAMED:
        HiddenMarkovModel(MixtureOfGaussians(2), 2, n_init=1, max_iter=2, tol=0).fit(FLAGGED)


def test_without_a_floor_it_has_no_density():
    with NAMED, pytest.raises(SingularCovarianceError, match=r"feature 1 is constant.*set reg_covar"):
        GaussianMixture(reg_covar=0, **FIT).fit(FLAGGED)


def test_constant_where_it_counts_and_is_observed():
    table = FLAGGED.copy()
    table[::3, 1] = np.nan
    table[5, 1] = 9.0
    with pytest.warns(ConstantColumnWarning, match="column 'flag' is constant"):
        mixture = GaussianMixture(**FIT).fit(
            pd.DataFrame(table, columns=["a", "flag", "b"]), sample_weight=np.arange(160) != 5
        )
    np.testing.assert_allclose(mixture.means_[:, 1], 7.25)
    many = np.column_stack([np.zeros((20, 8)), np.arange(20.0)])
    with pytest.warns(ConstantColumnWarning, match="columns 0, 1, 2, 3, 4 and 3 more are constant"):
        GaussianMixture().fit(many)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_digits(covariance_type):
    digits = load_digits().data[::3, :40]
    mixture = GaussianMixture(3, covariance_type=covariance_type, n_init=1, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scores = cross_val_score(mixture, digits, cv=3)
    assert np.isfinite(scores).all()


def test_imputation():
    table = FLAGGED.copy()
    table[::5, 1], table[1::5, 0] = np.nan, np.nan
    plain = GaussianImputer(n_parameter_draws=0).fit(np.delete(table, 1, axis=1))
    with NAMED:
        imputer = GaussianImputer(n_parameter_draws=0).fit(table)
    filled = imputer.transform(table)
    np.testing.assert_allclose(filled[:, 1], 7.25)
    np.testing.assert_allclose(
        np.delete(filled, 1, axis=1), plain.transform(np.delete(table, 1, axis=1)), rtol=1e-5
    )
