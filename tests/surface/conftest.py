"""The command in a folder of its own, inside this process: a real process is for what only it can show."""

from functools import cache

import pytest

from latently.cli import main
from tests.command import JOBS, process, written


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(here, capsys):
    """Run the command in a folder of its own: exit code, what it printed, what it complained of."""

    def command(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = capsys.readouterr()
        return ended.value.code, out, err

    return command


@pytest.fixture(scope="session")
def real_run(tmp_path_factory):
    """One real run of a job, looked at by many tests: the folder of its results and the finished process."""

    @cache
    def run(name):
        job, folder = JOBS[name], tmp_path_factory.mktemp(name)
        (folder / job.file).write_text(written(job.rows), encoding="utf-8")
        ran = process(folder, *job.arguments)
        return folder / job.results, ran

    return run
