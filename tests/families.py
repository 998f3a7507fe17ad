"""Families of independent features: distributions of SciPy, values to compare at, and hard columns.

One line of `CASES` is all that a family needs for what tests/oracles/test_families.py asks of all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy import stats as scipy_stats

from latently.emissions import (
    Bernoulli,
    Beta,
    Binomial,
    Emission,
    Exponential,
    Gamma,
    Geometric,
    LogNormal,
    NegativeBinomial,
    Ordinal,
    Poisson,
    VonMises,
    ZeroInflatedPoisson,
)


@dataclass(frozen=True)
class Inflated:
    """A Poisson distribution with extra zeros."""

    rates: Any
    extra: Any

    def logpmf(self, x: Any) -> Any:
        with np.errstate(divide="ignore"):
            extra = np.log(self.extra * (x == 0))
        return np.logaddexp(extra, np.log1p(-self.extra) + scipy_stats.poisson(self.rates).logpmf(x))

    def logcdf(self, x: Any) -> Any:
        rest = np.log1p(-self.extra) + scipy_stats.poisson(self.rates).logcdf(x)
        return np.where(x < 0, -np.inf, np.logaddexp(np.log(self.extra), rest))

    def logsf(self, x: Any) -> Any:
        return np.log1p(-self.extra) + scipy_stats.poisson(self.rates).logsf(x)


class Graded:
    """Adjacent categories, all probabilities by hand."""

    def __init__(self, locations: Any, intercepts: Any) -> None:
        self.table = np.zeros((2, 2, 5))
        for k, j in np.ndindex(2, 2):
            odds = np.exp([locations[k, j] * c + intercepts[j, c] for c in range((3, 5)[j])])
            self.table[k, j, : len(odds)] = odds / odds.sum()

    def _at(self, tables: Any, x: Any) -> Any:
        cells = np.clip(x[:, 0, :].astype(int), 0, 4)
        with np.errstate(divide="ignore"):
            return np.log(tables.transpose(1, 2, 0)[np.arange(2), cells].transpose(0, 2, 1) * (x >= 0))

    def logpmf(self, x: Any) -> Any:
        return self._at(self.table, x)

    def logcdf(self, x: Any) -> Any:
        return self._at(self.table.cumsum(axis=2), x)

    def logsf(self, x: Any) -> Any:
        return self._at(self.table[:, :, ::-1].cumsum(axis=2)[:, :, ::-1] - self.table, x)


@dataclass(frozen=True)
class Case:
    """A family and what it is checked with.

    Attributes
    ----------
    family : Emission
        With what users give to it.
    params : object
        Of two components and two features.
    law : object
        The distribution of each cell, as SciPy has them: of shape (2, 2).
    at : array
        Values at which densities are compared, the far tails included.
    hard : dict of str to array
        Columns that are hard to learn from.
    harder : list
        Params far from any data, from which no M-step may go down; those of `params` besides.
    wrong : tuple of float
        What is no observation.
    says : str
        Words in the description of the first component.
    """

    family: Emission
    params: Any
    law: Any
    at: Any
    hard: dict[str, Any]
    harder: list[Any]
    wrong: tuple[float, ...]
    says: str
    discrete: bool = True


def of(family: Emission, values: list[Any], law: Callable[..., Any], harder: list[Any], **about: Any) -> Case:
    """A case whose law takes the parameters in the order of the family."""
    given = [np.asarray(value, dtype=float) for value in values]
    worse = [family.params(*[np.asarray(value, dtype=float) for value in one]) for one in harder]
    return Case(family, family.params(*given), law(*given), harder=worse, **about)


HALVES = {"ones": np.ones(40), "zeros": np.zeros(40), "both": np.repeat([0.0, 1.0], 20)}
COUNTS = {
    **HALVES,
    "one large": np.append(np.zeros(39), 1e6),
    "all large": 1e9 + np.arange(40.0),
    "equal": np.full(40, 7.0),
    "two": np.repeat([0.0, 3.0], 20),
}
FAR = np.array([0, 1, 2, 3, 5, 8, 13, 40, 150, 1000, 30000])
P = [[0.3, 0.9], [0.02, 0.5]]
EXTREME = [[[1e-12, 1 - 1e-12], [0.5, 1e-3]]]
CASES = {
    "bernoulli": of(
        Bernoulli(),
        [P],
        scipy_stats.bernoulli,
        [EXTREME],
        at=np.array([0, 1]),
        hard=HALVES,
        wrong=(1.5, -1, 2, np.inf),
        says="x0 = 1 30%",
    ),
    "binomial": of(
        Binomial([50, 2000]),
        [P],
        partial(scipy_stats.binom, [50, 2000]),
        [EXTREME],
        at=np.array([0, 1, 2, 10, 30, 49, 50]),
        hard=HALVES | {"all": np.full(40, 50.0)},
        wrong=(1.5, -1, 51, np.inf),
        says="x0 15.0",
    ),
    "geometric": of(
        Geometric(),
        [P],
        lambda p: scipy_stats.geom(p, loc=-1),
        [EXTREME],
        at=FAR,
        hard=COUNTS,
        wrong=(1.5, -1, np.inf),
        says="x0 2.3",
    ),
    "negative binomial": of(
        NegativeBinomial(),
        [[[0.3, 9.0], [200.0, 4.0]], [[0.5, 3.0], [0.02, 1e-6]]],
        lambda m, a: scipy_stats.nbinom(1 / a, 1 / (1 + a * m)),
        [[[[1e-9, 1e9], [1.0, 1e3]], [[1e-7, 1e5], [1e5, 1e-7]]]],
        at=FAR,
        hard=COUNTS,
        wrong=(1.5, -1, np.inf),
        says="x0 0.30 ± 0.59",
    ),
    "ordinal": of(
        Ordinal([3, 5]),
        [[[0.5, -1.0], [-2.0, 0.3]], [[0.0, 0.7, 0.0, 0.0, 0.0], [0.0, -0.5, 1.0, 0.2, 0.0]]],
        Graded,
        [[[[29.0, -29.0], [0.0, 5.0]], [[0.0, 20.0, 0.0, 0.0, 0.0], [0.0, -20.0, 10.0, 0.2, 0.0]]]],
        at=np.array([0, 1, 2]),
        hard=HALVES | {"two of three": np.repeat([0.0, 2.0], 20), "highest": np.full(40, 2.0)},
        wrong=(1.5, -1, 3, np.inf),
        says="x0 1.24",
    ),
    "zero-inflated poisson": of(
        ZeroInflatedPoisson(),
        [[[0.3, 9.0], [20.0, 2.0]], [[0.2, 0.5], [0.01, 0.9]]],
        Inflated,
        [[[[1e-9, 1e5], [1.0, 1e3]], [[1e-9, 0.5], [1.0, 0.0]]]],
        at=FAR,
        hard=COUNTS,
        wrong=(1.5, -1, np.inf),
        says="x0 0.24",
    ),
    "poisson": of(
        Poisson(),
        [[[0.3, 9.0], [200.0, 4e-3]]],
        scipy_stats.poisson,
        [[[[1e-9, 1e9], [1.0, 1e3]]]],
        at=FAR,
        hard=COUNTS,
        wrong=(1.5, -1, np.inf),
        says="x0 0.3",
    ),
}
POSITIVE = {
    "equal": np.full(40, 7.0),
    "two": np.repeat([0.1, 3.0], 20),
    "one large": np.append(np.full(39, 1e-3), 1e6),
    "close": 1e8 * (1 + 1e-7 * np.arange(40.0)),
    "of all sizes": np.geomspace(1e-150, 1e150, 40),
}
SIZES = np.array([1e-30, 1e-3, 0.1, 0.5, 1.0, 3.0, 10.0, 100.0, 3000.0])
MEANS, SHAPES = [[0.5, 9.0], [200.0, 1.0]], [[0.3, 40.0], [2.0, 700.0]]
INSIDE = {
    "equal": np.full(40, 0.3),
    "two": np.repeat([1e-9, 0.3], 20),
    "at the ends": np.repeat([1e-300, 1 - 1e-16], 20),
    "close": 0.5 + 1e-8 * np.arange(40.0),
}
NUMBERS: dict[str, Any] = {"discrete": False, "at": SIZES, "hard": POSITIVE}
CASES |= {
    "exponential": of(
        Exponential(),
        [MEANS],
        lambda m: scipy_stats.expon(scale=m),
        [[[[1e-9, 1e9], [1.0, 1e3]]]],
        wrong=(-1e-9, np.inf),
        says="x0 0.50",
        **NUMBERS | {"hard": POSITIVE | {"zeros": np.zeros(40)}},
    ),
    "gamma": of(
        Gamma(),
        [MEANS, SHAPES],
        lambda m, a: scipy_stats.gamma(a, scale=m / a),
        [[[[1e-9, 1e9], [1.0, 1e3]], [[1e-3, 1e3], [1e5, 0.1]]]],
        wrong=(-1, 0, np.inf),
        says="x0 0.50 ± 0.91",
        **NUMBERS,
    ),
    "log-normal": of(
        LogNormal(),
        [np.log(MEANS), [[1.0, 0.1], [0.3, 0.5]]],
        lambda m, v: scipy_stats.lognorm(np.sqrt(v), scale=np.exp(m)),
        [[[[-20.0, 20.0], [0.0, 7.0]], [[1e-3, 1e3], [0.1, 30.0]]]],
        wrong=(-1, 0, np.inf),
        says="x0 0.8 ± 1.1",
        **NUMBERS,
    ),
    "beta": of(
        Beta(),
        [[[0.3, 0.9], [0.02, 0.5]], [[3.0, 50.0], [900.0, 0.5]]],
        lambda m, c: scipy_stats.beta(m * c, (1 - m) * c),
        [[[[1e-6, 1 - 1e-6], [0.5, 0.1]], [[1e-2, 1e4], [5.0, 100.0]]]],
        discrete=False,
        at=np.array([1e-12, 1e-3, 0.02, 0.3, 0.5, 0.9, 0.999]),
        hard=INSIDE,
        wrong=(0, 1, -0.1, 30, np.inf),
        says="x0 0.3000 ± 0.2291",
    ),
    "von Mises": of(
        VonMises(),
        [[[0.3, -0.2], [0.0, 0.1]], [[4.0, 0.1], [6.0, 1.0]]],
        lambda m, c: scipy_stats.vonmises(c, loc=m),
        [[[[3.0, -3.0], [0.0, 1.5]], [[1e-6, 1e4], [30.0, 1.0]]]],
        discrete=False,
        at=np.linspace(-2.8, 2.8, 8),
        hard={
            "equal": np.full(40, 3.0),
            "opposite": np.repeat([0.0, np.pi], 20),
            "all round": np.linspace(-np.pi, np.pi, 41)[1:],
            "at the end": np.repeat([3.14, -3.14], 20),
        },
        wrong=(180, -7, np.inf),
        says="x0 0.30 ± 0.54",
    ),
}
over_cases = pytest.mark.parametrize("name", CASES)


def data(case: Case, n: int = 200, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the family with holes, and responsibilities that know a little of their labels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(2, size=n)
    x = case.family.sample(case.params, labels, rng)
    x[rng.random(x.shape) < 0.1] = np.nan
    resp = rng.dirichlet([1.0, 1.0], size=n)
    resp[np.arange(n), labels] += 1.0
    return x, resp


def hard_rows(case: Case) -> dict[str, np.ndarray]:
    """Every hard column beside an ordinary one, and a column without any cell."""
    ordinary = data(case, 40)[0][:, 1]
    columns = case.hard | {"nothing": np.full(40, np.nan)}
    return {kind: np.column_stack([column, ordinary]) for kind, column in columns.items()}


def bound(case: Case, x: np.ndarray) -> Emission:
    return case.family.bind(case.family.describe(x, np.ones(len(x))))


def at_values(case: Case) -> np.ndarray:
    return np.repeat(np.asarray(case.at, dtype=float)[:, None], 2, axis=1)
