"""Log densities and statistics of rows under a product of families, each by the routines that suit it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from latently.core.backends import Backend
from latently.core.blocks import Block
from latently.core.parameters import Parts
from latently.emissions.base import Array
from latently.emissions.columns import Columns
from latently.emissions.columns.groups import LookedUp
from latently.latent.base import Expected
from latently.latent.independent import Counts
from latently.models.patterns import Patterns, patterns_of
from latently.models.symbols import chain_of_patterns
from latently.models.tables import JoinedTables, PlainTables, Tables

FEW_CELLS = 2**16  # that are worked on in plain NumPy: to compile a kernel takes longer than a fit


@dataclass(frozen=True)
class Product:
    """A product of families at given params."""

    emission: Columns  # the product
    params: Parts
    routines: Callable[[Any, Any], Any]  # ``routines(family, params)`` gives those of one family

    def few(self, n_rows: int) -> bool:
        """Whether so many rows are worked on in plain NumPy."""
        looked_up = self.emission.looked_up
        return n_rows * (self.emission.n_columns + sum(looked_up.sizes if looked_up else ())) <= FEW_CELLS

    def tables(self, n_rows: int) -> Tables | None:
        """Those of all parts that have any, for so many rows."""
        if self.emission.looked_up is None:
            return None
        return self.plain if self.few(n_rows) else self.joined

    @cached_property
    def plain(self) -> PlainTables:
        """Tables for few rows."""
        return PlainTables(*self._looked_up)

    @cached_property
    def joined(self) -> JoinedTables:
        """Tables for many rows."""
        return JoinedTables(*self._looked_up)

    @property
    def _looked_up(self) -> tuple[LookedUp, list[Any]]:
        parts = self.emission.looked_up
        assert parts is not None
        return parts, [self.params.values[i] for i in parts.at]

    @cached_property
    def others(self) -> dict[int, Any]:
        """Routines of the other parts."""
        pairs = enumerate(zip(self.emission.parts, self.params, strict=True))
        return {i: self.routines(part.family, one) for i, (part, one) in pairs if part.most is None}

    def log_density(self, x: Array, tables: Tables | None = None, places: object = None) -> Array:
        """The sum over the parts; cells may have been looked up already."""
        found: Array | None = None
        if tables := tables or self.tables(len(x)):
            places = tables.places(x) if places is None else places
            if places is None:
                return self.emission.log_density(self.params, x)
            found = tables.log_density(places)
        for i, family in self.others.items():
            more = family.log_density(self.emission.parts[i].of(x))
            found = more if found is None else np.add(found, more, out=found)
        assert found is not None
        return found

    def expected_stats(self, x: Array, resp: Array) -> Parts:
        """Those of each part."""
        tables = self.tables(len(x))
        tally, places = Tally(self, tables), tables.places(x) if tables else None
        if tables and places is None:
            return self.emission.expected_stats(self.params, x, resp)
        return tally.add(x, resp, places).stats()

    def inner_terms(self, stats: Any) -> float:
        """Those of the product."""
        return self.emission.inner_terms(stats, self.params)


class Tally:
    """Statistics of rows under a product that come tile by tile, looked up in some tables."""

    def __init__(self, product: Product, tables: Tables | None) -> None:
        self._product, self._tables = product, tables
        self._counts = tables.counts() if tables else np.zeros(0)
        self._rest: list[Any] = []

    def add(self, x: Array, resp: Array, places: object) -> Self:
        """Add some rows, and what was looked up for them."""
        product = self._product
        if self._tables:
            self._tables.add(places, resp, self._counts)
        parts = product.emission.parts
        found = [family.expected_stats(parts[i].of(x), resp) for i, family in product.others.items()]
        self._rest = [a + b for a, b in zip(self._rest, found, strict=True)] if self._rest else found
        return self

    def stats(self) -> Parts:
        """Those of each part."""
        product = self._product
        found = dict(zip(product.others, self._rest, strict=True))
        if self._tables:
            found.update(zip(self._tables.of.at, self._tables.stats(self._counts), strict=True))
        names = tuple(part.name for part in product.emission.parts)
        return Parts(names, tuple(found[i] for i in range(len(names))))


def mixture_of_products(model: Any, params: Any, block: Block, backend: Backend) -> Expected | None:
    """E-step of a mixture of products, tile by tile; equal rows of cells that are looked up once."""
    family: Product = model.routines(params)
    if block.labels is not None or not block.n_rows:
        return None
    tables = family.tables(block.n_rows)
    if family.few(block.n_rows) and not tables:
        return None
    block, places = block.remembered(
        (tables and tables.of.name, "rows"), lambda: _rows(family, tables, block)
    )
    if tables and places is None:
        return None
    if tables is family.plain:
        return few_rows(model, params, family, block, places, backend)
    if tables and not family.others:
        whole = family.joined.mixture(places, params.latent.log, block.weights)
        if whole is not None:
            of_rows, stats, *bounds = whole
            return Expected(Counts(of_rows), Parts(params.emission.names, tuple(stats)), *bounds)
    from latently.kernels.tables import row_posteriors

    tally, counts, bound, rounding_scale = Tally(family, tables), np.zeros(model.n_components), 0.0, 0.0
    for rows in block.tiles(2 * model.n_components + block.x.shape[1]):
        x, found = block.rows(rows), None if places is None else places[rows]
        joint = np.ascontiguousarray(family.log_density(x, tables, found))
        more, terms = row_posteriors(joint, params.latent.log, block.weights[rows], counts)
        if not np.isfinite(more):
            return None
        bound, rounding_scale = bound + more, rounding_scale + terms
        tally.add(x, joint, found)
    return Expected(Counts(counts), tally.stats(), bound, rounding_scale)


def few_rows(
    model: Any, params: Any, family: Product, block: Block, places: Array, backend: Backend
) -> Expected:
    """The same in plain NumPy."""

    def located(rows: slice) -> Any:
        return places if rows == slice(0, block.n_rows) else places[rows]

    def density(rows: slice) -> Array:
        return family.log_density(block.rows(rows), family.plain, located(rows))

    def visit(rows: slice, resp: Array) -> Parts:
        return Tally(family, family.plain).add(block.rows(rows), resp, located(rows)).stats()

    found: Expected = model.latent.run(params.latent, density, block, visit, backend)
    return found


def chain_of_products(model: Any, params: Any, block: Block, backend: Backend) -> Expected | None:
    """E-step of a block of sequences whose rows are few patterns of cells: symbols, so to say."""
    family: Product = model.routines(params)
    if family.others or not block.n_rows:
        return None
    tables = family.tables(block.n_rows)
    assert tables is not None  # a product has parts
    patterns = block.remembered((tables.of.name, "patterns"), lambda: _located(tables, block, merge=True)[0])
    if patterns is None:
        return None
    cells = block.rows(patterns.rows)
    return chain_of_patterns(model, params, block, backend, patterns, cells)


def _located(tables: Tables | None, block: Block, merge: bool) -> tuple[Patterns | None, Any]:
    """The patterns of rows, if there are few and they are wanted, and where cells are in the tables."""
    places = tables.places(block.rows(slice(None))) if tables else None
    if tables is None or places is None or not merge:
        return None, places
    codes = tables.codes(places)
    return patterns_of(codes, int(codes.max(initial=0)) + 1), places


def _rows(family: Product, tables: Tables | None, block: Block) -> tuple[Block, Any]:
    """The rows, and their cells in the tables; where all are looked up, equal rows as one of their weight."""
    patterns, places = _located(tables, block, not family.others)
    if patterns is None:
        return block, places
    return patterns.each_once(block), places[patterns.rows]
