"""How a fit got to its end: the log-likelihood of each iterate of the best run, or what stands for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Array
from latently.checks.settings import Such
from latently.plots.arguments import AXES, Models, picture
from latently.plots.canvas import INVISIBLE, canvas, title
from latently.plots.palette import COLOURS, FAINT
from latently.wording import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from latently.estimators.latent_dirichlet_allocation import LatentDirichletAllocation

CLIMBING = Models(
    (
        Such(
            lambda value: (
                not isinstance(value, type)
                and (hasattr(value, "log_likelihood_history_") or hasattr(value, "history_"))
            ),
            "an estimator that was fitted by EM",
        ),
    )
)


@picture(CLIMBING, ax=AXES)
def convergence(estimator: Any, *, ax: Axes | None = None) -> Axes:
    """Draw the log-likelihood of the best run at each of its iterates, below the value it ended at.

    Of topic models the lower bound is drawn in its place. CVB0 has neither: there it is the relative change
    of the documents' topics in each pass, on a logarithmic axis.

    Parameters
    ----------
    estimator : estimator
        Any that was fitted by EM, such as `GaussianMixture` or `GaussianImputer`: its
        `log_likelihood_history_` is drawn. Or a `LatentDirichletAllocation`: its `history_`.

    Returns
    -------
    Axes
        The axes drawn on. The height is the log-likelihood less its last value, in nats.

    Raises
    ------
    ValueError
        If it is a topic model that was fitted online, of which there is no history.

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
    if hasattr(estimator, "log_likelihood_history_"):
        prior = getattr(estimator, "prior_", getattr(estimator, "prior", None))
        note = "" if prior is None else "; the prior is left out of it"
        return _climb(estimator, estimator.log_likelihood_history_, "log-likelihood", note, ax)
    if not len(estimator.history_):
        raise ValueError(f"inference={estimator.inference!r} keeps no history: there is nothing to draw")
    if estimator.bound_ is None:
        return _changes(estimator, ax)
    return _climb(estimator, estimator.history_, "lower bound", "; it is no likelihood", ax)


def _climb(estimator: object, history: Array, what: str, remark: str, ax: Axes) -> Axes:
    """What cannot fall, below its last value."""
    history = np.asarray(history)
    _line(ax, np.arange(len(history)), history - history[-1], 0.0)
    ax.set(xlabel="step", ylabel=f"{what} below its last value")
    ax.ticklabel_format(axis="y", style="plain", useOffset=False)
    ax.set_ylim(bottom=min(ax.get_ylim()[0], -INVISIBLE))
    last = f"{history[-1]:,.3f}".replace("-", "\N{MINUS SIGN}")
    title(ax, _end(estimator, len(history) - 1, "step"), f"the last value: {last}{remark}")
    return ax


def _changes(model: LatentDirichletAllocation, ax: Axes) -> Axes:
    """How much each pass of CVB0 changed, which need not fall at each."""
    from latently.estimators.topics.settings import tol_and_max_iter

    history = np.asarray(model.history_, dtype=np.float64)
    tol, _ = tol_and_max_iter(model)
    seen = np.flatnonzero(history > 0)  # a change of nothing has no place on this axis
    _line(ax, 1 + seen, history[seen], tol if tol > 0 else None)
    if len(seen):
        ax.set_yscale("log")
    ax.tick_params(which="minor", color=FAINT)
    ax.set(xlabel="pass", ylabel="relative change of the documents' topics")
    dashed = "; dashed: where it stops" if tol > 0 else ""
    title(ax, _end(model, len(history), "pass", "passes"), f"CVB0 has no objective to climb{dashed}")
    return ax


def _line(ax: Axes, at: NDArray[np.int64], values: Array, end: float | None) -> None:
    """A line with a dot for each value, where there are few, and a dashed one where it ends."""
    ax.plot(at, values, color=COLOURS[0], linewidth=1.6, zorder=2)
    ax.plot(at, values, ".", color=COLOURS[0], markersize=5 if len(at) < 80 else 0, zorder=3)
    if end is not None:
        ax.axhline(end, color=COLOURS[1], linewidth=1.0, linestyle="--", zorder=1)
    ax.locator_params(axis="x", integer=True)


def _end(estimator: Any, n: int, step: str, steps: str = "") -> str:
    how = "Converged" if estimator.converged_ else "Not converged"
    return f"{how} after {count(n, step, steps)}"
