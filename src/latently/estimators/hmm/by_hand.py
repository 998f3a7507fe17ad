"""Hidden Markov models from given parameters: what the constructor and the chain take of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from latently.core.given import numbers
from latently.latent.chain import STARTS


@dataclass(frozen=True)
class GivenChain:
    """A chain made by hand.

    Attributes
    ----------
    settings : dict
        Of the constructor: `n_components` and `startprob`.
    values : dict
        Probabilities, not yet checked.
    """

    settings: dict[str, Any]
    values: dict[str, Any]


def given_chain(startprob: Any, transmat: Any) -> GivenChain:
    """What is given of a chain.

    Parameters
    ----------
    startprob : array-like of shape (n_components,), "stationary" or "uniform"
        Probabilities of the first state, or what they follow from.
    transmat : array-like of shape (n_components, n_components)
        Transition probabilities, from row to column.

    Raises
    ------
    ValueError
        If the transitions are no square table, or the first state follows an unknown rule.
    """
    K = len(np.atleast_1d(np.asarray(transmat, dtype=object)))
    transmat = numbers(transmat, "transmat", K, K)
    if not isinstance(startprob, str):
        return GivenChain(
            {"n_components": K, "startprob": "free"}, {"startprob": startprob, "transmat": transmat}
        )
    if startprob not in STARTS[1:]:
        allowed = " or ".join(map(repr, STARTS[1:]))
        raise ValueError(f"startprob={startprob!r}: should be {K} probabilities, or {allowed}")
    return GivenChain({"n_components": K, "startprob": startprob}, {"transmat": transmat})
