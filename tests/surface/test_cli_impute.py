"""The job `impute`: what it writes, and in which manner."""

import json
import os

import numpy as np
import polars
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import latently
from tests.command import (
    HEIGHT,
    HOLED_PLANTS,
    WIDTH,
    rows_of,
    said_in,
    written,
)


@pytest.fixture
def folder(real_run):
    return real_run("impute")[0]


@pytest.mark.parametrize("name", ["completed.csv", *(f"draws/0{i}.csv" for i in (1, 2, 3))])
def test_completed_tables_keep_every_cell_that_was_observed(folder, name):
    result = rows_of(folder / name)
    assert result[0] == HOLED_PLANTS[0]
    assert len(result) == len(HOLED_PLANTS)
    for i, (was, now) in enumerate(zip(HOLED_PLANTS, result, strict=True)):
        for j, (before, after) in enumerate(zip(was, now, strict=True)):
            if j in (1, 3) and before.strip().lower() in ("", "na", "nan", "?", "n/a"):
                assert np.isfinite(float(after))
            else:
                assert after == before, (i, j)


def holed_features():
    frame = polars.DataFrame(HOLED_PLANTS[1:], schema=HOLED_PLANTS[0], orient="row").select(
        "height", "width, cm"
    )
    return frame.with_columns(polars.all().cast(polars.Float64, strict=False).fill_nan(None))


def test_what_is_filled_in_is_what_the_saved_model_says(folder):
    model = latently.load(folder / "model.latently")
    X = holed_features()
    completed = polars.read_csv(folder / "completed.csv").select(X.columns).to_numpy()
    assert_allclose(completed, model.transform(X), atol=1e-4)
    tables = [polars.read_csv(folder / "draws" / f"0{i}.csv").select(X.columns).to_numpy() for i in (1, 2, 3)]
    for table, drawn in zip(tables, model.draw_imputations(X, 3, random_state=0), strict=True):
        assert_allclose(table, drawn, atol=1e-4)
    spread = np.ptp(tables, axis=0)
    assert (spread[np.isnan(X.to_numpy())] > 0).all()


def test_intervals_have_a_line_for_each_filled_cell(folder):
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
    assert all(
        completed[int(row)][HOLED_PLANTS[0].index(name)] == value for row, name, value, *_ in result[1:]
    )


def test_the_summary_of_an_imputation_agrees(folder):
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    model = latently.load(folder / "model.latently")
    assert summary["missing"] == [4, 3]
    assert summary["empty_cells_left"] == {"name": 1}
    assert summary["log_likelihood"] == model.log_likelihood_
    assert_allclose(summary["mean"], model.mean_)
    test = latently.little_mcar_test(holed_features())
    assert summary["little_mcar_test"]["p_value"] == pytest.approx(test.p_value)


def test_columns_that_are_not_numbers_or_empty_pass_through_and_are_listed(run, here):
    rows = [["a", "kind", "b", "nothing", "ripe"]]
    rows += [[f"{h:.3f}", "x", f"{w:.3f}", "", "true"] for h, w in zip(HEIGHT, WIDTH, strict=True)]
    rows[7][0] = ""
    rows[9][4] = ""
    (here / "t.csv").write_text(written(rows))
    code, out, _ = run("impute", "t.csv", "-m", "2")
    said = said_in(out)
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


def test_few_rows_are_filled_in_with_a_prior_only(run, here):
    (here / "t.csv").write_text("a,b,c\n1,2,3\n2,,5\n3,1,1\n")
    code, out, _ = run("impute", "t.csv", "-m", "2")
    assert code == 0
    assert "the ridge prior stands in" in said_in(out)
