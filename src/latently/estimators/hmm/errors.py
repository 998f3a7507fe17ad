"""How sure a fit of a hidden Markov model is of its parameters: standard errors and confidence intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from latently.checks.settings import BOOLEAN, SHARE, checked
from latently.core.blocks import ArraySource
from latently.core.em import EMMap, Settings
from latently.core.executors import count_threads, executor
from latently.core.information import StandardErrors, standard_errors
from latently.core.libraries import single_threaded_libraries
from latently.estimators.hmm.fitted import FittedHMM
from latently.estimators.inputs import random_generator
from latently.estimators.uncertainty import (
    STANDARD_ERRORS,
    Intervals,
    intervals_of,
    percentiles,
    spread,
)
from latently.models.bootstrap import Replicates, bootstrap
from latently.models.latent_emission import LatentEmission

FEW = 10
LONE = (
    "startprob has no error, and the others hold it as it is: it is learned from the first time of one "
    "sequence, which does not say how sure it is"
)


@dataclass(frozen=True)
class _Data:
    """Weighted sequences, and the model that reads them, which may know some states."""

    source: ArraySource
    model: LatentEmission

    @property
    def n_sequences(self) -> int:
        """How many have any weight."""
        return int((self.source.weights > 0).sum())

    @property
    def n_times(self) -> float:
        """Sum of the lengths of all, by weight."""
        lengths = np.diff(np.asarray(self.source.offsets))
        return float(self.source.weights @ lengths)


class Errors(FittedHMM):
    """Standard errors from the observed information, robust ones, and the bootstrap's."""

    tol: float
    max_iter: int
    n_jobs: int | None

    @checked(**STANDARD_ERRORS)
    def standard_errors(
        self,
        X: Any,
        kind: str = "observed",
        *,
        lengths: Any = None,
        groups: Any = None,
        sequence_weight: Any = None,
        states: Any = None,
        n_replicates: int = 200,
        random_state: Any = 0,
    ) -> StandardErrors:
        """Standard errors of all parameters at their fitted values.

        Parameters
        ----------
        X : array-like of shape (n_times, n_features), or a list of such
            The training sequences.
        kind : {"observed", "robust", "bootstrap"}, default "observed"
            "observed" inverts the observed information, and needs a long sequence or many; "robust" does not
            assume that the model is true, and needs more sequences than there are parameters; "bootstrap"
            refits under random weights of the sequences, and needs many.
        lengths : array-like of int, optional
            Lengths of the sequences in one table.
        groups : array-like of shape (n_times,), optional
            In place of lengths: which sequence each time belongs to.
        sequence_weight : array-like of shape (n_sequences,), optional
            How often each sequence counts.
        states : array-like of int of shape (n_times,), optional
            States that were known to `fit`, -1 where they were not.
        n_replicates : int, default 200
            Refits of the bootstrap.
        random_state : None, int, Generator or RandomState
            Of the bootstrap.

        Returns
        -------
        StandardErrors
            ``result["transmat"]`` has the shape of `transmat_`. Zero for structural zeros and what is held
            fixed; NaN, with the reason in `reasons`, where there is none.

        Raises
        ------
        ValueError
            If `kind` is unknown or needs more sequences, or X does not fit the model.
        ImpossibleObservationError
            If a sequence is impossible.

        Notes
        -----
        A probability or a rate learned to be zero lies on a boundary and has no error, nor has a variance on
        its floor; the other errors hold it there.
        So does the `startprob_` of one sequence: it is learned from a single state, ends at one state for
        certain, and is no better known however long the sequence. Many sequences, or
        ``startprob="stationary"``, in which it follows from the transitions, mend that. What follows from
        other parameters has no entry.

        References
        ----------
        .. [1] Lystig, T. C. and Hughes, J. P. (2002). Exact computation of the observed information matrix
           for hidden Markov models. Journal of Computational and Graphical Statistics 11, 678-689.
        .. [2] Zucchini, W., MacDonald, I. L. and Langrock, R. (2016). Hidden Markov Models for Time
           Series, 2nd ed., section 3.6.

        Examples
        --------
        >>> from latently import PoissonHMM, datasets
        >>> counts = datasets.load_earthquakes().data
        >>> model = PoissonHMM(2, startprob="stationary", random_state=0).fit(counts)
        >>> errors = model.standard_errors(counts)
        >>> errors["lambdas"].round(2).tolist()
        [[0.7], [1.36]]
        """
        data = self._data(X, lengths, groups, sequence_weight, states)
        if kind == "bootstrap":
            return self._spread(data, self._bootstrap(data, n_replicates, random_state))
        free = self.n_components > 1 and "startprob" in self._free_names() - set(self.fixed)
        lone = ("startprob",) if free and data.n_sequences == 1 else ()
        with single_threaded_libraries(), executor(count_threads(self.n_jobs)) as workers:
            em: EMMap[Any, Any, Any] = EMMap(data.model, data.source, workers)
            found = standard_errors(em, self.params_, (*self.fixed, *lone), kind)  # type: ignore[arg-type]
        errors = {name: found[name] for name in found.errors if name in self._free_names()}
        errors.update({name: np.full(self.n_components, np.nan) for name in lone})
        return StandardErrors(errors, (LONE,) * len(lone) + found.reasons, kind)

    @checked(**STANDARD_ERRORS, level=(SHARE,), transform=(BOOLEAN,))
    def confidence_intervals(
        self,
        X: Any,
        level: float = 0.95,
        kind: str = "observed",
        *,
        transform: bool = True,
        lengths: Any = None,
        groups: Any = None,
        sequence_weight: Any = None,
        states: Any = None,
        n_replicates: int = 1000,
        random_state: Any = 0,
    ) -> Intervals:
        """Confidence intervals of all parameters.

        Parameters
        ----------
        X : array-like of shape (n_times, n_features), or a list of such
            The training sequences.
        level : float, default 0.95
            How often an interval is to cover the true value.
        kind : {"observed", "robust", "bootstrap"}, default "observed"
            As for `standard_errors`. Intervals of the first two come from the normal distribution; those of
            the bootstrap are its percentiles.
        transform : bool, default True
            Whether errors are counted on the logit scale for probabilities, and on that of logarithms for
            rates and variances, so that intervals stay in range. False gives the plain ones (Wald's):
            estimates less and plus so many errors. Those of the bootstrap need neither.
        lengths : array-like of int, optional
            Lengths of the sequences in one table.
        groups : array-like of shape (n_times,), optional
            In place of lengths: which sequence each time belongs to.
        sequence_weight : array-like of shape (n_sequences,), optional
            How often each sequence counts.
        states : array-like of int of shape (n_times,), optional
            States that were known to `fit`, -1 where they were not.
        n_replicates : int, default 1000
            Refits of the bootstrap.
        random_state : None, int, Generator or RandomState
            Of the bootstrap.

        Returns
        -------
        dict of str to (lower, upper)
            Each in the shape and the units of the parameter; NaN where there is no standard error.

        Raises
        ------
        ValueError
            If `level` is not between 0 and 1, `kind` is unknown or needs more sequences, or X does not fit
            the model.
        """
        if kind == "bootstrap":
            data = self._data(X, lengths, groups, sequence_weight, states)
            found = percentiles(self._bootstrap(data, n_replicates, random_state), level)
            return {name: limits for name, limits in found.items() if name in self._free_names()}
        errors = self.standard_errors(
            X, kind, lengths=lengths, groups=groups, sequence_weight=sequence_weight, states=states
        )
        return intervals_of(
            errors, self._model.spaces(self.params_), self.params_, level, transform=transform
        )

    def _data(self, X: Any, lengths: Any, groups: Any, sequence_weight: Any, states: Any) -> _Data:
        found = self._sequences(X, lengths, groups, states)
        return _Data(self._weighted(found, sequence_weight), self._model)

    def _free_names(self) -> set[str]:
        """Names of the parameters that do not follow from others."""
        return set(self._model.spaces(self.params_))

    def _spread(self, data: _Data, replicates: Replicates) -> StandardErrors:
        found = spread(replicates, self.fixed)
        errors = {name: error for name, error in found.errors.items() if name in self._free_names()}
        reasons = found.reasons
        if data.n_sequences < FEW:
            reasons += (f"the bootstrap draws weights for {data.n_sequences} sequences only: it is rough",)
        return StandardErrors(errors, reasons, found.kind)

    def _bootstrap(self, data: _Data, n_replicates: int, random_state: Any) -> Replicates:
        if data.n_sequences < 2:
            raise ValueError(
                "kind='bootstrap' draws weights for whole sequences, and there is one: use kind='observed', "
                "or refit to what sample() draws from the model"
            )
        rng = random_generator(random_state)
        settings = Settings(self.tol, self.max_iter, tuple(self.fixed), accelerate=True)
        with single_threaded_libraries(), executor(count_threads(self.n_jobs)) as workers:
            em: EMMap[Any, Any, Any] = EMMap(data.model, data.source, workers, tuple(self.fixed))
            return bootstrap(em, self.params_, n_replicates, settings, data.n_times, rng)
