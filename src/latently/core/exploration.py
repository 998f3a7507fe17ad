"""A search for the highest maximum on a part of the data, batch by batch of starts.

Starts run for a few steps, the more promising half for twice as long, until one is left (Biernacki, Celeux &
Govaert 2003, "emEM"); it goes on to its maximum. From the highest maxima so far moves lead on (`core.moves`),
and parts of others are put into them. Once a batch of starts and many moves have led to none higher, the best
is taken for the highest; where data are easy the starts of the first batch agree, and that is all there is
to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, Generic, cast

import numpy as np

from latently.core.choices import ranked
from latently.core.em import EMMap, Settings, run
from latently.core.errors import FitError, ObjectiveFellError
from latently.core.model import D, P, Proposal
from latently.core.moves import BATCH, Climber, End
from latently.core.starts import FAILURES, Candidate, Start, at, drawn, failed

AGREEMENT = 1e-6  # per unit of weight: objectives of runs that ended at one maximum differ by no more
GAIN_LEFT = AGREEMENT / 10  # gain still to come at the end of a batch
NEARLY_ALL = 0.85
MOST_SHORT_STEPS = 500  # to there
WORTH_A_MOVE = 1e-5  # gain that a move is worth
PARTNERS = 12  # highest maxima of which parts are taken
CROSSINGS = 0.4  # of the moves from several maxima; twice as many beside those of other batches
RIVAL = 5.0  # of log-likelihood, by which a maximum is lower than the best that puts it in doubt
DOUBT = 0.3  # chance of another such maximum from which on all is done twice as long
IN_VAIN = 12  # proposals of which none may lead higher before moves end, twice as many in doubt


@dataclass(frozen=True)
class Plan:
    """How many runs, how long, and on how much.

    Parameters
    ----------
    batch : int
        Starts of a batch.
    short_iter : int
        EM steps of each start before the first cut; doubled at each further one.
    finish : int
        Runs that are finished on all the data.
    moves : bool
        Whether to move on from where batches end.
    most_steps : int
        EM steps of maxima and moves after which no further batch begins.
    agreeing : int
        Batches that end at the best maximum, by starts or by moves, before it is taken for the highest.
    unanimous : int
        Starts that are enough if nearly all so far end at one maximum.
    n_units : int
        Units in the subsample of the short runs.
    short_tol : float
        Gain still to come, per unit of weight, at which a short run ends early.
    parents : int
        Highest maxima of a batch from which moves are tried; if it is one, only its best start is finished.
    """

    batch: int = 4
    short_iter: int = 15
    finish: int = 3
    moves: bool = True
    most_steps: int = 6000
    agreeing: int = 2
    unanimous: int = 4
    n_units: int = 5000
    short_tol: float = 1e-5
    parents: int = 1


@dataclass(eq=False)
class Maximum(Generic[P]):
    """A maximum that starts or moves came to."""

    start: Candidate[P]  # the start that came there first, or from whose maximum moves did
    end: End[P]  # the maximum
    batches: int = 1  # how many batches of starts came there
    twins: int = 0  # how many other runs
    alone: bool = True  # whether the start came there without moves
    onwards: Maximum[P] | None = None  # a higher one that a move led to from here

    @property
    def last(self) -> Maximum[P]:
        """The maximum that moves led to from here, and from there."""
        return self if self.onwards is None else self.onwards.last

    @property
    def height(self) -> float:
        """The objective."""
        return self.end.result.objective

    @property
    def candidate(self) -> Candidate[P]:
        """The start where it is now."""
        here = at(self.start, self.end.result)
        return replace(here, moves=self.end.moves, twins=self.twins, alone=self.alone)


class Explorer(Generic[D, P]):
    """Searches on some of the units.

    Parameters
    ----------
    em : EMMap
        The map on these units.
    plan : Plan
        How far the search goes.
    n : float
        Sum of their weights.

    Attributes
    ----------
    maxima : list of Maximum
        What was found: distinct maxima, the best first and those not to be trusted last.
    lost : list of Candidate
        Starts that failed, that others were ahead of, or that came to one of these, too.
    """

    def __init__(self, em: EMMap[D, P, Any], plan: Plan, n: float) -> None:
        self._em, self._plan, self._n = em, plan, n
        self._moves = plan.moves and not em.fixed
        self._broad = self._moves and plan.parents > 1
        settings = Settings(GAIN_LEFT, MOST_SHORT_STEPS, em.fixed, accelerate=True, changes=False)
        self._climber = Climber(em, settings, n, WORTH_A_MOVE)
        self._proposals: dict[Any, Iterator[Proposal[P]]] = {}
        self.maxima: list[Maximum[P]] = []
        self.lost: list[Candidate[P]] = []

    def explore(self, starts: Sequence[Start[P]], rng: np.random.Generator) -> None:
        """Take batches of starts until the best maximum has been found often enough, or none are left."""
        streams = iter(list(zip(starts, rng.spawn(len(starts)), strict=True)))
        n_starts = 0
        while batch := list(islice(streams, self._plan.batch)):
            before = self.maxima[:1]
            found = self._begin(list(self._em.backend.map(lambda one: drawn(*one), batch)))
            n_starts += len(batch)
            if not found:
                continue
            if self._moves:
                self._move_on(found, before, rng)
            best = self.maxima[0]
            best.batches += best in before and best in found
            over = self._climber.n_steps > self._plan.most_steps
            enough = self._plan.agreeing + (bool(best.end.moves) and not self._broad)
            if self._agreed(n_starts) or best.batches >= enough or over:
                break

    def _agreed(self, n_runs: int) -> bool:
        """Whether about so many runs came to the best maximum, and few to others that are nearly as high."""
        best = self.maxima[0]
        if best.end.moves or self._doubt > DOUBT:
            return False
        n_agreeing = 1 + best.twins
        return n_agreeing >= max(self._plan.unanimous, NEARLY_ALL * n_runs)

    @property
    def _doubt(self) -> float:
        """The chance that one more run would find a maximum not seen so far, and about as high as the best.

        Turing's estimate, as in `Restarts.unseen`; none where few are looked at.
        """
        high = [one for one in self.maxima if abs(self.maxima[0].height - one.height) < RIVAL]
        alone = sum(one.twins == 0 for one in high) if self._broad else 0
        return alone / sum(1 + one.twins for one in high)

    def _known(self, height: float) -> Maximum[P] | None:
        """The maximum of that height, if it has been found."""
        slack = AGREEMENT * self._n
        return next((one for one in self.maxima if abs(one.height - height) <= slack), None)

    def _add(self, found: Maximum[P]) -> Maximum[P]:
        """Note the maximum of a start, once only if it is there already; that one is returned."""
        twin = self._known(found.height)
        if twin is None:
            self.maxima = self._ranked([*self.maxima, found])
            return found
        twin.twins += 1 + found.twins
        self.lost.append(found.candidate)
        return twin

    def _ranked(self, maxima: list[Maximum[P]]) -> list[Maximum[P]]:
        """Maxima from the highest to the lowest, those not to be trusted last."""
        slack = AGREEMENT * self._n
        by_height = ranked(maxima, lambda one: one.height, lambda _: slack)
        return sorted(by_height, key=lambda one: bool(one.end.diagnostics))

    def _begin(self, candidates: list[Candidate[P]]) -> list[Maximum[P]]:
        """The maximum of a batch, one to be trusted if there is one; more if moves are to follow."""
        found: list[Maximum[P]] = []
        for candidate in self._narrowed(candidates):
            sound = any(not one.end.diagnostics for one in found)
            if sound and not (self._broad and self._worth(found, candidate.promise)):
                self.lost.append(candidate)
                continue
            try:
                end = self._climber.end(cast(P, candidate.params))
            except FAILURES as error:
                self.lost.append(failed(candidate, error))
                continue
            found.append(Maximum(candidate, end, twins=candidate.twins))
        found = self._ranked(found)
        kept = len(found) if self._broad else 1
        self.lost += [one.candidate for one in found[kept:]]
        noted = [self._add(one) for one in found[:kept]]
        return self._ranked(list(dict.fromkeys(noted if self._broad else [one.last for one in noted])))

    def _worth(self, island: list[Maximum[P]], height: float) -> bool:
        """Whether a maximum of that height would be one of the highest of some, and is none of them."""
        least = WORTH_A_MOVE * self._n
        parents = self._plan.parents
        high = len(island) < parents or height > island[parents - 1].height + least
        return high and all(abs(height - one.height) > least for one in island)

    def _move_on(self, island: list[Maximum[P]], before: list[Maximum[P]], rng: np.random.Generator) -> None:
        """Move on from the maxima of a batch by themselves, then with parts of the best of others.

        Once they come to the best of the batches before, that is all.
        """
        in_vain = IN_VAIN * (1 + (self._doubt > DOUBT))
        self._climb(island, before, CROSSINGS * self._broad, in_vain, rng)
        if before and before[0] not in island:
            island += [one for one in self.maxima[:PARTNERS] if one not in island]
            island[:] = self._ranked(island)
            self._climb(island, [], 2 * CROSSINGS, BATCH * self._plan.parents, rng)

    def _climb(
        self,
        island: list[Maximum[P]],
        goal: list[Maximum[P]],
        crossings: float,
        most_in_vain: int,
        rng: np.random.Generator,
    ) -> None:
        """Add to some maxima what moves from them lead to, until many led no higher, or to a goal."""
        in_vain, climber = 0, self._climber
        while in_vain < most_in_vain and climber.n_steps <= self._plan.most_steps and island[0] not in goal:
            best = island[0]
            batch = [one for one in (self._move(island, crossings, rng) for _ in range(BATCH)) if one]
            proposals = [proposal for *_, proposal in batch]
            try:
                for i, end in climber.ends(proposals, lambda height: self._worth(island, height)):
                    self._reached(end, island, *batch[i])
            except ObjectiveFellError as error:
                self.lost.append(failed(Candidate("move", None), error))
                break
            in_vain = in_vain + BATCH if island[0] is best else 0

    def _move(
        self, island: list[Maximum[P]], crossings: float, rng: np.random.Generator
    ) -> tuple[Maximum[P], Maximum[P] | None, Proposal[P]] | None:
        """A maximum, maybe another of which it takes a part, and what is proposed; None if nothing is."""
        parent = island[min(int(rng.geometric(0.5)), self._plan.parents, len(island)) - 1]
        others: list[Maximum[P] | None] = [one for one in island[:PARTNERS] if one is not parent]
        other = others[rng.integers(len(others))] if others and rng.random() < crossings else None
        for partner in dict.fromkeys((other, None)):
            if (parent, partner) not in self._proposals:
                self._proposals[parent, partner] = self._proposed(parent, partner, rng)
            with suppress(StopIteration, FitError):  # there are no components of half the rows, say
                return parent, partner, next(self._proposals[parent, partner])
        return None

    def _proposed(
        self, parent: Maximum[P], partner: Maximum[P] | None, rng: np.random.Generator
    ) -> Iterator[Proposal[P]]:
        """What may lead on from a maximum, by itself or with parts of another."""
        model, source, params = self._em.model, self._em.source, parent.end.result.params
        if partner is None:
            return model.propose(params, source, rng)
        return model.exchange(params, partner.end.result.params, source, rng)

    def _reached(
        self,
        end: End[P],
        island: list[Maximum[P]],
        parent: Maximum[P],
        other: Maximum[P] | None,
        proposal: Proposal[P],
    ) -> None:
        """Note where a move led to, unless it is less to be trusted than what there is."""
        if end.diagnostics and not island[0].end.diagnostics:
            return
        found = self._known(end.result.objective)
        if found is None:
            found = Maximum(parent.start, parent.end.onwards(proposal.kind, end), alone=False)
            self.maxima = self._ranked([*self.maxima, found])
        elif found not in (parent, other):
            found.twins += 1
        if found.height > parent.height:
            parent.onwards = found
        if found not in island:
            island[:] = self._ranked([*island, found])

    def _narrowed(self, candidates: list[Candidate[P]]) -> list[Candidate[P]]:
        """The distinct ones after a short run, best first; without moves, the best after longer ones."""
        tol, steps, keep = self._plan.short_tol, self._plan.short_iter, len(candidates)
        while True:
            settings = Settings(tol, steps, self._em.fixed, accelerate=True, changes=False)
            candidates = list(self._em.backend.share(partial(self._advanced, settings), candidates))
            candidates = ranked(candidates, lambda candidate: candidate.promise, lambda _: tol * self._n)
            distinct: list[Candidate[P]] = []
            for candidate in candidates:
                twin = next((one for one in distinct if self._same(one, candidate)), None)
                if twin is not None:
                    twin.twins += 1 + candidate.twins
                if twin is not None or candidate.failure is not None:
                    self.lost.append(candidate)
                else:
                    distinct.append(candidate)
            steps, keep = 2 * steps, keep // 2
            if keep <= 1 or len(distinct) <= 1 or self._broad:
                return distinct
            self.lost += distinct[keep:]
            candidates = distinct[:keep]

    def _same(self, one: Candidate[P], other: Candidate[P]) -> bool:
        return abs(one.objective - other.objective) <= 2 * self._plan.short_tol * self._n

    def _advanced(self, settings: Settings, candidate: Candidate[P]) -> Candidate[P]:
        """The candidate after a short run."""
        if candidate.params is None:
            return candidate
        try:
            return at(candidate, run(self._em, candidate.params, settings, self._n))
        except FAILURES as error:
            return failed(candidate, error)
