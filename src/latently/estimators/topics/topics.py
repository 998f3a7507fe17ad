"""What a topic model says of its topics: their words."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.checks.settings import Number, check_setting, check_whole
from latently.core.choices import DERIVED_TIE, falling
from latently.core.findings import GRAVE, Finding
from latently.estimators.topics.fitted import FittedTopics
from latently.models.latent_emission import NO_DATA

Array = NDArray[Any]


class Topics(FittedTopics):
    """The words of the topics."""

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
                f"vocabulary has {names.shape[0] if names.ndim else 0} words, and the model "
                f"{self.params_.n_words}: give one for each column"
            )
        order = falling(self.relevance(), DERIVED_TIE)[:, : check_whole("n", n)]
        return [names[row].tolist() for row in order]

    def relevance(self, weight: float = 1.0) -> Array:
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
