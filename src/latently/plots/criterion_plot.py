"""Which number of components and which family: a criterion over all fits of a search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from latently.checks.settings import NAME, Such
from latently.core.findings import grave
from latently.plots.arguments import AXES, picture
from latently.plots.canvas import Look, canvas, title
from latently.plots.palette import GRID, INK, colour, marker
from latently.selection.criteria import LIKELIHOOD
from latently.selection.table import HIGHER
from latently.wording import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from latently.selection.table import Selection


SEARCH = Such(lambda value: hasattr(value, "table_"), "what latently.select returned")
CLOSE_TO_BEST = 10.0
WITHIN = "shaded: within 10 of the best; "
DOUBTFUL = "hollow: a doubtful maximum"


@picture(selection=(SEARCH,), name=(NAME, None), ax=AXES)
def criterion(selection: Selection, name: str | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw how far each fit of a search lies above the best, against the number of components.

    Each family is a line; a fit that failed or was not tried is a gap in it, one whose maximum is doubtful a
    hollow mark. The scale is logarithmic above ten, which is the difference in BIC that counts as very strong
    evidence, and linear in the shaded band below. Criteria of topics are drawn as they are.

    Parameters
    ----------
    selection : Selection
        What `latently.select` returned, of a search over `n_components`.
    name : str, optional
        The criterion, a column of the table. Default: the one that decided.

    Raises
    ------
    ValueError
        If the search was not over `n_components`, or had no such criterion.

    References
    ----------
    .. [1] Kass, R. E. and Raftery, A. E. (1995). Bayes factors. JASA 90, 773-795, section 3.2.

    Examples
    --------
    >>> from latently import GaussianMixture, datasets, plots, select
    >>> X = datasets.load_faithful().data
    >>> selection = select(GaussianMixture(random_state=0), X, {"n_components": [1, 2, 3]})
    >>> plots.criterion(selection).get_xlabel()
    'number of components'
    """
    name = name or selection.criterion
    best, latent = selection.best_params_, getattr(selection.best_, "_latent", None)
    label = latent().label if latent else "component"
    for column in (name, "n_components"):
        if column not in selection.table_[0]:
            raise ValueError(
                f"the search had no '{column}': this picture shows a criterion against n_components"
            )
    ax = canvas(ax)
    value_of_best = selection.table_[selection.best_index_][name]
    likelihood = name in LIKELIHOOD
    zero = value_of_best if likelihood else 0.0
    families = [key for key in best if key != "n_components"]
    lines: dict[str, list[dict[str, Any]]] = {}
    for row in selection.table_:
        lines.setdefault(", ".join(str(row[key]) for key in families), []).append(row)

    if likelihood:
        ax.axhspan(-CLOSE_TO_BEST, CLOSE_TO_BEST, color=GRID, alpha=0.6, linewidth=0, zorder=0)
    low = high = 0.0
    for position, (family, rows) in enumerate(lines.items()):
        rows = sorted(rows, key=lambda row: row["n_components"])
        k = np.array([row["n_components"] for row in rows])
        above = np.array([np.nan if row[name] is None else row[name] - zero for row in rows])
        doubtful = np.array([bool(grave(row["diagnostics"])) for row in rows])
        low, high = np.nanmin([low, *above]), np.nanmax([high, *above])
        mark = marker(position)
        look: Look = {"color": colour(position), "marker": mark, "markersize": 6, "zorder": 3}
        ax.plot(k, above, linewidth=1.4, label=family, markevery=np.flatnonzero(~doubtful).tolist(), **look)
        ax.plot(k[doubtful], above[doubtful], linestyle="none", markerfacecolor="white", **look)
    at = best["n_components"], value_of_best - zero
    ax.plot(*at, "o", markersize=14, fillstyle="none", color=INK, zorder=4)

    shown = name.upper() if likelihood else name.replace("_", " ")
    if likelihood:
        _scale(ax, low, high)
    ax.set(xlabel=f"number of {label}s", ylabel=f"{shown} above the best" if likelihood else shown)
    ax.set_xticks(sorted({row["n_components"] for row in selection.table_ if row[name] is not None}))
    if families:
        ax.legend(frameon=False, fontsize="small")
    chosen = ", ".join([*(str(best[key]) for key in families), count(best["n_components"], label)])
    extreme = "highest" if name in HIGHER else "lowest"
    figure = f"{value_of_best:,.1f}" if abs(value_of_best) >= 1 else f"{value_of_best:.3g}"
    title(ax, f"{shown} is {extreme} ({figure}) for {chosen}", WITHIN + DOUBTFUL if likelihood else DOUBTFUL)
    return ax


def _scale(ax: Axes, low: float, high: float) -> None:
    """Linear within `CLOSE_TO_BEST` of the best, logarithmic beyond."""
    ax.set_yscale("symlog", linthresh=CLOSE_TO_BEST)
    ax.set_ylim(min(-0.2 * CLOSE_TO_BEST, 1.6 * low), max(1.2 * CLOSE_TO_BEST, 1.6 * high))
    ax.yaxis.set_major_formatter("{x:,.0f}")
