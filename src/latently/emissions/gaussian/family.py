"""Gaussians, with covariances of any structure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from latently.core.blocks import own_fields
from latently.core.declared import Parameter
from latently.core.errors import SingularCovarianceError
from latently.core.spaces import Real, Spaces
from latently.emissions.base import Array
from latently.emissions.distribution import Distribution
from latently.emissions.gaussian.correlated import Correlated
from latently.emissions.gaussian.covariances import WithCovariances
from latently.emissions.gaussian.matrices import EPS, cholesky, least_dependent
from latently.emissions.gaussian.missing import (
    by_pattern,
    conditional,
    draw_missing,
    moments_of_missing,
    normal_quantile,
)
from latently.emissions.gaussian.moments import ComponentMoments, Moments
from latently.emissions.gaussian.params import GaussianParams
from latently.emissions.gaussian.prior import Prior
from latently.emissions.gaussian.structure import Structure
from latently.emissions.gaussian.uncorrelated import Uncorrelated
from latently.emissions.gaussian.variances import units

TINY = float(np.finfo(np.float64).tiny)
LEAST = TINY / EPS  # below it variances lose digits

STRUCTURES: dict[str, Structure] = {
    one.name: one
    for one in (
        Correlated("full"),
        Correlated("tied", pooled=(0,)),
        Uncorrelated("diag"),
        Uncorrelated("spherical", pooled=(1,)),
    )
}


@dataclass(frozen=True)
class Gaussian(WithCovariances):
    """A bank of K Gaussians.

    Parameters
    ----------
    covariance_type : {"full", "tied", "diag", "spherical"}, default "full"
        What covariances are like: a matrix for each component, one matrix for all, a variance for each
        component and feature, or one for each component.
    reg_covar : float
        Floor of the covariances, relative to the variances of the features: each covariance is clipped to
        `reg_covar` times the diagonal matrix of these variances. 0 turns it off.
    variances : array of shape (d,), optional
        Variances of the features, zero for constant ones, filled in by `bind`.
    prior : Prior, optional
        Of covariances and means; maximum likelihood without one.

    Raises
    ------
    ValueError
        If there is no such structure of covariances.
    """

    learns_spread: ClassVar[bool] = True
    needs_spread: ClassVar[bool] = True
    in_brackets: ClassVar[str] = "covariance_type"
    floor_setting: ClassVar[str] = "reg_covar"
    adjective: ClassVar[str] = "normal"
    parameters: ClassVar[tuple[Parameter, ...]] = (Parameter("means", ("components", "features"), "means"),)

    covariance_type: str = "full"
    reg_covar: float = 1e-6
    variances: Array | None = field(default=None, repr=False)
    prior: Prior | None = None

    def __post_init__(self) -> None:
        if self.covariance_type not in STRUCTURES:
            known = ", ".join(map(repr, STRUCTURES))
            raise ValueError(f"covariance_type={self.covariance_type!r}: should be one of {known}")

    def __getstate__(self) -> dict[str, Any]:
        return own_fields(self)

    @property
    def form(self) -> str:
        return f"{self.covariance_type} Gaussian"

    @cached_property
    def structure(self) -> Structure:
        """What components and features share of the covariances."""
        return STRUCTURES[self.covariance_type]

    @property
    def independent(self) -> bool:  # type: ignore[override]
        """Whether nothing is pooled, and no matrix joins features."""
        return not self.structure.correlated and not self.structure.pooled

    def in_a_table(self, n_columns: int, unknown: str) -> Self:
        """With one column, a matrix or a variance of each component is a variance of each feature."""
        return replace(self, covariance_type="diag") if n_columns == 1 and not self.shared else self

    @property
    def accepts_missing(self) -> bool:  # type: ignore[override]
        """NaN is a missing cell."""
        return True

    def describe(self, x: Array, weights: Array) -> Moments:
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
        if len(constant) and not self.reg_covar and self.structure.holds_constants:
            raise SingularCovarianceError(
                f"feature {constant[0]} is constant, and without a floor it has no density: set reg_covar "
                "(1e-6 is the default) or leave it out"
            )
        prior = None if self.prior is None else self.prior.bind(description)
        return replace(self, variances=description.variances, prior=prior)

    def per(self, unit: float) -> Self:
        """Return the same family where all weights are in another unit."""
        return self if self.prior is None else replace(self, prior=self.prior.per(unit))

    @cached_property
    def floor(self) -> Array | None:
        """Diagonal of the matrix below which no covariance falls, shape (d,); None without a floor."""
        if self.variances is None or not self.reg_covar:
            return None
        return self.reg_covar * units(self.variances)

    @cached_property
    def constant(self) -> NDArray[np.bool_] | None:
        """Constant features, shape (d,), which rest on their floor and are not estimated; None if none is."""
        if self.variances is None or not self.structure.holds_constants or self.variances.all():
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
        return self.clipped(self.params(means, self.from_dense(dense)))

    def embed(self, description: Moments, x: Array) -> Array:
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
        values = np.maximum(values, 1e-8 * (values[-1] if values[-1] > 0 else 1.0))
        return scale[:, None] * ((vectors * np.sqrt(values)) @ vectors.T)

    def log_density(self, params: Any, x: Array) -> Array:
        """Log density of the observed cells of each row under each component."""
        return self.structure.log_density(params, x)

    def expected_stats(self, params: Any, x: Array, resp: Array) -> ComponentMoments:
        """Counts, sums and scatter of the rows about the current means."""
        return self.structure.expected_stats(params, x, resp)

    def moved(self, stats: ComponentMoments, params: GaussianParams) -> ComponentMoments:
        shift = params.means - stats.origin
        columns = stats.counts.reshape(len(shift), -1)
        first = stats.first - columns * shift
        return ComponentMoments(stats.counts, first, self.structure.scatter(stats, shift), params.means)

    def expected_log_likelihood(self, stats: ComponentMoments, params: GaussianParams) -> float:
        """Q: minus half of counts (d log 2 pi + log det) and of the Mahalanobis norms summed."""
        structure = self.structure
        return -0.5 * (structure.total_constant(stats, params) + structure.total_mahalanobis(stats, params))

    def m_step(self, stats: ComponentMoments, params: GaussianParams, fixed: Collection[str] = ()) -> Any:
        """Weighted means and covariances, clipped to the floor; a component without rows stays as it is.

        Under a prior any rows count, however few: the covariance moves to where the prior has it, and whether
        that is uphill hangs on them if they are far away.

        Raises
        ------
        SingularCovarianceError
            If a covariance is singular and there is no floor.
        """
        least = EPS * stats.counts.sum(axis=0) if self.prior is None else TINY
        seen = stats.counts * (stats.counts > least)
        columns = seen.reshape(len(seen), -1)
        shift = stats.first * (columns > 0) / np.maximum(columns, TINY)
        if "means" in fixed:
            shift = np.zeros_like(shift)
        elif self.prior is not None and self.prior.pull:
            shift = self.prior.means(stats.origin + shift, columns) - stats.origin
        means = stats.origin + shift
        if "covariances" in fixed:
            return params.with_means(means)
        return self.clipped(self.params(means, self._covariances(stats, seen, means, params)))

    def _covariances(
        self, stats: ComponentMoments, seen: Array, means: Array, params: GaussianParams
    ) -> Array:
        """Pooled scatter over pooled rows, those of the prior among them."""
        structure = self.structure
        scatter = structure.scatter(stats, means - stats.origin)
        if self.prior is not None:
            more, worth = self._prior_scatter(self.prior, means)
            scatter, seen = scatter + structure.pool(structure.of_matrices(more)), seen + worth
        rows = structure.rows(seen, means.shape[1])
        if rows.all():
            return structure.estimate(scatter, rows)
        return np.where(rows > 0, structure.estimate(scatter, rows + (rows == 0)), params.covariances)

    def _prior_scatter(self, prior: Prior, means: Array) -> tuple[Array, float]:
        """Scatter that the prior adds to that of each component, shape (K, d, d), and the rows that is worth.

        A covariance that components share has one prior, a share of it with each of them.
        """
        share = 1.0 / len(means) if self.structure.shared else 1.0
        return share * prior.diagonal + prior.pulls(means), share * prior.rows + prior.rows_per_mean

    def log_prior(self, params: GaussianParams) -> float:
        """Log density of the prior up to a constant: that of the rows it is worth."""
        prior = self.prior
        if prior is None or prior.scatter is None:
            return 0.0
        scatter, rows = self._prior_scatter(prior, params.means)
        traces = np.einsum("kii->k", np.linalg.solve(self.dense(params), scatter))
        return -0.5 * float((rows * self.log_det(params) + traces).sum())

    def inner_terms(self, stats: ComponentMoments, params: Any) -> float:
        return self.structure.inner_terms(stats, params)

    def gradient(self, stats: ComponentMoments, params: GaussianParams) -> dict[str, Array]:
        return self.structure.gradient(stats, params)

    def permute(self, params: Any, order: NDArray[np.int64]) -> Any:
        """Relabel the means, and covariances unless they are shared."""
        if self.structure.shared:
            return params.with_means(params.means[order])
        return params.permuted(order)

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
        return self.clipped(self.params(params.means, self.from_dense(matrices)))

    def projected(self, params: GaussianParams) -> Any:
        """Covariances to the last digit of their floor, which a matrix alone does not know."""
        return self.clipped(params)

    def mean(self, params: GaussianParams) -> Array:
        return params.means

    def sample(self, params: GaussianParams, labels: NDArray[np.int64], rng: np.random.Generator) -> Array:
        """Draw a row for each label through the Cholesky factors."""
        roots = np.linalg.cholesky(self.dense(params))
        noise = rng.standard_normal((len(labels), params.means.shape[1]))
        rows = np.empty_like(noise)
        for k in np.unique(labels):
            mine = labels == k
            rows[mine] = params.means[k] + noise[mine] @ roots[k].T
        return rows

    def distribution(self, params: GaussianParams, x: Array) -> Distribution:
        """Normal distribution functions of the features, each by itself."""
        spread = np.sqrt(np.einsum("kii->ki", self.dense(params)))
        deviations = (x[:, None, :] - params.means) / spread
        return Distribution(log_ndtr(deviations), log_ndtr(-deviations))

    def draw_missing(
        self, params: GaussianParams, x: Array, labels: NDArray[np.int64], rng: np.random.Generator
    ) -> Array:
        if not self.correlated:
            return super().draw_missing(params, x, labels, rng)
        return draw_missing(params.means, cholesky(self.dense(params)), x, labels, rng)

    def guess_missing(self, params: GaussianParams, x: Array, resp: Array) -> Array:
        if not self.correlated:
            return super().guess_missing(params, x, resp)
        means, _ = moments_of_missing(params.means, cholesky(self.dense(params)), x)
        return np.where(np.isnan(x), np.einsum("nk,nkd->nd", resp, means), x)

    def quantiles_of_missing(
        self, params: GaussianParams, x: Array, resp: Array, probability: float
    ) -> Array:
        """Of mixtures of normal distributions, given the observed cells of the row."""
        roots = cholesky(self.dense(params))
        means, variances = moments_of_missing(params.means, roots, x)
        cells, found = np.isnan(x), np.full(x.shape, np.nan)
        weights = np.broadcast_to(resp.T[:, :, None], (len(roots), *x.shape))[:, cells]
        parts = (part.swapaxes(0, 1)[:, cells] for part in (means, np.sqrt(variances)))
        found[cells] = normal_quantile(probability, weights, *parts)
        return found

    def spaces(self, params: GaussianParams) -> Spaces:
        """Means are real, covariances positive definite, in units of the features' variances."""
        if self.variances is None:
            variances = np.einsum("kii->ki", self.dense(params)).mean(axis=0)
        else:
            variances = units(self.variances)
        return {
            "means": Real(params.means.shape, np.sqrt(variances), self.constant),
            "covariances": self.structure.space(params, variances, self.floor, self.constant),
        }

    def rows_needed(self, params: GaussianParams, fixed: Collection[str] = ()) -> int:
        """As many as `rows_of_scatter`, and one for the mean; none if a covariance cannot become singular.

        Where components share a covariance the others help.
        """
        if "covariances" in fixed or self.prior is not None:
            return 0
        return (0 if self.shared else self._rows_of_scatter(params)) + ("means" not in fixed)

    def rows_needed_in_all(
        self, params: GaussianParams, n_components: int, fixed: Collection[str] = ()
    ) -> int:
        """Also as many as make a shared covariance regular; given means make up for rows."""
        needed = n_components * self.rows_needed(params, fixed)
        return max(needed, self._rows_of_scatter(params) + 1) if needed and "means" not in fixed else needed

    def _rows_of_scatter(self, params: GaussianParams) -> int:
        """Those of the features that are not constant."""
        d = params.means.shape[1]
        return self.structure.rows_of_scatter(d if self.constant is None else d - int(self.constant.sum()))

    def floor_active(self, params: GaussianParams, fixed: Collection[str] = ()) -> NDArray[np.bool_] | None:
        """Which components have a covariance that was learned and rests on the floor."""
        if self.floor is None or "covariances" in fixed:
            return None
        return self.structure.resting(params, self.floor, self.constant)
