"""The replay on a page is a run of EM as it was: recorded, or made again and said to be."""

import json
import re
from base64 import b64decode

import numpy as np
import pandas
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError

import latently
from latently import (
    CategoricalHMM,
    GaussianHMM,
    GaussianImputer,
    GaussianMixture,
    LatentClassAnalysis,
    LatentDirichletAllocation,
    MixedImputer,
    MultivariateNormal,
    PoissonHMM,
    datasets,
)
from latently.core.errors import SpuriousMaximumWarning
from latently.report import Recorder
from latently.report.interactive import recorder as recording
from latently.report.interactive import replay as replaying
from latently.report.interactive.replay import at, shown_run
from tests.simulations import by_night

FAITHFUL = pandas.DataFrame(datasets.load_faithful().data, columns=["length", "wait"])
HOLED = FAITHFUL.mask(FAITHFUL > 80)  # some times to wait
EMPTIED = FAITHFUL.assign(length=np.nan)
QUAKES = datasets.load_earthquakes()
SETTINGS = {"n_init": 2, "init_params": "random", "acceleration": None, "random_state": 0}


def unpacked(packed):
    kind = {"f4": "<f4", "u1": "<u1", "u2": "<u2", "u4": "<u4"}[packed["type"]]
    return np.frombuffer(b64decode(packed["data"]), kind).reshape(packed["shape"])


def mixed_table(n=120):
    rng = np.random.default_rng(0)
    z = rng.integers(0, 2, n)
    kind = np.where(rng.random(n) < 0.1 + 0.8 * z, "a", "b").astype(object)
    table = pandas.DataFrame(
        {"kind": kind, "age": rng.normal(30 + 20 * z, 4), "visits": rng.poisson(1 + 5 * z)}
    )
    table.loc[rng.random(n) < 0.2, "age"] = np.nan
    return table


def texts():
    rng = np.random.default_rng(0)
    words = [["sea", "ship", "wind", "sail"], ["oven", "bread", "salt", "flour"]]
    return [" ".join(rng.choice(words[d % 2], 12)) for d in range(30)]


def recorded(**settings):
    recorder = Recorder()
    return GaussianMixture(2, callbacks=[recorder], **(SETTINGS | settings)).fit(FAITHFUL), recorder


def test_a_recorded_fit_is_shown_as_it_was():
    mixture, recorder = recorded()
    replay = latently.report(mixture, FAITHFUL).replay()
    assert "recorded" in replay.note
    assert_array_equal(replay.curve, mixture.log_likelihood_history_)
    ends = sorted(run.log_likelihood for run in mixture.restarts_.runs)
    assert_array_equal(sorted(run.last for run in recorder.runs), ends)
    content = replay.content
    assert_allclose(unpacked(content["means"])[-1], mixture.means_, rtol=1e-5)
    assert_allclose(unpacked(content["covariances"])[-1], mixture.covariances_, rtol=1e-5)
    rows = unpacked(content["rows"]) - 1
    for frame, resp in zip(recorder.best.frames[::5], unpacked(content["resp"])[::5], strict=True):
        there = at(mixture, frame.params).predict_proba(FAITHFUL)[rows]
        order = (
            [0, 1] if np.allclose(recorder.best.frames[-1].params.emission.means, mixture.means_) else [1, 0]
        )
        assert_allclose(resp / 255, there[:, order], atol=0.003)
    low, high = np.array(content["low"]), np.array(content["high"])
    points = low + unpacked(content["points"]) / 65534 * (high - low)
    assert_allclose(
        points, FAITHFUL.iloc[rows, [list(FAITHFUL).index(c["name"]) for c in content["columns"]]], atol=1e-3
    )


@pytest.mark.parametrize("names", [["wait", "length"], ["length", "wait"]])
def test_what_is_across_is_across_in_the_picture_that_stands_still_too(names):
    X = FAITHFUL[names]
    page = latently.report(GaussianMixture(2, **SETTINGS).fit(X), X)
    assert [one["name"] for one in page.replay().content["columns"]] == names
    still = next(figure for figure in page.figures if figure.name == "data").drawing.axes[0]
    assert [still.get_xlabel(), still.get_ylabel()] == names


def test_what_is_kept_of_a_long_run_is_thinned_to_what_moves():
    mixture, recorder = recorded(n_init=1, tol=0, max_iter=400)
    frames = recording.thinned(recorder.best.frames, recording.MOST_FRAMES)
    assert len(recorder.best.values) == 401
    assert len(recorder.best.frames) <= 2 * recording.MOST_FRAMES
    assert len(frames) <= recording.MOST_FRAMES
    assert (frames[0].iteration, frames[-1].iteration) == (0, 400)
    assert_allclose(frames[-1].value, mixture.log_likelihood_, rtol=1e-12)
    way = [frame.iteration for frame in frames]
    assert np.median(way) < 100  # most of the way was gone in the first steps


def test_a_run_that_is_made_for_the_page_is_not_spurious_if_others_are_not():
    X = np.random.default_rng(1).normal(size=(40, 2))  # of which components on a few rows are likelier
    mixture = GaussianMixture(3, random_state=0).fit(X)
    source = mixture._source(X)
    run = shown_run(mixture, source, len(X))
    assert run.curve[-1] < max(other[-1] for other in run.others) - 1
    assert not mixture._model.diagnose(run.frames[-1].params, source.blocks())
    assert "Grey runs that end higher are spurious" in run.note


def test_runs_that_are_all_spurious_are_no_reason_for_more_starts():
    X = np.vstack([np.random.default_rng(0).normal(size=(60, 1)), np.full((20, 1), 9.0)])
    with pytest.warns(SpuriousMaximumWarning):
        mixture = GaussianMixture(2, random_state=0).fit(X)
    mixture.log_likelihood_ -= 100.0  # as if the fit had found one that is sound, and lower
    note = shown_run(mixture, mixture._source(X), len(X)).note
    assert "ended at a spurious maximum" in note
    assert "more starts" not in note


def test_a_run_without_the_weights_of_the_fit_is_not_compared_with_it():
    mixture = GaussianMixture(2, random_state=0).fit(FAITHFUL, sample_weight=np.arange(1.0, 273.0))
    assert "ends elsewhere" in latently.report(mixture, FAITHFUL).replay().note


def test_a_run_that_is_made_for_the_page_is_said_to_be_and_never_falls(monkeypatch):
    mixture = GaussianMixture(2, random_state=0).fit(FAITHFUL)
    replay = latently.report(mixture, FAITHFUL).replay()
    assert "run again" in replay.note
    assert "ended where the fit did" in replay.note
    assert len(replay.others) == replaying.N_STARTS - 1
    assert all((np.diff(run) > -1e-6).all() for run in [replay.curve, *replay.others])
    assert_allclose(replay.curve[-1], mixture.log_likelihood_, atol=1e-2)
    assert_allclose(unpacked(replay.content["means"])[-1], mixture.means_, rtol=1e-2)
    monkeypatch.setattr("latently.report.mixture.replay.MOST_ROWS", 100)
    assert "on 100 of the 272 rows" in latently.report(mixture, FAITHFUL).replay().note


def test_the_states_of_a_series_end_where_smoothing_has_them():
    series = pandas.DataFrame(
        {"count": QUAKES.data.ravel()}, index=pandas.to_datetime([f"{y}" for y in QUAKES.year])
    )
    series.index.name = "year"
    model = PoissonHMM(2, random_state=0).fit(series)
    report = latently.report(model, series)
    content = report.replay().content
    assert_allclose(unpacked(content["resp"])[-1] / 255, model.smooth(series), atol=0.01)
    assert (content["time_name"], content["time"][0][:4]) == ("year", "1900")
    rolls = datasets.load_casino().data
    symbols = latently.report(CategoricalHMM(2, random_state=0).fit(rolls), rolls).replay()
    assert symbols.content["columns"][0]["categories"] == list("123456")


def test_cells_end_where_they_are_filled_in():
    X = datasets.load_airquality().data[:, :4]
    imputer = GaussianImputer(n_parameter_draws=2, random_state=0).fit(X)
    content = latently.report(imputer, X).replay().content
    rows, at_column = unpacked(content["rows"]) - 1, unpacked(content["holes"]) % 4
    order = [imputer_names(X).index(column["name"]) for column in content["columns"]]
    row = rows[unpacked(content["holes"]) // 4]
    low, high = np.array(content["low"])[at_column], np.array(content["high"])[at_column]
    filled = low + unpacked(content["filled"])[-1] / 65534 * (high - low)
    assert_allclose(filled, imputer.transform(X)[row, np.array(order)[at_column]], rtol=1e-2, atol=0.1)


def imputer_names(X):
    return [f"feature {j}" for j in range(X.shape[1])]


def test_topics_end_with_the_words_of_the_fit():
    model = LatentDirichletAllocation(2, random_state=0).fit(texts())
    content = latently.report(model, texts()).replay().content
    first = [[content["words"][j] for j in topic] for topic in unpacked(content["first"])[-1]]
    assert first[0][:4] == [str(word) for word in model.top_words(4)[0]]
    assert_allclose(unpacked(content["height"])[-1][:, 0], model.topic_word_.max(axis=1), rtol=1e-5)


def fitted_classes():
    return LatentClassAnalysis(2, random_state=0).fit(mixed_table()), mixed_table()


def fitted_mixed_imputer():
    return MixedImputer(2, n_parameter_draws=2, random_state=0).fit(mixed_table()), mixed_table()


@pytest.mark.parametrize("fitted", [fitted_classes, fitted_mixed_imputer])
def test_there_is_a_page_about_tables_of_any_kind(fitted, tmp_path):
    model, X = fitted()
    latently.report(model, X, tmp_path / "page.html", source="<b>")
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'data-replay="scatter">.*?<script[^>]*>(.*?)</script>', html, re.DOTALL)[1])
    named = {column["name"]: column for column in data["content"]["columns"]}
    assert named["kind"]["categories"] == ["a", "b"]
    assert len(data["iterations"]) == len(unpacked(data["content"]["weights"])) > 2


@pytest.mark.parametrize(
    ("model", "X", "error", "message"),
    [
        (
            lambda: MultivariateNormal([0.0], [[1.0]]),
            [[0.0]],
            TypeError,
            "no page about a MultivariateNormal",
        ),
        (lambda: GaussianMixture(2), FAITHFUL, NotFittedError, "not fitted"),
        (
            lambda: GaussianMixture.from_parameters([1.0], [[0.0, 0.0]], [np.eye(2)]),
            FAITHFUL,
            ValueError,
            "no fit has found these parameters",
        ),
        (
            lambda: GaussianMixture(1).fit(FAITHFUL),
            iter([[1.0]]),
            TypeError,
            "read piece by piece.*give a sample",
        ),
        (lambda: GaussianImputer().fit(FAITHFUL), FAITHFUL, ValueError, "nothing that was filled in"),
        (lambda: GaussianImputer().fit(HOLED), FAITHFUL, ValueError, "nothing that was filled in"),
        (lambda: GaussianImputer().fit(HOLED), EMPTIED, ValueError, "'length' has no observed cell"),
    ],
)
def test_what_there_is_no_page_about_is_refused_in_a_line(model, X, error, message):
    with pytest.raises(error, match=message):
        latently.report(model(), X)


@pytest.mark.parametrize(
    ("model", "X"),
    [
        (GaussianMixture(1), FAITHFUL),
        (GaussianHMM(1), FAITHFUL),
        (GaussianImputer(n_parameter_draws=2, random_state=0), HOLED),
        (LatentDirichletAllocation(2, random_state=0), texts()),
    ],
)
def test_who_works_in_python_is_not_told_of_the_command(model, X):
    report = latently.report(model.fit(X), X)
    said = " ".join([*report.said, *report.careful, *report.sure, *report.going_on, report.python])
    assert not re.findall(r"(?<!\w)--\w+|latently [a-z]+|\bcommand\b", said)


def test_sequences_may_be_a_list_of_series():
    parts = [FAITHFUL["wait"][:100], FAITHFUL["wait"][100:]]
    model = GaussianHMM(2, n_init=2, random_state=0).fit(parts)
    report = latently.report(model, parts)
    assert "(2 sequences)" in report.headline
    assert report.replay().content["columns"] == [{"name": "wait"}]
    assert "lengths=lengths" in report.python


@pytest.mark.parametrize("K", [5, *by_night(9)])
@pytest.mark.parametrize("kind", [GaussianHMM, *by_night(GaussianMixture)])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_page_about_much_stays_below_a_megabyte_and_a_half(kind, K):
    rng = np.random.default_rng(0)
    labels = np.repeat(rng.integers(0, K, 400), 30)
    X = rng.normal(size=(len(labels), 6)) + 4 * rng.normal(size=(K, 6))[labels]
    model = kind(K, n_init=1, max_iter=2, random_state=0).fit(X)
    assert len(latently.report(model, X).page().encode()) < 1_500_000
