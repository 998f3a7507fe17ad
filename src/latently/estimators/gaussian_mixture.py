"""Gaussian mixtures: scikit-learn's estimator of that name, and more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import logsumexp, softmax

from latently.checks.settings import ARRAY
from latently.core.blocks import Block
from latently.core.restarts import Start
from latently.emissions.gaussian import Gaussian
from latently.emissions.gaussian.prior import Prior
from latently.estimators.by_hand import Parameter
from latently.estimators.imputation.filling import Predictive, expected
from latently.estimators.inputs import Array
from latently.estimators.likelihood.base import Draw, Starts
from latently.estimators.mixture import BaseMixture
from latently.estimators.multivariate_normal import MultivariateNormal, conditioning_values, positions
from latently.estimators.old_names import GAUSSIAN_MIXTURE, refuses_old_names
from latently.estimators.settings import GAUSSIAN, MIXTURE, PRIOR, Constraints
from latently.latent.independent import Weights
from latently.models.latent_emission import Description, LatentEmission, LatentEmissionParams


class GaussianMixture(BaseMixture):
    """A mixture of multivariate normal distributions, fitted by EM.

    Parameters
    ----------
    n_components : int, default 1
        Number of components.
    covariance_type : {"full", "tied", "diag", "spherical"}, default "full"
        A covariance matrix for each component; one for all; independent features; one variance each.
    tol : float, default 1e-8
        The log-likelihood still to be gained, per row, at which EM stops, by Aitken's estimate from two plain
        steps and met twice. 0 means exactly `max_iter` steps.
    reg_covar : float, default 1e-6
        Floor of the covariances relative to the variances of the features, without unit. A fit above the
        floor is the exact maximum of the likelihood; one on it warns. 0 turns it off.
    max_iter : int, default 1000
        Most EM steps; reaching it raises a ConvergenceWarning. 0 stays at the best of the starting values.
    n_init : "auto" or int, default "auto"
        "auto" starts many short runs and finishes the best; an integer asks for that many full runs.
    init_params : {"auto", "kmeans", "k-means++", "random_from_data", "random"}, default "auto"
        Kind of starting values, found on whitened rows; "auto" mixes them.
    weights_init : array-like of shape (n_components,), optional
        Starting weights.
    means_init : array-like of shape (n_components, n_features), optional
        Starting means. With these and ``n_init="auto"`` there is one run; covariances not given start as that
        of all the data, weights not given as equal.
    precisions_init : array-like, optional
        Starting inverse covariances, in the shape of `covariances_`.
    fixed : tuple of str, default ()
        Names of parameters ("weights", "means", "covariances") that keep their starting values.
    prior : {None, "ridge", "inverse-wishart", "normal-inverse-wishart"}, default None
        None is maximum likelihood. "ridge" holds every covariance as if there were a few more rows without
        correlations; the other two are conjugate, the last one for the means as well. All are in units of
        the features' variances and counted in the objective.
    prior_strength : float, optional
        For "ridge" how many rows it is worth, by default one more than a hundredth of the data; for the
        others the degrees of freedom, by default ``n_features + 2``.
    warm_start : bool, default False
        Whether `fit` goes on from the parameters in force, of an earlier fit or set by hand. There is one run
        then, and labels stay as they are.
    random_state : None, int, Generator or RandomState
        Source of all that is random; an integer repeats.
    acceleration : {"auto", "squarem", None}, default "auto"
        "auto" extrapolates by SQUAREM once progress has become slow and linear; None is plain EM.
    n_jobs : int, optional
        Threads; all cores by default, -2 all but one. Any number gives the same bits.
    callbacks : sequence of callable, optional
        Each is called as ``callback(iteration, params, log_likelihood)``; True stops.
    verbose : int, default 0
        Above zero, a progress bar is shown.

    Attributes
    ----------
    weights_ : array of shape (n_components,)
        Probability of each component, in falling order unless starting values were given.
    means_ : array of shape (n_components, n_features)
        Means, in the units of the features.
    covariances_ : array
        Shape (n_components, n_features, n_features), (n_features, n_features), (n_components, n_features) or
        (n_components,), by `covariance_type`.
    precisions_, precisions_cholesky_ : array
        Inverse covariances and their factors, as scikit-learn has them.
    log_likelihood_ : float
        Total log-likelihood of the training data under these parameters, in nats.
    log_likelihood_history_, parameter_change_history_ : array of shape (n_iterates,)
        At each iterate: the log-likelihood, and the largest change of a parameter, in units of the features.
    lower_bound_ : float
        `log_likelihood_` per row, as scikit-learn has it.
    converged_, stop_reason_, n_iter_
        Whether and why the best run stopped, and its number of EM steps.
    diagnostics_ : tuple of Finding
        What there is to say of the fit, each with its `kind`, its `subject` ("component", "column"), `which`
        of them, `numbers` and `severity`; its ``str`` is the sentence. Those of severity "grave" are why
        this maximum should not be trusted: a component rests on the floor, or on too few rows. Others name
        pairs of columns that are never observed together. Empty if there is nothing.
    restarts_ : Restarts
        The record of all runs: their log-likelihoods, failures and diagnostics, and how many agreed.
    n_parameters_ : int
        Number of free parameters.

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

    _parameter_constraints: ClassVar[Constraints] = (
        MIXTURE | GAUSSIAN | PRIOR | {"weights_init": (ARRAY, None), "precisions_init": (ARRAY, None)}
    )

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

    @refuses_old_names(GAUSSIAN_MIXTURE)
    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: str = "full",
        tol: float = 1e-8,
        reg_covar: float = 1e-6,
        max_iter: int = 1000,
        n_init: int | str = "auto",
        init_params: str = "auto",
        weights_init: Any = None,
        means_init: Any = None,
        precisions_init: Any = None,
        fixed: tuple[str, ...] = (),
        prior: str | None = None,
        prior_strength: float | None = None,
        warm_start: bool = False,
        random_state: Any = None,
        acceleration: str | None = "auto",
        n_jobs: int | None = None,
        callbacks: Any = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.fixed = fixed
        self.prior = prior
        self.prior_strength = prior_strength
        self.warm_start = warm_start
        self.random_state = random_state
        self.acceleration = acceleration
        self.n_jobs = n_jobs
        self.callbacks = callbacks
        self.verbose = verbose

    @classmethod
    def from_parameters(
        cls, weights: Any, means: Any, covariances: Any, *, covariance_type: str = "full"
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

    def _checked(self, model: LatentEmission, name: str, value: Any, n_features: int, label: str) -> Array:
        if label == "precisions_init":
            family: Any = model.emission
            found: Array = family.from_precisions(value, model.n_components, n_features, label)
            return found
        return super()._checked(model, name, value, n_features, label)

    def _with_given(
        self, model: LatentEmission, description: Description, given: dict[str, Array], draw: Draw
    ) -> Starts:
        """With means there is one start: covariances not given are that of all the data about them."""
        family: Any = model.emission

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

    def impute(self, X: Any) -> Array:
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
        rows = self._source(X).x
        return expected(self._predictive(rows), rows).astype(rows.dtype, copy=False)

    def _predictive(self, rows: Any) -> Predictive:
        ones = np.ones(len(rows))
        one = self._model.n_components == 1
        resp = (
            ones[:, None] if one else self._model.posterior(self.params_, Block(rows, ones), refuse=False)[1]
        )
        return Predictive(resp, self.params_.emission.means, self._dense(self.params_))

    def marginal(self, keep: Sequence[int]) -> GaussianMixture:
        """Return the mixture of some of the features.

        Parameters
        ----------
        keep : sequence of int
            Positions of the features, in the order they are to have.

        Returns
        -------
        GaussianMixture
            Of ``len(keep)`` features, with the same weights and labels.

        Raises
        ------
        ValueError
            If a position is out of range or twice there.
        """
        kept = positions(keep, self.n_features_in_, "keep")
        parts = [component.marginal(kept) for component in self.components_]
        return self._of(self.params_.latent.weights, parts)

    def conditional(self, given: Sequence[int], values: Any) -> GaussianMixture:
        """Return the mixture of the other features, given the values of some.

        Parameters
        ----------
        given : sequence of int
            Positions of the known features.
        values : array-like of shape (len(given),)
            Their values.

        Returns
        -------
        GaussianMixture
            Of the other features; each weight is the responsibility of the component for the values.

        Raises
        ------
        ValueError
            If a position is out of range or twice there, none is left, or the values do not fit.

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
        known = positions(given, self.n_features_in_, "given")
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
        return self._of(weights, parts)

    def _of(self, weights: Array, parts: list[MultivariateNormal]) -> GaussianMixture:
        matrices = np.stack([part.covariance for part in parts])
        return GaussianMixture.from_parameters(
            weights,
            np.stack([part.mean for part in parts]),
            self._family().from_dense(matrices),
            covariance_type=self.covariance_type,
        )
