"""Pictures of fitted models, on matplotlib's axes; matplotlib itself is imported when the first is drawn."""

from typing import TYPE_CHECKING

from latently.lazy import deferred

if TYPE_CHECKING:
    from latently.plots.convergence_plot import convergence
    from latently.plots.criterion_plot import criterion
    from latently.plots.hmm import decoded, emissions, hmm_panels, pseudo_residuals, states, transitions
    from latently.plots.imputation import densities, imputation_panels, overimputation, patterns
    from latently.plots.intervals_plot import intervals
    from latently.plots.mixture import data, mixture_panels, uncertainty
    from latently.plots.topic_models import document_topics, topic_map, topic_words, topics, topics_panels

__all__ = [
    "convergence",
    "criterion",
    "data",
    "decoded",
    "densities",
    "document_topics",
    "emissions",
    "hmm_panels",
    "imputation_panels",
    "intervals",
    "mixture_panels",
    "overimputation",
    "patterns",
    "pseudo_residuals",
    "states",
    "topic_map",
    "topic_words",
    "topics",
    "topics_panels",
    "transitions",
    "uncertainty",
]

__getattr__, __dir__ = deferred(
    __name__,
    {
        "convergence": "convergence_plot",
        "criterion": "criterion_plot",
        "data": "mixture",
        "decoded": "hmm",
        "densities": "imputation",
        "document_topics": "topic_models",
        "emissions": "hmm",
        "hmm_panels": "hmm",
        "imputation_panels": "imputation",
        "intervals": "intervals_plot",
        "mixture_panels": "mixture",
        "overimputation": "imputation",
        "patterns": "imputation",
        "pseudo_residuals": "hmm",
        "states": "hmm",
        "topic_map": "topic_models",
        "topic_words": "topic_models",
        "topics": "topic_models",
        "topics_panels": "topic_models",
        "transitions": "hmm",
        "uncertainty": "mixture",
    },
)
