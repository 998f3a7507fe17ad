"""Sequences some of whose states are known: a last column, by which the family rules the others out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from latently.core.parameters import Spaces
from latently.emissions.base import Array, Emission

UNKNOWN = -1


@dataclass(frozen=True)
class KnownStates(Emission):
    """A family whose last column is the state, -1 where it is not known.

    Parameters
    ----------
    emission : Emission
        The family of the other columns.
    """

    emission: Emission

    @property
    def accepts_missing(self) -> bool:  # type: ignore[override]
        """As the family."""
        return self.emission.accepts_missing

    def _split(self, x: Any) -> tuple[Any, Any]:
        return x[:, :-1], x[:, -1].astype(np.int64)

    def describe(self, x: Any, weights: Array) -> Any:
        """As the family."""
        return self.emission.describe(self._split(x)[0], weights)

    def bind(self, description: Any) -> Self:
        """Bind the family."""
        return replace(self, emission=self.emission.bind(description))

    def start(self, description: Any, n_components: int, rng: np.random.Generator) -> Any:
        """As the family."""
        return self.emission.start(description, n_components, rng)

    def log_density(self, params: Any, x: Any) -> Array:
        """Minus infinity under every state but the known one."""
        rows, states = self._split(x)
        values = np.array(self.emission.log_density(params, rows))
        known = states != UNKNOWN
        other = np.arange(values.shape[1]) != states[:, None]
        values[known[:, None] & other] = -np.inf
        return values

    def expected_stats(self, params: Any, x: Any, resp: Array) -> Any:
        """As the family."""
        return self.emission.expected_stats(params, self._split(x)[0], resp)

    def m_step(self, stats: Any, params: Any, fixed: Collection[str] = ()) -> Any:
        """As the family."""
        return self.emission.m_step(stats, params, fixed)

    def expected_log_likelihood(self, stats: Any, params: Any) -> float:
        """As the family."""
        return self.emission.expected_log_likelihood(stats, params)

    def spaces(self, params: Any) -> Spaces:
        """As the family."""
        return self.emission.spaces(params)

    def gradient(self, stats: Any, params: Any) -> dict[str, Array]:
        """As the family."""
        return self.emission.gradient(stats, params)

    def log_prior(self, params: Any) -> float:
        """As the family."""
        return self.emission.log_prior(params)

    def permute(self, params: Any, order: Any) -> Any:
        """As the family."""
        return self.emission.permute(params, order)

    def settled(self, params: Any) -> Any:
        """As the family."""
        return self.emission.settled(params)

    def floor_active(self, params: Any, fixed: Collection[str] = ()) -> Any:
        """As the family."""
        return self.emission.floor_active(params, fixed)

    def rows_needed(self, params: Any, fixed: Collection[str] = ()) -> int:
        """As the family."""
        return self.emission.rows_needed(params, fixed)

    def mean(self, params: Any) -> Array | None:
        """As the family."""
        return self.emission.mean(params)

    def inner_terms(self, stats: Any, params: Any) -> float:
        """As the family."""
        return self.emission.inner_terms(stats, params)
