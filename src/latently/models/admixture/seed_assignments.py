"""Where documents start from that have words given to topics beforehand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latently.core.blocks import Block
from latently.models.admixture.documents import limits
from latently.models.admixture.params import Array


@dataclass(frozen=True)
class SeedAssignments:
    """The topics of words whose prior differs between topics."""

    place: NDArray[np.intp]  # (n_words,): which row of the shares a word has; -1 for words that lead nowhere
    shares: Array  # (n_leading, K): how much each draws to each topic; rows sum to one

    @classmethod
    def of(cls, word_prior: Array) -> SeedAssignments:
        """Of a prior of shape (n_words, 1) or (n_words, K)."""
        above = np.ptp(word_prior, axis=1) > 0
        excess = word_prior[above] - word_prior[above].min(axis=1, keepdims=True)
        place = np.full(len(word_prior), -1)
        place[above] = np.arange(len(excess))
        return cls(place, excess / excess.sum(axis=1, keepdims=True))

    def topics(self, block: Block) -> NDArray[np.intp]:
        """The topic to which the document of each entry is led by most of its tokens; -1 if by none.

        A random start may give the document of a seed to any topic. Its other words would hold it there, and
        the seed would stand alone in its topic.
        """
        found = self.place[block.x.words]
        leading = found >= 0
        documents = np.repeat(np.arange(block.n_units), np.diff(limits(block)))
        pulls = np.zeros((block.n_units, self.shares.shape[1]))
        np.add.at(
            pulls,
            documents[leading],
            self.shares[found[leading]] * block.x.counts[leading, None],
        )
        led = np.where(pulls.any(axis=1), pulls.argmax(axis=1), -1)[documents]
        led[leading] = self.shares.argmax(axis=1)[found[leading]]
        return led
