"""One search over settings: numbers of components, families, or whatever an estimator has."""

from latently.selection.likelihood_ratio import LikelihoodRatioTest, likelihood_ratio_test
from latently.selection.search import select
from latently.selection.table import Selection

__all__ = ["LikelihoodRatioTest", "Selection", "likelihood_ratio_test", "select"]
