"""Pictures of fitted models, on matplotlib's axes; matplotlib itself is imported when the first is drawn."""

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
