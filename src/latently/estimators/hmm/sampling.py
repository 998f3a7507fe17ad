"""What is drawn from a hidden Markov model: new sequences, and paths of states given old ones."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.checks.settings import Number, check_setting, check_whole
from latently.estimators.hmm.fitted import FittedHMM, refuse_impossible
from latently.estimators.hmm.sequences import Sequences
from latently.estimators.inputs import Array
from latently.latent.chain_parts import Padded, padded_width


class Sampling(FittedHMM):
    """Sequences, and paths of states."""

    def sample(
        self, n_samples: int = 1, random_state: Any = None, currstate: int | None = None
    ) -> tuple[Any, NDArray[np.int64]]:
        """Draw one sequence.

        Parameters
        ----------
        n_samples : int, default 1
            How many times.
        random_state : None, int, Generator or RandomState
            None takes the model's own. An integer repeats, a generator is drawn from.
        currstate : int, optional
            The state of the first time. By default it is drawn from `startprob_`.

        Returns
        -------
        X : array of shape (n_samples, n_features)
            Observations.
        states : array of int of shape (n_samples,)
            The states they were drawn from.

        Raises
        ------
        ValueError
            If `n_samples` is less than one, or `currstate` is no state.
        """
        self._check_fitted()
        n = check_whole("n_samples", n_samples)
        rng = self._rng(random_state)
        states = np.empty(n, dtype=np.int64)
        edges, uniform = np.cumsum(self._chain.transmat, axis=1), rng.random(n)
        first = np.cumsum(self._chain.startprob if currstate is None else self._only(currstate))
        for t, u in enumerate(uniform):
            limits = first if t == 0 else edges[states[t - 1]]
            states[t] = min(int(np.searchsorted(limits, u * limits[-1], side="right")), len(limits) - 1)
        family = self._model.emission
        return family.shown(family.sample(self.params_.emission, states, rng)), states

    def sample_states(
        self,
        X: Any,
        n_paths: int = 1,
        random_state: Any = None,
        *,
        lengths: Any = None,
        groups: Any = None,
        states: Any = None,
    ) -> NDArray[np.int64]:
        """Draw paths of states from what is known of them given the sequences.

        Each path is one way in which the states may have gone, drawn with its posterior probability. What is
        counted along many paths (visits, durations, changes) has the distribution that the data leave it,
        where the one likeliest path (`predict`) says nothing of how sure it is.

        Parameters
        ----------
        X : array-like of shape (n_times, n_features), or a list of such
            The sequences.
        n_paths : int, default 1
            How many paths, each drawn by itself.
        random_state : None, int, Generator or RandomState
            None takes the model's own. An integer repeats, a generator is drawn from.
        lengths : array-like of int, optional
            Lengths of the sequences in one table.
        groups : array-like of shape (n_times,), optional
            In place of lengths: which sequence each time belongs to.
        states : array-like of int of shape (n_times,), optional
            States that are known, -1 where they are not.

        Returns
        -------
        array of int of shape (n_paths, n_times)
            States from 0 to n_components - 1. The share of a state at a time tends to `smooth` there.

        Raises
        ------
        ImpossibleObservationError
            If a sequence is impossible; it and the time are named.
        ValueError
            If `n_paths` is not a positive integer.

        References
        ----------
        .. [1] Chib, S. (1996). Calculating posterior distributions and modal estimates in Markov mixture
           models. Journal of Econometrics 75, 79-97.
        .. [2] Frühwirth-Schnatter, S. (2006). Finite Mixture and Markov Switching Models. Springer, section
           11.5.

        Examples
        --------
        >>> import numpy as np
        >>> from latently import PoissonHMM, datasets
        >>> counts = datasets.load_earthquakes().data
        >>> model = PoissonHMM(3, startprob="stationary", random_state=0).fit(counts)
        >>> paths = model.sample_states(counts, n_paths=2000, random_state=0)
        >>> restless = (paths == 2).sum(axis=1)
        >>> np.quantile(restless, [0.05, 0.95]).round().tolist()  # years, of 107
        [15.0, 24.0]
        """
        n_paths = check_whole("n_paths", n_paths)
        found = self._sequences(X, lengths, groups, states)
        # A stream of its own: `sample` draws its states from the first numbers of the same seed.
        rng = np.random.default_rng(self._rng(random_state).integers(2**63, size=2))
        posterior = _PathPosterior(self, found)
        paths = np.empty((n_paths, len(found.x)), dtype=np.int64)
        for path in paths:
            posterior.draw(rng.random(len(path)), path)
        return paths

    def _only(self, state: int) -> Array:
        """Probabilities of a state that is known."""
        K = self._model.n_components
        check_setting("currstate", state, Number(Integral, 0, K - 1, closed="both"))
        return np.eye(K)[state]


class _PathPosterior:
    """States given sequences, filtered once; in logarithms where a scaled vector lost what matters."""

    def __init__(self, hmm: Any, found: Sequences) -> None:
        from latently.kernels.chain import shift_rows
        from latently.kernels.path_sampling import filter_forward

        table, self._index = hmm._lookup(found)
        self._table = np.ascontiguousarray(table)
        self._hmm, self._found = hmm, found
        width = padded_width(hmm._model.n_components)
        self._padded = Padded.of(hmm._chain.startprob, hmm._chain.transmat, width)
        densities, top = np.empty((len(table), width)), np.empty(len(table))
        shift_rows(self._table, densities, top)
        self._filtered = np.empty((len(found.x), width))
        self._log_forward: Array | None = None
        self._scaled = filter_forward(
            densities,
            self._index,
            found.offsets,
            self._padded.start,
            self._padded.transmat,
            self._padded.transposed,
            self._filtered,
            self._padded.lanes,
        )

    def draw(self, uniform: Array, path: NDArray[np.int64]) -> None:
        """Write a path. Both ways make the same one of the same numbers, so the choice leaves it unbiased."""
        from latently.kernels.path_sampling import draw_backward, draw_backward_in_logs

        offsets = self._found.offsets
        if self._scaled and draw_backward(self._filtered, self._padded.transposed, offsets, uniform, path):
            return
        with np.errstate(divide="ignore"):
            log_transmat = np.log(self._hmm._chain.transmat)
        draw_backward_in_logs(self._in_logs(log_transmat), log_transmat, offsets, uniform, path)

    def _in_logs(self, log_transmat: Array) -> Array:
        from latently.kernels.path_sampling import filter_forward_in_logs

        if self._log_forward is None:
            with np.errstate(divide="ignore"):
                log_start = np.log(self._hmm._chain.startprob)
            self._log_forward = np.empty((len(self._found.x), len(log_start)))
            wrong = filter_forward_in_logs(
                self._table, self._index, self._found.offsets, log_start, log_transmat, self._log_forward
            )
            if wrong >= 0:
                refuse_impossible(self._found, int(wrong))
        return self._log_forward
