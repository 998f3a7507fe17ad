"""Dask's collections on a real cluster of processes: the same answer, whatever becomes of workers."""

import os
import pkgutil
import signal
import threading
import time
from functools import partial
from multiprocessing import forkserver, get_all_start_methods, set_forkserver_preload

import dask
import dask.array as da
import dask.bag as db
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from distributed import Client, LocalCluster, wait
from scipy import sparse

import latently
from latently import GaussianHMM, GaussianMixture, LatentClassAnalysis, LatentDirichletAllocation
from latently.core.cluster import ClusterSource, chunk_of
from latently.core.errors import ClusterError
from latently.core.streamed import Piece
from tests.simulations import by_night

pytestmark = pytest.mark.filterwarnings("ignore:documents without words")
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
    """Workers, and those in place of dead ones, are copies of a process that has imported all."""
    if "forkserver" in get_all_start_methods():
        dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"})
        parts = (one.name for one in pkgutil.iter_modules(latently.__path__, "latently."))
        set_forkserver_preload(["distributed", "dask.dataframe", "numba", *parts])
        forkserver.ensure_running()
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
    expected, found, again = (mixture(max_iter=5).fit(X) for X in (rows, collection, collection))
    np.testing.assert_allclose(found.means_, expected.means_, rtol=1e-9)
    np.testing.assert_array_equal(found.means_, again.means_)
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
    table = frame.loc[:6_000, ["x", "town", "n"]]  # more rows than are drawn for the search
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


K = 3
WORDS = [f"w{i:02d}" for i in range(40)]


@pytest.fixture(scope="module")
def counts():
    rng = np.random.default_rng(2)
    topics, shares = rng.dirichlet(np.full(40, 0.1), K), rng.dirichlet(np.full(K, 0.3), 90)
    found = np.stack([rng.multinomial(30, share @ topics) for share in shares]).astype(float)
    found[17] = 0
    return found


def topics(inference="cvb0", max_iter=12, **how):
    how = {"tol": 0, "random_state": 0, "n_jobs": 1, **how}
    return LatentDirichletAllocation(K, inference=inference, max_iter=max_iter, **how)


def as_lists(counts):
    return [np.repeat(WORDS, n.astype(int)).tolist() for n in counts]


def triples(counts):
    rows, words = np.nonzero(counts)
    found = {"document": rows, "word": np.array(WORDS)[words], "n": counts[rows, words].astype(int)}
    return pd.DataFrame(found)


LAYOUTS = {
    "arrays of counts": (lambda n: da.from_array(n, chunks=((40, 0, 50), 20)), lambda n: n, {}),
    "sparse arrays": (
        lambda n: da.from_array(n, chunks=(40, 40)).map_blocks(sparse.csr_matrix, dtype=float),
        lambda n: n,
        {"inference": "vb"},
    ),
    "frames of counts": (
        lambda n: dd.from_pandas(pd.DataFrame(n, columns=WORDS), npartitions=2),
        lambda n: pd.DataFrame(n, columns=WORDS),
        {"inference": "online_vb", "max_iter": 2, "batch_size": 16},
    ),
    "texts": (
        lambda n: dd.from_pandas(pd.Series(map(" ".join, as_lists(n))), npartitions=2),
        lambda n: list(map(" ".join, as_lists(n))),
        {"vectorizer": {"min_df": 9, "max_df": 0.7, "max_features": 30}},
    ),
    "lists of words": (
        lambda n: db.from_sequence(as_lists(n), npartitions=2),
        as_lists,
        {"top_topics": 2, "seed_words": {0: WORDS[:2]}},
    ),
    "rows of document, word and count": (
        lambda n: dd.from_pandas(triples(n).set_index("document"), npartitions=2).reset_index(),
        lambda n: [words for words in as_lists(n) if words],
        {"vocabulary": WORDS},
    ),
}


OFTEN = ("sparse arrays", "texts", "rows of document, word and count")


@pytest.mark.parametrize(
    "layout",
    [one if one in OFTEN else pytest.param(one, marks=pytest.mark.slow) for one in LAYOUTS],
)
def test_topics_of_documents_on_workers_are_those_of_the_same_in_memory(layout, client, counts):
    spread, here, how = LAYOUTS[layout]
    expected, found = topics(**how).fit(here(counts)), topics(**how).fit(spread(counts))
    np.testing.assert_allclose(found.components_, expected.components_, rtol=1e-5)
    assert found.remarks_ == expected.remarks_
    assert np.array_equal(found.vocabulary_, expected.vocabulary_)
    assert getattr(found, "feature_names_in_", 0) is getattr(expected, "feature_names_in_", 0) or list(
        found.feature_names_in_
    ) == list(expected.feature_names_in_)
    if expected.bound_ is not None:
        assert found.bound_ == pytest.approx(expected.bound_, rel=1e-6)
    lazy = found.transform(spread(counts))
    assert isinstance(lazy, da.Array)
    np.testing.assert_allclose(lazy.compute(), expected.transform(here(counts)), atol=1e-4)


def test_what_is_no_document_on_workers_is_named(client, counts):
    cut = dd.from_pandas(triples(counts), npartitions=3)
    with pytest.raises(ValueError, match=r"a document lies in partitions 0 and 1: .* set_index"):
        topics().fit(cut)
    model = topics().fit(triples(counts))
    with pytest.raises(ValueError, match="a document lies in partitions 0 and 1"):
        model.transform(cut)
    bad = counts.copy()
    bad[60, 3] = -1
    with pytest.raises(ValueError, match=r"partition 1: Negative values .* row 10, column 3"):
        topics().fit(da.from_array(bad, chunks=(50, 40)))
    with pytest.raises(ValueError, match="sample_weight is for documents in memory"):
        topics().fit(da.from_array(counts, chunks=(50, 40)), sample_weight=np.ones(90))
    with pytest.raises(ValueError, match="all documents are empty"):
        topics().fit(da.zeros((9, 4), chunks=(5, 4)))


@pytest.mark.parametrize("inference", ["vb", *by_night("cvb0")])
def test_what_a_dead_worker_remembered_of_tokens_is_found_again(inference, client, counts):
    collection = da.from_array(counts, chunks=(20, 40))
    expected = topics(inference).fit(collection)
    killed = topics(inference, callbacks=[kill_a_worker(client, 7)]).fit(collection)
    np.testing.assert_array_equal(killed.components_, expected.components_)


@pytest.mark.slow
def test_topics_on_workers_go_on_from_a_checkpoint(client, counts, tmp_path):
    collection = da.from_array(counts, chunks=(20, 40))
    path = tmp_path / "fit.ckpt"

    def leave(iteration, params, change):
        if iteration == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        topics(checkpoint=path, callbacks=[leave]).fit(collection)
    assert path.exists()
    found, expected = topics(checkpoint=path).fit(collection), topics().fit(collection)
    np.testing.assert_array_equal(found.components_, expected.components_)
    assert not path.exists()


def kill_a_worker(client, when):
    """Kill one worker in the middle of an iteration."""

    def callback(iteration, params, log_likelihood):
        if iteration == when:
            pid = next(iter(client.run(os.getpid).values()))
            threading.Timer(0.002 * when, os.kill, (pid, signal.SIGKILL)).start()

    return callback


def test_a_worker_killed_in_the_middle_of_iterations(client, rows):
    collection = da.from_array(rows, chunks=(4_000, 2))
    expected = mixture(max_iter=6, n_init=1).fit(collection)
    killed = mixture(max_iter=6, n_init=1, callbacks=[kill_a_worker(client, 3)]).fit(collection)
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
