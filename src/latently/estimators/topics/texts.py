"""Raw texts split into words, by scikit-learn's vectorizer."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from latently.checks.arrays import shown
from latently.estimators.topics.forms import Form, OfKnownForm

# Words that are in nearly every text, or in a single one, tell nothing of topics.
DEFAULTS: dict[str, Any] = {"stop_words": "english", "min_df": 2, "max_df": 0.5}
# Chinese characters and Japanese syllables: words of these have two or three, clauses many more.
WITHOUT_BLANKS = re.compile("[\u3005-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
LONGEST_MEAN = 4
BY_BLANKS = ("analyzer", "tokenizer", "token_pattern")
N_LOOKED_AT = 1000


def as_vectorizer(vectorizer: Any) -> CountVectorizer:
    """The vectorizer that a user means.

    None stands for `DEFAULTS`, over which parameters are laid; of a vectorizer a copy is made. Refuses
    anything else, one that gives no counts, and unknown parameters.
    """
    if vectorizer is None or isinstance(vectorizer, Mapping):
        return configured({**DEFAULTS, **(vectorizer or {})})
    if isinstance(vectorizer, TfidfVectorizer) or not isinstance(vectorizer, CountVectorizer):
        raise ValueError(
            f"vectorizer={shown(vectorizer)}: give a CountVectorizer or a dictionary of its parameters; "
            "topic models need counts of words"
        )
    return clone(vectorizer)


def configured(settings: Mapping[str, Any]) -> CountVectorizer:
    """A vectorizer of these settings.

    Raises a ValueError if a name is not known.
    """
    known = CountVectorizer().get_params()
    unknown = [name for name in settings if name not in known]
    if unknown:
        raise ValueError(
            f"vectorizer has no parameter {unknown[0]!r}: CountVectorizer has {', '.join(sorted(known))}"
        )
    pairs = {name: tuple(value) if name == "ngram_range" else value for name, value in settings.items()}
    return CountVectorizer(**pairs)


def check_texts(texts: Sequence[Any]) -> None:
    """Refuse what is no text among texts.

    Raises a ValueError naming the row.
    """
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(
                f"the text of row {row} is {text!r}, not a string: write '' for an empty document, decode "
                "bytes, or leave the row out"
            )


def lack_blanks(texts: Iterable[str]) -> bool:
    """Whether texts are mostly Chinese or Japanese without blanks between words, going by where they begin.

    Examples
    --------
    >>> lack_blanks(["我们今天去海边看船"]), lack_blanks(["我们 今天 去 海边 看 船"])
    (True, False)
    """
    some = " ".join(text[:N_LOOKED_AT] for text in islice(texts, N_LOOKED_AT))
    runs = WITHOUT_BLANKS.findall(some)
    n = sum(map(len, runs))
    return n > LONGEST_MEAN * len(runs) and 2 * n > len("".join(some.split()))


def learn_words(texts: Sequence[str], vectorizer: CountVectorizer) -> tuple[Any, list[str]]:
    """Counts and vocabulary of the first texts of a model.

    Raises a ValueError if no word is left; the settings are named.
    """
    learner = clone(vectorizer)
    try:
        counts = learner.fit_transform(texts)
    except ValueError as error:
        raise no_word(vectorizer, len(texts), f" ({error})") from None
    return counts.astype(np.float64), learner.get_feature_names_out().tolist()


def no_word(vectorizer: CountVectorizer, n_texts: int, why: str = "") -> ValueError:
    """What is raised where no word of the texts is left."""
    return ValueError(
        f"{described(vectorizer)} finds no word in {n_texts} texts{why}: change it by "
        "vectorizer={'min_df': 1, 'max_df': 1.0} or the like"
    )


def warn_of_no_blanks(texts: Iterable[str], vectorizer: CountVectorizer) -> None:
    """Tell where the vectorizer looks for blanks between words, and the texts have none."""
    usual = CountVectorizer()
    same = (getattr(vectorizer, name) == getattr(usual, name) for name in BY_BLANKS)
    if all(same) and lack_blanks(texts):
        warnings.warn(
            "X has texts in Chinese or Japanese without blanks between words, so that clauses are taken for "
            "words: cut them, as by vectorizer={'tokenizer': jieba.lcut, 'token_pattern': None}",
            UserWarning,
            stacklevel=6,
        )


@dataclass(frozen=True)
class SplitTexts(OfKnownForm):
    """The words of each text, in their order; texts are split whenever they are gone through."""

    form: ClassVar[Form] = "tokens"
    texts: Any
    vectorizer: CountVectorizer  # how they are split

    def __iter__(self) -> Iterator[list[str]]:
        return map(self.vectorizer.build_analyzer(), self.texts)

    def __len__(self) -> int:
        return len(self.texts)


def described(vectorizer: CountVectorizer) -> str:
    """A vectorizer on one line."""
    usual = CountVectorizer().get_params()
    changed = {k: v for k, v in vectorizer.get_params().items() if k != "vocabulary" and v != usual[k]}
    shown = (f"{name}={_short(value)}" for name, value in changed.items())
    return f"CountVectorizer({', '.join(shown)})"


def _short(value: Any) -> str:
    many = isinstance(value, (list, tuple, set, frozenset)) and len(value) > 3
    return f"<{len(value)} words>" if many else repr(value)
