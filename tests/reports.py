"""Helpers for tests of reports."""

import json
from copy import copy
from dataclasses import replace
from html.parser import HTMLParser

import pytest

NASTY = "<script>alert('&')</script>"
VOID = {"meta", "img"}


class Page(HTMLParser):
    """Reads a page, and fails where a tag is left open."""

    def __init__(self, html):
        super().__init__()
        self.html, self.open, self.tags, self.addresses, self.text = html, [], [], [], ""
        self.feed(html)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def by_kind(findings):
    """The findings by what they are; of several of a kind the last."""
    return {found.kind: found for found in findings}


def with_model(a, **changed):
    """The same analysis of a model with other attributes."""
    model = copy(a.model)
    for name, value in changed.items():
        setattr(model, name, value)
    if hasattr(model, "_pending"):
        model._take_up()
        model._outcome = model._outcome or a.model._outcome  # as if the fit had found these parameters
    return replace(a, model=model)


def known(a, **found):
    """The same analysis, of which something else was found."""
    other = copy(a)
    vars(other).update(found)
    return other


def assert_sound(report):
    """What every report must be: a page that stands alone, strict JSON, whole sentences, data behind them."""
    page = Page(report.page())
    assert page.tags.count("img") == len(report.figures)
    assert all(address.startswith("data:image/svg+xml,") for address in page.addresses)
    read = json.loads(report.json(), parse_constant=pytest.fail)
    assert read["careful"] == report.careful
    assert [found["text"] for found in read["findings"]][-len(report.cautions) - len(report.findings) :] == [
        str(found) for found in (*report.findings, *report.cautions)
    ]
    for text in (report.headline, *report.said, *report.careful, *report.how.values()):
        assert text in page.text
    for text in (*report.said, *report.careful):
        assert text[0].upper() == text[0]
        assert text[-1] in ".!?"
    assert all(found.severity == "note" for found in report.findings)
    assert all(found.severity != "note" for found in report.cautions)
    return page, read
