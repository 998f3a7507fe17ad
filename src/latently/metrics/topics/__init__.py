"""How good topics are: held-out perplexity, coherence, diversity, stability over runs."""

from latently.metrics.topics.perplexity import HeldOut, held_out_perplexity
from latently.metrics.topics.proportions import fold_in
from latently.metrics.topics.splitting import DocumentSplit, split_documents
from latently.metrics.topics.topic_matching import TopicMatch, match_topics, stability
from latently.metrics.topics.word_coherence import TopicScores, coherence
from latently.metrics.topics.word_lists import diversity

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
