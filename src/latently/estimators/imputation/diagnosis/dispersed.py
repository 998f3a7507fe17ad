"""Whether fits from starts far apart climb to one maximum, and to the same parameters."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import extremes
from latently.checks.settings import check_setting, check_settings, check_whole, instance_of
from latently.core.errors import ConstantColumnWarning, SpuriousMaximumWarning, UndeterminedWarning
from latently.core.exploration import AGREEMENT
from latently.estimators.gaussian_imputer import GaussianImputer
from latently.estimators.gaussian_mixture import GaussianMixture
from latently.estimators.imputation.moments import distance
from latently.estimators.inputs import Array, check_table, random_generator

SAME_MODEL = 0.05  # standard deviations, or the logarithm of a ratio of variances
START_SPREAD = 2.0  # standard deviations of starting means


@dataclass(frozen=True)
class DispersedStarts:
    """Where fits from dispersed starts ended.

    Attributes
    ----------
    log_likelihoods : array of shape (n_starts,)
        Log-likelihood of the observed cells at the end of each run, in nats.
    objectives : array of shape (n_starts,)
        The same with the log density of the prior, if there is one: what is climbed.
    n_iter : array of int of shape (n_starts,)
        EM steps.
    converged : array of bool of shape (n_starts,)
        Whether they ended because there was nothing left to gain.
    n_rows : int
        Number of rows.
    objective : float
        Where the fit itself ends, from the start it takes without these.
    apart : float
        How far the parameters of runs that ended as high as the best are from those of the best, at most: the
        distance of the means in standard deviations, or the logarithm of the ratio of the variances, of the
        linear combination of columns for which it is greatest. Far from zero the data do not determine them.
    """

    log_likelihoods: Array
    objectives: Array
    n_iter: NDArray[np.int64]
    converged: NDArray[np.bool_]
    n_rows: int
    objective: float
    apart: float

    @property
    def level(self) -> bool:
        """Whether all runs ended equally high."""
        return bool(np.ptp(self.objectives) <= AGREEMENT * self.n_rows)

    @property
    def higher(self) -> bool:
        """Whether a run ended higher than the fit itself, which then is not the best there is."""
        return bool(self.objectives.max() > self.objective + AGREEMENT * self.n_rows)

    @property
    def agree(self) -> bool:
        """Whether all runs and the fit ended at one maximum: equally high, and with the same parameters."""
        return self.level and self.apart <= SAME_MODEL and not self.higher


def dispersed_starts(
    imputer: GaussianImputer, X: object, n_starts: int = 8, random_state: object = None
) -> DispersedStarts:
    """Fit an imputer's model from starting values scattered far apart.

    With many missing cells the likelihood may have more than one maximum, or a ridge; then the runs end at
    different heights, or equally high with different parameters, and results depend on where a fit starts.
    The latter is so if columns are never observed together. Where a run ends higher than the fit itself, fit
    again with a larger `n_init`.

    Parameters
    ----------
    imputer : GaussianImputer
        Whose settings are used; it is not changed.
    X : array-like of shape (n_samples, n_features)
        The table; NaN is a missing cell.
    n_starts : int, default 8
        Number of runs.
    random_state : None, int, Generator or RandomState
        Draws the starts.

    Returns
    -------
    DispersedStarts
        The end of each run.

    Raises
    ------
    ValueError
        If the table does not fit the imputer, or `n_starts` is less than two.

    References
    ----------
    .. [1] Honaker, J., King, G. and Blackwell, M. (2011). Amelia II: A program for missing data. Journal of
           Statistical Software 45(7), section 5.3.

    Examples
    --------
    >>> from latently import GaussianImputer, datasets, dispersed_starts
    >>> X = datasets.load_airquality().data[:, :4]
    >>> dispersed_starts(GaussianImputer(), X, random_state=0).agree
    True
    """
    check_setting("imputer", imputer, instance_of(GaussianImputer))
    check_settings(imputer)
    n_starts = check_whole("n_starts", n_starts, 2)
    rows = check_table(X)
    rng = random_generator(random_state)
    low, high = extremes(rows)
    table = np.ascontiguousarray(rows[:, low < high])
    if not table.shape[1]:
        raise ValueError("no column varies: there is nothing to learn from")
    prior = imputer.prior
    if prior == "auto":
        prior = imputer.prior_ if hasattr(imputer, "prior_") else None
    centre, spread = np.nanmean(table, axis=0), np.nanstd(table, axis=0)
    K, d = int(imputer.n_components), table.shape[1]
    runs: list[GaussianMixture] = []
    for _ in range(n_starts):
        mixture = imputer._mixture(int(rng.integers(2**31)), prior)
        scales = spread * np.exp(rng.normal(size=d))
        covariances = np.repeat(_random_correlations(d, rng)[None] * np.outer(scales, scales), K, axis=0)
        family = mixture._family()
        shaped = family.params(np.zeros((K, d)), family.from_dense(covariances))
        mixture.set_params(
            means_init=centre + START_SPREAD * spread * rng.normal(size=(K, d)),
            precisions_init=family.precisions(shaped),
        )
        runs.append(_fitted(mixture, table))
    objectives = np.array([_objective(run) for run in runs])
    best = int(objectives.argmax())
    as_high = np.flatnonzero(objectives >= objectives[best] - AGREEMENT * len(rows))
    return DispersedStarts(
        np.array([run.log_likelihood_ for run in runs]),
        objectives,
        np.array([run.n_iter_ for run in runs]),
        np.array([run.converged_ for run in runs]),
        len(rows),
        _objective(_fitted(imputer._mixture(imputer.random_state, prior), table)),
        max(distance(runs[best], runs[i]) for i in as_high),
    )


def _fitted(mixture: GaussianMixture, table: object) -> GaussianMixture:
    with warnings.catch_warnings():
        for category in (SpuriousMaximumWarning, ConstantColumnWarning, UndeterminedWarning):
            warnings.simplefilter("ignore", category)  # the last is what is looked for
        return mixture.fit(table)


def _objective(mixture: GaussianMixture) -> float:
    return float(mixture.log_likelihood_ + mixture._model.log_prior(mixture.params_))


def _random_correlations(d: int, rng: np.random.Generator) -> Array:
    """Correlations of a random sample of few more rows than columns."""
    return np.asarray(np.corrcoef(rng.normal(size=(2 * d + 2, d)), rowvar=False)).reshape(d, d)
