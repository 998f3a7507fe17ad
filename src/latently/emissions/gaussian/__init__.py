"""Gaussian families, one for each way of writing the covariances."""

from latently.emissions.gaussian.diag import DiagGaussian
from latently.emissions.gaussian.family import GaussianFamily
from latently.emissions.gaussian.full import FullGaussian
from latently.emissions.gaussian.params import GaussianParams
from latently.emissions.gaussian.spherical import SphericalGaussian
from latently.emissions.gaussian.tied import TiedGaussian

FAMILIES: dict[str, type[GaussianFamily]] = {
    "full": FullGaussian,
    "tied": TiedGaussian,
    "diag": DiagGaussian,
    "spherical": SphericalGaussian,
}

__all__ = [
    "FAMILIES",
    "DiagGaussian",
    "FullGaussian",
    "GaussianFamily",
    "GaussianParams",
    "SphericalGaussian",
    "TiedGaussian",
]
