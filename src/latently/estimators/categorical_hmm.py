"""Hidden Markov models of symbols."""

from __future__ import annotations

from typing import Any, Self, cast

from latently.checks.arrays import as_floats
from latently.checks.settings import ARRAY, LIST, WHOLE
from latently.core.declared import numbers, support_of
from latently.emissions.categorical import Categorical
from latently.estimators.bases import Tags
from latently.estimators.hmm import BaseHMM
from latently.estimators.old_names import CATEGORICAL_HMM
from latently.estimators.settable import Parameter
from latently.estimators.settings import estimator, setting
from latently.latent.chain import Chain


@estimator(CATEGORICAL_HMM)
class CategoricalHMM(BaseHMM):
    """A hidden Markov model of symbols, fitted by EM.

    Parameters
    ----------
    categories : sequence, optional
        The alphabet: numbers or strings. By default the sorted symbols of the training data.
    n_features : int, optional
        Size of the alphabet if it is the integers from 0.
    emissionprob_init : array-like of shape (n_components, n_symbols), optional
        Starting probabilities of the symbols. Exact zeros stay zero for ever.
    fixed : tuple of str, default ()
        Names of parameters ("startprob", "transmat", "emissionprob") that keep their starting values.

    Attributes
    ----------
    emissionprob_ : array of shape (n_components, n_symbols)
        Probability of each symbol in each state.
    categories_ : array of shape (n_symbols,)
        The alphabet.

    Notes
    -----
    None and NaN are missing symbols: such a time step has density 1.

    Examples
    --------
    >>> from latently import CategoricalHMM
    >>> weather = list("rrrrrrssssssrrrrrsssss")
    >>> model = CategoricalHMM(2, random_state=0).fit(weather)
    >>> model.categories_.tolist()
    ['r', 's']
    >>> len(set(model.predict(weather)[:6]))
    1
    """

    categories: object = setting(LIST, None, default=None)
    n_features: int | None = setting(WHOLE, None, default=None)
    emissionprob_init: object = setting(ARRAY, None, default=None)

    emissionprob_ = Parameter("emissionprob")

    @classmethod
    def from_parameters(
        cls, startprob: object, transmat: object, emissionprob: object, *, categories: object = None
    ) -> Self:
        """Return a model with given parameters, ready to predict and to sample, without fitting.

        Parameters
        ----------
        emissionprob : array-like of shape (n_components, n_symbols)
            Probability of each symbol in each state.
        categories : sequence of length n_symbols, optional
            The alphabet: numbers or strings, in the order of the columns. By default the integers from 0.

        Raises
        ------
        ValueError
            If shapes do not fit, a row is no set of probabilities, or the alphabet is of another length or
            holds a symbol twice.

        Examples
        --------
        >>> from latently import CategoricalHMM
        >>> stay = [[0.8, 0.2], [0.2, 0.8]]
        >>> cones = [[0.75, 0.25], [0.25, 0.75]]
        >>> model = CategoricalHMM.from_parameters([0.5, 0.5], stay, cones, categories=["few", "many"])
        >>> model.filter(["many", "many", "few"])[:, 1].round(3).tolist()
        [0.75, 0.848, 0.448]
        """
        of_chain, _ = Chain.from_user(startprob, transmat)
        table = numbers(emissionprob, "emissionprob", of_chain["n_components"], "n_symbols")
        n_features = table.shape[1] if categories is None else None
        settings = {"categories": categories, "n_features": n_features}
        return cls._by_parameters(startprob, transmat, settings, emissionprob=table)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = tags.input_tags.string = True
        return tags

    def _family(self) -> Categorical:
        if self.n_features is not None and self.categories is not None:
            raise ValueError("categories and n_features both give the alphabet: leave one out")
        given = self.emissionprob_init
        support = None if given is None else support_of(as_floats(given, "emissionprob_init"))
        return Categorical(self.n_features, support, self.categories)

    @property
    def categories_(self) -> Any:
        """The symbols, in the order of the columns of `emissionprob_`."""
        return cast("Categorical", self._model.emission).alphabet
