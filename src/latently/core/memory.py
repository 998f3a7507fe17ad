"""EM for models that remember something of each piece of data from one iteration to the next.

What a model remembers of a block (probabilities of tokens, topics of documents) is owned by the engine,
one piece per block, and handed back with the block it belongs to. The model itself stays pure.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from latently.core.backends import Backend, SerialBackend
from latently.core.blocks import Block, BlockSource
from latently.core.memories import M, Memories
from latently.core.statistics import SupportsAdd

P = TypeVar("P")
S = TypeVar("S", bound=SupportsAdd)


class RememberingModel(Protocol[P, S, M]):
    """A model whose E-step starts from what the one before it left of the same block."""

    def prepare(self, params: P, backend: Backend) -> Any:
        """What all blocks need of the params, made once for all of them."""
        ...

    def e_step(self, prepared: Any, block: Block, memory: M) -> tuple[S, M]:
        """Return the expected statistics of a block and what is to be remembered of it.

        The memory given may be overwritten: nobody else has it.
        """
        ...

    def complete(self, prepared: Any, stats: S) -> S:
        """The statistics of all blocks, with what the params themselves add to the objective."""
        return stats

    def m_step(self, stats: S, params: P, fixed: Collection[str] = ()) -> P:
        """Return better params."""
        ...


@dataclass
class MemoryMap(Generic[P, S, M]):
    """EM on some data as a map from params to params that remembers."""

    model: Any  # RememberingModel: the model
    memories: Memories[M]  # what is remembered of each block of the data to begin with
    # who does the work that is not on blocks, and knows of the runs so far
    backend: Backend = field(default_factory=SerialBackend)
    fixed: Collection[str] = ()  # names of the parameters that keep their values

    @property
    def source(self) -> BlockSource:
        """The data."""
        return self.memories.source

    def e_step(self, params: P) -> S:
        """Sum the expected statistics of all blocks, and remember."""
        prepared = self.model.prepare(params, self.backend)
        total: S = self.memories.advance(partial(self.model.e_step, prepared))
        stats: S = self.model.complete(prepared, total)
        return stats

    def m_step(self, stats: S, params: P) -> P:
        """Return better params."""
        better: P = self.model.m_step(stats, params, self.fixed)
        return better

    def objective(self, stats: Any, params: P) -> float:
        """The objective at the params the statistics were taken at."""
        return float(stats.bound)

    def rounding_scale(self, stats: Any, params: P) -> float:
        """Sum of its absolute terms."""
        return float(stats.rounding_scale)

    def remembered(self) -> list[Any]:
        """A copy of what is remembered now: the next E-step may overwrite it."""
        return self.memories.copied()

    def remember(self, memories: Any) -> None:
        """Go on with what was remembered."""
        self.memories.put(memories)
