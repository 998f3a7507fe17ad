"""The parametric bootstrap of the likelihood ratio: whether more components fit better than by chance.

The likelihood ratio of two numbers of components follows no chi-squared distribution, for the smaller model
lies on the boundary of the larger one. Its distribution is found by fitting both to data drawn from the
smaller (docs/formulas.md, "Likelihood ratio test").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, binomtest
from sklearn.base import clone

from latently.checks.settings import N_JOBS, RANDOM_STATE, SHARE, WHOLE, Such, checked
from latently.core.array_source import ArraySource
from latently.core.backends import Backend, backend, count_threads
from latently.core.choices import DERIVED_TIE
from latently.core.em import FitResult
from latently.core.errors import FitError
from latently.core.exploration import FAILURES
from latently.core.libraries import single_threaded_libraries
from latently.core.parameters import feasible
from latently.estimators.inputs import random_generator
from latently.estimators.likelihood import LikelihoodEstimator
from latently.estimators.likelihood.refits import Refit, redrawn, repeated
from latently.models.larger import duplicated, enlarged
from latently.wording import count

CONFIDENCE = 0.999  # of the interval of p, and of a decision before all replicates are drawn
SPLITS = 2  # of the smaller fit, from which the larger one starts
MORE = 4  # times as many starts, where the larger fit ended below the smaller one
LIKELIHOOD_MODEL = Such(
    lambda value: isinstance(value, LikelihoodEstimator), "a mixture or a hidden Markov model of latently"
)


@dataclass(frozen=True, repr=False, eq=False)
class LikelihoodRatioTest:
    """What a likelihood ratio test found. Printed, it is a sentence or two.

    Attributes
    ----------
    statistic : float
        Twice the difference of the log-likelihoods.
    pvalue : float
        ``(1 + n) / (1 + n_replicates)``, of which n replicates had a statistic as high or higher.
    interval : tuple of float
        Where the p-value of endlessly many replicates lies: Clopper and Pearson's interval of 99.9%.
    n_replicates : int
        Replicates that count.
    replicates : array of shape (n_replicates,)
        Their statistics, in the order in which they were drawn.
    n_failed : int
        Replicates left out: a fit failed, or the larger model ended below the smaller one, which a maximum
        cannot, even from more starts.
    n_components : tuple of int
        Of the smaller and of the larger model.
    level : float or None
        That of the decision.
    label : str
        What components are called.
    """

    statistic: float
    pvalue: float
    interval: tuple[float, float]
    n_replicates: int
    replicates: NDArray[np.float64]
    n_failed: int
    n_components: tuple[int, int]
    level: float | None = 0.05
    label: str = "component"

    def __str__(self) -> str:
        small, (low, high) = self.n_components[0], self.interval
        large = count(self.n_components[1], self.label)
        if self.level is None:
            found = f"Likelihood ratio of {large} to {small}"
        elif self.pvalue <= self.level:
            found = f"At the level {self.level:g}, {large} fit better than {small}"
        else:
            found = f"At the level {self.level:g}, {large} fit no better than {small} by more than chance"
        text = (
            f"{found}: statistic {self.statistic:.2f}, p = {self.pvalue:.2g} (99.9% interval {low:.2g} to "
            f"{high:.2g}) by {count(self.n_replicates, 'replicate')}."
        )
        if self.level is not None and low <= self.level <= high:
            text += " More replicates might decide otherwise."
        if self.n_failed:
            text += f" {count(self.n_failed, 'replicate')} could not be fitted and are left out."
        return text

    def __repr__(self) -> str:
        return str(self)


@checked(
    small=(LIKELIHOOD_MODEL,),
    large=(LIKELIHOOD_MODEL,),
    n_replicates=(WHOLE,),
    level=(SHARE, None),
    n_jobs=(N_JOBS, None),
    random_state=RANDOM_STATE,
)
def likelihood_ratio_test(
    small: Any,
    large: Any,
    X: Any,
    n_replicates: int = 999,
    *,
    level: float | None = 0.05,
    n_jobs: int | None = None,
    random_state: object = None,
    **fit_params: Any,
) -> LikelihoodRatioTest:
    """Test whether a model of more components fits better than chance would have it.

    The statistic is twice the difference of the log-likelihoods. What it would be if the smaller model were
    true is found by fitting both to data drawn from that [1]_: as many rows (sequences of the same lengths)
    as X has, and with the same cells missing. Both are fitted from starts at random and from what is known:
    the smaller from the truth, the larger from its fit to X and from the smaller fit with a component split.
    X itself is fitted in the same way once more. A larger model that ends below the smaller one did not find
    its maximum; it gets more starts, and if that does not help the replicate is left out and counted.

    Replicates are drawn until it is clear on which side of `level` the p-value lies [2]_: the chance that
    endlessly many would decide otherwise is at most 0.001.

    Parameters
    ----------
    small, large : estimator
        Two mixtures, or two hidden Markov models, that differ in `n_components` only. They stay as they are.
        One whose recorded log-likelihood is that of X with these weights is taken as it is; of any other a
        clone is fitted to X. Their settings hold for replicates, too: what X gets of a search, these get.
    X : array-like of shape (n_samples, n_features), or a list of such
        The rows, or the sequences. NaN is a missing cell.
    n_replicates : int, default 999
        Most replicates.
    level : float, default 0.05
        Level of the test; None draws all replicates.
    n_jobs : int, optional
        Threads; all cores by default, -2 all but one. Any number gives the same bits.
    random_state : None, int, Generator or RandomState, optional
        Source of all that is random; an integer repeats.
    **fit_params
        For `fit`: `sample_weight`, or `lengths`, `groups` and `sequence_weight` of sequences. Integer weights
        are repeated rows. With others, a row (sequence) is drawn for each and has its weight, which is right
        if weights have nothing to do with what the rows hold.

    Returns
    -------
    LikelihoodRatioTest
        With `statistic`, `pvalue`, `interval`, `n_replicates`, `replicates` and `n_failed`.

    Raises
    ------
    ValueError
        If the models are of different families, `large` has no more components, the smaller is no special
        case of the larger, one has a prior or parameters held fixed, or X does not fit them.
    FitError
        If X cannot be fitted, or no replicate (a ValueError, too).

    See Also
    --------
    select : The number of components by a criterion.

    References
    ----------
    .. [1] McLachlan, G. J. (1987). On bootstrapping the likelihood ratio test statistic for the number of
       components in a normal mixture. Journal of the Royal Statistical Society C 36, 318-324.
    .. [2] Robbins, H. (1970). Statistical methods related to the law of the iterated logarithm. Annals of
       Mathematical Statistics 41, 1397-1409.

    Examples
    --------
    >>> from latently import MixtureModel, datasets, likelihood_ratio_test
    >>> counts = datasets.load_earthquakes().data
    >>> one, two = (MixtureModel("poisson", k, n_init=2) for k in (1, 2))
    >>> test = likelihood_ratio_test(one, two, counts, 9, random_state=0)
    >>> round(test.statistic, 2), test.pvalue, test.n_failed
    (63.1, 0.1, 0)
    """
    _check_pair(small, large)
    if fit_params.get("states") is not None:
        raise ValueError("states are known, and so is how many there are: leave out states")
    rng = random_generator(random_state)
    fits = [_fitted(one, X, rng, n_jobs, fit_params) for one in (small, large)]
    if any(one._model.log_prior(one.params_) for one in fits):
        raise ValueError(
            "there is a prior, and a likelihood ratio is of maxima of the likelihood: leave it out"
        )
    source = fits[1]._source(X, **fit_params)
    pair = _Pair(*fits)
    with single_threaded_libraries(), backend(count_threads(n_jobs)) as workers:
        pair.check_nested(source, workers)
        observed = pair.compared(source, [one.params_ for one in fits], rng, workers)
        found: list[float] = []
        failures: list[ValueError] = []
        for replicate in pair.replicates(observed, repeated(source), n_replicates, rng, workers):
            if isinstance(replicate, ValueError):
                failures.append(replicate)
                continue
            found.append(replicate)
            n_higher = int(np.sum(np.array(found) >= observed.statistic - observed.slack))
            if level is not None and decided(n_higher, len(found), level):
                break
    if not found:
        raise FitError(f"all {count(n_replicates, 'replicate')} failed; the first because {failures[0]}")
    ends = binomtest(n_higher, len(found)).proportion_ci(CONFIDENCE, method="exact")
    return LikelihoodRatioTest(
        observed.statistic,
        (1 + n_higher) / (1 + len(found)),
        (float(ends.low), float(ends.high)),
        len(found),
        np.array(found),
        len(failures),
        (pair.small.n_components, pair.large.n_components),
        level,
        pair.large._model.latent.label,
    )


def decided(n_higher: Any, n: Any, level: float) -> Any:
    """Whether it is clear on which side of a level a probability lies, however often that is asked.

    By Robbins's confidence sequence: the uniform mixture of likelihoods, ``1 / (n + 1)``, is at least
    ``1 / (1 - CONFIDENCE)`` times that of the level.

    Examples
    --------
    >>> decided(np.array([0, 0, 10]), np.array([200, 300, 30]), 0.05).tolist()
    [False, True, True]
    """
    return (n + 1) * binom.pmf(n_higher, n, level) <= 1 - CONFIDENCE


@dataclass(frozen=True)
class _Comparison:
    """Both models on the same data: what they end at, and the likelihood ratio, known but for the slack."""

    smaller: FitResult[Any]
    larger: FitResult[Any]
    slack: float

    @property
    def ratio(self) -> float:
        """The statistic, below zero where the larger model did not find its maximum."""
        return 2 * (self.larger.log_likelihood - self.smaller.log_likelihood)

    @property
    def statistic(self) -> float:
        """Of maxima, the larger of which is no lower."""
        return max(self.ratio, 0.0)


@dataclass(frozen=True)
class _Pair:
    """Two fitted estimators."""

    small: Any
    large: Any

    def compared(
        self, source: ArraySource, warm: Any, rng: np.random.Generator, workers: Backend
    ) -> _Comparison:
        """Fit both to data, also from given params.

        Raises a FitError if one cannot be fitted, or the larger ends below the smaller.
        """
        low, high = Refit.of(self.small, source, workers), Refit.of(self.large, source, workers)
        smaller = low.best(warm[:1], rng, few=True)
        starts = [warm[1], *self._split(low, high, smaller.params, rng)]
        for more in (1, MORE):
            larger = high.best(starts, rng, more=more)
            slack = 2 * (low.slack + high.slack + smaller.rounding + larger.rounding)
            found = _Comparison(smaller, larger, slack)
            if found.ratio >= -slack:
                return found
            starts += self._duplicates(low, high, smaller.params)
        raise FitError(f"the likelihood ratio is {found.ratio:g}: the larger model did not find its maximum")

    def replicates(
        self,
        observed: _Comparison,
        source: ArraySource,
        n: int,
        rng: np.random.Generator,
        workers: Backend,
    ) -> Iterator[float | ValueError]:
        """Statistics of data drawn from the smaller model, or why there is none."""
        model, truth = self.small._model, observed.smaller.params

        def one(stream: np.random.Generator) -> float | ValueError:
            try:
                data = redrawn(model, truth, source, stream)
                return self.compared(data, [truth, observed.larger.params], stream, workers).statistic
            except FAILURES as error:
                return error.with_traceback(None)

        return workers.map(one, (rng.spawn(1)[0] for _ in range(n)))

    def check_nested(self, source: ArraySource, workers: Backend) -> None:
        """Refuse a smaller model that the larger one, with equal components in the place of one, is not."""
        low, high = Refit.of(self.small, source, workers), Refit.of(self.large, source, workers)
        params = self.small.params_
        value = low.log_likelihood(params)
        others = [high.log_likelihood(one) for one in self._duplicates(low, high, params)]
        if not np.isclose(others, value, rtol=DERIVED_TIE, atol=0.0).any():
            raise ValueError(
                "small is no special case of large: with equal components in the place of one, large is not "
                "as likely as small; give models whose settings differ in n_components only"
            )

    def _split(self, low: Refit, high: Refit, params: object, rng: np.random.Generator) -> list[Any]:
        """Params of the larger model in which components of the smaller are split."""
        if not high.model.latent.exchangeable:
            return []
        blocks = list(low.em.source.blocks())
        return list(islice(enlarged(high.model, low.model, params, blocks, rng), SPLITS))

    def _duplicates(self, low: Refit, high: Refit, params: object) -> list[Any]:
        """Params of the larger model in which a component of the smaller stands several times."""
        with np.errstate(invalid="ignore"):
            found = [duplicated(high.model, low.model, params, k) for k in range(self.small.n_components)]
        return [one for one in found if feasible(high.model.spaces(one), one)]


def _check_pair(small: Any, large: Any) -> None:
    """Refuse models that cannot be compared, before they are fitted."""
    forms = [f"{type(one._latent()).__name__.lower()} {one._family().form}" for one in (small, large)]
    if forms[0] != forms[1]:
        raise ValueError(
            f"small is of another family than large ({forms[0]}, {forms[1]}): compare like with like"
        )
    if small.n_components >= large.n_components:
        raise ValueError(
            f"small has n_components={small.n_components}, large {large.n_components}: large should have more"
        )
    for one in (small, large):
        if one.fixed:
            raise ValueError(f"fixed={one.fixed!r}: the test is of models all of whose parameters are fitted")
        if one.checkpoint is not None:
            raise ValueError(f"checkpoint={str(one.checkpoint)!r}: a test makes many fits; leave it out")


def _fitted(
    estimator: LikelihoodEstimator, X: Any, rng: np.random.Generator, n_jobs: int | None, fit_params: Any
) -> Any:
    """The estimator, if it was fitted to these data; else a clone that is."""
    if hasattr(estimator, "log_likelihood_"):
        log_likelihood, n = estimator._fit_of(X, **fit_params)
        if np.allclose(
            [log_likelihood, n], [estimator.log_likelihood_, estimator.n_observed_], DERIVED_TIE, 0.0
        ):
            return estimator
    fitted = clone(estimator).set_params(n_jobs=n_jobs)
    if fitted.random_state is None:
        fitted.set_params(random_state=int(rng.integers(2**31)))
    return fitted.fit(X, **fit_params)
