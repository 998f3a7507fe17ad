"""What components look like, in words and numbers: the face that a family shows to reports and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Array
from latently.core.parameters import named
from latently.wording import decimals, listed, number, some

NUMBERS_SHOWN = 12  # of a parameter that is shown
COLUMNS_SHOWN = 4
STANDS_OUT, MOST_STANDING_OUT = 0.5, 4


@dataclass(frozen=True)
class Components:
    """Components side by side, and each in words.

    Attributes
    ----------
    lines : list of list of str
        A table: the name of what is compared, such as a column, and a cell for each component.
    words : list of str
        Each component as part of a sentence.
    note : str
        How to read the table.
    """

    lines: list[list[str]]
    words: list[str]
    note: str


class Described:
    """What a family says of itself and its components; the defaults suit any family.

    Attributes
    ----------
    noun : str
        What cells are: "numbers", "counts", "symbols".
    adjective : str
        What the distribution is called, as in "a Poisson distribution"; the name of the class by default.
    learns_spread : bool
        Whether the spread of a component is a parameter; otherwise it follows from the mean, if there is one.
    correlated, shared : bool
        Whether columns are correlated within a component, and whether components share one covariance.
    centre_called : str
        What the centre of a component is called.
    reading : str
        How to read the numbers of a component; a default sentence if empty.
    """

    noun: ClassVar[str] = "numbers"
    adjective: ClassVar[str] = ""
    learns_spread: ClassVar[bool] = False
    correlated: ClassVar[bool] = False
    shared: ClassVar[bool] = False
    centre_called: ClassVar[str] = "mean"
    reading: ClassVar[str] = ""

    @property
    def called(self) -> str:
        """What the distribution is called."""
        return self.adjective or type(self).__name__

    @property
    def distributions(self) -> str:
        """What a mixture of them is made of."""
        return f"{self.called} distributions"

    def shape(self, label: str) -> str:
        """What components of this label have in common, as in "with one shape in all states"; or nothing."""
        return ""

    def names_of(self, names: list[str] | None) -> list[str] | None:
        """Names of the columns that are modelled, of those of all; None without names."""
        return names

    def categories_of(self, column: int) -> list[Any] | None:
        """What the codes of a column stand for, in their order; None if its cells are numbers."""
        return None

    def place_of(self: Any, name: str, at: Sequence[int], names: Sequence[str] | None) -> str:
        """Which column, and which category of it, the number of a parameter at some place is of.

        Nothing if neither has a name; `names` are those of the columns that are modelled.
        """
        axes: tuple[str, ...] = next((one.axes for one in self.parameters if one.name == name), ())
        where = dict(zip(axes, at, strict=False))  # a matrix has one place
        column = where.get("features", 0)
        code = where.get("categories", where.get("symbols", -1))
        categories = (self.categories_of(column) if code >= 0 else None) or []
        category = repr(categories[code]) if 0 <= code < len(categories) else ""
        if names is None or "features" not in where:
            return "" if categories == list(range(len(categories))) else category
        return f"'{names[column]}'" + (f" = {category}" if category else "")

    def mean(self, params: Any) -> Array | None:
        """Return the mean of each component, shape (n_components, n_features); None if it has none."""
        return None

    def centre(self, params: Any) -> Array | None:
        """Where each component lies, shape (n_components, n_features): its mean, unless cells have none."""
        return self.mean(params)

    def covariance(self, params: Any) -> Array | None:
        """Covariance of each component, shape (n_components, n_features, n_features); None if not known."""
        return None

    def deviation(self, params: Any) -> Array | None:
        """Standard deviations, shape (n_components, n_features); None if they are not known."""
        found = self.covariance(params)
        return None if found is None else np.sqrt(np.diagonal(found, axis1=1, axis2=2))

    def moments(self, params: Any) -> list[dict[Any, Array]]:
        """What the components are like in each column: numbers of shape (n_components,), by what they are.

        By default means, and standard deviations if they are learned; without a mean, the parameters that
        components have of each feature.
        """
        mean, spread = self.centre(params), self.deviation(params) if self.learns_spread else None
        found = {self.centre_called: mean, "standard deviation": spread}
        if mean is None:
            mine: Any = self
            own = [one.name for one in mine.parameters if one.axes == ("components", "features")]
            found = {name: getattr(params, name) for name in own}
        known = {name: table for name, table in found.items() if table is not None}
        n_columns = max((table.shape[1] for table in known.values()), default=0)
        return [{name: table[:, j] for name, table in known.items()} for j in range(n_columns)]

    def never(self, params: Any, least: float) -> NDArray[np.int64]:
        """Component and position of each symbol less likely than this, shape (n, 2); none without symbols."""
        return np.zeros((0, 2), dtype=np.int64)

    def describe_components(self, params: Any, names: Sequence[str], rows: Array, label: str) -> Components:
        """Describe the components, in the units of the data.

        Parameters
        ----------
        params : object
            Their parameters.
        names : sequence of str
            Names of the columns.
        rows : array of shape (n_components,)
            How many rows each rests on: no more digits are shown than these let be known.
        label : str
            What a component is called.
        """
        mean, spread = self.centre(params), self.deviation(params)
        if mean is None:
            return self._by_parameters(params, len(rows))
        known = spread if self.learns_spread and spread is not None else None
        cells = [_column(mean[:, j], spread, known, rows, j) for j in range(len(names))]
        of = "mean of " if known is None else ""
        lines = [[f"{of}{name}", *column] for name, column in zip(names, cells, strict=True)]
        words = [_words(names, [column[k] for column in cells], known is None) for k in range(len(rows))]
        both = "Mean ± standard deviation" if known is not None else "Mean"
        return Components(lines, words, self.reading or f"{both} in the {label}, in the units of the data.")

    def standing_out(
        self, params: Any, names: Sequence[str], weights: Array
    ) -> list[list[tuple[float, str]]]:
        """How far each component is from the average in each column, and in words.

        Parameters
        ----------
        params : object
            Their parameters.
        names : sequence of str
            Names of the columns.
        weights : array of shape (n_components,)
            Their weights.

        Returns
        -------
        list of list of (float, str)
            For each component and column a distance in units of the spread of all, and a phrase; nothing for
            a family without means.
        """
        mean, spread = self.mean(params), self.deviation(params)
        if mean is None:
            return [[] for _ in weights]
        within = np.zeros_like(mean) if spread is None else spread**2
        centre = weights @ mean
        total = np.sqrt(weights @ (within + (mean - centre) ** 2))
        far = (mean - centre) / np.where(total > 0, total, 1.0)
        digits = [decimals(total[[j]]) for j in range(len(names))]
        return [
            [
                (abs(away), f"{'high' if away > 0 else 'low'} {name} ({number(mean[k, j], digits[j])})")
                for j, (away, name) in enumerate(zip(far[k], names, strict=True))
            ]
            for k in range(len(weights))
        ]

    def _by_parameters(self, params: Any, n_components: int) -> Components:
        """By the parameters that are few numbers of each component, where there is no mean."""
        lines = []
        for name, value in named(params).items():
            table = np.asarray(value)
            if table.shape[:1] == (n_components,) and table[0].size <= NUMBERS_SHOWN:
                flat = table.reshape(n_components, -1)
                several = flat.shape[1] > 1
                lines += [
                    [f"{name} {j}" if several else name, *(f"{part:.4g}" for part in flat[:, j])]
                    for j in range(flat.shape[1])
                ]
        words = [
            some([f"{line[0]} {line[1 + k]}" for line in lines], COLUMNS_SHOWN, "more number")
            if lines
            else ""
            for k in range(n_components)
        ]
        return Components(lines, words, "Parameters of the family.")


def said(phrases: Sequence[tuple[float, str]]) -> str:
    """What stands out most, in words."""
    order = sorted(range(len(phrases)), key=lambda i: -phrases[i][0])
    most = [phrases[i][1] for i in order if phrases[i][0] >= STANDS_OUT][:MOST_STANDING_OUT]
    return listed(most) if most else "near the average in every column"


def _column(mean: Array, spread: Array | None, known: Array | None, rows: Array, j: int) -> list[str]:
    """The mean of a column in each component, with its spread or to two digits of its standard error."""
    if known is not None:
        digits = decimals(known[:, j])
        pairs = zip(mean, known[:, j], strict=True)
        return [f"{number(centre, digits)} ± {number(width, digits)}" for centre, width in pairs]
    width = np.full(len(mean), mean.std() or abs(mean[0])) if spread is None else spread[:, j]
    digits = decimals(width / np.sqrt(np.maximum(rows, 1.0)))
    return [number(centre, digits) for centre in mean]


def _words(names: Sequence[str], cells: Sequence[str], bare: bool) -> str:
    if len(names) == 1:
        return f"a mean of {cells[0]}" if bare else cells[0]
    named = [f"{name} {cell}" for name, cell in zip(names, cells, strict=True)]
    return listed(named) if len(named) <= COLUMNS_SHOWN else some(named, COLUMNS_SHOWN, "more column")
