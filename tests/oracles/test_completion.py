"""What families say of missing cells: guesses, quantiles and draws agree, and with SciPy."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm

from latently.checks.columns import Column, as_table
from latently.core.parameters import Parts
from latently.emissions import Columns, Exponential, Gaussian, LogNormal, Poisson
from latently.emissions.categories import Categories
from latently.emissions.mixture_of_gaussians import MixtureOfGaussians

COVARIANCES = np.array([[[2.0, 1.2, 0.3], [1.2, 1.0, 0.1], [0.3, 0.1, 0.5]], np.eye(3)])
MEANS = np.array([[0.0, 1.0, 2.0], [5.0, 4.0, 3.0]])
CATEGORIES = Categories().learned_of([Column(str(j), np.array(list("abc"), dtype=object)) for j in range(3)])
SHARES = np.array([[[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.3, 0.3, 0.4]], [[0.2, 0.2, 0.6]] * 3])
CASES = {
    "full": (Gaussian("full"), {"means": MEANS, "covariances": COVARIANCES}),
    "tied": (Gaussian("tied"), {"means": MEANS, "covariances": COVARIANCES[0]}),
    "diag": (Gaussian("diag"), {"means": MEANS, "covariances": 1.0 + MEANS}),
    "poisson": (Poisson(), {"lambdas": 0.5 + 3 * MEANS}),
    "exponential": (Exponential(), {"means": 1.0 + MEANS}),
    "log-normal": (LogNormal(), {"log_means": MEANS / 3, "log_variances": 0.1 + MEANS / 20}),
    "mixture": (
        MixtureOfGaussians(2),
        {
            "inner_weights": np.array([[0.4, 0.6], [0.8, 0.2]]),
            "means": np.stack([MEANS, MEANS[::-1] + 1], axis=1),
            "covariances": np.stack([COVARIANCES, COVARIANCES[::-1]], axis=1),
        },
    ),
    "categories": (CATEGORIES, {"probabilities": SHARES}),
}


@pytest.fixture(params=CASES)
def case(request):
    """A family, its parameters, a row that lacks two cells many times over, and its responsibilities."""
    family, values = CASES[request.param]
    x = np.tile([1.0, np.nan, np.nan], (20_000, 1))
    return family, family.params(**values), x, np.tile([0.3, 0.7], (len(x), 1))


def test_draws_are_as_guesses_and_quantiles_say(case):
    family, params, x, resp = case
    rng = np.random.default_rng(0)
    labels = (rng.random(len(x)) < 0.7).astype(int)
    drawn = family.draw_missing(params, x, labels, rng)
    assert_array_equal(drawn[:, 0], 1.0)
    assert_array_equal(family.draw_missing(params, drawn, labels, rng), drawn)
    (probabilities, *_), guess = family.category_probabilities(params, x, resp)[1:], None
    if probabilities is not None:
        shares = [np.mean(drawn[:, 1] == c) for c in range(3)]
        assert_allclose(shares, probabilities[0], atol=0.015)
        assert family.guess_missing(params, x, resp)[0, 1] == np.argmax(shares)
        assert np.isnan(family.quantiles_of_missing(params, x, resp, 0.5)).all()
        return
    guess = family.guess_missing(params, x, resp)[0]
    discrete = family.distribution(params, guess[None]).at is not None
    error = 5 * drawn[:, 1:].std(axis=0) / np.sqrt(len(x)) + 0.5 * discrete
    assert (np.abs(drawn[:, 1:].mean(axis=0) - guess[1:]) < error).all()
    for probability in (0.025, 0.6, 0.975):
        quantile = family.quantiles_of_missing(params, x[:1], resp[:1], probability)[0]
        assert np.isnan(quantile[0])
        assert (np.mean(drawn[:, 1:] <= quantile[1:], axis=0) > probability - 0.015).all()
        assert (np.mean(drawn[:, 1:] < quantile[1:], axis=0) < probability + 0.015).all()


def test_quantiles_are_those_of_mixtures_of_conditional_distributions():
    family, values = CASES["full"]
    params, row = family.params(**values), np.array([[1.0, np.nan, 2.5]])
    seen, resp = np.array([0, 2]), np.array([[0.4, 0.6]])
    parts = []
    for mean, matrix in zip(MEANS, COVARIANCES, strict=True):
        slope = np.linalg.solve(matrix[np.ix_(seen, seen)], matrix[seen, 1])
        spread = np.sqrt(matrix[1, 1] - matrix[seen, 1] @ slope)
        parts.append((mean[1] + (row[0, seen] - mean[seen]) @ slope, spread))
    for probability in (0.01, 0.5, 0.9):
        quantile = family.quantiles_of_missing(params, row, resp, probability)[0, 1]
        assert_allclose(resp[0] @ [norm.cdf(quantile, *part) for part in parts], probability, rtol=1e-9)
    guess = family.guess_missing(params, row, resp)[0]
    assert_allclose(guess, [1.0, resp[0] @ [mean for mean, _ in parts], 2.5])


def test_columns_ask_the_family_of_each_part():
    table = {"n": [0, 3, 1, 4], "x": [0.5, 1.0, 2.0, 0.1], "kind": list("abca"), "y": [1.0, 0.3, 0.2, 2.0]}
    families = {"n": "poisson", ("x", "y"): Gaussian("full"), "kind": "categorical"}
    joint = Columns(families).learned(as_table(table))
    own = {
        "poisson": Poisson().params(np.array([[1.0], [4.0]])),
        "normal(x, y)": Gaussian("full").params(MEANS[:, :2], COVARIANCES[:, :2, :2]),
        "categorical": CATEGORIES.params(SHARES[:, :1]),
    }
    params = Parts(tuple(part.name for part in joint.parts), tuple(own[part.name] for part in joint.parts))
    x = np.array([[np.nan, 0.5, np.nan, np.nan], [2.0, np.nan, 1.0, 1.0]])
    resp = np.array([[0.2, 0.8], [0.9, 0.1]])
    both = CASES["full"][0], own["normal(x, y)"]
    assert_array_equal(
        joint.guess_missing(params, x, resp)[:, [1, 3]], both[0].guess_missing(both[1], x[:, [1, 3]], resp)
    )
    assert_array_equal(
        joint.quantiles_of_missing(params, x, resp, 0.9)[:, [1, 3]],
        both[0].quantiles_of_missing(both[1], x[:, [1, 3]], resp, 0.9),
    )
    assert_allclose(joint.category_probabilities(params, x, resp)[2], resp @ SHARES[:, 0])
    assert joint.guess_missing(params, x, resp)[0, [0, 2]].tolist() == [3.0, 2.0]
    drawn = joint.draw_missing(params, x, np.array([0, 1]), np.random.default_rng(0))
    assert not np.isnan(drawn).any()


def test_a_family_that_says_nothing_of_correlated_cells_is_not_guessed():
    class Correlated(Poisson):
        correlated = True

    x = np.array([[np.nan]])
    for asked in (
        lambda family: family.guess_missing(None, x, np.ones((1, 1))),
        lambda family: family.quantiles_of_missing(None, x, np.ones((1, 1)), 0.5),
        lambda family: family.draw_missing(None, x, np.zeros(1, dtype=int), np.random.default_rng(0)),
    ):
        with pytest.raises(NotImplementedError, match="does not say how missing cells depend"):
            asked(Correlated())
