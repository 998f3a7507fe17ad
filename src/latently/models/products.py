"""Log densities and statistics of rows under a product of families, each by the routines that suit it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from latently.core.backends import Backend
from latently.core.blocks import Block
from latently.core.parts import Parts
from latently.emissions.base import Array
from latently.emissions.columns import Columns
from latently.latent.base import Expected
from latently.latent.emission_tables import SymbolTable
from latently.latent.evidence import looked_up
from latently.latent.independent import Counts
from latently.models.patterns import Patterns, patterns_of
from latently.models.tables import Bank, Tables


@dataclass(frozen=True)
class Product:
    """A product of families at given params."""

    emission: Columns  # the product
    params: Parts
    routines: Callable[[Any, Any], Any]  # ``routines(family, params)`` gives those of one family

    @cached_property
    def looked_up(self) -> tuple[int, ...]:
        """Which parts have tables."""
        return tuple(i for i, part in enumerate(self.emission.parts) if part.table_sizes is not None)

    @cached_property
    def tables(self) -> Tables | None:
        """Those of all parts that have any."""
        banks = []
        for part, one in zip(self.emission.parts, self.params, strict=True):
            if part.table_sizes is not None:
                banks.append(Bank(part.family, one, part.places, part.table_sizes))
        return Tables(banks) if banks else None

    @property
    def layout(self) -> Any:
        """What tells its tables from others of the same data."""
        return self.tables.name if self.tables else ()

    @cached_property
    def others(self) -> dict[int, Any]:
        """Routines of the other parts."""
        pairs = enumerate(zip(self.emission.parts, self.params, strict=True))
        return {i: self.routines(p.family, one) for i, (p, one) in pairs if i not in self.looked_up}

    def log_density(self, x: Array, places: Any = None) -> Array:
        """The sum over the parts; cells may have been looked up already."""
        found: Array | None = None
        if self.tables:
            places = self.tables.places(x) if places is None else places
            if places is None:
                return self.emission.log_density(self.params, x)
            found = self.tables.log_density(places)
        for i, family in self.others.items():
            more = family.log_density(self.emission.parts[i].of(x))
            found = more if found is None else np.add(found, more, out=found)
        assert found is not None
        return found

    def expected_stats(self, x: Array, resp: Array) -> Parts:
        """Those of each part."""
        tally, places = Tally(self), self.tables.places(x) if self.tables else None
        if self.tables and places is None:
            return self.emission.expected_stats(self.params, x, resp)
        tally.add(x, resp, places)
        return tally.stats()

    def inner_terms(self, stats: Any) -> float:
        """Those of the product."""
        return self.emission.inner_terms(stats, self.params)


class Tally:
    """Statistics of rows that come tile by tile.

    Parameters
    ----------
    product : Product
        The routines.
    """

    def __init__(self, product: Product) -> None:
        self._product = product
        self._counts = product.tables.counts() if product.tables else np.zeros(0)
        self._rest: list[Any] = []

    def add(self, x: Array, resp: Array, places: Any) -> None:
        """Add some rows, and what was looked up for them."""
        product = self._product
        if product.tables:
            product.tables.add(places, resp, self._counts)
        parts = product.emission.parts
        found = [family.expected_stats(parts[i].of(x), resp) for i, family in product.others.items()]
        self._rest = [a + b for a, b in zip(self._rest, found, strict=True)] if self._rest else found

    def stats(self) -> Parts:
        """Those of each part."""
        product = self._product
        found = dict(zip(product.others, self._rest, strict=True))
        if product.tables:
            found.update(zip(product.looked_up, product.tables.stats(self._counts), strict=True))
        names = tuple(part.name for part in product.emission.parts)
        return Parts(names, tuple(found[i] for i in range(len(names))))


def mixture_of_products(model: Any, params: Any, block: Block, backend: Backend) -> Expected | None:
    """E-step of a mixture of products, tile by tile; equal rows of cells that are looked up once."""
    family = model.routines(params)
    if block.labels is not None or not isinstance(family, Product) or not block.n_rows:
        return None
    block, places = block.remembered((family.layout, "rows"), lambda: _rows(family, block))
    if family.tables and places is None:
        return None
    if family.tables and not family.others:
        whole = family.tables.mixture(places, params.latent.log, block.weights)
        if whole is not None:
            of_rows, stats, *bounds = whole
            return Expected(Counts(of_rows), Parts(params.emission.names, tuple(stats)), *bounds)
    from latently.kernels.tables import row_posteriors

    tally, counts, bound, rounding_scale = Tally(family), np.zeros(model.n_components), 0.0, 0.0
    for rows in block.tiles(2 * model.n_components + block.x.shape[1]):
        x, found = block.rows(rows), None if places is None else places[rows]
        joint = np.ascontiguousarray(family.log_density(x, found))
        more, terms = row_posteriors(joint, params.latent.log, block.weights[rows], counts)
        if not np.isfinite(more):
            return None
        bound, rounding_scale = bound + more, rounding_scale + terms
        tally.add(x, joint, found)
    return Expected(Counts(counts), tally.stats(), bound, rounding_scale)


def chain_of_products(model: Any, params: Any, block: Block, backend: Backend) -> Expected | None:
    """E-step of a block of sequences whose rows are few patterns of cells: symbols, so to say."""
    family = model.routines(params)
    if not isinstance(family, Product) or family.others or not block.n_rows:
        return None
    patterns = block.remembered((family.layout, "patterns"), lambda: _patterns(family, block))
    if patterns is None:
        return None
    emission, cells = model.emission, block.x[patterns.rows]
    table, index = emission.log_density(params.emission, cells), patterns.index
    if block.labels is not None:
        table, index = looked_up(table, index, block.labels)

    def count(counts: Array) -> Parts:
        """The statistics of the patterns, whatever labels are known."""
        resp = counts[:, : model.n_components].reshape(-1, len(cells), model.n_components).sum(axis=0)
        stats: Parts = emission.expected_stats(params.emission, cells, resp)
        return stats

    symbols = SymbolTable.of(table, index, count)
    found: Expected = model.latent.expected(params.latent, symbols, replace(block, x=index), backend)
    return found


def _patterns(family: Product, block: Block) -> Patterns | None:
    places = family.tables.places(block.rows(slice(None))) if family.tables else None
    return None if places is None else patterns_of(places, int(places.max(initial=0)) + 1)


def _rows(family: Product, block: Block) -> tuple[Block, Any]:
    """The rows, and their cells in the tables; where all are looked up, equal rows as one of their weight."""
    places = family.tables.places(block.rows(slice(None))) if family.tables else None
    if places is None or family.others:
        return block, places
    patterns = patterns_of(places, int(places.max()) + 1)
    if patterns is None:
        return block, places
    weights = np.bincount(patterns.index, block.weights, len(patterns.rows)).astype(np.float64)
    return replace(block.take(patterns.rows), weights=weights), places[patterns.rows]
