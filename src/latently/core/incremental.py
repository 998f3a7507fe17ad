"""Incremental EM: the statistics of each block are kept, and made anew block by block.

After each block there are better params, from the statistics of all. What rises, and never falls, is the free
energy; at a maximum of it the log-likelihood has one (docs/formulas.md, "Incremental EM").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, Generic

from latently.core.blocks import Block
from latently.core.callbacks import STOPPED, asked_to_stop, later
from latently.core.convergence import ROUNDING, Progress, StoppingRule
from latently.core.em import EMMap, FitResult, Settings, run
from latently.core.errors import ObjectiveFellError, within_range
from latently.core.model import D, P, S
from latently.core.statistics import tree_sum
from latently.core.stepwise import rows_of_minibatch


@dataclass(frozen=True)
class Kept(Generic[P]):
    """Where such a run is after a pass."""

    params: P
    stats: tuple[object, ...]  # of each minibatch of blocks
    entropies: tuple[float, ...]  # of what is hidden in each, as its statistics have it
    energies: tuple[float, ...]  # free energy after each pass
    rounding: float = 0.0  # what rounding can do to the last
    progress: Progress | None = None  # how far it has come


def first_pass(em: EMMap[D, P, S], params: P) -> Kept[P]:
    """Statistics of all minibatches at the same params, and the M-step from them."""
    found = [_e_step(em, params, blocks) for blocks in _minibatches(em)]
    entropies = tuple(_entropy(em, stats, params) for stats in found)
    total = tree_sum(found)
    better = em.m_step(total, params)
    return Kept(better, tuple(found), entropies, (_energy(em, total, entropies, better),))


def next_pass(em: EMMap[D, P, S], at: Kept[P]) -> Kept[P]:
    """Each minibatch anew, and an M-step after it."""
    model: Any = em.model
    params = at.params
    kept, entropies = list(at.stats), list(at.entropies)
    total = tree_sum(model.moved(stats, params) for stats in kept)  # anew in each pass: rounding adds up
    for i, blocks in enumerate(_minibatches(em)):
        found = _e_step(em, params, blocks)
        total = model.moved(total, params) + (found + -1.0 * model.moved(kept[i], params))
        kept[i], entropies[i] = found, _entropy(em, found, params)
        params = em.m_step(total, params)
    energy = _energy(em, total, entropies, params)
    rounding = ROUNDING * em.rounding_scale(total, params)
    if at.energies[-1] - energy > rounding:
        raise ObjectiveFellError(
            f"the free energy fell from {at.energies[-1]!r} to {energy!r} in a pass: the E-step and "
            f"M-step of {type(model).__name__} do not belong together; report this as a bug"
        )
    return Kept(params, tuple(kept), tuple(entropies), (*at.energies, energy), rounding)


@within_range()
def incremental(
    em: EMMap[D, P, S], params: P, settings: Settings, n: float, earlier: Progress | None = None
) -> FitResult[P]:
    """Passes until the free energy has nothing left to gain, and a run of `core.em.run` from there.

    References
    ----------
    .. [1] Neal, R. M. and Hinton, G. E. (1998). A view of the EM algorithm that justifies incremental,
       sparse, and other variants. In: Jordan, M. I. (ed.), Learning in Graphical Models, 355-368, section 4.
    .. [2] Hughes, M. C. and Sudderth, E. B. (2013). Memoized online variational inference for Dirichlet
       process mixture models. NIPS 26, 1133-1141, section 3.
    """
    if not settings.max_iter:
        return run(em, params, settings, n, earlier)
    journal = em.backend.journal
    key, found = journal.find(em, params, settings, n, earlier) if journal else ("", None)
    rule = StoppingRule(settings.tol, n)
    at = found if isinstance(found, Kept) else first_pass(em, params)
    if at.progress:
        rule.go_on(at.progress)
    stopped = False
    while not stopped and len(at.energies) < settings.max_iter:
        if journal:
            journal.note(key, None, at, float("inf"), at.params)
        at = next_pass(em, at)
        if rule.met(list(at.energies), partial(float, at.rounding)):
            break
        at = replace(at, progress=rule.progress(list(at.energies)))
        stopped = asked_to_stop(settings.callbacks, len(at.energies) - 1, at.params, at.energies[-1])
    n_passes = len(at.energies)
    callbacks = [later(callback, n_passes) for callback in settings.callbacks]
    left = replace(settings, max_iter=settings.max_iter - n_passes, callbacks=callbacks)
    if stopped:
        left = replace(settings, max_iter=0, callbacks=())
    after = run(em, at.params, left, n)
    reason = STOPPED if stopped else after.stop_reason
    if not stopped and not after.converged and after.n_iter >= left.max_iter:
        reason = f"reached max_iter={settings.max_iter}"
    return replace(after, n_iter=n_passes + after.n_iter, stop_reason=reason)


def _e_step(em: EMMap[D, P, S], params: P, blocks: list[Block]) -> S:
    backend = em.backend
    return tree_sum(backend.map(lambda block: em.model.e_step(params, block, backend), blocks))


def _minibatches(em: EMMap[D, P, S]) -> Iterator[list[Block]]:
    """Some blocks each where there are many, parts of blocks where there are few."""
    n_rows, blocks = rows_of_minibatch(em.source), em.source.blocks()
    if n_rows < em.source.block_rows:
        yield from ([piece] for block in blocks for piece in block.pieces(n_rows))
    while some := list(islice(blocks, n_rows // em.source.block_rows)):
        yield some


def _entropy(em: EMMap[D, P, S], stats: S, params: P) -> float:
    return float(stats.bound - em.model.expected_log_likelihood(stats, params))


def _energy(em: EMMap[D, P, S], total: S, entropies: Sequence[float], params: P) -> float:
    q = em.model.expected_log_likelihood(total, params)
    return float(q + sum(entropies) + em.model.log_prior(params))
