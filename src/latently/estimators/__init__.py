"""What users import: scikit-learn's conventions over the models."""

from latently.estimators.categorical_hmm import CategoricalHMM
from latently.estimators.gaussian_hmm import GaussianHMM
from latently.estimators.gaussian_imputer import GaussianImputer
from latently.estimators.gaussian_mixture import GaussianMixture
from latently.estimators.hidden_markov_model import HiddenMarkovModel
from latently.estimators.hmm.shapes import banded, left_right
from latently.estimators.imputation.diagnosis import (
    dispersed_starts,
    little_mcar_test,
    missing_patterns,
    overimpute,
)
from latently.estimators.latent_class_analysis import LatentClassAnalysis
from latently.estimators.latent_dirichlet_allocation import LatentDirichletAllocation
from latently.estimators.mixed_imputer import MixedImputer
from latently.estimators.mixture_model import MixtureModel
from latently.estimators.multivariate_normal import MultivariateNormal
from latently.estimators.poisson_hmm import PoissonHMM

__all__ = [
    "CategoricalHMM",
    "GaussianHMM",
    "GaussianImputer",
    "GaussianMixture",
    "HiddenMarkovModel",
    "LatentClassAnalysis",
    "LatentDirichletAllocation",
    "MixedImputer",
    "MixtureModel",
    "MultivariateNormal",
    "PoissonHMM",
    "banded",
    "dispersed_starts",
    "left_right",
    "little_mcar_test",
    "missing_patterns",
    "overimpute",
]
