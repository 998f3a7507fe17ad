"""Pseudo-residuals: where each observation lies in what the model expects of it, in normal deviates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import logsumexp, ndtr, ndtri, ndtri_exp

from latently.checks.settings import check_setting, one_of
from latently.emissions.distribution import Distribution, HasDistribution
from latently.estimators.hmm.timeline import Timelines
from latently.estimators.inputs import Array, random_generator

RESIDUAL_KINDS = ("ordinary", "forecast")
LOG_2 = float(np.log(2.0))


@dataclass(frozen=True)
class PseudoResiduals:
    """Pseudo-residuals of each cell, NaN where it is missing: of the right model, standard normal.

    A discrete observation takes up a piece of the scale and not a point: from `lower` to `upper`. Of a
    continuous one all three are equal.

    Attributes
    ----------
    lower : array of shape (n_steps, n_features)
        The normal deviate of the probability of less than what was observed; minus infinity at the least
        value possible.
    upper : array of shape (n_steps, n_features)
        That of the probability of what was observed or less; infinity at the greatest value possible.
    mid : array of shape (n_steps, n_features)
        That of the mean of both probabilities.
    """

    lower: Array
    upper: Array
    mid: Array

    def drawn(self, random_state: object = None) -> Array:
        """A point of each segment, drawn evenly in probability.

        Of the right model these are exactly standard normal even where observations are discrete, which the
        mid residuals are not: use them for tests of normality [1]_.

        Parameters
        ----------
        random_state : None, int, Generator or RandomState
            None draws afresh each time, an integer repeats, a generator is drawn from.

        Returns
        -------
        array of shape (n_steps, n_features)
            The residuals themselves where they are continuous.

        References
        ----------
        .. [1] Dunn, P. K. and Smyth, G. K. (1996). Randomized quantile residuals. Journal of Computational
           and Graphical Statistics 5, 236-244.
        """
        side = np.where(self.mid > 0, -1.0, 1.0)  # towards the tail, where probabilities keep their digits
        ends = np.sort([side * self.lower, side * self.upper], axis=0)
        low, high = ndtr(ends)
        share = random_generator(random_state).random(self.mid.shape)
        return np.where(ends[0] == ends[1], self.mid, side * ndtri(low + share * (high - low)))


class Residuals(Timelines):
    """A hidden Markov model that can be checked."""

    def pseudo_residuals(
        self, X: object, *, lengths: object = None, groups: object = None, kind: str = "ordinary"
    ) -> PseudoResiduals:
        """Where each observation lies in the distribution that the model gives it, in normal deviates.

        If the model is right they follow the standard normal distribution. Far from zero is an outlier; a
        shape that is not normal is a family that does not fit.

        Parameters
        ----------
        kind : {"ordinary", "forecast"}, default "ordinary"
            What the distribution of an observation is given: "ordinary" all other time steps of the sequence,
            "forecast" those before it. Forecast residuals of a right model are independent of each other
            from time to time, ordinary ones are not.

        Returns
        -------
        PseudoResiduals
            Each array has shape (n_steps, n_features). Each feature is judged by its marginal distribution
            given the other time steps: the other features of the same time step are left out.

        Raises
        ------
        ImpossibleObservationError
            If a sequence is impossible; it and the time step are named.
        NotImplementedError
            If the family has no distribution function; the message says which method it needs.
        ValueError
            If the kind is unknown.

        Notes
        -----
        Symbols are in the order of `categories_`: sorted, or as they were given. Where that order means
        nothing, neither do their residuals. Computed in logarithms in both tails, they are right as far out
        as there are numbers.

        References
        ----------
        .. [1] Zucchini, W. and MacDonald, I. L. (2009). Hidden Markov Models for Time Series, chapter 6.

        Examples
        --------
        >>> from latently import PoissonHMM, datasets
        >>> counts = datasets.load_earthquakes().data
        >>> model = PoissonHMM(3, random_state=0).fit(counts)
        >>> residuals = model.pseudo_residuals(counts)
        >>> bool(abs(residuals.mid).max() < 3)
        True
        """
        check_setting("kind", kind, one_of(*RESIDUAL_KINDS))
        found = self._source(X, lengths=lengths, groups=groups)
        family = self._model.emission
        if not isinstance(family, HasDistribution):
            raise NotImplementedError(
                f"{type(family).__name__} has no distribution function, which pseudo-residuals need: give it "
                "a method distribution(params, x) that returns a latently.emissions.Distribution"
            )
        given: Literal["others", "past"] = "others" if kind == "ordinary" else "past"
        lookup, block = self._lookup(found), found.whole()
        states = self._model.latent.leave_one_out(self.params_.latent, lookup, block, given)
        d = int(np.prod(block.x.shape[1:]))
        pieces = []
        for rows in block.tiles(6 * self._model.n_components * d):
            at = family.distribution(self.params_.emission, block.rows(rows))
            pieces.append(_residuals(states[rows], at))
        lower, upper, mid = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
        return PseudoResiduals(lower, upper, mid)


def _residuals(states: Array, found: Distribution) -> tuple[Array, Array, Array]:
    """Lower, upper and mid normal deviates of the mixture over states with these log probabilities."""
    below, above = (_mixed(states, part) for part in (found.below, found.above))
    if found.at is None:
        whole = _deviate(below, above)
        return whole, whole, whole
    at = _mixed(states, found.at)
    half = at - LOG_2
    with np.errstate(invalid="ignore"):  # missing cells
        return (
            _deviate(below, np.logaddexp(at, above)),
            _deviate(np.logaddexp(below, at), above),
            _deviate(np.logaddexp(below, half), np.logaddexp(half, above)),
        )


def _mixed(states: Array, logs: Array) -> Array:
    """Log probability under the mixture, shape (n_rows, n_features)."""
    return np.asarray(logsumexp(states[:, :, None] + logs, axis=1))


def _deviate(below: Array, above: Array) -> Array:
    """The normal deviate between two log probabilities that add up to one, from the smaller of them."""
    return np.asarray(np.where(below <= above, ndtri_exp(below), -ndtri_exp(above)))
