"""How far a table of categorical columns is from what a model expects of it.

Formulas: docs/formulas.md, "Goodness of fit of latent classes".
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, xlogy

from latently.checks.arrays import Array
from latently.estimators.latent_classes.cross_table import ABSENT_CODE, CrossTable
from latently.wording import count, listed, part

MOST_CELLS = 2**17  # of a table whose cells are all looked at
SMALL_COUNT = 5.0  # expected count
SPARSE_SHARE = 0.2  # of cells that may expect less than enough
GAIN, STEPS = 1e-10, 10_000  # of the saturated model, for each row


@dataclass(frozen=True, repr=False)
class GoodnessOfFit:
    """A comparison of a model with the saturated one, in which each cell of the table has its probability.

    Attributes
    ----------
    columns : tuple of str
        The columns that were compared; others are left out.
    likelihood_ratio : float
        G², twice the log-likelihood that the saturated model has more.
    pearson : float
        X², the sum over the cells of squared differences over expected counts; NaN if cells are missing.
    degrees_of_freedom : int
        Cells, less one, less the free parameters.
    n_cells : int
        Combinations of categories that there can be.
    n_patterns : int
        Combinations that are in the data, those with missing cells too.
    n_rows : float
        Sum of the weights of the rows with an observed cell.
    n_small : int
        Cells with an expected count below 5; -1 where there are too many to look at.
    """

    columns: tuple[str, ...]
    likelihood_ratio: float
    pearson: float
    degrees_of_freedom: int
    n_cells: int
    n_patterns: int
    n_rows: float
    n_small: int

    @property
    def p_value(self) -> float:
        """Of G², by the chi-square distribution; NaN without degrees of freedom."""
        return self._p(self.likelihood_ratio)

    @property
    def pearson_p_value(self) -> float:
        """Of X²."""
        return self._p(self.pearson)

    @property
    def caveats(self) -> tuple[str, ...]:
        """Why the p-values are rough; none if they can be relied upon."""
        found = []
        if self.degrees_of_freedom <= 0:
            found.append(
                f"the model has as many parameters as the table has cells, or more "
                f"({count(self.degrees_of_freedom, 'degree')} of freedom): any table fits"
            )
        if self.n_cells > self.n_rows:
            found.append(f"there are more cells ({self.n_cells:,}) than rows ({self.n_rows:,.0f})")
        elif self.n_small < 0:
            found.append(f"the {self.n_cells:,} cells are too many to look at each")
        if self.n_small > SPARSE_SHARE * self.n_cells:
            found.append(
                f"{part(self.n_small, 'cell', self.n_cells)} have expected counts below {SMALL_COUNT:g}"
            )
        return tuple(found)

    @property
    def trustworthy(self) -> bool:
        """Whether the table has enough rows for the chi-square distribution to be about right."""
        return not self.caveats

    def _p(self, statistic: float) -> float:
        df = self.degrees_of_freedom
        return float(chdtrc(df, statistic)) if df > 0 else float("nan")

    def __str__(self) -> str:
        complete = np.isfinite(self.pearson)
        lines = [
            f"G² = {self.likelihood_ratio:.3f}, p = {self.p_value:.4f}",
            f"X² = {self.pearson:.3f}, p = {self.pearson_p_value:.4f}"
            if complete
            else "X² is of tables without missing cells",
            f"{count(self.degrees_of_freedom, 'degree')} of freedom; {count(self.n_patterns, 'pattern')} in "
            f"{count(self.n_cells, 'cell')} of {listed(self.columns)}",
        ]
        if not self.trustworthy:
            lines.append(
                f"The p-values are rough: {listed(self.caveats)}. Use likelihood_ratio_test, which draws "
                "the distribution, or look at bivariate_residuals."
            )
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)


def goodness_of_fit(table: CrossTable, n_parameters: int) -> GoodnessOfFit:
    """Compare rows of codes with what a model of so many free parameters expects.

    Rows with missing cells count by their observed ones, in the saturated model too, whose probabilities EM
    finds then: as for the model, it is enough that they are missing at random. Without missing cells these
    are the shares of the cells.
    """
    patterns, counts = table.patterns()
    complete, n = bool((patterns != ABSENT_CODE).all()), float(counts.sum())
    fitted, whole = table.log_probabilities(patterns), table.n_cells <= MOST_CELLS
    saturated = _saturated(patterns, counts, table.sizes) if complete or whole else np.nan
    small = int((n * np.exp(table.log_probabilities(table.cells())) < SMALL_COUNT).sum()) if whole else -1
    return GoodnessOfFit(
        table.columns,
        2 * float(counts @ (saturated - fitted)),
        float((counts**2 / (n * np.exp(fitted))).sum() - n) if complete else float("nan"),
        table.n_cells - 1 - n_parameters,
        table.n_cells,
        len(patterns),
        n,
        small,
    )


def _saturated(patterns: NDArray[np.int64], counts: Array, sizes: tuple[int, ...]) -> Array:
    """Log probability of each pattern under the saturated model of the data, found by EM.

    References
    ----------
    .. [1] Little, R. J. A. and Rubin, D. B. (2002). Statistical Analysis with Missing Data, 2nd edition,
       section 13.4.
    """
    n = counts.sum()
    if (patterns != ABSENT_CODE).all():
        found: Array = np.log(counts / n)
        return found
    shapes, groups = np.unique(patterns == ABSENT_CODE, axis=0, return_inverse=True)
    tables = []
    for k, missing in enumerate(shapes):
        own = groups.ravel() == k
        seen = np.zeros([1 if gone else size for gone, size in zip(missing, sizes, strict=True)])
        np.add.at(seen, tuple(np.where(missing, 0, patterns[own]).T), counts[own])
        tables.append((tuple(np.flatnonzero(missing).tolist()), seen))
    p, last = np.full(sizes, 1.0 / prod(sizes)), -np.inf
    for _ in range(STEPS):
        total, log_likelihood = np.zeros(sizes), 0.0
        for axes, seen in tables:
            margin = p.sum(axis=axes, keepdims=True) if axes else p
            log_likelihood += float(xlogy(seen, margin).sum())
            total += p * np.divide(seen, margin, out=np.zeros_like(seen), where=margin > 0)
        p = total / n
        if log_likelihood - last < GAIN * n:
            break
        last = log_likelihood
    margins = {axes: p.sum(axis=axes, keepdims=True) if axes else p for axes, _ in tables}
    found = np.empty(len(patterns))
    for k, (axes, _) in enumerate(tables):
        own = groups.ravel() == k
        found[own] = np.log(margins[axes][tuple(np.where(shapes[k], 0, patterns[own]).T)])
    return found
