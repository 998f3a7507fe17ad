"""Which combinations a search fits, in which order, and which it need not fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, sqrt
from typing import Any

from latently.core.findings import grave
from latently.models.growth import DEVIATIONS, STRONG_EVIDENCE

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Scale:
    """How criteria compare, the parameters of a fit being those of a sample.

    With p parameters from m of n rows, twice the log-likelihood of all n that is lost to their maximum is
    close to ``(n / m - 1)`` times a chi-squared variable of p degrees of freedom. Of two fits, parameters
    that both have lose alike.
    """

    criterion: str  # the column that decides; lower is better
    excess: float = 0.0  # ``n / m - 1``: 0 if the parameters are those of all rows

    def expected(self, row: Row) -> float:
        """What the criterion will be with all rows; infinite where there is no sound fit."""
        if row[self.criterion] is None or (not self.excess and grave(row["diagnostics"])):
            return inf
        return float(row[self.criterion] - self._lost(row))

    def hoped(self, row: Row, more: float) -> float:
        """What the criterion may come to if the log-likelihood of all rows rises by so much more.

        That of ICL is never below BIC.
        """
        value = min(row[self.criterion], row["bic"])
        return float(value - self._lost(row) - 2 * more)

    def _lost(self, row: Row) -> float:
        """What parameters of a sample are expected to cost."""
        return 0.0 if row["sample"] is None else float(self.excess * row["n_parameters"])

    def margin(self, row: Row, other: Row) -> float:
        """By how much one criterion must be above another for that not to be chance."""
        more = abs(row["n_parameters"] - other["n_parameters"]) if self.excess else 0.0
        return STRONG_EVIDENCE + DEVIATIONS * self.excess * sqrt(2 * more)

    def clearly_above(self, row: Row, best: Row) -> bool:
        """Whether a fit is worse than another by more than chance, or no sound one."""
        value = self.expected(row)
        return value == inf or value > self.expected(best) + self.margin(row, best)


def contenders(rows: Sequence[Row], among: Iterable[int], scale: Scale) -> list[int]:
    """Those that may be the best yet, and those of which a sample said nothing."""
    unsaid = [i for i in among if rows[i]["failure"] is not None]
    said = [i for i in among if rows[i]["failure"] is None]
    if not said:
        return unsaid
    best = min((rows[i] for i in said), key=scale.expected)
    return sorted([*unsaid, *(i for i in said if not scale.clearly_above(rows[i], best))])


def sequential(
    combinations: Sequence[Row], rows: Sequence[Row], scale: Scale, rivals: Sequence[Row] = ()
) -> Iterator[tuple[int, str | None]]:
    """Numbers of components upwards, for the other settings by turns, until more would not help.

    Rivals are fits to beat, of another search. Yields a combination and why it need not be fitted, or None;
    whoever iterates writes it down in `rows` before asking for the next.
    """
    sequences = _sequences(combinations)
    for turn in range(max(map(len, sequences))):
        for sequence in sequences:
            if turn < len(sequence):
                yield sequence[turn], _enough(rows, sequence, turn, scale, rivals)


def _sequences(combinations: Sequence[Row]) -> list[list[int]]:
    """Combinations that differ in nothing but the number of components, by that."""
    alike: dict[str, list[int]] = {}
    for i, params in enumerate(combinations):
        others = {name: value for name, value in params.items() if name != "n_components"}
        numbered = isinstance(params.get("n_components"), int)
        alike.setdefault(repr(others) if numbered else f"combination {i}", []).append(i)
    return [sorted(one, key=lambda i: combinations[i].get("n_components", 0)) for one in alike.values()]


def _enough(
    rows: Sequence[Row], sequence: Sequence[int], turn: int, scale: Scale, rivals: Sequence[Row]
) -> str | None:
    """Why what comes next in a sequence need not be fitted; None if it has to be."""
    before = [rows[i] for i in sequence[:turn]]
    if before and before[-1]["skipped"]:
        return str(before[-1]["skipped"])
    values = [scale.expected(row) for row in before]
    if values == [inf] and before[0].get("n_components") == 1:
        return "one component alone fails or is spurious"
    if turn > 1 and all(scale.clearly_above(row, min(before, key=scale.expected)) for row in before[-2:]):
        sound = max(values[-2:]) < inf
        return (
            f"{scale.criterion} had clearly risen twice" if sound else "two in a row were worse or not sound"
        )
    leader = min((*rows, *rivals), key=scale.expected)  # of all that were tried
    if turn > 2 and max(values[-3:]) < inf and all(row is not leader for row in before):
        best = min(before, key=scale.expected)
        if scale.clearly_above(before[-1], best) and scale.clearly_above(best, leader):
            return f"{scale.criterion} had clearly risen, and was clearly above the lowest before"
        fall = max(0.0, *(earlier - later for earlier, later in pairwise(values[-3:])))
        in_reach = values[-1] - fall * (len(sequence) - turn)
        if in_reach > scale.expected(leader) + scale.margin(before[-1], leader):
            return f"{scale.criterion} fell too little to come near the lowest"
    return None
