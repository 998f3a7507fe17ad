"""A page says what is true of the fit, warns where it must, and needs no other file."""

import json
import os
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import adjusted_rand_score, silhouette_score

from examples.own_family import Exponential
from latently import GaussianMixture, MixtureModel, datasets, select
from latently.core.findings import Finding
from latently.core.moves import Move
from latently.core.restarts import Found, Restarts, Run
from latently.emissions import Categorical, Poisson
from latently.report import Figure, Section, page, to_json, write_text
from latently.report.fits import stopped
from latently.report.html import bullets, definitions, paragraph, table, tiles, warning
from latently.report.mixture import MixtureAnalysis, Truth, mixture_report
from latently.report.mixture.ridge import without_dip
from latently.report.table import Table
from tests.reports import NASTY, Page, assert_sound, by_kind, with_model

FAITHFUL = pandas.DataFrame(datasets.load_faithful().data, columns=["length", "wait"])
GRID = {"covariance_type": ["full", "tied"], "n_components": [1, 2, 3]}
SPURIOUS = Finding("few rows", "component 1 rests on 2 rows", "component", (1,), {"rows": 2}, "grave")


def analysed(mixture, X, source="f.csv", **said):
    return MixtureAnalysis(mixture.fit(X), X, source, **said)


@pytest.fixture(scope="module")
def three():
    search = select(GaussianMixture(n_init=4, random_state=0), FAITHFUL, GRID)
    return MixtureAnalysis(search.best_, FAITHFUL, "faithful.csv", selection=search, settings={"Seed": "0"})


@pytest.fixture(scope="module")
def two():
    return analysed(GaussianMixture(2, n_init=4, random_state=0), FAITHFUL, "faithful.csv")


def searched(a, *rows):
    """The same analysis, of a search whose first rows were others."""
    table = [dict(row) | dict(change) for row, change in zip(a.selection.table_, rows, strict=False)]
    table += a.selection.table_[len(rows) :]
    best = a.selection.best_index_
    found = SimpleNamespace(table_=table, best_index_=best, edge_=None, best_params_=a.selection.best_params_)
    return replace(a, selection=found)


# -- pages ---------------------------------------------------------------------------------------------


def test_every_word_is_escaped_the_style_fetches_nothing_and_the_best_cell_is_marked():
    blocks = [
        paragraph(NASTY),
        bullets([NASTY]),
        tiles([(NASTY, NASTY)]),
        definitions([(NASTY, NASTY)]),
        warning(NASTY, [NASTY]),
        table(Table(NASTY, ["", NASTY], [[NASTY, NASTY]], NASTY)),
    ]
    html = page(NASTY, NASTY, [Section(NASTY, blocks)], NASTY)
    assert "<script>alert" not in html
    assert Page(html).text.count(NASTY) == 18
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style
    marked = table(Table("t", ["", "a", "b"], [["r", "1", "2"], ["s", "3", "4"]], best=frozenset({(1, 2)})))
    assert re.findall(r'<td class="best">(.*?)</td>', marked) == ["4"]


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "page.html"
    write_text(path, "old")
    with pytest.raises(TypeError):
        write_text(path, b"new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["page.html"]
    write_text(path, "näw\n")
    assert path.read_bytes() == "näw\n".encode()
    write_text(path, "half \ud800")
    assert path.read_text() == "half \\ud800"


def test_json_has_null_for_what_is_not_finite_and_findings_as_data():
    found = to_json({"a": np.array([1.0, np.inf]).tolist(), "b": np.float64("nan"), "c": np.int64(3)})
    assert json.loads(found) == {"a": [1.0, None], "b": None, "c": 3}
    assert json.loads(to_json({"found": (SPURIOUS,)}))["found"] == [
        {"kind": "few rows", "text": "component 1 rests on 2 rows"}
        | {"subject": "component", "which": [1], "numbers": {"rows": 2}, "severity": "grave"}
    ]


def test_many_axes_stand_in_lines():
    drawn = []
    picture = Figure("many", lambda axes: drawn.extend(axes), "", n_axes=5).drawing
    assert len(picture.axes) == len(drawn) == 5
    log_maxima = {round(ax.get_subplotspec().get_position(picture).y1, 6) for ax in drawn}
    assert len(log_maxima) == 2


# -- mixtures ------------------------------------------------------------------------------------------


def test_the_report_of_a_mixture_is_sound_and_the_same_for_the_same_fit(three, tmp_path, monkeypatch):
    report = mixture_report(three)
    read, summary = assert_sound(report)
    for words in (f"{three.model.bic():,.1f}", stopped(three.model), str(three.model.restarts_), "Seed"):
        assert words in read.text
    assert summary["sizes"] == three.sizes
    assert_allclose(summary["means"], three.model.means_)
    assert_allclose(summary["covariances"], three.model.covariances_)
    assert len(summary["fits"]) == 6
    assert summary["bic"] == three.model.bic()
    assert mixture_report(replace(three)).page() == read.html
    monkeypatch.setattr(Figure, "_saved", lambda *_, **__: b"")
    report.write(lambda name: tmp_path / name)
    names = {"index.html", "summary.json", *(f"{picture.name}.png" for picture in report.figures)}
    assert {path.name for path in tmp_path.iterdir()} == names


def test_a_climb_is_shown_if_there_is_one(three):
    for history, more in ([-5.0, -5.0], []), ([-9.0, -5.0], ["convergence"]):
        report = mixture_report(with_model(three, log_likelihood_history_=np.array(history)))
        assert [picture.name for picture in report.figures] == ["data", "uncertainty", "bic", *more]


@pytest.mark.usefixtures("unrendered")
def test_names_from_a_file_are_escaped_on_the_whole_page():
    X = FAITHFUL.set_axis([NASTY, "b"], axis=1)
    names = {"left_out": {NASTY: "text"}, "notes": [NASTY]}
    a = analysed(GaussianMixture(2, n_init=1, random_state=0), X, NASTY, **names)
    html = mixture_report(a).page()
    assert "<script>alert" not in html
    assert NASTY in Page(html).text


def test_findings_of_a_mixture(two, three):
    report = mixture_report(two)
    _, first, second, sure = report.findings
    assert report.headline == "2 clusters in the 272 rows of faithful.csv"
    assert str(first) == "Cluster 0 holds 175 rows (64%): high length (4.29) and high wait (80.0)"
    assert str(second) == "Cluster 1 holds 97 rows (36%): low length (2.04) and low wait (54.5)"
    assert (second.subject, second.which, second.numbers) == ("component", (1,), {"rows": 97})
    assert sure.numbers == {"unsure": 1}
    assert report.cautions == []

    found = by_kind(mixture_report(three).findings)["choice"]
    assert found.numbers == {"fits": 6, "gap": pytest.approx(7.9, abs=0.05)}
    assert "3 components with tied covariances (2,314.3) among 6 fits; the next best, 2 comp" in str(found)
    assert "7.9 above: not far enough to rule it out" in str(found)


@pytest.mark.parametrize(
    ("centres", "widths", "named"),
    [
        (([-8, 0], [0, 0], [8, 0]), (1, 1, 1), "in between: x (0.00) above that of cluster"),
        (([0, 0], [0, 0]), (1, 12), "in the middle, where cluster"),
        (([-9, 9], [9, -9], [-0.5, 0.5], [0.5, -0.5]), (1, 1, 0.1, 0.1), "in between"),
    ],
)
def test_clusters_are_named_by_what_sets_them_apart(centres, widths, named):
    rng = np.random.default_rng(0)
    X = [centre + width * rng.normal(size=(150, 2)) for centre, width in zip(centres, widths, strict=True)]
    X = pandas.DataFrame(np.concatenate(X), columns=["x", "y"])
    report = mixture_report(analysed(GaussianMixture(len(centres), n_init=3, random_state=0), X))
    names = [str(found).partition(": ")[2] for found in report.findings if found.kind == "component"]
    assert len(set(names)) == len(names)
    assert any(name.startswith(named) for name in names), names


@pytest.mark.usefixtures("unrendered")
def test_a_page_begins_with_three_sentences_and_explains_its_terms(three):
    report = mixture_report(three)
    assert len(re.findall(r"[.!?](?= [A-Z]|$)", report.lead)) == 3
    page = report.page()
    assert page.index(report.lead) < page.index("What was found")
    for term in ("BIC", "tied covariances"):
        assert f"<dt>{term}</dt>" in page
    assert "<dt>perplexity</dt>" not in page


def test_one_component_is_no_set_of_clusters():
    a = analysed(GaussianMixture(1), FAITHFUL)
    report = mixture_report(a)
    assert report.said == ["One normal distribution describes all rows, based on 2 columns: length and wait."]
    assert a.silhouette is None
    assert "1 cluster in the" in report.headline


def test_tables_of_a_mixture_are_in_the_units_of_the_data(two, three):
    tables = mixture_report(two).tables
    shown = {row[0]: row[1:] for row in tables["clusters"].rows}
    assert shown["rows"] == ["175", "97"]
    assert shown["length"] == ["4.29 ± 0.41", "2.04 ± 0.26"]
    assert shown["wait"] == ["80.0 ± 6.0", "54.5 ± 5.8"]
    covariance = two.model.covariances_[1]
    expected = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert tables["correlations"].rows == [["length and wait", "0.38", f"{expected:.2f}"]]
    assert "bic" not in tables
    bic = mixture_report(three).tables["bic"]
    assert bic.columns == ["components", "full", "tied"]
    assert bic.rows[2][2] == "2,314.3"
    assert bic.best == {(2, 2)}
    fits = three.selection.table_
    assert {cell for row in bic.rows for cell in row[1:]} == {f"{row['bic']:,.1f}" for row in fits}


def test_the_truth_is_compared(two):
    labels = ["long" if length > 3 else "short" for length in FAITHFUL["length"]]
    labels[0] = ""
    a = replace(two, truth=Truth("kind", labels))
    assert a.silhouette == pytest.approx(silhouette_score(FAITHFUL, a.labels))
    assert a.agreement.n_unlabelled == 1
    report = mixture_report(a)
    table = report.tables["truth"]
    assert np.array([[int(cell) for cell in row[1:]] for row in table.rows]).sum() == 271
    assert [row[0] for row in table.rows] == ["long", "short"]
    expected = adjusted_rand_score(labels[1:], a.labels[1:])
    assert by_kind(report.findings)["agreement"].numbers["adjusted_rand"] == pytest.approx(expected)


def test_missing_cells_empty_rows_and_small_clusters_are_told():
    X = FAITHFUL.copy()
    X.iloc[:3] = np.nan
    X.iloc[3, 0] = np.nan
    report = mixture_report(analysed(GaussianMixture(2, n_init=2, random_state=0), X))
    assert by_kind(report.findings)["missing"].numbers == {"cells": 7, "rows": 4}
    assert by_kind(report.cautions)["empty rows"].numbers == {"rows": 3}
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(60, 3)), 20 + rng.normal(size=(8, 3))])
    report = mixture_report(analysed(GaussianMixture(2, n_init=4, random_state=0), X))
    found = by_kind(report.cautions)["few rows"]
    assert (found.which, found.numbers) == ((1,), {"least": 8, "needed": 12})


@pytest.mark.parametrize(
    ("fitted", "kind", "numbers", "words"),
    [
        (
            {"diagnostics_": (SPURIOUS,)},
            "spurious",
            {},
            "spurious: component 1 rests on 2 rows. Ask for fewer",
        ),
        (
            {"converged_": False, "stop_reason_": "reached max_iter=3", "n_iter_": 3},
            "not converged",
            {"n_iter": 3},
            "EM had not converged: it reached max_iter=3",
        ),
        (
            {"restarts_": Restarts((), 3, (Run("kmeans", -1.0, 5, True, None, (SPURIOUS,)),))},
            "passed over",
            {"n": 1},
            "1 higher but spurious maximum was passed over (component 1 rests on 2 rows)",
        ),
        (
            {"restarts_": Restarts((Run("random", -1.0, 5, True),) * 30, 1, ())},
            "single start",
            {"starts": 30},
            "only one of 30 starts",
        ),
    ],
)
def test_what_is_wrong_with_a_fit_is_told(two, fitted, kind, numbers, words):
    (found,) = mixture_report(with_model(two, **fitted)).cautions
    assert (found.kind, found.numbers) == (kind, numbers)
    assert words in str(found)


def test_maxima_that_were_found_are_listed_with_how_they_differ(two):
    assert "maxima" not in mixture_report(two).tables
    moves = Move("merge and split", 3.0), Move("swap", 1.0), Move("swap", 1.0)
    shown, one = two.model.params_, two.model.params_.latent
    merged = replace(shown, latent=replace(one, weights=np.array([1.0, 0.0])))
    found = Found(-10.0, 3, moves, shown), Found(-12.5, 1, (), merged), Found(-9.0, 1)
    report = mixture_report(with_model(two, restarts_=Restarts((), 3, (), maxima=found)))
    table = report.tables["maxima"]
    one_is_all = "clusters 0 and 1 are one; 36% of the rows lie in another"
    assert table.rows == [
        ["\N{MINUS SIGN}10.00", "0.00", "3", "merge and split (1) and swap (2)", "the same"],
        ["\N{MINUS SIGN}12.50", "2.50", "1", "\N{EN DASH}", one_is_all],
        ["\N{MINUS SIGN}9.00", "\N{MINUS SIGN}1.00", "1", "\N{EN DASH}", "\N{EN DASH}"],
    ]
    assert "swap: a cluster leaves its rows to all others, and another one becomes two" in table.note
    assert "window" not in table.note
    assert "About 40% of further runs" in table.note
    assert "Higher ones, which stand last, are spurious" in table.note


def test_what_is_wrong_with_a_search_is_told(three):
    first = by_kind(mixture_report(three).cautions)
    assert first["edge"].numbers == {"least": 1, "most": 3}
    assert "largest that was tried: try more, for example range(1, 7)" in str(first["edge"])
    commanded = by_kind(mixture_report(replace(three, reading="X = ...\n")).cautions)
    assert "largest that was tried: try more, for example -k 1:6" in str(commanded["edge"])
    assert first["no dip"].which == ((0, 2),)
    assert first["overlap"].numbers["unsure"] == three.n_unsure

    failed = {"failure": "it is singular", "bic": None}
    report = mixture_report(searched(three, failed, {"diagnostics": (SPURIOUS,), "bic": 5.0}))
    told = by_kind(report.cautions)
    assert told["failed"].numbers == {"n": 1}
    assert "the first (1 component with full covariances) because it is singular" in str(told["failed"])
    assert told["lower but spurious"].numbers == {"bic": 5.0}
    table = report.tables["bic"]
    assert (table.rows[0][1], table.rows[1][1]) == ("failed", "5.0*")
    assert "spurious" in table.note


@pytest.mark.usefixtures("unrendered")
@pytest.mark.parametrize("family", ["own", "poisson", "categorical"])
def test_a_mixture_of_any_family_has_a_report(family):
    rng = np.random.default_rng(0)
    label = np.repeat([0, 1], [90, 60])
    called, emission, X = {
        "own": ("Exponential", Exponential(), rng.exponential(np.array([[1.0, 9.0], [20.0, 1.0]])[label])),
        "poisson": ("Poisson", Poisson(), rng.poisson(np.array([[1.0], [30.0]])[label])),
        "categorical": ("Categorical", Categorical(3), np.where(rng.random(150) < 0.9, label, 2)[:, None]),
    }[family]
    report = mixture_report(analysed(MixtureModel(emission, 2, n_init=2, random_state=0), X))
    assert_sound(report)
    assert f"{called} in each cluster" in report.said[0]
    assert report.figures[0].name == "emissions"


def without_dip_between(first, second, *covariances):
    return without_dip(GaussianMixture.from_parameters([0.5, 0.5], [first, second], covariances))


def test_a_ridgeline_without_a_dip_joins_two_components():
    # Of equal weights and variances: one hill if and only if the means are at most two deviations apart.
    assert without_dip_between([0.0], [1.9], [[1.0]], [[1.0]]) == [(0, 1)]
    assert without_dip_between([0.0], [4.0], [[1.0]], [[1.0]]) == []
    # Between these means the straight line runs through a valley that the ridgeline goes round.
    covariances = [[[9.0, 0.0], [0.0, 0.1]], [[0.1, 0.0], [0.0, 9.0]]]
    mixture = GaussianMixture.from_parameters([0.5, 0.5], [[0.0, 0.0], [1.5, 1.5]], covariances)
    straight = mixture.score_samples(np.linspace([0.0, 0.0], [1.5, 1.5], 50))
    assert straight.min() < np.log(0.5) + min(straight[0], straight[-1])
    assert without_dip(mixture) == [(0, 1)]
