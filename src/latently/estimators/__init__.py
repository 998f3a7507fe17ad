"""What users import: scikit-learn's conventions over the models."""

from latently.estimators.gaussian_imputer import GaussianImputer
from latently.estimators.gaussian_mixture import GaussianMixture
from latently.estimators.mixture_model import MixtureModel
from latently.estimators.multivariate_normal import MultivariateNormal

__all__ = ["GaussianImputer", "GaussianMixture", "MixtureModel", "MultivariateNormal"]
