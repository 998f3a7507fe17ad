"""A mixture with parameters: what all that is said of one needs."""

from __future__ import annotations

from typing import Any

import numpy as np

from latently.core.blocks import ArraySource, Block, block_rows
from latently.estimators.by_hand import LatentEmissionByHand, Parameter, Recorded
from latently.estimators.inputs import Array, check_weights, read_rows
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
        return read_rows(self, X, self._model.emission, reset=False)[1]

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
