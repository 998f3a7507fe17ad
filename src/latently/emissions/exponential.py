"""Waiting times: independent exponential features, shape (K, d) of means."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from latently.core.declared import Parameter
from latently.core.spaces import Positive, Spaces
from latently.emissions.base import Array
from latently.emissions.distribution import Distribution
from latently.emissions.exponential_family import CellMoments, CellSums, ExponentialFamily

NEAR_ZERO = 1e-3  # of the mean: for starts, zeros and what is less are one


@dataclass(frozen=True)
class ExponentialParams:
    """Means of each component and feature, shape (K, d): one over the rates."""

    means: Array


@dataclass(frozen=True)
class Exponential(ExponentialFamily):
    """Independent exponential features, numbers from 0; NaN is a missing cell.

    Parameters
    ----------
    min_mean : float
        Floor of the means, relative to those of the data: on cells that are all zero, the likelihood of a
        component has no other limit.
    overall : array of shape (d,), optional
        Means of the data, filled in by `bind`.

    Examples
    --------
    >>> import numpy as np
    >>> from latently import MixtureModel
    >>> waits = np.random.default_rng(0).exponential(3.0, (500, 1))
    >>> one = MixtureModel("exponential", 1).fit(waits).params_.emission
    >>> bool(np.isclose(one.means[0, 0], waits.mean()))
    True
    """

    min_mean: float = 1e-6
    overall: Array | None = field(default=None, repr=False)

    params_type: ClassVar[type] = ExponentialParams
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("means", ("components", "features"), "means: one over the rates", "positive and finite"),
    )
    values: ClassVar[str] = "waiting times are numbers from 0 ('gaussian' allows any number)"
    noun: ClassVar[str] = "waiting times"
    adjective: ClassVar[str] = "exponential"
    reading: ClassVar[str] = "Mean; in an exponential distribution the standard deviation is the same."
    floor_setting: ClassVar[str] = "min_mean"

    def possible(self, x: Array) -> NDArray[np.bool_]:
        """Numbers from 0."""
        return np.asarray(np.isnan(x) | ((x >= 0) & (x < np.inf)))

    def bind(self, description: CellMoments) -> Self:
        """Take the means of the data as the unit; one for a feature that is always zero."""
        return replace(self, overall=np.where(description.mean > 0, description.mean, 1.0))

    def start(
        self, description: CellMoments, n_components: int, rng: np.random.Generator
    ) -> ExponentialParams:
        """The mean of each feature, times a number drawn for each component."""
        mean = np.where(description.mean > 0, description.mean, 1.0)
        factors = rng.gamma(2.0, 0.5, (n_components, len(mean))) if n_components > 1 else 1.0
        return ExponentialParams(np.maximum(mean * factors, self._floor) + np.zeros((n_components, 1)))

    def terms(self, x: Array) -> tuple[Array]:
        return (x,)

    def natural(self, params: ExponentialParams) -> tuple[Array, Array]:
        """Less one over the means, and less their logarithms."""
        return -1.0 / params.means[:, None], -np.log(params.means)

    def best(self, stats: CellSums, params: ExponentialParams, fixed: Collection[str]) -> dict[str, Array]:
        """Weighted means, none below the floor."""
        return {"means": np.maximum(stats.means[:, 0], self._floor)}

    def gradient(self, stats: CellSums, params: ExponentialParams) -> dict[str, Array]:
        return {"means": (stats.terms[:, 0] / params.means - stats.cells) / params.means}

    def spaces(self, params: ExponentialParams) -> Spaces:
        unit = params.means.mean(axis=0) if self.overall is None else self.overall
        return {"means": Positive(params.means.shape, unit, floor=self._floor)}

    def floor_active(
        self, params: ExponentialParams, fixed: Collection[str] = ()
    ) -> NDArray[np.bool_] | None:
        """Which components have a mean that was learned and rests on the floor."""
        if self.overall is None or "means" in fixed:
            return None
        return np.asarray((params.means <= (1 + 1e-6) * self._floor).any(axis=1))

    def sample(self, params: ExponentialParams, labels: NDArray[np.int64], rng: np.random.Generator) -> Array:
        return np.asarray(rng.exponential(params.means[labels]))

    def mean(self, params: ExponentialParams) -> Array:
        return params.means

    def deviation(self, params: ExponentialParams) -> Array:
        """The means, too."""
        return params.means

    def distribution(self, params: ExponentialParams, x: Array) -> Distribution:
        """Logarithms of ``1 - exp(-x / mean)`` and of ``exp(-x / mean)``."""
        ratio = x[:, None, :] / params.means
        with np.errstate(divide="ignore"):
            return Distribution(np.log(-np.expm1(-ratio)), -ratio)

    def embed(self, description: CellMoments, x: Array) -> Array:
        return np.log(np.maximum(x / np.where(description.mean > 0, description.mean, 1.0), NEAR_ZERO))

    @property
    def _floor(self) -> Array | float:
        return 0.0 if self.overall is None else self.min_mean * self.overall
