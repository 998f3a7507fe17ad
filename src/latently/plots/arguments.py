"""What the arguments of pictures may be, and what is said of them in docstrings."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from numbers import Real
from typing import Any, ParamSpec, TypeVar

import numpy as np

from latently.checks.settings import COUNT, LIST, NAME, Fitted, Number, Such, checked, one_of
from latently.estimators.documented import described, entries
from latently.estimators.gaussian_imputer import GaussianImputer
from latently.estimators.gaussian_mixture import GaussianMixture
from latently.estimators.hmm import BaseHMM
from latently.estimators.latent_dirichlet_allocation import LatentDirichletAllocation
from latently.estimators.likelihood import LikelihoodEstimator
from latently.estimators.likelihood.errors import ERROR_KINDS
from latently.estimators.mixture import BaseMixture
from latently.plots import canvas
from latently.plots.fonts import fit_fonts

P = ParamSpec("P")
R = TypeVar("R")

MIXTURE = (Fitted("a GaussianMixture of latently", GaussianMixture),)
LIKELY = (Fitted("a mixture of latently", BaseMixture),)
EMITTING = (Fitted("a mixture or a hidden Markov model of latently", LikelihoodEstimator),)
CHAIN = (Fitted("a hidden Markov model of latently", BaseHMM),)
IMPUTER = (Fitted("a GaussianImputer", GaussianImputer),)
TOPICS = (Fitted("a LatentDirichletAllocation of latently", LatentDirichletAllocation),)
HISTORY = (
    Such(
        lambda value: (
            not isinstance(value, type)
            and (hasattr(value, "log_likelihood_history_") or hasattr(value, "history_"))
        ),
        "an estimator that was fitted by EM",
    ),
)
FEATURE = (COUNT, NAME)
FEATURES = (LIST, None)
RELEVANCE = (Number(Real, 0, 1, closed="both"),)
KIND = (one_of(*ERROR_KINDS),)
AXES = (canvas.AXES, None)


def found_by(cls: type, maker: str) -> tuple[Any, ...]:
    """What a function of latently returned."""
    return (Such(lambda value: isinstance(value, cls), f"what latently.{maker} returned"),)


FITTED = {
    CHAIN: "CategoricalHMM, GaussianHMM, PoissonHMM or HiddenMarkovModel",
    TOPICS: "LatentDirichletAllocation",
    MIXTURE: "GaussianMixture",
    IMPUTER: "GaussianImputer",
}
SEQUENCES = entries(
    """
    X : array-like of shape (n_steps, n_features), or a list of such
        The sequences.
    lengths : array-like of int, optional
        Lengths of the sequences in one table.
    true_states : array-like of shape (n_steps,)
        The true states: numbers or names.
    n : int, default 100
        How many time steps to draw.
    """
)
OF_MODEL = {
    CHAIN: SEQUENCES,
    EMITTING: SEQUENCES,
    TOPICS: entries(
        """
        X : table of counts of shape (n_documents, n_features), or sequence of documents, optional
            The documents. Default: those of the fit.
        n : int, default 20
            How many documents, from the first on.
        relevance : float, default 0.6
            See `topics`.
        """
    ),
    MIXTURE: entries(
        """
        X : array-like of shape (n_samples, n_features)
            The rows, with all the features of the mixture. Of more than 10,000 a random 10,000 are drawn.
        """
    ),
}
RAISES = "Raises\n------\n"
DRAWN_ON = "Returns\n-------\n{}\n    The axes drawn on.\n\n"
NEEDS = f"{RAISES}ImportError\n    If matplotlib is not installed.\n"


def picture(**constraints: tuple[Any, ...]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function that draws: its arguments are checked, and its docstring is completed."""
    known: dict[str, str] = {}
    for name, allowed in constraints.items():
        known |= OF_MODEL.get(allowed, {})
        if allowed in FITTED:
            known[name] = f"{name} : {FITTED[allowed]}\n    Fitted."

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        draw = checked(**constraints)(function)

        @wraps(draw)
        def drawing(*args: P.args, **kwargs: P.kwargs) -> R:
            axes = draw(*args, **kwargs)
            fit_fonts(np.ravel(np.asarray(axes, dtype=object))[0].figure)
            return axes

        own = inspect.cleandoc(function.__doc__ or "").replace(RAISES, NEEDS)
        signature = inspect.signature(function)
        drawn = "Axes" if signature.return_annotation == "Axes" else "array of Axes"
        axes = {"ax": f"ax : {drawn}, optional\n    Where to draw. Default: a new figure."}
        drawing.__doc__ = described(own, signature.parameters, axes | known, DRAWN_ON.format(drawn) + NEEDS)
        return drawing

    return decorate
