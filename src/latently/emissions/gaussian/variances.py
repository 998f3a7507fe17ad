"""Variances against their floor, for the families without correlations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latently.core.errors import SingularCovarianceError
from latently.emissions.base import Array


def above(variances: Array, floor: Array | float) -> NDArray[np.bool_]:
    """Which variances are clear of the floor."""
    return np.asarray(variances > floor * (1 + 1e-6))


def refuse_zero(variances: Array) -> None:
    """Raise an error that names a component with a variance of zero, shape (K, d)."""
    bad = np.argwhere(~(variances > 0))
    if len(bad):
        component, feature = bad[0]
        raise SingularCovarianceError(
            f"component {component} has zero variance in feature {feature}: its rows lie on one point; "
            "set reg_covar (1e-6 is the default) or lower n_components"
        )
