"""Latent-variable models fitted by expectation maximisation (EM)."""

from latently import datasets, metrics
from latently.estimators import GaussianMixture, MixtureModel, MultivariateNormal

__all__ = ["GaussianMixture", "MixtureModel", "MultivariateNormal", "datasets", "metrics"]
__version__ = "0.1.0"
