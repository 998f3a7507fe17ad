"""The command in a folder of its own, inside this process: a real process is for what only it can show.

Its pictures are drawn once by a test, whatever its parameters, which finds what is wrong with them, and not
rendered, which takes most of the time, and its searches are short; `rendered` leaves nothing out.
"""

import json
import os
import re
from collections import defaultdict
from contextlib import redirect_stdout
from dataclasses import replace
from functools import cache
from io import StringIO

import pytest

from latently.cli import main
from latently.core.exploration import Explorer
from latently.report import Figure
from latently.report.interactive import replay
from tests.command import COMPILING
from tests.processes import DRAWN, copied


def only_drawn(monkeypatch, drawn):
    """Pictures are drawn unless one of their name is among those that were `drawn`, and not rendered."""

    def drawn_once(self, *_, **__):
        if self.name in drawn:
            return b""
        drawn.add(self.name)
        return repr(self.drawing.axes).encode()

    def of_what_is_drawn(self):
        return alternative(self) if "drawing" in vars(self) else self.name

    alternative = Figure.alternative
    monkeypatch.setattr(Figure, "_saved", drawn_once)
    monkeypatch.setattr(Figure, "alternative", of_what_is_drawn)


@pytest.fixture
def hasty(monkeypatch):
    """A search takes one batch of starts and no moves, and a page one start: for what hangs on no maximum."""

    def one_batch(self, *args):
        self._plan = replace(self._plan, agreeing=1, moves=False)
        explore(self, *args)

    explore = Explorer.explore
    monkeypatch.setattr(Explorer, "explore", one_batch)
    monkeypatch.setattr(replay, "N_STARTS", 1)


@pytest.fixture(scope="module")
def drawn_by():
    """Names of the pictures that each test of a file has drawn."""
    return defaultdict(set)


@pytest.fixture
def unrendered(monkeypatch):
    monkeypatch.setattr(Figure, "_saved", Figure._saved)  # which is put back
    exec(DRAWN, {})


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def rendered(here, capsys):
    """Run the command in a folder of its own: exit code, what it said, what it complained of.

    It says the most important on the terminal, and all of it in the summary.
    """

    def command(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = capsys.readouterr()
        wrote = re.search(r"Wrote (.*?)/: open index", out)
        if wrote and (summary := here / wrote[1] / "summary.json").exists():
            findings = json.loads(summary.read_text(encoding="utf-8"))["findings"]
            out += "".join(f"\n{one['text'][:1].upper()}{one['text'][1:]}." for one in findings)
        return ended.value.code, out, err.replace(COMPILING, "")

    return command


@pytest.fixture
def run(rendered, hasty, monkeypatch, request, drawn_by):
    """The same, with short searches, and pictures that are drawn and not rendered."""
    only_drawn(monkeypatch, drawn_by[request.node.originalname])
    return rendered


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """Of one run on a file, for all tests that ask: the folder of what it wrote, beside what was `said`."""

    @cache
    def folder(file, content, *arguments):
        here = tmp_path_factory.mktemp(arguments[0])
        (here / file).write_text(content, encoding="utf-8")
        with pytest.MonkeyPatch.context() as monkeypatch, redirect_stdout(StringIO()) as said:
            monkeypatch.chdir(here)
            monkeypatch.setattr(Figure, "_saved", Figure._saved)
            exec(DRAWN, {})
            with pytest.raises(SystemExit) as ended:
                main(arguments)
        assert ended.value.code == 0
        (here / "said").write_text(said.getvalue(), encoding="utf-8")
        (written,) = here.glob("latently-*")
        return written

    return folder


@pytest.fixture(scope="session")
def copy():
    """A real process, as `process` is, that has imported all before it begins."""
    if not hasattr(os, "fork"):
        pytest.skip("this system has no copies of processes")
    with copied() as run:
        yield run
