"""A topic model with parameters: what all that is said of one needs."""

from __future__ import annotations

import os
from abc import ABCMeta, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma
from sklearn.utils.validation import check_is_fitted, validate_data

from latently import archive
from latently.core.blocks import Block
from latently.core.executors import Executor, executor
from latently.estimators.topics.corpus import Corpus, Words, read_documents
from latently.models.admixture import (
    AdmixtureParams,
    CollapsedFolding,
    VariationalAdmixture,
    document_source,
    even,
)

Array = NDArray[Any]


class FittedTopics(metaclass=ABCMeta):
    """A topic model that has its parameters, from a fit or a file."""

    n_components: int
    inference: str
    dtype: Any
    doc_tol: float
    max_sweeps: int
    params_: AdmixtureParams
    _words: Words
    _dtype: np.dtype[Any]

    @abstractmethod
    def _n_threads(self) -> int:
        """Threads that `n_jobs` asks for."""

    def _has_logs(self) -> bool:
        """Whether documents are inferred with expected logs, or with means."""
        return self.inference.endswith("vb")

    def _set_params(self, params: AdmixtureParams) -> None:
        self.params_ = params
        self.components_ = np.ascontiguousarray(params.topic_word.T, dtype=np.float64)
        self.topic_word_ = self.components_ / self.components_.sum(axis=1, keepdims=True)
        self.doc_topic_prior_ = params.doc_prior
        even_prior = params.word_prior.shape[1] == 1 and np.ptp(params.word_prior) == 0
        self.topic_word_prior_ = float(params.word_prior[0, 0]) if even_prior else params.word_prior.T
        self.vocabulary_ = self._words.vocabulary

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to a file, from which `latently.load` makes one that gives the same bits.

        The file is a zip archive of JSON and arrays, never a pickle. It holds the words, how texts are split
        into them, and the topics of the documents of the fit; after `partial_fit`, what the next step needs.
        Callbacks are not stored, nor is a generator of random numbers in `random_state`: both are None after
        loading.

        Parameters
        ----------
        path : str or path
            Where to. A file of this name is replaced once the new one is safely on the disk; if saving fails,
            it stays as it was.

        Raises
        ------
        ValueError
            If a setting cannot be stored: a vectorizer with a function of one's own.
        OSError
            If the path cannot be written.

        Examples
        --------
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from latently import LatentDirichletAllocation, load
        >>> texts = [["apple", "pear"], ["pear", "apple"], ["bolt", "nut"], ["nut", "bolt", "bolt"]]
        >>> lda = LatentDirichletAllocation(2, random_state=0).fit(texts)
        >>> with TemporaryDirectory() as folder:
        ...     lda.save(Path(folder) / "topics.latently")
        ...     again = load(Path(folder) / "topics.latently")
        >>> again.top_words(2) == lda.top_words(2)
        True
        """
        from latently.estimators.topics.state import pack_topics

        check_is_fitted(self)
        archive.write(path, pack_topics(self))

    @property
    def exp_dirichlet_component_(self) -> Array:
        """exp(E log topic_word), shape (n_components, n_features): for "vb" and "online_vb" only."""
        if not self._has_logs():
            raise AttributeError(
                f"inference={self.inference!r} does not use expected logs of the topics: see topic_word_"
            )
        return np.asarray(np.exp(digamma(self.components_) - digamma(self.params_.totals)[:, None]))

    @property
    def _n_features_out(self) -> int:
        return int(self.n_components)

    def _note_names(self, X: Any, reset: bool = True) -> None:
        """Note or compare the names of columns, which only frames have."""
        validate_data(self, X, reset=reset, skip_check_array=True, ensure_2d=False)

    def _read(self, X: Any, grow: bool = False) -> Corpus:
        check_is_fitted(self)
        if hasattr(X, "columns"):
            self._note_names(X, reset=False)
        return read_documents(X, self._words, grow=grow, owner=type(self).__name__)

    def _folding(self, n_words: int) -> CollapsedFolding:
        return CollapsedFolding(
            int(self.n_components),
            n_words,
            doc_tol=float(self.doc_tol),
            max_sweeps=int(self.max_sweeps),
            dtype=self._dtype,
        )

    @abstractmethod
    def _variational(self, n_words: int) -> VariationalAdmixture:
        """Inference with expected logs."""

    def _dirichlet_of(self, counts: Any) -> Array:
        """Dirichlet parameters of the topics of documents, shape (n_documents, K)."""
        params = self.params_
        model = (self._variational if self._has_logs() else self._folding)(params.n_words)
        source = document_source(counts, np.ones(counts.shape[0]), self._dtype)
        with executor(self._n_threads()) as workers:
            return self._documents_of(
                model, model.prepare(params, workers), params.doc_prior, source, workers
            )

    def _documents_of(
        self, model: Any, prepared: Any, doc_prior: Array, source: Any, workers: Executor
    ) -> Array:
        nothing = np.empty((0, self.n_components), self._dtype)

        def one(block: Block) -> Array:
            gamma = even(block, doc_prior)
            model.infer(prepared, block, gamma, nothing)
            return gamma

        return np.concatenate(list(workers.map(one, source.blocks())))
