"""Which family each column of a mixed table has: as asked for, or by its type and values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from latently.cli.failure import CommandError, refusals
from latently.cli.tables.columns import listed
from latently.cli.tables.table import Table
from latently.emissions.reading import ImpossibleCellError
from latently.emissions.registry import family_of


def columns_and_families(table: Table, wanted: str) -> tuple[str, dict[str, str]]:
    """Columns that are asked for, and families asked for with them, as in ``age:gaussian,visits:poisson``."""
    names, families = [], {}
    for one in listed(wanted):
        name, colon, family = one.rpartition(":")
        if one in table.frame.columns or not colon:
            names.append(one)
            continue
        with refusals(lambda error, one=one: f"--columns asks for {one}, and {error}"):  # type: ignore[misc]
            given = family_of(family).conditioned_on
        names += [name, *(other for other in given if other not in names)]
        families[name] = family
    return ",".join(f'"{name}"' if "," in name else name for name in names), families


def families_of(table: Table, families: dict[str, str], covariance: str, X: Any) -> dict[Any, Any]:
    """The family of each column; normal ones of any other than independent covariances belong together."""
    from latently.checks.columns import as_table
    from latently.emissions import Columns, Gaussian

    rows, product = as_table(X), Columns(families or "auto", others="auto")
    with cells_named(table, X.columns):
        product.learned(rows).read(rows)
    found = product.asked(rows)
    together = Gaussian("full" if covariance == "all" else covariance)
    normal = tuple(name for name, family in found.items() if family.called == together.called)
    if covariance in ("all", "diag") or len(normal) < 2:
        return found
    rest = {name: family for name, family in found.items() if name not in normal}
    return {normal: together, **rest}


@contextmanager
def cells_named(table: Table, names: Sequence[str]) -> Iterator[None]:
    """A cell that a family refuses is named by where it stands in the file."""
    with refusals(lambda error: f"{table.name}: {error}"):
        try:
            yield
        except ImpossibleCellError as error:
            where, name = table.where(error.row), names[error.column]
            why = error.why.replace("make it missing, or set unknown='missing'", "or name it with --missing")
            raise CommandError(f"{where} of {table.name}, column '{name}' {why}") from None


def skewed_among(names: Iterable[str], X: Any) -> list[str]:
    """Columns of positive numbers with a long tail, whose logarithms may be normal."""
    from latently.plots.skew import logarithmic

    return [name for name in names if logarithmic(X[name])]
