"""No answer hangs on the last bits of a number: what ties but for rounding is settled by what came first."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from latently import GaussianHMM, GaussianMixture, LatentDirichletAllocation
from latently.core.choices import FITTED_TIE, column_ranks, falling, likeliest, ranks
from latently.estimators.mixture.base import canonical_order
from latently.estimators.starts import _nearest

noises = pytest.mark.parametrize("seed", range(20))


def noisy(values, seed):
    """With a relative noise of 1e-15, as another processor would have it."""
    return values * (1 + 1e-15 * np.random.default_rng(seed).standard_normal(np.shape(values)))


@noises
def test_orders_and_choices(seed):
    weights = np.array([0.2, 0.3, 0.3, 0.2]) + 5e-7  # on an edge of rounding to six digits
    grid = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 0.0], [0.0, 2.0]])
    means = np.array([[7.0, 1.0], [7.0, 5.0], [7.0, -5.0], [7.0, -1.0]])
    assert canonical_order(noisy(weights, seed), noisy(means, seed)).tolist() == [2, 1, 3, 0]
    assert np.lexsort(column_ranks(noisy(means + 1e6, seed))).tolist() == [2, 3, 0, 1]
    assert np.lexsort(column_ranks(noisy(grid[[1, 3, 2]] * 1e3, seed))).tolist() == [1, 0, 2]
    assert falling(noisy(np.array([[0.1, 0.4, 0.1, 0.4]]), seed), FITTED_TIE).tolist() == [[1, 3, 0, 2]]
    assert likeliest(noisy(np.array([[0.2, 0.4, 0.4], [0.5, 0.5, 0.0]]), seed)).tolist() == [1, 0]
    assert _nearest(noisy(grid + 3, seed), noisy(grid[[2, 0, 3]] + 3, seed)).tolist() == [1, 0, 0, 2]


def test_what_differs_is_told_apart():
    rng = np.random.default_rng(0)
    values = rng.standard_normal((5, 30))
    assert_array_equal(ranks(values, 1e-12), values.argsort(axis=1).argsort(axis=1))
    assert_array_equal(falling(values, 1e-12), (-values).argsort(axis=1))
    assert_array_equal(likeliest(values**2), (values**2).argmax(axis=1))
    assert ranks(np.array([-np.inf, 0.0, -np.inf]), 1.0).tolist() == [0, 1, 0]


@noises
def test_answers_of_models(seed):
    """Two alike halves in a mixture, a state of the same mean, words that stand in the same documents."""
    x = np.array([[-3.0, -2.0, 2.0, 3.0, 0.0]]).T
    mixture = GaussianMixture.from_parameters([0.5, 0.5], [[-2.5], [2.5]], [[[1.0]], [[1.0]]])
    assert mixture.predict(noisy(x, seed)).tolist() == [0, 0, 1, 1, 0]
    mixture = GaussianMixture.from_parameters(
        noisy(np.array([0.5, 0.5]), seed), noisy(np.array([[-2.5], [2.5]]), seed), [[[1.0]], [[1.0]]]
    )
    assert mixture.predict(x)[-1] == 0
    chain = GaussianHMM.from_parameters([0.5, 0.5], [[0.5, 0.5], [0.5, 0.5]], [[-1.0], [1.0]], [[1.0], [1.0]])
    assert chain.decode(noisy(x, seed), algorithm="map")[1].tolist() == [0, 0, 1, 1, 0]


@noises
def test_words_as_likely_come_in_the_order_of_their_columns(seed):
    topics = np.array([[3.0, 1.0, 3.0, 1.0, 5.0, 3.0], [2.0, 2.0, 2.0, 2.0, 2.0, 2.0]])
    lda = LatentDirichletAllocation(2)
    lda.components_ = noisy(topics, seed)
    assert lda.top_words(6) == lda.get_topics(np.arange(6), 6) == [[4, 0, 2, 5, 1, 3], [0, 1, 2, 3, 4, 5]]
