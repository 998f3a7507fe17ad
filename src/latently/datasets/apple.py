"""Apple trees and worms: the smallest table with holes, its maximum likelihood in closed form."""

from sklearn.utils import Bunch

from latently.datasets._table import load_table, loader

DESCRIPTION = """\
Apple trees and worms
=====================

18 apple trees, one row each.

| feature | what                       | unit               |
|---------|----------------------------|--------------------|
| size    | size of the crop           | hundreds of fruits |
| worms   | share of fruits with worms | percent            |

The worms of the last six trees were not counted. They are small trees, and the smaller the crop, the greater
the share with worms. So cells are missing at random, not completely at random. As only one column has holes,
the maximum-likelihood estimate is a regression of worms on size.

Source: Little, R. J. A. and Rubin, D. B. (2002). Statistical Analysis with Missing Data, 2nd edition,
chapter 7. Wiley. The twelve complete trees are those of Snedecor, G. W. and Cochran, W. G. (1967).
Statistical Methods, 6th edition, table 6.9.1. Iowa State University Press.
"""


@loader(DESCRIPTION)
def load_apple(*, as_frame: bool = False) -> Bunch:
    """Load the crops and worms of apple trees: 18 samples of 2 features, 6 cells of the second missing.

    Returns
    -------
    sklearn.utils.Bunch
        data : ndarray of shape (18, 2), float64
            One row per tree: the size of its crop in hundreds of fruits, and the percentage of fruits with
            worms. NaN is a missing cell. With ``as_frame=True``, a DataFrame.

    Examples
    --------
    >>> import numpy as np
    >>> from latently.datasets import load_apple
    >>> apple = load_apple()
    >>> apple.data.shape
    (18, 2)
    >>> np.isnan(apple.data).sum(axis=0)
    array([0, 6])
    """
    return load_table("apple.csv", DESCRIPTION, as_frame=as_frame)
