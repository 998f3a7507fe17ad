"""From params of some labels to params of more labels: as likely, or likelier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from latently.core.blocks import Block
from latently.core.choices import FITTED_TIE, falling
from latently.core.errors import FitError
from latently.models.latent_emission import LatentEmission, LatentEmissionParams
from latently.models.moves import look


def duplicated(
    larger: LatentEmission, smaller: LatentEmission, params: LatentEmissionParams, label: int
) -> LatentEmissionParams:
    """Params of a larger model in which equal labels, side by side, stand in the place of one of a smaller.

    They are as likely, if the larger model is one that lets them be equal.
    """
    K = smaller.n_components
    times = np.ones(K, dtype=np.int64)
    times[label] += larger.n_components - K
    transfer = np.repeat(np.eye(K) / times[:, None], times, axis=1)
    return LatentEmissionParams(
        larger.latent.transferred(params.latent, transfer, np.ones(K)),
        larger.emission.permute(params.emission, np.repeat(np.arange(K), times)),
    )


def divided(
    model: LatentEmission, params: LatentEmissionParams, blocks: Sequence[Block], rng: np.random.Generator
) -> Iterator[LatentEmissionParams]:
    """Params of one label more, one being split in two; what promises most comes first.

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
        yield LatentEmissionParams(model.latent.transferred(params.latent, transfer, moves.counts), emission)


def enlarged(
    larger: LatentEmission,
    smaller: LatentEmission,
    params: LatentEmissionParams,
    blocks: Sequence[Block],
    rng: np.random.Generator,
) -> Iterator[LatentEmissionParams]:
    """Params of a larger model from those of a smaller, whose labels are split one after the other."""
    for more in divided(smaller, params, blocks, rng):
        model = replace(smaller, n_components=smaller.n_components + 1)
        if model.n_components == larger.n_components:
            yield more
        else:
            yield from islice(enlarged(larger, model, more, blocks, rng), 1)
