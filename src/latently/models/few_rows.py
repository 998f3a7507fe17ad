"""Log densities and statistics of few rows, of which what hangs on no parameter is kept with their block.

An E-step of a few hundred rows is over before Python has gone through tiles and made features of rows anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from latently.core.blocks import Block
from latently.emissions.base import Array, Emission
from latently.emissions.columns import Columns
from latently.emissions.gaussian import Gaussian
from latently.latent.base import Expected, FewRows
from latently.models import small_tables
from latently.models.routines import routines


@dataclass(frozen=True)
class Prepared:
    """Rows as the family prepares them."""

    emission: Emission
    params: Any
    prepared: Any

    def log_density(self) -> Array:
        """The family's own."""
        return self.emission.log_density_of(self.params, self.prepared)

    def expected_stats(self, resp: Array) -> Any:
        """The family's own."""
        return self.emission.expected_stats_of(self.params, self.prepared, resp)


@dataclass(frozen=True)
class Whole:
    """Rows as they are, by the routines of the family."""

    family: Any
    x: Array

    def log_density(self) -> Array:
        """By these routines."""
        found: Array = self.family.log_density(self.x)
        return found

    def expected_stats(self, resp: Array) -> Any:
        """By these routines."""
        return self.family.expected_stats(self.x, resp)


def prepared(emission: Emission, params: Any, block: Block) -> FewRows:
    """Those that the family prepares once."""
    made = block.remembered((type(emission), "prepared"), lambda: emission.prepared(block.rows(slice(None))))
    return Prepared(emission, params, made)


def whole(emission: Emission, params: Any, block: Block) -> FewRows:
    """Those of families that have routines of their own."""
    return Whole(routines(emission, params), block.rows(slice(None)))


def gaussians(emission: Gaussian, params: Any, block: Block) -> FewRows:
    """Linear in features of complete rows, where that costs no digits."""
    complete = block.incomplete is None
    table = small_tables.of_rows(emission, params, block) if complete else None
    return table or whole(emission, params, block)


CHOICES: dict[type, Callable[[Any, Any, Block], FewRows]] = {Gaussian: gaussians, Columns: whole}


def few_rows(emission: Emission, params: Any, block: Block) -> FewRows:
    """The rows of a block under a family at given params."""
    return CHOICES.get(type(emission), prepared)(emission, params, block)


def at_once(model: Any, params: Any, block: Block, backend: object) -> Expected | None:
    """E-step of few rows, of which no label is known."""
    K, correlated = model.n_components, model.emission.correlated
    if block.labels is not None or not small_tables.fits(block, K, correlated):
        return None
    family = few_rows(model.emission, params.emission, block)
    found: Expected | None = model.latent.of_few(params.latent, family, block, backend)
    return found
