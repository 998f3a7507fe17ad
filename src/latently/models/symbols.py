"""The E-step of a hidden Markov model of symbols: their densities are looked up, and tallied in passing."""

from __future__ import annotations

from dataclasses import replace
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
from latently.latent.evidence import looked_up
from latently.latent.passes import pass_through
from latently.latent.readings import OfSymbols


def chain_of_symbols(model: Any, params: Any, block: Block, executor: Executor) -> Expected | None:
    """E-step of a block of sequences, those too long for the budget of the chain in segments."""
    latent, emission = model.latent, model.emission
    K = model.n_components
    logs, symbols = emission.table(params.emission), np.ascontiguousarray(block.x[:, 0])
    if block.labels is not None:
        logs, symbols = looked_up(logs, symbols, block.labels)
    block = replace(block, x=symbols)
    top = logs.max(axis=1)
    table = np.zeros((len(logs), padded_width(K)))
    table[:, :K] = np.exp(logs - np.where(np.isneginf(top), 0.0, top)[:, None])

    def counts(tallies: Array) -> CategoricalCounts:
        """Without padding, and without the row of missing symbols, which is the last for each label."""
        by_symbol = tallies.reshape(-1, emission.n_symbols + 1, tallies.shape[1]).sum(axis=0)
        return CategoricalCounts(np.ascontiguousarray(by_symbol[:-1, :K].T))

    def ordinary(piece: Block) -> Expected:
        tallies = np.zeros_like(table)
        with executor.rooms.room((piece.n_rows, padded_width(K))) as state:
            first, transmat = latent.first(params.latent), params.latent.transmat
            passed = pass_through(
                first, transmat, table, piece.x, lambda: logs, piece, executor, tallies, state
            )
        lengths = np.diff(block_offsets(piece))
        seen = tallies.sum(axis=1)
        used = seen > 0
        tops, absolute = float(seen[used] @ top[used]), float(seen[used] @ np.abs(top[used]))
        return Expected(
            passed.counts,
            counts(tallies),
            float(piece.weights @ passed.scales) + tops,
            float(piece.weights @ (np.abs(passed.scales) + lengths)) + absolute,
        )

    def in_parts(piece: Block) -> Expected:
        reading = OfSymbols(table, top, logs, piece.x)
        found = in_segments(latent.first(params.latent), params.latent.transmat, reading, piece, executor)
        weight = float(piece.weights[0])
        return Expected(
            found.counts, counts(found.tallies), weight * found.log_likelihood, weight * found.magnitude
        )

    most = latent.rows_within(padded_width(K))
    if most is None or block.n_rows <= most:
        return ordinary(block)
    pieces = (piece for _, piece in cut(block, most))
    return tree_sum(ordinary(piece) if piece.n_rows <= most else in_parts(piece) for piece in pieces)
