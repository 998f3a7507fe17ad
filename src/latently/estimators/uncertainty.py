"""Standard errors and confidence intervals, as all likelihood estimators give them."""

from __future__ import annotations

from collections.abc import Collection
from numbers import Integral
from typing import Any

import numpy as np
from scipy.special import ndtri

from latently.checks.settings import RANDOM_STATE, Number, one_of
from latently.core.information import StandardErrors
from latently.core.parameters import named
from latently.core.spaces import Spaces
from latently.estimators.inputs import Array
from latently.models.bootstrap import Replicates

ERROR_KINDS = ("observed", "robust", "bootstrap")
STANDARD_ERRORS: dict[str, tuple[Any, ...]] = {
    "kind": (one_of(*ERROR_KINDS),),
    "n_replicates": (Number(Integral, 2, None, closed="left"),),
    "random_state": RANDOM_STATE,
}
Intervals = dict[str, tuple[Array, Array]]


def intervals_of(
    errors: StandardErrors, spaces: Spaces, params: object, level: float, *, transform: bool
) -> Intervals:
    """So many errors either way, from the normal distribution.

    With `transform`, errors are counted on a scale on which a space has no end, so that limits lie inside.
    """
    reach = float(ndtri((1 + level) / 2))
    values = named(params)
    if not transform:
        return {
            name: (values[name] - reach * error, values[name] + reach * error)
            for name, error in errors.errors.items()
        }
    return {name: spaces[name].interval(values[name], error, reach) for name, error in errors.errors.items()}


def percentiles(replicates: Replicates, level: float) -> Intervals:
    """Between what part of the replicates lies, as much left out on either side."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    quantiles = {name: np.quantile(value, tails, axis=0) for name, value in replicates.values.items()}
    return {name: (low, high) for name, (low, high) in quantiles.items()}


def spread(replicates: Replicates, fixed: Collection[str]) -> StandardErrors:
    """Standard deviations of the replicates, and what there is to say of them."""
    reasons = []
    if replicates.n_ambiguous:
        reasons.append(
            f"{replicates.n_ambiguous} replicates were left out: their components are not those of the fit"
        )
    if replicates.n_failed:
        reasons.append(f"{replicates.n_failed} replicates were left out: their fits failed")
    errors = {}
    for name, values in replicates.values.items():
        if len(values) < 2:
            errors[name] = np.full(values.shape[1:], np.nan)
        else:
            errors[name] = np.zeros(values.shape[1:]) if name in fixed else values.std(axis=0, ddof=1)
    return StandardErrors(errors, tuple(reasons), "bootstrap")
