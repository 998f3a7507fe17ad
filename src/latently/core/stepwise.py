"""EM step by step through the data: better params after each minibatch, not after each pass.

The statistics per unit of weight are a running average, in which later minibatches weigh less and less
(docs/formulas.md, "Stepwise EM").
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, Generic

import numpy as np

from latently.core.blocks import Blocks, BlockSource
from latently.core.callbacks import later
from latently.core.convergence import Progress
from latently.core.em import EMMap, FitResult, Settings, run
from latently.core.errors import within_range
from latently.core.model import D, P, S
from latently.wording import count

DECAY, OFFSET = 0.6, 2.0
LEAST_STEPS = 50  # in a pass, at least
LEAST_ROWS, MOST_BLOCKS = 512, 16  # in a minibatch
UNITS_AT_FIRST = 5000  # units that the average begins with


@dataclass(frozen=True)
class Running(Generic[P]):
    """Where such a pass is."""

    params: P
    stats: Any  # the running average of the statistics, per unit of weight
    n_steps: float  # steps so far, and what the average began with in units of a minibatch
    usual: float  # weight of a minibatch
    n_seen: int = 0  # minibatches of this pass

    def rate(self, weight: float) -> float:
        """What part the next minibatch has in the average; one that is smaller than usual has less."""
        return float((self.n_steps + OFFSET) ** -DECAY) * min(weight / self.usual, 1.0)


def stepped(
    model: Any, at: Running[P], found: Any, weight: float, rate: float, total: float, fixed: Collection[str]
) -> Running[P]:
    """Take in a minibatch.

    `found` are the statistics of a minibatch whose rows have this `weight`, at the params of the pass; `rate`
    is their part in the average, and `total` the weight of the rows that the average stands for in the
    M-step.
    """
    stats = (rate / weight) * found
    if rate < 1:
        stats = (1 - rate) * model.moved(at.stats, at.params) + stats
    params = model.m_step(total * stats, at.params, fixed)
    n_steps = at.n_steps + min(weight / at.usual, 1.0)
    return Running(params, stats, n_steps, at.usual, at.n_seen + 1)


def begun(em: EMMap[D, P, S], params: P, usual: float, rng: np.random.Generator) -> Running[P]:
    """Begin with the statistics of some units."""
    some = em.source.subsample(UNITS_AT_FIRST, rng)
    weight = weight_of(some)
    stats: Any = replace(em, source=some).e_step(params)
    return Running(params, (1 / weight) * stats, max(weight / usual, 1.0), usual)


def one_pass(em: EMMap[D, P, S], at: Running[P], total: float, note: Any = None) -> Running[P]:
    """Go on with a pass to its end."""
    minibatches = em.source.minibatches(rows_of_minibatch(em.source), np.random.default_rng(0))
    for some in islice(minibatches, at.n_seen, None):
        weight = weight_of(some)
        if weight > 0:
            found = em.backend.fold(partial(em.model.e_step, at.params), some)
            at = stepped(em.model, at, found, weight, at.rate(weight), total, em.fixed)
        else:
            at = replace(at, n_seen=at.n_seen + 1)
        if note:
            note(at)
    return at


def weight_of(source: Blocks) -> float:
    """Weight of the rows."""
    return float(source.row_weights.sum())


def rows_of_minibatch(source: BlockSource) -> int:
    """How many rows a minibatch of a source has."""
    return min(max(source.n_rows // LEAST_STEPS, LEAST_ROWS), MOST_BLOCKS * source.block_rows)


@dataclass(frozen=True)
class Stepwise:
    """A run of one pass in steps, and exact ones at its end.

    References
    ----------
    .. [1] Cappe, O. and Moulines, E. (2009). On-line expectation-maximization algorithm for latent data
       models. Journal of the Royal Statistical Society B 71, 593-613, section 2.
    """

    total: float  # weight of all rows
    exact: int  # EM steps after the pass, at most

    @within_range()
    def __call__(
        self, em: EMMap[D, P, S], params: P, settings: Settings, n: float, earlier: Progress | None = None
    ) -> FitResult[P]:
        """As `core.em.run`: the log-likelihood of the params it returns is from an E-step of their own."""
        if not settings.max_iter:
            return run(em, params, settings, n, earlier)
        journal = em.backend.journal
        key, found = journal.find(em, params, settings, n, earlier) if journal else ("", None)
        if isinstance(found, Running):
            at = found
        else:
            usual = self.total * min(rows_of_minibatch(em.source) / em.source.n_rows, 1.0)
            at = begun(em, params, usual, np.random.default_rng(0))

        def note(at: Running[P]) -> None:
            if journal:
                journal.note(key, None, at, np.inf, at.params)

        at = one_pass(em, at, self.total, note)
        callbacks = [later(callback, 1) for callback in settings.callbacks]
        after = run(em, at.params, replace(settings, max_iter=self.exact, callbacks=callbacks), n)
        reason = after.stop_reason
        if not after.converged and after.n_iter >= self.exact:
            reason = "made one pass in steps" + (
                f" and {count(self.exact, 'exact one')}" if self.exact else ""
            )
        return replace(after, n_iter=1 + after.n_iter, stop_reason=reason)
