"""Families of cells that may come with an exposure: how much of time, people or ground a count is of.

The exposure stands in a column of its own. It is read with the others and not modelled: all is said given it.
In the log density it is what constants are multiplied by, and so it takes the place of the number of cells.

Formulas: docs/formulas.md, "Exposures".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from latently.checks.columns import Column, Table
from latently.emissions.base import Array
from latently.emissions.completion import bisected
from latently.emissions.exponential_family import CellMoments, ExponentialFamily
from latently.emissions.reading import ImpossibleCellError
from latently.wording import listed


@dataclass(frozen=True)
class Exposed(ExponentialFamily):
    """Independent features; NaN is a missing cell."""

    # the column of exposures, by its name or its position; None if all cells have the same
    exposure: str | int | None = None
    # that at which components are pictured and rows drawn: the mean of the fit, filled in by `learned`
    usual_exposure: float = field(default=1.0, repr=False)
    # where that column stands among all, filled in by `learned`
    place: int | None = field(default=None, repr=False)

    @property
    def takes(self) -> str:  # type: ignore[override]
        """Numbers; columns by their names, if one of them is the exposure."""
        return "numbers" if self.exposure is None else "columns"

    @property
    def conditioned_on(self) -> tuple[str, ...]:
        return () if self.exposure is None else (str(self.exposure),)

    # -- reading ---------------------------------------------------------------------------------------------

    def learned(self, x: Any) -> Self:
        if self.exposure is None:
            return self
        return replace(self._at_usual_of(self.read(x)), place=self._arranged(x)[1][-1])

    def learned_of(self, columns: Sequence[Column]) -> Self:
        return self if self.exposure is None else self._at_usual_of(self.read_columns(columns))

    def reading_as(self, other: Any) -> Self:
        return replace(self, usual_exposure=other.usual_exposure, place=other.place)

    def read(self, x: Any) -> Any:
        if self.exposure is None:
            return super().read(x)
        columns, places = self._arranged(x)
        try:
            return self.read_columns(columns)
        except ImpossibleCellError as error:
            raise ImpossibleCellError(error.row, places[error.column], error.why) from None

    def read_columns(self, columns: Sequence[Column]) -> Array:
        """The cells, and behind them their exposures, which must be positive where any cell is observed."""
        numbers = self._numbers(columns)
        if self.exposure is None:
            return np.asarray(super().read(numbers))
        cells, exposures = np.asarray(super().read(numbers[:, :-1])), numbers[:, -1]
        with np.errstate(invalid="ignore"):
            wrong = ~(exposures > 0) & ~(np.isnan(exposures) & np.isnan(cells).all(axis=1))
        if wrong.any():
            row = int(wrong.argmax())
            held = "is missing" if np.isnan(exposures[row]) else f"holds {exposures[row]:g}"
            why = f"{held}, and exposures are above zero: mend it, or leave the row out"
            raise ImpossibleCellError(row, len(columns) - 1, why)
        return np.column_stack([cells, exposures])

    def shown(self, x: Array) -> Any:
        return x if self.place is None else np.insert(x[:, :-1], self.place, x[:, -1], axis=1)

    def names_of(self, names: list[str] | None) -> list[str] | None:
        return names if names is None else [name for name in names if name not in self.conditioned_on]

    def _at_usual_of(self, x: Array) -> Self:
        """With the mean exposure of the rows with any observed cell."""
        seen = self.observed(x)
        return replace(self, usual_exposure=float(x[seen, -1].mean())) if seen.any() else self

    def _arranged(self, table: Table) -> tuple[list[Column], list[int]]:
        """The columns of a table with the exposures last, and where they stand."""
        (name,) = self.conditioned_on
        if name not in table.names:
            raise ValueError(
                f"exposure is column '{name}', and X has {listed(table.names)}: name one of these, or say "
                "which by its position where X, or the model, has no names"
            )
        if len(table.columns) == 1:
            raise ValueError(f"X has no other column than '{name}', the exposure: give the cells, too")
        places = [j for j, other in enumerate(table.names) if other != name]
        places.append(table.names.index(name))
        return [table.columns[j] for j in places], places

    # -- rows ------------------------------------------------------------------------------------------------

    def sizes(self, n_components: int, n_features: int | str) -> dict[str, int | str]:
        """Exposures are no feature."""
        own = n_features if isinstance(n_features, str) else n_features - len(self.conditioned_on)
        return super().sizes(n_components, own)

    def modelled(self, x: Array) -> Array:
        cells, exposures = self.split_off(x)
        return np.asarray(cells / exposures)

    def pictured(self, x: Array) -> Array:
        return self.modelled(x) * self.usual_exposure

    def blank(self, n_rows: int, n_features: int) -> Array:
        found = super().blank(n_rows, n_features)
        found[:, n_features - len(self.conditioned_on) :] = self.usual_exposure
        return found

    def describe(self, x: Array, weights: Array) -> CellMoments:
        """Sums over the observed cells: exposures in the place of their number, squares over exposures."""
        cells, exposures = self.split_off(x)
        return replace(super().describe(x, weights), squares=weights @ np.nan_to_num(cells**2 / exposures))

    def fill(self, description: CellMoments, x: Array) -> Array:
        """Missing cells at the mean for their exposure, and these at the usual one."""
        if self.exposure is not None:
            x = np.where(np.isnan(x), self.blank(*x.shape), x)
        cells, exposures = self.split_off(x)
        return self.beside(super().fill(description, cells / exposures) * exposures, x)

    def standardised(self, description: CellMoments, x: Array, weights: Array) -> Array:
        return super().standardised(description, self.modelled(x), weights)

    def guess_missing(self, params: Any, x: Array, resp: Array) -> Array:
        if self.exposure is None:
            return super().guess_missing(params, x, resp)
        means = self.mean(params)
        assert means is not None
        guesses = np.rint(resp @ means * self.split_off(x)[1])
        return np.where(np.isnan(x), self.beside(guesses, x), x)

    def quantiles_of_missing(self, params: Any, x: Array, resp: Array, probability: float) -> Array:
        if self.exposure is None:
            return super().quantiles_of_missing(params, x, resp, probability)
        found, d = np.full(x.shape, np.nan), x.shape[1] - 1
        for j in range(d):
            rows = np.flatnonzero(np.isnan(x[:, j]) & ~np.isnan(x[:, -1]))
            if len(rows):
                used = np.broadcast_to(np.arange(d) == j, (len(rows), d))
                weights = np.repeat(resp[rows, None], d, axis=1)
                found[rows, j] = bisected(self, params, weights, probability, used, x[rows, -1:])[:, j]
        return found

    def split_off(self, x: Array) -> tuple[Array, Any]:
        """Cells and their exposures, shape (n, 1); one if there are none."""
        return (x, 1.0) if self.exposure is None else (x[:, :-1], x[:, -1:])

    def beside(self, cells: Array, others: Array) -> Array:
        """Cells with the exposures of other rows."""
        return cells if self.exposure is None else np.hstack([cells, others[:, -1:]])

    def _values(self, x: Array) -> tuple[Array, Any]:
        """Cells with a usual one where they are missing, and their exposures, zero where they are."""
        if self.exposure is None:
            return super()._values(x)
        cells, exposures = self.split_off(x)
        values, seen = super()._values(cells)
        return values, np.where(True if seen is None else seen, exposures, 0.0)
