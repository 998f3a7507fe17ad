"""Small real data sets, read from the package itself; nothing is downloaded."""

from latently.datasets.faithful import load_faithful

__all__ = ["load_faithful"]
