"""Independent labels: each row draws its component on its own. With an emission, a mixture."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from math import isfinite, prod
from typing import Any, ClassVar, Literal, Self

import numpy as np

from latently.core.backends import Backend
from latently.core.blocks import Block
from latently.core.declared import Parameter
from latently.core.errors import ImpossibleObservationError
from latently.core.model import Unit
from latently.core.spaces import Simplex, Spaces
from latently.core.statistics import Additive, tree_sum
from latently.latent.base import (
    Array,
    Density,
    Expected,
    FewRows,
    Labels,
    Latent,
    Lookup,
    Visit,
    normalised,
)


@dataclass(frozen=True)
class Weights:
    """Parameters: the probability of each component, shape (n_components,)."""

    weights: Array

    @cached_property
    def log(self) -> Array:
        """Their logarithms, minus infinity for a component that is out."""
        if self.weights.all():
            return np.log(self.weights)
        with np.errstate(divide="ignore"):
            return np.log(self.weights)


@dataclass(frozen=True)
class Counts(Additive):
    """Statistics: the expected number of rows of each component, shape (n_components,)."""

    counts: Array


@dataclass(frozen=True)
class Independent(Latent):
    """Labels drawn independently for each row."""

    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("weights", ("components",), "probability of each component", "probabilities"),
    )

    unit: Unit = "row"

    def start(self, n_components: int, rng: np.random.Generator) -> Weights:
        return Weights(np.full(n_components, 1.0 / n_components))

    def responsibilities(self, params: Weights, log_density: Array) -> tuple[Array, Array]:
        """Responsibilities and log-likelihoods of rows, by log-sum-exp.

        Parameters
        ----------
        params : Weights
            The weights.
        log_density : array of shape (n_rows, n_components)
            Log density of each row under each component.

        Returns
        -------
        resp : array of shape (n_rows, n_components)
            Responsibilities; rows sum to one.
        log_likelihood : array of shape (n_rows,)
            Log density of each row under the mixture; minus infinity (and resp NaN) where impossible.
        """
        joint = log_density + params.log
        top = joint.max(axis=1, keepdims=True)
        with np.errstate(invalid="ignore"):
            joint -= top
        np.exp(joint, out=joint)
        total = joint.sum(axis=1, keepdims=True)
        joint /= total
        return joint, (top + np.log(total))[:, 0] if np.isfinite(top).all() else _guarded(top, total)

    def run(
        self, params: Weights, density: Density, block: Block, visit: Visit, backend: Backend
    ) -> Expected:
        """Return the expected statistics of a block, tile by tile."""

        def tile(rows: slice) -> Expected:
            return self._expected(params, density(rows), partial(visit, rows), block, rows)

        width = 2 * len(params.weights) + 3 * _width(block.x)
        return tree_sum(map(tile, block.tiles(width)))

    def of_few(self, params: Weights, family: FewRows, block: Block, backend: Backend) -> Expected:
        rows = slice(0, block.n_rows)
        return self._expected(params, family.log_density(), family.expected_stats, block, rows)

    def _expected(
        self,
        params: Weights,
        log_density: Array,
        stats: Callable[[Array], Any],
        block: Block,
        rows: slice,
    ) -> Expected:
        """Expected statistics of some rows of a block from their log densities."""
        resp, log_likelihood = self.responsibilities(params, log_density)
        w = block.weights[rows]
        if not isfinite(np.add.reduce(log_likelihood)):
            finite = np.isfinite(log_likelihood)
            used = np.flatnonzero(~finite & (w > 0))
            if len(used):
                _refuse(block.unit_of(rows.start + int(used[0])), log_likelihood[used[0]])
            resp[~finite], log_likelihood = 0.0, np.where(finite, log_likelihood, 0.0)
        resp *= w[:, None]
        counts, bound = Counts(np.add.reduce(resp, 0)), float(w @ log_likelihood)
        return Expected(counts, stats(resp), bound, float(w @ np.abs(log_likelihood)))

    def posterior(
        self, params: Weights, density: Density, block: Block, backend: Backend, *, refuse: bool
    ) -> tuple[Array, Array]:
        resp, log_likelihood = np.empty((block.n_rows, len(params.weights))), np.empty(block.n_rows)

        def tile(rows: slice) -> None:
            resp[rows], log_likelihood[rows] = self.responsibilities(params, density(rows))

        for _ in backend.map(tile, block.tiles(2 * len(params.weights) + 3 * _width(block.x))):
            pass
        if refuse:
            _refuse_impossible(log_likelihood, block)
        return log_likelihood, resp

    def decode(self, params: Weights, lookup: Lookup, block: Block, backend: Backend) -> tuple[Array, Labels]:
        joint = lookup.rows + params.log
        return joint.max(axis=1), np.asarray(joint.argmax(axis=1))

    def filter(self, params: Weights, lookup: Lookup, block: Block, lag: int = 0) -> Array:
        """Responsibilities: other rows say nothing."""
        resp, log_likelihood = self.responsibilities(params, lookup.rows)
        _refuse_impossible(log_likelihood, block)
        return resp

    def filter_step(self, params: Weights, before: Array | None, log_density: Array) -> tuple[float, Array]:
        return normalised(params.log, log_density)

    def predict(self, params: Weights, probability: Array | None, steps: int) -> Array:
        return params.weights

    def leave_one_out(
        self, params: Weights, lookup: Lookup, block: Block, given: Literal["others", "past"]
    ) -> Array:
        return np.tile(params.log, (block.n_rows, 1))

    def sample(
        self, params: Weights, n_rows: int, rng: np.random.Generator, first: int | None = None
    ) -> Labels:
        weights = params.weights
        labels = np.asarray(rng.choice(len(weights), size=n_rows, p=weights / weights.sum()))
        labels[:1] = labels[:1] if first is None else first
        return labels

    def sample_posterior(
        self, params: Weights, lookup: Lookup, block: Block, n_draws: int, rng: np.random.Generator
    ) -> Labels:
        """Draw each label from its responsibilities."""
        edges = self.filter(params, lookup, block).cumsum(axis=1)
        below = rng.random((n_draws, block.n_rows, 1)) * edges[:, -1:] >= edges
        return np.minimum(below.sum(axis=2), edges.shape[1] - 1)

    def stats_of(self, resp: Array, block: Block) -> Counts:
        return Counts(block.weights @ resp)

    def transferred(self, params: Weights, transfer: Array, counts: Array) -> Weights:
        return Weights(params.weights @ transfer)

    def m_step(self, stats: Counts, params: Weights, fixed: Collection[str] = ()) -> Weights:
        return params if "weights" in fixed else Weights(stats.counts / stats.counts.sum())

    def expected_log_likelihood(self, stats: Counts, params: Weights) -> float:
        """Sum of counts times log weights, components without rows left out."""
        used = stats.counts > 0
        return float(stats.counts[used] @ params.log[used])

    def inner_terms(self, stats: Counts, params: Weights) -> float:
        """One for each row: the logarithm of a sum near one is near zero, but known to a rounding of one."""
        return float(stats.counts.sum())

    def gradient(self, stats: Counts, params: Weights) -> dict[str, Array]:
        out = params.weights == 0
        return {"weights": np.where(out, 0.0, stats.counts / np.where(out, 1.0, params.weights))}

    def spaces(self, params: Weights) -> Spaces:
        return {"weights": Simplex(np.ones(params.weights.shape, dtype=bool))}

    def permute(self, params: Weights, order: Labels) -> Weights:
        return Weights(params.weights[order])

    def given(
        self, values: Mapping[str, object], n_components: int, suffix: str = ""
    ) -> tuple[Self, Weights]:
        return self, Weights(self.checked("weights", values["weights"], n_components, f"weights{suffix}"))


def _width(x: Array) -> int:
    return prod(x.shape[1:])


def _guarded(top: Array, total: Array) -> Array:
    return np.where(np.isnan(top), np.nan, np.where(np.isneginf(top), -np.inf, top + np.log(total)))[:, 0]


def _refuse_impossible(log_likelihood: Array, block: Block) -> None:
    impossible = np.flatnonzero(~np.isfinite(log_likelihood))
    if len(impossible):
        row = block.unit_of(int(impossible[0]))
        if np.isnan(log_likelihood[impossible[0]]):
            _refuse(row, np.nan)
        raise ImpossibleObservationError(
            f"row {row} has zero density under every component, so belongs to none: remove it"
        )


def _refuse(row: int, value: float) -> None:
    if np.isnan(value):
        raise ImpossibleObservationError(
            f"the log density of row {row} is not a number; check that row, or the log_density of the family"
        )
    raise ImpossibleObservationError(
        f"row {row} has {'zero' if value < 0 else 'infinite'} density under every component; remove it, "
        "start from other values, or choose a family that allows it"
    )
