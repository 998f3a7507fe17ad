"""A hidden Markov model with parameters: what all that is said of one needs."""

from __future__ import annotations

from typing import Any

import numpy as np

from latently.checks.settings import bytes_of
from latently.core.array_source import ArraySource
from latently.core.blocks import block_rows
from latently.core.declared import support_of
from latently.emissions.base import Emission
from latently.estimators.documented import entries
from latently.estimators.hmm.sequences import (
    Places,
    joined,
    known_states,
    lengths_by_position,
    lengths_of,
    of_columns,
)
from latently.estimators.informative import check_weights
from latently.estimators.inputs import Array, read_rows
from latently.estimators.likelihood.fitted import FittedModel, Source
from latently.estimators.old_names import OldAttribute
from latently.estimators.settable import Parameter
from latently.estimators.settings import ChainSettings
from latently.estimators.streaming import read_scan, split_off
from latently.latent.chain import Chain
from latently.sources import Scan, as_scan


class FittedHMM(FittedModel, ChainSettings):
    """A hidden Markov model that has its parameters, from a fit or by hand."""

    described = entries(
        """
        X : array-like of shape (n_steps, n_features), or a list of such
            One table of all sequences, one after the other, or one table for each.
        y : None
            Ignored; there for scikit-learn's conventions. Lengths are understood here, too, as in hmmlearn.
        lengths : array-like of int, optional
            Lengths of the sequences in one table; it is one sequence by default.
        groups : array-like of shape (n_steps,) or str, optional
            In place of lengths: the sequence that each time step belongs to, or the column of X that says so.
            Those of one sequence stand together.
        sequence_weight : array-like of shape (n_sequences,), or float, optional
            How often each sequence counts.
        states : array-like of int of shape (n_steps,), optional
            States that are known, -1 where they are not.
        startprob : array-like of shape (n_components,), "stationary" or "uniform"
            Probabilities of the first state, or what they follow from.
        transmat : array-like of shape (n_components, n_components)
            Transition probabilities, from row to column. Exact zeros cannot happen.
        """
    )

    startprob_ = Parameter("startprob", lambda hmm: hmm._first())
    transmat_ = Parameter("transmat")

    monitor_ = OldAttribute("read converged_, stop_reason_, n_iter_ and log_likelihood_history_")

    def _first(self) -> Array:
        """Probabilities of the first state, which may follow from transitions that were set just now."""
        params = self._fitted[1] if self.startprob == "free" else self.params_
        return np.asarray(params.latent.startprob)

    def _latent(self) -> Chain:
        """The chain, with the zeros of the starting probabilities kept for ever."""
        K = int(self.n_components)
        given = {
            name: support_of(Chain().checked(name, value, K, self._argument_of(name)))
            for name, value in self._given().items()
            if name in Chain().names
        }
        return Chain(
            startprob=self.startprob,
            support=given.get("transmat"),
            first_support=given.get("startprob"),
            budget=bytes_of(self.memory_budget),
        )

    def _needed(self) -> list[str]:
        return [name for name in super()._needed() if name != "startprob" or self.startprob == "free"]

    def _read(
        self,
        X: object,
        family: Emission,
        *,
        reset: bool,
        y: object = None,
        lengths: object = None,
        groups: object = None,
        sequence_weight: object = None,
        states: object = None,
    ) -> tuple[Emission, Source]:
        scan, of_all = as_scan(X), (lengths, sequence_weight, states)
        if scan is not None and any(one is not None for one in of_all) and (some := scan.dense()) is not None:
            scan, X = None, some
        if scan is not None:
            return self._scanned(scan, family, groups, reset, of_all)
        if isinstance(groups, str):  # a column of the table
            X, groups = split_off(X, groups)
        if family.takes == "columns":
            X = of_columns(X)
        lengths = lengths_of(X, lengths_by_position(X, y, lengths), groups)
        table, offsets = joined(X, lengths, symbols=family.symbolic)
        family, x = read_rows(self, table, family, Places(offsets).where, reset=reset)
        weights = check_weights(sequence_weight, len(offsets) - 1, "sequence_weight", "sequence")
        K = int(self.n_components)
        labels, size = known_states(states, len(x), K), self._block_rows(int(np.prod(x.shape[1:])))
        return family, ArraySource(x, weights, offsets, size, labels=labels)

    def _scanned(
        self, scan: Scan, family: Emission, groups: Any, reset: bool, others: tuple[object, ...]
    ) -> tuple[Emission, Source]:
        """Sequences that are read piece by piece."""
        if any(other is not None for other in others):
            raise ValueError(
                "lengths, sequence_weight and states are for sequences in memory: name the column that tells "
                "sequences apart in groups="
            )
        if groups is None and not scan.sequences:
            raise ValueError(
                "X is read piece by piece: name the column that tells sequences apart in groups=, so that "
                "none is cut in two"
            )
        how = {"reset": reset, "block_rows": self._block_rows, "groups": groups, "several": True}
        return read_scan(self, scan, family, **how)

    def _block_rows(self, width: int) -> int:
        return block_rows(width + 2 * int(self.n_components))
