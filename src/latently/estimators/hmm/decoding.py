"""What a hidden Markov model says of sequences: scores, states given the past or everything, and paths."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.checks.settings import check_setting, check_whole, one_of
from latently.core.choices import likeliest
from latently.core.errors import ImpossibleObservationError
from latently.core.executors import count_threads, executor
from latently.core.libraries import single_threaded_libraries
from latently.estimators.hmm.fitted import FittedHMM, refuse_impossible
from latently.estimators.hmm.forecast import Forecast
from latently.estimators.hmm.groups import lengths_by_position
from latently.estimators.hmm.online import Filtering
from latently.estimators.hmm.sequences import Sequences
from latently.estimators.inputs import Array
from latently.latent.passes import pass_through
from latently.latent.stationary import refuse_several, stationary
from latently.latent.viterbi import likeliest_paths

ALGORITHMS = ("viterbi", "map")


class Decoding(FittedHMM):
    """Scoring, decoding, filtering, smoothing and forecasting."""

    n_jobs: int | None

    def score(
        self, X: Any, y: Any = None, *, lengths: Any = None, groups: Any = None, states: Any = None
    ) -> float:
        """Total log-likelihood of the sequences, in nats (not the mean).

        Parameters
        ----------
        X : array-like of shape (n_times, n_features), or a list of such
            The sequences.
        y : None
            Ignored. Lengths are understood here, too, as in hmmlearn.
        lengths : array-like of int, optional
            Lengths of the sequences in one table.
        groups : array-like of shape (n_times,), optional
            In place of lengths: which sequence each time belongs to.
        states : array-like of int of shape (n_times,), optional
            States that are known, -1 where they are not.

        Returns
        -------
        float
            Higher is better; minus infinity if a sequence is impossible.
        """
        found = self._sequences(X, lengths_by_position(X, y, lengths), groups, states)
        return float(self._smoothed(found)[0].sum())

    def score_samples(
        self, X: Any, lengths: Any = None, *, groups: Any = None, states: Any = None
    ) -> tuple[float, Array]:
        """Total log-likelihood, and the probabilities of the states given all of each sequence.

        Parameters
        ----------
        X : array-like of shape (n_times, n_features), or a list of such
            The sequences.
        lengths : array-like of int, optional
            Lengths of the sequences in one table.
        groups : array-like of shape (n_times,), optional
            In place of lengths: which sequence each time belongs to.
        states : array-like of int of shape (n_times,), optional
            States that are known, -1 where they are not.

        Returns
        -------
        log_likelihood : float
            In nats.
        posteriors : array of shape (n_times, n_components)
            As `smooth` gives them.

        Raises
        ------
        ImpossibleObservationError
            If a sequence is impossible; it and the time are named.
        """
        log_likelihoods, state = self._smoothed(self._sequences(X, lengths, groups, states), refuse=True)
        return float(log_likelihoods.sum()), state

    def smooth(self, X: Any, lengths: Any = None, *, groups: Any = None, states: Any = None) -> Array:
        """Probabilities of the states at each time given the whole sequence, its future included.

        Parameters
        ----------
        X : array-like of shape (n_times, n_features), or a list of such
            The sequences.
        lengths : array-like of int, optional
            Lengths of the sequences in one table.
        groups : array-like of shape (n_times,), optional
            In place of lengths: which sequence each time belongs to.
        states : array-like of int of shape (n_times,), optional
            States that are known, -1 where they are not.

        Returns
        -------
        array of shape (n_times, n_components)
            Rows sum to one.

        Raises
        ------
        ImpossibleObservationError
            If a sequence is impossible.

        References
        ----------
        .. [1] Zucchini, W., MacDonald, I. L. and Langrock, R. (2016). Hidden Markov Models for Time
           Series, 2nd ed., section 5.4.1.
        """
        return self.score_samples(X, lengths=lengths, groups=groups, states=states)[1]

    def predict_proba(self, X: Any, lengths: Any = None, *, groups: Any = None, states: Any = None) -> Array:
        """The same as `smooth`: it uses the future of each time, too. For the past only there is `filter`.

        Parameters
        ----------
        X : array-like of shape (n_times, n_features), or a list of such
            The sequences.
        lengths : array-like of int, optional
            Lengths of the sequences in one table.
        groups : array-like of shape (n_times,), optional
            In place of lengths: which sequence each time belongs to.
        states : array-like of int of shape (n_times,), optional
            States that are known, -1 where they are not.

        Returns
        -------
        array of shape (n_times, n_components)
            Rows sum to one.
        """
        return self.smooth(X, lengths=lengths, groups=groups, states=states)

    def filter(self, X: Any, lengths: Any = None, *, groups: Any = None, states: Any = None) -> Array:
        """Probabilities of the states at each time given what was seen up to it, and nothing later.

        Parameters
        ----------
        X : array-like of shape (n_times, n_features), or a list of such
            The sequences.
        lengths : array-like of int, optional
            Lengths of the sequences in one table.
        groups : array-like of shape (n_times,), optional
            In place of lengths: which sequence each time belongs to.
        states : array-like of int of shape (n_times,), optional
            States that are known, -1 where they are not.

        Returns
        -------
        array of shape (n_times, n_components)
            Rows sum to one.

        Raises
        ------
        ImpossibleObservationError
            If a sequence is impossible.
        """
        return self._filtered(self._sequences(X, lengths, groups, states), 0)

    def fixed_lag(
        self, X: Any, lag: int, *, lengths: Any = None, groups: Any = None, states: Any = None
    ) -> Array:
        """Probabilities of the states at each time given what was seen up to `lag` times later.

        Parameters
        ----------
        X : array-like of shape (n_times, n_features), or a list of such
            The sequences.
        lag : int
            How far into the future of each time to look; 0 is `filter`.
        lengths : array-like of int, optional
            Lengths of the sequences in one table.
        groups : array-like of shape (n_times,), optional
            In place of lengths: which sequence each time belongs to.
        states : array-like of int of shape (n_times,), optional
            States that are known, -1 where they are not.

        Returns
        -------
        array of shape (n_times, n_components)
            Rows sum to one.

        Raises
        ------
        ValueError
            If `lag` is not an integer of at least 0.
        """
        lag = check_whole("lag", lag, 0)
        return self._filtered(self._sequences(X, lengths, groups, states), lag)

    def forecast(self, X: Any, steps: int = 1, *, states: Any = None) -> Forecast:
        """Distributions of the states and observations that follow a sequence.

        Parameters
        ----------
        X : array-like of shape (n_times, n_features)
            One sequence, seen up to now.
        steps : int, default 1
            How many times ahead.
        states : array-like of int of shape (n_times,), optional
            States that are known, -1 where they are not.

        Returns
        -------
        Forecast
            ``states[h - 1]`` are the probabilities of the states `h` times ahead.

        Raises
        ------
        ValueError
            If `steps` is not a positive integer.
        """
        steps = check_whole("steps", steps)
        found = self._sequences(X, None, states=states)
        if len(found) > 1:
            raise ValueError(f"X holds {len(found)} sequences: forecast each by itself")
        here = self._filtered(found, 0)[-1]
        ahead = np.empty((steps, self._model.n_components))
        for step in range(steps):
            here = here @ self._chain.transmat
            ahead[step] = here = here / here.sum()

        def read(x: Any) -> Any:
            return self._observations(x, None, reset=False).x

        return Forecast(ahead, self._model.emission, self.params_.emission, read)

    def filtering(self) -> Filtering:
        """An object that takes observations one at a time and knows the state now.

        Returns
        -------
        Filtering
            At the beginning of a sequence.
        """
        return Filtering(self)

    def decode(
        self,
        X: Any,
        lengths: Any = None,
        algorithm: str = "viterbi",
        *,
        groups: Any = None,
        states: Any = None,
    ) -> tuple[float, NDArray[np.int64]]:
        """The likeliest path of states, or the likeliest state at each time by itself.

        Parameters
        ----------
        X : array-like of shape (n_times, n_features), or a list of such
            The sequences.
        lengths : array-like of int, optional
            Lengths of the sequences in one table.
        algorithm : {"viterbi", "map"}, default "viterbi"
            "viterbi" finds the path, "map" the state at each time.
        groups : array-like of shape (n_times,), optional
            In place of lengths: which sequence each time belongs to.
        states : array-like of int of shape (n_times,), optional
            States that are known, -1 where they are not.

        Returns
        -------
        log_probability : float
            "viterbi": log joint density of the paths and the data; "map": sum of the largest log posteriors.
        states : array of int of shape (n_times,)
            The states.

        Raises
        ------
        ImpossibleObservationError
            If a sequence is impossible.
        ValueError
            If the algorithm is unknown.
        """
        check_setting("algorithm", algorithm, one_of(*ALGORITHMS))
        found = self._sequences(X, lengths, groups, states)
        if algorithm == "map":
            posteriors = self._smoothed(found, refuse=True)[1]
            with np.errstate(divide="ignore"):
                return float(np.log(posteriors.max(axis=1)).sum()), likeliest(posteriors)
        table, index = self._lookup(found)
        with executor(count_threads(self.n_jobs)) as workers:
            path, values = likeliest_paths(
                table, index, self._chain.startprob, self._chain.transmat, found.offsets, workers
            )
        if not np.isfinite(values).all():
            self._smoothed(found, refuse=True)
        return float(values.sum()), path

    def predict(
        self, X: Any, lengths: Any = None, *, groups: Any = None, states: Any = None
    ) -> NDArray[np.int64]:
        """The likeliest path of states, by Viterbi's algorithm: each state depends on the future, too.

        Parameters
        ----------
        X : array-like of shape (n_times, n_features), or a list of such
            The sequences.
        lengths : array-like of int, optional
            Lengths of the sequences in one table.
        groups : array-like of shape (n_times,), optional
            In place of lengths: which sequence each time belongs to.
        states : array-like of int of shape (n_times,), optional
            States that are known, -1 where they are not.

        Returns
        -------
        array of int of shape (n_times,)
            States from 0 to n_components - 1.
        """
        return self.decode(X, lengths=lengths, groups=groups, states=states)[1]

    def get_stationary_distribution(self) -> Array:
        """The distribution of states that transitions leave as it is.

        Returns
        -------
        array of shape (n_components,)
            Sums to one.

        Raises
        ------
        ValueError
            If it is not unique: if the chain comes apart.
        """
        refuse_several(self.transmat_ > 0, "look at each such set of states by itself")
        return stationary(self.transmat_)

    def _filtered(self, found: Sequences, lag: int) -> Array:
        """Probabilities of the states at each time given what was seen up to `lag` times later."""
        from latently.kernels.log_chain import filter_in_logs

        table, index = self._lookup(found)
        out = np.empty((len(found.x), self._model.n_components))
        with np.errstate(divide="ignore"):
            logs = np.log(self._chain.startprob), np.log(self._chain.transmat)
        for low, high in zip(found.offsets[:-1], found.offsets[1:], strict=True):
            wrong = filter_in_logs(np.ascontiguousarray(table), index, *logs, low, high, lag, out)
            if wrong >= 0:
                refuse_impossible(found, int(wrong))
        return out

    def _smoothed(self, found: Sequences, refuse: bool = False) -> tuple[Array, Array]:
        """Log-likelihood of each sequence, and the responsibilities of all times."""
        table, tops = self._table(found)
        block = self._block(found)
        with single_threaded_libraries(), executor(count_threads(self.n_jobs)) as workers:
            try:
                first, transmat = self._chain.startprob, self._chain.transmat
                passed = pass_through(
                    first, transmat, table, None, lambda: self._log_density(found), block, workers
                )
            except ImpossibleObservationError:
                if refuse:
                    raise
                return np.array([-np.inf]), np.full((len(found.x), self._model.n_components), np.nan)
        return passed.scales + tops, np.ascontiguousarray(passed.state[:, : self._model.n_components])
