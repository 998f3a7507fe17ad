"""What is said of a series is true of the fit, and warns where it must."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import polars
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from examples.own_family import Exponential
from latently import CategoricalHMM, GaussianHMM, HiddenMarkovModel, PoissonHMM, datasets, select
from latently.core.findings import Finding
from latently.core.moves import Move
from latently.core.restarts import Found, Restarts, Run
from latently.models import windows
from latently.report.maxima import MOVES
from latently.report.segmentation import SegmentationAnalysis, segmentation_report
from latently.report.segmentation.residuals import checks
from tests.reports import NASTY, assert_sound, by_kind, with_model

QUAKES = datasets.load_earthquakes()
LOST = Finding("no data", "state 1 kept no data", "state", (1,), severity="grave")
RNG = np.random.default_rng(0)
STATES = np.repeat([0, 1, 0, 1, 0, 1, 0], [30, 20, 25, 15, 30, 20, 20])
CLEAR = np.where(STATES == 0, 0.0, 8.0)[:, None] + RNG.normal(size=(160, 1))


@pytest.fixture(scope="module")
def quakes():
    model = PoissonHMM(startprob="stationary", n_init=4, random_state=0)
    X = polars.DataFrame(QUAKES.data, schema=["count"])
    selection = select(model, X, {"n_components": [1, 2, 3]})
    when = {"time": QUAKES.year, "time_name": "year"}
    return SegmentationAnalysis(
        selection.best_, X, "quakes.csv", ["count"], **when, selection=selection, settings={"Seed": "0"}
    )


@pytest.fixture(scope="module")
def clear():
    model = GaussianHMM(2, startprob="stationary", n_init=4, random_state=0).fit(CLEAR)
    return SegmentationAnalysis(model, CLEAR, "clear.csv", ["x"])


@pytest.fixture(scope="module")
def words():
    said = np.where(STATES == 0, "calm", "wild").astype(object)
    said[::7] = "pause"
    said[50] = None
    model = CategoricalHMM(2, n_init=4, random_state=0).fit(said[:, None], lengths=[80, 80])
    return SegmentationAnalysis(
        model, said[:, None], "words.csv", ["mood"], [80, 80], sequences=["morning", "evening"]
    )


def fitted(model, X, names=("x",), lengths=None):
    return SegmentationAnalysis(model.fit(X, lengths=lengths), X, "t.csv", list(names), lengths)


def told(a):
    """Cautions by kind."""
    return by_kind(segmentation_report(a).cautions)


# -- numbers -------------------------------------------------------------------------------------------


def test_visits_shares_and_durations_are_those_of_path_posteriors_and_transitions(quakes):
    path = quakes.model.predict(quakes.X)
    assert quakes.sizes.tolist() == np.bincount(path).tolist()
    changes = np.flatnonzero(np.diff(path))
    assert quakes.n_changes == len(changes) == 9
    assert quakes.visits.tolist() == np.bincount(path[[0, *(changes + 1)]]).tolist()
    assert_allclose(quakes.shares, quakes.model.smooth(quakes.X).mean(axis=0))
    assert_allclose(quakes.durations, 1 / (1 - np.diag(quakes.model.transmat_)))
    leaving = quakes.model.transmat_[1] * [1, 0, 1]
    assert_allclose(quakes.exits[1], leaving / leaving.sum())


@pytest.mark.usefixtures("unrendered")
def test_a_state_that_is_never_left_lasts_for_ever():
    model = GaussianHMM(2, transmat_init=[[0.9, 0.1], [0.0, 1.0]], startprob_init=[1.0, 0.0])
    a = fitted(model, np.sort(CLEAR, axis=0))
    assert a.durations[1] == np.inf
    assert not a.exits[1].any()
    report = segmentation_report(a)
    assert "it is never left" in str(report.findings[2])
    assert [report.tables["states"].rows[i][2] for i in (4, 5)] == ["never ends", "none"]
    assert by_kind(report.cautions)["never left"].which == (1,)
    _, summary = assert_sound(report)
    assert summary["mean_durations"][1] is None
    assert summary["likeliest_next_states"] == [1, None]


# -- reports -------------------------------------------------------------------------------------------


def test_the_report_of_counts(quakes):
    report = segmentation_report(quakes)
    page, _ = assert_sound(report)
    for text in ("stationary distribution", "4 starts, 4 finished"):
        assert text in page.text
    assert not any(one in page.text for one in ("result.csv", "latently predict"))  # which are the command's
    commanded = " ".join(segmentation_report(replace(quakes, reading="X = ...\n")).going_on)
    assert "latently predict model.latently new.csv" in commanded
    assert "result.csv" in commanded
    model, first, *_ = report.findings
    assert report.headline == "3 states in the 107 rows of quakes.csv"
    assert str(model) == "A hidden Markov model of counts in column count, Poisson in each state"
    assert str(first).startswith("State 0, 33% of the rows: a mean of 13.1")
    found = by_kind(report.findings)
    assert found["changes"].numbers == {"changes": 9, "unsure": quakes.n_unsure}
    assert "visits state 0 (3 times), state 1 (4 times) and state 2 (3 times)" in str(found["changes"])
    assert str(found["now"]).startswith("At the last row, year 2006, the state is 0")
    assert found["choice"].numbers["gap"] == pytest.approx(2.4, abs=0.05)
    assert by_kind(report.cautions)["edge"].numbers == {"least": 1, "most": 3}
    assert (2, 0) in by_kind(report.cautions)["zero transitions"].which

    states = report.tables["states"]
    assert states.rows[0] == ["mean of count", "13.15", "19.72", "29.71"]
    assert states.rows[1] == ["share", "33%", "48%", "18%"]
    assert report.tables["transitions"].rows[0] == ["from 0", "0.955", "0.024", "0.021"]
    assert report.tables["bic"].rows == [["BIC", "788.5", "703.3", "701.0"]]
    assert report.tables["bic"].best == {(0, 3)}

    names = [figure.name for figure in report.figures]
    assert names[0] == "states"
    assert set(names) - {"convergence"} == {"states", "transitions", "emissions", "bic", "residuals"}
    assert names[-1] == "residuals"  # the wide ones below the others
    drawn = report.figures[0].drawing.axes
    assert [ax.get_ylabel() for ax in drawn] == ["count", "smoothed", "filtered"]
    assert drawn[-1].get_xlabel() == "year"


@pytest.mark.usefixtures("unrendered")
def test_the_report_of_symbols(words):
    report = segmentation_report(words)
    _, summary = assert_sound(report)
    assert report.headline == "2 states in the 160 rows of words.csv (2 sequences)"
    assert words.begins[[0, 80]].all()  # visits begin anew in each sequence
    assert words.visits.sum() == words.n_changes + 2
    assert words.n_sequences == 2
    model, calm, wild, *_ = map(str, report.findings)
    assert "3 symbols in column mood, categorical in each state" in model
    assert "calm (8" in calm
    assert "wild (8" in wild
    assert wild.endswith("and then turns into state 0")
    found = by_kind(report.findings)
    assert "At the last row of the last sequence (evening) the state is 0" in str(found["now"])
    assert found["gaps"].numbers == {"rows": 1}
    assert by_kind(report.cautions)["zero symbols"].subject == "state and symbol"
    symbols = [row[0] for row in report.tables["states"].rows[:3]]
    assert symbols == ["mood = calm", "mood = pause", "mood = wild"]
    assert "bic" not in report.tables
    assert {f.name for f in report.figures} - {"convergence"} == {"states", "transitions", "emissions"}
    assert checks(words) == []
    assert summary["symbols"] == ["calm", "pause", "wild"]
    assert_allclose(summary["emissionprob"], words.model.emissionprob_)
    assert_array_equal(summary["visits"], words.visits)
    assert summary["forecast_residuals"] == {}


def test_one_state_is_no_segmentation():
    report = segmentation_report(fitted(GaussianHMM(1), CLEAR))
    assert report.headline == "1 state in the 160 rows of t.csv"
    assert "transitions" not in report.tables
    assert "hindsight" not in by_kind(report.cautions)
    assert "correlated" in str(by_kind(report.findings)["residuals"])  # which two states explain


@pytest.mark.usefixtures("unrendered")
def test_a_family_of_ones_own_has_a_report():
    rates = np.where(STATES == 0, 1.0, 0.05)
    X = RNG.exponential(1 / rates)[:, None]
    model = HiddenMarkovModel(Exponential(), 2, n_init=2, random_state=0)
    report = segmentation_report(fitted(model, X, ["wait"]))
    _, summary = assert_sound(report)
    assert report.said[0] == "A hidden Markov model of numbers in column wait, Exponential in each state."
    assert "rates 0.0" in " ".join(report.said)
    assert_allclose(summary["rates"], model.params_.emission.rates)


@pytest.mark.usefixtures("unrendered")
def test_names_are_escaped_on_the_page():
    a = SegmentationAnalysis(GaussianHMM(1).fit(CLEAR[:40]), CLEAR[:40], NASTY, [NASTY], notes=[NASTY])
    assert "<script>alert" not in segmentation_report(a).page()


# -- cautions ------------------------------------------------------------------------------------------


def test_residuals_of_the_right_model_look_as_they_should(clear):
    (check,) = checks(clear)
    residuals = clear.model.pseudo_residuals(CLEAR, kind="forecast").mid[:, 0]
    assert check.spread == pytest.approx(residuals.std())
    assert check.n == 160
    report = segmentation_report(clear)
    assert "look as they should" in str(by_kind(report.findings)["residuals"])
    assert [found.kind for found in report.cautions] == ["hindsight"]


def test_residuals_tell_memory_and_spread_that_the_states_do_not_have():
    walk = np.cumsum(np.random.default_rng(1).normal(size=(300, 1)), axis=0)
    drift = told(fitted(GaussianHMM(2, n_init=2, random_state=0), walk))["dependent residuals"]
    assert (drift.subject, drift.which) == ("column", (0,))
    assert drift.numbers["lag_one_correlation"] > 0.1
    wide = np.random.default_rng(1).negative_binomial(2, 0.1, size=(300, 1))
    found = told(fitted(PoissonHMM(1), wide, ["n"]))["too wide"]
    assert found.numbers["standard_deviation"] > 1.5
    assert str(found).startswith("counts of n vary more within a state than a Poisson distribution does")
    far = np.random.default_rng(1).standard_t(2, size=(300, 1))
    assert told(fitted(GaussianHMM(1), far))["heavy tail"].numbers["far"] > 3


def test_residuals_do_not_reach_across_sequences():
    X = np.tile([[0.0], [10.0]], (30, 1)) + np.random.default_rng(0).normal(size=(60, 1))
    assert checks(fitted(GaussianHMM(1), X, lengths=[2] * 30))[0].n_pairs == 30


def test_rare_and_rarely_visited_states_are_named():
    X = np.concatenate([CLEAR[:30], [[40.0], [41.0]], CLEAR[50:75]])
    found = told(fitted(GaussianHMM(2, n_init=4, random_state=0), X))
    assert found["few rows"].which == (1,)
    assert found["few rows"].numbers["least"] == pytest.approx(2, abs=0.01)
    assert found["few visits"].which == (0, 1)
    assert "visited twice at most on the path" in str(found["few visits"])


@pytest.mark.parametrize(
    ("changed", "kind", "words"),
    [
        (
            {"converged_": False, "stop_reason_": "reached max_iter=7"},
            "not converged",
            "EM had not converged: it reached max_iter=7",
        ),
        ({"diagnostics_": (LOST,)}, "spurious", "spurious: state 1 kept no data"),
        (
            {"restarts_": Restarts((Run("a", -1.0, 3, True), Run("b", -2.0, 3, True)), 1, ())},
            "single start",
            "only one of 2 starts reached this maximum",
        ),
        (
            {"transmat_": np.array([[0.4, 0.6], [0.3, 0.7]])},
            "fleeting",
            "state 0 lasts less than 2 steps on average",
        ),
    ],
)
def test_what_is_wrong_with_a_fit_is_told(clear, changed, kind, words):
    assert words in str(told(with_model(clear, **changed))[kind])


def test_fits_that_failed_or_were_not_to_be_trusted_are_told(quakes):
    rows = [dict(row) for row in quakes.selection.table_]
    rows[0] |= {"failure": "of a flood", "bic": None}
    rows[1] |= {"diagnostics": (LOST,), "bic": 1.0}
    selection = SimpleNamespace(
        table_=rows, edge_=None, best_index_=2, best_params_=quakes.selection.best_params_
    )
    report = segmentation_report(replace(quakes, selection=selection))
    found = by_kind(report.cautions)
    assert str(found["failed"]) == "1 fit failed, the first (1 state) because of a flood"
    assert str(found["lower but spurious"]).startswith(
        "the fit with 2 states has a lower BIC, 1.0, and was not chosen"
    )
    assert report.tables["bic"].rows == [["BIC", "failed", "1.0*", "701.0"]]


def test_short_sequences_and_few_rows_are_told():
    model = GaussianHMM(2, startprob="uniform", n_init=2, random_state=0)
    found = told(fitted(model, CLEAR[20:52], lengths=[26, 3, 3]))
    assert found["short"].which == (1, 2)
    assert model.n_parameters_ == 6
    assert "many parameters" not in found  # five rows for each
    assert told(fitted(model, CLEAR[22:44]))["many parameters"].numbers == {"rows": 22, "parameters": 6}


def test_of_many_columns_each_kind_of_caution_is_said_once_and_the_most_telling_are_shown():
    rng = np.random.default_rng(0)
    jumps = np.repeat([0, 1], 60)[:, None] * np.array([0, 0, 0, 0, 9, 12])
    X = np.cumsum(rng.normal(size=(120, 6)), axis=0) / 3 + jumps
    names = list("abcdef")
    a = SegmentationAnalysis(GaussianHMM(2, n_init=2, random_state=0).fit(X), X, "x.csv", names)
    report = segmentation_report(a)
    kinds = [found.kind for found in (*report.findings, *report.cautions)]
    assert kinds.count("residuals") == kinds.count("dependent residuals") == 1
    assert len(by_kind(report.cautions)["dependent residuals"].which) > 2
    assert set(a.discriminative[:2]) == {4, 5}
    assert "high" in str(by_kind(report.findings)["state"]) or "low" in str(by_kind(report.findings)["state"])


def test_moves_between_maxima_are_explained(quakes):
    chain = quakes.model
    moves = Move("neighbours", 2.0), Move("window", 1.0), Move("neighbours", 1.0)
    maxima = Found(-10.0, 3, moves, chain.params_), Found(-12.0, 1)
    table = segmentation_report(with_model(quakes, restarts_=Restarts((), 3, (), maxima=maxima))).tables[
        "maxima"
    ]
    assert table.rows[0][3] == "neighbours (2) and window (1)"
    beside = (
        "neighbours: a state leaves its rows to all others, and takes those rows of another one that stand"
    )
    assert f"window of time; {beside} right before, or after, those of certain states)." in table.note
    source = chain._source(quakes.X)
    proposed = windows.propose(chain._model, chain.params_, source, np.random.default_rng(0))
    assert {one.kind for one in proposed} == {"window", "neighbours", "halves"} <= set(MOVES)
