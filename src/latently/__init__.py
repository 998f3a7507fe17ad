"""Latent-variable models fitted by expectation maximisation (EM).

Names are imported when they are first used, so that whoever wants one does not wait for all.
"""

from typing import TYPE_CHECKING

from latently.estimators import HOMES
from latently.lazy import deferred
from latently.version import __version__ as __version__

if TYPE_CHECKING:
    from latently import datasets, metrics, plots
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
    from latently.files import load
    from latently.metrics import pool
    from latently.report.of_model import report
    from latently.selection.likelihood_ratio import likelihood_ratio_test
    from latently.selection.search import select
    from latently.sources import scan

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
    "datasets",
    "dispersed_starts",
    "left_right",
    "likelihood_ratio_test",
    "little_mcar_test",
    "load",
    "metrics",
    "missing_patterns",
    "overimpute",
    "plots",
    "pool",
    "report",
    "scan",
    "select",
]

__getattr__, __dir__ = deferred(
    __name__,
    {name: f"estimators.{home}" for name, home in HOMES.items()}
    | {
        "MultivariateNormal": "estimators.multivariate_normal",
        "banded": "estimators.hmm.shapes",
        "datasets": "datasets",
        "dispersed_starts": "estimators.imputation.diagnosis",
        "left_right": "estimators.hmm.shapes",
        "likelihood_ratio_test": "selection.likelihood_ratio",
        "little_mcar_test": "estimators.imputation.diagnosis",
        "load": "files",
        "metrics": "metrics",
        "missing_patterns": "estimators.imputation.diagnosis",
        "overimpute": "estimators.imputation.diagnosis",
        "plots": "plots",
        "pool": "metrics",
        "report": "report",
        "scan": "sources",
        "select": "selection.search",
    },
)
