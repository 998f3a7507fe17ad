"""What is seen given the label: the protocol of an emission family.

A family is a bank of K components, never K objects, so that components may share parameters. A new
one needs the seven abstract methods; the rest has defaults that suit a family whose parameters
have the components along their first axis.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from functools import cache
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import as_floats
from latently.core.choices import DERIVED_TIE
from latently.core.declared import Parameter
from latently.core.parameters import check_feasible, check_shape, named
from latently.core.spaces import Spaces
from latently.emissions.completion import Completion
from latently.emissions.described import Array, Described
from latently.emissions.noise import noise
from latently.emissions.reading import Reading
from latently.wording import count

Sizes = NDArray[np.int64]
SOFT = 0.05  # of each row goes to the other half of a component that is split


class Emission(Reading, Described, Completion, ABC):
    """A family of densities p(x | label).

    Attributes
    ----------
    discrete : bool
        Whether densities are probabilities: these are at most one, so that no maximum is spurious.
    needs_spread : bool
        Whether nothing can be learned from columns of a single value each.
    several_maxima : bool
        Whether even one component alone may have several maxima, so that one start is not enough.
    compact : bool
        Whether rows of a component lie together, so that searches that nobody asked to start otherwise go by
        the distances of `embed`.
    in_brackets : str
        The setting that may stand behind its name, as in "binomial(10)"; none if empty.
    floor_setting : str
        The setting of the floor on which components may rest, if there is one.
    params_type : type
        The dataclass of its params, which `params` makes.
    parameters : tuple of Parameter
        What there is to say of each field of the params. Without it, `checked` and `check_shapes` know the
        axis of the components only.
    """

    discrete: ClassVar[bool] = False
    needs_spread: ClassVar[bool] = False
    several_maxima: ClassVar[bool] = False
    compact: ClassVar[bool] = True
    in_brackets: ClassVar[str] = ""
    floor_setting: ClassVar[str] = ""
    params_type: ClassVar[type[Any] | None] = None
    parameters: ClassVar[tuple[Parameter, ...]] = ()

    @property
    def form(self) -> str:
        """What its params are those of, in words."""
        return type(self).__name__

    @property
    def pooled_parameters(self) -> tuple[str, ...]:
        """Names of the parameters that components share."""
        return tuple(one.name for one in self.parameters if "components" not in one.axes)

    @abstractmethod
    def describe(self, x: Array, weights: Array) -> Any:
        """Return additive facts about rows of data, taken once per fit.

        Parameters
        ----------
        x : array of shape (n_rows, n_features)
            The rows.
        weights : array of shape (n_rows,)
            Their weights.
        """

    def bind(self, description: Any) -> Self:
        """Return the same family with all that depends on the data filled in."""
        return self

    def per(self, unit: float) -> Self:
        """Return the same family where weights are in another unit: the larger, the less is a prior."""
        return self

    @abstractmethod
    def start(self, description: Any, n_components: int, rng: np.random.Generator) -> Any:
        """Draw starting values."""

    @abstractmethod
    def log_density(self, params: Any, x: Array) -> Array:
        """Return the log density of each row under each component, shape (n_rows, n_components)."""

    def prepared(self, x: Array) -> Any:
        """What the next two need of some rows whatever the parameters are: they, or what is made of them."""
        return x

    def log_density_of(self, params: Any, prepared: Any) -> Array:
        """Return the log densities of rows that were prepared."""
        return self.log_density(params, prepared)

    def expected_stats_of(self, params: Any, prepared: Any, resp: Array) -> Any:
        """Return the statistics of rows that were prepared."""
        return self.expected_stats(params, prepared, resp)

    def lookup(self, params: Any, x: Array) -> tuple[Array, NDArray[np.int64]] | None:
        """Log densities of all that can be observed, shape (n, n_components), and which of it each row is.

        None where that is too much for a table.
        """
        return None

    def n_values(self, params: Any) -> Array | None:
        """How many values each feature can have, from 0, shape (d,); None if they are not so few."""
        return None

    @abstractmethod
    def expected_stats(self, params: Any, x: Array, resp: Array) -> Any:
        """Return the additive statistics of rows with given responsibilities (weights applied)."""

    def log_density_of_cells(self, params: Any, sizes: Sizes) -> Array:
        """Log densities of rows of one cell: each whole number below the size of each column in turn.

        Of features that are independent and take such values only.
        """
        return self.log_density(params, _alone(sizes))

    def stats_of_cells(self, params: Any, sizes: Sizes, resp: Array) -> Any:
        """Statistics of such cells with given responsibilities."""
        return self.expected_stats(params, _alone(sizes), resp)

    def moved(self, stats: Any, params: Any) -> Any:
        """The statistics as if they had been taken at these params, where they say at which they were."""
        return stats

    @abstractmethod
    def m_step(self, stats: Any, params: Any, fixed: Collection[str] = ()) -> Any:
        """Return better params, those named in `fixed` unchanged."""

    @abstractmethod
    def expected_log_likelihood(self, stats: Any, params: Any) -> float:
        """Its part of Q(params | stats), all constants included."""

    @abstractmethod
    def spaces(self, params: Any) -> Spaces:
        """Where each parameter lives, by the name of its field."""

    def gradient(self, stats: Any, params: Any) -> dict[str, Array]:
        """Derivative of its part of Q by its parameters, by name; the rest is found by differences."""
        return {}

    def log_prior(self, params: Any) -> float:
        """Log density of the prior; zero without one."""
        return 0.0

    def sample(self, params: Any, labels: NDArray[np.int64], rng: np.random.Generator) -> Array:
        """Draw a row for each label."""
        raise NotImplementedError(f"{type(self).__name__} has no sample method")

    def sample_given(
        self, params: Any, labels: NDArray[np.int64], others: Array, rng: np.random.Generator
    ) -> Array:
        """Draw a row for each label, given what is not modelled of other rows."""
        return self.sample(params, labels, rng)

    def order_keys(self, params: Any) -> Array | None:
        """Numbers that put components in order, shape (n_components, n_keys): by default the centres."""
        return self.centre(params)

    def permute(self, params: Any, order: Any) -> Any:
        """Relabel the components: component `i` of the result is component ``order[i]``."""
        return replace(params, **{f.name: getattr(params, f.name)[order] for f in fields(params)})

    def embed(self, description: Any, x: Array) -> Array | None:
        """Coordinates in which Euclidean distance means something, for starts; None if there are none."""
        return None

    def coordinates(self, description: Any, x: Array) -> Array | None:
        """Those by which default searches go, of rows whose cells may be missing; None if they do without."""
        return self.embed(description, self.fill(description, x)) if self.compact else None

    def standardised(self, description: Any, x: Array, weights: Array) -> Array:
        """Other coordinates for starts: features in units of their spread, each by itself."""
        centred = x - np.average(x, axis=0, weights=weights)
        spread = np.sqrt(np.average(centred * centred, axis=0, weights=weights))
        return np.asarray(centred / np.where(spread > 0, spread, 1.0))

    def fill(self, description: Any, x: Array) -> Array:
        """Rows with missing cells filled in somehow: for starts only, whose distances need all cells."""
        return x

    def split(
        self, x: Array, coordinates: Array | None, weights: Array, way: int, rng: np.random.Generator
    ) -> Array:
        """Cut the rows of a component in two, for a search of other maxima.

        Parameters
        ----------
        x : array of shape (n_rows, n_features)
            The rows.
        coordinates : array of shape (n_rows, n_coordinates) or None
            What `coordinates` says of them.
        weights : array of shape (n_rows,)
            How much of each row the component has.
        way : int
            The first way is across the longest extent, others are by which of two rows is nearer.
        rng : Generator
            Source of all that is random.

        Returns
        -------
        array of shape (n_rows,)
            What part of each row goes to the first half.
        """
        if coordinates is None:
            return rng.random(len(x))
        return cut_in_two(coordinates, weights, way, rng)

    def unseen(self, description: Any) -> NDArray[np.bool_]:
        """Pairs of features on whose dependence within a component the data say nothing, symmetric."""
        return np.zeros((0, 0), dtype=bool)

    def least_dependent(self, description: Any, params: Any) -> Any:
        """Of all params that are as likely, those under which unseen pairs depend on each other least."""
        return params

    def projected(self, params: Any) -> Any:
        """Params that would be feasible but for rounding, without the rounding."""
        return params

    def inner_terms(self, stats: Any, params: Any) -> float:
        """Sum of the absolute terms within the log densities of the rows, where they cancel; zero if not.

        With the log-likelihoods of the rows it is what the rounding error of the objective is relative to. A
        family that does not say is measured.
        """
        return noise(self, stats, params)

    def floor_active(self, params: Any, fixed: Collection[str] = ()) -> NDArray[np.bool_] | None:
        """Which components rest on a floor, by parameters that are not fixed; None without floors."""
        return None

    def rows_needed(self, params: Any, fixed: Collection[str] = ()) -> int:
        """Distinct rows from which a component can learn what is not fixed; 0 if any will do."""
        names = {parameter.name for parameter in self.parameters}
        return 0 if self.discrete or (names and names <= set(fixed)) else 1

    def rows_needed_in_all(self, params: Any, n_components: int, fixed: Collection[str] = ()) -> int:
        """Distinct rows from which all components can, at the least."""
        return n_components * self.rows_needed(params, fixed)

    def params(self, *args: Any, **values: Any) -> Any:
        """Put parameters together, by their names."""
        if self.params_type is None:
            raise NotImplementedError(f"{type(self).__name__} has no params_type and no params method")
        return self.params_type(*args, **values)

    def checked(
        self, name: str, value: object, n_components: int, n_features: int | None, label: str
    ) -> Array:
        """A value that a user gave to a parameter, as an array of its own; its range is that of `parameters`.

        Parameters
        ----------
        name : str
            The parameter.
        value : array-like
            What was given.
        n_components, n_features : int
            How many; `n_features` is None if it is not known from elsewhere.
        label : str
            What the user calls the parameter.

        Raises
        ------
        ValueError
            If it is out of range; the message names the parameter and the place.
        """
        sizes = self.sizes(n_components, n_features or "n_features")
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter.checked(value, label, sizes)
        return as_floats(value, label)

    def sizes(self, n_components: int, n_features: int | str) -> dict[str, int | str]:
        """How long the axes of parameters are, by their names; a word where that is not known."""
        return {"components": n_components, "features": n_features}

    def check_fitted(self, fitted: Emission) -> None:
        """Refuse a family from a file that a fit does not make of this one.

        Raises
        ------
        ValueError
            If it is another.
        """
        if type(fitted) is not type(self) or fitted.form != self.form:
            kinds = fitted.form, self.form
            raise ValueError("its family is {}, and that of its settings {}".format(*kinds))

    def check(self, params: Any, n_components: int, n_features: int) -> None:
        """Refuse params from a file that are not of so many components and columns, or not feasible.

        Raises
        ------
        ValueError
            If they are not; the parameter is named.
        """
        self.check_shapes(params, n_components, n_features)
        check_feasible(params, self.spaces(params))

    def check_shapes(self, params: Any, n_components: int, n_features: int) -> None:
        """Refuse params of other shapes."""
        sizes: Any = self.sizes(n_components, n_features)
        for parameter in self.parameters:
            check_shape(params, parameter.name, tuple(sizes[axis] for axis in parameter.axes))
        if not self.parameters and type(self).permute is Emission.permute:
            for name, value in named(params).items():
                if np.shape(value)[:1] != (n_components,):
                    raise ValueError(
                        f"its '{name}' has shape {np.shape(value)}, should have "
                        f"{count(n_components, 'component')} along its first axis"
                    )

    def given(self, values: Mapping[str, object], n_components: int, suffix: str = "") -> tuple[Self, Any]:
        """The family and its params from what a user gives, by name; users add a suffix to the names.

        Raises
        ------
        ValueError
            If a value is out of range, or the values do not fit each other.
        """
        found: dict[str, Array] = {}
        places = {one.name: one.axes.index("features") for one in self.parameters if "features" in one.axes}
        for name, value in values.items():
            n_features = next((found[own].shape[at] for own, at in places.items() if own in found), None)
            found[name] = self.checked(name, value, n_components, n_features, name + suffix)
        return self, self.params(**found)


def cells_below(sizes: Sizes) -> tuple[Sizes, Sizes]:
    """The whole numbers below each of some sizes, and which of these it is.

    Examples
    --------
    >>> [one.tolist() for one in cells_below(np.array([2, 3]))]
    [[0, 1, 0, 1, 2], [0, 0, 1, 1, 1]]
    """
    return _cells_below(tuple(sizes.tolist()))


@cache
def _cells_below(sizes: tuple[int, ...]) -> tuple[Sizes, Sizes]:
    column = np.repeat(np.arange(len(sizes)), sizes)
    return np.concatenate([np.arange(size) for size in sizes]), column


def _alone(sizes: Sizes) -> Array:
    """A row for each whole number below the size of each column, of which it is the only cell."""
    value, column = cells_below(sizes)
    rows = np.full((len(column), len(sizes)), np.nan)
    rows[np.arange(len(column)), column] = value
    return rows


def cut_in_two(coordinates: Array, weights: Array, way: int, rng: np.random.Generator) -> Array:
    """Cut weighted points across their longest extent, or by which of two of them is nearer."""
    mean = np.average(coordinates, axis=0, weights=weights)
    centred = coordinates - mean
    if way == 0:
        axis = np.linalg.eigh((centred.T * weights) @ centred)[1][:, -1]
        axis = axis * np.sign(axis[np.abs(axis) > (1 - DERIVED_TIE) * np.abs(axis).max()][0])
        height = centred @ axis
    else:
        first = rng.choice(len(weights), p=weights / weights.sum())
        apart = weights * ((coordinates - coordinates[first]) ** 2).sum(axis=1)
        if not apart.sum() > 0:
            return rng.random(len(weights))
        second = rng.choice(len(weights), p=apart / apart.sum())
        axis = coordinates[second] - coordinates[first]
        height = (coordinates - (coordinates[first] + coordinates[second]) / 2) @ axis
    return np.where(height > 0, 1 - SOFT, SOFT)
