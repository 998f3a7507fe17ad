"""Topics of documents under topics of words, found document by document, by sweeps of one kind or another."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from latently.checks.arrays import Array, Floats
from latently.core.backends import Backend
from latently.core.blocks import Block
from latently.models.admixture.params import AdmixtureParams


@dataclass(frozen=True)
class Expectations:
    """What an E-step needs of the params."""

    table: Floats
    log_maxima: Array
    doc_prior: Array
    share: float = 0.0
    rounding_scale: float = 0.0


@dataclass(frozen=True)
class Inference(ABC):
    """How topics of documents are found."""

    n_components: int  # number of topics
    n_words: int  # size of the vocabulary
    doc_tol: float = 1e-3  # change of a document's topics, in relation to its length, at which its sweeps end
    max_sweeps: int = 100  # most sweeps over a document
    dtype: str = "float32"  # of the tables: float32 or float64
    compiled: bool = True  # whether kernels may take the place of plain NumPy

    @abstractmethod
    def prepare(self, params: AdmixtureParams, backend: Backend) -> Expectations:
        """What all documents need of the params."""

    @abstractmethod
    def of_topics(self, topic_word: Floats, totals: Array, doc_prior: Array) -> Expectations:
        """The same of some words, of topics with these sums."""

    @property
    @abstractmethod
    def loop(self) -> Callable[..., tuple[float, ...]]:
        """The sweeps over documents, compiled or plain."""

    def infer(self, prepared: Expectations, block: Block, gamma: Array, words: Floats) -> tuple[float, ...]:
        """Bring `gamma` to its fixed point and add expected counts to `words`, if they are wanted.

        Returns the bound or the log-likelihood of the words, the bound's size, and the number of sweeps.
        """
        documents = block.x.words, block.x.counts, block.offsets, block.weights
        topics = prepared.table, prepared.log_maxima, prepared.doc_prior
        return self.loop(*documents, *topics, self.doc_tol, self.max_sweeps, gamma, words)
