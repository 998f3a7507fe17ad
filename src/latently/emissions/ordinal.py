"""Grades: independent ordinal features by adjacent categories."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from latently.checks.arrays import Cells, as_array
from latently.checks.columns import Column
from latently.core.declared import Parameter
from latently.core.spaces import Real, Spaces
from latently.emissions.alphabet import cells_of, coded, strange_cell
from latently.emissions.base import Array
from latently.emissions.distribution import Distribution
from latently.emissions.reading import ImpossibleCellError
from latently.emissions.tabulated import Histogram, Tabulated

STEEPEST = 30.0  # location: a grade is then e**30 times as likely as the next
MOST_STEPS, HALVINGS = 100, 40
LEAST_GAIN_PER_CELL = 1e-12  # gain per cell before a last step of Newton's, after which rounding is larger
Q_ROUNDING = 2.0**-46
RIDGE = 1e-12  # of the information of a cell, where there is none


@dataclass(frozen=True)
class OrdinalParams:
    """Locations of components, shape (K, d), and intercepts of categories, (d, C), zero at both ends."""

    locations: Array
    intercepts: Array


@dataclass(frozen=True)
class Ordinal(Tabulated):
    """Independent grades with the codes 0, 1, ..., C - 1; NaN is a missing one.

    In a table of columns (`Columns`) grades may be words, in the order of the column's type, such as that of
    ``pandas.Categorical(..., ordered=True)``.

    Of adjacent categories, ``log(p(c) / p(c - 1))`` is a difference of `intercepts` that all components
    share, plus the location of the component: by one number for each column, grades of one component are
    higher than those of another (Agresti 2010, chapter 4). Cumulative categories say much the same and are no
    exponential family. This one is: sums of codes and counts of categories are all that an M-step needs, Q is
    concave and has one maximum, and Newton's method with steps halved where they lower Q finds it from
    anywhere.

    Parameters
    ----------
    n_categories : int or array-like of shape (d,), optional
        How many grades there are; by default one more than the highest code of a fit.
    support : array of bool of shape (d, C), optional
        Which of them were observed, filled in by `bind`: the others have no probability.
    grades : tuple, optional
        What each column has for codes 0, 1, ...; None where these are its cells. Filled in by `learned_of`.
    unknown : {"error", "missing"}
        What a word is that is no grade, filled in by `in_a_table`.

    Examples
    --------
    >>> import numpy as np
    >>> from latently import MixtureModel
    >>> rng = np.random.default_rng(0)
    >>> X = rng.binomial(4, np.where(rng.random(300) < 0.5, 0.2, 0.8)[:, None], size=(300, 3))
    >>> mixture = MixtureModel("ordinal", 2, random_state=0).fit(X)
    >>> mixture.params_.emission.locations.shape, mixture.params_.emission.intercepts.shape
    ((2, 3), (3, 5))
    """

    n_categories: Any = None
    support: NDArray[np.bool_] | None = field(default=None, repr=False)
    grades: tuple[Cells | None, ...] = field(default=(), repr=False)
    unknown: str = field(default="error", repr=False)

    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("locations", ("components", "features"), "log odds of a grade against the one below"),
        Parameter("intercepts", ("features", "categories"), "what categories have in all components"),
    )
    values: ClassVar[str] = (
        "grades are whole numbers from 0, below the number of categories: code them so, mend the cell, or "
        "leave it empty if it is not known"
    )
    in_brackets: ClassVar[str] = "n_categories"
    learns: ClassVar[bool] = True
    noun: ClassVar[str] = "grades"
    adjective: ClassVar[str] = "ordinal"
    reading: ClassVar[str] = "Mean grade, counted from 0."

    def possible(self, x: Array) -> NDArray[np.bool_]:
        """Whole numbers from 0 below the number of categories."""
        most = np.inf if self.n_categories is None else np.asarray(self.n_categories) - 1
        return np.asarray(np.isnan(x) | ((x >= 0) & (x <= most) & (x == np.floor(x))))

    def learned(self, x: Any) -> Self:
        """The numbers of categories, if they were not given."""
        if self.n_categories is not None:
            return self
        highest = np.where(np.isnan(x), 0.0, x).max(axis=0, initial=1.0)
        return replace(self, n_categories=highest.astype(np.int64) + 1)

    def in_a_table(self, n_columns: int, unknown: str) -> Self:
        """Whose grades may be words, of which some may be unknown."""
        return replace(self, unknown=unknown)

    def learned_of(self, columns: Sequence[Column]) -> Self:
        """Also the grades of columns whose type says which there are."""
        grades = tuple(
            None if column.categories is None else as_array(column.categories, column.name)
            for column in columns
        )
        family = replace(self, grades=grades)
        if self.n_categories is not None:
            return family
        highest = self.learned(family._numbers(columns)).n_categories
        sizes = [0 if some is None else len(some) for some in grades]
        return replace(family, n_categories=np.maximum(highest, sizes))

    def _numbers(self, columns: Sequence[Column]) -> Array:
        found = np.empty((len(columns[0].cells), len(columns)))
        for j, (column, grades) in enumerate(zip(columns, self.grades, strict=True)):
            if grades is None:
                found[:, j] = self._codes_given(column, j)
                continue
            codes = coded(column, grades)
            strange = codes < 0
            if strange.any() and self.unknown == "error":
                raise strange_cell(column, int(strange.argmax()), j, grades, "grades")
            found[:, j] = np.where(strange, np.nan, codes)
        return found

    def _codes_given(self, column: Column, place: int) -> Array:
        """The cells of a column of numbers."""
        try:
            return super()._numbers([column])[:, 0]
        except ImpossibleCellError as error:
            remedy = "or give its grades in order, as pandas.Categorical(cells, [lowest, ..., highest]) does"
            why = f"{error.why}, {remedy}" if not column.numeric else error.why
            raise ImpossibleCellError(error.row, place, why) from None

    def shown_columns(self, x: Array) -> list[Any]:
        return [
            codes if grades is None else cells_of(codes, grades)
            for codes, grades in zip(x.T, self.grades or (None,) * x.shape[1], strict=True)
        ]

    def categories_of(self, column: int) -> list[Any] | None:
        grades = self.grades[column] if self.grades else None
        return None if grades is None else list(grades.tolist())

    def reading_as(self, other: Any) -> Self:
        return replace(self, n_categories=other.n_categories, grades=other.grades, unknown=other.unknown)

    def bind(self, description: Histogram) -> Self:
        support = np.zeros((description.counts.shape[2], self._width(description)), dtype=bool)
        support[:, description.values.astype(np.int64)] = description.counts[:, 0].T > 0
        support[~support.any(axis=1)] = True  # of a column without cells nothing is known
        return replace(self, support=support)

    def start(self, description: Histogram, n_components: int, rng: np.random.Generator) -> OrdinalParams:
        """The shares of categories in all data, and locations on either side of theirs."""
        counts = np.zeros((description.counts.shape[2], self._width(description)))
        counts[:, description.values.astype(np.int64)] = description.counts[:, 0].T
        found = self.params(np.zeros((n_components, len(counts))), np.log(np.maximum(counts, 0.5)))
        deviation = np.sqrt(description.variance[0])
        away = rng.standard_normal(found.locations.shape) * (n_components > 1)
        return replace(found, locations=found.locations + away / np.maximum(deviation, 0.5))

    def summands(self, x: Array, params: OrdinalParams) -> tuple[Array, ...]:
        """What the category has, by its code; the location times the code; and less the sum of all."""
        codes = x.astype(np.int64)[:, 0, :]
        linear = self._linear(params)
        table = np.where(self._supported(params), params.intercepts, -np.inf)
        own = table[np.arange(table.shape[0]), codes][:, None, :]
        with np.errstate(invalid="ignore"):
            total = np.logaddexp.reduce(linear, axis=2)
        return own, x * params.locations, -total[None]

    def m_step(self, stats: Histogram, params: OrdinalParams, fixed: Collection[str] = ()) -> OrdinalParams:
        """The best parameters; the location of a component without cells stays as it is."""
        return replace(params, **self.best(stats, params, fixed))

    def best(self, stats: Histogram, params: OrdinalParams, fixed: Collection[str]) -> dict[str, Array]:
        """Newton's method on all parameters of a feature together; a step that lowers Q is halved.

        Locations stay within limits, which they reach where all cells of a component are of the lowest grade
        or of the highest.
        """
        counts = self._counts(stats, params)
        support, K = self._supported(params), len(params.locations)
        codes = np.arange(support.shape[1], dtype=np.float64)
        shared = self._free(params) & ("intercepts" not in fixed)
        free = np.concatenate([shared, self._moving(stats, params, fixed)], axis=1)
        cells, d = counts.sum(axis=2), len(support)
        goal = np.concatenate([counts.sum(axis=1), counts @ codes], axis=1)
        theta = np.concatenate([params.intercepts, params.locations.T], axis=1)
        C = support.shape[1]
        scale = np.maximum(cells.sum(axis=1), 1.0)

        def q(theta: Array) -> tuple[Array, Array]:
            linear = np.where(support[:, None], theta[:, None, :C] + theta[:, C:, None] * codes, -np.inf)
            log_p = log_softmax(linear, axis=2)
            with np.errstate(invalid="ignore"):
                return np.where(counts == 0, 0.0, counts * log_p).sum(axis=(1, 2)), np.exp(log_p)

        value, p = q(theta)
        for _ in range(MOST_STEPS):
            slope = goal - np.concatenate([(cells[:, :, None] * p).sum(axis=1), cells * (p @ codes)], axis=1)
            outward = np.zeros(theta.shape, dtype=bool)
            outward[:, C:] = np.abs(theta[:, C:]) >= STEEPEST
            moves = free & ~(outward & (slope * theta > 0))
            slope = np.where(moves, slope, 0.0)
            centred = codes - (p @ codes)[:, :, None]
            bend = np.zeros((d, C + K, C + K))
            weighted = cells[:, :, None] * p
            bend[:, :C, :C] = -weighted.transpose(0, 2, 1) @ p
            bend[:, range(C), range(C)] += weighted.sum(axis=1)
            bend[:, :C, C:] = (weighted * centred).transpose(0, 2, 1)
            bend[:, C:, :C] = weighted * centred
            bend[:, range(C, C + K), range(C, C + K)] = (weighted * centred**2).sum(axis=2)
            bend *= moves[:, :, None] & moves[:, None, :]
            bend[:, range(C + K), range(C + K)] += np.where(moves, RIDGE * scale[:, None], 1.0)
            step = np.linalg.solve(bend, slope[:, :, None])[:, :, 0]
            last = ((slope * step).sum(axis=1) <= LEAST_GAIN_PER_CELL * scale).all()
            size = np.ones(d)
            for _ in range(1 if last else HALVINGS):
                trial = theta + size[:, None] * step
                trial[:, C:] = np.clip(trial[:, C:], -STEEPEST, STEEPEST)
                new, new_p = q(trial)
                worse = ~(new >= value)
                if not worse.any():
                    break
                size[worse] /= 2
            better = new >= value - last * Q_ROUNDING * scale
            theta, value = np.where(better[:, None], trial, theta), np.where(better, new, value)
            p = np.where(better[:, None, None], new_p, p)
            if last:
                break
        return {"locations": theta[:, C:].T, "intercepts": theta[:, :C]}

    def gradient(self, stats: Histogram, params: OrdinalParams) -> dict[str, Array]:
        """Counts less those that are expected, and sums of codes less theirs."""
        p = np.exp(log_softmax(self._linear(params), axis=2)).transpose(1, 0, 2)
        lack = self._counts(stats, params)
        lack = lack - lack.sum(axis=2, keepdims=True) * p
        return {"locations": (lack @ np.arange(lack.shape[2])).T, "intercepts": lack.sum(axis=1)}

    def spaces(self, params: OrdinalParams) -> Spaces:
        """Log odds have no unit."""
        several = self._supported(params).sum(axis=1) > 1
        one = np.ones(())
        return {
            "locations": Real(params.locations.shape, one, ~several, STEEPEST),
            "intercepts": Real(params.intercepts.shape, one, ~self._free(params)),
        }

    def permute(self, params: OrdinalParams, order: Any) -> OrdinalParams:
        return replace(params, locations=params.locations[order])

    def table_sizes(self, params: OrdinalParams) -> NDArray[np.int64]:
        """The numbers of categories."""
        return self._sizes(params)

    def sample(self, params: OrdinalParams, labels: NDArray[np.int64], rng: np.random.Generator) -> Array:
        edges = np.exp(log_softmax(self._linear(params), axis=2)).cumsum(axis=2)[labels]
        found = (rng.random((*edges.shape[:2], 1)) * edges[:, :, -1:] >= edges).sum(axis=2)
        return np.minimum(found, self._sizes(params) - 1).astype(np.float64)

    def mean(self, params: OrdinalParams) -> Array:
        p = np.exp(log_softmax(self._linear(params), axis=2))
        return np.asarray(p @ np.arange(p.shape[2]))

    def deviation(self, params: OrdinalParams) -> Array:
        p = np.exp(log_softmax(self._linear(params), axis=2))
        centred = np.arange(p.shape[2]) - self.mean(params)[:, :, None]
        return np.sqrt((p * centred**2).sum(axis=2))

    def distribution(self, params: OrdinalParams, x: Array) -> Distribution:
        """Sums of probabilities from either end."""
        log_p = log_softmax(self._linear(params), axis=2)
        none = np.full((*log_p.shape[:2], 1), -np.inf)
        below = np.concatenate([none, np.logaddexp.accumulate(log_p, axis=2)[:, :, :-1]], axis=2)
        above = np.logaddexp.accumulate(log_p[:, :, ::-1], axis=2)[:, :, -2::-1]
        above = np.concatenate([above, none], axis=2)
        codes = np.where(np.isnan(x), 0, x).astype(np.int64)
        features, missing = np.arange(x.shape[1]), np.isnan(x)[:, None, :]
        found = [one.transpose(1, 2, 0)[features, codes].transpose(0, 2, 1) for one in (below, above, log_p)]
        return Distribution(*(np.where(missing, np.nan, one) for one in found))

    def embed(self, description: Histogram, x: Array) -> Array:
        deviation = np.sqrt(description.variance[0])
        return np.asarray(x / np.where(deviation > 0, deviation, 1.0))

    def params(self, locations: Array, intercepts: Array) -> OrdinalParams:
        """Of locations and intercepts; a line through the intercepts' ends goes to the locations."""
        support = self._supported(OrdinalParams(locations, intercepts))
        codes, rows = np.arange(support.shape[1]), np.arange(len(support))
        low, high = support.argmax(axis=1), support.shape[1] - 1 - support[:, ::-1].argmax(axis=1)
        first, last = intercepts[rows, low], intercepts[rows, high]
        slope = (last - first) / np.maximum(high - low, 1)
        rest = intercepts - first[:, None] - slope[:, None] * (codes - low[:, None])
        inside = support & (codes > low[:, None]) & (codes < high[:, None])
        return OrdinalParams(locations + slope, np.where(inside, rest, 0.0))

    def given(
        self, values: Mapping[str, Any], n_components: int, suffix: str = ""
    ) -> tuple[Self, OrdinalParams]:
        """Locations first: they tell the number of columns, and intercepts that of categories."""
        ordered = {name: values[name] for name in ("locations", "intercepts") if name in values}
        family = self
        if self.n_categories is None and "intercepts" in values:
            family = replace(self, n_categories=np.shape(values["intercepts"])[-1])
        return super(Ordinal, family).given(ordered | dict(values), n_components, suffix)

    def sizes(self, n_components: int, n_features: int | str) -> dict[str, int | str]:
        """Also that of the intercepts."""
        most = "n_categories" if self.n_categories is None else int(np.max(self.n_categories))
        return super().sizes(n_components, n_features) | {"categories": most}

    def _width(self, description: Histogram) -> int:
        known = 2 if self.n_categories is None else int(np.max(self.n_categories))
        return max(known, int(description.values.max(initial=0)) + 1)

    def _sizes(self, params: OrdinalParams) -> NDArray[np.int64]:
        d, C = params.intercepts.shape
        return np.broadcast_to(C if self.n_categories is None else self.n_categories, (d,)).astype(np.int64)

    def _supported(self, params: OrdinalParams) -> NDArray[np.bool_]:
        """Which categories there are, shape (d, C)."""
        if self.support is not None:
            return self.support
        return np.asarray(np.arange(params.intercepts.shape[1]) < self._sizes(params)[:, None])

    def _free(self, params: OrdinalParams) -> NDArray[np.bool_]:
        """Which intercepts are: neither the first nor the last."""
        support = self._supported(params)
        before, after = support.cumsum(axis=1), support[:, ::-1].cumsum(axis=1)[:, ::-1]
        return np.asarray(support & (before > 1) & (after > 1))

    def _moving(self, stats: Histogram, params: OrdinalParams, fixed: Collection[str]) -> NDArray[np.bool_]:
        several = self._supported(params).sum(axis=1) > 1
        return np.asarray(stats.some & several & ("locations" not in fixed)).T

    def _linear(self, params: OrdinalParams) -> Array:
        """Log probabilities but for a constant, shape (K, d, C)."""
        codes = np.arange(params.intercepts.shape[1])
        found = params.intercepts + params.locations[:, :, None] * codes
        return np.where(self._supported(params), found, -np.inf)

    def _counts(self, stats: Histogram, params: OrdinalParams) -> Array:
        """Counts of all categories, shape (d, K, C)."""
        found = np.zeros((params.intercepts.shape[1], *params.locations.shape))
        found[stats.values.astype(np.int64)] = stats.counts
        return found.transpose(2, 1, 0)
