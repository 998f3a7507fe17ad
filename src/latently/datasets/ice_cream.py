"""Ice cream and the weather: the smallest series with which forward and backward are taught."""

import numpy as np
from sklearn.utils import Bunch

from latently.datasets._table import load_table, loader

DESCRIPTION = """\
Ice cream and the weather
=========================

33 days of a summer, one row each, in order.

| feature | what                        | unit   |
|---------|-----------------------------|--------|
| cones   | ice cream eaten on that day | 1 to 3 |

A diary tells how many cones its writer ate, and nothing of the weather. Was a day hot or cold?

Source: Eisner, J. (2002). An interactive spreadsheet for teaching the forward-backward algorithm. Proceedings
of the ACL Workshop on Effective Tools and Methodologies for Teaching NLP and CL, 10-18. The diary is made up.
"""


@loader(DESCRIPTION)
def load_ice_cream(*, as_frame: bool = False) -> Bunch:
    """Load a diary of ice cream: 33 days of 1 to 3 cones.

    Returns
    -------
    sklearn.utils.Bunch
        data : ndarray of shape (33, 1), int64
            One row per day, in order: cones eaten, 1 to 3. With ``as_frame=True``, a DataFrame.

    Examples
    --------
    >>> from latently.datasets import load_ice_cream
    >>> cones = load_ice_cream().data
    >>> cones.shape
    (33, 1)
    >>> cones[:6, 0]
    array([2, 3, 3, 2, 3, 2])
    """
    return load_table("ice_cream.csv", DESCRIPTION, as_frame=as_frame, dtype=np.int64)
