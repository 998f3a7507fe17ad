"""Topics that are alike made one, until few enough are left (docs/formulas.md, "CVB0", the start)."""

from __future__ import annotations

import numpy as np

from latently.checks.arrays import Floats
from latently.core.choices import DERIVED_TIE
from latently.models.admixture.params import Array


def merge(counts: Floats, n_left: int) -> list[list[int]]:
    """Which topics go together, so that `n_left` are left.

    Time and again the two that are cheapest to merge are merged. Products of topics are all that is looked
    at, and these add. The expected counts, (n_words, n_topics), are without the prior.
    """
    counts = counts.astype(np.float64, copy=False)
    products, totals = counts.T @ counts, counts.sum(axis=0)
    groups = [[k] for k in range(len(totals))]
    while len(groups) > n_left:
        loss = losses(products, totals)
        loss[np.tri(len(loss), dtype=bool)] = np.inf
        first = (loss <= loss.min() + DERIVED_TIE * totals.sum()).argmax()
        i, j = (int(k) for k in np.unravel_index(first, loss.shape))
        groups[i] += groups.pop(j)
        products[i] += products[j]
        products[:, i] += products[:, j]
        totals[i] += totals[j]
        products = np.delete(np.delete(products, j, axis=0), j, axis=1)
        totals = np.delete(totals, j)
    return groups


def losses(products: Array, totals: Array) -> Array:
    """What it costs to merge each pair: how many tokens they have, times how far they are from alike.

    `products` are sums over words of the products of two topics' counts, and `totals` the tokens of each
    topic: the harmonic mean of their totals times one less the cosine between them.
    """
    lengths = np.sqrt(np.outer(products.diagonal(), products.diagonal()))
    cosines = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    sums = totals[:, None] + totals
    means = np.divide(2 * np.outer(totals, totals), sums, out=np.zeros_like(sums), where=sums > 0)
    return np.asarray(means * np.maximum(1.0 - cosines, 0.0))
