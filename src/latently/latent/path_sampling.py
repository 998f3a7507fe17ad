"""Paths of states drawn from what is known of them given sequences."""

from __future__ import annotations

import numpy as np

from latently.core.blocks import Block
from latently.latent.base import Array, Labels, Lookup
from latently.latent.chain_parts import ChainParams, Padded, block_offsets, padded_width
from latently.latent.filtering import refuse_time


class PathPosterior:
    """States given sequences, filtered once; in logarithms where a scaled vector lost what matters.

    Parameters
    ----------
    params : ChainParams
        Probabilities.
    lookup : Lookup
        Log densities of all time steps.
    block : Block
        The limits of the sequences.
    """

    def __init__(self, params: ChainParams, lookup: Lookup, block: Block) -> None:
        from latently.kernels.chain import shift_rows
        from latently.kernels.path_sampling import filter_forward

        table, self._index = np.ascontiguousarray(lookup.log_density), lookup.order
        self._table, self._params, self._block = table, params, block
        width = padded_width(len(params.startprob))
        padded = self._padded = Padded.of(params.startprob, params.transmat, width)
        densities, top = np.empty((len(table), width)), np.empty(len(table))
        shift_rows(table, densities, top)
        self._filtered = np.empty((block.n_rows, width))
        self._log_forward: Array | None = None
        vectors = padded.start, padded.transmat, padded.transposed, self._filtered, padded.lanes
        self._scaled = filter_forward(densities, self._index, block_offsets(block), *vectors)

    def draw(self, uniform: Array, path: Labels) -> None:
        """Write a path. Both ways make the same one of the same numbers, so the choice leaves it unbiased.

        Raises an ImpossibleObservationError if a sequence is impossible; it and the time step are named.
        """
        from latently.kernels.path_sampling import draw_backward, draw_backward_in_logs

        offsets = block_offsets(self._block)
        if self._scaled and draw_backward(self._filtered, self._padded.transposed, offsets, uniform, path):
            return
        draw_backward_in_logs(self._in_logs(), self._params.logs[1], offsets, uniform, path)

    def _in_logs(self) -> Array:
        from latently.kernels.path_sampling import filter_forward_in_logs

        if self._log_forward is None:
            self._log_forward = np.empty((self._block.n_rows, len(self._params.startprob)))
            offsets = block_offsets(self._block)
            wrong = filter_forward_in_logs(
                self._table, self._index, offsets, *self._params.logs, self._log_forward
            )
            if wrong >= 0:
                refuse_time(self._block, int(wrong))
        return self._log_forward
