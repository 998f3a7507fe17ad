"""What is done to each block of the data, as tasks that can be sent to where the block is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from latently.core.backends import Backend
from latently.core.blocks import Block
from latently.core.model import D, Model, P, S


@dataclass(frozen=True)
class EStep(Generic[D, P, S]):
    """The E-step of a block.

    Parameters
    ----------
    model : Model
        The model.
    params : object
        Where it is taken.
    """

    model: Model[D, P, S]
    params: P

    def __call__(self, block: Block, backend: Backend) -> S:
        """Its expected statistics."""
        return self.model.e_step(self.params, block, backend)


@dataclass(frozen=True)
class Describing(Generic[D, P, S]):
    """The description of a block.

    Parameters
    ----------
    model : Model
        The model.
    """

    model: Model[D, P, S]

    def __call__(self, block: Block, backend: Backend) -> D:
        """What is said of it."""
        return self.model.describe(block)
