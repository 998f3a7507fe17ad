"""A page says what is true of the fit, warns where it must, and needs no other file."""

import json
import os
import re
from copy import copy
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pandas
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import adjusted_rand_score, silhouette_score

from latently import GaussianImputer, GaussianMixture, datasets, select
from latently.core.findings import Finding
from latently.core.restarts import Restarts, Run
from latently.report import Figure, Section, imputation, page, to_json, write_text
from latently.report.imputation import (
    ImputationAnalysis,
    imputation_figures,
    imputation_page,
    imputation_summary,
)
from latently.report.mixture import (
    MixtureAnalysis,
    Truth,
    cautions,
    findings,
    headline,
    mixture_figures,
    mixture_page,
    mixture_summary,
    tables,
)
from latently.report.mixture.ridge import without_dip
from latently.report.page import bullets, definitions, paragraph, table, tiles, warning
from latently.report.table import Table
from latently.wording import EN_DASH, MINUS

FAITHFUL = pandas.DataFrame(datasets.load_faithful().data, columns=["length", "wait"])
GRID = {"covariance_type": ["full", "tied"], "n_components": [1, 2, 3]}
SPURIOUS = Finding("few rows", "component 1 rests on 2 rows", "component", (1,), {"rows": 2}, "grave")
NASTY = "<script>alert('&')</script>"
VOID = {"meta", "img"}


@pytest.fixture(scope="module")
def search():
    return select(GaussianMixture(n_init=4, random_state=0), FAITHFUL, GRID)


@pytest.fixture(scope="module")
def three(search):
    return MixtureAnalysis(search.best_, FAITHFUL, "faithful.csv", search, settings={"Seed": "0"})


@pytest.fixture(scope="module")
def two():
    mixture = GaussianMixture(2, n_init=4, random_state=0).fit(FAITHFUL)
    return MixtureAnalysis(mixture, FAITHFUL, "faithful.csv")


def changed(a, **fitted):
    """The same analysis of a mixture of which something else is said."""
    mixture = copy(a.mixture)
    for name, value in fitted.items():
        setattr(mixture, name, value)
    return MixtureAnalysis(mixture, a.X, a.source, a.selection)


@pytest.fixture(scope="module")
def html(three):
    return mixture_page(three)


class Page(HTMLParser):
    """Reads a page, and fails where a tag is left open."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.addresses, self.text = [], [], [], ""
        self.feed(html)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


# -- the page ------------------------------------------------------------------------------------------


def test_the_page_says_what_was_found(html, three):
    read = Page(html)
    for words in (
        "3 clusters in the 272 rows of faithful.csv",
        "What to be careful about",
        f"{three.mixture.bic():,.1f}",
        three.mixture.stop_reason_,
        str(three.mixture.restarts_),
        "Seed",
    ):
        assert words in read.text
    assert read.tags.count("img") in (3, 4)


def test_a_climb_is_shown_if_there_is_one(three):
    flat = changed(three, log_likelihood_history_=np.array([-5.0, -5.0]))
    steep = changed(three, log_likelihood_history_=np.array([-9.0, -5.0]))
    assert [picture.name for picture in mixture_figures(flat)] == ["data", "uncertainty", "bic"]
    assert [picture.name for picture in mixture_figures(steep)][3:] == ["convergence"]


def test_the_page_needs_no_other_file(html):
    assert all(address.startswith("data:image/svg+xml;base64,") for address in Page(html).addresses)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style


def test_the_same_fit_makes_the_same_page(html, three):
    again = MixtureAnalysis(three.mixture, three.X, three.source, three.selection, settings=three.settings)
    assert mixture_page(again) == html


def test_every_word_is_escaped():
    blocks = [
        paragraph(NASTY),
        bullets([NASTY]),
        tiles([(NASTY, NASTY)]),
        definitions([(NASTY, NASTY)]),
        warning(NASTY, [NASTY]),
        table(Table(NASTY, ["", NASTY], [[NASTY, NASTY]], NASTY)),
    ]
    html = page(NASTY, NASTY, [Section(NASTY, blocks)], NASTY)
    assert "<script" not in html
    assert Page(html).text.count(NASTY) == 18


def test_names_from_a_file_are_escaped_on_the_whole_page():
    X = FAITHFUL.set_axis([NASTY, "b"], axis=1)
    mixture = GaussianMixture(2, n_init=1, random_state=0).fit(X)
    a = MixtureAnalysis(mixture, X, NASTY, left_out={NASTY: "text"}, notes=[NASTY])
    html = mixture_page(a)
    assert "<script" not in html
    assert NASTY in Page(html).text


def test_the_best_cell_is_marked():
    html = table(Table("t", ["", "a", "b"], [["r", "1", "2"], ["s", "3", "4"]], best=frozenset({(1, 2)})))
    assert re.findall(r'<td class="best">(.*?)</td>', html) == ["4"]


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


# -- words and numbers ---------------------------------------------------------------------------------


def test_findings_tell_sizes_and_what_stands_out(two):
    said = " ".join(findings(two))
    assert headline(two) == "2 clusters in the 272 rows of faithful.csv"
    assert "Cluster 0 holds 175 rows (64%): high length (4.29) and high wait (80.0)." in said
    assert "Cluster 1 holds 97 rows (36%): low length (2.04) and low wait (54.5)." in said
    assert "1 row (<1%) is less than 90% sure" in said


def test_findings_tell_how_clearly_bic_chose(three):
    said = " ".join(findings(three))
    assert "BIC chose 3 components with tied covariances (2,314.3) among 6 fits" in said
    assert "next comes 2 components with full covariances, 7.9 above: not far enough to rule it out" in said


def test_one_component_is_no_set_of_clusters():
    a = MixtureAnalysis(GaussianMixture(1).fit(FAITHFUL), FAITHFUL, "f.csv")
    assert findings(a) == ["One Gaussian describes all rows. Seen by 2 columns: length and wait."]
    assert a.silhouette is None
    assert "1 cluster in the" in Page(mixture_page(a)).text


def test_the_table_of_clusters_is_in_the_units_of_the_data(two):
    shown = {row[0]: row[1:] for row in tables.clusters(two).rows}
    assert shown["rows"] == ["175", "97"]
    assert shown["length"] == ["4.29 ± 0.41", "2.04 ± 0.26"]
    assert shown["wait"] == ["80.0 ± 6.0", "54.5 ± 5.8"]


def test_the_bic_table_has_a_cell_for_each_fit(three, search):
    shown = tables.bic(three)
    assert shown.columns == ["components", "full", "tied"]
    assert shown.rows[2][2] == "2,314.3"
    assert shown.best == {(2, 2)}
    assert {cell for row in shown.rows for cell in row[1:]} == {f"{row['bic']:,.1f}" for row in search.table_}


def test_the_bic_table_shows_failures_and_doubts(three):
    rows = [dict(row) for row in three.selection.table_]
    rows[0] |= {"failure": "singular", "bic": None}
    rows[1] |= {"diagnostics": (SPURIOUS,)}
    selection = SimpleNamespace(table_=rows, best_index_=5)
    shown = tables.bic(MixtureAnalysis(three.mixture, FAITHFUL, "f.csv", selection))
    assert shown.rows[0][1] == "failed"
    assert shown.rows[1][1].endswith("*")
    assert "spurious" in shown.note


def test_correlations_are_those_within_the_clusters(two):
    covariance = two.mixture.covariances_[1]
    expected = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert tables.correlations(two).rows == [["length and wait", "0.38", f"{expected:.2f}"]]


def test_the_truth_is_compared():
    mixture = GaussianMixture(2, n_init=4, random_state=0).fit(FAITHFUL)
    labels = ["long" if length > 3 else "short" for length in FAITHFUL["length"]]
    labels[0] = ""
    a = MixtureAnalysis(mixture, FAITHFUL, "f.csv", truth=Truth("kind", labels))
    assert a.agreement.adjusted_rand == pytest.approx(adjusted_rand_score(labels[1:], a.labels[1:]))
    assert a.silhouette == pytest.approx(silhouette_score(FAITHFUL, a.labels))
    assert a.agreement.n_unlabelled == 1
    counts = np.array([[int(cell) for cell in row[1:]] for row in tables.truth(a).rows])
    assert counts.sum() == 271
    assert [row[0] for row in tables.truth(a).rows] == ["long", "short"]
    assert "adjusted Rand index 1.000" in " ".join(findings(a))


def test_the_summary_is_strict_json_of_the_fit(three):
    read = json.loads(to_json(mixture_summary(three)), parse_constant=pytest.fail)
    assert read["n_components"] == 3
    assert read["sizes"] == three.sizes
    assert_allclose(read["means"], three.mixture.means_)
    assert len(read["fits"]) == 6
    assert read["bic"] == three.mixture.bic()


def test_what_is_not_finite_is_null_in_json():
    found = to_json({"a": np.array([1.0, np.inf]).tolist(), "b": np.float64("nan"), "c": np.int64(3)})
    assert json.loads(found) == {"a": [1.0, None], "b": None, "c": 3}


# -- doubts --------------------------------------------------------------------------------------------


def test_a_clean_fit_needs_no_caution(two):
    assert cautions(two) == []


def test_the_edge_of_the_range_is_named_and_a_wider_one_proposed(three):
    assert any("largest that was tried: try more, for example 1:6" in text for text in cautions(three))


def test_components_without_a_dip_between_them_are_named(three):
    assert any("Between clusters 0 and 2 the density has no dip" in text for text in cautions(three))


def test_overlap_is_named(three):
    assert any("of the rows are less than 90% sure" in text for text in cautions(three))


@pytest.mark.parametrize(
    ("fitted", "words"),
    [
        (
            {"diagnostics_": (SPURIOUS,)},
            "spurious: component 1 rests on 2 rows. Ask for fewer",
        ),
        (
            {"converged_": False, "stop_reason_": "reached max_iter=3"},
            "EM had not converged: it reached max_iter=3",
        ),
        (
            {"restarts_": Restarts((), 3, (Run("kmeans", -1.0, 5, True, None, (SPURIOUS,)),))},
            "1 higher but spurious maximum was passed over (component 1 rests on 2 rows)",
        ),
        ({"restarts_": Restarts((Run("random", -1.0, 5, True),) * 30, 1, ())}, "Only one of 30 starts"),
    ],
)
def test_doubts_of_the_fit_are_told(two, fitted, words):
    assert any(words in text for text in cautions(changed(two, **fitted)))


def test_fits_that_failed_or_were_too_good_are_told(three):
    rows = [dict(row) for row in three.selection.table_]
    rows[0] |= {"failure": "it is singular", "bic": None}
    rows[1] |= {"diagnostics": (SPURIOUS,), "bic": 5.0}
    selection = SimpleNamespace(table_=rows, best_index_=5, edge_=None)
    told = " ".join(cautions(MixtureAnalysis(three.mixture, FAITHFUL, "f.csv", selection)))
    assert "1 fit failed, the first (1 component with full covariances) because it is singular" in told
    assert "2 components with full covariances has a lower BIC, 5.0, and was not chosen" in told


def test_clusters_of_few_rows_are_told():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(60, 3)), 20 + rng.normal(size=(8, 3))])
    a = MixtureAnalysis(GaussianMixture(2, n_init=4, random_state=0).fit(X), X, "f.csv")
    assert any("Cluster 1 rests on about 8 rows: too few" in text for text in cautions(a))


@pytest.mark.parametrize(("distance", "expected"), [(1.9, [(0, 1)]), (4.0, [])])
def test_two_gaussians_are_one_hill_up_to_two_standard_deviations(distance, expected):
    # Of equal weights and variances: one hill if and only if the means are at most that far apart.
    mixture = GaussianMixture.from_parameters([0.5, 0.5], [[0.0], [distance]], [[[1.0]], [[1.0]]])
    assert without_dip(mixture) == expected


def test_the_ridgeline_is_followed_where_it_bends():
    # Between these means the straight line runs through a valley that the ridgeline goes round.
    covariances = [[[9.0, 0.0], [0.0, 0.1]], [[0.1, 0.0], [0.0, 9.0]]]
    mixture = GaussianMixture.from_parameters([0.5, 0.5], [[0.0, 0.0], [1.5, 1.5]], covariances)
    line = np.linspace([0.0, 0.0], [1.5, 1.5], 50)
    straight = mixture.score_samples(line)
    assert straight.min() < np.log(0.5) + min(straight[0], straight[-1])
    assert without_dip(mixture) == [(0, 1)]


# -- imputation ----------------------------------------------------------------------------------------

AIR = pandas.DataFrame(datasets.load_airquality().data[:, :4], columns=["Ozone", "Solar.R", "Wind", "Temp"])
HOLES = AIR.isna().to_numpy()


def analysed(X, n_draws=2, *, fit=None, **said):
    imputer = GaussianImputer(n_parameter_draws=n_draws, random_state=0, **(fit or {})).fit(X)
    return ImputationAnalysis(imputer, X, "air.csv", **said)


@pytest.fixture(scope="module")
def air():
    return analysed(AIR, 3, drawn="draws/", left_out={"Month": "not asked for"})


def doubting(a, **found):
    """The same analysis, of which something else is said."""
    other = copy(a)
    vars(other).update(found)
    return other


def test_the_page_of_an_imputation_says_what_matters(air):
    html = imputation_page(air)
    read = Page(html)
    for words in (
        "44 missing cells of air.csv filled in",
        "7% of the cells are missing: 44 of 612, in 42 of 153 rows (27%)",
        "Little's test",
        "3 of the 44 filled cells lie outside",
        "the 3 tables of draws/, not completed.csv",
        f"{MINUS}2,326.697383",
        "What to be careful about",
        "Month (not asked for)",
        "latently.pool(",
    ):
        assert words in read.text
    assert read.tags.count("img") == 5
    assert all(address.startswith("data:image/svg+xml;base64,") for address in read.addresses)
    assert imputation_page(analysed(AIR, 3, drawn="draws/", left_out={"Month": "not asked for"})) == html


def test_names_are_escaped_on_the_page_of_an_imputation():
    html = imputation_page(analysed(AIR.set_axis([NASTY, "b", "c", "d"], axis=1), notes=[NASTY]))
    assert "<script" not in html
    assert NASTY in Page(html).text


def test_findings_of_an_imputation_tell_how_much_is_missing_and_where(air):
    first, where, test, outside, check, draws = imputation.findings(air)
    assert "44 of 612" in first
    assert where == "Missing cells: Ozone 37 (24%) and Solar.R 7 (5%); Wind and Temp are complete."
    assert "finds no sign" in test
    assert "no proof" in test
    assert f"(3 of Ozone: down to {MINUS}21, least observed 1)" in outside
    found = air.overimputation
    assert f"{len(found.true)} observed cells were hidden and predicted: {found.inside.sum()}" in check
    assert "standard errors" in draws


def test_a_table_without_a_complete_column_or_with_many_is_told_briefly():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 12))
    X[rng.random(X.shape) < 0.1] = np.nan
    said = imputation.findings(analysed(X))[1]
    assert said.endswith("no column is complete.")
    assert "4 more columns with fewer" in said


def test_what_is_filled_above_the_observed_range_is_told(air):
    completed = air.completed.copy()
    completed[4, 0] = 169.5
    said = " ".join(
        imputation.findings(
            doubting(air, completed=completed, outside=HOLES & (completed > [168, 400, 99, 99]))
        )
    )
    assert "1 of the 44 filled cells lies outside the observed range of its column" in said
    assert "(1 of Ozone: up to 169.5, greatest observed 168)" in said
    none = doubting(air, outside=np.zeros_like(HOLES))
    assert "Every filled cell lies within" in " ".join(imputation.findings(none))


def test_littles_test_is_told_in_words(air):
    def told(p_value, df=8):
        return imputation.mcar_in_words(
            doubting(air, test=SimpleNamespace(statistic=14.9, df=df, p_value=p_value))
        )

    assert "Cells are not missing completely at random, says Little's test" in told(0.049)
    assert "p < 0.001" in told(1e-9)
    assert "1 degree of freedom" in told(0.2, 1)
    assert "finds no sign" in told(0.051)
    assert "cannot be made" in imputation.mcar_in_words(doubting(air, test=None))
    assert all("No test can show that" in told(p) for p in (0.01, 0.9))


def test_one_pattern_is_no_test():
    X = np.column_stack([AIR["Wind"], AIR["Temp"]])
    X[:5] = np.nan
    assert analysed(X).test is None


def test_the_table_of_columns_sets_what_is_observed_beside_the_model(air):
    shown = {row[0]: row[1:] for row in imputation.tables.columns(air).rows}
    assert shown["Ozone"][:5] == ["37 (24%)", "42 ± 33", "42 ± 32", "1 to 168", f"{MINUS}21 to 72"]
    assert shown["Ozone"][5] == "3"
    assert shown["Wind"] == ["none", "10.0 ± 3.5", "10.0 ± 3.5", "1.7 to 20.7", EN_DASH, EN_DASH, "35%"]


def test_what_other_columns_explain_is_their_squared_multiple_correlation():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 3)) @ rng.normal(size=(3, 3))
    holed = X.copy()
    holed[0, 0] = np.nan
    design = np.column_stack([np.ones(499), X[1:, 1:]])
    residual = X[1:, 0] - design @ np.linalg.lstsq(design, X[1:, 0], rcond=None)[0]
    assert analysed(holed).explained[0] == pytest.approx(1 - residual.var() / X[1:, 0].var(), abs=0.003)


def test_the_table_of_patterns_names_what_is_missing_together(air):
    assert imputation.tables.patterns(air).rows == [
        ["nothing", "111", "73%"],
        ["Ozone", "35", "23%"],
        ["Solar.R", "5", "3%"],
        ["Ozone, Solar.R", "2", "1%"],
    ]


def test_pictures_of_an_imputation_leave_out_what_would_show_nothing(air):
    names = [picture.name for picture in imputation_figures(air)]
    assert names == ["patterns", "overimputation", "scatters", "densities", "convergence"]
    alone = analysed(AIR[["Ozone"]])
    assert "scatters" not in [picture.name for picture in imputation_figures(alone)]
    flat = copy(air.imputer)
    flat.log_likelihood_history_ = np.array([-5.0, -5.0])
    assert "convergence" not in [picture.name for picture in imputation_figures(doubting(air, imputer=flat))]


def test_many_axes_stand_in_lines():
    drawn = []
    picture = Figure("many", lambda axes: drawn.extend(axes), "", n_axes=5).drawing
    assert len(picture.axes) == len(drawn) == 5
    tops = {round(ax.get_subplotspec().get_position(picture).y1, 6) for ax in drawn}
    assert len(tops) == 2


def test_the_summary_of_an_imputation_is_strict_json(air):
    read = json.loads(to_json(imputation_summary(air)), parse_constant=pytest.fail)
    assert read["missing"] == [37, 7, 0, 0]
    assert read["filled_outside_the_observed_range"] == [3, 0, 0, 0]
    assert read["patterns"][3] == {"missing": ["Ozone", "Solar.R"], "rows": 2}
    assert_allclose(read["mean"], [41.871173, 184.846806, 9.957516, 77.882353], rtol=1e-5)
    assert read["little_mcar_test"]["df"] == 8
    assert read["overimputation"]["coverage"] == air.overimputation.coverage
    assert read["starts_agree"] is True


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            {
                "starts": SimpleNamespace(
                    agree=False, higher=(), level=False, log_likelihoods=np.array([-1.0, -3.5])
                )
            },
            "2 starts far apart did not end at one maximum (their log-likelihoods are up to 2.500 apart)",
        ),
        (
            {
                "starts": SimpleNamespace(
                    agree=False, higher=(), level=True, log_likelihoods=np.array([-1.0, -1.0])
                )
            },
            "2 starts far apart ended equally high with different parameters",
        ),
        ({"overimputation": None}, "too few rows to hide some cells"),
        (
            {"overimputation": SimpleNamespace(true=np.ones(60), inside=np.arange(60) < 48, level=0.95)},
            "only 80% of the hidden cells lie in their 95% intervals",
        ),
        (
            {"explained": np.array([0.05, 0.5, 0.05, 0.5])},
            "tell next to nothing of Ozone, which is filled in",
        ),
        ({"still_empty": {"Note": 3}}, "cells stay empty in columns that are not in the model: 3 of Note"),
    ],
)
def test_doubts_of_an_imputation_are_told(air, found, words):
    told = " ".join(imputation.cautions(doubting(air, **found)))
    assert words.casefold() in told.casefold()
    assert words.casefold() not in " ".join(imputation.cautions(air)).casefold()


def test_an_imputation_that_had_not_converged_is_told(air):
    stopped = copy(air.imputer)
    stopped.converged_, stopped.stop_reason_ = False, "reached max_iter=3"
    assert "it reached max_iter=3" in " ".join(imputation.cautions(doubting(air, imputer=stopped)))


def test_columns_that_are_hardly_there_or_no_amounts_are_told():
    rng = np.random.default_rng(0)
    X = pandas.DataFrame(rng.normal(size=(80, 3)), columns=["a", "b", "code"])
    X["code"] = (X["a"] + rng.normal(size=80) > 0).astype(float)
    X.loc[:45, "b"] = np.nan
    X.loc[70:75, "code"] = np.nan
    X.loc[76:77] = np.nan
    told = " ".join(imputation.cautions(analysed(X)))
    assert "Most of b is missing" in told
    assert "Column code holds two values only" in told
    assert "2 rows lack all of the columns used" in told


def test_few_rows_and_a_prior_are_told():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(12, 4))
    X[0, 0] = np.nan
    told = " ".join(imputation.cautions(analysed(X, fit={"prior": "ridge"})))
    assert "12 rows are few for the covariances of 4 columns" in told
    assert "The ridge prior was asked for" in told


@pytest.mark.filterwarnings("ignore::latently.core.errors.UndeterminedWarning")
def test_columns_never_observed_together_are_named_everywhere():
    X = pandas.DataFrame(np.random.default_rng(0).normal(size=(80, 3)) @ [[1, 1, 1], [0, 1, 0], [0, 0, 1]])
    X.columns = ["x", "y", "z"]
    X.loc[:39, "y"] = X.loc[40:, "z"] = np.nan
    a = analysed(X)
    told, read = imputation.cautions(a), json.loads(to_json(imputation_summary(a)))
    assert told[0].startswith("Columns 'y' and 'z' are never observed together: the data do not determine")
    assert told[0] in Page(imputation_page(a)).text
    assert not any("starts far apart" in one for one in told)
    assert imputation.starts_in_words(a.starts).endswith("ended at one maximum, with different parameters")
    assert read["diagnostics"] == [{"kind": "never observed together", "columns": [["y", "z"]]}]
    assert read["starts_agree"] is False


def test_draws_of_a_skewed_column_that_cannot_be_are_told():
    rng = np.random.default_rng(0)
    X = pandas.DataFrame(np.exp(rng.normal(size=(300, 2)) @ [[1, 0.5], [0, 0.8]]), columns=["a", "dust"])
    X.loc[:90, "dust"] = np.nan
    a = analysed(X, 5)
    drawn = np.concatenate([table[:91, 1] for table in a.tables])
    below, least = (drawn < X["dust"].min()).mean(), f"{X['dust'].min():.6g}"
    assert below > 0.1
    assert a.drawn_outside[0, 1] == pytest.approx(below)
    told = " ".join(imputation.cautions(a))
    assert f"of the drawn cells of dust ({100 * below:.0f}% below {least}" in told
    assert f"{100 * (drawn < 0).mean():.0f}% negative, which no observed one is" in told
    assert "Of the drawn cells" in imputation.findings(a)[3]
    read = json.loads(to_json(imputation_summary(a)))
    assert read["share_drawn_below_and_above_the_observed_range"][1] == a.drawn_outside[:, 1].tolist()
    within = analysed(X, 5, fit={"min_value": 0.0})
    assert "negative" not in " ".join(imputation.cautions(within))


def test_a_clean_imputation_needs_no_caution():
    rng = np.random.default_rng(3)
    X = rng.multivariate_normal([0, 5], [[1, 0.8], [0.8, 1]], size=300)
    X[:20, 0] = np.nan
    assert imputation.cautions(analysed(X)) == []


def test_a_mixture_imputes_and_is_named():
    X = pandas.DataFrame(datasets.load_faithful().data, columns=["length", "wait"])
    X.loc[::10, "wait"] = np.nan
    a = analysed(X, fit={"n_components": 2, "n_init": 4})
    assert a.starts is None
    assert "Mixture of 2 Gaussians" in Page(imputation_page(a)).text
