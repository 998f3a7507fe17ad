"""How sure a fit is of its parameters: standard errors and confidence intervals."""

from __future__ import annotations

from typing import Any

from latently.checks.settings import BOOLEAN, SHARE, checked
from latently.core.em import EMMap, Settings
from latently.core.executors import count_threads, executor
from latently.core.information import StandardErrors, standard_errors
from latently.core.libraries import single_threaded_libraries
from latently.estimators.inputs import Array, random_generator
from latently.estimators.mixture.fitted import FittedMixture
from latently.estimators.uncertainty import (
    STANDARD_ERRORS,
    intervals_of,
    percentiles,
    spread,
)
from latently.models.bootstrap import Replicates, bootstrap


class Errors(FittedMixture):
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
        sample_weight: Any = None,
        n_replicates: int = 200,
        random_state: Any = 0,
    ) -> StandardErrors:
        """Standard errors of all parameters at their fitted values.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The training rows.
        kind : {"observed", "robust", "bootstrap"}, default "observed"
            "observed" inverts the observed information; "robust" does not assume that the model is true, and
            needs the score of each row; "bootstrap" refits under random weights of the rows, and assumes
            nothing of the shape of the likelihood.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.
        n_replicates : int, default 200
            Refits of the bootstrap.
        random_state : None, int, Generator or RandomState
            Of the bootstrap.

        Returns
        -------
        StandardErrors
            ``result["means"]`` has the shape and the units of `means_`. NaN, with the reason in `reasons`,
            for what lies on a boundary of the parameter space, such as a weight of zero or a covariance on
            its floor, which the others take for known; and for all where the information is singular.

        Raises
        ------
        ValueError
            If `kind` is unknown or X does not fit the model.

        References
        ----------
        .. [1] McLachlan, G. J. and Krishnan, T. (2008). The EM Algorithm and Extensions, 2nd ed., chapter 4.

        Examples
        --------
        >>> from latently import GaussianMixture, datasets
        >>> X = datasets.load_faithful().data
        >>> mixture = GaussianMixture(2, random_state=0).fit(X)
        >>> mixture.standard_errors(X)["means"].round(2).tolist()
        [[0.03, 0.46], [0.03, 0.59]]
        """
        if kind == "bootstrap":
            return spread(self._bootstrap(X, sample_weight, n_replicates, random_state), self.fixed)
        source = self._weighted_source(X, sample_weight)
        with (
            single_threaded_libraries(),
            executor(min(count_threads(self.n_jobs), source.n_blocks)) as workers,
        ):
            em = EMMap(self._model, source, workers)
            return standard_errors(em, self.params_, tuple(self.fixed), kind)  # type: ignore[arg-type]

    @checked(**STANDARD_ERRORS, level=(SHARE,), transform=(BOOLEAN,))
    def confidence_intervals(
        self,
        X: Any,
        level: float = 0.95,
        kind: str = "observed",
        *,
        transform: bool = True,
        sample_weight: Any = None,
        n_replicates: int = 1000,
        random_state: Any = 0,
    ) -> dict[str, tuple[Array, Array]]:
        """Confidence intervals of all parameters.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The training rows.
        level : float, default 0.95
            How often an interval is to cover the true value.
        kind : {"observed", "robust", "bootstrap"}, default "observed"
            As for `standard_errors`. Intervals of the first two come from the normal distribution; those of
            the bootstrap are its percentiles.
        transform : bool, default True
            Whether errors are counted on the logit scale for probabilities, and on that of logarithms for
            rates and variances, so that intervals stay in range. False gives the plain ones (Wald's):
            estimates less and plus so many errors. Those of the bootstrap need neither.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.
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
            If `level` is not between 0 and 1, `kind` is unknown, or X does not fit the model.
        """
        if kind == "bootstrap":
            return percentiles(self._bootstrap(X, sample_weight, n_replicates, random_state), level)
        errors = self.standard_errors(X, kind, sample_weight=sample_weight)
        return intervals_of(
            errors, self._model.spaces(self.params_), self.params_, level, transform=transform
        )

    def _bootstrap(self, X: Any, sample_weight: Any, n_replicates: int, random_state: Any) -> Replicates:
        source = self._weighted_source(X, sample_weight)
        rng = random_generator(random_state)
        settings = Settings(self.tol, self.max_iter, tuple(self.fixed), accelerate=True)
        with single_threaded_libraries(), executor(count_threads(self.n_jobs)) as workers:
            em = EMMap(self._model, source, workers, tuple(self.fixed))
            n = float(source.weights.sum())
            return bootstrap(em, self.params_, n_replicates, settings, n, rng)
