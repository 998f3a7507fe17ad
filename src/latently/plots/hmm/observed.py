"""What pictures show of sequences: numbers, counts or symbols, their names, and which sequences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Array
from latently.checks.settings import Fitted
from latently.estimators.documented import entries
from latently.estimators.hmm import BaseHMM
from latently.estimators.likelihood import LikelihoodEstimator
from latently.plots.arguments import Models
from latently.plots.features import feature_names

SEQUENCES = entries(
    """
    X : array-like of shape (n_steps, n_features), or a list of such
        The sequences.
    lengths : array-like of int, optional
        Lengths of the sequences in one table.
    true_states : array-like of shape (n_steps,)
        The true states: numbers or names.
    n : int, default 100
        How many time steps to draw.
    """
)
CHAIN = Models(
    (Fitted("a hidden Markov model of latently", BaseHMM),),
    "CategoricalHMM, GaussianHMM, PoissonHMM or HiddenMarkovModel",
    SEQUENCES,
)
EMITTING = Models(
    (Fitted("a mixture or a hidden Markov model of latently", LikelihoodEstimator),), arguments=SEQUENCES
)


@dataclass(frozen=True)
class Observed:
    """Sequences one after the other, as numbers."""

    # (n_steps, n_features): numbers; symbols by their position in the alphabet. NaN is a missing cell
    values: Array
    names: list[str]  # names of the features
    symbols: list[list[str] | None]  # the alphabet of each feature that has one
    offsets: NDArray[np.int64]  # (n_sequences + 1,): where sequences begin and end


def observed(model: LikelihoodEstimator, X: object, lengths: object) -> Observed:
    """Sequences as the model reads them."""
    found = source(model, X, lengths)
    values = np.array(model._model.emission.pictured(found.x), dtype=np.float64)
    names = names_of(model)
    symbols = [categories_of(model, j) for j in range(len(names))]
    if model._model.emission.symbolic and symbols[0] is not None:
        values[values == len(symbols[0])] = np.nan
    return Observed(values, names, symbols, found.offsets)


def source(model: LikelihoodEstimator, X: object, lengths: object) -> Any:
    """The data as the model reads them; a model without sequences has no lengths."""
    return model._source(X) if lengths is None else model._source(X, lengths=lengths)


def categories_of(model: LikelihoodEstimator, column: int) -> list[str] | None:
    """What the codes of a feature stand for; None if it is a number."""
    found = model._model.emission.categories_of(column)
    return None if found is None else [str(category) for category in found]


def names_of(model: LikelihoodEstimator) -> list[str]:
    """Names of the features; a single one without a name is what is observed."""
    unnamed = getattr(model, "feature_names_in_", None) is None
    names = feature_names(model)
    return ["observed"] if unnamed and model.n_features_in_ == 1 else names


def state_names(model: LikelihoodEstimator) -> list[str]:
    """State 0, state 1, ..., or component 0, component 1, ..."""
    return [f"{model._model.latent.label} {k}" for k in range(model.n_components)]
