"""Warnings of a fit point to the line of the user's that asked for it."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from latently import GaussianHMM, GaussianMixture
from latently.core.errors import (
    ConstantColumnWarning,
    SpuriousMaximumWarning,
    UndeterminedWarning,
    WeightWarning,
)

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 2)) + 4 * (np.arange(60) % 2)[:, None]
APART = np.where(np.eye(2, dtype=bool)[np.arange(60) % 2], X, np.nan)
WEIGHTS = {GaussianMixture: "sample_weight", GaussianHMM: "sequence_weight"}


@pytest.mark.parametrize("estimator", WEIGHTS)
@pytest.mark.parametrize(
    ("category", "settings", "x", "weight"),
    [
        (ConvergenceWarning, {"max_iter": 1}, X, None),
        (SpuriousMaximumWarning, {"reg_covar": 0.9}, X, None),
        (ConstantColumnWarning, {}, np.column_stack([X, np.ones(60)]), None),
        (WeightWarning, {}, X, 1e-3),
        (UndeterminedWarning, {"covariance_type": "full"}, APART, None),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_warning_points_to_the_call(estimator, category, settings, x, weight):
    n = 60 if estimator is GaussianMixture else 1
    weights = {} if weight is None else {WEIGHTS[estimator]: np.full(n, weight)}
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        estimator(2, n_init=2, random_state=0, **settings).fit(x, **weights)
    assert [one.filename for one in told if one.category is category] == [__file__]


def test_what_was_set_by_hand_is_lost_at_the_call():
    mixture = GaussianMixture(2, n_init=2, random_state=0).fit(X)
    mixture.means_ = mixture.means_ + 1
    with pytest.warns(UserWarning, match="means_ set by hand") as told:
        mixture.fit(X)
    assert told[0].filename == __file__
