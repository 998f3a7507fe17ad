"""On from a maximum to a higher one, by moves that EM itself cannot make.

Between two maxima of the likelihood lies a valley that EM does not cross: two labels share what one could
explain, and another has to explain what is worth two. A model proposes such exchanges, the most promising
first, from what the E-step knows. Each is tried by a few EM steps, and one that leads to a maximum that is
higher by more than rounding, and no less to be trusted, takes the place of the first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Generic

import numpy as np

from latently.core.choices import ranked
from latently.core.convergence import Progress, foreseen_gain
from latently.core.em import IN_VAIN, EMMap, FitResult, Settings, run
from latently.core.errors import FitError
from latently.core.findings import Finding
from latently.core.model import D, P, Proposal, S

BATCH = 4  # proposals that are tried side by side
TRIAL = 10  # EM steps of a trial
MORE = (50, 10)  # further ones for the most promising of a batch, and for the next
TRIED_IN_VAIN = 16  # proposals of which none may lead higher before the search ends
MOST_MOVES = 50


@dataclass(frozen=True)
class Move:
    """A proposal that led higher."""

    kind: str  # how it came about, such as "merge and split"
    gain: float  # by how much the objective rose


@dataclass(frozen=True)
class End(Generic[P]):
    """A maximum, and how it was reached."""

    result: FitResult[P]  # the last run
    diagnostics: tuple[Finding, ...]  # why it should not be trusted
    moves: tuple[Move, ...] = ()  # what led there from the end of the first run

    @property
    def heights(self) -> list[float]:
        """The objective of this maximum, and those of the ones on the way to it, the last first."""
        gains = [0.0, *(move.gain for move in reversed(self.moves))]
        return list(self.result.objective - np.cumsum(gains))


class Climber(Generic[D, P]):
    """Runs EM from given params, and moves on from where that ends.

    `n` is the sum of the weights, and `least` the gain that a move is worth, per unit of weight; `n_steps`
    counts EM steps so far.

    References
    ----------
    .. [1] Ueda, N., Nakano, R., Ghahramani, Z. and Hinton, G. E. (2000). SMEM algorithm for mixture models.
       Neural Computation 12, 2109-2128, section 3.
    .. [2] Zhao, Q., Hautamaki, V., Karkkainen, I. and Franti, P. (2012). Random swap EM algorithm for
       Gaussian mixture models. Pattern Recognition Letters 33, 2120-2126, section 3.
    """

    def __init__(self, em: EMMap[D, P, S], settings: Settings, n: float, least: float) -> None:
        self.em, self.settings, self.n, self.least = em, settings, n, least
        self.n_steps = 0

    def end(self, params: P, earlier: Progress | None = None) -> End[P]:
        """Where EM comes to rest.

        Raises a FitError if it does not.
        """
        result = run(self.em, params, self.settings, self.n, earlier)
        self.n_steps += result.n_iter
        return self._end(result)

    def climbed(self, end: End[P], rng: np.random.Generator) -> End[P]:
        """Move from a maximum to higher ones until no proposal leads on."""
        while len(end.moves) < MOST_MOVES:
            proposals = self.em.model.propose(end.result.params, self.em.source, rng)
            try:
                higher = self.higher(end, islice(proposals, TRIED_IN_VAIN))
            except FitError:  # there are no components of half the rows, say
                break
            if higher is None:
                break
            end = higher
        return end

    def crossed(self, end: End[P], other: End[P], rng: np.random.Generator) -> End[P] | None:
        """A higher end that has parts of another one; None if there is none."""
        blocks = self.em.source.blocks()
        proposals = self.em.model.exchange(end.result.params, other.result.params, blocks, rng)
        return self.higher(end, islice(proposals, BATCH))

    def higher(self, end: End[P], proposals: Iterable[Proposal[P]]) -> End[P] | None:
        """The end of the first proposal that leads higher than another end; None if none does."""
        left, settings = iter(proposals), replace(self.settings, to_reach=self._to_reach(end))
        while batch := list(islice(left, BATCH)):
            tried = [one for one in self.em.backend.map(partial(self._tried, settings), batch) if one]
            self.n_steps += sum(result.n_iter for _, result in tried)
            tried = ranked(tried, lambda one: promise(one[1]), lambda one: self.least * self.n)
            for i, (kind, result) in enumerate(tried):
                found = self._finished(end, result, settings, MORE[i] if i < len(MORE) else 0)
                if found is not None:
                    gain = found.result.objective - end.result.objective
                    return replace(found, moves=(*end.moves, Move(kind, gain)))
        return None

    def _to_reach(self, end: End[P]) -> float | None:
        """What the log-likelihood of a trial has to come to; None where that does not say, beside a prior."""
        here = end.result
        return here.log_likelihood + self.least * self.n if here.objective == here.log_likelihood else None

    def _tried(self, settings: Settings, proposal: Proposal[P]) -> tuple[str, FitResult[P]] | None:
        """The kind of a proposal, and where it got to in some steps; None if it failed, or is in vain."""
        result = self._run(proposal.params, settings, TRIAL)
        return None if result is None else (proposal.kind, result)

    def _finished(self, end: End[P], trial: FitResult[P], settings: Settings, more: int) -> End[P] | None:
        """Where a trial leads, if that is higher and no less to be trusted.

        It takes so many steps more before it is given up for promising too little.
        """
        lowest = end.result.objective + max(self.least * self.n, end.result.rounding)
        result = self._further(trial, settings, more)
        if result is not None and (result.converged or promise(result) > lowest):
            result = self._further(result, settings, settings.max_iter)
            if result is not None and result.objective > lowest + result.rounding:
                found = self._end(result)
                return None if found.diagnostics and not end.diagnostics else found
        return None

    def _further(self, result: FitResult[P], settings: Settings, n_steps: int) -> FitResult[P] | None:
        """A run that goes on where another ended, if that had not converged; None if it is in vain."""
        if result.converged or not n_steps:
            return result
        after = self._run(result.params, settings, n_steps)
        self.n_steps += after.n_iter if after else 0
        return after

    def _run(self, params: P, settings: Settings, max_iter: int) -> FitResult[P] | None:
        """A run of so many steps; None if it failed, or is too slow for what it has to reach."""
        try:
            result = run(self.em, params, replace(settings, max_iter=max_iter), self.n)
        except FitError:
            return None
        return None if result.stop_reason == IN_VAIN else result

    def _end(self, result: FitResult[P]) -> End[P]:
        return End(result, self.em.model.diagnose(result.params, self.em.source.blocks(), self.em.fixed))


def promise(result: FitResult[P]) -> float:
    """Where a run that was cut short seems to be heading."""
    return result.objective + foreseen_gain([step.log_likelihood for step in result.history[-3:]])
