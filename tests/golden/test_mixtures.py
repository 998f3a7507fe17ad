"""Published and re-derived maxima of the likelihood, found by default settings from any seed."""

import json
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_iris

from latently import GaussianMixture, datasets
from latently.core.em import EMMap, Settings
from latently.core.errors import SpuriousMaximumWarning
from latently.core.exploration import Start
from latently.core.restarts import search
from latently.models import LatentEmissionParams
from tests.models import BLOCK_ROWS, ArraySource
from tests.simulations import by_night

GOLDEN = json.loads(Path(__file__).with_name("mixtures.json").read_text())
FAITHFUL, IRIS = datasets.load_faithful().data, load_iris().data
TABLES = {"faithful": FAITHFUL, "iris": IRIS}
CASES = [(table, case) for table in TABLES for case in GOLDEN[table]["best_log_likelihood"]]


@cache
def by_default(table, case, seed):
    return fitted(TABLES[table], case, seed)


def fitted(X, case, seed=0, **settings):
    covariance_type, n_components = case.split(",")
    mixture = GaussianMixture(
        int(n_components), covariance_type=covariance_type, random_state=seed, **settings
    )
    return mixture.fit(X)


over_seeds = pytest.mark.parametrize("seed", [0, *by_night(1, 2)])


@pytest.mark.parametrize(("table", "case"), CASES)
@over_seeds
def test_log_likelihood(table, case, seed):
    mixture = by_default(table, case, seed)
    assert abs(mixture.log_likelihood_ - GOLDEN[table]["best_log_likelihood"][case]) <= 1e-5
    assert mixture.converged_
    assert mixture.diagnostics_ == ()
    assert mixture.restarts_.n_agreeing >= 1


@over_seeds
@pytest.mark.parametrize("case", ["tied,2", "full,2"])
def test_waiting_times_alone(case, seed):
    mixture = fitted(FAITHFUL[:, 1:], case, seed)
    assert abs(mixture.log_likelihood_ - GOLDEN["faithful_waiting"][case]) <= 1e-5


def test_waiting_times_parameters():
    """To the digits that are printed."""
    golden = GOLDEN["faithful_waiting"]
    mixture = fitted(FAITHFUL[:, 1:], "tied,2")
    order = np.argsort(mixture.means_.ravel())
    assert_allclose(mixture.weights_[order], golden["weights"], atol=2e-5)
    assert_allclose(mixture.means_[order].ravel(), golden["means"], atol=2e-4)
    assert_allclose(np.sqrt(mixture.covariances_).item(), golden["common_sd"], atol=2e-5)


def test_three_tied_components_of_faithful():
    """The published parameters stopped 0.01 short of the maximum: so far, and no further, may they differ."""
    golden = GOLDEN["faithful"]["tied,3"]
    mixture = by_default("faithful", "tied,3", 0)
    order = np.argsort(mixture.weights_)
    assert_allclose(mixture.weights_[order], golden["weights"], atol=4e-3)
    assert_allclose(mixture.covariances_, golden["covariance"], rtol=0.03)
    sizes = np.bincount(mixture.predict(FAITHFUL))[order]
    assert_allclose(sizes, golden["sizes"], atol=1)
    assert mixture.n_parameters_ == golden["df"]


@pytest.mark.parametrize(("case", "bic"), [("tied,3", "2314.296"), ("full,2", "2322.192")])
def test_bic_as_printed(case, bic):
    mixture = by_default("faithful", case, 0)
    assert f"{mixture.bic():.3f}" == bic
    assert f"{mixture.bic(FAITHFUL):.3f}" == bic


def test_bic_follows_from_the_published_likelihoods():
    """The other sign, and the number of parameters by hand."""
    for case, p in (("tied,3", 11), ("full,2", 11), ("diag,2", 9), ("spherical,2", 7)):
        log_likelihood = GOLDEN["faithful"]["best_log_likelihood"][case]
        expected = -(2 * log_likelihood - p * np.log(GOLDEN["faithful"]["n"]))
        assert abs(by_default("faithful", case, 0).bic() - expected) <= 2e-5


# -- iris, diag, 3: a higher maximum that is no maximum ----------------------------------------------------

# The setosa whose petals are all 0.2 cm wide: a variance of zero in one feature.
EQUAL_PETALS = np.flatnonzero((IRIS[:, 3] == 0.2) & (IRIS[:, 2] < 1.45))


def spurious_start(mixture):
    """One component on rows that agree in a feature; the others as they were in a fit of two."""
    rows = IRIS[EQUAL_PETALS]
    variances = np.maximum(rows.var(axis=0), 1e-3)
    return {
        "weights_init": [0.45, 0.45, 0.1],
        "means_init": np.vstack([mixture.means_, rows.mean(axis=0)]),
        "precisions_init": np.vstack([mixture.precisions_, 1 / variances]),
    }


def test_a_higher_maximum_is_recognised_as_spurious():
    start = spurious_start(fitted(IRIS, "diag,2", n_init=4))
    with pytest.warns(SpuriousMaximumWarning, match="component 2 rests on the floor set by reg_covar"):
        mixture = fitted(IRIS, "diag,3", **start)
    assert mixture.log_likelihood_ > GOLDEN["iris"]["best_log_likelihood"]["diag,3"] + 1
    assert mixture.diagnostics_


def test_restarts_pass_over_it():
    golden = GOLDEN["iris"]["best_log_likelihood"]["diag,3"]
    good = by_default("iris", "diag,3", 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpuriousMaximumWarning)
        higher = fitted(IRIS, "diag,3", **spurious_start(fitted(IRIS, "diag,2", n_init=4)))
    rows = IRIS
    em = EMMap(good._model, ArraySource(rows, np.ones(len(rows)), None, BLOCK_ROWS))

    def start(kind, mixture):
        params: LatentEmissionParams = mixture.params_
        return Start(kind, lambda rng: params)

    best, diagnostics, restarts = search(
        em,
        [start("higher", higher), start("good", good)],
        Settings(),
        len(rows),
        np.random.default_rng(0),
        None,
    )
    assert abs(best.log_likelihood - golden) <= 1e-5
    assert diagnostics == ()
    assert [run.kind for run in restarts.passed_over] == ["higher"]
    assert "higher but spurious" in str(restarts)


def test_many_starts_do_not_fall_for_it():
    mixture = fitted(IRIS, "diag,3", n_init=40, init_params="random_from_data")
    assert abs(mixture.log_likelihood_ - GOLDEN["iris"]["best_log_likelihood"]["diag,3"]) <= 1e-5
    assert all(
        run.diagnostics
        for run in mixture.restarts_.runs
        if (run.log_likelihood or -1e9) > mixture.log_likelihood_ + 1e-5
    )
