"""What a topic model says of documents: their topics, how sure, token by token, and how well it predicts."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from latently.checks.arrays import Floats
from latently.checks.settings import SHARE, check_setting, check_whole
from latently.core.choices import DERIVED_TIE, falling, likeliest
from latently.estimators.bases import TransformerMixin
from latently.estimators.topics.corpus import read_words
from latently.estimators.topics.facts import Facts, fingerprints_of, known, warn_of_empty
from latently.estimators.topics.fitted import FittedTopics
from latently.estimators.topics.forms import check_apart, documents_in, layout_of
from latently.metrics.topics import TopicScores, coherence, held_out_perplexity, split_documents
from latently.sources import as_scan

MOST_KNOWN = 0.5  # of documents held out, if the model was not fitted on them


@dataclass(frozen=True, eq=False)
class TokenTopics:
    """The topics of the tokens of some documents, one entry for each distinct word of a document.

    Attributes
    ----------
    document, word : array of int of shape (n_entries,)
        Row and column of the entry.
    count : array of shape (n_entries,)
        How often the word occurs in the document.
    topic : array of int of shape (n_entries,)
        Its likeliest topic.
    probability : array of shape (n_entries,)
        Of that topic.
    """

    document: NDArray[np.intp]
    word: NDArray[np.int32]
    count: Floats
    topic: NDArray[np.intp]
    probability: Floats


class Documents(FittedTopics, TransformerMixin):
    """Transforming and scoring documents."""

    _seen: NDArray[np.uint64]
    _frequent: NDArray[np.bool_]

    @abstractmethod
    def fit(self, X: object, y: object = None, sample_weight: object = None) -> Any:
        """Find the topics."""

    def transform(self, X: object) -> Floats:
        """Topics of documents.

        Words that the model does not know are ignored (`count_unseen` counts them); documents that have no
        others get the mean of the prior, and a warning says which.

        Returns
        -------
        array of shape (n_documents, n_components)
            Expected shares of the topics; rows sum to one; float32 if X is. For the documents of the fit,
            `doc_topic_`.

        Notes
        -----
        "cvb0" and "online" go on by CVB0, the topics being held. Each token takes the expected counts of the
        others for their counts: that is exact for a document of one token, and an approximation to the
        posterior mean for longer ones. "vb" and "online_vb" go on by variational Bayes, whose shares of short
        documents are further from it.
        """
        lazy = self._lazily(X, self._shares_of)
        if lazy is not None:
            return lazy
        corpus = self._read(X)
        warn_of_empty(corpus.facts, stacklevel=4)  # scikit-learn's wrapper stands between
        return self._shares_of(corpus.counts)

    def fit_transform(self, X: object, y: object = None, sample_weight: object = None) -> Floats:
        """Find the topics, and what each of these documents has of them, as `transform` does."""
        self.fit(X, y, sample_weight)
        shares = getattr(self, "doc_topic_", None)
        if shares is None:
            shares = self._lazily(X, self._shares_of)
        return self._shares_of(self._read(X).counts) if shares is None else shares

    def transform_dirichlet(self, X: object) -> Floats:
        """Parameters of the Dirichlet distribution of each document's topics.

        Returns
        -------
        array of shape (n_documents, n_components)
            The larger their sum, the surer the shares.
        """
        lazy = self._lazily(X, self._dirichlet_of)
        if lazy is not None:
            return lazy
        corpus = self._read(X)
        warn_of_empty(corpus.facts, stacklevel=3)
        return self._dirichlet_of(corpus.counts)

    def count_unseen(self, X: object) -> int:
        """How many tokens of documents are ignored, as the model does not know their words."""
        return int(self._read(X).n_unseen)

    def transform_interval(self, X: object, level: float = 0.95) -> tuple[Floats, Floats]:
        """Between which shares each topic of each document lies, with some probability.

        These are quantiles of the Dirichlet that stands for the posterior, given the topics as they are: the
        uncertainty of the topics themselves is not in it.

        Parameters
        ----------
        level : float
            The probability.

        Returns
        -------
        lower, upper : arrays of shape (n_documents, n_components)
        """
        from scipy.stats import beta

        check_setting("level", level, SHARE)
        a = self.transform_dirichlet(X)
        rest = a.sum(axis=1, keepdims=True) - a
        tail = (1.0 - level) / 2
        if self.n_components == 1:
            return np.ones_like(a), np.ones_like(a)
        return beta.ppf(tail, a, rest), beta.ppf(1.0 - tail, a, rest)

    def bound_parts(self, X: object) -> dict[str, float]:
        """Evidence lower bound of documents under the topics as they are; that of the fit is `bound_parts_`.

        Returns
        -------
        dict
            What "documents" and "topics" add to it, in nats; the latter whatever the documents are.

        Raises
        ------
        AttributeError
            If the inference has no bound: "cvb0" and "online".
        """
        counts, model = self._read(X).counts, self._variational(self.params_.n_words)
        if not self._has_logs():
            raise AttributeError(f"inference={self.inference!r} has no bound: fit with 'vb' or 'online_vb'")
        prepared, found = self._inferred(model, counts, lambda bound, _: bound)
        return {"documents": sum(found), "topics": prepared.share}

    def token_topics(self, X: object) -> TokenTopics:
        """The likeliest topic of each distinct word of each document."""
        counts = self._read(X).counts
        shares = self._dirichlet_of(counts)
        entries = counts.tocoo()
        topic = np.empty(counts.nnz, dtype=np.intp)
        probability = np.empty(counts.nnz)
        table = self.params_.topic_word / self.params_.totals
        for start in range(0, counts.nnz, 2**16):
            piece = slice(start, start + 2**16)
            joint = shares[entries.row[piece]] * table[entries.col[piece]]
            topic[piece] = likeliest(joint)
            probability[piece] = joint.max(axis=1) / joint.sum(axis=1)
        return TokenTopics(entries.row, entries.col, entries.data, topic, probability)

    def perplexity(self, X: object, *, random_state: int = 0) -> float:
        """Perplexity of held-out documents, by document completion; lower is better.

        Half of the tokens of each document, drawn by what the document holds, show its topics; the other
        half is scored. Words that no training document had are left out.

        Parameters
        ----------
        X : table of integer counts of shape (n_documents, n_features), or sequence of documents
            Documents that the model was not fitted on: with others a warning says that it means nothing.
        random_state : int
            Which halves.

        Raises
        ------
        ValueError
            If a count is not an integer.

        References
        ----------
        .. [1] Wallach, H. M., Murray, I., Salakhutdinov, R. and Mimno, D. (2009). Evaluation methods for
           topic models. ICML, section 5.1.
        """
        counts = self._read(X).counts
        if known(fingerprints_of(counts), self._seen) > MOST_KNOWN:
            warnings.warn(
                "most of these documents are among those the model was fitted on: their perplexity says "
                "nothing of new ones; score documents that were held out",
                UserWarning,
                stacklevel=2,
            )
        found = held_out_perplexity(
            counts,
            self.topic_word_,
            infer=self._shares_of,
            seen=self._frequent,
            random_state=random_state,
        )
        return float(found.perplexity)

    def score(self, X: object, y: object = None) -> float:
        """Mean log-likelihood of a held-out token, by document completion; higher is better.

        Parameters
        ----------
        X : table of counts of shape (n_documents, n_features), or sequence of documents
            Documents that the model was not fitted on.
        """
        counts = self._read(X).counts
        halves = split_documents(counts, fractional=True)
        found = held_out_perplexity(halves, self.topic_word_, infer=self._shares_of, seen=self._frequent)
        if not found.n_tokens:
            raise ValueError("no word of X was held out to be predicted: its documents are too short")
        return float(found.log_likelihood / found.n_tokens)

    def coherence(
        self,
        X: object,
        measure: Literal["c_v", "c_npmi", "u_mass"] = "c_v",
        n: int = 10,
        *,
        epsilon: float | None = None,
    ) -> TopicScores:
        """How much the likeliest words of each topic stand together in documents; higher is better.

        Parameters
        ----------
        X : table of counts of shape (n_documents, n_features), or sequence of documents
            As in `fit`. Texts and lists of words keep their order, so words stand together in windows; with
            counts, in documents.
        measure : {"c_v", "c_npmi", "u_mass"}
            See `latently.metrics.coherence`.
        epsilon : float, optional
            What keeps logarithms of zero away; gensim's "u_mass" has 1e-12.

        Returns
        -------
        TopicScores
            `mean`, and `per_topic` of shape (n_components,).
        """
        self._check_fitted()
        ordered = read_words(X, self._words)
        columns = falling(np.log(self.topic_word_), DERIVED_TIE)[:, : check_whole("n", n)]
        if ordered is None:
            return coherence(columns.tolist(), self._read(X).counts, measure, n=n, epsilon=epsilon)
        words = self._words.vocabulary
        named = columns.tolist() if words is None else [words[row].tolist() for row in columns]
        return coherence(named, ordered, measure, n=n, epsilon=epsilon)

    def _lazily(self, X: object, of_counts: Callable[[Any], Floats]) -> Any:
        """What will be said of Dask's collections when it is asked for; None of anything else."""
        scan = as_scan(X)
        if scan is None or scan.sequences:
            return None
        self._check_fitted()

        def say(table: object) -> Floats:
            return of_counts(self._read(documents_in(table, layout)).counts)

        layout = layout_of(scan)
        single = layout == "table" and getattr(X, "dtype", None) == np.float32
        like = np.empty((0, self.n_components), np.float32 if single else np.float64)
        found = scan.lazily(say, like)
        if found is not None and layout == "words":
            check_apart(scan)
        return found

    def _shares_of(self, counts: sparse.csr_matrix) -> Floats:
        dirichlet = self._dirichlet_of(counts)
        shares = dirichlet / dirichlet.sum(axis=1, keepdims=True)
        return np.asarray(shares.astype(counts.dtype, copy=False))

    def _remember(self, facts: Facts, goes_on: bool) -> None:
        """Note which documents and words were seen; of a stream, the last documents."""
        occurring = facts.occurring.copy()
        if goes_on:
            occurring[: len(self._frequent)] |= self._frequent
        self._frequent, self._seen = occurring, facts.prints
