"""Pictures of Gaussian mixtures."""

from latently.plots.mixture.data import data
from latently.plots.mixture.panels import mixture_panels
from latently.plots.mixture.uncertainty import uncertainty

__all__ = ["data", "mixture_panels", "uncertainty"]
