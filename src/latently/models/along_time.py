"""Moves of labels whose rows follow each other, drawn at random.

In a chain, what a label explains hangs on its neighbours in time, and rows by themselves say little of what a
move would gain: two states that look alike and differ in what follows them gain nothing by rows. To find out
takes about as many EM steps as to try. So moves are drawn, not ranked: a label is given up, and the rows of
another are split by what comes before or after them, by a window of time or by how they look. Two maxima are
crossed in time: a window of one is explained as by the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from latently.core.blocks import Block, BlockSource
from latently.core.errors import FitError
from latently.core.model import Proposal
from latently.emissions.base import Array
from latently.latent.evidence import UNKNOWN
from latently.models.moves import LEAST_ROWS, ROWS_EACH, WAYS, Moves

MOST = 200  # proposals
WINDOWS = (0.02, 0.05, 0.1, 0.3)  # of time that a new label may begin with, as parts of the rows
CROSSED = (0.15, 0.6)  # of time that is taken from another maximum: from, to
SOFT = 0.05  # of each row of a label that is split, shared out evenly
POSSIBLE = 0.02  # of each row, to make all transitions possible


@dataclass(frozen=True)
class Stretch:
    """Consecutive rows, and what a maximum says of them."""

    model: Any  # its labels are exchangeable
    params: Any  # the maximum
    block: Block  # the rows
    weights: Array  # of the rows

    @cached_property
    def resp(self) -> Array:
        """Responsibilities, weights not applied."""
        return np.asarray(self.model.responsibilities(self.params, self.block))

    @cached_property
    def moves(self) -> Moves:
        """What the rows say by themselves."""
        labels = np.unique([] if self.block.labels is None else self.block.labels)
        return Moves(
            self.model.emission,
            self.params.emission,
            self.block.rows(slice(None)),
            self.resp,
            self.model.fused,
            [int(k) for k in labels if k != UNKNOWN],
        )

    def swapped(self, rng: np.random.Generator) -> Proposal[Any]:
        """A label given up, and another split."""
        K = self.model.n_components
        removal = self.moves.ways[rng.integers(len(self.moves.ways))]
        gone, resp = removal.label, self.moves.given_up(removal)[0]
        likely = np.sqrt(resp.sum(axis=0))
        k = int(rng.choice(K, p=likely / likely.sum()))
        way = rng.integers(3)
        if way == 0:  # by the label that comes before or after
            first = np.roll(resp, rng.choice((-1, 1)), axis=0)[:, rng.choice(np.delete(np.arange(K), gone))]
        elif way == 1:  # by time
            middle = rng.choice(len(resp), p=resp[:, k] / resp[:, k].sum())
            first = np.abs(np.arange(len(resp)) - middle) < len(resp) * rng.choice(WINDOWS) / 2
        else:
            first = self.moves.emission.split(
                self.moves.x, self.moves.coordinates, resp[:, k], int(rng.integers(WAYS)), rng
            )
        first = resp[:, k] * ((1 - SOFT) * first + SOFT / 2)
        resp[:, gone], resp[:, k] = first, resp[:, k] - first
        parents = np.arange(K)
        parents[gone] = k
        return Proposal(removal.kind, self.learned(parents, resp))

    def crossed(self, other: Stretch, rng: np.random.Generator) -> Proposal[Any]:
        """A window of time as another maximum has it, its labels so numbered that they match best."""
        resp, n = self.resp.copy(), len(self.resp)
        order = linear_sum_assignment(resp.T @ other.resp, maximize=True)[1]
        length = int(n * rng.uniform(*CROSSED))
        window = slice(low := int(rng.integers(n - length + 1)), low + length)
        resp[window] = other.resp[window][:, order]
        return Proposal("exchange", self.learned(np.arange(len(order)), resp))

    def learned(self, parents: Any, resp: Array) -> Any:
        """Params learned from these responsibilities, of labels that others became."""
        latent, even = self.model.latent, POSSIBLE / resp.shape[1]
        stats = latent.stats_of((1 - POSSIBLE) * resp + even, self.block)
        return replace(
            self.params,
            latent=latent.m_step(stats, self.params.latent),
            emission=self.moves.learned_from(parents, self.weights[:, None] * resp),
        )


def propose(
    model: Any, params: Any, source: BlockSource, rng: np.random.Generator
) -> Iterator[Proposal[Any]]:
    """Params after moves from a maximum of a model whose labels follow each other, and are exchangeable.

    At most some consecutive rows are looked at.
    """
    (here,) = _seen(model, [params], source, rng)
    for _ in range(MOST if model.n_components > 1 and here.moves.ways else 0):
        with suppress(FitError):
            yield here.swapped(rng)


def exchange(
    model: Any, params: Any, other: Any, source: BlockSource, rng: np.random.Generator
) -> Iterator[Proposal[Any]]:
    """Params of one maximum with windows of time as another one has them."""
    one, two = _seen(model, [params, other], source, rng)
    for _ in range(MOST):
        with suppress(FitError):
            yield one.crossed(two, rng)


def _seen(model: Any, several: list[Any], source: BlockSource, rng: np.random.Generator) -> list[Stretch]:
    """What maxima say of some consecutive rows."""
    part = source.stretch(max(LEAST_ROWS, ROWS_EACH * model.n_components), rng)
    return [Stretch(model, params, part.whole(), part.row_weights) for params in several]
