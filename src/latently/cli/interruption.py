"""How an interrupted run ends: with exit code 130 and nothing left behind, whatever it was doing.

What a signal raises can get lost: C code that calls back into Python swallows it (the compiler of kernels
does), and an import that it hits fails in a way of its own. So it is remembered that there was a signal, and
a run that goes on all the same is ended by the clock.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Little is imported until signals are in hand.
SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
EXIT_CODE = 130
PATIENCE = 2.0  # seconds

_aside: set[Path] = set()
_interrupted = False


class Interrupted(BaseException):
    """Is raised by a signal, and by nobody taken for an error."""


@contextmanager
def interruptible() -> Iterator[None]:
    """End the process with exit code 130 if there is a signal within the context.

    A signal that was ignored stays so: a shell starts what runs in its background without Ctrl-C. Raises a
    SystemExit if there was a signal, however the context ends.
    """
    global _interrupted
    before = {one: was for one in SIGNALS if (was := signal.getsignal(one)) not in (signal.SIG_IGN, None)}
    hook = sys.unraisablehook
    clock = threading.Timer(PATIENCE, _end)
    clock.daemon = True

    def interrupt(signum: int, frame: object) -> None:
        global _interrupted
        _ignore_signals()
        _interrupted = True
        sys.unraisablehook = lambda _: None  # who swallows what is raised here would tell of it
        clock.start()
        raise Interrupted

    for one in before:
        signal.signal(one, interrupt)
    try:
        yield
    except BaseException:
        if not _interrupted:
            raise
    finally:
        clock.cancel()
        for one, was in before.items():
            signal.signal(one, was)
        sys.unraisablehook = hook
        if _interrupted:
            _interrupted = False
            _clean()
            raise SystemExit(EXIT_CODE)


def new_aside(above: Path) -> Path:
    """Make a folder, hidden in another, that is thrown away if the run is interrupted."""
    folder = above / f".latently-{os.urandom(6).hex()}"
    _aside.add(folder)
    folder.mkdir(mode=0o700)
    return folder


def throw_away(folder: Path) -> None:
    """Remove a folder made aside, if it is still there."""
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
    _aside.discard(folder)


def no_return() -> None:
    """From here on a signal comes too late: what follows is done as a whole."""
    if _interrupted:
        raise Interrupted
    _ignore_signals()


def _ignore_signals() -> None:
    for one in SIGNALS:
        signal.signal(one, signal.SIG_IGN)


def _clean() -> None:
    for folder in list(_aside):
        throw_away(folder)
    print("latently: interrupted, and nothing was written", file=sys.stderr, flush=True)


def _end() -> None:
    _clean()
    os._exit(EXIT_CODE)
