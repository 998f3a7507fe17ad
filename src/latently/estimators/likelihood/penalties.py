"""What information criteria charge for parameters, and what follows for a fit among several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

# What a criterion charges for p free parameters of a fit to n observations (docs/formulas.md).
PENALTIES: dict[str, Callable[[int, float], float]] = {
    "bic": lambda p, n: p * np.log(n),
    "aic": lambda p, n: 2.0 * p,
    "sabic": lambda p, n: p * np.log((n + 2) / 24),
    "caic": lambda p, n: p * (np.log(n) + 1),
    "hq": lambda p, n: 2 * p * np.log(np.log(n)),
    "aic3": lambda p, n: 3.0 * p,
}
RISE = 20.0  # of the log-likelihood, over the batches of starts so far: what more may bring at most


@dataclass(frozen=True)
class ToBeat:
    """The criterion of the best fit so far, in a search among several."""

    criterion: str  # its name; that of ICL is never below BIC
    value: float

    def out_of_reach(self, log_likelihoods: Sequence[float], p: int, n: float) -> bool:
        """Whether a fit whose batches of starts came to maxima of such heights will not be better.

        What is relied on is that no other is higher by `RISE` over their number and twice their range.
        """
        best = max(log_likelihoods)
        hoped = best + RISE / len(log_likelihoods) + 2 * (best - min(log_likelihoods))
        return -2 * hoped + PENALTIES.get(self.criterion, PENALTIES["bic"])(p, n) > self.value
