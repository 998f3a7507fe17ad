"""How often topics are found again whole, beside tomotopy and gensim.

Corpora are drawn from the model. They are recovered whole if each planted topic has a topic of its own with
a cosine above 0.9: where two share one, as is the usual failure, the lowest is below 0.3. Each method is
fitted from several starts to several corpora, with its default settings but for the number of passes of the
peers, which is enough to converge. Seconds are those of the processor.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.harness import installed, table, write
from benchmarks.topics import drawn
from latently import LatentDirichletAllocation
from latently.metrics import match_topics

ALIKE = 0.9


@dataclass(frozen=True)
class Corpora:
    """A family of corpora."""

    K: int
    n: int
    V: int
    length: int
    alpha: float = 0.1
    common: float = 0.0


FAMILIES = {
    "100 words a document": Corpora(10, 1000, 1000, 100),
    "50 words": Corpora(10, 1000, 1000, 50),
    "half the vocabulary": Corpora(10, 1000, 500, 50),
    "300 documents": Corpora(10, 300, 1000, 100),
    "mixed documents": Corpora(10, 1000, 1000, 100, alpha=0.3),
    "words in common": Corpora(10, 1000, 1000, 100, common=0.4),
    "five topics": Corpora(5, 500, 1000, 50),
    "twenty topics": Corpora(20, 1500, 1000, 100),
    "6000 documents": Corpora(10, 6000, 2000, 50),
}


def latently(inference: str) -> Callable[[Any, int, int], Any]:
    """Our topics."""

    def fit(X: Any, K: int, seed: int) -> Any:
        model = LatentDirichletAllocation(K, inference=inference, random_state=seed, n_jobs=1)
        return model.fit(X).topic_word_

    return fit


def tomotopy(X: Any, K: int, seed: int) -> Any:
    """Topics of a thousand iterations of Gibbs sampling."""
    from tomotopy import LDAModel

    model = LDAModel(k=K, seed=seed + 1)
    for row in X:
        model.add_doc([str(w) for w in np.repeat(row.indices, row.data.astype(int))])
    model.train(1000, workers=1)
    phi = np.zeros((K, X.shape[1]))
    columns = [int(word) for word in model.used_vocabs]
    for k in range(K):
        phi[k, columns] = model.get_topic_word_dist(k)
    return phi


def gensim(X: Any, K: int, seed: int) -> Any:
    """Topics of twenty passes; its default is one."""
    from gensim.matutils import Sparse2Corpus
    from gensim.models import LdaModel

    corpus = Sparse2Corpus(X, documents_columns=False)
    words = {i: str(i) for i in range(X.shape[1])}
    return LdaModel(
        corpus, num_topics=K, id2word=words, passes=20, eval_every=None, random_state=seed
    ).get_topics()


def contestants() -> dict[str, Callable[[Any, int, int], Any]]:
    """Those that are installed."""
    found = {"cvb0": latently("cvb0"), "vb": latently("vb")}
    peers = {"tomotopy": tomotopy, "gensim": gensim}
    return found | {name: fit for name, fit in peers.items() if installed(name)}


def recovered(names: Any = FAMILIES, corpora: int = 5, starts: int = 2) -> list[dict[str, Any]]:
    """The share of fits that recover all topics, and processor seconds of a fit, by family and method."""
    rows, methods = [], contestants()
    small = drawn(50, 50, 2, 20, 0)[0]
    for fit in methods.values():
        fit(small, 2, 0)
    for name in names:
        case = FAMILIES[name]
        row: dict[str, Any] = {"corpora": name, "fits": corpora * starts}
        whole = dict.fromkeys(methods, 0)
        spent = dict.fromkeys(methods, 0.0)
        for c in range(corpora):
            X, topics = drawn(case.n, case.V, case.K, case.length, c, case.alpha, case.common)
            for seed in range(starts):
                for method, fit in methods.items():
                    begun = time.process_time()
                    found = fit(X, case.K, seed)
                    spent[method] += time.process_time() - begun
                    whole[method] += bool(match_topics(topics, found).similarity.min() > ALIKE)
        for method in methods:
            row[method] = whole[method] / row["fits"]
            row[f"{method} s"] = spent[method] / row["fits"]
        rows.append(row)
    return rows


def main() -> None:
    """Measure, print and write."""
    warnings.simplefilter("ignore")
    rows = recovered()
    table("planted_topics", rows)
    write("planted_topics", rows)


if __name__ == "__main__":
    main()
