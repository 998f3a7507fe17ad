"""What a hidden Markov model says of sequences: scores, states given the past or everything, and paths."""

from __future__ import annotations

from functools import partial
from typing import cast

import numpy as np
from numpy.typing import NDArray

from latently.checks.settings import check_setting, check_whole, one_of
from latently.core.choices import likeliest
from latently.estimators.hmm.ahead import Filtering, Forecast
from latently.estimators.hmm.fitted import FittedHMM
from latently.estimators.inputs import Array
from latently.latent.chain import Chain
from latently.sources import as_scan

ALGORITHMS = ("viterbi", "map")


class Decoding(FittedHMM):
    """Scoring, decoding, filtering, smoothing, forecasting, and paths drawn."""

    def score(
        self,
        X: object,
        y: object = None,
        *,
        lengths: object = None,
        groups: object = None,
        states: object = None,
    ) -> float:
        """Total log-likelihood of the sequences, in nats (not the mean).

        Returns
        -------
        float
            Higher is better; minus infinity if a sequence is impossible.
        """
        found = self._source(X, y=y, lengths=lengths, groups=groups, states=states)
        return float(self._posterior(found)[0].sum())

    def score_samples(
        self, X: object, lengths: object = None, *, groups: object = None, states: object = None
    ) -> tuple[float, Array]:
        """Total log-likelihood, and the probabilities of the states given all of each sequence.

        Returns
        -------
        log_likelihood : float
            In nats.
        posteriors : array of shape (n_steps, n_components)
            As `smooth` gives them.

        Raises
        ------
        ImpossibleObservationError
            If a sequence is impossible; it and the time step are named.
        """
        found = self._source(X, lengths=lengths, groups=groups, states=states)
        log_likelihoods, resp = self._posterior(found, refuse=True)
        return float(log_likelihoods.sum()), resp

    def smooth(
        self, X: object, lengths: object = None, *, groups: object = None, states: object = None
    ) -> Array:
        """Probabilities of the states at each time step given the whole sequence, its future included.

        Returns
        -------
        array of shape (n_steps, n_components)
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
        like = np.empty((0, int(self.n_components)))
        scan = as_scan(X)
        lazy = None if scan is None else scan.lazily(partial(self.smooth, groups=groups), like)
        if lazy is not None:
            return lazy
        return self.score_samples(X, lengths=lengths, groups=groups, states=states)[1]

    def predict_proba(
        self, X: object, lengths: object = None, *, groups: object = None, states: object = None
    ) -> Array:
        """The same as `smooth`: it uses the future of each time step. For the past only there is `filter`.

        Returns
        -------
        array of shape (n_steps, n_components)
            Rows sum to one.
        """
        return self.smooth(X, lengths=lengths, groups=groups, states=states)

    def filter(
        self, X: object, lengths: object = None, *, groups: object = None, states: object = None
    ) -> Array:
        """Probabilities of the states at each time step given what was seen up to it, and nothing later.

        Returns
        -------
        array of shape (n_steps, n_components)
            Rows sum to one.

        Raises
        ------
        ImpossibleObservationError
            If a sequence is impossible.
        """
        return self.fixed_lag(X, 0, lengths=lengths, groups=groups, states=states)

    def fixed_lag(
        self, X: object, lag: int, *, lengths: object = None, groups: object = None, states: object = None
    ) -> Array:
        """Probabilities of the states at each time step given what was seen up to `lag` time steps later.

        Parameters
        ----------
        lag : int
            How far into the future of each time step to look; 0 is `filter`.

        Returns
        -------
        array of shape (n_steps, n_components)
            Rows sum to one.

        Raises
        ------
        ValueError
            If `lag` is not an integer of at least 0.
        """
        lag = check_whole("lag", lag, 0)
        found = self._source(X, lengths=lengths, groups=groups, states=states)
        return self._model.latent.filter(self.params_.latent, self._lookup(found), found.whole(), lag)

    def forecast(self, X: object, steps: int = 1, *, states: object = None) -> Forecast:
        """Distributions of the states and observations that follow a sequence.

        Parameters
        ----------
        X : array-like of shape (n_steps, n_features)
            One sequence, seen up to now.
        steps : int, default 1
            How many time steps ahead.

        Returns
        -------
        Forecast
            ``states[h - 1]`` are the probabilities of the states `h` time steps ahead.

        Raises
        ------
        ValueError
            If `steps` is not a positive integer.
        """
        steps = check_whole("steps", steps)
        found = self._source(X, states=states)
        if len(found) > 1:
            raise ValueError(f"X holds {len(found)} sequences: forecast each by itself")
        latent, params = self._model.latent, self.params_
        here = latent.filter(params.latent, self._lookup(found), found.whole())[-1]
        ahead = np.empty((steps, self._model.n_components))
        for step in range(steps):
            here = latent.predict(params.latent, here, 1)
            ahead[step] = here = here / here.sum()
        return Forecast(ahead, self._model.emission, params.emission, lambda x: self._source(x).in_memory().x)

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
        X: object,
        lengths: object = None,
        algorithm: str = "viterbi",
        *,
        groups: object = None,
        states: object = None,
    ) -> tuple[float, NDArray[np.int64]]:
        """The likeliest path of states, or the likeliest state at each time step by itself.

        Parameters
        ----------
        algorithm : {"viterbi", "map"}, default "viterbi"
            "viterbi" finds the path, "map" the state at each time step.

        Returns
        -------
        log_probability : float
            "viterbi": log joint density of the paths and the data; "map": sum of the largest log posteriors.
        states : array of int of shape (n_steps,)
            The states.

        Raises
        ------
        ImpossibleObservationError
            If a sequence is impossible.
        ValueError
            If the algorithm is unknown.
        """
        check_setting("algorithm", algorithm, one_of(*ALGORITHMS))
        found = self._source(X, lengths=lengths, groups=groups, states=states)
        if algorithm == "map":
            posteriors = self._posterior(found, refuse=True)[1]
            with np.errstate(divide="ignore"):
                return float(np.log(posteriors.max(axis=1)).sum()), likeliest(posteriors)
        with self._workers() as workers:
            values, path = self._model.latent.decode(
                self.params_.latent, self._lookup(found), found.whole(), workers
            )
        if not np.isfinite(values).all():
            self._posterior(found, refuse=True)  # which names the time
        return float(values.sum()), path

    def predict(
        self, X: object, lengths: object = None, *, groups: object = None, states: object = None
    ) -> NDArray[np.int64]:
        """The likeliest path of states, by Viterbi's algorithm: each state depends on the future, too.

        Returns
        -------
        array of int of shape (n_steps,)
            States from 0 to n_components - 1; of Dask's collections, to be worked out when it is asked for.
        """
        scan, like = as_scan(X), np.empty(0, dtype=np.int64)
        lazy = None if scan is None else scan.lazily(partial(self.predict, groups=groups), like)
        return lazy if lazy is not None else self.decode(X, lengths=lengths, groups=groups, states=states)[1]

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
        return cast("Chain", self._model.latent).stationary_distribution(self.params_.latent)

    def sample_states(
        self,
        X: object,
        n_paths: int = 1,
        random_state: object = None,
        *,
        lengths: object = None,
        groups: object = None,
        states: object = None,
    ) -> NDArray[np.int64]:
        """Draw paths of states from what is known of them given the sequences.

        Each path is one way in which the states may have gone, drawn with its posterior probability. What is
        counted along many paths (visits, durations, changes) has the distribution that the data leave it,
        where the one likeliest path (`predict`) says nothing of how sure it is.

        Parameters
        ----------
        n_paths : int, default 1
            How many paths, each drawn by itself.

        Returns
        -------
        array of int of shape (n_paths, n_steps)
            States from 0 to n_components - 1. The share of a state at a time tends to `smooth` there.

        Raises
        ------
        ImpossibleObservationError
            If a sequence is impossible; it and the time step are named.
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
        found = self._source(X, lengths=lengths, groups=groups, states=states)
        # A stream of its own: `sample` draws its states from the first numbers of the same seed.
        rng = np.random.default_rng(self._rng(random_state).integers(2**63, size=2))
        latent, params = self._model.latent, self.params_.latent
        return latent.sample_posterior(params, self._lookup(found), found.whole(), n_paths, rng)
