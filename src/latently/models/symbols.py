"""The E-step of a hidden Markov model of symbols: their densities are looked up, and counted in passing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from latently.core.backends import Backend
from latently.core.blocks import Block
from latently.emissions.base import Array
from latently.emissions.categorical import CategoricalCounts
from latently.latent.base import Expected
from latently.latent.emission_tables import SymbolTable


def chain_of_symbols(model: Any, params: Any, block: Block, backend: Backend) -> Expected:
    """E-step of a block of sequences."""
    n_symbols, K = model.emission.n_symbols, model.n_components
    lookup = model.lookup(params, block)

    def count(counts: Array) -> CategoricalCounts:
        """Without padding, and without the row of missing symbols, which is the last for each label."""
        by_symbol = counts.reshape(-1, n_symbols + 1, counts.shape[1]).sum(axis=0)
        return CategoricalCounts(np.ascontiguousarray(by_symbol[:-1, :K].T))

    table = SymbolTable.of(lookup.log_density, lookup.index, count)
    found: Expected = model.latent.expected(params.latent, table, replace(block, x=lookup.index), backend)
    return found
