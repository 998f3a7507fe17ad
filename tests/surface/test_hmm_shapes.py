"""Starting transitions of common shapes, whose zeros stay through a fit."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from latently import GaussianHMM, HiddenMarkovModel, PoissonHMM, banded, left_right, plots
from latently.emissions import Columns, Gaussian


def test_left_right():
    assert_array_equal(left_right(1), [[1.0]])
    assert_array_equal(left_right(3), [[0.5, 0.5, 0], [0, 0.5, 0.5], [0, 0, 1]])
    skipping = left_right(4, stay=0.4, reach=2)
    assert_allclose(skipping, [[0.4, 0.3, 0.3, 0], [0, 0.4, 0.3, 0.3], [0, 0, 0.4, 0.6], [0, 0, 0, 1]])
    assert_allclose(left_right(3, reach=9)[0], [0.5, 0.25, 0.25])


def test_banded():
    assert_array_equal(banded(1), [[1.0]])
    assert_allclose(banded(2, stay=0.9), [[0.9, 0.1], [0.1, 0.9]])
    wide = banded(5, width=2, stay=0.2)
    assert_allclose(wide[2], [0.2, 0.2, 0.2, 0.2, 0.2])
    assert_allclose(wide[0], [0.2, 0.4, 0.4, 0, 0])
    assert_allclose(banded(4).sum(axis=1), 1.0)
    assert_array_equal(banded(4) > 0, np.abs(np.subtract.outer(np.arange(4), np.arange(4))) <= 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: left_right(0), "n_components=0: should be an integer of at least 1"),
        (lambda: left_right(2.5), "n_components=2.5"),
        (lambda: left_right(3, stay=1.0), "stay=1.0: should be a number between 0 and 1"),
        (lambda: left_right(3, stay=0), "stay=0"),
        (lambda: left_right(3, reach=0), "reach=0: should be an integer of at least 1"),
        (lambda: banded(3, width=-1), "width=-1: should be an integer of at least 1"),
        (lambda: banded(3, stay=float("nan")), "stay=nan"),
        (lambda: banded(True), "n_components=True"),
    ],
)
def test_numbers_out_of_range(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def climbing(rng, n=4):
    """Sequences that go through three levels, each once."""
    levels = [np.repeat([0.0, 4.0, 8.0], rng.integers(10, 20, 3)) for _ in range(n)]
    return [level[:, None] + rng.normal(size=(len(level), 1)) for level in levels]


@pytest.mark.parametrize("startprob", ["free", "uniform", "stationary"])
def test_zeros_stay(startprob):
    """Through acceleration, restarts, and the M-step of stationary starts, which is not closed."""
    rng, shape = np.random.default_rng(0), banded(3)
    counts = [rng.poisson(np.repeat([1.0, 6.0, 20.0, 6.0], 15))[:, None] for _ in range(3)]
    model = PoissonHMM(3, startprob=startprob, transmat_init=shape, n_init=4, random_state=0).fit(counts)
    assert_array_equal(model.transmat_[shape == 0], 0.0)
    assert (model.transmat_[shape > 0] > 0).all()


def test_left_right_fits():
    sequences = climbing(np.random.default_rng(1))
    settings = {"startprob_init": [1, 0, 0], "transmat_init": left_right(3, stay=0.9), "random_state": 0}
    model = GaussianHMM(3, **settings).fit(sequences)
    assert_array_equal(model.transmat_[left_right(3) == 0], 0.0)
    assert_array_equal(model.startprob_, [1, 0, 0])
    assert_allclose(model.means_[:, 0], [0, 4, 8], atol=0.5)
    assert (np.diff(model.predict(sequences[0])) >= 0).all()
    assert model.n_parameters_ == 2 + 6  # transmat, means and variances
    other = HiddenMarkovModel(Gaussian("diag"), 3, **settings).fit(sequences)
    assert_allclose(other.log_likelihood_, model.log_likelihood_, rtol=1e-6)


def test_zeros_of_starts_are_no_parameters():
    x = np.repeat([1.0, 6.0, 20.0], 40)[:, None]
    given = {"startprob_init": [1, 0, 0], "transmat_init": left_right(3), "random_state": 0}
    assert PoissonHMM(3, **given).fit(x).n_parameters_ == 5
    made = PoissonHMM.from_parameters([0.5, 0.5, 0], left_right(3), [[1.0], [6.0], [20.0]])
    assert made.n_parameters_ == 6
    made.startprob_ = [0.4, 0.4, 0.2]
    assert made.n_parameters_ == 7


@pytest.mark.parametrize(
    ("transmat", "states"),
    [
        (np.eye(2), ("0", "1")),
        ([[0.5, 0.25, 0.25, 0], [0, 1, 0, 0], [0, 0, 0.5, 0.5], [0, 0, 1, 0]], ("1", "2, 3")),
    ],
)
def test_stationary_distributions_that_are_not_unique(transmat, states):
    K = len(transmat)
    message = "not unique: the chain never leaves state {} once it is there, nor state {};".format(*states)
    rates = np.arange(1.0, K + 1)[:, None]
    with pytest.raises(ValueError, match=message):
        PoissonHMM.from_parameters("stationary", transmat, rates)
    with pytest.raises(ValueError, match=message):
        PoissonHMM(K, startprob="stationary", transmat_init=transmat).fit(rates)
    made = PoissonHMM.from_parameters("uniform", transmat, rates)
    with pytest.raises(ValueError, match=message):
        made.get_stationary_distribution()
    heads = [text.get_text() for text in plots.transitions(made).texts]
    assert "steps" in heads
    assert "share" not in heads


def test_states_kept_alike_last_a_while():
    """A minimum duration: two states on end with the same fixed rate."""
    transmat = left_right(3)
    transmat[0] = [0, 1, 0]  # the first of the two is left at once
    rates = [[2.0], [2.0], [20.0]]
    model = PoissonHMM(
        3, startprob_init=[1, 0, 0], transmat_init=transmat, lambdas_init=rates, fixed=("lambdas",)
    )
    counts = np.array([2, 1, 3, 2, 19, 22, 20, 18])[:, None]
    model.fit(counts)
    assert_array_equal(model.transmat_[0], [0, 1, 0])
    assert_array_equal(model.lambdas_, rates)
    assert model.predict([[25], [20], [20]]).tolist() == [0, 1, 2]


@pytest.mark.parametrize("seed", [0, 2])
def test_states_that_cannot_change_places_are_found_in_their_order(seed):
    """Of life courses in three channels, which end in one of two states that are never left."""
    transmat = np.array(
        [[88, 6, 4, 1, 1], [0, 90, 8, 2, 0], [0, 0, 80, 20, 0], [0, 0, 0, 100, 0], [0, 0, 0, 0, 100]]
    )
    yes = np.array([[1, 1, 2], [2, 2, 97], [97, 3, 98], [98, 97, 98], [60, 60, 60]]) / 100
    rng, courses = np.random.default_rng(0), []
    for _ in range(200):
        state, course = int(rng.random() < 0.02), []
        for _ in range(16):
            course.append(rng.random(3) < yes[state])
            state = rng.choice(5, p=transmat[state] / 100)
        courses.append(np.array(course, dtype=np.float64))
    shape = {
        "startprob_init": [0.5, 0.5, 0, 0, 0],
        "transmat_init": (transmat > 0) / (transmat > 0).sum(1)[:, None],
    }
    family = Columns(dict.fromkeys(range(3), "bernoulli"))
    truth = HiddenMarkovModel(family, 5, **shape, starting_values={"bernoulli.probabilities": yes}).fit(
        courses
    )
    found = HiddenMarkovModel(family, 5, random_state=seed, **shape).fit(courses)
    assert found.log_likelihood_ > truth.log_likelihood_ - 1e-3
