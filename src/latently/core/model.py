"""What a model is to the engine: the mathematics, and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from latently.core.backends import Backend
from latently.core.blocks import Block, BlockSource
from latently.core.findings import Finding
from latently.core.spaces import Spaces

Unit = Literal["row", "sequence", "document"]


class Description(Protocol):
    """What is said of the data once per fit. Descriptions of two pieces add."""

    @property
    def n_observed(self) -> float:
        """Sum of the weights of the rows with any observed cell: the n of BIC."""
        ...

    def __add__(self, other: Any, /) -> Any: ...


class Statistics(Protocol):
    """Expected sufficient statistics. Those of two pieces add."""

    @property
    def bound(self) -> float:
        """Their share of the objective: the log-likelihood of the piece, or a bound below it."""
        ...

    @property
    def rounding_scale(self) -> float:
        """Sum of the absolute terms of `bound`: what its rounding error is relative to."""
        ...

    def __add__(self, other: Any, /) -> Any: ...


D = TypeVar("D", bound=Description)
P = TypeVar("P")
S = TypeVar("S", bound=Statistics)


@dataclass(frozen=True)
class Proposal(Generic[P]):
    """Params from which a run of EM is worth a try."""

    kind: str  # how they came about, such as "merge and split"
    params: P


class Model(Protocol[D, P, S]):
    """An immutable specification of a model with something hidden.

    ``stats = e_step(params, block_1) + e_step(params, block_2) + ...`` and then
    ``params = m_step(stats, params)`` is one step of EM. A model that names this class as its base need
    not write `bind`, `log_prior`, `gradient`, `inner_terms`, `moved`, `projected`, `diagnose`, `propose` and
    `exchange`: they say nothing unless told to.
    """

    @property
    def unit(self) -> Unit:
        """What is independent of what; blocks are cut between units."""
        ...

    def describe(self, block: Block) -> D:
        """What the fit needs to know of the data beforehand; additive."""
        ...

    def bind(self, description: D) -> Self:
        """The same model with all that depends on the data (floors, scales, alphabets) filled in."""
        return self

    def start(self, description: D, rng: np.random.Generator) -> P:
        """Draw starting values."""
        ...

    def e_step(self, params: P, block: Block, backend: Backend) -> S:
        """Return the expected statistics of a block. Pure; a long unit may use the backend for its parts."""
        ...

    def m_step(self, stats: S, params: P, fixed: Collection[str] = ()) -> P:
        """Return the params that maximise Q, those named in `fixed` as they are in `params`."""
        ...

    def moved(self, stats: S, params: P) -> S:
        """The statistics as if they had been taken at these params, where they say at which they were."""
        return stats

    def log_prior(self, params: P) -> float:
        """Log density of the prior, zero without one: the objective is the sum of bounds plus this."""
        return 0.0

    def expected_log_likelihood(self, stats: S, params: P) -> float:
        """Q(params | stats): the complete-data log-likelihood as expected by the statistics."""
        ...

    def gradient(self, stats: S, params: P) -> Mapping[str, NDArray[np.float64]]:
        """Derivative of Q(params | stats) by the parameters, by name.

        For symmetric matrices by each entry as if they were independent. Parameters that are left out are
        differentiated numerically, from Q alone.
        """
        return {}

    def inner_terms(self, stats: S, params: P) -> float:
        """Sum of the absolute terms within those of the bound, where they cancel."""
        return 0.0

    def spaces(self, params: P) -> Spaces:
        """Where each parameter lives, by name."""
        ...

    def projected(self, params: P) -> P:
        """Params that would be feasible but for rounding, without the rounding."""
        return params

    def permute(self, params: P, order: object) -> P:
        """Relabel the hidden states: state `i` of the result is state ``order[i]``."""
        ...

    def diagnose(
        self, params: P, blocks: Iterable[Block], fixed: Collection[str] = ()
    ) -> tuple[Finding, ...]:
        """Why this maximum should not be trusted, a finding for each reason; none if it may be.

        Parameters
        ----------
        params : object
            The maximum.
        blocks : iterable of Block
            The data.
        fixed : collection of str
            Names of the parameters that were not learned.
        """
        return ()

    def propose(self, params: P, source: BlockSource, rng: np.random.Generator) -> Iterator[Proposal[P]]:
        """Params that may lead from this maximum to a higher one, the most promising first.

        Parameters
        ----------
        params : object
            The maximum.
        source : BlockSource
            The data.
        rng : Generator
            Source of all that is random.
        """
        return iter(())

    def exchange(
        self, params: P, other: P, blocks: Iterable[Block], rng: np.random.Generator
    ) -> Iterator[Proposal[P]]:
        """Params that have the better parts of two maxima, the most promising first."""
        return iter(())


class StepMap(Protocol[P, S]):
    """What a run needs of a map from params to params."""

    @property
    def model(self) -> Any:
        """The model: its spaces, and how it settles params that were extrapolated."""
        ...

    @property
    def backend(self) -> Backend:
        """Who does the work, and knows of the runs so far."""
        ...

    def remembered(self) -> list[Any] | None:
        """A copy of what is remembered of each block from one E-step to the next, if anything is."""
        ...

    def remember(self, memories: list[Any] | None) -> None:
        """Go on with that."""
        ...

    def e_step(self, params: P) -> S:
        """Return the expected statistics of all data."""
        ...

    def m_step(self, stats: S, params: P) -> P:
        """Return better params."""
        ...

    def objective(self, stats: S, params: P) -> float:
        """The objective at the params the statistics were taken at."""
        ...

    def rounding_scale(self, stats: S, params: P) -> float:
        """Sum of its absolute terms: what its rounding error is relative to."""
        ...
