"""A page about any fitted model, from Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import singledispatch
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from latently.checks.arrays import brief_times
from latently.checks.columns import as_table
from latently.estimators.gaussian_imputer import GaussianImputer
from latently.estimators.hmm import BaseHMM
from latently.estimators.hmm.sequences import joined
from latently.estimators.imputation.base import BaseImputer
from latently.estimators.latent_dirichlet_allocation import LatentDirichletAllocation
from latently.estimators.likelihood import LikelihoodEstimator
from latently.estimators.mixed_imputer import MixedImputer
from latently.estimators.mixture import BaseMixture
from latently.plots.features import feature_names
from latently.report.html import write_text
from latently.report.imputation import ImputationAnalysis, MixedAnalysis
from latently.report.mixture import MixtureAnalysis, mixture_report
from latently.report.report import Report
from latently.report.segmentation import SegmentationAnalysis, segmentation_report
from latently.report.topics import TopicsAnalysis, topics_report
from latently.report.topics.collection import Collection
from latently.selection.table import Selection

PARAMETER_DRAWS = 20


def report(
    model: LikelihoodEstimator,
    X: object,
    path: str | Path | None = None,
    *,
    source: str = "the table",
    selection: Selection | None = None,
    **how: Any,
) -> Report:
    """Say what a fit found, how sure that is and how it was found, on one page that needs nothing else.

    The page shows EM at work, step by step: the run of the fit if it was recorded
    (``callbacks=[Recorder()]``), or else one that is made for the page, which it says.

    Parameters
    ----------
    model : estimator
        A fitted mixture, hidden Markov model, imputer, topic model or latent class analysis. An imputer
        without parameter draws is fitted again with 20 of them, for its intervals.
    X : array-like, frame or sequence of documents
        What it was fitted to.
    path : str or Path, optional
        Where to write the page, as HTML. Nothing is written by default.
    source : str, default "the table"
        What the data are called on the page.
    selection : Selection, optional
        The search that chose the model, as `latently.select` returns it.
    **how
        Of hidden Markov models: ``lengths``, as for `fit`, and ``time``, the time of each row, which a frame
        with an index of dates has by itself.

    Returns
    -------
    Report
        All that is said: ``.said``, ``.careful``, ``.tables``, ``.figures``, ``.page()``; a notebook shows
        the page.

    Raises
    ------
    TypeError
        If there is no page about such a model.
    NotFittedError
        If it is not fitted.
    ValueError
        If its parameters were set by hand, or an imputer has nothing to fill in.

    Examples
    --------
    >>> import latently
    >>> from latently import GaussianMixture, datasets
    >>> X = datasets.load_faithful().data
    >>> mixture = GaussianMixture(2, random_state=0).fit(X)
    >>> latently.report(mixture, X, source="Old Faithful").headline
    '2 clusters in the 272 rows of Old Faithful'
    """
    if _report.dispatch(type(model)) is not _report.dispatch(object):
        check_is_fitted(model)
        if not hasattr(X, "__len__"):
            raise TypeError(
                f"X is a {type(X).__name__}, which is read piece by piece, and a page needs rows in memory: "
                "give a sample of them"
            )
    rows = as_table(X) if isinstance(X, Mapping) else X
    found = _report(model, rows, source, selection=selection, **how)
    if path is not None:
        write_text(path, found.page())
    return found


@singledispatch
def _report(model: object, X: object, source: str, selection: Selection | None) -> Report:
    raise TypeError(
        f"there is no page about a {type(model).__name__}: there are for mixtures, hidden Markov models, "
        "imputers, topic models and latent class analysis"
    )


def _must_be_of_a_fit(model: LikelihoodEstimator) -> None:
    """Refuse parameters that were set by hand."""
    if model._outcome is None:
        raise ValueError(
            "no fit has found these parameters, and a page tells of a fit: fit the model to X first"
        )


@_report.register
def _of_mixture(model: BaseMixture, X: object, source: str, selection: Selection | None) -> Report:
    _must_be_of_a_fit(model)
    return mixture_report(MixtureAnalysis(model, X, source, selection=selection))


@_report.register
def _of_chain(
    model: BaseHMM,
    X: object,
    source: str,
    selection: Selection | None,
    lengths: Sequence[int] | None = None,
    time: object = None,
) -> Report:
    _must_be_of_a_fit(model)
    given = X
    X, offsets = joined(X, lengths, symbols=model._model.emission.symbolic)
    lengths = np.diff(offsets).tolist() if len(offsets) > 2 else None
    index: Any = getattr(given if hasattr(given, "dtype") else X, "index", None)  # an array has no index left
    if time is None and getattr(getattr(index, "dtype", None), "kind", "") == "M":
        time = index
    called = "row" if time is None else str(getattr(time, "name", None) or "time")
    time = None if time is None else brief_times(np.asarray(time))
    names = feature_names(model)
    a = SegmentationAnalysis(model, X, source, names, lengths, time, called, selection=selection)
    return segmentation_report(a)


@_report.register
def _of_imputer(model: GaussianImputer, X: object, source: str, selection: Selection | None) -> Report:
    return _filled(ImputationAnalysis(model, X, source, selection=selection))


@_report.register
def _of_mixed_imputer(model: MixedImputer, X: object, source: str, selection: Selection | None) -> Report:
    return _filled(MixedAnalysis(model, X, source, selection=selection))


def _drawn(model: BaseImputer, X: Any) -> Any:
    """The imputer with parameter draws."""
    if len(model.parameter_draws_) > 1:
        return model
    return clone(model).set_params(n_parameter_draws=PARAMETER_DRAWS, checkpoint=None).fit(X)


def _filled(a: ImputationAnalysis | MixedAnalysis) -> Report:
    """The report; refused where there is nothing to tell of."""
    empty = [name for name, missing in zip(a.names, a.missing.T, strict=True) if missing.all()]
    if empty:
        raise ValueError(f"column '{empty[0]}' has no observed cell: leave it out of X, and fit again")
    if not a.missing.any():
        raise ValueError("X has no missing cell: there is nothing that was filled in")
    return replace(a, model=_drawn(a.model, a.X)).report()


@_report.register
def _of_topics(model: LatentDirichletAllocation, X: Any, source: str, selection: Selection | None) -> Report:
    corpus = model._read(X)
    words = corpus.words.vocabulary
    named = (
        [f"word {j}" for j in range(corpus.counts.shape[1])]
        if words is None
        else [str(word) for word in words]
    )
    texts = list(X) if not hasattr(X, "shape") and all(isinstance(text, str) for text in X) else None
    collection = Collection(corpus.counts, named, int(corpus.counts.sum()), texts=texts)
    labels = [f"document {d}" for d in range(1, collection.n_documents + 1)]
    return topics_report(TopicsAnalysis(model, collection, source, labels))
