"""How a family reads cells: which there can be, and rows as users have them and as densities take them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from latently.checks.columns import Column, NotANumberError
from latently.emissions.described import Array


class ImpossibleCellError(ValueError):
    """A cell cannot be an observation of a family.

    Parameters
    ----------
    row, column : int
        Where it stands.
    why : str
        What it holds, and what it should be.
    """

    def __init__(self, row: int, column: int, why: str) -> None:
        super().__init__(f"row {row}, column {column} {why}")
        self.row, self.column, self.why = row, column, why


class Reading:
    """Cells as a family takes them; the defaults suit tables of numbers.

    Attributes
    ----------
    accepts_missing : bool
        Whether NaN is a missing cell to this family; False refuses it in the data.
    values : str
        What observations are, for messages.
    takes : {"numbers", "symbols", "columns"}
        What data it reads: a table of numbers, one column of symbols of any kind, text among them, or a
        table of columns of any kind.
    learns : bool
        Whether the cells of a fit teach it how to read cells: see `learned`.
    independent : bool
        Whether features are independent within a component and share no parameter, so that one bank serves
        any number of them.
    """

    accepts_missing: bool = False
    values: ClassVar[str] = "numbers"
    takes: ClassVar[str] = "numbers"
    learns: ClassVar[bool] = False
    independent: ClassVar[bool] = False

    @property
    def symbolic(self) -> bool:
        """Whether observations are symbols."""
        return self.takes == "symbols"

    @property
    def conditioned_on(self) -> tuple[str, ...]:
        """Names of the columns that are read and not modelled, such as exposures; they come last in rows."""
        return ()

    def modelled(self, x: Array) -> Array:
        """The cells that are modelled, of rows as `read` returns them; per unit of an exposure."""
        return x

    def blank(self, n_rows: int, n_features: int) -> Array:
        """Rows without an observed cell, in which what is not modelled is at usual values."""
        return np.full((n_rows, n_features), np.nan)

    def observed(self, x: Any) -> NDArray[np.bool_]:
        """Which rows have any observed cell."""
        x = self.modelled(x)
        if x.dtype.kind != "f":
            return np.ones(len(x), dtype=bool)
        missing = np.isnan(x[(slice(None), *[0] * (x.ndim - 1))])
        if missing.any():  # in the first column
            missing[missing] = np.isnan(x[missing]).all(axis=tuple(range(1, x.ndim)))
        return np.asarray(~missing)

    def pictured(self, x: Array) -> Array:
        """The same as pictures show them, in which all that is not modelled is at usual values."""
        return self.modelled(x)

    def ends(self, column: int) -> tuple[float, float] | None:
        """From where to where a picture of a column goes whatever was observed; None if it goes by that."""
        return None

    def apart(self, x: Any) -> Any:
        """Coordinates of rows whose distances are those that people would see; None if there are none."""
        return self.modelled(x)

    def possible(self, x: Array) -> NDArray[np.bool_]:
        """Which cells of a table of numbers can be observations of this family; missing ones can.

        Parameters
        ----------
        x : array of shape (n_rows, n_features)
            The rows as a user has them, missing cells NaN.
        """
        return np.broadcast_to(True, x.shape)

    def read(self, x: Any) -> Any:
        """A table as a user has it, as the other methods take it.

        Parameters
        ----------
        x : array of shape (n_rows, n_features)
            Numbers, missing cells NaN; or symbols of any kind, if it is `symbolic`.

        Raises
        ------
        ImpossibleCellError
            If a cell cannot be an observation.
        """
        possible = self.possible(x)
        if not possible.all():
            row, column = (int(i) for i in np.argwhere(~possible)[0])
            raise ImpossibleCellError(row, column, f"holds {x[row, column]:g}: {self.values}")
        return x

    def shown(self, x: Array) -> Any:
        """Rows as `read` returns them, as users have them."""
        return x

    def missing_as(self, x: Array, others: Array) -> Any:
        """Rows as `read` returns them, what is missing of others missing of them, too."""
        missing = np.isnan(others) if others.dtype.kind == "f" else ~self.observed(others)[:, None]
        return np.where(missing, others, x).astype(others.dtype, copy=False)

    def learned(self, x: Any) -> Self:
        """The same family with what it learns from the cells of a fit of how to read them.

        What it learns hangs on which cells there are in a column, not on how often or in which rows, so that
        a table that is read piece by piece teaches as much. A family that learns says so by `learns`.
        """
        return self

    def reading_as(self, other: object) -> Self:
        """The same family, which reads cells as another of its kind has learned to."""
        return self

    def in_a_table(self, n_columns: int, unknown: str) -> Any:
        """The family of so many columns of a table, beside others, before it learns to read them.

        Parameters
        ----------
        n_columns : int
            How many.
        unknown : {"error", "missing"}
            What a cell is whose like was not there in the fit, such as another category.
        """
        return self

    def width(self, n_columns: int) -> int:
        """How many cells a row has as the other methods take it, of so many columns of a table."""
        return n_columns

    def learned_of(self, columns: Sequence[Column]) -> Self:
        """The same family with what it learns of how to read some columns of a table."""
        return self.learned(self._numbers(columns))

    def read_columns(self, columns: Sequence[Column]) -> Array:
        """Some columns of a table as numbers, NaN where a cell is missing, shape (n_rows, n_columns).

        Raises
        ------
        ImpossibleCellError
            If a cell cannot be an observation; its column is the position among these.
        """
        found: Array = self.read(self._numbers(columns))
        return found

    def largest(self, columns: Sequence[Column]) -> Array | None:
        """The largest cell of each of some columns, if all that can be are whole numbers from 0.

        None if they are not, or features are not independent.
        """
        if (
            not self.independent
            or self.conditioned_on
            or self.possible(np.full((1, len(columns)), 0.5)).any()
        ):
            return None
        return np.asarray(np.nan_to_num(self.read_columns(columns), nan=0.0).max(axis=0))

    def shown_columns(self, x: Array) -> list[Any]:
        """Columns as `read_columns` returns them, as users have them."""
        return list(x.T)

    def _numbers(self, columns: Sequence[Column]) -> Array:
        found = np.empty((len(columns[0].cells), len(columns)))
        for j, column in enumerate(columns):
            try:
                found[:, j] = column.numbers
            except NotANumberError as error:
                remedy = "make it one, or missing, or take the column for 'categorical'"
                raise ImpossibleCellError(error.row, j, f"{error.why}: {remedy}") from None
            infinite = np.isinf(found[:, j])
            if infinite.any():
                raise ImpossibleCellError(
                    int(infinite.argmax()), j, "is infinite: replace it, or make it NaN"
                )
        return found
