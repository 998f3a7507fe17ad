"""Limits of filled cells, which act on the output only."""

from __future__ import annotations

import numpy as np

from latently.checks.arrays import as_floats
from latently.estimators.inputs import Array


def check_limits(min_value: object, max_value: object, n_features: int) -> tuple[Array, Array]:
    """Least and greatest values of filled cells, one for each column.

    Raises a ValueError if one is not a number or of another shape, or a least value is above the greatest.
    """
    lower = _limit("min_value", min_value, -np.inf, n_features)
    upper = _limit("max_value", max_value, np.inf, n_features)
    if not (lower <= upper).all():
        raise ValueError(f"min_value is above max_value in column {int((lower > upper).argmax())}")
    if (lower == np.inf).any() or (upper == -np.inf).any():
        raise ValueError(
            "min_value is infinity or max_value minus infinity: no number lies within such limits"
        )
    return lower, upper


def _limit(name: str, value: object, default: float, n_features: int) -> Array:
    limits = as_floats(default if value is None else value, name)
    if limits.shape not in ((), (n_features,)) or np.isnan(limits).any():
        raise ValueError(f"{name} has shape {limits.shape}: should be a number or of shape ({n_features},)")
    return np.broadcast_to(limits, (n_features,))
