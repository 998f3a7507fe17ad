"""Files as people have them, through the real command: what is used of each, as what, and what is said."""

import bz2
import gzip
import io
import json
import lzma
import sys
from dataclasses import dataclass, field

import numpy as np
import openpyxl
import pytest
import zstandard

from tests.command import JOBS, assert_one_clear_line, model_of, rows_of, said_in, summary_of

RNG = np.random.default_rng(0)
N = 40
HIGH = np.arange(N) % 2
A = np.round(10 * HIGH + RNG.normal(size=N) + 3, 2)
B = np.round(1000 * HIGH + 90 * RNG.normal(size=N) + 2000, 2)


def european(value):
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


def table(header, row, separator=","):
    """A line for each row, by a function of its number."""
    return "\n".join([header, *(separator.join(map(str, row(i))) for i in range(N)), ""])


def some(cells):
    """A function of a row's number and its cell: some rows have other cells."""
    return lambda i, cell: cells.get(i, cell)


PLAIN = table("a,b", lambda i: (A[i], B[i]))
NOT_THERE = some({3: "n.a.", 5: "#N/A", 7: "\\N", 8: "NA"})
AMONG = some({2: "-", 4: "unknown", 6: ".", 9: "Unknown"})


def workbook():
    book = openpyxl.Workbook()
    book.active.title = "empty"
    sheet = book.create_sheet("Data")
    sheet.append(["Counted by hand"])
    rows = [[float(A[i]), float(B[i]), f"{i % 28 + 1}.3.2024"] for i in range(N)]
    for row in ([], ["a", "b", "day"], *rows):
        sheet.append(row)
    sheet["A6"] = "n.a."
    book.create_sheet("Notes").append(["x"])
    book.save(file := io.BytesIO())
    return file.getvalue()


@dataclass
class Messy:
    """A file, and what is expected of it."""

    content: object  # text, bytes, or the files of a folder
    says: tuple = ()  # words of the terminal
    left_out: dict = field(default_factory=dict)  # words of why, by column
    missing: tuple = (0, 0)
    columns: tuple = ("a", "b")
    file: str = "t.csv"
    options: tuple = ()
    means: object = None  # of the columns, if they are not those of A and B


FILES = {
    "dollars, thousands and brackets": Messy(
        table("a,b", lambda i: (A[i], f'"${B[i]:,.2f}"' if i else '"($1,250.00)"')),
        (f"b ('($1,250.00)' is -1250, '${B[1]:,.2f}' is {B[1]:.15g})",),
        means=[A.mean(), (B.sum() - B[0] - 1250) / N],
    ),
    "euros with decimal commas": Messy(
        table("a;b", lambda i: (european(A[i]), NOT_THERE(i, f"{european(B[i])} €")), ";"),
        ("4 of b ('n.a.', '#N/A', '\\N', 'NA')", "€' is"),
        missing=(0, 4),
    ),
    "francs with apostrophes": Messy(
        table("a,b", lambda i: (A[i], f"CHF {B[i]:,.2f}".replace(",", "'"))), ("b ('CHF ",)
    ),
    "blanks between thousands": Messy(
        table("a;b", lambda i: (A[i], f"{B[i]:,.2f}".replace(",", "\N{NO-BREAK SPACE}")), ";"), ("b ('",)
    ),
    "percent, and words for missing": Messy(
        table("a,b", lambda i: (f"{A[i]}%", AMONG(i, B[i]))),
        ("a ('", "4 of b ('-', 'unknown', '.', 'Unknown')"),
        missing=(0, 4),
    ),
    "two currencies do not add up": Messy(
        table("a,b,c", lambda i: (A[i], B[i], f"{'$€'[i % 2]}{A[i]}")), left_out={"c": "text, "}
    ),
    "a code that is told": Messy(
        table("a,b", lambda i: (some({1: "gone", 2: -77})(i, A[i]), B[i])),
        missing=(2, 0),
        options=("--missing", "gone,-77"),
    ),
    "unknown is a category where others are": Messy(
        table("a,b,c", lambda i: (A[i], B[i], ["x", "unknown"][i % 2])),
        columns=("a", "b", "c"),
        missing=(0, 0, 0),
    ),
    "German dates": Messy(
        table("day;a;b", lambda i: (f"{i % 28 + 1:02}.{i // 28 + 1:02}.2024", A[i], B[i]), ";"),
        ("day ('01.01.2024' is 1 January 2024)",),
        {"day": "dates or times"},
    ),
    "American dates, with a hole": Messy(
        table("day,a,b", lambda i: (some({4: "-"})(i, f"{i // 28 + 1}/{i % 28 + 1}/2024"), A[i], B[i])),
        ("1 of day ('-')", "day ('1/1/2024' is 1 January 2024)"),
        {"day": "dates or times"},
    ),
    "Latin-1": Messy(
        table("größe,b", lambda i: (A[i], B[i])).encode("latin-1"),
        ("was read as windows-1252, in which it has 'größe", "add --encoding"),
        columns=("größe", "b"),
    ),
    "Cyrillic in Windows-1251": Messy(
        table("город,b,a", lambda i: (["Москва", "Казань"][i % 2], B[i], A[i])).encode("cp1251"),
        ("was read as",),
        columns=("город", "b", "a"),
        missing=(0, 0, 0),
    ),
    "UTF-16 with tabs": Messy(PLAIN.replace(",", "\t").encode("utf-16"), file="t.txt"),
    "UTF-16 without a mark": Messy(PLAIN.encode("utf-16-le")),
    "gzip": Messy(gzip.compress(PLAIN.encode()), file="t.csv.gz"),
    "Zstandard": Messy(zstandard.compress(PLAIN.encode()), file="t.csv.zst"),
    "bzip2": Messy(bz2.compress(PLAIN.encode())),
    "xz": Messy(lzma.compress(PLAIN.encode())),
    "Excel": Messy(
        workbook(),
        (
            "more than one sheet: 'Data' was read, and not 'Notes'",
            "1 of a ('n.a.')",
            "above the header ('Counted by hand')",
        ),
        {"day": "dates or times"},
        missing=(1, 0),
        file="t.xlsx",
    ),
    "blanks between cells, and comments": Messy(
        "# station 7\n#\n" + table("   a      b", lambda i: (f" {A[i]:7}", f"{B[i]:8}  "), " ") + "# end\n",
        ("Skipped 3 lines that begin with #",),
        file="t.dat",
    ),
    "a title above the header, and a total below": Messy(
        "Counted by hand, twice\n\n"
        + table("shop;a;b", lambda i: ("Total" if i == N - 1 else f"shop {i}", A[i], B[i]), ";"),
        (
            "Skipped 1 line above the header ('Counted by hand, twice')",
            "last row of t.csv begins with 'Total'",
        ),
        {"shop": "text"},
    ),
    "names in a comment": Messy(
        "# by hand\n" + table("# a  b", lambda i: (A[i], B[i]), "  "), ("Skipped 1 line that begins with #",)
    ),
    "comments of Matlab": Messy(
        "% station 7, 12% humid\n%\n% by hand\n"
        + table("a b", lambda i: (f"{A[i]:.4f}", f"{B[i]:.4f}"), "  ")
        + "% end\n",
        ("Skipped 4 lines that begin with %",),
        file="t.dat",
    ),
    "names in a comment of Matlab": Messy(
        "%% by hand\n" + table("%a b", lambda i: (A[i], B[i]), "\t").replace("%a b", "%a\tb"),
        ("Skipped 1 line that begins with %",),
    ),
    "comments of two kinds": Messy(
        "# by hand\n% in May\n" + PLAIN, ("Skipped 2 lines that begin with # or %",)
    ),
    "names and cells that begin with a percent sign": Messy(
        table("% fat,b", lambda i: (f"{A[i]}%", B[i])), columns=("% fat", "b"), missing=(0, 0)
    ),
    "names of rows that begin with a percent sign": Messy(
        table("what a b", lambda i: (f"%{i}", A[i], B[i]), " "), left_out={"what": "text, "}
    ),
    "identifiers, an index, years and constants": Messy(
        table(
            ",a,b,customer_id,nr,year,unit,zip",
            lambda i: (i, A[i], B[i], 7000 + 3 * i, i + 1, 2000 + i % 3, 5, 10115 + i % 4),
        ),
        ("column 1 (an unnamed index), customer_id (an identifier, by its name)",),
        {
            "column 1": "an unnamed index",
            "customer_id": "an identifier",
            "nr": "an identifier",
            "year": "years",
            "unit": "constant",
            "zip": "an identifier, by its name",
        },
    ),
    "neither a population nor an acid nor a rank is an identifier": Messy(
        table("a,b,population,acid,rank", lambda i: (A[i], B[i], 50_000 + 977 * i * i, i * i, 1 + 7 * i % N)),
        columns=("a", "b", "population", "acid", "rank"),
        missing=(0, 0, 0, 0, 0),
    ),
    "columns to be left out": Messy(
        table("a,b,c,year", lambda i: (A[i], B[i], A[i] ** 2, 2000 + i % 3)),
        left_out={"c": "excluded", "year": "excluded"},
        options=("--exclude", "year,c"),
    ),
    "years that are asked for": Messy(
        table("a,b,year", lambda i: (A[i], B[i], 2000 + i % 3)),
        columns=("a", "year"),
        left_out={"b": "not asked for"},
        options=("--columns", "a,year"),
    ),
    "results of an earlier run": Messy(
        table("a,b,cluster,probability", lambda i: (A[i], B[i], HIGH[i], 0.9)),
        ("cluster_2 and probability_2",),
        {"cluster": "from an earlier run", "probability": "from an earlier run"},
    ),
    "names of rows, as R writes them": Messy(
        table('"a" "b"', lambda i: (f'"r{i}"', A[i], B[i]), " "), left_out={"column 1": "text, "}
    ),
    "JSON lines under another name": Messy(
        "\n".join(json.dumps({"a": float(A[i]), "b": float(B[i]), "ok": None}) for i in range(N)),
        left_out={"ok": "empty"},
        file="t.log",
    ),
    "a JSON list": Messy(
        json.dumps([{"a": float(a), "b": str(b)} for a, b in zip(A, B, strict=True)], indent=1)
    ),
    "a folder": Messy(
        {"1.csv": PLAIN, "2.csv": PLAIN, "notes.md": "x"},
        ("the 80 rows of months",),
        {"file": "the file of each row"},
        file="months",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_a_messy_file_is_read_as_people_mean_it(run, here, case):
    messy = FILES[case]
    path = here / messy.file
    if isinstance(messy.content, dict):
        path.mkdir()
        for name, content in messy.content.items():
            (path / name).write_text(content)
    else:
        content = messy.content
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    code, out, err = run("cluster", messy.file, "-k", "1", "--covariance", "diag", *messy.options)
    assert (code, err) == (0, "")
    (results,) = here.glob("latently-cluster-*")
    summary = summary_of(results)
    assert tuple(summary["columns"]) == messy.columns
    assert tuple(summary["missing"]) == messy.missing
    for words in messy.says:
        assert words in said_in(out)
    assert set(summary["columns_left_out"]) == set(messy.left_out)
    for name, why in messy.left_out.items():
        assert why in summary["columns_left_out"][name]
    if messy.columns == ("a", "b") and not any(messy.missing):
        means = [A.mean(), B.mean()] if messy.means is None else messy.means
        np.testing.assert_allclose(model_of(results).means_[0], means)


# -- other jobs, and other ways in --------------------------------------------------------------------------


def test_info_tells_how_a_table_is_read_and_what_a_model_is_and_writes_nothing(run, here):
    (here / "t.csv").write_text(FILES["euros with decimal commas"].content)
    code, out, err = run("info", "t.csv")
    assert (code, err) == (0, "")
    said = said_in(out)
    assert f"{N} rows and 2 columns in t.csv" in said
    seen = np.delete(B, [3, 5, 7, 8])
    assert f"b numbers 4 {seen.min():.10g} {seen.max():.10g} 36" in said
    assert "4 of b ('n.a.', '#N/A', '\\N', 'NA')" in said
    assert [path.name for path in here.iterdir()] == ["t.csv"]
    assert json.loads(run("info", "t.csv", "--json")[1])["columns"]["b"]["missing"] == "4"
    run("cluster", "t.csv", "-k", "2", "--covariance", "tied", "--missing", "-7")
    said = said_in(run("info", "latently-cluster-t/model.latently")[1])
    assert "model.latently holds a GaussianMixture of 2 components" in said
    assert "covariance_type='tied'" in said
    assert "Fed with missing ['-7']" in said


@pytest.mark.parametrize("job", ["cluster", "segment", "topics", "impute"])
def test_a_report_is_made_from_a_saved_model_and_its_data(results, run, here, job):
    folder = results(*JOBS[job].run)
    (here / JOBS[job].file).write_text(JOBS[job].content, encoding="utf-8")
    code, out, err = run("report", str(folder / "model.latently"), JOBS[job].file)
    assert (code, err) == (0, "")
    assert JOBS[job].headline in said_in(out)
    made, first = (summary_of(each) for each in (here / f"latently-report-{JOBS[job].file[:-4]}", folder))
    for name in {"log_likelihood", "n_components", "n_topics", "columns", "sizes", "missing"} & set(first):
        assert made[name] == first[name], name


@pytest.mark.parametrize(
    ("module", "case", "words"),
    [
        (
            "zstandard",
            "Zstandard",
            't.csv is packed by Zstandard: pip install "latently[cli]" to read it, or unpack',
        ),
        (
            "python_calamine",
            "Excel",
            't.csv is a workbook: pip install "latently[cli]" to read it, or save it as',
        ),
        ("charset_normalizer", "Cyrillic in Windows-1251", "or add --encoding, as --encoding latin-1"),
    ],
)
def test_a_library_that_is_missing_is_named_with_its_extra(run, here, monkeypatch, module, case, words):
    monkeypatch.setitem(sys.modules, module, None)
    (here / "t.csv").write_bytes(FILES[case].content)
    assert_one_clear_line(*run("cluster", "t.csv"), words)


def test_standard_input_is_a_file_like_any_other(run, here, monkeypatch):
    class Typed:
        buffer = io.BytesIO(PLAIN.encode())

    monkeypatch.setattr("sys.stdin", Typed)
    code, out, err = run("cluster", "-", "-k", "1", "--covariance", "diag")
    assert (code, err) == (0, "")
    assert "1 cluster in the 40 rows of standard input" in said_in(out)
    assert rows_of(here / "latently-cluster-stdin" / "result.csv")[0][:2] == ["a", "b"]
