"""One search over settings: numbers of components, families, or whatever an estimator has."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from tqdm.auto import tqdm

from latently.checks.settings import BOOLEAN, COUNT, FUNCTION, Such, check_setting, checked
from latently.core.convergence import ROUNDING
from latently.core.errors import (
    ObjectiveFellError,
    ObjectiveFellWarning,
    SpuriousMaximumWarning,
    WeightWarning,
)
from latently.core.findings import Finding, grave
from latently.selection.criteria import Criterion, Measure, measure_of
from latently.selection.grid import Grid, combinations_of
from latently.selection.held_out import Parts, divided
from latently.selection.table import ALWAYS, HIGHER, Selection

ESTIMATOR = Such(
    lambda value: hasattr(value, "get_params") and hasattr(value, "fit") and not isinstance(value, type),
    "an estimator",
)
FIGURE = Such(lambda value: isinstance(value, Real), "a number")
OUTCOME = ("log_likelihood", "n_parameters", "converged")
LOUD = (ObjectiveFellWarning, WeightWarning)
Progress = Callable[[int, int, dict[str, Any]], Any]


@checked(estimator=(ESTIMATOR,), progress=(FUNCTION, None), verbose=(COUNT, BOOLEAN))
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
    and not shown, but for those that a search must not hide: of weights that sum to little, and of a bug. A
    fit whose maximum is spurious loses to any whose is not, whatever its criterion: a likelihood that rests
    on a handful of rows says little. Of fits that are equal but for rounding the first wins.

    Topic models are compared by "perplexity", lower is better, or "coherence", higher is better. For the
    first, a fifth of the documents is held out of all fits, chosen by what they hold; the best settings are
    then fitted to all documents.

    Parameters
    ----------
    estimator : estimator
        What to fit; it is cloned, and stays as it is. If its `random_state` is an integer, the same search
        gives the same table again (but for the seconds).
    X : array-like of shape (n_samples, n_features), or a list of such
        The rows, or the sequences; for topic models the documents, in any form that `fit` takes.
    grid : dict of str to iterable, or list of such dicts
        Values to try by the name of the setting, all combinations of them, the first name varying slowest;
        dicts of a list are tried one after the other. A setting that a dict does not name is the estimator's.
    criterion : {"bic", "aic", "icl", "perplexity", "coherence"} or callable, default "bic"
        What decides; lower is better, but for "coherence". A callable is called as ``criterion(fitted, X)``
        and returns a number.
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

    Warns
    -----
    WeightWarning
        If weights sum to far less than there are rows, so that criteria would favour the largest model.
    ObjectiveFellWarning
        If a fit, or a run of one, ended for a bug in its model.

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
    combinations = combinations_of(estimator, grid)
    measure = measure_of(estimator, criterion, combinations[0], fit_params)
    parts = divided(X, fit_params) if measure.held_out else Parts(X, fit_params, X)
    sign = -1.0 if measure.name in HIGHER else 1.0
    rows: list[dict[str, Any]] = []
    best, best_index, best_rank = None, -1, (True, np.inf)
    loud: dict[str, type[Warning]] = {}
    for i, params in enumerate(tqdm(combinations, desc="select", unit=" fits", disable=verbose <= 0)):
        if progress is not None:
            progress(i, len(combinations), dict(params))
        candidate = clone(estimator).set_params(**params)
        outcome = _fit(candidate, parts, measure, loud)
        rows.append({**params, **outcome})
        if outcome["failure"] is not None:
            continue
        rank = (bool(grave(outcome["diagnostics"])), sign * outcome[measure.name])
        if best is None or (rank[0], rank[1] + _rounding(candidate, rank[1])) < best_rank:
            best, best_index, best_rank = candidate, i, rank
    for message, category in loud.items():
        warnings.warn(message, category, stacklevel=2)
    if best is None:
        raise ValueError(f"all {len(rows)} fits failed; the first because {rows[0]['failure']}")
    if measure.held_out:
        best = clone(estimator).set_params(**combinations[best_index])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            best.fit(X, **fit_params)
    return Selection(rows, best, best_index, measure.name, tuple(combinations[0]))


def _rounding(estimator: Any, value: float) -> float:
    """By how much a criterion, minus twice a log-likelihood and a penalty, may differ from rounding alone."""
    restarts = getattr(estimator, "restarts_", None)
    return ROUNDING * abs(value) + 2 * getattr(restarts, "rounding", 0.0)


def _fit(estimator: Any, parts: Parts, measure: Measure, loud: dict[str, type[Warning]]) -> dict[str, Any]:
    """What a fit adds to the table; `loud` takes the warnings that are to be shown."""
    row: dict[str, Any] = dict.fromkeys((*ALWAYS, measure.name, *OUTCOME), None)
    failure = None
    diagnostics: tuple[Finding, ...] = ()
    began = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        for category in (ConvergenceWarning, SpuriousMaximumWarning, *LOUD):
            warnings.simplefilter("always", category)
        try:
            estimator.fit(parts.fitted, **parts.fit_params)
            value = measure.of(estimator, parts.measured)
            check_setting("what criterion returned", value, FIGURE)
            if np.isnan(value):
                raise ValueError(f"{measure.name} is not a number")
        except ValueError as error:
            failure = str(error)
            if isinstance(error, ObjectiveFellError):
                loud[failure] = ObjectiveFellWarning
        else:
            diagnostics = getattr(estimator, "diagnostics_", ())
            row |= {name: getattr(estimator, name)() for name in ALWAYS if hasattr(estimator, name)}
            row |= {name: getattr(estimator, f"{name}_", None) for name in OUTCOME}
            row[measure.name] = value
    told = tuple(str(warning.message) for warning in caught)
    loud.update({str(w.message): w.category for w in caught if issubclass(w.category, LOUD)})
    seconds = time.perf_counter() - began
    return {**row, "diagnostics": diagnostics, "warnings": told, "seconds": seconds, "failure": failure}
