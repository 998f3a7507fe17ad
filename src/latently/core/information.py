"""Standard errors of any likelihood model, from its E-step and its Q function.

By Fisher's identity the derivative of the log-likelihood is that of Q at its own parameters, which the
expected statistics give without another thought. Differencing this score gives the observed
information; its inverse, carried from free coordinates to the parameters by the delta method, their
covariance (docs/formulas.md, "Standard errors").
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, Literal

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Array
from latently.core.blocks import Block
from latently.core.em import EMMap
from latently.core.errors import BEYOND
from latently.core.model import D, P, S
from latently.core.parameters import named, with_named
from latently.core.spaces import Chart, Space
from latently.wording import count

Kind = Literal["observed", "robust"]
DIFFERENCE_STEP = 1e-5
NO_INFORMATION = 1e-7  # where each number alone has one; differences leave about 1e-9
RISE = 1e-2
ONE = 1.0  # expected events of a number that may be on its way to zero, at most
INFORMED = 1e-3  # relative information below which it is: zero is less than a thirtieth of its error away
MOST_PLACES_NAMED = 3  # numbers on a boundary in one message


@dataclass(frozen=True)
class StandardErrors(Mapping[str, Array]):
    """Standard errors of all parameters, a mapping from their names.

    Attributes
    ----------
    errors : dict of str to array
        For each parameter by name, in its own shape and units; zero for one held fixed, NaN where there is
        none.
    reasons : tuple of str
        Why errors are NaN, or should be taken with care; empty if all is well. Numbers are called by the name
        of their parameter and their place in it, from 0, with the column where it has a name and the category
        where it is of one: "probabilities[1, 0, 2] ('town' = 'Rome') at zero".
    kind : str
        How they were found.
    """

    errors: Mapping[str, Array]
    reasons: tuple[str, ...]
    kind: str

    def __getitem__(self, name: str) -> Array:
        return self.errors[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.errors)

    def __len__(self) -> int:
        return len(self.errors)


@dataclass(frozen=True)
class Coordinates(Generic[P]):
    """Free coordinates of all parameters together, round given params."""

    params: P  # the params at coordinates zero
    charts: Mapping[str, Chart]  # the coordinates of each parameter that is not fixed, in their order

    @property
    def dimension(self) -> int:
        """Number of coordinates."""
        return sum(chart.dimension for chart in self.charts.values())

    def slices(self) -> dict[str, slice]:
        """Where the coordinates of each parameter stand."""
        found, start = {}, 0
        for name, chart in self.charts.items():
            found[name] = slice(start, start + chart.dimension)
            start += chart.dimension
        return found

    def at(self, coordinates: Array) -> P:
        """Return the params at some coordinates."""
        where = self.slices()
        values = {name: chart.at(coordinates[where[name]]) for name, chart in self.charts.items()}
        moved: P = with_named(self.params, values)
        return moved

    def moves(self) -> Iterator[tuple[P, P]]:
        """Params a little up and a little down along each coordinate, of which one parameter alone moves."""
        for name, chart in self.charts.items():
            for up, down in chart.moves(DIFFERENCE_STEP):
                yield with_named(self.params, {name: up}), with_named(self.params, {name: down})

    def slopes(self, function: Callable[[P], Array]) -> Array:
        """Central differences of a function of params at coordinates zero, those along each one last."""
        found = [(function(up) - function(down)) / (2 * DIFFERENCE_STEP) for up, down in self.moves()]
        return np.stack(found, axis=-1) if found else np.zeros((*function(self.params).shape, 0))


def around(params: P, spaces: Mapping[str, Space]) -> Coordinates[P]:
    """Coordinates of the parameters that have a space."""
    values = named(params)
    return Coordinates(params, {name: space.chart(values[name]) for name, space in spaces.items()})


def score(em: EMMap[D, P, S], coordinates: Coordinates[P], params: P, stats: S) -> Array:
    """Derivative of the objective by free coordinates, at the params the statistics were taken at."""
    known, has_prior = em.model.gradient(stats, params), em.model.log_prior(params) != 0
    gradient = np.empty(coordinates.dimension)
    for name, where in coordinates.slices().items():
        chart = coordinates.charts[name]
        if name in known:
            gradient[where] = chart.transposed @ np.ravel(known[name])
        else:
            gradient[where] = _by_differences(
                lambda moved: em.model.expected_log_likelihood(stats, moved), params, name, chart
            )
        if has_prior:
            gradient[where] += _by_differences(em.model.log_prior, params, name, chart)
    return gradient


def _by_differences(function: Callable[[P], float], params: P, name: str, chart: Chart) -> Array:
    """Central differences of a function of params along the coordinates of one parameter."""
    slopes = [
        function(with_named(params, {name: up})) - function(with_named(params, {name: down}))
        for up, down in chart.moves(DIFFERENCE_STEP, named(params)[name])
    ]
    return np.array(slopes) / (2 * DIFFERENCE_STEP)


def standard_errors(
    em: EMMap[D, P, S],
    params: P,
    fixed: Collection[str] = (),
    kind: Kind = "observed",
    functions: Mapping[str, Callable[[P], Array]] | None = None,
    words: Callable[[str, tuple[int, ...]], str] = lambda name, at: "",
) -> StandardErrors:
    """Standard errors from the observed information, or robust ones from the sandwich.

    Parameters
    ----------
    em : EMMap
        The model and the data.
    params : object
        A maximum of the objective.
    fixed : collection of str
        Names of the parameters that were held fixed.
    kind : {"observed", "robust"}
        "robust" does not assume that the model is true (White 1982); it needs the score of each unit.
    functions : dict of str to callable, optional
        Functions of the params, whose errors are found as well, by the delta method. An error is NaN, too,
        where all that a number depends on lies on a boundary.
    words : callable, optional
        Says what the number of a parameter at some place is of, for the reasons.

    Returns
    -------
    StandardErrors
        NaN, with the reason, for what lies on a boundary, which the others take for known, and for all where
        the information is singular.

    Raises
    ------
    ValueError
        If there are too few units for robust errors.

    References
    ----------
    .. [1] McLachlan, G. J. and Krishnan, T. (2008). The EM Algorithm and Extensions, 2nd ed., sections 4.2
       and 4.7.
    .. [2] White, H. (1982). Maximum likelihood estimation of misspecified models. Econometrica 50, 1-25.
    """
    values = named(params)
    spaces = {name: space for name, space in em.model.spaces(params).items() if name not in fixed}
    coordinates = around(params, spaces)
    with np.errstate(over="ignore", invalid="ignore"):
        information, slope = _observed_information(em, coordinates)
    if not np.isfinite(information).all():
        return _none(values | _applied(functions, params), fixed, [BEYOND], kind)
    gone = _vanishing(em, coordinates, np.diagonal(information))
    where = coordinates.slices()
    charts = {name: chart.without(gone[where[name]]) for name, chart in coordinates.charts.items()}
    coordinates = Coordinates(params, charts)
    information, slope = information[np.ix_(~gone, ~gone)], slope[~gone]
    reasons = [_on_boundary(name, chart, words) for name, chart in charts.items() if chart.resting.any()]
    if kind == "robust":
        _check_units(em, coordinates.dimension)

    alone = np.sqrt(np.abs(np.diagonal(information)))
    alone[alone == 0] = 1.0
    n_determined = int((np.linalg.eigvalsh(information / np.outer(alone, alone)) > NO_INFORMATION).sum())
    if n_determined < len(information):
        reasons.append(
            "the observed information is singular or not positive definite, "
            f"its rank {n_determined} of {len(information)}: some parameters are not determined by the data, "
            "or this is not a maximum"
        )
        return _none(values | _applied(functions, params), fixed, reasons, kind)
    covariance = np.linalg.inv(information)
    if slope @ covariance @ slope / 2 > RISE:
        reasons.append("the objective still rises here: fit with a smaller tol or a larger max_iter")
    if kind == "robust":
        covariance = covariance @ _score_products(em, coordinates) @ covariance
    errors = {}
    for name, where_it_is in coordinates.slices().items():
        chart = charts[name]
        basis = chart.basis.toarray()
        unit = np.abs(basis).max(axis=1, initial=np.finfo(np.float64).tiny)  # squares would be out of range
        basis = basis / unit[:, None]
        spread = unit * np.sqrt((basis @ covariance[where_it_is, where_it_is] * basis).sum(axis=1))
        errors[name] = np.where(chart.without_error, np.nan, spread.reshape(values[name].shape))
    for name in fixed:
        errors[name] = np.zeros(values[name].shape)
    for name, function in (functions or {}).items():
        slopes = coordinates.slopes(function)
        spread = np.sqrt(((slopes @ covariance) * slopes).sum(axis=-1))
        on_boundary = any(chart.resting.any() for chart in charts.values())
        errors[name] = np.where((spread == 0) & on_boundary, np.nan, spread)
    return StandardErrors(errors, tuple(reasons), kind)


def _applied(functions: Mapping[str, Callable[[P], Array]] | None, params: P) -> dict[str, Array]:
    return {name: function(params) for name, function in (functions or {}).items()}


def _vanishing(em: EMMap[D, P, S], coordinates: Coordinates[P], information: Array) -> NDArray[np.bool_]:
    """Coordinates of numbers on their way to zero: with less than one event, and next to no information.

    EM comes near zero and never there. The events are the information in the complete data, by the relative
    difference of the number: its expected count.
    """
    gone = np.zeros(coordinates.dimension, dtype=bool)
    for name, where in coordinates.slices().items():
        if coordinates.charts[name].owners is not None:
            gone[where] = np.abs(information[where]) < INFORMED
    if not gone.any():
        return gone
    stats = em.e_step(coordinates.params)
    for j in np.flatnonzero(gone):
        z = np.zeros(coordinates.dimension)
        z[j] = DIFFERENCE_STEP
        up, down = (score(em, coordinates, coordinates.at(side * z), stats)[j] for side in (1, -1))
        gone[j] = (down - up) / (2 * DIFFERENCE_STEP) < ONE
    return gone


def _on_boundary(name: str, chart: Chart, words: Callable[[str, tuple[int, ...]], str]) -> str:
    """Which numbers or matrices of a parameter lie on its boundary, in words."""
    found = []
    for boundary, resting in chart.boundaries.items():
        places = [tuple(at.tolist()) for at in np.argwhere(resting)]
        which = ", ".join(_called(name, at, words(name, at)) for at in places[:MOST_PLACES_NAMED])
        if len(places) > MOST_PLACES_NAMED:
            which += f" and {len(places) - MOST_PLACES_NAMED} more"
        found += [f"{which} {boundary}"] if places else []
    return (
        f"{', '.join(found)}: on this boundary of the parameter space there is no error, and the others are "
        "taken as though it were known"
    )


def _called(name: str, at: tuple[int, ...], words: str) -> str:
    place = f"[{', '.join(map(str, at))}]" if at else ""
    return f"{name}{place}" + (f" ({words})" if words else "")


def _check_units(em: EMMap[D, P, S], n_parameters: int) -> None:
    """Refuse robust errors from fewer units than parameters."""
    n = sum(int((block.weights > 0).sum()) for block in em.source.blocks())
    if n <= n_parameters:
        raise ValueError(
            f"kind='robust' needs more {em.model.unit}s than the {count(n_parameters, 'parameter')}, to see "
            f"how their scores scatter, and there {'is' if n == 1 else 'are'} {n}: use kind='observed'"
        )


def _observed_information(em: EMMap[D, P, S], coordinates: Coordinates[P]) -> tuple[Array, Array]:
    """Minus the Hessian of the objective by central differences of the score, and the score."""

    def score_at(params: P) -> Array:
        return score(em, coordinates, params, em.e_step(params))

    slopes = [score_at(up) - score_at(down) for up, down in coordinates.moves()]
    hessian = np.reshape(slopes, (coordinates.dimension, -1)) / (2 * DIFFERENCE_STEP)
    return -(hessian + hessian.T) / 2, score_at(coordinates.params)


def _score_products(em: EMMap[D, P, S], coordinates: Coordinates[P]) -> Array:
    """Sum over units of weight times the outer product of the score with itself."""
    total = np.zeros((coordinates.dimension, coordinates.dimension))
    for block in em.source.blocks():
        scores = np.empty((block.n_units, coordinates.dimension))
        for unit in range(block.n_units):
            stats = em.model.e_step(coordinates.params, _alone(block, unit), em.backend)
            scores[unit] = score(em, coordinates, coordinates.params, stats)
        total += (scores.T * block.weights) @ scores
    return total


def _alone(block: Block, unit: int) -> Block:
    """One unit of a block, as a block of weight one."""
    low, high = (unit, unit + 1) if block.offsets is None else block.offsets[unit : unit + 2]
    offsets = None if block.offsets is None else np.array([0, high - low])
    return replace(block, x=block.x[low:high], weights=np.ones(1), offsets=offsets, first=block.first + unit)


def _none(values: Mapping[str, Any], fixed: Collection[str], reasons: list[str], kind: str) -> StandardErrors:
    errors = {
        name: np.full(np.shape(value), 0.0 if name in fixed else np.nan) for name, value in values.items()
    }
    return StandardErrors(errors, tuple(reasons), kind)
