"""Real processes in tests: new ones, copies of one that has imported all, and copies of this one."""

import json
import os
import signal
import subprocess
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path

MAIN = "from latently.cli import main; main()"
# Before it in a process of which pictures are not the point: they take half of its time.
UNRENDERED = "from latently.report import Figure; Figure._saved = lambda *_, **__: b''\n"
UNDRAWN = UNRENDERED + "Figure.alternative = lambda figure: figure.name\n"
DRAWN = """
from latently.report import Figure
Figure._saved = lambda figure, *_, **__: repr(figure.drawing.axes).encode()
"""


def process(folder, *arguments, stdout=subprocess.PIPE, code=MAIN, **settings):
    """A real process that has ended."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        **settings,
    )


# A process that has imported all that a run may need and becomes one again and again, in a third of the time
# that a new one takes. Nothing has run in it: libraries that have begun their threads cannot be copied.
COPIED = """
import contextlib, importlib, io, json, os, pkgutil, signal, sys
import latently
import matplotlib.backends.backend_agg
import matplotlib.backends.backend_svg
for one in pkgutil.walk_packages(latently.__path__, "latently."):
    if not one.name.endswith("__main__"):
        importlib.import_module(one.name)
with contextlib.redirect_stderr(io.StringIO()):
    latently.cli.app.run(["cluster", "no.csv"])  # what is imported once options are read
for line in sys.stdin:
    folder, code, arguments, *printed = json.loads(line)
    pid = os.fork()
    if pid == 0:
        break
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
else:
    sys.exit()
signal.alarm(300)  # seconds that it may live
for number, file in enumerate(printed, 1):
    os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
os.chdir(folder)
sys.argv[1:] = arguments
exec(code, {"__name__": "__main__"})
"""


@contextmanager
def copied():
    """A function like `process` that needs no imports, for what a process does after them."""
    with subprocess.Popen(
        [sys.executable, "-c", COPIED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as ready:

        def run(folder, *arguments, code=MAIN, stdout=None):
            printed = stdout or f"{folder}.out", f"{folder}.err"
            ready.stdin.write(json.dumps([str(folder), code, arguments, *printed]) + "\n")
            ready.stdin.flush()
            code = int(ready.stdout.readline())
            out, err = (Path(file).read_text("utf-8") if Path(file).is_file() else "" for file in printed)
            return subprocess.CompletedProcess(arguments, code, out, err)

        yield run
        ready.kill()


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


def dies(*_):
    os.kill(os.getpid(), signal.SIGKILL)
