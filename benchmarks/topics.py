"""Topic models beside scikit-learn, gensim and tomotopy.

The quality of a model is its perplexity of the other half of held-out documents: 225 documents of the
Associated Press corpus, half of their tokens at random, folded in alike for every method, and only tokens
whose word occurred in training. The corpus is read from the folder that the variable AP_CORPUS names, or
from `../shared/data/ap`; where it is not there, these lines are skipped.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.decomposition import LatentDirichletAllocation as Peer

from benchmarks.harness import alternate, installed, medians, seconds, table, write
from latently import LatentDirichletAllocation
from latently.datasets import load_austen
from latently.metrics.topics import DocumentSplit, held_out_perplexity

CORPUS = Path(os.environ.get("AP_CORPUS", Path(__file__).parent.parent.parent / "shared" / "data" / "ap"))
SIZES = ((5000, 5000, 20, 100), (5000, 10_000, 100, 100))
SEEDS = range(5)


def planted(n: int, V: int, K: int, length: int, seed: int = 0) -> Any:
    """Counts of documents drawn from the model: eta 0.05, alpha 0.1, lengths Poisson."""
    return drawn(n, V, K, length, seed)[0]


def drawn(
    n: int, V: int, K: int, length: int, seed: int, alpha: float = 0.1, common: float = 0.0
) -> tuple[Any, Any]:
    """Counts of documents, and their topics, which have a part of their words in common."""
    rng = np.random.default_rng(seed)
    topics = rng.dirichlet(np.full(V, 0.05), K)
    if common:
        topics = (1 - common) * topics + common * rng.dirichlet(np.full(V, 0.2))
    edges = topics.cumsum(axis=1)
    shares, lengths = rng.dirichlet(np.full(K, alpha), n), rng.poisson(length, n)
    rows, columns = [], []
    for d in range(n):
        labels = rng.choice(K, lengths[d], p=shares[d])
        for k in np.unique(labels):
            found = np.searchsorted(edges[k], rng.random(int((labels == k).sum()))).clip(0, V - 1)
            columns.append(found)
            rows.append(np.full(len(found), d))
    ones = np.ones(sum(map(len, rows)))
    X = sparse.csr_matrix((ones, (np.concatenate(rows), np.concatenate(columns))), shape=(n, V))
    X.sum_duplicates()
    return X, topics


def read_ap() -> Any:
    """The Associated Press corpus, LDA-C format."""
    rows, columns, counts = [], [], []
    for d, line in enumerate((CORPUS / "ap.dat").read_text().splitlines()):
        for pair in line.split()[1:]:
            word, count = pair.split(":")
            rows.append(d)
            columns.append(int(word))
            counts.append(float(count))
    return sparse.csr_matrix((counts, (rows, columns)))


class Held:
    """Documents held out, half of their tokens observed."""

    def __init__(self, X: Any, n_test: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        order = rng.permutation(X.shape[0])
        test, self.train = X[order[:n_test]].tocsr(), X[order[n_test:]].tocsr()
        observed, other = test.copy(), test.copy()
        observed.data = rng.binomial(test.data.astype(int), 0.5).astype(float)
        other.data = test.data - observed.data
        self.seen = np.asarray(self.train.sum(axis=0)).ravel() > 0
        for half in (observed, other):
            half.data *= self.seen[half.indices]
            half.eliminate_zeros()
        self.halves = DocumentSplit(observed, other)

    def perplexity(self, topic_word: Any, prior: Any) -> float:
        """Of any model, documents folded in for fixed topics."""
        phi = np.maximum(np.asarray(topic_word, dtype=float), 1e-12)
        phi = phi / phi.sum(axis=1, keepdims=True)
        prior = np.broadcast_to(prior, (len(phi),)).astype(float)
        return float(held_out_perplexity(self.halves, phi, prior, seen=self.seen).perplexity)


def tomotopy_run(held: Held, seed: int) -> tuple[float, float]:
    """Seconds and perplexity of 1000 iterations of Gibbs sampling, the document prior relearned."""
    import tomotopy

    X = held.train
    model = tomotopy.LDAModel(k=50, alpha=0.1, eta=0.05, seed=seed + 1)
    for d in range(X.shape[0]):
        row = slice(X.indptr[d], X.indptr[d + 1])
        words = np.repeat(X.indices[row], X.data[row].astype(int))
        model.add_doc([str(w) for w in words])
    model.optim_interval = 10
    spent = seconds(lambda: model.train(1000, workers=2))
    phi = np.zeros((50, X.shape[1]))
    columns = [int(word) for word in model.used_vocabs]
    for k in range(50):
        phi[k, columns] = model.get_topic_word_dist(k)
    return spent, held.perplexity(phi, np.array(model.alpha))


def ours_until(held: Held, seed: int, target: float) -> tuple[float, float, float]:
    """Seconds until the target is reached, seconds in all, and the perplexity in the end."""
    spent, reached = [0.0], [np.inf]
    started = [0.0]

    def watch(iteration: int, params: Any, _: float) -> None:
        now = time.perf_counter()
        spent[0] += now - started[0]
        if iteration % 5 == 0 and not np.isfinite(reached[0]):
            value = held.perplexity(params.topic_word.T, params.doc_prior)
            reached[0] = spent[0] if value <= target else np.inf
        started[0] = time.perf_counter()

    started[0] = time.perf_counter()
    model = LatentDirichletAllocation(50, random_state=seed, callbacks=[watch]).fit(held.train)
    spent[0] += time.perf_counter() - started[0]
    return reached[0], spent[0], held.perplexity(model.components_, model.doc_topic_prior_)


def associated_press() -> list[dict[str, Any]]:
    """Time to the peer's quality, and quality in the end."""
    held = Held(read_ap(), 225)
    ours_until(held, 0, 0.0)
    theirs = [tomotopy_run(held, seed) for seed in SEEDS] if installed("tomotopy") else [(np.nan, np.nan)]
    target, peer_s = median(p for _, p in theirs), median(s for s, _ in theirs)
    mine = [ours_until(held, seed, target) for seed in SEEDS]
    to_target, total, final = (median(column) for column in zip(*mine, strict=True))
    vb = []
    for seed in SEEDS:
        found: list[Any] = []
        spent = seconds(
            lambda seed=seed, found=found: found.append(
                LatentDirichletAllocation(50, inference="vb", random_state=seed).fit(held.train)
            )
        )
        vb.append((spent, held.perplexity(found[0].components_, found[0].doc_topic_prior_)))
    sk = Peer(50, doc_topic_prior=0.1, topic_word_prior=0.05, max_iter=30, n_jobs=2, random_state=0)
    sk_s = seconds(lambda: sk.fit(held.train))
    return [
        {"method": "tomotopy, 1000 iterations", "seconds": peer_s, "perplexity": target},
        {
            "method": "latently, until tomotopy's",
            "seconds": to_target,
            "perplexity": target,
            "ratio": peer_s / to_target,
        },
        {"method": "latently", "seconds": total, "perplexity": final, "ratio": peer_s / total},
        {
            "method": "latently, vb",
            "seconds": median(s for s, _ in vb),
            "perplexity": median(p for _, p in vb),
        },
        {
            "method": "scikit-learn, 30 iterations",
            "seconds": sk_s,
            "perplexity": held.perplexity(sk.components_, 0.1),
        },
    ]


def learned_priors() -> list[dict[str, Any]]:
    """Perplexity with learned priors and with those they start from, mean of five seeds."""
    from sklearn.feature_extraction.text import CountVectorizer

    austen = CountVectorizer(stop_words="english", min_df=2, max_df=0.5).fit_transform(load_austen().data)
    corpora = {"Austen, K = 20": (Held(austen, 40), 20)}
    if CORPUS.exists():
        corpora["Associated Press, K = 50"] = (Held(read_ap(), 225), 50)
    rows = []
    for name, (held, K) in corpora.items():
        for inference in ("cvb0", "vb"):
            found = {}
            for prior in ("auto", None):
                values = []
                for seed in SEEDS:
                    model = LatentDirichletAllocation(
                        K,
                        inference=inference,
                        doc_topic_prior=prior,
                        topic_word_prior=prior,
                        random_state=seed,
                    ).fit(held.train)
                    values.append(held.perplexity(model.components_, model.doc_topic_prior_))
                found[prior] = float(np.mean(values))
            rows.append({"corpus": name, "inference": inference, "auto": found["auto"], "fixed": found[None]})
    return rows


def vb_iteration(rounds: int) -> list[dict[str, Any]]:
    """One iteration of batch variational Bayes, twenty sweeps over each document in both."""
    rows = []
    for n, V, K, length in SIZES:
        X = planted(n, V, K, length)

        def peer(iterations: int, K: int = K, X: Any = X) -> None:
            Peer(
                K, max_iter=iterations, n_jobs=2, random_state=0, max_doc_update_iter=20, mean_change_tol=0.0
            ).fit(X)

        ticks: list[float] = []

        def ours(K: int = K, X: Any = X, ticks: list[float] = ticks) -> float:
            ticks.clear()
            LatentDirichletAllocation(
                K,
                inference="vb",
                doc_topic_prior=1 / K,
                topic_word_prior=1 / K,
                tol=0,
                max_iter=8,
                max_sweeps=20,
                dtype="float32",
                doc_tol=0.0,
                random_state=0,
                callbacks=[lambda *_: ticks.append(time.perf_counter())],
            ).fit(X)
            return (ticks[-1] - ticks[1]) / (len(ticks) - 2)

        ours()
        contestants = {
            "latently": ours,
            "scikit-learn": lambda peer=peer: (seconds(lambda: peer(3)) - seconds(lambda: peer(1))) / 2,
        }
        found = medians(alternate(contestants, rounds))
        rows.append(
            {
                "documents": n,
                "words": V,
                "K": K,
                "entries": X.nnz,
                "x scikit-learn": found["scikit-learn"] / found["latently"],
                "latently s": found["latently"],
                "scikit-learn s": found["scikit-learn"],
            }
        )
    return rows


def online_pass(rounds: int) -> list[dict[str, Any]]:
    """One pass over the documents in minibatches: seconds, and perplexity of documents held out."""
    from gensim.matutils import Sparse2Corpus
    from gensim.models import LdaModel

    rows = []
    for n, V, K, length in SIZES:
        held = Held(planted(n + 500, V, K, length), 500)
        corpus = [list(document) for document in Sparse2Corpus(held.train, documents_columns=False)]
        models: dict[str, Callable[[], Any]] = {
            "latently": lambda K=K, held=held: LatentDirichletAllocation(
                K, inference="online", random_state=0
            ).fit(held.train),
            "latently vb": lambda K=K, held=held: LatentDirichletAllocation(
                K, inference="online_vb", random_state=0
            ).fit(held.train),
            "scikit-learn": lambda K=K, held=held: Peer(
                K, learning_method="online", batch_size=256, max_iter=1, n_jobs=1, random_state=0
            ).fit(held.train),
            "gensim": lambda K=K, corpus=corpus, V=V: LdaModel(
                corpus,
                num_topics=K,
                id2word={i: str(i) for i in range(V)},
                passes=1,
                chunksize=256,
                eval_every=None,
                random_state=0,
            ),
        }
        models["latently"]()
        models["latently vb"]()
        fitted: dict[str, Any] = {}

        def timed(name: str, models: Any = models, fitted: Any = fitted) -> float:
            return seconds(lambda: fitted.update({name: models[name]()}))

        found = medians(alternate({name: lambda name=name: timed(name) for name in models}, rounds))
        row: dict[str, Any] = {"documents": n, "words": V, "K": K}
        for name, model in fitted.items():
            topics = model.get_topics() if name == "gensim" else model.components_
            prior = {"scikit-learn": 1 / K, "gensim": getattr(model, "alpha", None)}.get(name)
            prior = model.doc_topic_prior_ if prior is None else prior
            row[f"{name} s"], row[f"{name} perplexity"] = found[name], held.perplexity(topics, prior)
        for name in ("scikit-learn", "gensim"):
            row[f"x {name}"] = found[name] / found["latently"]
        rows.append(row)
    return rows


def transform(rounds: int) -> list[dict[str, Any]]:
    """The topics of 10,000 new documents."""
    rows = []
    for _, V, K, length in SIZES:
        X = planted(11_000, V, K, length)
        mine = LatentDirichletAllocation(K, random_state=0, max_iter=20, tol=0).fit(X[:1000])
        theirs = Peer(K, max_iter=2, n_jobs=2, random_state=0).fit(X[:1000])
        new = X[1000:]
        mine.transform(new)
        contestants = {
            "latently": lambda mine=mine, new=new: seconds(lambda: mine.transform(new)),
            "scikit-learn": lambda theirs=theirs, new=new: seconds(lambda: theirs.transform(new)),
        }
        found = medians(alternate(contestants, rounds))
        rows.append(
            {
                "documents": 10_000,
                "words": V,
                "K": K,
                "x scikit-learn": found["scikit-learn"] / found["latently"],
                "latently s": found["latently"],
                "scikit-learn s": found["scikit-learn"],
            }
        )
    return rows


def main(rounds: int = 3) -> None:
    """Measure, print and write."""
    warnings.simplefilter("ignore")
    parts: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "topics_vb": lambda: vb_iteration(rounds),
        "topics_online": lambda: online_pass(rounds),
        "topics_transform": lambda: transform(rounds),
        "topics_priors": learned_priors,
    }
    if CORPUS.exists():
        parts["topics"] = associated_press
    else:
        print(f"\nskipped: the Associated Press corpus is not in {CORPUS.name}; AP_CORPUS names its folder")
    for name, measure in parts.items():
        rows = measure()
        table(name, rows)
        write(name, rows)


if __name__ == "__main__":
    main()
