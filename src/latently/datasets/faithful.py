"""Old Faithful's eruptions: the classic picture of two clusters."""

from sklearn.utils import Bunch

from latently.datasets._table import load_table, loader

DESCRIPTION = """\
Eruptions of the Old Faithful geyser
====================================

272 eruptions of the Old Faithful geyser in Yellowstone National Park, Wyoming, USA.

| feature   | what                              | unit    |
|-----------|-----------------------------------|---------|
| eruptions | how long the eruption lasted      | minutes |
| waiting   | the wait until the next eruption  | minutes |

Nothing is missing and nothing is labelled: short eruptions are followed by short waits and long ones by
long waits, in two clusters that overlap little. Waits are in whole minutes.

Source: the data set `faithful` of R's package datasets, after Azzalini, A. and Bowman, A. W. (1990).
A look at some data on the Old Faithful geyser. Applied Statistics 39, 357-365.
"""


@loader(DESCRIPTION)
def load_faithful(*, as_frame: bool = False) -> Bunch:
    """Load the eruptions of the Old Faithful geyser: 272 samples of 2 features, both in minutes.

    Returns
    -------
    sklearn.utils.Bunch
        data : ndarray of shape (272, 2), float64
            One row per eruption: how long it lasted and the wait until the next one, in minutes.
            With ``as_frame=True``, a DataFrame.

    Examples
    --------
    >>> from latently.datasets import load_faithful
    >>> faithful = load_faithful()
    >>> faithful.data.shape
    (272, 2)
    >>> faithful.data.mean(axis=0).round(2)
    array([ 3.49, 70.9 ])
    """
    return load_table("faithful.csv", DESCRIPTION, as_frame=as_frame)
