"""Every family of the registry where users meet it: as a column among others, in files, in the command."""

import warnings

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from latently import HiddenMarkovModel, MixtureModel, load
from latently.core.parameters import named
from latently.emissions import FAMILIES, Columns
from tests.command import model_of, said_in

N = 120
STATES = np.repeat(np.arange(6) % 2, N // 6)


def cells() -> dict[str, np.ndarray]:
    """A column of each family, by what it is called, that tells two states apart; and an exposure."""
    rng = np.random.default_rng(0)

    def pick(a: float, b: float) -> np.ndarray:
        return np.where(STATES == 0, a, b)

    hours = np.round(rng.uniform(50, 200, N), 1)
    return {
        "gaussian": rng.normal(pick(0, 4)),
        "poisson": rng.poisson(pick(2, 9)),
        "poisson(hours)": rng.poisson(pick(0.02, 0.2) * hours),
        "categorical": np.array(["a", "b", "c"])[np.where(rng.random(N) < 0.8, STATES * 2, 1)],
        "exponential": rng.exponential(pick(1, 12)),
        "beta": rng.beta(pick(2, 8), pick(8, 2)),
        "gamma": rng.gamma(pick(2, 9), pick(1, 2)),
        "log-normal": np.exp(rng.normal(pick(0, 2), 0.4)),
        "von-mises": rng.vonmises(pick(3, 0), 4),
        "mixture-of-gaussians(2)": rng.normal(pick(0, 8) + 3 * rng.integers(2, size=N), 0.6),
        "bernoulli": rng.random(N) < pick(0.1, 0.8),
        "binomial(10)": rng.binomial(10, pick(0.2, 0.7)),
        "geometric": rng.geometric(pick(0.6, 0.08)) - 1,
        "negative-binomial": rng.negative_binomial(3, pick(0.6, 0.15)),
        "zero-inflated-poisson": rng.poisson(pick(2, 9)) * (rng.random(N) < 0.8),
        "ordinal": rng.binomial(4, pick(0.2, 0.7)),
        "hours": hours,
    }


CELLS = cells()
NAMES = [name for name in CELLS if name != "hours"]
over_families = pytest.mark.parametrize("name", NAMES)


def agreement(labels: np.ndarray) -> float:
    same = float(np.mean(labels == STATES))
    return max(same, 1 - same)


def test_no_family_is_left_out():
    assert {name.partition("(")[0] for name in NAMES} == set(FAMILIES)


@over_families
def test_a_column_among_others_with_holes(name, tmp_path):
    column = CELLS[name].astype(object)
    column[::11] = None
    table = {"x": column, "hours": CELLS["hours"], "y": np.random.default_rng(1).normal(STATES)}
    families = Columns({"x": name, "y": "gaussian"}, others="drop")
    for kind in (MixtureModel, HiddenMarkovModel):
        model = kind(families, 2, n_init=1, max_iter=15, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(table)
        assert np.isfinite(model.log_likelihood_)
        least = 0.75 if isinstance(model, MixtureModel) else 0.9
        assert agreement(model.predict(table)) > least
        model.save(tmp_path / "model.latently")
        assert_array_equal(load(tmp_path / "model.latently").predict_proba(table), model.predict_proba(table))
        errors = model.standard_errors(table)
        for parameter in named(model.params_):
            known = np.isfinite(errors[parameter])
            assert known.any() or errors.reasons
            assert (errors[parameter][known] >= 0).all()
        assert model.sample(30, random_state=0)[0].shape == (30, 3 if name == "poisson(hours)" else 2)


@over_families
def test_starts_by_distance_when_asked_for(name):
    table = {"x": CELLS[name], "hours": CELLS["hours"]}
    families = Columns({"x": name}, others="drop")
    for kind in ("kmeans", "random_from_data"):
        model = MixtureModel(families, 2, init_params=kind, n_init=1, max_iter=2, tol=0, random_state=0)
        assert [run.kind for run in model.fit(table).restarts_.runs] == [kind]


@pytest.mark.slow
@over_families
def test_segments_by_name(run, here, name):
    pl.DataFrame({"x": CELLS[name], "hours": CELLS["hours"]}).write_csv(here / "series.csv")
    code, out, err = run("segment", "series.csv", "--emission", name, "--column", "x", "-k", "2")
    assert (code, err) == (0, "")
    result = pl.read_csv(here / "latently-segment-series" / "result.csv")
    assert agreement(result["state"].to_numpy()) > 0.9
    assert (
        type(model_of(here / "latently-segment-series")._model.emission) is FAMILIES[name.partition("(")[0]]
    )
    assert "hours (the exposure)" in said_in(out) or name != "poisson(hours)"
    code, out, err = run("predict", "latently-segment-series/model.latently", "series.csv", "--out", "new")
    assert (code, err) == (0, "")
    again = pl.read_csv(here / "new" / "result.csv")
    assert_array_equal(again["state"], result["state"])


@pytest.mark.slow
def test_clusters_of_columns_of_every_family(run, here):
    names = [name.replace("(", "_").replace(")", "") for name in NAMES]
    columns = dict(zip(names, (CELLS[name] for name in NAMES), strict=True))
    pl.DataFrame(columns | {"hours": CELLS["hours"]}).write_csv(here / "all.csv")
    asked = ",".join(f"{name}:{family}" for name, family in zip(names, NAMES, strict=True))
    code, out, err = run("cluster", "all.csv", "--columns", asked, "-k", "2")
    assert (code, err) == (0, "")
    folder = here / "latently-cluster-all"
    result = pl.read_csv(folder / "result.csv")
    assert agreement(result["cluster"].to_numpy()) == 1.0
    chosen = model_of(folder)._model.emission.chosen
    assert list(chosen) == names
    assert all(name in out for name in names)
    code, out, err = run("predict", "latently-cluster-all/model.latently", "all.csv", "--out", "new")
    assert (code, err) == (0, "")
    assert_allclose(pl.read_csv(here / "new" / "result.csv")["probability"], result["probability"], atol=1e-9)
