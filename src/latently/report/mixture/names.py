"""What sets a cluster apart, in words: against all rows, or if that is little, against the other clusters."""

from __future__ import annotations

import numpy as np

from latently.checks.arrays import Array
from latently.report.fits import MOST_NAMED, STANDS_OUT, outstanding
from latently.report.mixture.analysis import MixtureAnalysis
from latently.wording import decimals, listed, number

MUCH_WIDER = 1.5  # times as wide as the nearest one


def set_apart(a: MixtureAnalysis, k: int) -> str:
    """The columns in which a cluster stands out, or else where it lies among the others."""
    if a.means is None:
        phrases = a.family.standing_out(a.emission, a.names, a.model.weights_)[k]
        return outstanding(phrases) if phrases else a.components.words[k]
    far, means = a.standing_out[k], a.means[k]
    order = np.argsort(-np.abs(far), kind="stable")
    most = [int(j) for j in order if abs(far[j]) >= STANDS_OUT][:MOST_NAMED]
    digits = [_digits(a, j) for j in most]
    words = [
        f"{'high' if far[j] > 0 else 'low'} {a.names[j]} ({number(means[j], n)})"
        for j, n in zip(most, digits, strict=True)
    ]
    return listed(words) if words else _among_the_others(a, a.means, k)


def _among_the_others(a: MixtureAnalysis, means: Array, k: int) -> str:
    """By the column in which it is furthest from the nearest other cluster; or by how wide it is."""
    others = [i for i in range(a.n_components) if i != k]
    spread = np.array([_scales(a, j) for j in range(len(a.names))]).T * np.ones((a.n_components, 1))
    apart = np.abs(means[others] - means[k]) / np.sqrt((spread[others] ** 2 + spread[k] ** 2) / 2)
    j = int(apart.min(axis=0).argmax())
    nearest = others[int(apart.max(axis=1).argmin())]
    ratio = spread[k] / spread[nearest]
    widest = int(np.abs(np.log(ratio)).argmax())
    if apart[:, j].min() < STANDS_OUT and max(ratio[widest], 1 / ratio[widest]) >= MUCH_WIDER:
        wide = f"{number(ratio[widest], 1)} times as wide"
        return f"in the middle, where cluster {nearest} is, and {wide} in {a.names[widest]}"
    value = f"{a.names[j]} ({number(means[k, j], _digits(a, j))})"
    below = [i for i in others if means[i, j] < means[k, j]]
    above = [i for i in others if means[i, j] > means[k, j]]
    if not below or not above:
        return f"near the average, with the {'highest' if below else 'lowest'} {value}"
    lower = max(below, key=lambda i: means[i, j])
    upper = min(above, key=lambda i: means[i, j])
    return f"in between: {value} above that of cluster {lower} and below that of cluster {upper}"


def _scales(a: MixtureAnalysis, j: int) -> Array:
    known = a.family.deviation(a.emission)
    return np.asarray(np.nanstd(a.rows[:, [j]], axis=0) if known is None else known[:, j])


def _digits(a: MixtureAnalysis, j: int) -> int:
    return decimals(_scales(a, j))
