"""What a picture can show of a mixture and its rows: one or two of the features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from latently.estimators import GaussianMixture

Array = NDArray[np.float64]

MOST_DRAWN = 10_000


@dataclass(frozen=True)
class View:
    """One or two features of some rows, and the mixture of these features alone.

    Attributes
    ----------
    mixture : GaussianMixture
        The marginal mixture.
    x : array of shape (n_drawn, 1) or (n_drawn, 2)
        The rows, or a random sample of them where there are more than can be seen.
    names : list of str
        Names of the features.
    resp : array of shape (n_drawn, n_components)
        Responsibilities, from all the features.
    drawn : array of shape (n_drawn,)
        Positions of the rows drawn.
    n_rows : int
        How many rows there are.
    """

    mixture: GaussianMixture
    x: Array
    names: list[str]
    resp: Array
    drawn: NDArray[np.intp]
    n_rows: int

    @property
    def labels(self) -> NDArray[np.int64]:
        """The likeliest component of each row drawn."""
        return np.asarray(self.resp.argmax(axis=1))

    @property
    def uncertainty(self) -> Array:
        """One minus the largest responsibility of each row drawn."""
        return np.asarray(1.0 - self.resp.max(axis=1))


def view(mixture: GaussianMixture, X: Any, features: Sequence[int | str] | None) -> View:
    """Choose what to show.

    Parameters
    ----------
    mixture : GaussianMixture
        Fitted.
    X : array-like of shape (n_samples, n_features)
        The rows, with all the features of the mixture.
    features : sequence of int or str, or None
        Positions or names of one or two features; None means the first two, or the only one.

    Raises
    ------
    ValueError
        If a feature does not exist, or their number is neither one nor two.
    """
    resp = mixture.predict_proba(X)
    rows = np.asarray(X, dtype=np.float64)
    names = feature_names(mixture)
    chosen = list(range(min(2, len(names)))) if features is None else [_position(f, names) for f in features]
    if len(chosen) not in (1, 2):
        raise ValueError(f"features has {len(chosen)} entries: a picture shows one feature or two")
    drawn = np.arange(len(rows))
    if len(rows) > MOST_DRAWN:
        drawn = np.random.default_rng(0).choice(len(rows), MOST_DRAWN, replace=False)
    return View(
        mixture.marginal(chosen),
        rows[drawn][:, chosen],
        [names[position] for position in chosen],
        resp[drawn],
        drawn,
        len(rows),
    )


def feature_names(mixture: GaussianMixture) -> list[str]:
    """Names of all features: those of the table it was fitted to, or their positions."""
    unnamed = [f"feature {position}" for position in range(mixture.n_features_in_)]
    return [str(name) for name in getattr(mixture, "feature_names_in_", unnamed)]


def _position(feature: int | str, names: list[str]) -> int:
    if isinstance(feature, str):
        if feature not in names:
            raise ValueError(f"there is no feature '{feature}'; there are {', '.join(names)}")
        return names.index(feature)
    return feature
