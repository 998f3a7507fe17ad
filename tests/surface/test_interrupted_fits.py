"""Fits that are killed go on from their checkpoint, and those that are interrupted may be kept."""

import errno
import os
import signal
import time
import warnings
from functools import partial

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from latently import GaussianHMM, GaussianImputer, GaussianMixture, MixedImputer, PoissonHMM, datasets, load
from latently.core import journal
from latently.core.parameters import named

MOMENTS = 10
FAITHFUL = datasets.load_faithful().data
OVERLAPPING = np.random.default_rng(0).normal(size=(400, 2)) * [1.0, 3.0]
HOLES = np.where(np.random.default_rng(1).random(FAITHFUL.shape) < 0.1, np.nan, FAITHFUL)

FITS = {
    "mixture": (partial(GaussianMixture, 3, n_init=3, n_jobs=1), OVERLAPPING),
    "mixture, searched": (partial(GaussianMixture, 3, n_jobs=2), OVERLAPPING),
    "chain": (partial(GaussianHMM, 3, n_init=2, n_jobs=1), OVERLAPPING),
    "imputer": (partial(GaussianImputer, 3, n_init=2, n_jobs=1), HOLES),
    "mixed imputer": (partial(MixedImputer, 3, n_init=2, n_jobs=1), HOLES),
}


@pytest.fixture(autouse=True)
def written_at_once(monkeypatch):
    monkeypatch.setattr(journal, "EVERY", 0.0)
    monkeypatch.setattr(journal, "SHARE", 0.2)


def bits(model):
    """All that a fit is judged by."""
    model = getattr(model, "mixture_", model)
    values = {name: np.asarray(value).tobytes() for name, value in named(model.params_).items()}
    return values, model.log_likelihood_history_.tobytes(), model.n_iter_, str(model.restarts_)


def in_a_process(task):
    """The process id of a copy of this process that does a task and ends."""
    pid = os.fork()
    if pid:
        return pid
    try:
        warnings.simplefilter("ignore")
        task()
    finally:
        os._exit(0)


@pytest.mark.parametrize("name", FITS)
def test_a_fit_killed_at_ten_moments_ends_with_the_bits_of_one_left_alone(name, tmp_path):
    make, X = FITS[name]
    checkpoint, result, steps = tmp_path / "fit.ckpt", tmp_path / "result", tmp_path / "steps"
    seen = []
    undisturbed = make(tol=1e-6, random_state=0, callbacks=[lambda i, *_: seen.append(i)]).fit(X)

    def slowly(iteration, params, log_likelihood):
        with open(steps, "a") as file:
            file.write(f"{iteration}\n")
        time.sleep(1.0 / len(seen))

    def task():
        model = make(tol=1e-6, random_state=0, callbacks=[slowly], checkpoint=checkpoint).fit(X)
        getattr(model, "mixture_", model).save(result)

    rng = np.random.default_rng(0)
    for moment in 0.15 * rng.random(MOMENTS):
        pid = in_a_process(task)
        time.sleep(moment)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    assert not result.exists()
    os.waitpid(in_a_process(task), 0)
    assert bits(load(result)) == bits(undisturbed)
    n_steps = len(steps.read_text().split())
    assert n_steps <= len(seen) + 2 * MOMENTS  # what was done is not done again
    assert not checkpoint.exists()
