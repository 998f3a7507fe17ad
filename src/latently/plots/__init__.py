"""Pictures of fitted models, on matplotlib's axes; matplotlib itself is imported when the first is drawn."""

from latently.plots.convergence import convergence
from latently.plots.criterion import criterion
from latently.plots.hmm import decoded, emissions, hmm_panels, pseudo_residuals, states, transitions
from latently.plots.imputation import densities, imputation_panels, overimputation, patterns
from latently.plots.intervals import intervals
from latently.plots.mixture import data, mixture_panels, uncertainty
from latently.plots.topics import document_topics, topic_map, topic_words, topics, topics_panels

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
