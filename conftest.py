"""The documentation runs: a page's Python blocks, top to bottom, in one namespace and an empty folder."""

import gc
import os
import shlex
import subprocess
import sys
import tempfile
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE
from pathlib import Path
from random import Random
from typing import Any

import pytest
from numpy.random import bit_generator
from sybil import Example, Sybil
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser, SkipParser
from threadpoolctl import threadpool_limits
from xdist.scheduler import LoadScopeScheduling

gc.disable()  # until all is collected, as hardly anything of that is garbage
os.environ["MPLBACKEND"] = "Agg"  # pictures go to files, here and in every test
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # processes of tests import what one before has translated

collect_ignore = ["docs/_build", "docs/conf.py"]


def enter_empty_folder(namespace: dict[str, Any]) -> None:
    namespace["_home"] = Path.cwd()
    namespace["_folder"] = tempfile.TemporaryDirectory()
    os.chdir(namespace["_folder"].name)


def leave_empty_folder(namespace: dict[str, Any]) -> None:
    os.chdir(namespace["_home"])
    namespace["_folder"].cleanup()
    close_pictures()


def close_pictures() -> None:
    """More than twenty that nobody closed are a warning, in whichever example comes next."""
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


def run_commands(example: Example) -> str | None:
    """Run the lines of a terminal that call the command, in this process; say which failed."""
    from latently.cli import main

    for line in str(example.parsed).splitlines():
        if line.startswith("$ latently "):
            try:
                main(shlex.split(line)[2:])
            except SystemExit as ended:
                if ended.code:
                    return f"{line} ended with {ended.code}"
    return None


pytest_collect_file = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=ELLIPSIS | NORMALIZE_WHITESPACE),
        CodeBlockParser(language="console", evaluator=run_commands),
        SkipParser(),
    ],
    patterns=["README.md", "docs/*.md", "docs/*/*.md"],
    setup=enter_empty_folder,
    teardown=leave_empty_folder,
).pytest()


# Pages whose blocks fit much; `make docs` runs them, too, and so does `make test-nightly`.
LONG_PAGES = (
    *("docs/tutorials/", "docs/choosing.md", "docs/em.md", "docs/families.md", "docs/gallery.md"),
    *("docs/gensim.md", "docs/mclust.md", "docs/missing.md", "docs/mixtures.md", "docs/topics.md"),
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if item.nodeid.startswith(LONG_PAGES):
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish():
    """What all modules and tests are made of stays: the collector of garbage need not go through it again.

    Libraries have one thread, as in a fit: beside another worker more take longer and wait for each other.
    """
    threadpool_limits(1)
    gc.enable()
    gc.collect()
    gc.freeze()


def certain(name: str) -> None:
    """What draws without a seed takes one from NumPy, which asks the system: here it follows from a name."""
    bit_generator.randbits = Random(name).getrandbits


certain("what is drawn while tests are collected")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    certain(item.nodeid)


COMMAND = "tests/surface/test_cli"


class FilesStayTogether(LoadScopeScheduling):
    """All tests of a file go to one worker, and all files of tests of the command.

    So what they share is made once, and kernels that only they need are compiled once; and a later block of a
    page has what an earlier one defined.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return COMMAND if file.startswith(COMMAND) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesStayTogether:
    return FilesStayTogether(config, log)


@pytest.fixture(autouse=True)
def _no_pictures_left_open():
    yield
    close_pictures()


# What most tests need, in two parts that take about equally long: without a collector of garbage, of which
# compilers leave hardly any.
SEQUENCES = """
import gc
gc.disable()
import numpy as np
from latently import CategoricalHMM, GaussianHMM, PoissonHMM, datasets
X = datasets.load_faithful().data
steps = {"n_init": 1, "max_iter": 2, "tol": 0}
GaussianHMM(2, startprob="stationary", **steps).fit(X)
counts = np.arange(60)[:, None] % 7
long = np.tile(counts, (5000, 1))
for K in (2, 5, 9):
    for model in (PoissonHMM(K, **steps), CategoricalHMM(K, **steps)):
        model.fit(counts).predict(counts)
        model.predict(long)
        model.filter(counts)
        model.pseudo_residuals(counts)
    model.set_params(max_iter=1, n_jobs=2).fit(long[:20_000])
"""
DOCUMENTS_AND_MISSING_CELLS = """
import gc
gc.disable()
import numpy as np
from latently import GaussianImputer, LatentDirichletAllocation, datasets
air = datasets.load_airquality().data[:, :4]
imputer = GaussianImputer(n_parameter_draws=1, random_state=0).fit(air)
imputer.transform(air), imputer.interval(air), imputer.draw_imputations(air, 1)
words = np.arange(60).reshape(6, 10) % 7
for dtype in ("float32", "float64"):
    for inference in ("cvb0", "vb", "online", "online_vb"):
        lda = LatentDirichletAllocation(2, inference=inference, max_iter=21, tol=0, dtype=dtype).fit(words)
        lda.transform(words), lda.score(words)
    LatentDirichletAllocation(2, top_topics=1, max_iter=21, tol=0, dtype=dtype).fit(words)
"""


def pytest_configure(config):
    """Compile the kernels once, before there are workers, which would each compile what both need."""
    if config.getoption("numprocesses", None):
        scripts = SEQUENCES, DOCUMENTS_AND_MISSING_CELLS
        commands = [[sys.executable, "-c", script] for script in scripts]
        compiling = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for command in commands]
        codes = [process.wait() for process in compiling]
        if any(codes):
            raise pytest.UsageError("the kernels cannot be compiled: fit a model, and see why")
