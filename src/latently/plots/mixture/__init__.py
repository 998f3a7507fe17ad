"""Pictures of Gaussian mixtures."""

from latently.plots.mixture.data_plot import data
from latently.plots.mixture.panels import mixture_panels
from latently.plots.mixture.uncertainty_plot import uncertainty

__all__ = ["data", "mixture_panels", "uncertainty"]
