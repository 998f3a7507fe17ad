"""Hidden Markov models of counts."""

from __future__ import annotations

from typing import Self

from latently.checks.settings import ARRAY, COUNT, NAME
from latently.emissions.poisson import Poisson
from latently.estimators.bases import Tags
from latently.estimators.hmm import BaseHMM
from latently.estimators.inputs import tagged
from latently.estimators.old_names import POISSON_HMM, OldAttribute
from latently.estimators.settable import Parameter
from latently.estimators.settings import estimator, setting


@estimator(POISSON_HMM)
class PoissonHMM(BaseHMM):
    """A hidden Markov model of counts, Poisson in each state, fitted by EM.

    NaN is a missing count.

    Parameters
    ----------
    exposure : str or int, optional
        The column that says of how much each row is a count, such as people or hours: by its name, or its
        position in a table without names. It is not modelled, and rates are for one unit of it.
    lambdas_init : array-like of shape (n_components, n_features), optional
        Starting rates.
    fixed : tuple of str, default ()
        Names of parameters ("startprob", "transmat", "lambdas") that keep their starting values.

    Attributes
    ----------
    lambdas_ : array of shape (n_components, n_features)
        Rates: expected counts (for one unit of exposure), in rising order unless starting values were given.

    References
    ----------
    .. [1] Rabiner, L. R. (1989). A tutorial on hidden Markov models and selected applications in speech
       recognition. Proceedings of the IEEE 77, 257-286, sections III and IV.
    .. [2] Zucchini, W., MacDonald, I. L. and Langrock, R. (2016). Hidden Markov Models for Time
       Series, 2nd ed., chapters 2 to 4.

    Examples
    --------
    >>> import numpy as np
    >>> from latently import PoissonHMM
    >>> counts = np.array([1, 0, 2, 1, 9, 8, 11, 7, 1, 0, 1, 2, 10, 9])[:, None]
    >>> model = PoissonHMM(2, random_state=0).fit(counts)
    >>> model.lambdas_.round(1).tolist()
    [[1.0], [9.0]]
    >>> model.predict(counts).tolist()
    [0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1]
    """

    exposure: str | int | None = setting(NAME, COUNT, None, default=None)
    lambdas_init: object = setting(ARRAY, None, default=None)

    n_features = OldAttribute("read n_features_in_")
    lambdas_ = Parameter("lambdas")

    @classmethod
    def from_parameters(
        cls, startprob: object, transmat: object, lambdas: object, *, exposure: object = None
    ) -> Self:
        """Return a model with given parameters, ready to predict and to sample, without fitting.

        Parameters
        ----------
        lambdas : array-like of shape (n_components, n_features)
            Rates: expected counts.
        exposure : int, optional
            The position of the column of exposures.

        Examples
        --------
        >>> from latently import PoissonHMM
        >>> model = PoissonHMM.from_parameters([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]], [[1.0], [9.0]])
        >>> model.predict([[0], [1], [8], [10]]).tolist()
        [0, 0, 1, 1]
        """
        return cls._by_parameters(startprob, transmat, {"exposure": exposure}, lambdas=lambdas)

    def __sklearn_tags__(self) -> Tags:
        return tagged(super().__sklearn_tags__(), self._family())

    def _family(self) -> Poisson:
        return Poisson(self.exposure)
