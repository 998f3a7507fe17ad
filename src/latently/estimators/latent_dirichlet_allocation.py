"""Topics of texts."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from latently.checks.settings import check_settings
from latently.core.array_source import ArraySource
from latently.core.backends import Backend, backend, count_threads
from latently.core.choices import FITTED_TIE, falling
from latently.core.em import Settings
from latently.estimators.bases import BaseEstimator, ClassNamePrefixFeaturesOutMixin
from latently.estimators.informative import check_weights
from latently.estimators.inputs import random_generator
from latently.estimators.old_names import TOPICS as OLD_NAMES
from latently.estimators.old_names import AnswersOldNames
from latently.estimators.progress import progress_bar
from latently.estimators.saving.checkpoint import recorded
from latently.estimators.settings import estimator
from latently.estimators.topics.batch import PASSES_BEFORE_VB, TopicFit, fit_collapsed, fit_variational
from latently.estimators.topics.corpus import Corpus, read_corpus
from latently.estimators.topics.documents import Documents, warn_of_empty, warn_of_fractions
from latently.estimators.topics.online import begin, minibatches, run_through, seed_of
from latently.estimators.topics.priors import Priors
from latently.estimators.topics.saving import TopicOutcome
from latently.estimators.topics.scanned import documents_of
from latently.estimators.topics.seeds import seeded_prior
from latently.estimators.topics.settings import (
    TOLERANCES,
    check_memory,
    check_tokens,
    chosen_dtype,
    tol_and_max_iter,
)
from latently.estimators.topics.starts import first_topics
from latently.estimators.topics.topics import Topics
from latently.models.admixture import (
    CollapsedAdmixture,
    Schedule,
    Stream,
    StreamingAdmixture,
    document_source,
)

Array = NDArray[Any]


@estimator(OLD_NAMES)
class LatentDirichletAllocation(
    AnswersOldNames, Topics, Documents, ClassNamePrefixFeaturesOutMixin, BaseEstimator
):
    """Latent Dirichlet allocation: topics of texts, and what each text has of them.

    Each document draws a mixture of topics, and each of its words a topic from the mixture and then itself
    from the topic's distribution of words.

    Parameters
    ----------
    random_state : None, int, Generator or RandomState, optional
        Where topics start from. Each document has a random stream of its own, made from what it holds.
    callbacks : sequence of callable, optional
        Each is called as ``callback(iteration, params, value)`` after every pass, the value being the bound,
        or the relative change where there is none, or the log-likelihood per token; True stops.

    Attributes
    ----------
    components_ : array of shape (n_components, n_features)
        Dirichlet parameters of the topics: expected counts and prior.
    topic_word_ : array of shape (n_components, n_features)
        Probabilities of the words of each topic; rows sum to one.
    doc_topic_ : array of shape (n_documents, n_components)
        What each document of the fit has of each topic, as `transform` finds it; rows sum to one. The online
        inferences do not look at a document again: see `transform`.
    exp_dirichlet_component_ : array of shape (n_components, n_features)
        exp(E log topic_word), for "vb" and "online_vb".
    doc_topic_prior_ : array of shape (n_components,)
        The prior of documents, learned or given.
    topic_word_prior_ : float or array
        The prior of words.
    bound_ : float or None
        Evidence lower bound of "vb"; None for the others, which have none.
    bound_parts_ : dict or None
        What documents and topics add to it.
    history_ : array
        The bound of each iterate, or the relative change of each pass.
    n_iter_ : int
        Passes, without those in which the start finds its topics.
    converged_ : bool
        Whether the last change was within `tol`.
    stop_reason_ : str
        Why the fit ended.
    diagnostics_ : tuple of Finding
        Topics that kept less than one word of the documents; empty if there is none.
    vocabulary_ : array of str of shape (n_features,) or None
        The words, if any are known.
    remarks_ : tuple of str
        What was done to the texts, and what is odd about them.
    empty_documents_ : array of int
        Documents of the fit without words: their topics are those of the prior.
    n_features_in_ : int
        Size of the vocabulary.

    See Also
    --------
    latently.metrics.held_out_perplexity : How well topics foretell the other half of new documents.
    latently.metrics.coherence : Whether the top words of topics belong together.

    Notes
    -----
    Where no seed words lead, "cvb0" and "vb" start from twice as many topics, of which a few passes over some
    documents find out which are alike and to be merged.

    Topics come in the order of their size, unless `seed_words` or a prior for each of them names them, or the
    inference is an online one.

    References
    ----------
    .. [1] Asuncion, A., Welling, M., Smyth, P. and Teh, Y. W. (2009). On smoothing and inference for topic
       models. UAI, section 3.4.
    .. [2] Blei, D. M., Ng, A. Y. and Jordan, M. I. (2003). Latent Dirichlet allocation. Journal of Machine
       Learning Research 3, section 5.
    .. [3] Foulds, J., Boyles, L., DuBois, C., Smyth, P. and Welling, M. (2013). Stochastic collapsed
       variational Bayesian inference for latent Dirichlet allocation. KDD, section 3.
    .. [4] Hoffman, M. D., Blei, D. M. and Bach, F. (2010). Online learning for latent Dirichlet allocation.
       NIPS, section 2.2.

    Examples
    --------
    >>> from latently import LatentDirichletAllocation
    >>> texts = [
    ...     ["apple", "pear", "plum", "apple"],
    ...     ["pear", "apple"],
    ...     ["bolt", "nut"],
    ...     ["nut", "bolt", "bolt"],
    ... ]
    >>> lda = LatentDirichletAllocation(2, random_state=0).fit(texts)
    >>> [sorted(words) for words in lda.top_words(2)]
    [['apple', 'pear'], ['bolt', 'nut']]
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> LatentDirichletAllocation:
        """Find the topics.

        Returns
        -------
        LatentDirichletAllocation
            Itself.

        Raises
        ------
        ValueError
            If a count is negative, infinite or NaN, or there are fewer distinct words than topics, or a
            setting makes no sense.

        Warns
        -----
        UserWarning
            If counts are not whole, as weights by tf-idf are not; or documents have no words.
        ConvergenceWarning
            If `max_iter` was reached.
        """
        check_settings(self)
        check_memory(self)
        X = documents_of(X)
        self._warn_of_loss("while partial_fit goes on from it")
        corpus = self._first(X)
        weights = check_weights(sample_weight, corpus.counts.shape[0])
        frequencies = self._frequencies(corpus, weights, self.n_components)
        n_tokens = float(frequencies.sum())
        self._dtype = chosen_dtype(self, corpus.counts.nnz)
        check_tokens(n_tokens, self._dtype)
        source = document_source(corpus.counts, weights, self._dtype)
        priors = self._priors(corpus)
        prior = self._seeded(priors, corpus, frequencies)
        self.__dict__.pop("_stream", None)
        record = recorded(self, lambda: [source.fingerprint, prior])
        with record as (journal, seed), backend(count_threads(self.n_jobs)) as workers:
            rng, workers.journal = random_generator(seed), journal
            with progress_bar("topics", self.verbose) as show:
                callbacks = [*(self.callbacks or ()), show]
                fit = self._fit_batch if self.inference in ("cvb0", "vb") else self._fit_online
                found = fit(source, priors, prior, rng, n_tokens, callbacks, workers)
        self._n_documents = float(weights.sum())
        self._note_names(X)
        self._keep(found, corpus, weights)
        return self

    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> LatentDirichletAllocation:
        """Bring the topics up to date with some documents: one stochastic step for each minibatch of them.

        With lists of words and with texts the vocabulary grows. "cvb0" steps as "online" does, "vb" as
        "online_vb".

        Returns
        -------
        LatentDirichletAllocation
            Itself.

        Raises
        ------
        ValueError
            As `fit`; or if the columns are others than before.
        """
        check_settings(self)
        check_memory(self)
        X = documents_of(X)
        fresh = not hasattr(self, "params_")
        corpus = self._first(X) if fresh else self._read(X, grow=True)
        weights = check_weights(sample_weight, corpus.counts.shape[0])
        frequencies = self._frequencies(corpus, weights, self.n_components if fresh else 0)
        if fresh:
            self._dtype = chosen_dtype(self, corpus.counts.nnz)
        n_documents = float(self.total_samples)
        share = n_documents / max(float(weights.sum()), 1.0)
        check_tokens(float(frequencies.sum()) * max(share, 1.0), self._dtype)
        priors = self._priors(corpus)
        source = document_source(corpus.counts, weights, self._dtype)
        with backend(count_threads(self.n_jobs)) as workers:
            if fresh:
                rng = random_generator(self.random_state)
                seeded = self._seeded(priors, corpus, frequencies)
                n_here = float(frequencies.sum())
                seed = seed_of(rng)
                stream = begin(source, priors, seeded, n_here, self._has_logs(), self._dtype, seed, workers)
            else:
                stream = self._so_far()
                stream.grow(len(frequencies))
            stream.stand_for(n_documents)
            seeded = self._seeded(priors, corpus, stream.frequencies)
            model = StreamingAdmixture(self._inference(len(frequencies)), priors.documents, seeded)
            run_through(
                model,
                stream,
                lambda: minibatches(source, int(self.batch_size)),
                n_documents,
                self._schedule(),
                1,
                (),
                workers,
            )
        self._n_documents = n_documents
        if fresh:
            self._note_names(X)
        nothing = np.empty((0, self.n_components))
        found = TopicFit(model.params(stream), nothing, (), stream.n_steps, False, "partial_fit", None)
        self._stream = stream
        self._keep(found, corpus, weights, goes_on=not fresh)
        return self

    def _so_far(self) -> Stream:
        """What steps go on from: the counts they left, or those of a fit to all documents at once."""
        params = self.params_
        if len(params.doc_prior) != self.n_components:
            raise ValueError(
                f"n_components={self.n_components}, and there are {len(params.doc_prior)} topics so far: "
                "set it back, or fit a new model"
            )
        if hasattr(self, "_stream"):
            return self._stream
        counts = np.maximum(params.topic_word - params.word_prior, 0.0).astype(self._dtype)
        return Stream.begin(counts, self._n_documents, -int(-self._n_documents // int(self.batch_size)))

    def _frequencies(self, corpus: Corpus, weights: Array, least: int) -> Array:
        """How often each word occurs; an error if fewer than `least` do."""
        found = np.asarray(corpus.counts.T @ weights, dtype=np.float64).ravel()
        n_distinct = int(np.count_nonzero(found))
        if n_distinct < least:
            raise ValueError(
                f"there are {n_distinct} distinct words and n_components={self.n_components} topics: "
                "lower n_components, or let more words in"
            )
        return found

    def _priors(self, corpus: Corpus) -> Priors:
        n_words = corpus.counts.shape[1]
        return Priors.of(
            self.inference, self.doc_topic_prior, self.topic_word_prior, self.n_components, n_words
        )

    def _seeded(self, priors: Priors, corpus: Corpus, frequencies: Array) -> Array:
        vocabulary = corpus.words.vocabulary
        return seeded_prior(self.seed_words, priors.words, vocabulary, frequencies, self.n_components)

    def _fit_batch(
        self,
        source: ArraySource,
        priors: Priors,
        prior: Array,
        rng: np.random.Generator,
        n_tokens: float,
        callbacks: list[Callable[..., Any]],
        workers: Backend,
    ) -> TopicFit:
        tol, max_iter = tol_and_max_iter(self)
        seed = seed_of(rng)
        variational = self.inference == "vb"
        n_words = len(prior)
        model = CollapsedAdmixture(
            int(self.n_components),
            n_words,
            self._dtype.name,
            None if self.top_topics is None else int(self.top_topics),
        )
        settings = Settings(tol, max_iter, callbacks=callbacks)
        passes = Settings(TOLERANCES["cvb0"], PASSES_BEFORE_VB) if variational else settings
        found = fit_collapsed(
            model,
            source,
            priors,
            prior,
            seed,
            passes,
            workers,
            first_topics(model, source, priors, prior, seed, max_iter, workers),
        )
        if variational:
            found = fit_variational(
                self._variational(n_words), source, found, priors, prior, settings, n_tokens, workers
            )
        if not found.converged and tol > 0 and found.n_iter >= max_iter:
            warnings.warn(
                f"the fit {found.stop_reason} before it converged; increase max_iter or tol={tol:g}",
                ConvergenceWarning,
                stacklevel=3,
            )
        return found

    def _fit_online(
        self,
        source: ArraySource,
        priors: Priors,
        prior: Array,
        rng: np.random.Generator,
        n_tokens: float,
        callbacks: list[Callable[..., Any]],
        workers: Backend,
    ) -> TopicFit:
        _, max_iter = tol_and_max_iter(self)
        n_words = len(prior)
        model = StreamingAdmixture(self._inference(n_words), priors.documents, prior)
        seed = seed_of(rng)
        stream = begin(source, priors, prior, n_tokens, self._has_logs(), self._dtype, seed, workers)
        n_iter, reason = run_through(
            model,
            stream,
            lambda: minibatches(source, int(self.batch_size)),
            float(source.weights.sum()),
            self._schedule(),
            max_iter,
            callbacks,
            workers,
        )
        self._stream = stream
        nothing = np.empty((0, self.n_components))
        return TopicFit(model.params(stream), nothing, (), n_iter, False, reason, None)

    def _keep(self, found: TopicFit, corpus: Corpus, weights: Array, goes_on: bool = False) -> None:
        order = np.arange(self.n_components)
        named = self.seed_words is not None or np.ndim(self.doc_topic_prior) > 0
        if len(found.documents) and not named:
            order = falling(np.log(found.params.totals), FITTED_TIE)
        self._words = corpus.words
        self.n_features_in_ = corpus.counts.shape[1]
        outcome = TopicOutcome(
            bound=None if found.bound_parts is None else found.history[-1],
            bound_parts=found.bound_parts,
            history=np.asarray(found.history),
            n_iter=found.n_iter,
            converged=found.converged,
            stop_reason=found.stop_reason,
            remarks=corpus.remarks,
            empty_documents=corpus.empty.astype(np.int64),
            dtype=corpus.counts.dtype.name,
        )
        self._set_params(None, found.params.permuted(order), outcome)
        self.vocabulary_ = self._words.vocabulary
        self.__dict__.pop("doc_topic_", None)
        if len(found.documents):
            self.doc_topic_ = self._shares_of(corpus.counts)
        self._remember(corpus.counts if weights.all() else corpus.counts[weights > 0], goes_on)
        warn_of_empty(corpus, stacklevel=4)
        warn_of_fractions(corpus.counts, stacklevel=4)

    def _first(self, X: Any) -> Corpus:
        return read_corpus(
            X,
            vocabulary=self.vocabulary,
            n_features=self.n_features,
            vectorizer=self.vectorizer,
            owner=type(self).__name__,
        )

    def _schedule(self) -> Schedule:
        return Schedule(float(self.learning_decay), float(self.learning_offset))
