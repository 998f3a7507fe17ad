"""Where parameters live.

A model says for each of its parameters, by name, in which space it lives. From that follow the degrees of
freedom of BIC (a symmetric matrix counts once, a simplex less one, a structural zero not at all), the
distance between two iterates in units that do not depend on those of the data, and the directions in which
derivatives are taken.
"""

from latently.core.spaces.base import Chart, Space, Spaces
from latently.core.spaces.numbers import Positive, Real, UnitInterval
from latently.core.spaces.simplex import Simplex
from latently.core.spaces.spd import SPD, symmetric

__all__ = ["SPD", "Chart", "Positive", "Real", "Simplex", "Space", "Spaces", "UnitInterval", "symmetric"]
