"""What the command sees in a table unasked: limits, time, grades, and a series that was to be clustered."""

import numpy as np

from tests.command import assert_one_clear_line, model_of, rows_of, said_in, summary_of

RNG = np.random.default_rng(0)
N = 40
HIGH = np.arange(N) % 2
A = np.round(10 * HIGH + RNG.normal(size=N) + 3, 2)
B = np.round(1000 * HIGH + 90 * RNG.normal(size=N) + 2000, 2)


def a_survey():
    """Answers from 1 to 5, ages, a share, and a column that goes below 0, of two kinds of people."""
    rng = np.random.default_rng(3)
    z = rng.normal(size=150) + 4 * (np.arange(150) % 2)
    cells = [
        [str(int(np.clip(np.round(1 + 0.7 * k + rng.normal()), 1, 5))) for k in z],
        [str(int(18 + abs(9 * rng.normal()) + k)) for k in z],
        [f"{100 / (1 + np.exp(2 - k)):.1f}%" for k in z],
        [f"{k + rng.normal():.2f}" for k in z],
        [str(np.datetime64("2024-01-01") + int(i)) for i in range(150)],
    ]
    for j in range(4):
        for i in rng.choice(150, 22, replace=False):
            cells[j][i] = "-"
    return [["answer", "age", "share", "change", "day"], *zip(*cells, strict=True)]


def test_filled_cells_have_the_digits_and_the_limits_of_their_columns(run, here):
    rows = a_survey()
    (here / "t.csv").write_text("\n".join(map(",".join, rows)))
    code, out, err = run("impute", "t.csv", "-m", "2")
    assert (code, err) == (0, "")
    assert "Limits answer 1 to 5, age at least 0, share 0 to 100" in said_in(out)
    assert "Two Gaussians describe the rows much better than one" in said_in(out)
    results = here / "latently-impute-t"
    model = model_of(results)
    np.testing.assert_array_equal(model.min_value, [1, 0, 0, -np.inf])
    np.testing.assert_array_equal(model.max_value, [5, np.inf, 100, np.inf])
    lost = [[cell == "-" for cell in row[:4]] for row in rows[1:]]
    for path in (results / "completed.csv", *sorted((results / "draws").iterdir())):
        filled = [row for row, holes in zip(rows_of(path)[1:], lost, strict=True) if any(holes)]
        assert {row[0] for row in filled} <= set("12345")
        assert all(row[1].isdecimal() for row in filled)
        assert all(row[2].endswith("%") and len(row[2].split(".")[1]) == 2 for row in filled)
        assert all(0 <= float(row[2][:-1]) <= 100 for row in filled)
    few = ("--columns", "age,change", "--min", "none")
    assert run("impute", "t.csv", "-m", "2", *few, "--force")[0] == 0
    assert np.isinf(model_of(results).min_value).all()


def test_rows_that_follow_each_other_in_time_are_told(run, here):
    level = np.cumsum(RNG.normal(size=80))
    cells = ["" if i % 9 == 4 else f"{x:.2f}" for i, x in enumerate(level)]
    lines = [f"{2000 + i // 12}-{i % 12 + 1:02},{cell},{RNG.normal():.2f}" for i, cell in enumerate(cells)]
    (here / "t.csv").write_text("\n".join(["month,level,b", *lines]))
    said = said_in(run("impute", "t.csv", "-m", "2")[1])
    assert "The rows are a series in 'month', and 'level' resembles" in said


def test_clusters_of_a_series_hint_at_its_states(run, here):
    """Rows in any order, of one series or of two below each other; a clock and rows in no order are none."""
    rng = np.random.default_rng(0)
    level = np.repeat([0.0, 9.0, 0.0, 9.0], 15) + rng.normal(size=60)
    days = [f"2024-0{1 + i // 28}-{1 + i % 28:02}" for i in range(60)]
    lines = [f"{days[i]},{level[i]:.2f},{rng.normal():.2f},{i * i}" for i in np.roll(range(60), 20)]
    asked = ("cluster", "t.csv", "-k", "1", "--covariance", "diag", "--force")
    hint = "'{}' resembles the row before (correlation 0."
    (here / "t.csv").write_text("\n".join(["day,level,b,clock", *lines]))
    said = said_in(run(*asked)[1])
    assert "The rows are a series in 'day', and " + hint.format("level") in said
    assert "latently segment t.csv finds states that last" in said
    both = [f"{sensor},{days[i]},{level[i]:.2f}" for i in range(60) for sensor in "ab"]
    (here / "t.csv").write_text("\n".join(["sensor,day,level", *both]))
    assert hint.format("level") in said_in(run(*asked, "--columns", "level")[1])
    shuffled = [f"{day},{level[i]:.2f},{i * i}" for day, i in zip(days, rng.permutation(60), strict=True)]
    (here / "t.csv").write_text("\n".join(["day,level,clock", *shuffled]))
    assert "segment" not in said_in(run(*asked)[1])


def test_few_values_beside_measurements_have_a_family_that_fits_them(run, here):
    """Grades and sizes describe no normal distribution; the shape of the others is chosen all the same."""
    lines = [f"{A[i]},{B[i] + 60 * A[i]},{1 + (i * i) % 4},{2 * (i % 3)}" for i in range(N)]
    (here / "t.csv").write_text("\n".join(["a,b,grade,size", *lines * 3]))
    assert run("cluster", "t.csv", "-k", "1:2")[0] == 0
    results = here / "latently-cluster-t"
    family = model_of(results)._model.emission
    assert {part.names: part.name for part in family.parts} == {
        ("a", "b"): "normal(a, b)",
        ("grade",): "categorical",
        ("size",): "negative_binomial",
    }
    assert summary_of(results)["settings"]["Numbers"].startswith("full, by BIC (diag: ")
    predicted = ("predict", str(results / "model.latently"), "t.csv", "--force")
    assert run(*predicted)[0] == 0
    assert rows_of(here / "latently-predict-t" / "result.csv") == rows_of(results / "result.csv")
    (here / "t.csv").write_text("\n".join(["a,b,grade,size", "1,2,2,4", "1,2,9,4"]))
    words = "line 3 of t.csv, column 'grade' holds 9.0, which is not among its categories (1, 2): fit"
    assert_one_clear_line(*run(*predicted), words)
    assert run(*predicted, "--missing", "grade=9")[0] == 0
    (here / "t.csv").write_text("\n".join(["a,b,grade,size", *lines * 3]))
    assert run("cluster", "t.csv", "-k", "1", "--covariance", "full", "--force")[0] == 0
    assert model_of(results).covariance_type == "full"
