"""When to stop: by the log-likelihood still to be gained, not by the size of the last step.

Near its limit EM gains a constant fraction `a` of what it gained the step before, so what is still
to come is a geometric series (docs/formulas.md, "Aitken's estimate"). Slow convergence does not look like
convergence to this rule, as it does to one that looks at the last gain alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

EPS = 2.0**-52
ROUNDING = 64 * EPS
REMEMBERED = 4  # ratios of gains
FORESIGHT = 20  # steps ahead
MAYBE_ROUNDING = 1e-6  # gain, by the size of the objective, that may be rounding: it costs time to find out


def remaining_gain(first: float, second: float, third: float, ratio: float = 0.0) -> float:
    """Aitken's estimate of what the objective will still gain after the third of three plain EM steps.

    Parameters
    ----------
    first, second, third : float
        The objective at three consecutive iterates of plain EM.
    ratio : float
        What part of a gain the next one has at least, if that is known from elsewhere.

    Returns
    -------
    float
        The gain still to come, never negative; infinite while the gains do not shrink.

    References
    ----------
    .. [1] McLachlan, G. J. and Krishnan, T. (2008). The EM Algorithm and Extensions, 2nd ed., section 4.9.

    Examples
    --------
    >>> remaining_gain(0.0, 1.0, 1.5)
    0.5
    """
    gain, last = second - first, third - second
    if last <= 0.0:
        return 0.0
    ratio = max(last / gain, ratio) if gain > last else 1.0
    if ratio >= 1.0:
        return math.inf
    return last * ratio / (1.0 - ratio)


def foreseen_gain(objectives: Sequence[float]) -> float:
    """What a run may yet gain, as far as its last steps tell: slow ones are not cut off for being slow."""
    if len(objectives) < 3:
        return 0.0
    first, second, third = objectives[-3:]
    return min(remaining_gain(first, second, third), FORESIGHT * max(third - second, 0.0))


@dataclass(frozen=True)
class Progress:
    """How far a run had come towards its end, for another that goes on from where it stopped."""

    objectives: tuple[float, ...]  # of the last plain EM steps
    # of the rule
    tol: float
    n: float
    met: int  # how often running the gain still to come was small
    ratios: tuple[float, ...]  # of the last gains


@dataclass
class StoppingRule:
    """Says when the gain still to come is small, twice running.

    Gains are sums of geometric series, of which the slowest is left in the end; until then their ratio is
    less than its, and the more so after an extrapolation, which stirs up fast ones. So the largest of the
    last few ratios counts.
    """

    tol: float  # the gain, per unit of weight, that is not worth another step; 0 never stops
    n: float  # sum of the weights
    _met: int = 0
    _ratios: list[float] = field(default_factory=list)

    def resume(
        self, earlier: Progress | None, objective: float, rounding: Callable[[], float]
    ) -> list[float]:
        """Go on where an earlier run ended, if a first objective says that it is there.

        Returns the objectives before that one; none if there was no such run, or it was of other data.
        """
        if earlier is None or (earlier.tol, earlier.n) != (self.tol, self.n):
            return []
        if abs(earlier.objectives[-1] - objective) > rounding():
            return []
        self.go_on(earlier)
        return list(earlier.objectives[:-1])

    def go_on(self, progress: Progress) -> None:
        """Go on where a run had come to."""
        self._met, self._ratios = progress.met, list(progress.ratios)

    def progress(self, objectives: list[float]) -> Progress:
        """How far a run has come that ends with these objectives."""
        return Progress(
            tuple(objectives[-3:]), self.tol, self.n, self._met, tuple(self._ratios[-REMEMBERED:])
        )

    def met(self, objectives: list[float], rounding: Callable[[], float], ratio: float = 0.0) -> bool:
        """Whether to stop after the last of these objectives of consecutive plain EM steps.

        What rounding can do to the last of them is asked only where gains are small. `ratio` is what part of
        a gain the next one has at least, if that is known from elsewhere.
        """
        if self.tol <= 0.0 or len(objectives) < 3:
            return False
        first, second, third = objectives[-3:]
        gain, last = second - first, third - second
        if gain > last > 0.0:
            self._ratios.append(last / gain)
        slowest = max([ratio, *self._ratios[-REMEMBERED:]])
        close = remaining_gain(first, second, third, slowest) <= self.tol * self.n
        if not close:
            # A step that gains nothing shows what rounding does here, if it is small enough to be rounding.
            share, largest = EPS / ROUNDING if min(gain, last) > 0.0 else 1.0, max(abs(gain), abs(last))
            small = share == 1.0 or largest <= MAYBE_ROUNDING * (abs(third) + self.n)
            close = small and largest <= share * rounding()
        self._met = self._met + 1 if close else 0
        return self._met >= 2
