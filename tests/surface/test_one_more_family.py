"""One more family costs one file, `tests/generalised_poisson.py`, and one line: its name in the registry."""

import ast
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import kstest

import latently
from latently import HiddenMarkovModel, MixtureModel, load, plots
from latently.core.statistics import tree_sum
from latently.emissions import FAMILIES, Columns
from latently.emissions.gaussian import STRUCTURES
from latently.report.mixture import MixtureAnalysis, mixture_report
from tests.command import assert_one_clear_line, rows_of, said_in, summary_of, written
from tests.generalised_poisson import GeneralisedPoisson, Spreads

NAME = "generalised-poisson"
TRUTH = Spreads(np.array([[2.0], [15.0]]), np.array([[1.5], [2.0]]))
STAY = np.array([[0.9, 0.1], [0.2, 0.8]])


@pytest.fixture(autouse=True)
def _registered(monkeypatch):
    monkeypatch.setitem(FAMILIES, NAME, GeneralisedPoisson)  # the one line


@pytest.fixture(scope="module")
def counts():
    rng = np.random.default_rng(0)
    states = np.zeros(600, dtype=int)
    for t in range(1, len(states)):
        states[t] = rng.random() < STAY[states[t - 1], 1]
    x = GeneralisedPoisson().sample(TRUTH, states, rng)
    x[::50] = np.nan
    return x


def test_the_family_is_right(counts):
    family, x = GeneralisedPoisson(), counts[:200]
    seen = x[~np.isnan(x)][:, None]
    every = np.exp(family.log_density(TRUTH, np.arange(2000.0)[:, None]))
    assert_allclose(every.sum(axis=0), 1.0, rtol=1e-12)
    assert_allclose(np.arange(2000) @ every, TRUTH.means[:, 0], rtol=1e-12)
    told, at = family.distribution(TRUTH, seen), seen[:, 0].astype(int)
    for k in range(2):
        assert_allclose(np.exp(told.below[:, k, 0]), [every[:i, k].sum() for i in at], rtol=1e-10, atol=1e-15)
        assert_allclose(np.exp(told.above[:, k, 0]), [every[i + 1 :, k].sum() for i in at], rtol=1e-10)
    resp = np.random.default_rng(1).dirichlet([1.0, 1.0], size=len(x))
    stats = tree_sum(family.expected_stats(TRUTH, x[i : i + 70], resp[i : i + 70]) for i in (0, 70, 140))
    average = (resp * family.log_density(TRUTH, x)).sum()
    assert_allclose(family.expected_log_likelihood(stats, TRUTH), average, rtol=1e-12)
    better = family.m_step(stats, TRUTH)
    best = family.expected_log_likelihood(stats, better)
    for factor in (0.99, 1.01):
        other = Spreads(better.means * factor, better.spreads)
        for near in (other, Spreads(better.means, better.spreads * factor)):
            assert family.expected_log_likelihood(stats, near) < best


def test_a_mixture_of_it(counts, tmp_path):
    mixture = MixtureModel(NAME, 2, random_state=0, n_init=1).fit(counts)
    assert_allclose(np.sort(mixture.params_.emission.means[:, 0]), [2.0, 15.0], rtol=0.3)
    with pytest.raises(ValueError, match=r"row 3, column 0 holds 1.5: counts are whole numbers from 0"):
        mixture.predict(np.where(np.arange(600) == 3, 1.5, counts[:, 0])[:, None])
    mixture.save(tmp_path / "model")
    assert_array_equal(load(tmp_path / "model").predict_proba(counts), mixture.predict_proba(counts))
    errors = mixture.standard_errors(counts)
    assert (np.concatenate([errors["spreads"], errors["means"]]) > 0).all()


def test_a_hidden_markov_model_of_it(counts, tmp_path):
    model = HiddenMarkovModel(NAME, 2, random_state=0, n_init=1).fit(counts)
    assert_allclose(
        model.params_.emission.means[:, 0], [2.0, 15.0], rtol=0.2
    )  # states in order of their means
    assert_allclose(model.transmat_, STAY, atol=0.1)
    model.save(tmp_path / "model")
    assert_array_equal(load(tmp_path / "model").predict(counts), model.predict(counts))
    residuals = model.pseudo_residuals(counts).drawn(0)
    assert kstest(residuals[~np.isnan(residuals)], "norm").pvalue > 0.01
    errors = model.standard_errors(counts)
    assert (errors["spreads"] > 0).all()
    by_name = HiddenMarkovModel.from_parameters(
        NAME, model.startprob_, model.transmat_, model.emission_params_
    )
    assert by_name.score(counts) == pytest.approx(model.score(counts), rel=1e-12)
    for wrong, message in (
        (
            {"means": [[1.0], [-2.0]]},
            r"starting_values\['means'\]\[1, 0\] is -2: should be positive and finite",
        ),
        ({"spreds": [[1.0], [2.0]]}, "there is no parameter 'spreds'; this model has .*spreads"),
    ):
        with pytest.raises(ValueError, match=message):
            HiddenMarkovModel(NAME, 2, starting_values=wrong).fit(counts)


def test_the_command_takes_it(counts, run, here):
    rows = [["" if np.isnan(cell) else int(cell)] for cell in counts[:, 0]]
    (here / "t.csv").write_text(written([["cases"], *rows]))
    asked = ["segment", "t.csv", "-k", "1:2", "--emission"]
    code, out, err = run(*asked, NAME, "--out", "o")
    assert (code, err) == (0, "")
    assert "counts in column cases, generalised Poisson in each state" in said_in(out)
    summary = summary_of(here / "o")
    assert summary["n_states"] == 2
    assert_allclose(np.ravel(summary["means"]), [2.0, 15.0], rtol=0.2)
    assert np.ravel(summary["spreads"]).shape == (2,)
    files = {path.name for path in (here / "o").iterdir()}
    assert {"index.html", "emissions.png", "residuals.png", "transitions.png"} <= files
    assert "generalised Poisson" in (here / "o" / "index.html").read_text()
    assert run("predict", "o/model.latently", "t.csv", "--out", "p")[0] == 0
    states = [[row[1] for row in rows_of(here / folder / "result.csv")] for folder in "op"]
    assert states[0] == states[1]
    words = "'normal' is not one of 'auto', 'gaussian', 'poisson', 'categorical'"
    assert_one_clear_line(*run(*asked, "normal"), words)
    (here / "half.csv").write_text("cases\n1\n2.5\n")
    words = "line 3 of half.csv holds 2.5 in column 'cases', and counts are whole numbers"
    assert_one_clear_line(*run("segment", "half.csv", "--emission", NAME), words)


@pytest.mark.usefixtures("unrendered")
def test_reports_and_pictures_of_a_mixture_of_it(counts):
    seen = counts[~np.isnan(counts)][:, None]
    mixture = MixtureModel(NAME, 2, random_state=0, n_init=1).fit(seen)
    page = mixture_report(MixtureAnalysis(mixture, seen, "t.csv")).page()
    assert "mixture of generalised poisson distributions" in page.lower()


# -- who may know which families, latents and sources there are -------------------------------------------

SOURCES = Path(latently.__file__).parent
KNOWN = {
    *(cls.__name__ for cls in FAMILIES.values()),
    *(type(structure).__name__ for structure in STRUCTURES.values()),
    *("GaussianHMM", "PoissonHMM", "CategoricalHMM"),
    *("Chain", "Independent"),
    *("ArraySource", "StreamedSource", "ClusterSource", "SerialBackend", "ThreadBackend", "ClusterBackend"),
    *("CollapsedFolding", "CollapsedAdmixture", "VariationalAdmixture"),
}


def branches(tree):
    """Lines that ask whether something is of one of these classes."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, asked]):
                classes = ast.walk(asked)
            case ast.Compare(ops=[ast.Is() | ast.IsNot() | ast.Eq() | ast.NotEq()]):
                classes = [node.left, *node.comparators]
            case ast.MatchClass(cls=asked):
                classes = ast.walk(asked)
            case _:
                continue
        if any(isinstance(one, ast.Name) and one.id in KNOWN for one in classes):
            yield node.lineno if hasattr(node, "lineno") else node.cls.lineno


def test_nobody_asks_which_family_latent_or_source_it_is():
    found = {
        str(path.relative_to(SOURCES)): lines
        for path in SOURCES.rglob("*.py")
        if "emissions" not in path.parts
        and any(name in (text := path.read_text()) for name in KNOWN)
        and (lines := list(branches(ast.parse(text))))
    }
    assert found == {}


def test_a_file_in_the_package_may_import_what_families_are_made_of():
    """From `latently.emissions`, as docs/family.md has it: these are bound before the first family is."""
    lines = (SOURCES / "emissions" / "__init__.py").read_text(encoding="utf-8").splitlines()
    read = [line for line in lines if line.startswith("from ")]
    first = next(i for i, line in enumerate(read) if line.endswith(" import Bernoulli"))
    bound = {name.strip() for line in read[:first] for name in line.split(" import ")[1].split(",")}
    made_of = {"Additive", "Distribution", "Emission", "ExponentialFamily", "Parameter", "Positive", "Real"}
    assert made_of | {"RowFamily", "Simplex", "SPD", "UnitInterval"} <= bound


def test_pictures_of_one_that_draws_nothing_among_columns(counts, monkeypatch):
    monkeypatch.delattr(GeneralisedPoisson, "sample")
    mixture = MixtureModel(Columns({0: NAME}), 2, random_state=0, n_init=1).fit(counts)
    (panel,) = plots.emissions(mixture, counts)
    assert panel.get_ylabel() == "probability"  # of whole numbers
