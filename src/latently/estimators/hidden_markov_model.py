"""Hidden Markov models of any family."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Self

import numpy as np

from latently.checks.settings import check_settings, check_whole
from latently.core.parameters import named, with_named
from latently.emissions.base import Emission
from latently.emissions.registry import family_of
from latently.estimators.bases import Tags
from latently.estimators.hmm import BaseHMM
from latently.estimators.inputs import Array, tagged
from latently.estimators.old_names import ANY_HMM
from latently.estimators.settings import AnyFamilySettings, estimator
from latently.latent.chain import Chain
from latently.models.latent_emission import LatentEmission, LatentEmissionParams
from latently.wording import count


@estimator(ANY_HMM)
class HiddenMarkovModel(BaseHMM, AnyFamilySettings):
    """A hidden Markov model of any emission family, one's own included, fitted by EM.

    Parameters
    ----------
    fixed : tuple of str, default ()
        Names of parameters ("startprob", "transmat", and the family's) that keep their starting values.

    Attributes
    ----------
    params_ : object
        All parameters; ``params_.emission`` are those of the family.

    Examples
    --------
    >>> import numpy as np
    >>> from latently import HiddenMarkovModel
    >>> from latently.emissions import Poisson
    >>> counts = np.array([1, 0, 2, 1, 9, 8, 11, 7, 1, 0, 1, 2, 10, 9.0])[:, None]
    >>> model = HiddenMarkovModel(Poisson(), 2, random_state=0).fit(counts)
    >>> model.params_.emission.lambdas.round(1).tolist()
    [[1.0], [9.0]]
    """

    @classmethod
    def from_parameters(
        cls,
        emission: Emission | str,
        startprob: object,
        transmat: object,
        params: object,
        *,
        n_features: int | None = None,
    ) -> Self:
        """Return a model with given parameters, ready for all but `fit`'s record, without fitting.

        Parameters
        ----------
        emission : Emission or str
            The family of the observations in each state.
        params : object or dict of str to array
            Parameters of the family, in its own dataclass or by name.
        n_features : int, optional
            Number of columns; by default that of the means, if the family has any.

        Examples
        --------
        >>> import numpy as np
        >>> from latently import HiddenMarkovModel
        >>> from latently.emissions.poisson import Poisson, PoissonParams
        >>> rates = PoissonParams(np.array([[1.0], [9.0]]))
        >>> stay = [[0.9, 0.1], [0.2, 0.8]]
        >>> HiddenMarkovModel.from_parameters(Poisson(), [0.5, 0.5], stay, rates).predict([[0], [8]]).tolist()
        [0, 1]
        """
        settings, given = Chain.from_user(startprob, transmat)
        hmm = cls(emission, **settings)
        check_settings(hmm)
        family, K = hmm._family(), hmm.n_components
        if isinstance(params, Mapping):
            family, params = family.given(params, K)
        if not is_dataclass(params) or isinstance(params, type):
            raise ValueError(
                f"params is a {type(params).__name__}: should be what {type(family).__name__}.start makes, a "
                "dataclass of arrays, or a dict"
            )
        means = family.centre(params)
        if n_features is None and means is None:
            raise ValueError(f"{type(family).__name__} does not tell the number of columns: give n_features")
        n = means.shape[1] if n_features is None and means is not None else n_features
        hmm.n_features_in_ = check_whole("n_features", n)
        if means is not None and n != means.shape[1]:
            raise ValueError(
                f"n_features={n}, and the means are those of {count(means.shape[1], 'column')}: leave it out"
            )
        params = with_named(params, {name: np.array(value) for name, value in named(params).items()})
        with np.errstate(all="ignore"):
            family.check(params, K, hmm.n_features_in_)
        latent, first = hmm._latent().given(given, hmm.n_components)
        model = LatentEmission(latent, family, K)
        hmm._set_params(model, LatentEmissionParams(first, params))
        return hmm

    def __sklearn_tags__(self) -> Tags:
        return tagged(super().__sklearn_tags__(), self._family())

    def _family(self) -> Emission:
        return family_of(self.emission)

    @property
    def emission_params_(self) -> dict[str, Array]:
        """Parameters of the family, by name."""
        return named(self.params_.emission)
