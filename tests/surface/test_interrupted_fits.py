"""Fits that are killed go on from their checkpoint, and those that are interrupted may be kept."""

import errno
import os
import signal
from contextlib import suppress
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from latently import (
    GaussianHMM,
    GaussianImputer,
    GaussianMixture,
    LatentDirichletAllocation,
    MixedImputer,
    PoissonHMM,
    datasets,
    load,
    select,
)
from latently.core import incremental, journal, stepwise
from latently.core.em import EMMap, Settings, run
from latently.core.journal import Journal
from latently.core.parameters import named
from latently.estimators.saving.checkpoint import CheckpointFile
from tests.models import ENTRIES
from tests.processes import dies, in_a_process
from tests.simulations import repeated

pytestmark = pytest.mark.usefixtures("shared_out")

HEAD = {"estimator": "", "latently": "", "settings": {}, "data": "", "start": ""}
FAITHFUL = datasets.load_faithful().data
OVERLAPPING = np.random.default_rng(0).normal(size=(400, 2)) * [1.0, 3.0]
HOLES = np.where(np.random.default_rng(1).random(FAITHFUL.shape) < 0.1, np.nan, FAITHFUL)
WORDS = np.random.default_rng(2).poisson(np.random.default_rng(3).gamma(0.1, 5.0, (80, 40)))


def topics(tol, **settings):
    """Topics after forty passes, whatever the tolerance."""
    return LatentDirichletAllocation(8, **{"tol": 0, "max_iter": 40, "n_jobs": 1} | settings)


FITS = {
    "mixture": (partial(GaussianMixture, 3, n_init=2, n_jobs=1), OVERLAPPING[::2]),
    "mixture, searched": (partial(GaussianMixture, 2, n_jobs=2), OVERLAPPING[::8]),
    "chain": (partial(GaussianHMM, 2, n_init=2, n_jobs=1), OVERLAPPING[::2]),
    "imputer": (partial(GaussianImputer, 2, n_init=2, n_jobs=1), HOLES[::2]),
    "topics, CVB0": (partial(topics, inference="cvb0"), WORDS),
    "topics, few of each entry": (partial(topics, inference="cvb0", top_topics=3), WORDS),
    "topics, VB": (partial(topics, inference="vb"), WORDS),
    "topics, online": (partial(topics, inference="online", batch_size=16), WORDS),
    "mixed imputer": (partial(MixedImputer, 2, n_init=2, n_jobs=1), HOLES[::2]),
}


def bits(model):
    """All that a fit is judged by."""
    model = getattr(model, "mixture_", model)
    values = {name: np.asarray(value).tobytes() for name, value in named(model.params_).items()}
    how = (getattr(model, name, None) for name in ("log_likelihood_history_", "history_", "doc_topic_"))
    return (
        values,
        [np.asarray(one).tobytes() for one in how],
        model.n_iter_,
        str(vars(model).get("restarts_")),
    )


@pytest.mark.parametrize("name", FITS)
@pytest.mark.parametrize("n_lives", repeated(2, 4))
def test_a_fit_killed_again_and_again_ends_with_the_bits_of_one_left_alone(
    name, n_lives, tmp_path, monkeypatch
):
    """After some steps, or in the middle of the next time that it writes what it has come to."""
    make, X = FITS[name]
    checkpoint, result, steps = tmp_path / "fit.ckpt", tmp_path / "result", tmp_path / "steps"

    def due(self):
        """Is asked at each step, and by some again if so."""
        nonlocal n
        if n >= written + every:
            return True
        with open(steps, "a") as file:
            file.write(".")
        n += 1
        if n == life:
            os.replace = dies if writing else dies()
        return n >= written + every

    def written_now(self):
        nonlocal written
        written = n
        write(self)

    def task():
        model = make(tol=1e-5, random_state=0, checkpoint=checkpoint).fit(X)
        getattr(model, "mixture_", model).save(result)
        return model

    write = Journal.write
    monkeypatch.setattr(Journal, "due", property(due))
    monkeypatch.setattr(Journal, "write", written_now)
    n, written, every, life = 0, 0, np.inf, np.inf
    undisturbed = task()
    whole, n = n, 0
    steps.unlink()
    result.unlink()
    every = max(whole // (6 * n_lives), 1)  # steps between two times that it is written
    lives = np.random.default_rng(0).integers(2 * every, 4 * every, n_lives)
    for i in range(n_lives):
        life, writing = lives[i], i % 2
        os.waitpid(in_a_process(task), 0)
    assert not result.exists()
    life = np.inf
    os.waitpid(in_a_process(task), 0)
    assert bits(load(result)) == bits(undisturbed)
    assert len(steps.read_text()) < whole + 2.5 * n_lives * every  # what was done is not done again
    assert sorted(tmp_path.iterdir()) == [result, steps]


def broken_off(model, X, at=20):
    """The same model after a fit that a callback broke off."""

    def stop(iteration, *_):
        if iteration == at:
            raise MemoryError("of something else")

    with pytest.raises(MemoryError):
        model.set_params(callbacks=[stop]).fit(X)
    return model.set_params(callbacks=None)


@pytest.mark.parametrize("inference", ["cvb0", "vb"])
def test_topics_go_on_with_what_was_remembered_of_documents(inference, tmp_path, monkeypatch):
    monkeypatch.setattr(Journal, "due", True)
    how = {"tol": 0, "random_state": 0, "inference": inference}
    whole = topics(**how).fit(WORDS)
    model = broken_off(topics(**how, checkpoint=tmp_path / "fit.ckpt"), WORDS)
    assert bits(model.fit(WORDS)) == bits(whole)


@pytest.mark.parametrize("algorithm", ["online", "incremental"])
@pytest.mark.parametrize("make", [GaussianMixture, GaussianHMM])
def test_passes_in_steps_go_on_in_the_middle(make, algorithm, tmp_path, monkeypatch):
    X = np.random.default_rng(0).normal(size=(3000, 2)) + np.repeat([[0.0], [2.0]], 1500, axis=0)
    how = {"lengths": [30] * 100} if make is GaussianHMM else {}
    settings = {"n_init": 1, "random_state": 0, "tol": 1e-5, "algorithm": algorithm, "n_jobs": 1}
    whole = make(2, **settings).fit(X, **how)
    left, counted = (
        [4],
        {"online": (stepwise, "stepped"), "incremental": (incremental, "next_pass")}[algorithm],
    )
    step, done = getattr(*counted), []

    def power_fails(*arguments):
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        done.append(step(*arguments))
        return done[-1]

    monkeypatch.setattr(*counted, power_fails)
    model = make(2, **settings, checkpoint=tmp_path / "fit.ckpt")
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, **how)
    left[0] = 1000
    assert bits(model.fit(X, **how)) == bits(whole)
    n_steps = 1000 - left[0]
    left[0] = 1000
    assert bits(model.fit(X, **how)) == bits(whole)
    assert 1000 - left[0] == n_steps + 3
    left[0] = 4
    with pytest.warns(ConvergenceWarning, match="was interrupted"):
        kept = make(2, **settings, on_interrupt="keep").fit(X, **how)
    assert kept.stop_reason_ == "interrupted"
    np.testing.assert_array_equal(
        np.sort(kept.means_, axis=0), np.sort(done[-1].params.emission.means, axis=0)
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"n_components": 4}, "of a fit with n_components=3, and this one has 4"),
        ({"tol": 1e-9}, "of a fit with tol=1e-06, and this one has 1e-09"),
        ({"random_state": 1}, "of a fit with random_state=0, and this one has 1"),
        ({"means_init": np.zeros((3, 2))}, "of a fit with another means_init"),
    ],
)
def test_a_checkpoint_of_other_settings_is_refused_by_name(settings, words, tmp_path):
    model = GaussianMixture(3, n_init=2, tol=1e-6, random_state=0, checkpoint=tmp_path / "fit.ckpt")
    broken_off(model, OVERLAPPING)
    before = (tmp_path / "fit.ckpt").read_bytes()
    with pytest.raises(ValueError, match=f"fit.ckpt' is {words}: name another file, or remove it"):
        model.set_params(**settings).fit(OVERLAPPING)
    assert (tmp_path / "fit.ckpt").read_bytes() == before


def test_a_search_over_settings_goes_on_where_it_was_broken_off(tmp_path):
    grid, seen, X = {"n_components": [1, 2], "covariance_type": ["full", "diag"]}, [], OVERLAPPING[::2]
    model = GaussianMixture(n_init=2, random_state=0, tol=1e-5, checkpoint=tmp_path / "search.ckpt")
    whole = select(model.set_params(callbacks=[lambda *_: seen.append(0)]), X, grid)
    n_steps = len(seen)

    def stop(*_):
        if len(seen) > 0.8 * n_steps:
            raise KeyboardInterrupt
        seen.append(0)

    seen.clear()
    with pytest.raises(KeyboardInterrupt):
        select(model.set_params(callbacks=[stop]), X, grid)
    with pytest.raises(ValueError, match="is of a fit with another grid"):
        select(model, X, {"n_components": [1, 2]})
    seen.clear()
    again = select(model.set_params(callbacks=[lambda *_: seen.append(0)]), X, grid)
    assert len(seen) < 0.3 * n_steps
    assert [row["bic"] for row in again.table_] == [row["bic"] for row in whole.table_]
    assert bits(again.best_) == bits(whole.best_)
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_of_other_data_or_another_model_is_refused(tmp_path):
    path = tmp_path / "fit.ckpt"
    model = broken_off(GaussianMixture(3, n_init=2, random_state=0, checkpoint=path), OVERLAPPING)
    other = OVERLAPPING.copy()
    other[7, 1] = np.nextafter(other[7, 1], np.inf)
    with pytest.raises(ValueError, match="is of a fit to other data"):
        model.fit(other)
    with pytest.raises(ValueError, match="is of a GaussianMixture, and this is a GaussianHMM"):
        GaussianHMM(3, checkpoint=path).fit(OVERLAPPING)
    with pytest.raises(ValueError, match="it is the checkpoint of a fit"):
        load(path)
    path.write_text("my notes")
    with pytest.raises(ValueError, match="is not that of a fit: name another file, or remove it"):
        model.fit(OVERLAPPING)
    assert path.read_text() == "my notes"


def test_a_fit_without_a_seed_goes_on_with_the_numbers_it_began_with(tmp_path):
    path = tmp_path / "fit.ckpt"
    model = broken_off(GaussianMixture(3, n_init=1, tol=1e-4, checkpoint=path), OVERLAPPING, at=4)
    begun = path.read_bytes()
    first = bits(model.fit(OVERLAPPING))
    path.write_bytes(begun)
    assert bits(model.fit(OVERLAPPING)) == first


def test_a_checkpoint_that_cannot_be_written_is_refused_before_the_fit(tmp_path):
    path = tmp_path / "nowhere" / "fit.ckpt"
    model = GaussianMixture(2, checkpoint=path, callbacks=[lambda *_: pytest.fail("it began")])
    with pytest.raises(OSError, match=r"cannot write .*nowhere/fit.ckpt.*: choose a file in a folder"):
        model.fit(FAITHFUL)


def test_a_disk_that_fills_up_is_told_once_and_the_fit_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "SECONDS_BETWEEN", 0.01)
    model = GaussianMixture(3, n_init=1, random_state=0, checkpoint=tmp_path / "fit.ckpt")

    def full(iteration, *_):
        def fsync(_):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", fsync)

    with pytest.warns(
        UserWarning, match=r"cannot write .*fit.ckpt' \(No space left.*goes on without"
    ) as told:
        model.set_params(callbacks=[full]).fit(OVERLAPPING)
    assert len(told) == 1
    assert model.converged_
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def interruptible():
    """Ctrl-C is an exception, whatever ran in this process before."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("make", [GaussianMixture, PoissonHMM])
def test_an_interrupted_fit_may_be_kept(make, tmp_path, interruptible):
    X = OVERLAPPING if make is GaussianMixture else np.abs(OVERLAPPING).astype(int)
    seen = []

    def interrupt(iteration, params, log_likelihood):
        seen.append(log_likelihood)
        if len(seen) == 25:
            signal.raise_signal(signal.SIGINT)

    path = tmp_path / "fit.ckpt"
    settings = {"n_init": 2, "random_state": 0, "tol": 1e-6, "checkpoint": path}
    with pytest.raises(KeyboardInterrupt):
        make(3, **settings, callbacks=[interrupt]).fit(X)
    assert path.exists()
    path.unlink()
    seen.clear()
    model = make(3, **settings, callbacks=[interrupt], on_interrupt="keep")
    with pytest.warns(ConvergenceWarning, match="was interrupted after .* it has the best parameters so far"):
        model.fit(X)
    assert not model.converged_
    assert model.stop_reason_ == "interrupted"
    score = model.score(X) * (len(X) if make is GaussianMixture else 1)
    assert model.log_likelihood_ == pytest.approx(score, rel=1e-12)
    assert model.log_likelihood_ == pytest.approx(max(seen[:24]), rel=1e-12)
    whole = make(3, **settings, on_interrupt="keep").fit(X)  # there is a checkpoint to go on from
    assert whole.converged_
    assert whole.log_likelihood_ >= model.log_likelihood_


@pytest.mark.parametrize("inference", ["cvb0", "vb", "online"])
def test_topics_that_are_interrupted_are_those_so_far(inference, tmp_path, interruptible):
    n_passes, seen = 20, []

    def interrupt(iteration, params, value):
        seen.append(params)
        if len(seen) == n_passes:
            signal.raise_signal(signal.SIGINT)

    how = {"tol": 0, "inference": inference, "random_state": 0, "batch_size": 16}
    keeping = topics(**how, callbacks=[interrupt], checkpoint=tmp_path / "fit.ckpt", on_interrupt="keep")
    with pytest.warns(ConvergenceWarning, match="was interrupted after .* it has the topics so far"):
        model = keeping.fit(WORDS)
    assert (model.stop_reason_, model.converged_) == ("interrupted", False)
    undisturbed = topics(**how, max_iter=n_passes - (inference != "online")).fit(WORDS)
    np.testing.assert_allclose(model.topic_word_, undisturbed.topic_word_, rtol=1e-9)
    if inference == "vb":
        assert model.bound_ == pytest.approx(sum(model.bound_parts_.values()), rel=1e-12)
    whole = topics(**how, checkpoint=tmp_path / "fit.ckpt", on_interrupt="keep").fit(WORDS)
    assert bits(whole) == bits(topics(**how).fit(WORDS))


def test_a_search_that_is_interrupted_on_a_part_of_the_rows_is_evaluated_on_all(monkeypatch):
    def climbed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("latently.core.moves.Climber.climbed", climbed)
    X = np.random.default_rng(0).normal(size=(6000, 1))
    with pytest.warns(ConvergenceWarning, match="interrupted after 0 EM steps"):
        model = GaussianMixture(3, random_state=0, on_interrupt="keep").fit(X)
    assert model.log_likelihood_ == pytest.approx(model.score(X) * len(X), rel=1e-12)


@pytest.mark.parametrize(
    "entry", [one for one in ENTRIES if one.model.fused and not one.nightly], ids=lambda entry: entry.name
)
def test_a_run_of_any_model_goes_on_from_a_file_with_the_same_bits(entry, tmp_path):
    model, start, data = entry.prepared()
    data = data.take(np.arange(len(data.weights) // 2))
    settings, n = Settings(tol=1e-8, max_iter=8, accelerate=True), float(data.weights.sum())
    whole = run(EMMap(model, data.source), start, settings, n)

    def em():
        found = EMMap(model, data.source)
        found.backend.journal = Journal(CheckpointFile(tmp_path / "run.ckpt", HEAD))
        return found

    def stop(iteration, *_):
        reached.append(iteration)
        if iteration >= 5:
            raise KeyboardInterrupt

    reached, first = [], em()
    with suppress(KeyboardInterrupt):
        run(first, start, replace(settings, callbacks=[stop]), n)
    first.backend.journal.write()
    seen = []
    again = run(em(), start, replace(settings, callbacks=[lambda i, *_: seen.append(i)]), n)
    assert seen[:1] == reached[-1:] or whole.n_iter < 5
    for name, value in named(whole.params).items():
        np.testing.assert_array_equal(named(again.params)[name], value)
    assert again.history == whole.history
    assert replace(again, params=None, stats=None) == replace(whole, params=None, stats=None)
