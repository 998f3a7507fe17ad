"""What is seen given the label: p(x | z)."""

from latently.emissions.base import Emission
from latently.emissions.gaussian import (
    DiagGaussian,
    FullGaussian,
    SphericalGaussian,
    TiedGaussian,
)

__all__ = ["DiagGaussian", "Emission", "FullGaussian", "SphericalGaussian", "TiedGaussian"]
