"""Fused kernels in place of the generic E-step: one registry, by what is hidden and what is seen.

The generic path in plain NumPy always exists and is the oracle; `tests/agreement/` holds each accelerator to
it. One gives back None for a block that it is not made for, or where a number is not finite, which the
generic path then names.

Numba takes a third of a second to import, so a kernel is imported by the first E-step that needs it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np

from latently.core.backends import Backend
from latently.core.blocks import Block
from latently.core.errors import ImpossibleObservationError
from latently.emissions.base import Array
from latently.emissions.categorical import Categorical
from latently.emissions.columns import Columns
from latently.emissions.gaussian import Gaussian, Structure
from latently.emissions.gaussian.matrices import EPS, from_lower
from latently.emissions.gaussian.moments import ComponentMoments
from latently.emissions.gaussian.params import LOG_2PI
from latently.latent.base import Expected
from latently.latent.chain import Chain
from latently.latent.independent import Counts, Independent
from latently.models import one_gaussian, small_tables
from latently.models.conditional_moments import lacks_little
from latently.models.few_rows import at_once
from latently.models.patterns import patterns_of_block
from latently.models.products import chain_of_products, mixture_of_products
from latently.models.symbols import chain_of_equal_rows, chain_of_symbols

LOG_EPS = float(np.log(EPS))
WHITEN_BY_PRODUCTS_FROM = (
    64  # features: from here on matrix products are the fastest way to whiten those that do
)

Accelerator = Callable[[Any, Any, Block, Backend], Expected | None]


def mixture_of_gaussians(model: Any, params: Any, block: Block, backend: Backend) -> Expected | None:
    """E-step of a mixture of Gaussians: rows that are complete apart from others."""
    if block.labels is not None:
        return None
    complete, incomplete = block.by_completeness()
    if incomplete is None:
        return complete_rows(model.emission, params, block)
    try:
        stats = incomplete_rows(model, params, incomplete, backend)
    except ImpossibleObservationError:
        return None
    if complete.n_units:
        more = complete_rows(model.emission, params, complete)
        stats = stats + (more or model.generic_e_step(params, complete, backend))
    return stats


def complete_rows(emission: Gaussian, params: Any, block: Block, *, lasting: bool = True) -> Expected | None:
    """E-step of complete rows under a mixture of Gaussians.

    Those of one component by their scatter; few by products of matrices where what is made of a block serves
    every step; all by the linear form where there is one, unless it would lose digits; else pair by pair.
    The family's own NumPy does the smallest tables, whose fits may be over before a kernel is there.
    """
    K, d = params.emission.means.shape
    alone = K == 1 and emission.structure.correlated
    if alone and (stats := one_gaussian.complete_rows(emission, params, block)):
        return stats
    whole = lasting and not block.first  # the last few rows of a large table are left to its kernel
    small = whole and small_tables.fits(block, K, emission.correlated)
    form = small_tables.small_e_step if small else _linear_form(emission.structure)
    stats = form(emission, params, _log_norm(emission, params), block) if form else None
    if stats is not None or (small and block.n_units * K * d <= small_tables.TINY):
        return stats
    return (_whitened if emission.structure.correlated else _scaled)(emission, params, block)


def _linear_form(structure: Structure) -> Any:
    """What the log densities are linear in, if there is something."""
    if structure.correlated and not structure.shared:
        return None
    from latently.models import linear_forms as forms

    if structure.correlated:
        return forms.linear_shared
    return forms.linear_spherical if structure.pooled == (1,) else forms.linear_variances


def _whitened(emission: Gaussian, params: Any, block: Block) -> Expected | None:
    """Matrices: a row is whitened under each component."""
    K, d = params.emission.means.shape
    counts, first, second = np.zeros(K), np.zeros((K, d)), np.zeros((K, d, d))
    bound, rounding_scale = _whiten(emission, params, block, counts, first, second, np.empty((0, K)))
    if d < WHITEN_BY_PRODUCTS_FROM:  # others write all of it
        second = from_lower(second)
    return _expected(emission, params, bound, rounding_scale, counts, first, second)


def _whiten(emission: Gaussian, params: Any, block: Block, *out: Array) -> tuple[float, float]:
    """Call the kernel that suits the number of features."""
    from latently.kernels.full import fused_full, fused_products

    theta = params.emission
    whiteners = np.ascontiguousarray(emission.structure.expand(theta.whiteners, theta.means))
    fused = fused_products if theta.means.shape[1] >= WHITEN_BY_PRODUCTS_FROM else fused_full
    levels = _levels(emission, params)
    bound, rounding_scale = fused(_rows(block), block.weights, theta.means, whiteners, *levels, *out)
    return bound, rounding_scale


def _scaled(emission: Gaussian, params: Any, block: Block) -> Expected | None:
    """Variances: a row is scaled under each component."""
    from latently.kernels.diagonal import fused_diagonal

    theta = params.emission
    counts, first, second = (
        np.zeros(len(theta.means)),
        np.zeros(theta.means.shape),
        np.zeros(theta.means.shape),
    )
    scales = 1.0 / np.sqrt(np.ascontiguousarray(emission.structure.expand(theta.covariances, theta.means)))
    levels = _levels(emission, params)
    sums = counts, first, second
    bound, rounding_scale = fused_diagonal(_rows(block), block.weights, theta.means, scales, *levels, *sums)
    return _expected(emission, params, bound, rounding_scale, counts[:, None], first, second)


def gaussian_responsibilities(model: Any, params: Any, block: Block) -> Array | None:
    """Responsibilities under a mixture of Gaussians, those below rounding zero; None if no kernel does."""
    emission: Gaussian = model.emission
    if block.labels is not None or block.incomplete is not None:
        return None
    n, (K, d) = block.n_units, params.emission.means.shape
    plain, resp = replace(block, weights=np.ones(n)), np.zeros((n, K))
    small = small_tables.fits(block, K, emission.correlated)
    form = small_tables.small_e_step if small else _linear_form(emission.structure)
    if form and form(emission, params, _log_norm(emission, params), plain, resp) is not None:
        return resp
    if not emission.correlated or (small and n * K * d <= small_tables.TINY):
        return None
    no_sums = np.zeros(K), np.zeros((K, 0)), np.zeros((K, 0, 0))
    bound, _ = _whiten(emission, params, plain, *no_sums, resp)
    return resp if np.isfinite(bound) else None


def incomplete_rows(model: Any, params: Any, block: Block, backend: Backend) -> Expected:
    """E-step of rows that all have missing cells, by a short cut where covariances are matrices."""
    from latently.models.incomplete_rows import by_marginals

    def generic(rows: Block) -> Expected:
        stats: Expected = model.generic_e_step(params, rows, backend)
        return stats

    emission: Gaussian = model.emission
    if not emission.correlated or lacks_little(block.x):
        return generic(block)
    if len(params.emission.means) == 1:
        return one_gaussian.incomplete_rows(emission, params, block) or generic(block)
    return by_marginals(partial(complete_rows, lasting=False), generic, emission, params, block)


def _rows(block: Block) -> Array:
    """The rows as the kernels are compiled for, so that there is one compilation of each."""
    return np.ascontiguousarray(block.x, dtype=np.float64)


def _log_norm(emission: Gaussian, params: Any) -> Array:
    """Log of the weight of each component times its density at its mean."""
    theta = params.emission
    return np.asarray(params.latent.log - 0.5 * (theta.means.shape[1] * LOG_2PI + emission.log_det(theta)))


def _levels(emission: Gaussian, params: Any) -> tuple[Array, Array]:
    """Log density of each component at its mean, and the log of what counts in its sums.

    A pair below rounding of the share that one row has in the sums of its component does not count: all
    such pairs together are below rounding of the sums.
    """
    return _log_norm(emission, params), params.latent.log + LOG_EPS


def _expected(
    emission: Gaussian,
    params: Any,
    bound: float,
    rounding_scale: float,
    counts: Array,
    first: Array,
    second: Array,
) -> Expected | None:
    if not np.isfinite(bound):
        return None
    moments = ComponentMoments(counts, first, emission.structure.pool(second), params.emission.means)
    return Expected(Counts(counts.reshape(-1)), moments, bound, rounding_scale)


def mixture_of_equal_rows(model: Any, params: Any, block: Block, backend: Backend) -> Expected | None:
    """E-step of a mixture in which most rows occur more than once: each once, with the weight of all."""
    if block.labels is not None:
        return None
    each = block.remembered("equal rows", lambda: _each_once(block))
    if each is None:
        return None
    found: Expected = at_once(model, params, each, backend) or model.generic_e_step(params, each, backend)
    return found


def _each_once(block: Block) -> Block | None:
    patterns = patterns_of_block(block)
    return None if patterns is None else patterns.each_once(block)


OF_FAMILY: dict[tuple[type, type], Accelerator] = {
    (Independent, Gaussian): mixture_of_gaussians,
    (Independent, Columns): mixture_of_products,
    (Chain, Columns): chain_of_products,
    (Chain, Categorical): chain_of_symbols,
}

OF_ANY_FAMILY: dict[type, tuple[Accelerator, ...]] = {
    Independent: (mixture_of_equal_rows, at_once),
    Chain: (chain_of_equal_rows, at_once),
}


@cache
def accelerators(latent: type, family: type) -> tuple[Accelerator, ...]:
    """Those of a latent structure and a family, to be asked in turn."""
    own = OF_FAMILY.get((latent, family))
    return (*((own,) if own else ()), *OF_ANY_FAMILY.get(latent, ()))


RESPONSIBILITIES: dict[tuple[type, type], Callable[[Any, Any, Block], Array | None]] = {
    (Independent, Gaussian): gaussian_responsibilities,
}
