"""A mixture with parameters: what all that is said of one needs."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from latently import archive
from latently.core.blocks import ArraySource, Block, block_rows
from latently.estimators.by_hand import LatentEmissionByHand, Parameter, Recorded
from latently.estimators.inputs import Array, check_weights, read_rows
from latently.estimators.state import pack
from latently.latent.independent import Independent
from latently.models.routines import routines


class FittedMixture(LatentEmissionByHand):
    """A mixture that has its parameters, from a fit, a file, or by hand."""

    fixed: Any
    weights_ = Parameter("weights")
    log_likelihood_ = Recorded()
    log_likelihood_history_ = Recorded()
    parameter_change_history_ = Recorded()
    converged_ = Recorded()
    stop_reason_ = Recorded()
    n_iter_ = Recorded()
    restarts_ = Recorded()
    n_observed_ = Recorded()
    lower_bound_ = Recorded()
    lower_bounds_ = Recorded()
    diagnostics_ = Recorded()

    def _latent(self) -> Independent:
        return Independent()

    def _rows(self, X: Any) -> Any:
        self._check_fitted()
        return read_rows(self, X, self._model.emission, reset=False)

    def _source(self, rows: Any, weights: Array, n_components: int) -> ArraySource:
        return ArraySource(rows, weights, None, block_rows(rows.shape[1] + n_components))

    def _posterior(self, rows: Any) -> tuple[Array, Array]:
        """Responsibilities and log densities of rows."""
        latent: Any = self._model.latent
        params = self.params_
        family = routines(self._model.emission, params.emission, self._model.fused)
        resp = np.empty((len(rows), self._model.n_components))
        log_density = np.empty(len(rows))
        block = Block(rows, np.ones(len(rows)))
        for tile in block.tiles(2 * self._model.n_components + 3 * rows.shape[1]):
            densities = family.log_density(block.rows(tile))
            resp[tile], log_density[tile] = latent.posterior(params.latent, densities)
        return resp, log_density

    def _weighted_source(self, X: Any, sample_weight: Any) -> ArraySource:
        rows = self._rows(X)
        return self._source(rows, check_weights(sample_weight, len(rows)), self._model.n_components)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the mixture to a file, from which `latently.load` makes one that predicts the same bits.

        The file is a zip archive of JSON and arrays, never a pickle. Callbacks are not stored, nor is a
        generator of random numbers in `random_state`: both are None after loading.

        Parameters
        ----------
        path : str or path
            Where to. A file of this name is replaced once the new one is safely on the disk; if saving
            fails, it stays as it was.

        Raises
        ------
        ValueError
            If a setting, or the family of a `MixtureModel`, is not made of numbers, strings and arrays.
        OSError
            If the path cannot be written.

        Examples
        --------
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from latently import GaussianMixture, load
        >>> mixture = GaussianMixture.from_parameters([0.5, 0.5], [[0.0], [4.0]], [[[1.0]], [[1.0]]])
        >>> with TemporaryDirectory() as folder:
        ...     mixture.save(Path(folder) / "model.latently")
        ...     again = load(Path(folder) / "model.latently")
        >>> again.predict([[3.0]]).tolist()
        [1]
        """
        self._check_fitted()
        archive.write(path, pack(self))
