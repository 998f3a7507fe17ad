"""Hidden Markov models that have their parameters and nothing to learn, for pictures of them."""

import warnings

import numpy as np

from latently import CategoricalHMM, GaussianHMM, PoissonHMM, datasets
from latently.core.errors import SpuriousMaximumWarning

EARTHQUAKES = datasets.load_earthquakes()
COUNTS, YEARS = EARTHQUAKES.data, EARTHQUAKES.year
CASINO = datasets.load_casino()
ROLLS = CASINO.data


def given(estimator, x, **starts):
    """A model of these parameters, as if it had been fitted to x."""
    starts = {f"{name}_init": value for name, value in starts.items()}
    estimator.set_params(**starts, fixed=tuple(name.removesuffix("_init") for name in starts))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpuriousMaximumWarning)  # so few rows
        return estimator.fit(x)


def sticky(K, leave=0.01):
    return np.full((K, K), leave) + (1 - K * leave) * np.eye(K)


TRANSMAT = [[0.95, 0.024, 0.026], [0.05, 0.9, 0.05], [0.0, 0.2, 0.8]]
LAMBDAS = np.array([13.15, 19.72, 29.71])
QUAKES = given(PoissonHMM(3), COUNTS, startprob=[0.4, 0.4, 0.2], transmat=TRANSMAT, lambdas=LAMBDAS[:, None])
DICE = given(
    CategoricalHMM(2), ROLLS, **{name: CASINO[name] for name in ("startprob", "transmat", "emissionprob")}
)
MEANS = np.array([[0.0, 0.0], [4.0, -3.0]])
COVARIANCES = np.array([[[1.0, 0.5], [0.5, 2.0]], [[2.0, 0.0], [0.0, 0.5]]])
PAIR = given(
    GaussianHMM(2, covariance_type="full"),
    np.random.default_rng(0).normal(size=(30, 2)),
    startprob=[0.5, 0.5],
    transmat=[[0.95, 0.05], [0.1, 0.9]],
    means=MEANS,
    covariances=COVARIANCES,
)
SERIES, _ = PAIR.sample(300, random_state=0)
