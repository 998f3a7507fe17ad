"""A mixture of M Gaussians inside each component or state: a density of any shape, such as one of two peaks.

Which of its Gaussians a row comes from is hidden, too: the E-step shares the responsibility of a component
out among them, and all K M Gaussians are one bank, whose parameters are learned as those of `Gaussian` are.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, logsumexp, xlogy

from latently.core.declared import Parameter, numbers
from latently.core.spaces import Simplex, Spaces
from latently.core.statistics import Additive
from latently.emissions.base import Array, Emission
from latently.emissions.distribution import Distribution
from latently.emissions.gaussian import Gaussian
from latently.emissions.gaussian.moments import ComponentMoments, Moments
from latently.wording import count


@dataclass(frozen=True)
class MixtureParams:
    """Weights within each component, (K, M), and means, (K, M, d), and covariances of its Gaussians."""

    inner_weights: Array
    means: Array
    covariances: Array


@dataclass(frozen=True)
class MixtureStats(Additive):
    """Expected rows of each Gaussian, (K, M), and their moments, (K M, ...)."""

    rows: Array
    moments: ComponentMoments


@dataclass(frozen=True)
class MixtureOfGaussians(Emission):
    """A bank of K mixtures of M Gaussians; NaN is a missing cell.

    Rows of one component may be far from each other, so that starts do without distances unless these are
    asked for, as by ``init_params="kmeans"``.

    Parameters
    ----------
    n_mix : int, default 2
        Number M of Gaussians in each component.
    covariance_type : {"full", "tied", "diag", "spherical"}, default "full"
        What covariances are like: one for each Gaussian, (K, M, ...), or tied, one for all of them.
    reg_covar : float
        Floor of the covariances, relative to the variances of the features, as of `Gaussian`.
    variances : array of shape (d,), optional
        Variances of the features, filled in by `bind`.

    Raises
    ------
    ValueError
        If there is no such structure of covariances, or no Gaussian.

    Examples
    --------
    >>> import numpy as np
    >>> from latently import MixtureModel, datasets
    >>> from latently.emissions import MixtureOfGaussians
    >>> X = datasets.load_faithful().data
    >>> one = MixtureModel(MixtureOfGaussians(2), 1, random_state=0).fit(X).params_.emission
    >>> np.sort(one.inner_weights[0]).round(2)
    array([0.36, 0.64])
    """

    learns_spread: ClassVar[bool] = True
    needs_spread: ClassVar[bool] = True
    accepts_missing = True
    adjective: ClassVar[str] = "Gaussian mixture"
    several_maxima: ClassVar[bool] = True
    compact: ClassVar[bool] = False
    in_brackets: ClassVar[str] = "n_mix"
    floor_setting: ClassVar[str] = "reg_covar"
    params_type: ClassVar[type] = MixtureParams
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("inner_weights", ("components", "gaussians"), "weights of its Gaussians", "probabilities"),
        Parameter("means", ("components", "gaussians", "features"), "means of its Gaussians"),
    )

    n_mix: int = 2
    covariance_type: str = "full"
    reg_covar: float = 1e-6
    variances: Array | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not (isinstance(self.n_mix, int | np.integer) and self.n_mix >= 1):
            raise ValueError(f"n_mix={self.n_mix!r}: should be a whole number from 1")
        self._bank  # noqa: B018 - which refuses what is no structure

    @property
    def form(self) -> str:
        """How many Gaussians of which kind."""
        return f"mixture of {count(int(self.n_mix), self._bank.form)}"

    @property
    def correlated(self) -> bool:  # type: ignore[override]
        """Whether features are correlated within a Gaussian."""
        return self._bank.correlated

    @property
    def pooled_parameters(self) -> tuple[str, ...]:
        """The covariances, if they are shared."""
        return self._bank.pooled_parameters

    def shape(self, label: str) -> str:
        return f"{self.n_mix} Gaussians in each {label}"

    def describe(self, x: Array, weights: Array) -> Moments:
        return self._bank.describe(x, weights)

    def bind(self, description: Moments) -> Self:
        """Return the same family, the floor in the units of the data."""
        return replace(self, variances=self._bank.bind(description).variances)

    def start(self, description: Moments, n_components: int, rng: np.random.Generator) -> MixtureParams:
        """Means drawn from the Gaussian of all the data, and its covariance for each."""
        bank = self._bank.start(description, n_components * self.n_mix, rng)
        return self._nested(np.full((n_components, self.n_mix), 1.0 / self.n_mix), bank)

    def embed(self, description: Moments, x: Array) -> Array:
        return self._bank.embed(description, x)

    def fill(self, description: Moments, x: Array) -> Array:
        return self._bank.fill(description, x)

    def log_density(self, params: MixtureParams, x: Array) -> Array:
        """Of the observed cells of each row under each mixture."""
        return np.asarray(logsumexp(self._joint(params, x), axis=2))

    def expected_stats(self, params: MixtureParams, x: Array, resp: Array) -> MixtureStats:
        """Those of the Gaussians, the responsibility of each component shared out among its own."""
        shares = self._shares(params, x) * resp[:, :, None]
        moments = self._bank.expected_stats(self._flat(params), x, shares.reshape(len(x), -1))
        return MixtureStats(shares.sum(axis=0), moments)

    def moved(self, stats: MixtureStats, params: MixtureParams) -> MixtureStats:
        return replace(stats, moments=self._bank.moved(stats.moments, self._flat(params)))

    def draw_missing(
        self, params: MixtureParams, x: Array, labels: NDArray[np.int64], rng: np.random.Generator
    ) -> Array:
        """Draw a Gaussian of each row given its observed cells, and the others from it."""
        shares = self._shares(params, x)[np.arange(len(x)), labels]
        inner = (rng.random((len(x), 1)) > np.cumsum(shares, axis=1)[:, :-1]).sum(axis=1)
        return self._bank.draw_missing(self._flat(params), x, labels * self.n_mix + inner, rng)

    def guess_missing(self, params: MixtureParams, x: Array, resp: Array) -> Array:
        shares = (self._shares(params, x) * resp[:, :, None]).reshape(len(x), -1)
        return self._bank.guess_missing(self._flat(params), x, shares)

    def quantiles_of_missing(self, params: MixtureParams, x: Array, resp: Array, probability: float) -> Array:
        shares = (self._shares(params, x) * resp[:, :, None]).reshape(len(x), -1)
        return self._bank.quantiles_of_missing(self._flat(params), x, shares, probability)

    def _shares(self, params: MixtureParams, x: Array) -> Array:
        """What part of a row each Gaussian has of what its component has, shape (n, K, M)."""
        joint = self._joint(params, x)
        total = logsumexp(joint, axis=2, keepdims=True)
        return np.asarray(np.exp(joint - np.where(np.isneginf(total), 0.0, total)))

    def m_step(self, stats: MixtureStats, params: MixtureParams, fixed: Collection[str] = ()) -> Any:
        """Shares of the rows of each component, and what the Gaussian family makes of the moments."""
        bank = self._bank.m_step(stats.moments, self._flat(params), fixed)
        weights, rows = params.inner_weights, stats.rows.sum(axis=1, keepdims=True)
        if "inner_weights" not in fixed:
            weights = np.where(rows > 0, stats.rows / np.where(rows > 0, rows, 1.0), weights)
        return self._nested(weights, bank)

    def expected_log_likelihood(self, stats: MixtureStats, params: MixtureParams) -> float:
        """Q: that of the inner labels, and that of the Gaussians."""
        inner = float(xlogy(stats.rows, params.inner_weights).sum())
        return inner + self._bank.expected_log_likelihood(stats.moments, self._flat(params))

    def inner_terms(self, stats: MixtureStats, params: MixtureParams) -> float:
        inner = float(np.abs(xlogy(stats.rows, params.inner_weights)).sum())
        return inner + self._bank.inner_terms(stats.moments, self._flat(params))

    def gradient(self, stats: MixtureStats, params: MixtureParams) -> dict[str, Array]:
        found = self._bank.gradient(stats.moments, self._flat(params))
        shaped = {name: value.reshape(getattr(params, name).shape) for name, value in found.items()}
        weights = params.inner_weights
        return {"inner_weights": stats.rows / np.where(weights > 0, weights, 1.0), **shaped}

    def spaces(self, params: MixtureParams) -> Spaces:
        """Probabilities, and the spaces of the Gaussian family."""
        flat: Any = self._flat(params)
        found: dict[str, Any] = {"inner_weights": Simplex(np.ones(params.inner_weights.shape, dtype=bool))}
        spaces: dict[str, Any] = dict(self._bank.spaces(flat))
        for name, space in spaces.items():
            old, new = getattr(flat, name).shape, getattr(params, name).shape
            whole = {key: value.reshape(new) for key, value in vars(space).items() if np.shape(value) == old}
            found[name] = replace(space, **whole | {"shape": new})
        return found

    def permute(self, params: MixtureParams, order: Any) -> MixtureParams:
        """Relabel the components, not the Gaussians in them."""
        moved = params.covariances if self._bank.shared else params.covariances[order]
        return MixtureParams(params.inner_weights[order], params.means[order], moved)

    def projected(self, params: MixtureParams) -> MixtureParams:
        return self._nested(params.inner_weights, self._flat(params))

    def rows_needed(self, params: MixtureParams, fixed: Collection[str] = ()) -> int:
        return self.n_mix * self._bank.rows_needed(self._flat(params), fixed)

    def floor_active(self, params: MixtureParams, fixed: Collection[str] = ()) -> NDArray[np.bool_] | None:
        """Which components have a Gaussian with a covariance that was learned and rests on the floor."""
        found = self._bank.floor_active(self._flat(params), fixed)
        return None if found is None else np.asarray(found.reshape(-1, self.n_mix).any(axis=1))

    def sample(self, params: MixtureParams, labels: NDArray[np.int64], rng: np.random.Generator) -> Array:
        """Draw a Gaussian of each label, and a row from it."""
        below = np.cumsum(params.inner_weights, axis=1)[labels, :-1]
        inner = (rng.random((len(labels), 1)) > below).sum(axis=1)
        return self._bank.sample(self._flat(params), labels * self.n_mix + inner, rng)

    def mean(self, params: MixtureParams) -> Array:
        return np.einsum("km,kmd->kd", params.inner_weights, params.means)

    def covariance(self, params: MixtureParams) -> Array:
        """Covariances of the mixtures: within their Gaussians and between their means."""
        K, M, d = params.means.shape
        apart = params.means - self.mean(params)[:, None]
        within = self._bank.dense(self._flat(params)).reshape(K, M, d, d)
        between = np.einsum("kmi,kmj->kmij", apart, apart)
        return np.einsum("km,kmij->kij", params.inner_weights, within + between)

    def distribution(self, params: MixtureParams, x: Array) -> Distribution:
        """Normal distribution functions, each by its weight."""
        K, M, d = params.means.shape
        variances = np.einsum("kii->ki", self._bank.dense(self._flat(params))).reshape(K, M, d)
        away = (x[:, None, None, :] - params.means) / np.sqrt(variances)
        below, above = (logsumexp(log_ndtr(end), 2, params.inner_weights[..., None]) for end in (away, -away))
        return Distribution(below, above)

    def sizes(self, n_components: int, n_features: int | str) -> dict[str, int | str]:
        """Also the number of Gaussians in each component."""
        return {**super().sizes(n_components, n_features), "gaussians": self.n_mix}

    def checked(
        self, name: str, value: object, n_components: int, n_features: int | None, label: str
    ) -> Array:
        if name != "covariances":
            return super().checked(name, value, n_components, n_features, label)
        shape = self._shape(n_components, n_features or "n_features")
        found = numbers(
            value, label, *shape, of=f" for {self.covariance_type} covariances of {self.n_mix} each"
        )
        flat = found if self._bank.shared else found.reshape(-1, *found.shape[2:])
        bank = self._bank.checked(name, flat, n_components * self.n_mix, n_features, label)
        return bank.reshape(found.shape)

    def check_shapes(self, params: MixtureParams, n_components: int, n_features: int) -> None:
        """Also covariances in the shape of the structure."""
        super().check_shapes(params, n_components, n_features)
        shape = self._shape(n_components, n_features)
        if params.covariances.shape != shape:
            raise ValueError(f"its covariances have shape {params.covariances.shape}, should be {shape}")
        self._bank.check_shapes(self._flat(params), n_components * self.n_mix, n_features)

    @property
    def _bank(self) -> Gaussian:
        return Gaussian(self.covariance_type, self.reg_covar, self.variances)

    def _flat(self, params: MixtureParams) -> Any:
        """Params of all Gaussians, those of a component one after the other."""
        flat = params.covariances
        if not self._bank.shared:
            flat = flat.reshape(-1, *flat.shape[2:])
        return self._bank.clipped(self._bank.params(params.means.reshape(-1, params.means.shape[2]), flat))

    def _nested(self, weights: Array, bank: Any) -> MixtureParams:
        """Params by component and Gaussian."""
        K, M = weights.shape
        covariances = bank.covariances
        if not self._bank.shared:
            covariances = covariances.reshape(K, M, *covariances.shape[1:])
        return MixtureParams(weights, bank.means.reshape(K, M, -1), covariances)

    def _shape(self, n_components: int, n_features: object) -> tuple[Any, ...]:
        shape = self._bank.structure.shape(n_components * self.n_mix, n_features)
        return shape if self._bank.shared else (n_components, self.n_mix, *shape[1:])

    def _joint(self, params: MixtureParams, x: Array) -> Array:
        """Log densities of the Gaussians with the logarithms of their weights, shape (n, K, M)."""
        with np.errstate(divide="ignore"):
            log_weights = np.log(params.inner_weights)
        found = self._bank.log_density(self._flat(params), x).reshape(len(x), *log_weights.shape)
        return np.asarray(found + log_weights)
