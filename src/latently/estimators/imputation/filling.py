"""What a Gaussian mixture says of missing cells: expectations, intervals, draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Labels
from latently.emissions.gaussian.matrices import cholesky, precision_factors
from latently.emissions.gaussian.missing import NEGLIGIBLE_SHARE, normal_quantile
from latently.estimators.inputs import Array


@dataclass(frozen=True)
class Predictive:
    """The distribution of missing cells given the observed cells of their rows."""

    resp: Array  # (n_rows, K): responsibilities of the components for the rows
    means: Array  # (K, d): their means
    covariances: Array  # (K, d, d): their covariances

    def of(self, rows: Labels) -> Predictive:
        """The same for some of the rows."""
        return replace(self, resp=self.resp[rows])

    def precisions(self) -> Array:
        """Inverse covariances, shape (K, d, d)."""
        upper = precision_factors(cholesky(self.covariances))
        return np.ascontiguousarray(upper @ np.swapaxes(upper, 1, 2))


def filled_by(
    x: Array, mean: Array, precision: Array, noise: Array | None = None, variances: Array | None = None
) -> Array:
    """Missing cells at their expectation under one Gaussian, or drawn if there is standard normal noise.

    The array of variances is filled with those of the missing cells.
    """
    from latently.kernels.missing import fill_rows

    out, nothing = np.empty_like(x), np.empty((0, x.shape[1]))
    noise, variances = (nothing if given is None else given for given in (noise, variances))
    fill_rows(np.ascontiguousarray(x), np.ascontiguousarray(mean), precision, noise, out, variances)
    return out


def expected(predictive: Predictive, rows: Array) -> Array:
    """Rows with missing cells at their expectation, float64."""
    filled = np.array(rows, dtype=np.float64)
    incomplete = np.flatnonzero(np.isnan(filled).any(axis=1))
    if not len(incomplete):
        return filled
    x = filled[incomplete]
    total = np.zeros_like(x)
    for k, precision in enumerate(predictive.precisions()):
        share = predictive.resp[incomplete, k : k + 1]
        total += share * filled_by(x, predictive.means[k], precision)
    filled[incomplete] = np.where(np.isnan(x), total, x)
    return filled


def drawn(predictive: Predictive, rows: Array, rng: np.random.Generator) -> Array:
    """Rows with missing cells drawn from their distribution, those of a row together; float64."""
    filled = np.array(rows, dtype=np.float64)
    incomplete = np.flatnonzero(np.isnan(filled).any(axis=1))
    if not len(incomplete):
        return filled
    x = filled[incomplete]
    noise = rng.standard_normal(x.shape)
    label = drawn_labels(predictive.resp[incomplete], rng)
    for k, precision in enumerate(predictive.precisions()):
        mine = np.flatnonzero(label == k)
        if len(mine):
            filled[incomplete[mine]] = filled_by(x[mine], predictive.means[k], precision, noise[mine])
    return filled


def drawn_labels(resp: Array, rng: np.random.Generator) -> NDArray[np.int64]:
    """A component for each row, by its responsibilities."""
    edges = np.cumsum(resp, axis=1)
    return np.asarray((rng.random((len(resp), 1)) * edges[:, -1:] > edges).sum(axis=1))


def interval(predictives: Sequence[Predictive], rows: Array, level: float) -> tuple[Array, Array]:
    """Central intervals of missing cells, each on its own; NaN for observed cells.

    The distribution of the cells is the even mixture of the predictives.
    """
    rows = np.asarray(rows, dtype=np.float64)
    missing = np.isnan(rows)
    lower, upper = np.full(rows.shape, np.nan), np.full(rows.shape, np.nan)
    incomplete = np.flatnonzero(missing.any(axis=1))
    if not len(incomplete):
        return lower, upper
    x = rows[incomplete]
    cells = np.isnan(x)
    weights, means, deviations = [], [], []
    for predictive in predictives:
        for k, precision in enumerate(predictive.precisions()):
            share = predictive.resp[incomplete, k]
            if not (share > NEGLIGIBLE_SHARE).any():
                continue
            variances = np.empty_like(x)
            filled = filled_by(x, predictive.means[k], precision, variances=variances)
            weights.append(np.broadcast_to(share[:, None], x.shape)[cells])
            means.append(filled[cells])
            deviations.append(np.sqrt(variances[cells]))
    parts = np.stack(weights) / np.sum(weights, axis=0), np.stack(means), np.stack(deviations)
    tail = (1 - level) / 2
    for bound, probability in ((lower, tail), (upper, 1 - tail)):
        found = bound[incomplete]
        found[cells] = normal_quantile(probability, *parts)
        bound[incomplete] = found
    return lower, upper
