"""The lines of Python on a page run as they stand, and find what the command found."""

import html
import json
import re

import numpy as np
import pandas
import pytest
from numpy.testing import assert_allclose

from latently import datasets


def _numbers(here):
    X = pandas.DataFrame(datasets.load_faithful().data, columns=["eruption", "wait"])
    X.assign(price=[f"{1000 + 7 * i:,}" for i in range(len(X))]).to_csv(here / "t.csv", index=False)
    return ["cluster", "t.csv", "-k", "1:2", "--columns", "eruption,wait"]


def _mixed(here):
    rng = np.random.default_rng(0)
    z = rng.integers(0, 2, 150)
    kind = np.where(rng.random(150) < 0.1 + 0.8 * z, "yes", "no")
    table = pandas.DataFrame({"kind": kind, "age": rng.normal(30 + 20 * z, 4).round(2)})
    table.to_csv(here / "m.csv", index=False)
    return ["cluster", "m.csv", "-k", "1:2"]


def _series(here):
    quakes = datasets.load_earthquakes()
    pandas.DataFrame({"year": quakes.year, "count": quakes.data.ravel()}).to_csv(here / "q.csv", index=False)
    return ["segment", "q.csv", "--column", "count", "--time", "year", "-k", "2"]


def _sequences(here):
    table = pandas.DataFrame({"who": np.repeat(["a", "b"], 40), "x": np.tile([0.0, 0.1, 5.0, 5.1], 20)})
    table.to_csv(here / "s.csv", index=False)
    return ["segment", "s.csv", "--column", "x", "--sequence", "who", "-k", "2", "--emission", "gaussian"]


def _holes(here):
    air = datasets.load_airquality()
    pandas.DataFrame(air.data[:, :4], columns=list("abcd")).to_csv(here / "h.csv", index=False)
    return ["impute", "h.csv", "-m", "2", "--min", "a=0"]


def _texts(here):
    rng = np.random.default_rng(0)
    words = [["sea", "ship", "wind", "sail"], ["oven", "bread", "salt", "flour"]]
    texts = [" ".join(rng.choice(words[d % 2], 12)) for d in range(30)]
    pandas.DataFrame({"text": texts}).to_csv(here / "d.csv", index=False)
    return ["topics", "d.csv", "-k", "2", "--min-df", "1", "--max-df", "1.0"]


@pytest.mark.parametrize("prepared", [_numbers, _mixed, _series, _sequences, _holes, _texts])
def test_the_lines_run_and_find_the_same(here, run, prepared):
    code, _, err = run(*prepared(here))
    assert code == 0, err
    (folder,) = here.glob("latently-*")
    page = (folder / "index.html").read_text(encoding="utf-8")
    lines = html.unescape(re.search(r"The same in Python</h2><pre><code>(.*?)</code>", page, re.DOTALL)[1])
    assert not re.search(r"=(None|\[\])[,)]", lines)  # defaults are not written out
    found = {}
    exec(compile(lines, "page", "exec"), found)
    model, summary = found["model"], json.loads((folder / "summary.json").read_text())
    reached = summary.get("log_likelihood", summary.get("bound"))
    if reached is not None:
        assert_allclose(model.log_likelihood_, reached, rtol=1e-6)
    else:
        first = [[word["word"] for word in topic["words"]][:3] for topic in summary["topics"]]
        assert [[str(word) for word in words] for words in model.top_words(3, relevance=0.6)] == first
    assert (here / "report.html").exists()
    linked = set(re.findall(r'<a href="([^"]+)"', page))
    assert linked == {f"{one.name}/" if one.is_dir() else one.name for one in folder.iterdir()} - {
        "index.html"
    }
