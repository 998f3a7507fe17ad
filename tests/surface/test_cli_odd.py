"""Odd files and names: one clear line, or a run like any other; never a traceback."""

import errno
import os
import warnings
from datetime import timedelta

import numpy as np
import polars
import pytest

from tests.command import GOOD, ONE_FIT, assert_one_clear_line, model_of, said_in
from tests.processes import MAIN, UNDRAWN


def test_a_link_to_itself_is_no_folder(run, here):
    (here / "t.csv").write_text(GOOD)
    os.symlink("loop", here / "loop")
    for place in ("loop", "loop/below"):
        code, out, err = run("cluster", "t.csv", *ONE_FIT, "--out", place)
        assert_one_clear_line(code, out, err, f"'{place}'")
    assert_one_clear_line(*run("cluster", "loop"), "'loop'")
    assert sorted(os.listdir(here)) == ["loop", "t.csv"]


# Files may be no larger than that, and pictures are.
SMALL_FILES = """
from latently.report import Figure
Figure._saved = lambda *_, **__: b" " * 30_000
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))
"""


@pytest.mark.parametrize("room", [100, 20_000])  # for not even the model, and for no picture
def test_where_there_is_no_room_nothing_is_left_and_what_was_found_is_said_before(copy, tmp_path, room):
    (tmp_path / "t.csv").write_text(GOOD)
    ran = copy(tmp_path, "cluster", "t.csv", *ONE_FIT, code=SMALL_FILES.format(room=room) + MAIN)
    words = f"'latently-cluster-t' cannot be written: {os.strerror(errno.EFBIG)};"
    assert "in the 20 rows of t.csv" in ran.stdout.partition("\n")[0]
    assert_one_clear_line(ran.returncode, "", ran.stderr, words)
    assert os.listdir(tmp_path) == ["t.csv"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_results_stand_where_they_cannot_be_printed(copy, tmp_path):
    (tmp_path / "t.csv").write_text(GOOD)
    ran = copy(tmp_path, "cluster", "t.csv", *ONE_FIT, stdout="/dev/full", code=UNDRAWN + MAIN)
    assert_one_clear_line(ran.returncode, ran.stdout, ran.stderr, "what was found cannot be printed: ")
    assert "result.csv" in os.listdir(tmp_path / "latently-cluster-t")


def test_what_has_no_place_in_a_csv_file_is_written_as_text(run, here):
    n = 20
    frame = polars.DataFrame(
        {
            "x": np.random.default_rng(0).normal(size=n),
            "wait": [timedelta(seconds=i) for i in range(n)],
            "waits": [[timedelta(seconds=i)] for i in range(n)],
            "bytes": [[b"\xff"]] * n,
        }
    )
    frame.write_parquet(here / "t.parquet")
    assert run("cluster", "t.parquet", *ONE_FIT)[0] == 0
    result = polars.read_csv(here / "latently-cluster-t" / "result.csv")
    assert result["wait"][3] == "PT3S"
    assert result["waits"][3] == '["0:00:03"]'


def test_symbols_of_too_many_digits_for_numbers_stay_apart(run, here):
    codes = [2**64 - 1 - i % 3 for i in range(30)]
    polars.DataFrame({"code": polars.Series(codes, dtype=polars.UInt64)}).write_parquet(here / "t.parquet")
    asked = ("--column", "code", "--emission", "categorical")
    assert run("segment", "t.parquet", "-k", "1", *asked)[0] == 0
    assert model_of(here / "latently-segment-t").emissionprob_.shape == (1, 3)


def test_a_warning_is_one_clear_line(run, here, monkeypatch):
    def warns(a):
        warnings.warn("odd,\nbut not wrong", UserWarning, stacklevel=1)

    (here / "t.csv").write_text(GOOD)
    monkeypatch.setattr("latently.report.mixture.report.truth", warns)
    warnings.simplefilter("default")
    code, _, err = run("cluster", "t.csv", *ONE_FIT)
    assert (code, err) == (0, "latently: odd, but not wrong\n")


def test_a_name_that_is_no_utf8_is_read_and_told(rendered, here):
    name = os.fsdecode(b"d\xe9j\xe0.csv")
    try:
        (here / name).write_text(GOOD)
    except OSError:
        pytest.skip("this file system has names in UTF-8 only")
    code, _, err = rendered("cluster", name, *ONE_FIT, "--out", "o")
    assert (code, err) == (0, "")
    assert "d\\udce9j\\udce0.csv" in (here / "o" / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("job", "result"),
    [
        (("cluster", "t.csv", *ONE_FIT), "result.csv"),
        (("cluster", "t.csv", *ONE_FIT, "--columns", "a,unit,b"), "result.csv"),
        (("impute", "t.csv", "-m", "2"), "completed.csv"),
        (("segment", "t.csv", "-k", "1", "--column", "a,unit,b"), "result.csv"),
    ],
)
def test_a_constant_column_is_left_out_of_the_model_and_kept(run, here, job, result):
    x = np.random.default_rng(0).normal(size=(30, 2)).round(3)
    frame = polars.DataFrame({"a": x[:, 0], "unit": [None, *[7.0] * 29], "b": [*x[:29, 1], None]})
    frame.write_csv(here / "t.csv")
    code, out, err = run(*job)
    assert (code, err) == (0, "")
    assert "unit (constant, every value is 7)" in said_in(out)
    folder = here / f"latently-{job[0]}-t"
    assert polars.read_csv(folder / result)["unit"].equals(frame["unit"])
    assert model_of(folder).feature_names_in_.tolist() == ["a", "b"]


def test_a_folder_of_texts_is_for_topics(run, here):
    (here / "texts").mkdir()
    for i in range(3):
        (here / "texts" / f"{i}.txt").write_text(
            f"the sea, the wind and ship number {i}\n" * 9, encoding="utf-8"
        )
    code, out, err = run("cluster", "texts")
    assert (code, out) == (2, "")
    assert "latently topics" in err
    assert len(err) < 500
