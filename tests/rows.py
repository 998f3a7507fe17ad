"""Rows that the laws and the oracles run over: how they are drawn, and what is hard about some."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Kind:
    """How rows of a family are drawn, what is hard about some, and what a law must know of its cells."""

    rows: Callable
    hard: dict[str, Callable]
    missing: Any = np.nan
    absurd: float = -1e6  # for rows that do not count
    values: Any = (-np.inf, np.inf)  # an interval, or all of them that matter
    by_column: Any = ()  # the same where columns differ


def gaussian_rows(labels, rng):
    """Overlapping clouds, on a grid of 2**-20 so that a shift by 1e6 is exact."""
    roots = np.array([[[1.0, 0.0], [0.8, 0.6]], [[0.7, 0.0], [-0.9, 1.2]], [[1.0, 0.0], [0.0, 0.5]]])
    means = np.array([[0.0, 0.0], [2.0, 1.5], [-1.0, 4.0]])
    x = means[labels] + np.einsum("nij,nj->ni", roots[labels], rng.standard_normal((len(labels), 2)))
    return np.round(x * 2**20) / 2**20


def wider_gaussian_rows(labels, rng):
    """The same in three features, so that several cells can be missing beside one that is not."""
    roots = np.array(
        [
            [[1.0, 0.0, 0.0], [0.8, 0.6, 0.0], [-0.3, 0.5, 0.7]],
            [[0.7, 0.0, 0.0], [-0.9, 1.2, 0.0], [0.4, 0.2, 0.5]],
            [[1.0, 0.0, 0.0], [0.0, 0.5, 0.0], [0.2, -0.4, 0.8]],
        ]
    )
    means = np.array([[0.0, 0.0, 0.0], [2.0, 1.5, -1.0], [-1.0, 4.0, 1.0]])
    x = means[labels] + np.einsum("nij,nj->ni", roots[labels], rng.standard_normal((len(labels), 3)))
    return np.round(x * 2**20) / 2**20


def incomplete(rows, share=0.2, missing=np.nan):
    """That share of the cells missing, and some whole rows."""

    def draw(labels, rng):
        x = rows(labels, rng)
        x[rng.random(x.shape) < share] = missing
        x[5::40] = missing
        return x

    return draw


def shifted(rows):
    return lambda labels, rng: rows(labels, rng) + 1e6


def scaled(rows):
    def draw(labels, rng):
        x = rows(labels, rng)
        return x * 10.0 ** np.linspace(-8, 8, x.shape[1])

    return draw


def single(rows):
    return lambda labels, rng: rows(labels, rng).astype(np.float32)


def duplicated(rows):
    """Few distinct rows, one of them very often."""

    def draw(labels, rng):
        distinct = rows(np.arange(10) % 2, rng)
        x = distinct[rng.integers(10, size=len(labels))]
        x[: len(x) // 3] = distinct[0]
        return x

    return draw


def nearly_collinear(rows, noise):
    """Two features that are almost one, so a condition of about 7 / noise**2, whatever the units."""

    def draw(labels, rng):
        x = rows(labels, rng)
        x[:, 1] = x[:, 0] + noise * x[:, 1]
        return x

    return draw


@incomplete
def exponential_rows(labels, rng):
    """Waiting times of two kinds."""
    return rng.exponential(np.array([[1.0, 0.3, 2.0], [3.0, 4.0, 0.5], [9.0, 1.0, 6.0]])[labels])


@incomplete
def log_normal_rows(labels, rng):
    """Positive numbers of two sizes."""
    means, spreads = (
        np.array([[0.0, 1.0, 0.3], [1.5, 0.2, 1.0]]),
        np.array([[0.5, 0.3, 0.2], [0.4, 0.6, 0.3]]),
    )
    return np.exp(means[labels] + spreads[labels] * rng.standard_normal((len(labels), 3)))


@incomplete
def angles(labels, rng):
    """Some across the end of the circle."""
    directions, concentrations = np.array([[3.0, 0.5], [-0.5, 2.0]]), np.array([[4.0, 1.5], [9.0, 6.0]])
    return rng.vonmises(directions[labels], concentrations[labels])


@incomplete
def shares(labels, rng):
    """Some with a density that has no limit at the ends."""
    means, concentrations = np.array([[0.3, 0.8], [0.6, 0.2]]), np.array([[9.0, 2.5], [5.0, 20.0]])
    return rng.beta((means * concentrations)[labels], ((1 - means) * concentrations)[labels])


def mostly_missing(labels, rng):
    x = exponential_rows(labels, rng)
    x[rng.random(x.shape) < 0.7] = np.nan
    return x


def many_zeros(labels, rng):
    x = exponential_rows(labels, rng)
    x[rng.random(x.shape) < 0.3] = 0.0
    return x


def three_scales(labels, rng):
    return exponential_rows(labels, rng) * np.array([1e-8, 1.0, 1e8])


def counts(labels, rng):
    return rng.poisson(np.array([[1.0, 6.0], [5.0, 2.0], [12.0, 12.0]])[labels]).astype(float)


def yes_or_no(labels, rng):
    p = np.array([[0.8, 0.7, 0.3, 0.6], [0.2, 0.4, 0.8, 0.1], [0.5, 0.05, 0.6, 0.9]])
    return (rng.random((len(labels), 4)) < p[labels]).astype(float)


def successes(labels, rng):
    return rng.binomial(TRIALS, np.array([[0.5, 0.2], [0.2, 0.6], [0.8, 0.8]])[labels]).astype(float)


def failures(labels, rng):
    return rng.geometric(np.array([[0.5, 0.1], [0.1, 0.4], [0.05, 0.05]])[labels]) - 1.0


TRIALS = np.array([6, 9])
SYMBOLS = 5
GRADES = 4


def none_or_counts(labels, rng):
    extra = np.array([[0.5, 0.1], [0.1, 0.6], [0.3, 0.3]])[labels]
    return (2 * counts(labels, rng)) * (rng.random(extra.shape) > extra)


def grades(labels, rng):
    return (
        rng.binomial(GRADES - 1, np.array([[0.2, 0.7, 0.6], [0.8, 0.3, 0.1], [0.5, 0.1, 0.9]])[labels]) + 0.0
    )


def spread_counts(labels, rng):
    rates = rng.gamma(5.0, np.array([[1.0, 20.0], [9.0, 2.0], [30.0, 30.0]])[labels] / 5.0)
    return rng.poisson(rates).astype(float)


def symbols(labels, rng):
    emissionprob = np.array(
        [[0.6, 0.1, 0.1, 0.1, 0.1], [0.1, 0.1, 0.6, 0.1, 0.1], [0.05, 0.4, 0.05, 0.1, 0.4]]
    )
    return np.array([[rng.choice(SYMBOLS, p=emissionprob[label])] for label in labels])


def mixed_rows(labels, rng):
    """Two overlapping measurements, a count and two categories of different numbers of values, coded."""
    clouds = gaussian_rows(labels, rng)
    codes = [
        np.where(rng.random(len(labels)) < 0.6, labels, rng.integers(size, size=len(labels))) % size
        for size in (2, 3)
    ]
    return np.column_stack([clouds, counts(labels, rng)[:, 0], *codes])


def shown_by_one(rows):
    """All that is seen is of one label."""
    return lambda labels, rng: rows(np.zeros_like(labels), rng)


GAUSSIAN = Kind(
    gaussian_rows,
    {
        "offset 1e6": shifted(gaussian_rows),
        "scales 1e-8 and 1e8": scaled(gaussian_rows),
        "float32": single(gaussian_rows),
        "duplicates": duplicated(gaussian_rows),
        "condition 1e9": nearly_collinear(gaussian_rows, 8e-5),
    },
)
INCOMPLETE = Kind(
    incomplete(wider_gaussian_rows),
    {
        "offset 1e6": shifted(incomplete(wider_gaussian_rows)),
        "scales 1e-8 and 1e8": scaled(incomplete(wider_gaussian_rows)),
        "float32": single(incomplete(wider_gaussian_rows)),
        "duplicates": duplicated(incomplete(wider_gaussian_rows)),
        "condition 1e9": incomplete(nearly_collinear(wider_gaussian_rows, 8e-5), 0.1),
        "mostly missing": incomplete(wider_gaussian_rows, 0.6),
    },
)
EXPONENTIAL = Kind(
    exponential_rows,
    {"mostly missing": mostly_missing, "many zeros": many_zeros, "three scales": three_scales},
    values=(0.0, np.inf),
)
LOG_NORMAL = Kind(
    log_normal_rows,
    {"duplicates": duplicated(log_normal_rows), "scales 1e-8 and 1e8": scaled(log_normal_rows)},
    absurd=1e6,
    values=(0.0, np.inf),
)
SHARES = Kind(shares, {"duplicates": duplicated(shares)}, absurd=0.999, values=(0.0, 1.0))
ANGLES = Kind(
    angles, {"duplicates": duplicated(angles), "of one": shown_by_one(angles)}, values=(-np.pi, np.pi)
)
_COUNTS = {"absurd": 1e6, "values": np.arange(200)}
POISSON = Kind(counts, {"of one": shown_by_one(counts), "duplicates": duplicated(counts)}, **_COUNTS)
HOLED_POISSON = Kind(incomplete(counts), {"mostly missing": incomplete(counts, 0.6)}, **_COUNTS)
BERNOULLI = Kind(
    incomplete(yes_or_no), {"duplicates": duplicated(yes_or_no)}, absurd=0.0, values=np.arange(2)
)
BINOMIAL = Kind(incomplete(successes), {"of one": shown_by_one(successes)}, absurd=0.0, values=np.arange(10))
NEGATIVE_BINOMIAL = Kind(
    incomplete(spread_counts), {"of one": shown_by_one(spread_counts)}, absurd=1e6, values=np.arange(300)
)
ORDINAL = Kind(incomplete(grades), {"duplicates": duplicated(grades)}, absurd=0.0, values=np.arange(GRADES))
INFLATED = Kind(incomplete(none_or_counts), {"of one": shown_by_one(none_or_counts)}, **_COUNTS)
GEOMETRIC = Kind(incomplete(failures), {"duplicates": duplicated(failures)}, **_COUNTS)
_SYMBOLS = {"missing": SYMBOLS, "absurd": 4, "values": np.arange(SYMBOLS)}
CATEGORICAL = Kind(symbols, {"of one": shown_by_one(symbols), "duplicates": duplicated(symbols)}, **_SYMBOLS)
HOLED_CATEGORICAL = Kind(
    incomplete(symbols, missing=SYMBOLS), {"mostly missing": incomplete(symbols, 0.6, SYMBOLS)}, **_SYMBOLS
)
MIXED = Kind(
    incomplete(mixed_rows),
    {"mostly missing": incomplete(mixed_rows, 0.6), "duplicates": duplicated(incomplete(mixed_rows))},
    absurd=1,
    by_column=((-np.inf, np.inf), (-np.inf, np.inf), np.arange(200), np.arange(2), np.arange(3)),
)
