"""Moves of labels whose rows hang together: one is given up, and takes other rows that hang together.

In a chain, what a label explains hangs on its neighbours in time, and rows by themselves say little of what
a move would gain. To try one costs less than to rank several, so they are drawn at random: the label that is
given up, and what it takes instead. That is a window of time; or, the likelier the faster the chain is,
those rows of another label that have some labels and not others before or after them; or one half of those of
another label, by what is observed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from latently.core.blocks import BlockSource
from latently.core.errors import FitError
from latently.core.model import Proposal
from latently.models.moves import LEAST_ROWS, ROWS_EACH, WAYS, Removal, look

MOST = 24  # proposals
SHORTEST = 3  # rows in a window
HALVES = 0.3  # part of the proposals that take half of another label, whatever the time
TAKEN = 0.9  # part of a row that changes its label
SHARED_OUT = 0.02  # part of each row that all labels share, so that none of them is lost

WINDOW, BESIDE, APART = "window", "neighbours", "halves"
MEANINGS = {
    WINDOW: "a {label} leaves its rows to all others, and takes those of a window of time",
    BESIDE: "a {label} leaves its rows to all others, and takes those rows of another one that stand "
    "right before, or after, those of certain {label}s",
    APART: "a {label} leaves its rows to all others, and takes half of those of another one",
}


def propose(
    model: Any, params: Any, source: BlockSource, rng: np.random.Generator
) -> Iterator[Proposal[Any]]:
    """Params after moves from a maximum of a model whose labels follow each other.

    Labels are exchangeable, and at most some consecutive rows of the data are looked at.
    """
    K = model.n_components
    part = source.stretch(max(LEAST_ROWS, ROWS_EACH * K), rng)
    block = part.whole()
    seen = look(model, params, list(part.blocks()), rng)
    weights = block.row_weights[:, None]
    here = replace(seen, x=block.rows(slice(None)), resp=weights * model.responsibilities(params, block))
    n, labels, free = len(weights), here.resp.argmax(axis=1), [k for k in range(K) if k not in seen.known]
    stays, longest = np.mean(labels[1:] == labels[:-1]), max(n / (2 * K), SHORTEST)
    for _ in range(MOST if free and K > 1 else 0):
        gone = int(rng.choice(free))
        resp, _ = here.given_up(Removal(gone, None, 0.0))
        kind = APART if rng.random() < HALVES else WINDOW if rng.random() < stays else BESIDE
        if kind == WINDOW:
            first, length = rng.integers(n), np.exp(rng.uniform(np.log(SHORTEST), np.log(longest)))
            taken = resp * ((np.arange(n) - first) % n < length)[:, None]
        elif kind == APART:
            k = int(rng.choice([k for k in range(K) if k != gone]))
            share = model.emission.split(here.x, here.coordinates, resp[:, k], int(rng.integers(WAYS)), rng)
            taken = resp * share[:, None] * (np.arange(K) == k)
        else:
            beside, k = np.roll(labels, rng.choice((-1, 1))), rng.integers(K)
            taken = resp * (rng.random(K) < 0.5)[beside, None] * (np.arange(K) == k)
        resp -= TAKEN * taken
        resp[:, gone] += TAKEN * taken.sum(axis=1)
        resp = (1 - SHARED_OUT) * resp + SHARED_OUT / K * weights
        with suppress(FitError):
            latent = model.latent.m_step(model.latent.stats_of(resp, block), params.latent)
            emission = here.learned_from(range(K), resp)
            yield Proposal(kind, replace(params, latent=latent, emission=emission))
