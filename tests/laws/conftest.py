"""As in a fit: one thread in BLAS, here where tests call the engine beneath the estimators."""

import pytest

from latently.core.libraries import single_threaded_libraries


@pytest.fixture(autouse=True)
def as_in_a_fit():
    with single_threaded_libraries():
        yield
