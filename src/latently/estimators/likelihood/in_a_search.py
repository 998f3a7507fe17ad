"""What a fit has to know of a search among several that it is a part of, and when to end for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from latently.estimators.likelihood.penalties import PENALTIES
from latently.models.growth import DEVIATIONS

RISE = 20.0  # of the log-likelihood, over the batches of starts so far: what more may bring at most


@dataclass(frozen=True)
class ToBeat:
    """The criterion of the best fit so far, in a search among several."""

    criterion: str  # its name; that of ICL is never below BIC
    value: float

    def out_of_reach(self, log_likelihoods: Sequence[float], p: int, n: float, excess: float = 0.0) -> bool:
        """Whether a fit whose batches of starts came to maxima of such heights will not be better.

        Where the params are those of a part of the data, and there are `excess` times as many more, they lose
        half a chi-squared variable of p degrees of freedom, so often.
        """
        lost = excess * (p + DEVIATIONS * sqrt(2 * p)) / 2
        hoped = max(log_likelihoods) + hope(log_likelihoods) + lost
        return -2 * hoped + PENALTIES.get(self.criterion, PENALTIES["bic"])(p, n) > self.value


@dataclass(frozen=True)
class InASearch:
    """What a fit has to know of a search among several that it is a part of."""

    to_beat: ToBeat | None = None  # the best so far: a fit that cannot be better ends early
    brief: bool = False  # whether it may be left open, to go on if it may be the best
    known: int = 0  # batches of starts by whose maxima it was left open, and may be the best


def hope(log_likelihoods: Sequence[float]) -> float:
    """How much higher than the best of some batches of starts another one may be.

    That is `RISE` over their number, and twice the distance from the best to the next: as far apart as the
    highest are, so far may the one above them be.
    """
    if not log_likelihoods:  # none that can be trusted
        return RISE
    best, *others = sorted(log_likelihoods, reverse=True)
    return RISE / len(log_likelihoods) + (2 * (best - others[0]) if others else 0.0)
