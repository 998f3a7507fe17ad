"""Latent-variable models fitted by expectation maximisation (EM)."""

from latently import datasets, metrics, plots
from latently.estimators import (
    CategoricalHMM,
    GaussianHMM,
    GaussianImputer,
    GaussianMixture,
    HiddenMarkovModel,
    MixtureModel,
    MultivariateNormal,
    PoissonHMM,
    dispersed_starts,
    little_mcar_test,
    missing_patterns,
    overimpute,
)
from latently.files import load
from latently.metrics import pool
from latently.selection import select
from latently.version import __version__ as __version__

__all__ = [
    "CategoricalHMM",
    "GaussianHMM",
    "GaussianImputer",
    "GaussianMixture",
    "HiddenMarkovModel",
    "MixtureModel",
    "MultivariateNormal",
    "PoissonHMM",
    "datasets",
    "dispersed_starts",
    "little_mcar_test",
    "load",
    "metrics",
    "missing_patterns",
    "overimpute",
    "plots",
    "pool",
    "select",
]
