"""Whether a run of EM ended at a maximum, and on from where it did not.

EM comes to rest wherever the likelihood is level, and from a start that is symmetric in some way (equal
components, no correlation where the data know no sign of it) that may be a saddle. There the EM map itself
leads away: its derivative has an eigenvalue above one, which differences of few EM steps find, as they do the
direction (docs/formulas.md, "Saddles").
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from latently.checks.arrays import Array
from latently.core.callbacks import later
from latently.core.choices import ranked
from latently.core.em import EMMap, FitResult, Settings, run
from latently.core.errors import FitError
from latently.core.model import D, P, S
from latently.core.parameters import feasible, in_units, largest_change, named, with_named
from latently.core.spaces import Spaces

SADDLE_STEP = 1e-4  # of differences, in units of the scales of the parameters
LEAST_STEPS, MOST_STEPS = 4, 12  # of the search for a direction
SCREEN = 5000  # units on which is looked first
ALL_IS_WELL = 0.9  # rate below which these say that all is well
STILL = 1e-3  # a rate is one if it is that near
SIZES = (1.0, 0.3, 0.1)  # of moves, in the same units
TRIAL = 20  # EM steps after which a move must have gained
SADDLE_ROUNDS = 10


@dataclass(frozen=True)
class Direction:
    """The direction in which differences shrink least from one EM step to the next, or grow."""

    rate: float  # by which factor. Above one the likelihood is higher on either side
    error: float  # about how far off it may be
    # the direction, by the names of the parameters. Its length is one in units of their scales
    values: dict[str, Array]


def beyond_saddles(em: EMMap[D, P, S], result: FitResult[P], settings: Settings, n: float) -> FitResult[P]:
    """The end of a run, or of the runs that follow where it was a saddle.

    Whether it was is looked at on some of the units first, and that is all there is to it where the
    likelihood is well curved. Nothing is done if the run had not converged. `n` is the sum of the weights.
    """
    rng, some = np.random.default_rng(0), None
    for _ in range(SADDLE_ROUNDS):
        if not (result.converged and settings.tol > 0 and result.n_iter < settings.max_iter):
            break
        some = some or replace(em, source=em.source.subsample(SCREEN, rng).in_memory())
        hint = slowest(some, result.params, random_direction(em, result.params, rng), ALL_IS_WELL)
        if hint is None:
            break
        found = slowest(em, result.params, hint.values, 1 - STILL)
        if found is None or found.rate < 1 - STILL:
            break
        trials = to_either_side(em, result, found.values, settings, n)
        if not trials:
            break
        best = ranked(trials, lambda end: end.objective, lambda end: settings.tol * n)[0]
        result = _continued(em, result, best, settings, n)
    return result


def random_direction(em: EMMap[D, P, S], params: P, rng: np.random.Generator) -> dict[str, Array]:
    """A direction in which all free parameters move."""
    values = named(params)
    return {name: space.tangent(values[name], rng) for name, space in _free(em, params).items()}


def slowest(em: EMMap[D, P, S], params: P, start: dict[str, Array], enough: float) -> Direction | None:
    """The slowest direction of the EM map, by Arnoldi's method on differences of its steps.

    It is looked for from `start`, which must not be at right angles to it, about the params at which the map
    comes to rest. The search ends once no rate seems to be above `enough`, with None if rates are below it.
    """
    spaces = _free(em, params)
    first = in_units(spaces, start)
    size = float(np.linalg.norm(first))
    if not size > 0:
        return None
    here = in_units(spaces, named(em.m_step(em.e_step(params), params)))
    basis = [first / size]
    projected = np.zeros((MOST_STEPS + 1, MOST_STEPS))
    rate, error, weights = 0.0, np.inf, np.ones(1)
    for j in range(MOST_STEPS):
        image = _image(em, spaces, params, here, basis[j])
        if image is None:
            break
        rest = image
        for _ in range(2):  # once more, for rounding
            along_basis = np.array([vector @ rest for vector in basis])
            projected[: j + 1, j] += along_basis
            rest = rest - along_basis @ np.array(basis)
        size = projected[j + 1, j] = float(np.linalg.norm(rest))
        rates, vectors = np.linalg.eig(projected[: j + 1, : j + 1])
        top = int(rates.real.argmax())
        weights = vectors[:, top].real / np.linalg.norm(vectors[:, top].real)
        rate, error = float(rates[top].real), size * abs(float(weights[-1]))
        if size < STILL or (j + 1 >= LEAST_STEPS and (rate + error < enough or error < STILL)):
            break
        basis.append(rest / size)
    if rate + error < enough:
        return None
    found = weights @ np.array(basis[: len(weights)])
    return Direction(rate, error, _unflat(spaces, found / np.linalg.norm(found), params))


def to_either_side(
    em: EMMap[D, P, S], result: FitResult[P], direction: dict[str, Array], settings: Settings, n: float
) -> list[FitResult[P]]:
    """Go some way to either side and on by a few steps of EM: where that ends, if it is higher.

    Shorter ways are gone if the longer ones lead to nothing. The first side is that on which the largest of
    the changes is positive, so that it does not hang on rounding. `n` is the sum of the weights.
    """
    least = result.objective + settings.tol * n  # less would not have been worth another step
    values = named(result.params)
    flat = np.concatenate([np.ravel(change) for change in direction.values()])
    sign = np.sign(flat[np.abs(flat) > 0.99 * np.abs(flat).max()][0])
    trial = replace(settings, max_iter=TRIAL, callbacks=(), changes=False)
    for size in SIZES:
        moves = (
            {name: values[name] + way * change for name, change in direction.items()}
            for way in (sign * size, -sign * size)
        )
        ends = [_tried(em, with_named(result.params, moved), trial, n) for moved in moves]
        higher = [end for end in ends if end is not None and end.objective > least + 2 * end.rounding]
        if higher:
            return higher
    return []


def _tried(em: EMMap[D, P, S], params: P, settings: Settings, n: float) -> FitResult[P] | None:
    if not feasible(em.model.spaces(params), params):
        return None
    try:
        return run(em, em.model.projected(params), settings, n)
    except FitError:
        return None


def _continued(
    em: EMMap[D, P, S], before: FitResult[P], trial: FitResult[P], settings: Settings, n: float
) -> FitResult[P]:
    """The run before and the one from the end of a trial as one run."""
    n_before = before.n_iter + trial.n_iter
    callbacks = [later(callback, n_before) for callback in settings.callbacks]
    left = max(settings.max_iter - n_before, 1)
    after = run(em, trial.params, replace(settings, max_iter=left, callbacks=callbacks), n)
    change = largest_change(em.model.spaces(before.params), before.params, trial.params)
    first = replace(after.history[0], change=change)
    history = (*before.history, first, *after.history[1:])
    return replace(after, history=history, n_iter=n_before + after.n_iter)


def _free(em: EMMap[Any, Any, Any], params: object) -> Spaces:
    return {name: space for name, space in em.model.spaces(params).items() if name not in em.fixed}


def _unflat(spaces: Spaces, vector: Array, params: object) -> dict[str, Array]:
    """A direction by the names of the parameters."""
    found, start, like = {}, 0, named(params)
    for name, space in spaces.items():
        shape = np.shape(like[name])
        stop = start + prod(shape)
        found[name] = vector[start:stop].reshape(shape) * space.scale
        start = stop
    return found


def _image(
    em: EMMap[Any, Any, Any], spaces: Spaces, params: object, here: Array, vector: Array
) -> Array | None:
    """Derivative of the EM map along a vector, by the difference of two steps; None where it cannot go."""
    values, change = named(params), _unflat(spaces, vector, params)
    for step in (SADDLE_STEP, SADDLE_STEP / 100):
        moved = with_named(params, {name: values[name] + step * change[name] for name in spaces})
        if not feasible(spaces, moved):
            continue
        try:
            moved = em.model.projected(moved)
            return (in_units(spaces, named(em.m_step(em.e_step(moved), moved))) - here) / step
        except FitError:
            continue
    return None
