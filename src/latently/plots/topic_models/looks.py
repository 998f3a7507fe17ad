"""What all pictures of topics ask of a model: the words, the shares, and what topics are called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from latently.checks.arrays import Array
from latently.checks.settings import Fitted, check_whole
from latently.estimators.documented import entries
from latently.estimators.latent_dirichlet_allocation import LatentDirichletAllocation
from latently.plots.arguments import Models
from latently.plots.canvas import literal

TOPICS = Models(
    (Fitted("a LatentDirichletAllocation of latently", LatentDirichletAllocation),),
    "LatentDirichletAllocation",
    entries(
        """
        X : table of counts of shape (n_documents, n_features), or sequence of documents, optional
            The documents. Default: those of the fit.
        n : int, default 20
            How many documents, from the first on.
        relevance : float, default 0.6
            See `topics`.
        """
    ),
)


def word_names(model: LatentDirichletAllocation) -> list[str]:
    """The words of the columns, or their numbers where no words are known."""
    n_words = model.topic_word_.shape[1]  # takes in topics that were set by hand: before, no word is known
    words = model.vocabulary_
    if words is None:
        return [f"word {column}" for column in range(n_words)]
    return [literal(str(word)) for word in words]


def shares(model: LatentDirichletAllocation) -> Array:
    """Share of all tokens that each topic accounts for."""
    return model._shares()


def overall(model: LatentDirichletAllocation) -> Array:
    """Probability of each word in all texts, as the model sees it."""
    return np.asarray(shares(model) @ model.topic_word_)


def chosen_topics(model: LatentDirichletAllocation, topics: Iterable[int] | None, most: int) -> list[int]:
    """Which topics to draw: those asked for, or the largest in the order of their numbers."""
    if topics is None:
        return sorted(np.argsort(-shares(model), kind="stable")[:most].tolist())
    return existing("topics", topics, len(model.components_), "numbers of topics")


def existing(argument: str, asked: Iterable[int], n: int, meant: str) -> list[int]:
    """Positions that an argument holds.

    Raises a ValueError if it holds none, or one that is not among `n`.
    """
    found = [check_whole(f"a {argument.removesuffix('s')}", one, 0) for one in asked]
    if not found:
        raise ValueError(f"{argument} is empty: give {meant}, or leave it out")
    for one in found:
        if one >= n:
            raise ValueError(f"{argument} holds {one}: should be from 0 to {n - 1}")
    return found


def shortened(names: Sequence[str], most: int = 24) -> list[str]:
    """Names that fit beside an axis."""
    return [name if len(name) <= most else f"{name[: most - 3].rstrip()}..." for name in names]
