"""scikit-learn's topic model: its settings, its bound and its perplexity, by this library's inference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from latently.checks.arrays import Floats
from latently.checks.settings import (
    BOOLEAN,
    COUNT,
    INTEGER,
    N_JOBS,
    POSITIVE,
    RANDOM_STATE,
    TOLERANCE,
    WHOLE,
    check_settings,
    one_of,
)
from latently.estimators import latent_dirichlet_allocation as own
from latently.estimators.bases import BaseEstimator, ClassNamePrefixFeaturesOutMixin, Tags, TransformerMixin
from latently.estimators.settings import estimator, setting
from latently.estimators.topics.settings import StreamSettings

INFERENCE = {"batch": "vb", "online": "online_vb"}


@estimator({})
class LatentDirichletAllocation(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator, StreamSettings
):
    """Latent Dirichlet allocation with the settings, attributes and figures of scikit-learn's.

    For programs that are carried over by changing the import. New ones are better served by
    `latently.LatentDirichletAllocation`, which learns its priors and scores documents held out.

    Parameters
    ----------
    n_components : int, default 10
        Number of topics.
    doc_topic_prior, topic_word_prior : float, optional
        Dirichlet priors of the topics of a document, and of the words of a topic; one over `n_components`.
    learning_method : {"batch", "online"}, default "batch"
        Variational Bayes with all documents at a time, begun by CVB0, or with minibatches.
    max_iter : int, default 10
        Passes over the documents.
    batch_size : int, default 128
        Documents in a minibatch.
    evaluate_every : int, default -1
        Passes from one perplexity of the documents to the next; none is taken if it is zero or less.
    perp_tol : float, default 0.1
        Change of this perplexity at which the fit ends.
    mean_change_tol : float, default 1e-3
        Change of a document's topics, in relation to its length, at which its inner sweeps end.
    max_doc_update_iter : int, default 100
        Most inner sweeps over a document.
    n_jobs : int, optional
        Threads; all cores by default. The results do not depend on it.
    verbose : int, default 0
        Above zero, a line is printed for each pass.
    random_state : int, RandomState or Generator, optional
        Where topics start from.

    Attributes
    ----------
    components_ : array of shape (n_components, n_features)
        Dirichlet parameters of the topics: expected counts and prior.
    exp_dirichlet_component_ : array of shape (n_components, n_features)
        exp(E log) of the probabilities of the words.
    bound_ : float
        Perplexity of the documents of the fit, by `perplexity`; NaN if they have no words.
    n_iter_, n_batch_iter_ : int
        Passes; and steps, plus one.
    doc_topic_prior_, topic_word_prior_ : float
        The priors.
    model_ : latently.LatentDirichletAllocation
        The fitted model, for all that there is beyond this.

    Examples
    --------
    >>> from latently.compat.sklearn import LatentDirichletAllocation
    >>> X = [[3, 2, 0, 0], [2, 3, 0, 0], [0, 0, 2, 3], [0, 0, 3, 2]]
    >>> lda = LatentDirichletAllocation(n_components=2, random_state=0).fit(X)
    >>> sorted(sorted(topic.argsort()[-2:].tolist()) for topic in lda.components_)
    [[0, 1], [2, 3]]
    """

    n_components: int = setting(WHOLE, default=10, kw_only=False)
    doc_topic_prior: float | None = setting(POSITIVE, None, default=None)
    topic_word_prior: float | None = setting(POSITIVE, None, default=None)
    learning_method: str = setting(one_of(*INFERENCE), default="batch")
    max_iter: int = setting(WHOLE, default=10)
    batch_size: int = setting(WHOLE, default=128)
    evaluate_every: int = setting(INTEGER, default=-1)
    perp_tol: float = setting(TOLERANCE, default=0.1)
    mean_change_tol: float = setting(TOLERANCE, default=1e-3)
    max_doc_update_iter: int = setting(WHOLE, default=100)
    n_jobs: int | None = setting(N_JOBS, None, default=None)
    verbose: int = setting(COUNT, BOOLEAN, default=0)
    random_state: object = setting(*RANDOM_STATE, default=None)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the topics of documents, counts of shape (n_documents, n_features)."""
        X = self._begin(X)
        seen: list[float] = []

        def ends(n_passes: int, perplexity: Callable[[], float]) -> bool:
            line = f"iteration: {n_passes} of max_iter: {self.max_iter}"
            if self.evaluate_every > 0 and n_passes % self.evaluate_every == 0:
                seen.append(perplexity())
                line += f", perplexity: {seen[-1]:.4f}"
            if self.verbose:
                print(line)
            return len(seen) > 1 and abs(seen[-1] - seen[-2]) < self.perp_tol

        def after(n_passes: int, params: object, bound: float) -> bool:
            return n_passes > 0 and ends(n_passes, lambda: np.exp(-bound / X.sum()))

        model = self.model_
        if not X.sum():
            model.components_ = np.full((self.n_components, X.shape[1]), self.topic_word_prior_)
        elif self.learning_method == "batch":
            self.n_iter_ = model.set_params(callbacks=[after]).fit(X).n_iter_
            model.callbacks = None  # which no pickle takes
            self.n_batch_iter_ += self.n_iter_
        else:
            model.total_samples = X.shape[0]
            while self.n_iter_ < self.max_iter:
                self._step(X)
                self.n_iter_ += 1
                if ends(self.n_iter_, lambda: self.perplexity(X)):
                    break
        self.bound_ = self.perplexity(X)
        return self

    def partial_fit(self, X: object, y: object = None) -> Self:
        """Bring the topics up to date with some documents, minibatch by minibatch."""
        X = self._counts(X) if hasattr(self, "model_") else self._begin(X)
        self.model_.total_samples = self.total_samples
        return self._step(X)

    def transform(self, X: Any, *, normalize: bool = True) -> Floats:
        """Topics of documents: expected shares, or the parameters of their Dirichlet distributions."""
        X = self._counts(X)
        found = self.model_.transform(X) if normalize else self.model_.transform_dirichlet(X)
        return found.astype(X.dtype, copy=False)

    def fit_transform(self, X: object, y: object = None, *, normalize: bool = True) -> Floats:
        """Find the topics, and what each of these documents has of them, as `transform` does."""
        return self.fit(X).transform(X, normalize=normalize)

    def score(self, X: object, y: object = None) -> float:
        """Evidence lower bound of documents and topics together, in total."""
        return sum(self.model_.bound_parts(self._counts(X)).values())

    def perplexity(self, X: Any, sub_sampling: bool = False) -> float:
        """exp(-bound / tokens), or what it would be of `total_samples` documents such as these.

        It grows with the number of topics: `latently.metrics.held_out_perplexity` does not.
        """
        X = self._counts(X)
        parts = self.model_.bound_parts(X)
        share = self.total_samples / X.shape[0] if sub_sampling else 1.0
        with np.errstate(invalid="ignore"):
            return float(np.exp(-(share * parts["documents"] + parts["topics"]) / (share * X.sum())))

    @property
    def components_(self) -> Floats:
        """Dirichlet parameters of the topics, shape (n_components, n_features)."""
        return self.model_.components_

    @property
    def exp_dirichlet_component_(self) -> Floats:
        """exp(E log) of the probabilities of the words, shape (n_components, n_features)."""
        return self.model_.exp_dirichlet_component_

    @property
    def _n_features_out(self) -> int:
        return int(self.n_components)

    def _counts(self, X: object, reset: bool = False) -> Any:
        if not reset:
            check_is_fitted(self)
        dtypes = [np.float64, np.float32]
        return validate_data(
            self, X, reset=reset, accept_sparse="csr", dtype=dtypes, ensure_non_negative=True
        )

    def _begin(self, X: object) -> Any:
        """The counts of a new model, which is made."""
        check_settings(self)
        X = self._counts(X, reset=True)
        prior = 1.0 / self.n_components
        self.doc_topic_prior_ = prior if self.doc_topic_prior is None else self.doc_topic_prior
        self.topic_word_prior_ = prior if self.topic_word_prior is None else self.topic_word_prior
        self.n_iter_, self.n_batch_iter_ = 0, 1
        self.model_: own.LatentDirichletAllocation = own.LatentDirichletAllocation(
            self.n_components,
            inference=INFERENCE[self.learning_method],
            doc_topic_prior=self.doc_topic_prior_,
            topic_word_prior=self.topic_word_prior_,
            tol=0.0,
            max_iter=self.max_iter,
            doc_tol=self.mean_change_tol,
            max_sweeps=self.max_doc_update_iter,
            batch_size=self.batch_size,
            learning_decay=self.learning_decay,
            learning_offset=self.learning_offset,
            dtype="float64",
            n_jobs=self.n_jobs,
            random_state=self.random_state,
        )
        return X

    def _step(self, X: Any) -> Self:
        """One step for each minibatch."""
        self.model_.partial_fit(X)
        self.n_batch_iter_ += -(-X.shape[0] // self.batch_size)
        return self
