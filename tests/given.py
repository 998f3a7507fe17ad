"""Hidden Markov models of given parameters, for pictures of them."""

import numpy as np

from latently import CategoricalHMM, GaussianHMM, PoissonHMM, datasets

EARTHQUAKES = datasets.load_earthquakes()
COUNTS, YEARS = EARTHQUAKES.data, EARTHQUAKES.year
CASINO = datasets.load_casino()
ROLLS = CASINO.data


def sticky(K, leave=0.01):
    """Even starts, and transitions that rarely leave a state."""
    return np.full(K, 1 / K), np.full((K, K), leave) + (1 - K * leave) * np.eye(K)


TRANSMAT = [[0.95, 0.024, 0.026], [0.05, 0.9, 0.05], [0.0, 0.2, 0.8]]
LAMBDAS = np.array([13.15, 19.72, 29.71])
QUAKES = PoissonHMM.from_parameters([0.4, 0.4, 0.2], TRANSMAT, LAMBDAS[:, None])
DICE = CategoricalHMM.from_parameters(
    CASINO.startprob, CASINO.transmat, CASINO.emissionprob, categories=np.arange(1, 7)
)
MEANS = np.array([[0.0, 0.0], [4.0, -3.0]])
COVARIANCES = np.array([[[1.0, 0.5], [0.5, 2.0]], [[2.0, 0.0], [0.0, 0.5]]])
PAIR = GaussianHMM.from_parameters(
    [0.5, 0.5], [[0.95, 0.05], [0.1, 0.9]], MEANS, COVARIANCES, covariance_type="full"
)
SERIES, _ = PAIR.sample(300, random_state=0)
