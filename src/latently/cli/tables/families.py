"""Which family each column of a mixed table has: as asked for, or by its type and values."""

from __future__ import annotations

from typing import Any

from latently.cli.failure import CommandError
from latently.cli.tables.columns import listed
from latently.cli.tables.table import Table
from latently.emissions.base import ImpossibleCellError
from latently.emissions.registry import family_of


def columns_and_families(table: Table, wanted: str) -> tuple[str, dict[str, str]]:
    """Columns that are asked for, and families asked for with them, as in ``age:gaussian,visits:poisson``."""
    names, families = [], {}
    for one in listed(wanted):
        name, colon, family = one.rpartition(":")
        if one in table.frame.columns or not colon:
            names.append(one)
            continue
        try:
            family_of(family)
        except ValueError as error:
            raise CommandError(f"--columns asks for {one}, and {error}") from None
        names.append(name)
        families[name] = family
    return ",".join(f'"{name}"' if "," in name else name for name in names), families


def product_of(table: Table, families: dict[str, str], covariance: str, X: Any) -> Any:
    """A family for each column; normal ones of any other than independent covariances belong together."""
    from latently.checks.columns import as_table
    from latently.emissions import Columns, Gaussian

    product = Columns(families or "auto", others="auto")
    try:
        learned = product.learned(as_table(X))
        learned.read(as_table(X))
    except ImpossibleCellError as error:
        where, name = table.where(error.row), X.columns[error.column]
        raise CommandError(f"{where} of {table.name}, column '{name}' {error.why}") from None
    normal = next((part.names for part in learned.parts if part.name == "normal"), ())
    if covariance in ("all", "diag") or len(normal) < 2:
        return product
    rest = {name: family for name, family in families.items() if name not in normal}
    return Columns({normal: Gaussian(covariance), **rest}, others="auto")
