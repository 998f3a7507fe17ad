"""The table that an imputer is fitted to, and its model: by maximum likelihood where that has a maximum."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from latently.core.backends import Backend, backend, count_threads
from latently.core.blocks import Block, block_rows
from latently.core.errors import (
    ConstantColumnWarning,
    SingularCovarianceError,
    SpuriousMaximumWarning,
    UndeterminedWarning,
)
from latently.core.findings import CAUTION, Finding, grave
from latently.core.journal import Journal
from latently.emissions.gaussian import Gaussian
from latently.estimators.gaussian_mixture import GaussianMixture
from latently.estimators.imputation.columns import (
    NoMaximumError,
    check_clear_of_floor,
    check_rank,
    observed_columns,
    singular,
)
from latently.estimators.imputation.parameter_draws import Draw, draw_parameters
from latently.estimators.informative import (
    NEVER_TOGETHER,
    check_informative,
    check_weights,
    pairs_in_words,
    undetermined,
)
from latently.estimators.inputs import Array, check_rows, column_names, label_of
from latently.estimators.streaming import read_scan
from latently.sources import Scan, as_scan

if TYPE_CHECKING:
    from latently.estimators.gaussian_imputer import GaussianImputer
    from latently.estimators.gaussian_mixture import GaussianMixture

SOME = 20_000  # rows that are looked at for collinear columns, of a table that is not in memory


@dataclass(frozen=True)
class Modelled:
    """The columns of a table of which there is a model."""

    # (n_rows, d): their cells; NaN is a missing one. Of a table that is not in memory, some of the rows
    rows: Any
    weights: Array  # (n_rows,): how often each row counts
    positions: NDArray[np.int64]  # (d,): which columns of the table they are
    varied: NDArray[np.bool_]  # (d,): which of them are not constant
    names: list[str] | None  # names of all columns of the table
    observed: NDArray[np.bool_]  # which columns of the table have any observed value
    missing_counts: NDArray[np.int64]  # missing cells of each column of the table
    fingerprint: Callable[[], Any]  # returns what tells the table from others
    scan: Scan | None = None  # the table, if it is not in memory

    def labels(self) -> list[str]:
        """What the columns are called in messages."""
        return [label_of(self.names, position) for position in self.positions]

    def fit(self, mixture: GaussianMixture) -> None:
        """Fit a mixture to all rows."""
        if self.scan is None:
            mixture.fit(self.rows, sample_weight=self.weights)
            return
        mixture.fit(self.scan)
        vars(mixture).pop("feature_names_in_", None)  # which are the imputer's


def read_table(imputer: GaussianImputer, X: object, sample_weight: object) -> Modelled:
    """Read the table of a fit, and say which columns teach nothing.

    The imputer learns the names and the number of the features. Weights say how often each row counts.
    """
    scan = as_scan(X)
    of_all = sample_weight is not None or imputer.n_parameter_draws
    if scan is not None and of_all and (written_out := scan.dense()) is not None:
        scan, X = None, written_out
    if scan is not None:
        return _read_piece_by_piece(imputer, scan, sample_weight)
    names = column_names(X)
    rows = check_rows(imputer, X, reset=True, accepts_missing=True)
    weights = check_weights(sample_weight, len(rows))
    observed, varied = observed_columns(rows, weights)
    table = rows if observed.all() else rows[:, observed]
    positions = np.flatnonzero(observed)
    own_names = None if names is None else [names[j] for j in positions]
    check_informative(table, weights, int(imputer.n_components), own_names, 4)
    return Modelled(
        table,
        weights,
        positions,
        varied[observed],
        names,
        observed,
        np.isnan(rows).sum(axis=0),
        lambda: (rows, weights),
    )


def _read_piece_by_piece(imputer: GaussianImputer, scan: Scan, sample_weight: object) -> Modelled:
    if sample_weight is not None or imputer.n_parameter_draws:
        wrong = "sample_weight" if sample_weight is not None else "n_parameter_draws"
        raise ValueError(f"{wrong} is for tables in memory: leave it out, or read X first")
    K, family = int(imputer.n_components), Gaussian(imputer.covariance_type)
    _, source = read_scan(imputer, scan, family, reset=True, block_rows=lambda width: block_rows(width + K))
    names = [str(name) for name in vars(imputer).get("feature_names_in_", ())] or None
    outline = source.outline
    observed, varied = observed_columns(outline.x, outline.weights)
    if not observed.all():
        empty = label_of(names, int(np.argmin(observed)))
        raise ValueError(f"column {empty} has no observed value: leave it out, such as by scan(columns=)")
    check_informative(outline.x, outline.weights, K, names, 5)
    with backend(count_threads(imputer.n_jobs), source) as workers:
        counts = workers.fold(_missing, source)
    some = source.subsample(SOME, np.random.default_rng(0)).in_memory()
    every = np.arange(len(observed))
    return Modelled(
        some.x, some.weights, every, varied, names, observed, counts, lambda: source.fingerprint, scan
    )


def _missing(block: Block, backend: Backend) -> NDArray[np.int64]:
    return np.asarray(np.isnan(block.x).sum(axis=0))


FALLBACK = "ridge"
SAID_OTHERWISE = (SpuriousMaximumWarning, ConstantColumnWarning, UndeterminedWarning)


def fit_model(
    imputer: GaussianImputer, table: Modelled, rng: np.random.Generator, journal: Journal | None
) -> tuple[GaussianMixture, tuple[Draw, ...], tuple[Finding, ...]]:
    """Fit the model of an imputer, draw its parameters, and say what there is to say of it.

    Raises a NoMaximumError if the likelihood has no maximum and no prior may take its place.
    """
    said: tuple[Finding, ...] = ()
    try:
        mixture, draws = _fitted(
            imputer, table, None if imputer.prior == "auto" else imputer.prior, rng, journal
        )
    except NoMaximumError as error:
        if imputer.prior != "auto" or _from_posterior(imputer):
            raise
        mixture, draws = _fitted(imputer, table, FALLBACK, rng, journal)
        message = (
            f"{error.reason}: the {FALLBACK} prior stands in for what the data do not tell, and what is "
            f"filled in depends on it; ask for it by name if it is meant, or {error.remedy}"
        )
        columns = (tuple(table.positions[list(error.columns)].tolist()),)
        said = (Finding("prior", message, "column", columns, severity=CAUTION),)
    pairs = _unseen(mixture, table)
    return mixture, draws, (*said, *undetermined(pairs, table.names, by_prior=mixture.prior is not None))


def _fitted(
    imputer: GaussianImputer,
    table: Modelled,
    prior: str | None,
    rng: np.random.Generator,
    journal: Journal | None,
) -> tuple[GaussianMixture, tuple[Draw, ...]]:
    """One fit, with a given prior or none, and its draws."""
    unbound = prior is None and Gaussian(imputer.covariance_type).correlated
    if unbound:
        check_rank(table.rows, table.weights, np.flatnonzero(table.varied), table.labels())
    mixture: GaussianMixture = imputer._mixture(rng, prior, journal)
    one = unbound and imputer.n_components == 1
    if one:
        mixture.set_params(callbacks=[*(imputer.callbacks or ()), singular])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            table.fit(mixture)
        except SingularCovarianceError as error:
            raise NoMaximumError("covariances run into singular ones") from error
    if one:
        check_clear_of_floor(mixture._dense(mixture.params_)[0], table.labels())
        mixture.set_params(callbacks=imputer.callbacks)
    spurious = grave(mixture.diagnostics_)
    if unbound and imputer.prior == "auto" and spurious:
        raise NoMaximumError(f"no maximum is to be trusted ({spurious[0]})")
    for warning in caught:
        if not issubclass(warning.category, SAID_OTHERWISE):
            warnings.warn(warning.message, stacklevel=5)
    unseen = _unseen(mixture, table)
    if _from_posterior(imputer) and len(unseen):
        raise ValueError(
            f"columns {pairs_in_words(unseen, table.names)} are never observed together, and the posterior "
            "under a flat prior has then no finite mass: use draw_method='bootstrap'"
        )
    return mixture, draw_parameters(
        mixture, table.rows, table.weights, int(imputer.n_parameter_draws), imputer.draw_method, rng
    )


def _from_posterior(imputer: GaussianImputer) -> bool:
    return bool(imputer.n_parameter_draws and imputer.draw_method == "posterior")


def _unseen(mixture: GaussianMixture, table: Modelled) -> NDArray[np.int64]:
    """Pairs of columns of the table that are never observed together."""
    pairs = [found.which for found in mixture.diagnostics_ if found.kind == NEVER_TOGETHER]
    return table.positions[np.array(pairs, dtype=np.int64).reshape(-1, 2)]
