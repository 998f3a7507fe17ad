"""SQUAREM: the EM map, extrapolated where it creeps.

Near its limit EM moves along a line and shortens its steps by a constant factor. From three
iterates on such a line one can tell where it ends (docs/formulas.md, "SQUAREM"). The proposal is taken in
natural coordinates (covariances themselves, probabilities themselves), in which a combination
whose coefficients sum to one keeps sums and exact zeros, and is thrown away if it leaves the parameter
space or does not raise the objective; then the plain step stands, and EM's promise with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from latently.core.parameters import Spaces, feasible, named, with_named

SLOW = 0.5
STEADY = 0.1
GROWTH = 4.0
HALVINGS = 6
REMEMBERED = 4


class Squarem:
    """Proposes where a run of plain steps is heading.

    References
    ----------
    .. [1] Varadhan, R. and Roland, C. (2008). Simple and globally convergent methods for accelerating the
       convergence of any EM algorithm. Scandinavian Journal of Statistics 35, 335-353, sections 3 and 4.
    """

    def __init__(self) -> None:
        self._cap = GROWTH
        self._started = False
        self._at_cap = False
        self.gain = 0.0
        self._ratios: list[float] = []

    @property
    def ratio(self) -> float:
        """What part of a gain the next one has in the slow direction; zero before the first proposal.

        A proposal stirs up directions in which EM is fast, so the gains of the plain steps after it shrink
        fast at first, whatever is left to gain where EM is slow. The steps themselves tell: where they shrink
        by a factor, gains shrink by its square; where they grow, there is no end in sight.
        """
        return max(self._ratios[-REMEMBERED:], default=0.0)

    def ready(self, objectives: Sequence[float]) -> bool:
        """Whether progress over plain steps has become slow and linear; once started it goes on.

        Parameters
        ----------
        objectives : sequence of float
            The objective at the iterates of an unbroken run of plain steps.
        """
        if not self._started and len(objectives) >= 4:
            gains = np.diff(objectives[-4:])
            if (gains > 0).all():
                ratios = gains[1:] / gains[:-1]
                self._started = bool((ratios > SLOW).all() and abs(ratios[1] - ratios[0]) < STEADY)
        return self._started and len(objectives) >= 3

    def propose(self, spaces: Spaces, first: Any, second: Any, third: Any) -> Any | None:
        """Extrapolate from three consecutive plain iterates.

        Parameters
        ----------
        spaces : mapping
            Where the parameters live, and in which units their steps are measured.
        first, second, third : params
            The iterates.

        Returns
        -------
        params or None
            A feasible proposal beyond `third`, or None if there is none.
        """
        zero, one, two = named(first), named(second), named(third)
        step = {name: one[name] - zero[name] for name in spaces}
        bend = {name: two[name] - one[name] - step[name] for name in spaces}
        length = _norm(spaces, step)
        curvature = _norm(spaces, bend)
        if not length > 0.0 or not curvature > 0.0:
            return None
        self._ratios.append(max(1.0 + _dot(spaces, step, bend) / length**2, 0.0) ** 2)
        size = length / curvature
        self._at_cap = size >= self._cap
        size = min(size, self._cap)
        for _ in range(HALVINGS):
            if size <= 1.0:
                return None
            values = {name: zero[name] + 2 * size * step[name] + size * size * bend[name] for name in spaces}
            proposal = with_named(third, values)
            if feasible(spaces, proposal):
                return proposal
            size = (size + 1.0) / 2
        return None

    def accepted(self, gain: float) -> None:
        """Note what the last step gained, and allow longer ones if it was as long as allowed."""
        self.gain = gain
        if self._at_cap:
            self._cap *= GROWTH

    def rejected(self) -> None:
        """Allow shorter steps only."""
        self.gain = 0.0
        self._cap = max(self._cap / GROWTH, GROWTH)


def _norm(spaces: Spaces, change: dict[str, Any]) -> float:
    """Euclidean norm of a change of all parameters, each in units of its scale."""
    return float(np.sqrt(_dot(spaces, change, change)))


def _dot(spaces: Spaces, one: dict[str, Any], other: dict[str, Any]) -> float:
    """Inner product of two changes."""
    return float(
        sum(np.sum((one[name] / space.scale) * (other[name] / space.scale)) for name, space in spaces.items())
    )
