"""The pages name what exists, and what exists is on the pages; that their code runs is Sybil's to check."""

import ast
import importlib
import inspect
import pkgutil
import re
import shlex
import types
from functools import cached_property
from pathlib import Path

import pytest
import typer
from numpydoc.docscrape import NumpyDocString

import latently
from latently import emissions
from latently.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs" / "tutorials").glob("*.md"))]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
EXAMPLE = ROOT / "examples" / "own_family.py"
PREPARATION = (ast.Assign, ast.ClassDef, ast.FunctionDef, ast.Import, ast.ImportFrom)


def test_every_public_name_is_in_the_api():
    page = (ROOT / "docs" / "api.md").read_text()
    documented = set(re.findall(r"^\.\. auto\w+:: (?:latently\.)?(\w+)", page, re.MULTILINE))
    assert set(latently.__all__) <= documented
    assert {name for name in dir(latently) if name[0] != "_"} == set(latently.__all__)
    assert set(emissions.__all__) <= documented


def test_every_name_in_the_api_is_there():
    page, module = (ROOT / "docs" / "api.md").read_text(), "latently"
    for directive, name in re.findall(r"^\.\. (auto\w+|currentmodule):: ([\w.]+)", page, re.MULTILINE):
        whole = name if name.startswith("latently") else f"{module}.{name}"
        assert pkgutil.resolve_name(whole), whole
        module = name if directive == "currentmodule" else module


def test_no_module_has_the_name_of_something_in_its_package():
    """Whichever of the two is imported last would stand in the place of the other."""
    for found in pkgutil.walk_packages(latently.__path__, "latently."):
        if not found.name.endswith("__main__"):
            module = importlib.import_module(found.name)
            package, _, name = found.name.rpartition(".")
            assert getattr(importlib.import_module(package), name) is module


DESCRIBED = (types.FunctionType, classmethod, staticmethod, property, cached_property)


def test_every_public_method_is_described_where_it_stands_or_where_it_was_declared():
    for found in pkgutil.walk_packages(latently.__path__, "latently."):
        for cls in filter(inspect.isclass, vars(importlib.import_module(found.name)).values()):
            names = (
                set(vars(cls)) - set(inspect.get_annotations(cls)) if cls.__module__ == found.name else set()
            )
            for name in names:
                hidden = name.startswith("_") or cls.__name__.startswith("_")
                if not hidden and isinstance(vars(cls)[name], DESCRIBED):
                    texts = [vars(base)[name].__doc__ for base in cls.__mro__ if name in vars(base)]
                    assert any(texts), (cls, name)


PUBLIC = {name: found for name in latently.__all__ if inspect.isclass(found := getattr(latently, name))}
METHODS = {
    f"{owner}.{name}": method
    for owner, cls in PUBLIC.items()
    for name, method in inspect.getmembers(cls, lambda one: inspect.isfunction(one) or inspect.ismethod(one))
    if not name.startswith("_") and method.__module__.startswith("latently")
}


@pytest.mark.parametrize("name", [*PUBLIC, *METHODS])
def test_all_parameters_are_described_in_the_order_of_the_signature(name):
    found = {**PUBLIC, **METHODS}[name]
    names = [one.lstrip("*") for one in inspect.signature(found).parameters if one != "self"]
    parts = NumpyDocString(inspect.getdoc(found))["Parameters"]
    described = [one.lstrip("*") for part in parts for one in part.name.split(", ")]
    assert described == names
    assert all(part.type and " ".join(part.desc) for part in parts)


SETTINGS = {name: cls for name, cls in PUBLIC.items() if hasattr(cls, "_parameter_constraints")}


@pytest.mark.parametrize("name", SETTINGS)
def test_defaults_and_options_of_settings_are_described_as_they_are(name):
    cls = SETTINGS[name]
    signature = inspect.signature(cls).parameters
    for part in NumpyDocString(inspect.getdoc(cls))["Parameters"]:
        kind, _, default = part.type.partition(", default ")
        for one, text in zip(part.name.split(", "), default.split(" and "), strict=False):
            given, allowed = signature[one].default, cls._parameter_constraints[one]
            assert given is None if part.type.endswith(", optional") else text == "" or given == eval(text)
            assert text or given in (None, inspect.Parameter.empty), one
            if kind.startswith("{"):
                words = [str(option) for some in allowed for option in getattr(some, "options", [some])]
                assert set(re.findall(r"[\w+-]+", kind)) == set(words) or one == "dtype"


def test_docstrings_point_to_sections_that_exist():
    found = 0
    for path in [*SOURCES, ROOT / "CONTRIBUTING.md"]:
        for page, section in re.findall(r'docs/(\w+\.md), "([^"]+)"', " ".join(path.read_text().split())):
            assert section in headings(ROOT / "docs" / page), f"{path}: no section {section!r} in {page}"
            found += 1
    assert found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_block_that_does_something_also_checks_it(page):
    """Blocks that begin with `# picture:` are checked by who looks at what they draw."""
    for block in re.findall(
        r"^```python\n(?!# picture: )(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE
    ):
        tree = ast.parse(block)
        if not all(isinstance(statement, PREPARATION) for statement in tree.body):
            assert any(isinstance(node, ast.Assert) for node in ast.walk(tree)), block


LINES = [
    line
    for page in [ROOT / "README.md", *PAGES]
    for block in re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
    if line.startswith("latently ")
]


@pytest.mark.parametrize("line", LINES)
def test_a_line_for_the_terminal_is_understood(line):
    """Those in blocks named console are run by Sybil, too."""
    job, *arguments = shlex.split(line, comments=True)[1:]
    assert typer.main.get_command(app).commands[job].make_context(job, arguments).params


def headings(page):
    return re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)


def test_a_family_of_ones_own_takes_under_sixty_lines():
    assert len(EXAMPLE.read_text().splitlines()) < 60


def test_the_version_is_that_of_the_changelog_and_of_the_citation():
    changes = (ROOT / "CHANGELOG.md").read_text()
    newest = re.search(r"^## \[(.+?)\]", changes, re.MULTILINE)
    cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    version = latently.__version__.removesuffix(".dev0")
    assert version == cited[1]
    assert newest[1] in (cited[1], "unreleased")
    dated = re.search(rf"^## \[{version}\] - \d{{4}}-\d\d-\d\d$", changes, re.MULTILINE)
    assert latently.__version__ == (version if dated else f"{version}.dev0")  # until it is released
