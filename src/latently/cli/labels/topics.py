"""New documents: their topics by a topic model fitted before."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from latently.cli.corpora import Documents
from latently.cli.corpora.results import columns_in_words, document_columns
from latently.cli.failure import CommandError
from latently.cli.labels.labelled import Labelled, prediction_report
from latently.core.findings import Finding, caution
from latently.estimators.latent_dirichlet_allocation import LatentDirichletAllocation
from latently.report import Table as Shown
from latently.wording import count, part, share

if TYPE_CHECKING:
    from latently.cli.of_model import OfModel

SHORT_DOCUMENT = 5
MUCH_UNSEEN = 0.6  # frequent words were left out of the model, so a good part is always unseen


def label(model: LatentDirichletAllocation, documents: Documents, request: OfModel) -> Labelled:
    """Find the topics of new documents."""
    counts, n_before = _counts(model, request.model.name, documents)
    lengths = np.asarray(counts.sum(axis=1)).ravel()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is odd is told below
        doc_topic = model.transform(counts)
    K = doc_topic.shape[1]
    full = lengths > 0
    sizes = np.bincount(doc_topic.argmax(axis=1)[full], minlength=K)
    mean = doc_topic[full].mean(axis=0) if full.any() else np.zeros(K)
    rows = [
        [f"topic {k}", f"{sizes[k]:,}", share(mean[k]), ", ".join(str(word) for word in words)]
        for k, words in enumerate(model.top_words(3, 0.6))
    ]
    headline = f"{count(len(documents), 'document')} of {documents.name} in {count(K, 'topic')}"
    shown = Shown("Sizes", ["topic", "documents", "mean share", "words"], rows)
    report = prediction_report(headline, shown, documents.rest, (), _odd(lengths, n_before))
    columns = document_columns(doc_topic, lengths)
    return Labelled(documents.rest, columns, report, "documents.csv", columns_in_words)


def of_report(
    model: LatentDirichletAllocation, documents: Documents, request: OfModel
) -> tuple[Any, dict[str, Any]]:
    """Documents as a report takes them."""
    return documents.X, {}


def _counts(model: LatentDirichletAllocation, name: str, documents: Documents) -> tuple[Any, float]:
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


def _odd(lengths: Any, n_before: float) -> Iterator[Finding]:
    n, empty = len(lengths), int((lengths == 0).sum())
    if empty:
        have = "has" if empty == 1 else "have"
        text = (
            f"{part(empty, 'document', n)} {have} no word that the model knows: topic and share are empty, "
            "and the shares of all topics are those of the prior"
        )
        yield caution("no words", text, "document", empty=empty)
    short = int(((lengths > 0) & (lengths < SHORT_DOCUMENT)).sum())
    if short:
        have, their = ("has", "its") if short == 1 else ("have", "their")
        text = (
            f"{part(short, 'document', n)} {have} fewer than {SHORT_DOCUMENT} words that the model knows: "
            f"{their} shares are mostly those of the prior"
        )
        yield caution("few words", text, "document", short=short)
    unseen = n_before - float(lengths.sum())
    if n_before and unseen > MUCH_UNSEEN * n_before:
        text = (
            f"{share(unseen, n_before)} of the words, stop words aside, are not among those of the model and "
            "were ignored: are these texts of another kind, or in another language?"
        )
        yield caution("unseen words", text, "document", unseen=unseen)
