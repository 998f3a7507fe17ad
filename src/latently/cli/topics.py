"""The job `topics`: from texts to their topics, files and a page."""

from __future__ import annotations

import shlex
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from latently.cli.corpora import Documents, read_documents
from latently.cli.corpora.results import document_columns, labels_of, topics_table
from latently.cli.corpora.seeds import seed_words
from latently.cli.corpora.words import WordChoice, collect, limit, stop_words
from latently.cli.failure import CommandError
from latently.cli.folder import ResultFolder
from latently.cli.tables.table import shortened
from latently.cli.terminal import progress, say_report, terminal
from latently.estimators import LatentDirichletAllocation
from latently.report import Report
from latently.report.topics import Collection, TopicsAnalysis, Truth, run_trials, topics_report

MOST_TRIED = 8
MOST_DIGITS = 5


@dataclass(frozen=True)
class Request:
    """What was asked for, as it was typed."""

    source: Path
    text_column: str | None
    vocabulary: Path | None
    files: str | None
    encoding: str | None
    missing: Sequence[str]
    truth: str | None
    components: str
    inference: str
    stop_words: Sequence[str]
    min_df: str | None
    max_df: str | None
    seed_words: Sequence[str]
    out: Path
    seed: int
    force: bool

    def command(self) -> str:
        """The command that does the same again."""
        words = ["latently", "topics", self.source.name]
        vocabulary = None if self.vocabulary is None else self.vocabulary.name
        options: list[tuple[str, str | None]] = [
            ("--text-column", self.text_column),
            ("--vocabulary", vocabulary),
            ("--files", self.files),
            ("--encoding", self.encoding),
            *(("--missing", one) for one in self.missing),
            ("--truth", self.truth),
            ("-k", self.components),
            ("--inference", None if self.inference == "cvb0" else self.inference),
            *(("--stop-words", one) for one in self.stop_words),
            ("--min-df", self.min_df),
            ("--max-df", self.max_df),
            *(("--seed-words", one) for one in self.seed_words),
            ("--seed", str(self.seed)),
        ]
        words += [word for name, value in options if value is not None for word in (name, value)]
        return shlex.join(words)


def run(request: Request) -> None:
    """Find the topics, write the results and tell about them.

    Raises
    ------
    CommandError
        If something is wrong with what was asked.
    """
    tried = numbers_of_topics(request.components)
    choice = _choice(request)
    documents = read_documents(
        request.source,
        request.text_column,
        request.vocabulary,
        files=request.files,
        encoding=request.encoding,
        missing=request.missing,
    )
    if documents.texts is None:
        _no_choice(request, documents)
    truth = None if request.truth is None else _truth(documents, request.truth)
    collection = collect(documents, choice)
    if tried[-1] > collection.n_words:
        raise CommandError(
            f"-k {request.components}: {documents.name} has {collection.n_words:,} different words left, "
            f"fewer than topics; write at most -k {collection.n_words}"
        )
    seeds = seed_words(request.seed_words, tried[0], collection.words)
    with ResultFolder(request.out, request.force) as folder:
        analysis = _analyse(request, tried, documents, collection, choice, truth, seeds)
        report = topics_report(analysis)
        added = _write(folder, documents, analysis, report)
    say_report(
        terminal(),
        report,
        f"Wrote {request.out}/: open index.html for the pictures; documents.csv has the columns "
        f"{', '.join(added[:3])} and the share of each topic.",
    )


def numbers_of_topics(text: str) -> list[int]:
    """The numbers of topics that `-k` asks for.

    Parameters
    ----------
    text : str
        What was typed: a number, several with commas between, or a range, of which at most eight numbers are
        tried, in even proportions.

    Raises
    ------
    CommandError
        If it is nothing of this.

    Examples
    --------
    >>> numbers_of_topics("20"), numbers_of_topics("5,10"), numbers_of_topics("3:5")
    ([20], [5, 10], [3, 4, 5])
    >>> numbers_of_topics("5:50")
    [5, 7, 10, 13, 19, 26, 36, 50]
    """
    first, colon, last = (part.strip() for part in text.partition(":"))
    parts = [part.strip() for part in text.split(",")]
    if any(len(part) > MOST_DIGITS for part in (first, last, *parts) if part.isdecimal()):
        raise CommandError(f"-k {shortened(text)}: no texts have words for so many; write a smaller number")
    if colon and first.isdecimal() and last.isdecimal():
        low, high = int(first), int(last)
        if low > high:
            raise CommandError(f"-k {text} runs backwards: write -k {high}:{low}")
        spaced = np.geomspace(max(low, 1), max(high, 1), MOST_TRIED).round().astype(int).tolist()
        found = list(range(low, high + 1)) if high - low < MOST_TRIED else spaced
    elif all(part.isdecimal() for part in parts):
        found = [int(part) for part in parts]
    else:
        raise CommandError(
            f"-k {shortened(text)}: write a number of topics, as in -k 20, several, as in -k 10,20,40, or a "
            "range, as in -k 5:30"
        )
    if min(found) < 1:
        raise CommandError(f"-k {text}: there is at least 1 topic; write -k 1 or more")
    return sorted(set(found))


def _choice(request: Request) -> WordChoice:
    usual = WordChoice()
    return WordChoice(
        stop_words(request.stop_words),
        usual.min_df if request.min_df is None else limit(request.min_df, "--min-df"),
        usual.max_df if request.max_df is None else limit(request.max_df, "--max-df"),
    )


def _no_choice(request: Request, documents: Documents) -> None:
    """Counts come with their words: nothing can be chosen."""
    asked = {"--stop-words": request.stop_words, "--min-df": request.min_df, "--max-df": request.max_df}
    for option, value in asked.items():
        if value:
            raise CommandError(
                f"{option} is for texts, and {documents.name} holds counts ({documents.kind}): leave it out"
            )


def _truth(documents: Documents, column: str) -> Truth:
    if column == documents.text_column:
        raise CommandError(f"'{column}' holds the texts: name another column for --truth")
    documents.rest.must_have(column)
    labels = documents.rest.texts(column).fill_null("").to_list()
    if not any(labels):
        raise CommandError(
            f"column '{column}' of {documents.name} is empty: there is no truth to compare with"
        )
    return Truth(column, labels)


def _analyse(
    request: Request,
    tried: list[int],
    documents: Documents,
    collection: Collection,
    choice: WordChoice,
    truth: Truth | None,
    seeds: dict[int, list[str]] | None,
) -> TopicsAnalysis:
    settings: dict[str, Any] = {"inference": request.inference, "seed_words": seeds}
    with progress(lambda K: f"{K} topics") as told:
        trials = run_trials(
            collection,
            tried,
            request.seed,
            {**settings, "vocabulary": collection.words},
            lambda i, n, at: told(i, n + 1, at),
        )
        if not trials and len(tried) > 1:
            raise CommandError(
                f"-k {request.components}: {documents.name} has too few documents to choose by those held "
                f"out; write one number, such as -k {tried[0]}"
            )
        K = min(trials, key=lambda trial: trial.perplexity).n_components if trials else tried[0]
        told(len(tried), len(tried) + 1, K)
        words: dict[str, Any] = {"vocabulary": collection.words}
        if collection.texts is not None:
            words = {"vectorizer": choice.vectorizer()}
        model = LatentDirichletAllocation(K, random_state=request.seed, **settings, **words)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # findings and cautions say it
            model.fit(collection.counts if collection.texts is None else list(collection.texts))
    return TopicsAnalysis(
        model,
        collection,
        documents.name,
        labels_of(documents, truth),
        truth,
        trials,
        {"Command": request.command(), "Seed": str(request.seed)},
        documents.rest.notes,
    )


def _write(folder: ResultFolder, documents: Documents, a: TopicsAnalysis, report: Report) -> list[str]:
    a.model.save(folder.file("model.latently"))
    columns = document_columns(a.doc_topic, a.collection.lengths)
    added = documents.rest.write(folder.file("documents.csv"), columns)
    topics_table(a).write_csv(folder.file("topics.csv"), separator=documents.rest.separator)
    report.write(folder.file)
    return added
