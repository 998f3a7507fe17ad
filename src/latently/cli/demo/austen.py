"""The novels of Jane Austen: whether topics recover them, with the characters' names and without."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from latently import datasets
from latently.cli.corpora import Documents
from latently.cli.corpora.documents import numbered
from latently.cli.corpora.words import WordChoice, collect
from latently.cli.demo.chapter import Chapter
from latently.cli.progress import ShowProgress
from latently.cli.tables.table import Table as File
from latently.estimators.latent_dirichlet_allocation import LatentDirichletAllocation
from latently.metrics import stability
from latently.report.table import Table
from latently.report.topics import TopicsAnalysis, Truth, topics_report
from latently.wording import listed, number, sentence, share

SEEDS = range(5)
N_NOVELS = 6
MUCH_OF_A_NOVEL = 0.2  # of a novel's chapters
ABOUT = (
    "Six novels, cut into 269 chapters. A topic model of six topics sees how often each chapter has each "
    "word, not which novel it is from. Do its topics recover the novels? Names of persons make this easy: "
    "few words say more surely where a chapter is from than 'Darcy' does. So it is done again without them."
)


def jane_austen(show: ShowProgress) -> Chapter:
    """Fit six topics to the chapters from five starts, with names and without; compare with the novels."""
    austen = datasets.load_austen()
    names = frozenset(austen.names)
    choices = {"with names": WordChoice(), "without names": WordChoice(frozenset(ENGLISH_STOP_WORDS) | names)}
    runs: dict[str, list[TopicsAnalysis]] = {}
    for i, (which, choice) in enumerate(choices.items()):
        rest = File("austen", numbered(len(austen.data)))
        documents = Documents("Jane Austen's novels", "texts", rest, list(austen.data))
        collection = collect(documents, choice)
        truth = Truth("novel", austen.book.tolist())
        labels = [f"{book} {chapter}" for book, chapter in zip(austen.book, austen.chapter, strict=True)]
        runs[which] = []
        for seed in SEEDS:
            show(i * len(SEEDS) + seed, 2 * len(SEEDS), f"topics of Jane Austen, {which}")
            model = LatentDirichletAllocation(N_NOVELS, vocabulary=collection.words, random_state=seed)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # cautions say it
                model.fit(collection.counts)
            runs[which].append(TopicsAnalysis(model, collection, f"{documents.name}, {which}", labels, truth))
    return _chapter(runs, names, frozenset(austen.places))


def _chapter(runs: dict[str, list[TopicsAnalysis]], names: frozenset[str], places: frozenset[str]) -> Chapter:
    named, plain = (runs[which] for which in ("with names", "without names"))
    first, bare = named[_middle(named)], plain[_middle(plain)]
    said = [_about(first), *_verdict(named, plain, names, places), _merged(named), _stable(named, plain)]
    scores = _scores(runs)
    pages = {"austen": topics_report(first), "austen-without-names": topics_report(bare)}
    spoken = [*said, *map(sentence, map(str, pages["austen"].aloud))]
    truth = pages["austen"].tables["truth"]
    return Chapter("Jane Austen", ABOUT, spoken, pages, [scores, truth])


def _middle(runs: Sequence[TopicsAnalysis]) -> int:
    """The run of the median agreement with the novels: neither the luckiest nor the unluckiest."""
    return int(np.argsort(_of_likeliest(runs), kind="stable")[len(runs) // 2])


def _of_likeliest(runs: Sequence[TopicsAnalysis]) -> list[float]:
    return [run.agreement[0] for run in runs if run.agreement is not None]


def _above_mean(runs: Sequence[TopicsAnalysis]) -> list[float]:
    return [run.agreement[1] for run in runs if run.agreement is not None]


def _about(a: TopicsAnalysis) -> str:
    c = a.collection
    return (
        f"{c.n_documents} chapters of six novels, {c.n_tokens:,} words that are neither frequent everywhere "
        f"nor in a single chapter, {c.n_words:,} of them different."
    )


def _verdict(
    named: Sequence[TopicsAnalysis],
    plain: Sequence[TopicsAnalysis],
    names: frozenset[str],
    places: frozenset[str],
) -> list[str]:
    """How well topics recover the novels, and whether names are why."""
    with_, without = _of_likeliest(named), _of_likeliest(plain)
    return [
        f"With names: the likeliest topic of a chapter agrees with its novel by an adjusted Rand index of "
        f"{_range(with_)} starts (1: the same division, 0: chance). The names make it easy: they are "
        f"{share(_among(named, names))} of the ten first words of the topics.",
        f"Without names: {_range(without)} starts. Most words of these topics (read them below) are of "
        f"things that all six novels have. Places were left in, and are {share(_among(plain, places))} of "
        "the first words; they are part of what still tells the novels apart. Topics are what texts speak "
        "of: nothing makes them novels, unless the novels speak of different things.",
    ]


def _range(scores: list[float]) -> str:
    return (
        f"{number(float(np.median(scores)), 2)}, from {number(min(scores), 2)} to {number(max(scores), 2)} "
        f"in {len(scores)}"
    )


def _among(runs: Sequence[TopicsAnalysis], words: frozenset[str]) -> float:
    """Share of the ten first words of all topics that are among some words."""
    return float(np.mean([word in words for run in runs for topic in run.top_words for word in topic]))


def _merged(named: Sequence[TopicsAnalysis]) -> str:
    """What happened in the start that recovered least."""
    worst = named[int(np.argmin(_of_likeliest(named)))]
    above = _above_mean(named)
    true, k = np.array(worst.truth.labels if worst.truth else []), int(worst.sizes.argmax())
    titles = dict.fromkeys(true.tolist())
    held = [title for title in titles if (worst.likeliest[true == title] == k).mean() > MUCH_OF_A_NOVEL]
    return (
        f"The start decides much. In the one that recovers least (seed {worst.model.random_state}) topic {k} "
        f"is the likeliest of {share(worst.sizes[k], worst.n_documents)} of the chapters, among them many of "
        f"{listed(held)}. By the topic that a chapter has most of in relation to all chapters, which passes "
        f"over a general topic, the index is {number(min(above), 2)} to {number(max(above), 2)}."
    )


def _stable(named: Sequence[TopicsAnalysis], plain: Sequence[TopicsAnalysis]) -> str:
    with_, without = (stability([run.model.topic_word_ for run in runs]).mean for runs in (named, plain))
    return (
        f"From start to start, topics keep a mean cosine of {number(with_, 2)} with names and of "
        f"{number(without, 2)} without. Look at more than one seed before believing in a topic."
    )


def _scores(runs: dict[str, list[TopicsAnalysis]]) -> Table:
    rows = []
    for which, found in runs.items():
        rows.append([f"{which}, likeliest topic", *(number(score, 2) for score in _of_likeliest(found))])
        rows.append([f"{which}, most above its mean", *(number(score, 2) for score in _above_mean(found))])
    return Table(
        "Adjusted Rand index of novels and topics",
        ["", *(f"seed {seed}" for seed in SEEDS)],
        rows,
        "Shown below is the start in the middle, by the likeliest topic.",
    )
