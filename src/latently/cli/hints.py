"""What a table with missing cells may have that one normal distribution does not know: clusters, and time."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from latently.wording import number

if TYPE_CHECKING:
    from latently.cli.impute import Cells

MOST_ROWS = 1_000
STRONG = 10.0  # of BIC: very strong evidence, Kass and Raftery (1995), section 3.2
FEWEST_PAIRS = 20
ALIKE = 0.5  # correlation of a row with the one before


def hints(data: Cells, components: int, seed: int) -> Iterator[str]:
    """Sentences on clusters, if one Gaussian was asked for, and on rows that follow each other in time."""
    if components == 1:
        yield from _clusters(data, seed)
    yield from _time(data)


def _clusters(data: Cells, seed: int) -> Iterator[str]:
    """Whether BIC clearly prefers two Gaussians to one; of many rows some tell."""
    from latently.estimators import GaussianMixture

    X = data.choice.X
    if X.height > MOST_ROWS:
        X = X.sample(MOST_ROWS, seed=seed)
    bic = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is amiss with the fit itself is said elsewhere
        for k in (1, 2):
            try:
                model = GaussianMixture(k, covariance_type="full", random_state=seed, max_iter=200).fit(X)
            except ValueError:
                return
            if any(found.severity == "grave" for found in model.diagnostics_):
                return
            bic.append(model.bic())
    if bic[0] - bic[1] > STRONG:
        yield (
            "two Gaussians describe the rows much better than one (BIC is lower by "
            f"{number(bic[0] - bic[1])}): clusters, skew or bends; see what changes with -k 2 or more"
        )


def _time(data: Cells) -> Iterator[str]:
    """Whether rows follow each other in time, and cells that are missing resemble those before."""
    from latently.cli.tables.arrangement import rising, time_among

    table, X = data.table, data.choice.X
    whole = [name for name in table.frame.columns if not table.missing(name).any()]
    time = time_among(table, whole)
    if time is None or not rising(table, time):
        return
    for name in X.columns:
        cells = X[name].to_numpy()
        both = np.isfinite(cells[1:]) & np.isfinite(cells[:-1])
        if name == time or not X[name].null_count() or both.sum() < FEWEST_PAIRS:
            continue
        alike = float(np.corrcoef(cells[1:][both], cells[:-1][both])[0, 1])
        if alike > ALIKE:
            yield (
                f"the rows are a series in '{time}', and '{name}' resembles the row before (correlation "
                f"{number(alike, 2)}), which is not used here: add a column with the value before, or after"
            )
            return
