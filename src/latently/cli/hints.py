"""What a table may have that the model asked for does not know: clusters, and time."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from latently.wording import number

if TYPE_CHECKING:
    import polars as pl

    from latently.cli.impute import Cells
    from latently.cli.tables.table import Table

MOST_ROWS = 1_000
FEWEST_PAIRS = 20
RESEMBLES = 0.5  # correlation of a row with the one before


def hints(data: Cells, components: int, seed: int) -> Iterator[str]:
    """Sentences on clusters, if one Gaussian was asked for, and on rows that follow each other in time."""
    if components == 1:
        yield from _clusters(data, seed)
    yield from _time(data)


def _clusters(data: Cells, seed: int) -> Iterator[str]:
    """Whether BIC clearly prefers two Gaussians to one; of many rows some tell."""
    from latently.core.errors import unless_refused
    from latently.estimators.gaussian_mixture import GaussianMixture
    from latently.report.fits import VERY_STRONG

    X = data.choice.X
    if X.height > MOST_ROWS:
        X = X.sample(MOST_ROWS, seed=seed)
    bic = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is amiss with the fit itself is said elsewhere
        for k in (1, 2):
            # Any maximum that is much better says so: it need not be the best.
            estimator = GaussianMixture(k, covariance_type="full", n_init=2, random_state=seed, max_iter=200)
            model = unless_refused(partial(estimator.fit, X))
            if model is None or any(found.severity == "grave" for found in model.diagnostics_):
                return
            bic.append(model.bic())
    if bic[0] - bic[1] > VERY_STRONG:
        yield (
            "two Gaussians describe the rows much better than one (BIC is lower by "
            f"{number(bic[0] - bic[1])} or more): clusters, skew or bends; see what changes with -k 2 or more"
        )


def _time(data: Cells) -> Iterator[str]:
    """Whether rows follow each other in time, and cells that are missing resemble those before."""
    X = data.choice.X
    for found in resembling(data.table, X, [name for name in X.columns if X[name].null_count()]):
        yield f"{found}, which is not used here: add a column with the value before, or after"
        return


def resembling(table: Table, X: pl.DataFrame, names: Sequence[str]) -> Iterator[str]:
    """Sentences, not ended, on columns that resemble the row before in time, in one series or several.

    A column that only rises or only falls is another clock.
    """
    from latently.cli.tables.arrangement import arranged

    whole = [name for name in table.frame.columns if name in names or not table.missing(name).any()]
    in_order = arranged(replace(table, frame=table.frame.select(whole), by_file=None), names, None, None)
    if in_order.time is None:
        return
    order = np.arange(X.height) if in_order.table.origin is None else in_order.table.origin
    one_series = np.ones(X.height - 1, dtype=bool)
    if in_order.sequence is not None:
        key = in_order.table.texts(in_order.sequence).fill_null("")
        one_series = (key[1:] == key[:-1]).to_numpy()
    for name in names:
        cells = X[name].to_numpy()[order]
        pairs = np.isfinite(cells[1:]) & np.isfinite(cells[:-1]) & one_series
        before, after = cells[:-1][pairs], cells[1:][pairs]
        if len(before) < FEWEST_PAIRS or (before <= after).all() or (before >= after).all():
            continue
        alike = float(np.corrcoef(before, after)[0, 1])
        if alike > RESEMBLES:
            yield (
                f"the rows are a series in '{in_order.time}', and '{name}' resembles the row before "
                f"(correlation {number(alike, 2)})"
            )
