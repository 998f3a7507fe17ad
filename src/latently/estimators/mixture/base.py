"""Fitting a mixture, in scikit-learn's conventions."""

from __future__ import annotations

from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from latently.core.array_source import ArraySource
from latently.core.choices import FITTED_TIE, column_ranks, ranks
from latently.core.information import StandardErrors
from latently.emissions.base import Emission
from latently.estimators.bases import DensityMixin
from latently.estimators.fitting import n_starts
from latently.estimators.informative import check_informative
from latently.estimators.inputs import Array
from latently.estimators.likelihood import LikelihoodEstimator
from latently.estimators.likelihood.base import Draw
from latently.estimators.likelihood.errors import Intervals
from latently.estimators.likelihood.fitted import Source
from latently.estimators.mixture.predictions import Predictions
from latently.estimators.records import Records
from latently.estimators.settings import MixtureSettings
from latently.estimators.starts import MixtureStarts, Sampled, sampled
from latently.models.latent_emission import Description, LatentEmission, LatentEmissionParams


class BaseMixture(Predictions, DensityMixin, LikelihoodEstimator, MixtureSettings):
    """A finite mixture of any emission family, fitted by EM.

    Concrete mixtures say which family they are of and how its parameters are shown; the rest is here.

    Attributes
    ----------
    weights_ : array of shape (n_components,)
        Probability of each component, in falling order unless starting values were given.
    log_likelihood_history_, parameter_change_history_ : array of shape (n_iterates,)
        At each iterate: the log-likelihood, and the largest change of a parameter, in units of the features.
    lower_bound_ : float
        `log_likelihood_` per row, as scikit-learn has it.
    """

    def fit(self, X: object, y: object = None, sample_weight: object = None) -> Self:
        """Fit the mixture by EM."""
        return super().fit(X, sample_weight=sample_weight)

    def partial_fit(self, X: object, y: object = None, sample_weight: object = None) -> Self:
        """Take in some rows more, by stepwise EM.

        Examples
        --------
        >>> from latently import GaussianMixture, datasets
        >>> X = datasets.load_faithful().data
        >>> mixture = GaussianMixture(2, random_state=0)
        >>> for rows in (X[:100], X[100:200], X[200:]):
        ...     mixture = mixture.partial_fit(rows)
        >>> mixture.means_[:, 0].round(1).tolist()
        [4.2, 2.0]
        """
        return super().partial_fit(X, sample_weight=sample_weight)

    def fit_predict(self, X: object, y: object = None, sample_weight: object = None) -> NDArray[np.int64]:
        """Fit the mixture and label its rows.

        Returns
        -------
        array of shape (n_samples,)
            The likeliest component of each row.
        """
        return self.fit(X, sample_weight=sample_weight).predict(X)

    def bic(self, X: object = None, sample_weight: object = None) -> float:
        return super().bic(X, sample_weight=sample_weight)

    def aic(self, X: object = None, sample_weight: object = None) -> float:
        return super().aic(X, sample_weight=sample_weight)

    def icl(self, X: object, sample_weight: object = None) -> float:
        """Integrated completed likelihood; lower is better.

        BIC, less twice the log probability of the likeliest labels: it prefers components that are
        well separated.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows. The training data are not kept, so they must be given.

        Returns
        -------
        float
            The criterion.

        References
        ----------
        .. [1] Biernacki, C., Celeux, G. and Govaert, G. (2000). Assessing a mixture model for clustering with
           the integrated completed likelihood. IEEE PAMI 22, 719-725, section 3.
        """
        source = self._source(X, sample_weight=sample_weight)
        log_likelihood, resp = self._posterior(source)
        joint = float(source.weights @ (log_likelihood + np.log(resp.max(axis=1))))
        return float(-2 * joint + self.n_parameters_ * np.log(self._n_observed(source)))

    def q_function(
        self, X: object, at: LatentEmissionParams | None = None, sample_weight: object = None
    ) -> float:
        return super().q_function(X, at, sample_weight=sample_weight)

    def posterior_entropy(self, X: object, sample_weight: object = None) -> float:
        """Entropy of the labels given the rows, in nats, summed over the rows."""
        return super().posterior_entropy(X, sample_weight=sample_weight)

    def standard_errors(  # type: ignore[override]
        self,
        X: object,
        kind: str = "observed",
        *,
        sample_weight: object = None,
        n_replicates: int = 200,
        random_state: object = 0,
    ) -> StandardErrors:
        return super().standard_errors(
            X, kind, sample_weight=sample_weight, n_replicates=n_replicates, random_state=random_state
        )

    def confidence_intervals(  # type: ignore[override]
        self,
        X: Any,
        level: float = 0.95,
        kind: str = "observed",
        *,
        transform: bool = True,
        sample_weight: Any = None,
        n_replicates: int = 1000,
        random_state: Any = 0,
    ) -> Intervals:
        asked = {"transform": transform, "n_replicates": n_replicates, "random_state": random_state}
        return super().confidence_intervals(X, level, kind, sample_weight=sample_weight, **asked)

    def summary(self, X: object = None, level: float = 0.95, *, sample_weight: object = None) -> Records:
        return super().summary(X, level, sample_weight=sample_weight)

    def _n_parameters(self) -> int:
        """Number of free parameters, as many scripts for scikit-learn have it."""
        return self.n_parameters_

    def _check_data(self, family: Emission, source: ArraySource, names: list[str] | None) -> None:
        rows = family.modelled(source.x)
        seen = rows if rows.dtype.kind == "f" else np.where(family.observed(rows)[:, None], rows, np.nan)

        def shown(values: Array) -> Any:
            return family.shown(values.astype(rows.dtype))

        check_informative(seen, source.weights, int(self.n_components), names, 5, shown)

    def _few(self, source: Source) -> int:
        return max(5000, 20 * int(self.n_components) * (source.outline.x.shape[1] + 1))

    def _n_starts(self) -> int:
        several = self.n_components > 1 or self._family().several_maxima or self._given()
        return n_starts(self.n_init) if several else 1

    def _drawn(
        self, model: LatentEmission, description: Description, source: Source, rng: np.random.Generator
    ) -> Draw:
        def sample() -> Sampled:
            n_rows = max(5000, 20 * model.n_components * source.outline.x.shape[1])
            some = source.subsample(n_rows, rng).in_memory()
            return sampled(some.x, some.weights)

        return partial(MixtureStarts(model, description, sample).of, self.init_params)

    def _order(self, model: LatentEmission, params: LatentEmissionParams) -> NDArray[np.int64]:
        return canonical_order(params.latent.weights, model.emission.order_keys(params.emission))


def canonical_order(weights: Array, means: Array | None) -> NDArray[np.int64]:
    """Components by falling weight; near-ties by their means, feature by feature."""
    return np.lexsort([*([] if means is None else column_ranks(means)), ranks(-weights, FITTED_TIE)])
