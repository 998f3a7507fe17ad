"""Whether the parameters of latent classes can be told from the table at all."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from latently.core.findings import Finding, caution
from latently.core.information import around
from latently.core.parameters import with_named
from latently.estimators.latent_classes.cross_table import CrossTable
from latently.models.latent_emission import Description, LatentEmission
from latently.wording import count

NOT_IDENTIFIED, MORE_THAN_PATTERNS = "not identified", "more parameters than patterns"  # kinds of findings
MOST_TERMS = 10**7  # numbers in a table of derivatives
RANK_TOLERANCE = 1e-7


def identification(
    model: LatentEmission,
    description: Callable[[], Any],
    table: CrossTable,
    log_probabilities: Callable[[Any, Any], Any],
    n_parameters: int,
    fixed: Collection[str],
) -> tuple[Finding, ...]:
    """What there is to say of a model all of whose columns have few values.

    The rank of the information is that of the derivatives of the probabilities of all cells by the free
    parameters, nearly everywhere the same: it is found at parameters drawn at random, away from boundaries.
    `description` gives that of the data, from which parameters are drawn, and `log_probabilities` those of
    rows of codes at any params. Parameters in `fixed` are not free.

    References
    ----------
    .. [1] Goodman, L. A. (1974). Exploratory latent structure analysis using both identifiable and
       unidentifiable models. Biometrika 61, 215-231.
    .. [2] Allman, E. S., Matias, C. and Rhodes, J. A. (2009). Identifiability of parameters in latent
       structure models with many observed variables. Annals of Statistics 37, 3099-3132, theorem 4.
    """
    found = []
    if n_parameters >= table.n_cells:
        rank = table.n_cells - 1
    elif surely_identified(table.sizes, model.n_components) or n_parameters * table.n_cells > MOST_TERMS:
        rank = n_parameters
    else:
        rank = _rank(model, description(), table, log_probabilities, fixed)
    if rank < n_parameters:
        most = "at most " if n_parameters >= table.n_cells else ""
        found.append(
            caution(
                NOT_IDENTIFIED,
                f"the {n_parameters} parameters are not identified: the information has rank {most}{rank}, "
                "and others fit as well; lower n_components, or add columns",
                rank=rank,
                parameters=n_parameters,
            )
        )
    enough = len(table.first(10 * n_parameters).patterns()[0]) > n_parameters
    n_patterns = n_parameters + 1 if found or enough else len(table.patterns()[0])
    if n_patterns <= n_parameters:
        found.append(
            caution(
                MORE_THAN_PATTERNS,
                f"there are {count(n_parameters, 'parameter')} and {count(n_patterns, 'different row')}, too "
                "few to determine them: lower n_components",
                patterns=n_patterns,
                parameters=n_parameters,
            )
        )
    return tuple(found)


def surely_identified(sizes: Collection[int], n_components: int) -> bool:
    """Whether three groups of columns have values enough by Kruskal's condition (Allman et al. 2009)."""
    groups = [1, 1, 1]
    for size in sorted(sizes, reverse=True):
        groups[groups.index(min(groups))] *= size
    enough = sum(min(group, n_components) for group in groups) >= 2 * n_components + 2
    return n_components == 1 or enough


def _rank(
    model: LatentEmission,
    description: Description,
    table: CrossTable,
    log_probabilities: Callable[[Any, Any], Any],
    fixed: Collection[str],
) -> int:
    rng, cells = np.random.default_rng(0), table.cells()
    params = model.start(description, rng)
    params = with_named(params, {"weights": rng.dirichlet(np.full(model.n_components, 5.0))})
    spaces = {name: space for name, space in model.spaces(params).items() if name not in fixed}
    slopes = around(params, spaces).slopes(lambda moved: log_probabilities(moved, cells))
    scale = np.abs(slopes).max(axis=0)
    sizes = np.linalg.svd(slopes / np.where(scale > 0, scale, 1.0), compute_uv=False)
    return int((sizes > RANK_TOLERANCE * sizes[0]).sum())
