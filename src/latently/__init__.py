"""Latent-variable models fitted by expectation maximisation (EM)."""

from latently import datasets, metrics, plots
from latently.estimators import GaussianImputer, GaussianMixture, MixtureModel, MultivariateNormal
from latently.files import load
from latently.selection import select
from latently.version import __version__ as __version__

__all__ = [
    "GaussianImputer",
    "GaussianMixture",
    "MixtureModel",
    "MultivariateNormal",
    "datasets",
    "load",
    "metrics",
    "plots",
    "select",
]
