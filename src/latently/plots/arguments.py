"""What the arguments of pictures may be."""

from __future__ import annotations

from numbers import Real
from typing import Any

from latently.checks.settings import COUNT, LIST, NAME, Fitted, Number, Such, one_of
from latently.estimators.gaussian_imputer import GaussianImputer
from latently.estimators.gaussian_mixture import GaussianMixture
from latently.estimators.hmm import BaseHMM
from latently.estimators.latent_dirichlet_allocation import LatentDirichletAllocation
from latently.estimators.mixture import BaseMixture
from latently.estimators.uncertainty import KINDS
from latently.plots import canvas

MIXTURE = (Fitted("a GaussianMixture of latently", GaussianMixture),)
LIKELY = (Fitted("a mixture of latently", BaseMixture),)
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
KIND = (one_of(*KINDS),)
AXES = (canvas.AXES, None)


def found_by(cls: type, maker: str) -> tuple[Any, ...]:
    """What a function of latently returned."""
    return (Such(lambda value: isinstance(value, cls), f"what latently.{maker} returned"),)
