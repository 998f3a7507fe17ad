"""Topics that are alike made one, until few enough are left (docs/formulas.md, "CVB0", the start)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from latently.checks.arrays import Floats
from latently.core.choices import DERIVED_TIE
from latently.models.admixture.params import Array

ALIKE = 0.5  # cosine from which on a known group takes in others like any


def merge(counts: Floats, n_left: int, known: Sequence[Sequence[int]] = ()) -> list[list[int]]:
    """Which topics go together, so that `n_left` groups are left.

    Time and again the two that are cheapest to merge are merged. Products of topics are all that is looked
    at, and these add. Groups that are `known` come first: no two of them are merged, and none with what is
    unlike it as long as there is something else to merge. The expected counts, (n_words, n_topics), are
    without the prior.
    """
    counts = counts.astype(np.float64, copy=False)
    products, totals = counts.T @ counts, counts.sum(axis=0)
    groups = [list(group) for group in known]
    groups += [[k] for k in range(len(totals)) if not any(k in group for group in known)]
    joined = np.array([[k in group for group in groups] for k in range(len(totals))], dtype=np.float64)
    products, totals = joined.T @ products @ joined, totals @ joined
    while len(groups) > n_left:
        loss = losses(products, totals)
        loss[np.tri(len(loss), dtype=bool)] = np.inf
        held = np.arange(len(groups)) < len(known)
        loss[held & held[:, None]] = np.inf
        loss[(held | held[:, None]) & (cosines(products) < ALIKE)] += totals.sum()
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
    sums = totals[:, None] + totals
    means = np.divide(2 * np.outer(totals, totals), sums, out=np.zeros_like(sums), where=sums > 0)
    return np.asarray(means * np.maximum(1.0 - cosines(products), 0.0))


def cosines(products: Array) -> Array:
    """Of each pair of topics; zero of one without tokens."""
    lengths = np.sqrt(np.outer(products.diagonal(), products.diagonal()))
    return np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)


def merge_seeded(counts: Floats, n_left: int, excess: Floats) -> tuple[list[list[int]], list[list[int]]]:
    """The same where words are seeds: groups of topics with seeds, and other groups, at most `n_left` in all.

    What belongs to one are the topics in which its seed words are found most, and those that are like these.
    A topic that more than one claims belongs to the one whose seeds have more tokens there; one that is left
    without any has an empty group. `excess`, (n_words, n_seeded), is what the prior has of each seed.
    """
    words = np.flatnonzero(excess.any(axis=1) & (counts > 0).any(axis=1))
    if not len(words):
        return [[] for _ in excess.T], merge(counts, n_left - excess.shape[1])
    tokens, homes = counts[words].sum(axis=1), counts[words].argmax(axis=1)
    claims = np.zeros((counts.shape[1], excess.shape[1]))
    np.add.at(claims, homes, tokens[:, None] * excess[words] / excess[words].sum(axis=1, keepdims=True))
    claimed = np.flatnonzero(claims.any(axis=1))
    owners = claims[claimed].argmax(axis=1)
    wide = counts.astype(np.float64, copy=False)
    like = cosines(wide.T @ wide)[:, claimed]
    like[claimed] = np.eye(len(claimed)) * 2
    nearest = np.where(like.max(axis=1) >= ALIKE, like.argmax(axis=1), -1)
    known = [np.flatnonzero(nearest == i).tolist() for i in range(len(claimed))]
    groups = merge(counts, n_left - excess.shape[1] + len(claimed), known)
    seeded = [[k for i in np.flatnonzero(owners == one) for k in groups[i]] for one in range(excess.shape[1])]
    return seeded, groups[len(claimed) :]
