"""Pictures of fitted models, on matplotlib's axes; matplotlib itself is imported when the first is drawn."""

from latently.plots.convergence import convergence
from latently.plots.criterion import criterion
from latently.plots.data import data
from latently.plots.intervals import intervals
from latently.plots.panels import mixture_panels
from latently.plots.uncertainty import uncertainty

__all__ = ["convergence", "criterion", "data", "intervals", "mixture_panels", "uncertainty"]
