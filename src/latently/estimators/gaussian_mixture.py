"""Gaussian mixtures: scikit-learn's estimator of that name, and more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from latently.checks.settings import ARRAY, key_of
from latently.core.blocks import Block
from latently.core.exploration import Start
from latently.emissions.gaussian import STRUCTURES, Gaussian
from latently.emissions.gaussian.prior import Prior
from latently.estimators.imputation.filling import Predictive, expected
from latently.estimators.inputs import Array
from latently.estimators.likelihood.base import Draw, Starts
from latently.estimators.mixture import BaseMixture
from latently.estimators.multivariate_normal import MultivariateNormal, conditioning_values, positions
from latently.estimators.old_names import GAUSSIAN_MIXTURE
from latently.estimators.settable import Parameter
from latently.estimators.settings import GaussianSettings, PriorSettings, estimator, setting
from latently.latent.independent import Weights
from latently.models.latent_emission import Description, LatentEmission, LatentEmissionParams


@estimator(GAUSSIAN_MIXTURE)
class GaussianMixture(BaseMixture, PriorSettings, GaussianSettings):
    """A mixture of multivariate normal distributions, fitted by EM.

    Parameters
    ----------
    covariance_type : {"full", "tied", "diag", "spherical"}, default "full"
        A covariance matrix for each component; one for all; independent features; one variance each.
    weights_init : array-like of shape (n_components,), optional
        Starting weights.
    means_init : array-like of shape (n_components, n_features), optional
        Starting means. With these and ``n_init="auto"`` there is one run; covariances not given start as that
        of all the data, weights not given as equal.
    precisions_init : array-like, optional
        Starting inverse covariances, in the shape of `covariances_`.
    fixed : tuple of str, default ()
        Names of parameters ("weights", "means", "covariances") that keep their starting values.

    Attributes
    ----------
    means_ : array of shape (n_components, n_features)
        Means, in the units of the features.
    covariances_ : array
        Shape (n_components, n_features, n_features), (n_features, n_features), (n_components, n_features) or
        (n_components,), by `covariance_type`.
    precisions_, precisions_cholesky_ : array
        Inverse covariances and their factors, as scikit-learn has them.

    See Also
    --------
    MixtureModel : Mixtures of any family.
    select : The number of components and the covariance type by BIC.

    References
    ----------
    .. [1] McLachlan, G. J. and Peel, D. (2000). Finite Mixture Models. Wiley, sections 3.2 and 3.8.

    Examples
    --------
    >>> from latently import GaussianMixture, datasets
    >>> X = datasets.load_faithful().data
    >>> mixture = GaussianMixture(n_components=2, random_state=0).fit(X)
    >>> mixture.means_.round(2).tolist()
    [[4.29, 79.97], [2.04, 54.48]]
    >>> round(mixture.bic(), 3)
    2322.192
    """

    covariance_type: str = setting(key_of(STRUCTURES), default="full")
    weights_init: object = setting(ARRAY, None, default=None)
    means_init: object = setting(ARRAY, None, default=None)
    precisions_init: object = setting(ARRAY, None, default=None)

    means_ = Parameter("means")
    covariances_ = Parameter("covariances")
    precisions_ = Parameter(
        "covariances",
        lambda mixture: mixture._family().precisions(mixture.params_.emission),
        lambda mixture, value, label: mixture._from_precisions(value, label),
    )
    precisions_cholesky_ = Parameter(
        "covariances",
        lambda mixture: mixture._family().precisions_cholesky(mixture.params_.emission),
        lambda mixture, value, label: mixture._from_precisions(mixture._family().squared(value), label),
    )

    @classmethod
    def from_parameters(
        cls, weights: object, means: object, covariances: object, *, covariance_type: str = "full"
    ) -> Self:
        """Return a mixture with given parameters, ready to predict and to sample, without fitting.

        Parameters
        ----------
        weights : array-like of shape (n_components,)
            Probabilities.
        means : array-like of shape (n_components, n_features)
            Means.
        covariances : array-like
            Covariances, in the shape of `covariance_type`.
        covariance_type : {"full", "tied", "diag", "spherical"}, default "full"
            How the covariances are written.

        Returns
        -------
        GaussianMixture
            Labels in the order given.

        Raises
        ------
        ValueError
            If shapes do not fit, weights are not probabilities, or a covariance is not positive definite.

        Examples
        --------
        >>> mixture = GaussianMixture.from_parameters([0.5, 0.5], [[0.0], [4.0]], [[[1.0]], [[1.0]]])
        >>> mixture.predict_proba([[2.0]]).tolist()
        [[0.5, 0.5]]
        """
        mixture = cls(len(np.atleast_1d(np.asarray(means, dtype=object))), covariance_type=covariance_type)
        return mixture._from(weights=weights, means=means, covariances=covariances)

    def _family(self) -> Gaussian:
        if self.prior is None and self.prior_strength is not None:
            raise ValueError(
                f"prior_strength={self.prior_strength!r} without a prior: set prior, or leave it out"
            )
        prior = None if self.prior is None else Prior(self.prior, self.prior_strength)
        return Gaussian(self.covariance_type, float(self.reg_covar), prior=prior)

    def _from_precisions(self, precisions: Array, label: str) -> Array:
        return self._family().from_precisions(precisions, self.n_components, None, label)

    def _argument_of(self, name: str) -> str:
        return "precisions_init" if name == "covariances" else f"{name}_init"

    def _checked(self, model: LatentEmission, name: str, value: object, n_features: int, label: str) -> Array:
        if label == "precisions_init":
            family = cast("Gaussian", model.emission)
            found: Array = family.from_precisions(value, model.n_components, n_features, label)
            return found
        return super()._checked(model, name, value, n_features, label)

    def _with_given(
        self, model: LatentEmission, description: Description, given: dict[str, Array], draw: Draw
    ) -> Starts:
        """With means there is one start: covariances not given are that of all the data about them."""
        family = cast("Gaussian", model.emission)

        def put_in(latent: Weights, emission: Any) -> LatentEmissionParams:
            emission = family.params(
                given.get("means", emission.means), given.get("covariances", emission.covariances)
            )
            return LatentEmissionParams(
                Weights(given.get("weights", latent.weights)), family.clipped(emission)
            )

        def altered(start: Start[LatentEmissionParams]) -> Start[LatentEmissionParams]:
            def draw(rng: np.random.Generator) -> LatentEmissionParams:
                drawn = start.draw(rng)
                return put_in(drawn.latent, drawn.emission)

            return Start(start.kind, draw)

        if "means" in given:
            latent = model.latent.start(model.n_components, np.random.default_rng(0))
            pooled = family.pooled(description.emission, given["means"])
            return [Start("given", lambda rng: put_in(latent, pooled))]
        return [altered(start) for start in draw(self._n_starts())]

    @property
    def components_(self) -> list[MultivariateNormal]:
        """The components, each as a distribution of its own."""
        dense = self._dense(self.params_)
        return [
            MultivariateNormal(mean, matrix)
            for mean, matrix in zip(self.params_.emission.means, dense, strict=True)
        ]

    def _dense(self, params: LatentEmissionParams) -> Array:
        return np.asarray(self._family().dense(params.emission))

    def impute(self, X: object) -> Array:
        """Fill missing cells by their expectation given the observed cells of their row.

        That is the best guess of each cell, but a table of best guesses has less spread than the data: for
        standard errors draw imputations with `GaussianImputer`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows; NaN is a missing cell.

        Returns
        -------
        array of shape (n_samples, n_features)
            Observed cells as they are.

        Examples
        --------
        >>> import numpy as np
        >>> from latently import GaussianMixture
        >>> mixture = GaussianMixture.from_parameters([1.0], [[0.0, 0.0]], [[[1.0, 0.5], [0.5, 1.0]]])
        >>> mixture.impute([[2.0, np.nan]]).tolist()
        [[2.0, 1.0]]
        """
        rows = self._source(X).in_memory().x
        return expected(self._predictive(rows), rows).astype(rows.dtype, copy=False)

    def _predictive(self, rows: Array) -> Predictive:
        ones = np.ones(len(rows))
        one = self._model.n_components == 1
        resp = (
            ones[:, None] if one else self._model.posterior(self.params_, Block(rows, ones), refuse=False)[1]
        )
        return Predictive(resp, self.params_.emission.means, self._dense(self.params_))

    def marginal(self, keep: Sequence[int | str]) -> GaussianMixture:
        """Return the mixture of some of the features.

        Parameters
        ----------
        keep : sequence of int or str
            Positions or names of the features, in the order they are to have.

        Returns
        -------
        GaussianMixture
            Of ``len(keep)`` features, with the same weights and labels.

        Raises
        ------
        ValueError
            If there is no such feature, or it is twice there.
        """
        kept = self._positions(keep, "keep")
        parts = [component.marginal(kept) for component in self.components_]
        return self._of(self.params_.latent.weights, parts, kept)

    def conditional(self, given: Sequence[int | str], values: object) -> GaussianMixture:
        """Return the mixture of the other features, given the values of some.

        Parameters
        ----------
        given : sequence of int or str
            Positions or names of the known features.
        values : array-like of shape (len(given),)
            Their values.

        Returns
        -------
        GaussianMixture
            Of the other features; each weight is the responsibility of the component for the values.

        Raises
        ------
        ValueError
            If there is no such feature, or it is twice there, none is left, or the values do not fit.

        References
        ----------
        .. [1] Sung, H. G. (2004). Gaussian Mixture Regression and Classification. PhD thesis, Rice
           University, section 2.2.

        Examples
        --------
        >>> from latently import GaussianMixture, datasets
        >>> X = datasets.load_faithful().data
        >>> mixture = GaussianMixture(2, random_state=0).fit(X)
        >>> waiting = mixture.conditional([0], [2.0])
        >>> (waiting.weights_ @ waiting.means_).round(1).tolist()
        [54.2]
        """
        known = self._positions(given, "given")
        values = conditioning_values(known, values)
        parts = [component.conditional(known, values) for component in self.components_]
        weights = self.params_.latent.weights
        if len(known):
            margins = [component.marginal(known) for component in self.components_]
            log_density = np.array([margin.log_density(values[None])[0] for margin in margins])
            with np.errstate(divide="ignore"):
                joint = np.log(weights) + log_density
            if not np.isfinite(logsumexp(joint)):
                raise ValueError(
                    "values have density zero under every component: nothing can be said given them"
                )
            weights = softmax(joint)
        return self._of(weights, parts, np.setdiff1d(np.arange(self.n_features_in_), known))

    def _positions(self, chosen: Sequence[int | str], name: str) -> Any:
        return positions(chosen, self.n_features_in_, name, vars(self).get("feature_names_in_"))

    def _of(self, weights: Array, parts: list[MultivariateNormal], kept: NDArray[np.intp]) -> GaussianMixture:
        """A mixture of some of the features, which keep their names."""
        matrices = np.stack([part.covariance for part in parts])
        found = GaussianMixture.from_parameters(
            weights,
            np.stack([part.mean for part in parts]),
            self._family().from_dense(matrices),
            covariance_type=self.covariance_type,
        )
        if "feature_names_in_" in vars(self):
            found.feature_names_in_ = self.feature_names_in_[kept]
        return found
