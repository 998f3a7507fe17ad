"""The command: what it writes, what it says, and that it leaves nothing behind when it cannot."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import numpy as np
import polars
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from rich.console import Console
from sklearn.metrics import adjusted_rand_score

import latently
from latently import GaussianMixture
from latently.cli import demo, main
from latently.cli.columns import as_numbers, looks_like_identifier
from latently.cli.csv_file import read_csv
from latently.cli.failure import CommandError
from latently.cli.folder import ResultFolder
from latently.cli.terminal import progress, say_table
from latently.report import Section
from latently.report.table import Table as Shown

COMMAND = [sys.executable, "-c", "from latently.cli import main; main()"]
ARGUMENTS = ("cluster", "plants.csv", "-k", "1:2", "--covariance", "full", "--truth", "kind")
FAST = ("-k", "2", "--covariance", "full")
FILES = {"model.latently", "result.csv", "summary.json", "index.html"}

RNG = np.random.default_rng(0)
KIND = RNG.permutation(np.repeat([0, 1], [40, 20]))
HEIGHT = 10.0 * KIND + RNG.normal(size=60)
WIDTH = 5.0 * KIND + RNG.normal(size=60)
KINDS = np.where(KIND == 0, "low", "high")

# A file as files are: an identifier, text, booleans, a name that the result would take, and the truth.
WIDE = [
    ["id", "height", "name", "width, cm", "ripe", "cluster", "kind"],
    *(
        [
            str(i + 1),
            f"{HEIGHT[i]:.4f}",
            f"no. {i}",
            f"{WIDTH[i]:.4f}",
            ["true", "false"][i % 2],
            "a",
            KINDS[i],
        ]
        for i in range(60)
    ),
]


def written(rows, separator=","):
    text = StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\n").writerows(rows)
    return text.getvalue()


def rows_of(path, separator=","):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file, delimiter=separator))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(here, capsys):
    """Run the command in a folder of its own: exit code, what it printed, what it complained of."""

    def command(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = capsys.readouterr()
        return ended.value.code, out, err

    return command


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """One real run, looked at by many tests: the folder and the finished process."""
    folder = tmp_path_factory.mktemp("session")
    (folder / "plants.csv").write_text(written(WIDE), encoding="utf-8")
    ran = subprocess.run([*COMMAND, *ARGUMENTS], cwd=folder, capture_output=True, text=True, encoding="utf-8")
    return folder, ran


# -- cluster -------------------------------------------------------------------------------------------


def test_a_run_ends_well_and_is_quiet_when_piped(session):
    _, ran = session
    assert ran.returncode == 0
    assert ran.stderr == ""
    assert "\x1b" not in ran.stdout


def test_a_run_writes_its_folder_and_nothing_else(session):
    folder, _ = session
    assert set(os.listdir(folder)) == {"plants.csv", "latently-cluster-plants"}
    results = set(os.listdir(folder / "latently-cluster-plants"))
    assert results - {"convergence.png"} == FILES | {"data.png", "uncertainty.png", "bic.png"}


def test_the_result_keeps_every_cell_and_adds_two_columns(session):
    folder, _ = session
    result = rows_of(folder / "latently-cluster-plants" / "result.csv")
    assert result[0] == [*WIDE[0], "cluster_2", "probability"]
    assert [row[:7] for row in result] == WIDE
    clusters = [row[7] for row in result[1:]]
    assert set(clusters) == {"0", "1"}
    assert adjusted_rand_score(KINDS, clusters) == 1.0
    assert all(0.5 <= float(row[8]) <= 1 for row in result[1:])


def test_the_model_is_the_one_that_labelled_the_rows(session):
    folder, _ = session
    model = latently.load(folder / "latently-cluster-plants" / "model.latently")
    result = polars.read_csv(folder / "latently-cluster-plants" / "result.csv")
    assert list(model.feature_names_in_) == ["id", "height", "width, cm"]
    features = result.select(polars.col(model.feature_names_in_).cast(polars.Float64))
    assert_array_equal(model.predict(features), result["cluster_2"])
    assert_allclose(model.predict_proba(features).max(axis=1), result["probability"], atol=1e-6)


def test_the_summary_for_programs_agrees(session):
    folder, _ = session
    summary = json.loads((folder / "latently-cluster-plants" / "summary.json").read_text(encoding="utf-8"))
    assert summary["input"] == "plants.csv"
    assert summary["columns"] == ["id", "height", "width, cm"]
    assert sorted(summary["sizes"]) == [20, 40]
    assert summary["truth"]["adjusted_rand_index"] == 1.0
    assert len(summary["fits"]) == 2
    assert summary["settings"]["Command"] == (
        "latently cluster plants.csv -k 1:2 --covariance full --truth kind --seed 0"
    )


def test_the_summary_for_people_says_what_matters(session):
    _, ran = session
    said = " ".join(ran.stdout.split())
    for words in (
        "2 clusters in the 60 rows of plants.csv",
        "Cluster 0 holds 40 rows (67%)",
        "adjusted Rand index 1.000",
        "silhouette",
        "[",  # the best BIC
        "Why it stopped converged",
        "at the same maximum as the best",
        "name (text), ripe (true or false), cluster (text), kind (the truth)",
        "the largest that was tried",
        "Column 'id' has a whole number of its own in every row and looks like an identifier",
        "--columns 'height,\"width, cm\"'",
        "the columns cluster_2 and probability",
    ):
        assert words in said


def test_pictures_and_page_are_what_they_are_called(session):
    results = session[0] / "latently-cluster-plants"
    for name in ("data", "uncertainty", "bic"):
        assert (results / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert "2 clusters in the 60 rows of plants.csv" in (results / "index.html").read_text(encoding="utf-8")


def test_the_command_for_leaving_out_a_column_can_be_typed(run, here):
    (here / "plants.csv").write_text(written(WIDE))
    code, out, _ = run("cluster", "plants.csv", *FAST, "--columns", 'height,"width, cm"')
    assert code == 0
    assert "identifier" not in out
    assert "id (not asked for)" in " ".join(out.split())


def test_semicolons_and_decimal_commas_stay_as_they_are(run, here):
    cells = [[f"{value:.3f}".replace(".", ",") for value in pair] for pair in zip(HEIGHT, WIDTH, strict=True)]
    rows = [["a", "nothing", "b"], *([a, "", b] for a, b in cells)]
    (here / "euro.csv").write_text(written(rows, ";"))
    code, *_ = run("cluster", "euro.csv", *FAST, "--out", "deep/down")
    assert code == 0
    result = rows_of(here / "deep" / "down" / "result.csv", ";")
    assert [row[:3] for row in result] == rows
    lines = (here / "deep" / "down" / "result.csv").read_text(encoding="utf-8").splitlines()
    assert all(
        line.startswith(before) for line, before in zip(lines, written(rows, ";").splitlines(), strict=True)
    )
    assert set(os.listdir(here / "deep" / "down")) >= FILES
    assert all("." not in row[4] for row in result)
    model = latently.load(here / "deep" / "down" / "model.latently")
    assert_allclose(np.sort(model.means_[:, 0]), [HEIGHT[k == KIND].mean() for k in (0, 1)], atol=0.01)


def test_parquet_keeps_its_columns(run, here):
    frame = polars.DataFrame({"h": HEIGHT, "w": WIDTH, "on": [True, False] * 30, "two": [[1, 2]] * 60})
    frame.write_parquet(here / "t.parquet")
    code, out, _ = run("cluster", "t.parquet", *FAST)
    assert code == 0
    assert "on (true or false), two (not numbers)" in out
    result = rows_of(here / "latently-cluster-t" / "result.csv")
    assert result[0] == ["h", "w", "on", "two", "cluster", "probability"]
    assert float(result[1][0]) == HEIGHT[0]


def test_results_are_replaced_only_by_force_and_only_by_success(run, here):
    (here / "t.csv").write_text(written([["h"], *([f"{h:.3f}"] for h in HEIGHT)]))
    assert run("cluster", "t.csv", *FAST)[0] == 0
    results = here / "latently-cluster-t"
    (results / "index.html").write_text("old")

    code, _, err = run("cluster", "t.csv", *FAST)
    assert code == 2
    assert "add --force" in err
    code, _, err = run("cluster", "t.csv", "-k", "80", "--covariance", "full", "--force")
    assert code == 2
    assert "all 1 fits failed" in err
    assert (results / "index.html").read_text() == "old"

    assert run("cluster", "t.csv", *FAST, "--force")[0] == 0
    assert (results / "index.html").read_text() != "old"
    assert sorted(os.listdir(here)) == ["latently-cluster-t", "t.csv"]


def test_the_same_seed_gives_the_same_result_in_another_process(session, run, here):
    first = session[0] / "latently-cluster-plants"
    (here / "plants.csv").write_bytes((session[0] / "plants.csv").read_bytes())
    assert run(*ARGUMENTS)[0] == 0
    second = here / "latently-cluster-plants"
    for name in ("result.csv", "model.latently", "index.html", "data.png"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_one_column_is_enough(run, here):
    (here / "t.csv").write_text(written([["h"], *([f"{h:.3f}"] for h in HEIGHT)]))
    code, out, _ = run("cluster", "t.csv", "-k", "2")
    assert code == 0
    assert "diag" not in out  # the same model as full
    assert "The bars are the rows" in (here / "latently-cluster-t" / "index.html").read_text(encoding="utf-8")


# -- what cannot be ------------------------------------------------------------------------------------

GOOD = "height,b\n1,2\n3,5\n5,6\n2,2\n"
MESSY = {
    "empty": (b"", "t.csv is empty"),
    "blank": (b"\n\n  \n", "t.csv is empty"),
    "header only": (b"a,b\n", "a header and no rows"),
    "one row": (b"a,b\n1,2\n", "only one row"),
    "empty cells": (
        b"a,b\n1,2\n3,\n5,NA\n7,8\n",
        "line 3 of t.csv is empty in column 'b' (one of 2 such cells)",
    ),
    "a leftover way out": (b"a,b\n1,2\n3,\n5,1\n", "leave the column out: --columns a"),
    "infinity": (b"a,b\n1,2\n3,4\n5,-inf\n", "line 4 of t.csv is infinite in column 'b'"),
    "constant": (b"a,b\n1,2\n1,4\n1,6\n", "column 'a' of t.csv is constant (every value is 1)"),
    "same name": (b"a,b,a\n1,2,3\n", "two columns of t.csv are called 'a' (columns 1 and 3)"),
    "long line": (b"a,b\n1,2\n\n3,4,5\n", "line 4 of t.csv has 3 cells and the header 2"),
    "short line": (b"a,b\n1,2\n3\n", "line 3 of t.csv has 1 cell and the header 2"),
    "open quote": (b'a,b\n1,"2\n3,4\n', "look for a quote that is not closed"),
    "latin": (b"a,b\n1,2\nn\xe9,3\n", "line 3 of t.csv is not UTF-8 (byte 0xe9)"),
    "utf-16": ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
    "binary": (b"\x89PNG\x00\x01", "not a text file"),
    "spreadsheet": (b"PK\x03\x04...", "a spreadsheet or a zip archive"),
    "parquet": (b"PAR1....PAR1", "damaged Parquet file"),
    "no numbers": (
        b"a,b\nx,true\ny,false\n",
        "no column of numbers to work with: 'a' (text), 'b' (true or false)",
    ),
}
WRONG = {
    ("no.csv",): "there is no file 'no.csv'",
    (".",): "'.' is a folder",
    ("t.csv", "--columns", "hieght,b"): "no column 'hieght': did you mean 'height'?",
    ("t.csv", "--columns", "zzz"): "it has 'height', 'b'",
    ("t.csv", "--columns", " , "): "--columns names no column",
    ("t.csv", "--truth", "B!"): "no column 'B!'",
    ("t.csv", "--truth", "b", "--columns", "b,height"): "'b' is in --columns and is the --truth",
    ("t.csv", "-k", "0"): "-k 0: there is at least 1 component",
    ("t.csv", "-k", "5:2"): "-k 5:2 runs backwards: write -k 2:5",
    ("t.csv", "-k", "x"): "-k x: write a number",
    ("t.csv", "-k", "1:"): "-k 1:: write a number",
    ("t.csv", "-k", "-3"): "-k -3: write a number",
    ("t.csv", "-k", "9"): "all 4 fits failed",
    ("t.csv", "--covariance", "round"): "'round' is not one of",
    ("t.csv", "--seed", "x"): "--seed",
    ("t.csv", "--seed", "-1"): "--seed",
    ("t.csv", "--wrong"): "No such option: --wrong",
    ("t.csv", "--out", "t.csv"): "'t.csv' is a file",
    ("t.csv", "--out", "."): "the folder you are in",
    ("t.csv", "--out", "t.csv/below"): "'t.csv/below' cannot be written",
    (): "Missing argument",
}


def assert_one_clear_line(code, out, err, words):
    assert code == 2
    assert out == ""
    assert words in err
    assert err.startswith("latently: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err


@pytest.mark.parametrize(("content", "words"), MESSY.values(), ids=MESSY)
def test_a_messy_table_is_one_clear_line_and_leaves_nothing(run, here, content, words):
    (here / "t.csv").write_bytes(content)
    assert_one_clear_line(*run("cluster", "t.csv"), words)
    assert os.listdir(here) == ["t.csv"]


@pytest.mark.parametrize(("arguments", "words"), WRONG.items(), ids=[" ".join(key) for key in WRONG])
def test_a_wrong_request_is_one_clear_line_and_leaves_nothing(run, here, arguments, words):
    (here / "t.csv").write_text(GOOD)
    assert_one_clear_line(*run("cluster", *arguments), words)
    assert os.listdir(here) == ["t.csv"]


def test_a_column_that_was_asked_for_must_be_numbers(run, here):
    (here / "t.csv").write_text("a,b\n1,2\n2,3\nthree,4\n5,6\n")
    assert_one_clear_line(
        *run("cluster", "t.csv", "--columns", "a,b"), "line 4 holds 'three', which is not a number"
    )


def test_files_that_are_not_ours_are_never_replaced(run, here):
    (here / "t.csv").write_text(GOOD)
    (here / "mine").mkdir()
    (here / "mine" / "thesis.tex").write_text("years of work")
    assert_one_clear_line(
        *run("cluster", "t.csv", "--out", "mine", "--force"), "'thesis.tex', which latently did not"
    )
    assert (here / "mine" / "thesis.tex").read_text() == "years of work"


def test_an_unwritable_place_is_one_clear_line():
    if not os.path.isdir("/proc"):
        pytest.skip("needs a folder in which nobody can write")
    with (
        pytest.raises(CommandError, match="'/proc/results' cannot be written"),
        ResultFolder(Path("/proc/results"), False),
    ):
        pass


def test_a_real_process_fails_the_same_way(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,\n2,3\n")
    ran = subprocess.run([*COMMAND, "cluster", "t.csv"], cwd=tmp_path, capture_output=True, text=True)
    assert_one_clear_line(ran.returncode, ran.stdout, ran.stderr, "line 2 of t.csv is empty in column 'b'")


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing_behind(tmp_path, signum):
    rng = np.random.default_rng(0)
    np.savetxt(
        tmp_path / "t.csv", rng.normal(size=(20_000, 6)), delimiter=",", header="a,b,c,d,e,f", comments=""
    )
    process = subprocess.Popen(
        [*COMMAND, "cluster", "t.csv"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts what runs in its background with SIGINT ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    began = time.monotonic()
    while len(os.listdir(tmp_path)) == 1:  # until the folder that is filled aside is there
        assert process.poll() is None
        assert time.monotonic() - began < 30
        time.sleep(0.05)
    process.send_signal(signum)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err == "latently: interrupted, and nothing was written\n"
    assert os.listdir(tmp_path) == ["t.csv"]


def test_results_are_there_even_if_nobody_listens(tmp_path):
    (tmp_path / "t.csv").write_text(written([["h"], *([f"{h:.3f}"] for h in HEIGHT)]))
    command = [*COMMAND, "cluster", "t.csv", *FAST]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    process.wait(timeout=60)
    assert "Traceback" not in err
    assert set(os.listdir(tmp_path)) == {"t.csv", "latently-cluster-t"}


def test_without_its_extra_the_command_says_how_to_install_it(tmp_path):
    code = (
        "import sys; sys.modules['polars'] = None; from latently.cli import main; main(['cluster', 't.csv'])"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert_one_clear_line(ran.returncode, ran.stdout, ran.stderr, 'needs polars: pip install "latently[cli]"')


def test_without_typer_the_command_says_how_to_install_it(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "typer", None)
    monkeypatch.delitem(sys.modules, "latently.cli.app", raising=False)
    assert_one_clear_line(*run("--version"), 'needs typer: pip install "latently[cli]"')


# -- predict -------------------------------------------------------------------------------------------


@pytest.fixture
def model(here):
    X = polars.DataFrame({"h": HEIGHT, "w": WIDTH})
    GaussianMixture(2, n_init=1, random_state=0).fit(X).save(here / "model.latently")
    return latently.load(here / "model.latently")


def test_predict_labels_rows_by_the_names_of_columns(run, here, model):
    rows = [["who", "w", "h"], ["x", "0.1", "0.2"], ["y", "5.1", "9.9"]]
    (here / "new.csv").write_text(written(rows))
    code, out, err = run("predict", "model.latently", "new.csv")
    assert (code, err) == (0, "")
    result = rows_of(here / "latently-predict-new" / "result.csv")
    expected = model.predict(polars.DataFrame({"h": [0.2, 9.9], "w": [0.1, 5.1]}))
    assert [row[:3] for row in result] == rows
    assert [row[3] for row in result] == ["cluster", *map(str, expected)]
    assert "unlike" not in out


def test_predict_says_if_rows_are_unlike_those_of_the_fit(run, here, model):
    (here / "new.csv").write_text("h,w\n" + "1000,-1000\n" * 5)
    assert "5 rows (100%) lie where the model expects 1 in 1,000" in " ".join(
        run("predict", "model.latently", "new.csv")[1].split()
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("h,v\n1,2\n", "new.csv has no column 'w'"),
        ("a,b\n1,2\n", "new.csv lacks columns of the model: 'h', 'w'"),
        (
            "h,w\n3,4\n1,\n",
            "line 3 of new.csv is empty in column 'w' (the only such cell): fill or drop such rows",
        ),
        ("h,w\n1,x\n", "column 'w' of new.csv is not numeric (text), and the model needs it"),
    ],
)
def test_predict_names_what_the_new_table_lacks(run, here, model, content, words):
    (here / "new.csv").write_text(content)
    assert_one_clear_line(*run("predict", "model.latently", "new.csv"), words)
    assert sorted(os.listdir(here)) == ["model.latently", "new.csv"]


@pytest.mark.parametrize("content", [None, b"", b"nonsense", b"PK\x03\x04nonsense"])
def test_predict_refuses_what_is_no_model(run, here, content):
    (here / "new.csv").write_text(GOOD)
    if content is not None:
        (here / "m.latently").write_bytes(content)
    assert_one_clear_line(*run("predict", "m.latently", "new.csv"), "m.latently")


# -- demo ----------------------------------------------------------------------------------------------


def test_the_demo_tells_both_values_of_bic_and_why(run, here, monkeypatch):
    monkeypatch.setattr("latently.cli.demo.faithful.TRIED", range(2, 4))
    code, out, err = run("demo", "--out", "demo", "--force")
    assert (code, err) == (0, "")
    html = (here / "demo" / "index.html").read_text(encoding="utf-8")
    for text in (" ".join(out.split()), html):
        assert "BIC is lowest, 2314.296, for 3 components with tied covariances" in text
        assert "for 2 components with full covariances it is 2322.192" in text
        assert "not for the number of kinds" in text
        assert "no dip in the density between clusters 0 and 2" in text
    assert html.count("<img") == 5
    assert run("demo", "--out", "demo")[0] == 2


def test_every_chapter_of_the_demo_is_on_its_page(run, here, monkeypatch):
    def chapter(told):
        return demo.Chapter(Section(f"Chapter {len(seen)}", []), seen.append("said") or ["A finding."])

    seen = []
    monkeypatch.setattr(demo, "CHAPTERS", (chapter, chapter))
    _, out, _ = run("demo")
    html = (here / "demo" / "index.html").read_text()
    assert "<h2>Chapter 0</h2>" in html
    assert "<h2>Chapter 1</h2>" in html
    assert out.count("A finding.") == 2


# -- help ----------------------------------------------------------------------------------------------


def test_the_version_is_that_of_the_library(run):
    assert run("--version") == (0, f"latently {latently.__version__}\n", "")


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_help_lists_the_jobs(run, arguments):
    code, out, err = run(*arguments)
    assert (code, err) == (0, "")
    assert all(job in out for job in ("cluster", "predict", "demo"))


def test_help_of_a_job_lists_its_options(run):
    out = run("cluster", "--help")[1]
    for option in ("--components", "--covariance", "--columns", "--truth", "--out", "--seed", "--force"):
        assert option in out


# -- parts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "separator", "decimal_comma"),
    [
        ("a,b\n1,2\n", ",", False),
        ("a;b\n1,5;2\n", ";", True),
        ("a;b\n1.5;2,5\n", ";", False),
        ("a\tb\n1\t2\n", "\t", False),
        ("a|b\n1|2\n", "|", False),
        ('"a;b;c",d\n1,2\n', ",", False),
        ("a\n1\n", ",", False),
        ("\ufeffa,b\r\n1,2\r\n", ",", False),
        ("a,b\r1,2\r", ",", False),
    ],
)
def test_the_manner_of_a_file_is_recognised(text, separator, decimal_comma):
    table = read_csv(text.encode(), "t.csv")
    assert (table.separator, table.decimal_comma) == (separator, decimal_comma)
    assert table.frame.height == 1
    assert table.frame.columns[0].startswith("a")


def test_lines_are_counted_as_an_editor_does():
    table = read_csv(b'\na,b\n1,"two\nlines"\n\n3,4\n', "t.csv")
    assert [table.where(row) for row in range(2)] == ["line 4", "line 6"]
    assert table.frame.rows() == [("1", "two\nlines"), ("3", "4")]


def test_a_column_without_a_name_gets_one():
    assert read_csv(b",x\n1,2\n", "t.csv").frame.columns == ["column 1", "x"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", " 2.5 ", "-3e2"], [1, 2.5, -300]),
        (["1", "NA", "nan"], [1, None, None]),
        (["x", "y", "z"], "text"),
        (["true", "FALSE", ""], "true or false"),
        (["", "NA", "?"], "empty"),
        (["1", "2", "3 kg"], "line 4 holds '3 kg', which is not a number"),
    ],
)
def test_a_column_is_numbers_or_it_is_said_why_not(cells, expected):
    table = read_csv("\n".join(["a,b", *(f"{cell},1" for cell in cells)]).encode(), "t.csv")
    column = as_numbers(table, "a")
    assert (column.why_not if column.values is None else column.values.to_list()) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (range(1, 31), True),
        ([7 * i % 101 for i in range(30)], True),
        ([1.5 * i for i in range(30)], False),
        ([i // 2 for i in range(30)], False),
        (range(5), False),
    ],
)
def test_identifiers_are_whole_numbers_each_of_its_own(values, expected):
    assert looks_like_identifier(polars.Series(values, dtype=polars.Float64)) is expected


def test_a_wide_table_goes_on_below():
    console = Console(file=StringIO(), width=40)
    say_table(
        console,
        Shown("T", ["", *(f"column {j}" for j in range(8))], [["row", *(f"{j}." * 5 for j in range(8))]]),
    )
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 40
    assert sum(line.strip().startswith("row") for line in lines) > 1
    assert all(any(f"{j}." * 5 in line for line in lines) for j in range(8))


def test_progress_is_shown_on_a_terminal_only(capsys, monkeypatch):
    with progress(lambda params: f"fit {params['k']}") as told:
        told(0, 2, {"k": 3})
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress(lambda params: f"fit {params['k']}") as told:
        told(1, 2, {"k": 3})
    out, err = capsys.readouterr()
    assert out == ""
    assert "fit 3" in err
    assert "1/2" in err
