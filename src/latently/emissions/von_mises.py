"""Angles: independent von Mises features, shape (K, d)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import i0e, i1e, roots_legendre

from latently.core.declared import Parameter
from latently.core.spaces import Positive, Real, Spaces
from latently.emissions.base import Array
from latently.emissions.completion import CELL_HALVINGS
from latently.emissions.dispersed import ALL_EQUAL, Dispersed, known, unit_of
from latently.emissions.distribution import Distribution
from latently.emissions.exponential_family import CellMoments, CellSums
from latently.emissions.newton import zero
from latently.wording import number

TURN = 2 * np.pi
LARGEST_ANGLE = TURN * (1 + 1e-6)  # single precision rounds
LEAST_KAPPA = 1e-8  # concentration: as good as all directions alike
NODES = roots_legendre(64)
NEGLIGIBLE_FALL = 40.0  # logarithm of how far a density falls until what is left does not count
CONCENTRATED = 1e4  # from which on, the expansion of the mean resultant length has more digits


@dataclass(frozen=True)
class VonMisesParams:
    """Mean directions and concentrations of each component and feature, shape (K, d)."""

    directions: Array
    concentrations: Array


@dataclass(frozen=True)
class VonMises(Dispersed):
    """Independent von Mises angles in radians; NaN is a missing cell.

    Parameters
    ----------
    min_dispersion : float
        Floor of one over the concentrations, relative to the dispersion of the data.
    dispersions : array of shape (d,), optional
        Of the data: twice one less the mean resultant length, which is near the variance of angles that
        scatter little. Filled in by `bind`.

    Examples
    --------
    >>> import numpy as np
    >>> from latently import MixtureModel
    >>> wind = np.random.default_rng(0).vonmises(3.0, 6.0, (2000, 1))
    >>> one = MixtureModel("von-mises", 1).fit(wind).params_.emission
    >>> np.round([one.directions[0, 0], one.concentrations[0, 0]], 1)
    array([3. , 5.9])
    """

    params_type: ClassVar[type] = VonMisesParams
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("directions", ("components", "features"), "mean directions, in radians"),
        Parameter("concentrations", ("components", "features"), "concentrations", "positive and finite"),
    )
    values: ClassVar[str] = "angles are radians between -2 pi and 2 pi (numpy.deg2rad makes them of degrees)"
    noun: ClassVar[str] = "angles"
    adjective: ClassVar[str] = "von Mises"
    centre_called: ClassVar[str] = "mean direction"
    reading: ClassVar[str] = "Mean direction ± circular standard deviation, in radians."

    def possible(self, x: Array) -> NDArray[np.bool_]:
        """At most one turn either way: larger numbers are more likely degrees."""
        return np.asarray(np.isnan(x) | (np.abs(x) <= LARGEST_ANGLE))

    def bind(self, description: CellMoments) -> Self:
        return replace(self, dispersions=_dispersion(description))

    def start(self, description: CellMoments, n_components: int, rng: np.random.Generator) -> VonMisesParams:
        """Directions anywhere on the circle, and a middling concentration; one component is all data."""
        middle, found = _direction(description.terms), _dispersion(description)
        if n_components == 1:
            directions = middle[None]
        else:
            directions = _wrapped(middle + rng.uniform(-np.pi, np.pi, (n_components, len(middle))))
        most = np.minimum(1.0 / unit_of(found), self._most)
        return VonMisesParams(directions, most + np.zeros(directions.shape))

    def terms(self, x: Array) -> tuple[Array, Array]:
        return np.cos(x), np.sin(x)

    def natural(self, params: VonMisesParams) -> tuple[Array, Array]:
        """The concentrations as vectors, and less the logarithm of the integral over the circle."""
        mu, kappa = params.directions, params.concentrations
        vectors = np.stack([kappa * np.cos(mu), kappa * np.sin(mu)], axis=1)
        return vectors, -np.log(TURN * i0e(kappa)) - kappa

    def best(self, stats: CellSums, params: VonMisesParams, fixed: Collection[str]) -> dict[str, Array]:
        """The direction of the mean vector; concentrations whose mean resultant length is that of the cells.

        Directions are the nearest to the old ones of those a whole turn apart, so that steps are short.
        """
        old = params.directions
        cosine, sine = stats.means[:, 0], stats.means[:, 1]
        directions = old if "directions" in fixed else old + _wrapped(np.arctan2(sine, cosine) - old)
        if "concentrations" in fixed:
            return {"directions": directions}
        # half of the mean squared chord from the direction: what is left of one, without cancellation
        short = np.clip(1.0 - np.cos(directions) * cosine - np.sin(directions) * sine, 0.0, 1.0)

        def slope(t: Array) -> tuple[Array, Array]:
            kappa = np.exp(t)
            lost = _lost(kappa)
            rest = kappa * (1.0 - (1.0 - lost) ** 2) - (1.0 - lost)
            return lost - short, -rest

        near = np.log((2.0 - short) / np.maximum(2.0 * short, ALL_EQUAL))
        return {
            "directions": directions,
            "concentrations": np.exp(zero(slope, near, np.log(LEAST_KAPPA), np.log(self._most))),
        }

    def gradient(self, stats: CellSums, params: VonMisesParams) -> dict[str, Array]:
        """Of the sums of cosines and sines turned to the mean direction."""
        mu, kappa = params.directions, params.concentrations
        cosine, sine = stats.terms[:, 0], stats.terms[:, 1]
        along, across = np.cos(mu) * cosine + np.sin(mu) * sine, np.cos(mu) * sine - np.sin(mu) * cosine
        return {"directions": kappa * across, "concentrations": along - stats.cells * (1.0 - _lost(kappa))}

    def spaces(self, params: VonMisesParams) -> Spaces:
        """Directions are real numbers, and go round; concentrations positive, in units of the data's."""
        unit, fixed = self._unit, self._constant
        shape = params.directions.shape
        return {
            "directions": Real(shape, np.sqrt(unit) + np.zeros(shape[1]), fixed),
            "concentrations": Positive(
                shape, 1.0 / unit, LEAST_KAPPA, fixed, to_zero=True, ceiling=self._most
            ),
        }

    def dispersion(self, params: VonMisesParams) -> Array:
        return 1.0 / params.concentrations

    def least_dependent(self, description: CellMoments, params: VonMisesParams) -> VonMisesParams:
        """Of directions a whole turn apart, which are as likely, those between -pi and pi."""
        return replace(params, directions=_wrapped(params.directions))

    def sample(self, params: VonMisesParams, labels: NDArray[np.int64], rng: np.random.Generator) -> Array:
        return np.asarray(rng.vonmises(_wrapped(params.directions[labels]), params.concentrations[labels]))

    def centre(self, params: VonMisesParams) -> Array:
        """The mean directions, which are no means of numbers: those of 6.2 and 0.1 are not at 3.15."""
        return params.directions

    def deviation(self, params: VonMisesParams) -> Array:
        """Circular standard deviations, from the mean resultant lengths."""
        return np.sqrt(-2.0 * np.log1p(-_lost(params.concentrations)))

    def distribution(self, params: VonMisesParams, x: Array) -> Distribution:
        """Of how far each angle is from the mean direction, either way round from the opposite one."""
        away = _wrapped(x[:, None, :] - params.directions)
        near = _log_below(-np.abs(away), params.concentrations)
        far = np.log1p(-np.exp(near))
        return Distribution(np.where(away < 0, near, far), np.where(away < 0, far, near))

    def apart(self, x: Array) -> Array:
        return np.hstack(self.terms(x))

    def pictured(self, x: Array) -> Array:
        return _wrapped(x)

    def ends(self, column: int) -> tuple[float, float]:
        return -np.pi, np.pi

    def standing_out(
        self, params: VonMisesParams, names: Sequence[str], weights: Array
    ) -> list[list[tuple[float, str]]]:
        """How far mean vectors lie from that of all, in units of the spread of all on the circle."""
        vectors = self._mean_vectors(params)
        centre = np.tensordot(weights, vectors, 1)
        total = np.sqrt(np.maximum(1.0 - np.abs(centre) ** 2, ALL_EQUAL))
        far = np.abs(vectors - centre) / total
        return [
            [
                (away, f"{name} about {number(mu, 2)}")
                for away, name, mu in zip(*one, names, mine, strict=True)
            ]
            for one, mine in zip(far[:, None], params.directions, strict=True)
        ]

    def guess_missing(self, params: VonMisesParams, x: Array, resp: Array) -> Array:
        return np.where(np.isnan(x), np.angle(resp @ self._mean_vectors(params)), x)

    def quantiles_of_missing(
        self, params: VonMisesParams, x: Array, resp: Array, probability: float
    ) -> Array:
        """From the direction opposite to the mean vector on, so that they are at most half a turn from it."""
        begin = np.angle(resp @ self._mean_vectors(params)) - np.pi
        before = np.exp(self.distribution(params, _wrapped(begin)).below)
        low, high = np.zeros(x.shape), np.full(x.shape, TURN)
        for _ in range(CELL_HALVINGS):
            middle = (low + high) / 2
            # below the angle on its way round from what is opposite to each component's own direction
            passed = np.exp(self.distribution(params, begin + middle).below) - before
            enough = np.einsum("nk,nkd->nd", resp, passed % 1.0) >= probability
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        return np.where(np.isnan(x), begin + (low + high) / 2, np.nan)

    def embed(self, description: CellMoments, x: Array) -> Array:
        return self.apart(x)

    def standardised(self, description: CellMoments, x: Array, weights: Array) -> Array:
        """The same: a spread of numbers that go round would depend on where they begin."""
        return self.apart(x)

    def fill(self, description: CellMoments, x: Array) -> Array:
        return np.where(np.isnan(x), _direction(description.terms), x)

    @staticmethod
    def _mean_vectors(params: VonMisesParams) -> NDArray[np.complex128]:
        """Mean points on the circle, as complex numbers."""
        return np.asarray((1.0 - _lost(params.concentrations)) * np.exp(1j * params.directions))


def _wrapped(angles: Array) -> Array:
    """The same directions between -pi and pi."""
    return np.asarray(angles - TURN * np.round(angles / TURN))


def _direction(vectors: Array) -> Array:
    """Of vectors, their cosines and sines along the first axis."""
    return np.asarray(np.arctan2(vectors[1], vectors[0]))


def _dispersion(description: CellMoments) -> Array:
    """Twice one less the mean resultant length of the data."""
    return known(2.0 * (1.0 - np.hypot(*description.terms) / description.divisors))


def _lost(kappa: Array) -> Array:
    """One less the mean resultant length, ``1 - I1(kappa) / I0(kappa)``."""
    z = np.maximum(kappa, CONCENTRATED)
    expansion = (0.5 + (0.125 + 0.125 / z) / z) / z
    return np.where(kappa < CONCENTRATED, 1.0 - i1e(kappa) / i0e(kappa), expansion)


def _log_below(away: Array, kappa: Array) -> Array:
    """Log probability from the opposite direction to `away`, which is not above zero, by Gauss's rule.

    The density rises all the way: what it was until it was e^-40 of that at the end does not count.
    """
    end = np.cos(away)
    width = away + np.arccos(np.maximum(end - NEGLIGIBLE_FALL / kappa, -1.0))
    total = np.zeros(width.shape)
    for node, weight in zip(*NODES, strict=True):
        total += weight * np.exp(kappa * (np.cos(away - (1.0 - node) / 2.0 * width) - end))
    with np.errstate(divide="ignore"):
        return np.log(total * width / 2.0) + kappa * (end - 1.0) - np.log(TURN * i0e(kappa))
