"""Terms that a page uses, in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterable

TERMS = {
    "log-likelihood": "How probable the model makes these data, as a logarithm. Higher is better, but only "
    "models of the same rows can be compared by it.",
    "BIC": "Bayesian information criterion: minus twice the log-likelihood, plus the logarithm of the number "
    "of rows for each parameter. Lower is better; 10 lower is very strong evidence, 2 is next to none.",
    "component": "One of the distributions that a mixture adds up: a cluster is the rows of one.",
    "responsibility": "How probable it is that a row is of a cluster, given what its cells hold.",
    "full covariances": "Each has a size, a shape and a direction of its own.",
    "tied covariances": "All have one size, shape and direction, and differ only in where they lie.",
    "diag covariances": "Columns vary independently of each other within each: ellipses lie along the axes.",
    "spherical covariances": "Each is round: columns have one spread.",
    "spurious": "Of a maximum of the likelihood: it is high because a component has shrunk onto a few rows "
    "that happen to lie on a point or a line, not because it describes the data.",
    "floor": "What keeps a component from shrinking to a point: its variances stay above a part (reg_covar, "
    "by default a millionth) of those of the columns.",
    "reg_covar": "The floor of variances, as a part of those of the columns.",
    "effective distinct rows": "Rows counted by how surely they are of the component, equal ones once.",
    "adjusted Rand index": "How far two divisions of the rows agree: 1 is the same division, 0 what chance "
    "gives.",
    "silhouette": "How much nearer rows are to their own cluster than to the next one, from -1 to 1.",
    "entropy R²": "How well labels are known: 1 is certain, 0 is no better than the sizes of the clusters.",
    "G²": "How far the table of answers is from the one that the model expects; about the degrees of freedom "
    "if the model is right.",
    "bivariate residual": "How far a pair of columns depends on each other within clusters: about 1 if the "
    "clusters explain the pair, far above 4 if they do not.",
    "forecast residual": "Where a row lies among what the rows before it let expect, as a number that is "
    "standard normal if the model is right.",
    "smoothed": "Given the whole series, what came later included.",
    "filtered": "Given the series up to then, and nothing later.",
    "perplexity": "Among how many words, all equally likely, a guess of the next one would be as hard. Lower "
    "is better.",
    "coherence": "Whether the first words of a topic stand together in texts: 1 always, 0 as often as by "
    "chance.",
}


def explained(texts: Iterable[str]) -> list[tuple[str, str]]:
    """The terms that occur in some texts, and what they mean.

    Examples
    --------
    >>> [term for term, _ in explained(["BIC chose 3 components with tied covariances"])]
    ['BIC', 'component', 'tied covariances']
    """
    said = " ".join(texts)
    return [pair for pair in TERMS.items() if re.search(rf"\b{re.escape(pair[0])}", said, re.IGNORECASE)]
