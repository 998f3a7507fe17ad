"""What decides between fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from latently.checks.settings import Such, check_setting, one_of
from latently.estimators.likelihood.penalties import PENALTIES

LIKELIHOOD = ("bic", "aic", "icl", "sabic", "caic", "hq", "aic3")
OF_TOPICS = ("perplexity", "coherence")
CHANGE_THE_WORDS = ("vectorizer", "vocabulary", "n_features")

CALLABLE = Such(callable, "a callable(estimator, X)")
Criterion = str | Callable[[Any, Any], float]


@dataclass(frozen=True)
class Measure:
    """A figure of a fitted estimator."""

    name: str  # the column it goes to
    of: Callable[[Any, Any], float]  # ``of(fitted, X)`` gives the figure
    held_out: bool = False  # whether X must not be what the estimator was fitted on


def measure_of(
    estimator: object, criterion: Criterion, grid_names: Any, fit_params: Mapping[str, object]
) -> Measure:
    """What a criterion means for an estimator.

    Raises a ValueError if the estimator has no such criterion, or figures of the fits could not be compared.
    """
    if callable(criterion):
        return Measure(getattr(criterion, "__name__", "criterion"), criterion)
    check_setting("criterion", criterion, one_of(*LIKELIHOOD, *OF_TOPICS), CALLABLE)
    if not _has(estimator, criterion):
        others = [repr(name) for name in (*LIKELIHOOD, *OF_TOPICS) if _has(estimator, name)]
        remedy = f"choose {' or '.join(others)}, or give" if others else "give"
        raise ValueError(
            f"criterion={criterion!r}: {type(estimator).__name__} has none; {remedy} a callable(estimator, X)"
        )
    if criterion == "perplexity":
        changing = [name for name in grid_names if name in CHANGE_THE_WORDS]
        if changing:
            raise ValueError(
                f"criterion='perplexity': it cannot be compared between vocabularies, and the grid has "
                f"{changing[0]!r}; choose 'coherence', or search one vocabulary at a time"
            )
        return Measure(criterion, lambda fitted, X: float(fitted.perplexity(X)), held_out=True)
    if criterion == "coherence":
        return Measure(criterion, lambda fitted, X: float(fitted.coherence(X).mean))
    if criterion == "icl":
        given = {name: value for name, value in fit_params.items() if name != "y"}
        return Measure(criterion, lambda fitted, X: fitted.icl(X, **given))
    return Measure(criterion, lambda fitted, X: criterion_of(fitted, criterion))


def criterion_of(fitted: Any, name: str, *X: Any, **given: Any) -> float:
    """A criterion of a fit by its name, of its training data or of others."""
    value: float = (
        getattr(fitted, name)(*X, **given) if hasattr(fitted, name) else fitted._criterion(name, *X, **given)
    )
    return value


def _has(estimator: object, name: str) -> bool:
    return hasattr(estimator, name) or (name in PENALTIES and hasattr(estimator, "_criterion"))
