"""The hidden Markov model of a family that is given by its name."""

from __future__ import annotations

from typing import Any

from latently.estimators.categorical_hmm import CategoricalHMM
from latently.estimators.gaussian_hmm import GaussianHMM
from latently.estimators.hidden_markov_model import HiddenMarkovModel
from latently.estimators.hmm import BaseHMM
from latently.estimators.poisson_hmm import PoissonHMM

OWN: dict[str, type[BaseHMM]] = {
    "categorical": CategoricalHMM,
    "gaussian": GaussianHMM,
    "poisson": PoissonHMM,
}


def hmm_of(family: str, **settings: Any) -> BaseHMM:
    """A hidden Markov model of a family of the registry, with settings of its own if there are any."""
    return OWN[family](**settings) if family in OWN else HiddenMarkovModel(family, **settings)
