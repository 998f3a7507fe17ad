"""Which cells are missing together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latently.estimators.imputation.diagnosis import MissingPatterns
from latently.plots.arguments import AXES, found_by, picture
from latently.plots.canvas import canvas, heat_map, literal, title, wrapped
from latently.plots.features import named
from latently.plots.imputation.looks import FILLED, OBSERVED
from latently.wording import count, share, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes


SEEN_COLOUR = (OBSERVED, 0.16)
MOST_PATTERNS = 20
MOST_COLUMNS = 30
MOST_LETTERS_ACROSS = 48  # letters side by side, at least eight a column


@picture(found=found_by(MissingPatterns, "missing_patterns"), ax=AXES)
def patterns(found: MissingPatterns, *, ax: Axes | None = None) -> Axes:
    """Draw a map of the missing cells: a line for each pattern, a column for each feature.

    Parameters
    ----------
    found : MissingPatterns
        What `latently.missing_patterns` returned.

    Returns
    -------
    Axes
        The axes drawn on. On the left stand the rows that have each pattern, below the missing cells of each
        column. Of more than 20 patterns the most frequent are drawn, of more than 30 columns those that lack
        most cells.

    Examples
    --------
    >>> from latently import datasets, missing_patterns, plots
    >>> X = datasets.load_airquality().data[:, :4]
    >>> plots.patterns(missing_patterns(X)).get_title(loc="left")
    '44 of 612 cells are missing, in 4 patterns'
    """
    ax = canvas(ax)
    names = named(found.feature_names, len(found.missing_counts))
    most_lacking = np.argsort(-found.missing_counts, kind="stable")[:MOST_COLUMNS]
    columns = np.sort(most_lacking)
    missing = ~found.observed[:MOST_PATTERNS][:, columns]
    n, d = missing.shape
    from matplotlib.colors import ListedColormap

    line_width = 2 if max(n, d) <= MOST_PATTERNS else 0.8
    heat_map(ax, missing.astype(float), line_width, cmap=ListedColormap([SEEN_COLOUR, FILLED]), vmax=1)
    rows_with = [f"{rows:,} ({share(rows / found.n_rows)})" for rows in found.counts[:n]]
    ax.set_yticks(np.arange(n) + 0.5, rows_with)
    ax.set_ylabel("rows with the pattern")
    upright = 8 * d <= MOST_LETTERS_ACROSS
    texts = [
        wrapped(names[j], MOST_LETTERS_ACROSS // d) + "\n" if upright else shortened(names[j], 24) + ": "
        for j in columns
    ]
    labels = [f"{literal(text)}{found.missing_counts[j]:,}" for text, j in zip(texts, columns, strict=True)]
    ax.set_xticks(np.arange(d) + 0.5, labels, rotation=0 if upright else 90)
    ax.set_xlabel("missing cells of each column")
    n_missing = int(found.missing_counts.sum())
    n_cells = found.n_rows * len(names)
    total = len(found.counts)
    be = "is" if n_missing == 1 else "are"
    note = "orange: missing; pale: observed"
    if n < total:
        of_rows = share(found.counts[:n].sum() / found.n_rows)
        note += f"; the {count(n, 'most frequent pattern')}, {of_rows} of rows"
    if d < len(names):
        note += f"; the {d} columns that lack most"
    title(ax, f"{n_missing:,} of {count(n_cells, 'cell')} {be} missing, in {count(total, 'pattern')}", note)
    return ax
