"""From params of some labels to params of more labels: as likely, or likelier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from latently.core.blocks import Block
from latently.core.choices import FITTED_TIE, falling
from latently.core.errors import FitError
from latently.models.moves import look


def duplicated(larger: Any, smaller: Any, params: Any, label: int) -> Any:
    """Params of a larger model in which equal labels, side by side, stand in the place of one of a smaller.

    They are as likely, if the larger model is one that lets them be equal.
    """
    K = smaller.n_components
    times = np.ones(K, dtype=np.int64)
    times[label] += larger.n_components - K
    transfer = np.repeat(np.eye(K) / times[:, None], times, axis=1)
    return replace(
        params,
        latent=larger.latent.transferred(params.latent, transfer, np.ones(K)),
        emission=larger.emission.permute(params.emission, np.repeat(np.arange(K), times)),
    )


def divided(
    model: Any, params: Any, blocks: Sequence[Block], rng: np.random.Generator
) -> Iterator[tuple[int, Any]]:
    """Params of one label more, and which one is split in two; what promises most comes first.

    Labels must be exchangeable. How a label is split, and what that promises, is as in `models.moves`.
    """
    moves, K = look(model, params, blocks, rng), model.n_components
    splits = moves.splits(rng)
    gains = np.array([split.gain for split in splits])
    for i in falling(gains, FITTED_TIE * moves.counts.sum()) if splits else ():
        k, share = splits[i].label, splits[i].share
        whole = moves.resp[:, k]
        resp = np.column_stack([moves.resp, whole * (1 - share)])
        resp[:, k] = whole * share
        transfer = np.eye(K, K + 1)
        transfer[k, [k, K]] = resp[:, [k, K]].sum(axis=0) / whole.sum()
        try:
            emission = moves.learned_from([*range(K), k], resp)
        except FitError:
            continue
        latent = model.latent.transferred(params.latent, transfer, moves.counts)
        yield k, replace(params, latent=latent, emission=emission)


def enlarged(
    larger: Any, smaller: Any, params: Any, blocks: Sequence[Block], rng: np.random.Generator
) -> Iterator[Any]:
    """Params of a larger model from those of a smaller, whose labels are split one after the other."""
    for _, more in divided(smaller, params, blocks, rng):
        model = replace(smaller, n_components=smaller.n_components + 1)
        if model.n_components == larger.n_components:
            yield more
        else:
            yield from islice(enlarged(larger, model, more, blocks, rng), 1)
