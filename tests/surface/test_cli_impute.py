"""The job `impute`: what it writes, and in which manner."""

import os

import numpy as np
import polars
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import latently
from tests.command import (
    HEIGHT,
    HOLED_PLANTS,
    JOBS,
    WIDTH,
    assert_one_clear_line,
    model_of,
    rows_of,
    said_in,
    summary_of,
    written,
)

PAIRS = [[f"{h:.3f}", f"{w:.3f}"] for h, w in zip(HEIGHT, WIDTH, strict=True)]
X = (
    polars.DataFrame(HOLED_PLANTS[1:], schema=HOLED_PLANTS[0], orient="row")
    .select("height", "width, cm")
    .with_columns(polars.all().cast(polars.Float64, strict=False).fill_nan(None))
)
LOST = np.isnan(X.to_numpy())


@pytest.fixture
def folder(results):
    return results(*JOBS["impute"].run)


@pytest.mark.parametrize("name", ["completed.csv", *(f"draws/0{i}.csv" for i in (1, 2, 3))])
def test_completed_tables_keep_every_cell_that_was_observed(folder, name):
    result = rows_of(folder / name)
    assert result[0] == HOLED_PLANTS[0]
    for i, (was, now) in enumerate(zip(HOLED_PLANTS, result, strict=True)):
        for j, (before, after) in enumerate(zip(was, now, strict=True)):
            if j in (1, 3) and before.strip().lower() in ("", "na", "nan", "?", "n/a"):
                assert np.isfinite(float(after))
            else:
                assert after == before, (i, j)


def test_what_is_filled_in_is_what_the_saved_model_says(folder):
    model = model_of(folder)
    completed = polars.read_csv(folder / "completed.csv").select(X.columns).to_numpy()
    assert_allclose(completed, model.transform(X), atol=1e-4)
    tables = [polars.read_csv(folder / "draws" / f"0{i}.csv").select(X.columns).to_numpy() for i in (1, 2, 3)]
    assert_allclose(tables, list(model.draw_imputations(X, 3, random_state=0)), atol=1e-4)
    assert (np.ptp(tables, axis=0)[LOST] > 0).all()
    summary = summary_of(folder)
    assert summary["missing"] == [4, 3]
    assert summary["empty_cells_left"] == {"name": 1}
    assert summary["log_likelihood"] == model.log_likelihood_
    assert_allclose(summary["mean"], model.mean_)
    assert summary["little_mcar_test"]["p_value"] == pytest.approx(latently.little_mcar_test(X).p_value)


def test_intervals_have_a_line_for_each_filled_cell(folder):
    result = rows_of(folder / "intervals.csv")
    assert result[0] == ["row", "column", "value", "lower", "upper"]
    model, (i, j) = model_of(folder), np.nonzero(LOST)
    assert [row[:2] for row in result[1:]] == [[str(r + 1), X.columns[c]] for r, c in zip(i, j, strict=True)]
    lower, upper = model.interval(X, 0.95, parameter_uncertainty=True)
    expected = np.column_stack([model.transform(X)[i, j], lower[i, j], upper[i, j]])
    assert_allclose(np.array([row[2:] for row in result[1:]], dtype=float), expected, atol=1e-4)
    completed = rows_of(folder / "completed.csv")
    for row, name, value, *_ in result[1:]:
        assert completed[int(row)][HOLED_PLANTS[0].index(name)] == value


def test_the_result_is_in_the_manner_of_its_file_and_other_columns_pass_through(run, here):
    cells = [[cell.replace(".", ",") for cell in pair] for pair in PAIRS]
    rows = [["a", "kind", "b", "nothing", "ripe"], *([a, "x", b, "", "true"] for a, b in cells)]
    rows[5][2] = rows[9][4] = ""
    (here / "euro.csv").write_text(written(rows, ";"))
    code, out, _ = run("impute", "euro.csv", "-m", "2", "--level", "0.8")
    assert code == 0
    assert "kind (text), nothing (empty), ripe (true or false)" in said_in(out)
    assert "60 of nothing and 1 of ripe" in said_in(out)
    folder = here / "latently-impute-euro"
    result = rows_of(folder / "completed.csv", ";")
    value, result[5][2] = result[5][2], ""
    assert result == rows
    assert "." not in value
    line = rows_of(folder / "intervals.csv", ";")[1]
    assert line[:3] == ["5", "b", value]
    low, middle, high = (float(line[i].replace(",", ".")) for i in (3, 2, 4))
    assert low < middle < high


def test_a_mixture_imputes_nulls_and_nan_of_parquet(run, here):
    height, count = [*HEIGHT[:-2], None, np.nan], [*np.arange(59), None]
    frame = polars.DataFrame(
        {"h": height, "w": WIDTH, "n": polars.Series(count, dtype=polars.Int64)}, strict=False
    )
    frame.write_parquet(here / "t.parquet")
    assert run("impute", "t.parquet", "-m", "2", "--columns", "h,w,n", "--components", "2")[0] == 0
    folder = here / "latently-impute-t"
    assert model_of(folder).n_components == 2
    result = polars.read_csv(folder / "completed.csv")
    assert_array_equal(result["h"][:58], HEIGHT[:58])
    assert_array_equal(result["w"], WIDTH)
    assert rows_of(folder / "completed.csv")[2][2] == "1"
    assert np.isfinite(result["h"][58:].to_numpy()).all()
    assert np.isfinite(result["n"][59])


def test_digits_are_kept_whatever_the_unit(run, here):
    units = {"small": (1e-9, 0.0), "far": (1.0, 1e6), "large": (1e8, 0.0), "w": (1.0, 0.0)}
    numbers = np.random.default_rng(0).normal(size=(60, 4)) @ (np.eye(4) + 0.5)
    cells = {name: far + scale * x for (name, (scale, far)), x in zip(units.items(), numbers.T, strict=True)}
    rows = [list(units), *([str(x) for x in row] for row in zip(*cells.values(), strict=True))]
    for j in range(3):
        rows[11 + j][j] = ""
        cells[rows[0][j]][10 + j] = np.nan
    (here / "t.csv").write_text(written(rows))
    assert run("impute", "t.csv", "-m", "2")[0] == 0
    completed = rows_of(here / "latently-impute-t" / "completed.csv")
    expected = model_of(here / "latently-impute-t").transform(polars.DataFrame(cells))
    for j, (scale, _) in enumerate(list(units.values())[:3]):
        assert float(completed[11 + j][j]) == pytest.approx(expected[10 + j, j], abs=1e-4 * scale)


def test_cells_are_filled_and_drawn_within_limits(run, here):
    rows = [["h", "w"], *([f"{np.exp(h / 5):.3f}", f"{w:.3f}"] for h, w in zip(HEIGHT, WIDTH, strict=True))]
    rows[1:20:2] = [["", w] for _, w in rows[1:20:2]]
    (here / "t.csv").write_text(written(rows))
    assert run("impute", "t.csv", "-m", "3", "--min", "h=0.5", "--max", "h=20")[0] == 0
    folder = here / "latently-impute-t"
    for path in (folder / "completed.csv", *sorted((folder / "draws").iterdir())):
        cells = [float(row[0]) for row in rows_of(path)[1:20:2]]
        assert 0.5 <= min(cells) <= max(cells) <= 20
    assert len({*cells}) == len(cells)
    assert "--min h=0.5 --max h=20" in (folder / "index.html").read_text()


def test_a_prior_fills_collinear_columns_and_few_rows(run, here):
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

    (here / "t.csv").write_text("a,b,c\n1,2,3\n2,,5\n3,1,1\n")
    code, out, _ = run("impute", "t.csv", "-m", "2", "--force")
    assert code == 0
    assert "the ridge prior stands in" in said_in(out)


def mixed_rows():
    """A table whose columns go together: numbers, counts, categories and names."""
    rng = np.random.default_rng(0)
    z = rng.choice(2, 150)
    rows = [
        [
            f"{8 * k + rng.standard_normal():.2f}",
            str(rng.poisson(3 + 9 * k)),
            ("mild", "harsh")[k],
            "yn"[k],
            f"plot {i}",
        ]
        for i, k in enumerate(z)
    ]
    return ["size", "visits", "winter", "frost", "plot"], rows, z


def test_categories_are_filled_in_with_the_numbers(run, here):
    names, rows, z = mixed_rows()
    for i in range(0, 150, 6):
        rows[i][i % 4] = ""
    (here / "mixed.csv").write_text(written([names, *rows]))
    code, out, _ = run("impute", "mixed.csv", "-m", "2")
    assert code == 0
    for text in (
        "25 missing cells of mixed.csv filled in",
        "BIC chose 2 components",
        "Columns are modelled as normal: size; negative binomial: visits; categorical: winter and frost",
        "categories are guessed right",
        "Columns left out plot (text)",
    ):
        assert text in said_in(out)
    folder = here / "latently-impute-mixed"
    result = rows_of(folder / "completed.csv")[1:]
    for was, now, k in zip(rows, result, z, strict=True):
        assert all(before in ("", after) for before, after in zip(was, now, strict=True))
        assert now[2:4] == [("mild", "harsh")[k], "yn"[k]]
        assert abs(float(now[0]) - 8 * k) < 5
        assert abs(int(now[1]) - 3 - 9 * k) < 12
    lines = rows_of(folder / "intervals.csv")
    assert len(lines) == 26
    assert all((line[3] == "") == (line[1] in ("winter", "frost")) for line in lines[1:])
    drawn = rows_of(folder / "draws" / "02.csv")[1:]
    assert all(cell for row in drawn for cell in row)
    summary = summary_of(folder)
    assert summary["n_components"] == 2
    assert summary["missing"] == [13, 0, 12, 0]
    assert model_of(folder).families_["frost"] == "categorical"


def test_categories_are_modelled_where_they_tell_of_missing_numbers(run, here):
    names, rows, _ = mixed_rows()
    for i in range(0, 150, 5):
        rows[i][0] = ""
    (here / "told.csv").write_text(written([names, *rows]))
    assert run("impute", "told.csv", "-m", "2", "--columns", "size,winter", "--min", "0")[0] == 2
    code, out, _ = run("impute", "told.csv", "-m", "2", "-k", "2")
    assert code == 0
    assert "There are 2 components" in said_in(out)
    rng = np.random.default_rng(1)
    for row in rows:
        row[2], row[3] = rng.choice(["mild", "harsh"]), rng.choice(["y", "n"])
    (here / "untold.csv").write_text(written([names, *rows]))
    code, out, _ = run("impute", "untold.csv", "-m", "2")
    assert code == 0
    assert "winter (text), frost (text), plot (text)" in said_in(out)


@pytest.mark.parametrize("option", [("--min", "0"), ("--max", "9"), ("--prior", "ridge")])
def test_options_for_numbers_are_refused_beside_categories(run, here, option):
    names, rows, _ = mixed_rows()
    rows[0][2] = rows[1][0] = ""
    (here / "mixed.csv").write_text(written([names, *rows]))
    asked = run("impute", "mixed.csv", *option)
    assert_one_clear_line(*asked, f"{option[0]} {option[1]} is for tables of numbers, and ")


def test_categories_that_look_like_numbers_are_those_of_the_fit(run, here):
    """New rows may hold only such: sizes, of which the fit saw letters, too."""
    rows = [(1.0 - 0.01 * i, "SM"[i % 2]) if i % 3 else (9.0 + 0.01 * i, "40") for i in range(60)]
    lines = [f"{'' if i % 7 == 3 else x},{'' if i % 9 == 4 else size}" for i, (x, size) in enumerate(rows)]
    (here / "t.csv").write_text("\n".join(["x,size", *lines]))
    assert run("impute", "t.csv", "-m", "2", "--columns", "x,size")[0] == 0
    predicted = ("predict", "latently-impute-t/model.latently", "new.csv", "--force")
    (here / "new.csv").write_text("x,size\n9.1,40\n,40\n9.2,\n")
    code, out, _ = run(*predicted)
    assert (code, said_in(out).endswith("completed.csv, with the columns that it had.")) == (0, True)
    cells = rows_of(here / "latently-predict-new" / "completed.csv")[1:]
    assert [size for _, size in cells] == ["40"] * 3
    assert 8 < float(cells[1][0]) < 10
    (here / "new.csv").write_text("x,size\n9.1,40\n9.1,41\n")
    assert_one_clear_line(*run(*predicted), "line 3 of new.csv, column 'size' holds '41', which is not among")
