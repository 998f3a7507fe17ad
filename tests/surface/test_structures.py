"""A structure of covariances of one's own is a line: it fits, saves, has errors, and runs in chains."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from latently import GaussianHMM, GaussianImputer, GaussianMixture, load
from latently.emissions.gaussian import STRUCTURES, Correlated, Gaussian, Uncorrelated

SHARED = Uncorrelated("shared diag", pooled=(0,))
RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 3)) * [1.0, 0.1, 30.0] + 4 * RNG.integers(2, size=(400, 1)) * [1.0, 0.1, 30.0]
SPARSE = np.where(RNG.random(X.shape) < 0.1, np.nan, X)


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setitem(STRUCTURES, SHARED.name, SHARED)


def test_a_mixture_finds_the_likeliest_covariances():
    mixture = GaussianMixture(2, covariance_type=SHARED.name, random_state=0).fit(X)
    resp = mixture.predict_proba(X)
    squares = [resp[:, k] @ (X - mean) ** 2 for k, mean in enumerate(mixture.means_)]
    assert mixture.covariances_.shape == (3,)
    assert_allclose(mixture.covariances_, np.sum(squares, axis=0) / len(X), rtol=1e-4)
    assert mixture.n_parameters_ == 1 + 6 + 3
    spherical, diag = (
        GaussianMixture(2, covariance_type=kind, random_state=0).fit(X).log_likelihood_
        for kind in ("spherical", "diag")
    )
    assert spherical < mixture.log_likelihood_ < diag


@pytest.mark.parametrize("x", [X, SPARSE], ids=["complete", "missing cells"])
@pytest.mark.parametrize("n_features", [3, 21])
def test_kernels_agree_with_numpy(x, n_features):
    x = np.tile(x, n_features // 3)
    means, variances = np.nanmean(x, axis=0) + np.nanstd(x, axis=0) * [[-1.0], [1.0]], np.nanvar(x, axis=0)
    given = [0.4, 0.6], means
    shared = GaussianMixture.from_parameters(*given, variances, covariance_type=SHARED.name)
    each = GaussianMixture.from_parameters(*given, np.stack([variances] * 2), covariance_type="diag")
    assert_allclose(shared.score_samples(x), each.score_samples(x), rtol=1e-12)
    assert_allclose(shared.standard_errors(x)["means"], each.standard_errors(x)["means"], rtol=0.5)


def test_it_is_saved_and_shared_by_the_states_of_a_chain(tmp_path):
    mixture = GaussianMixture(2, covariance_type=SHARED.name, random_state=0).fit(SPARSE)
    mixture.save(tmp_path / "model")
    np.testing.assert_array_equal(load(tmp_path / "model").predict_proba(X), mixture.predict_proba(X))
    chain = GaussianHMM(2, covariance_type=SHARED.name, random_state=0).fit(SPARSE)
    assert_allclose(chain.covariances_, mixture.covariances_, rtol=0.1)  # the labels are independent


def test_cells_are_filled_by_it():
    filled = GaussianImputer(n_components=2, covariance_type=SHARED.name, random_state=0).fit_transform(
        SPARSE
    )
    assert not np.isnan(filled).any()
    np.testing.assert_array_equal(filled[~np.isnan(SPARSE)], SPARSE[~np.isnan(SPARSE)])


def test_an_unknown_structure_is_named():
    with pytest.raises(ValueError, match="covariance_type='round': should be one of 'full', 'tied', 'diag'"):
        Gaussian("round")


@pytest.mark.parametrize(
    ("structure", "shape"),
    [
        (Correlated("one", pooled=(0,)), (3, 3)),
        (Uncorrelated("one", pooled=(0, 1)), ()),
        (Uncorrelated("one", pooled=(1,)), (2,)),
    ],
)
def test_what_is_pooled_is_what_is_shared(structure, shape):
    whole = RNG.random((2, 3, 3) if structure.correlated else (2, 3))
    pooled = structure.pool(whole)
    assert pooled.shape == structure.shape(2, 3) == shape
    assert structure.expand(pooled, np.zeros((2, 3))).shape == whole.shape
    assert pooled.sum() == pytest.approx(whole.sum())
