"""States of a chain given some of the time steps of a sequence: those up to one, and all others than one."""

from __future__ import annotations

from itertools import pairwise
from typing import NoReturn

import numpy as np

from latently.core.blocks import Block
from latently.core.errors import ImpossibleObservationError
from latently.latent.base import Array, Labels, Lookup
from latently.latent.chain_parts import ChainParams, block_offsets


def filtered(params: ChainParams, lookup: Lookup, block: Block, lag: int) -> Array:
    """Probabilities of the states at each time step given what was seen up to `lag` time steps later.

    Raises an ImpossibleObservationError if a sequence is impossible; it and the time step are named.
    """
    from latently.kernels.log_chain import filter_in_logs

    table, index, start, transmat = _in_logs(params, lookup)
    out = np.empty((block.n_rows, len(start)))
    for low, high in pairwise(block_offsets(block)):
        wrong = filter_in_logs(table, index, start, transmat, low, high, lag, out)
        if wrong >= 0:
            refuse_time(block, int(wrong))
    return out


def left_out(params: ChainParams, lookup: Lookup, block: Block, future: bool) -> Array:
    """Log probabilities of the states at each time given what was seen before, and after it if asked for.

    Raises an ImpossibleObservationError if a sequence is impossible; it and the time step are named.
    """
    from latently.kernels.leave_one_out import add_the_future_in_logs, predicted_in_logs

    table, index, start, transmat = _in_logs(params, lookup)
    out = np.empty((block.n_rows, len(start)))
    for low, high in pairwise(block_offsets(block)):
        wrong = predicted_in_logs(table, index, start, transmat, low, high, out)
        if wrong >= 0:
            refuse_time(block, int(wrong))
        if future:
            add_the_future_in_logs(table, index, transmat, low, high, out)
    return out


def refuse_time(block: Block, row: int) -> NoReturn:
    """Name the time at which a sequence becomes impossible.

    Raises an ImpossibleObservationError always.
    """
    offsets = block_offsets(block)
    sequence = int(np.searchsorted(offsets, row, side="right")) - 1
    time = f"time {row - int(offsets[sequence])}"
    where = time if block.alone else f"sequence {block.unit_of(row)}, {time}"
    raise ImpossibleObservationError(
        f"{where} is impossible: no state that can be reached allows what is observed there"
    )


def _in_logs(params: ChainParams, lookup: Lookup) -> tuple[Array, Labels, Array, Array]:
    return (np.ascontiguousarray(lookup.log_density), lookup.order, *params.logs)
