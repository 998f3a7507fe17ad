"""Columns that a logarithmic axis shows better."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Times as large the greatest value is as the least, at least, and the skewness from which on logarithms help.
SPANS = ((100.0, 1.0), (20.0, 2.0))


def logarithmic(values: ArrayLike) -> bool:
    """Whether values are positive and skewed over an order of magnitude, and less skewed as logarithms.

    Over two orders less skewness will do: groups of different sizes, as customers are, do not look skewed.

    Examples
    --------
    >>> logarithmic([1, 2, 3, 5, 8, 13, 400]), logarithmic([1, 2, 3, 4, 5]), logarithmic([-1, 1, 2, 400])
    (True, False, False)
    >>> logarithmic([100, 110, 120, 1000, 1100, 9000, 12000]), logarithmic([1, 2, 2, 15, 16, 21, 25])
    (True, False)
    """
    x = np.asarray(values, dtype=np.float64)
    x = x[np.isfinite(x)]
    if len(x) < 3 or not 0 < x.min() < x.max():
        return False
    lean = _skewness(x)
    enough = any(x.max() >= span * x.min() and lean > least for span, least in SPANS)
    return enough and abs(_skewness(np.log(x))) < lean


def _skewness(x: NDArray[np.float64]) -> float:
    """Third moment of numbers that differ, standardised. To import SciPy's takes longer than a fit."""
    return float((((x - x.mean()) / x.std()) ** 3).mean())


def set_logarithmic(ax: Axes, axis: str = "x") -> None:
    """Make an axis logarithmic, its ticks written as plain numbers."""
    ax.set(**{f"{axis}scale": "log"})
    getattr(ax, f"{axis}axis").set_major_formatter("{x:,g}")


def ladder(low: float, high: float, n: int, log: bool) -> NDArray[np.float64]:
    """Values that are as far apart from each other on their axis.

    Examples
    --------
    >>> ladder(1, 100, 3, True).tolist(), ladder(1, 3, 3, False).tolist()
    ([1.0, 10.0, 100.0], [1.0, 2.0, 3.0])
    """
    return np.asarray((np.geomspace if log else np.linspace)(low, high, n), dtype=np.float64)


def on_axis(density: ArrayLike, at: NDArray[np.float64], log: bool) -> NDArray[np.float64]:
    """A density per unit of a logarithmic axis, which is a factor of ten; f(x) x log 10."""
    return np.asarray(density) * (at * np.log(10.0) if log else 1.0)


DENSITY = {False: "density", True: "density (per factor of 10)"}
