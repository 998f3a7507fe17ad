"""Hidden Markov models from given parameters: what the constructor and the chain take of them."""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass
from typing import Any

import numpy as np

from latently.core.given import numbers
from latently.core.parameters import named, with_named
from latently.emissions.base import Emission
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


def given_emission(emission: Emission, n_components: int, params: Any) -> Any:
    """Check the parameters of any family.

    Raises
    ------
    ValueError
        If they are not those of so many states, or lie out of range; the parameter is named.
    """
    if not isinstance(emission, Emission):
        raise ValueError(f"emission is a {type(emission).__name__}: should be a family, such as Poisson()")
    if not is_dataclass(params) or isinstance(params, type):
        raise ValueError(
            f"params is a {type(params).__name__}: should be what {type(emission).__name__}.start makes, a "
            "dataclass of arrays"
        )
    values = named(params)
    if type(emission).permute is Emission.permute:
        for name, value in values.items():
            if np.shape(value)[:1] != (n_components,):
                raise ValueError(
                    f"'{name}' has shape {np.shape(value)}: its first axis should be the {n_components} "
                    "states of transmat"
                )
    with np.errstate(all="ignore"):
        spaces = emission.spaces(params)
    for name, space in spaces.items():
        if not (np.isfinite(values[name]).all() and space.feasible(values[name])):
            raise ValueError(f"'{name}' is not feasible: check its range, and its sum if it has one")
    return with_named(params, {name: np.array(value) for name, value in values.items()})
