"""Gaussians, and the structures of their covariances."""

from latently.emissions.gaussian.correlated import Correlated
from latently.emissions.gaussian.family import STRUCTURES, Gaussian
from latently.emissions.gaussian.structure import Structure
from latently.emissions.gaussian.uncorrelated import Uncorrelated

__all__ = ["STRUCTURES", "Correlated", "Gaussian", "Structure", "Uncorrelated"]
