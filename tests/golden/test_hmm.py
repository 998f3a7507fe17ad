"""Published values of three classic series, and the maxima of the likelihood by default settings."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from latently import CategoricalHMM, GaussianHMM, PoissonHMM
from tests.simulations import by_night

GOLDEN = json.loads(Path(__file__).with_name("hmm.json").read_text())
CASINO, ICE_CREAM, EARTHQUAKES = (GOLDEN[name] for name in ("casino", "ice_cream", "earthquakes"))
ROLLS = np.array([int(roll) for roll in CASINO["rolls"]])
COUNTS = np.array(EARTHQUAKES["counts"], dtype=float)[:, None]
ALL = ("startprob", "transmat", "emissionprob")
over_seeds = pytest.mark.parametrize("seed", [0, *by_night(1, 2)])


# -- the occasionally dishonest casino ---------------------------------------------------------------------


def casino(**settings):
    """Starting at the published parameters."""
    starts = {f"{name}_init": value for name, value in CASINO["model"].items()}
    return CategoricalHMM(2, **starts, **settings).fit(ROLLS)


def test_casino_at_the_published_parameters():
    model = casino(fixed=ALL)
    assert abs(model.score(ROLLS) - CASINO["log_likelihood"]) <= 1e-6
    value, states = model.decode(ROLLS)
    assert abs(value - CASINO["viterbi_log_probability"]) <= 1e-6
    assert (states == 1).sum() == CASINO["viterbi_loaded_rolls"]


@pytest.mark.parametrize("steps", [1, 5])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_casino_after_so_many_steps(steps):
    model = casino(tol=0, max_iter=steps, acceleration=None)
    assert model.n_iter_ == steps
    golden = CASINO["baum_welch_log_likelihood_after"]
    assert abs(model.log_likelihood_ - golden[str(steps)]) <= 1e-6
    assert abs(model.log_likelihood_history_[0] - CASINO["log_likelihood"]) <= 1e-6


@pytest.mark.parametrize("acceleration", ["auto", None])
def test_casino_where_the_climb_from_there_ends(acceleration):
    """With enough iterations: the likelihood is flat."""
    model = casino(acceleration=acceleration, tol=1e-10, max_iter=5000)
    assert model.converged_
    golden = CASINO["baum_welch_log_likelihood_after"]["limit"]
    assert abs(model.log_likelihood_ - golden) <= 1e-5


@over_seeds
def test_casino_by_default_restarts(seed):
    model = CategoricalHMM(2, random_state=seed).fit(ROLLS)
    assert model.log_likelihood_ >= CASINO["best_found_by_random_starts"] - 1e-5
    assert model.converged_
    assert model.diagnostics_ == ()


# -- ice cream ---------------------------------------------------------------------------------------------

STOP = 4


def test_ice_cream():
    """The end is a third state, which emits only a stop symbol and is never left."""
    parts = ICE_CREAM["model"]
    transmat = np.zeros((3, 3))
    transmat[:2, :2], transmat[:2, 2], transmat[2, 2] = parts["transmat"], parts["end"], 1.0
    emissionprob = np.zeros((3, 4))
    emissionprob[:2, :3], emissionprob[2, 3] = parts["emissionprob"], 1.0
    cones = np.append(ICE_CREAM["cones"], STOP)
    model = CategoricalHMM(
        3,
        startprob_init=[*parts["startprob"], 0.0],
        transmat_init=transmat,
        emissionprob_init=emissionprob,
        categories=[1, 2, 3, STOP],
        fixed=ALL,
    ).fit(cones)
    assert abs(model.score(cones) - ICE_CREAM["log_likelihood"]) <= 1e-6
    assert abs(model.log_likelihood_ - ICE_CREAM["log_likelihood"]) <= 1e-6
    smoothed = model.smooth(cones)
    # Which of the two states is hot is said by its cones: three are likeliest.
    hot = int(np.argmax(np.array(parts["emissionprob"])[:, 2]))
    assert round(float(smoothed[0, hot]), 4) == ICE_CREAM["p_hot_day_1"]
    assert_allclose(smoothed[-1], [0.0, 0.0, 1.0])
    assert_allclose(smoothed[:-1, 2], 0.0)


# -- earthquakes -------------------------------------------------------------------------------------------


@cache
def earthquakes(n_components, startprob, seed=0):
    return PoissonHMM(n_components, startprob=startprob, random_state=seed).fit(COUNTS)


@over_seeds
@pytest.mark.parametrize("startprob", ["free", "stationary"])
@pytest.mark.parametrize("n_components", [2, 3])
def test_earthquakes_by_default_restarts(n_components, startprob, seed):
    golden = EARTHQUAKES[f"poisson_hmm_{startprob}_start_minus_log_likelihood"][str(n_components)]
    model = earthquakes(n_components, startprob, seed)
    assert model.converged_
    # Better is allowed, if only the free start could be.
    assert -model.log_likelihood_ <= golden + 1e-4
    if startprob == "stationary":
        assert -model.log_likelihood_ >= golden - 1e-4


def test_earthquakes_parameters():
    """To the digits that are printed; they come from another optimiser, which stops a little short."""
    golden = EARTHQUAKES["stationary,3"]
    model = earthquakes(3, "stationary")
    assert_allclose(model.lambdas_.ravel(), golden["rates"], rtol=2e-4)
    assert_allclose(model.transmat_, golden["transmat"], atol=2e-4)
    assert_allclose(model.startprob_, golden["stationary"], atol=2e-4)
    assert_allclose(model.get_stationary_distribution(), model.startprob_, rtol=1e-10)


def test_earthquakes_without_a_chain():
    """One state is an independent Poisson series."""
    golden = EARTHQUAKES["independent_poisson_log_likelihood"]
    assert abs(PoissonHMM(1).fit(COUNTS).log_likelihood_ - golden) <= 1e-4


def test_earthquakes_number_of_parameters():
    free, tied = earthquakes(3, "free"), earthquakes(3, "stationary")
    assert (free.n_parameters_, tied.n_parameters_) == (11, 9)
    assert_allclose(tied.bic(), -2 * tied.log_likelihood_ + 9 * np.log(107))
    assert_allclose(tied.aic(), -2 * tied.log_likelihood_ + 18)
    assert_allclose(tied.aic(COUNTS), tied.aic(), rtol=1e-10)


def test_earthquakes_as_numbers():
    """A normal distribution in each state tells the same three levels."""
    model = GaussianHMM(3, random_state=0).fit(COUNTS)
    assert_allclose(model.means_.ravel(), EARTHQUAKES["stationary,3"]["rates"], rtol=0.1)
