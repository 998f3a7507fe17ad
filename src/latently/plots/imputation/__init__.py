"""Pictures of missing cells and of what was filled in."""

from latently.plots.imputation.densities_plot import densities
from latently.plots.imputation.overimputation_plot import overimputation
from latently.plots.imputation.panels import imputation_panels
from latently.plots.imputation.patterns_plot import patterns

__all__ = ["densities", "imputation_panels", "overimputation", "patterns"]
