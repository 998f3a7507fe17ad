"""The hidden Markov model of a family."""

from __future__ import annotations

from typing import Any

from latently.emissions.base import Emission
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


def hmm_of(family: Emission | str, **settings: Any) -> BaseHMM:
    """A hidden Markov model of a family, of its own kind if its name has one."""
    own = OWN.get(family) if isinstance(family, str) else None
    return HiddenMarkovModel(family, **settings) if own is None else own(**settings)
