"""Yes or no: independent Bernoulli features, shape (K, d) of probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from latently.emissions.base import Array
from latently.emissions.described import COLUMNS_SHOWN, Components
from latently.emissions.trials import Trials, TrialsParams
from latently.wording import share, some


@dataclass(frozen=True)
class Bernoulli(Trials):
    """Independent features of 0 and 1; NaN is a missing one.

    Its parameters are `probabilities` of a 1, shape (K, d). They may reach 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> from latently import MixtureModel
    >>> X = np.repeat([[1, 1, 0], [1, 0, 1], [0, 0, 1], [0, 1, 1]], [20, 4, 20, 5], axis=0)
    >>> mixture = MixtureModel("bernoulli", 2, random_state=0).fit(X)
    >>> mixture.params_.emission.probabilities.shape
    (2, 3)
    """

    values: ClassVar[str] = (
        "a Bernoulli cell is 0 or 1: mend it, leave it empty if it is not known, or take another family, "
        "such as 'categorical'"
    )
    noun: ClassVar[str] = "zeros and ones"
    adjective: ClassVar[str] = "Bernoulli"
    centre_called: ClassVar[str] = "probability of a 1"

    @property
    def trials(self) -> Array:
        return np.ones(())

    def describe_components(
        self, params: TrialsParams, names: Sequence[str], rows: Array, label: str
    ) -> Components:
        cells = [[share(p) for p in column] for column in params.probabilities.T]
        lines = [[f"{name} = 1", *column] for name, column in zip(names, cells, strict=True)]
        words = [
            some([f"{line[0]} {line[1 + k]}" for line in lines], COLUMNS_SHOWN, "more column")
            for k in range(len(rows))
        ]
        return Components(lines, words, f"Probability of a 1 in the {label}.")
