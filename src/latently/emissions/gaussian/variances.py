"""Variances against their floor, for the families without correlations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latently.core.errors import SingularCovarianceError
from latently.emissions.base import Array


def units(variances: Array) -> Array:
    """In what the variance of each feature is measured: its own; for a constant one the others' mean.

    A floor is a part of the variance, so that it means the same in any unit, and a constant feature has no
    variance of its own. Its value tells no unit either: that would change if the feature were shifted. What
    is left is the geometric mean of the other variances, which goes along if all features are shifted or
    rescaled together, and is not ruled by one that is in a unit of its own. Where all are constant it is one.

    Examples
    --------
    >>> import numpy as np
    >>> units(np.array([1.0, 0.0, 4.0]))
    array([1., 2., 4.])
    """
    varies = variances > 0
    if varies.all():
        return variances
    return np.where(varies, variances, np.exp(np.log(variances[varies]).mean()) if varies.any() else 1.0)


def above(variances: Array, floor: Array | float) -> NDArray[np.bool_]:
    """Which variances are clear of the floor."""
    return np.asarray(variances > floor * (1 + 1e-6))


def refuse_zero(variances: Array) -> None:
    """Raise an error that names a component with a variance of zero, shape (K, d)."""
    bad = np.argwhere(~(variances > 0))
    if len(bad):
        component, feature = bad[0]
        raise SingularCovarianceError(
            f"has zero variance in feature {feature}: its rows lie on one point; set reg_covar (1e-6 is the "
            "default) or lower n_components",
            f"{{label}} {component} ",
        )
