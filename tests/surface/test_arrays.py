"""What counts as a number and as a missing cell, whatever it comes in."""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from latently import CategoricalHMM, GaussianHMM, GaussianImputer, GaussianMixture
from latently.checks.arrays import as_numbers, missing_cells

NAN = np.nan

READ = {
    "a masked array": (np.ma.array([[1, 2], [3, 4]], mask=[[0, 1], [0, 0]]), [[1, NAN], [3, 4]]),
    "a masked array of objects": (
        np.ma.array(np.array([[1, "x"]], dtype=object), mask=[[0, 1]]),
        [[1, NAN]],
    ),
    "a list of masked rows": ([np.ma.array([1, 2], mask=[0, 1]), np.array([3, 4])], [[1, NAN], [3, 4]]),
    "None among numbers": ([[1, None], [Decimal("2.5"), True]], [[1, NAN], [2.5, 1]]),
    "pandas' NA among objects": (np.array([[1, pd.NA], [pd.NaT, 4.5]], dtype=object), [[1, NAN], [NAN, 4.5]]),
    "an object column": (
        pd.DataFrame({"a": [1, None], "b": [2.5, pd.NA]}, dtype=object),
        [[1, 2.5], [NAN] * 2],
    ),
    "nullable columns": (
        pd.DataFrame(
            {
                "a": pd.array([1, None], dtype="Int64"),
                "b": pd.array([None, True], dtype="boolean"),
                "c": [1.5, 2],
            }
        ),
        [[1, NAN, 1.5], [NAN, 1, 2]],
    ),
    "polars' nulls": (
        pl.DataFrame({"a": [1, None], "b": [None, True], "c": [Decimal("1.5"), None]}),
        [[1, NAN, 1.5], [NAN, 1, NAN]],
    ),
    "an integer that no 64 bits hold": ([[10**25, 1]], [[1e25, 1]]),
}

REFUSED = {
    "a cell of text": ([[1.0, "n/a"]], "row 0, column 1 of X holds 'n/a', which is not numeric; encode it"),
    "a cell of text in a frame": (
        pd.DataFrame({"a": [1, 2], "b": [1, "n/a"]}),
        r"column 'b' is not numeric; leave it out or encode it \(row 1 holds 'n/a'\)",
    ),
    "a categorical column": (pd.DataFrame({"a": pd.Categorical([1, 2])}), "column 'a' is not numeric"),
    "dates": (np.array([["2020-01-01"]], dtype="M8[D]"), "X holds dates: turn them into numbers first"),
    "spans of time": (np.array([[1]], dtype="m8[s]"), "X holds spans of time: turn them"),
    "a span of time": (np.array([[1, np.timedelta64(1, "s")]], dtype=object), "row 0, column 1 of X holds n"),
    "a date in a list": ([[datetime.date(2020, 1, 1), 1]], r"row 0, column 0 of X holds datetime.date\(2020"),
    "two columns of text": (
        pl.DataFrame({"size": [1.0], "name": ["x"], "when": ["a"]}),
        "column 'name', 'when' is not numeric; leave it out or encode it",
    ),
    "dates in pandas": (pd.DataFrame({"when": pd.to_datetime(["2020-01-01"])}), "column 'when' is not num"),
    "dates to the nanosecond": (
        pd.DataFrame({"when": pd.to_datetime(["2020-01-01"]).as_unit("ns")}),
        "column 'when' is not numeric",
    ),
    "spans of time in polars": (
        pl.DataFrame({"span": [datetime.timedelta(1)]}, schema={"span": pl.Duration("ns")}),
        "column 'span' is not numeric",
    ),
    "dates in polars": (pl.DataFrame({"when": [datetime.date(2020, 1, 1)]}), "column 'when' is not numeric"),
    "records": (np.array([(1, 2.0)], dtype=[("a", int), ("b", float)]), "records: .*structured_to_unstruc"),
    "complex numbers": ([[1j]], "X holds complex numbers: give real and imaginary parts"),
    "a dictionary": ({"a": [1, 2]}, "X is a dict: give an array, a list of rows or a frame"),
    "a text": ("text", "X is a str"),
    "a set": ({1, 2}, "X is a set, which has no order .*: make it a list"),
    "a generator": ((row for row in [[1, 2]]), "X is a generator, .* can be read but once: make it a list"),
    "ragged rows": ([[1, 2], [3]], "row 1 of X has 1 cell and row 0 2: make them equally long"),
    "two columns of one name": (pd.DataFrame([[1, 2]], columns=["a", "a"]), "more than one column 'a'"),
    "an integer beyond floats": ([[1, 10**400]], "row 0, column 1 of X holds a number beyond the range of"),
    "an object": ([[1, object()]], "row 0, column 1 of X holds <object"),
}


@pytest.mark.parametrize("case", READ)
def test_numbers(case):
    values, expected = READ[case]
    assert_array_equal(as_numbers(values), expected)


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("reader", [as_numbers, GaussianMixture().fit, GaussianImputer().fit])
def test_what_is_no_number(reader, case):
    values, message = REFUSED[case]
    with pytest.raises((ValueError, TypeError), match=message) as caught:
        reader(values)
    assert "\n" not in str(caught.value)


def test_floats_are_not_copied():
    X = np.zeros((3, 2))
    assert as_numbers(X) is X
    frame = pd.DataFrame(X)
    assert np.shares_memory(as_numbers(frame), frame.to_numpy())


def test_missing_symbols():
    symbols = np.array(["a", None, NAN, pd.NA, pd.NaT, np.datetime64("NaT", "s"), "nan"], dtype=object)
    assert_array_equal(missing_cells(symbols), [0, 1, 1, 1, 1, 1, 0])
    assert_array_equal(missing_cells(np.ma.array(["a", "b"], mask=[0, 1])), [0, 1])
    assert missing_cells(np.full(1000, NAN, dtype=object)).all()  # Python 3.12 compares many in another way


def test_masked_cells_are_missing_in_a_fit():
    X = np.random.default_rng(0).standard_normal((40, 2))
    mask = np.zeros(X.shape, dtype=bool)
    mask[::5, 0] = mask[2::7, 1] = True
    masked, incomplete = np.ma.array(np.where(mask, 1e6, X), mask=mask), np.where(mask, NAN, X)
    for model in (GaussianMixture(), GaussianHMM()):
        expected = model.fit(incomplete).means_
        assert_array_equal(model.fit(masked).means_, expected)
    assert_array_equal(GaussianHMM().fit([masked[:20], masked[20:]]).means_, expected)
    assert_array_equal(GaussianHMM().fit([masked[:20], X[20:]]).means_ == expected, False)


MISSING_SYMBOLS = {
    "None": ["a", None, "b", "a", "b"],
    "NaN beside text": ["a", np.nan, "b", "a", "b"],
    "pandas' NA": pd.Series(["a", pd.NA, "b", "a", "b"], dtype="string"),
    "NA in an array of objects": np.array(["a", pd.NA, "b", "a", "b"], dtype=object),
    "a null of polars": pl.Series(["a", None, "b", "a", "b"]),
    "NA in a list of lists": [["a"], [pd.NA], ["b"], ["a"], ["b"]],
    "a frame": pd.DataFrame({"s": ["a", None, "b", "a", "b"]}),
    "no category in a frame": pd.DataFrame({"s": pd.Categorical(["a", None, "b", "a", "b"])}),
    "a masked array": np.ma.array(["a", "c", "b", "a", "b"], mask=[0, 1, 0, 0, 0]),
    "a list of sequences": [np.array(["a", None, "b"], dtype=object), np.array(["a", "b"])],
    "a list of masked sequences": [
        np.ma.array(["a", "c", "b"], mask=[0, 1, 0]),
        np.ma.array(["a", "b"], mask=[0, 0]),
    ],
}


NUMBERS_WITH_GAPS = {
    "None": [10, 20, 10, None, 30, 20],
    "NaN": [10.0, 20.0, 10.0, np.nan, 30.0, 20.0],
    "a column": np.array([[10], [20], [10], [None], [30], [20]], dtype=object),
}


@pytest.mark.parametrize("case", NUMBERS_WITH_GAPS)
def test_missing_numbers_are_no_symbols(case):
    model = CategoricalHMM(1).fit(NUMBERS_WITH_GAPS[case])
    assert model.categories_.tolist() == [10, 20, 30]
    assert_allclose(model.emissionprob_[0], [0.4, 0.4, 0.2])
    assert_allclose(model.log_likelihood_, 4 * np.log(0.4) + np.log(0.2))
    assert_allclose(model.score([[None]]), 0.0, atol=1e-15)


@pytest.mark.parametrize("case", MISSING_SYMBOLS)
@pytest.mark.filterwarnings("ignore:X has feature names, but CategoricalHMM was fitted without")
def test_missing_symbols_are_no_symbols(case):
    X = MISSING_SYMBOLS[case]
    model = CategoricalHMM(1).fit(X)
    assert model.categories_.tolist() == ["a", "b"]
    assert_array_equal(model.emissionprob_, [[0.5, 0.5]])
    assert model.score(X) == pytest.approx(4 * np.log(0.5))
    chain = CategoricalHMM.from_parameters(
        [0.5, 0.5], [[0.7, 0.3], [0.4, 0.6]], [[0.9, 0.1], [0.2, 0.8]], categories=["a", "b"]
    )
    in_a_row = np.array(MISSING_SYMBOLS["None"], dtype=object)
    expected = chain.smooth(in_a_row, lengths=[3, 2] if "sequences" in case else None)
    assert_array_equal(chain.smooth(X), expected)
