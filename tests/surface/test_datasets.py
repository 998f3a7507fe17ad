"""The packaged data are what their sources say they are."""

import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from latently.datasets import load_faithful


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


def test_faithful_tells_its_source_and_units():
    description = load_faithful().DESCR
    assert "Azzalini" in description
    assert "minutes" in description


def test_each_call_gives_its_own_data():
    load_faithful().data[:] = 0
    assert load_faithful().data.min() > 0


def test_without_as_frame_there_is_no_frame():
    assert load_faithful().frame is None


def test_as_frame_gives_the_same_numbers_by_name():
    faithful = load_faithful(as_frame=True)
    assert faithful.frame is faithful.data
    assert list(faithful.frame.columns) == faithful.feature_names
    assert_array_equal(faithful.frame.to_numpy(), load_faithful().data)


def test_as_frame_without_pandas_names_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"as_frame=True needs pandas.*pip install pandas"):
        load_faithful(as_frame=True)
