"""The machine code of kernels on disk: used where it is that of the sources, and never where it is not."""

import os
import shutil
from pathlib import Path

import pytest

import latently
from tests.processes import process

ORDER = """
import numpy as np
from latently.kernels.missing import order_by_count
print(order_by_count(np.array([[np.nan], [1.0]]))[0])
"""


@pytest.fixture
def copy(tmp_path):
    """The package, without what was compiled of it."""
    no_caches = shutil.ignore_patterns("__pycache__")
    return shutil.copytree(Path(latently.__file__).parent, tmp_path / "latently", ignore=no_caches)


def ordered(folder, **places):
    """What a kernel finds in another process, and whether it was compiled there."""
    ran = process(folder, code=ORDER, env=os.environ | {name: str(at) for name, at in places.items()})
    return ran.stdout, ran.stderr.count("compiling its kernels")


def test_a_cache_that_cannot_be_written_does_not_fail(copy):
    nowhere = copy / "kernels" / "__pycache__"
    nowhere.write_text("a file, so nothing can be written below it")
    places = {"NUMBA_CACHE_DIR": nowhere / "cache", "HOME": nowhere, "XDG_CACHE_HOME": nowhere}
    for _ in range(2):
        assert ordered(copy.parent, **places) == ("[1 0]\n", 1)


def test_a_kernel_is_compiled_anew_if_a_part_of_it_in_another_file_has_changed(copy, tmp_path):
    cache = {"NUMBA_CACHE_DIR": tmp_path / "cache"}
    assert ordered(tmp_path, **cache) == ("[1 0]\n", 1)
    assert ordered(tmp_path, **cache) == ("[1 0]\n", 0)
    blocks = copy / "kernels" / "missing_blocks.py"
    counted = "count += np.isnan(x[s, j])"
    assert counted in blocks.read_text()
    blocks.write_text(blocks.read_text().replace(counted, "count += not np.isnan(x[s, j])"))
    assert ordered(tmp_path, **cache) == ("[0 1]\n", 1)
