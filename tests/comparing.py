"""Statistics, descriptions and params as flat arrays, to compare them."""

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal


def leaves(thing: Any, name: str = "") -> dict[str, np.ndarray]:
    """The arrays and numbers in nested dataclasses that add up, by their path."""
    if isinstance(thing, tuple):
        return {
            key: value for i, one in enumerate(thing) for key, value in leaves(one, f"{name}.{i}").items()
        }
    if not is_dataclass(thing):
        return {name: np.asarray(thing, dtype=np.float64)}
    found: dict[str, np.ndarray] = {}
    for f in fields(thing):
        if not f.metadata.get("shared"):
            found.update(leaves(getattr(thing, f.name), f"{name}.{f.name}"))
    return found


def assert_same(one: Any, other: Any, rtol: float = 1e-10) -> None:
    """Equal up to rounding, relative to the largest number of each array."""
    left, right = leaves(one), leaves(other)
    assert left.keys() == right.keys()
    for name, value in left.items():
        largest = np.abs(value[np.isfinite(value)]).max(initial=0.0)
        assert_allclose(right[name], value, rtol=rtol, atol=rtol * largest, err_msg=name)


def assert_identical(one: Any, other: Any) -> None:
    """Equal to the last bit."""
    left, right = leaves(one), leaves(other)
    assert left.keys() == right.keys()
    for name, value in left.items():
        assert_array_equal(right[name], value, err_msg=name)
