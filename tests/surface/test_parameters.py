"""What parameters cannot be, by each of the doors they come in: as starting values, given, or set by hand."""

import re

import numpy as np
import pytest
from sklearn.base import clone

from latently import CategoricalHMM, GaussianHMM, GaussianMixture, PoissonHMM

RNG = np.random.default_rng(0)
ROWS = RNG.standard_normal((30, 2)) + 3 * (np.arange(30) % 2)[:, None]
COUNTS = np.array([1.0, 2, 0, 7, 8, 9, 1, 0, 2, 9, 8, 1])[:, None]
MATRIX = [[1.0, 0.3], [0.3, 2.0]]
CHAIN = {"startprob": [0.6, 0.4], "transmat": [[0.9, 0.1], [0.2, 0.8]]}
MEANS = {"means": [[0.0, 0.5], [3.0, 3.5]]}
# An estimator, its data, and parameters that are as they should be.
MODELS = {
    "mixture": (GaussianMixture(2), ROWS, {"weights": [0.3, 0.7], **MEANS, "covariances": [MATRIX, MATRIX]}),
    "counts": (PoissonHMM(2), COUNTS, {**CHAIN, "lambdas": [[1.0], [8.0]]}),
    "symbols": (
        CategoricalHMM(2, n_features=3),
        COUNTS % 3,
        {**CHAIN, "emissionprob": [[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]]},
    ),
    **{
        kind: (GaussianHMM(2, covariance_type=kind), ROWS, {**CHAIN, **MEANS, "covariances": value})
        for kind, value in {
            "full": [MATRIX, MATRIX],
            "tied": MATRIX,
            "diag": [[1.0, 0.5], [1.0, 2.0]],
            "spherical": [1.0, 2.0],
        }.items()
    },
}
NEGATIVE = "{} holds a negative probability"
# What of which model cannot be, what is said, and by which doors (i, g, h) if not by all.
REFUSED = [
    ("mixture weights", [0.5, 0.6], r"{} sums to 1\.1, should be 1: divide it by its sum"),
    ("mixture weights", [1.5, -0.5], NEGATIVE),
    ("mixture weights", [1.0], r"{} has shape \(1,\), should be \(2,\)"),
    ("mixture means", [[0.0, 0.0]], r"{} has shape \(1, 2\), should be \(2, ", "ih"),
    ("mixture means", [0.0, 1.0], r"{} has shape \(2,\), should be \(2, ", "ig"),
    ("mixture means", [[0.0, np.nan], [1.0, 1.0]], r"{}\[0, 1\] is nan: should be finite"),
    ("mixture precisions", np.eye(2), r"{} has shape \(2, 2\), should be \(2, ", "ih"),
    ("mixture precisions", [np.eye(2), -np.eye(2)], r"{}\[1\] is not positive definite", "ih"),
    ("mixture precisions", [np.eye(2), [[1, 0.5], [0, 1]]], r"{}\[1\] is not symmetric", "i"),
    ("counts startprob", [0.6, 0.6], r"{} sums to 1\.2, should be 1"),
    ("counts startprob", [0.2, 0.2, 0.6], r"{} has shape \(3,\), should be \(2,\)"),
    ("counts startprob", [1.5, -0.5], NEGATIVE),
    ("counts transmat", [[0.9, 0.1], [0.2, 0.7]], r"row 1 of {} sums to 0\.9, should be 1"),
    ("counts transmat", [[5, 5], [0.5, 0.5]], "row 0 of {} sums to 10, should be 1"),
    ("counts transmat", [[0.5, 0.5], [0.0, 0.0]], "row 1 of {} sums to 0, should be 1"),
    ("counts transmat", [[1.1, -0.1], [0.5, 0.5]], NEGATIVE),
    ("counts transmat", [[np.nan, 1.0], [0.5, 0.5]], "{} holds NaN"),
    ("counts transmat", [[0.9, 0.1]], r"{} has shape \(1, 2\), should be"),
    ("counts transmat", [0.9, 0.1], r"{} has shape \(2,\), should be"),
    ("counts transmat", [[]], r"{} has shape \(1, 0\), should be"),
    ("counts lambdas", [[1.0], [0.0]], r"{}\[1, 0\] is 0: should be positive"),
    ("counts lambdas", [[-1.0], [2.0]], r"{}\[0, 0\] is -1: should be positive"),
    ("counts lambdas", [[1.0], [np.nan]], r"{}\[1, 0\] is nan: should be positive"),
    ("counts lambdas", [[1.0]], r"{} has shape \(1, 1\), should be \(2, "),
    ("counts lambdas", [1.0, 3.0], r"{} has shape \(2,\), should be \(2, "),
    ("symbols emissionprob", [[0.5, 0.5, 0], [0.5, 0.5, 0.5]], r"row 1 of {} sums to 1\.5, should be 1"),
    ("symbols emissionprob", [[0.5, 0.5, 0.0]], r"{} has shape \(1, 3\), should be \(2, "),
    ("symbols emissionprob", np.full((3, 3), 1 / 3), r"{} has shape \(3, 3\), should be \(2, "),
    ("symbols emissionprob", [0.5, 0.5], r"{} has shape \(2,\), should be \(2, "),
    ("diag means", [[0.0, 1.0]], r"{} has shape \(1, 2\), should be \(2, "),
    ("diag means", [[0.0, np.inf], [0.0, 0.0]], r"{}\[0, 1\] is inf: should be finite"),
    ("diag covariances", [[1.0, 1.0], [1.0, -2.0]], r"{}\[1, 1\] is -2: should be positive"),
    ("diag covariances", np.ones((2, 2, 2)), r"{} has shape \(2, 2, 2\), should be \(2, 2\)"),
    ("spherical covariances", [1.0, 0.0], r"{}\[1\] is 0: should be positive"),
    ("full covariances", np.ones((2, 2)), r"{} has shape \(2, 2\), should be \(2, 2, 2\) for full cov"),
    ("full covariances", [MATRIX, [[1, 2], [2, 1]]], r"{}\[1\] is not positive definite: its least eig.* -1"),
    ("full covariances", [[[0, 0], [0, 0]], MATRIX], r"{}\[0\] is not positive definite: its least eig.* 0"),
    (
        "full covariances",
        [[[1, 0.2], [0.1, 1]], MATRIX],
        r"{}\[0\] is not symmetric: it has 0\.2 at \[0, 1\] and 0\.1 at \[1, 0\]",
    ),
    ("full covariances", [[[np.nan, 0], [0, 1]], MATRIX], r"{}\[0, 0, 0\] is nan: should be finite"),
    ("full covariances", [1e-310 * np.eye(2), MATRIX], r"{}\[0, 0, 0\] is 1e-310: should be large enough"),
    ("tied covariances", [[1.0, 1.0], [1.0, 1.0]], "{} is not positive definite"),
]
DOORS = {"i": "{}_init", "g": "{}", "h": "{}_"}


def enter(door, estimator, X, given, settings):
    """Hand in parameters by that door, and use them."""
    if door == "i":
        clone(estimator).set_params(**settings).fit(X)
    elif door == "g":
        kind = {"covariance_type": estimator.covariance_type} if "covariances" in given else {}
        type(estimator).from_parameters(**given, **kind)
    else:
        model = clone(estimator)
        for name, value in given.items():
            setattr(model, f"{name}_", value)
        with pytest.raises(ValueError) as first:  # noqa: PT011
            model.score(X)
        for use in (lambda: model.sample(3), lambda: model.params_):
            with pytest.raises(ValueError, match=re.escape(str(first.value))):
                use()
        raise first.value


@pytest.mark.parametrize(
    ("door", "which", "value", "message"),
    [
        pytest.param(door, which, value, message, id=f"{door}-{which}-{message[:30]}")
        for which, value, message, *doors in REFUSED
        for door in (doors[0] if doors else "igh")
    ],
)
def test_what_a_parameter_cannot_be(door, which, value, message):
    kind, name = which.split()
    estimator, X, usual = MODELS[kind]
    shown = DOORS[door].format(name)
    with pytest.raises(ValueError, match=message.format(shown)) as caught:
        enter(door, estimator, X, {**usual, name: value}, {shown: value})
    assert "\n" not in str(caught.value)
