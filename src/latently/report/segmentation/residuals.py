"""What pseudo-residuals say of a fit: whether they spread, lean and hang together as they should not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latently.report.segmentation.analysis import SegmentationAnalysis

FEWEST_RESIDUALS = 20
FAR_OUT = 3.0
FAR_CHANCE = 0.0027  # of a normal deviate beyond three, on either side
CERTAIN_BEYOND = 3.0  # standard errors


@dataclass(frozen=True)
class Check:
    """Forecast pseudo-residuals of a column, which of the right model are independent and standard normal."""

    column: int  # its position
    name: str
    n: int  # how many there are
    spread: float  # their standard deviation
    lag_one: float  # correlation of each with the next of its sequence
    n_pairs: int  # how many such pairs there are
    n_far: int  # how many lie beyond three

    @property
    def too_wide(self) -> bool:
        """Whether observations vary more than the model says, by more than chance explains."""
        return self.spread - 1.0 > max(0.1, CERTAIN_BEYOND / np.sqrt(2.0 * self.n))

    @property
    def dependent(self) -> bool:
        """Whether each observation tells of the next one more than the states do."""
        return abs(self.lag_one) > max(0.1, CERTAIN_BEYOND / np.sqrt(self.n_pairs))

    @property
    def many_far(self) -> bool:
        """Whether more lie far out than chance explains."""
        expected = FAR_CHANCE * self.n
        return self.n_far > expected + CERTAIN_BEYOND * np.sqrt(expected) + 1.0


def checks(a: SegmentationAnalysis) -> list[Check]:
    """A check of each column that has enough residuals; none for symbols."""
    if a.residuals is None:
        return []
    inner = np.ones(a.n_rows, dtype=bool)
    inner[a.offsets[:-1]] = False  # whose neighbour before is of another sequence
    found = []
    for j, name in enumerate(a.names):
        column = np.clip(a.residuals[:, j], -10.0, 10.0)
        some = column[~np.isnan(column)]
        before, after = column[:-1][inner[1:]], column[1:][inner[1:]]
        both = ~(np.isnan(before) | np.isnan(after))
        if min(len(some), both.sum()) < FEWEST_RESIDUALS or not some.std() > 0:
            continue
        lag_one = float(np.corrcoef(before[both], after[both])[0, 1])
        n_far = int((np.abs(some) > FAR_OUT).sum())
        found.append(Check(j, name, len(some), float(some.std()), lag_one, int(both.sum()), n_far))
    return found
