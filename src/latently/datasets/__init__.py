"""Small data sets, most of them real, read from the package itself; nothing is downloaded."""

from latently.datasets.airquality import load_airquality
from latently.datasets.apple import load_apple
from latently.datasets.austen import load_austen
from latently.datasets.casino import load_casino
from latently.datasets.cholesterol import load_cholesterol
from latently.datasets.earthquakes import load_earthquakes
from latently.datasets.faithful import load_faithful
from latently.datasets.ice_cream import load_ice_cream

__all__ = [
    "load_airquality",
    "load_apple",
    "load_austen",
    "load_casino",
    "load_cholesterol",
    "load_earthquakes",
    "load_faithful",
    "load_ice_cream",
]
