"""The bound that EM climbs, taken apart: for teaching, and to test that the parts add up.

For any distribution q of the hidden variables, ``lower_bound = E_q[log p(x, z)] + entropy(q)`` is at most
the log-likelihood, and the gap is the Kullback-Leibler divergence of q from the posterior
(docs/formulas.md, "The bound").
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import xlogy

from latently.core.blocks import BlockSource
from latently.core.em import EMMap
from latently.emissions.base import Array
from latently.latent.base import Expected
from latently.models.latent_emission import LatentEmission, LatentEmissionParams
from latently.models.routines import routines


def q_function(
    model: LatentEmission, params: LatentEmissionParams, source: BlockSource, at: LatentEmissionParams
) -> float:
    """Q(at | params): the complete-data log-likelihood at `at`, expected under the posterior at `params`."""
    stats: Expected = EMMap(model, source).e_step(params)
    return model.expected_log_likelihood(stats, at)


def posterior_entropy(model: LatentEmission, params: LatentEmissionParams, source: BlockSource) -> float:
    """Entropy of the hidden variables given the data, in nats: log-likelihood less Q at its own params."""
    stats: Expected = EMMap(model, source).e_step(params)
    return stats.bound - model.expected_log_likelihood(stats, params)


def lower_bound(
    model: LatentEmission, params: LatentEmissionParams, source: BlockSource, resp: Array
) -> float:
    """Lower bound of the log-likelihood from labels independent across rows with probabilities `resp`."""
    total, row = 0.0, 0
    for block in source.blocks():
        piece = resp[row : row + block.n_rows]
        weights = block.row_weights[:, None]
        latent = model.latent.stats_of(piece, block)
        density = routines(model.emission, params.emission, model.fused).log_density(block.rows(slice(None)))
        total += model.latent.expected_log_likelihood(latent, params.latent)
        total += float(np.sum(weights * np.where(piece > 0, piece * density, 0.0)))
        total -= float(np.sum(weights * xlogy(piece, piece)))
        row += block.n_rows
    return total


def responsibilities(model: LatentEmission, params: LatentEmissionParams, source: BlockSource) -> Array:
    """Posterior probabilities of the labels of all rows, shape (n_rows, n_components)."""
    blocks = (replace(block, weights=np.ones_like(block.weights)) for block in source.blocks())
    return np.concatenate([model.responsibilities(params, block) for block in blocks])
