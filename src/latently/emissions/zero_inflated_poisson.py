"""Counts with more zeros than a Poisson distribution has: independent zero-inflated Poisson features."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from latently.core.declared import Parameter
from latently.core.spaces import Positive, Spaces, UnitInterval
from latently.emissions.base import Array
from latently.emissions.counts import Counts
from latently.emissions.described import Components
from latently.emissions.distribution import Distribution
from latently.emissions.exponential_family import CellMoments, CellSums, ExponentialFamily
from latently.emissions.newton import zero
from latently.emissions.poisson import RATE_FLOOR, poisson_distribution
from latently.wording import share


@dataclass(frozen=True)
class ZeroInflatedPoissonParams:
    """Rates, and probabilities of an extra zero, shape (K, d)."""

    lambdas: Array
    inflations: Array


@dataclass(frozen=True)
class ZeroInflatedPoisson(Counts, ExponentialFamily):
    """Independent counts that are zero for another reason in some rows; NaN is a missing one.

    Its parameters are `lambdas`, the rates where there is no such reason, and `inflations`, how often there
    is, both of shape (K, d). Inflations may reach 0, where counts are Poisson, and 1.

    Parameters
    ----------
    means : array of shape (d,), optional
        Mean counts of the data, filled in by `bind`.

    Examples
    --------
    >>> import numpy as np
    >>> from latently import MixtureModel
    >>> rng = np.random.default_rng(0)
    >>> X = (rng.poisson(3.0, 2000) * (rng.random(2000) > 0.4))[:, None]
    >>> one = MixtureModel("zero-inflated-poisson", 1).fit(X).params_.emission
    >>> bool(np.isclose(one.inflations[0, 0], 0.4, atol=0.05))
    True
    """

    means: Array | None = field(default=None, repr=False)

    params_type: ClassVar[type] = ZeroInflatedPoissonParams
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("lambdas", ("components", "features"), "rates: expected counts", "positive and finite"),
        Parameter(
            "inflations", ("components", "features"), "probabilities of an extra zero", "between 0 and 1"
        ),
    )
    certain: ClassVar[bool] = True
    adjective: ClassVar[str] = "zero-inflated Poisson"

    def bind(self, description: CellMoments) -> Self:
        return replace(self, means=description.mean)

    def start(
        self, description: CellMoments, n_components: int, rng: np.random.Generator
    ) -> ZeroInflatedPoissonParams:
        """Rates about the mean of counts above zero, and at most as many extra zeros as there are zeros."""
        zeros, others, total = description.terms
        rates = (total + 1.0) / (others + 1.0)
        away = rng.standard_normal((n_components, len(rates))) * (n_components > 1)
        most = (zeros + 1.0) / (zeros + others + 2.0)
        return ZeroInflatedPoissonParams(rates * np.exp(away / 2), most * rng.uniform(0.1, 0.9, away.shape))

    def terms(self, x: Array) -> tuple[Array, Array, Array]:
        """Whether it is a zero, whether not, and the count."""
        return (x == 0).astype(np.float64), (x > 0).astype(np.float64), x

    def base(self, x: Array) -> Array:
        return -np.asarray(gammaln(x + 1.0))

    def natural(self, params: ZeroInflatedPoissonParams) -> tuple[Array, Array]:
        """Log probability of a zero; that of the Poisson distribution, less the rate; and the log rate."""
        rates, extra = params.lambdas, params.inflations
        with np.errstate(divide="ignore"):
            found = _log_zero(rates, extra), np.log1p(-extra) - rates, np.log(rates)
        return np.stack(found, axis=1), np.zeros(rates.shape)

    def best(
        self, stats: CellSums, params: ZeroInflatedPoissonParams, fixed: Collection[str]
    ) -> dict[str, Array]:
        """Rates from counts above zero alone, by Newton's method, and as many extra zeros as that lacks.

        Where it lacks none, counts are Poisson. Where there are zeros only, nothing tells the two kinds
        apart, and the inflation stays.
        """
        others, total = stats.terms[:, 1], stats.terms[:, 2]
        some, floor = others > 0, self._floor
        cells = np.where(stats.some, stats.cells, 1.0)
        if "lambdas" in fixed:
            rates = params.lambdas
        elif "inflations" in fixed:
            rates = self._rates_beside(stats, params)
        else:
            mean = np.where(some, total / np.where(some, others, 1.0), 1.0)

            def slope(t: Array) -> tuple[Array, Array]:
                """Of the likelihood of counts known to be above zero, by their log rate, for each of them."""
                rate = np.exp(t)
                seen = -np.expm1(-rate)
                return mean - rate / seen, -rate * (seen - rate * (1 - seen)) / seen**2

            low = np.log(floor)
            rates = np.exp(zero(slope, np.log(mean), low, np.maximum(np.log(mean), low)))
        seen = -np.expm1(-rates)
        extra = np.clip(1 - others / cells / seen, 0.0, 1.0)
        if "lambdas" not in fixed and "inflations" not in fixed:
            poisson = others / cells > seen
            rates = np.maximum(np.where(poisson, total / cells, rates), floor)
            rates, extra = np.where(some, rates, floor), np.where(some, extra, params.inflations)
        return {"lambdas": rates, "inflations": extra}

    def gradient(self, stats: CellSums, params: ZeroInflatedPoissonParams) -> dict[str, Array]:
        """Derivatives of the sum over cells of the log probability."""
        rates, extra = params.lambdas, params.inflations
        zeros, others, total = np.moveaxis(stats.terms, 1, 0)
        lack = np.where(extra < 1, 1 - extra, 1.0)
        more = -np.expm1(-rates) / np.exp(_log_zero(rates, extra))
        return {
            "lambdas": total / rates - others - zeros * _by_chance(rates, extra),
            "inflations": zeros * more - np.where(extra < 1, others / lack, 0.0),
        }

    def spaces(self, params: ZeroInflatedPoissonParams) -> Spaces:
        """Rates are positive, in units of the standard deviations of counts at the mean."""
        unit = params.lambdas.mean(axis=0) if self.means is None else self.means
        shape = params.lambdas.shape
        return {
            "lambdas": Positive(shape, np.sqrt(unit + RATE_FLOOR), floor=self._floor, to_zero=True),
            "inflations": UnitInterval(shape, np.ones(())),
        }

    def sample(
        self, params: ZeroInflatedPoissonParams, labels: NDArray[np.int64], rng: np.random.Generator
    ) -> Array:
        drawn = rng.poisson(params.lambdas[labels]).astype(np.float64)
        return drawn * (rng.random(drawn.shape) >= params.inflations[labels])

    def mean(self, params: ZeroInflatedPoissonParams) -> Array:
        """The rates, where there is no extra zero."""
        return (1 - params.inflations) * params.lambdas

    def deviation(self, params: ZeroInflatedPoissonParams) -> Array:
        return np.sqrt(self.mean(params) * (1 + params.inflations * params.lambdas))

    def distribution(self, params: ZeroInflatedPoissonParams, x: Array) -> Distribution:
        """That of the rates, and zeros besides."""
        k = x[:, None, :]
        poisson = poisson_distribution(params.lambdas, k)
        with np.errstate(divide="ignore", invalid="ignore"):
            extra, rest = np.log(params.inflations), np.log1p(-params.inflations)
            below = np.where(k == 0, -np.inf, np.logaddexp(extra, rest + poisson.below))
            one = _log_zero(params.lambdas, params.inflations)
            at = np.where(k == 0, one, rest + np.asarray(poisson.at))
        return Distribution(below, rest + poisson.above, at)

    def embed(self, description: CellMoments, x: Array) -> Array:
        """Square roots, whose spread is the same at any rate."""
        return 2 * np.sqrt(x)

    def describe_components(
        self, params: ZeroInflatedPoissonParams, names: Sequence[str], rows: Array, label: str
    ) -> Components:
        means = super().describe_components(params, names, rows, label)
        extra = [[share(p) for p in column] for column in params.inflations.T]
        lines = [[f"extra zeros of {name}", *column] for name, column in zip(names, extra, strict=True)]
        shares = [", ".join(column[k] for column in extra) for k in range(len(rows))]
        words = [f"{word} ({part} extra zeros)" for word, part in zip(means.words, shares, strict=True)]
        note = f"Mean count in the {label}, extra zeros included, and how often there is one."
        return Components([*means.lines, *lines], words, note)

    def _rates_beside(self, stats: CellSums, params: ZeroInflatedPoissonParams) -> Array:
        """Rates for inflations that are held: there may be several maxima, and this is one that is better."""
        zeros, others, total = np.moveaxis(stats.terms, 1, 0)
        extra, floor = params.inflations, np.broadcast_to(self._floor, params.lambdas.shape)

        def slope(t: Array) -> tuple[Array, Array]:
            rate = np.exp(t)
            chance = _by_chance(rate, extra)
            bend = chance * (1 - rate * (1 - chance))
            return total - rate * (others + zeros * chance), -rate * (others + zeros * bend)

        def part_of_q(rate: Array) -> Array:
            return np.asarray(zeros * _log_zero(rate, extra) + total * np.log(rate) - others * rate)

        most = np.maximum(np.log((total + 1.0) / np.maximum(others, 1.0)), np.log(params.lambdas))
        found = np.exp(zero(slope, np.log(params.lambdas), np.log(floor), np.maximum(most, np.log(floor))))
        with np.errstate(divide="ignore", invalid="ignore"):
            better = part_of_q(found) > part_of_q(params.lambdas)
        return np.where(better, found, params.lambdas)

    @property
    def _floor(self) -> Array | float:
        return 1e-300 if self.means is None else RATE_FLOOR * self.means + 1e-300


def _log_zero(rates: Array, extra: Array) -> Array:
    """Log probability of a zero of either kind."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.logaddexp(np.log(extra), np.log1p(-extra) - rates))


def _by_chance(rates: Array, extra: Array) -> Array:
    """Probability that a zero is none of the extra ones."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.exp(np.log1p(-extra) - rates - _log_zero(rates, extra)))
