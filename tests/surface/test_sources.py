"""Tables that are read piece by piece: the same fit, to the last bit, and clear words where it cannot be."""

import os
import subprocess
import sys
import tracemalloc
from functools import partial
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from latently import (
    CategoricalHMM,
    GaussianHMM,
    GaussianImputer,
    GaussianMixture,
    LatentClassAnalysis,
    LatentDirichletAllocation,
    MixtureModel,
    PoissonHMM,
    scan,
)
from latently.core import blocks
from latently.core.streamed import Piece, StreamedSource
from latently.emissions import Categorical, Columns, Ordinal, Poisson
from latently.sources import base

N = 6_001  # more than are drawn for the search, and no multiple of any block
ENDS = (0, 1_400, 1_401, N)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 2**17)


class Again:
    """Tables that can be iterated over again and again."""

    def __init__(self, tables):
        self.tables = tables

    def __iter__(self):
        return iter(self.tables)


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    z = rng.integers(3, size=N)
    x = rng.normal(size=(N, 2)) + 5 * np.column_stack([z, z % 2])
    x[rng.random(N) < 0.1, 1] = np.nan
    return pl.DataFrame(
        {
            "x": x[:, 0],
            "y": x[:, 1],
            "town": np.array(["A", "B", "C"])[z],
            "smoker": z > 1,
            "visits": rng.poisson(z + 1),
            "grade": np.where(np.arange(N) == N - 1, 4, rng.integers(3, size=N)),
            "who": np.arange(N) // 40,
        }
    )


@pytest.fixture(scope="module")
def folder(frame, tmp_path_factory):
    """The frame in files of every kind, in several parts where there can be some."""
    path = tmp_path_factory.mktemp("data")
    for kind, write in (("parquet", "write_parquet"), ("arrow", "write_ipc")):
        (path / kind).mkdir()
        for i, (start, stop) in enumerate(pairwise(ENDS)):
            getattr(frame[start:stop], write)(path / kind / f"{i}.{kind}")
    frame.write_csv(path / "all.csv")
    return path


def sources(frame, folder, columns):
    names = list(columns)
    yield "parquet", scan(folder / "parquet" / "*.parquet", columns=names)
    yield "arrow", scan(folder / "arrow", columns=names)
    yield "csv", scan(folder / "all.csv", columns=names)
    yield "lazy polars", frame.lazy().select(names)
    yield "dataset", ds.dataset(frame.select(names).to_arrow())
    path = str(folder / "parquet" / "*.parquet")
    yield "duckdb", duckdb.sql(f"select {', '.join(names)} from read_parquet('{path}')")
    parts = [frame.select(names)[start:stop] for start, stop in pairwise(ENDS)]
    yield "iterable", Again(parts)
    yield "arrow in memory", frame.select(names).to_arrow()


QUICK = {"n_init": 1, "max_iter": 4, "tol": 0, "random_state": 0}
MODELS = {
    "numbers": (partial(GaussianMixture, 3, **QUICK), ["x"]),
    "missing": (partial(GaussianMixture, 2, **QUICK), ["x", "y"]),
    "classes": (partial(LatentClassAnalysis, 3, **QUICK), ["x", "town", "smoker", "visits"]),
    "counts": (partial(MixtureModel, "poisson", 2, **QUICK), ["visits"]),
    "symbols": (partial(MixtureModel, "categorical", 2, **QUICK), ["town"]),
    "grades": (partial(MixtureModel, Columns({"grade": Ordinal()}), 2, **QUICK), ["grade"]),
}


SOURCES = ("parquet", "arrow", "csv", "lazy polars", "dataset", "duckdb", "iterable", "arrow in memory")
# By day one kind of model from all sources, and what else reads its columns in its own way from two of them.
BY_DAY = [("numbers", SOURCES), ("missing", ("parquet", "iterable")), ("classes", ("csv", "lazy polars"))]


@pytest.mark.parametrize(
    ("case", "asked"),
    [
        *(pytest.param(*each, id=each[0]) for each in BY_DAY),
        *(
            pytest.param(case, SOURCES, id=f"{case}, all", marks=pytest.mark.slow)
            for case in MODELS
            if case != "numbers"
        ),
    ],
)
def test_a_table_read_piece_by_piece_gives_the_bits_of_one_in_memory(case, asked, frame, folder):
    make, columns = MODELS[case]
    table = frame.select(columns)
    expected = make().fit(table)
    labels, density = expected.predict(table), expected.score_samples(table)
    found_in = dict(sources(frame, folder, columns))
    assert tuple(found_in) == SOURCES
    for name in asked:
        source = found_in[name]
        found = make().fit(source)
        # Rows with the same holes are brought together in memory, and so added in another order.
        rtol = 1e-13 if case == "missing" else 0.0
        assert found.log_likelihood_ == pytest.approx(expected.log_likelihood_, rel=rtol, abs=0.0), name
        np.testing.assert_allclose(found.weights_, expected.weights_, rtol=rtol, err_msg=name)
        np.testing.assert_array_equal(found.predict(source), labels, err_msg=name)
        np.testing.assert_allclose(found.score_samples(source), density, rtol=1e-12, err_msg=name)
        assert found.score(source) == pytest.approx(expected.score(table), rel=1e-12)
        assert found.bic(source) == pytest.approx(expected.bic(table), rel=1e-12)


CHAINS = {
    "gaussian": (GaussianHMM, ["x", "y"]),
    "poisson": (PoissonHMM, ["visits"]),
    "categorical": (CategoricalHMM, ["town"]),
}


@pytest.mark.parametrize("case", CHAINS)
def test_sequences_are_told_apart_by_a_column_and_never_cut(case, frame, folder):
    kind, columns = CHAINS[case]
    table, groups = frame.select(columns), frame["who"]
    table = table.to_numpy() if case == "categorical" else table
    expected = kind(2, **QUICK).fit(table, groups=groups)
    source = scan(folder / "parquet", columns=[*columns, "who"])
    found = kind(2, **QUICK).fit(source, groups="who")
    assert found.log_likelihood_ == expected.log_likelihood_
    np.testing.assert_array_equal(found.transmat_, expected.transmat_)
    np.testing.assert_array_equal(found.predict(source, groups="who"), expected.predict(table, groups=groups))
    assert found.score(source, groups="who") == pytest.approx(expected.score(table, groups=groups), rel=1e-12)
    if case == "gaussian":
        parts = Again([part.select(columns) for part in frame.partition_by("who", maintain_order=True)])
        assert kind(2, **QUICK).fit(parts).log_likelihood_ == expected.log_likelihood_


def test_more_rows_than_units_that_are_drawn(frame, folder):
    """Starts and the search see the same rows as in memory, wherever they are drawn from."""
    table, source = frame.select("x", "visits"), scan(folder / "parquet", columns=["x", "visits"])
    expected, found = (GaussianMixture(3, tol=1e-2, random_state=1).fit(X) for X in (table, source))
    np.testing.assert_array_equal(found.means_, expected.means_)
    assert found.restarts_ == expected.restarts_
    errors, theirs = found.standard_errors(source), expected.standard_errors(table)
    np.testing.assert_allclose(errors["means"], theirs["means"], rtol=1e-9)


def test_documents_are_read_from_files(tmp_path):
    texts = ["cat dog cat", "dog bird", "cat bird bird", "fish dog fish"] * 5
    pl.DataFrame({"id": range(20), "text": texts}).write_parquet(tmp_path / "texts.parquet", row_group_size=7)
    how = {"random_state": 0, "max_iter": 5, "tol": 0}
    expected = LatentDirichletAllocation(2, **how).fit([text.split() for text in texts])
    triples = [(i, word, 1) for i, text in enumerate(texts) for word in text.split()]
    frame = pl.DataFrame(triples, schema=["document", "word", "count"], orient="row")
    frame.write_csv(tmp_path / "triples.csv")
    found = LatentDirichletAllocation(2, **how).fit(tmp_path / "triples.csv")
    np.testing.assert_array_equal(found.components_, expected.components_)
    np.testing.assert_array_equal(
        found.transform(frame.lazy()), expected.transform([t.split() for t in texts])
    )
    column = scan(tmp_path / "texts.parquet", columns=["text"])
    by_text = LatentDirichletAllocation(2, **how).fit(column)
    np.testing.assert_array_equal(by_text.transform(column), by_text.transform(texts))
    for eager in (frame, frame.to_pandas(), frame.to_arrow()):  # are read as those in files
        np.testing.assert_array_equal(found.transform(eager), found.transform(frame.lazy()))
    for eager in (pl.DataFrame({"text": texts}), pl.DataFrame({"text": texts}).to_pandas()):
        np.testing.assert_array_equal(by_text.transform(eager), by_text.transform(texts))
    with pytest.raises(ValueError, match=r"X has 2 columns: choose that of the texts"):
        LatentDirichletAllocation(2).fit(tmp_path / "texts.parquet")
    frame.with_columns(count=pl.lit("a")).write_csv(tmp_path / "no_counts.csv")
    with pytest.raises(ValueError, match=r"X has 3 columns: choose that of the texts"):
        LatentDirichletAllocation(2).fit(tmp_path / "no_counts.csv")


SPARSE = {
    "mixture": (partial(GaussianMixture, 2), {}, "predict_proba"),
    "weighted mixture": (
        partial(MixtureModel, Poisson(), 2),
        {"sample_weight": np.arange(600) % 3},
        "predict",
    ),
    "imputer": (GaussianImputer, {}, "transform"),
    "chain": (partial(GaussianHMM, 2), {}, "smooth"),
    "chains": (partial(PoissonHMM, 2), {"lengths": [200, 400]}, "predict"),
}


@pytest.mark.parametrize("kind", SPARSE)
def test_sparse_matrices_are_written_out_a_few_rows_at_a_time(kind, monkeypatch):
    monkeypatch.setattr(base, "BATCH_BYTES", 2**10)
    make, how, said = SPARSE[kind]
    rng, rates = np.random.default_rng(0), np.repeat([[0.2, 1.0], [1.5, 0.1]], 300, axis=0)
    X = rng.normal(3 * rates) if "Gaussian" in repr(make) else rng.poisson(rates).astype(float)
    X[rng.random(X.shape) < 0.01] = 0
    expected = make(**QUICK).fit(X, **how)
    for written in (sparse.csr_matrix(X), sparse.coo_array(X)):
        found = make(**QUICK).fit(written, **how)
        np.testing.assert_array_equal(getattr(found, said)(written), getattr(expected, said)(X))


def test_texts_are_never_held_all_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(base, "BATCH_BYTES", 2**18)
    rng = np.random.default_rng(0)
    words = np.array(["".join(letters) for letters in rng.choice(list("abcdefgh"), size=(50, 100))])
    first, further = rng.integers(50, size=(250, 1)), rng.integers(15, size=(250, 200))
    texts = [" ".join(words[picks]) for picks in (first + further) % 50]
    pq.write_table(pa.table({"text": texts}), tmp_path / "texts.parquet", use_dictionary=False)
    lda = LatentDirichletAllocation(2, random_state=0, max_iter=2, tol=0)
    lda.fit(texts[:50])  # imports what it takes
    tracemalloc.start()
    lda.fit(tmp_path / "texts.parquet").transform(tmp_path / "texts.parquet")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert lda.n_features_in_ == 50
    assert most < 0.5 * sum(map(len, texts))


def test_missing_cells_are_filled_piece_by_piece(frame, folder, tmp_path):
    table, source = frame.select("x", "y"), scan(folder / "parquet", columns=["x", "y"])
    for components in (1, 2):
        expected, found = (GaussianImputer(components, **QUICK).fit(X) for X in (table, source))
        np.testing.assert_allclose(found.mean_, expected.mean_, rtol=1e-8)
        np.testing.assert_array_equal(found.missing_counts_, expected.missing_counts_)
        np.testing.assert_array_equal(found.transform(source), found.transform(table))
    path = found.transform(source, to=tmp_path / "filled.parquet")
    read = pl.read_parquet(path)
    assert read.columns == ["x", "y"]
    np.testing.assert_array_equal(read.to_numpy(), found.transform(table))
    empty = pa.table({"x": [1.0, 2.0, 4.0], "y": pa.nulls(3, pa.float64())})
    with pytest.raises(ValueError, match="column 'y' has no observed value: leave it out"):
        GaussianImputer().fit(Again([empty]))
    with pytest.raises(ValueError, match="n_parameter_draws is for tables in memory"):
        GaussianImputer(n_parameter_draws=5).fit(source)


@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv"])
def test_what_is_said_of_rows_goes_to_a_file(ending, frame, folder, tmp_path):
    source = scan(folder / "parquet", columns=["x"])
    model = GaussianMixture(3, **QUICK).fit(source)
    path = model.predict(source, to=tmp_path / f"labels.{ending}")
    read = {"parquet": pl.read_parquet, "arrow": pl.read_ipc, "csv": pl.read_csv}[ending]
    np.testing.assert_array_equal(read(path)["label"].to_numpy(), model.predict(frame.select("x")))
    path = model.predict_proba(source, to=str(tmp_path / f"shares.{ending}"))
    np.testing.assert_allclose(read(path).to_numpy(), model.predict_proba(frame.select("x")), rtol=1e-12)
    with pytest.raises(ValueError, match=r"labels.txt: should end in .parquet"):
        model.predict(source, to=tmp_path / "labels.txt")


def test_nothing_is_left_of_results_that_could_not_be_written_whole(frame, folder, tmp_path):
    model = GaussianMixture(2, **QUICK).fit(frame.select("visits", "x"))
    bad = Again([frame.select("visits", "x"), pl.DataFrame({"visits": [1.0], "x": [np.inf]})])
    with pytest.raises(ValueError, match=r"table 1: .*infinity"):
        model.predict(bad, to=tmp_path / "labels.parquet")
    assert list(tmp_path.iterdir()) == []


LIMITED = """
import resource, sys
import numpy as np, pyarrow
from latently import GaussianMixture, scan
how = dict(n_init=1, max_iter=1, tol=0, random_state=0, n_jobs=1)
GaussianMixture(4, **how).fit(np.random.default_rng(0).normal(size=(3000, 8)))
GaussianMixture(4, **how).fit(scan(sys.argv[1] + "/0.parquet"))
here = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (here + 20 * 2**20,) * 2)
model = GaussianMixture(4, **how).fit(scan(sys.argv[1]))
model.predict(scan(sys.argv[1]), to=sys.argv[1] + "/labels.arrow")
print(model.n_observed_)
try:
    np.ones((500_000, 8))
except MemoryError:
    print("too large")
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="counts memory as Linux does")
def test_a_fit_takes_no_more_memory_than_a_few_blocks(tmp_path):
    """32 MB of rows, in a process that may take 20 MB more than it has."""
    rng = np.random.default_rng(0)
    names = [f"x{j}" for j in range(8)]
    for i in range(8):
        rows = rng.normal(size=(62_500, 8)) + 3 * rng.integers(4, size=(62_500, 1))
        table = pa.table(dict(zip(names, rows.T, strict=True)))
        pq.write_table(table, tmp_path / f"{i}.parquet", row_group_size=12_500, compression="none")
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)],
        capture_output=True,
        text=True,
        env=os.environ | {"MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system"},
        check=False,
    )
    assert done.stdout.split("\n")[:2] == ["500000.0", "too large"], done.stderr[-2000:]


def test_a_bar_says_how_far_a_pass_is_and_a_fit_seems_to_be(frame, folder, capsys):
    how = QUICK | {"max_iter": 6, "tol": 1e-12, "verbose": 1}
    with pytest.warns(ConvergenceWarning):
        GaussianMixture(3, **how).fit(scan(folder / "parquet", columns=["x", "visits"]))
    said = capsys.readouterr().err
    assert "/6.00k" in said
    assert "rows/s" in said
    assert "s left" in said


def test_who_watches_is_told_of_all_rows_of_a_pass():
    rows, seen = np.arange(200.0).reshape(100, 2), []
    source = StreamedSource(lambda: iter([Piece(rows[:70]), Piece(rows[70:])]), lambda piece: piece, 64)
    assert source.survey.n_rows == 100
    source.watchers.append(seen.append)
    assert sum(block.n_rows for block in source.blocks()) == 100
    assert seen == [70, 30]


@pytest.mark.parametrize("family", [Categorical(), Ordinal()])
def test_what_only_later_pieces_hold_is_learned(family, tmp_path):
    for name, grades in ("1", [0, 1]), ("2", [2, 1, 0]):
        pl.DataFrame({"grade": grades * 20}).write_parquet(tmp_path / f"{name}.parquet")
    fitted = MixtureModel(family, 1, max_iter=50).fit(scan(tmp_path / "*.parquet"))
    shares = np.exp(fitted.score_samples(pl.DataFrame({"grade": [0, 1, 2]})))
    np.testing.assert_allclose(shares, [0.4, 0.4, 0.2], rtol=1e-6)
