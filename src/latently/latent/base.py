"""What is hidden: the protocol of a latent structure.

A latent structure turns log densities into responsibilities and learns its own parameters from
them. It hands the responsibilities on tile by tile, so that nothing of size n x K need exist.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from latently.core.blocks import Block
from latently.core.executors import Executor
from latently.core.model import Unit
from latently.core.parameters import Spaces, check_feasible
from latently.core.statistics import Additive

Array = NDArray[np.float64]
Density = Callable[[slice], Array]
Visit = Callable[[slice, Array], Any]


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
    magnitude : float
        Sum of its absolute terms.
    """

    latent: Any
    emission: Any
    bound: float
    magnitude: float


class Latent(ABC):
    """A latent structure p(z).

    Attributes
    ----------
    unit : {"row", "sequence", "document"}
        What it holds independent of what.
    names : tuple of str
        Names of its parameters.
    label : str
        What one of its labels is called in messages.
    """

    unit: Unit
    names: ClassVar[tuple[str, ...]] = ()
    label: str = "component"

    def place(self, block: Block, row: int) -> str:
        """Where a row of a block is, for messages."""
        return f"{self.unit} {block.unit_of(row)}"

    @abstractmethod
    def start(self, n_components: int, rng: np.random.Generator) -> Any:
        """Draw starting values."""

    @abstractmethod
    def run(self, params: Any, density: Density, block: Block, visit: Visit, executor: Executor) -> Expected:
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
        executor : Executor
            For parts of one unit that can be worked on side by side.
        """

    @abstractmethod
    def stats_of(self, resp: Array, block: Block) -> Any:
        """Return the statistics of labels drawn independently for each row with probabilities `resp`.

        That is a distribution of the hidden variables as good as any for a lower bound. Weights are
        applied here.
        """

    @abstractmethod
    def m_step(self, stats: Any, params: Any, fixed: Collection[str] = ()) -> Any:
        """Return better params."""

    def log_prior(self, params: Any) -> float:
        """Log density of the prior; zero without one."""
        return 0.0

    def settled(self, params: Any) -> Any:
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
        check_feasible(params, self.spaces(params))

    def inner_terms(self, stats: Any, params: Any) -> float:
        """Sum of the absolute terms that cancel within a log-likelihood, those of densities apart."""
        return 0.0

    @abstractmethod
    def spaces(self, params: Any) -> Spaces:
        """Where each parameter lives."""

    @abstractmethod
    def permute(self, params: Any, order: Any) -> Any:
        """Relabel the hidden states."""

    def checked(self, name: str, value: Any, n_components: int, label: str) -> Array:
        """A value that a user gave to a parameter, as an array of its own.

        Raises
        ------
        ValueError
            If it is out of range; the message has the label, which is what the user calls it, and the row.
        """
        raise NotImplementedError(f"{type(self).__name__} takes no parameters from users: no checked method")

    def given(self, values: Mapping[str, Any], n_components: int, suffix: str = "") -> tuple[Self, Any]:
        """The structure and its params from what a user gives, by name; users add a suffix to the names.

        Raises
        ------
        ValueError
            If a value is out of range; the message names the parameter and the row.
        """
        raise NotImplementedError(f"{type(self).__name__} takes no parameters from users: no given method")
