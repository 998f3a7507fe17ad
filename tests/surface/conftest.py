"""The command in a folder of its own, inside this process: a real process is for what only it can show."""

import pytest

from latently.cli import main


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
