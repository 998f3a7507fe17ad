"""Files that cannot be read piece by piece, or that change on the way, are named."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from latently import (
    GaussianHMM,
    GaussianMixture,
    scan,
)
from latently.core.errors import DataChangedError


def write(path, **columns):
    pq.write_table(pa.table(columns), path)


def bad_files(path):
    write(path / "a.parquet", x=[1.0, 2.0], y=[0.5, 0.1])
    yield "no file matches", lambda: scan(path / "*.csv")
    yield "there is no file", lambda: scan(path / "b.parquet")
    yield "has no column 'z'.* x, y", lambda: scan(path / "a.parquet", columns=["z"])
    yield "should be a list of names", lambda: scan(path / "a.parquet", columns="x")
    yield "can be read but once", lambda: GaussianMixture().fit(iter([[[1.0]]]))
    yield (
        "sample_weight is for tables in memory",
        lambda: GaussianMixture().fit(scan(path / "a.parquet"), sample_weight=[1.0, 1.0]),
    )
    yield "name the column that tells sequences apart", lambda: GaussianHMM(1).fit(scan(path / "a.parquet"))
    yield "no column 'who'", lambda: GaussianHMM(1).fit(scan(path / "a.parquet"), groups="who")
    write(path / "b.parquet", x=[1.0])
    yield "b.parquet has no column 'y'", lambda: GaussianMixture().fit(scan(path))
    write(path / "b.parquet", x=["one"], y=[1.0])
    yield (
        r"b.parquet: column 'x' is of type string, and in .*a.parquet of type double",
        lambda: GaussianMixture().fit(scan(path)),
    )
    write(path / "b.parquet", x=[np.inf], y=[1.0])
    yield (
        r"b.parquet, rows from 0: .*infinity at row 0, column 'x'",
        lambda: GaussianMixture().fit(scan(path)),
    )
    (path / "b.parquet").write_bytes((path / "a.parquet").read_bytes()[:200])
    yield r"b.parquet cannot be read .* damaged or half-written", lambda: GaussianMixture().fit(scan(path))
    (path / "b.parquet").unlink()
    (path / "text.csv").write_text("x,y\n1,A\n2,B\n")
    yield "column 'y' .* not numeric", lambda: GaussianMixture().fit(scan(path / "text.csv"))
    yield "are of different kinds", lambda: scan(path)
    (path / "text.csv").write_text("x,y\n")
    yield "no row", lambda: GaussianMixture().fit(scan(path / "text.csv"))
    write(path / "s.parquet", who=[1, 2, 1], x=[1.0, 2.0, 3.0])
    yield "sequence 1 appears again", lambda: GaussianHMM(1).fit(scan(path / "s.parquet"), groups="who")


def test_bad_files_are_named(tmp_path):
    for message, act in bad_files(tmp_path):
        with pytest.raises((ValueError, FileNotFoundError), match=f"(?s){message}") as told:
            act()
        assert "\n" not in str(told.value)


def test_data_that_change_between_passes_are_noticed(tmp_path):
    rng = np.random.default_rng(0)
    write(tmp_path / "a.parquet", x=rng.normal(size=500))

    def change(iteration, params, log_likelihood):
        write(tmp_path / "a.parquet", x=rng.normal(size=400))

    with pytest.raises(DataChangedError, match=r"a.parquet has changed"):
        GaussianMixture(2, n_init=1, callbacks=[change]).fit(tmp_path / "a.parquet")

    class Shrinking:
        n = 100

        def __iter__(self):
            self.n -= 1
            return iter([rng.normal(size=(self.n, 1))])

    with pytest.raises(DataChangedError, match="the data had"):
        GaussianMixture(2, n_init=1).fit(Shrinking())
