"""The command: what it writes, what it says, and that it leaves nothing behind when it cannot."""

import json
import os
import re
import subprocess
import sys
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
from latently.cli import demo
from latently.cli.demo.chapter import Chapter
from latently.cli.failure import CommandError
from latently.cli.folder import ResultFolder
from latently.cli.terminal import progress, say_table
from latently.report import Section
from latently.report import Table as Shown
from tests.command import COMMAND, assert_one_clear_line, process, rows_of, said_in, written

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


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """One real run, looked at by many tests: the folder and the finished process."""
    folder = tmp_path_factory.mktemp("session")
    (folder / "plants.csv").write_text(written(WIDE), encoding="utf-8")
    ran = process(folder, *ARGUMENTS)
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


def test_empty_cells_are_missing_and_stay_so(run, here):
    rows = [["h", "w", "z"], *([f"{h:.3f}", f"{w:.3f}", "1.5"] for h, w in zip(HEIGHT, WIDTH, strict=True))]
    rows[3][0] = rows[9][1] = ""
    rows[20][1] = "NA"
    rows[5][:2] = ["", ""]
    (here / "t.csv").write_text(written(rows))
    code, out, _ = run("cluster", "t.csv", *FAST, "--columns", "h,w", "--truth", "z")
    said = " ".join(out.split())
    assert code == 0
    assert "5 cells of 120 are missing: 4 rows (7%) lack some and count with the cells they have" in said
    assert (
        "1 row lacks all of the columns used: for want of anything else, it goes to the largest"
        in said.lower()
    )
    result = rows_of(here / "latently-cluster-t" / "result.csv")
    assert [row[:3] for row in result] == rows
    model = latently.load(here / "latently-cluster-t" / "model.latently")
    X = np.array([[float(c) if c not in ("", "NA") else np.nan for c in row[:2]] for row in rows[1:]])
    labels = model.predict(polars.DataFrame(X, schema=["h", "w"]))
    assert [int(row[3]) for row in result[1:]] == labels.tolist()
    seen = np.isfinite(X).any(axis=1)
    assert adjusted_rand_score(KIND[seen], labels[seen]) == 1.0
    summary = json.loads((here / "latently-cluster-t" / "summary.json").read_text(encoding="utf-8"))
    assert summary["missing"] == [2, 3]

    code, out, _ = run("predict", "latently-cluster-t/model.latently", "t.csv")
    assert code == 0
    assert "4 rows have empty cells and are labelled by the cells that they have" in " ".join(out.split())
    again = rows_of(here / "latently-predict-t" / "result.csv")
    assert [row[3] for row in again] == [row[3] for row in result]


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
    "infinity": (
        b"a,b\n1,2\n3,inf\n5,-inf\n",
        "line 3 of t.csv is infinite in column 'b' (one of 2 such cells)",
    ),
    "a leftover way out": (b"a,b\n1,2\n3,inf\n5,1\n", "leave the column out: --columns a"),
    "constant": (
        b"a,b\n1,2\n1,\n,2\n",
        "of numbers to work with: 'a' (constant, every value is 1), 'b' (constant, every value is 2)",
    ),
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
    (tmp_path / "t.csv").write_text("a,b\n1,inf\n2,3\n")
    ran = process(tmp_path, "cluster", "t.csv")
    assert_one_clear_line(ran.returncode, ran.stdout, ran.stderr, "line 2 of t.csv is infinite in column 'b'")


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


# -- impute --------------------------------------------------------------------------------------------

IMPUTE = ("impute", "plants.csv", "-m", "3", "--columns", 'height,"width, cm"')
IMPUTED = {
    *("model.latently", "completed.csv", "intervals.csv", "draws", "summary.json", "index.html"),
    *(f"{picture}.png" for picture in ("patterns", "scatters", "densities", "overimputation")),
}

# Heights and widths that go together, with holes as files have them, and cells of other columns with holes.
HOLED = [list(row) for row in WIDE]
for i, mark in ((3, ""), (8, "NA"), (20, " nan "), (33, "?")):
    HOLED[i][1] = mark
for i in (5, 8, 40):
    HOLED[i][3] = "n/a"
HOLED[2][2] = ""


@pytest.fixture(scope="module")
def imputed(tmp_path_factory):
    """One real run, looked at by many tests: the folder and the finished process."""
    folder = tmp_path_factory.mktemp("imputed")
    (folder / "plants.csv").write_text(written(HOLED), encoding="utf-8")
    ran = process(folder, *IMPUTE)
    return folder / "latently-impute-plants", ran


def holed_features():
    frame = polars.DataFrame(HOLED[1:], schema=HOLED[0], orient="row").select("height", "width, cm")
    return frame.with_columns(polars.all().cast(polars.Float64, strict=False).fill_nan(None))


def test_an_imputation_ends_well_is_quiet_and_writes_its_folder_and_nothing_else(imputed):
    folder, ran = imputed
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "\x1b" not in ran.stdout
    assert set(os.listdir(folder.parent)) == {"plants.csv", "latently-impute-plants"}
    assert set(os.listdir(folder)) - {"convergence.png"} == IMPUTED
    assert sorted(os.listdir(folder / "draws")) == ["01.csv", "02.csv", "03.csv"]
    for name in IMPUTED:
        if name.endswith(".png"):
            assert (folder / name).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["completed.csv", *(f"draws/0{i}.csv" for i in (1, 2, 3))])
def test_completed_tables_keep_every_cell_that_was_observed(imputed, name):
    result = rows_of(imputed[0] / name)
    assert result[0] == HOLED[0]
    assert len(result) == len(HOLED)
    for i, (was, now) in enumerate(zip(HOLED, result, strict=True)):
        for j, (before, after) in enumerate(zip(was, now, strict=True)):
            if j in (1, 3) and before.strip().lower() in ("", "na", "nan", "?", "n/a"):
                assert np.isfinite(float(after))
            else:
                assert after == before, (i, j)


def test_what_is_filled_in_is_what_the_saved_model_says(imputed):
    folder, _ = imputed
    model = latently.load(folder / "model.latently")
    X = holed_features()
    completed = polars.read_csv(folder / "completed.csv").select(X.columns).to_numpy()
    assert_allclose(completed, model.transform(X), atol=1e-4)
    tables = [polars.read_csv(folder / "draws" / f"0{i}.csv").select(X.columns).to_numpy() for i in (1, 2, 3)]
    for table, drawn in zip(tables, model.draw_imputations(X, 3, random_state=0), strict=True):
        assert_allclose(table, drawn, atol=1e-4)
    spread = np.ptp(tables, axis=0)
    assert (spread[np.isnan(X.to_numpy())] > 0).all()


def test_intervals_have_a_line_for_each_filled_cell(imputed):
    folder, _ = imputed
    result = rows_of(folder / "intervals.csv")
    assert result[0] == ["row", "column", "value", "lower", "upper"]
    X = holed_features()
    model = latently.load(folder / "model.latently")
    i, j = np.nonzero(np.isnan(X.to_numpy()))
    assert [row[:2] for row in result[1:]] == [[str(r + 1), X.columns[c]] for r, c in zip(i, j, strict=True)]
    lower, upper = model.interval(X, 0.95, parameter_uncertainty=True)
    expected = np.column_stack([model.transform(X)[i, j], lower[i, j], upper[i, j]])
    assert_allclose(np.array([row[2:] for row in result[1:]], dtype=float), expected, atol=1e-4)
    completed = rows_of(folder / "completed.csv")
    assert all(completed[int(row)][HOLED[0].index(name)] == value for row, name, value, *_ in result[1:])


def test_the_first_screen_of_an_imputation_says_what_matters(imputed):
    said = " ".join(imputed[1].stdout.split())
    for words in (
        "7 missing cells of plants.csv filled in",
        "6% of the cells are missing: 7 of 120, in 6 of 60 rows (10%)",
        "Missing cells: height 4 (7%) and width, cm 3 (5%); no column is complete",
        "Little's test",
        "observed range",
        "For standard errors use the 3 tables of draws/, not completed.csv",
        "id (not asked for), name (not asked for)",
        "Cells stay empty in columns that are not in the model: 1 of name",
        "Wrote latently-impute-plants/: open index.html",
    ):
        assert words in said


def test_the_summary_of_an_imputation_agrees(imputed):
    folder, _ = imputed
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    model = latently.load(folder / "model.latently")
    assert summary["missing"] == [4, 3]
    assert summary["empty_cells_left"] == {"name": 1}
    assert summary["log_likelihood"] == model.log_likelihood_
    assert_allclose(summary["mean"], model.mean_)
    test = latently.little_mcar_test(holed_features())
    assert summary["little_mcar_test"]["p_value"] == pytest.approx(test.p_value)
    assert summary["settings"]["Command"] == (
        "latently impute plants.csv --columns 'height,\"width, cm\"' -m 3 --components 1 --prior auto "
        "--level 0.95 --seed 0"
    )
    assert "7 missing cells of plants.csv filled in" in (folder / "index.html").read_text(encoding="utf-8")


def test_the_same_seed_gives_the_same_imputation_in_another_process(imputed, run, here):
    (here / "plants.csv").write_text(written(HOLED), encoding="utf-8")
    assert run(*IMPUTE)[0] == 0
    for name in (
        "completed.csv",
        "intervals.csv",
        "draws/03.csv",
        "model.latently",
        "index.html",
        "scatters.png",
    ):
        assert (here / "latently-impute-plants" / name).read_bytes() == (imputed[0] / name).read_bytes(), name


def test_columns_that_are_not_numbers_or_empty_pass_through_and_are_listed(run, here):
    rows = [["a", "kind", "b", "nothing", "ripe"]]
    rows += [[f"{h:.3f}", "x", f"{w:.3f}", "", "true"] for h, w in zip(HEIGHT, WIDTH, strict=True)]
    rows[7][0] = ""
    rows[9][4] = ""
    (here / "t.csv").write_text(written(rows))
    code, out, _ = run("impute", "t.csv", "-m", "2")
    said = " ".join(out.split())
    assert code == 0
    assert "kind (text), nothing (empty), ripe (true or false)" in said
    assert "60 of nothing and 1 of ripe" in said
    result = rows_of(here / "latently-impute-t" / "completed.csv")
    assert [row[1:] for row in result] == [row[1:] for row in rows]
    assert float(result[7][0]) != 0


def test_an_imputation_of_decimal_commas_is_in_the_manner_of_its_file(run, here):
    cells = [[f"{value:.3f}".replace(".", ",") for value in pair] for pair in zip(HEIGHT, WIDTH, strict=True)]
    cells[4][1] = ""
    (here / "euro.csv").write_text(written([["a", "b"], *cells], ";"))
    assert run("impute", "euro.csv", "-m", "2", "--level", "0.8")[0] == 0
    folder = here / "latently-impute-euro"
    result = rows_of(folder / "completed.csv", ";")
    assert [row for i, row in enumerate(result[1:]) if i != 4] == [
        row for i, row in enumerate(cells) if i != 4
    ]
    value = result[5][1]
    assert "." not in value
    line = rows_of(folder / "intervals.csv", ";")[1]
    assert line[:3] == ["5", "b", value]
    low, middle, high = (float(line[i].replace(",", ".")) for i in (3, 2, 4))
    assert low < middle < high


def test_an_imputation_of_parquet_fills_nulls_and_nan(run, here):
    height, count = [*HEIGHT[:-2], None, np.nan], [*np.arange(59), None]
    frame = polars.DataFrame(
        {"h": height, "w": WIDTH, "n": polars.Series(count, dtype=polars.Int64)}, strict=False
    )
    frame.write_parquet(here / "t.parquet")
    assert run("impute", "t.parquet", "-m", "2", "--columns", "h,w,n")[0] == 0
    result = polars.read_csv(here / "latently-impute-t" / "completed.csv")
    assert_array_equal(result["h"][:58], HEIGHT[:58])
    assert_array_equal(result["w"], WIDTH)
    assert rows_of(here / "latently-impute-t" / "completed.csv")[2][2] == "1"
    assert np.isfinite(result["h"][58:].to_numpy()).all()
    assert np.isfinite(result["n"][59])


@pytest.mark.parametrize(("scale", "offset"), [(1e-9, 0.0), (1.0, 1e6), (1e8, 0.0)])
def test_digits_are_kept_whatever_the_unit(run, here, scale, offset):
    rows = [["a", "b"], *([str(offset + scale * h), str(w)] for h, w in zip(HEIGHT, WIDTH, strict=True))]
    rows[11][0] = ""
    (here / "t.csv").write_text(written(rows))
    assert run("impute", "t.csv", "-m", "2")[0] == 0
    value = float(rows_of(here / "latently-impute-t" / "completed.csv")[11][0])
    X = polars.DataFrame(
        {"a": [None if i == 10 else offset + scale * h for i, h in enumerate(HEIGHT)], "b": WIDTH}
    )
    model = latently.load(here / "latently-impute-t" / "model.latently")
    assert value == pytest.approx(model.transform(X)[10, 0], abs=1e-4 * scale * HEIGHT.std())


def test_a_mixture_may_impute(run, here):
    rows = [["h", "w"], *([f"{h:.3f}", f"{w:.3f}"] for h, w in zip(HEIGHT, WIDTH, strict=True))]
    rows[1][1] = rows[2][0] = ""
    (here / "t.csv").write_text(written(rows))
    assert run("impute", "t.csv", "-m", "2", "--components", "2")[0] == 0
    assert latently.load(here / "latently-impute-t" / "model.latently").n_components == 2


def test_cells_are_filled_and_drawn_within_limits(run, here):
    rows = [["h", "w"], *([f"{np.exp(h / 5):.3f}", f"{w:.3f}"] for h, w in zip(HEIGHT, WIDTH, strict=True))]
    rows[1:20:2] = [["", w] for _, w in rows[1:20:2]]
    (here / "t.csv").write_text(written(rows))
    code, _, _ = run("impute", "t.csv", "-m", "9", "--min", "h=0.5", "--max", "h=20")
    assert code == 0
    folder = here / "latently-impute-t"
    for path in (folder / "completed.csv", *sorted((folder / "draws").iterdir())):
        cells = [float(row[0]) for row in rows_of(path)[1:20:2]]
        assert 0.5 <= min(cells) <= max(cells) <= 20
    assert len({*cells}) == len(cells)
    assert "--min h=0.5 --max h=20" in (folder / "index.html").read_text()


def test_a_prior_fills_collinear_columns(run, here):
    heights = np.round(HEIGHT, 3)
    cells = [[f"{h:.3f}", f"{2 * h:.3f}", f"{w:.3f}"] for h, w in zip(heights, WIDTH, strict=True)]
    rows = [["h", "twice", "w"], *cells]
    rows[1][2] = rows[5][1] = ""
    (here / "t.csv").write_text(written(rows))
    code, _, err = run("impute", "t.csv", "-m", "2", "--prior", "none")
    assert code == 2
    assert "'h', 'twice' are collinear" in err
    assert "add --prior ridge" in err
    assert os.listdir(here) == ["t.csv"]
    code, out, err = run("impute", "t.csv", "-m", "2")
    assert (code, err) == (0, "")
    assert "'h', 'twice' are collinear" in said_in(out)
    assert "the ridge prior stands in" in said_in(out)
    result = rows_of(here / "latently-impute-t" / "completed.csv")
    assert float(result[5][1]) == pytest.approx(2 * float(result[5][0]), abs=0.5)


def test_an_imputation_is_replaced_only_by_force_and_never_with_files_that_are_not_ours(run, here):
    (here / "plants.csv").write_text(written(HOLED))
    command = ("impute", "plants.csv", "-m", "2", "--columns", 'height,"width, cm"', "--out", "o")
    assert run(*command[:3], "4", *command[4:])[0] == 0
    assert_one_clear_line(*run(*command), "'o' is there already: add --force")
    assert run(*command, "--force")[0] == 0
    assert sorted(os.listdir(here / "o" / "draws")) == ["01.csv", "02.csv"]
    (here / "o" / "draws" / "mine.csv").write_text("years of work")
    assert_one_clear_line(
        *run(*command, "--force"), "'o' holds 'draws/mine.csv', which latently did not write"
    )
    assert (here / "o" / "draws" / "mine.csv").read_text() == "years of work"
    assert sorted(os.listdir(here)) == ["o", "plants.csv"]


def test_a_folder_called_like_a_result_is_not_ours(run, here):
    (here / "plants.csv").write_text(written(HOLED))
    (here / "o" / "index.html").mkdir(parents=True)
    assert_one_clear_line(*run(*IMPUTE, "--out", "o", "--force"), "'o' holds 'index.html/'")


HOLE = "height,b,c\n1,2,x\n3,5,y\n5,,x\n2,2,\n4,1,y\n7,3,x\n"
CANNOT_IMPUTE = {
    ("no.csv",): "there is no file 'no.csv'",
    ("t.csv", "--columns", "hieght"): "no column 'hieght': did you mean 'height'?",
    (
        "t.csv",
        "--columns",
        "height",
    ): "no empty cell in the columns used ('height'): there is nothing to fill in; "
    "columns that are not used have some: 'b', 'c'",
    ("t.csv", "--columns", "b,c"): "column 'c' of t.csv is not numeric (text: line 2 holds 'x')",
    ("t.csv", "-m", "1"): "-m 1: write a number from 2 to 999",
    ("t.csv", "-m", "0"): "-m 0: write a number from 2",
    ("t.csv", "-m", "many"): "valid int",
    ("t.csv", "--level", "95"): "--level 95: write a share between 0 and 1",
    ("t.csv", "--level", "nan"): "--level nan",
    ("t.csv", "--components", "0"): "--components 0: there is at least 1",
    ("t.csv", "--components", "9"): "n_components = 9",
    ("t.csv", "--prior", "horseshoe"): "'horseshoe' is not one of",
    ("t.csv", "--min", "low"): "--min low: write a number, or names with one, as --min a=0",
    ("t.csv", "--max", "nan"): "--max nan: write a number",
    ("t.csv", "--min", "c=0"): "--min names 'c', and the columns used are 'height', 'b'",
    ("t.csv", "--min", "2"): "--min 2: column 'height' holds 1; name the columns that have this limit",
    ("t.csv", "--seed", "-1"): "--seed",
    ("t.csv", "--out", "t.csv"): "'t.csv' is a file",
    (): "Missing argument",
}
NOT_TO_BE_FILLED = {
    "infinity": ("a,b\n1,2\n3,\n5,inf\n4,1\n", "line 4 of t.csv is infinite in column 'b'"),
    "constant": ("a,b\n1,2\n1,\n,\n1,2\n", "'a' (constant, every value is 1), 'b' (constant, every value"),
    "one value": ("a,b\n1,2\n,3\n,4\n,1\n", "('b'): there is nothing to fill in; columns that are not used"),
    "full": ("a,b\n1,2\n2,3\n4,5\n", "nothing to fill in"),
    "text": ("a,b\nx,y\n,z\n", "no column of numbers"),
    "empty rows": ("a,b\n,\n,\n", "no column of numbers to work with: 'a' (empty), 'b' (empty)"),
    "header only": ("a,b\n", "a header and no rows"),
}


@pytest.mark.parametrize(
    ("arguments", "words"), CANNOT_IMPUTE.items(), ids=[" ".join(k) for k in CANNOT_IMPUTE]
)
def test_a_wrong_imputation_is_one_clear_line_and_leaves_nothing(run, here, arguments, words):
    (here / "t.csv").write_text(HOLE)
    assert_one_clear_line(*run("impute", *arguments), words)
    assert os.listdir(here) == ["t.csv"]


@pytest.mark.parametrize(("content", "words"), NOT_TO_BE_FILLED.values(), ids=NOT_TO_BE_FILLED)
def test_a_table_that_cannot_be_filled_is_one_clear_line_and_leaves_nothing(run, here, content, words):
    (here / "t.csv").write_text(content)
    assert_one_clear_line(*run("impute", "t.csv"), words)
    assert os.listdir(here) == ["t.csv"]


def test_few_rows_are_filled_in_with_a_prior_only(run, here):
    (here / "t.csv").write_text("a,b,c\n1,2,3\n2,,5\n3,1,1\n")
    refused = run("impute", "t.csv", "--prior", "none")
    assert_one_clear_line(*refused, "3 rows with a number for 3 columns, too few")
    code, out, _ = run("impute", "t.csv", "-m", "2")
    assert code == 0
    assert "the ridge prior stands in" in said_in(out)


def test_an_empty_column_that_was_asked_for_is_named(run, here):
    (here / "t.csv").write_text("a,b\n1,\n2,NA\n")
    assert_one_clear_line(
        *run("impute", "t.csv", "--columns", "a,b"), "column 'b' of t.csv has no number in it"
    )


def test_a_failure_halfway_leaves_nothing(run, here, monkeypatch):
    def full(a):
        raise OSError("No space left on device")

    (here / "plants.csv").write_text(written(HOLED))
    monkeypatch.setattr("latently.report.imputation.report.imputation_figures", full)
    assert_one_clear_line(*run(*IMPUTE), "No space left on device")
    assert os.listdir(here) == ["plants.csv"]


def test_predict_says_that_an_imputer_labels_nothing(imputed, run, here):
    (here / "new.csv").write_text(GOOD)
    (here / "m.latently").write_bytes((imputed[0] / "model.latently").read_bytes())
    assert_one_clear_line(*run("predict", "m.latently", "new.csv"), "fills in cells and labels no rows")


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
            "h,w\n3,4\n1,inf\n",
            "line 3 of new.csv is infinite in column 'w' (the only such cell): replace or drop such rows",
        ),
        (
            "h,w\n1,x\n",
            "column 'w' of new.csv is not numeric (text: line 2 holds 'x'), and the model needs it",
        ),
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
    monkeypatch.setattr("latently.cli.demo.earthquakes.TRIED", range(1, 4))
    monkeypatch.setattr("latently.cli.demo.austen.SEEDS", range(2))
    code, out, err = run("demo", "--out", "demo", "--force")
    assert (code, err) == (0, "")
    html = (here / "demo" / "index.html").read_text(encoding="utf-8")
    for text in (" ".join(out.split()), html):
        assert "BIC is lowest, 2314.296, for 3 components with tied covariances" in text
        assert "for 2 components with full covariances it is 2322.192" in text
        assert "not for the number of kinds" in text
        assert "no dip in the density between clusters 0 and 2" in text
        assert "44 of 612 measurements of the air in New York are missing, on 42 of 153 days" in text
        assert "Month and Day pass through" in text
        assert "3 of the 44 filled cells lie outside the observed range" in text
        assert "3 states" in text
        assert "342.3183 (2 states) and 329.4603 (3 states): as published" in text
        assert "1905 to 1910, 1942 to 1950 and 1968 to 1970" in text
        assert "For 2007 to 2009 the model of all years up to 2006 expects 13.7, 14.1 and 14.5" in text
        assert "269 chapters of six novels" in text
        assert "The names make it easy" in text
    named, plain = (
        [float(cell) for cell in re.search(rf"^ *{which}, likeliest topic +(.*)$", out, re.M)[1].split()]
        for which in ("with names", "without names")
    )
    assert len(named) == len(plain) == 2
    assert max(named) > 2 * max(plain) > 0
    assert html.count("<img") == 5 + 4 + 5 + 6
    assert run("demo", "--out", "demo")[0] == 2


def test_every_chapter_of_the_demo_is_on_its_page(run, here, monkeypatch):
    def chapter(told):
        return Chapter(Section(f"Chapter {len(seen)}", []), seen.append("said") or ["A finding."])

    seen = []
    monkeypatch.setattr(demo, "chapters", lambda: (chapter, chapter))
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
    assert all(job in out for job in ("cluster", "impute", "segment", "predict", "demo"))


def test_help_of_a_job_lists_its_options(run):
    out = run("cluster", "--help")[1]
    for option in ("--components", "--covariance", "--columns", "--truth", "--out", "--seed", "--force"):
        assert option in out
    out = run("impute", "--help")[1]
    for option in ("-m", "--columns", "--components", "--prior", "--level", "--out", "--seed", "--force"):
        assert option in out


# -- the terminal ---------------------------------------------------------------------------------------


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
    with progress() as told:
        told(0, 2, "fit 3")
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress() as told:
        told(1, 2, "fit 3")
    out, err = capsys.readouterr()
    assert out == ""
    assert "fit 3" in err
    assert "1/2" in err
