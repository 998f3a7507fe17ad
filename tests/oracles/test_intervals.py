"""Intervals stay where parameters can be, and what lies on a boundary costs no other its error."""

import numpy as np
import pandas
import pytest
from numpy.testing import assert_allclose

from latently import CategoricalHMM, GaussianMixture, MixtureModel, PoissonHMM
from latently.core.array_source import ArraySource
from latently.core.em import EMMap
from latently.core.information import standard_errors
from latently.core.spaces import SPD, Positive, Real, Simplex
from latently.emissions import Columns
from latently.emissions.categorical import Categorical, CategoricalParams
from latently.emissions.poisson import Poisson, PoissonParams
from latently.latent.independent import Independent, Weights
from latently.models.latent_emission import LatentEmission, LatentEmissionParams

Z = 1.959963985
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def quiet():
    """A state without any event, and one with ten at a time."""
    X = RNG.poisson(10.0 * np.repeat([0, 1] * 6, 25))[:, None]
    return X, PoissonHMM(2, startprob="uniform", random_state=0).fit(X)


def test_a_state_with_rate_zero_costs_no_other_error(quiet):
    X, hmm = quiet
    found = hmm.standard_errors(X)
    assert hmm.lambdas_[0, 0] < 1e-6
    assert found.reasons == (
        "lambdas[0, 0] at zero: on this boundary of the parameter space there is no error, and the others "
        "are taken as though it were known",
    )
    assert np.isnan(found["lambdas"][0, 0])
    # States are known for certain, so that errors are those of a mean count and of shares.
    assert_allclose(found["lambdas"][1, 0], np.sqrt(hmm.lambdas_[1, 0] / 150), rtol=1e-3)
    leaves = hmm.transmat_[0, 1]
    assert_allclose(found["transmat"][0], np.sqrt(leaves * (1 - leaves) / 150), rtol=1e-3)


def test_on_logits_and_logarithms_by_hand(quiet):
    X, hmm = quiet
    found = hmm.standard_errors(X)
    intervals = hmm.confidence_intervals(X)
    low, high = intervals["transmat"]
    p, error = hmm.transmat_[0, 1], found["transmat"][0, 1]
    odds = p / (1 - p) * np.exp(np.array([-1, 1]) * Z * error / (p * (1 - p)))
    assert_allclose([low[0, 1], high[0, 1]], odds / (1 + odds))
    assert_allclose(1 - low[:, 0], high[:, 1])
    rate, error = hmm.lambdas_[1, 0], found["lambdas"][1, 0]
    assert_allclose(intervals["lambdas"][0][1, 0], rate * np.exp(-Z * error / rate))
    assert np.isnan(intervals["lambdas"][0][0, 0])
    assert np.isnan(intervals["lambdas"][1][0, 0])
    plain = hmm.confidence_intervals(X, transform=False)["transmat"]
    assert_allclose(plain[0][0, 1], p - Z * found["transmat"][0, 1])


def test_intervals_of_rare_transitions_are_in_range():
    X = RNG.poisson(np.repeat([2.0, 9.0, 2.0], [40, 30, 35]))[:, None]
    hmm = PoissonHMM(2, startprob="stationary", random_state=0).fit(X)
    low, high = hmm.confidence_intervals(X)["transmat"]
    plain = hmm.confidence_intervals(X, transform=False)["transmat"]
    assert plain[0].min() < 0
    assert plain[1].max() > 1
    assert (low > 0).all()
    assert (high < 1).all()
    assert (low < hmm.transmat_).all()
    assert (hmm.transmat_ < high).all()


def test_variances_and_fixed_parameters():
    X = np.concatenate([RNG.normal(0, 1, (25, 2)), RNG.normal(9, 1, (25, 2))])
    mixture = GaussianMixture(2, weights_init=[0.5, 0.5], fixed=("weights",), random_state=0).fit(X)
    errors, found = mixture.standard_errors(X), mixture.confidence_intervals(X, 0.9999)
    low, high = found["covariances"]
    variances = np.einsum("kii->ki", mixture.covariances_)
    assert (np.einsum("kii->ki", low) > 0).all()
    assert_allclose(np.einsum("kii->ki", low) * np.einsum("kii->ki", high), variances**2)
    middle = (low + high)[:, 0, 1] / 2
    assert_allclose(middle, mixture.covariances_[:, 0, 1])
    assert_allclose(sum(found["means"]) / 2, mixture.means_)
    assert_allclose(found["weights"], [[0.5, 0.5]] * 2)
    assert not errors.reasons


@pytest.mark.parametrize(
    "space",
    [
        Real((2,), np.ones(2)),
        Positive((2,), np.ones(2)),
        Simplex(np.ones(2, dtype=bool)),
        SPD((2, 2), np.ones((2, 2))),
    ],
)
def test_no_error_is_a_point_and_none_known_is_none(space):
    value = np.array([[2.0, 0.3], [0.3, 1.0]]) if isinstance(space, SPD) else np.array([0.0, 1.0])
    value = value if not isinstance(space, Positive) else value + 0.5
    assert_allclose(space.interval(value, np.zeros(value.shape), 2.0), [value, value])
    assert np.isnan(space.interval(value, np.full(value.shape, np.nan), 2.0)).all()


def test_every_kind_of_boundary_in_one_model():
    """A component that is gone, a symbol never seen: each is named, and others stay."""
    symbols = np.array([0] * 30 + [1] * 70)[:, None]
    model = LatentEmission(Independent(), Categorical(3), 2)
    params = LatentEmissionParams(
        Weights(np.array([1.0, 0.0])), CategoricalParams(np.array([[0.3, 0.7, 0.0], [0.2, 0.2, 0.6]]))
    )
    em = EMMap(model, ArraySource(symbols, np.ones(100), None, 64))
    found = standard_errors(em, params, fixed=())
    assert found.reasons[0].startswith("weights[1] at zero")
    assert found.reasons[1].startswith("emissionprob[0, 2]")
    assert np.isnan(found["weights"]).all()
    assert_allclose(found["emissionprob"][0], [np.sqrt(0.21 / 100), np.sqrt(0.21 / 100), np.nan], rtol=1e-6)
    assert np.isnan(found["emissionprob"][1]).all()


def test_a_rate_on_its_way_to_zero():
    """EM comes near zero only: less than an event is expected, and nothing is known of it."""
    counts = np.column_stack([np.zeros(200), RNG.poisson(4.0, 200)])
    model = LatentEmission(Independent(), Poisson(), 1)
    params = LatentEmissionParams(Weights(np.ones(1)), PoissonParams(np.array([[1e-7, counts[:, 1].mean()]])))
    found = standard_errors(EMMap(model, ArraySource(counts, np.ones(200), None, 64)), params)
    assert found.reasons[0].startswith("lambdas[0, 0] at zero")
    assert_allclose(found["lambdas"][0], [np.nan, np.sqrt(params.emission.lambdas[0, 1] / 200)], rtol=1e-5)


def test_what_has_no_error_is_called_as_the_table_has_it():
    visits = [0] * 60 + [4, 5, 6] * 20
    towns = ["Rome"] * 60 + ["Bari", "Rome"] * 30
    table = {"visits": np.array(visits), "town": np.array(towns)}
    families = {"visits": "poisson", "town": "categorical"}
    of_kinds = MixtureModel(Columns(families), 2, random_state=0).fit(table)
    gone = int(of_kinds.params_.emission["poisson"].lambdas[:, 0].argmin())
    reasons = of_kinds.standard_errors(table).reasons
    assert reasons[0].startswith(f"poisson.lambdas[{gone}, 0] ('visits') at zero: on this boundary")
    assert reasons[1].startswith(f"categorical.probabilities[{gone}, 0, 0] ('town' = 'Bari') at zero")
    assert of_kinds.summary(table).notes == reasons

    named = pandas.DataFrame({"visits": visits})
    counts = MixtureModel("poisson", 2, random_state=0).fit(named)
    assert ", 0] ('visits') at zero" in counts.standard_errors(named).reasons[0]
    plain = MixtureModel("poisson", 2, random_state=0).fit(named.to_numpy())
    assert ", 0] at zero" in plain.standard_errors(named.to_numpy()).reasons[0]

    words = np.array(["calm"] * 30 + ["calm", "wild"] * 30, dtype=object)[:, None]
    chain = CategoricalHMM(2, startprob="uniform", random_state=0).fit(words)
    assert any("emissionprob[0, 1] ('wild') at zero" in one for one in chain.standard_errors(words).reasons)


def test_robust_errors_need_more_units_than_parameters():
    X = RNG.normal(size=(5, 2))
    with pytest.raises(ValueError, match=r"needs more rows than the 5 parameters.*there are 5"):
        GaussianMixture(1).fit(X).standard_errors(X, "robust")


def test_counts_of_mixtures_and_symbols_of_chains():
    X = np.concatenate([np.zeros(60), RNG.poisson(9.0, 60)])[:, None]
    mixture = MixtureModel(Poisson(), 2, random_state=0).fit(X)
    found = mixture.standard_errors(X)
    assert any("at zero" in reason for reason in found.reasons)
    assert np.isnan(found["lambdas"]).sum() == 1
    assert np.isfinite(found["weights"]).all()
    symbols = np.array(["a", "b"] * 30 + ["c"] * 60)[:, None]
    hmm = CategoricalHMM(2, startprob="uniform", random_state=0).fit(symbols)
    low, high = hmm.confidence_intervals(symbols)["emissionprob"]
    inside = np.isfinite(low)
    assert inside.any()
    assert ((low >= 0) & (high <= 1))[inside].all()
