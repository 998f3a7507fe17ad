"""What there is to say of a topic model: findings, tables and what to do next."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from latently.core.findings import Finding, note
from latently.report.html import Markup, paragraph
from latently.report.report import Report
from latently.report.same import same_in_python, with_new
from latently.report.table import Table
from latently.report.topics.analysis import CAME_BACK_COSINE, RELEVANCE, TopicsAnalysis
from latently.report.topics.cautions import cautions
from latently.report.topics.figures import topics_figures
from latently.report.topics.replay import topics_replay
from latently.report.topics.summary import summary
from latently.version import __version__
from latently.wording import count, listed, number, part, sentence, share

MOST_LABELS, MOST_TOPICS = 20, 20
INFERENCES = {
    "cvb0": "collapsed variational Bayes of zero order (CVB0), which has no objective",
    "vb": "variational Bayes, begun by CVB0, with a bound that never falls",
    "online": "stochastic CVB0 over minibatches",
    "online_vb": "stochastic variational Bayes over minibatches",
}
ASKED = """\
model.top_words(10, relevance=0.6)
model.transform(X)           # what documents have of each topic
model.transform_interval(X)  # and how sure that is
latently.report(model, X, "report.html")
"""
FILES = (
    ("documents.csv", "The documents, with the likeliest topic and the shares of all."),
    ("topics.csv", "A line for each topic: its share, its documents, its words."),
)
OF_NEW = """\
model.top_words(10, relevance=0.6)
model.transform({X})           # what new documents have of each topic
model.transform_interval({X})  # and how sure that is
"""


def topics_report(a: TopicsAnalysis) -> Report:
    """All that is said of a topic model."""
    tables = {"topics": topics(a), "truth": truth(a), "perplexity": perplexity(a)}
    return Report(
        "topics",
        f"{count(a.n_topics, 'topic')} in the {count(a.n_documents, 'document')} of {a.source}",
        list(_findings(a)),
        list(cautions(a)),
        _facts(a),
        {name: table for name, table in tables.items() if table is not None},
        topics_figures(a),
        _how(a),
        summary(a),
        _going_on(a),
        _python(a),
        _sure(a),
        lead=_lead(a),
        aloud=[_topic(a, k) for k in range(a.n_topics)],
        replay=lambda: topics_replay(a),
    )


def _lead(a: TopicsAnalysis) -> str:
    """The page in three sentences."""
    k = int(np.argmax(a.shares))
    return (
        f"The {count(a.n_documents, 'document')} are about {count(a.n_topics, 'topic')}: words that occur "
        f"together, found without any labels. The largest, topic {k} ({share(a.shares[k])} of all words), is "
        f"of {listed(a.top_words[k][:5])}. Each document has shares of several topics; the numbers of topics "
        "are arbitrary, and their names are yours to give."
    )


def _python(a: TopicsAnalysis) -> str:
    """Words are chosen as the command chose them."""
    written = {}
    if a.reading:
        texts = a.collection.texts is not None
        written = (
            {"vectorizer": "data.choice.vectorizer()"} if texts else {"vocabulary": "data.collection.words"}
        )
    return same_in_python(a.model, a.reading, ASKED, written=written)


def _sure(a: TopicsAnalysis) -> list[str]:
    """How sure documents and topics are."""
    top = a.doc_topic[a.full].max(axis=1)
    n = int((top < 0.5).sum())
    said = [
        f"In {part(n, 'document', len(top))} no topic has half of the words or more: they are about "
        "several things, and their likeliest topic says little",
        "A fit from another seed may find other topics: look for those that come back",
    ]
    if a.came_back is not None and a.n_topics > 1:
        back = int((a.came_back >= CAME_BACK_COSINE).sum())
        said.insert(1, f"{back} of {a.n_topics} topics came back in a fit to nine tenths of the documents")
    return [sentence(text) for text in said]


def _facts(a: TopicsAnalysis) -> list[tuple[str, str]]:
    c = a.collection
    facts = [
        ("topics", f"{a.n_topics}"),
        ("documents", f"{c.n_documents:,}"),
        ("different words", f"{c.n_words:,}"),
        ("words in all", f"{c.n_tokens:,}"),
        ("coherence (c_npmi)", number(a.coherence.mean, 2)),
    ]
    if a.trial is not None:
        facts.append(("held-out perplexity", _perplexity(a.trial.perplexity)))
    if a.agreement is not None:
        facts.append(("adjusted Rand index", number(a.agreement[0], 2)))
    return facts


def _topic(a: TopicsAnalysis, k: int) -> Finding:
    """A topic by ten words ranked by relevance."""
    text = f"Topic {k}, {share(a.shares[k])} of all words: {', '.join(a.top_words[k])}"
    return note("topic", text, "topic", [k], share=a.shares[k])


def _findings(a: TopicsAnalysis) -> Iterator[Finding]:
    """The most important first."""
    yield _documents(a)
    yield _left_out(a)
    n = len(a.collection.empty)
    if n:
        have, their = ("has", "its") if n == 1 else ("have", "their")
        text = f"{count(n, 'document')} {have} no words left: {their} topics are not known, and the cell is"
        yield note("empty", f"{text} empty", "document", a.collection.empty)
    if a.agreement is not None and a.truth is not None:
        yield _agreement(a)
    if len(a.trials) > 1:
        yield _choice(a)
    if a.trial is not None:
        yield _held_out(a)
    yield _coherence(a)
    if a.came_back is not None and a.n_topics > 1:
        back = int((a.came_back >= CAME_BACK_COSINE).sum())
        text = (
            f"{back} of {count(a.n_topics, 'topic')} came back (cosine of at least {CAME_BACK_COSINE:g}) "
            "when nine tenths of the documents were fitted from another start"
        )
        yield note("found again", text, topics=back)


def _documents(a: TopicsAnalysis) -> Finding:
    c, lengths = a.collection, a.collection.lengths[a.full]
    text = (
        f"{count(c.n_documents, 'document')} of {count(c.n_words, 'different word')}, "
        f"{count(c.n_tokens, 'word')} in all: a median of {number(np.median(lengths))} each "
        f"({number(lengths.min())} to {number(lengths.max())})"
    )
    return note("documents", text, documents=c.n_documents, words=c.n_words, tokens=c.n_tokens)


def _left_out(a: TopicsAnalysis) -> Finding:
    c = a.collection
    lost = c.n_tokens_before - c.n_tokens
    if not c.left_out:
        return note("left out", "No word was left out")
    reasons = listed(
        count(one.n_words, one.why.removesuffix("s"))
        if one.why == "stop words"
        else f"{count(one.n_words, 'word')} {one.why}"
        for one in c.left_out
    )
    together = f"together {share(lost, c.n_tokens_before)} of the {count(c.n_tokens_before, 'word')}"
    return note("left out", f"Left out: {reasons}" + (f"; {together}" if lost else ""), tokens=lost)


def _agreement(a: TopicsAnalysis) -> Finding:
    assert a.agreement is not None
    assert a.truth is not None
    plain, above = a.agreement
    n = len({label for label in a.truth.labels if label})
    said = (
        f"Against the {count(n, 'label')} of {a.truth.name}, which the model never saw: adjusted Rand index "
        f"{number(plain, 2)} by the likeliest topic of each document (1 is the same division, 0 is chance)"
    )
    if abs(above - plain) >= 0.02:
        said += (
            f"; {number(above, 2)} by the topic that is most above its average, as a general topic may be "
            "the likeliest of many documents"
        )
    return note("agreement", said, adjusted_rand=plain, above_mean=above)


def _choice(a: TopicsAnalysis) -> Finding:
    best, second, *_ = sorted(a.trials, key=lambda trial: trial.perplexity)
    predict = "predicts" if best.n_components == 1 else "predict"
    come = "comes" if second.n_components == 1 else "come"
    text = (
        f"{count(best.n_components, 'topic')} {predict} held-out documents best among {len(a.trials)} "
        f"numbers tried (perplexity {_perplexity(best.perplexity)}); next {come} "
        f"{count(second.n_components, 'topic')} ({_perplexity(second.perplexity)}). People may find another "
        "number easier to read"
    )
    return note("choice", text, perplexity=best.perplexity)


def _held_out(a: TopicsAnalysis) -> Finding:
    t = a.trial
    assert t is not None
    value = _perplexity(t.perplexity)
    text = (
        f"Held-out perplexity {value}, against {_perplexity(t.no_topics)} without topics: a model of the "
        f"other documents guesses a word of the {count(t.n_documents, 'document')} held out as well as if it "
        f"were one among {value} alike. It compares models of the same documents and words, and does not say "
        "whether people find the topics meaningful"
    )
    return note("held out", text, perplexity=t.perplexity, without=t.no_topics)


def _coherence(a: TopicsAnalysis) -> Finding:
    scores = a.coherence
    low, high = int(scores.per_topic.argmin()), int(scores.per_topic.argmax())
    where = "windows of ten words" if a.by_windows else "documents"
    said = f"Coherence (c_npmi of the ten likeliest words, in {where}) is {number(scores.mean, 2)} on average"
    least, most = (number(scores.per_topic[k], 2) for k in (low, high))
    if least != most:
        said += f", from {least} (topic {low}) to {most} (topic {high})"
    said += ". Near 1 the words of a topic always stand together, at 0 as often as by chance. It says nothing"
    return note("coherence", f"{said} of how well topics cover the documents", mean=scores.mean)


def topics(a: TopicsAnalysis) -> Table:
    """A line for each topic: its words, its share, its documents, its coherence."""
    heads = ["topic", "share", "documents", "coherence"]
    columns = [
        [share(part) for part in a.shares],
        [f"{size:,}" for size in a.sizes],
        # Adding zero turns minus zero into zero.
        [number(round(score, 2) + 0.0, 2) for score in a.coherence.per_topic],
    ]
    if a.came_back is not None:
        heads.append("came back")
        columns.append([number(cosine, 2) for cosine in a.came_back])
    rows = [
        [f"topic {k}", *cells, ", ".join(a.top_words[k])]
        for k, cells in enumerate(zip(*columns, strict=True))
    ]
    text = (
        f"Words by relevance ({RELEVANCE:g}): likely in the topic, and likelier there than elsewhere. The "
        "share is that of all words; documents are counted by their likeliest topic."
    )
    if a.came_back is not None:
        text += " The last number is the cosine with the same topic of a fit to nine tenths of the documents."
    return Table("Topics", [*heads, "words"], rows, text, prose=frozenset({len(heads)}), spoken=False)


def truth(a: TopicsAnalysis) -> Table | None:
    """How many documents of each true label have which likeliest topic; None where it is too large."""
    if a.truth is None or not a.known.any() or a.n_topics > MOST_TOPICS:
        return None
    true = np.array(a.truth.labels)
    names = list(dict.fromkeys(true[a.known].tolist()))
    if len(names) > MOST_LABELS:
        return None
    rows, best = [], set()
    for i, name in enumerate(names):
        counts = np.bincount(a.likeliest[a.known & (true == name)], minlength=a.n_topics)
        rows.append([name, *(f"{n:,}" if n else "" for n in counts)])
        best.add((i, 1 + int(counts.argmax())))
    heads = ["", *(f"topic {k}" for k in range(a.n_topics))]
    text = "Documents. The largest number of each line is marked."
    return Table(f"{a.truth.name} and likeliest topic", heads, rows, text, frozenset(best))


def _perplexity(value: float) -> str:
    """With a decimal where it is small: between ten words alike and eleven there is room."""
    return number(value, int(value < 100))


def perplexity(a: TopicsAnalysis) -> Table | None:
    """Held-out perplexity by the number of topics; None if only one was tried."""
    if len(a.trials) < 2:
        return None
    trials = sorted(a.trials, key=lambda trial: trial.n_components)
    best = min(range(len(trials)), key=lambda i: trials[i].perplexity)
    return Table(
        "Held-out perplexity by number of topics",
        ["topics", *(str(trial.n_components) for trial in trials)],
        [["perplexity", *(_perplexity(trial.perplexity) for trial in trials)]],
        f"Lower is better; the best is marked. Without topics: {_perplexity(trials[0].no_topics)}.",
        frozenset({(0, 1 + best)}),
        sure=True,
    )


def _going_on(a: TopicsAnalysis) -> list[Markup]:
    texts = a.collection.texts is not None
    new = "new.csv --text-column text" if texts else "new.dat"
    return [
        *with_new(new, FILES, OF_NEW.format(X="texts" if texts else "counts"), command=a.by_command),
        paragraph(
            "Numbers of topics mean nothing: another seed may find the same topics in another order, or "
            "others. Read the documents with the largest shares of a topic before giving it a name."
        ),
    ]


def _how(a: TopicsAnalysis) -> dict[str, str]:
    """How it was computed."""
    model, c = a.model, a.collection
    prior, least = model.doc_topic_prior_, f"{float(np.min(model.topic_word_prior_)):.4g}"
    passes = count(model.n_iter_, "pass", "passes")
    facts = {
        "Software": f"latently {__version__}",
        "Model": f"Latent Dirichlet allocation, by {INFERENCES[model.inference]}",
        **a.settings,
        "Prior of documents": f"from {prior.min():.3g} to {prior.max():.3g}, by topic",
        "Prior of words": f"{least} and more for seed words" if model.seed_words else least,
        "Why it stopped": f"{model.stop_reason_}, after {passes}",
        "Words": f"{count(c.n_words, 'different one')}, {c.n_tokens:,} of {c.n_tokens_before:,} in all",
    }
    if a.trial is not None:
        facts["Held out"] = (
            f"{count(a.trial.n_documents, 'document')}, {count(a.trial.n_tokens, 'word')} scored given the "
            "rest of the document (document completion)"
        )
    return facts
