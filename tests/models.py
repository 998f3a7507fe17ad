"""The models that the laws and the oracles run over. A later model joins by one line in ENTRIES."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import pairwise
from typing import Any

import numpy as np

from examples.own_family import Exponential
from latently import emissions
from latently.checks.columns import as_table
from latently.core.array_source import ArraySource
from latently.core.backends import SerialBackend
from latently.core.blocks import Block
from latently.core.em import EMMap, describe
from latently.core.statistics import tree_sum
from latently.emissions import (
    Bernoulli,
    Binomial,
    Categorical,
    Columns,
    Geometric,
    NegativeBinomial,
    Ordinal,
    Poisson,
    ZeroInflatedPoisson,
)
from latently.emissions.gaussian import Gaussian
from latently.latent import Independent
from latently.latent.chain import Chain
from latently.models import LatentEmission, LatentEmissionParams
from tests.rows import (
    ANGLES,
    BERNOULLI,
    BINOMIAL,
    CATEGORICAL,
    EXPONENTIAL,
    GAUSSIAN,
    GEOMETRIC,
    GRADES,
    HOLED_CATEGORICAL,
    HOLED_POISSON,
    INCOMPLETE,
    INFLATED,
    LOG_NORMAL,
    MIXED,
    NEGATIVE_BINOMIAL,
    ORDINAL,
    POISSON,
    SHARES,
    SYMBOLS,
    TRIALS,
    Kind,
    mixed_rows,
)

BLOCK_ROWS = 32


@dataclass(frozen=True)
class Data:
    """Units of data, and a label for each row to start from: so a start is transformed with its data."""

    x: np.ndarray
    weights: np.ndarray
    labels: np.ndarray
    offsets: np.ndarray | None = None

    @property
    def source(self) -> ArraySource:
        """Several blocks: two where each pattern of missing cells in a block is taken by itself."""
        by_patterns = self.x.dtype.kind == "f" and np.isnan(self.x).any()
        rows = max(BLOCK_ROWS, int(0.6 * len(self.x))) if by_patterns else BLOCK_ROWS
        return ArraySource(self.x, self.weights, self.offsets, rows)

    @property
    def row_weights(self) -> np.ndarray:
        return Block(self.x, self.weights, self.offsets).row_weights

    def block(self, start: int, stop: int) -> Block:
        """The units from `start` to `stop` as one block."""
        if self.offsets is None:
            return Block(self.x[start:stop], self.weights[start:stop], None, start)
        low, high = self.offsets[start], self.offsets[stop]
        offsets = self.offsets[start : stop + 1] - low
        return Block(self.x[low:high], self.weights[start:stop], offsets, start)

    def rows_of(self, units: np.ndarray) -> np.ndarray:
        if self.offsets is None:
            return units
        return np.concatenate([np.arange(*self.offsets[u : u + 2]) for u in units])

    def take(self, units: np.ndarray) -> "Data":
        """These units, in this order."""
        source = self.source.take(units)
        return Data(source.x, source.weights, self.labels[self.rows_of(units)], source.offsets)

    def repeated(self) -> "Data":
        """Each unit as often as its weight says."""
        units = np.repeat(np.arange(len(self.weights)), self.weights.astype(int))
        taken = self.take(units)
        return replace(taken, weights=np.ones(len(units)))


@dataclass(frozen=True, eq=False)
class Entry:
    """A model and the data to try it on.

    `data` draws ordinary data, integer weights (zeros among them) included; `hard` draws more of it,
    each kind with what is hard about it. The laws run over `nightly` ones by night only: families of one
    number of which others like them run by day (tests/oracles/test_families.py runs over all), and structures
    of covariances by NumPy or along a chain, which others by the same path represent.
    """

    name: str
    model: Any
    kind: Kind
    units: Callable
    nightly: bool = False

    @property
    def hard(self) -> dict[str, Callable[[np.random.Generator], Data]]:
        return {name: self.units(rows) for name, rows in self.kind.hard.items()}

    def data(self, rng: np.random.Generator) -> Data:
        return self.units(self.kind.rows)(rng)

    def rtol(self, usual: float = 1e-8) -> float:
        """To which runs agree that differ by rounding: transitions whose maximum is searched know less."""
        return max(usual, 1e-6 if "stationary" in self.name else 0.0)

    def missing(self, x: np.ndarray) -> np.ndarray:
        """Which cells are missing."""
        return x == self.kind.missing if x.dtype.kind in "iu" else np.isnan(x)

    def bound(self, data: Data) -> Any:
        return self.model.bind(describe(self.model, data.source, SerialBackend()))

    def em(self, data: Data) -> EMMap:
        return EMMap(self.bound(data), data.source)

    def start(self, model: Any, data: Data) -> Any:
        """Params after one M-step from the labels, softened: equivariant as the M-step is."""
        description = describe(model, data.source, SerialBackend())
        origin = model.start(description, np.random.default_rng(0))
        resp = np.full((len(data.x), model.n_components), 0.3 / model.n_components)
        resp[np.arange(len(data.x)), data.labels] += 0.7
        x = data.x.astype(np.float64) if data.x.dtype.kind == "f" else data.x
        stats = model.emission.expected_stats(origin.emission, x, resp * data.row_weights[:, None])
        followed = model.latent.stats_of(resp, data.block(0, len(data.weights)))
        if data.offsets is not None and model.latent.support is not None:  # such labels know of no zeros
            followed = replace(followed, transitions=followed.transitions * model.latent.support)
        return LatentEmissionParams(
            model.latent.m_step(followed, origin.latent), model.emission.m_step(stats, origin.emission)
        )

    def prepared(self, seed: int = 0) -> tuple[Any, Any, Data]:
        """Model, starting values and ordinary data, which no test alters."""
        return _prepared(self, seed)

    def with_floor(self, reg_covar: float) -> "Entry":
        """The same model of a Gaussian family, with another floor."""
        emission = replace(self.model.emission, reg_covar=reg_covar)
        return replace(self, model=replace(self.model, emission=emission))

    def tiny(self, seed: int = 0) -> tuple[Any, Any, Data]:
        """The same for so few units that all assignments can be tried."""
        model, params, data = self.prepared(seed)
        few = data.take(np.arange(6 if data.offsets is None else 2))
        return model, params, replace(few, weights=np.ones(len(few.weights)))


@cache
def _prepared(entry: Entry, seed: int) -> tuple[Any, Any, Data]:
    data = entry.data(np.random.default_rng(seed))
    model = entry.bound(data)
    return model, entry.start(model, data), data


def iterate(em: EMMap, params: Any, n_steps: int) -> Any:
    """Params after so many plain EM steps."""
    for _ in range(n_steps):
        params = em.m_step(em.e_step(params), params)
    return params


def whole_e_step(model: Any, params: Any, data: Data) -> Any:
    """Statistics of all the data as one block."""
    return model.e_step(params, data.block(0, len(data.weights)), SerialBackend())


def responsibilities(model: Any, params: Any, data: Data) -> np.ndarray:
    return model.responsibilities(params, data.block(0, len(data.weights)))


def sum_of_pieces(task: Callable[[Block], Any], data: Data, cuts: list[int]) -> Any:
    edges = [0, *sorted(cuts), len(data.weights)]
    return tree_sum(task(data.block(start, stop)) for start, stop in pairwise(edges))


# -- data --------------------------------------------------------------------------------------------------


def independent(rows: Callable, n: int = 120) -> Callable[[np.random.Generator], Data]:
    """Rows whose labels are drawn independently."""

    def draw(rng):
        labels = rng.choice(2, size=n, p=[0.6, 0.4])
        return Data(rows(labels, rng), rng.permutation(np.arange(n) % 4.0), labels)

    return draw


def chained(rows: Callable, n: int = 20) -> Callable[[np.random.Generator], Data]:
    """Sequences of 1 to 12 rows whose labels follow each other; the first two have 3 rows."""

    def draw(rng):
        lengths = np.concatenate([[3, 3], rng.integers(1, 13, n - 2)])
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        labels = np.empty(offsets[-1], dtype=np.int64)
        for low, high in pairwise(offsets):
            labels[low:high] = (rng.integers(3) + np.cumsum(rng.random(high - low) < 0.25)) % 3
        return Data(rows(labels, rng), rng.permutation(np.arange(n) % 4.0), labels, offsets)

    return draw


def columns_of(x: np.ndarray) -> Any:
    """The product of families for `mixed_rows`."""
    families = {"0": Gaussian(), "1": Gaussian(), "2": Poisson(), "3": Categorical(2), "4": Categorical(3)}
    return Columns(families).learned(as_table(x))


BANDED = np.array([[True, True, False], [False, True, True], [True, False, True]])


def mixture(name: str, family: Any, kind: Kind, fused: bool = True) -> Entry:
    units = independent if fused else partial(independent, n=72)
    return Entry(f"independent x {name}", LatentEmission(Independent(), family, 2, fused), kind, units)


def hidden_markov(name: str, family: Any, kind: Kind, fused: bool = True, **chain: Any) -> Entry:
    units = (
        partial(chained, n=45) if kind is INCOMPLETE else chained
    )  # so that each state has enough complete rows
    return Entry(f"chain x {name}", LatentEmission(Chain(**chain), family, 3, fused), kind, units)


MIXED_COLUMNS = columns_of(mixed_rows(np.arange(30) % 2, np.random.default_rng(0)))


def by_night(entry: Entry) -> Entry:
    return replace(entry, nightly=True)


def always(entry: Entry) -> Entry:
    return entry


ENTRIES = [
    # Gaussians with and without missing cells, by their fused kernels and by the generic path.
    *(
        mixture(shape + suffix, Gaussian(shape), kind)
        for suffix, kind in (("", GAUSSIAN), (", NaN", INCOMPLETE))
        for shape in ("full", "tied", "diag", "spherical")
    ),
    *(
        when(mixture(f"{shape}{suffix}, NumPy", Gaussian(shape), kind, fused=False))
        for suffix, kind in (("", GAUSSIAN), (", NaN", INCOMPLETE))
        for shape, when in (("full", always), ("tied", by_night), ("diag", always), ("spherical", by_night))
    ),
    mixture("exponential", Exponential(), EXPONENTIAL),
    mixture("poisson", Poisson(), HOLED_POISSON),
    by_night(mixture("exponential, by means", emissions.Exponential(), EXPONENTIAL)),
    mixture("gamma", emissions.Gamma(), LOG_NORMAL),
    by_night(mixture("von Mises", emissions.VonMises(), ANGLES)),
    by_night(mixture("beta", emissions.Beta(), SHARES)),
    by_night(mixture("log-normal", emissions.LogNormal(), LOG_NORMAL)),
    mixture("categorical", Categorical(SYMBOLS), HOLED_CATEGORICAL),
    mixture("columns", MIXED_COLUMNS, MIXED),
    hidden_markov("columns", MIXED_COLUMNS, MIXED),
    mixture("bernoulli", Bernoulli(), BERNOULLI),
    by_night(mixture("binomial", Binomial(TRIALS), BINOMIAL)),
    by_night(mixture("geometric", Geometric(), GEOMETRIC)),
    by_night(mixture("ordinal", Ordinal(GRADES), ORDINAL)),
    by_night(mixture("zero-inflated poisson", ZeroInflatedPoisson(), INFLATED)),
    mixture("negative binomial", NegativeBinomial(), NEGATIVE_BINOMIAL),
    hidden_markov("full", Gaussian("full"), GAUSSIAN),
    hidden_markov("full, NaN", Gaussian("full"), INCOMPLETE),
    hidden_markov(
        "full, banded, stationary", Gaussian("full"), GAUSSIAN, support=BANDED, startprob="stationary"
    ),
    by_night(hidden_markov("tied", Gaussian("tied"), GAUSSIAN)),
    hidden_markov("diag", Gaussian("diag"), GAUSSIAN),
    hidden_markov("diag, NaN", Gaussian("diag"), INCOMPLETE),
    by_night(hidden_markov("spherical", Gaussian("spherical"), GAUSSIAN)),
    hidden_markov("exponential", Exponential(), EXPONENTIAL),
    hidden_markov("poisson", Poisson(), POISSON),
    hidden_markov("poisson, NaN", Poisson(), HOLED_POISSON),
    hidden_markov("poisson, stationary", Poisson(), POISSON, startprob="stationary"),
    hidden_markov("poisson, uniform", Poisson(), POISSON, startprob="uniform"),
    hidden_markov("categorical", Categorical(SYMBOLS), CATEGORICAL),
    by_night(hidden_markov("bernoulli", Bernoulli(), BERNOULLI)),
    by_night(hidden_markov("negative binomial", NegativeBinomial(), NEGATIVE_BINOMIAL)),
    hidden_markov("categorical, missing", Categorical(SYMBOLS), HOLED_CATEGORICAL),
    hidden_markov("categorical, NumPy", Categorical(SYMBOLS), HOLED_CATEGORICAL, fused=False),
    hidden_markov("categorical, banded", Categorical(SYMBOLS), CATEGORICAL, support=BANDED),
]
GAUSSIAN_ENTRIES = [entry for entry in ENTRIES if isinstance(entry.model.emission, Gaussian)]
ENTRIES_BY_NAME = {entry.name: entry for entry in ENTRIES}
