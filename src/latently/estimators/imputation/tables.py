"""The table that an imputer is fitted to, in memory or read piece by piece."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from latently.core.backends import Backend, backend, count_threads
from latently.core.blocks import Block, block_rows
from latently.emissions.gaussian import Gaussian
from latently.estimators.imputation.columns import observed_columns
from latently.estimators.informative import check_informative, check_weights
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
