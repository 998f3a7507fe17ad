"""What holds for every job of the command: how it ends, what it writes and replaces, and its help."""

import json
import os
import shlex
import shutil

import pytest
from matplotlib.figure import Figure

from tests.command import COMPILING, JOBS, assert_one_clear_line, said_in, written

over_jobs = pytest.mark.parametrize("name", JOBS)
# Quick runs of each, two that differ.
QUICK = {
    "cluster": (("-k", "1", "--covariance", "full"), ("-k", "2", "--covariance", "full")),
    "impute": (
        ("-m", "4", "--columns", 'height,"width, cm"'),
        ("-m", "2", "--columns", 'height,"width, cm"'),
    ),
    "segment": (("-k", "1"), ("-k", "2")),
    "topics": (("-k", "1", "--text-column", "text"), ("-k", "2", "--text-column", "text")),
}


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if not path.is_dir()
    }


@over_jobs
def test_a_run_ends_well_is_quiet_and_writes_its_folder_and_nothing_else(real_run, name):
    (folder, ran), job = real_run(name), JOBS[name]
    assert (ran.returncode, ran.stderr.replace(COMPILING, "")) == (0, "")
    assert "\x1b" not in ran.stdout
    assert set(os.listdir(folder.parent)) == {job.file, job.results}
    written = contents(folder)
    assert set(written) - {"convergence.png"} == job.writes
    assert all(data.startswith(b"\x89PNG") for file, data in written.items() if file.endswith(".png"))


@over_jobs
def test_the_first_screen_and_the_page_say_what_matters(real_run, name):
    (folder, ran), job = real_run(name), JOBS[name]
    said = said_in(ran.stdout)
    for words in (job.headline, *job.says):
        assert words in said, words
    html = (folder / "index.html").read_text(encoding="utf-8")
    assert job.headline in html
    assert "http" not in html


@over_jobs
def test_the_command_of_the_summary_does_the_same_again_in_another_process(real_run, run, here, name):
    (folder, _), job = real_run(name), JOBS[name]
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["input"] == job.file
    assert summary["settings"]["Command"] == job.as_typed
    (here / job.file).write_bytes((folder.parent / job.file).read_bytes())
    assert run(*shlex.split(job.as_typed)[1:])[0] == 0
    again = contents(here / job.results)
    for file, data in contents(folder).items():
        assert again[file] == data or file == "summary.json", file  # which has the seconds it took


@over_jobs
def test_results_are_written_only_by_success_and_replaced_only_by_force(run, here, monkeypatch, name):
    def full(*arguments, **settings):
        raise OSError("No space left on device")

    job, (first, second) = JOBS[name], QUICK[name]
    (here / job.file).write_text(written(job.rows), encoding="utf-8")
    with monkeypatch.context() as halfway:
        halfway.setattr(Figure, "savefig", full)
        assert_one_clear_line(*run(name, job.file, *first), "No space left on device")
        assert os.listdir(here) == [job.file]
    assert run(name, job.file, *first)[0] == 0
    before = contents(here / job.results)
    assert_one_clear_line(*run(name, job.file, *second), f"'{job.results}' is there already: add --force")
    with monkeypatch.context() as halfway:
        halfway.setattr(Figure, "savefig", full)
        assert_one_clear_line(*run(name, job.file, *second, "--force"), "No space left on device")
        assert contents(here / job.results) == before
    assert run(name, job.file, *second, "--force")[0] == 0
    after = contents(here / job.results)
    assert after["index.html"] != before["index.html"]
    assert set(after) <= job.writes | {"convergence.png"}  # no more draws than were asked for
    assert sorted(os.listdir(here)) == sorted([job.file, job.results])


@over_jobs
def test_files_that_are_not_ours_are_never_replaced(run, here, name):
    job = JOBS[name]
    (here / job.file).write_text(written(job.rows), encoding="utf-8")
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


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_help_lists_the_jobs(run, arguments):
    code, out, err = run(*arguments)
    assert (code, err) == (0, "")
    assert all(job in out for job in (*JOBS, "predict", "demo"))


@over_jobs
def test_help_of_a_job_lists_its_options(run, name):
    out = run(name, "--help")[1]
    for option in JOBS[name].options:
        assert option in out
