"""What a family or a latent structure says of each of its parameters, and the checks that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from latently.core.given import numbers, probabilities, refuse_entries

# What entries can be, in words and in numbers; NaN is in no range.
RANGES: dict[str, Callable[[NDArray[np.float64]], NDArray[np.bool_]]] = {
    "finite": np.isfinite,
    "positive and finite": lambda x: (x > 0) & np.isfinite(x),
    "between 0 and 1": lambda x: (x >= 0) & (x <= 1),
    "above 0, and at most 1": lambda x: (x > 0) & (x <= 1),
}


@dataclass(frozen=True)
class Parameter:
    """A parameter of a family or of a latent structure.

    Attributes
    ----------
    name : str
        The field of the params.
    axes : tuple of str
        What runs along each axis: "components", "features", or something of its own.
    meaning : str
        What it is, in words.
    values : {"finite", "positive and finite", "between 0 and 1", "above 0, and at most 1", "probabilities"}
        What its entries can be; probabilities have a sum of one along the last axis.
    """

    name: str
    axes: tuple[str, ...]
    meaning: str
    values: Literal[
        "finite", "positive and finite", "between 0 and 1", "above 0, and at most 1", "probabilities"
    ] = "finite"

    def checked(
        self,
        value: object,
        label: str,
        sizes: Mapping[str, int | str],
        support: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.float64]:
        """A value that a user gave, as an array of its own.

        Parameters
        ----------
        value : array-like
            What was given.
        label : str
            What the user calls it.
        sizes : mapping of str to int or str
            How long each axis is; a word if that is not known.
        support : array of bool, optional
            False where probabilities have to be zero.

        Raises
        ------
        ValueError
            If it is of another shape or out of range; the place is named.
        """
        shape = [sizes[axis] for axis in self.axes]
        if self.values == "probabilities":
            return probabilities(value, label, *shape, support=support)
        found = numbers(value, label, *shape)
        refuse_entries(~RANGES[self.values](found), found, label, self.values)
        return found
