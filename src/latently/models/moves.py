"""What may lead from a maximum of the likelihood to a higher one: other ways to share out the rows to labels.

Two labels that share what one could explain become one, or a label that adds little is given up, and another
that has to explain too much is split. What that would lose and gain is estimated on some of the rows
(docs/formulas.md, "Moves"), for all candidates of a kind at once: a family is a bank of components, and so
are halves and unions of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from latently.core.blocks import Block
from latently.core.choices import FITTED_TIE, falling
from latently.core.errors import FitError
from latently.core.model import Proposal
from latently.core.parameters import inside, named, with_named
from latently.emissions.base import Array, Emission
from latently.latent.evidence import UNKNOWN
from latently.models.routines import routines

NEIGHBOURS = 2  # of a label with which it may be merged
WAYS = 3  # to split a label
LEAST_SHARE = 1e-12  # of a row: a label that has no more has lost all
SPLIT_STEPS = 5  # of EM on the halves of a label
OFTEN = 3  # times that one removal, or one split, is proposed
ALIKE_SPLITS = 0.05  # part of a label by which splits differ that count as one
SIDE_BY_SIDE = 10_000  # rows times halves of labels: of no more, all are looked at together
LEAST_ROWS, ROWS_EACH = 1000, 200  # that are looked at, in all or for each label if that is more

MERGE_AND_SPLIT, SWAP = "merge and split", "swap"
MEANINGS = {
    MERGE_AND_SPLIT: "two {label}s become one, and another one two",
    SWAP: "a {label} leaves its rows to all others, and another one becomes two",
}


@dataclass(frozen=True)
class Removal:
    """A way to do without a label, and about how much log-likelihood that loses.

    It is merged with another one; if that is None, its rows are left to all others.
    """

    label: int
    other: int | None
    loss: float

    @property
    def kind(self) -> str:
        """The name of a move that begins with it."""
        return SWAP if self.other is None else MERGE_AND_SPLIT


@dataclass(frozen=True)
class Split:
    """A way to split a label, and about how much log-likelihood that gains.

    The first half gets `share` of what the label has of each row, shape (n_rows,).
    """

    label: int
    share: Array
    gain: float


@dataclass(frozen=True)
class Moves:
    """The moves from a maximum, as some of the rows see them."""

    emission: Emission  # the family
    params: Any
    x: Any  # (n_rows, ...): the rows
    resp: Array  # (n_rows, n_components): their responsibilities, weights applied
    compiled: bool  # whether compiled routines may be used
    known: Collection[int] = ()  # labels that are known of some rows: they are not given up

    def ranked(self, rng: np.random.Generator) -> Iterator[tuple[Removal, Split]]:
        """A removal and a split of another label, by what they promise together, none of either too often."""
        splits, removals = self.splits(rng), self.removals()
        pairs = [
            (removal, split)
            for removal in removals
            for split in splits
            if split.label not in (removal.label, removal.other)
        ]
        net = np.array([split.gain - removal.loss for removal, split in pairs])
        used: Counter[Any] = Counter()
        for place in falling(net, FITTED_TIE * self.counts.sum()):
            removal, split = pairs[place]
            gone, cut = removal.label, id(split)
            if used[gone, cut] == 0 and used[gone] < OFTEN and used[cut] < OFTEN:
                used.update(((gone, cut), gone, cut))
                yield removal, split

    def removals(self) -> list[Removal]:
        """Each label left out, or merged with one of its nearest neighbours."""
        free = [k for k in range(len(self.counts)) if k not in self.known]
        found = [Removal(k, None, self._loss_without(k)) for k in free]
        pairs = [(j, i) for i, j in self._neighbours() if j in free]
        if not pairs:
            return found
        both = np.stack([self.resp[:, i] + self.resp[:, j] for j, i in pairs], axis=1)
        merged = self._learned([i for _, i in pairs], both, self.x)
        for (j, i), of_both, log_density in zip(pairs, both.T, merged.T, strict=True):
            apart = logsumexp(self.log_density[:, [i, j]], axis=1, b=self.counts[[i, j]] / of_both.sum())
            found.append(Removal(j, i, _total(of_both, apart - log_density)))
        return found

    def splits(self, rng: np.random.Generator) -> list[Split]:
        """Each label that has rows split in several ways, after some steps of EM on its halves."""
        some = np.flatnonzero(self.resp.sum(axis=0) > LEAST_SHARE)
        apart = 2 * WAYS * len(some) * len(self.x) > SIDE_BY_SIDE
        groups = np.split(some, len(some) if apart else 1)
        return [split for labels in groups for split in self._splits_of(labels.tolist(), rng)]

    def _splits_of(self, labels: list[int], rng: np.random.Generator) -> list[Split]:
        """Those of some labels, of which only the rows that they have are looked at."""
        parents = [k for k in labels for _ in range(WAYS)]
        cut = [
            self.emission.split(self.x, self.coordinates, self.resp[:, k], i % WAYS, rng)
            for i, k in enumerate(parents)
        ]
        mine = np.flatnonzero((self.resp[:, labels] > LEAST_SHARE).any(axis=1))
        whole, every = self.resp[mine][:, parents], np.stack(cut, axis=1)
        share, mixed, x = every[mine], np.zeros_like(whole), self.x[mine]
        with np.errstate(divide="ignore", invalid="ignore"):
            for _ in range(SPLIT_STEPS):
                halves = np.stack([whole * share, whole * (1 - share)], axis=2)
                log_density = self._learned(np.repeat(parents, 2), halves.reshape(len(whole), -1), x)
                counts = halves.sum(axis=0)
                joint = log_density.reshape(halves.shape) + np.log(counts / counts.sum(axis=1, keepdims=True))
                mixed = logsumexp(joint, axis=2)
                share = np.nan_to_num(np.exp(joint[:, :, 0] - mixed), nan=0.5)
            rise = mixed - self.log_density[mine][:, parents]  # undefined for what a label cannot have
        gains = [_total(*pair) for pair in zip(whole.T, rise.T, strict=True)]
        least = np.minimum((whole * share).sum(axis=0), (whole * (1 - share)).sum(axis=0))
        needed, every[mine] = self.emission.rows_needed(self.params), share
        found: list[Split] = []
        for i, k in enumerate(parents):
            alike = (_alike(every[:, i], other.share, self.resp[:, k]) for other in found if other.label == k)
            if least[i] >= needed and not any(alike):
                found.append(Split(k, every[:, i], gains[i]))
        return found

    def given_up(self, removal: Removal) -> tuple[Array, Array]:
        """Responsibilities once a label has none, and what part of each becomes which: shape (K, K)."""
        gone, left, transfer = removal.label, self.resp.copy(), np.eye(len(self.counts))
        left[:, gone] = 0.0
        if removal.other is None:
            others = softmax(self._without(gone), axis=1)
            left += self.resp[:, [gone]] * others
            parts = others.T @ self.resp[:, gone]
            if parts.any():
                transfer[gone] = parts / parts.sum()
        else:
            left[:, removal.other] += self.resp[:, gone]
            transfer[gone] = transfer[removal.other]
        return left, transfer

    def shared_out(self, removal: Removal, split: Split) -> tuple[Array, Array]:
        """Responsibilities after a move, and what part of each label becomes which: shape (K, K).

        The second half of the label that is split takes the place of the one that is given up.
        """
        gone, k = removal.label, split.label
        left, transfer = self.given_up(removal)
        first = left[:, k] * split.share
        part = first.sum() / max(left[:, k].sum(), first.sum())
        left[:, gone], left[:, k] = left[:, k] - first, first
        transfer[:, gone] = (1 - part) * transfer[:, k]
        transfer[:, k] *= part
        return left, transfer

    def learned(self, model: Any, params: Any, resp: Array, transfer: Array) -> Any:
        """Params of a model after a move."""
        emission = self.learned_from(transfer.argmax(axis=0), resp)
        return replace(
            params, latent=model.latent.transferred(params.latent, transfer, self.counts), emission=emission
        )

    @cached_property
    def log_likelihood(self) -> Array:
        """Log density of each row, as if rows were independent."""
        with np.errstate(divide="ignore"):
            return logsumexp(self.log_density + np.log(self.counts / self.counts.sum()), axis=1)

    @cached_property
    def counts(self) -> Array:
        """Expected number of rows of each label."""
        return np.asarray(self.resp.sum(axis=0))

    @cached_property
    def log_density(self) -> Array:
        """Log density of each row under each label."""
        return routines(self.emission, self.params, self.compiled).log_density(self.x)

    @cached_property
    def coordinates(self) -> Array | None:
        """The rows where distance means something; None where it does not."""
        description = self.emission.describe(self.x, self.resp.sum(axis=1))
        return self.emission.coordinates(description, self.x)

    def _without(self, k: int) -> Array:
        """Log of the joint density of rows and labels, but for one label."""
        with np.errstate(divide="ignore"):
            joint = self.log_density + np.log(self.counts / self.counts.sum())
        joint[:, k] = -np.inf
        return joint

    def _loss_without(self, k: int) -> float:
        """What it costs to leave the rows of a label to the others as they are."""
        others = logsumexp(self._without(k), axis=1)
        with np.errstate(divide="ignore"):
            own = self.log_density[:, k] + np.log(self.counts[k] / self.counts.sum())
        return _total(self.resp.sum(axis=1), np.logaddexp(others, own) - others)

    def _neighbours(self) -> list[tuple[int, int]]:
        """Pairs of labels of which one explains the rows of the other nearly as well."""
        used = self.resp > 0
        with np.errstate(invalid="ignore", over="ignore"):
            explained = [
                np.where(used, self.resp * self.log_density[:, [k]], 0.0).sum(axis=0) / self.counts
                for k in range(len(self.counts))
            ]
        worse = np.diag(np.array(explained)) - np.array(explained)  # [k, j]: rows of j, explained by k
        np.fill_diagonal(worse, np.inf)
        nearest = falling(-np.nan_to_num(worse.T, nan=np.inf), FITTED_TIE)[:, :NEIGHBOURS]
        return sorted(
            {(min(k, j), max(k, j)) for j, row in enumerate(nearest.tolist()) for k in row if k != j}
        )

    def _learned(self, parents: object, resp: Array, x: Any) -> Array:
        """Log densities of rows under components learned from them, with what is shared as it is."""
        bank = self.learned_from(parents, resp, self.emission.pooled_parameters, x)
        return routines(self.emission, bank, self.compiled).log_density(x)

    def learned_from(self, parents: Any, resp: Array, fixed: Collection[str] = (), x: Any = None) -> Any:
        """Params of components that some labels became, learned from these rows or others."""
        bank = self.emission.permute(self.params, parents)
        rows = self.x if x is None else x
        stats = routines(self.emission, bank, self.compiled).expected_stats(rows, resp)
        learned = self.emission.m_step(stats, bank, fixed)
        return self._possible(learned)

    def _possible(self, learned: object) -> Any:
        """With a trace of what all labels have on average: no row becomes impossible that was not before."""
        spaces, shared = self.emission.spaces(learned), self.emission.pooled_parameters
        old, new = named(self.params), named(learned)
        average = {
            name: np.broadcast_to(np.average(old[name], axis=0, weights=self.counts), new[name].shape)
            for name in spaces
            if name not in shared
        }
        return inside(learned, with_named(learned, average), spaces)


def _responsibilities(model: Any, params: Any, block: Block, chosen: NDArray[np.int64]) -> Array:
    """Those of some rows, tile by tile."""
    found = np.empty((len(chosen), model.n_components))

    def see(rows: slice, tile: Array) -> None:
        first, last = np.searchsorted(chosen, (rows.start, rows.start + len(tile)))
        found[first:last] = tile[chosen[first:last] - rows.start]

    model.visit(params, block, see)
    return found


def _alike(one: Array, other: Array, weights: Array) -> bool:
    """Whether two splits of a label are nearly the same, whichever half is called the first."""
    apart = float(weights @ np.abs(one - other)) / float(weights.sum())
    return min(apart, 1 - apart) < ALIKE_SPLITS


def _total(weights: Array, values: Array) -> float:
    """Weighted sum over the rows that have weight."""
    used = weights > 0
    return float(weights[used] @ values[used])


def propose(
    model: Any, params: Any, blocks: Iterable[Block], rng: np.random.Generator
) -> Iterator[Proposal[Any]]:
    """Params after the most promising moves from a maximum of a model with labels.

    At most some rows of the blocks are looked at.
    """
    if model.n_components == 1:
        return
    moves = look(model, params, list(blocks), rng)
    latent = model.latent
    if moves.known and not latent.exchangeable:
        return
    for removal, split in moves.ranked(rng):
        resp, transfer = moves.shared_out(removal, split)
        order = np.arange(model.n_components)
        if not latent.exchangeable:  # halves stay side by side
            place = order + 0.0
            place[removal.label] = split.label + 0.5
            order = np.argsort(place)
        try:
            moved = moves.learned(model, params, resp[:, order], transfer[:, order])
        except FitError:
            continue
        yield Proposal(removal.kind, moved)


def look(model: Any, params: Any, blocks: Sequence[Block], rng: np.random.Generator) -> Moves:
    """What some rows of the data say of a maximum."""
    says = [(block.row_weights > 0) & model.emission.observed(block.x) for block in blocks]
    used = np.flatnonzero(np.concatenate(says))
    most = max(LEAST_ROWS, ROWS_EACH * model.n_components)
    chosen = np.sort(rng.choice(used, most, replace=False)) if len(used) > most else used
    parts, start = [], 0
    for block in blocks:
        mine = chosen[(chosen >= start) & (chosen < start + block.n_rows)] - start
        start += block.n_rows
        resp = _responsibilities(model, params, block, mine) * block.row_weights[mine, None]
        parts.append((block.x[mine], resp, () if block.labels is None else block.labels[mine]))
    x, resp = (np.concatenate(part) for part in list(zip(*parts, strict=True))[:2])
    known = {int(k) for _, _, labels in parts for k in np.unique(labels) if k != UNKNOWN}
    resp *= len(used) / len(chosen)
    return Moves(
        model.emission, params.emission, Block(x, np.ones(len(x))).rows(slice(None)), resp, model.fused, known
    )
