"""Floors of dispersions: numbers without unit that say how far the cells of a component scatter.

On equal cells the density of a family that learns its dispersion has no limit. So a dispersion has a floor,
which is a part of that of the data, as a Gaussian's variance has.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.emissions.base import Array

LEAST = 1e-12  # what is left of the squares of numbers that agree to half of their digits
ON_FLOOR = 1e-6


def known(found: Array) -> Array:
    """Dispersions of the data, zero where they may be rounding: there all cells are equal."""
    return np.where(found > LEAST, found, 0.0)


def unit(dispersions: Array | None) -> Any:
    """In what dispersions of components are measured: those of the data, or one where these do not vary."""
    return 1.0 if dispersions is None else np.where(dispersions > 0, dispersions, 1.0)


def floor(dispersions: Array | None, least: float) -> Any:
    """Below which no dispersion falls; zero before there are any data."""
    return 0.0 if dispersions is None else np.maximum(least * unit(dispersions), LEAST)


def constant(dispersions: Array | None) -> NDArray[np.bool_] | None:
    """Features that do not vary, shape (d,), of which nothing is estimated; None if all do."""
    return None if dispersions is None or dispersions.all() else dispersions == 0


def resting(found: Array, dispersions: Array | None, least: float) -> NDArray[np.bool_] | None:
    """Which components have a dispersion on the floor, constant features apart; None before there are data.

    Parameters
    ----------
    found : array of shape (K, d)
        The dispersions of the components.
    dispersions : array of shape (d,) or None
        Those of the data, zero for a constant feature.
    least : float
        The floor, relative to them.
    """
    if dispersions is None:
        return None
    low = found <= (1 + ON_FLOOR) * floor(dispersions, least)
    return np.asarray((low & (dispersions > 0)).any(axis=1))
