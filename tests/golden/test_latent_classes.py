"""Latent classes of published tables: maxima, tests of fit, residuals; and the steps of StepMix."""

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from latently import LatentClassAnalysis

GOLDEN = json.loads(Path(__file__).with_name("latent_classes.json").read_text())
GSS82, VALUES = GOLDEN["gss82"], GOLDEN["values"]
ANSWERS = dict(zip(GSS82["columns"], zip(*GSS82["patterns"], strict=True), strict=True))
CELLS = dict(zip(VALUES["columns"], np.array(list(product([1, 2], repeat=4))).T, strict=True))


@pytest.mark.parametrize(("k", "seed"), [(2, 0), (3, 1), (3, 2)])
def test_the_best_maximum_from_any_seed(k, seed):
    classes = LatentClassAnalysis(k, random_state=seed).fit(ANSWERS, sample_weight=GSS82["counts"])
    assert_allclose(classes.log_likelihood_, GSS82["best_log_likelihood"][str(k)], atol=2e-3)
    assert classes.log_likelihood_ > GSS82["best_log_likelihood"][str(k)] - 1e-3


@pytest.mark.parametrize("k", [1, 2])
def test_universalistic_values(k):
    counts = VALUES["counts"]
    classes = LatentClassAnalysis(k, random_state=0, tol=1e-12).fit(CELLS, sample_weight=counts)
    assert_allclose(classes.log_likelihood_, VALUES["log_likelihood"][str(k)], atol=5e-5)
    residuals = classes.bivariate_residuals(CELLS, sample_weight=counts)
    assert_allclose(
        residuals.column("residual"),
        sorted(VALUES["bivariate_residuals"][str(k)], reverse=True),
        rtol=1e-4,
        atol=1e-6,
    )
    fit = classes.goodness_of_fit(CELLS, sample_weight=counts)
    for name, value in VALUES["goodness_of_fit"].get(str(k), {}).items():
        assert_allclose(getattr(fit, name), value, atol=1e-3)


def test_three_classes_of_four_yes_and_no_are_not_identified():
    """Goodman (1974): 14 parameters, and rank 13."""
    with pytest.warns(UserWarning, match="the information has rank 13"):
        classes = LatentClassAnalysis(3, random_state=0).fit(CELLS, sample_weight=VALUES["counts"])
    assert_allclose(classes.log_likelihood_, VALUES["log_likelihood"]["3"], atol=1e-3)
    finding = classes.diagnostics_[-1]
    assert (finding.kind, finding.numbers) == ("not identified", {"rank": 13, "parameters": 14})


def test_the_steps_of_stepmix():
    start, end = (GOLDEN["stepmix"][when] for when in ("start", "end"))

    def shares(values):
        return np.array(values) / np.sum(values, axis=-1, keepdims=True)

    classes = LatentClassAnalysis(
        3,
        starting_values={
            "weights": shares(start["weights"]),
            "categorical.probabilities": shares(start["probabilities"]),
        },
        max_iter=10,
        tol=0,
        acceleration=None,
    ).fit(ANSWERS, sample_weight=GSS82["counts"])
    assert_allclose(classes.log_likelihood_, end["log_likelihood"], rtol=1e-9)
    assert_allclose(classes.weights_, end["weights"], atol=1e-8)
    probabilities = classes.params_.emission["categorical"].probabilities
    assert_allclose(probabilities, end["probabilities"], atol=1e-8)
