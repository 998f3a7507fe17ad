"""Log densities and statistics of rows under a family, by the fastest way that keeps their digits.

`Plain` is the family's own NumPy. What may take its place stands in one table; each entry gives back None
where it would lose digits (`tests/agreement/` holds them to the first). Any latent structure runs over any
of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from latently.emissions.base import Array, Emission
from latently.emissions.columns import Columns
from latently.emissions.gaussian import Gaussian
from latently.models.conditional_moments import conditional_moments
from latently.models.linear_rows import linear_rows
from latently.models.products import Product


class Routines(Protocol):
    """What a latent structure needs of a family at given params."""

    def log_density(self, x: Array) -> Array:
        """Log density of each row under each component, shape (n_rows, n_components)."""
        ...

    def expected_stats(self, x: Array, resp: Array) -> Any:
        """Statistics of rows with given responsibilities, weights applied."""
        ...

    def inner_terms(self, stats: Any) -> float:
        """Sum of the absolute terms that cancel within the log densities of rows with these statistics."""
        ...


@dataclass(frozen=True)
class Plain:
    """The family's own."""

    emission: Emission
    params: Any

    def log_density(self, x: Array) -> Array:
        """Log density of each row under each component."""
        return self.emission.log_density(self.params, x)

    def expected_stats(self, x: Array, resp: Array) -> Any:
        """Statistics of rows with given responsibilities."""
        return self.emission.expected_stats(self.params, x, resp)

    def inner_terms(self, stats: Any) -> float:
        """Those within its log densities."""
        return self.emission.inner_terms(stats, self.params)


def gaussians(emission: Gaussian, params: Any) -> Routines | None:
    """Those of covariance matrices, or of variances."""
    return (conditional_moments if emission.correlated else linear_rows)(emission, params)


def products(emission: Columns, params: Any) -> Routines:
    """Those of each part, by tables where cells can be looked up."""
    return Product(emission, params, routines)


CHOICES: dict[type, Callable[[Any, Any], Routines | None]] = {Gaussian: gaussians, Columns: products}


def routines(emission: Emission, params: Any, compiled: bool = True) -> Routines:
    """The best routines for a family at given params."""
    choice = CHOICES.get(type(emission)) if compiled else None
    chosen = choice(emission, params) if choice else None
    return chosen or Plain(emission, params)
