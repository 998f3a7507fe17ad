"""Tables as people have them: how files are written, which cells are numbers, and which are missing."""

import numpy as np
import polars
import pytest
from numpy.testing import assert_allclose

import latently
from latently.cli.failure import CommandError
from latently.cli.tables.categories import categories_of
from latently.cli.tables.codes import codes_not_told, with_codes
from latently.cli.tables.columns import as_numbers, choose
from latently.cli.tables.read import table_of as read_csv
from latently.cli.tables.roles import looks_like_identifier

RNG = np.random.default_rng(0)


def air_quality():
    """A file as the UCI archive has it: decimal commas, hh.mm.ss, codes, and empty edges."""
    lines = ["Date;Time;CO(GT);PT08.S1(CO);AH;;"]
    for hour, (co, ah) in enumerate(RNG.normal(size=(60, 2))):
        co += 2 + 5 * (hour % 2)
        cells = [f"{co:.1f}", f"{1000 + 100 * co:.0f}", f"{ah + co:.4f}"]
        if hour % 9 == 4:
            cells[hour % 2] = "-200"
        lines.append(";".join(["10/03/2004", f"{hour % 24:02d}.00.00", *cells, "", ""]).replace(".", ","))
        lines[-1] = lines[-1].replace(",00,00", ".00.00")
    return "\r\n".join([*lines, ";;;;;;", ";;;;;;"]) + "\r\n"


# -- a file ----------------------------------------------------------------------------------------------


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
        ("time;x;y\n18.30;1,5;2,5\n19.00;2;3\n", ";", True),
        ("time;x;y\n18.30.00;1,5;2\n19.00.00;2;3\n", ";", True),
        ("a;share\n1;30,1%\n", ";", True),
        ('a,b\n"1,5","2,5"\n', ",", True),
        ("a;b\n22,406;x\n", ";", True),
    ],
)
def test_the_manner_of_a_file_is_recognised(text, separator, decimal_comma):
    table = read_csv(text.encode(), "t.csv")
    assert (table.separator, table.decimal_comma) == (separator, decimal_comma)
    assert table.frame.height == len(text.splitlines()) - 1
    assert table.frame.columns[0] in ("a", "a;b;c", "time")


def test_lines_are_counted_as_an_editor_does():
    table = read_csv(b'\na,b\n1,"two\nlines"\n\n3,4\n', "t.csv")
    assert [table.where(row) for row in range(2)] == ["line 4", "line 6"]
    assert table.frame.rows() == [("1", "two\nlines"), ("3", "4")]


def test_a_blank_line_is_an_empty_cell_where_there_is_one_column():
    table = read_csv(b"\na\n1\n\n3\n\n\n4\n\n", "t.csv")
    assert table.frame["a"].to_list() == ["1", "", "3", "", "", "4"]
    assert table.where(1) == "line 4"
    assert read_csv(b"a,b\n1,2\n\n3,4\n", "t.csv").frame.height == 2


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


# -- numbers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "expected", "said"),
    [
        ("a;b\n22,406;1.5\n7,123;2.25\n", [22406, 7123], ["'22,406' is 22406"]),
        ("a;b\n22,406;1,5\n7,123;2,25\n", [22.406, 7.123], []),
        ("a;b\n22,406;1.5\n1500;2.25\n", [22.406, 1500], ["'22,406' is 22.406"]),
        ("a;b\n22,406;1,5\n1500;2,25\n", [22.406, 1500], []),
        ('a,b\n"22,406",1\n999,2\n', [22406, 999], ["'22,406' is 22406"]),
        ('a,b\n"1,022,406",1\n"-2,000.5",2\n', [1022406, -2000.5], []),
        ("a\tb\n22,406\t1\n999\t2\n", [22406, 999], ["'22,406' is 22406"]),
        ("a;b\n1.234;1,5\n999;2,25\n", [1234, 999], ["'1.234' is 1234"]),
        ("a;b\n1.234;1,5\n9999;2,25\n", [1.234, 9999], ["'1.234' is 1.234"]),
        ("a;b\n1.234;1,5\n0.5;2,25\n", [1.234, 0.5], []),
        ("a;b\n18.30;1,5\n19.05;2,25\n", [18.3, 19.05], []),
        ("a,b\n30.1%,1\n 5 %,2\n", [30.1, 5], []),
        ("a;b\n30,1%;1\n;2\n", [30.1, None], []),
        ("a,b\n30.1%,1\n0.2,2\n", "text: line 2 holds '30.1%'", []),
        ("a;b\n1,5;1\n2.5;2\n3,5;2\n", "line 3 holds '2.5', which is not a number", []),
        ('a,b\n"22,40",1\n"1,5.5",2\n3,1\n"4,5",2\n', "line 3 holds '1,5.5', which is not a number", []),
    ],
)
def test_numbers_are_read_as_their_column_and_then_their_file_has_them(rows, expected, said):
    column = as_numbers(read_csv(rows.encode(), "t.csv"), "a")
    assert (column.why if column.values is None else column.values.to_list()) == expected
    assert list(column.said) == said


def test_a_file_whose_commas_may_be_either_says_what_was_decided():
    table = read_csv(b"a;b\n22,406;x\n7,123;y\n", "t.csv")
    assert as_numbers(table, "a").values.to_list() == [22.406, 7.123]
    assert table.notes == [
        "cells stand between semicolons, so commas were taken for decimal ones: 1,234 is 1.234"
    ]


def test_what_programs_leave_at_the_edges_is_left_out():
    table = read_csv(b"Date;CO;;\n10/03/2004;2,6;;\n;;;\n11/03/2004;3;;\n;;;\n;;;\n", "t.csv")
    assert table.frame.rows() == [("10/03/2004", "2,6"), ("", ""), ("11/03/2004", "3")]
    assert table.read_as == {"Skipped": "2 empty nameless columns, 2 empty rows at the end"}
    assert read_csv(b"a,b\n,\n,\n", "t.csv").frame.height == 2


# -- codes for missing ---------------------------------------------------------------------------------


def test_codes_are_missing_in_all_columns_or_in_one():
    table = read_csv(b"a;b;c\n-200;9;x\n-200,0;-200;unknown\n9;1,5;y\n", "t.csv")
    coded = with_codes(table, ["-200,Unknown", "a=9,c = nobody"])
    assert as_numbers(coded, "b").values.to_list() == [9, None, 1.5]
    assert as_numbers(coded, "a").why == "empty"
    assert coded.missing("c").to_list() == [False, True, False]
    assert coded.notes == ["no cell holds nobody, which --missing names"]
    assert coded.frame.equals(table.frame)
    with pytest.raises(CommandError, match="no column 'd'"):
        with_codes(table, ["d=1"])


def test_air_quality_of_the_uci_archive_is_read_right(run, here):
    text = air_quality()
    (here / "air.csv").write_text(text, newline="")
    code, out, err = run("cluster", "air.csv", "-k", "2", "--covariance", "diag", "--missing", "-200")
    assert (code, err) == (0, "")
    said = " ".join(out.split())
    assert "7 cells of 180 are missing" in said
    assert "Date (dates or times), Time (text, 24 different ones in 60 rows)" in said
    assert "Skipped 2 empty nameless columns, 2 empty rows at the end" in said
    results = here / "latently-cluster-air"
    model = latently.load(results / "model.latently")
    assert list(model.feature_names_in_) == ["CO(GT)", "PT08.S1(CO)", "AH"]
    assert_allclose(np.sort(model.means_[:, 0]), [2, 7], atol=0.5)
    lines = (results / "result.csv").read_text(encoding="utf-8").splitlines()
    before = [line.removesuffix(";;") for line in text.splitlines()[:-2]]
    assert [line.rsplit(";", 2)[0] for line in lines] == before  # codes stay as they are
    assert "--missing -200" in (results / "index.html").read_text(encoding="utf-8")

    out = run("cluster", "air.csv", "-k", "2", "--covariance", "diag", "--force")[1]
    assert "-200 stands in 4 cells of 'CO(GT)' and 3 cells of 'PT08" in " ".join(out.split())
    assert run("impute", "air.csv", "-m", "2", "--missing", "-200")[0] == 0
    completed = read_csv((here / "latently-impute-air" / "completed.csv").read_bytes(), "c")
    assert completed.decimal_comma
    for name in model.feature_names_in_:
        assert as_numbers(completed, name).values.min() > -100
    model = str(results / "model.latently")
    out = run("predict", model, "air.csv", "--missing", "-200")[1]
    assert "7 rows have empty cells" in " ".join(out.split())


def test_a_table_may_be_encoded_otherwise(run, here):
    text = "größe,b\n" + "".join(f"{i % 7}.5,{i % 3 + 9 * (i % 2)}\n" for i in range(60))
    (here / "t.csv").write_bytes(text.encode("utf-16"))
    how = ("--encoding", "utf-16")
    assert run("cluster", "t.csv", "-k", "2", *how)[0] == 0
    model = here / "latently-cluster-t" / "model.latently"
    assert list(latently.load(model).feature_names_in_) == ["größe", "b"]
    assert run("predict", str(model), "t.csv", *how)[0] == 0
    assert "--encoding ebcdic: there is no such encoding" in run("impute", "t.csv", "--encoding", "ebcdic")[2]
    polars.DataFrame({"a": [1.0, 2.0, 4.0]}).write_parquet(here / "p.parquet")
    assert "says how it is encoded: leave out --encoding" in run("segment", "p.parquet", *how)[2]


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ([0.1, 0.7, 2.5, 3.0, 3.1, 7.5, -200, -200], ["-200"]),
        ([18, 25, 31, 44, 52, 90, 999, 999, 999], ["999"]),
        ([-9999, 2, 3, 4, 5, 6, 7, 9999, 9999], ["-9999", "9999"]),
        ([18, 25, 31, 44, 52, 90, 999], ["999"]),
        ([18, 25, 31, 44, 52, 90, 700], []),
        ([0, 250, 310, 440, 520, 900, -99], ["-99"]),
        ([-400, 250, 310, 440, 520, 900, -99], []),
        ([0, 1, 2, 3, 4, 5, 6, 7, 11, 11], []),
        ([0, 1, 0, 1, 5, 5], []),
    ],
)
def test_a_value_far_outside_that_repeats_may_be_a_code(values, codes):
    said = codes_not_told(polars.DataFrame({"count": np.array(values, dtype=float)}))
    assert [one.split("--missing ")[-1] for one in said] == codes


# -- text ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n_different", "n_rows", "taken"),
    [(2, 8, True), (30, 120, True), (31, 310, False), (10, 40, True), (10, 39, False), (1, 40, False)],
)
def test_text_is_taken_for_categories_if_few_values_come_often(n_different, n_rows, taken):
    """At most thirty, and four rows for each; clusters, which need no rule, take any that is asked for."""
    lines = [f"{0.37 * i * i},v{i % n_different}" for i in range(n_rows)]
    table = read_csv("\n".join(["a,text", *lines]).encode(), "t.csv")
    alone = choose(table, None, mixed=True)
    assert ("text" in alone.X.columns) == taken
    if not taken:
        why = f"text, {n_different} different ones in {n_rows} rows" if n_different > 1 else "constant, every"
        assert alone.left_out["text"].startswith(why)
    beside = choose(table, None, categories_of=categories_of)
    assert list(beside.categories) == ["text"] * taken
    assert beside.X.columns == ["a"]
    if n_different > 1:
        assert "text" in choose(table, "a,text", mixed=True).X.columns
