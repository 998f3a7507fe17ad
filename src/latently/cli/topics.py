"""The job `topics`: from texts to their topics."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from latently.cli.failure import CommandError
from latently.cli.job import Fit
from latently.cli.options import OfLongRuns, OfTexts, argument, option
from latently.wording import count

if TYPE_CHECKING:
    from latently.cli.corpora import Documents
    from latently.cli.corpora.words import WordChoice
    from latently.cli.folder import ResultFolder
    from latently.cli.progress import ShowProgress
    from latently.report import Report
    from latently.report.topics import Collection, TopicsAnalysis, Truth

MOST_TRIED = 8
AUTO = "auto"
USUAL_TOPICS = 20  # topics
FEW_DOCUMENTS = 1_000  # documents
DOCUMENTS_PER_TOPIC = 3  # at least, for each topic


class Words(NamedTuple):
    """What topics are looked for in."""

    documents: Documents
    collection: Collection
    choice: WordChoice
    truth: Truth | None
    seeds: dict[int, list[str]] | None
    tried: list[int]

    @property
    def X(self) -> Any:
        """The documents as the model has them: texts, or counts of words."""
        found = self.collection
        return found.counts if found.texts is None else list(found.texts)


@dataclass(frozen=True, kw_only=True)
class Topics(OfTexts, OfLongRuns, Fit["Words", "TopicsAnalysis"]):
    """Find the topics of texts with latent Dirichlet allocation.

    Writes to ./latently-topics-TEXTS/ unless told otherwise: the page index.html, the topics with their words
    (topics.csv), what each document has of each (documents.csv), the model (model.latently), summary.json and
    pictures.

    Example: latently topics news.csv --text-column body -k 20
    """

    texts: Path = argument(
        "TEXTS", "A CSV, Parquet or JSON lines file, a text a line (.txt), a folder of texts, or counts."
    )
    components: str = option(
        "-k",
        "--components",
        default="auto",
        help="How many topics: 20, or several, as 10,20,40 or 5:30, of which documents held out choose; auto "
        "takes 20, and of fewer than 1,000 documents lets those held out choose.",
    )
    truth: str | None = option(
        metavar="COLUMN",
        help="A column of true labels, kept out of the model and compared with the likeliest topics.",
    )
    stop_words: list[str] = option(
        default=(),
        metavar="WORDS",
        help="Words to leave out: english, none, or a file of words; several by repeating it. Otherwise "
        "english.",
    )
    min_df: str | None = option(
        help="Leave out words of fewer documents: a number, or a share as 0.01. Otherwise 2."
    )
    max_df: str | None = option(
        help="Leave out words of more documents: a number, or a share. Otherwise 0.5."
    )
    seed_words: list[str] = option(
        default=(),
        metavar="K=WORD,WORD",
        help="Words that belong to a topic, as 3=sea,ship, or a file with such lines; may be repeated.",
    )
    inference: Literal["cvb0", "vb", "online", "online_vb"] = option(
        default="cvb0", help="How topics are found: cvb0, vb (with a bound), online or online_vb (one pass)."
    )

    def read(self) -> Words:
        from latently.cli.corpora.seeds import seed_words
        from latently.cli.corpora.words import choice_of, collect

        auto = self.components == AUTO
        tried = [] if auto else numbers_of_topics(self.components)
        choice = choice_of(self.stop_words, self.min_df, self.max_df)
        documents = self.documents(self.texts)
        if documents.texts is None:
            self._no_choice(documents)
        truth = None if self.truth is None else _truth(documents, self.truth)
        collection = collect(documents, choice)
        tried = tried or _tried_of(collection)
        if tried[-1] > collection.n_words:
            raise CommandError(
                f"-k {self.components}: {documents.name} has {count(collection.n_words, 'different word')} "
                f"left, fewer than topics; write at most -k {collection.n_words}"
            )
        seeds = seed_words(self.seed_words, tried[0], collection.words)
        return Words(documents, collection, choice, truth, seeds, tried)

    def _no_choice(self, documents: Documents) -> None:
        """Counts come with their words: nothing can be chosen."""
        asked = {"--stop-words": self.stop_words, "--min-df": self.min_df, "--max-df": self.max_df}
        for name, value in asked.items():
            if value:
                raise CommandError(
                    f"{name} is for texts, and {documents.name} holds counts ({documents.kind}): leave it out"
                )

    def analyse(self, data: Words, show: ShowProgress) -> TopicsAnalysis:
        """Try all numbers of topics on documents held out, and fit the best."""
        from latently.cli.corpora.results import labels_of
        from latently.estimators.latent_dirichlet_allocation import LatentDirichletAllocation
        from latently.report import Recorder
        from latently.report.topics import TopicsAnalysis, run_trials

        documents, collection, choice, truth, seeds, tried = data
        settings: dict[str, Any] = {"inference": self.inference, "seed_words": seeds}
        words: dict[str, Any] = {"vocabulary": collection.words}

        def tell(i: int, n: int, K: int) -> None:
            show(i, n + 1, count(K, "topic"))

        trials = run_trials(collection, tried, self.seed, settings | words, tell)
        if not trials and len(tried) > 1 and self.components != AUTO:
            raise CommandError(
                f"-k {self.components}: {documents.name} has too few documents to choose by those held "
                f"out; write one number, such as -k {tried[0]}"
            )
        middle = tried[len(tried) // 2]
        K = min(trials, key=lambda trial: trial.perplexity).n_components if trials else middle
        show(len(tried), len(tried) + 1, count(K, "topic"))
        if collection.texts is not None:
            words = {"vectorizer": choice.vectorizer()}
        settings |= {"random_state": self.seed, "callbacks": [Recorder()], "checkpoint": self.checkpoint}
        model = LatentDirichletAllocation(K, **settings, **words)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # findings and cautions say it
            model.fit(data.X)
        rest, labels = documents.rest, labels_of(documents, truth)
        how: dict[str, Any] = {"settings": self.settings | rest.read_as, "reading": self.reading}
        found = model, collection, documents.name, labels, truth, trials
        return TopicsAnalysis(*found, notes=rest.notes, **how)

    def report(self, analysis: TopicsAnalysis) -> Report:
        from latently.report.topics import topics_report

        return topics_report(analysis)

    def write(self, folder: ResultFolder, data: Words, analysis: TopicsAnalysis) -> str:
        """The model, the documents with their topics, and the topics with their words."""
        from latently.cli.corpora.results import columns_in_words, document_columns, topics_table
        from latently.cli.fed import save

        save(
            analysis.model,
            folder.file("model.latently"),
            missing=self.missing,
            text_column=data.documents.text_column,
            files=self.files,
        )
        rest = data.documents.rest
        columns = document_columns(analysis.doc_topic, analysis.collection.lengths)
        added = rest.write(folder.file("documents.csv"), columns)
        topics_table(analysis).write_csv(folder.file("topics.csv"), separator=rest.separator)
        return f"documents.csv has the columns {columns_in_words(added)}"


def _tried_of(collection: Collection) -> list[int]:
    """Numbers of topics for a collection: the usual one, or of few documents several, in even proportions."""
    import numpy as np

    n = collection.n_documents
    most = max(2, min(USUAL_TOPICS, n // DOCUMENTS_PER_TOPIC, collection.n_words))
    if n >= FEW_DOCUMENTS or most == 2:
        return [min(USUAL_TOPICS, most)]
    return np.unique(np.geomspace(2, most, MOST_TRIED).round().astype(int)).tolist()


def numbers_of_topics(text: str) -> list[int]:
    """The numbers of topics that `-k` asks for; of a long range eight of them, in even proportions.

    Examples
    --------
    >>> numbers_of_topics("20"), numbers_of_topics("5,10"), numbers_of_topics("3:5")
    ([20], [5, 10], [3, 4, 5])
    >>> numbers_of_topics("5:50")
    [5, 7, 10, 13, 19, 26, 36, 50]
    """
    import numpy as np

    from latently.cli.numbers import numbers_of

    found = numbers_of(text, "topic", several=True)
    if ":" not in text or len(found) <= MOST_TRIED:
        return found
    return np.geomspace(found[0], found[-1], MOST_TRIED).round().astype(int).tolist()


def _truth(documents: Documents, column: str) -> Truth:
    from latently.cli.tables.columns import truth_of

    if column == documents.text_column:
        raise CommandError(f"'{column}' holds the texts: name another column for --truth")
    documents.rest.must_have(column)
    return truth_of(documents.rest, column)
