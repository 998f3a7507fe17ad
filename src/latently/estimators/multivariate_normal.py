"""The multivariate normal distribution, through a Cholesky factor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from latently.checks.arrays import as_array, as_floats, shown
from latently.checks.settings import check_whole
from latently.core.spaces import symmetric
from latently.emissions.gaussian.matrices import cholesky
from latently.emissions.gaussian.moments import Moments
from latently.emissions.gaussian.params import LOG_2PI
from latently.emissions.gaussian.variances import units
from latently.estimators.documented import Described, entries
from latently.estimators.informative import check_informative, check_weights
from latently.estimators.inputs import Array, check_table, column_names, random_generator

CONSTANT_VARIANCE = 1e-6  # of the variance of a constant column, beside those of the others


@dataclass(frozen=True, eq=False)
class MultivariateNormal(Described):
    """A multivariate normal distribution.

    Parameters
    ----------
    mean : array-like of shape (n_features,)
        Mean.
    covariance : array-like of shape (n_features, n_features)
        Covariance, symmetric and positive definite.

    Raises
    ------
    ValueError
        If the shapes do not fit, a number is not finite, or the covariance is not symmetric.
    SingularCovarianceError
        If the covariance is not positive definite (a ValueError, too).

    References
    ----------
    .. [1] Mardia, K. V., Kent, J. T. and Bibby, J. M. (1979). Multivariate Analysis, chapter 3.

    Examples
    --------
    >>> from latently import MultivariateNormal
    >>> normal = MultivariateNormal([0.0, 1.0], [[2.0, 1.0], [1.0, 2.0]])
    >>> normal.conditional([0], [1.0]).mean.tolist()
    [1.5]
    >>> round(float(normal.mahalanobis([[1.0, 1.0]])[0]), 4)
    0.8165
    """

    described = entries(
        """
        X : array-like of shape (n_samples, n_features)
            The rows.
        random_state : None, int, Generator or RandomState
            None draws afresh each time, an integer repeats, a generator is drawn from.
        """
    )

    mean: Array
    covariance: Array

    def __post_init__(self) -> None:
        mean = as_floats(self.mean, "mean")
        covariance = as_floats(self.covariance, "covariance")
        if mean.ndim != 1 or not len(mean):
            raise ValueError(f"mean has shape {mean.shape}, should be (n_features,)")
        if covariance.shape != (len(mean), len(mean)):
            raise ValueError(
                f"covariance has shape {covariance.shape}, should be {(len(mean), len(mean))} as the mean is"
            )
        for name, value in (("mean", mean), ("covariance", covariance)):
            if not np.isfinite(value).all():
                raise ValueError(f"{name} has entries that are not finite")
        if not symmetric(covariance):
            raise ValueError("covariance is not symmetric")
        covariance = (covariance + covariance.T) / 2
        mean.setflags(write=False)
        covariance.setflags(write=False)
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "covariance", covariance)
        _ = self._cholesky

    @classmethod
    def fit(cls, X: object, sample_weight: object = None) -> Self:
        """Fit by maximum likelihood: in closed form, or by EM if cells are missing.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows; NaN is a missing cell.

        Returns
        -------
        MultivariateNormal
            With the weighted mean and the covariance about it (divided by n, not by n - 1).

        Raises
        ------
        ValueError
            If X is not a table of numbers, or has an infinite cell, or all columns are constant.
        SingularCovarianceError
            If the rows lie in fewer dimensions than there are features.

        Warns
        -----
        ConstantColumnWarning
            If some columns are constant: their variance is a millionth of the others', so that there is one.

        Examples
        --------
        >>> from latently import MultivariateNormal, datasets
        >>> normal = MultivariateNormal.fit(datasets.load_cholesterol().data)
        >>> normal.mean.round(1).tolist()
        [253.9, 230.6, 222.2]
        """
        # It is made of such distributions, so that neither can be first.
        from latently.estimators.gaussian_imputer import GaussianImputer

        rows = check_table(X)
        weights = check_weights(sample_weight, len(rows))
        moments = Moments.of(rows, weights)
        if np.isnan(rows).any():
            fitted = GaussianImputer(prior=None).fit(X, sample_weight=weights)
            mean, covariance = fitted.mean_, np.array(fitted.covariance_)
        else:
            check_informative(rows, weights, 1, column_names(X))
            mean, covariance = moments.mean, np.array(moments.covariance)
        constant = np.flatnonzero(moments.variances == 0)
        covariance[constant, constant] = CONSTANT_VARIANCE * units(moments.variances)[constant]
        return cls(mean, covariance)

    @property
    def n_features(self) -> int:
        """Number of features."""
        return len(self.mean)

    @cached_property
    def log_det(self) -> float:
        """Log determinant of the covariance."""
        return float(2 * np.log(np.diagonal(self._cholesky)).sum())

    @cached_property
    def _cholesky(self) -> Array:
        return cholesky(self.covariance, "the covariance of this distribution ")

    def _whitened(self, X: object) -> Array:
        rows = check_table(X, accepts_missing=False)
        if rows.ndim != 2 or rows.shape[1] != self.n_features:
            raise ValueError(f"X has shape {rows.shape}, should be (n_samples, {self.n_features})")
        return np.asarray(solve_triangular(self._cholesky, (rows - self.mean).T, lower=True))

    def mahalanobis(self, X: object) -> Array:
        """Mahalanobis distance of each row from the mean (not its square).

        Returns
        -------
        array of shape (n_samples,)
            Distances, without unit.
        """
        return np.linalg.norm(self._whitened(X), axis=0)

    def log_density(self, X: object) -> Array:
        """Log density of each row, in nats.

        Returns
        -------
        array of shape (n_samples,)
            Log densities.
        """
        y = self._whitened(X)
        return np.asarray(-0.5 * (np.einsum("in,in->n", y, y) + self.n_features * LOG_2PI + self.log_det))

    def density(self, X: object) -> Array:
        """Density of each row, in one over the product of the units of the features.

        Returns
        -------
        array of shape (n_samples,)
            Densities.
        """
        return np.asarray(np.exp(self.log_density(X)))

    def sample(self, n_samples: int = 1, random_state: object = None) -> Array:
        """Draw rows.

        Parameters
        ----------
        n_samples : int
            How many.

        Returns
        -------
        array of shape (n_samples, n_features)
            Rows.
        """
        n = check_whole("n_samples", n_samples)
        noise = random_generator(random_state).standard_normal((n, self.n_features))
        return np.asarray(self.mean + noise @ self._cholesky.T)

    def marginal(self, keep: Sequence[int]) -> MultivariateNormal:
        """Return the distribution of some of the features.

        Parameters
        ----------
        keep : sequence of int
            Positions of the features, in the order they are to have.

        Returns
        -------
        MultivariateNormal
            Of ``len(keep)`` features.
        """
        kept = positions(keep, self.n_features, "keep")
        return MultivariateNormal(self.mean[kept], self.covariance[np.ix_(kept, kept)])

    def conditional(self, given: Sequence[int], values: object) -> MultivariateNormal:
        """Return the distribution of the other features, given the values of some.

        Parameters
        ----------
        given : sequence of int
            Positions of the known features.
        values : array-like of shape (len(given),)
            Their values.

        Returns
        -------
        MultivariateNormal
            Of the other features, in their order.

        Raises
        ------
        ValueError
            If a position is out of range or twice there, none is left, or the values do not fit.
        """
        known = positions(given, self.n_features, "given")
        values = conditioning_values(known, values)
        free = np.setdiff1d(np.arange(self.n_features), known)
        if not len(free):
            raise ValueError("given names every feature: none is left")
        if not len(known):
            return self
        factor = cholesky(self.covariance[np.ix_(known, known)], "the covariance of the given features ")
        cross = solve_triangular(factor, self.covariance[np.ix_(known, free)], lower=True)
        shift = solve_triangular(factor, values - self.mean[known], lower=True)
        return MultivariateNormal(
            self.mean[free] + cross.T @ shift, self.covariance[np.ix_(free, free)] - cross.T @ cross
        )

    def entropy(self) -> float:
        """Differential entropy, in nats."""
        return 0.5 * (self.n_features * (1 + LOG_2PI) + self.log_det)


def positions(
    chosen: Sequence[int | str], n_features: int, name: str, names: Sequence[object] | None = None
) -> NDArray[np.intp]:
    """Positions of features that are given by them, or by their names where they have any.

    Raises a ValueError if there is no such feature, or one is there twice.
    """
    listed = list(np.atleast_1d(np.asarray(as_array(chosen, name), dtype=object)).ravel())
    known = {} if names is None else {str(one): position for position, one in enumerate(names)}
    for one in listed:
        if isinstance(one, str) and known and one not in known:
            raise ValueError(f"{name} holds '{one}': there is no such feature; there are {', '.join(known)}")
    listed = [known.get(one, one) if isinstance(one, str) else one for one in listed]
    for position in listed:
        if not isinstance(position, Integral) or isinstance(position, bool):
            raise ValueError(f"{name} holds {shown(position)}: should be positions of features, from 0")
        if not 0 <= int(position) < n_features:
            raise ValueError(f"{name} holds {position}: should be from 0 to {n_features - 1}")
    if len(set(listed)) != len(listed):
        raise ValueError(f"{name} holds a position twice: {listed}")
    return np.array(listed, dtype=np.intp)


def conditioning_values(known: NDArray[np.intp], values: object) -> Array:
    """Check the values of known features.

    Raises a ValueError if their number is another or one is not finite.
    """
    values = np.atleast_1d(as_floats(values, "values"))
    if values.shape != known.shape:
        raise ValueError(f"values has shape {values.shape}, should be {known.shape}: one for each of given")
    if not np.isfinite(values).all():
        raise ValueError("values has entries that are not finite")
    return values
