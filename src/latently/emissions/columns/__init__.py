"""A product of families over the columns of a table: one family again."""

from latently.emissions.columns.family import Columns

__all__ = ["Columns"]
