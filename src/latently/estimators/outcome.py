"""What a fit by maximum likelihood leaves beside the parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np

from latently.core.findings import Finding
from latently.core.restarts import Restarts
from latently.estimators.fitting import Fit
from latently.estimators.inputs import Array


@dataclass(frozen=True)
class Outcome:
    """What a fit leaves: each field or property is an attribute of that name and an underscore."""

    log_likelihood: float
    log_likelihood_history: Array
    converged: bool
    stop_reason: str
    n_iter: int
    restarts: Restarts
    n_observed: float
    diagnostics: tuple[Finding, ...] = ()
    dtype: Literal["float32", "float64"] = "float64"  # of the data, in which parameters are shown
    parameter_change_history: Array | None = None
    profile_errors: Array | None = None  # of latent classes

    @classmethod
    def of(cls, fitted: Fit, diagnostics: tuple[Finding, ...] = (), dtype: Any = "float64") -> Self:
        """The record of a fit."""
        result = fitted.result
        return cls(
            log_likelihood=result.log_likelihood,
            log_likelihood_history=np.array([step.log_likelihood for step in result.history]),
            converged=result.converged,
            stop_reason=result.stop_reason,
            n_iter=result.n_iter,
            restarts=fitted.restarts,
            n_observed=fitted.n_observed,
            diagnostics=(*fitted.diagnostics, *diagnostics),
            dtype=dtype,
            parameter_change_history=np.array([step.change for step in result.history]),
        )

    @property
    def lower_bound(self) -> float:
        """Log-likelihood per observed row."""
        return self.log_likelihood / self.n_observed

    @property
    def lower_bounds(self) -> list[float]:
        """The same at each iterate."""
        history: list[float] = (self.log_likelihood_history / self.n_observed).tolist()
        return history

    def check(self) -> None:
        """Refuse a record that is not whole."""
        history, changes = self.log_likelihood_history, self.parameter_change_history
        numbers = [self.log_likelihood, self.n_observed, *history.flat]
        whole = changes is None or (changes.shape == history.shape and not np.isnan(changes).any())
        if history.ndim != 1 or not whole or not np.isfinite(numbers).all():
            raise ValueError(
                "the record of its fit is not whole: histories differ in length or are not finite"
            )
