"""Successes among a known number of trials: independent binomial features, shape (K, d) of probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from latently.emissions.base import Array
from latently.emissions.trials import Trials, log_choose
from latently.wording import count


@dataclass(frozen=True)
class Binomial(Trials):
    """Independent numbers of successes; NaN is a missing one.

    Its parameters are `probabilities` of success, shape (K, d). They may reach 0 and 1.

    Parameters
    ----------
    n_trials : int or array-like of shape (d,)
        Trials behind each count, the same in all rows.

    Examples
    --------
    >>> import numpy as np
    >>> from latently import MixtureModel
    >>> from latently.emissions import Binomial
    >>> X = np.repeat([1, 2, 8, 9], [12, 9, 7, 10])[:, None]
    >>> mixture = MixtureModel(Binomial(10), 2, random_state=0).fit(X)
    >>> mixture.params_.emission.probabilities.round(2).ravel().tolist()
    [0.14, 0.86]
    """

    n_trials: Any = None

    in_brackets: ClassVar[str] = "n_trials"
    noun: ClassVar[str] = "successes"
    adjective: ClassVar[str] = "binomial"

    def __post_init__(self) -> None:
        """Refuse trials that are not whole numbers from 1."""
        n = np.asarray(1 if self.n_trials is None else self.n_trials)
        if n.ndim > 1 or n.dtype.kind not in "iuf" or not ((n >= 1) & (n == np.floor(n))).all():
            raise ValueError(
                f"n_trials is {self.n_trials!r}: should be a whole number from 1, or one for each column"
            )

    @property
    def values(self) -> str:  # type: ignore[override]
        """What successes are."""
        most = f"{self.trials:g}" if self.trials.ndim == 0 else "n_trials"
        return (
            f"successes are whole numbers from 0 to {most}, the number of trials: mend the cell, or leave it "
            "empty if it is not known"
        )

    @property
    def trials(self) -> Array:
        """As given; infinite if they are not."""
        return np.asarray(np.inf if self.n_trials is None else self.n_trials, dtype=np.float64)

    def read(self, x: Any) -> Any:
        """Rows with as many columns as there are numbers of trials.

        Raises
        ------
        ValueError
            If they have others, or there are none.
        """
        self._check_columns(x.shape[1])
        return super().read(x)

    def check_shapes(self, params: Any, n_components: int, n_features: int) -> None:
        """Also the numbers of trials."""
        super().check_shapes(params, n_components, n_features)
        self._check_columns(n_features)

    def base(self, x: Array) -> Array:
        return log_choose(self.trials, x)

    def _check_columns(self, n_features: int) -> None:
        if self.n_trials is None:
            raise ValueError(
                "a binomial family needs numbers of trials: Binomial(n_trials=10), say, or 'binomial(10)'"
            )
        if self.trials.shape not in ((), (n_features,)):
            raise ValueError(
                f"n_trials holds {count(self.trials.size, 'number')}, and X has "
                f"{count(n_features, 'column')}: give one number, or one for each column"
            )
