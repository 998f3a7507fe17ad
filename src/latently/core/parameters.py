"""Where parameters live: which values are feasible, how many are free, and what counts as far.

A model says for each of its parameters, by name, in which space it lives. From that follow the
degrees of freedom of BIC (a symmetric matrix counts once, a simplex less one, a structural zero
not at all), the distance between two iterates in units that do not depend on those of the data, and
the directions in which derivatives are taken.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache, cached_property
from math import prod
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit, logit

from latently.core.convergence import EPS

Array = NDArray[np.float64]
Fixed = NDArray[np.bool_] | None
ROUNDING = 1e-8
SYMMETRY = 1e-6  # of matrices that were worked out in single precision
ON_FLOOR = 1e-6
AT_ZERO, ON_ITS_FLOOR = "at zero", "on its floor"


@dataclass(frozen=True)
class Chart:
    """Free coordinates round a value, without unit: the value they stand for is linear in them.

    What lies on a boundary of the space has none, and stays where it is.

    Attributes
    ----------
    origin : array
        The value at coordinates zero.
    basis : sparse array of shape (origin.size, dimension)
        Derivative of the flat value by the coordinates.
    free : array of bool
        Which numbers are to be learned, in the shape of the value.
    resting : array of bool
        Which of them, or of the matrices along the last two axes, lie on the boundary.
    boundary : str
        What that is, in words.
    owners : array of int of shape (dimension,) or None
        Where relative coordinates go down to zero, the position of the number that each moves.
    """

    origin: Array
    basis: Any
    free: NDArray[np.bool_]
    resting: NDArray[np.bool_]
    boundary: str = ""
    owners: NDArray[np.int64] | None = None

    @property
    def dimension(self) -> int:
        """Number of coordinates."""
        return int(self.basis.shape[1])

    @property
    def without_error(self) -> NDArray[np.bool_]:
        """Numbers that are to be learned and cannot move, for the boundary."""
        moves = np.diff(sparse.csr_array(self.basis).indptr) > 0
        return np.asarray(self.free & ~moves.reshape(self.origin.shape))

    def at(self, coordinates: Array) -> Array:
        """Return the value at some coordinates."""
        return np.asarray(self.origin + (self.basis @ coordinates).reshape(self.origin.shape))

    def without(self, gone: NDArray[np.bool_]) -> Chart:
        """The chart without some of its coordinates, whose numbers count as resting."""
        if self.owners is None or not gone.any():
            return self
        resting = self.resting.copy()
        resting.ravel()[self.owners[gone]] = True
        left = np.flatnonzero(~gone)
        return replace(self, basis=self.basis[:, left], resting=resting, owners=self.owners[left])


class Space(Protocol):
    """The set in which one parameter lives."""

    @property
    def dimension(self) -> int:
        """Number of free numbers."""
        ...

    @property
    def scale(self) -> Array:
        """What a change of one means, broadcast against the parameter."""
        ...

    def feasible(self, value: Array) -> bool:
        """Whether the value lies in the space."""
        ...

    def projected(self, value: Array) -> Array:
        """A value that would lie in the space but for rounding, without the rounding."""
        ...

    def chart(self, value: Array) -> Chart:
        """Free coordinates round a value."""
        ...

    def interval(self, value: Array, error: Array, reach: float) -> tuple[Array, Array]:
        """Limits so many standard errors away, on a scale on which the space has no end."""
        ...

    def tangent(self, value: Array, rng: np.random.Generator) -> Array:
        """A random direction from a value along which it stays in the space for a while.

        It is as though the free coordinates were standard normal; what lies on a boundary does not move.
        """
        ...


Spaces = Mapping[str, Space]


@dataclass(frozen=True)
class Real:
    """Any finite number.

    Parameters
    ----------
    shape : tuple of int
        Shape of the parameter.
    scale : array
        What counts as a change of one, such as the standard deviations of the features.
    fixed : array of bool, optional
        Which numbers stay as they are, broadcast against the parameter: they are not free.
    """

    shape: tuple[int, ...]
    scale: Array
    fixed: Fixed = None

    @property
    def dimension(self) -> int:
        """Number of free numbers."""
        return int(_free(self.shape, self.fixed).sum())

    def feasible(self, value: Array) -> bool:
        """Whether all are finite."""
        return bool(np.isfinite(value).all())

    def projected(self, value: Array) -> Array:
        """The value: any will do."""
        return value

    def chart(self, value: Array) -> Chart:
        """Differences, in units of the scale."""
        free = _free(self.shape, self.fixed)
        basis = _diagonal(np.broadcast_to(self.scale, self.shape), free)
        return Chart(value, basis, free, np.zeros(self.shape, dtype=bool))

    def interval(self, value: Array, error: Array, reach: float) -> tuple[Array, Array]:
        """Symmetric limits."""
        return value - reach * error, value + reach * error

    def tangent(self, value: Array, rng: np.random.Generator) -> Array:
        """Normal differences, in units of the scale."""
        return np.asarray(_free(self.shape, self.fixed) * self.scale * rng.standard_normal(self.shape))


@dataclass(frozen=True)
class Positive:
    """Any finite number above zero.

    Parameters
    ----------
    shape : tuple of int
        Shape of the parameter.
    scale : array
        What counts as a change of one.
    floor : array or float
        What the number is not below.
    fixed : array of bool, optional
        Which numbers stay as they are, broadcast against the parameter: they are not free.
    to_zero : bool, default False
        Whether the floor stands for zero, to which a number may come as near as one likes.
    """

    shape: tuple[int, ...]
    scale: Array
    floor: Array | float = 0.0
    fixed: Fixed = None
    to_zero: bool = False

    @property
    def dimension(self) -> int:
        """Number of free numbers."""
        return int(_free(self.shape, self.fixed).sum())

    def feasible(self, value: Array) -> bool:
        """Whether all are finite, above zero, and not below the floor."""
        return bool((np.isfinite(value) & (value > 0) & (value >= (1 - ROUNDING) * self.floor)).all())

    def projected(self, value: Array) -> Array:
        """The value: rounding cannot take it out."""
        return value

    def chart(self, value: Array) -> Chart:
        """Relative differences."""
        free = _free(self.shape, self.fixed)
        resting = free & self._resting(value)
        basis, owners = _diagonal(value, free & ~resting), np.flatnonzero(free & ~resting)
        if self.to_zero:
            return Chart(value, basis, free, resting, AT_ZERO, owners)
        return Chart(value, basis, free, resting, ON_ITS_FLOOR)

    def interval(self, value: Array, error: Array, reach: float) -> tuple[Array, Array]:
        """Limits by the same factor below and above."""
        return _by_a_factor(value, error, reach)

    def _resting(self, value: Array) -> NDArray[np.bool_]:
        """Which numbers rest on the floor."""
        return np.asarray(value <= (1 + ON_FLOOR) * self.floor)

    def tangent(self, value: Array, rng: np.random.Generator) -> Array:
        """Normal relative differences."""
        moving = _free(self.shape, self.fixed) & ~self._resting(value)
        return np.asarray(moving * value * rng.standard_normal(self.shape))


@dataclass(frozen=True)
class Simplex:
    """Probabilities along the last axis: not negative, and one in sum.

    Parameters
    ----------
    support : array of bool
        False marks structural zeros. Its shape is that of the parameter.
    """

    support: NDArray[np.bool_]

    scale: ClassVar[Array] = np.ones(())  # probabilities have no unit

    @property
    def dimension(self) -> int:
        """Number of free numbers: one less than there are possible outcomes, for each row."""
        return int((np.maximum(self.support.sum(axis=-1), 1) - 1).sum())

    def feasible(self, value: Array) -> bool:
        """Whether the rows are probabilities and the structural zeros zero."""
        return bool(
            value.min() >= 0
            and not value[~self.support].any()
            and np.abs(value.sum(axis=-1) - 1.0).max() <= ROUNDING
        )

    def projected(self, value: Array) -> Array:
        """Rows with a sum of one: n times what is amiss would pass for log-likelihood."""
        return np.asarray(value / value.sum(axis=-1, keepdims=True))

    def chart(self, value: Array) -> Chart:
        """Relative differences of all possible outcomes but the likeliest, which makes up for them."""
        width = value.shape[-1]
        rows = value.reshape(-1, width)
        possible = self.support.reshape(rows.shape)
        several = possible & (possible.sum(axis=1) > 1)[:, None]
        resting = several & (rows == 0)
        likeliest = rows.argmax(axis=1)
        moving = several & ~resting
        moving[np.arange(len(rows)), likeliest] = False
        row, _ = np.nonzero(moving)
        owners, columns = np.flatnonzero(moving), np.arange(len(row))
        where = (np.concatenate([owners, row * width + likeliest[row]]), np.concatenate([columns, columns]))
        change = rows[moving]
        shape = (value.size, len(row))
        basis = sparse.csr_array((np.concatenate([change, -change]), where), shape=shape)
        free = several.reshape(value.shape)
        return Chart(value, basis, free, resting.reshape(value.shape), AT_ZERO, owners)

    def interval(self, value: Array, error: Array, reach: float) -> tuple[Array, Array]:
        """Limits of the logits."""
        inside = (value > 0) & (value < 1)
        p = np.where(inside, value, 0.5)
        away = reach * error / (p * (1 - p))
        limits = (np.where(inside, expit(logit(p) + way), value) for way in (-away, away))
        low, high = (np.where(np.isnan(error), np.nan, limit) for limit in limits)
        return low, high

    def tangent(self, value: Array, rng: np.random.Generator) -> Array:
        """Normal relative differences, less what would change the sums."""
        moved = value * rng.standard_normal(value.shape)
        return np.asarray(moved - value * moved.sum(axis=-1, keepdims=True))


@dataclass(frozen=True)
class SPD:
    """Symmetric positive definite matrices along the last two axes.

    Parameters
    ----------
    shape : tuple of int
        Shape of the parameter.
    scale : array of shape (d, d)
        What counts as a change of one: products of the features' standard deviations.
    floor : array of shape (d,), optional
        Diagonal of the matrix they are not below.
    fixed : array of bool of shape (d,), optional
        Features whose rows and columns stay as they are, zero but for the diagonal: they are not free.
    """

    shape: tuple[int, ...]
    scale: Array
    floor: Array | None = None
    fixed: Fixed = None

    @property
    def dimension(self) -> int:
        """Number of free numbers: each symmetric pair once."""
        d = len(self._free)
        return prod(self.shape[:-2]) * (d * (d + 1) // 2)

    @property
    def _free(self) -> NDArray[np.int64]:
        """Positions of the features that are not fixed."""
        return np.flatnonzero(_free(self.shape[-1:], self.fixed))

    def feasible(self, value: Array) -> bool:
        """Whether all matrices are symmetric and have a Cholesky factor, less the floor if there is one."""
        standard = value / self.scale
        if not (np.isfinite(standard).all() and symmetric(standard)):
            return False
        above = standard - self._lowest
        if self.floor is not None:  # entries are rounded relative to themselves, however low the floor
            variances = np.einsum("...ii->...i", standard)
            np.einsum("...ii->...i", above)[...] += len(self.floor) * EPS * variances
        try:
            np.linalg.cholesky(above)
        except np.linalg.LinAlgError:
            return False
        return True

    @cached_property
    def _lowest(self) -> Array | float:
        """The floor of the features that are free, with room for rounding, in units of the scale."""
        if self.floor is None:
            return 0.0
        return np.diag((1 - ROUNDING) * self.floor * _free(self.shape[-1:], self.fixed)) / self.scale

    def _above_floor(self, value: Array) -> Array:
        """The smallest eigenvalue of each matrix in units of the floor."""
        unit = np.sqrt(np.asarray(self.floor))
        free = self._free
        standard = (value / np.outer(unit, unit))[..., free[:, None], free]
        return np.asarray(np.linalg.eigvalsh(standard)[..., 0])

    def projected(self, value: Array) -> Array:
        """The value: a sum of symmetric matrices is symmetric to the last bit."""
        return value

    def chart(self, value: Array) -> Chart:
        """Differences of the whitened matrix, each symmetric pair once; none of a matrix on its floor."""
        d, free = self.shape[-1], self._free
        pairs = [(i, j) for i in free for j in free if j <= i]
        if self.floor is None:
            resting = np.zeros(self.shape[:-2], dtype=bool)
        else:
            resting = np.asarray(self._above_floor(value) <= 1 + ON_FLOOR)
        blocks = []
        for matrix, rests in zip(value.reshape(-1, d, d), resting.ravel(), strict=True):
            columns = np.zeros((d * d, 0 if rests else len(pairs)))
            root = np.linalg.cholesky(matrix)
            for column, (i, j) in enumerate(pairs if not rests else []):
                outer = np.outer(root[:, i], root[:, j])
                columns[:, column] = ((outer + outer.T) / (2 if i == j else 1)).ravel()
            blocks.append(sparse.csr_array(columns))
        both = _free(self.shape[-1:], self.fixed)
        moving = np.broadcast_to(both[:, None] & both, self.shape)
        return Chart(value, sparse.block_diag(blocks, format="csr"), moving, resting, ON_ITS_FLOOR)

    def interval(self, value: Array, error: Array, reach: float) -> tuple[Array, Array]:
        """Limits of variances by the same factor below and above, and symmetric ones of covariances."""
        diagonal = np.eye(self.shape[-1], dtype=bool)
        variances = _by_a_factor(np.where(diagonal, value, 1.0), error, reach)
        low, high = value - reach * error, value + reach * error
        return np.where(diagonal, variances[0], low), np.where(diagonal, variances[1], high)

    def tangent(self, value: Array, rng: np.random.Generator) -> Array:
        """Normal differences of the whitened matrices."""
        root = np.linalg.cholesky(value)
        noise = rng.standard_normal(self.shape)
        moved = root @ ((noise + np.swapaxes(noise, -1, -2)) / 2) @ np.swapaxes(root, -1, -2)
        free = _free(self.shape[-1:], self.fixed)
        moved = moved * (free[:, None] & free)
        if self.floor is None:
            return np.asarray(moved)
        return np.asarray(moved * (self._above_floor(value) > 1 + ON_FLOOR)[..., None, None])


def check_feasible(params: Any, spaces: Spaces) -> None:
    """Refuse params that are NaN, or not in their spaces, if they have one.

    Raises
    ------
    ValueError
        If one is; it is named.
    """
    for name, value in named(params).items():
        array = np.asarray(value)
        number = array.dtype.kind != "f" or not np.isnan(array).any()
        if not number or (name in spaces and not (np.isfinite(array).all() and spaces[name].feasible(array))):
            raise ValueError(f"its '{name}' is not feasible: not finite, or out of range")


def check_shape(params: Any, name: str, shape: tuple[int, ...]) -> None:
    """Refuse params one of which is not there, or of another shape.

    Raises
    ------
    ValueError
        If it is.
    """
    found = np.shape(named(params).get(name, ()))
    if found != shape:
        raise ValueError(f"its '{name}' has shape {found}, should be {shape}")


def _free(shape: tuple[int, ...], fixed: Fixed) -> NDArray[np.bool_]:
    """Which numbers of a parameter are free."""
    return np.ones(shape, dtype=bool) if fixed is None else ~np.broadcast_to(fixed, shape)


def _by_a_factor(value: Array, error: Array, reach: float) -> tuple[Array, Array]:
    """Limits of positive numbers, symmetric on the scale of logarithms."""
    with np.errstate(over="ignore"):
        factor = np.exp(reach * error / value)
        return value / factor, value * factor


def _diagonal(units: Array, free: NDArray[np.bool_]) -> Any:
    """The basis in which each free number moves by itself, by its unit."""
    return sparse.diags_array(units.ravel()).tocsr()[:, np.flatnonzero(free.ravel())]


def symmetric(matrices: Array) -> bool:
    """Whether matrices are symmetric up to rounding, in units of their diagonals."""
    other = matrices.swapaxes(-1, -2)
    if (matrices == other).all():
        return True
    unit = np.sqrt(np.abs(np.diagonal(matrices, axis1=-2, axis2=-1)))
    return bool((np.abs(matrices - other) <= SYMMETRY * unit[..., :, None] * unit[..., None, :]).all())


def dimension(spaces: Spaces, fixed: Collection[str] = ()) -> int:
    """Number of free parameters, those held left out."""
    return sum(space.dimension for name, space in spaces.items() if name not in fixed)


def feasible(spaces: Spaces, params: Any) -> bool:
    """Whether each parameter lies in its space."""
    values = named(params)
    return all(space.feasible(values[name]) for name, space in spaces.items())


def largest_change(spaces: Spaces, old: Any, new: Any) -> float:
    """The largest change of any parameter, in units of its scale."""
    return float(np.abs(in_units(spaces, difference(spaces, old, new))).max(initial=0.0))


def difference(spaces: Spaces, old: Any, new: Any) -> dict[str, Array]:
    """What changed, by name."""
    before, after = named(old), named(new)
    return {name: after[name] - before[name] for name in spaces}


def in_units(spaces: Spaces, values: Mapping[str, Any]) -> Array:
    """Parameters, or changes of them, given by name, as one vector, in units of their scales."""
    return np.concatenate([(values[name] / space.scale).ravel() for name, space in spaces.items()] or [[]])


def named(params: Any) -> dict[str, Any]:
    """The arrays of params by name, those of nested dataclasses included.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Inner:
    ...     rates: float
    >>> @dataclass(frozen=True)
    ... class Outer:
    ...     weights: float
    ...     emission: Inner
    >>> named(Outer(0.5, Inner(2.0)))
    {'weights': 0.5, 'rates': 2.0}
    """
    found: dict[str, Any] = {}
    cls: Any = type(params)
    for name in _names(cls):
        value = getattr(params, name)
        if _nested(value.__class__):
            found |= named(value)
        else:
            found[name] = value
    return found


@cache
def _nested(cls: Any) -> bool:
    """Whether values of a type are params themselves."""
    return is_dataclass(cls)


@cache
def _names(cls: Any) -> tuple[str, ...]:
    return tuple(f.name for f in fields(cls))


def with_named(params: Any, values: Mapping[str, Any]) -> Any:
    """The same params with other arrays under the given names."""
    cls: Any = type(params)
    found = ((name, getattr(params, name)) for name in _names(cls))
    return cls(
        *[
            with_named(value, values) if _nested(value.__class__) else values.get(name, value)
            for name, value in found
        ]
    )
