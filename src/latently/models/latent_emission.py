"""The product: a latent structure times an emission family is a model.

A mixture is ``Independent x family``, a hidden Markov model ``Chain x family``. The engine knows
`Model` only; this is how most models come to be one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from typing import Any, Self

import numpy as np

from latently.core.backends import Backend, SerialBackend
from latently.core.blocks import Block, BlockSource
from latently.core.errors import SingularCovarianceError
from latently.core.findings import GRAVE, Finding
from latently.core.model import Proposal, Unit
from latently.core.parameters import named, with_named
from latently.core.spaces import Spaces
from latently.core.statistics import Additive
from latently.emissions.base import Array, Emission
from latently.latent.base import Density, Expected, Latent, Lookup
from latently.latent.evidence import looked_up, masked
from latently.models import moves, windows
from latently.models.accelerators import RESPONSIBILITIES, accelerators
from latently.models.crossing import exchange
from latently.models.routines import Routines, routines
from latently.models.support import Support

ROWS_OF_A_PIECE = 512
FLOOR, NO_DATA, FEW_ROWS = "floor", "no data", "few rows"  # kinds of findings


@dataclass(frozen=True)
class LatentEmissionParams:
    """Parameters of the latent structure and of the emission."""

    latent: Any
    emission: Any


@dataclass(frozen=True)
class Description(Additive):
    """What is said of the data once per fit."""

    n_observed: float  # sum of the weights of the rows with any observed cell
    weight: float  # sum of the weights of all rows
    emission: Any  # what the family says


@dataclass(frozen=True)
class LatentEmission:
    """A model from its two factors.

    Parameters
    ----------
    latent : Latent
        What is hidden.
    emission : Emission
        What is seen given the label.
    n_components : int
        Number of labels.
    fused : bool
        Whether fused kernels may take the place of the generic path.
    """

    latent: Latent
    emission: Emission
    n_components: int
    fused: bool = True

    @property
    def unit(self) -> Unit:
        """That of the latent structure."""
        return self.latent.unit

    def describe(self, block: Block) -> Description:
        """Count the rows and let the family describe them."""
        x, weights = block.rows(slice(None)), block.row_weights
        n_observed = float(weights @ self.emission.observed(x))
        return Description(n_observed, float(weights.sum()), self.emission.describe(x, weights))

    def bind(self, description: Description) -> Self:
        """Bind the family."""
        return replace(self, emission=self.emission.bind(description.emission))

    def start(self, description: Description, rng: np.random.Generator) -> LatentEmissionParams:
        """Each factor's own starting values."""
        latent = self.latent.start(self.n_components, rng)
        try:
            emission = self.emission.start(description.emission, self.n_components, rng)
        except SingularCovarianceError as error:
            raise error.of(self.latent.label) from None
        return LatentEmissionParams(latent, emission)

    def e_step(self, params: LatentEmissionParams, block: Block, backend: Backend | None = None) -> Expected:
        """By the first accelerator of these factors that takes the block; else by the generic path."""
        backend = backend or SerialBackend()
        for accelerate in accelerators(type(self.latent), type(self.emission)) if self.fused else ():
            stats = accelerate(self, params, block, backend)
            if stats is not None:
                return stats
        return self.generic_e_step(params, block, backend)

    def generic_e_step(
        self, params: LatentEmissionParams, block: Block, backend: Backend | None = None
    ) -> Expected:
        """Let the latent structure run over the block and hand its responsibilities to the family."""
        family = self.routines(params)

        def visit(rows: slice, resp: Array) -> Any:
            return family.expected_stats(block.rows(rows), resp)

        density = _density(family, block)
        return self.latent.run(params.latent, density, block, visit, backend or SerialBackend())

    def routines(self, params: LatentEmissionParams) -> Routines:
        """How log densities and statistics of rows are taken at these params."""
        return routines(self.emission, params.emission, self.fused)

    def density(self, params: LatentEmissionParams, block: Block) -> Density:
        """Log densities of rows of a block under each label, minus infinity where one is known not to be."""
        return _density(self.routines(params), block)

    def lookup(self, params: LatentEmissionParams, block: Block) -> Lookup:
        """Log densities of all rows of a block under each label, in a table if the family has one."""
        found = self.emission.lookup(params.emission, block.x)
        if found is not None:
            return Lookup(*(found if block.labels is None else looked_up(*found, block.labels)))
        density, out = self.density(params, block), np.empty((block.n_rows, self.n_components))
        for rows in block.tiles(2 * self.n_components + 3 * prod(block.x.shape[1:])):
            out[rows] = density(rows)
        return Lookup(out)

    def m_step(
        self, stats: Expected, params: LatentEmissionParams, fixed: Collection[str] = ()
    ) -> LatentEmissionParams:
        """Maximise each factor's part of Q."""
        latent = self.latent.m_step(stats.latent, params.latent, fixed)
        try:
            emission = self.emission.m_step(stats.emission, params.emission, fixed)
        except SingularCovarianceError as error:
            raise error.of(self.latent.label) from None
        return LatentEmissionParams(latent, emission)

    def log_prior(self, params: LatentEmissionParams) -> float:
        """Sum of both."""
        return self.latent.log_prior(params.latent) + self.emission.log_prior(params.emission)

    def moved(self, stats: Expected, params: LatentEmissionParams) -> Expected:
        """The statistics as if they had been taken at these params."""
        return replace(stats, emission=self.emission.moved(stats.emission, params.emission))

    def expected_log_likelihood(self, stats: Expected, params: LatentEmissionParams) -> float:
        """Q is the sum of both parts."""
        return self.latent.expected_log_likelihood(
            stats.latent, params.latent
        ) + self.emission.expected_log_likelihood(stats.emission, params.emission)

    def gradient(self, stats: Expected, params: LatentEmissionParams) -> dict[str, Array]:
        """Derivatives of both parts of Q, as far as the factors know them."""
        return {
            **self.latent.gradient(stats.latent, params.latent),
            **self.emission.gradient(stats.emission, params.emission),
        }

    def inner_terms(self, stats: Expected, params: LatentEmissionParams) -> float:
        """Those of the latent structure, and of the family."""
        family = self.routines(params)
        return self.latent.inner_terms(stats.latent, params.latent) + family.inner_terms(stats.emission)

    def spaces(self, params: LatentEmissionParams) -> Spaces:
        """Those of both factors."""
        return {**self.latent.spaces(params.latent), **self.emission.spaces(params.emission)}

    def check(self, params: LatentEmissionParams, n_features: int) -> None:
        """Refuse params from a file that are not of this model, or not feasible.

        Raises
        ------
        ValueError
            If they are not; the parameter is named.
        """
        self.latent.check(params.latent, self.n_components)
        self.emission.check(params.emission, self.n_components, n_features)

    def projected(self, params: LatentEmissionParams) -> LatentEmissionParams:
        """Each space takes the rounding out of its own, and the family what spaces do not see."""
        values = named(params)
        params = with_named(
            params, {name: space.projected(values[name]) for name, space in self.spaces(params).items()}
        )
        return LatentEmissionParams(
            self.latent.projected(params.latent), self.emission.projected(params.emission)
        )

    def permute(self, params: LatentEmissionParams, order: object) -> LatentEmissionParams:
        """Relabel the hidden states in both factors."""
        return LatentEmissionParams(
            self.latent.permute(params.latent, order), self.emission.permute(params.emission, order)
        )

    def least_dependent(self, description: Description, params: LatentEmissionParams) -> LatentEmissionParams:
        """Of all params that are as likely, those under which features depend on each other least."""
        emission = self.emission.least_dependent(description.emission, params.emission)
        return replace(params, emission=emission)

    def diagnose(
        self, params: LatentEmissionParams, blocks: Iterable[Block], fixed: Collection[str] = ()
    ) -> tuple[Finding, ...]:
        """Labels that kept no data, rest on a floor, or on fewer distinct rows than they need."""
        label = self.latent.label
        active = self.emission.floor_active(params.emission, fixed)
        on_floor = [] if active is None else np.flatnonzero(active).tolist()
        if len(on_floor) == self.n_components > 1:
            text = f"all {label}s rest on {self._floor}"
            return (Finding(FLOOR, text, label, tuple(on_floor), severity=GRAVE),)
        needed = self.emission.rows_needed(params.emission, fixed)
        short = self._short_of_rows(params, blocks, needed)
        return tuple(
            _spurious(label, k, self._floor if k in on_floor else "", short.get(k), needed)
            for k in sorted({*on_floor, *short})
        )

    @property
    def _floor(self) -> str:
        """What a label rests on that rests on a floor."""
        return f"the floor set by {self.emission.floor_setting}" if self.emission.floor_setting else "a floor"

    def surely_spurious(
        self, description: Description, blocks: Iterable[Block], fixed: Collection[str] = ()
    ) -> bool:
        """Whether any maximum is, for all labels together need more distinct rows than there are.

        Equal rows count once where they have equal responsibilities: where labels are independent and none
        is known. Nothing is sure where cells are missing.
        """
        params = self.start(description, np.random.default_rng(0)).emission
        needed = self.emission.rows_needed_in_all(params, self.n_components, fixed)
        found: set[Any] = set()
        for block in _pieces(blocks):
            if len(found) >= needed or block.incomplete is not None:
                return False
            says = np.flatnonzero((block.row_weights > 0) & self.emission.observed(block.x))
            alike = self.unit == "row" and block.labels is None
            found.update(
                block.x[row].tobytes() if alike else (block.unit_of(row), row) for row in says.tolist()
            )
        return len(found) < needed

    def _short_of_rows(
        self, params: LatentEmissionParams, blocks: Iterable[Block], needed: int
    ) -> dict[int, tuple[float, str]]:
        """Labels with fewer effective distinct rows than needed, how many, and where one is."""
        support = Support(self.n_components, needed)
        fused = RESPONSIBILITIES.get((type(self.latent), type(self.emission))) if self.fused else None
        for block in _pieces(blocks):
            if not len(support.poor):
                break
            says = (block.row_weights > 0) & self.emission.observed(block.x)
            add = partial(support.add, block.x, says, partial(self.latent.place, block))
            resp = fused(self, params, block) if fused else None
            if resp is None:
                self.visit(params, block, add)
            else:
                add(slice(0, block.n_rows), resp)
        return support.short

    def propose(
        self,
        params: LatentEmissionParams,
        source: BlockSource,
        rng: np.random.Generator,
    ) -> Iterator[Proposal[LatentEmissionParams]]:
        """A label given up, and its place taken by half of another, or by a window of time."""
        if self.unit == "row" or not self.latent.exchangeable:
            return moves.propose(self, params, source.blocks(), rng)
        return windows.propose(self, params, source, rng)

    def exchange(
        self,
        params: LatentEmissionParams,
        other: LatentEmissionParams,
        blocks: Iterable[Block],
        rng: np.random.Generator,
    ) -> Iterator[Proposal[LatentEmissionParams]]:
        """Parts of one maximum in place of those of another."""
        return exchange(self, params, other, blocks, rng)

    def responsibilities(self, params: LatentEmissionParams, block: Block) -> Array:
        """Posterior probabilities of the labels of each row, shape (n_rows, n_components)."""
        resp = np.empty((block.n_rows, self.n_components))

        def keep(rows: slice, tile: Array) -> None:
            resp[rows] = tile

        self.visit(params, block, keep)
        return resp

    def posterior(
        self,
        params: LatentEmissionParams,
        block: Block,
        backend: Backend | None = None,
        *,
        refuse: bool = True,
    ) -> tuple[Array, Array]:
        """Log-likelihoods of the units of a block, and posterior probabilities of the labels of its rows."""
        density = self.density(params, block)
        return self.latent.posterior(params.latent, density, block, backend or SerialBackend(), refuse=refuse)

    def visit(self, params: LatentEmissionParams, block: Block, see: Callable[[slice, Array], None]) -> None:
        """Show the responsibilities of a block tile by tile, weights not applied."""
        plain = replace(block, weights=np.ones_like(block.weights))

        def visit(rows: slice, tile: Array) -> Any:
            see(rows, tile)
            return 0.0

        self.latent.run(params.latent, self.density(params, plain), plain, visit, SerialBackend())


def _density(family: Routines, block: Block) -> Density:
    """Log densities by the routines of a family."""
    labels = block.labels

    def log_density(rows: slice) -> Array:
        values = family.log_density(block.rows(rows))
        return values if labels is None else masked(values, labels[rows])

    return log_density


def _pieces(blocks: Iterable[Block]) -> Iterator[Block]:
    """Blocks in small pieces at first, with which most searches end."""
    for i, whole in enumerate(blocks):
        yield from whole.pieces(ROWS_OF_A_PIECE << i)


def _spurious(label: str, k: int, floor: str, short: tuple[float, str] | None, needed: int) -> Finding:
    """Why one label is not to be trusted, by what it rests on: a floor, or too few rows."""
    if short is None:
        return Finding(FLOOR, f"{label} {k} rests on {floor}", label, (k,), severity=GRAVE)
    count, example = short
    if not count:
        return Finding(NO_DATA, f"{label} {k} kept no data: lower n_components", label, (k,), severity=GRAVE)
    less = _less(count, needed)
    rows = (
        f"on {less} effective distinct row{'s' * (less != '1')} ({example}, counted from 0, is one of them)"
    )
    more = f"on {floor} and {rows}" if floor else f"{rows}, fewer than the {needed} it needs"
    numbers = {"rows": count, "needed": needed, "on_floor": bool(floor)}
    return Finding(FEW_ROWS, f"{label} {k} rests {more}", label, (k,), numbers, GRAVE)


def _less(count: float, needed: int) -> str:
    """A count with as many digits as it takes to look smaller than what is needed."""
    texts = (f"{count:.{digits}g}" for digits in range(3, 18))
    return next(text for text in texts if float(text) < needed)
