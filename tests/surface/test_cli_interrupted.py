"""An interrupted command: exit code 130 and nothing left behind, whatever it was doing.

The processes are real and signal themselves when they do something, so that no moment hangs on how busy the
machine is.
"""

import os
import signal

import pytest

from tests.command import COMPILING, GOOD, ONE_FIT
from tests.processes import MAIN, UNDRAWN, process

COMPILED = ("-k", "2", "--covariance", "diag")  # what kernels are needed for
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
import {module} as module
inner = module.{function}
def send(*arguments):
    os.kill(os.getpid(), {signum})
    return inner(*arguments)
module.{function} = send
"""


# Nothing is found, once there is a folder for it.
FAILING = """
from latently.cli.cluster import Cluster
from latently.cli.failure import CommandError
def fail(*_):
    raise CommandError("nothing is found")
Cluster.analyse = fail
"""


# What was ignored where the tests were started stays ignored, as shells and runners of jobs have it.
HEEDED = """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
"""
# Which share out a table of any size.
TWO_PROCESSORS = """
os.sched_getaffinity = lambda _: range(2)
import latently.core.array_source
latently.core.array_source.TO_SHARE_OUT = 0
"""
# All kernels are compiled, by what signals itself, and who goes on all the same is soon ended.
UNCACHED = """
from numba.core.caching import Cache
Cache.load_overload = Cache.save_overload = lambda *_: None
from numba.core.registry import cpu_target
code = cpu_target.target_context.codegen()
code._engine.set_object_cache(send, code._library_class._object_getbuffer_hook)
import latently.cli.interruption
latently.cli.interruption.PATIENCE = 0.2
"""


def ran(by, folder, when, *options):
    (folder / "t.csv").write_text(GOOD)
    return by(folder, "cluster", "t.csv", *options, code=HEEDED + when + MAIN)


def assert_interrupted(folder, ended):
    assert (ended.returncode, ended.stderr.replace(COMPILING, "")) == (130, SAID)
    assert os.listdir(folder) == ["t.csv"]


@pytest.mark.parametrize(
    ("event", "names", "signum"),
    [
        ("import", "numpy._core._multiarray_umath", signal.SIGTERM),
        pytest.param("import", "numba.core.typeconv._typeconv", signal.SIGINT, marks=pytest.mark.slow),
        pytest.param("import", "typer", signal.SIGINT, marks=pytest.mark.slow),
        pytest.param("import", "sklearn.__check_build._check_build", signal.SIGTERM, marks=pytest.mark.slow),
    ],
)
def test_an_interrupted_import_leaves_nothing_behind(tmp_path, event, names, signum):
    when = AT_AN_EVENT.format(event=event, names=names, signum=signum)
    assert_interrupted(tmp_path, ran(process, tmp_path, when, *COMPILED))


@pytest.mark.parametrize(
    ("event", "names", "signum"),
    [
        ("open", "t.csv", signal.SIGINT),
        ("os.mkdir", ".latently-", signal.SIGINT),
        ("open", ".summary.json-", signal.SIGTERM),
    ],
)
def test_an_interrupted_run_leaves_nothing_behind(copy, tmp_path, event, names, signum):
    when = UNDRAWN + AT_AN_EVENT.format(event=event, names=names, signum=signum)
    assert_interrupted(tmp_path, ran(copy, tmp_path, when, *ONE_FIT))


def test_an_interrupted_fit_leaves_nothing_behind(copy, tmp_path):
    """Where it fits in threads, however many processors there are."""
    when = IN_A_CALL.format(module="latently.core.backends", function="_work", signum=signal.SIGINT)
    assert_interrupted(tmp_path, ran(copy, tmp_path, TWO_PROCESSORS + when))


def test_compilers_do_not_swallow_an_interruption(copy, tmp_path):
    """What is raised while they call back is lost, and a clock ends the run."""
    when = IN_A_CALL.format(
        module="numba.core.codegen", function="JITCodeLibrary._object_compiled_hook", signum=signal.SIGINT
    )
    assert_interrupted(tmp_path, ran(copy, tmp_path, when + UNCACHED, *COMPILED))


def test_an_interrupted_failure_leaves_nothing_behind(copy, tmp_path):
    when = AT_AN_EVENT.format(event="shutil.rmtree", names=".latently-", signum=signal.SIGINT)
    assert_interrupted(tmp_path, ran(copy, tmp_path, when + FAILING))


def test_results_that_stand_are_not_interrupted(copy, tmp_path):
    when = UNDRAWN + AT_AN_EVENT.format(event="os.rename", names="latently-cluster-t')", signum=signal.SIGINT)
    ended = ran(copy, tmp_path, when, *ONE_FIT)
    assert (ended.returncode, ended.stderr.replace(COMPILING, "")) == (0, "")
    assert set(os.listdir(tmp_path)) == {"t.csv", "latently-cluster-t"}
    assert "result.csv" in os.listdir(tmp_path / "latently-cluster-t")
