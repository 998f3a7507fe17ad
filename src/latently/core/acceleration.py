"""SQUAREM: the EM map, extrapolated where it creeps.

Near its limit EM moves along a line and shortens its steps by a constant factor. From three
iterates on such a line one can tell where it ends (docs/formulas.md, "SQUAREM"). The proposal is taken in
natural coordinates (covariances themselves, probabilities themselves), in which a combination
whose coefficients sum to one keeps sums and exact zeros, and is thrown away if it leaves the parameter
space or does not raise the objective; then the plain step stands, and EM's promise with it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from latently.core.parameters import difference, feasible, in_units, named, with_named
from latently.core.spaces import Spaces

SLOW = 0.5
STEADY = 0.1
GROWTH = 4.0
MOST_STEP_HALVINGS = 6
REMEMBERED = 4
MOST_BELIEVED = 0.999  # the largest ratio that steps alone are believed


@dataclass
class Squarem:
    """Proposes where a run of plain steps is heading.

    Attributes
    ----------
    cap : float
        The longest step that is allowed.
    started, at_cap : bool
        Whether it has begun, and whether the last step was as long as allowed.
    gain : float
        What that gained.
    ratios : tuple of float
        What part of a gain the next one had in the slow direction, lately.

    References
    ----------
    .. [1] Varadhan, R. and Roland, C. (2008). Simple and globally convergent methods for accelerating the
       convergence of any EM algorithm. Scandinavian Journal of Statistics 35, 335-353, sections 3 and 4.
    """

    cap: float = GROWTH
    started: bool = False
    at_cap: bool = False
    gain: float = 0.0
    ratios: tuple[float, ...] = ()

    @property
    def ratio(self) -> float:
        """What part of a gain the next one has in the slow direction; zero before the first proposal.

        A proposal stirs up directions in which EM is fast, so the gains of the plain steps after it shrink
        fast at first, whatever is left to gain where EM is slow. The steps themselves tell: where they shrink
        by a factor, gains shrink by its square. Steps that do not shrink do not tell how far it is: along a
        ridge that bends they may grow, by their units, right to its top.
        """
        return min(max(self.ratios, default=0.0), MOST_BELIEVED)

    def ready(self, objectives: Sequence[float]) -> bool:
        """Whether progress over plain steps has become slow and linear; once started it goes on.

        Parameters
        ----------
        objectives : sequence of float
            The objective at the iterates of an unbroken run of plain steps.
        """
        if not self.started and len(objectives) >= 4:
            gains = [after - before for before, after in pairwise(objectives[-4:])]
            if min(gains) > 0:
                ratios = gains[1] / gains[0], gains[2] / gains[1]
                self.started = min(ratios) > SLOW and abs(ratios[1] - ratios[0]) < STEADY
        return self.started and len(objectives) >= 3

    def propose(self, spaces: Spaces, first: object, second: object, third: object) -> Any | None:
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
        step, then = difference(spaces, first, second), difference(spaces, second, third)
        bend = {name: then[name] - step[name] for name in spaces}
        along, across = in_units(spaces, step), in_units(spaces, bend)
        length, curvature = float(along @ along), float(across @ across)
        if not length > 0.0 or not curvature > 0.0:
            self.gain = 0.0  # there is nowhere to leap to
            return None
        ratio = max(1.0 + float(along @ across) / length, 0.0) ** 2
        self.ratios = (*self.ratios, ratio)[-REMEMBERED:]
        size = math.sqrt(length / curvature)
        self.at_cap = size >= self.cap
        size, zero = min(size, self.cap), named(first)
        for _ in range(MOST_STEP_HALVINGS):
            if size <= 1.0:
                break
            values = {name: zero[name] + 2 * size * step[name] + size * size * bend[name] for name in spaces}
            proposal = with_named(third, values)
            if feasible(spaces, proposal):
                return proposal
            size = (size + 1.0) / 2
        self.gain = 0.0
        return None

    def accepted(self, gain: float) -> None:
        """Note what the last step gained, and allow longer ones if it was as long as allowed."""
        self.gain = gain
        if self.at_cap:
            self.cap *= GROWTH

    def rejected(self) -> None:
        """Allow shorter steps only."""
        self.gain = 0.0
        self.cap = max(self.cap / GROWTH, GROWTH)
