"""A hidden Markov model with parameters: what all that is said of one needs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from latently.core.blocks import ArraySource, Block, block_rows
from latently.core.errors import ImpossibleObservationError
from latently.core.executors import SerialExecutor
from latently.estimators.by_hand import LatentEmissionByHand, Parameter, Recorded
from latently.estimators.hmm.groups import lengths_of
from latently.estimators.hmm.sequences import Sequences, check_sequence_weight, joined
from latently.estimators.inputs import Array, read_rows
from latently.estimators.old_names import OldAttribute
from latently.latent.chain import ChainParams
from latently.latent.chain_parts import padded_width
from latently.latent.passes import densities


class FittedHMM(LatentEmissionByHand):
    """A hidden Markov model that has its parameters, from a fit or by hand."""

    fixed: Any
    startprob: str
    startprob_ = Parameter("startprob", lambda hmm: hmm._first())
    transmat_ = Parameter("transmat")
    log_likelihood_ = Recorded()
    log_likelihood_history_ = Recorded()
    converged_ = Recorded()
    stop_reason_ = Recorded()
    n_iter_ = Recorded()
    restarts_ = Recorded()
    diagnostics_ = Recorded()
    n_observed_ = Recorded()
    monitor_ = OldAttribute("read converged_, stop_reason_, n_iter_ and log_likelihood_history_")

    def _first(self) -> Array:
        """Probabilities of the first state, which may follow from transitions that were set just now."""
        params = self._fitted[1] if self.startprob == "free" else self.params_
        return np.asarray(params.latent.startprob)

    @property
    def _chain(self) -> ChainParams:
        """Parameters of the chain, as precise as they are."""
        chain: ChainParams = self.params_.latent
        return chain

    def _observations(self, X: Any, lengths: Any, *, reset: bool) -> Sequences:
        """Check sequences and return them as the family reads them."""
        family = self._family() if reset else self._model.emission
        table, offsets = joined(X, lengths, symbols=family.symbolic)
        found = Sequences(table, offsets)
        family, rows = read_rows(self, table, family, found.where, reset=reset)
        return replace(found, x=rows, family=family)

    def _sequences(self, X: Any, lengths: Any, groups: Any = None, states: Any = None) -> Sequences:
        self._check_fitted()
        found = self._observations(X, lengths_of(X, lengths, groups), reset=False)
        return found.knowing(states, self._model.n_components)

    def _source(self, found: Sequences, weights: Array, n_components: int) -> ArraySource:
        width = int(np.prod(found.x.shape[1:])) + 2 * n_components
        return ArraySource(found.x, weights, found.offsets, block_rows(width), labels=found.states)

    def _weighted_source(self, X: Any, lengths: Any, sequence_weight: Any) -> ArraySource:
        return self._weighted(self._sequences(X, lengths), sequence_weight)

    def _weighted(self, found: Sequences, sequence_weight: Any) -> ArraySource:
        weights = check_sequence_weight(sequence_weight, len(found))
        return self._source(found, weights, self._model.n_components)

    def _block(self, found: Sequences) -> Block:
        return Block(found.x, np.ones(len(found)), found.offsets, alone=len(found) == 1, labels=found.states)

    def _log_density(self, found: Sequences) -> Array:
        """Log density of each time under each state."""
        block, K = self._block(found), self._model.n_components
        density = self._model.density(self.params_, block)
        out = np.empty((len(found.x), K))
        for rows in block.tiles(2 * K + 3 * int(np.prod(found.x.shape[1:]))):
            out[rows] = density(rows)
        return out

    def _lookup(self, found: Sequences) -> tuple[Array, NDArray[np.int64] | None]:
        """Log densities, and which row of them each time has; None if they are in order."""
        return self._log_density(found), None

    def _table(self, found: Sequences) -> tuple[Array, Array]:
        """Densities over the largest of their row, padded, and the sums of its logarithms by sequence."""
        block, K = self._block(found), self._model.n_components
        table = np.empty((len(found.x), padded_width(K)))
        return table, densities(self._model.density(self.params_, block), block, K, SerialExecutor(), table)[
            0
        ]


def refuse_impossible(found: Sequences, time: int) -> NoReturn:
    """Name the time at which a sequence becomes impossible.

    Raises
    ------
    ImpossibleObservationError
        Always.
    """
    raise ImpossibleObservationError(
        f"{found.where(time)} is impossible: no state that can be reached allows what is observed there"
    )
