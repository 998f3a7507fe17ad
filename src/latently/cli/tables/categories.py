"""Columns that are no numbers but categories: which they are, and whether they help to fill in others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from latently.cli.tables.columns import (
    MOST_CATEGORIES,
    ROWS_PER_CATEGORY,
    TEXT,
    TRUE_OR_FALSE,
    Column,
    without,
)
from latently.cli.tables.table import Table
from latently.models.growth import STRONG_EVIDENCE


def categories_of(table: Table, columns: Sequence[Column]) -> dict[str, pl.Series]:
    """The cells of the columns that are categories, null where one is empty."""
    found = {}
    for column in columns:
        if column.values is None and column.why_not in (TEXT, TRUE_OR_FALSE):
            cells = without(table.texts(column.name), table.missing(column.name))
            n, seen = cells.drop_nulls().n_unique(), len(cells) - cells.null_count()
            if 2 <= n <= MOST_CATEGORIES and seen >= ROWS_PER_CATEGORY * n:
                found[column.name] = cells
    return found


def predict_holes(categories: dict[str, pl.Series], X: pl.DataFrame) -> bool:
    """Whether categories lack cells themselves, or clearly tell of numbers that do.

    They tell of a column if BIC prefers a mean for each category to one for all.
    """
    if any(cells.null_count() for cells in categories.values()):
        return True
    incomplete = [column for column in X if column.null_count()]
    return any(_tells(cells, column) for cells in categories.values() for column in incomplete)


def _tells(cells: pl.Series, numbers: pl.Series) -> bool:
    seen = numbers.is_not_null()
    y = numbers.filter(seen).to_numpy()
    codes = cells.filter(seen).rank("dense").to_numpy().astype(np.int64)
    n = np.maximum(np.bincount(codes), 1)
    means = np.bincount(codes, y) / n
    within, total = ((y - means[codes]) ** 2).sum(), ((y - y.mean()) ** 2).sum()
    if within <= 0:
        return bool(total > 0)
    groups = len(np.unique(codes))
    return bool(len(y) * np.log(total / within) - (groups - 1) * np.log(len(y)) > STRONG_EVIDENCE)
