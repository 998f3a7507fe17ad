"""New documents: their topics by a topic model fitted before."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from latently.cli.corpora import Documents
from latently.cli.corpora.results import document_columns
from latently.cli.failure import CommandError
from latently.cli.folder import ResultFolder
from latently.cli.terminal import say_bullets, say_heading, say_table, terminal
from latently.report import Table as Shown
from latently.wording import count, sentence, share

SHORT = 5
MUCH_UNSEEN = 0.6  # frequent words were left out of the model, so a good part is always unseen


def assign(
    model: Any,
    name: str,
    documents: Documents,
    out: Path,
    force: bool,
) -> None:
    """Find the topics of new documents, write them and tell about them.

    Parameters
    ----------
    model : LatentDirichletAllocation
        Loaded.
    name : str
        The name of its file.
    documents : Documents
        As they were read.
    out : Path
        Where the result goes.
    force : bool
        Whether an earlier result may be replaced.

    Raises
    ------
    CommandError
        If the documents are not such as the model knows.
    """
    counts, n_before = _counts(model, name, documents)
    lengths = np.asarray(counts.sum(axis=1)).ravel()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is odd is told below
        doc_topic = model.transform(counts)
    with ResultFolder(out, force) as folder:
        added = documents.rest.write(folder.file("documents.csv"), document_columns(doc_topic, lengths))
    console = terminal()
    K = doc_topic.shape[1]
    say_heading(console, f"{count(len(documents), 'document')} of {documents.name} in {count(K, 'topic')}")
    full = lengths > 0
    sizes = np.bincount(doc_topic.argmax(axis=1)[full], minlength=K)
    mean = doc_topic[full].mean(axis=0) if full.any() else np.zeros(K)
    rows = [
        [f"topic {k}", f"{sizes[k]:,}", share(mean[k]), ", ".join(str(word) for word in words)]
        for k, words in enumerate(model.top_words(3, 0.6))
    ]
    say_table(console, Shown("Sizes", ["topic", "documents", "mean share", "words"], rows))
    console.print()
    notes = [sentence(one) for one in documents.rest.notes]
    say_bullets(console, [*notes, *_doubts(lengths, n_before)], style="yellow")
    first = ", ".join(added[:3])
    console.print(
        f"Wrote {out}/documents.csv, with the columns {first} and the share of each topic.", soft_wrap=True
    )


def _counts(model: Any, name: str, documents: Documents) -> tuple[Any, float]:
    """Counts in the columns of the model, and how many tokens the documents have in all."""
    words = model._words
    if documents.texts is not None:
        if words.vectorizer is None:
            raise CommandError(
                f"{name} was fitted to counts, and {documents.name} holds texts: give counts in LDA-C format"
            )
        split = words.vectorizer.build_analyzer()
        tokens = [split(text) for text in documents.texts]
        return _counted(tokens, words.columns), float(sum(map(len, tokens)))
    if words.vocabulary is None:
        raise CommandError(f"{name} knows no words, only columns: call its transform in Python")
    assert documents.vocabulary is not None
    columns = np.array([words.columns.get(word, -1) for word in documents.vocabulary])
    entries = documents.counts.tocoo()
    known = columns[entries.col] >= 0
    if not known.any():
        raise CommandError(
            f"no word of {documents.name} is known to {name}: check that --vocabulary is the right file"
        )
    found = sparse.csr_matrix(
        (entries.data[known], (entries.row[known], columns[entries.col[known]])),
        shape=(len(documents), words.n_features),
    )
    return found, float(entries.data.sum())


def _counted(tokens: list[list[str]], columns: Any) -> Any:
    rows = np.repeat(np.arange(len(tokens)), [len(line) for line in tokens])
    found = np.array([columns.get(word, -1) for line in tokens for word in line], dtype=np.int64)
    known = found >= 0
    return sparse.csr_matrix(
        (np.ones(int(known.sum())), (rows[known], found[known])), shape=(len(tokens), len(columns))
    )


def _doubts(lengths: Any, n_before: float) -> list[str]:
    doubts = []
    n, empty = len(lengths), int((lengths == 0).sum())
    if empty:
        have = "has" if empty == 1 else "have"
        doubts.append(
            f"{count(empty, 'document')} ({share(empty, n)}) {have} no word that the model knows: topic and "
            "share are empty, and the shares of all topics are those of the prior."
        )
    short = int(((lengths > 0) & (lengths < SHORT)).sum())
    if short:
        have, their = ("has", "its") if short == 1 else ("have", "their")
        doubts.append(
            f"{count(short, 'document')} ({share(short, n)}) {have} fewer than {SHORT} words that the model "
            f"knows: {their} shares are mostly those of the prior."
        )
    unseen = n_before - float(lengths.sum())
    if n_before and unseen > MUCH_UNSEEN * n_before:
        doubts.append(
            f"{share(unseen, n_before)} of the words, stop words aside, are not among those of the model and "
            "were ignored: are these texts of another kind, or in another language?"
        )
    return doubts
