"""What to be careful about: each doubt is a function that returns what it has to say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from latently.report.topics.analysis import N_WORDS, TopicsAnalysis
from latently.report.topics.findings import BACK
from latently.wording import count, listed, number, sentence, share

ALIKE = 0.8
ONE_DOCUMENT = 0.5
SMALL = 0.25  # of an even share
SHORT = 5
MANY_SHORT = 0.1
DOCUMENTS_PER_TOPIC = 5
WORDS_OF_ONE = 0.25
NO_BETTER = 0.99
GENERAL = 0.5
MOST_NAMED = 4
FEW_FOR_ONLINE = 10_000


def cautions(a: TopicsAnalysis) -> list[str]:
    """All that there is to say, as sentences, the gravest first."""
    doubts = (
        _not_converged,
        _online,
        _seeds,
        _no_better,
        _edge,
        _few_documents,
        _everywhere,
        _alike,
        _went_away,
        _one_document,
        _small,
        _general,
        _short,
        _words_of_one,
    )
    return [sentence(text) for text in (*a.notes, *(text for doubt in doubts for text in doubt(a)))]


def _not_converged(a: TopicsAnalysis) -> Iterator[str]:
    if not a.model.converged_ and not _is_online(a):
        yield f"the fit had not converged: it {a.model.stop_reason_}. The topics would still move"


def _online(a: TopicsAnalysis) -> Iterator[str]:
    if _is_online(a) and a.n_documents < FEW_FOR_ONLINE:
        yield (
            f"the online inferences go through the documents once, which is for more than these "
            f"{a.n_documents:,}: --inference cvb0 finds better topics"
        )


def _seeds(a: TopicsAnalysis) -> Iterator[str]:
    """Seed words whose own tokens went to another topic: the prior alone keeps them in theirs."""
    seeds = a.model.seed_words
    if not seeds:
        return
    counts = a.model.components_ - a.model.topic_word_prior_
    columns = {word: column for column, word in enumerate(a.collection.words)}
    pairs = seeds.items() if isinstance(seeds, Mapping) else enumerate(seeds)
    lost = [
        f"'{word}' (topic {int(counts[:, columns[word]].argmax())} instead of {k})"
        for k, words in pairs
        for word in words
        if word in columns and counts[:, columns[word]].argmax() != k
    ]
    if lost:
        more = f" and {len(lost) - MOST_NAMED} more" if len(lost) > MOST_NAMED else ""
        yield (
            f"{', '.join(lost[:MOST_NAMED])}{more}: texts use such seed words mostly in another topic than "
            "theirs. Give their topics more seed words, or try another --seed"
        )


def _no_better(a: TopicsAnalysis) -> Iterator[str]:
    if a.trial is not None and a.n_topics > 1 and a.trial.perplexity > NO_BETTER * a.trial.no_topics:
        yield (
            "the topics foretell documents held out no better than the frequencies of the words do: they are "
            "of these documents only, or there are none"
        )


def _edge(a: TopicsAnalysis) -> Iterator[str]:
    tried = [trial.n_components for trial in a.trials]
    if len(tried) < 2:
        return
    if a.n_topics == max(tried):
        yield (
            f"the best number of topics, {a.n_topics}, is the largest that was tried: more may foretell "
            "still better, and be harder to read"
        )
    elif a.n_topics == min(tried) > 1:
        yield f"the best number of topics, {a.n_topics}, is the smallest that was tried: try fewer"


def _few_documents(a: TopicsAnalysis) -> Iterator[str]:
    n = int(a.full.sum())
    if a.n_topics > 1 and n < DOCUMENTS_PER_TOPIC * a.n_topics:
        yield (
            f"{count(n, 'document')} are few for {count(a.n_topics, 'topic')}: some topics are single "
            f"documents. Try -k {max(1, n // DOCUMENTS_PER_TOPIC)} or fewer"
        )


def _everywhere(a: TopicsAnalysis) -> Iterator[str]:
    """Words among the likeliest of most topics: they tell nothing."""
    if a.n_topics < 3:
        return
    likeliest = np.argsort(-a.model.topic_word_, axis=1, kind="stable")[:, :N_WORDS]
    found, times = np.unique(likeliest, return_counts=True)
    common = found[times > a.n_topics / 2]
    if len(common):
        names = [f"'{a.collection.words[w]}'" for w in common[np.argsort(-times[times > a.n_topics / 2])]]
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        be = "is" if len(names) == 1 else "are"
        yield (
            f"{', '.join(names[:MOST_NAMED])}{more} {be} among the ten likeliest words of most topics and "
            "tell none from another: leave such words out (--stop-words FILE, for other languages than "
            "English too), or lower --max-df"
        )


def _alike(a: TopicsAnalysis) -> Iterator[str]:
    pairs = np.argwhere(np.triu(a.cosines) > ALIKE)
    if len(pairs):
        pairs = pairs[np.argsort(-a.cosines[tuple(pairs.T)], kind="stable")]
        some = listed(f"{i} and {j} ({number(a.cosines[i, j], 2)})" for i, j in pairs[:MOST_NAMED])
        more = f", and {len(pairs) - MOST_NAMED} more pairs" if len(pairs) > MOST_NAMED else ""
        yield (
            f"topics {some}{more} have nearly the same words (cosine): there may be fewer topics than "
            f"{a.n_topics}, or words that are everywhere"
        )


def _went_away(a: TopicsAnalysis) -> Iterator[str]:
    if a.came_back is None or a.n_topics < 2:
        return
    gone = np.flatnonzero(a.came_back < BACK)
    if len(gone):
        yield (
            f"{_topics(gone, 'did')} not come back when nine tenths of the documents were fitted from "
            f"another start: believe {'it' if len(gone) == 1 else 'them'} only if another --seed shows "
            f"{'it' if len(gone) == 1 else 'them'}, too"
        )


def _one_document(a: TopicsAnalysis) -> Iterator[str]:
    if a.n_documents < 2 or a.n_topics < 2:
        return
    found = np.flatnonzero(a.concentration > ONE_DOCUMENT)
    if len(found):
        some = listed(f"{k} ({a.labels[a.top_documents[k]]})" for k in found[:MOST_NAMED])
        more = f", and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
        one = len(found) == 1
        yield (
            f"topic{'' if one else 's'} {some}{more} {'has most of its' if one else 'have most of their'} "
            "words from one document: that is what this document is about, and no topic of several"
        )


def _small(a: TopicsAnalysis) -> Iterator[str]:
    small = np.flatnonzero(a.shares < SMALL / a.n_topics)
    if a.n_topics > 1 and len(small):
        yield f"{_topics(small, 'holds', 'hold')} few words: there may be fewer topics than {a.n_topics}"


def _general(a: TopicsAnalysis) -> Iterator[str]:
    n, most = int(a.full.sum()), int(a.sizes.max(initial=0))
    if a.n_topics > 2 and most > GENERAL * n:
        yield (
            f"topic {int(a.sizes.argmax())} is the likeliest of {share(most, n)} of the documents: it is "
            "what they have in common, and says little of any"
        )


def _short(a: TopicsAnalysis) -> Iterator[str]:
    short = int((a.collection.lengths[a.full] < SHORT).sum())
    if short > MANY_SHORT * a.n_documents:
        have, their = ("has", "its") if short == 1 else ("have", "their")
        yield (
            f"{count(short, 'document')} ({share(short, a.n_documents)}) {have} fewer than {SHORT} words: "
            f"{their} shares are mostly those of the prior"
        )


def _words_of_one(a: TopicsAnalysis) -> Iterator[str]:
    alone = int((a.collection.n_documents_of_words == 1).sum())
    if a.n_documents > 1 and alone > WORDS_OF_ONE * a.collection.n_words:
        yield (
            f"{count(alone, 'word')} ({share(alone, a.collection.n_words)}) are in one document only, and "
            "join it to no other: "
            + ("write --min-df 2" if a.collection.texts is not None else "leave them out of the counts")
        )


def _is_online(a: TopicsAnalysis) -> bool:
    return a.model.inference.startswith("online")


def _topics(which: np.ndarray, one: str, several: str | None = None) -> str:
    """Topics and the verb behind them."""
    if len(which) == 1:
        return f"topic {which[0]} {one}"
    some = [str(k) for k in which[:MOST_NAMED]]
    if len(which) > MOST_NAMED:
        some.append(f"{len(which) - MOST_NAMED} more")
    return f"topics {listed(some)} {several or one}"
