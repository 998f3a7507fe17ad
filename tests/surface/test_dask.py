"""Dask's collections on a real cluster of processes: the same answer, whatever becomes of workers."""

import os
import signal
import threading
import time
from functools import partial

import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from distributed import Client, LocalCluster, wait

from latently import GaussianHMM, GaussianMixture, LatentClassAnalysis
from latently.core.cluster import ClusterSource, chunk_of
from latently.core.errors import ClusterError
from latently.core.streamed import Piece

N = 20_003


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    return rng.normal(size=(N, 2)) + 4 * rng.integers(3, size=(N, 1)) * np.array([1.0, -1.0])


@pytest.fixture(scope="module")
def frame(rows):
    rng = np.random.default_rng(1)
    town = np.array(["A", "B", "C"])[np.digitize(rows[:, 0], [2.0, 6.0])]
    return pd.DataFrame({"who": np.arange(N) // 50, "x": rows[:, 0], "town": town, "n": rng.poisson(2.0, N)})


@pytest.fixture(scope="module")
def client():
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        yield client


def mixture(**how):
    return GaussianMixture(3, random_state=0, **{"n_init": 2, "max_iter": 10, "tol": 0, **how})


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param((N, 2), marks=pytest.mark.slow, id="one"),
        pytest.param((7_000, 1), marks=pytest.mark.slow, id="even"),
        pytest.param(((1, 0, N - 1), 2), id="uneven"),
    ],
)
def test_an_array_of_any_chunks(chunks, client, rows):
    collection = da.from_array(rows, chunks=N).rechunk(chunks)
    expected, found = mixture().fit(rows), mixture().fit(collection)
    np.testing.assert_allclose(found.means_, expected.means_, rtol=1e-9)
    np.testing.assert_array_equal(found.means_, mixture().fit(collection).means_)
    assert found.log_likelihood_ == pytest.approx(expected.log_likelihood_, rel=1e-12)


def test_predictions_stay_lazy(client, rows):
    collection = da.from_array(rows, chunks=(7_000, 2))
    model = mixture().fit(rows)
    for name in ("predict", "predict_proba", "score_samples"):
        lazy, expected = getattr(model, name)(collection), getattr(model, name)(rows)
        assert isinstance(lazy, da.Array)
        assert (lazy.shape, lazy.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_allclose(lazy.compute(), expected, rtol=1e-12)


def test_the_whole_search_and_frames_of_any_columns(client, frame):
    table = frame[["x", "town", "n"]]
    expected = LatentClassAnalysis(3, random_state=0).fit(table)
    found = LatentClassAnalysis(3, random_state=0).fit(dd.from_pandas(table, npartitions=3))
    assert found.log_likelihood_ == pytest.approx(expected.log_likelihood_, rel=1e-9)
    np.testing.assert_array_equal(
        found.predict(dd.from_pandas(table, npartitions=2)).compute(), expected.predict(table)
    )


def test_sequences_lie_in_one_partition_each(client, frame):
    series = frame[["who", "x"]].set_index("who")
    divided = dd.from_pandas(series, npartitions=3).reset_index()
    how = {"random_state": 0, "n_init": 1, "max_iter": 5, "tol": 0}
    expected = GaussianHMM(2, **how).fit(frame[["x"]], groups=frame["who"])
    found = GaussianHMM(2, **how).fit(divided, groups="who")
    np.testing.assert_allclose(found.transmat_, expected.transmat_, rtol=1e-8)
    expected_path = expected.predict(frame[["who", "x"]], groups="who")
    np.testing.assert_array_equal(expected.predict(divided, groups="who").compute(), expected_path)
    assert expected.smooth(divided, groups="who").compute().shape == (N, 2)
    cut = dd.from_pandas(frame[["who", "x"]], npartitions=3)
    with pytest.raises(ValueError, match=r"sequence .* lies in two partitions: .* set_index"):
        GaussianHMM(2, **how).fit(cut, groups="who")


def test_a_cell_that_is_refused_is_named_by_its_partition(client, rows):
    bad = rows.copy()
    bad[9_000, 1] = np.inf
    with pytest.raises(ValueError, match=r"partition 1: .*infinity at row 2000, column 1"):
        mixture().fit(da.from_array(bad, chunks=(7_000, 2)))


def test_rows_are_shared_out_evenly_wherever_they_were_read(client, rows):
    first, second = sorted(client.nthreads())
    pieces = [Piece(some) for some in np.array_split(rows, 8)]
    chunks = client.map(partial(chunk_of, block_rows=512, n_different=9), pieces, workers=[first])
    source = ClusterSource(client, chunks, 512, 9)
    even = source.evenly()
    wait(even.chunks)
    where = [client.who_has([chunk])[chunk.key] for chunk in even.chunks]
    assert sorted(sum(where, ())) == [first] * 4 + [second] * 4
    np.testing.assert_array_equal(even.in_memory().x, rows)
    assert even.fingerprint == source.fingerprint
    assert [one.key for one in even.evenly().chunks] == [one.key for one in even.chunks]


def kill_a_worker(client, when):
    """Kill one worker in the middle of an iteration."""

    def callback(iteration, params, log_likelihood):
        if iteration == when:
            pid = next(iter(client.run(os.getpid).values()))
            threading.Timer(0.002 * when, os.kill, (pid, signal.SIGKILL)).start()

    return callback


def test_a_worker_killed_in_the_middle_of_iterations(client, rows):
    collection = da.from_array(rows, chunks=(4_000, 2))
    expected = mixture(max_iter=12, n_init=1).fit(collection)
    killed = mixture(max_iter=12, n_init=1, callbacks=[kill_a_worker(client, 3)]).fit(collection)
    np.testing.assert_array_equal(killed.means_, expected.means_)
    assert killed.log_likelihood_ == expected.log_likelihood_


@pytest.mark.slow
@pytest.mark.parametrize("when", range(1, 11))
def test_a_worker_killed_at_any_moment(when, rows):
    how = {"max_iter": 12, "n_init": 1}
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0")
    with cluster, Client(cluster) as own:
        collection = da.from_array(rows, chunks=(4_000, 2))
        killed = mixture(**how, callbacks=[kill_a_worker(own, when)]).fit(collection)
        expected = mixture(**how).fit(collection)
    np.testing.assert_array_equal(killed.means_, expected.means_)
    assert killed.log_likelihood_ == expected.log_likelihood_


def slowly(block):
    time.sleep(0.3 if len(block) < 4_000 else 0.0)
    return block


@pytest.mark.slow
def test_a_slow_worker_changes_nothing(client, rows):
    collection = da.from_array(rows, chunks=(4_000, 2))
    expected = mixture(n_init=1).fit(collection)
    found = mixture(n_init=1).fit(collection.map_blocks(slowly, dtype=float))
    np.testing.assert_array_equal(found.means_, expected.means_)


@pytest.mark.slow
def test_a_scheduler_that_goes_away(rows, tmp_path):
    collection = da.from_array(rows, chunks=(4_000, 2))
    checkpoint = tmp_path / "fit.ckpt"
    cluster = LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=":0")
    client = Client(cluster, timeout=3)

    def leave(iteration, params, log_likelihood):
        if iteration == 40:
            cluster.close(timeout=5)

    how = {"max_iter": 60, "n_init": 1, "checkpoint": str(checkpoint)}
    with client.as_current(), pytest.raises(ClusterError, match=r"the Dask scheduler .* cannot be reached"):
        mixture(**how, callbacks=[leave]).fit(collection)
    client.close()
    assert checkpoint.exists()
    with LocalCluster(n_workers=1, processes=True, dashboard_address=":0") as other, Client(other):
        found = mixture(**how).fit(collection)
        expected = mixture(**how | {"checkpoint": None}).fit(collection)
        np.testing.assert_array_equal(found.means_, expected.means_)
