"""Poisson counts with exposures: against SciPy, and against what a change of the unit must do."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy.special import logsumexp
from scipy.stats import poisson
from sklearn.base import clone

from latently import (
    HiddenMarkovModel,
    LatentClassAnalysis,
    MixedImputer,
    MixtureModel,
    PoissonHMM,
    likelihood_ratio_test,
    load,
)
from latently.core.parameters import named
from latently.emissions import Columns, Poisson
from latently.plots import emissions

RATES = np.array([[0.01, 0.5], [0.2, 0.1]])
NAMES = ["deaths", "people", "ill"]


def towns(n: int = 300) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    people = rng.gamma(2.0, 50.0, n)
    means = RATES[np.arange(n) % 5 // 3] * people[:, None]
    counts = rng.poisson(means).astype(float)
    counts[rng.random(counts.shape) < 0.1] = np.nan
    return pl.DataFrame(dict(zip(NAMES, [counts[:, 0], people, counts[:, 1]], strict=True)))


def log_densities(rates: Any, X: pl.DataFrame) -> Any:
    cells = X.select("deaths", "ill").to_numpy()[:, None, :]
    means = rates * X["people"].to_numpy()[:, None, None]
    return np.nansum(poisson.logpmf(cells, means), axis=2)


MODELS = {
    "mixture": MixtureModel(Poisson("people"), 2, random_state=0),
    "columns": MixtureModel(
        Columns({"deaths": Poisson("people"), "ill": "poisson(people)"}), 2, random_state=0
    ),
    "classes": LatentClassAnalysis(
        2, families={"ill": Poisson("people"), "deaths": Poisson("people")}, random_state=0
    ),
    "chain": PoissonHMM(2, exposure="people", random_state=0),
    "chain of columns": HiddenMarkovModel(
        Columns({("deaths", "ill"): Poisson("people")}), 2, random_state=0
    ),
}  # fmt: skip


@pytest.fixture(scope="module", params=MODELS)
def fitted(request: Any) -> Any:
    return MODELS[request.param].fit(towns())


def rates_of(model: Any) -> Any:
    emission = model.params_.emission
    return (emission.values[0] if hasattr(emission, "values") else emission).lambdas


def test_likelihoods_are_those_of_scipy_and_rates_events_over_exposures(fitted):
    X, rates = towns(), rates_of(fitted)
    source = fitted._source(X)
    resp = fitted._posterior(source)[1]
    if isinstance(fitted, (MixtureModel, LatentClassAnalysis)):
        joint = log_densities(rates, X) + np.log(fitted.weights_)
        assert_allclose(fitted.log_likelihood_, logsumexp(joint, axis=1).sum(), rtol=1e-12)
    cells, people = X.select("deaths", "ill").to_numpy(), X["people"].to_numpy()
    assert_allclose(fitted._model.emission.modelled(source.x), cells / people[:, None])
    seen = ~np.isnan(cells)
    assert_allclose(rates, resp.T @ np.where(seen, cells, 0) / (resp.T @ (seen * people[:, None])), rtol=1e-5)
    assert fitted.n_parameters_ == 4 + (1 if fitted._model.unit == "row" else 3)


def test_another_unit_of_exposure_gives_other_rates_and_the_same_model(fitted):
    X, model = towns(), fitted
    thousands = X.with_columns(people=X["people"] / 1e3)
    same = type(model)(**model.get_params(deep=False)).fit(thousands)
    assert_allclose(rates_of(same), 1e3 * rates_of(model), rtol=1e-6)
    assert_allclose(same.log_likelihood_, model.log_likelihood_, rtol=1e-10)
    lambdas = next(name for name in named(model.params_) if name.endswith("lambdas"))
    errors = [one.standard_errors(at)[lambdas] for one, at in ((same, thousands), (model, X))]
    assert_allclose(errors[0], 1e3 * errors[1], rtol=1e-4)


def test_files_draws_and_pictures_know_of_exposures(fitted, tmp_path):
    X = towns()
    fitted.save(tmp_path / "model.latently")
    again = load(tmp_path / "model.latently")
    assert_allclose(again.predict_proba(X), fitted.predict_proba(X), atol=0)
    drawn, labels = again.sample(2000, random_state=0)
    assert drawn.shape == (2000, 3)
    assert_allclose(drawn[:, 1], X["people"].mean(), rtol=0.1)  # of rows with any count
    for k in range(2):
        assert_allclose(
            drawn[labels == k][:, [0, 2]].mean(axis=0), rates_of(again)[k] * drawn[0, 1], rtol=0.1
        )
    panels = emissions(again, X)
    assert [panel.get_xlabel() for panel in panels] == ["deaths", "ill"]


def test_exposures_keep_their_place_in_further_rows_and_by_hand():
    X = towns()
    chain = clone(MODELS["chain"]).set_params(algorithm="online").partial_fit(X).partial_fit(X)
    usual = chain.sample(2)[0][:, 1]
    assert_allclose(usual, X["people"].mean(), rtol=0.1)
    chain.lambdas_ = 2.0 * chain.lambdas_
    assert_allclose(chain.sample(2)[0][:, 1], usual)


def test_with_exposures_of_one_counts_are_plain_counts():
    X = towns().with_columns(people=pl.lit(1.0)).to_numpy()
    plain = MixtureModel("poisson", 2, random_state=0).fit(X[:, [0, 2]])
    given = MixtureModel(Poisson(exposure=1), 2, random_state=0).fit(X)
    assert_allclose(rates_of(given), rates_of(plain), rtol=1e-12)
    assert_allclose(given.log_likelihood_, plain.log_likelihood_, rtol=1e-13)


def test_distribution_functions_and_imputations_are_at_the_exposure_of_the_row():
    X = towns()
    family = MODELS["mixture"].fit(X)._model.emission
    x = X.select("deaths", "ill", "people").to_numpy()
    found = family.distribution(family.params(RATES), x)
    means = RATES * x[:, None, [2]]
    assert_allclose(np.exp(found.below), poisson.cdf(x[:, None, :2] - 1, means), rtol=1e-9, atol=1e-300)
    families = {"deaths": Poisson("people"), "ill": Poisson("people")}
    imputer = MixedImputer(2, families=families, n_parameter_draws=2, random_state=0).fit(X)
    low, high = imputer.interval(X)
    alone = X["deaths"].is_nan() & ~X["ill"].is_nan()
    row = int(np.argmax(np.where(alone, X["people"], 0)))  # of whose class there is no doubt
    k = imputer.mixture_.predict(X)[row]
    mean = rates_of(imputer.mixture_)[k, 0] * X["people"][row]
    assert abs(imputer.transform(X)["deaths"][row] - mean) <= 0.6
    assert [low["deaths"][row], high["deaths"][row]] == poisson.ppf([0.025, 0.975], mean).tolist()
    draws = imputer.draw_imputations(X, 2)
    assert all(np.isfinite(one.to_numpy()).all() for one in draws)


def test_the_bootstrap_draws_at_the_exposures_of_the_rows():
    X = towns(100)
    one, two = (MixtureModel(Poisson("people"), k, n_init=1, random_state=0) for k in (1, 2))
    found = likelihood_ratio_test(one, two, X, n_replicates=3, random_state=0)
    assert found.statistic > 100 > max(found.replicates)
    same = X.select("people", deaths=np.random.default_rng(0).poisson(0.1 * X["people"]))
    found = likelihood_ratio_test(one, two, same, n_replicates=5, random_state=0)
    assert found.statistic < max(found.replicates)


@pytest.mark.parametrize("value", [0.0, -3.0, np.nan, np.inf])
@pytest.mark.parametrize("name", MODELS)
def test_exposures_that_are_none_are_named(name, value):
    people = towns()["people"].to_numpy().copy()
    people[7] = value
    held = {0.0: "holds 0,", -3.0: "holds -3,", np.inf: "is infinite"}.get(value, "is missing")
    with pytest.raises(ValueError, match=f"7, column 'people' {held}"):
        MODELS[name].fit(towns().with_columns(people=people))


def test_rows_without_counts_need_no_exposure():
    X = towns()
    more = pl.concat([X, pl.DataFrame({name: [np.nan] for name in NAMES})])
    for name, model in MODELS.items():
        if "chain" not in name:
            assert_allclose(model.fit(more).log_likelihood_, model.fit(X).log_likelihood_, rtol=1e-12)


def test_columns_of_exposures_that_cannot_be():
    X = towns()
    for family, says in (
        (Poisson("folk"), "exposure is column 'folk', and X has deaths, people and ill"),
        (Columns({"deaths": Poisson("folk")}, "auto"), "given column 'folk', and X has"),
        (Columns({"deaths": Poisson("people"), "people": "gaussian"}, "drop"), "which has a family, too"),
    ):
        with pytest.raises(ValueError, match=says):
            MixtureModel(family, 2).fit(X)
    with pytest.raises(ValueError, match="no other column than 'people'"):
        MixtureModel(Poisson("people"), 2).fit(X.select("people"))
