"""The command as a process, its demonstration, its version, and what it says on a terminal."""

import json
import os
import re
import sys
from functools import partial
from importlib import import_module
from importlib.util import module_from_spec
from io import StringIO
from itertools import product
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pytest
from rich.console import Console

import latently
from latently import GaussianMixture, LatentDirichletAllocation, datasets, select
from latently.cli import app, demo
from latently.cli import progress as bar
from latently.cli.demo.chapter import chapter_of
from latently.cli.failure import CommandError
from latently.cli.folder import ResultFolder
from latently.cli.leaner import WHERE, Leaner, without_unused
from latently.cli.progress import Pace, progress
from latently.cli.terminal import say_table
from latently.report import Figure
from latently.report import Table as Shown
from latently.report.mixture import MixtureAnalysis, mixture_report
from tests.command import GOOD, JOBS, ONE_FIT, assert_one_clear_line, said_in, summary_of
from tests.processes import MAIN, UNDRAWN, UNRENDERED, process


def test_an_unwritable_place_is_one_clear_line():
    if not os.path.isdir("/proc"):
        pytest.skip("needs a folder in which nobody can write")
    with (
        pytest.raises(CommandError, match="'/proc/results' cannot be written"),
        ResultFolder(Path("/proc/results"), False),
    ):
        pass


# What a process says from now on goes where nobody listens.
UNHEARD = """
import os
reader, writer = os.pipe()
os.close(reader)
os.dup2(writer, 1)
"""


def test_results_are_there_even_if_nobody_listens(copy, tmp_path):
    (tmp_path / "t.csv").write_text(GOOD)
    ran = copy(tmp_path, "cluster", "t.csv", *ONE_FIT, code=UNDRAWN + UNHEARD + MAIN)
    assert "Traceback" not in ran.stderr
    assert set(os.listdir(tmp_path)) == {"t.csv", "latently-cluster-t"}


def test_without_its_extra_the_command_says_how_to_install_it(tmp_path):
    code = "import sys; sys.modules['polars'] = None; " + MAIN
    ran = process(tmp_path, "cluster", "t.csv", code=code)
    assert_one_clear_line(ran.returncode, ran.stdout, ran.stderr, 'needs polars: pip install "latently[cli]"')


def test_without_typer_the_command_says_how_to_install_it(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "typer", None)
    monkeypatch.delitem(sys.modules, "latently.cli.app", raising=False)
    assert_one_clear_line(*run("--version"), 'needs typer: pip install "latently[cli]"')


def test_what_cannot_be_is_said_before_anything_large_is_imported(tmp_path):
    asked = ["cluster", "no.csv"], ["impute", "no.csv"], ["segment", ".", "-k", "x"]
    code = (
        f"import sys; from latently.cli.app import run; print(*map(run, {asked})); "
        "print([name for name in ('numpy', 'polars', 'scipy', 'sklearn', 'numba') if name in sys.modules])"
    )
    ran = process(tmp_path, code=code)
    assert (ran.stdout, ran.stderr.count("\n")) == ("2 2 2\n[]\n", 3), ran.stderr


def test_scikit_learn_is_imported_without_what_takes_long_and_is_not_used(monkeypatch):
    from scipy.stats import norm

    monkeypatch.delitem(sys.modules, "pandas", raising=False)
    monkeypatch.delitem(sys.modules, "scipy.stats")
    spec = Leaner().find_spec(WHERE, import_module("sklearn.utils").__path__)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.pd is None
    assert not {"pandas", "scipy.stats"} & set(sys.modules)
    with without_unused():
        from scipy.stats import norm as asked_for
    assert asked_for is norm
    assert "pandas" not in sys.modules
    assert Leaner().find_spec("sklearn.base", import_module("sklearn").__path__) is None


# -- demo ----------------------------------------------------------------------------------------------


TOLD = (
    "BIC is lowest, 2314.296, for 3 components with tied covariances",
    "for 2 components with full covariances it is 2322.192",
    "not for the number of kinds",
    "no dip in the density between clusters 0 and 2",
    "44 of 612 measurements of the air in New York are missing, on 42 of 153 days",
    "Month and Day pass through",
    "3 of the 44 filled cells lie outside the observed range",
    "3 states",
    "342.3183 (2 states) and 329.4603 (3 states): as published",
    "1905 to 1910, 1942 to 1950 and 1968 to 1970",
    "For 2007 to 2009 the model of all years up to 2006 expects 13.7, 14.1 and 14.5",
    "of the states found, the one with most sixes does so in 32%",
    "EM ends at another maximum, 0.69 lower, whose second die shows a six in 60%",
    "269 chapters of six novels",
    "The names make it easy",
    "It says nothing of how well topics cover the documents",  # of the reference of Python
)


def test_the_demo_tells_both_values_of_bic_and_why(rendered, here, monkeypatch):
    monkeypatch.setattr("latently.cli.demo.faithful.TRIED", range(2, 4))
    monkeypatch.setattr("latently.cli.demo.faithful.STRUCTURES", ["full", "tied"])
    # Most pictures are those of any report: here its own are drawn.
    own = ("panels", "best", "pair")
    monkeypatch.setattr(
        Figure, "_saved", lambda self, *_, **__: repr(self.drawing.axes).encode() if self.name in own else b""
    )
    monkeypatch.setattr(Figure, "alternative", lambda self: self.name)
    monkeypatch.setattr("latently.report.interactive.replay.N_STARTS", 1)
    for chapter in ("faithful", "short"):
        monkeypatch.setattr(
            f"latently.cli.demo.{chapter}.GaussianMixture", partial(GaussianMixture, n_init=2)
        )
    few = {"covariance_type": ["diag"], "n_components": [2, 3]}
    monkeypatch.setattr("latently.cli.demo.short.select", lambda of, X, _, **how: select(of, X, few, **how))
    monkeypatch.setattr("latently.cli.demo.earthquakes.TRIED", range(1, 4))
    monkeypatch.setattr("latently.cli.demo.austen.SEEDS", range(2))
    quick = partial(LatentDirichletAllocation, max_iter=30)
    monkeypatch.setattr("latently.cli.demo.austen.LatentDirichletAllocation", quick)
    for chapter in ("airquality", "short"):
        monkeypatch.setattr(f"latently.cli.demo.{chapter}.N_TABLES", 2)
    code, out, err = rendered("demo", "--out", "demo", "--force")
    assert (code, err) == (0, "")
    html = (here / "demo" / "index.html").read_text(encoding="utf-8")
    for text, words in product((said_in(out), html), TOLD):
        assert words in text
    named, plain = (
        [float(cell) for cell in re.search(rf"^ *{which}, likeliest topic +(.*)$", out, re.M)[1].split()]
        for which in ("with names", "without names")
    )
    assert len(named) == len(plain) == 2
    assert max(named) > 2 * max(plain) > 0
    pages = {file.name: file.read_text(encoding="utf-8") for file in (here / "demo").glob("*.html")}
    assert {name.removesuffix(".html") for name in pages} == {
        *("index", "faithful", "wine", "airquality", "cholesterol", "earthquakes", "casino"),
        *("austen", "austen-without-names", "python"),
    }
    assert all(f'href="{name}"' in html for name in pages if name != "index.html")
    assert html.count("<img") == 8  # a picture for each chapter
    del pages["index.html"]
    assert all("<img" in page and "How it was computed" in page for page in pages.values())
    assert rendered("demo", "--out", "demo")[0] == 2


def test_every_chapter_of_the_demo_is_on_its_page(run, here, monkeypatch):
    def chapter(told):
        report = mixture_report(MixtureAnalysis(mixture, datasets.load_faithful().data, "eruptions"))
        name = ["faithful", "wine"][len(seen)]
        return chapter_of(report, name, f"Chapter {name}", "A geyser.", seen.append("said") or ["A finding."])

    seen = []
    mixture = GaussianMixture(1).fit(datasets.load_faithful().data)
    monkeypatch.setattr(demo, "chapters", lambda: (chapter, chapter))
    out = run("demo")[1]
    html = (here / "demo" / "index.html").read_text()
    assert "<h2>Chapter faithful</h2>" in html
    assert "<h2>Chapter wine</h2>" in html
    assert out.count("A finding.") == 2
    assert "A finding." in (here / "demo" / "wine.html").read_text()


def test_the_version_is_that_of_the_library(run):
    assert run("--version") == (0, f"latently {latently.__version__}\n", "")


@pytest.mark.parametrize(("width", "all_of_it", "seen"), [(40, True, 8), (40, False, 3), (80, False, 8)])
def test_a_wide_table_goes_on_below_but_not_for_long(width, all_of_it, seen):
    console = Console(file=StringIO(), width=width)
    name = "a name that is much longer than the terminal is wide, and takes several lines for that"
    cells = [f"{j}." * 5 for j in range(8)]
    table = Shown("T", ["", *(f"column {j}" for j in range(8))], [[name, *cells]])
    say_table(console, table, all_of_it=all_of_it)
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert [any(cell in line for line in lines) for cell in cells] == [j < seen for j in range(8)]
    assert ("5 more columns on the page." in lines) == (seen == 3)
    assert "several" in console.file.getvalue()


def test_progress_is_shown_on_a_terminal_only_and_of_what_takes_long(capsys, monkeypatch):
    with progress() as told:
        told(0, 2, "fit 3")
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress() as told:
        told(1, 2, "quick")
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(bar, "PATIENCE", 0.0)
    with progress() as told:
        told(1, 2, "fit 3")
        out = err = ""
        while "fit 3" not in err:  # however busy the machine is
            sleep(0.05)
            out, err = (a + b for a, b in zip((out, err), capsys.readouterr(), strict=True))
        assert out == ""
        assert "1/2" in err
        told(0, None, "drawing")
        while "drawing" not in err:
            sleep(0.05)
            err = capsys.readouterr().err
        last = err[err.rindex("\r") :]
        assert not set("/%") & set(last)  # of what nobody has counted nothing is said to be done
        assert "left" not in last
    capsys.readouterr()
    with progress(shown=False):
        sleep(0.1)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("width", [80, 50])
def test_a_bar_is_one_line_where_lines_are_short(width, capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(bar, "PATIENCE", 0.0)
    with progress() as told:
        told(0, 99, "testing whether cells are missing completely")
        sleep(0.2)
        told(1, 99, "testing whether cells are missing completely")
        err, until = "", monotonic() + 60  # however busy the machine is
        while "1/99" not in err and monotonic() < until:
            sleep(0.05)
            err += capsys.readouterr().err
    assert "1/99" in err
    assert " left" in err
    assert "\n" not in err
    assert "testing whether cells are missing completely" not in err


def test_time_left_is_by_the_latest_steps_counts_down_and_is_not_known_of_others():
    pace = Pace(0.0)
    assert pace.words(3.9) == "0:00:03"  # spent
    pace.told(0, 10, 4.0)
    assert pace.words(9.0) == "0:00:05"
    for i in range(1, 8):
        pace.told(i, 10, 4.0 + i**2)
    assert pace.words(53.0) == "0:00:27 left"  # three more, of nine seconds each
    assert pace.words(60.5) == "0:00:20 left"
    assert pace.words(90.0) == "0:01:26"  # it takes longer than thought
    pace.told(0, 3, 100.0)
    assert pace.words(103.0) == "0:00:03"
    pace.told(1, None, 120.0)
    assert pace.words(120.0) == "0:00:00"


# What a process does from now on it does on a terminal of its own, of which the process before it tells.
ON_A_TERMINAL = """
import os, pty
child, terminal = pty.fork()
if child:
    try:
        while part := os.read(terminal, 2**16):
            os.write(1, part)
    except OSError:  # the end of the other side
        os._exit(0)
"""


def test_on_a_real_terminal_the_bar_comes_and_goes(copy, tmp_path):
    (tmp_path / "t.csv").write_text(GOOD, encoding="utf-8")
    job = ("cluster", "t.csv", "-k", "1:2", "--covariance", "full", "--force")
    code = f"{ON_A_TERMINAL}{UNRENDERED}from latently.cli import app, progress; progress.PATIENCE = 0.0\n"
    code += f"app.run({[*job, '-k', '1', '--quiet']}); print('until here'); app.run({job})"
    quiet, _, said = copy(tmp_path, code=code).stdout.partition("until here")
    assert quiet == ""
    assert all(part in said for part in ("reading", "2 components", "drawing"))
    assert said.rindex("\x1b[2K") < said.rindex("Wrote")  # the line is wiped before the last is said
    assert said.count("\x1b[?25l") == said.count("\x1b[?25h") > 0  # and the cursor shown again


@pytest.mark.parametrize("job", ["cluster", "segment", "topics", "impute"])
def test_a_terminal_is_told_five_things_and_where_the_rest_is(results, job):
    folder = results(*JOBS[job].run)
    out = (folder.parent / "said").read_text(encoding="utf-8")
    bullets = sum(line.startswith(" - ") for line in out.splitlines())
    summary = summary_of(folder)
    n = len([one for one in summary["findings"] if one["kind"] != one["subject"]])
    assert 0 < bullets <= 5
    if job != "topics":
        assert f"The page says {n - bullets} more thing" in said_in(out)


def test_json_is_printed_alone_and_quiet_prints_nothing(run, here):
    (here / "t.csv").write_text(GOOD)
    code, out, err = run("cluster", "t.csv", *ONE_FIT, "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["headline"] == "1 cluster in the 20 rows of t.csv"
    assert found["folder"] == "latently-cluster-t"
    assert found["columns"] == ["a", "b"]
    assert run("cluster", "t.csv", *ONE_FIT, "--quiet", "--force") == (0, "", "")
    model = "latently-cluster-t/model.latently"
    assert json.loads(run("predict", model, "t.csv", "--json")[1])["folder"] == "latently-predict-t"
    assert "--json" not in summary_of(here / "latently-cluster-t")["settings"]["Command"]


def test_an_error_is_one_line_and_its_place_is_shown_on_demand(run, here, monkeypatch):
    (here / "t.csv").write_text("a,b\n1,x\n")
    assert_one_clear_line(*run("cluster", "t.csv"), "only one row")
    err = run("cluster", "t.csv", "--debug")[2]
    assert err.startswith("Traceback")
    assert err.splitlines()[-1].startswith("latently: t.csv has only one row")


def _key():
    raise KeyError("the tide")


def _value():
    raise ValueError("the tide")


@pytest.mark.parametrize(
    ("goes_wrong", "said"),
    [
        (_key, "KeyError: 'the tide'"),
        (_value, "ValueError: the tide"),
        (lambda: np.zeros(3) + np.zeros(4), "ValueError: operands could not be broadcast"),
        (lambda: dict([(1, 2, 3)]), "ValueError: dictionary update sequence element"),
        (lambda: np.linalg.inv(np.zeros((2, 2))), "LinAlgError: Singular matrix"),
    ],
)
def test_a_fault_within_is_not_said_to_be_the_users(run, here, monkeypatch, goes_wrong, said):
    (here / "t.csv").write_text(GOOD)
    monkeypatch.setattr("latently.cli.tables.columns.choose", lambda *_, **__: goes_wrong())
    code, out, err = run("cluster", "t.csv")
    assert_one_clear_line(code, out, err, f"a fault of latently's own ({said}")
    assert err.endswith("please report it with what --debug shows\n")
    debug = run("cluster", "t.csv", "--debug")[2]
    assert debug.startswith("Traceback")
    assert goes_wrong.__name__ in debug


def test_a_fault_in_every_fit_of_a_search_is_a_fault(run, here, monkeypatch):
    (here / "t.csv").write_text(GOOD)
    monkeypatch.setattr("latently.models.latent_emission.LatentEmission.m_step", lambda *_, **__: _value())
    err = run("cluster", "t.csv", *ONE_FIT, "--debug")[2]
    assert "_value" in err
    assert "a fault of latently's own (ValueError: the only fit failed, because the tide)" in err


def test_help_says_how_a_shell_learns_to_complete(tmp_path):
    assert "--install-completion" in process(tmp_path, "--help").stdout


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("cl", ["cluster"]),
        ("cluster t.csv --cov", ["--covariance"]),
        ("cluster t.csv --covariance t", ["tied"]),
        ("segment t.csv --emission poi", ["poisson"]),
        ("cluster t.", []),  # so that the shell completes names of files
    ],
)
def test_a_shell_completes_jobs_options_and_what_they_take(monkeypatch, capsys, typed, offered):
    monkeypatch.setenv("_LATENTLY_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", f"latently {typed}")
    monkeypatch.setenv("COMP_CWORD", str(len(typed.split())))
    with pytest.raises(SystemExit):
        app.run([])
    assert capsys.readouterr().out.split() == offered
