"""The combinations of settings that a search tries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from latently.checks.arrays import shown
from latently.checks.settings import ITERABLE, Such, check_setting

Grid = Mapping[str, Any]
A_GRID = Such(
    lambda value: isinstance(value, (Mapping, list, tuple)), "a dict of names and values, or a list of dicts"
)


def combinations_of(estimator: Any, grid: Grid | Sequence[Grid]) -> list[dict[str, Any]]:
    """All combinations in order, each with a value for every name that the grid has."""
    check_setting("grid", grid, A_GRID)
    grids = [grid] if isinstance(grid, Mapping) else list(grid)
    settings = estimator.get_params()
    listed: list[dict[str, list[Any]]] = []
    for one in grids:
        if not isinstance(one, Mapping):
            raise ValueError(f"grid holds {shown(one)}: should be a dict of names and values")
        for name in one:
            if name not in settings:
                raise ValueError(
                    f"grid has '{name}', which is no setting of {type(estimator).__name__}; it has "
                    + ", ".join(settings)
                )
        listed.append({name: _values(name, values) for name, values in one.items()})
    if not any(listed):
        raise ValueError("grid is empty: give the values to try, such as {'n_components': [1, 2, 3]}")
    names = dict.fromkeys(name for one in listed for name in one)
    usual = {name: settings[name] for name in names}
    return [
        usual | dict(zip(one, values, strict=True)) for one in listed for values in product(*one.values())
    ]


def _values(name: str, values: Any) -> list[Any]:
    """The values to try for a setting, NumPy's numbers as Python's."""
    if not ITERABLE.is_satisfied_by(values):
        text = shown(values)
        raise ValueError(f"grid has {name}={text}: should be a list of values, such as [{text}]")
    found = [value.item() if isinstance(value, np.generic) else value for value in values]
    if not found:
        raise ValueError(f"grid has no values for '{name}'")
    return found
