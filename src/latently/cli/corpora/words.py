"""Which words of texts a topic model is fitted to, and what is left out of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

from latently.cli.corpora.documents import Documents
from latently.cli.failure import CommandError
from latently.cli.tables.content import decoded, read_bytes
from latently.estimators.topics.texts import WORD, lack_blanks
from latently.report.topics import Collection, LeftOut
from latently.wording import count, share

MOST_DIGITS = 15
ENGLISH, NONE = "english", "none"


@dataclass(frozen=True)
class WordChoice:
    """Which words are kept."""

    stop_words: frozenset[str] = frozenset(ENGLISH_STOP_WORDS)  # words that are left out, in lower case
    # the fewest and the most documents that a word may be in: a number of them, or a share if it is a
    # float
    min_df: int | float = 2
    max_df: int | float = 0.5

    def vectorizer(self) -> dict[str, Any]:
        """The same for an estimator: parameters of scikit-learn's CountVectorizer."""
        english = self.stop_words == ENGLISH_STOP_WORDS
        words: Any = ENGLISH if english else sorted(self.stop_words) or None
        return {"stop_words": words, "min_df": self.min_df, "max_df": self.max_df}


def choice_of(words: Sequence[str], min_df: str | None, max_df: str | None) -> WordChoice:
    """What `--stop-words`, `--min-df` and `--max-df` ask for, each if it was given."""
    asked = {"min_df": min_df, "max_df": max_df}
    limits = {name: limit(text, f"--{name[:3]}-df") for name, text in asked.items() if text is not None}
    return WordChoice(stop_words(words), **limits)


def stop_words(asked: Sequence[str]) -> frozenset[str]:
    """The words that `--stop-words` names: ``english``, ``none``, or those of files; several add up."""
    if NONE in asked:
        if len(asked) > 1:
            raise CommandError("--stop-words none stands beside others: write it alone, or leave it out")
        return frozenset()
    found: set[str] = set()
    for one in asked or (ENGLISH,):
        found.update(ENGLISH_STOP_WORDS if one == ENGLISH else _words_of(one))
    return frozenset(found)


def _words_of(name: str) -> set[str]:
    path = Path(name)
    if not path.exists():
        raise CommandError(
            f"--stop-words {name}: there is no such file; write english, none, or a file's name"
        )
    words = set(re.findall(WORD, decoded(read_bytes(path), path.name).text.lower()))
    if not words:
        raise CommandError(f"--stop-words {name}: no word of two letters or more is in it")
    return words


def limit(text: str, option: str) -> int | float:
    """A number of documents, or a share of them.

    Examples
    --------
    >>> limit("2", "--min-df"), limit("0.5", "--max-df"), limit("50%", "--max-df")
    (2, 0.5, 0.5)
    """
    text = text.strip()
    if text.isdecimal() and len(text) <= MOST_DIGITS and int(text) >= 1:
        return int(text)
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise CommandError(
            f"{option} {text}: write a number of documents, such as 2, or a share of them, such as 0.5"
        )
    return value


def collect(documents: Documents, choice: WordChoice) -> Collection:
    """Count the words of documents, and say which are left out and why; counts are taken as they are."""
    if documents.texts is None:
        assert documents.vocabulary is not None
        unused = int(np.count_nonzero(np.asarray(documents.counts.sum(axis=0)).ravel() == 0))
        nobody_has = [LeftOut("that no document has", unused, 0)] if unused else []
        return Collection(documents.counts, documents.vocabulary, int(documents.counts.sum()), nobody_has)
    if lack_blanks(documents.texts):
        raise CommandError(
            f"the texts of {documents.name} are Chinese or Japanese without blanks between words: cut them "
            "into words first, for example with jieba or MeCab"
        )
    splitter = CountVectorizer(token_pattern=WORD)
    try:
        counts = splitter.fit_transform(documents.texts).astype(np.float64).tocsc()
    except ValueError:
        raise CommandError(
            f"the texts of {documents.name} have no word of two letters or more: name another --text-column"
        ) from None
    words = splitter.get_feature_names_out()
    kept, left_out = _kept(counts, words, choice)
    if not kept.any():
        raise CommandError(
            f"no word of {documents.name} is left: {', '.join(_told(one) for one in left_out)}; lower "
            "--min-df, raise --max-df, or change --stop-words"
        )
    chosen = counts[:, np.flatnonzero(kept)].tocsr()
    chosen.sort_indices()
    return Collection(chosen, words[kept].tolist(), int(counts.sum()), left_out, documents.texts)


def _kept(counts: Any, words: Sequence[str], choice: WordChoice) -> tuple[Any, tuple[LeftOut, ...]]:
    """Which columns are kept, and what is said of the others."""
    n = counts.shape[0]
    in_documents, tokens = np.diff(counts.indptr), np.asarray(counts.sum(axis=0)).ravel()
    least = choice.min_df if isinstance(choice.min_df, int) else choice.min_df * n
    most = choice.max_df if isinstance(choice.max_df, int) else choice.max_df * n
    if most < least:
        raise CommandError(
            f"--min-df {choice.min_df:g} asks for more documents than --max-df {choice.max_df:g} allows, of "
            f"{n:,}: lower the one or raise the other"
        )
    stopped = np.isin(words, np.array(sorted(choice.stop_words), dtype=object))
    reasons = {
        "stop words": stopped,
        "in one document only"
        if choice.min_df == 2
        else f"in fewer than {_documents(choice.min_df)}": ~stopped & (in_documents < least),
        f"in more than {_documents(choice.max_df)}": ~stopped & (in_documents > most),
    }
    left_out = tuple(
        LeftOut(why, int(which.sum()), int(tokens[which].sum()))
        for why, which in reasons.items()
        if which.any()
    )
    return ~stopped & (in_documents >= least) & (in_documents <= most), left_out


def _documents(limit: int | float) -> str:
    return count(limit, "document") if isinstance(limit, int) else f"{share(limit)} of the documents"


def _told(one: LeftOut) -> str:
    return f"{one.n_words:,} {one.why}" if one.why == "stop words" else f"{one.n_words:,} are {one.why}"
