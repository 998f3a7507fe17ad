"""Cholesterol after a heart attack: three measurements, the last of which not everyone came to."""

from sklearn.utils import Bunch

from latently.datasets._table import load_table, loader

DESCRIPTION = """\
Cholesterol after a heart attack
================================

28 patients of a medical center in Pennsylvania, one row each.

| feature | what                                              | unit  |
|---------|---------------------------------------------------|-------|
| day2    | cholesterol in the blood 2 days after the attack  | mg/dl |
| day4    | the same after 4 days                             | mg/dl |
| day14   | the same after 14 days                            | mg/dl |

The third measurement is missing for 9 patients. As only one column has holes, the maximum-likelihood estimate
is a regression of day14 on the other two.

Source: Schafer, J. L. (1997). Analysis of Incomplete Multivariate Data, table 5.1. Chapman & Hall;
after Ryan, B. F. and Joiner, B. L. (1994). Minitab Handbook, 3rd edition. Wadsworth.
"""


@loader(DESCRIPTION)
def load_cholesterol(*, as_frame: bool = False) -> Bunch:
    """Load cholesterol after heart attacks: 28 samples of 3 features, 9 cells of the last missing.

    Returns
    -------
    sklearn.utils.Bunch
        data : ndarray of shape (28, 3), float64
            One row per patient: cholesterol 2, 4 and 14 days after the attack, in mg/dl. NaN is a missing
            cell. With ``as_frame=True``, a DataFrame.

    Examples
    --------
    >>> import numpy as np
    >>> from latently.datasets import load_cholesterol
    >>> cholesterol = load_cholesterol()
    >>> cholesterol.data.shape
    (28, 3)
    >>> np.isnan(cholesterol.data).sum(axis=0)
    array([0, 0, 9])
    """
    return load_table("cholesterol.csv", DESCRIPTION, as_frame=as_frame)
