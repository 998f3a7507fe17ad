"""Fitting a hidden Markov model."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from latently.checks.settings import Number, check_setting
from latently.core.array_source import ArraySource
from latently.core.choices import column_ranks
from latently.core.findings import Finding
from latently.core.information import StandardErrors
from latently.emissions.base import Emission
from latently.estimators.fitting import Fit
from latently.estimators.hmm.residuals import Residuals
from latently.estimators.hmm.starts import ChainStarts
from latently.estimators.informative import check_informative
from latently.estimators.inputs import label_of
from latently.estimators.likelihood import LikelihoodEstimator
from latently.estimators.likelihood.base import Draw
from latently.estimators.likelihood.errors import Intervals
from latently.estimators.likelihood.fitted import Source
from latently.estimators.records import Records
from latently.estimators.settings import settings
from latently.latent.chain import Chain
from latently.models.latent_emission import NO_DATA, Description, LatentEmission, LatentEmissionParams

CHAIN_STARTS = 48
MOST_STEPS_OF_STARTS = 500_000  # of the sequences that starts and the search look at


@settings
class BaseHMM(Residuals, LikelihoodEstimator):
    """A hidden Markov model of any emission family, fitted by EM (Baum and Welch's algorithm).

    Attributes
    ----------
    startprob_ : array of shape (n_components,)
        Probabilities of the first state.
    transmat_ : array of shape (n_components, n_components)
        Transition probabilities, from row to column.

    References
    ----------
    .. [1] Rabiner, L. R. (1989). A tutorial on hidden Markov models and selected applications in speech
       recognition. Proceedings of the IEEE 77, 257-286, sections III and IV.
    """

    _agreeing = 3  # of a likelihood with more maxima, of which wrong ones draw many starts

    def fit(
        self,
        X: object,
        y: object = None,
        *,
        lengths: object = None,
        groups: object = None,
        sequence_weight: object = None,
        states: object = None,
    ) -> Self:
        sequences = {"lengths": lengths, "groups": groups, "sequence_weight": sequence_weight}
        return super().fit(X, y=y, states=states, **sequences)

    def partial_fit(
        self,
        X: object,
        y: object = None,
        *,
        lengths: object = None,
        groups: object = None,
        sequence_weight: object = None,
        states: object = None,
    ) -> Self:
        """Take in some sequences more, by stepwise EM."""
        sequences = {"lengths": lengths, "groups": groups, "sequence_weight": sequence_weight}
        return super().partial_fit(X, y=y, states=states, **sequences)

    def bic(self, X: object = None, lengths: object = None, *, groups: object = None) -> float:
        return super().bic(X, lengths=lengths, groups=groups)

    def aic(self, X: object = None, lengths: object = None, *, groups: object = None) -> float:
        return super().aic(X, lengths=lengths, groups=groups)

    def icl(self, X: object, lengths: object = None, *, groups: object = None) -> float:
        """Integrated completed likelihood; lower is better.

        BIC, with the log joint density of the data and their likeliest path in the place of the
        log-likelihood, as the likeliest labels stand in that of a mixture [1]_: it prefers states that can
        be told apart.

        Returns
        -------
        float
            The criterion.

        References
        ----------
        .. [1] Biernacki, C., Celeux, G. and Govaert, G. (2000). Assessing a mixture model for clustering with
           the integrated completed likelihood. IEEE PAMI 22, 719-725.
        """
        joint, _ = self.decode(X, lengths, groups=groups)
        return self.bic(X, lengths, groups=groups) + 2 * (self.score(X, lengths, groups=groups) - joint)

    def q_function(
        self,
        X: object,
        at: LatentEmissionParams | None = None,
        *,
        lengths: object = None,
        sequence_weight: object = None,
    ) -> float:
        return super().q_function(X, at, lengths=lengths, sequence_weight=sequence_weight)

    def posterior_entropy(
        self, X: object, *, lengths: object = None, sequence_weight: object = None
    ) -> float:
        """Entropy of the paths of states given the sequences, in nats, summed over the sequences."""
        return super().posterior_entropy(X, lengths=lengths, sequence_weight=sequence_weight)

    def standard_errors(  # type: ignore[override]
        self,
        X: Any,
        kind: str = "observed",
        *,
        lengths: Any = None,
        groups: str | None = None,
        sequence_weight: Any = None,
        states: Any = None,
        n_replicates: int = 200,
        random_state: Any = 0,
    ) -> StandardErrors:
        """Standard errors of all parameters at their fitted values.

        Notes
        -----
        "observed" needs a long sequence or many, the other kinds many sequences.

        The `startprob_` of one sequence has no error, and the others hold it as it is: it is learned from a
        single state, ends at one state for certain, and is no better known however long the sequence. Many
        sequences, or ``startprob="stationary"``, in which it follows from the transitions, mend that. What
        follows from other parameters has no entry.

        References
        ----------
        .. [1] Lystig, T. C. and Hughes, J. P. (2002). Exact computation of the observed information matrix
           for hidden Markov models. Journal of Computational and Graphical Statistics 11, 678-689.
        .. [2] Zucchini, W., MacDonald, I. L. and Langrock, R. (2016). Hidden Markov Models for Time
           Series, 2nd ed., section 3.6.

        Examples
        --------
        >>> from latently import PoissonHMM, datasets
        >>> counts = datasets.load_earthquakes().data
        >>> model = PoissonHMM(2, startprob="stationary", random_state=0).fit(counts)
        >>> errors = model.standard_errors(counts)
        >>> errors["lambdas"].round(2).tolist()
        [[0.7], [1.36]]
        """
        sequences = {"lengths": lengths, "groups": groups, "sequence_weight": sequence_weight}
        asked = {"n_replicates": n_replicates, "random_state": random_state}
        return super().standard_errors(X, kind, states=states, **sequences, **asked)

    def confidence_intervals(  # type: ignore[override]
        self,
        X: Any,
        level: float = 0.95,
        kind: str = "observed",
        *,
        transform: bool = True,
        lengths: Any = None,
        groups: str | None = None,
        sequence_weight: Any = None,
        states: Any = None,
        n_replicates: int = 1000,
        random_state: Any = 0,
    ) -> Intervals:
        sequences = {"lengths": lengths, "groups": groups, "sequence_weight": sequence_weight}
        asked = {"transform": transform, "n_replicates": n_replicates, "random_state": random_state}
        return super().confidence_intervals(X, level, kind, states=states, **sequences, **asked)

    def summary(
        self, X: object = None, level: float = 0.95, *, lengths: object = None, groups: object = None
    ) -> Records:
        """What the states are like, and the transitions, as a tidy table: a row for each number."""
        return super().summary(X, level, lengths=lengths, groups=groups)

    def sample(
        self, n_samples: int = 1, random_state: object = None, currstate: int | None = None
    ) -> tuple[Any, NDArray[np.int64]]:
        """Draw one sequence and its states.

        Parameters
        ----------
        currstate : int, optional
            The state of the first time step. By default it is drawn from `startprob_`.
        """
        if currstate is not None:
            self._check_fitted()
            last = self._model.n_components - 1
            check_setting("currstate", currstate, Number(Integral, 0, last, closed="both"))
        return self._sample(n_samples, random_state, currstate)

    @classmethod
    @abstractmethod
    def from_parameters(cls, *args: Any, **settings: Any) -> Self:
        """Return a model with given parameters, ready to predict and to sample, without fitting.

        Returns
        -------
        self
            The model, its states in the order given.

        Raises
        ------
        ValueError
            If shapes do not fit, a row is no set of probabilities, or a parameter is out of range; it is
            named.
        """

    @classmethod
    def _by_parameters(
        cls, startprob: object, transmat: object, settings: dict[str, Any], **values: Any
    ) -> Self:
        """A model with given parameters, ready to predict and to sample, without fitting."""
        of_chain, given = Chain.from_user(startprob, transmat)
        return cls(**settings, **of_chain)._from(**given, **values)

    def _check_data(self, family: Emission, source: ArraySource, names: list[str] | None) -> None:
        weights = source.row_weights
        if family.needs_spread:
            check_informative(family.modelled(source.x), weights, 1, names, stacklevel=5)
            return
        used = source.x[weights > 0]
        cells = family.modelled(used)
        empty = np.isnan(cells).all(axis=0) | (not family.observed(used).any())
        if empty.any():
            raise ValueError(f"column {label_of(names, empty.argmax())} has no observed value: leave it out")

    def _few(self, source: Source) -> int:
        """All, or of very many as many as have enough time steps together."""
        return -(-len(source) * MOST_STEPS_OF_STARTS // max(len(source.row_weights), MOST_STEPS_OF_STARTS))

    def _n_starts(self) -> int:
        return CHAIN_STARTS if self.n_init == "auto" else int(self.n_init)

    def _drawn(
        self, model: LatentEmission, description: Description, source: Source, rng: np.random.Generator
    ) -> Draw:
        some = source.subsample(self._few(source), rng).in_memory()
        return ChainStarts(model, description, some.x, some.row_weights, some.labels, some).of

    def _order(self, model: LatentEmission, params: LatentEmissionParams) -> NDArray[np.int64]:
        keys = model.emission.order_keys(params.emission)
        return np.arange(model.n_components) if keys is None else np.lexsort(column_ranks(keys))

    def _keep(
        self, model: LatentEmission, fitted: Fit, diagnostics: tuple[Finding, ...], dtype: object
    ) -> None:
        super()._keep(model, fitted, diagnostics, dtype)
        for found in fitted.diagnostics:
            if found.kind == NO_DATA:
                warnings.warn(str(found), UserWarning, stacklevel=4)
