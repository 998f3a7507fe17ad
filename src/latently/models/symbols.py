"""The E-step of a hidden Markov model of symbols: their densities are looked up, and counted in passing.

What is few and often can be a symbol: counts, answers, rounded measurements, whole rows of a table.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from latently.core.backends import Backend
from latently.core.blocks import Block
from latently.emissions.base import Array
from latently.emissions.categorical import CategoricalCounts
from latently.latent.base import Expected
from latently.latent.emission_tables import SymbolTable
from latently.latent.evidence import looked_up
from latently.models.patterns import Patterns, patterns_of_block


def chain_of_symbols(model: Any, params: Any, block: Block, backend: Backend) -> Expected:
    """E-step of a block of sequences."""
    n_symbols, K = model.emission.n_symbols, model.n_components
    lookup = model.lookup(params, block)

    def count(counts: Array) -> CategoricalCounts:
        """Without padding, and without the row of missing symbols, which is the last for each label."""
        by_symbol = counts.reshape(-1, n_symbols + 1, counts.shape[1]).sum(axis=0)
        return CategoricalCounts(np.ascontiguousarray(by_symbol[:-1, :K].T))

    table = SymbolTable.of(lookup.log_density, lookup.index, count)
    found: Expected = model.latent.expected(params.latent, table, block, backend)
    return found


def chain_of_equal_rows(model: Any, params: Any, block: Block, backend: Backend) -> Expected | None:
    """E-step of a block of sequences in which most rows occur more than once."""
    found = block.remembered("equal rows", lambda: _prepared(model.emission, block))
    return None if found is None else chain_of_patterns(model, params, block, backend, *found)


def _prepared(emission: Any, block: Block) -> tuple[Patterns, Any] | None:
    patterns = patterns_of_block(block)
    return None if patterns is None else (patterns, emission.prepared(block.rows(patterns.rows)))


def chain_of_patterns(
    model: Any, params: Any, block: Block, backend: Backend, patterns: Patterns, prepared: Any
) -> Expected:
    """E-step of a block of sequences whose rows are few patterns, which the family has prepared."""
    emission, theta, n, K = model.emission, params.emission, len(patterns.rows), model.n_components
    table, index = emission.log_density_of(theta, prepared), patterns.index
    if block.labels is not None:
        table, index = looked_up(table, index, block.labels)

    def count(counts: Array) -> Any:
        """The statistics of the patterns, whatever labels are known."""
        resp = counts[:, :K].reshape(-1, n, K).sum(axis=0)
        return emission.expected_stats_of(theta, prepared, resp)

    symbols = SymbolTable.of(table, index, count)
    found: Expected = model.latent.expected(params.latent, symbols, block, backend)
    return found
