"""The covariances of a Gaussian family, in the shapes that users see, and what is checked of them."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import Any

import numpy as np

from latently.core.declared import SUM_TOLERANCE, numbers, refuse_entries
from latently.emissions.base import Array, Emission
from latently.emissions.gaussian.params import GaussianParams
from latently.emissions.gaussian.structure import Structure


class WithCovariances(Emission):
    """A family whose components have covariances of some structure."""

    covariance_type: str  # its name
    variances: Array | None  # of the features, zero for constant ones, once they are known

    @property
    @abstractmethod
    def structure(self) -> Structure:
        """What components and features share of the covariances."""

    @property
    @abstractmethod
    def floor(self) -> Array | None:
        """What covariances are not below."""

    @cached_property
    def correlated(self) -> bool:  # type: ignore[override]
        """Whether features are correlated within a component, so that covariances are matrices."""
        return self.structure.correlated

    @property
    def shared(self) -> bool:  # type: ignore[override]
        """Whether all components have one covariance."""
        return self.structure.shared

    @property
    def pooled_parameters(self) -> tuple[str, ...]:
        """The covariances, if they are shared."""
        return ("covariances",) if self.shared else ()

    def shape(self, label: str) -> str:
        if self.shared:
            return f"one shape in all {label}s"
        if self.correlated:
            return "correlations of their own"
        return "no correlations" if self.structure.holds_constants else "one spread for all columns"

    def covariance(self, params: GaussianParams) -> Array:
        return self.dense(params)

    def checked(
        self, name: str, value: object, n_components: int, n_features: int | None, label: str
    ) -> Array:
        if name != "covariances":
            return super().checked(name, value, n_components, n_features, label)
        K, d = n_components, n_features or "n_features"
        kind = f" for {self.covariance_type} covariances"
        covariances = numbers(value, label, *self.structure.shape(K, d), of=kind)
        refuse_entries(~np.isfinite(covariances), covariances, label, "finite")
        self.structure.refuse(covariances, label)
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            inverse = self.precisions(self.params(np.zeros((n_components, 1)), covariances))
        refuse_entries(~np.isfinite(inverse), covariances, label, "large enough to have an inverse")
        return (covariances + np.swapaxes(covariances, -1, -2)) / 2 if self.correlated else covariances

    def check_shapes(self, params: GaussianParams, n_components: int, n_features: int) -> None:
        """Also covariances in the shape of the structure."""
        super().check_shapes(params, n_components, n_features)
        K, d = n_components, n_features
        found, shape = params.covariances.shape, self.structure.shape(K, d)
        if found != shape or type(params) is not type(self.params(params.means, params.covariances)):
            kind = self.covariance_type
            raise ValueError(
                f"its covariances, of shape {found}, are not {kind} covariances, of shape {shape}"
            )
        floor = np.ones(d) if self.variances is None else self.variances
        if floor.shape != (d,) or not ((np.isfinite(floor) & (floor >= 0)).all() and floor.any()):
            raise ValueError("the variances of its features are not numbers from 0, one for each")

    def check(self, params: GaussianParams, n_components: int, n_features: int) -> None:
        """Also whether matrices come with their own factors."""
        super().check(params, n_components, n_features)
        self.structure.check(params)

    def precisions_cholesky(self, params: GaussianParams) -> Array:
        """Cholesky factors of the precisions, as scikit-learn stores them."""
        return self.structure.precisions_cholesky(params)

    def squared(self, factors: Array) -> Array:
        """Precisions of their factors, which users see in the shape of the covariances."""
        return self.structure.squared(factors)

    def precisions(self, params: GaussianParams) -> Array:
        """Inverse covariances, in the shape of the covariances."""
        return self.squared(self.precisions_cholesky(params))

    def from_precisions(
        self, precisions: object, n_components: int, n_features: int | None, label: str
    ) -> Array:
        """Covariances of given precisions, for which the same holds: they are checked."""
        given = self.checked("covariances", precisions, n_components, n_features, label)
        return self.precisions(self.params(np.zeros((n_components, given.shape[-1])), given))

    def from_matrices(self, matrices: Array, label: str) -> Array:
        """Covariances in the shape of the family, from matrices that have no more to say.

        Raises
        ------
        ValueError
            If they have, such as correlations where the family knows of none.
        """
        covariances = self.from_dense(matrices)
        dense = self.dense(self.params(np.zeros(matrices.shape[:2]), covariances))
        if not np.allclose(dense, matrices, rtol=SUM_TOLERANCE, atol=0, equal_nan=True):
            raise ValueError(f"{label} has matrices that are no {self.covariance_type} covariances")
        return covariances

    def params(self, means: Array, covariances: Array) -> Any:
        return self.structure.params(means, covariances)

    def dense(self, params: GaussianParams) -> Array:
        """The covariances as matrices, shape (K, d, d)."""
        return self.structure.dense(params)

    def from_dense(self, matrices: Array) -> Array:
        """Covariances from matrices of shape (K, d, d): the means of what is shared."""
        structure = self.structure
        return np.array(structure.of_matrices(matrices).mean(axis=structure.pooled))

    def clipped(self, params: Any) -> GaussianParams:
        """Params with the covariances clipped to the floor; an error where one is singular."""
        return self.structure.clip(params, self.floor)

    def log_det(self, params: GaussianParams) -> Array:
        """Log determinants of the covariances, shape (K,)."""
        return self.structure.log_det(params)
