"""Helpers for tests of the command."""

import csv
import subprocess
import sys
from io import StringIO

MAIN = "from latently.cli import main; main()"
COMMAND = [sys.executable, "-c", MAIN]


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


def written(rows, separator=","):
    text = StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\n").writerows(rows)
    return text.getvalue()


def rows_of(path, separator=","):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file, delimiter=separator))


def said_in(text):
    """Words of the terminal, wherever its lines end."""
    return " ".join(text.split())


def assert_one_clear_line(code, out, err, words):
    assert (code, out) == (2, "")
    assert words in err
    assert err.startswith("latently: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
