"""How sure a fit is of its parameters: estimates with their confidence intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latently.checks.settings import COUNT, NAME, SHARE, Fitted, one_of
from latently.core.parameters import named
from latently.estimators.likelihood.errors import ERROR_KINDS
from latently.estimators.mixture import BaseMixture
from latently.plots.arguments import AXES, Models, picture
from latently.plots.canvas import canvas, title
from latently.plots.features import feature_names
from latently.plots.palette import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LIKELY = Models((Fitted("a mixture of latently", BaseMixture),))
KIND = (one_of(*ERROR_KINDS),)


@picture(LIKELY, parameter=(NAME,), feature=(COUNT,), level=(SHARE,), kind=KIND, ax=AXES)
def intervals(
    estimator: BaseMixture,
    X: object,
    parameter: str = "means",
    *,
    feature: int = 0,
    level: float = 0.95,
    kind: str = "observed",
    ax: Axes | None = None,
) -> Axes:
    """Draw a parameter of each component with its confidence interval.

    Parameters
    ----------
    estimator : estimator
        A fitted mixture, with `confidence_intervals`.
    X : array-like of shape (n_samples, n_features)
        The training rows.
    parameter : str, default "means"
        Name of the parameter: one with a number for each component ("weights"), or one for each component and
        feature ("means").
    feature : int, default 0
        Which feature, where there is one number for each.
    level : float, default 0.95
        How often an interval is to cover the true value.
    kind : {"observed", "robust", "bootstrap"}, default "observed"
        How the intervals are found.

    Returns
    -------
    Axes
        The axes drawn on: the parameter, in its own units, by component. A component without an interval is
        drawn as a hollow dot.

    Raises
    ------
    ValueError
        If there is no such parameter or feature, or it has more than two axes.

    Examples
    --------
    >>> from latently import GaussianMixture, datasets, plots
    >>> X = datasets.load_faithful().data
    >>> mixture = GaussianMixture(2, random_state=0).fit(X)
    >>> plots.intervals(mixture, X, "weights").get_xlabel()
    'weights'
    """
    values = named(estimator.params_)
    drawable = [name for name, value in values.items() if np.ndim(value) in (1, 2)]
    if parameter not in drawable:
        raise ValueError(f"parameter={parameter!r}: should be one of {', '.join(map(repr, drawable))}")
    value = np.asarray(values[parameter])
    low, high = estimator.confidence_intervals(X, level, kind)[parameter]
    label = parameter
    if value.ndim == 2:
        if not 0 <= feature < value.shape[1]:
            raise ValueError(f"feature={feature!r}: should be from 0 to {value.shape[1] - 1}")
        names = feature_names(estimator)
        if len(names) < value.shape[1]:  # of one feature, a probability for each of its categories
            names = [f"{names[0]} = {one}" for one in estimator._model.emission.categories_of(0) or ()]
        value, low, high = value[:, feature], low[:, feature], high[:, feature]
        label = f"{parameter}: {names[feature]}"

    ax = canvas(ax)
    for k, ends in enumerate(zip(low, high, strict=True)):
        known = np.isfinite(ends).all()
        if known:
            ax.plot(ends, [k, k], color=colour(k), linewidth=2.5, solid_capstyle="round", zorder=2)
        face = colour(k) if known else "white"
        ax.plot(value[k], k, "o", color=colour(k), markersize=8, markerfacecolor=face, zorder=3)
    ax.set_yticks(range(len(value)), [f"{estimator._model.latent.label} {k}" for k in range(len(value))])
    ax.set_ylim(len(value) - 0.5, -0.5)
    ax.set_xlabel(label)
    title(ax, f"{label.split(':')[0].capitalize()} with {level:.0%} intervals", f"{kind} standard errors")
    return ax
