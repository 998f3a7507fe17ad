"""What all passes along a chain share: its parameters and counts, padding, and the limits of sequences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from latently.core.blocks import Block
from latently.core.errors import ImpossibleObservationError
from latently.core.statistics import Additive
from latently.latent.base import Array


@dataclass(frozen=True)
class ChainParams:
    """Parameters of a chain."""

    startprob: Array  # (K,): probabilities of the first state
    transmat: Array  # (K, K): transition probabilities, from row to column

    @property
    def logs(self) -> tuple[Array, Array]:
        """Logarithms of both, minus infinity for what cannot be."""
        with np.errstate(divide="ignore"):
            return np.log(self.startprob), np.log(self.transmat)


@dataclass(frozen=True)
class ChainCounts(Additive):
    """Expected statistics of a chain."""

    initial: Array  # (K,): expected number of sequences that begin in each state
    transitions: Array  # (K, K): expected number of transitions, from row to column


@dataclass(frozen=True)
class Padded:
    """Probabilities padded with states that cannot be reached, so that whole registers are filled."""

    start: Array
    transmat: Array
    transposed: Array
    lanes: Any

    @classmethod
    def of(cls, start: Array, transmat: Array, width: int) -> Padded:
        """Pad to a width."""
        K = len(start)
        wide, square = np.zeros(width), np.zeros((width, width))
        wide[:K] = start
        square[:K, :K] = transmat
        lanes = (0,) * width if width in (4, 8) else None
        return cls(wide, square, np.ascontiguousarray(square.T), lanes)


def padded_width(n_components: int) -> int:
    """Width of rows of states in memory: four or a multiple of eight."""
    return 4 if n_components <= 4 else -(-n_components // 8) * 8


def block_offsets(block: Block) -> NDArray[np.int64]:
    """Where the sequences of a block begin and end; rows that are units are sequences of one."""
    return np.arange(block.n_rows + 1) if block.offsets is None else block.offsets


def place(block: Block, row: int) -> str:
    """Where a row of a block is, for messages: a time step, of one of several sequences."""
    offsets = block_offsets(block)
    sequence = int(np.searchsorted(offsets, row, side="right")) - 1
    step = f"time step {row - int(offsets[sequence])}"
    return step if block.alone else f"sequence {block.unit_of(row)}, {step}"


def refuse(block: Block, sequence: int, time: int) -> NoReturn:
    """Name a sequence that is impossible, and the time.

    Raises an ImpossibleObservationError always.
    """
    unit = block.unit_of(int(block_offsets(block)[sequence]))
    which = "the series" if block.alone else f"sequence {unit}"
    raise ImpossibleObservationError(
        f"{which} is impossible from time {time} on: no state that can be reached allows what is "
        "observed there; allow more transitions, start from other values, or check that observation"
    )


def rounding_of_sums(block: Block) -> float:
    """What log-likelihoods are rounded to beside their terms: one for the logarithm of each sum near one."""

    def of_block() -> float:
        return float(block.weights @ np.diff(block_offsets(block)))

    found: float = block.remembered("rounding of sums", of_block)
    return found


def shared_out(transfer: Array, can_be: NDArray[np.bool_]) -> Array:
    """What part of each label becomes which other, if only some of these can be."""
    parts = transfer * can_be
    total = parts.sum(axis=1, keepdims=True)
    return np.divide(parts, total, out=parts, where=total > 0)


def over(counts: Array, probabilities: Array) -> Array:
    """Counts over probabilities; zero where these are."""
    return np.divide(counts, probabilities, out=np.zeros_like(probabilities), where=probabilities > 0)


def part_of_q(counts: Array, probabilities: Array) -> float:
    """Counts times log probabilities, of what has happened."""
    used = counts > 0
    with np.errstate(divide="ignore"):
        return float(counts[used] @ np.log(probabilities[used]))
