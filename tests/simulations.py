"""How often a simulation is repeated: a few times in every run of the suite, many times at night."""

import pytest


def repeated(few: int, *many: int) -> list:
    """Values of a parameter, for ``pytest.mark.parametrize``; `make test-nightly` runs the many."""
    return [few, *(pytest.param(more, marks=pytest.mark.slow) for more in many)]
