"""An estimator with parameters: what all that is said of its data needs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.checks.settings import check_whole
from latently.core.array_source import ArraySource
from latently.core.backends import Backend, backend, count_threads
from latently.core.blocks import Block
from latently.core.cluster import ClusterSource
from latently.core.journal import Journal
from latently.core.libraries import single_threaded_libraries
from latently.core.parameters import dimension
from latently.core.streamed import StreamedSource
from latently.emissions.base import Emission
from latently.estimators.documented import Described
from latently.estimators.inputs import Array
from latently.estimators.likelihood.in_a_search import InASearch
from latently.estimators.settable import Recorded, SettableModel
from latently.estimators.settings import RunSettings, StartSettings, WorkSettings

Source = ArraySource | StreamedSource | ClusterSource


class FittedModel(Described, SettableModel, WorkSettings, RunSettings, StartSettings):
    """A latent structure times an emission family that has its parameters: from a fit, a file, or by hand."""

    _shown_name: str | None = None  # on a progress bar, in the place of the class's
    # of which this fit is one of many: what is not compared is worked out of the best only
    _in_a_search: InASearch | None = None
    _journal: Journal | None = None  # of a fit that this one is a part of

    log_likelihood_ = Recorded()
    log_likelihood_history_ = Recorded()
    converged_ = Recorded()
    stop_reason_ = Recorded()
    n_iter_ = Recorded()
    restarts_ = Recorded()
    diagnostics_ = Recorded()
    n_observed_ = Recorded()

    @abstractmethod
    def _read(self, X: object, family: Emission, *args: Any, **how: Any) -> tuple[Emission, Source]:
        """Check data as a user hands them in, weights and known labels too; the family may learn to read."""

    @property
    def n_parameters_(self) -> int:
        """Number of free parameters."""
        return dimension(self._model.spaces(self.params_), tuple(self.fixed))

    def _chosen(self, X: object, **how: Any) -> None:
        """Work out what a fit that is one of many leaves to the best of them, of the data of the fit."""

    def _source(self, X: object, **how: Any) -> Source:
        """Data that something is to be said of."""
        self._check_fitted()
        return self._read(X, self._model.emission, reset=False, **how)[1]

    @contextmanager
    def _workers(self, source: Source | None = None) -> Iterator[Backend]:
        """Who does the work on some data, with nobody else at it."""
        with single_threaded_libraries(), backend(count_threads(self.n_jobs), source) as workers:
            yield workers

    def _posterior(self, source: Source, *, refuse: bool = False) -> tuple[Array, Array]:
        """Log-likelihoods of units, and probabilities of the labels of their rows."""
        found = list(self._each(source, lambda _, *found: found, refuse=refuse))
        return (found[0][0], found[0][1]) if len(found) == 1 else _joined(found)

    def _each(
        self, source: Source, of: Callable[[Block, Array, Array], object], *, refuse: bool = False
    ) -> Iterator[Any]:
        """What is made of each part of the data from the log-likelihoods and the posterior."""
        model, params = self._model, self.params_
        with self._workers() as workers:
            yield from workers.map(
                lambda part: of(part, *model.posterior(params, part, workers, refuse=refuse)), source.parts()
            )

    def _lookup(self, source: Source) -> Any:
        """Log densities of the rows under each label."""
        return self._model.lookup(self.params_, source.whole())

    def sample(self, n_samples: int = 1, random_state: object = None) -> tuple[Any, NDArray[np.int64]]:
        """Draw rows and their labels: those of one sequence where the model is of sequences.

        Parameters
        ----------
        n_samples : int, default 1
            How many rows (time steps).

        Returns
        -------
        X : array of shape (n_samples, n_features)
            Rows, in random order unless they are time steps of a sequence.
        labels : array of int of shape (n_samples,)
            The component or state that each was drawn from.

        Raises
        ------
        ValueError
            If `n_samples` is less than one.
        """
        return self._sample(n_samples, random_state)

    def _sample(
        self, n_samples: int, random_state: object, first: int | None = None
    ) -> tuple[Any, NDArray[np.int64]]:
        """Draw rows, the first of which may have a label that is known."""
        self._check_fitted()
        n, rng = check_whole("n_samples", n_samples), self._rng(random_state)
        labels = self._model.latent.sample(self.params_.latent, n, rng, first)
        family = self._model.emission
        return family.shown(family.sample(self.params_.emission, labels, rng)), labels


def _joined(found: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    return np.concatenate([one for one, _ in found]), np.concatenate([one for _, one in found])
