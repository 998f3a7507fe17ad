"""What a report speaks of: an estimator, the table it was fitted to, and how it came about."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Array
from latently.checks.columns import Table
from latently.plots.features import feature_names

if TYPE_CHECKING:
    from latently.selection.table import Selection


@dataclass(frozen=True)
class Truth:
    """True labels, which the model never saw."""

    name: str  # name of the column of true labels
    labels: Sequence[str]  # the true label of each row or document; an empty one is not known


class Told:
    """What a page tells of, by the command or from Python."""

    reading: str

    @property
    def by_command(self) -> bool:
        """Whether the page is of the command, whose options its remedies name, or of Python."""
        return bool(self.reading)


@dataclass(frozen=True)
class Analysis(Told, ABC):
    """An estimator that was fitted to a table, and how it came about."""

    model: Any
    X: Any  # (n_rows, n_columns): the rows it was fitted to; NaN, null or None is a missing cell
    source: str  # what the rows are called: the name of a file
    _: KW_ONLY
    selection: Selection | None = None  # the search that chose the model
    left_out: Mapping[str, str] = field(default_factory=dict)  # columns that are not in the model, and why
    notes: Sequence[str] = ()  # what else to be careful about, such as a column that looks like an identifier
    settings: Mapping[str, str] = field(default_factory=dict)  # how the model was asked for, to be printed
    reading: str = ""  # lines of Python that read the rows into `X`; empty where these are unknown

    @cached_property
    def names(self) -> list[str]:
        """Names of the columns."""
        return feature_names(self.model)

    @property
    def n_rows(self) -> int:
        """How many rows."""
        return len(self.X)

    @property
    def n_components(self) -> int:
        """How many components or states."""
        return int(self.model.n_components)

    @cached_property
    def missing(self) -> NDArray[np.bool_]:
        """Which cells are missing, shape (n_rows, n_columns)."""
        if isinstance(self.X, Table):
            return np.column_stack([column.missing for column in self.X])
        cells = np.asarray(self.X).reshape(self.n_rows, -1)
        if cells.dtype.kind == "f":
            return np.isnan(cells)
        return np.asarray((cells == None) | (cells != cells), dtype=bool)  # noqa: E711 - cell by cell

    @cached_property
    def rows(self) -> Array:
        """The rows as numbers, NaN where a cell is missing."""
        return np.asarray(self.X, dtype=np.float64)

    @property
    def n_missing(self) -> int:
        """How many cells are missing."""
        return int(self.missing.sum())

    @property
    def n_incomplete_rows(self) -> int:
        """How many rows lack a cell."""
        return int(self.missing.any(axis=1).sum())

    @property
    def n_empty_rows(self) -> int:
        """How many rows lack all cells."""
        return int(self.missing.all(axis=1).sum())

    @property
    def family(self) -> Any:
        """The family of what is observed, fitted."""
        return self.model._model.emission

    @property
    def emission(self) -> Any:
        """Its parameters."""
        return self.model.params_.emission

    @cached_property
    def deviations(self) -> Array:
        """Standard deviations of the columns within each component, shape (n_components, n_columns)."""
        return np.asarray(self.family.deviation(self.emission))
