"""What a family says of missing cells, given the observed cells of their rows.

The defaults suit any family whose columns are independent within a component.

Formulas: docs/formulas.md, "Missing cells".
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Array

DRAWN_EACH = 64  # rows of each component that show where cells lie
CELL_HALVINGS = 44


class Completion:
    """Guesses, quantiles and draws of missing cells.

    Rows `x`, shape (n_rows, n_features), are as `Emission.read` returns them, NaN where a cell is missing;
    observed cells stay as they are. Responsibilities `resp`, shape (n_rows, n_components), are those of the
    rows given their observed cells; `labels` are the components of the rows.
    """

    def draw_missing(
        self: Any, params: Any, x: Array, labels: NDArray[np.int64], rng: np.random.Generator
    ) -> Array:
        """Draw the missing cells of each row, those of a row together, given its label."""
        self._refuse_correlated()
        return np.where(np.isnan(x), self.sample_given(params, labels, x, rng), x)

    def guess_missing(self: Any, params: Any, x: Array, resp: Array) -> Array:
        """Fill in the expectation of each missing cell, the median if the family has no mean.

        An expectation that cannot be observed, such as half a count, is rounded to a whole number.
        """
        self._refuse_correlated()
        means = self.mean(params)
        if means is None:
            return np.where(np.isnan(x), self.quantiles_of_missing(params, x, resp, 0.5), x)
        found = resp @ means
        return np.where(np.isnan(x), np.where(self.possible(found), found, np.rint(found)), x)

    def quantiles_of_missing(self: Any, params: Any, x: Array, resp: Array, probability: float) -> Array:
        """Quantiles of each missing cell by itself; NaN where a cell is observed, or has no order.

        By bisection of the distribution function of the mixture. Of discrete cells the quantile is the least
        value that is exceeded with at most the remaining probability. `probability` is that of a value no
        higher.
        """
        self._refuse_correlated()
        missing = np.isnan(x)
        n, found = int(missing.sum(axis=0).max(initial=0)), np.full(x.shape, np.nan)
        if not n:
            return found
        # The missing cells of each column, packed to the top of a lower table.
        rows = np.argsort(~missing, axis=0, kind="stable")[:n]
        used = np.take_along_axis(missing, rows, axis=0)
        quantiles = bisected(self, params, resp[rows], probability, used)
        np.put_along_axis(found, rows, np.where(used, quantiles, np.nan), axis=0)
        return found

    def category_probabilities(self: Any, params: Any, x: Array, resp: Array) -> list[Array | None]:
        """For each column the probabilities of its categories in each row, None where it has none.

        Returns
        -------
        list of array of shape (n_rows, n_categories)
            Given all observed cells of the row but the cell itself, if that is missing.
        """
        return [None] * x.shape[1]

    def categories_of_columns(self, n_columns: int) -> list[Any]:
        """The categories of each of its columns in their order, None where it has none."""
        return [None] * n_columns

    def _refuse_correlated(self: Any) -> None:
        if self.correlated:
            raise NotImplementedError(
                f"{type(self).__name__} does not say how missing cells depend on the observed ones of their "
                "row: give it draw_missing, guess_missing and quantiles_of_missing"
            )


def bisected(
    family: Any,
    params: Any,
    weights: Array,
    probability: float,
    used: NDArray[np.bool_],
    given: Array | None = None,
) -> Array:
    """Quantiles of mixtures of the components of a family.

    The weights, (n, d, K), are those of the mixture of each cell; `used` are the cells that are asked for,
    and `given` is what cells are conditioned on.
    """
    n, d = used.shape
    given = np.empty((n, 0)) if given is None else given
    labels = np.repeat(np.arange(weights.shape[2]), DRAWN_EACH)
    drawn = family.sample(params, labels, np.random.default_rng(0))[:, :d]
    least, most = drawn.min(axis=0), drawn.max(axis=0)

    def distribution(at: Array) -> Any:
        return family.distribution(params, np.hstack([at, given]))

    discrete = distribution(np.broadcast_to(least, (n, d))).at is not None

    def reached(at: Array) -> NDArray[np.bool_]:
        """Whether at most this value is probable enough; what is beyond all that is possible is never."""
        inside = family.possible(at)
        found = distribution(np.where(inside, at, least))
        below = np.exp(found.below)
        if found.at is not None:
            below += np.exp(found.at)
        enough = np.einsum("ndk,nkd->nd", weights, below) >= probability
        return np.where(inside, enough, at > most)

    width = np.maximum(most - least, np.maximum(np.spacing(np.abs(most)), float(discrete)))
    if discrete:
        width = np.ceil(width)
    low, high = np.broadcast_to(least, used.shape) - width, np.broadcast_to(most, used.shape) + 0.0
    for end, sign, wrong in ((low, -1, True), (high, 1, False)):
        step = width + np.zeros_like(end)
        while True:
            further = used & (reached(end) == wrong)
            if not further.any():
                break
            end[further] += sign * step[further]
            step[further] *= 2
    while True:
        middle = np.floor((low + high) / 2) if discrete else (low + high) / 2
        exhausted = (middle == low) | (middle == high)
        over = reached(middle)
        low, high = np.where(over, low, middle), np.where(over, middle, high)
        found = high - low <= (1.0 if discrete else width * 2.0**-CELL_HALVINGS)
        if (found | ~used | exhausted).all():
            return high if discrete else (low + high) / 2
