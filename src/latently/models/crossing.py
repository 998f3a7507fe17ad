"""Maxima put together from parts of two.

Two runs may each have gone wrong in another part of the data. Labels of the two that have rows in common hang
together; such parts can be exchanged where that explains their rows better (docs/formulas.md, "Moves").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from latently.core.blocks import Block
from latently.core.choices import FITTED_TIE, falling
from latently.core.errors import FitError
from latently.core.model import Proposal
from latently.emissions.base import Array
from latently.models.moves import look

SHARED_PART = 0.1  # part of a label's rows from which on another one has to do with it

EXCHANGE = "exchange"
MEANINGS = {EXCHANGE: "parts of two maxima are put together"}

Part = tuple[NDArray[np.int64], NDArray[np.int64]]


def exchange(
    model: Any, params: object, other: object, blocks: Iterable[Block], rng: np.random.Generator
) -> Iterator[Proposal[Any]]:
    """Params of one maximum with parts of another, the most promising first.

    Parts of as many labels in both can be exchanged, and pairs of parts of which one has more labels in the
    first maximum and the other as many less. At most some rows of the blocks are looked at.
    """
    blocks, state = list(blocks), rng.bit_generator.state
    one = look(model, params, blocks, rng)
    rng.bit_generator.state = state  # the same rows
    two = look(model, other, blocks, rng)
    if not model.latent.exchangeable or one.known:
        return
    parts = _parts(one.resp, two.resp)
    better = two.log_likelihood - one.log_likelihood
    gains = [float(one.resp[:, mine].sum(axis=1) @ better) for mine, _ in parts]
    more = [len(theirs) - len(mine) for mine, theirs in parts]
    every = range(len(parts))
    sets: list[tuple[int, ...]] = [(p,) for p in every if more[p] == 0]
    sets += [(p, q) for p in every for q in every if more[p] == -more[q] > 0]
    net = np.array([sum(gains[p] for p in chosen) for chosen in sets])
    least = FITTED_TIE * float(one.counts.sum())
    for place in falling(net, least):
        chosen = sets[place]
        if net[place] <= least or len(chosen) == len(parts):
            return
        kept = [k for p in every if p not in chosen for k in parts[p][0]]
        taken = [k for p in chosen for k in parts[p][1]]
        resp = np.concatenate([one.resp[:, kept], two.resp[:, taken]], axis=1)
        try:
            moved = one.learned(model, params, resp, _shares(one.resp.T @ _shares(resp)))
        except FitError:
            continue
        yield Proposal(EXCHANGE, moved)


def _parts(one: Array, two: Array) -> list[Part]:
    """Labels of either maximum that have rows in common, directly or by way of others."""
    K = one.shape[1]
    common = one.T @ _shares(two) > SHARED_PART * np.minimum(one.sum(axis=0)[:, None], two.sum(axis=0))
    graph = np.block([[np.zeros((K, K)), common], [np.zeros((K, 2 * K))]])
    n_parts, part = connected_components(graph, directed=False)
    return [(np.flatnonzero(part[:K] == p), np.flatnonzero(part[K:] == p)) for p in range(n_parts)]


def _shares(resp: Array) -> Array:
    """Parts of each row, which sum to one; equal ones where all are zero."""
    total = resp.sum(axis=1, keepdims=True)
    return np.divide(resp, total, out=np.full(resp.shape, 1.0 / resp.shape[1]), where=total > 0)
