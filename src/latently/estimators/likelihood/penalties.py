"""What information criteria charge for parameters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

# What a criterion charges for p free parameters of a fit to n observations (docs/formulas.md).
PENALTIES: dict[str, Callable[[int, float], float]] = {
    "bic": lambda p, n: p * np.log(n),
    "aic": lambda p, n: 2.0 * p,
    "sabic": lambda p, n: p * np.log((n + 2) / 24),
    "caic": lambda p, n: p * (np.log(n) + 1),
    "hq": lambda p, n: 2 * p * np.log(np.log(n)),
    "aic3": lambda p, n: 3.0 * p,
}
