"""The job `segment`: what it writes, what it takes a column for, and that it refuses in one line."""

import os

import numpy as np
import polars
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import latently
from latently import CategoricalHMM, GaussianHMM, PoissonHMM, datasets
from latently.cli.failure import CommandError
from latently.cli.tables.axis import time_of, uneven
from latently.cli.tables.kinds import kind_of
from latently.cli.tables.read import table_of as read_csv
from latently.cli.tables.series import runs, series_of
from tests.command import JOBS, QUAKES, assert_one_clear_line, model_of, rows_of, said_in, summary_of, written

ADDED = ["state", "probability_smoothed", "probability_filtered_past_only", "state_filtered_past_only"]

# Two animals that rest and run: days, speeds (with holes), turns, and a name that the result would take.
RNG = np.random.default_rng(3)
RUNS = np.tile(np.repeat([0, 1, 0, 1, 0], [14, 9, 10, 6, 11]), 2)
SPEED = np.where(RUNS == 0, 1.0, 5.0) + RNG.normal(scale=0.5, size=100)
TURN = RNG.normal(size=100) + 0.8 * (SPEED - np.where(RUNS == 0, 1.0, 5.0))
HOLES = {7: "", 40: "NA", 63: " "}
ANIMALS = [
    ["animal", "day", "speed", "turn", "state"],
    *(
        [
            "ab"[i // 50],
            f"2024-{1 + i % 50 // 31:02d}-{1 + i % 50 % 31:02d}",
            HOLES.get(i, f"{SPEED[i]:.3f}"),
            f"{TURN[i]:.3f}",
            "well",
        ]
        for i in range(100)
    ),
]


def column(name, values):
    return written([[name], *([str(value)] for value in values)])


@pytest.fixture
def folder(results):
    return results(*JOBS["segment"].run)


@pytest.fixture
def animals(results):
    """Two sequences of two columns with holes."""
    options = ("--column", "speed", "--columns", "turn", "--time", "day", "--sequence", "animal")
    return results(
        "animals.csv", written(ANIMALS), "segment", "animals.csv", *options, "-k", "2", "--start", "free"
    )


# -- a run ---------------------------------------------------------------------------------------------


def test_the_result_keeps_every_cell_and_adds_what_the_model_says(folder):
    result = polars.read_csv(folder / "result.csv")
    assert result.columns == ["year", "count", *ADDED]
    assert_array_equal(result["year"], QUAKES.year)
    assert_array_equal(result["count"], QUAKES.data[:, 0])
    model = model_of(folder)
    X = result.select(polars.col("count").cast(polars.Float64))
    path, smoothed, filtered = model.predict(X), model.smooth(X), model.filter(X)
    assert_array_equal(result["state"], path)
    of_path = np.arange(107), path
    assert_allclose(result["probability_smoothed"], smoothed[of_path], atol=1e-6)
    assert_allclose(result["probability_filtered_past_only"], filtered[of_path], atol=1e-6)
    assert_array_equal(result["state_filtered_past_only"], filtered.argmax(axis=1))
    assert np.abs(result["probability_smoothed"] - result["probability_filtered_past_only"]).max() > 0.2


def test_bic_chooses_the_published_three_states_of_the_earthquakes_and_the_summary_agrees(folder):
    model, summary = model_of(folder), summary_of(folder)
    assert isinstance(model, PoissonHMM)
    assert list(model.feature_names_in_) == ["count"]
    assert_allclose(model.lambdas_[:, 0], [13.15, 19.72, 29.71], atol=0.01)
    assert model.log_likelihood_ == pytest.approx(-329.4603, abs=1e-4)
    assert (summary["model"], summary["n_states"], summary["columns"]) == ("PoissonHMM", 3, ["count"])
    assert summary["log_likelihood"] == model.log_likelihood_
    assert_allclose(summary["transmat"], model.transmat_)
    assert_allclose(summary["mean_durations"], 1 / (1 - np.diag(model.transmat_)))
    assert summary["visits"] == [3, 4, 3]
    assert "latently.load(&quot;model.latently&quot;)" in (folder / "index.html").read_text(encoding="utf-8")


def test_sequences_stay_apart_and_empty_cells_stay_empty(animals):
    result = rows_of(animals / "result.csv")
    visits = polars.read_csv(animals / "segments.csv", infer_schema_length=None)
    assert visits["n_steps"].sum() == len(result) - 1
    assert set(visits["sequence"]) == {row[result[0].index("animal")] for row in result[1:]}
    assert result[0] == [*ANIMALS[0], "state_2", *ADDED[1:]]
    kept = [[cell.strip() for cell in row] for row in ANIMALS]
    assert [[cell.strip() for cell in row[:5]] for row in result] == kept
    states = np.array([int(row[5]) for row in result[1:]])
    assert_array_equal(states, RUNS)
    model, summary = model_of(animals), summary_of(animals)
    assert isinstance(model, GaussianHMM)
    assert list(model.feature_names_in_) == ["speed", "turn"]
    X = polars.read_csv(animals / "result.csv", null_values=["NA", " "]).select("speed", "turn")
    assert X["speed"].null_count() == 3
    assert_allclose(model.score(X, lengths=[50, 50]), model.log_likelihood_)
    assert [fit["covariance_type"] for fit in summary["fits"]] == ["diag", "full"]
    assert summary["covariance_type"] == "full"
    left_out = {"state": "not asked for", "day": "the time", "animal": "the sequence"}
    assert summary["columns_left_out"] == left_out
    assert summary["startprob_kind"] == "free"
    assert (summary["n_sequences"], summary["rows_without_observation"]) == (2, 0)


def test_symbols_are_words_or_numbers(run, here):
    words = np.where(RUNS == 0, "rest", np.where(RNG.random(100) < 0.7, "run", "rest"))
    (here / "t.csv").write_text(column("what", ["", *words[1:]]))
    code, out, _ = run("segment", "t.csv", "-k", "2")
    assert code == 0
    assert "taken for symbols (categorical): it is text" in said_in(out)
    model = model_of(here / "latently-segment-t")
    assert isinstance(model, CategoricalHMM)
    assert model.categories_.tolist() == ["rest", "run"]
    assert rows_of(here / "latently-segment-t" / "result.csv")[1][0] == ""
    assert "residuals.png" not in os.listdir(here / "latently-segment-t")  # words have no order

    rolls = datasets.load_casino().data[:, 0]
    (here / "rolls.csv").write_text(column("roll", rolls))
    assert run("segment", "rolls.csv", "-k", "2")[0] == 0
    model = model_of(here / "latently-segment-rolls")
    assert model.categories_.tolist() == [1, 2, 3, 4, 5, 6]

    (here / "new.csv").write_text(column("roll", [6, 6, "", 1, 2]))
    assert run("predict", "latently-segment-rolls/model.latently", "new.csv")[0] == 0
    result = polars.read_csv(here / "latently-predict-new" / "result.csv")
    symbols = np.array([6, 6, None, 1, 2], dtype=object)[:, None]
    assert_array_equal(result["state"], model.predict(symbols))
    (here / "new.csv").write_text(column("roll", [6, 6, 7]))
    assert_one_clear_line(
        *run("predict", "latently-segment-rolls/model.latently", "new.csv", "--out", "x"),
        "line 4 of new.csv holds '7' in column 'roll', a symbol that the model has never seen",
    )
    assert "x" not in os.listdir(here)


def test_a_file_as_others_write_it(run, here):
    cells = [f"{speed:.2f}".replace(".", ",") for speed in SPEED]
    text = "\ufeffzeit;tempo\r\n" + "".join(f"{i};{cell}\r\n" for i, cell in enumerate(cells))
    (here / "euro.csv").write_text(text, encoding="utf-8", newline="")
    assert run("segment", "euro.csv", "-k", "2", "--column", "tempo")[0] == 0
    result = rows_of(here / "latently-segment-euro" / "result.csv", ";")
    assert result[0] == ["zeit", "tempo", *ADDED]
    assert [row[1] for row in result[1:]] == cells
    assert_array_equal([int(row[2]) for row in result[1:51]], RUNS[:50])
    assert all("." not in row[3] for row in result)


# -- predict -------------------------------------------------------------------------------------------


def test_predict_follows_new_rows(folder, animals, run, here):
    (here / "new.csv").write_text("note,count,year\nx,30,2007\ny,,2008\nz,31,2009\n")
    model = str(folder / "model.latently")
    code, out, err = run("predict", model, "new.csv", "--time", "year")
    assert (code, err) == (0, "")
    assert "the filtered ones use the past only" in said_in(out)
    result = rows_of(here / "latently-predict-new" / "result.csv")
    assert result[0] == ["note", "count", "year", *ADDED]
    loaded = latently.load(model)
    X = polars.DataFrame({"count": [30.0, None, 31.0]})
    assert [int(row[3]) for row in result[1:]] == loaded.predict(X).tolist() == [2, 2, 2]
    assert_allclose([float(row[5]) for row in result[1:]], loaded.filter(X)[:, 2], atol=1e-6)

    (here / "animals.csv").write_text(written(ANIMALS))
    arguments = ("predict", str(animals / "model.latently"), "animals.csv", "--sequence", "animal")
    assert run(*arguments)[0] == 0
    again = rows_of(here / "latently-predict-animals" / "result.csv")
    assert again == rows_of(animals / "result.csv")


def test_predict_of_symbols_names_those_that_are_new(run, here):
    (here / "t.csv").write_text(column("code", [0, 1, 1, 2] * 8))
    assert run("segment", "t.csv", "-k", "1", "--emission", "categorical")[0] == 0
    predict = ("predict", "latently-segment-t/model.latently", "new.csv")
    for cell in ("1.5", "3", "1e+20"):
        (here / "new.csv").write_text(column("code", ["1", "", cell]))
        assert_one_clear_line(
            *run(*predict), f"line 4 of new.csv holds '{cell}' in column 'code', a symbol that"
        )
    (here / "new.csv").write_text(column("code", ["", "NA"]))
    assert run(*predict)[0] == 0


def test_predict_says_what_new_rows_lack_or_are_unlike(folder, run, here):
    model = str(folder / "model.latently")
    for content, words in {
        "cuont\n3\n": "no column 'count': did you mean 'cuont'?",
        "count\n3\n-1\n": "line 3 of new.csv holds -1 in column 'count', and counts are whole numbers",
        "count\nmany\n": "column 'count' of new.csv is not numeric (text: line 2 holds 'many'), and",
    }.items():
        (here / "new.csv").write_text(content)
        assert_one_clear_line(*run("predict", model, "new.csv"), words)
        assert os.listdir(here) == ["new.csv"]
    (here / "new.csv").write_text(column("count", [500] * 5))
    assert_one_clear_line(*run("predict", model, "new.csv", "--time", "day"), "has no column 'day'")
    said = " ".join(run("predict", model, "new.csv")[1].split())
    assert "5 rows (100%) lie where the model expects 1 in 1,000" in said


# -- what a column is taken for ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "kind", "why"),
    [
        (QUAKES.data[:, 0], "poisson", "vary as counts do"),
        (np.random.default_rng(0).poisson(0.4, 200), "poisson", "vary as counts do"),
        (datasets.load_casino().data[:, 0], "categorical", "6 whole numbers only"),
        (datasets.load_ice_cream().data[:, 0], "categorical", "3 whole numbers only"),
        ([0, 1, 1, 0, 1], "categorical", "two whole numbers only"),
        ([-1, 0, 1] * 10, "categorical", "some below 0"),
        (list(range(-40, 40, 3)), "gaussian", "some below 0"),
        (np.random.default_rng(0).normal(175, 7, 100).round().astype(int), "gaussian", "not vary as counts"),
        ([1, 2.5, 3], "gaussian", "fractions"),
        (["sun", "rain", "sun"], "categorical", "it is text"),
        (["true", "false", "true"], "categorical", "true or false"),
    ],
)
def test_a_column_is_taken_for_what_it_is(cells, kind, why):
    found = kind_of(read_csv(column("x", cells).encode(), "t.csv"), ["x"], "auto")
    assert found.name == kind
    assert why in found.why


def test_what_was_asked_for_is_not_guessed(run, here):
    (here / "t.csv").write_text(column("roll", datasets.load_casino().data[:60, 0]))
    code, out, _ = run("segment", "t.csv", "-k", "1", "--emission", "poisson", "--column", "roll")
    assert code == 0
    assert "taken for" not in out
    assert isinstance(model_of(here / "latently-segment-t"), PoissonHMM)


def test_columns_of_several_kinds_have_a_family_each_and_new_rows_are_read_alike(run, here):
    grades, opened = np.array([1, 2, 3])[RNG.integers(0, 2, 100) + RUNS], np.array(["no", "yes"])[RUNS]
    rows = zip(SPEED.round(3), grades, opened, strict=True)
    (here / "t.csv").write_text(written([["speed", "grade", "open"], *(map(str, row) for row in rows)]))
    code, out, err = run("segment", "t.csv", "-k", "2", "--out", "found")
    assert (code, err) == (0, "")
    assert "for what it holds: speed normal; grade categorical. --emission gaussian has" in said_in(out)
    assert run("segment", "t.csv", "-k", "2", "--column", "speed,open", "--out", "asked")[0] == 0
    model = model_of(here / "asked")
    assert model._model.emission.chosen == {"speed": "normal", "open": "categorical"}
    assert run("predict", "asked/model.latently", "t.csv", "--out", "again")[0] == 0
    states = model.predict(polars.read_csv(here / "t.csv")["speed", "open"])
    for name in ("asked", "again"):
        assert_array_equal([int(row[3]) for row in rows_of(here / name / "result.csv")[1:]], states)


@pytest.mark.parametrize(
    ("text", "names", "time", "left_out"),
    [
        ("a,name\n1.5,x\n2,y\n1,z\n", ["a"], "row", {"name": "text"}),
        ("t,a\n1,5\n2,4\n3,6\n4,5\n5,5\n", ["a"], "t", {"t": "the time"}),
        (
            "day,a\n" + "".join(f"2024-01-0{i},{i % 3}\n" for i in range(1, 7)),
            ["a"],
            "day",
            {"day": "the time"},
        ),
        ("a\n1\n2\n3\n4\n5\n6\n", ["a"], "row", {}),
        ("t,a,b\n1,5,2\n2,4,9\n3,6,1\n4,5,3\n5,5,0\n", ["a", "b"], "t", {"t": "the time"}),
        ("unit,a\n5,1.5\n5,2\n,1\n", ["a"], "row", {"unit": "constant, every value is 5"}),
        ("id,mood\n" + "a,glad\nb,sad\n" * 4, ["mood"], "row", {}),
    ],
)
def test_the_columns_and_the_time_are_guessed(text, names, time, left_out):
    table = read_csv(text.encode(), "t.csv")
    if "mood" in text:
        with pytest.raises(CommandError, match="2 columns of symbols"):
            series_of(table, [], None, None)
        return
    series = series_of(table, [], None, None)
    assert (series.names, series.time_name) == (names, time)
    assert series.left_out == left_out
    followed = "the only one that can be" if len(names) == 1 else "Columns a and b were followed together"
    assert any(followed in said for said in series.said)


def test_dates_rise_and_uneven_steps_are_told():
    months = read_csv(
        b"t,x\n2024-01,1\n2024-02,2\n2024-03,2\n2024-04-01T00:00:00Z,3\n2025-01-01,3\n", "t.csv"
    )
    times = time_of(months, "t", [0, 5])
    assert times.astype(str).tolist()[-2:] == ["2024-04-01", "2025-01-01"]
    assert uneven(times[:4], [0, 4], "t") is None  # months are even enough
    assert "1 step of t is longer or shorter" in uneven(times, [0, 5], "t")
    assert uneven(np.array([1.0, 2, 3, 1, 2, 3]), [0, 3, 6], "t") is None
    with pytest.raises(CommandError, match=r"line 4 of t\.csv has x 2 again"):
        time_of(months, "x", [0, 4, 5])


def test_sequences_are_runs():
    table = read_csv(b"s,x\na,1\na,2\nb,1\nc,2\nc,3\n", "t.csv")
    assert runs(table, "s") == ([0, 2, 3, 5], ["a", "b", "c"])
    assert runs(table, None) == ([0, 5], None)


# -- what cannot be ------------------------------------------------------------------------------------


def test_a_number_of_states_whose_fit_failed_is_told(run, here, monkeypatch):
    fit = GaussianHMM.fit

    def fails(self, *args, **kwargs):
        if self.n_components == 2:
            raise ValueError("the tide was out")
        return fit(self, *args, **kwargs)

    (here / "t.csv").write_text(column("x", SPEED[:50]))
    monkeypatch.setattr(GaussianHMM, "fit", fails)
    code, out, err = run("segment", "t.csv", "-k", "1:2")
    assert (code, err) == (0, "")
    assert "1 fit failed, the first (2 states) because the tide was out." in said_in(out)
    assert "the tide was out" in str(summary_of(here / "latently-segment-t")["careful"])
    assert_one_clear_line(*run("segment", "t.csv", "-k", "2", "--force"), "because the tide was out")
