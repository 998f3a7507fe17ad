"""A topic model with parameters: its topics and their words, and what all that is said of it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

import numpy as np
from scipy import sparse
from scipy.special import digamma
from sklearn.utils.validation import validate_data

from latently.checks.arrays import Floats, labels_of
from latently.checks.settings import Number, check_setting, check_whole
from latently.core.backends import R, backend, count_threads
from latently.core.blocks import Block
from latently.core.choices import DERIVED_TIE, falling
from latently.core.declared import numbers, refuse_entries
from latently.core.findings import GRAVE, Finding
from latently.core.parameters import named
from latently.estimators.documented import Described, entries
from latently.estimators.records import Records
from latently.estimators.settable import Parameter, Recorded, read_only
from latently.estimators.settings import WorkSettings
from latently.estimators.topics.corpus import Corpus, Words, read_documents
from latently.estimators.topics.forms import documents_of
from latently.estimators.topics.priors import Priors
from latently.estimators.topics.saving import SavedTopics
from latently.estimators.topics.settings import StreamSettings, TopicSettings, chosen_dtype
from latently.estimators.topics.words import as_vocabulary
from latently.models.admixture import (
    AdmixtureParams,
    CollapsedFolding,
    Expectations,
    Inference,
    Stream,
    VariationalAdmixture,
    document_source,
    even,
)
from latently.models.latent_emission import NO_DATA
from latently.wording import count


class FittedTopics(Described, SavedTopics, WorkSettings, StreamSettings, TopicSettings):
    """A topic model that has its parameters, from a fit, a file, or by hand."""

    described = entries(
        """
        X : table of counts of shape (n_documents, n_features), or sequence of documents
            Counts: a scipy sparse matrix, an array or a frame. Documents: raw texts, lists of words, lists of
            word ids where `vocabulary` or `n_features` is given, or a frame of one column of texts or of
            three, each row a document, a word and a count. Such frames may be in files; all may be Dask's.
        sample_weight : array-like of shape (n_documents,), or float, optional
            How often each document counts.
        n : int, default 10
            How many words of each topic.
        """
    )

    _stream: Stream

    components_ = Parameter(
        "topic_word", lambda model: model.params_.components, lambda model, value, attribute: value.T
    )
    doc_topic_prior_ = Parameter("doc_prior")
    bound_ = Recorded()
    bound_parts_ = Recorded()
    history_ = Recorded()
    n_iter_ = Recorded()
    converged_ = Recorded()
    stop_reason_ = Recorded()
    remarks_ = Recorded()
    empty_documents_ = Recorded()

    @property
    def topic_word_(self) -> Floats:
        """Probabilities of the words of each topic, shape (n_components, n_features)."""
        return read_only(self.params_.probabilities)

    @property
    def topic_word_prior_(self) -> Any:
        """The prior of words: one number for all, or an array."""
        prior = self.params_.word_prior
        return float(prior[0, 0]) if prior.shape[1] == 1 and np.ptp(prior) == 0 else read_only(prior.T)

    @property
    def diagnostics_(self) -> tuple[Finding, ...]:
        """Topics that kept less than one word of the documents, as findings; empty if there is none."""
        params = self.params_
        words = params.totals - params.word_prior.sum(axis=0)
        return tuple(
            Finding(NO_DATA, f"topic {k} kept no word: lower n_components", "topic", (k,), severity=GRAVE)
            for k in np.flatnonzero(words < 1.0).tolist()
        )

    def top_words(self, n: int = 10, relevance: float = 1.0) -> list[list[Any]]:
        """The words that say most about each topic.

        Parameters
        ----------
        relevance : float
            1 ranks by the probability of the word in the topic, 0 by how much likelier it is there than
            elsewhere; between them by the weighted mean of both logarithms [1]_. 0.6 reads well.

        Returns
        -------
        list of lists
            For each topic its words, or their ids where no vocabulary is known.

        References
        ----------
        .. [1] Sievert, C. and Shirley, K. (2014). LDAvis: a method for visualizing and interpreting topics.
           Section 3.1.
        """
        order = falling(self.relevance(relevance), DERIVED_TIE)[:, : check_whole("n", n)]
        if self.vocabulary_ is None:
            return [[int(w) for w in row] for row in order]
        return [self.vocabulary_[row].tolist() for row in order]

    def summary(self, n: int = 10, relevance: float = 1.0) -> Records:
        """The topics as a tidy table: a row for each topic and each of its first words.

        Parameters
        ----------
        relevance : float, default 1.0
            How words are ranked: see `top_words`.

        Returns
        -------
        Records
            With the topic, its share of all words, the word and its probability in the topic. ``frame()`` is
            a DataFrame.

        Examples
        --------
        >>> from latently import LatentDirichletAllocation
        >>> X = [["sea", "ship", "sea"], ["oven", "bread"], ["ship", "sea"], ["bread", "oven", "oven"]]
        >>> model = LatentDirichletAllocation(2, random_state=0).fit(X)
        >>> sorted(row["word"] for row in model.summary(1))
        ['oven', 'sea']
        """
        order = falling(self.relevance(relevance), DERIVED_TIE)[:, : check_whole("n", n)]
        names = range(self.params_.n_words) if self.vocabulary_ is None else self.vocabulary_.tolist()
        shares, probabilities = self._shares(), self.topic_word_
        rows = (
            {
                "topic": k,
                "share": float(shares[k]),
                "word": names[w],
                "probability": float(probabilities[k, w]),
            }
            for k, words in enumerate(order.tolist())
            for w in words
        )
        return Records(tuple(rows), tuple(map(str, self.diagnostics_)))

    def _shares(self) -> Floats:
        """Share of all tokens that each topic accounts for: its expected counts, the prior taken off."""
        counts = np.maximum(self.components_ - self.topic_word_prior_, 0.0).sum(axis=1)
        total = counts.sum()
        return np.asarray(counts / total if total > 0 else np.full(len(counts), 1.0 / len(counts)))

    def get_topics(self, vocabulary: object = None, n: int = 10) -> list[list[Any]]:
        """The likeliest words of each topic.

        Parameters
        ----------
        vocabulary : sequence of str, optional
            The words of the columns; the model's own by default.
        """
        if vocabulary is None:
            return self.top_words(n)
        names = np.asarray(vocabulary, dtype=object)
        if names.shape != (self.params_.n_words,):
            raise ValueError(
                f"vocabulary has {count(names.shape[0] if names.ndim else 0, 'word')}, and the model "
                f"{self.params_.n_words}: give one for each column"
            )
        order = falling(self.relevance(), DERIVED_TIE)[:, : check_whole("n", n)]
        return [names[row].tolist() for row in order]

    def relevance(self, weight: float = 1.0) -> Floats:
        """Relevance of each word to each topic.

        Parameters
        ----------
        weight : float, default 1.0
            The `relevance` of `top_words`.

        Returns
        -------
        array of shape (n_components, n_features)
            In nats.
        """
        check_setting("relevance", weight, Number(Real, 0, 1, closed="both"))
        logs = np.log(self.topic_word_)
        if weight == 1.0:
            return np.asarray(logs)
        sizes = self.components_.sum(axis=1)
        overall = sizes @ self.topic_word_ / sizes.sum()
        return np.asarray(weight * logs + (1.0 - weight) * (logs - np.log(overall)))

    def _has_logs(self) -> bool:
        """Whether documents are inferred with expected logs, or with means."""
        return self.inference.endswith("vb")

    def _needed(self) -> list[str]:
        return ["topic_word"]

    def _values(self) -> dict[str, Floats]:
        return named(self._fitted[1]) if "_in_force" in vars(self) else {}

    def _set_one(self, parameter: Parameter, value: Floats, *, single: bool) -> None:
        super()._set_one(parameter, value, single=single)
        for left in ("doc_topic_", "_stream"):  # what the topics of the fit made of documents
            vars(self).pop(left, None)

    def _assembled(self, values: Mapping[str, Any], suffix: str = "_") -> tuple[None, AdmixtureParams]:
        """Dirichlet parameters are positive; a new model has the words and the priors of its settings."""
        new, K = "_in_force" not in vars(self), int(self.n_components)
        V = "n_features" if new else self._words.n_features
        components = numbers(values["topic_word"].T, f"components{suffix}", K, V)
        wrong = ~(np.isfinite(components) & (components > 0))
        refuse_entries(wrong, components, f"components{suffix}", "positive and finite")
        if new:
            self._begin(components.shape[1])
        priors = Priors.of(self.inference, self.doc_topic_prior, self.topic_word_prior, *components.shape)
        prior = numbers(values.get("doc_prior", priors.documents), f"doc_topic_prior{suffix}", K)
        refuse_entries(~(np.isfinite(prior) & (prior > 0)), prior, f"doc_topic_prior{suffix}", "positive")
        topic_word = np.ascontiguousarray(components.T, dtype=self._dtype)
        return None, AdmixtureParams(topic_word, prior, values.get("word_prior", priors.words[:, None]))

    def _begin(self, n_words: int) -> None:
        """What a new model knows of the words, and of documents, none of which it has seen."""
        vocabulary = None if self.vocabulary is None else as_vocabulary(self.vocabulary)
        for name, n in (
            ("vocabulary", vocabulary is not None and len(vocabulary)),
            ("n_features", self.n_features),
        ):
            if n and n != n_words:
                columns = count(n_words, "column")
                raise ValueError(f"components_ has {columns}, and {name} announces {count(n, 'word')}")
        kind: Any = "tokens" if vocabulary is not None else "counts" if self.n_features is None else "ids"
        self._words = Words(kind, n_words, vocabulary, fixed=True)
        self.vocabulary_, self.n_features_in_ = vocabulary, n_words
        self._dtype = chosen_dtype(self, 0)
        self._n_documents = float(self.total_samples)
        self._frequent, self._seen = np.ones(n_words, dtype=bool), np.empty(0, dtype=np.uint64)

    @property
    def exp_dirichlet_component_(self) -> Floats:
        """exp(E log topic_word), shape (n_components, n_features): for "vb" and "online_vb" only."""
        if not self._has_logs():
            raise AttributeError(
                f"inference={self.inference!r} does not use expected logs of the topics: see topic_word_"
            )
        params = self.params_
        return self._as_shown(np.exp(digamma(params.components) - digamma(params.totals)[:, None]))

    @property
    def _n_features_out(self) -> int:
        return int(self.n_components)

    def _note_names(self, X: object, reset: bool = True) -> None:
        """Note or compare the names of columns, which only frames have."""
        if hasattr(X, "columns"):
            labels_of(X)
        validate_data(self, X, reset=reset, skip_check_array=True, ensure_2d=False)

    def _read(self, X: object, grow: bool = False) -> Corpus:
        self._check_fitted()
        X = documents_of(X)
        if hasattr(X, "columns"):
            self._note_names(X, reset=False)
        return read_documents(X, self._words, grow=grow, owner=type(self).__name__)

    def _inference(self, n_words: int) -> Inference:
        """How documents are inferred, by the settings."""
        return self._variational(n_words) if self._has_logs() else CollapsedFolding(*self._how(n_words))

    def _variational(self, n_words: int) -> VariationalAdmixture:
        """Inference with expected logs."""
        return VariationalAdmixture(*self._how(n_words))

    def _how(self, n_words: int) -> tuple[int, int, float, int, str]:
        K, sweeps = int(self.n_components), int(self.max_sweeps)
        return K, n_words, float(self.doc_tol), sweeps, self._dtype.name

    def _dirichlet_of(self, counts: sparse.csr_matrix) -> Floats:
        """Dirichlet parameters of the topics of documents, shape (n_documents, K)."""
        model = self._inference(self.params_.n_words)
        return np.concatenate(self._inferred(model, counts, lambda _, gamma: gamma)[1])

    def _inferred(
        self, model: Inference, counts: sparse.csr_matrix, of: Callable[[float, Floats], R]
    ) -> tuple[Expectations, list[R]]:
        """What is made of what each block adds to the bound, and of its Dirichlet parameters."""
        params, nothing = self.params_, np.empty((0, self.n_components), self._dtype)
        source = document_source(counts, np.ones(counts.shape[0]), self._dtype)
        with backend(count_threads(self.n_jobs)) as workers:
            prepared = model.prepare(params, workers)

            def one(block: Block) -> R:
                gamma = even(block, params.doc_prior)
                return of(model.infer(prepared, block, gamma, nothing)[0], gamma)

            return prepared, list(workers.map(one, source.blocks()))
