"""Priors of topic models: from what a user says of them to arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from latently.checks.arrays import Array, as_floats, shown

# Tuned on a split of the Associated Press corpus other than the one that is scored; see docs/topics.md.
TUNED = {"cvb0": (0.1, 0.05), "online": (0.1, 0.05), "vb": (0.05, 0.05), "online_vb": (0.05, 0.05)}

LEAST, MOST = 1e-10, 1e10  # what products of priors can be held in single precision


@dataclass(frozen=True)
class Priors:
    """Where the priors start from, and whether they are learned."""

    documents: Array  # (n_components,): prior of the topics of a document
    words: Array  # (n_features,): prior of the words of a topic
    # whether they are learned
    learn_documents: bool
    learn_words: bool

    @classmethod
    def of(
        cls, inference: str, documents: object, words: object, n_components: int, n_features: int
    ) -> Priors:
        """Check them and fill in what is tuned.

        Raises a ValueError if one is neither None, "auto", a positive number nor a vector of the right length
        of such.
        """
        doc_tuned, word_tuned = TUNED[inference]
        learned = inference in ("cvb0", "vb")
        return cls(
            _vector(documents, doc_tuned, n_components, "doc_topic_prior", "n_components"),
            _vector(words, word_tuned, n_features, "topic_word_prior", "the number of words"),
            learned and _is_auto(documents),
            learned and _is_auto(words),
        )

    def fixed(self) -> Priors:
        """The same, not learned."""
        return replace(self, learn_documents=False, learn_words=False)


def _is_auto(value: object) -> bool:
    return isinstance(value, str) and value == "auto"


def _vector(value: object, tuned: float, size: int, name: str, of: str) -> Array:
    if value is None or _is_auto(value):
        return np.full(size, tuned)
    array = as_floats(value, name)
    if not ((array >= LEAST) & (array <= MOST)).all():
        raise ValueError(f"{name}={shown(value)}: should be above zero, from {LEAST:g} to {MOST:g}")
    if array.ndim == 0:
        return np.full(size, float(array))
    if array.shape != (size,):
        raise ValueError(f"{name} has shape {array.shape}: should be a number or {size} of them, as {of} is")
    return array
