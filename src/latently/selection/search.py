"""One search over settings: numbers of components, families, or whatever an estimator has."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from joblib import hash as hash_of
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from latently.checks.settings import BOOLEAN, COUNT, FUNCTION, Such, checked, one_of
from latently.estimators.likelihood.fitted import FittedModel
from latently.estimators.saving.checkpoint import recorded
from latently.selection.criteria import LIKELIHOOD, Criterion, measure_of
from latently.selection.grid import Grid, combinations_of
from latently.selection.held_out import divided
from latently.selection.rows import Parts, growing
from latently.selection.table import Selection
from latently.selection.trials import Progress, Trials

ESTIMATOR = Such(
    lambda value: hasattr(value, "get_params") and hasattr(value, "fit") and not isinstance(value, type),
    "an estimator",
)

SELECTION = Such(lambda value: isinstance(value, Selection), "a Selection")

OF_EACH_FIT = ("auto", "starts", "moves")


@checked(
    estimator=(ESTIMATOR,),
    search=(one_of("exhaustive", "sequential", *OF_EACH_FIT),),
    to_beat=(SELECTION, None),
    progress=(FUNCTION, None),
    verbose=(COUNT, BOOLEAN),
)
def select(
    estimator: object,
    X: object,
    grid: Grid | Sequence[Grid],
    criterion: Criterion = "bic",
    *,
    search: str = "exhaustive",
    to_beat: Selection | None = None,
    progress: Progress | None = None,
    verbose: int = 0,
    **fit_params: Any,
) -> Selection:
    """Fit an estimator with combinations of some settings and keep the best.

    A fit that fails is recorded with its reason and never ends the search. Warnings are kept in the table
    and not shown, but for those that a search must not hide: of weights that sum to little, and of a bug. A
    fit whose maximum is spurious loses to any whose is not, whatever its criterion: a likelihood that rests
    on a handful of rows says little. Of fits that are equal but for rounding the first wins.

    An exhaustive search fits every combination to all rows. A sequential one goes upwards with the number of
    components, for the other settings by turns, and stops where the criterion has clearly risen twice (by
    more than 6: strong evidence [2]_), or once from what was clearly above the lowest; where its last two
    falls, were they to go on, would not bring it near the lowest; or where one component alone is spurious.
    A fit with ``n_init="auto"`` takes no more starts where those before say that it will not be the best: the
    log-likelihood would have to rise by 20 over the number of batches of starts, and twice what their two
    highest maxima differ by. It takes two batches at first (three for sequences); when all have theirs, those
    that may be the best by this rule are fitted again to all rows at length, the best first.
    Where there are more than 40,000 rows, and these are independent, it begins with a sample of 20,000. Each
    fit is judged by the criterion of all rows with its parameters, and those that may yet be the best go on
    from there with five times as many rows, and so on to all rows. With p parameters from m of n rows,
    ``n / m - 1`` times a chi-squared variable of p degrees of freedom is still to come off that criterion:
    "may yet" allows for this, and for two standard deviations of
    the difference. The table says what was skipped and why, and what was fitted to a sample only.

    Topic models are compared by "perplexity", lower is better, or "coherence", higher is better. For the
    first, a fifth of the documents is held out of all fits, chosen by what they hold; the best settings are
    then fitted to all documents.

    Parameters
    ----------
    estimator : estimator
        What to fit; it is cloned, and stays as it is. If its `random_state` is an integer, the same search
        gives the same table again (but for the seconds). Its `checkpoint` is one of the whole search.
    X : array-like of shape (n_samples, n_features), or a list of such
        The rows, or the sequences; for topic models the documents, in any form that `fit` takes.
    grid : dict of str to iterable, or list of such dicts
        Values to try by the name of the setting, all combinations of them, the first name varying slowest;
        dicts of a list are tried one after the other. A setting that a dict does not name is the estimator's.
    criterion : {"bic", "aic", "icl", "sabic", "caic", "hq", "aic3", "perplexity", "coherence"} or callable
        What decides, "bic" by default; lower is better, but for "coherence". "sabic" is the sample-size
        adjusted BIC [3]_, "caic" the consistent AIC [4]_, "hq" Hannan and Quinn's [5]_, and "aic3" the AIC
        that charges three for each parameter [6]_. A callable is called as ``criterion(fitted, X)`` and
        returns a number.
    search : {"exhaustive", "sequential", "auto", "starts", "moves"}, default "exhaustive"
        Whether every combination is fitted to all rows, or only what may be the best. "sequential" is for
        criteria of likelihoods: all but "perplexity", "coherence" and callables. The others
        are the `search` of each fit, of every combination.
    to_beat : Selection, optional
        An earlier search by the same criterion, of another kind of model of the same data: a sequential
        search ends where it cannot come near the best of that.
    progress : callable, optional
        Called as ``progress(i, n, params)`` before each fit, `i` counting from 0 to ``n - 1``, anew on each
        sample and for those fitted again; a sequential search leaves out what it skips.
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
        If the grid or the criterion is unusable, `to_beat` has another one, or if every fit failed, with the
        reason of the first.

    Warns
    -----
    WeightWarning
        If weights sum to far less than there are rows, so that criteria would favour the largest model.
    ObjectiveFellWarning
        If a fit, or a run of one, ended for a bug in its model.

    References
    ----------
    .. [1] McLachlan, G. J. and Peel, D. (2000). Finite Mixture Models. Wiley, chapter 6.
    .. [2] Kass, R. E. and Raftery, A. E. (1995). Bayes factors. JASA 90, 773-795, section 3.2.
    .. [3] Sclove, S. L. (1987). Application of model-selection criteria to some problems in multivariate
       analysis. Psychometrika 52, 333-343.
    .. [4] Bozdogan, H. (1987). Model selection and Akaike's information criterion (AIC): the general theory
       and its analytical extensions. Psychometrika 52, 345-370.
    .. [5] Hannan, E. J. and Quinn, B. G. (1979). The determination of the order of an autoregression.
       Journal of the Royal Statistical Society B 41, 190-195.
    .. [6] Bozdogan, H. (1994). Mixture-model cluster analysis using model selection criteria and a new
       informational measure of complexity. In: Proceedings of the First US/Japan Conference on the Frontiers
       of Statistical Modeling, volume 2, 69-113.

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
    if search in OF_EACH_FIT:
        estimator, search = clone(estimator).set_params(search=search), "exhaustive"
    combinations = combinations_of(estimator, grid)
    measure = measure_of(estimator, criterion, combinations[0], fit_params)
    if search == "sequential" and criterion not in LIKELIHOOD:
        raise ValueError(
            f"search='sequential' cannot tell when criterion={measure.name!r} has clearly risen: choose "
            f"{', '.join(map(repr, LIKELIHOOD))}, or search='exhaustive'"
        )
    rivals: list[dict[str, Any]] = []
    if to_beat is not None:
        if to_beat.criterion != measure.name:
            raise ValueError(
                f"to_beat was chosen by {to_beat.criterion!r}, and this is a search by {measure.name!r}: "
                f"give criterion={to_beat.criterion!r}"
            )
        rivals = [row for row in to_beat.table_ if row["sample"] is None and row["skipped"] is None]
    asked = {"grid": combinations, "criterion": measure.name, "search": search}
    with recorded(estimator, lambda: hash_of([X, fit_params]), **asked) as (journal, seed):
        if journal is not None:
            estimator = clone(estimator).set_params(random_state=seed)
        trials = Trials(estimator, combinations, measure, progress, verbose > 0, journal, rivals)
        if search == "sequential":
            best, best_index = trials.best(_sequential(trials, growing(estimator, X, fit_params)))
        else:
            parts = divided(X, fit_params) if measure.held_out else Parts(X, fit_params, X)
            best, best_index = trials.best(trials.every(parts))
    for message, category in trials.loud.items():
        warnings.warn(message, category, stacklevel=2)
    if best is None:
        failures = [row["failure"] for row in trials.rows if row["failure"] is not None]
        which = f"all {len(failures)} fits failed; the first" if len(failures) > 1 else "the only fit failed,"
        raise ValueError(f"{which} because {failures[0]}") from trials.cause
    if measure.held_out:
        best = clone(estimator).set_params(**combinations[best_index])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            best.fit(X, **fit_params)
    elif isinstance(best, FittedModel):
        best._chosen(X, **{name: value for name, value in fit_params.items() if name != "y"})
    return Selection(trials.rows, best, best_index, measure.name, tuple(combinations[0]))


def _sequential(trials: Trials, rounds: Sequence[Parts]) -> Iterator[tuple[int, Any]]:
    """Fits to all rows, of combinations that do not fall behind on samples of them."""
    fits = trials.sequential(rounds[0])
    for before, parts in pairwise(rounds):
        fits = trials.go_on(trials.contenders(dict(fits), before.excess), parts)
    return fits
