"""Arrays as a page holds them: few bytes, as text."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

CELL_STEPS = 65_534  # of a column, from its least to its greatest value; one more stands for a missing cell


def packed(values: ArrayLike, kind: str = "<f4") -> dict[str, Any]:
    """An array of single precision, or of another type of NumPy.

    Examples
    --------
    >>> packed([0.0, 1.0])
    {'shape': [2], 'type': 'f4', 'data': 'AAAAAAAAgD8='}
    """
    array = np.ascontiguousarray(values, dtype=kind)
    return {"shape": list(array.shape), "type": kind[1:], "data": b64encode(array.tobytes()).decode()}


def shares(values: ArrayLike) -> dict[str, Any]:
    """Probabilities, to half a percent."""
    return packed(np.round(255 * np.asarray(values)), "<u1")


def cells(values: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]) -> dict[str, Any]:
    """Cells by how far they lie between the ends of their columns, along the last axis; NaN is missing."""
    span = np.where(high > low, high - low, 1.0)
    steps = np.round(CELL_STEPS * np.clip((values - low) / span, 0.0, 1.0))
    return packed(np.where(np.isnan(steps), CELL_STEPS + 1, steps), "<u2")


def script_safe(content: object) -> str:
    """JSON that may stand in a script: nothing in it ends the script."""
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
