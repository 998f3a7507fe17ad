"""Pictures of topic models: the words of topics, the topics of documents, and how far topics are apart."""

from latently.plots.topic_models.bars import topics
from latently.plots.topic_models.maps import document_topics, topic_words
from latently.plots.topic_models.panels import topics_panels
from latently.plots.topic_models.topic_map_plot import topic_map

__all__ = ["document_topics", "topic_map", "topic_words", "topics", "topics_panels"]
