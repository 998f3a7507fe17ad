"""What is seen given the label: p(x | z)."""

from latently.core.parameters import SPD, Positive, Real, Simplex
from latently.core.statistics import Additive
from latently.emissions.base import Emission
from latently.emissions.gaussian import (
    DiagGaussian,
    FullGaussian,
    SphericalGaussian,
    TiedGaussian,
)

__all__ = [
    "SPD",
    "Additive",
    "DiagGaussian",
    "Emission",
    "FullGaussian",
    "Positive",
    "Real",
    "Simplex",
    "SphericalGaussian",
    "TiedGaussian",
]
