"""In how many documents words are, and how often: what a vocabulary is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sklearn.feature_extraction.text import CountVectorizer


@dataclass(frozen=True)
class WordCounts:
    """Of some documents. Those of further documents add."""

    n_documents: int
    documents: Counter[str]  # in how many a word is
    tokens: Counter[str]  # how often a word is there

    @classmethod
    def of(cls, documents: Iterable[Sequence[str]]) -> WordCounts:
        """Of lists of words."""
        n, in_documents, tokens = 0, Counter[str](), Counter[str]()
        for n, document in enumerate(documents, 1):  # noqa: B007
            tokens.update(document)
            in_documents.update(set(document))
        return cls(n, in_documents, tokens)

    def __add__(self, other: WordCounts) -> WordCounts:
        return WordCounts(
            self.n_documents + other.n_documents,
            self.documents + other.documents,
            self.tokens + other.tokens,
        )

    def frequent(self, vectorizer: CountVectorizer) -> list[str]:
        """Words that a vectorizer keeps by the number of documents they are in, in alphabetical order."""
        least, most = (
            share * self.n_documents if isinstance(share, float) else share
            for share in (vectorizer.min_df, vectorizer.max_df)
        )
        return sorted(word for word, n in self.documents.items() if least <= n <= most)

    def learned(self, vectorizer: CountVectorizer) -> list[str]:
        """The vocabulary that a vectorizer learns of these documents."""
        found = self.frequent(vectorizer)
        if vectorizer.max_features is None:
            return found
        return sorted(sorted(found, key=lambda word: -self.tokens[word])[: vectorizer.max_features])
