"""What Python does in an EM step of a tiny table, in calls: that is its time, and the same on any machine."""

import subprocess
import sys
import warnings

import numpy as np
import pytest

from latently import CategoricalHMM, GaussianHMM, GaussianMixture, MixtureModel, PoissonHMM

RNG = np.random.default_rng(0)
ROWS = np.concatenate([RNG.normal(0, 1, (100, 2)), RNG.normal(3, 1, (100, 2))])
COUNTS = np.concatenate([RNG.poisson(3, 100), RNG.poisson(12, 100)])[:, None]
CASES = {
    "full": (GaussianMixture(2), ROWS, 230),
    "tied": (GaussianMixture(2, covariance_type="tied"), ROWS, 260),
    "diag": (GaussianMixture(2, covariance_type="diag"), ROWS, 230),
    "counts": (MixtureModel("poisson", 2), COUNTS, 190),
    "Gaussian chain": (GaussianHMM(2), ROWS, 540),
    "counts in a chain": (PoissonHMM(2), COUNTS, 380),
    "symbols in a chain": (CategoricalHMM(2), np.minimum(COUNTS, 5), 300),
}


def calls(model, x, max_iter):
    found = 0

    def count(frame, event, argument):
        nonlocal found
        found += event in ("call", "c_call")

    model.set_params(max_iter=max_iter)
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        model.fit(x)
    finally:
        sys.setprofile(before)
    return found


@pytest.mark.parametrize("name", CASES)
def test_calls_of_a_step(name):
    model, x, most = CASES[name]
    model.set_params(n_init=1, tol=0, random_state=0, n_jobs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        calls(model, x, 1)  # imports what it takes
        few, many = calls(model, x, 5), calls(model, x, 25)
    assert (many - few) / 20 < most


def test_a_small_table_waits_for_no_compiler():
    code = """
import sys
import numpy as np
from latently import GaussianMixture, LatentClassAnalysis, datasets
from latently.emissions import Gaussian
x, how = datasets.load_faithful().data, dict(n_init=1, max_iter=10, tol=0, random_state=0)
for holes in range(2):
    for shape in ("full", "tied", "diag", "spherical"):
        GaussianMixture(3, covariance_type=shape, **how).fit(x)
        families = {(0, 1): Gaussian(shape), 2: "categorical"}
        LatentClassAnalysis(3, families=families, **how).fit(np.c_[x, x[:, 0] > 3])
    x[::9, 0] = np.nan
print("numba" in sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"
