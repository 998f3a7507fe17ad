"""Large earthquakes of each year: counts whose rate changes and stays changed."""

import numpy as np
from sklearn.utils import Bunch

from latently.datasets._table import load_table, loader

FIRST_YEAR = 1900

DESCRIPTION = """\
Large earthquakes of the world
==============================

107 years, from 1900 to 2006, one row each, in order.

| feature     | what                                                      | unit     |
|-------------|-----------------------------------------------------------|----------|
| earthquakes | earthquakes of magnitude 7 or more, anywhere in the world | per year |

The mean is 19.4 and the variance 51.6: too much for one Poisson distribution, whose variance is its mean. And
years follow each other: quiet ones come together, and so do restless ones.

Source: Zucchini, W., MacDonald, I. L. and Langrock, R. (2016). Hidden Markov Models for Time Series, 2nd
edition, table 1.1. CRC Press; after the catalogue of the United States Geological Survey.
"""


@loader(DESCRIPTION)
def load_earthquakes(*, as_frame: bool = False) -> Bunch:
    """Load the number of large earthquakes of each year from 1900 to 2006: a series of 107 counts.

    Returns
    -------
    sklearn.utils.Bunch
        data : ndarray of shape (107, 1), int64
            One row per year, in order: earthquakes of magnitude 7 or more. With ``as_frame=True``, a
            DataFrame whose index is the year.
        year : ndarray of shape (107,), int64
            The year of each row.

    Examples
    --------
    >>> from latently.datasets import load_earthquakes
    >>> earthquakes = load_earthquakes()
    >>> earthquakes.data.shape
    (107, 1)
    >>> worst = earthquakes.data[:, 0].argmax()
    >>> int(earthquakes.year[worst]), int(earthquakes.data[worst, 0])
    (1943, 41)
    """
    bunch = load_table("earthquakes.csv", DESCRIPTION, as_frame=as_frame, dtype=np.int64)
    bunch.year = np.arange(FIRST_YEAR, FIRST_YEAR + len(bunch.data))
    if as_frame:
        bunch.frame.index = bunch.year
        bunch.frame.index.name = "year"
    return bunch
