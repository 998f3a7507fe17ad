"""Whether a maximum is spurious is judged by what each structure of covariances needs, in its words."""

import warnings
from functools import partial

import numpy as np
import pytest

from latently import GaussianHMM, GaussianMixture, HiddenMarkovModel, select
from latently.core.array_source import ArraySource
from latently.core.backends import SerialBackend
from latently.core.em import EMMap, describe
from latently.core.errors import FitError, SpuriousMaximumWarning
from latently.emissions.gaussian import Gaussian
from latently.latent.chain import Chain
from latently.latent.chain_parts import ChainParams
from latently.latent.independent import Independent, Weights
from latently.models.latent_emission import LatentEmission, LatentEmissionParams

RNG = np.random.default_rng(0)
WIDE = RNG.standard_normal((20, 30))
HALVES = RNG.standard_normal((100, 200)) + 3.0 * (np.arange(100) < 50)[:, None]
TYPES = ("full", "tied", "diag", "spherical")


@pytest.mark.parametrize("covariance_type", TYPES)
def test_few_rows_against_many_columns(covariance_type):
    mixture = GaussianMixture(1, covariance_type=covariance_type)
    if covariance_type in ("diag", "spherical"):
        assert mixture.fit(WIDE).diagnostics_ == ()
        return
    with pytest.warns(SpuriousMaximumWarning, match="rests on the floor"):
        mixture.fit(WIDE)
    sound = GaussianMixture(1, covariance_type=covariance_type, prior="ridge").fit(WIDE)
    assert sound.diagnostics_ == ()


@pytest.mark.parametrize("covariance_type", ["diag", "spherical"])
def test_two_clear_halves_are_not_starred(covariance_type):
    grid = {"n_components": [1, 2]}
    chosen = select(GaussianMixture(covariance_type=covariance_type, n_init=3, random_state=0), HALVES, grid)
    assert chosen.best_.n_components == 2
    assert not any(row["diagnostics"] for row in chosen.table_)


@pytest.mark.parametrize(("covariance_type", "needed"), list(zip(TYPES, (3, 1, 2, 2), strict=True)))
def test_what_each_structure_needs(covariance_type, needed):
    family = Gaussian(covariance_type)
    params = family.params(np.zeros((2, 2)), family.from_dense(np.stack([np.eye(2)] * 2)))
    assert family.rows_needed(params) == needed
    assert family.rows_needed(params, ("means",)) == needed - 1
    assert family.rows_needed(params, ("covariances",)) == 0
    assert family.floor_active(params, ("covariances",)) is None


def model_of(x, covariance_type, latent, offsets=None):
    """A model of two labels bound to rows, and what it says of them."""
    source = ArraySource(x, np.ones(1 if offsets else len(x)), offsets and np.array(offsets), 64)
    model = LatentEmission(latent, Gaussian(covariance_type), 2)
    description = describe(model, source, SerialBackend())
    return model.bind(description), description, source


@pytest.mark.parametrize(("covariance_type", "needed"), list(zip(TYPES, (6, 3, 4, 4), strict=True)))
def test_too_few_distinct_rows_for_all_components(covariance_type, needed):
    """Of full covariances three distinct rows each; a shared one needs three in all."""
    for n in (needed - 1, needed):
        x = np.tile(np.random.default_rng(n).standard_normal((n, 2)), (3, 1))
        model, description, source = model_of(x, covariance_type, Independent())
        assert model.surely_spurious(description, source.blocks()) == (n < needed)
        assert not model.surely_spurious(description, source.blocks(), ("covariances",))
        in_time, description, series = model_of(x, covariance_type, Chain(), [0, len(x)])
        assert not in_time.surely_spurious(description, series.blocks())  # equal rows in different states
    x[-1, 0] = np.nan
    model, description, source = model_of(x[-needed + 1 :], covariance_type, Independent())
    assert not model.surely_spurious(description, source.blocks())


def test_what_cannot_but_be_spurious_is_run_once():
    for model in (GaussianMixture(2, random_state=0), GaussianMixture(2, n_init=2, random_state=0)):
        with pytest.warns(SpuriousMaximumWarning, match="rest on the floor"):
            model.fit(WIDE)
        assert len(model.restarts_.runs) == (1 if model.n_init == "auto" else 2)


def far_from_one(n):
    """Rows in a cloud and so many far out, and the means of both."""
    x = np.concatenate([RNG.standard_normal((60, 2)), 50 + RNG.standard_normal((n, 2))])
    return x, [[0.0, 0.0], [50.0, 50.0]]


def fitted(model, x):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(x)


def test_states_and_time_steps():
    x, means = far_from_one(2)
    make = partial(GaussianHMM, 2, covariance_type="full", means_init=means, random_state=0)
    resting = "state 1 rests on the floor set by reg_covar and on 2 effective distinct rows "
    resting += "({}, counted from 0, is one of them)"
    (found,) = fitted(make(), x).diagnostics_
    assert str(found) in [resting.format(f"time step {t}") for t in (60, 61)]
    (found,) = fitted(make(), [x[:20], x[20:]]).diagnostics_
    assert str(found) in [resting.format(f"sequence 1, time step {t}") for t in (40, 41)]
    known = np.where(np.arange(62) < 60, -1, 1)
    with pytest.warns(
        SpuriousMaximumWarning, match=r"state 1 .* \(time step 6[01], counted from 0, is one of them\)"
    ):
        make().fit(x, states=known)
    fixed = make(covariances_init=[np.eye(2)] * 2, fixed=("covariances",))
    assert fitted(fixed, x).diagnostics_ == ()


def test_a_state_without_a_floor_is_called_a_state():
    x, means = far_from_one(1)
    for covariance_type, message in (("diag", "state 1 has zero"), ("full", "covariance of state 1 is not")):
        model = GaussianHMM(2, covariance_type=covariance_type, reg_covar=0, means_init=means, random_state=0)
        with pytest.raises(FitError, match=message):
            model.fit(x)
    tied = HiddenMarkovModel(Gaussian("tied", reg_covar=0.0), 2, n_init=1, random_state=0)
    with pytest.raises(FitError, match="shared by all states"):
        tied.fit(np.repeat(np.arange(60.0)[:, None], 2, axis=1))


def test_an_impossible_series_is_not_called_sequence_0():
    model = LatentEmission(Chain(), Gaussian("diag"), 2)
    emission = model.emission.params(np.array([[0.0], [1.0]]), np.ones((2, 1)))
    params = LatentEmissionParams(ChainParams(np.array([1.0, 0.0]), np.eye(2)), emission)
    x = np.array([[0.0], [1e200]])
    for source, which in (
        (ArraySource(x, np.ones(1), np.array([0, 2]), 64), "the series"),
        (ArraySource(x[[0, 0, 1]], np.ones(2), np.array([0, 1, 3]), 64), "sequence 1"),
    ):
        with pytest.raises(FitError, match=f"{which} is impossible from time 1 on"):
            EMMap(model, source).e_step(params)


def test_counts_are_printed_with_enough_digits():
    """Of each of two rows a component has all but a two-thousandth."""
    x = np.array([[0.0], [3.9], [3.901]])
    model = LatentEmission(Independent(), Gaussian("diag"), 2)
    params = LatentEmissionParams(
        Weights(np.array([0.5, 0.5])), model.emission.params(np.array([[0.0], [3.9]]), np.ones((2, 1)))
    )
    found = model.diagnose(params, ArraySource(x, np.ones(3), None, 64).blocks())
    assert str(found[1]).startswith(
        "component 1 rests on 1.9995 effective distinct rows (row 2, counted from 0, is one of them), fewer"
    )


def test_the_rows_are_searched_once_under_the_names_that_users_see(monkeypatch):
    x = np.concatenate([RNG.standard_normal((60, 1)), [[1e3]], RNG.standard_normal((9, 1)) - 9.0])
    searched, diagnose = [], LatentEmission.diagnose
    monkeypatch.setattr(LatentEmission, "diagnose", lambda *how: searched.append(how) or diagnose(*how))
    mixture = fitted(GaussianMixture(3, n_init=1, max_iter=5, tol=0, random_state=0), x)
    (found,) = mixture.diagnostics_
    lonely = int(mixture.means_[:, 0].argmax())
    assert (found.which, lonely > 0) == ((lonely,), True)
    assert mixture.restarts_.runs[0].diagnostics == mixture.diagnostics_
    assert len(searched) == 1
