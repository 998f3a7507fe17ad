"""The packaged data are what their sources say they are."""

import re
import sys
from collections import Counter

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import poisson

from latently import CategoricalHMM, datasets
from latently.datasets import (
    load_airquality,
    load_apple,
    load_austen,
    load_casino,
    load_cholesterol,
    load_earthquakes,
    load_faithful,
    load_ice_cream,
)

LOADERS = [getattr(datasets, name) for name in datasets.__all__ if name != "load_austen"]  # tables of numbers
AIR = ["Ozone", "Solar.R", "Wind", "Temp", "Month", "Day"]


@pytest.mark.parametrize(
    ("loader", "shape", "names", "dtype", "author", "unit"),
    [
        (load_faithful, (272, 2), ["eruptions", "waiting"], float, "Azzalini", "minutes"),
        (load_airquality, (153, 6), AIR, float, "Chambers", "Fahrenheit"),
        (load_apple, (18, 2), ["size", "worms"], float, "Snedecor", "percent"),
        (load_cholesterol, (28, 3), ["day2", "day4", "day14"], float, "Schafer", "mg/dl"),
        (load_earthquakes, (107, 1), ["earthquakes"], np.int64, "Zucchini", "per year"),
        (load_casino, (300, 1), ["roll"], np.int64, "Durbin", "1 to 6"),
        (load_ice_cream, (33, 1), ["cones"], np.int64, "Eisner", "1 to 3"),
    ],
)
def test_a_table_has_its_shape_names_source_and_units(loader, shape, names, dtype, author, unit):
    bunch = loader()
    assert (bunch.data.shape, bunch.feature_names, bunch.data.dtype) == (shape, names, dtype)
    assert author in bunch.DESCR
    assert unit in bunch.DESCR


@pytest.mark.parametrize("loader", LOADERS)
def test_each_call_gives_its_own_data_and_a_frame_where_it_is_asked_for(loader):
    plain, framed = loader(), loader(as_frame=True)
    assert plain.frame is None
    assert framed.frame is framed.data
    assert list(framed.frame.columns) == framed.feature_names
    assert_array_equal(framed.frame.to_numpy(), plain.data)
    plain.data[:] = 0
    assert np.nanmax(loader().data) > 0


def test_as_frame_without_pandas_names_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"as_frame=True needs pandas.*pip install pandas"):
        load_faithful(as_frame=True)


def test_faithful_is_the_data_set_of_r():
    X = load_faithful().data
    # summary(faithful), cov(faithful) in R
    assert_array_equal(X[[0, -1]], [[3.6, 79], [4.467, 74]])
    assert_array_equal([X.min(axis=0), X.max(axis=0)], [[1.6, 43], [5.1, 96]])
    assert_allclose(X.mean(axis=0), [3.487783, 70.897059], atol=5e-7)
    assert_allclose(np.cov(X.T), [[1.302728, 13.977808], [13.977808, 184.823312]], atol=5e-7)


def test_airquality_is_the_data_set_of_r():
    X = load_airquality().data
    # head(airquality), tail(airquality), colSums(is.na(airquality)), colMeans(airquality, na.rm = TRUE) in R
    shown = [[41, 190, 7.4, 67, 5, 1], [np.nan, np.nan, 14.3, 56, 5, 5], [20, 223, 11.5, 68, 9, 30]]
    assert_array_equal(X[[0, 4, -1]], shown)
    assert_array_equal(np.isnan(X).sum(axis=0), [37, 7, 0, 0, 0, 0])
    assert (~np.isnan(X).any(axis=1)).sum() == 111
    mean = [42.12931, 185.9315, 9.957516, 77.88235, 6.993464, 15.80392]
    assert_allclose(np.nanmean(X, axis=0), mean, rtol=1e-6)


def test_apple_is_that_of_little_and_rubin():
    X = load_apple().data
    assert_array_equal(np.isnan(X), np.outer(np.arange(18) >= 12, [False, True]))
    # The means of the complete trees in Snedecor and Cochran, and that of all crops.
    assert_array_equal(X[:12].mean(axis=0), [19, 45])
    assert X[:, 0].sum() == 265


def test_cholesterol_is_that_of_schafer():
    X = load_cholesterol().data
    assert_array_equal(np.isnan(X).sum(axis=0), [0, 0, 9])
    # Schafer's means of the first two columns, and their variances with denominator n.
    assert_allclose(X[:, :2].mean(axis=0), [253.928571, 230.642857], atol=5e-7)
    assert_allclose(X[:, :2].var(axis=0), [2194.994898, 2127.158163], atol=5e-7)


def test_earthquakes_are_those_of_zucchini_and_macdonald():
    earthquakes = load_earthquakes(as_frame=True)
    counts = load_earthquakes().data[:, 0]
    assert_array_equal(earthquakes.year, np.arange(1900, 2007))
    # From their table 1.1. In the text its mean is about 19 and its variance about 52.
    assert_array_equal(counts[:8], [13, 14, 8, 10, 16, 26, 32, 27])
    assert_array_equal(counts[-4:], [15, 16, 11, 11])
    assert counts.mean() == pytest.approx(19.36, abs=0.005)
    assert counts.var(ddof=1) == pytest.approx(51.57, abs=0.005)
    # Their -log L of one Poisson distribution.
    assert poisson.logpmf(counts, counts.mean()).sum() == pytest.approx(-391.9189, abs=5e-5)
    assert earthquakes.frame.index.name == "year"
    assert earthquakes.frame.loc[1943, "earthquakes"] == 41


def test_the_casino_is_that_of_durbin():
    casino = load_casino()
    assert "".join(map(str, casino.data[:30, 0])) == "315116246446644245311321631164"
    fixed = ("startprob", "transmat", "emissionprob")
    published = {f"{name}_init": casino[name] for name in fixed}
    model = CategoricalHMM(2, **published, fixed=fixed).fit(casino.data)
    # Every roll counts in both, so a wrong one would show.
    assert model.log_likelihood_ == pytest.approx(-516.927712, abs=1e-6)
    assert model.decode(casino.data)[0] == pytest.approx(-539.494003, abs=1e-6)


def test_ice_cream_is_that_of_eisner():
    assert "".join(map(str, load_ice_cream().data[:, 0])) == "233232322313311121113121112332322"


def test_austen_wrote_six_novels():
    austen = load_austen()
    chapters = {
        "Sense & Sensibility": 50,
        "Pride & Prejudice": 61,
        "Mansfield Park": 48,
        "Emma": 55,
        "Northanger Abbey": 31,
        "Persuasion": 24,
    }
    assert austen.target_names == list(chapters)
    assert len(austen.data) == 269
    assert_array_equal(austen.book, np.repeat(list(chapters), list(chapters.values())))
    assert_array_equal(austen.target, np.repeat(np.arange(6), list(chapters.values())))
    assert_array_equal(austen.chapter, np.concatenate([np.arange(1, n + 1) for n in chapters.values()]))
    assert austen.data[0].startswith("The family of Dashwood had long been settled in Sussex.")
    assert austen.data[-1].endswith("than in its national importance. Finis")
    assert sum("_" in text for text in austen.data) == 0
    words = " ".join(austen.data).split()
    assert 700_000 < len(words) < 760_000
    assert "Project Gutenberg" in austen.DESCR
    assert "from 1" in austen.DESCR


def test_austen_names_persons_and_places_that_are_in_her_novels():
    austen = load_austen()
    assert {"darcy", "elinor", "knightley", "tilney", "crawford", "wentworth", "price"} <= set(austen.names)
    assert {"pemberley", "norland", "highbury", "northanger", "mansfield", "lyme"} <= set(austen.places)
    assert not {"captain", "sister", "long", "hill", "park", "abbey"} & {*austen.names, *austen.places}
    assert not set(austen.names) & set(austen.places)
    capital, small = Counter(), Counter()
    for word in re.findall(r"\b\w\w+\b", " ".join(austen.data)):
        (capital if word[0].isupper() else small)[word.lower()] += 1
    for names in (austen.names, austen.places):
        assert names == sorted(set(names))
        assert [name for name in names if capital[name] <= small[name]] == []


def test_a_frame_of_austen_holds_everything():
    austen, plain = load_austen(as_frame=True), load_austen()
    assert plain.frame is None
    assert list(austen.frame.columns) == austen.feature_names == ["book", "chapter", "text"]
    assert austen.data.tolist() == austen.frame["text"].tolist() == plain.data
    assert_array_equal(austen.frame["chapter"], plain.chapter)
    assert_array_equal(austen.frame["book"], plain.book)
    assert austen.frame["chapter"].dtype == np.int64
