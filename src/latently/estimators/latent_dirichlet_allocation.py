"""Topics of texts."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from latently.checks.arrays import Floats
from latently.checks.settings import check_settings
from latently.core.backends import backend, count_threads
from latently.core.choices import FITTED_TIE, falling
from latently.core.em import Settings
from latently.estimators.bases import BaseEstimator, ClassNamePrefixFeaturesOutMixin, Tags
from latently.estimators.inputs import random_generator
from latently.estimators.old_names import TOPICS as OLD_NAMES
from latently.estimators.old_names import AnswersOldNames
from latently.estimators.progress import progress_bar
from latently.estimators.saving.checkpoint import recorded
from latently.estimators.settings import estimator
from latently.estimators.topics.batch import (
    PASSES_BEFORE_VB,
    Task,
    TopicFit,
    fit_collapsed,
    fit_variational,
    variational_map,
)
from latently.estimators.topics.corpus import Corpus, read_corpus
from latently.estimators.topics.documents import Documents
from latently.estimators.topics.facts import warn_of_empty, warn_of_fractions
from latently.estimators.topics.forms import documents_of
from latently.estimators.topics.online import OnlineMap, begin, run_through, seed_of
from latently.estimators.topics.priors import Priors, seeded_prior
from latently.estimators.topics.saving import TopicOutcome
from latently.estimators.topics.settings import (
    TOLERANCES,
    check_memory,
    check_tokens,
    chosen_dtype,
    tol_and_max_iter,
)
from latently.estimators.topics.spread import SpreadCorpus, spread
from latently.estimators.topics.starts import first_topics
from latently.estimators.topics.words import Words
from latently.models.admixture import (
    CollapsedAdmixture,
    DocumentSource,
    Passing,
    Schedule,
    Stream,
    StreamingAdmixture,
)
from latently.sources import as_scan
from latently.wording import count

BATCH = ("cvb0", "vb")  # inferences that see all documents in every pass


@estimator(OLD_NAMES)
class LatentDirichletAllocation(AnswersOldNames, Documents, ClassNamePrefixFeaturesOutMixin, BaseEstimator):
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
        inferences do not look at a document again, and documents on a cluster stay there: see `transform`.
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

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def fit(self, X: object, y: object = None, sample_weight: object = None) -> LatentDirichletAllocation:
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
        self._warn_of_loss("while partial_fit goes on from it")
        corpus = self._first(X).weighted(sample_weight)
        facts = corpus.facts
        facts.check_words(self.n_components)
        self._dtype = chosen_dtype(self, facts.n_entries)
        check_tokens(facts.n_tokens, self._dtype)
        source = corpus.source(self._dtype)
        priors = self._priors(corpus.words)
        prior = self._seeded(priors, corpus.words, facts.frequencies)
        self.__dict__.pop("_stream", None)
        in_batch = self.inference in BATCH
        record = recorded(self, lambda: [source.fingerprint, prior])
        with record as (journal, seed), backend(count_threads(self.n_jobs), source) as workers:
            workers.journal = journal
            start = seed_of(random_generator(seed))
            task = Task(source, priors, prior, facts.n_tokens, self._dtype, start, workers)
            with progress_bar("topics", self.verbose) as show:
                fit = self._fit_batch if in_batch else self._fit_online
                found = fit(task, [*(self.callbacks or ()), show])
            if journal and journal.interrupted:
                passes = count(found.n_iter, "pass", "passes")
                warnings.warn(
                    f"the fit was interrupted after {passes}: it has the topics so far",
                    ConvergenceWarning,
                    stacklevel=2,
                )
        self._n_documents = facts.weight
        self._note_names(corpus.handed)
        if in_batch and self.seed_words is None and np.ndim(self.doc_topic_prior) == 0:
            order = falling(np.log(found.params.totals), FITTED_TIE)
            found = replace(found, params=found.params.permuted(order))
        self._keep(found, corpus)
        if in_batch and (shares := corpus.said(self._shares_of)) is not None:
            self.doc_topic_ = shares
        return self

    def partial_fit(
        self, X: object, y: object = None, sample_weight: object = None
    ) -> LatentDirichletAllocation:
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
        fresh = not hasattr(self, "params_")
        corpus = (self._first(X) if fresh else self._read(X, grow=True)).weighted(sample_weight)
        facts, n_documents = corpus.facts, float(self.total_samples)
        if fresh:
            facts.check_words(self.n_components)
            self._dtype = chosen_dtype(self, facts.n_entries)
        check_tokens(facts.n_tokens * max(n_documents / max(facts.weight, 1.0), 1.0), self._dtype)
        priors, source = self._priors(corpus.words), corpus.source(self._dtype)
        with backend(count_threads(self.n_jobs), source) as workers:
            if fresh:
                seed = seed_of(random_generator(self.random_state))
                seeded = self._seeded(priors, corpus.words, facts.frequencies)
                task = Task(source, priors, seeded, facts.n_tokens, self._dtype, seed, workers)
                stream = begin(task, self._has_logs())
            else:
                stream = self._so_far()
                stream.grow(corpus.words.n_features)
            stream.stand_for(n_documents)
            seeded = self._seeded(priors, corpus.words, stream.frequencies)
            em = self._online(source, priors, seeded)
            how = int(self.batch_size), n_documents, self._schedule(), Settings(0.0, 1)
            run_through(em, Passing(stream), *how, workers)
        self._n_documents = n_documents
        if fresh:
            self._note_names(corpus.handed)
        self._stream = stream
        found = TopicFit(em.model.params(stream), (), stream.n_steps, False, "partial_fit", None)
        self._keep(found, corpus, goes_on=not fresh)
        return self

    def _so_far(self) -> Stream:
        """What steps go on from: the counts they left, or those of a fit to all documents at once."""
        params = self.params_
        if len(params.doc_prior) != self.n_components:
            raise ValueError(
                f"n_components={self.n_components}, and the model has "
                f"{count(len(params.doc_prior), 'topic')} so far: set it back, or fit a new model"
            )
        if hasattr(self, "_stream"):
            return self._stream
        counts = np.maximum(params.topic_word - params.word_prior, 0.0).astype(self._dtype)
        return Stream.begin(counts, self._n_documents, -int(-self._n_documents // int(self.batch_size)))

    def _priors(self, words: Words) -> Priors:
        K, n_words = self.n_components, words.n_features
        return Priors.of(self.inference, self.doc_topic_prior, self.topic_word_prior, K, n_words)

    def _seeded(self, priors: Priors, words: Words, frequencies: Floats) -> Floats:
        return seeded_prior(self.seed_words, priors.words, words.vocabulary, frequencies, self.n_components)

    def _fit_batch(self, task: Task, callbacks: list[Callable[..., object]]) -> TopicFit:
        tol, max_iter = tol_and_max_iter(self)
        variational, n_words = self.inference == "vb", len(task.word_prior)
        most = None if self.top_topics is None else int(self.top_topics)
        model = CollapsedAdmixture(int(self.n_components), n_words, self._dtype.name, most)
        settings = Settings(tol, max_iter, callbacks=callbacks)
        passes = Settings(TOLERANCES["cvb0"], PASSES_BEFORE_VB) if variational else settings
        topics = first_topics(model, task, max_iter)
        em = task.collapsed(model)
        found = fit_collapsed(em, task, passes, topics)
        if variational:
            em = variational_map(self._variational(n_words), em, found.params, task.priors)
            found = fit_variational(em, found.params, task, settings)
        if not found.converged and tol > 0 and found.n_iter >= max_iter:
            warnings.warn(
                f"the fit {found.stop_reason} before it converged; increase max_iter or tol={tol:g}",
                ConvergenceWarning,
                stacklevel=3,
            )
        return found

    def _fit_online(self, task: Task, callbacks: list[Callable[..., object]]) -> TopicFit:
        settings = Settings(0.0, tol_and_max_iter(self)[1], callbacks=callbacks)
        n_documents = float(task.source.weights.sum())
        em = self._online(task.source, task.priors, task.word_prior)
        first = Passing(begin(task, self._has_logs()))
        how = int(self.batch_size), n_documents, self._schedule(), settings
        at, reason = run_through(em, first, *how, task.workers)
        self._stream = at.stream
        return TopicFit(em.model.params(at.stream), (), at.n_passes, False, reason, None)

    def _online(self, source: DocumentSource, priors: Priors, word_prior: Floats) -> OnlineMap:
        """The map of an online inference."""
        model = StreamingAdmixture(self._inference(len(word_prior)), priors.documents, word_prior)
        return OnlineMap(model, source)

    def _keep(self, found: TopicFit, corpus: Corpus | SpreadCorpus, goes_on: bool = False) -> None:
        facts, self._words = corpus.facts, corpus.words
        self.n_features_in_ = corpus.words.n_features
        outcome = TopicOutcome(
            bound=None if found.bound_parts is None else found.history[-1],
            bound_parts=found.bound_parts,
            history=np.asarray(found.history),
            n_iter=found.n_iter,
            converged=found.converged,
            stop_reason=found.stop_reason,
            remarks=corpus.remarks,
            empty_documents=facts.empty,
            dtype=facts.dtype,
        )
        self._set_params(None, found.params, outcome)
        self.vocabulary_ = self._words.vocabulary
        self.__dict__.pop("doc_topic_", None)
        self._remember(facts, goes_on)
        warn_of_empty(facts, stacklevel=4)
        warn_of_fractions(facts)

    def _first(self, X: object) -> Corpus | SpreadCorpus:
        how = {name: getattr(self, name) for name in ("vocabulary", "n_features", "vectorizer")}
        scan, owner = as_scan(X), type(self).__name__
        if scan is not None and (on_workers := scan.on_workers) is not None:
            return spread(on_workers, **how, owner=owner)
        return read_corpus(documents_of(X), **how, owner=owner)

    def _schedule(self) -> Schedule:
        return Schedule(float(self.learning_decay), float(self.learning_offset))
