"""What users import: scikit-learn's conventions over the models."""

from latently.estimators.diagnosis import dispersed_starts, little_mcar_test, missing_patterns, overimpute
from latently.estimators.gaussian_imputer import GaussianImputer
from latently.estimators.gaussian_mixture import GaussianMixture
from latently.estimators.mixture_model import MixtureModel
from latently.estimators.multivariate_normal import MultivariateNormal

__all__ = [
    "GaussianImputer",
    "GaussianMixture",
    "MixtureModel",
    "MultivariateNormal",
    "dispersed_starts",
    "little_mcar_test",
    "missing_patterns",
    "overimpute",
]
