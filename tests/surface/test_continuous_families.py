"""Families of numbers without steps, by their names: in estimators, files, reports and the command."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import kstest, vonmises

from latently import HiddenMarkovModel, MixedImputer, MixtureModel, load
from latently.core.errors import SpuriousMaximumWarning
from latently.core.parameters import named
from latently.emissions import Columns, VonMises
from latently.plots import emissions
from latently.report.mixture import MixtureAnalysis, mixture_report
from tests.command import assert_one_clear_line, said_in, summary_of, written

QUICK: dict[str, Any] = {"random_state": 0, "n_init": 2}


@dataclass(frozen=True)
class Case:
    """What is drawn from two classes, a number that is refused and why, and what else is said."""

    draw: Any
    refused: float
    why: str
    called: str
    floor: str = "min_dispersion"


def by_label(first, second):
    """Arrays of two parameters, one for each row."""
    return lambda labels: (np.array(first)[labels][:, None], np.array(second)[labels][:, None])


SIZES = by_label([1.0, 9.0], [5.0, 8.0])
CASES = {
    "exponential": Case(
        lambda labels, rng: rng.exponential(np.array([1.0, 40.0])[labels])[:, None],
        -1.0,
        r"waiting times are numbers from 0 \('gaussian' allows any number\)",
        "waiting times in column x, exponential in each state",
        "min_mean",
    ),
    "gamma": Case(
        lambda labels, rng: rng.gamma(SIZES(labels)[1], SIZES(labels)[0] / SIZES(labels)[1]),
        0.0,
        r"gamma numbers are above 0 \('exponential' allows 0, 'gaussian' any number\)",
        "positive numbers in column x, gamma in each state",
    ),
    "log-normal": Case(
        lambda labels, rng: rng.lognormal(np.log(SIZES(labels)[0]), 2 / SIZES(labels)[1]),
        0.0,
        "log-normal numbers are above 0 ",
        "positive numbers in column x, log-normal in each state",
    ),
    "beta": Case(
        lambda labels, rng: rng.beta(SIZES(labels)[0], 4.0),
        1.0,
        "beta numbers are above 0 and below 1 ",
        "shares in column x, beta in each state",
    ),
    "von-mises": Case(
        lambda labels, rng: rng.vonmises(*by_label([3.0, 1.0], [6.0, 4.0])(labels)),
        90.0,
        r"angles are radians between -2 pi and 2 pi \(numpy.deg2rad makes them of degrees\)",
        "angles in column x, von Mises in each state",
    ),
}
over_cases = pytest.mark.parametrize("name", CASES)


def drawn(name, n=200):
    """Rows of two classes that follow each other, with holes."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) // 20 % 2
    x = CASES[name].draw(labels, rng)
    x[7::30] = np.nan
    return x, labels


@over_cases
@pytest.mark.usefixtures("unrendered")
def test_a_mixture_of_it(name, tmp_path):
    case, (x, labels) = CASES[name], drawn(name)
    mixture = MixtureModel(name, 2, **QUICK).fit(x)
    sure = mixture.predict_proba(x).max(axis=1) > 0.8
    agree = (mixture.predict(x) == labels)[sure & ~np.isnan(x[:, 0])].mean()
    assert max(agree, 1 - agree) > 0.8
    errors = mixture.standard_errors(x)
    assert errors.reasons == ()
    assert all((errors[one] > 0).all() for one in named(mixture.params_.emission))
    mixture.save(tmp_path / "model")
    assert_array_equal(load(tmp_path / "model").predict_proba(x), mixture.predict_proba(x))
    x[3] = case.refused
    with pytest.raises(ValueError, match=f"row 3, column 0 holds {case.refused:g}: {case.why}"):
        mixture.predict(x)
    seen = drawn(name)[0]
    page = mixture_report(MixtureAnalysis(mixture, seen, "t.csv")).page().lower()
    assert f"mixture of {mixture._model.emission.called} distributions".lower() in page


@over_cases
def test_equal_rows_are_no_maximum(name):
    """On cells that are all the same the likelihood has no limit: a floor holds it, and this is said."""
    case, (x, _) = CASES[name], drawn(name)
    x[:60] = 0.0 if name == "exponential" else np.nanmedian(x)
    resp = (np.arange(len(x)) < 60).astype(float)
    model = MixtureModel(name, 2, **QUICK)
    family = model._family()
    family = family.bind(family.describe(x, np.ones(len(x))))
    both = np.stack([resp, 1 - resp], axis=1)
    start = family.start(family.describe(x, np.ones(len(x))), 2, np.random.default_rng(0))
    tight = family.m_step(family.expected_stats(start, x, both), start)
    assert family.floor_active(tight).tolist() == [True, False]
    values = {"weights": [0.3, 0.7], **named(tight)}
    with pytest.warns(SpuriousMaximumWarning, match=f"component 0 rests on the floor set by {case.floor}"):
        MixtureModel(name, 2, starting_values=values).fit(x)


@over_cases
def test_a_hidden_markov_model_of_it(name):
    x, labels = drawn(name)
    model = HiddenMarkovModel(name, 2, **QUICK).fit(x)
    agree = (model.predict(x) == labels).mean()
    assert max(agree, 1 - agree) > 0.9
    residuals = model.pseudo_residuals(x).drawn(0)
    assert kstest(residuals[~np.isnan(residuals)], "norm").pvalue > 0.01


def test_a_series_of_angles_by_the_command(run, here):
    name = "von-mises"
    case, x = CASES[name], drawn(name, 160)[0]
    cells = [["" if np.isnan(cell) else repr(float(cell))] for cell in x[:, 0]]
    (here / "t.csv").write_text(written([["x"], *cells]))
    code, out, err = run("segment", "t.csv", "-k", "2", "--emission", name, "--out", "o")
    assert (code, err) == (0, "")
    assert case.called in said_in(out)
    assert {"emissions.png", "residuals.png"} <= {path.name for path in (here / "o").iterdir()}
    assert {"transmat", *named(load(here / "o" / "model.latently").params_.emission)} <= set(
        summary_of(here / "o")
    )
    (here / "bad.csv").write_text(written([["x"], *cells[:9], [case.refused]]))
    asked = run("segment", "bad.csv", "-k", "2", "--emission", name)
    assert_one_clear_line(*asked, f"line 11 of bad.csv holds {case.refused:g} in column 'x'")


def test_angles_turned_are_the_same_model():
    x, _ = drawn("von-mises")
    plain = MixtureModel("von-mises", 2, **QUICK).fit(x)
    for turn in (0.5, np.pi, -2.0):
        moved = np.angle(np.exp(1j * (x + turn)))
        turned = MixtureModel("von-mises", 2, **QUICK).fit(moved)
        assert turned.log_likelihood_ == pytest.approx(plain.log_likelihood_, rel=1e-9)
        one, other = plain.params_.emission, turned.params_.emission
        order = np.argsort(one.concentrations[:, 0]), np.argsort(other.concentrations[:, 0])
        away = other.directions[order[1]] - one.directions[order[0]] - turn
        assert_allclose(np.sin(away), 0.0, atol=1e-4)
        assert (np.abs(other.directions) <= np.pi).all()


def turned_apart(turn):
    """Angles of two classes on either side of the circle, one across its end, beside counts; and holes."""
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=300)
    angles = np.array([3.1, -1.0])[labels] + 0.3 * rng.standard_normal(300)
    return {"angle": np.angle(np.exp(1j * (angles + turn))), "count": rng.poisson(2 + 6 * labels)}


def test_reports_of_angles_know_that_they_go_round():
    families = Columns({"angle": "von-mises", "count": "poisson"})
    found = []
    for turn in (0.0, 1.0, np.pi):
        table = turned_apart(turn)
        a = MixtureAnalysis(MixtureModel(families, 2, **QUICK).fit(table), pl.DataFrame(table), "t")
        found.append((a.silhouette, a.family.standing_out(a.emission, a.names, a.model.weights_)))
        assert "angle about" in " ".join(a.components.words)
        low, high = emissions(a.model, table, features=["angle"])[0].get_xlim()
        assert low < -np.pi < np.pi < high
    assert found[0][0] > 0.6
    for silhouette, phrases in found[1:]:
        assert silhouette == pytest.approx(found[0][0], abs=1e-6)
        assert phrases[0][0][0] == pytest.approx(found[0][1][0][0][0], abs=1e-4)


def test_missing_angles_are_guessed_and_bounded_on_the_circle():
    table, rng = turned_apart(0.0), np.random.default_rng(1)
    truth = table["angle"].copy()
    gone = rng.random(300) < 0.3
    table["angle"][gone] = np.nan
    imputer = MixedImputer(2, families={"angle": "von-mises", "count": "poisson"}, random_state=0).fit(table)
    guessed = np.array(imputer.transform(table)["angle"])
    away = np.angle(np.exp(1j * (guessed - truth)))[gone]
    assert np.median(np.abs(away)) < 0.4
    low, high = (np.array(end["angle"])[gone] for end in imputer.interval(table, 0.9))
    inside = (truth[gone] - low) % (2 * np.pi) <= high - low
    assert abs(inside.mean() - 0.9) < 0.08
    # of one class alone they are those of its distribution, from the opposite direction on
    one = VonMises()
    params = one.params(np.array([[3.0]]), np.array([[4.0]]))
    ends = [
        one.quantiles_of_missing(params, np.array([[np.nan]]), np.ones((1, 1)), p)[0, 0] for p in (0.1, 0.7)
    ]
    assert_allclose(ends, vonmises(4.0, loc=3.0 - 2 * np.pi * (ends[0] < -1)).ppf([0.1, 0.7]), atol=1e-8)
