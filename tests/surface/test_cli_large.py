"""The command on tables that would not fit into memory: drawn rows choose, all rows are gone through."""

import distributed
import numpy as np
import polars as pl
import pytest

from latently import GaussianMixture, scan
from tests.command import model_of, summary_of
from tests.processes import MAIN, UNDRAWN, process

FAST = ("-k", "2:3", "--covariance", "full", "--memory", "1kB")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("large")
    (path / "parts").mkdir()
    for i in range(3):
        x = rng.normal(size=(700, 2)) + 5 * rng.integers(2, size=(700, 1))
        frame = pl.DataFrame({"length": x[:, 0], "width": x[:, 1], "id": [f"{i}-{j}" for j in range(700)]})
        frame.write_parquet(path / "parts" / f"{i}.parquet")
    return path


def test_all_rows_are_gone_through_and_written(folder, run, here):
    code, out, err = run("cluster", str(folder / "parts" / "*.parquet"), *FAST)
    assert code == 0, err
    assert "2,100 rows, too many for the memory" in " ".join(out.split())
    results = here / "latently-cluster-parts"
    model, written = model_of(results), pl.read_parquet(results / "result.parquet")
    table = scan(folder / "parts", columns=["length", "width"])
    assert model.n_components == 2
    np.testing.assert_array_equal(written["cluster"], model.predict(table))
    np.testing.assert_allclose(written["probability"], model.predict_proba(table).max(axis=1))
    expected = GaussianMixture(2, random_state=0).fit(table)
    assert model.log_likelihood_ == pytest.approx(expected.log_likelihood_, rel=1e-8)
    assert summary_of(results)


def test_a_pattern_is_read_at_once_where_it_fits(folder, run, here):
    code, _, err = run("cluster", str(folder / "parts" / "*.parquet"), "-k", "2", "--covariance", "full")
    assert code == 0, err
    assert len(pl.read_csv(here / "latently-cluster-parts" / "result.csv")) == 2_100


@pytest.mark.slow
def test_a_cluster_does_the_work(folder):
    with distributed.LocalCluster(n_workers=1, dashboard_address=":0") as cluster:
        address = cluster.scheduler_address
        fast = ("-k", "2", "--covariance", "full", "--scheduler", address, "--out", "there")
        done = process(folder, "cluster", "parts", *fast, code=UNDRAWN + MAIN)
    assert done.returncode == 0, done.stderr
    assert len(pl.read_parquet(folder / "there" / "result.parquet")) == 2_100


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing/*.parquet",), "there is no file 'nothing/*.parquet'"),
        (("parts", "--memory", "much"), "--memory much: write a size, such as 500MB or 2GB"),
        (("parts", "--resume"), "--resume: there is no checkpoint to go on from"),
        (("parts", "--checkpoint", "no/run"), "--checkpoint no/run: the folder 'no' is not there, or cannot"),
        (("parts", "--scheduler", "tcp://127.0.0.1:9"), "--scheduler tcp://127.0.0.1:9 cannot be reached"),
    ],
)
def test_what_cannot_be_is_one_line(arguments, message, folder, run, monkeypatch):
    monkeypatch.chdir(folder)
    client = distributed.Client  # for which the command would wait for seconds
    monkeypatch.setattr("distributed.Client", lambda address, **_: client(address, timeout=0.2))
    code, _, err = run("cluster", *arguments, "-k", "2", "--covariance", "full", "--out", "nowhere")
    assert code == 2
    assert message in err
    assert len(err.strip().splitlines()) == 1
    assert not (folder / "nowhere").exists()
