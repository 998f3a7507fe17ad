"""The E-step of rows with missing cells under Gaussians with covariance matrices, where there is a short cut.

Rows that lack the same features are complete rows of a marginal, whose E-step gives theirs by one linear map,
if they are many enough to pay for it.

Formulas: docs/formulas.md, "Missing cells".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.core.blocks import Block
from latently.core.statistics import tree_sum
from latently.emissions.gaussian.family import Gaussian
from latently.emissions.gaussian.missing import conditional
from latently.emissions.gaussian.moments import ComponentMoments
from latently.emissions.gaussian.params import MatrixParams
from latently.latent.base import Expected

ROWS_OF_A_PATTERN = 1024  # rows of one pattern from which on the factors of its marginals pay


def by_marginals(
    complete: Callable[[Any, Any, Block], Expected | None],
    generic: Callable[[Block], Expected],
    emission: Gaussian,
    params: object,
    block: Block,
) -> Expected:
    """Long runs of rows of one pattern as complete rows of its marginal, others by the generic path.

    `complete` is the E-step of complete rows, which gives None for what it does not take, `generic` that of
    any. Rows of one pattern stand together.
    """
    x = block.rows(slice(None))
    rest = np.ones(len(x), dtype=bool)
    parts = []
    for start, stop in _long_runs(np.isnan(x)):
        stats = _marginal(complete, emission, params, block.take(slice(start, stop)))
        if stats is not None:
            parts.append(stats)
            rest[start:stop] = False
    if not parts:
        return generic(block)
    if rest.any():
        parts.append(generic(block.take(np.flatnonzero(rest))))
    return tree_sum(parts)


def _long_runs(missing: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where many consecutive rows lack the same cells, and not all."""
    packed = np.packbits(missing, axis=1)
    changes = np.flatnonzero((packed[1:] != packed[:-1]).any(axis=1)) + 1
    edges = [0, *changes.tolist(), len(missing)]
    return [(a, b) for a, b in pairwise(edges) if b - a >= ROWS_OF_A_PATTERN and not missing[a].all()]


def _marginal(
    complete: Callable[[Any, Any, Block], Expected | None],
    emission: Gaussian,
    params: Any,
    block: Block,
) -> Expected | None:
    """Statistics of rows of one pattern.

    With B the matrix that gives a centred row from its observed features and C the covariance of the others,
    ``first = B first_o`` and ``second = B second_o B' + counts C``.
    """
    theta = params.emission
    x = block.rows(slice(None))
    observed = ~np.isnan(x[0])
    d, o = len(observed), int(observed.sum())
    given = conditional(theta.cholesky.reshape(-1, d, d), observed)
    seen = MatrixParams.factored(
        np.ascontiguousarray(theta.means[:, observed]),
        np.ascontiguousarray(theta.covariances[..., observed, :][..., observed]),
        np.ascontiguousarray(given.seen.reshape(*theta.covariances.shape[:-2], o, o)),
    )
    rows = replace(block, x=np.ascontiguousarray(x[:, observed]))
    stats = complete(emission, replace(params, emission=seen), rows)
    if stats is None:
        return None
    maps = np.zeros((len(given.seen), d, o))
    maps[:, observed] = np.eye(o)
    maps[:, ~observed] = given.slope @ seen.whiteners.reshape(-1, o, o)
    found = stats.emission
    masses = found.counts.reshape(len(maps), -1).sum(axis=1)
    scatters = maps @ found.second.reshape(-1, o, o) @ np.swapaxes(maps, 1, 2)
    scatters += masses[:, None, None] * given.covariance
    first = (maps @ found.first[:, :, None])[:, :, 0]
    moments = ComponentMoments(found.counts, first, scatters.reshape(theta.covariances.shape), theta.means)
    return replace(stats, emission=moments)
