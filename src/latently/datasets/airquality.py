"""New York's air in 1973: a real table with real holes."""

from sklearn.utils import Bunch

from latently.datasets._table import load_table, loader

DESCRIPTION = """\
Air quality in New York
=======================

153 days, from 1 May to 30 September 1973, one row each.

| feature | what                                                   | unit               |
|---------|--------------------------------------------------------|--------------------|
| Ozone   | mean ozone from 13:00 to 15:00 at Roosevelt Island     | parts per billion  |
| Solar.R | solar radiation from 8:00 to 12:00 in Central Park     | langleys           |
| Wind    | mean wind speed at 7:00 and 10:00 at LaGuardia Airport | miles per hour     |
| Temp    | highest temperature of the day at LaGuardia Airport    | degrees Fahrenheit |
| Month   | month of the year                                      | 5 to 9             |
| Day     | day of the month                                       | 1 to 31            |

Ozone is missing on 37 days, Solar.R on 7, both on 2 of them; nothing else is missing. 111 days are complete.

Source: the data set `airquality` of R's package datasets, from the New York State Department of
Conservation (ozone) and the National Weather Service, after Chambers, J. M., Cleveland, W. S., Kleiner, B.
and Tukey, P. A. (1983). Graphical Methods for Data Analysis. Wadsworth.
"""


@loader(DESCRIPTION)
def load_airquality(*, as_frame: bool = False) -> Bunch:
    """Load New York's air quality in the summer of 1973: 153 days of 6 features, with missing cells.

    Returns
    -------
    sklearn.utils.Bunch
        data : ndarray of shape (153, 6), float64
            One row per day: ozone in parts per billion, solar radiation in langleys, wind in miles per hour,
            the highest temperature in degrees Fahrenheit, month and day. NaN is a missing cell. With
            ``as_frame=True``, a DataFrame.

    Examples
    --------
    >>> import numpy as np
    >>> from latently.datasets import load_airquality
    >>> air = load_airquality()
    >>> air.data.shape
    (153, 6)
    >>> np.isnan(air.data).sum(axis=0)
    array([37,  7,  0,  0,  0,  0])
    """
    return load_table("airquality.csv", DESCRIPTION, as_frame=as_frame)
