"""What holds for every job of the command: how it ends, what it writes and replaces, and its help."""

import json
import os
import re
import shutil
from html import unescape
from pathlib import Path

import pytest

from latently.report import Figure
from tests.command import COMPILING, JOBS, assert_one_clear_line, said_in, summary_of
from tests.processes import DRAWN
from tests.simulations import by_night

over_jobs = pytest.mark.parametrize("name", JOBS)
# Quick runs of each, two that differ.
TWO_COLUMNS, OF_TEXT = ("--columns", 'height,"width, cm"'), ("--text-column", "text")
QUICK = {
    "cluster": tuple(("-k", K, "--covariance", "full", *TWO_COLUMNS) for K in ("1", "2")),
    "impute": (("-m", "4", *TWO_COLUMNS), ("-m", "2", *TWO_COLUMNS)),
    "segment": (("-k", "1"), ("-k", "2")),
    "topics": (("-k", "1", *OF_TEXT), ("-k", "2", *OF_TEXT)),
}


def contents(folder):
    files = (path for path in folder.rglob("*") if not path.is_dir())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


# All in one process, and pictures of the first only are rendered, which takes most of the time.
ONE_AFTER_ANOTHER = """
import json, os, sys
from latently.cli import main
for folder, arguments in json.loads(sys.argv[1]):
    os.chdir(folder)
    with open(folder + ".out", "w") as sys.stdout, open(folder + ".err", "w") as sys.stderr:
        try:
            main(arguments)
        except SystemExit as ended:
            code = ended.code
    print(code, file=sys.__stdout__)
    exec(sys.argv[2])
"""


@pytest.fixture(scope="module")
def real_run(tmp_path_factory, copy):
    """Of each job that a real process did: the folder of its results, its exit code and what it said."""
    folders = {name: tmp_path_factory.mktemp(name) for name in JOBS}
    for name, job in JOBS.items():
        (folders[name] / job.file).write_text(job.content, encoding="utf-8")
    asked = json.dumps([[str(folders[name]), job.arguments] for name, job in JOBS.items()])
    codes = copy(tmp_path_factory.mktemp("process"), asked, DRAWN, code=ONE_AFTER_ANOTHER).stdout.split()
    said = {name: [Path(f"{folders[name]}.{end}").read_text() for end in ("out", "err")] for name in JOBS}
    return {
        name: (folders[name] / JOBS[name].results, (int(code), *said[name]))
        for name, code in zip(JOBS, codes, strict=True)
    }


@over_jobs
def test_a_run_ends_well_says_what_matters_and_writes_its_folder_and_nothing_else(real_run, name):
    (folder, (code, out, err)), job = real_run[name], JOBS[name]
    assert (code, err.replace(COMPILING, "")) == (0, "")
    assert "\x1b" not in out
    found = [found["text"][1:] for found in summary_of(folder)["findings"]]
    assert len(found) > 3
    page = unescape(re.sub(r"<[^>]*>", " ", (folder / "index.html").read_text(encoding="utf-8")))
    assert job.headline in said_in(out)
    shown = f"{said_in(out)} {said_in(page)}".replace(":", "")
    for words in (*job.says, *summary_of(folder)["careful"], *found):
        assert words.replace(":", "") in shown, words
    assert set(os.listdir(folder.parent)) == {job.file, job.results}
    written = contents(folder)
    assert set(written) - {"convergence.png"} == job.writes
    pictures = [data for file, data in written.items() if file.endswith(".png")]
    assert all(data.startswith(b"\x89PNG") for data in pictures) or name != "cluster"
    html = written["index.html"].decode()
    assert job.headline in html
    assert not re.search(r"""(src|href|url)\W{1,3}https?:""", html)


@over_jobs
def test_the_command_of_the_summary_does_the_same_again_in_another_process(real_run, results, name):
    (folder, _), job = real_run[name], JOBS[name]
    summary = summary_of(folder)
    assert summary["input"] == job.file
    assert summary["settings"]["Command"] == job.as_typed
    again, first = contents(results(*job.run)), contents(folder)
    assert set(again) == set(first)
    apart = {"summary.json"}  # which has the seconds it took
    if name == "cluster":
        apart |= {file for file in first if file.endswith((".png", ".html"))}
    for file in first.keys() - apart:
        assert again[file] == first[file], file


@pytest.mark.parametrize("name", ["cluster", "impute", *by_night("segment", "topics")])
def test_results_are_written_only_by_success_and_replaced_only_by_force(run, here, monkeypatch, name):
    def full(*arguments, **settings):
        raise OSError("No space left on device")

    job, (first, second) = JOBS[name], QUICK[name]
    (here / job.file).write_text(job.content, encoding="utf-8")
    with monkeypatch.context() as halfway:
        halfway.setattr(Figure, "_saved", full)
        code, out, err = run(name, job.file, *first)
        assert out, "what was found is said before it is written"
        assert_one_clear_line(code, "", err, "No space left on device")
        assert os.listdir(here) == [job.file]
    assert run(name, job.file, *first)[0] == 0
    before = contents(here / job.results)
    assert_one_clear_line(*run(name, job.file, *second), f"'{job.results}' is there already: add --force")
    with monkeypatch.context() as halfway:
        halfway.setattr(Figure, "_saved", full)
        code, _, err = run(name, job.file, *second, "--force")
        assert_one_clear_line(code, "", err, "No space left on device")
        assert contents(here / job.results) == before
    assert run(name, job.file, *second, "--force")[0] == 0
    after = contents(here / job.results)
    assert after["index.html"] != before["index.html"]
    assert set(after) <= job.writes | {"convergence.png"}  # no more draws than were asked for
    assert sorted(os.listdir(here)) == sorted([job.file, job.results])


@over_jobs
def test_files_that_are_not_ours_are_never_replaced(run, here, name):
    job = JOBS[name]
    (here / job.file).write_text(job.content, encoding="utf-8")
    places = {"mine/thesis.tex": "thesis.tex", "mine/index.html/thesis": "index.html/"}
    if name == "impute":
        places["mine/draws/mine.csv"] = "draws/mine.csv"
    for place, told in places.items():
        (here / place).parent.mkdir(parents=True)
        (here / place).write_text("years of work")
        asked = (name, job.file, *QUICK[name][0], "--out", "mine", "--force")
        assert_one_clear_line(*run(*asked), f"'mine' holds '{told}', which latently did not write")
        assert (here / place).read_text() == "years of work"
        shutil.rmtree(here / "mine")


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",), *((name, "--help") for name in JOBS)])
def test_help_lists_the_jobs_and_the_options_of_each(run, arguments):
    code, out, err = run(*arguments)
    assert (code, err) == (0, "")
    listed = JOBS[arguments[0]].options if len(arguments) == 2 else (*JOBS, "predict", "demo")
    assert all(words in out for words in listed)


@over_jobs
def test_a_checkpoint_is_gone_at_the_end_and_one_of_something_else_stays(run, here, name):
    job, where = JOBS[name], here / "run.ckpt"
    (here / job.file).write_text(job.content, encoding="utf-8")
    one_family = ("--emission", "poisson") if name == "segment" else ()  # each of several has a file
    quick = (name, job.file, *QUICK[name][0], *one_family, "--checkpoint", "run.ckpt", "--force")
    code, _, _ = run(*quick)
    assert code == 0
    assert not where.exists()
    where.write_text("my notes", encoding="utf-8")
    assert_one_clear_line(*run(*quick), "'run.ckpt' is not that of a fit: name another file, or remove it")
    assert where.read_text(encoding="utf-8") == "my notes"
