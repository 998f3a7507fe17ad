"""What is said of a series is true of the fit, and warns where it must."""

import json
from copy import copy
from types import SimpleNamespace

import numpy as np
import polars
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from latently import CategoricalHMM, GaussianHMM, PoissonHMM, datasets, select
from latently.core.findings import Finding
from latently.core.restarts import Restarts, Run
from latently.report import to_json
from latently.report.segmentation import (
    SegmentationAnalysis,
    cautions,
    findings,
    headline,
    segmentation_figures,
    segmentation_page,
    segmentation_summary,
    tables,
)
from latently.report.segmentation.residuals import checks

QUAKES = datasets.load_earthquakes()
LOST = Finding("no data", "state 1 kept no data", "state", (1,), severity="grave")
NASTY = "<script>alert('&')</script>"
RNG = np.random.default_rng(0)
STATES = np.repeat([0, 1, 0, 1, 0, 1, 0], [30, 20, 25, 15, 30, 20, 20])
CLEAR = np.where(STATES == 0, 0.0, 8.0)[:, None] + RNG.normal(size=(160, 1))


@pytest.fixture(scope="module")
def quakes():
    model = PoissonHMM(startprob="stationary", n_init=4, random_state=0)
    X = polars.DataFrame(QUAKES.data, schema=["count"])
    selection = select(model, X, {"n_components": [1, 2, 3]})
    return SegmentationAnalysis(
        selection.best_,
        X,
        "quakes.csv",
        ["count"],
        time=QUAKES.year,
        time_name="year",
        selection=selection,
        settings={"Seed": "0"},
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


def with_model(a, **changed):
    """The same analysis of a model with other attributes."""
    model = copy(a.model)
    for name, value in changed.items():
        setattr(model, name, value)
    model._take_up()
    model._outcome = model._outcome or a.model._outcome  # as if the fit had found these parameters
    return SegmentationAnalysis(
        model, a.X, a.source, a.names, a.lengths, a.time, a.time_name, a.sequences, a.selection
    )


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


def test_visits_begin_anew_in_each_sequence(words):
    assert words.begins[[0, 80]].all()
    assert words.visits.sum() == words.n_changes + 2
    assert words.n_sequences == 2


def test_a_state_that_is_never_left_lasts_for_ever():
    model = GaussianHMM(2, transmat_init=[[0.9, 0.1], [0.0, 1.0]], startprob_init=[1.0, 0.0])
    X = np.sort(CLEAR, axis=0)
    a = SegmentationAnalysis(model.fit(X), X, "t.csv", ["x"])
    assert a.durations[1] == np.inf
    assert not a.exits[1].any()
    assert "it is never left" in " ".join(findings(a))
    assert [tables.states(a).rows[i][2] for i in (4, 5)] == ["never ends", "none"]
    assert any("State 1 is never left again in these data" in text for text in cautions(a))
    summary = json.loads(to_json(segmentation_summary(a)))
    assert summary["mean_durations"][1] is None
    assert summary["likeliest_next_states"] == [1, None]


def test_gaps_and_symbols_are_counted(words):
    assert words.n_gaps == 1
    assert "1 row has no observation and counts as a step of time" in " ".join(findings(words))


# -- words ---------------------------------------------------------------------------------------------


def test_findings_tell_each_state_and_where_the_series_stands(quakes):
    said = findings(quakes)
    assert headline(quakes) == "3 states in the 107 rows of quakes.csv"
    assert said[0] == "A hidden Markov model of counts in column count, Poisson in each state."
    assert said[1].startswith("State 0, 33% of the rows: a mean of 13.1")
    text = " ".join(said)
    assert "visits state 0 (3 times), state 1 (4 times) and state 2 (3 times)" in text
    assert "At the last row, year 2006, the state is 0" in text
    assert "BIC chose 3 states (701.0) among 3 fits; next comes 2 states, 2.4 above: not far enough" in text


def test_findings_of_symbols_tell_the_likeliest_of_each_state(words):
    assert headline(words) == "2 states in the 160 rows of words.csv (2 sequences)"
    said = findings(words)
    assert "3 symbols in column mood, categorical in each state" in said[0]
    assert "calm 8" in said[1]
    assert "wild 8" in said[2]
    assert "then turns into state 0" in said[2]
    assert "At the last row of the last sequence (evening) the state is 0" in " ".join(said)


def test_the_tables_are_those_of_the_model(quakes, words):
    states = tables.states(quakes)
    assert states.rows[0] == ["mean of count", "13.15", "19.72", "29.71"]
    assert states.rows[1] == ["share", "33%", "48%", "18%"]
    assert tables.transitions(quakes).rows[0] == ["from 0", "0.955", "0.024", "0.021"]
    bic = tables.bic(quakes)
    assert bic.rows == [["BIC", "788.5", "703.3", "701.0"]]
    assert bic.best == {(0, 3)}
    assert [row[0] for row in tables.states(words).rows[:3]] == ["mood = calm", "mood = pause", "mood = wild"]
    assert tables.bic(words) is None


def test_one_state_is_no_segmentation():
    model = GaussianHMM(1).fit(CLEAR)
    a = SegmentationAnalysis(model, CLEAR, "t.csv", ["x"])
    assert headline(a) == "1 state in the 160 rows of t.csv"
    assert tables.transitions(a) is None
    assert not any("backtest" in text for text in cautions(a))
    assert any("correlated" in text for text in findings(a))  # which two states explain


# -- residuals -----------------------------------------------------------------------------------------


def test_residuals_of_the_right_model_look_as_they_should(clear):
    (check,) = checks(clear)
    residuals = clear.model.pseudo_residuals(CLEAR, kind="forecast").mid[:, 0]
    assert check.spread == pytest.approx(residuals.std())
    assert check.n == 160
    assert not check.too_wide
    assert not check.dependent
    assert "look as they should" in " ".join(findings(clear))


def test_residuals_tell_memory_and_spread_that_the_states_do_not_have():
    walk = np.cumsum(np.random.default_rng(1).normal(size=(300, 1)), axis=0)
    drift = SegmentationAnalysis(GaussianHMM(2, n_init=2, random_state=0).fit(walk), walk, "t.csv", ["x"])
    assert checks(drift)[0].dependent
    assert any("states may be cut out of a drift" in text for text in cautions(drift))

    wide = np.random.default_rng(1).negative_binomial(2, 0.1, size=(300, 1))
    counts = SegmentationAnalysis(PoissonHMM(1).fit(wide), wide, "t.csv", ["n"])
    assert checks(counts)[0].too_wide
    assert any("vary more within a state than a Poisson distribution" in text for text in cautions(counts))


def test_residuals_do_not_reach_across_sequences():
    X = np.tile([[0.0], [10.0]], (30, 1)) + np.random.default_rng(0).normal(size=(60, 1))
    a = SegmentationAnalysis(GaussianHMM(1).fit(X), X, "t.csv", ["x"], [2] * 30)
    assert checks(a)[0].n_pairs == 30


def test_symbols_have_no_residuals(words):
    assert checks(words) == []


# -- cautions ------------------------------------------------------------------------------------------


def test_a_clear_series_needs_one_caution_only(clear):
    (only,) = cautions(clear)
    assert "wrong for a backtest" in only


def test_the_edge_of_the_range_is_named(quakes):
    assert any(
        "3, is the largest that was tried: try more, for example -k 1:6" in c for c in cautions(quakes)
    )


def test_zeros_are_no_proof(quakes, words):
    assert any("from state 2 to 0 came out as 0" in text for text in cautions(quakes))
    assert any("probabilities of symbols came out as 0 (" in text.lower() for text in cautions(words))


def test_rare_and_rarely_visited_states_are_named():
    X = np.concatenate([CLEAR[:30], [[40.0], [41.0]], CLEAR[50:75]])
    a = SegmentationAnalysis(GaussianHMM(2, n_init=4, random_state=0).fit(X), X, "t.csv", ["x"])
    said = " ".join(cautions(a))
    assert "State 1 rests on about 2 rows: what is said of it" in said
    assert "tates 0 and 1 are visited twice at most on the path" in said


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"converged_": False, "stop_reason_": "reached max_iter=7"},
            "EM had not converged: it reached max_iter=7",
        ),
        ({"diagnostics_": (LOST,)}, "not to be trusted: state 1 kept no data"),
        (
            {"restarts_": Restarts((Run("a", -1.0, 3, True), Run("b", -2.0, 3, True)), 1, ())},
            "only one of 2 starts reached this maximum",
        ),
        ({"transmat_": np.array([[0.4, 0.6], [0.3, 0.7]])}, "tate 0 lasts less than 2 steps on average"),
    ],
)
def test_doubts_of_the_fit_are_told(clear, changed, words):
    assert any(words in text for text in map(_uncapitalised, cautions(with_model(clear, **changed))))


def _uncapitalised(text):
    return text if text.startswith("EM") else text[:1].lower() + text[1:]


def test_fits_that_failed_or_were_not_to_be_trusted_are_told(quakes):
    rows = [dict(row) for row in quakes.selection.table_]
    rows[0]["failure"] = "of a flood"
    rows[1] |= {"diagnostics": (LOST,), "bic": 1.0}
    selection = SimpleNamespace(
        table_=rows, edge_=None, best_index_=2, best_params_=quakes.selection.best_params_
    )
    a = SegmentationAnalysis(quakes.model, quakes.X, "t.csv", ["count"], selection=selection)
    said = " ".join(cautions(a))
    assert "1 fit failed, the first (1 state) because of a flood" in said.replace("1 Fit", "1 fit")
    assert "2 states has a lower BIC, 1.0, and was not chosen" in said
    assert tables.bic(a).rows == [["BIC", "failed", "1.0*", "701.0"]]


def test_short_sequences_and_few_rows_are_told():
    X, lengths = CLEAR[20:52], [26, 3, 3]
    model = GaussianHMM(2, startprob="uniform", n_init=2, random_state=0).fit(X, lengths=lengths)
    said = " ".join(cautions(SegmentationAnalysis(model, X, "t.csv", ["x"], lengths)))
    assert "2 sequences of 3 have fewer than 10 rows" in said
    assert model.n_parameters_ == 6
    assert "32 rows" not in said  # five for each parameter
    few = CLEAR[22:44]
    model = GaussianHMM(2, startprob="uniform", n_init=2, random_state=0).fit(few)
    assert "22 rows are few for 6 parameters" in " ".join(
        cautions(SegmentationAnalysis(model, few, "t.csv", ["x"]))
    )


# -- page ----------------------------------------------------------------------------------------------


def test_the_page_says_what_matters_and_needs_no_other_file(quakes):
    html = segmentation_page(quakes)
    for text in (
        "3 states in the 107 rows of quakes.csv",
        "What to be careful about",
        "stationary distribution",
        "latently predict model.latently new.csv",
        "Forward and backward",
        "4 starts, 4 finished",
    ):
        assert text in html
    assert html.count("<img") == len(segmentation_figures(quakes))
    assert "http" not in html


def test_pictures_are_those_that_show_something(quakes, words):
    names = [figure.name for figure in segmentation_figures(quakes)]
    assert names[0] == "states"
    assert set(names) - {"convergence"} == {"states", "transitions", "emissions", "bic", "residuals"}
    assert names[-1] == "residuals"  # the wide ones below the others
    assert {f.name for f in segmentation_figures(words)} - {"convergence"} == {
        "states",
        "transitions",
        "emissions",
    }
    states = segmentation_figures(quakes)[0]
    assert [ax.get_ylabel() for ax in states.drawing.axes] == ["count", "smoothed", "filtered"]
    assert states.drawing.axes[-1].get_xlabel() == "year"


def test_names_are_escaped_on_the_page():
    model = GaussianHMM(1).fit(CLEAR[:40])
    html = segmentation_page(SegmentationAnalysis(model, CLEAR[:40], NASTY, [NASTY], notes=[NASTY]))
    assert "<script" not in html


def test_the_summary_is_strict_json(words):
    summary = json.loads(to_json(segmentation_summary(words)))
    assert summary["symbols"] == ["calm", "pause", "wild"]
    assert_allclose(summary["emissionprob"], words.model.emissionprob_)
    assert_array_equal(summary["visits"], words.visits)
    assert summary["forecast_residuals"] == {}
