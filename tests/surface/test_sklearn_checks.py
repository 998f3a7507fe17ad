"""Every check scikit-learn has for estimators, none of them expected to fail."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from latently import GaussianMixture, MixtureModel
from latently.emissions import FullGaussian

# The checks fit tiny, meaningless tables, and are warned of that.
pytestmark = pytest.mark.filterwarnings(
    "ignore::latently.core.errors.SpuriousMaximumWarning", "ignore::sklearn.exceptions.ConvergenceWarning"
)

ESTIMATORS = [
    GaussianMixture(),
    GaussianMixture(2, n_init=2),
    *(GaussianMixture(2, covariance_type=kind, n_init=1) for kind in ("tied", "diag", "spherical")),
    MixtureModel(FullGaussian(), 2, n_init=1),
]


@parametrize_with_checks(ESTIMATORS)
def test_sklearn(estimator, check):
    check(estimator)
