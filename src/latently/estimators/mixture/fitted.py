"""A mixture with parameters: what all that is said of one needs."""

from __future__ import annotations

from typing import Any

from latently.core.array_source import ArraySource
from latently.core.blocks import block_rows
from latently.emissions.base import Emission
from latently.estimators.documented import entries
from latently.estimators.informative import check_weights
from latently.estimators.inputs import Array, read_rows
from latently.estimators.likelihood.fitted import FittedModel, Source
from latently.estimators.settable import Parameter, Recorded
from latently.estimators.streaming import read_scan
from latently.latent.independent import Independent
from latently.sources import as_scan


class FittedMixture(FittedModel):
    """A mixture that has its parameters, from a fit, a file, or by hand."""

    described = entries(
        """
        X : array-like of shape (n_samples, n_features)
            The rows, or the files they are in (see `latently.scan`), a lazy frame, or anything else that can
            be read piece by piece again and again.
        y : None
            Ignored; there for scikit-learn's conventions.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts; integers are the same as repeated rows.
        to : str or path-like, optional
            A file (.parquet, .arrow or .csv) to write to instead of returning an array, row by row; its path
            is returned.
        """
    )

    weights_ = Parameter("weights")
    parameter_change_history_ = Recorded()
    lower_bound_ = Recorded()
    lower_bounds_ = Recorded()

    def _latent(self) -> Independent:
        return Independent()

    def _read(
        self, X: object, family: Emission, *, reset: bool, sample_weight: object = None
    ) -> tuple[Emission, Source]:
        scan = as_scan(X)
        if scan is not None and sample_weight is not None and (written_out := scan.dense()) is not None:
            scan, X = None, written_out
        if scan is not None:
            if sample_weight is not None:
                raise ValueError("sample_weight is for tables in memory: leave it out, or read X first")
            most = max(1024, int(self.n_components))
            return read_scan(self, scan, family, reset=reset, block_rows=self._block_rows, n_different=most)
        family, rows = read_rows(self, X, family, reset=reset)
        return family, self._of_rows(rows, check_weights(sample_weight, len(rows)))

    def _of_rows(self, rows: Any, weights: Array) -> ArraySource:
        """Rows that are checked."""
        return ArraySource(rows, weights, None, self._block_rows(rows.shape[1]))

    def _block_rows(self, width: int) -> int:
        return block_rows(width + int(self.n_components))
