"""Threads: the same bits for any number, inside one another, side by side, and across processes."""

import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from latently import GaussianHMM, GaussianMixture
from latently.core import blocks
from latently.core.array_source import ArraySource
from latently.core.backends import SerialBackend, ThreadBackend, backend, count_threads
from latently.core.libraries import single_threaded_libraries
from tests.simulations import by_night

SMALL = 2**14  # bytes, so that there are many blocks


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch, shared_out):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", SMALL)


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(3000, 7)), rng.normal(3.0, 1.5, size=(3000, 7))])
    return X[rng.permutation(len(X))]


def bits(model):
    return model.means_.tobytes() + model.covariances_.tobytes() + np.float64(model.log_likelihood_).tobytes()


def fit(X, n_jobs, **settings):
    model = GaussianMixture(2, random_state=0, n_jobs=n_jobs, max_iter=4, tol=0, n_init=1, **settings)
    return bits(model.fit(X))


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_same_bits_for_1_2_and_7_threads(rows, covariance_type):
    found = {fit(rows, n_jobs, covariance_type=covariance_type) for n_jobs in (1, 2, 7)}
    assert len(found) == 1


def test_same_bits_with_restarts(rows):
    found = {bits(GaussianMixture(2, random_state=1, n_jobs=n).fit(rows[::10, :3])) for n in (1, 2, 7)}
    assert len(found) == 1


def test_same_bits_of_a_chain_with_restarts(rows):
    """Starts of all kinds are drawn side by side, too."""
    models = [GaussianHMM(3, random_state=1, n_jobs=n, n_init=8, max_iter=3, tol=0) for n in (1, 2, 7)]
    fits = [model.fit(rows[::40]) for model in models]
    assert len({bits(model) for model in fits}) == 1
    assert len({str(model.restarts_.runs) for model in fits}) == 1


def test_fits_side_by_side_and_inside_one_another(rows):
    alone = fit(rows, 2)
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: fit(rows, 2), range(4)))
    assert set(found) == {alone}


def test_work_within_a_worker_is_done_there():
    with backend(2) as workers:
        inner = workers.map(
            lambda i: (list(workers.map(lambda j: i * j, range(3))), threading.get_ident()), [1, 2]
        )
        results = [result for result, _ in inner]
    assert results == [[0, 1, 2], [0, 2, 4]]


def test_results_come_in_order_and_a_failure_is_passed_on():
    with backend(3) as workers:
        assert isinstance(workers, ThreadBackend)
        assert list(workers.map(lambda i: i * i, range(50))) == [i * i for i in range(50)]
        with pytest.raises(ZeroDivisionError):
            list(workers.map(lambda i: 1 // (i - 7), range(50)))


def blas_threads():
    return {info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"}


def test_blas_is_held_to_one_thread_until_all_have_left():
    with threadpool_limits(2, user_api="blas"):
        held_until_all_have_left(blas_threads())


def held_until_all_have_left(before):
    entered, leave = threading.Event(), threading.Event()

    def other():
        with single_threaded_libraries():
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with single_threaded_libraries():
        thread.start()
        assert entered.wait(10)
        assert blas_threads() == {1}
    assert blas_threads() == {1}  # the other one is still inside
    leave.set()
    thread.join()
    with single_threaded_libraries():
        assert blas_threads() == {1}
    assert blas_threads() == before


def in_child(queue, X):
    blocks.BLOCK_BYTES = SMALL
    queue.put(fit(X, 2))


@pytest.mark.parametrize("method", ["fork", *by_night("spawn")])
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_process_fits_alike(rows, method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"{method} is not there on this system")
    alone = fit(rows, 2)
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    child = context.Process(target=in_child, args=(queue, rows))
    child.start()
    try:
        assert queue.get(timeout=120) == alone
    finally:
        child.join(20)
        child.kill()


@pytest.mark.parametrize("n_jobs", [0, 1.5, True, "2"])
def test_n_jobs_is_refused_by_name(n_jobs):
    with pytest.raises(ValueError, match=r"n_jobs=.*should be None or an integer other than 0"):
        count_threads(n_jobs)


def test_n_jobs_counts_from_the_end():
    assert count_threads(-1) == count_threads(None)
    assert count_threads(-1000) == 1


@pytest.mark.parametrize(("n_rows", "kind"), [(2047, SerialBackend), (2048, ThreadBackend)])
def test_a_small_part_of_a_block_is_left_to_the_calling_thread(monkeypatch, n_rows, kind):
    monkeypatch.undo()
    with backend(2, ArraySource(np.zeros((n_rows, 2)), np.ones(n_rows), None, 2**16)) as workers:
        assert isinstance(workers, kind)
