"""Moves of labels whose rows hang together: by way of a model with one label more.

In a chain, what a label explains hangs on its neighbours in time, and rows by themselves say little of what
a move would gain. So each label is split, and each is given up, in a model of its own size, and some steps of
EM on consecutive rows show what that gains and loses. The larger model, which has learned how its halves
differ in what comes before and after them, is where a move starts from: a label of it is given up.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from latently.core.array_source import ArraySource
from latently.core.backends import Backend
from latently.core.blocks import BlockSource
from latently.core.choices import FITTED_TIE, ranked
from latently.core.em import EMMap, Iteration, Settings
from latently.core.errors import FitError, within_range
from latently.core.model import Proposal
from latently.core.parameters import inside
from latently.models.larger import divided
from latently.models.moves import LEAST_ROWS, ROWS_EACH, Moves, Removal, look

MOST = 8  # proposals
FIRST, STEPS = (Settings(0.0, steps, changes=False) for steps in (2, 6))  # of EM on models of other sizes


@dataclass(frozen=True)
class Begun:
    """Params of a label more or less, where they come from and how high they are by now."""

    label: int
    removal: Removal | None
    params: Any
    height: float = 0.0


def propose(
    model: Any, params: object, source: BlockSource, backend: Backend, rng: np.random.Generator
) -> Iterator[Proposal[Any]]:
    """Params after the most promising moves from a maximum of a model whose labels follow each other.

    Labels are exchangeable, and at most some consecutive rows of the data are looked at.
    """
    K = model.n_components
    if K == 1:
        return
    part = source.stretch(max(LEAST_ROWS, ROWS_EACH * K), rng)
    blocks = list(part.blocks())
    slack = FITTED_TIE * float(part.row_weights.sum())

    def best_of_each(model: object, begun: list[Begun]) -> list[Begun]:
        """What promises most for each label after a few steps, some steps later; the highest first."""
        for steps in (FIRST, STEPS):
            begun = list(backend.map(partial(_advanced, model, part, backend, steps), begun))
            begun = ranked(begun, lambda one: one.height, lambda _: slack)
            begun = list({one.label: one for one in reversed(begun) if one.height > -np.inf}.values())[::-1]
        return begun

    here = look(model, params, blocks, rng)
    wider, narrower = (replace(model, n_components=n) for n in (K + 1, K - 1))
    splits = best_of_each(
        wider, [Begun(k, None, larger) for k, larger in divided(model, params, blocks, rng)]
    )
    smaller = []
    for removal in here.removals():
        with suppress(FitError):
            smaller.append(Begun(removal.label, removal, _without(removal, here, model, params)))
    pairs = [
        (split.height + lost.height, split.params, lost.removal)
        for lost in best_of_each(narrower, smaller)
        for split in splits
        if lost.removal and split.label not in (lost.label, lost.removal.other)
    ]
    for _, larger, removal in ranked(pairs, lambda pair: pair[0], lambda _: slack)[:MOST]:
        with suppress(FitError):
            there = look(wider, larger, blocks, rng)
            yield Proposal(removal.kind, _without(removal, there, wider, larger))


@within_range()
def _advanced(model: Any, part: ArraySource, backend: Backend, steps: Settings, begun: Begun) -> Begun:
    """How high some steps of EM lead, and where to. They are no run of the fit, which is of another model."""
    em: EMMap[Any, Any, Any] = EMMap(model, part, backend)
    try:
        now = Iteration.begun(em, begun.params, steps, 1.0, None)
        while now.ended() is None:
            now.go_on()
    except FitError:
        return replace(begun, height=-np.inf)
    result = now.result()
    params = inside(result.params, begun.params, model.spaces(begun.params))
    return replace(begun, params=params, height=result.objective)


def _without(removal: Removal, here: Moves, model: Any, params: Any) -> Any:
    """Params of one label less."""
    resp, transfer = here.given_up(removal)
    kept = np.delete(np.arange(model.n_components), removal.label)
    return here.learned(model, params, resp[:, kept], transfer[:, kept])
