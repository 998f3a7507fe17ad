"""What can go wrong in a fit: each message names the culprit and the remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import numpy as np

from latently.checks.refusals import meant

T = TypeVar("T")

BEYOND = "the numbers span more than double precision holds: choose other units"


class FitError(ValueError):
    """A run of EM cannot go on; another start may do better."""


class SingularCovarianceError(FitError):
    """A covariance matrix is not positive definite: what is said of it, and whose it is.

    In `whose`, the beginning of the message, ``{label}`` stands for what a component is called.
    """

    def __init__(self, text: str, whose: str = "", label: str = "component") -> None:
        super().__init__(whose.format(label=label) + text)
        self.text, self.whose = text, whose

    def of(self, label: str) -> SingularCovarianceError:
        """The same error where a component is called otherwise."""
        return SingularCovarianceError(self.text, self.whose, label)


@contextmanager
def within_range() -> Iterator[None]:
    """What linear algebra says of matrices that are not finite, as an error of a run."""
    try:
        yield
    except np.linalg.LinAlgError as error:
        raise FitError(f"{BEYOND} ({error})") from None


class ImpossibleObservationError(FitError):
    """An observation has density zero, or no number for a density, under the model."""


class DataChangedError(RuntimeError):
    """Data that are read in every pass are not what they were: it is no use to try another start."""


class ClusterError(RuntimeError):
    """The workers of a cluster, or who leads them, cannot do what they are asked."""


class ObjectiveFellError(ValueError):
    """The objective fell by more than rounding: a bug in a model, never a sign of convergence.

    It is no `FitError`: what may take a failed run lightly, must not take this so.
    """


def unless_refused(find: Callable[[], T]) -> T | None:
    """What something that can be left out comes to; None where latently refuses it, as of too few rows.

    A fault stays what it is.

    Examples
    --------
    >>> from latently import GaussianMixture
    >>> unless_refused(lambda: GaussianMixture(3).fit([[1.0], [2.0]])) is None
    True
    """
    try:
        return find()
    except ValueError as error:
        if isinstance(error, ObjectiveFellError) or not meant(error):
            raise
        return None


class ObjectiveFellWarning(RuntimeWarning):
    """Some runs of a fit ended with an `ObjectiveFellError`, and others did not."""


class WeightWarning(UserWarning):
    """Weights sum to far less than there are rows, so that criteria see fewer observations than there are."""


class UndeterminedWarning(UserWarning):
    """The data do not determine all of what a fit says: something else stands in for them."""


class SpuriousMaximumWarning(UserWarning):
    """The fit rests on a floor or on a handful of rows: its likelihood says little."""


class ConstantColumnWarning(UserWarning):
    """A column of the data does not vary: nothing can be learned from it."""
