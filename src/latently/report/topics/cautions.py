"""What to be careful about in a topic model: each kind of caution is a function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from latently.core.findings import Finding, caution
from latently.report.fits import converged
from latently.report.topics.analysis import CAME_BACK_COSINE, N_WORDS, TopicsAnalysis
from latently.wording import count, number, share, some

ALIKE_COSINE = 0.8
MOSTLY_ONE_DOCUMENT = 0.5
SMALL_SHARE = 0.25  # of an even share
SHORT_DOCUMENT, MANY_SHORT = 5, 0.1
DOCUMENTS_PER_TOPIC = 5
MANY_OF_ONE_DOCUMENT = 0.25
NO_BETTER_RATIO = 0.99
GENERAL_SHARE = 0.5
MOST_NAMED = 4
FEW_FOR_ONLINE = 10_000


def cautions(a: TopicsAnalysis) -> Iterator[Finding]:
    """All that there is to say, the gravest first."""
    yield from (caution("input", text) for text in a.notes)
    if not a.model.inference.startswith("online"):
        yield from converged(a.model, "the fit", "topics")
    elif a.n_documents < FEW_FOR_ONLINE:
        other = "--inference cvb0" if a.by_command else "inference='cvb0'"
        text = (
            f"the online inferences go through the documents once, which is for more than these "
            f"{a.n_documents:,}: {other} finds better topics"
        )
        yield caution("online", text, documents=a.n_documents)
    yield from _seeds(a)
    yield from _choice(a)
    yield from _words(a)
    if a.n_topics > 1:
        yield from _topics(a)
    yield from _documents(a)


def _seeds(a: TopicsAnalysis) -> Iterator[Finding]:
    """Seed words whose own tokens went to another topic: the prior alone keeps them in theirs."""
    seeds = a.model.seed_words or {}
    counts = a.model.components_ - a.model.topic_word_prior_
    columns = {word: column for column, word in enumerate(a.collection.words)}
    pairs = seeds.items() if isinstance(seeds, Mapping) else enumerate(seeds)
    lost = [
        (word, k, int(counts[:, columns[word]].argmax()))
        for k, words in pairs
        for word in words
        if word in columns and counts[:, columns[word]].argmax() != k
    ]
    if lost:
        named = some([f"'{word}' (topic {went} instead of {k})" for word, k, went in lost], MOST_NAMED)
        text = (
            f"{named}: texts use such seed words mostly in another topic than theirs. Give their "
            f"topics more seed words, or try another {_seed(a)}"
        )
        yield caution("seed words", text, "topic", sorted({k for _, k, _ in lost}), words=len(lost))


def _choice(a: TopicsAnalysis) -> Iterator[Finding]:
    """Whether topics help at all, whether the search went far enough, and whether there are documents."""
    if a.trial is not None and a.n_topics > 1 and a.trial.perplexity > NO_BETTER_RATIO * a.trial.no_topics:
        text = (
            "the topics predict held-out documents no better than word frequencies alone: they are "
            "of these documents only, or there are none"
        )
        yield caution("no better", text, perplexity=a.trial.perplexity, without=a.trial.no_topics)
    tried = [trial.n_components for trial in a.trials]
    if len(tried) > 1 and a.n_topics in (max(tried), min(tried)) and a.n_topics > 2:  # two is the least
        which, what = "smallest", "try fewer"
        if a.n_topics == max(tried):
            which, what = "largest", "more may predict still better, and be harder to read"
        text = f"the best number of topics, {a.n_topics}, is the {which} that was tried: {what}"
        yield caution("edge", text, least=min(tried), most=max(tried))
    n = int(a.full.sum())
    if a.n_topics > 1 and n < DOCUMENTS_PER_TOPIC * a.n_topics:
        fewer = f"{'-k ' if a.by_command else 'n_components='}{max(1, n // DOCUMENTS_PER_TOPIC)}"
        text = (
            f"{count(n, 'document')} are few for {count(a.n_topics, 'topic')}: some topics are single "
            f"documents. Try {fewer} or fewer"
        )
        yield caution("few documents", text, documents=n)


def _words(a: TopicsAnalysis) -> Iterator[Finding]:
    """Words among the likeliest of most topics: they tell nothing."""
    if a.n_topics < 3:
        return
    phi = a.model.topic_word_
    likeliest = np.argsort(-phi, axis=1, kind="stable")[:, :N_WORDS]
    told = np.take_along_axis(phi, likeliest, axis=1) > 1.0 / phi.shape[1]  # not merely for want of words
    found, times = np.unique(likeliest[told], return_counts=True)
    common = found[times > a.n_topics / 2]
    common = common[np.argsort(-times[times > a.n_topics / 2])]
    if len(common):
        named = some([f"'{a.collection.words[w]}'" for w in common], MOST_NAMED)
        be = "is" if len(common) == 1 else "are"
        how, lower = "vectorizer={'stop_words': [...]}", "'max_df'"
        if a.by_command:
            how, lower = "--stop-words FILE", "--max-df"
        text = (
            f"{named} {be} among the ten likeliest words of most topics and tell none from another: "
            f"leave such words out ({how}, for other languages than English too), or lower {lower}"
        )
        yield caution("words everywhere", text, "word", common)


def _topics(a: TopicsAnalysis) -> Iterator[Finding]:
    """Topics that are alike, do not come back, are of one document, are small, or are of everything."""
    fewer = f"there may be fewer topics than {a.n_topics}"
    pairs = np.argwhere(np.triu(a.cosines) > ALIKE_COSINE)
    if len(pairs):
        pairs = pairs[np.argsort(-a.cosines[tuple(pairs.T)], kind="stable")]
        cosines = [f"{i} and {j} ({number(a.cosines[i, j], 2)})" for i, j in pairs]
        these = some(cosines, MOST_NAMED, "more pair")
        text = f"topics {these} have nearly the same words (cosine): {fewer}, or words that are everywhere"
        yield caution("alike", text, "topic", pairs, cosine=a.cosines.max())
    gone = np.flatnonzero(np.asarray(1.0 if a.came_back is None else a.came_back) < CAME_BACK_COSINE)
    if len(gone):
        it = "it" if len(gone) == 1 else "them"
        text = (
            f"{_named(gone)} did not come back when nine tenths of the documents were fitted from another "
            f"start: believe {it} only if another {_seed(a)} shows {it}, too"
        )
        yield caution("not found again", text, "topic", gone)
    found = np.flatnonzero((a.concentration > MOSTLY_ONE_DOCUMENT) & (a.n_documents > 1))
    if len(found):
        named = some([f"{k} ({a.labels[a.top_documents[k]]})" for k in found], MOST_NAMED)
        topics, has = ("topic", "has most of its") if len(found) == 1 else ("topics", "have most of their")
        text = (
            f"{topics} {named} {has} words from one document: that is what this document is about, and "
            "no topic of several"
        )
        yield caution("one document", text, "topic", found)
    small = np.flatnonzero(a.shares < SMALL_SHARE / a.n_topics)
    if len(small):
        hold = "holds" if len(small) == 1 else "hold"
        yield caution("small", f"{_named(small)} {hold} few words: {fewer}", "topic", small)
    n, most = int(a.full.sum()), int(a.sizes.max(initial=0))
    if a.n_topics > 2 and most > GENERAL_SHARE * n:
        k = int(a.sizes.argmax())
        text = (
            f"topic {k} is the likeliest of {share(most, n)} of the documents: it is what they have in "
            "common, and says little of any"
        )
        yield caution("general", text, "topic", [k], documents=most)


def _documents(a: TopicsAnalysis) -> Iterator[Finding]:
    """Documents of few words, and words of one document."""
    short = int((a.collection.lengths[a.full] < SHORT_DOCUMENT).sum())
    if short > MANY_SHORT * a.n_documents:
        have, their = ("has", "its") if short == 1 else ("have", "their")
        text = (
            f"{count(short, 'document')} ({share(short, a.n_documents)}) {have} fewer than {SHORT_DOCUMENT} "
            f"words: {their} shares are mostly those of the prior"
        )
        yield caution("short documents", text, documents=short)
    alone = int((a.collection.n_documents_of_words == 1).sum())
    if a.n_documents > 1 and alone > MANY_OF_ONE_DOCUMENT * a.collection.n_words:
        remedy = "leave them out of the counts"
        if a.collection.texts is not None:
            remedy = "write --min-df 2" if a.by_command else "write vectorizer={'min_df': 2}"
        text = (
            f"{count(alone, 'word')} ({share(alone, a.collection.n_words)}) are in one document only, and "
            f"join it to no other: {remedy}"
        )
        yield caution("words of one document", text, words=alone)


def _seed(a: TopicsAnalysis) -> str:
    """What to change for other starts."""
    return "--seed" if a.by_command else "random_state"


def _named(which: np.ndarray) -> str:
    """Topic 1; topics 1, 2 and 3 more."""
    return f"topic{'s' * (len(which) > 1)} {some([str(k) for k in which], MOST_NAMED)}"
