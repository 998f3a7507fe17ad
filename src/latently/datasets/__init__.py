"""Small real data sets, read from the package itself; nothing is downloaded."""

from latently.datasets.airquality import load_airquality
from latently.datasets.apple import load_apple
from latently.datasets.cholesterol import load_cholesterol
from latently.datasets.faithful import load_faithful

__all__ = ["load_airquality", "load_apple", "load_cholesterol", "load_faithful"]
