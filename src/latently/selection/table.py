"""What a search over settings found, and how it is printed."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import shorten
from typing import Any

from latently.core.findings import grave, joined
from latently.wording import aligned, count

ALWAYS = ("bic", "aic")
HIGHER = ("coherence",)  # criteria of which more is better
REMARK = 80
NOTHING = "-"


@dataclass(frozen=True, repr=False, eq=False)
class Selection:
    """What a search found. Printed, it is a table in which the best is marked.

    Attributes
    ----------
    table_ : list of dict
        A row for each combination, in the order of the grid: its params; "bic", "aic" and the criterion
        that was asked for; "log_likelihood" (total, in nats), "n_parameters", "converged"; "diagnostics"
        (findings, see `latently.GaussianMixture`) and "warnings" (text), tuples; "seconds"; "failure" and
        "skipped", each None or the reason why there is no fit, in which case what it would have given is
        None; and "sample", None or the number of rows that were fitted if they are not all: its figures are
        those of all rows with these parameters, and a fit to all has a criterion no higher. What a model does
        not have (topic models have no likelihood) is None, too. A DataFrame can be made of it.
    best_ : estimator
        The best, fitted to all rows. It is the only one that was kept.
    best_index_ : int
        Its row.
    best_params_ : dict
        Its params.
    failures_ : list of tuple (dict, str)
        Params and reason of every fit that failed.
    edge_ : str or None
        A sentence if the best number of components is the largest or the smallest that was tried.
    criterion : str
        The column that decided.
    names : tuple of str
        The settings that were searched over.
    """

    table_: list[dict[str, Any]]
    best_: Any
    best_index_: int
    criterion: str
    names: tuple[str, ...]

    @property
    def best_params_(self) -> dict[str, Any]:
        """Params of the best."""
        return self._params(self.table_[self.best_index_])

    @property
    def failures_(self) -> list[tuple[dict[str, Any], str]]:
        """Params and reason of every fit that failed."""
        return [(self._params(row), row["failure"]) for row in self.table_ if row["failure"] is not None]

    @property
    def edge_(self) -> str | None:
        """A sentence if the best `n_components` is the last of those tried with its other params; or None."""
        best = self.best_params_
        chosen = best.pop("n_components", None)
        if chosen is None:
            return None
        alike = [row for row in self.table_ if repr(self._others(row)) == repr(best)]
        fitted = [row for row in alike if row["skipped"] is None]
        tried = [row["n_components"] for row in fitted if isinstance(row["n_components"], int)]
        if min(tried) == max(tried):
            return None
        if chosen == max(tried):
            return f"the best n_components, {chosen}, is the largest that was tried: try larger ones"
        if chosen == min(tried) > 1:
            return f"the best n_components, {chosen}, is the smallest that was tried: try smaller ones"
        return None

    def _params(self, row: dict[str, Any]) -> dict[str, Any]:
        return {name: row[name] for name in self.names}

    def _others(self, row: dict[str, Any]) -> dict[str, Any]:
        return {name: row[name] for name in self.names if name != "n_components"}

    def __str__(self) -> str:
        usual = (*dict.fromkeys((self.criterion, *ALWAYS)), "log_likelihood", "n_parameters", "converged")
        measures = [name for name in usual if any(row[name] is not None for row in self.table_)]
        lines = [["", *self.names, *measures, "remarks"]]
        for i, row in enumerate(self.table_):
            params = [str(row[name]) for name in self.names]
            measured = [_cell(row[name]) for name in measures]
            remarks = shorten(_remarks(row), REMARK, placeholder=" ...")
            lines.append(["*" if i == self.best_index_ else "", *params, *measured, remarks])
        best = "highest" if self.criterion in HIGHER else "lowest"
        legend = f"* {best} {self.criterion}" + (f"; {self.edge_}" if self.edge_ else "")
        return "\n".join([*aligned(lines, NOTHING), legend])

    def __repr__(self) -> str:
        return str(self)


def _cell(value: object) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _remarks(row: dict[str, Any]) -> str:
    if row["failure"] is not None:
        return f"failed: {row['failure']}"
    if row["skipped"] is not None:
        return f"not tried: {row['skipped']}"
    spurious = grave(row["diagnostics"])
    if spurious:
        return f"spurious: {joined(spurious)}"
    return "" if row["sample"] is None else f"of {count(row['sample'], 'row')} only"
