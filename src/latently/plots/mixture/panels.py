"""The classic demonstration of EM: what was given, what was found, how it got there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from latently.checks.settings import LIST
from latently.metrics import match_labels
from latently.plots.arguments import FEATURES, picture
from latently.plots.canvas import panels_of, plain, title
from latently.plots.convergence_plot import convergence
from latently.plots.mixture.data_plot import data
from latently.plots.mixture.view import MIXTURE, view
from latently.plots.points import frame, points
from latently.wording import count

if TYPE_CHECKING:
    from latently.estimators.gaussian_mixture import GaussianMixture


@picture(MIXTURE, y=(LIST, None), features=FEATURES)
def mixture_panels(
    mixture: GaussianMixture,
    X: object,
    y: ArrayLike | None = None,
    *,
    features: Sequence[int | str] | None = None,
    ax: object = None,
) -> Any:
    """Draw the rows as they were given, as the mixture clusters them, and how its likelihood rose.

    Parameters
    ----------
    mixture : GaussianMixture
        Fitted, to two features or more.
    X : array-like of shape (n_samples, n_features)
        The rows.
    y : array-like of shape (n_samples,), optional
        The true labels where they are known. They colour the first panel, in the order in which
        `latently.metrics.match_labels` pairs them with the components.
    features : sequence of int or str, optional
        Positions or names of the two features to show. Default: the first two.

    Raises
    ------
    ValueError
        If `X` does not fit the mixture, there is only one feature, or `ax` has not three panels.

    Examples
    --------
    >>> from latently import GaussianMixture, datasets, plots
    >>> X = datasets.load_faithful().data
    >>> mixture = GaussianMixture(2, n_init=1, random_state=0).fit(X)
    >>> [panel.get_title(loc="left") for panel in plots.mixture_panels(mixture, X)][:2]
    ['272 rows as given', '272 rows in 2 components']
    """
    left, middle, right = panels = panels_of(ax, 3)
    shown = view(mixture, X, features)
    if len(shown.names) != 2:
        raise ValueError("mixture_panels shows two features, and there is one: use plots.data")
    labels = None if y is None else match_labels(mixture.predict(X), y)
    frame(plain(left), shown.x, shown.names)
    points(left, shown.x, None if labels is None else labels[shown.drawn])
    given = "as given" if labels is None else f"of {count(len(np.unique(labels)), 'true cluster')}"
    note = "before EM" if labels is None else "coloured by the truth"
    title(left, f"{count(shown.n_rows, 'row')} {given}", note)
    data(mixture, X, features=features, ax=middle)
    convergence(mixture, ax=right)
    return panels
