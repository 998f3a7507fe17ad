"""How good topics are: held-out perplexity, coherence, diversity, stability over runs."""

from latently.metrics.topics.coherence import TopicScores, coherence
from latently.metrics.topics.diversity import diversity
from latently.metrics.topics.perplexity import HeldOut, held_out_perplexity
from latently.metrics.topics.proportions import fold_in
from latently.metrics.topics.splitting import DocumentSplit, split_documents
from latently.metrics.topics.stability import TopicMatch, match_topics, stability

__all__ = [
    "DocumentSplit",
    "HeldOut",
    "TopicMatch",
    "TopicScores",
    "coherence",
    "diversity",
    "fold_in",
    "held_out_perplexity",
    "match_topics",
    "split_documents",
    "stability",
]
