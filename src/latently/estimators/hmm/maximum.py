"""A hidden Markov model as its likelihood looks from the maximum: what cannot move there stays.

A probability that is learned to be zero lies on a boundary, where the likelihood has a slope and no normal
approximation. It is held, and derivatives are taken along the others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from latently.core.blocks import Block
from latently.core.em import EMMap
from latently.core.executors import Executor
from latently.core.information import STEP, Coordinates, StandardErrors, score, standard_errors
from latently.core.parameters import Chart, Simplex, Spaces, dimension, named
from latently.emissions.base import Array
from latently.latent.base import Expected
from latently.latent.chain import Chain
from latently.latent.stationary import stationary
from latently.models.latent_emission import LatentEmission, LatentEmissionParams

NONE, ONE = 1e-6, 1.0  # expected events of a probability that is at zero, and of one that may be
INFORMED = 1e-3  # relative information below which it is: zero is less than a thirtieth of its error away
NAMED = 3
Support = NDArray[np.bool_]


@dataclass(frozen=True)
class AtMaximum:
    """What standard errors need of a model, its probabilities at zero staying there.

    Parameters
    ----------
    model : LatentEmission
        The model, whose latent structure is a chain.
    supports : mapping of str to array of bool
        For some parameters made of probabilities, which may move.
    """

    model: LatentEmission
    supports: Mapping[str, Support]

    def e_step(self, params: LatentEmissionParams, block: Block, executor: Executor) -> Expected:
        """As the model."""
        return self.model.e_step(params, block, executor)

    def log_prior(self, params: LatentEmissionParams) -> float:
        """As the model."""
        return self.model.log_prior(params)

    def expected_log_likelihood(self, stats: Expected, params: LatentEmissionParams) -> float:
        """As the model."""
        return self.model.expected_log_likelihood(stats, params)

    def gradient(self, stats: Expected, params: LatentEmissionParams) -> dict[str, Array]:
        """Those of the model, and of the chain."""
        chain: Any = self.model.latent
        return {**chain_gradient(chain, stats.latent, params.latent), **self.model.gradient(stats, params)}

    def spaces(self, params: LatentEmissionParams) -> Spaces:
        """Those of the model, without what is held."""
        found: dict[str, Any] = dict(self.model.spaces(params))
        for name, support in self.supports.items():
            found[name] = replace(found[name], support=support)
        return found


def chain_gradient(chain: Chain, counts: Any, params: Any) -> dict[str, Array]:
    """Derivatives of the chain's part of Q by its probabilities (docs/formulas.md, "Stationary starts")."""
    slopes = {"transmat": _over(counts.transitions, params.transmat)}
    if chain.startprob == "free":
        slopes["startprob"] = _over(counts.initial, params.startprob)
    elif chain.startprob == "stationary":
        delta = stationary(params.transmat)
        fundamental = np.eye(len(delta)) - params.transmat + delta
        slopes["transmat"] += delta[:, None] * np.linalg.solve(fundamental, _over(counts.initial, delta))
    return slopes


def errors_at_maximum(
    em: EMMap[Any, Any, Any],
    params: LatentEmissionParams,
    fixed: Collection[str],
    kind: str,
    n_sequences: int,
) -> StandardErrors:
    """Standard errors of a hidden Markov model, what cannot move held.

    Parameters
    ----------
    em : EMMap
        The model and the data.
    params : LatentEmissionParams
        Its parameters.
    fixed : collection of str
        Names of the parameters that were held fixed.
    kind : {"observed", "robust"}
        As for `latently.core.information.standard_errors`.
    n_sequences : int
        How many sequences have any weight.

    Raises
    ------
    ValueError
        If there are too few sequences for robust errors.
    """
    model: Any = em.model
    spaces, values = model.spaces(params), named(params)
    held, reasons = list(fixed), []
    lone_start = n_sequences == 1 and model.n_components > 1 and "startprob" in set(spaces) - set(held)
    if lone_start:
        held.append("startprob")
        reasons.append(
            "startprob has no error, and the others hold it as it is: it is learned from the first time of "
            "one sequence, which does not say how sure it is"
        )
    supports = {name: support for name, support in _moving(em, params).items() if name not in held}
    near: Any = AtMaximum(model, supports)
    n = dimension(near.spaces(params), held)
    if kind == "robust" and n_sequences <= n:
        raise ValueError(
            f"kind='robust' needs more sequences than the {n} parameters, to see how their scores scatter, "
            f"and there are {n_sequences}: use kind='observed'"
        )
    found = standard_errors(replace(em, model=near), params, held, kind)  # type: ignore[arg-type]
    errors = {name: found[name] for name in values if name in spaces}
    if lone_start:
        errors["startprob"] = np.full(model.n_components, np.nan)
    for name, support in supports.items():
        errors[name] = np.where(_without_error(spaces[name], support), np.nan, errors[name])
        reasons.append(_at_zero(name, spaces[name], support))
    return StandardErrors(errors, (*reasons, *found.reasons), kind)


def _moving(em: EMMap[Any, Any, Any], params: LatentEmissionParams) -> dict[str, Support]:
    """Which probabilities are not at zero, for each parameter that has some there beside structural zeros."""
    model: Any = em.model
    near: Any = AtMaximum(model, {})
    em = replace(em, model=near)
    slopes, values = near.gradient(em.e_step(params), params), named(params)
    found = {}
    for name, space in model.spaces(params).items():
        if not isinstance(space, Simplex):
            continue
        events = values[name] * slopes.get(name, 1.0 / NONE)
        moving = space.support & (events > NONE)
        for at in np.argwhere(moving & (events < ONE)):
            if abs(_relative_information(em, params, name, tuple(at))) < INFORMED:
                moving[tuple(at)] = False
        if (moving != space.support).any():
            found[name] = moving
    return found


def _relative_information(
    em: EMMap[Any, Any, Any], params: LatentEmissionParams, name: str, at: tuple[int, ...]
) -> float:
    """Minus the second derivative by the logarithm of one probability, for which the likeliest makes up."""
    value = named(params)[name]
    column = np.zeros(value.shape)
    column[at] = value[at]
    column[(*at[:-1], int(value[at[:-1]].argmax()))] -= value[at]
    here = Coordinates(params, {name: Chart(value, sparse.csr_array(column.reshape(-1, 1)))})

    def slope(step: float) -> float:
        moved = here.at(np.array([step]))
        return float(score(em, here, moved, em.e_step(moved))[0])

    return (slope(-STEP) - slope(STEP)) / (2 * STEP)


def _without_error(space: Simplex, moving: Support) -> Support:
    """Probabilities that have no error: those held, and where they leave one of a row, that one, too."""
    alone = (moving.sum(axis=-1) <= 1) & (space.support.sum(axis=-1) > 1)
    return np.asarray((space.support & ~moving) | (space.support & alone[..., None]))


def _at_zero(name: str, space: Simplex, moving: Support) -> str:
    """Which probabilities are held at zero, in words."""
    held = [", ".join(str(i) for i in at) for at in np.argwhere(space.support & ~moving)]
    which = ", ".join(f"{name}[{at}]" for at in held[:NAMED])
    if len(held) > NAMED:
        which += f" and {len(held) - NAMED} more"
    return (
        f"{which} at zero: on this boundary of the parameter space there is no error, and the others are "
        "taken as though it were known"
    )


def _over(counts: Array, probabilities: Array) -> Array:
    return np.divide(counts, probabilities, out=np.zeros_like(probabilities), where=probabilities > 0)
