"""One search over settings: numbers of components, families, or whatever an estimator has."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from textwrap import shorten
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from tqdm.auto import tqdm

from latently.core.errors import SpuriousMaximumWarning

CRITERIA = ("bic", "aic", "icl")
ALWAYS = ("bic", "aic")
REMARK = 80
NOTHING = "-"

Grid = Mapping[str, Any]
Criterion = str | Callable[[Any, Any], float]
Progress = Callable[[int, int, dict[str, Any]], Any]


@dataclass(frozen=True, repr=False, eq=False)
class Selection:
    """What a search found. Printed, it is a table in which the best is marked.

    Attributes
    ----------
    table_ : list of dict
        A row for each combination, in the order of the grid: its params; "bic", "aic" and the criterion
        that was asked for; "log_likelihood" (total, in nats), "n_parameters", "converged"; "doubts" (why its
        maximum should not be trusted) and "warnings", tuples of text; "seconds"; and "failure", None or
        the reason, in which case what a fit would have given is None. A DataFrame can be made of it.
    best_ : estimator
        The best, fitted. It is the only one that was kept.
    best_index_ : int
        Its row.
    best_params_ : dict
        Its params.
    failures_ : list of tuple (dict, str)
        Params and reason of every fit that failed.
    edge_ : str or None
        A sentence if the best number of components is the largest or the smallest that was tried.
    criterion : str
        The column that decided.
    names : tuple of str
        The settings that were searched over.
    """

    table_: list[dict[str, Any]]
    best_: Any
    best_index_: int
    criterion: str
    names: tuple[str, ...]

    @property
    def best_params_(self) -> dict[str, Any]:
        """Params of the best."""
        return self._params(self.table_[self.best_index_])

    @property
    def failures_(self) -> list[tuple[dict[str, Any], str]]:
        """Params and reason of every fit that failed."""
        return [(self._params(row), row["failure"]) for row in self.table_ if row["failure"] is not None]

    @property
    def edge_(self) -> str | None:
        """A sentence if the best `n_components` is the last of those tried with its other params; or None."""
        best = self.best_params_
        chosen = best.pop("n_components", None)
        if chosen is None:
            return None
        alike = [row for row in self.table_ if repr(self._others(row)) == repr(best)]
        tried = [row["n_components"] for row in alike if isinstance(row["n_components"], int)]
        if min(tried) == max(tried):
            return None
        if chosen == max(tried):
            return f"the best n_components, {chosen}, is the largest that was tried: try larger ones"
        if chosen == min(tried) > 1:
            return f"the best n_components, {chosen}, is the smallest that was tried: try smaller ones"
        return None

    def _params(self, row: dict[str, Any]) -> dict[str, Any]:
        return {name: row[name] for name in self.names}

    def _others(self, row: dict[str, Any]) -> dict[str, Any]:
        return {name: row[name] for name in self.names if name != "n_components"}

    def __str__(self) -> str:
        measures = (*dict.fromkeys((self.criterion, *ALWAYS)), "log_likelihood", "n_parameters", "converged")
        lines = [["", *self.names, *measures, "remarks"]]
        for i, row in enumerate(self.table_):
            params = [str(row[name]) for name in self.names]
            measured = [_cell(row[name]) for name in measures]
            remarks = shorten(_remarks(row), REMARK, placeholder=" ...")
            lines.append(["*" if i == self.best_index_ else "", *params, *measured, remarks])
        legend = f"* lowest {self.criterion}" + (f"; {self.edge_}" if self.edge_ else "")
        return "\n".join([*_aligned(lines), legend])

    def __repr__(self) -> str:
        return str(self)


def select(
    estimator: Any,
    X: Any,
    grid: Grid | Sequence[Grid],
    criterion: Criterion = "bic",
    *,
    progress: Progress | None = None,
    verbose: int = 0,
    **fit_params: Any,
) -> Selection:
    """Fit an estimator with every combination of some settings and keep the best.

    A fit that fails is recorded with its reason and never ends the search. Warnings are kept in the table
    and not shown. A fit whose maximum is spurious loses to any whose is not, whatever its criterion: a
    likelihood that rests on a handful of rows says little.

    Parameters
    ----------
    estimator : estimator
        What to fit; it is cloned, and stays as it is. If its `random_state` is an integer, the same search
        gives the same table again (but for the seconds).
    X : array-like of shape (n_samples, n_features), or a list of such
        The rows, or the sequences.
    grid : dict of str to iterable, or list of such dicts
        Values to try by the name of the setting, all combinations of them, the first name varying slowest;
        dicts of a list are tried one after the other. A setting that a dict does not name is the estimator's.
    criterion : {"bic", "aic", "icl"} or callable, default "bic"
        What decides; lower is better. A callable is called as ``criterion(fitted, X)`` and returns a number.
    progress : callable, optional
        Called as ``progress(i, n, params)`` before each fit, `i` counting from 0 to ``n - 1``.
    verbose : int, default 0
        Above zero, a progress bar over the fits is shown.
    **fit_params
        For `fit`, such as `sample_weight`, or `lengths` and `groups` of sequences; "icl" is given them, too.

    Returns
    -------
    Selection
        The table of all fits, and the best of them, fitted.

    Raises
    ------
    ValueError
        If the grid or the criterion is unusable, or if every fit failed, with the reason of the first.

    References
    ----------
    .. [1] McLachlan, G. J. and Peel, D. (2000). Finite Mixture Models. Wiley, chapter 6.

    Examples
    --------
    >>> from latently import GaussianMixture, datasets, select
    >>> X = datasets.load_faithful().data
    >>> grid = {"covariance_type": ["full", "tied"], "n_components": [2, 3]}
    >>> selection = select(GaussianMixture(random_state=0), X, grid)
    >>> selection.best_params_
    {'covariance_type': 'tied', 'n_components': 3}
    >>> round(selection.best_.bic(), 1)
    2314.3
    >>> selection.edge_
    'the best n_components, 3, is the largest that was tried: try larger ones'
    """
    evaluate, column = _evaluator(estimator, criterion, fit_params)
    combinations = _combinations(estimator, grid)
    rows: list[dict[str, Any]] = []
    best, best_index, best_rank = None, -1, (True, np.inf)
    for i, params in enumerate(tqdm(combinations, desc="select", unit=" fits", disable=verbose <= 0)):
        if progress is not None:
            progress(i, len(combinations), dict(params))
        candidate = clone(estimator).set_params(**params)
        outcome = _fit(candidate, X, fit_params, evaluate, column)
        rows.append({**params, **outcome})
        rank = (bool(outcome["doubts"]), outcome[column])
        if outcome["failure"] is None and (best is None or rank < best_rank):
            best, best_index, best_rank = candidate, i, rank
    if best is None:
        raise ValueError(f"all {len(rows)} fits failed; the first because {rows[0]['failure']}")
    return Selection(rows, best, best_index, column, tuple(combinations[0]))


def _fit(
    estimator: Any, X: Any, fit_params: dict[str, Any], evaluate: Callable[[Any, Any], float], column: str
) -> dict[str, Any]:
    """What a fit adds to the table."""
    row: dict[str, Any] = dict.fromkeys(
        (*ALWAYS, column, "log_likelihood", "n_parameters", "converged"), None
    )
    failure = None
    doubts: tuple[str, ...] = ()
    began = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        for category in (ConvergenceWarning, SpuriousMaximumWarning):
            warnings.simplefilter("always", category)
        try:
            estimator.fit(X, **fit_params)
            value = float(evaluate(estimator, X))
            if np.isnan(value):
                raise ValueError(f"{column} is not a number")
        except ValueError as error:
            failure = str(error)
        else:
            doubts = estimator.doubts_
            row |= {name: getattr(estimator, name)() for name in ALWAYS}
            row |= {
                column: value,
                "log_likelihood": estimator.log_likelihood_,
                "n_parameters": estimator.n_parameters_,
                "converged": estimator.converged_,
            }
    told = tuple(str(warning.message) for warning in caught)
    seconds = time.perf_counter() - began
    return {**row, "doubts": doubts, "warnings": told, "seconds": seconds, "failure": failure}


def _evaluator(
    estimator: Any, criterion: Criterion, fit_params: dict[str, Any]
) -> tuple[Callable[[Any, Any], float], str]:
    """What gives the criterion of a fitted estimator, and the column it goes to."""
    if callable(criterion):
        return criterion, getattr(criterion, "__name__", "criterion")
    if criterion not in CRITERIA:
        allowed = ", ".join(repr(name) for name in CRITERIA)
        raise ValueError(f"criterion={criterion!r}: should be one of {allowed}, or a callable(estimator, X)")
    if not hasattr(estimator, criterion):
        raise ValueError(
            f"criterion={criterion!r}: {type(estimator).__name__} has none; choose 'bic' or 'aic', or give a "
            "callable(estimator, X)"
        )
    if criterion == "icl":
        given = {name: value for name, value in fit_params.items() if name != "y"}
        return lambda fitted, X: fitted.icl(X, **given), criterion
    return lambda fitted, X: getattr(fitted, criterion)(), criterion


def _combinations(estimator: Any, grid: Grid | Sequence[Grid]) -> list[dict[str, Any]]:
    """All combinations in order, each with a value for every name that the grid has."""
    grids = [grid] if isinstance(grid, Mapping) else list(grid)
    settings = estimator.get_params()
    listed: list[dict[str, list[Any]]] = []
    for one in grids:
        if not isinstance(one, Mapping):
            raise ValueError(f"grid holds {one!r}: should be a dict of names and values, or a list of dicts")
        for name in one:
            if name not in settings:
                raise ValueError(
                    f"grid has '{name}', which is no setting of {type(estimator).__name__}; it has "
                    + ", ".join(settings)
                )
        listed.append({name: _values(name, values) for name, values in one.items()})
    if not any(listed):
        raise ValueError("grid is empty: give the values to try, such as {'n_components': [1, 2, 3]}")
    names = dict.fromkeys(name for one in listed for name in one)
    usual = {name: settings[name] for name in names}
    return [
        usual | dict(zip(one, values, strict=True)) for one in listed for values in product(*one.values())
    ]


def _values(name: str, values: Any) -> list[Any]:
    """The values to try for a setting, NumPy's numbers as Python's."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ValueError(f"grid has {name}={values!r}: should be a list of values, such as [{values!r}]")
    found = [value.item() if isinstance(value, np.generic) else value for value in values]
    if not found:
        raise ValueError(f"grid has no values for '{name}'")
    return found


def _aligned(lines: list[list[str]]) -> list[str]:
    """Pad the cells of each column to one width, those of numbers on the left."""
    columns = []
    for heading, *cells in zip(*lines, strict=True):
        width = max(map(len, (heading, *cells)))
        numeric = all(cell == NOTHING or cell.lstrip("-")[:1].isdigit() for cell in cells)
        columns.append([cell.rjust(width) if numeric else cell.ljust(width) for cell in (heading, *cells)])
    return ["  ".join(line).rstrip() for line in zip(*columns, strict=True)]


def _cell(value: Any) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _remarks(row: dict[str, Any]) -> str:
    if row["failure"] is not None:
        return f"failed: {row['failure']}"
    return f"spurious: {'; '.join(row['doubts'])}" if row["doubts"] else ""
