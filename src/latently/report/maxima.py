"""The maxima that a search came to: how high, how often, by which moves, and how they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from latently.checks.arrays import Array
from latently.core.array_source import ArraySource
from latently.estimators.likelihood import LikelihoodEstimator
from latently.models import crossing, moves, windows
from latently.report.interactive.replay import at
from latently.report.table import Table
from latently.wording import EN_DASH, listed, number, share

MOST_MAXIMA = 8
MOST_ROWS = 50_000  # that are asked where they went
PART, MOST_OF = 0.25, 0.5  # of a component, that is one of its parts; that goes with another
HARDLY = 0.005  # of the rows

MOVES = moves.MEANINGS | windows.MEANINGS | crossing.MEANINGS  # what each does, by its name


def maxima_table(model: LikelihoodEstimator, source: ArraySource, label: str) -> Table | None:
    """The maxima of the likelihood that the search came to; None if it was always the same."""
    found = model.restarts_.maxima
    if len(found) < 2:
        return None
    shown = model._posterior(source)[1] if len(source.row_weights) <= MOST_ROWS else None
    rows = []
    for one in found[:MOST_MAXIMA]:
        below = found[0].log_likelihood - one.log_likelihood
        cells = [number(one.log_likelihood, 2), number(below, 2), str(one.times), _moves(one.moves)]
        if shown is not None:
            there = one._params and at(model, one._params)._posterior(source)[1]
            cells.append(EN_DASH if there is None else difference(shown, there, label))
        rows.append(cells)
    text = "Where runs from different starts ended, on the rows that the search looked at."
    made = {move.kind for one in found[:MOST_MAXIMA] for move in one.moves}
    if made:
        said = [f"{kind}: {does.format(label=label)}" for kind, does in MOVES.items() if kind in made]
        text += f" Moves led from one maximum to a higher one ({'; '.join(said)})."
    text += f" About {share(model.restarts_.unseen)} of further runs would find another maximum."
    if any(one.log_likelihood > found[0].log_likelihood for one in found):
        text += " Higher ones, which stand last, are spurious: they rest on a few rows."
    more = len(found) - len(rows)
    text += f" Lower ones that are left out: {more}." if more else ""
    heads = ["log-likelihood", "below the best", "runs", "moves that led there"]
    heads += [] if shown is None else [f"its {label}s beside those shown"]
    look: dict[str, Any] = {"prose": frozenset({3, 4}), "spoken": False, "sure": True}
    return Table("Maxima of the likelihood", heads, rows, text, **look)


def difference(shown: Array, there: Array, label: str) -> str:
    """How the labels of rows differ by two solutions, which give these probabilities of them.

    Examples
    --------
    >>> shown, there = np.eye(3)[[0, 0, 1, 1, 2, 2]], np.eye(3)[[1, 1, 1, 1, 0, 2]]
    >>> difference(shown, there, "cluster")
    'clusters 0 and 1 are one; cluster 2 is split; 50% of the rows lie in another'
    >>> unsure = np.full((6, 2), [0.6, 0.4])
    >>> difference(unsure, unsure, "cluster")
    'the same'
    """
    from scipy.optimize import linear_sum_assignment

    shared = _likeliest(shown).T @ _likeliest(there)
    together = shared[linear_sum_assignment(-shared)].sum()
    elsewhere = 1.0 - together / shared.sum()
    if elsewhere < HARDLY:
        return "the same"
    return "; ".join([*_went(shared, label), f"{share(elsewhere)} of the rows lie in another"])


def _likeliest(probability: Array) -> Array:
    """One at the likeliest label of each row, zero elsewhere; only zeros where nothing is known."""
    known = np.nan_to_num(probability)
    return np.eye(known.shape[1])[known.argmax(axis=1)] * (known.sum(axis=1, keepdims=True) > 0)


def _went(shared: Array, label: str) -> Iterator[str]:
    """Which components are one or split in a solution, by the rows that each has in common with each."""
    with np.errstate(invalid="ignore", divide="ignore"):
        of_shown = np.nan_to_num(shared / shared.sum(axis=1, keepdims=True))
        of_there = np.nan_to_num(shared / shared.sum(axis=0))
    for column in ((of_there >= PART) & (of_shown >= MOST_OF)).T:
        if column.sum() > 1:
            yield f"{label}s {listed(map(str, np.flatnonzero(column)))} are one"
    for k, row in enumerate((of_shown >= PART) & (of_there >= MOST_OF)):
        if row.sum() > 1:
            yield f"{label} {k} is split"


def _moves(moves: Iterable[Any]) -> str:
    """How many moves of each kind."""
    kinds = Counter(move.kind for move in moves)
    return listed([f"{kind} ({n})" for kind, n in kinds.items()]) if kinds else EN_DASH
