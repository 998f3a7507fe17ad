"""All numbers of a fit as one table, with their errors and intervals where rows are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtri

from latently.checks.settings import SHARE, check_setting
from latently.core.array_source import ArraySource
from latently.core.parameters import named
from latently.core.spaces.base import by_a_factor, on_logits
from latently.estimators.inputs import Array
from latently.estimators.likelihood.errors import Errors
from latently.estimators.records import Records
from latently.models.latent_emission import LatentEmissionParams

Limits = Callable[[Array, Array, float], tuple[Array, Array]]


class Quantity(NamedTuple):
    """A number of each component, and how its interval is made: on a scale on which it has no end."""

    column: str
    name: str
    value: Array
    limits: Limits

    @property
    def likely(self) -> bool:
        """Whether it is a probability."""
        return self.limits is on_logits


def plainly(value: Array, error: Array, reach: float) -> tuple[Array, Array]:
    """Limits as far below as above."""
    return value - reach * error, value + reach * error


class Summarised(Errors):
    """Parameters by column and component."""

    def summary(self, X: object = None, level: float = 0.95, *args: Any, **how: Any) -> Records:
        """What the components are like, as a tidy table: a row for each number.

        Standard errors and intervals need X, the data of the fit.

        Parameters
        ----------
        level : float, default 0.95
            How often an interval is to cover the true value.

        Returns
        -------
        Records
            With the component or state, the column, the quantity and its value, and with X `standard_error`,
            `lower` and `upper`, NaN where there is none: `notes` say why. ``frame()`` is a DataFrame.

        Raises
        ------
        ValueError
            If `level` is not between 0 and 1, or X does not fit the model.
        """
        check_setting("level", level, SHARE)
        self._check_fitted()
        quantities, label = self._quantities(), self._model.latent.label
        found = [{"value": one.value} for one in quantities]
        notes: tuple[str, ...] = ()
        if X is not None:
            found, notes = self._with_errors(quantities, self._source(X, **how).in_memory(), level)
        rows = tuple(
            {label: k, "column": one.column, "quantity": one.name}
            | {name: float(value[k]) for name, value in numbers.items()}
            for k in range(int(self.n_components))
            for one, numbers in zip(quantities, found, strict=True)
        )
        return Records(rows, notes)

    def _quantities(self, names: Sequence[str] | None = None) -> list[Quantity]:
        """Of what is hidden, and of each column."""
        params, label = self.params_, self._model.latent.label
        if names is None:
            names = vars(self).get("feature_names_in_")
        found = [
            Quantity("", f"to {label} {j}" if value.ndim > 1 else "weight", column, on_logits)
            for name, value in named(params.latent).items()
            if name != "startprob"
            for j, column in enumerate(np.atleast_2d(value.T))
        ]
        family = self._model.emission
        for j, column in enumerate(family.moments(params.emission)):
            of = f"feature {j}" if names is None else str(names[j])
            categories = family.categories_of(j) is not None
            for quantity, value in column.items():
                spread = by_a_factor if quantity == "standard deviation" else plainly
                found.append(Quantity(of, str(quantity), value, on_logits if categories else spread))
        return found

    def _with_errors(
        self, quantities: list[Quantity], source: ArraySource, level: float
    ) -> tuple[list[dict[str, Array]], tuple[str, ...]]:
        """Numbers with their errors and limits, and why there are none."""

        def moments(params: LatentEmissionParams) -> Array:
            columns = self._model.emission.moments(params.emission)
            return np.array([values for column in columns for values in column.values()])

        errors = self._by_information(source, "observed", moments=moments)
        latent = [np.atleast_2d(errors[name].T) for name in named(self.params_.latent) if name != "startprob"]
        both = np.concatenate([*latent, errors["moments"].reshape(-1, int(self.n_components))])
        reach = float(ndtri((1 + level) / 2))
        found = []
        for one, error in zip(quantities, both, strict=True):
            lower, upper = one.limits(one.value, error, reach)
            found.append({"value": one.value, "standard_error": error, "lower": lower, "upper": upper})
        return found, errors.reasons
