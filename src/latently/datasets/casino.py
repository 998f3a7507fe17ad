"""Rolls in the occasionally dishonest casino: the textbook's hidden Markov model of symbols."""

import numpy as np
from sklearn.utils import Bunch

from latently.datasets._table import load_table, loader

DESCRIPTION = """\
The occasionally dishonest casino
=================================

300 rolls of a die, one row each, in order.

| feature | what             | unit   |
|---------|------------------|--------|
| roll    | the face on top  | 1 to 6 |

The casino rolls a fair die most of the time. Before a roll it may change to a loaded one, with probability
0.05, and back with probability 0.1. The loaded die shows a six half the time, and each other face one time
in ten. Which die it was is hidden.

Source: Durbin, R., Eddy, S. R., Krogh, A. and Mitchison, G. (1998). Biological Sequence Analysis, chapter 3.
Cambridge University Press. The book gives no probabilities for the first die; here they are even.
"""


@loader(DESCRIPTION)
def load_casino(*, as_frame: bool = False) -> Bunch:
    """Load the rolls of the occasionally dishonest casino, 300 symbols from 1 to 6, and its published model.

    Returns
    -------
    sklearn.utils.Bunch
        data : ndarray of shape (300, 1), int64
            One row per roll, in order: the face on top, 1 to 6. With ``as_frame=True``, a DataFrame.
        startprob : ndarray of shape (2,)
            Probabilities of the first die. State 0 is the fair die, state 1 the loaded one.
        transmat : ndarray of shape (2, 2)
            Probabilities of the next die, from row to column.
        emissionprob : ndarray of shape (2, 6)
            Probabilities of the faces of each die.

    Examples
    --------
    >>> import numpy as np
    >>> from latently.datasets import load_casino
    >>> casino = load_casino()
    >>> casino.data.shape
    (300, 1)
    >>> np.bincount(casino.data[:, 0])[1:]
    array([40, 43, 49, 37, 42, 89])
    """
    bunch = load_table("casino.csv", DESCRIPTION, as_frame=as_frame, dtype=np.int64)
    bunch.startprob = np.array([0.5, 0.5])
    bunch.transmat = np.array([[0.95, 0.05], [0.1, 0.9]])
    bunch.emissionprob = np.array([[1 / 6] * 6, [0.1] * 5 + [0.5]])
    return bunch
