"""The families that are known by name: one more is one line here, and a file of its own."""

from __future__ import annotations

from latently.emissions.base import Emission
from latently.emissions.bernoulli import Bernoulli
from latently.emissions.beta import Beta
from latently.emissions.binomial import Binomial
from latently.emissions.categorical import Categorical
from latently.emissions.exponential import Exponential
from latently.emissions.gamma import Gamma
from latently.emissions.gaussian import Gaussian
from latently.emissions.geometric import Geometric
from latently.emissions.log_normal import LogNormal
from latently.emissions.mixture_of_gaussians import MixtureOfGaussians
from latently.emissions.negative_binomial import NegativeBinomial
from latently.emissions.ordinal import Ordinal
from latently.emissions.poisson import Poisson
from latently.emissions.von_mises import VonMises
from latently.emissions.zero_inflated_poisson import ZeroInflatedPoisson

#: The families by name, as models, files and the command's `--emission` know them.
FAMILIES: dict[str, type[Emission]] = {
    "gaussian": Gaussian,
    "poisson": Poisson,
    "categorical": Categorical,
    "exponential": Exponential,
    "beta": Beta,
    "gamma": Gamma,
    "log-normal": LogNormal,
    "von-mises": VonMises,
    "mixture-of-gaussians": MixtureOfGaussians,
    "bernoulli": Bernoulli,
    "binomial": Binomial,
    "geometric": Geometric,
    "negative-binomial": NegativeBinomial,
    "zero-inflated-poisson": ZeroInflatedPoisson,
    "ordinal": Ordinal,
}


def family_of(emission: object) -> Emission:
    """A family, which may be given by its name, with a setting in brackets if it has one: "binomial(10)".

    Raises a ValueError if it is none, there is no family of that name, or what is in brackets is not for it.
    """
    if isinstance(emission, Emission):
        return emission
    if not isinstance(emission, str):
        raise ValueError(
            f"{emission!r} is no family: make one, such as Poisson(), or write its name, 'poisson'"
        )
    name, bracket, rest = emission.partition("(")
    if name not in FAMILIES or (bracket and not rest.endswith(")")):
        raise ValueError(f"there is no family '{emission}': write one of {', '.join(FAMILIES)}")
    family, given = FAMILIES[name], rest[:-1].strip()
    if not bracket:
        return family()
    if not family.in_brackets:
        raise ValueError(f"'{emission}': the {name} family takes nothing in brackets")
    return family(**{family.in_brackets: int(given) if given.isdecimal() else given})
