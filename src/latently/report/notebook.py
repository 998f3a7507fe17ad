"""What a notebook shows of a fitted estimator, below scikit-learn's diagram: findings and a picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import singledispatch
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from latently import plots
from latently.checks.arrays import Array
from latently.estimators.gaussian_imputer import GaussianImputer
from latently.estimators.hmm import BaseHMM
from latently.estimators.latent_dirichlet_allocation import LatentDirichletAllocation
from latently.estimators.likelihood import LikelihoodEstimator
from latently.estimators.mixed_imputer import MixedImputer
from latently.estimators.mixture import BaseMixture
from latently.plots.features import feature_names
from latently.plots.topic_models.looks import shares
from latently.report import fits
from latently.report.figure import Figure
from latently.report.html import Markup, bullets, element, image
from latently.wording import listed, number, sentence, share

BESIDE_A_DIAGRAM = "max-width:56em;color-scheme:light"  # which is light, whatever the screen
MOST_SHOWN = 3
MOST_TOPICS = 8
N_WORDS = 8


def found(model: object) -> str:
    """What a fit found, as HTML; nothing of an estimator that is not fitted.

    Examples
    --------
    >>> from latently import GaussianMixture
    >>> found(GaussianMixture(2))
    ''
    """
    try:
        check_is_fitted(model)
    except NotFittedError:
        return ""
    drawn: list[Markup] = []
    with suppress(ImportError):  # without matplotlib there are no pictures
        drawn = [element("div", image(picture), style=BESIDE_A_DIAGRAM) for picture in _pictures(model)]
    return element("div", bullets(map(sentence, _said(model))), *drawn)


@singledispatch
def _said(model: object) -> Iterator[str]:
    yield from ()


@singledispatch
def _pictures(model: object) -> Iterator[Figure]:
    yield from ()


def _of_the_fit(model: object) -> Iterator[str]:
    """How it ended, and what is to be said of it."""
    if getattr(model, "_outcome", True) is None:
        return
    yield fits.stopped(model)
    yield from (str(one) for one in getattr(model, "diagnostics_", ()))


@_said.register
def _of_mixture(model: BaseMixture) -> Iterator[str]:
    sizes = [f", {share(weight)}" for weight in model.weights_]
    yield from _of_components(model, model.weights_, sizes)


@_said.register
def _of_chain(model: BaseHMM) -> Iterator[str]:
    leaves = 1.0 - np.diag(model.transmat_)
    lasts = [
        f", which lasts {number(1 / one, 1)} steps on average" if one > 0 else ", never left"
        for one in leaves
    ]
    yield from _of_components(model, np.full(len(leaves), 1.0 / len(leaves)), lasts)


def _of_components(model: LikelihoodEstimator, weights: Array, more: list[str]) -> Iterator[str]:
    """What the components are like: each by itself, or by the columns in which it stands out."""
    label, family = model._model.latent.label, model._model.emission
    names, params = feature_names(model), model.params_.emission
    n_rows = 100.0 if model._outcome is None else model.n_observed_
    words = family.describe_components(params, names, weights * n_rows, label).words
    far = family.standing_out(params, names, weights)
    for k in range(len(weights)):
        several = len(names) > 1 and len(weights) > 1 and far[k]
        yield f"{label} {k}{more[k]}: {fits.outstanding(far[k]) if several else words[k]}"
    yield from _of_the_fit(model)
    if model._outcome is not None and len(weights) > 1:
        yield fits.agreement(model)


@_said.register
def _of_topics(model: LatentDirichletAllocation) -> Iterator[str]:
    part = shares(model)
    words = model.top_words(N_WORDS, relevance=0.6)
    for k in np.argsort(-part, kind="stable")[:MOST_TOPICS]:
        yield f"topic {k}, {share(part[k])} of all words: {', '.join(map(str, words[k]))}"
    yield from _of_the_fit(model)


@_said.register(GaussianImputer)
@_said.register(MixedImputer)
def _of_imputer(model: Any) -> Iterator[str]:
    counts = dict(zip(feature_names(model), model.missing_counts_, strict=True))
    lacking = [f"{name} {n:,}" for name, n in counts.items() if n]
    yield f"missing cells at the fit: {listed(lacking) if lacking else 'none'}"
    yield from _of_the_fit(model)


@_pictures.register
def _what_is_emitted(model: LikelihoodEstimator) -> Iterator[Figure]:
    n = min(MOST_SHOWN, len(feature_names(model)))
    features = list(range(n))
    yield Figure(
        "emissions", lambda ax: plots.emissions(model, features=features, ax=np.atleast_1d(ax)), "", n_axes=n
    )


@_pictures.register
def _topics(model: LatentDirichletAllocation) -> Iterator[Figure]:
    n = min(MOST_TOPICS, len(model.components_))
    largest = np.sort(np.argsort(-shares(model), kind="stable")[:n]).tolist()
    yield Figure(
        "topics",
        lambda axes: plots.topics(model, N_WORDS, topics=largest, ax=np.atleast_1d(axes)),
        "",
        n_axes=n,
        across=4,
        line=2.9,
    )


@_pictures.register(GaussianImputer)
@_pictures.register(MixedImputer)
def _climb(model: object) -> Iterator[Figure]:
    yield from fits.climb(model)
