"""The figures on the pages are those that the benchmarks wrote."""

import pytest

from benchmarks.tables import MARKED, PAGES, filled


@pytest.mark.parametrize(
    "page", [page for page in PAGES if MARKED.search(page.read_text())], ids=lambda p: p.name
)
def test_tables_are_those_of_the_results(page):
    text = page.read_text()
    assert filled(text) == text
    assert all(match[0].count("\n") >= 2 for match in MARKED.finditer(text))
