"""How EM climbed: the log-likelihood of each iterate of the best run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from latently.plots.canvas import canvas, count, title
from latently.plots.palette import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes


INVISIBLE = 1e-4  # nats: less than this is nothing to look at


def convergence(estimator: Any, *, ax: Axes | None = None) -> Axes:
    """Draw the log-likelihood of the best run at each of its iterates, below the value it ended at.

    Parameters
    ----------
    estimator : estimator
        Any that was fitted by EM, such as `GaussianMixture` or `GaussianImputer`: its
        `log_likelihood_history_` is drawn.
    ax : Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    Axes
        The axes drawn on. The height is the log-likelihood less its last value, in nats.

    Raises
    ------
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> from latently import GaussianImputer, GaussianMixture, datasets, plots
    >>> X = datasets.load_faithful().data
    >>> mixture = GaussianMixture(2, n_init=1, init_params="random", random_state=0).fit(X)
    >>> plots.convergence(mixture).get_xlabel()
    'step'
    >>> imputer = GaussianImputer().fit(datasets.load_airquality().data)
    >>> plots.convergence(imputer).get_ylabel()
    'log-likelihood below its last value'
    """
    ax = canvas(ax)
    history = np.asarray(estimator.log_likelihood_history_)
    ax.plot(history - history[-1], color=COLOURS[0], linewidth=1.6, zorder=2)
    ax.plot(history - history[-1], ".", color=COLOURS[0], markersize=5 if len(history) < 80 else 0, zorder=3)
    ax.axhline(0.0, color=COLOURS[1], linewidth=1.0, linestyle="--", zorder=1)
    ax.set(xlabel="step", ylabel="log-likelihood below its last value")
    ax.locator_params(axis="x", integer=True)
    ax.ticklabel_format(axis="y", style="plain", useOffset=False)
    ax.set_ylim(bottom=min(ax.get_ylim()[0], -INVISIBLE))
    end = "Converged" if estimator.converged_ else "Not converged"
    last = f"{history[-1]:,.3f}".replace("-", "\N{MINUS SIGN}")
    prior = "" if getattr(estimator, "prior", None) is None else "; the prior is left out of it"
    title(ax, f"{end} after {count(len(history) - 1, 'step')}", f"the last value: {last}{prior}")
    return ax
