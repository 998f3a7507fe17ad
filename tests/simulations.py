"""What runs by night only: simulations many times, and values that see no more than others do."""

from typing import Any

import pytest


def by_night(*values: Any) -> list:
    """Values of a parameter, for ``pytest.mark.parametrize``, that `make test-nightly` runs."""
    return [pytest.param(value, marks=pytest.mark.slow) for value in values]


def repeated(few: int, *many: int) -> list:
    """How often a simulation is repeated: a few times in every run of the suite, many times by night."""
    return [few, *by_night(*many)]
