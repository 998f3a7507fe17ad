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


def test_faithful_is_the_data_set_of_r():
    faithful = load_faithful()
    assert faithful.data.shape == (272, 2)
    assert faithful.data.dtype == np.float64
    assert faithful.feature_names == ["eruptions", "waiting"]
    # summary(faithful), cov(faithful) in R
    assert_array_equal(faithful.data[0], [3.6, 79])
    assert_array_equal(faithful.data[-1], [4.467, 74])
    assert_array_equal(np.min(faithful.data, axis=0), [1.6, 43])
    assert_array_equal(np.max(faithful.data, axis=0), [5.1, 96])
    assert_allclose(np.mean(faithful.data, axis=0), [3.487783, 70.897059], atol=5e-7)
    covariance = [[1.302728, 13.977808], [13.977808, 184.823312]]
    assert_allclose(np.cov(faithful.data.T), covariance, atol=5e-7)


def test_airquality_is_the_data_set_of_r():
    air = load_airquality()
    assert air.data.shape == (153, 6)
    assert air.feature_names == ["Ozone", "Solar.R", "Wind", "Temp", "Month", "Day"]
    # head(airquality), tail(airquality), colSums(is.na(airquality)), colMeans(airquality, na.rm = TRUE) in R
    assert_array_equal(air.data[0], [41, 190, 7.4, 67, 5, 1])
    assert_array_equal(air.data[4], [np.nan, np.nan, 14.3, 56, 5, 5])
    assert_array_equal(air.data[-1], [20, 223, 11.5, 68, 9, 30])
    assert_array_equal(np.isnan(air.data).sum(axis=0), [37, 7, 0, 0, 0, 0])
    assert (~np.isnan(air.data).any(axis=1)).sum() == 111
    mean = [42.12931, 185.9315, 9.957516, 77.88235, 6.993464, 15.80392]
    assert_allclose(np.nanmean(air.data, axis=0), mean, rtol=1e-6)


def test_apple_is_that_of_little_and_rubin():
    apple = load_apple()
    assert apple.data.shape == (18, 2)
    assert apple.feature_names == ["size", "worms"]
    assert_array_equal(np.isnan(apple.data), np.outer(np.arange(18) >= 12, [False, True]))
    # The means of the complete trees in Snedecor and Cochran, and that of all crops.
    assert_array_equal(apple.data[:12].mean(axis=0), [19, 45])
    assert apple.data[:, 0].sum() == 265


def test_cholesterol_is_that_of_schafer():
    cholesterol = load_cholesterol()
    assert cholesterol.data.shape == (28, 3)
    assert cholesterol.feature_names == ["day2", "day4", "day14"]
    assert_array_equal(np.isnan(cholesterol.data).sum(axis=0), [0, 0, 9])
    # Schafer's means of the first two columns, and their variances with denominator n.
    assert_allclose(cholesterol.data[:, :2].mean(axis=0), [253.928571, 230.642857], atol=5e-7)
    assert_allclose(cholesterol.data[:, :2].var(axis=0), [2194.994898, 2127.158163], atol=5e-7)


def test_earthquakes_are_those_of_zucchini_and_macdonald():
    earthquakes = load_earthquakes()
    counts = earthquakes.data[:, 0]
    assert earthquakes.data.shape == (107, 1)
    assert counts.dtype == np.int64
    assert_array_equal(earthquakes.year, np.arange(1900, 2007))
    # From their table 1.1. In the text its mean is about 19 and its variance about 52.
    assert_array_equal(counts[:8], [13, 14, 8, 10, 16, 26, 32, 27])
    assert_array_equal(counts[-4:], [15, 16, 11, 11])
    assert counts.mean() == pytest.approx(19.36, abs=0.005)
    assert counts.var(ddof=1) == pytest.approx(51.57, abs=0.005)
    # Their -log L of one Poisson distribution.
    assert poisson.logpmf(counts, counts.mean()).sum() == pytest.approx(-391.9189, abs=5e-5)


def test_a_frame_of_earthquakes_is_indexed_by_the_year():
    earthquakes = load_earthquakes(as_frame=True)
    assert earthquakes.frame.index.name == "year"
    assert earthquakes.frame.loc[1943, "earthquakes"] == 41


def test_the_casino_is_that_of_durbin():
    casino = load_casino()
    assert casino.data.shape == (300, 1)
    assert casino.data.dtype == np.int64
    assert "".join(map(str, casino.data[:30, 0])) == "315116246446644245311321631164"
    published = {f"{name}_init": casino[name] for name in ("startprob", "transmat", "emissionprob")}
    fixed = ("startprob", "transmat", "emissionprob")
    model = CategoricalHMM(2, **published, fixed=fixed).fit(casino.data)
    # Every roll counts in both, so a wrong one would show.
    assert model.log_likelihood_ == pytest.approx(-516.927712, abs=1e-6)
    assert model.decode(casino.data)[0] == pytest.approx(-539.494003, abs=1e-6)


def test_ice_cream_is_that_of_eisner():
    cones = load_ice_cream().data
    assert cones.shape == (33, 1)
    assert cones.dtype == np.int64
    diary = "233232322313311121113121112332322"
    assert "".join(map(str, cones[:, 0])) == diary


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


@pytest.mark.parametrize(
    ("loader", "author", "unit"),
    [
        (load_faithful, "Azzalini", "minutes"),
        (load_airquality, "Chambers", "Fahrenheit"),
        (load_apple, "Snedecor", "percent"),
        (load_cholesterol, "Schafer", "mg/dl"),
        (load_earthquakes, "Zucchini", "per year"),
        (load_casino, "Durbin", "1 to 6"),
        (load_ice_cream, "Eisner", "1 to 3"),
        (load_austen, "Project Gutenberg", "from 1"),
    ],
)
def test_a_data_set_tells_its_source_and_units(loader, author, unit):
    description = loader().DESCR
    assert author in description
    assert unit in description


@pytest.mark.parametrize("loader", LOADERS)
def test_each_call_gives_its_own_data(loader):
    loader().data[:] = 0
    assert np.nanmax(loader().data) > 0


@pytest.mark.parametrize("loader", LOADERS)
def test_without_as_frame_there_is_no_frame(loader):
    assert loader().frame is None


@pytest.mark.parametrize("loader", LOADERS)
def test_as_frame_gives_the_same_numbers_by_name(loader):
    bunch = loader(as_frame=True)
    assert bunch.frame is bunch.data
    assert list(bunch.frame.columns) == bunch.feature_names
    assert_array_equal(bunch.frame.to_numpy(), loader().data)


def test_as_frame_without_pandas_names_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"as_frame=True needs pandas.*pip install pandas"):
        load_faithful(as_frame=True)
