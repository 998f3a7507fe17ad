"""On from a maximum to a higher one, by moves that EM itself cannot make.

Between two maxima of the likelihood lies a valley that EM does not cross: two labels share what one could
explain, and another has to explain what is worth two. A model proposes such exchanges. They are tried side by
side by a few EM steps; what promises enough goes on to its maximum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Generic

from latently.core.choices import ranked
from latently.core.convergence import Progress, foreseen_gain
from latently.core.em import EMMap, FitResult, Settings, run
from latently.core.errors import FitError
from latently.core.findings import Finding
from latently.core.model import D, P, Proposal

BATCH = 4  # proposals that are tried side by side
TRIAL = 20  # EM steps of a trial
SECOND_LOOK = 60  # more of them for the most promising of a batch


@dataclass(frozen=True)
class Move:
    """A proposal that led higher.

    Attributes
    ----------
    kind : str
        How it came about, such as "merge and split".
    gain : float
        By how much the objective rose.
    """

    kind: str
    gain: float


@dataclass(frozen=True)
class End(Generic[P]):
    """A maximum, and how it was reached."""

    result: FitResult[P]  # the last run
    diagnostics: tuple[Finding, ...]  # why it should not be trusted
    moves: tuple[Move, ...] = ()  # what led higher on the way there from the end of the first run
    below: float = 0.0  # how much lower than where these led it is

    def onwards(self, kind: str, found: End[P]) -> End[P]:
        """An end to which a move led from here."""
        rise = found.result.objective - self.result.objective - self.below
        if rise > 0:
            return replace(found, moves=(*self.moves, Move(kind, rise)))
        return replace(found, moves=self.moves, below=-rise)


class Climber(Generic[D, P]):
    """Runs EM from given params, and moves on from where that ends.

    Parameters
    ----------
    em : EMMap
        The map.
    settings : Settings
        Of the runs.
    n : float
        Sum of the weights.
    least : float
        The gain that a move is worth, per unit of weight.

    Attributes
    ----------
    n_steps : int
        EM steps so far.

    References
    ----------
    .. [1] Ueda, N., Nakano, R., Ghahramani, Z. and Hinton, G. E. (2000). SMEM algorithm for mixture models.
       Neural Computation 12, 2109-2128, section 3.
    .. [2] Zhao, Q., Hautamaki, V., Karkkainen, I. and Franti, P. (2012). Random swap EM algorithm for
       Gaussian mixture models. Pattern Recognition Letters 33, 2120-2126, section 3.
    """

    def __init__(self, em: EMMap[D, P, Any], settings: Settings, n: float, least: float) -> None:
        self.em, self.settings, self.n, self.least = em, settings, n, least
        self.n_steps = 0

    def end(self, params: P, earlier: Progress | None = None) -> End[P]:
        """Where EM comes to rest.

        Raises a FitError if it does not.
        """
        result = run(self.em, params, self.settings, self.n, earlier)
        self.n_steps += result.n_iter
        return self._end(result)

    def higher(self, end: End[P], proposals: Iterable[Proposal[P]]) -> End[P] | None:
        """The end of the first proposal that leads higher than another end; None if none does."""
        left, lowest = iter(proposals), self.above(end)
        while batch := list(islice(left, BATCH)):
            for i, found in self.ends(batch, lambda height: height > lowest):
                if found.result.objective > lowest and not (found.diagnostics and not end.diagnostics):
                    return end.onwards(batch[i].kind, found)
        return None

    def above(self, end: End[P]) -> float:
        """What is higher than an end by as much as a move is worth."""
        return end.result.objective + max(self.least * self.n, 2 * end.result.rounding)

    def ends(
        self, batch: Sequence[Proposal[P]], worth: Callable[[float], bool]
    ) -> Iterator[tuple[int, End[P]]]:
        """Where proposals lead, each with its place among them; left out what is not worth to be finished.

        That is asked of the height that a run seems to be heading for. Those that promise most come first,
        and the first gets a second look before it is given up.
        """
        results = list(self.em.backend.map(self._tried, batch))
        self.n_steps += TRIAL * len(batch)
        tried = [(i, result) for i, result in enumerate(results) if result is not None]
        tried = ranked(tried, lambda one: promise(one[1]), lambda one: self.least * self.n)
        for i, result in tried:
            end = self._finished(result, worth, second_look=i == tried[0][0])
            if end is not None:
                yield i, end

    def _tried(self, proposal: Proposal[P]) -> FitResult[P] | None:
        """Where a proposal got to in some steps; None if it failed."""
        return self._run(proposal.params, TRIAL)

    def _finished(
        self, trial: FitResult[P], worth: Callable[[float], bool], second_look: bool
    ) -> End[P] | None:
        """Where a trial leads; None if it fails, or is not worth it."""
        result: FitResult[P] | None = trial
        for steps in (*((SECOND_LOOK,) if second_look else ()), self.settings.max_iter):
            if result is None or result.converged:
                break
            if steps != SECOND_LOOK and not worth(promise(result)):
                return None
            result = self._run(result.params, steps)
            self.n_steps += 0 if result is None else result.n_iter
        return None if result is None else self._end(result)

    def _run(self, params: P, max_iter: int) -> FitResult[P] | None:
        """A run of so many steps; None if it failed."""
        try:
            return run(self.em, params, replace(self.settings, max_iter=max_iter), self.n)
        except FitError:
            return None

    def _end(self, result: FitResult[P]) -> End[P]:
        return End(result, self.em.model.diagnose(result.params, self.em.source.blocks(), self.em.fixed))


def promise(result: FitResult[Any]) -> float:
    """Where a run that was cut short seems to be heading."""
    return result.objective + foreseen_gain([step.log_likelihood for step in result.history[-3:]])
