"""scikit-learn's models under their own names, with its settings and figures, over latently's estimators."""

from latently.compat.sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from latently.compat.sklearn.topics import LatentDirichletAllocation

__all__ = ["BayesianGaussianMixture", "GaussianMixture", "LatentDirichletAllocation"]
