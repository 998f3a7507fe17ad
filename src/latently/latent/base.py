"""What is hidden: the protocol of a latent structure.

A latent structure turns log densities into responsibilities and learns its own parameters from
them. It hands the responsibilities on tile by tile, so that nothing of size n x K need exist.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Array, Labels
from latently.core.backends import Backend
from latently.core.blocks import Block
from latently.core.declared import Parameter
from latently.core.model import Unit
from latently.core.parameters import check_feasible, check_shape
from latently.core.spaces import Spaces
from latently.core.statistics import Additive

Density = Callable[[slice], Array]
Visit = Callable[[slice, Array], Any]

IN_ORDER: Labels = np.empty(0, dtype=np.int64)  # in place of an index, for kernels


@dataclass(frozen=True)
class Lookup:
    """Log densities of rows that are looked up: each row its own, or one of a few, such as of symbols."""

    log_density: Array  # (n, n_components): log densities
    # (n_rows,): which row of them each row of the data has; None if they are in order
    index: Labels | None = None

    @property
    def order(self) -> Labels:
        """The index as kernels take it: empty if the rows are in order."""
        return IN_ORDER if self.index is None else self.index

    @property
    def rows(self) -> Array:
        """Log densities of all rows of the data."""
        return self.log_density if self.index is None else self.log_density[self.index]


@dataclass(frozen=True)
class Expected(Additive):
    """What an E-step yields.

    Attributes
    ----------
    latent : Additive
        Expected statistics of the hidden variables.
    emission : Additive
        Expected statistics of the data given the hidden variables.
    bound : float
        Log-likelihood of the piece.
    rounding_scale : float
        Sum of its absolute terms.
    """

    latent: Any
    emission: Any
    bound: float
    rounding_scale: float


class FewRows(Protocol):
    """What a latent structure needs of all rows of a block at once."""

    def log_density(self) -> Array:
        """Log density of each row under each component, shape (n_rows, n_components)."""

    def expected_stats(self, resp: Array) -> Any:
        """Statistics of the rows with given responsibilities, weights applied."""


class Latent(ABC):
    """A latent structure p(z).

    Attributes
    ----------
    unit : {"row", "sequence", "document"}
        What it holds independent of what.
    parameters : tuple of Parameter
        What there is to say of each field of its params.
    label : str
        What one of its labels is called in messages.
    """

    unit: Unit
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    label: str = "component"

    def place(self, block: Block, row: int) -> str:
        """Where a row of a block is, for messages."""
        return f"{self.unit} {block.unit_of(row)}"

    @abstractmethod
    def start(self, n_components: int, rng: np.random.Generator) -> Any:
        """Draw starting values."""

    def dispersed(self, n_components: int, rng: np.random.Generator) -> Any:
        """Draw starting values further apart than those of `start`, for a search from many."""
        return self.start(n_components, rng)

    @abstractmethod
    def run(self, params: Any, density: Density, block: Block, visit: Visit, backend: Backend) -> Expected:
        """Return the expected statistics of a block.

        Parameters
        ----------
        params : object
            Its own parameters.
        density : callable
            ``density(rows)`` gives the log densities of a slice of rows, shape (n_rows, n_components).
        block : Block
            The data, for its weights and the limits of its units.
        visit : callable
            ``visit(rows, resp)`` takes the responsibilities of these rows, weights applied, and returns the
            emission's statistics of them.
        backend : Backend
            For parts of one unit that can be worked on side by side.
        """

    def of_few(self, params: Any, family: FewRows, block: Block, backend: Backend) -> Expected | None:
        """Return the expected statistics of a block of few rows at once; None if that is no faster."""
        return None

    def posterior(
        self, params: Any, density: Density, block: Block, backend: Backend, *, refuse: bool
    ) -> tuple[Array, Array]:
        """Log-likelihoods of units, and probabilities of the labels given all that is observed of the unit.

        Parameters
        ----------
        params, density, block, backend
            As for `run`; weights do not count here.
        refuse : bool
            Whether impossible units are refused; otherwise their log-likelihood is minus infinity.

        Returns
        -------
        log_likelihood : array of shape (n_units,)
            In nats.
        resp : array of shape (n_rows, n_components)
            Rows sum to one; NaN where a unit is impossible.

        Raises
        ------
        ImpossibleObservationError
            If a unit is impossible and to be refused; it is named.
        """
        raise self._lacking("posterior")

    def decode(self, params: Any, lookup: Lookup, block: Block, backend: Backend) -> tuple[Array, Labels]:
        """Log joint density of each unit with its likeliest labels, and these: shapes (n_units,), (n_rows,).

        Minus infinity where a unit is impossible.
        """
        raise self._lacking("decode")

    def filter(self, params: Any, lookup: Lookup, block: Block, lag: int = 0) -> Array:
        """Probabilities of the labels given the rows of their unit up to `lag` later ones.

        Raises
        ------
        ImpossibleObservationError
            If that is impossible; the row is named.
        """
        raise self._lacking("filter")

    def filter_step(self, params: Any, before: Array | None, log_density: Array) -> tuple[float, Array]:
        """Take in one row more of a unit.

        Parameters
        ----------
        params : object
            Its own parameters.
        before : array of shape (n_components,) or None
            Log probabilities of the labels of the row before; None at the first row of a unit.
        log_density : array of shape (n_components,)
            Of the row.

        Returns
        -------
        log_likelihood : float
            Log density of the row given those before; minus infinity if it is impossible.
        log_probability : array of shape (n_components,)
            Of its label, given it and those before.
        """
        raise self._lacking("filter_step")

    def predict(self, params: Any, probability: Array | None, steps: int) -> Array:
        """Probabilities of the labels so many rows ahead, from those now (None before the first row)."""
        raise self._lacking("predict")

    def leave_one_out(
        self, params: Any, lookup: Lookup, block: Block, given: Literal["others", "past"]
    ) -> Array:
        """Log probabilities of the label of each row, from other rows of its unit: all, or those before it.

        Raises
        ------
        ImpossibleObservationError
            If these are impossible; the row is named.
        """
        raise self._lacking("leave_one_out")

    def sample(self, params: Any, n_rows: int, rng: np.random.Generator, first: int | None = None) -> Labels:
        """Draw the labels of so many rows, of one unit where units have several; the first may be known."""
        raise self._lacking("sample")

    def sample_posterior(
        self, params: Any, lookup: Lookup, block: Block, n_draws: int, rng: np.random.Generator
    ) -> Labels:
        """Draw labels given what is observed, shape (n_draws, n_rows).

        Raises
        ------
        ImpossibleObservationError
            If it is impossible; the row is named.
        """
        raise self._lacking("sample_posterior")

    def _lacking(self, method: str) -> NotImplementedError:
        return NotImplementedError(f"{type(self).__name__} has no {method} method")

    @abstractmethod
    def stats_of(self, resp: Array, block: Block) -> Any:
        """Return the statistics of labels drawn independently for each row with probabilities `resp`.

        That is a distribution of the hidden variables as good as any for a lower bound. Weights are
        applied here.
        """

    @property
    def exchangeable(self) -> bool:
        """Whether labels can change places."""
        return True

    def transferred(self, params: Any, transfer: Array, counts: Array) -> Any:
        """Params of labels that are put together from parts of others, for a search of other maxima.

        Parameters
        ----------
        params : object
            Of the labels as they are.
        transfer : array of shape (n_components, n_others)
            What part of each label becomes which other; rows sum to one.
        counts : array of shape (n_components,)
            Expected number of rows of each label as it is.
        """
        raise self._lacking("transferred")

    @abstractmethod
    def m_step(self, stats: Any, params: Any, fixed: Collection[str] = ()) -> Any:
        """Return better params."""

    def log_prior(self, params: Any) -> float:
        """Log density of the prior; zero without one."""
        return 0.0

    def projected(self, params: Any) -> Any:
        """Params in which what follows from others does so: after an extrapolation."""
        return params

    @abstractmethod
    def expected_log_likelihood(self, stats: Any, params: Any) -> float:
        """Its part of Q(params | stats)."""

    def gradient(self, stats: Any, params: Any) -> dict[str, Array]:
        """Derivative of its part of Q by its parameters, by name; the rest is found by differences."""
        return {}

    def check_fitted(self, fitted: Latent) -> None:
        """Refuse a structure from a file that a fit does not make of this one.

        Raises
        ------
        ValueError
            If it is another.
        """
        if type(fitted) is not type(self):
            kinds = type(fitted).__name__, type(self).__name__
            raise ValueError("its latent structure is {}, and that of its settings {}".format(*kinds))

    def check(self, params: Any, n_components: int) -> None:
        """Refuse params from a file that are not of so many labels, or not feasible.

        Raises
        ------
        ValueError
            If they are not; the parameter is named.
        """
        for parameter in self.parameters:
            check_shape(params, parameter.name, (n_components,) * len(parameter.axes))
        check_feasible(params, self.spaces(params))

    def going_on(self, before: Self) -> Self:
        """The structure of a fit that goes on from the params of one before."""
        return self

    def without_error(self, params: Any, n_units: int) -> dict[str, str]:
        """Parameters of which so many units cannot say how sure they are, each with the reason in words."""
        return {}

    def inner_terms(self, stats: Any, params: Any) -> float:
        """Sum of the absolute terms that cancel within a log-likelihood, those of densities apart."""
        return 0.0

    @abstractmethod
    def spaces(self, params: Any) -> Spaces:
        """Where each parameter lives."""

    @abstractmethod
    def permute(self, params: Any, order: Any) -> Any:
        """Relabel the hidden states."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its parameters."""
        return tuple(parameter.name for parameter in self.parameters)

    def checked(self, name: str, value: object, n_components: int, label: str) -> Array:
        """A value that a user gave to a parameter, as an array of its own.

        Raises
        ------
        ValueError
            If it is out of range; the message has the label, which is what the user calls it, and the row.
        """
        (parameter,) = (one for one in self.parameters if one.name == name)
        return parameter.checked(value, label, {"components": n_components}, self.can_be(name))

    def can_be(self, name: str) -> NDArray[np.bool_] | None:
        """Where a parameter may be other than zero; None if everywhere."""
        return None

    def given(self, values: Mapping[str, object], n_components: int, suffix: str = "") -> tuple[Self, Any]:
        """The structure and its params from what a user gives, by name; users add a suffix to the names.

        Raises
        ------
        ValueError
            If a value is out of range; the message names the parameter and the row.
        """
        raise NotImplementedError(f"{type(self).__name__} takes no parameters from users: no given method")


def normalised(predicted: Array, log_density: Array) -> tuple[float, Array]:
    """The log of the sum of a joint density over labels, and the log probabilities of the labels.

    `predicted` are the log probabilities of the labels before the row is seen.
    """
    likeliest = int((predicted + log_density).argmax())
    height = float(predicted[likeliest] + log_density[likeliest])
    if not height > -np.inf:
        return -np.inf, np.full(len(predicted), np.nan)
    # Relative to the likeliest before they are added: see kernels.log_chain.joined.
    joint = (predicted - predicted[likeliest]) + (log_density - log_density[likeliest])
    total = float(np.logaddexp.reduce(joint))  # of large numbers the likeliest may be so by rounding only
    return height + total, joint - total
