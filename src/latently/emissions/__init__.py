"""What is seen given the label: p(x | z)."""

from latently.core.declared import Parameter
from latently.core.spaces import SPD, Positive, Real, Simplex, UnitInterval
from latently.core.statistics import Additive
from latently.emissions.base import Emission
from latently.emissions.distribution import Distribution
from latently.emissions.exponential_family import ExponentialFamily
from latently.emissions.row_family import RowFamily

# isort: split
# Families: their files may import from here what stands above.
from latently.emissions.bernoulli import Bernoulli
from latently.emissions.beta import Beta
from latently.emissions.binomial import Binomial
from latently.emissions.categorical import Categorical
from latently.emissions.columns import Columns
from latently.emissions.exponential import Exponential
from latently.emissions.gamma import Gamma
from latently.emissions.gaussian import Gaussian
from latently.emissions.geometric import Geometric
from latently.emissions.log_normal import LogNormal
from latently.emissions.mixture_of_gaussians import MixtureOfGaussians
from latently.emissions.negative_binomial import NegativeBinomial
from latently.emissions.ordinal import Ordinal
from latently.emissions.poisson import Poisson
from latently.emissions.registry import FAMILIES
from latently.emissions.von_mises import VonMises
from latently.emissions.zero_inflated_poisson import ZeroInflatedPoisson

__all__ = [
    "FAMILIES",
    "SPD",
    "Additive",
    "Bernoulli",
    "Beta",
    "Binomial",
    "Categorical",
    "Columns",
    "Distribution",
    "Emission",
    "Exponential",
    "ExponentialFamily",
    "Gamma",
    "Gaussian",
    "Geometric",
    "LogNormal",
    "MixtureOfGaussians",
    "NegativeBinomial",
    "Ordinal",
    "Parameter",
    "Poisson",
    "Positive",
    "Real",
    "RowFamily",
    "Simplex",
    "UnitInterval",
    "VonMises",
    "ZeroInflatedPoisson",
]
