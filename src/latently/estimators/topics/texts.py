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
from latently.wording import count

# Signs within words of Indic, Semitic and other scripts, which \\w leaves out: vowels, accents and joiners.
SIGNS = (
    r"\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    r"\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0711-\u07f3\u0816-\u082d\u0859-\u085b\u0898-\u08e1\u08e3-\u0963"
    r"\u0981-\u09e3\u09fe-\u0a75\u0a81-\u0ae3\u0afa-\u0b63\u0b82-\u0bd7\u0c00-\u0c63\u0c81-\u0c83\u0cbc-\u0d4d"
    r"\u0d57-\u0d63\u0d81-\u0df3\u0e31-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ecd\u0f18\u0f19\u0f35\u0f37\u0f39\u0f3e-\u0f84"
    r"\u0f86-\u0fbc\u0fc6\u102b-\u103e\u1056-\u109d\u135d-\u135f\u1712-\u1734\u1752-\u17d3\u180b-\u180d\u1a17-\u1a1b"
    r"\u1a55-\u1a7f\u1ab0-\u1b44\u1b6b-\u1b73\u1b80-\u1bf3\u1c24-\u1c37\u200c\u200d\u3099\u309a\ua66f-\ua672"
    r"\ua880-\ua8c5\ua8e0-\ua8f1\ua8ff-\ua92d\ua947-\ua953\ua980-\ua9c0\ua9e5-\uaa4d\uaa7b-\uaac1\uabe3-\uabea"
)
WORD = rf"(?u)\b\w(?:\w+|(?=[{SIGNS}]))(?:[{SIGNS}]+\w*)*"  # of two letters or more, as scikit-learn's
# Words that are in nearly every text, or in a single one, tell nothing of topics.
DEFAULTS: dict[str, Any] = {"stop_words": "english", "min_df": 2, "max_df": 0.5, "token_pattern": WORD}
# Chinese characters and Japanese syllables: words of these have two or three, clauses many more.
WITHOUT_BLANKS = re.compile("[\u3005-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
LONGEST_MEAN = 4
BY_BLANKS = ("analyzer", "tokenizer", "token_pattern")
N_LOOKED_AT = 1000


def as_vectorizer(vectorizer: object) -> CountVectorizer:
    """The vectorizer that a user means.

    None stands for `DEFAULTS`, over which parameters are laid; of a vectorizer a copy is made. Refuses
    anything else, one that gives no counts, and unknown parameters.
    """
    if vectorizer is None or isinstance(vectorizer, Mapping):
        given = dict(vectorizer or {})
        unused = ("token_pattern",) if given.get("analyzer", "word") != "word" else ()
        return configured({name: DEFAULTS[name] for name in DEFAULTS if name not in unused} | given)
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


def check_texts(texts: Sequence[object]) -> None:
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
        f"{described(vectorizer)} finds no word in {count(n_texts, 'text')}{why}: change it by "
        "vectorizer={'min_df': 1, 'max_df': 1.0} or the like"
    )


def warn_of_no_blanks(texts: Iterable[str], vectorizer: CountVectorizer) -> None:
    """Tell where the vectorizer looks for blanks between words, and the texts have none."""
    usual = CountVectorizer()
    same = (getattr(vectorizer, name) in (getattr(usual, name), DEFAULTS.get(name)) for name in BY_BLANKS)
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
    changed = {
        k: v for k, v in vectorizer.get_params().items() if k != "vocabulary" and v not in (usual[k], WORD)
    }
    shown = (f"{name}={_short(value)}" for name, value in changed.items())
    return f"CountVectorizer({', '.join(shown)})"


def _short(value: Any) -> str:
    many = isinstance(value, (list, tuple, set, frozenset)) and len(value) > 3
    return f"<{len(value)} words>" if many else repr(value)
