"""How hypothesis looks for counterexamples, and which tests run at night only."""

import os

import pytest
from hypothesis import settings

# No deadline: the first call of a compiled kernel takes seconds. Where changes are judged (CI is set) the
# examples are the same every time; at a desk they are new ones.
settings.register_profile("latently", deadline=None, derandomize="CI" in os.environ, print_blob=True)
settings.load_profile("latently")

# By day the laws run over a subject of each kind. The others, which differ in little that a law could see,
# and the slowest of a kind run with the long simulations.
NIGHTLY = {
    "tests/laws": (
        "independent x full, NumPy",
        "independent x tied, NumPy",
        "independent x spherical, NumPy",
        "independent x full, NaN, NumPy",
        "independent x tied, NaN, NumPy",
        "independent x spherical, NaN, NumPy",
        "chain x full, NaN",
        "chain x tied",
        "chain x spherical",
        "chain x poisson, uniform",
        "chain x categorical, banded",
        "chain x categorical, NumPy",
    ),
    "tests/surface/test_sklearn_checks.py": (
        "GaussianMixture(covariance_type=",
        "GaussianMixture(n_components=2,covariance_type=",
        "covariance_type='diag',keep_empty_features",
        "inference='vb'",
        "inference='online_vb'",
    ),
    "tests/surface/test_threads.py": ("test_a_cache_that_cannot_be_written_does_not_fail",),
    "tests/agreement/test_vectors.py": ("[8]", "[24]", "-8]", "-24]", "[8-", "[24-"),
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        for place, names in NIGHTLY.items():
            if item.nodeid.startswith(place) and any(name in item.nodeid for name in names):
                item.add_marker(pytest.mark.slow)
