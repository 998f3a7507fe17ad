"""The job `cluster`, and what `predict` does with its models."""

import json
from pathlib import Path

import numpy as np
import polars
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import adjusted_rand_score

import latently
from latently import GaussianImputer, GaussianMixture
from tests.command import (
    HEIGHT,
    JOBS,
    KIND,
    KINDS,
    PLANTS,
    WIDTH,
    assert_one_clear_line,
    model_of,
    rows_of,
    said_in,
    summary_of,
    written,
)

FAST = ("-k", "2", "--covariance", "full")


@pytest.fixture
def folder(results):
    return results(*JOBS["cluster"].run)


def test_the_result_keeps_every_cell_and_adds_what_the_model_says(folder):
    result = rows_of(folder / "result.csv")
    assert result[0] == [*PLANTS[0], "cluster_2", "probability"]
    assert [row[:7] for row in result] == PLANTS
    table, model = polars.read_csv(folder / "result.csv"), model_of(folder)
    assert adjusted_rand_score(KINDS, table["cluster_2"]) == 1.0
    assert list(model.feature_names_in_) == ["id", "height", "width, cm"]
    features = table.select(polars.col(model.feature_names_in_).cast(polars.Float64))
    assert_array_equal(model.predict(features), table["cluster_2"])
    assert_allclose(model.predict_proba(features).max(axis=1), table["probability"], atol=1e-6)
    summary = summary_of(folder)
    assert summary["columns"] == ["id", "height", "width, cm"]
    assert sorted(summary["sizes"]) == [20, 40]
    assert summary["truth"]["adjusted_rand_index"] == 1.0
    assert len(summary["fits"]) == 2


def test_semicolons_and_decimal_commas_stay_as_they_are(run, here):
    cells = [[f"{value:.3f}".replace(".", ",") for value in pair] for pair in zip(HEIGHT, WIDTH, strict=True)]
    rows = [["a", "nothing", "b"], *([a, "", b] for a, b in cells)]
    (here / "euro.csv").write_text(written(rows, ";"))
    assert run("cluster", "euro.csv", *FAST, "--out", "deep/down")[0] == 0
    folder = here / "deep" / "down"
    assert {"model.latently", "result.csv", "summary.json", "index.html"} <= {
        p.name for p in folder.iterdir()
    }
    lines = (folder / "result.csv").read_text(encoding="utf-8").splitlines()
    before = written(rows, ";").splitlines()
    assert all(line.startswith(was) for line, was in zip(lines, before, strict=True))
    assert all("." not in row[4] for row in rows_of(folder / "result.csv", ";"))
    means = np.sort(model_of(folder).means_[:, 0])
    assert_allclose(means, [HEIGHT[k == KIND].mean() for k in (0, 1)], atol=0.01)


def test_empty_cells_are_missing_and_stay_so(run, here):
    rows = [["h", "w", "z"], *([f"{h:.3f}", f"{w:.3f}", "1.5"] for h, w in zip(HEIGHT, WIDTH, strict=True))]
    rows[3][0] = rows[9][1] = ""
    rows[20][1] = "NA"
    rows[5][:2] = ["", ""]
    (here / "t.csv").write_text(written(rows))
    code, out, _ = run("cluster", "t.csv", *FAST, "--columns", "h,w", "--truth", "z")
    said = said_in(out).lower()
    assert code == 0
    assert "5 cells of 120 are missing: 4 rows (7%) lack some and count with the cells they have" in said
    assert "1 row lacks all of the columns used: for want of anything else, it goes to the largest" in said
    folder = here / "latently-cluster-t"
    result = rows_of(folder / "result.csv")
    assert [row[:3] for row in result] == rows
    X = np.array([[float(c) if c not in ("", "NA") else np.nan for c in row[:2]] for row in rows[1:]])
    labels = model_of(folder).predict(polars.DataFrame(X, schema=["h", "w"]))
    assert [int(row[3]) for row in result[1:]] == labels.tolist()
    seen = np.isfinite(X).any(axis=1)
    assert adjusted_rand_score(KIND[seen], labels[seen]) == 1.0
    assert summary_of(folder)["missing"] == [2, 3]

    code, out, _ = run("predict", "latently-cluster-t/model.latently", "t.csv")
    assert code == 0
    assert "4 rows have empty cells and are labelled by the cells that they have" in said_in(out)
    again = rows_of(here / "latently-predict-t" / "result.csv")
    assert [row[3] for row in again] == [row[3] for row in result]


def test_parquet_keeps_its_columns(run, here):
    frame = polars.DataFrame({"h": HEIGHT, "w": WIDTH, "on": [True, False] * 30, "two": [[1, 2]] * 60})
    frame.write_parquet(here / "t.parquet")
    code, out, _ = run("cluster", "t.parquet", *FAST)
    assert code == 0
    assert "two (not numbers)" in out
    assert summary_of(here / "latently-cluster-t")["columns"] == ["h", "w", "on"]
    result = rows_of(here / "latently-cluster-t" / "result.csv")
    assert result[0] == ["h", "w", "on", "two", "cluster", "probability"]
    assert float(result[1][0]) == HEIGHT[0]


def test_a_mixed_table_is_taken_as_it_is(run, here):
    town = [["A", "A", "B"][(i + k) % 3] if i % 4 else "" for i, k in enumerate(KIND)]
    rows = zip(HEIGHT, ["true" if k else "false" for k in KIND], town, range(60), strict=True)
    names = ["height", "ripe", "town", "name"]
    (here / "t.csv").write_text(written([names, *([f"{h:.3f}", r, t, f"no. {i}"] for h, r, t, i in rows)]))
    code, out, _ = run("cluster", "t.csv", "-k", "1:2")
    assert code == 0
    said = said_in(out)
    assert "Based on 3 columns: height, ripe and town. Normal, Bernoulli and categorical in each" in said
    assert "Columns left out name (text, 60 different ones in 60 rows)" in said
    assert "high ripe" in said
    assert "town = A" in said
    folder = here / "latently-cluster-t"
    labels = [int(row[4]) for row in rows_of(folder / "result.csv")[1:]]
    assert adjusted_rand_score(KINDS, labels) == 1.0
    assert run("predict", str(folder / "model.latently"), "t.csv", "--force")[0] == 0
    again = rows_of(here / "latently-predict-t" / "result.csv")
    assert [row[4] for row in again[1:]] == [str(label) for label in labels]


def test_families_of_columns_can_be_asked_for(run, here):
    counts = np.random.default_rng(0).poisson(np.where(KIND, 9, 2))
    rows = [["visits", "h"], *([str(n), f"{h:.3f}"] for n, h in zip(counts, HEIGHT, strict=True))]
    (here / "t.csv").write_text(written(rows))
    assert run("cluster", "t.csv", "-k", "2", "--columns", "visits:poisson,h")[0] == 0
    assert "poisson.lambdas" in summary_of(here / "latently-cluster-t")
    code, out, err = run("cluster", "t.csv", "-k", "2", "--columns", "visits:poison,h", "--force")
    assert_one_clear_line(code, out, err, "there is no family 'poison': write one of gaussian, poisson")
    code, out, err = run("cluster", "t.csv", "-k", "2", "--columns", "visits,h:poisson", "--force")
    assert_one_clear_line(code, out, err, "column 'h' holds")
    code, out, err = run("cluster", "t.csv", "-k", "2", "--columns", "visits:gamma,h", "--force")
    assert_one_clear_line(code, out, err, "of t.csv, column 'visits' holds 0: gamma numbers are above 0")


def test_one_column_is_enough(run, here):
    (here / "t.csv").write_text(written([["h"], *([f"{h:.3f}"] for h in HEIGHT)]))
    code, out, _ = run("cluster", "t.csv", "-k", "2")
    assert code == 0
    assert "diag" not in out  # the same model as full
    assert "The bars are the rows" in (here / "latently-cluster-t" / "index.html").read_text(encoding="utf-8")


# -- predict -------------------------------------------------------------------------------------------


@pytest.fixture
def model(here):
    X = polars.DataFrame({"h": HEIGHT, "w": WIDTH})
    GaussianMixture(2, n_init=1, random_state=0).fit(X).save(here / "model.latently")
    return latently.load(here / "model.latently")


def test_predict_labels_rows_by_the_names_of_columns_and_says_if_they_are_unlike_those_of_the_fit(
    run, here, model
):
    rows = [["who", "w", "h"], ["x", "0.1", "0.2"], ["y", "5.1", "9.9"]]
    (here / "new.csv").write_text(written(rows))
    code, out, err = run("predict", "model.latently", "new.csv")
    assert (code, err) == (0, "")
    result = rows_of(here / "latently-predict-new" / "result.csv")
    expected = model.predict(polars.DataFrame({"h": [0.2, 9.9], "w": [0.1, 5.1]}))
    assert [row[:3] for row in result] == rows
    assert [row[3] for row in result] == ["cluster", *map(str, expected)]
    assert "unlike" not in out
    (here / "new.csv").write_text("h,w\n" + "1000,-1000\n" * 5)
    out = run("predict", "model.latently", "new.csv", "--force")[1]
    assert "5 rows (100%) lie where the model expects 1 in 1,000" in said_in(out)


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
    assert sorted(path.name for path in here.iterdir()) == ["model.latently", "new.csv"]


def test_predict_refuses_what_is_no_model_and_fills_in_cells(run, here):
    (here / "new.csv").write_text("height,b\n1,2\n3,5\n")
    asked = ("predict", "m.latently", "new.csv")
    assert_one_clear_line(*run(*asked), "m.latently")
    for content in (b"", b"nonsense", b"PK\x03\x04nonsense"):
        (here / "m.latently").write_bytes(content)
        assert_one_clear_line(*run(*asked), "m.latently")
    X = polars.DataFrame({"height": HEIGHT, "b": [None, *WIDTH[1:]]})
    GaussianImputer().fit(X).save(here / "m.latently")
    (here / "new.csv").write_text("name,height,b\nx,1,2\ny,,-\nz,3.5,\n")
    code, out, err = run(*asked)
    assert (code, err) == (0, "")
    assert "3 missing cells of new.csv filled in" in said_in(out)
    header, *rows = rows_of(here / "latently-predict-new" / "completed.csv")
    assert (header, rows[0]) == (["name", "height", "b"], ["x", "1", "2"])
    X = polars.DataFrame({"height": [1.0, None, 3.5], "b": [2.0, None, None]})
    filled = np.asarray(latently.load(here / "m.latently").transform(X))
    assert_allclose(np.array([row[1:] for row in rows[1:]], dtype=float), filled[1:], atol=0.5)


def test_a_table_of_categories_is_told_as_latent_classes(run, here):
    """The data gss82 of poLCA: G² and the degrees of freedom are those published."""
    golden = Path(__file__).parents[1] / "golden" / "latent_classes.json"
    gss = json.loads(golden.read_text(encoding="utf-8"))["gss82"]
    rows = [row for row, n in zip(gss["patterns"], gss["counts"], strict=True) for _ in range(n)]
    twins = [["twin", *gss["columns"]], *([row[0][:1] + "!", *row] for row in rows)]
    (here / "gss.csv").write_text(written([gss["columns"], *rows]))
    (here / "twins.csv").write_text(written(twins))
    code, out, err = run("cluster", "gss.csv", "-k", "3")
    assert (code, err) == (0, "")
    assert "G² is 21.9 on 15 degrees of freedom (p = 0.11): roughly, for 16 cells" in said_in(out)
    assert "entropy R² is 0.67" in said_in(out)
    folder = here / "latently-cluster-gss"
    summary, model = summary_of(folder), model_of(folder)
    assert summary["log_likelihood"] == pytest.approx(gss["best_log_likelihood"]["3"], abs=2e-3)
    assert summary["goodness_of_fit"]["degrees_of_freedom"] == 15
    assert summary["bivariate_residuals"][0]["residual"] == pytest.approx(2.1, abs=0.1)
    assert [one["value"] for one in summary["profile"]] == [one["value"] for one in model.profile_]
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert all(title in page for title in ("Profiles", "Labels", "Bivariate residuals", "PURPOSE: Good"))
    code, out, err = run("cluster", "twins.csv", "-k", "2")
    assert (code, err) == (0, "")
    assert "within clusters twin and PURPOSE (" in said_in(out).lower().replace("purpose", "PURPOSE")
    assert "make such a pair one column, or leave one out" in said_in(out)


def test_amounts_with_a_long_tail_are_log_normal_if_bic_says_so(run, here):
    rng = np.random.default_rng(0)
    amount = np.exp(np.concatenate([rng.normal(0, 0.7, 120), rng.normal(4, 0.7, 30)]))
    shop = rng.choice(["x", "y"], 150)
    for name, columns in {"alone": [amount], "mixed": [amount, shop]}.items():
        lines = [",".join(map(str, cells)) for cells in zip(*columns, strict=True)]
        (here / f"{name}.csv").write_text("\n".join([",".join(["amount", "shop"][: len(columns)]), *lines]))
        code, out, _ = run("cluster", f"{name}.csv", "-k", "1:2")
        assert code == 0
        assert "2 clusters in the 150 rows" in said_in(out)
        assert summary_of(here / f"latently-cluster-{name}")["settings"]["Numbers"].startswith(
            "log-normal, by BIC"
        )
    assert run("cluster", "mixed.csv", "-k", "2", "--columns", "amount:gaussian,shop", "--force")[0] == 0
    family = model_of(here / "latently-cluster-mixed")._model.emission
    assert [part.name for part in family.parts if "amount" in part.names] == ["normal"]  # as asked for
