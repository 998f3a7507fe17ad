"""Names of features, and what the caller means by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from latently.checks.settings import COUNT, NAME, check_setting


def feature_names(estimator: Any) -> list[str]:
    """Names of the features that are modelled: those of the table it was fitted to, or their positions."""
    model = getattr(estimator, "_model", None)  # takes in what was set by hand: before, no feature is known
    names = getattr(estimator, "feature_names_in_", None)
    every = named(names, estimator.n_features_in_)
    if model is None:
        return every
    kept = model.emission.names_of([str(j) for j in range(len(every))] if names is None else every)
    return [f"feature {name}" for name in kept] if names is None else kept


def named(names: Sequence[object] | None, n_features: int) -> list[str]:
    """Names as they are, or positions where there are none."""
    if names is None:
        return [f"feature {position}" for position in range(n_features)]
    return [str(name) for name in names]


def position(feature: int | str, names: list[str]) -> int:
    """Position of a feature that is given by it or by its name.

    Raises a ValueError if there is no such feature.
    """
    check_setting("feature", feature, COUNT, NAME)
    if isinstance(feature, str):
        if feature not in names:
            raise ValueError(f"there is no feature '{feature}'; there are {', '.join(names)}")
        return names.index(feature)
    if not 0 <= feature < len(names):
        raise ValueError(f"feature={feature!r}: should be from 0 to {len(names) - 1}")
    return feature
