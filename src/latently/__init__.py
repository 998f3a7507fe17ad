"""Latent-variable models fitted by expectation maximisation (EM).

Names are imported when they are first used, so that whoever wants one does not wait for all.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from latently.version import __version__ as __version__

if TYPE_CHECKING:
    from latently import datasets, metrics, plots
    from latently.estimators import (
        CategoricalHMM,
        GaussianHMM,
        GaussianImputer,
        GaussianMixture,
        HiddenMarkovModel,
        LatentClassAnalysis,
        LatentDirichletAllocation,
        MixedImputer,
        MixtureModel,
        MultivariateNormal,
        PoissonHMM,
        banded,
        dispersed_starts,
        left_right,
        little_mcar_test,
        missing_patterns,
        overimpute,
    )
    from latently.files import load
    from latently.metrics import pool
    from latently.report.of_model import report
    from latently.selection import likelihood_ratio_test, select
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

_PACKAGES = ("datasets", "metrics", "plots", "report")
_ELSEWHERE = {
    "likelihood_ratio_test": "selection",
    "load": "files",
    "pool": "metrics",
    "scan": "sources",
    "select": "selection",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'latently' has no attribute {name!r}")
    if name in _PACKAGES:
        return import_module(f"latently.{name}")
    value = getattr(import_module(f"latently.{_ELSEWHERE.get(name, 'estimators')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
