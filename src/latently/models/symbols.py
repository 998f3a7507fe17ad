"""The E-step of a hidden Markov model of symbols: their densities are looked up, and tallied in passing."""

from __future__ import annotations

from typing import Any

import numpy as np

from latently.core.blocks import Block
from latently.core.executors import Executor
from latently.core.statistics import tree_sum
from latently.emissions.base import Array
from latently.emissions.categorical import CategoricalCounts
from latently.latent.base import Expected
from latently.latent.chain_parts import block_offsets, padded_width
from latently.latent.checkpoints import cut, in_segments
from latently.latent.passes import pass_through
from latently.latent.readings import OfSymbols


def chain_of_symbols(model: Any, params: Any, block: Block, executor: Executor) -> Expected | None:
    """E-step of a block of sequences, those too long for the budget of the chain in segments."""
    latent, emission = model.latent, model.emission
    K = model.n_components
    logs = emission.table(params.emission)
    top = logs.max(axis=1)
    table = np.zeros((len(logs), padded_width(K)))
    table[:, :K] = np.exp(logs - np.where(np.isneginf(top), 0.0, top)[:, None])

    def ordinary(piece: Block) -> Expected:
        tallies = np.zeros_like(table)
        symbols = np.ascontiguousarray(piece.x[:, 0])
        with executor.rooms.room((piece.n_rows, padded_width(K))) as state:
            first, transmat = latent.first(params.latent), params.latent.transmat
            passed = pass_through(
                first, transmat, table, symbols, lambda: logs, piece, executor, tallies, state
            )
        lengths = np.diff(block_offsets(piece))
        seen = tallies.sum(axis=1)
        used = seen > 0
        tops, absolute = float(seen[used] @ top[used]), float(seen[used] @ np.abs(top[used]))
        return Expected(
            passed.counts,
            _of(tallies, K),
            float(piece.weights @ passed.scales) + tops,
            float(piece.weights @ (np.abs(passed.scales) + lengths)) + absolute,
        )

    def in_parts(piece: Block) -> Expected:
        reading = OfSymbols(table, top, logs, np.ascontiguousarray(piece.x[:, 0]))
        found = in_segments(latent.first(params.latent), params.latent.transmat, reading, piece, executor)
        weight = float(piece.weights[0])
        return Expected(
            found.counts, _of(found.tallies, K), weight * found.log_likelihood, weight * found.magnitude
        )

    most = latent.rows_within(padded_width(K))
    if most is None or block.n_rows <= most:
        return ordinary(block)
    pieces = (piece for _, piece in cut(block, most))
    return tree_sum(ordinary(piece) if piece.n_rows <= most else in_parts(piece) for piece in pieces)


def _of(tallies: Array, n_components: int) -> CategoricalCounts:
    """Counts of symbols, without the last row, which is that of missing ones, and without padding."""
    return CategoricalCounts(np.ascontiguousarray(tallies[:-1, :n_components].T))
