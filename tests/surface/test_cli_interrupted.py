"""An interrupted command: exit code 130 and nothing left behind, whatever it was doing.

The processes are real and signal themselves when they do something, so that no moment hangs on how busy the
machine is.
"""

import os
import signal

import numpy as np
import pytest

from tests.command import COMPILING, MAIN, ONE_FIT, UNRENDERED, process

RNG = np.random.default_rng(0)
TABLE = "a,b\n" + "".join(f"{x},{y}\n" for x, y in RNG.normal(size=(20_000, 2)).round(3))
SAID = "latently: interrupted, and nothing was written\n"

# What Python tells its auditors: the process signals itself when this event first names this.
AT_AN_EVENT = """
import os, sys
sent = False
def send_at(event, arguments):
    global sent
    if not sent and event == {event!r} and {names!r} in str(arguments):
        sent = True
        os.kill(os.getpid(), {signum})
sys.addaudithook(send_at)
"""
# Before a function does its work.
IN_A_CALL = """
import os
import {module} as module
inner = module.{function}
def send(*arguments):
    os.kill(os.getpid(), {signum})
    return inner(*arguments)
module.{function} = send
"""


def heed_signals():
    """What was ignored where the tests were started stays ignored: shells and runners of jobs do that."""
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, signal.SIG_DFL)


def ran(folder, when, *options, **environment):
    (folder / "t.csv").write_text(TABLE)
    how = {"env": os.environ | environment, "timeout": 300, "preexec_fn": heed_signals}
    return process(folder, "cluster", "t.csv", *options, code=when + MAIN, **how)


def assert_interrupted(folder, ended):
    assert (ended.returncode, ended.stdout, ended.stderr.replace(COMPILING, "")) == (130, "", SAID)
    assert os.listdir(folder) == ["t.csv"]


@pytest.mark.parametrize(
    ("event", "names", "signum"),
    [
        ("import", "typer", signal.SIGINT),
        ("import", "numpy._core._multiarray_umath", signal.SIGTERM),
        ("open", "t.csv", signal.SIGINT),
        ("import", "numba.core.typeconv._typeconv", signal.SIGINT),
        ("import", "sklearn.cluster._k_means_common", signal.SIGTERM),
        ("os.mkdir", ".latently-", signal.SIGINT),
        ("open", ".summary.json-", signal.SIGTERM),
    ],
)
def test_an_interrupted_run_leaves_nothing_behind(tmp_path, event, names, signum):
    when = AT_AN_EVENT.format(event=event, names=names, signum=signum)
    assert_interrupted(tmp_path, ran(tmp_path, when, *ONE_FIT))


def test_an_interrupted_fit_leaves_nothing_behind(tmp_path):
    when = IN_A_CALL.format(module="latently.core.backends", function="_work", signum=signal.SIGINT)
    assert_interrupted(tmp_path, ran(tmp_path, when))


def test_compilers_do_not_swallow_an_interruption(tmp_path):
    """What is raised while they call back is lost."""
    when = IN_A_CALL.format(
        module="numba.core.codegen", function="JITCodeLibrary._object_compiled_hook", signum=signal.SIGINT
    )
    here = tmp_path / "here"
    here.mkdir()
    options = ("-k", "1", "--covariance", "diag")
    assert_interrupted(here, ran(here, when, *options, NUMBA_CACHE_DIR=str(tmp_path / "cold")))


def test_an_interrupted_failure_leaves_nothing_behind(tmp_path):
    when = AT_AN_EVENT.format(event="shutil.rmtree", names=".latently-", signum=signal.SIGINT)
    assert_interrupted(tmp_path, ran(tmp_path, when, "-k", "30000", "--covariance", "full"))


def test_results_that_stand_are_not_interrupted(tmp_path):
    when = UNRENDERED + AT_AN_EVENT.format(
        event="os.rename", names="latently-cluster-t')", signum=signal.SIGINT
    )
    ended = ran(tmp_path, when, *ONE_FIT)
    assert (ended.returncode, ended.stderr.replace(COMPILING, "")) == (0, "")
    assert set(os.listdir(tmp_path)) == {"t.csv", "latently-cluster-t"}
    assert "result.csv" in os.listdir(tmp_path / "latently-cluster-t")
