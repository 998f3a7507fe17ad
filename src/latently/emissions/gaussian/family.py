"""What the four Gaussian families have in common; how they differ is a file each."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from latently.core.errors import SingularCovarianceError
from latently.core.given import ROUNDING, numbers, refuse_entries
from latently.core.parameters import Real, Space, Spaces, check_shape
from latently.emissions.base import Array, Emission
from latently.emissions.distribution import Distribution
from latently.emissions.gaussian.matrices import (
    EPS,
    cholesky,
    least_dependent,
    precision_factors,
    refuse_indefinite,
    refuse_other_factors,
)
from latently.emissions.gaussian.missing import by_pattern, conditional
from latently.emissions.gaussian.moments import ComponentMoments, Moments
from latently.emissions.gaussian.params import LOG_2PI, GaussianParams
from latently.emissions.gaussian.prior import Prior
from latently.emissions.gaussian.variances import units

LEAST = float(np.finfo(np.float64).tiny) / EPS  # below it variances lose digits


@dataclass(frozen=True)
class GaussianFamily(Emission):
    """A bank of K Gaussians that share one way of writing their covariances.

    Parameters
    ----------
    reg_covar : float
        Floor of the covariances, relative to the variances of the features: each covariance is held above
        `reg_covar` times the diagonal matrix of these variances. 0 turns it off.
    variances : array of shape (d,), optional
        Variances of the features, zero for constant ones, filled in by `bind`.
    prior : Prior, optional
        Of covariances and means; maximum likelihood without one.

    Attributes
    ----------
    correlated : bool
        Whether features are correlated within a component, so that covariances are matrices.
    """

    correlated: ClassVar[bool] = False
    continuous: ClassVar[bool] = True

    reg_covar: float = 1e-6
    variances: Array | None = None
    prior: Prior | None = None

    @property
    def accepts_missing(self) -> bool:  # type: ignore[override]
        """NaN is a missing cell."""
        return True

    def describe(self, x: Array, weights: Array) -> Moments:
        """Means and scatter of the observed cells."""
        return Moments.of(x, weights)

    def bind(self, description: Moments) -> Self:
        """Return the same family, the floor in the units of the data.

        Raises
        ------
        SingularCovarianceError
            If a feature is constant and there is no floor for its variance, or varies by next to nothing.
        """
        varies = description.low < description.high
        lost = np.flatnonzero(varies & ~(description.variances * (self.reg_covar or 1.0) > LEAST))
        if len(lost):
            raise SingularCovarianceError(
                f"feature {lost[0]} varies only in rows whose weights come to nothing beside those of the "
                "others: make them larger, or leave it out"
            )
        constant = np.flatnonzero(description.variances == 0)
        if len(constant) and not self.reg_covar and self.holds_constants:
            raise SingularCovarianceError(
                f"feature {constant[0]} is constant, and without a floor it has no density: set reg_covar "
                "(1e-6 is the default) or leave it out"
            )
        prior = None if self.prior is None else self.prior.bind(description)
        return replace(self, variances=description.variances, prior=prior)

    def per(self, unit: float) -> Self:
        """Return the same family where all weights are in another unit."""
        return self if self.prior is None else replace(self, prior=self.prior.per(unit))

    @property
    def floor(self) -> Array | None:
        """Diagonal of the matrix below which no covariance falls, shape (d,); None without a floor."""
        if self.variances is None or not self.reg_covar:
            return None
        return self.reg_covar * units(self.variances)

    @property
    def holds_constants(self) -> bool:
        """Whether a constant feature has a variance of its own, which rests on the floor."""
        return True

    @property
    def constant(self) -> NDArray[np.bool_] | None:
        """Constant features, shape (d,), which rest on their floor and are not estimated; None if none is."""
        if self.variances is None or not self.holds_constants or self.variances.all():
            return None
        return self.variances == 0

    def start(self, description: Moments, n_components: int, rng: np.random.Generator) -> Any:
        """Means drawn from the Gaussian of all the data, and its covariance for each component.

        One component starts at its mean.
        """
        if n_components == 1:
            return self.pooled(description, description.mean[None])
        deviations = rng.standard_normal((n_components, len(description.mean)))
        deviations = deviations @ self._root(description).T
        return self.pooled(description, description.mean + deviations * (description.variances > 0))

    def pooled(self, description: Moments, means: Array) -> Any:
        """Params with the given means, and the covariance of all the data for each component."""
        dense = np.repeat(description.covariance[None], len(means), axis=0)
        return self.held(self.params(means, self.from_dense(dense)))

    def embed(self, description: Moments, x: Array) -> Array:
        """Whiten the rows by the covariance of all the data."""
        root = self._root(description)
        return np.asarray(np.linalg.solve(root, (x - description.mean).T).T)

    def fill(self, description: Moments, x: Array) -> Array:
        """Missing cells where the Gaussian of all the data expects them."""
        if not np.isnan(x).any():
            return x
        root = self._root(description)
        factor = np.asarray(np.linalg.cholesky(root @ root.T), dtype=np.float64)
        centred = x - description.mean
        for observed, rows in by_pattern(x):
            centred[rows] = conditional(factor, observed).completed(centred[rows])
        return description.mean + centred

    def _root(self, description: Moments) -> Array:
        """The square root of the covariance of all the data, collinear directions held apart.

        Being symmetric it is the only one: rounding cannot turn it round, as it can eigenvectors.
        """
        scale = np.sqrt(units(description.variances))
        values, vectors = np.linalg.eigh(description.covariance / np.outer(scale, scale))
        values = np.maximum(values, 1e-8 * values[-1])
        return scale[:, None] * ((vectors * np.sqrt(values)) @ vectors.T)

    def expected_log_likelihood(self, stats: ComponentMoments, params: Any) -> float:
        """Q: minus half of counts (d log 2 pi + log det) and of the Mahalanobis norms summed."""
        return -0.5 * (self.total_constant(stats, params) + self.total_mahalanobis(stats, params))

    def total_constant(self, stats: ComponentMoments, params: Any) -> float:
        """Sum of responsibility times ``d log 2 pi + log det``."""
        return float(stats.counts @ (params.means.shape[1] * LOG_2PI + self.log_det(params)))

    def m_step(self, stats: ComponentMoments, params: Any, fixed: Collection[str] = ()) -> Any:
        """Weighted means and covariances, held above the floor; a component without rows stays as it is.

        Under a prior any rows count, however few: the covariance moves to where the prior has it, and whether
        that is uphill hangs on them if they are far away.

        Raises
        ------
        SingularCovarianceError
            If a covariance is singular and there is no floor.
        """
        least = EPS * stats.counts.sum(axis=0) if self.prior is None else np.finfo(np.float64).tiny
        kept = stats.counts > least
        counts = np.where(kept, stats.counts, 1.0)
        rows = (slice(None), None) if counts.ndim == 1 else slice(None)
        shift = np.where(kept[rows], stats.first / counts[rows], 0.0)
        if "means" in fixed:
            shift = np.zeros_like(shift)
        elif self.prior is not None:
            cells = np.where(kept, stats.counts, 0.0)[rows]
            centre = self.prior.means(stats.origin + shift, cells) - stats.origin
            shift = centre if self.prior.pull else shift
        means = stats.origin + shift
        if "covariances" in fixed:
            return params.with_means(means)
        covariances = self.covariances(stats, counts, shift, kept, params)
        if self.prior is not None:
            seen = np.where(kept, stats.counts, 0.0)
            covariances = self.with_prior(covariances, seen, self.prior, self.prior.pulls(means))
        return self.held(self.params(means, covariances))

    def log_prior(self, params: Any) -> float:
        """Log density of the prior up to a constant: that of the rows it is worth."""
        prior = self.prior
        if prior is None or prior.scatter is None:
            return 0.0
        matrices = self.dense(params)
        K = len(matrices)
        share = 1.0 if self.covariance_each else 1.0 / K
        scatter = share * prior.diagonal + prior.pulls(params.means)
        rows = share * prior.rows + prior.rows_per_mean
        traces = np.einsum("kii->k", np.linalg.solve(matrices, scatter))
        return -0.5 * float((rows * self.log_det(params) + traces).sum())

    def inner_terms(self, stats: ComponentMoments, params: GaussianParams) -> float:
        """Those of each row or cell under each component, as often as it has them."""
        return float((stats.counts * params.inner_terms).sum())

    @property
    def covariance_each(self) -> bool:
        """Whether each component has a covariance of its own."""
        return True

    def unseen(self, description: Moments) -> NDArray[np.bool_]:
        """Pairs of features that no row has both of."""
        return description.unseen & self.correlated

    def least_dependent(self, description: Moments, params: Any) -> Any:
        """The likelihood knows nothing of entries of a covariance whose features no row has both of.

        So it stays as it is where they make these features independent given the others.
        """
        unseen = self.unseen(description)
        if self.prior is not None or not unseen.any():
            return params
        matrices = np.stack([least_dependent(matrix, unseen) for matrix in self.dense(params)])
        return self.held(self.params(params.means, self.from_dense(matrices)))

    def settled(self, params: Any) -> Any:
        """Covariances to the last digit of their floor, which a matrix alone does not know."""
        return self.held(params)

    def mean(self, params: GaussianParams) -> Array:
        """Means of the components."""
        return params.means

    def sample(self, params: Any, labels: NDArray[np.int64], rng: np.random.Generator) -> Array:
        """Draw a row for each label through the Cholesky factors."""
        roots = np.linalg.cholesky(self.dense(params))
        noise = rng.standard_normal((len(labels), params.means.shape[1]))
        rows = np.empty_like(noise)
        for k in np.unique(labels):
            mine = labels == k
            rows[mine] = params.means[k] + noise[mine] @ roots[k].T
        return rows

    def distribution(self, params: Any, x: Array) -> Distribution:
        """Normal distribution functions of the features, each by itself."""
        spread = np.sqrt(np.einsum("kii->ki", self.dense(params)))
        deviations = (x[:, None, :] - params.means) / spread
        return Distribution(log_ndtr(deviations), log_ndtr(-deviations))

    def spaces(self, params: Any) -> Spaces:
        """Means are real, covariances positive definite, in units of the features' variances."""
        if self.variances is None:
            variances = np.einsum("kii->ki", self.dense(params)).mean(axis=0)
        else:
            variances = units(self.variances)
        return {
            "means": Real(params.means.shape, np.sqrt(variances), self.constant),
            "covariances": self.covariance_space(params, variances),
        }

    def rows_needed(self, params: GaussianParams, fixed: Collection[str] = ()) -> int:
        """As many as `rows_of_scatter`, and one for the mean; none if a covariance cannot become singular."""
        if "covariances" in fixed or self.prior is not None:
            return 0
        return self.rows_of_scatter(params) + ("means" not in fixed)

    def floor_active(self, params: Any, fixed: Collection[str] = ()) -> NDArray[np.bool_] | None:
        """Which components have a covariance that was learned and rests on the floor."""
        if self.floor is None or "covariances" in fixed:
            return None
        return self.resting(params, self.floor)

    @abstractmethod
    def rows_of_scatter(self, params: Any) -> int:
        """Return how many distinct rows about a known mean make a component's covariance regular."""

    @abstractmethod
    def resting(self, params: Any, floor: Array) -> NDArray[np.bool_]:
        """Return which components rest on the floor in a feature that is not constant."""

    def checked(self, name: str, value: Any, n_components: int, n_features: int | None, label: str) -> Array:
        """Means are finite, variances positive, matrices symmetric and positive definite."""
        K, d = n_components, n_features or "n_features"
        if name == "means":
            means = numbers(value, label, K, d)
            refuse_entries(~np.isfinite(means), means, label, "finite")
            return means
        kind = f" for a {type(self).__name__}"
        covariances = numbers(value, label, *self.covariance_shape(K, d), of=kind)
        refuse_entries(~np.isfinite(covariances), covariances, label, "finite")
        if self.correlated:
            refuse_indefinite(covariances, label)
        else:
            refuse_entries(covariances <= 0, covariances, label, "positive")
        return covariances

    def check_shapes(self, params: Any, n_components: int, n_features: int) -> None:
        """Means, and covariances in the shape of the family."""
        K, d = n_components, n_features
        check_shape(params, "means", (K, d))
        found, shape = params.covariances.shape, self.from_dense(np.broadcast_to(0.0, (K, d, d))).shape
        if found != shape or type(params) is not type(self.params(params.means, params.covariances)):
            kind = type(self).__name__
            raise ValueError(
                f"its covariances, of shape {found}, are not those of a {kind}, of shape {shape}"
            )
        floor = np.ones(d) if self.variances is None else self.variances
        if floor.shape != (d,) or not ((np.isfinite(floor) & (floor >= 0)).all() and floor.any()):
            raise ValueError("the variances of its features are not numbers from 0, one for each")

    def check(self, params: Any, n_components: int, n_features: int) -> None:
        """Also whether matrices come with their own factors."""
        super().check(params, n_components, n_features)
        if self.correlated:
            refuse_other_factors(params.covariances, params.cholesky)

    def precisions(self, params: Any) -> Array:
        """Inverse covariances, in the shape of the covariances."""
        return self.squared(self.precisions_cholesky(params))

    def squared(self, factors: Array) -> Array:
        """Precisions of their factors, which users see in the shape of the covariances."""
        return factors @ np.swapaxes(factors, -1, -2) if self.correlated else factors**2

    def from_precisions(
        self, precisions: Any, n_components: int, n_features: int | None, label: str
    ) -> Array:
        """Covariances of given precisions, for which the same holds: they are checked."""
        given = self.checked("covariances", precisions, n_components, n_features, label)
        return self.squared(precision_factors(cholesky(given))) if self.correlated else 1.0 / given

    def from_matrices(self, matrices: Array, label: str) -> Array:
        """Covariances in the shape of the family, from matrices that have no more to say.

        Raises
        ------
        ValueError
            If they have, such as correlations where the family knows of none.
        """
        covariances = self.from_dense(matrices)
        dense = self.dense(self.params(np.zeros(matrices.shape[:2]), covariances))
        if not np.allclose(dense, matrices, rtol=ROUNDING, atol=0, equal_nan=True):
            raise ValueError(f"{label} has matrices that are none of a {type(self).__name__}")
        return covariances

    @abstractmethod
    def covariance_shape(self, n_components: int, n_features: int | str) -> tuple[int | str, ...]:
        """Shape of the covariances as users see them."""

    @abstractmethod
    def params(self, means: Array, covariances: Array) -> Any:
        """Put means and covariances together."""

    @abstractmethod
    def dense(self, params: Any) -> Array:
        """Return the covariances as matrices, shape (K, d, d)."""

    @abstractmethod
    def from_dense(self, matrices: Array) -> Array:
        """Return covariances in the shape of the family from matrices of shape (K, d, d)."""

    @abstractmethod
    def covariances(
        self, stats: ComponentMoments, counts: Array, shift: Array, kept: NDArray[np.bool_], params: Any
    ) -> Array:
        """Return the weighted covariances about ``stats.origin + shift``, before any floor."""

    @abstractmethod
    def with_prior(self, covariances: Array, counts: Array, prior: Prior, pulls: Array) -> Array:
        """Return the covariances that maximise the posterior, from weighted ones and their counts."""

    @abstractmethod
    def gathered(self, second: Array) -> Array:
        """Return second moments in the shape of the family, from those of each component.

        Those are matrices, shape (K, d, d), where there are correlations, and squares, shape (K, d), else.
        """

    @abstractmethod
    def held(self, params: Any) -> Any:
        """Return params with the covariances held above the floor; an error where one is singular."""

    @abstractmethod
    def log_det(self, params: Any) -> Array:
        """Return the log determinants of the covariances, shape (K,)."""

    @abstractmethod
    def total_mahalanobis(self, stats: ComponentMoments, params: Any) -> float:
        """Return the sum of responsibility times squared Mahalanobis distance to `params`."""

    @abstractmethod
    def covariance_space(self, params: Any, variances: Array) -> Space:
        """Where the covariances live."""

    @abstractmethod
    def precisions_cholesky(self, params: Any) -> Array:
        """Return Cholesky factors of the precisions, as scikit-learn stores them."""
