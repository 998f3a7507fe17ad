"""How what cannot be is refused: in one line that names the culprit and the remedy."""

import pytest

SKLEARNS = ("Complex data not supported", "Expected 2D array, got 1D array")  # with the array behind them


def refused(call, message, error=ValueError):
    with pytest.raises(error, match=message) as caught:
        call()
    said = str(caught.value)
    assert "\n" not in said or said.startswith(SKLEARNS)


def changed(x, place, value):
    """A copy with another value at one place."""
    other = x.copy()
    other[place] = value
    return other
