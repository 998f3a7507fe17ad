"""Splits of labels looked at one by one, each on the rows it has, and of all labels at once."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from latently import GaussianMixture
from latently.core.array_source import ArraySource
from latently.models import moves

rng = np.random.default_rng(0)
ROWS = np.repeat(3.0 * rng.normal(size=(6, 3)), 40, axis=0) + rng.normal(size=(240, 3))
HOLED = np.where(rng.random(ROWS.shape) < 0.1, np.nan, ROWS)
HARD = {
    "as they are": ROWS,
    "offset": ROWS + 1e6,
    "small": ROWS * 1e-8,
    "large": ROWS * 1e8,
    "condition": ROWS @ np.array([[1.0, 1.0, 1.0], [0.0, 3e-5, 0.0], [0.0, 0.0, 1.0]]),
    "duplicates": np.repeat(ROWS[::3], 3, axis=0),
    "missing": HOLED,
}


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_they_agree(name, covariance_type, monkeypatch):
    x, floor = HARD[name], 0 if name == "condition" else 1e-6
    model = GaussianMixture(
        3, covariance_type=covariance_type, n_init=1, reg_covar=floor, random_state=0
    ).fit(x)
    blocks = list(ArraySource(x, np.ones(len(x)), None, 1024).blocks())
    found = []
    for most in (0, 10**9):
        monkeypatch.setattr(moves, "SIDE_BY_SIDE", most)
        seen = moves.look(model._model, model.params_, blocks, np.random.default_rng(0))
        found.append(seen.splits(np.random.default_rng(0)))
    apart, together = found
    assert [split.label for split in apart] == [split.label for split in together]
    assert len(apart) > 3
    for one, other in zip(apart, together, strict=True):
        assert_allclose(one.gain, other.gain, rtol=1e-6, atol=1e-6 * len(x))
        whole = seen.resp[:, one.label]
        assert_allclose(whole * one.share, whole * other.share, atol=1e-5)
