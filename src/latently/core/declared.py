"""What a family or a latent structure says of its parameters, and the checks of what a user gives to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Array, as_floats

SUM_TOLERANCE = 1e-6  # of sums of probabilities as people write them


def numbers(value: object, name: str, *shape: int | str, of: str = "") -> Array:
    """A copy of an array of numbers of a given shape.

    An axis in words may have any length but zero. `of` is what has this shape, to end the refusal: a
    ValueError about `name`, which is what the user calls it.
    """
    found = as_floats(value, name)
    axes = zip(found.shape, shape, strict=False)
    if found.ndim != len(shape) or any(n == 0 or (n != axis and axis != str(axis)) for n, axis in axes):
        wanted = f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
        raise ValueError(f"{name} has shape {found.shape}, should be {wanted}{of}")
    return found


def refuse_entries(wrong: NDArray[np.bool_], values: Array, name: str, what: str) -> None:
    """Name the first of some entries that are not what they should be.

    Raises a ValueError if there is any.
    """
    if wrong.any():
        at = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(f"{name}[{', '.join(map(str, at))}] is {values[at]:g}: should be {what}")


def probabilities(
    value: object, name: str, *shape: int | str, support: NDArray[np.bool_] | None = None
) -> Array:
    """Probabilities, their sums along the last axis made exactly one.

    `support` is False where a structural zero has to stay. Refused as by `numbers`, and where one is negative
    or not zero where it has to be, or a row does not sum to one.
    """
    found = numbers(value, name, *shape)
    if np.isnan(found).any():
        raise ValueError(f"{name} holds NaN: should be probabilities")
    if not (found >= 0).all():
        raise ValueError(f"{name} holds a negative probability")
    totals = np.atleast_1d(found.sum(axis=-1))
    wrong = np.flatnonzero(~(np.abs(totals - 1) <= SUM_TOLERANCE))
    if len(wrong):
        row = "" if found.ndim == 1 else f"row {int(wrong[0])} of "
        raise ValueError(f"{row}{name} sums to {totals[wrong[0]]:g}, should be 1: divide it by its sum")
    if support is not None:
        refuse_entries(~support & (found > 0), found, name, "zero, as its starting value is exactly zero")
    return np.asarray(found / found.sum(axis=-1, keepdims=True))


def support_of(table: Array) -> NDArray[np.bool_] | None:
    """Where probabilities are not exactly zero; None if they are nowhere."""
    return None if (table > 0).all() else table > 0


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
