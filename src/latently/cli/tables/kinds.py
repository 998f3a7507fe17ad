"""Numbers, counts, symbols or some of each: what the columns of a series are, and why they are taken so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtr

from latently.cli.failure import CommandError
from latently.cli.tables.columns import TEXT, TRUE_OR_FALSE, Column, as_numbers
from latently.cli.tables.roles import has_few_values
from latently.cli.tables.table import Table
from latently.emissions import Columns
from latently.emissions.base import Emission
from latently.emissions.registry import family_of
from latently.wording import count

GUESSED_FAMILIES = (
    "gaussian",
    "poisson",
    "categorical",
)  # families that are thought of where none is asked for
FEW_SYMBOLS = 10
HARDLY_CHANCE = 0.01


@dataclass(frozen=True)
class Kind:
    """What columns are taken for."""

    name: Emission | str  # a family, or its name
    why: str = ""  # the reason, if it was guessed
    rivals: tuple[str, ...] = ()  # families that it could be as well, of which BIC chooses

    @property
    def family(self) -> Emission:
        """What its observations follow."""
        return family_of(self.name)

    @property
    def words(self) -> str:
        """What its observations are."""
        return f"{self.family.noun} ({self.family.called})"


def kind_of(table: Table, names: list[str], asked: str) -> Kind:
    """What columns are: as asked for, or guessed."""
    if asked != "auto":
        if Kind(asked).family.symbolic and len(names) > 1:
            raise CommandError(
                f"--emission {asked} takes one column and was given {len(names)}: name one --column, or "
                "join them into one"
            )
        return Kind(asked)
    if len(names) == 1:
        return _of_one(table, names[0])
    kinds = [_of_one(table, name) for name in names]
    if all(kind.name == "poisson" for kind in kinds):
        rivals = min((kind.rivals for kind in kinds), key=len)
        return Kind("poisson", "all are whole numbers from 0 that vary as counts do", rivals)
    if any(_is_coded(as_numbers(table, name)) for name in names):
        return Kind(Columns())
    whole = all(kind.name != "gaussian" for kind in kinds)
    return Kind(
        "gaussian",
        "several columns that are not all counts" if whole else "they are not all whole numbers from 0",
    )


def _is_coded(column: Column) -> bool:
    """Whether a column holds categories, yes and no, or few whole numbers."""
    if column.values is None:
        return column.why_not in (TEXT, TRUE_OR_FALSE)
    return has_few_values(column.values)


def step_of(values: np.ndarray) -> float:
    """How far whole numbers lie apart at least.

    A density times this is a probability, and so can be compared with those of counts; formula: docs, BIC.

    Examples
    --------
    >>> step_of(np.array([1200.0, 0.0, 1500.0, 1700.0, np.nan]))
    100.0
    """
    return float(np.gcd.reduce(np.abs(values[np.isfinite(values)]).astype(np.int64)) or 1)


def _of_one(table: Table, name: str) -> Kind:
    """What one column is: text, few codes, counts, or numbers."""
    column = as_numbers(table, name)
    if column.values is None:
        if column.why_not in (TEXT, TRUE_OR_FALSE):
            return Kind("categorical", f"it is {column.why_not}")
        return Kind("gaussian")
    values = column.values.drop_nulls().to_numpy()
    values = values[np.isfinite(values)]  # which are refused once it is known what they are
    distinct = len(np.unique(values))
    if (values != np.round(values)).any():
        return Kind("gaussian", "it holds fractions")
    if distinct == 2 and len(values) > 2:
        return Kind("categorical", "it holds two whole numbers only")
    few = distinct <= FEW_SYMBOLS and len(values) > 2 * distinct
    if (values < 0).any():
        if few:
            return Kind("categorical", f"it holds {count(distinct, 'whole number')} only, some below 0")
        return Kind("gaussian", "it holds whole numbers, some below 0")
    if not family_of("poisson").possible(values).all():
        return Kind("gaussian", "it holds larger numbers than counts can be")
    if not _like_counts(values):
        if few:
            return Kind(
                "categorical",
                f"it holds {count(distinct, 'whole number')} only, which do not vary as counts do",
            )
        return Kind("gaussian", "its whole numbers do not vary as counts do")
    measured = ("gaussian",) if distinct > FEW_SYMBOLS else ()
    rivals = ("poisson", "negative-binomial", *measured)
    return Kind("poisson", "it holds whole numbers from 0 that vary as counts do", rivals)


def _like_counts(values: np.ndarray) -> bool:
    """Whether whole numbers can be Poisson counts, of whatever means.

    Such counts vary at least as much as one Poisson distribution, in which the variance is the mean, and are
    zero at least as often: exp is convex.
    """
    n = len(values)
    if n < 2 or (mean := values.mean()) <= 0:
        return True
    dispersion = ((values - mean) ** 2).sum() / mean
    no_zeros = (1.0 - np.exp(-mean)) ** n if values.min() > 0 else 1.0
    return bool(min(chdtr(n - 1, dispersion), no_zeros) >= HARDLY_CHANCE)
