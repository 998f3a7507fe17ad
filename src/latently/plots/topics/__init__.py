"""Pictures of topic models: the words of topics, the topics of documents, and how far topics are apart."""

from latently.plots.topics.bars import topics
from latently.plots.topics.maps import document_topics, topic_words
from latently.plots.topics.panels import topics_panels
from latently.plots.topics.topic_map import topic_map

__all__ = ["document_topics", "topic_map", "topic_words", "topics", "topics_panels"]
