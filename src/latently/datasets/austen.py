"""The novels of Jane Austen by chapter: texts whose topics can be held to a truth."""

import csv
import gzip
from importlib.resources import files

import numpy as np
from sklearn.utils import Bunch

from latently.datasets._table import loader, to_frame

TEXTS, NAMES = "austen.csv.gz", "austen_names.txt"
PLACES = "# Names of places"

DESCRIPTION = """\
The novels of Jane Austen
=========================

269 chapters of six novels, one row each, in the order of the novels and of their chapters.

| feature | what                                           | unit    |
|---------|------------------------------------------------|---------|
| book    | the novel                                      | title   |
| chapter | its number in the novel, through all volumes   | from 1  |
| text    | the chapter, without its heading, as one line  | English |

| novel               | published | chapters |
|---------------------|-----------|----------|
| Sense & Sensibility | 1811      | 50       |
| Pride & Prejudice   | 1813      | 61       |
| Mansfield Park      | 1814      | 48       |
| Emma                | 1815      | 55       |
| Northanger Abbey    | 1817      | 31       |
| Persuasion          | 1817      | 24       |

The underscores with which the source marks italics have been taken out. `names` are words that are names of
persons of the novels, in singular and plural, `places` of places; both are in lower case, for lists of stop
words. Words that are more often something else (hall, hill, long) are in neither.

Source: Project Gutenberg, by way of the R package janeaustenr. The novels are in the public domain.
"""


@loader(DESCRIPTION)
def load_austen(*, as_frame: bool = False) -> Bunch:
    """Load the six novels of Jane Austen: 269 chapters as texts, with the novel as truth.

    Returns
    -------
    sklearn.utils.Bunch
        data : list of 269 str
            The text of each chapter. With ``as_frame=True``, a Series.
        target : ndarray of shape (269,), int64
            The novel of each chapter, 0 to 5.
        target_names : list of 6 str
            The titles, in the order of publication.
        book : ndarray of shape (269,), str
            The title of the novel of each chapter.
        chapter : ndarray of shape (269,), int64
            The number of the chapter in its novel.
        names, places : list of str
            Names of persons and of places, in lower case and alphabetical order.
        feature_names : list of str
            ``["book", "chapter", "text"]``, the columns of `frame`.
        frame : DataFrame of shape (269, 3) or None
            Everything in a table with ``as_frame=True``, otherwise None.

    Examples
    --------
    >>> from latently.datasets import load_austen
    >>> austen = load_austen()
    >>> len(austen.data), str(austen.book[50]), int(austen.chapter[50])
    (269, 'Pride & Prejudice', 1)
    >>> austen.data[50][:60]
    'It is a truth universally acknowledged, that a single man in'
    >>> "darcy" in austen.names, "pemberley" in austen.places
    (True, True)
    """
    packaged = files(__package__)
    content = gzip.decompress(packaged.joinpath(TEXTS).read_bytes()).decode("utf-8")
    header, *rows = csv.reader(content.splitlines())
    book, number, texts = (list(column) for column in zip(*rows, strict=True))
    chapter = np.array(number, dtype=np.int64)
    titles = list(dict.fromkeys(book))
    frame = to_frame({"book": book, "chapter": chapter, "text": texts}, header) if as_frame else None
    persons, places = packaged.joinpath(NAMES).read_text(encoding="utf-8").split(PLACES)
    return Bunch(
        data=texts if frame is None else frame["text"],
        target=np.array([titles.index(title) for title in book]),
        target_names=titles,
        book=np.array(book),
        chapter=chapter,
        names=_words(persons),
        places=_words(places),
        feature_names=header,
        frame=frame,
        DESCR=DESCRIPTION,
        filename=TEXTS,
    )


def _words(section: str) -> list[str]:
    return [word for line in section.splitlines() if not line.startswith("#") for word in line.split()]
