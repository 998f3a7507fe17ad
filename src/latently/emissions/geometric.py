"""Failures before the first success: independent geometric features, shape (K, d) of probabilities."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from latently.core.declared import Parameter
from latently.core.spaces import Spaces, UnitInterval
from latently.emissions.base import Array
from latently.emissions.counts import Counts
from latently.emissions.distribution import Distribution
from latently.emissions.exponential_family import CellMoments, CellSums, ExponentialFamily


@dataclass(frozen=True)
class GeometricParams:
    """Probabilities of success at each try, of each component and feature, shape (K, d)."""

    probabilities: Array


@dataclass(frozen=True)
class Geometric(Counts, ExponentialFamily):
    """Independent numbers of failures before the first success, from 0; NaN is a missing one.

    Its parameters are `probabilities` of success, shape (K, d), above 0 and at most 1. Where tries are
    counted, the last one included, subtract 1 from the column.

    Examples
    --------
    >>> import numpy as np
    >>> from latently import MixtureModel
    >>> X = np.random.default_rng(0).geometric(0.2, size=(500, 1)) - 1
    >>> one = MixtureModel("geometric", 1).fit(X)
    >>> bool(np.isclose(one.params_.emission.probabilities[0, 0], 1 / (1 + X.mean())))
    True
    """

    params_type: ClassVar[type] = GeometricParams
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter(
            "probabilities",
            ("components", "features"),
            "probabilities of success at each try",
            "above 0, and at most 1",
        ),
    )
    certain: ClassVar[bool] = True
    adjective: ClassVar[str] = "geometric"
    reading: ClassVar[str] = "Mean number of failures before the first success."

    def start(self, description: CellMoments, n_components: int, rng: np.random.Generator) -> GeometricParams:
        """Means about that of all rows, a few times as large or small."""
        mean = (description.total + 1.0) / (description.cells + 1.0)
        return GeometricParams(1 / (1 + mean * np.exp(rng.standard_normal((n_components, len(mean))))))

    def terms(self, x: Array) -> tuple[Array]:
        return (x,)

    def natural(self, params: GeometricParams) -> tuple[Array, Array]:
        with np.errstate(divide="ignore"):
            return np.log1p(-params.probabilities)[:, None], np.log(params.probabilities)

    def best(self, stats: CellSums, params: GeometricParams, fixed: Collection[str]) -> dict[str, Array]:
        return {"probabilities": 1 / (1 + stats.means[:, 0])}

    def gradient(self, stats: CellSums, params: GeometricParams) -> dict[str, Array]:
        """Successes over probabilities, less failures over what these lack to one."""
        p = params.probabilities
        lack = np.where(p < 1, 1 - p, 1.0)
        return {"probabilities": np.where(p < 1, stats.cells / p - stats.terms[:, 0] / lack, 0.0)}

    def spaces(self, params: GeometricParams) -> Spaces:
        p = params.probabilities
        return {"probabilities": UnitInterval(p.shape, p, with_zero=False)}

    def sample(self, params: GeometricParams, labels: NDArray[np.int64], rng: np.random.Generator) -> Array:
        return rng.geometric(params.probabilities[labels]).astype(np.float64) - 1.0

    def mean(self, params: GeometricParams) -> Array:
        return np.asarray((1 - params.probabilities) / params.probabilities)

    def deviation(self, params: GeometricParams) -> Array:
        return np.sqrt(self.mean(params) / params.probabilities)

    def distribution(self, params: GeometricParams, x: Array) -> Distribution:
        """Powers of the probability of failure."""
        k, p = x[:, None, :], params.probabilities
        with np.errstate(divide="ignore", invalid="ignore"):
            log_q = np.log1p(-p)
            before = np.where(k == 0, 0.0, k * log_q)  # as many failures at the least
            return Distribution(np.log(-np.expm1(before)), (k + 1) * log_q, before + np.log(p))

    def embed(self, description: CellMoments, x: Array) -> Array:
        """Inverse hyperbolic sines of roots, whose spread hardly hangs on the mean."""
        return 2 * np.arcsinh(np.sqrt(x))
