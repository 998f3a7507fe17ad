"""What a picture can show of a mixture and its rows: one or two of the features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Array, as_floats
from latently.checks.settings import Fitted
from latently.estimators.documented import entries
from latently.estimators.gaussian_mixture import GaussianMixture
from latently.plots.arguments import Models
from latently.plots.features import feature_names, position
from latently.plots.points import some

MIXTURE = Models(
    (Fitted("a GaussianMixture of latently", GaussianMixture),),
    "GaussianMixture",
    entries(
        """
        X : array-like of shape (n_samples, n_features)
            The rows, with all the features of the mixture. Of more than 10,000 a random 10,000 are drawn.
        """
    ),
)


@dataclass(frozen=True)
class View:
    """One or two features of some rows, and the mixture of these features alone."""

    mixture: GaussianMixture  # the marginal mixture
    x: Array  # (n_drawn, 1): the rows, or a random sample of them where there are more than can be seen
    names: list[str]  # names of the features
    resp: Array  # (n_drawn, n_components): responsibilities, from all the features
    drawn: NDArray[np.intp]  # (n_drawn,): positions of the rows drawn
    n_rows: int  # how many rows there are

    @property
    def labels(self) -> NDArray[np.int64]:
        """The likeliest component of each row drawn."""
        return np.asarray(self.resp.argmax(axis=1))

    @property
    def uncertainty(self) -> Array:
        """One minus the largest responsibility of each row drawn."""
        return np.asarray(1.0 - self.resp.max(axis=1))


def view(mixture: GaussianMixture, X: object, features: Sequence[int | str] | None) -> View:
    """Choose what to show.

    Features are positions or names of one or two; None means the first two, or the only one.
    """
    resp = mixture.predict_proba(X)
    rows = as_floats(X, "X")
    names = feature_names(mixture)
    chosen = list(range(min(2, len(names)))) if features is None else [position(f, names) for f in features]
    if len(chosen) not in (1, 2):
        raise ValueError(f"features has {len(chosen)} entries: a picture shows one feature or two")
    empty = [names[j] for j in chosen if np.isnan(rows[:, j]).all()]
    if empty:
        raise ValueError(f"every cell of '{empty[0]}' is missing: there is nothing to draw")
    drawn, marginal = some(len(rows)), mixture.marginal(chosen)
    vars(marginal).pop("feature_names_in_", None)  # it is asked for grids, which have no names
    shown = [names[at] for at in chosen]
    return View(marginal, rows[drawn][:, chosen], shown, resp[drawn], drawn, len(rows))
