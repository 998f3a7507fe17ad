"""What latent classes add to the report on a mixture: profiles, goodness of fit, residuals, sure labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property, singledispatch
from typing import Any

import numpy as np

from latently.core.findings import Finding, caution, note
from latently.estimators.latent_class_analysis import LatentClassAnalysis
from latently.estimators.latent_classes import ClassificationTable, GoodnessOfFit
from latently.report.mixture.analysis import MixtureAnalysis
from latently.report.report import Report
from latently.report.table import Table
from latently.wording import about, count, decimals, listed, number

DEPENDENT_RESIDUAL = 4.0  # bivariate residual: about one is to be expected
MOST_PAIRS, MOST_LINES = 10, 120


@singledispatch
def with_classes(model: object, a: MixtureAnalysis, report: Report) -> Report:
    """The report, with what a model of latent classes has to say besides; as it is for any other."""
    return report


@with_classes.register
def _of_classes(model: LatentClassAnalysis, a: MixtureAnalysis, report: Report) -> Report:
    classes = Classes(model, a)
    tables = {"profiles": classes.profiles(), "labels": classes.labels(), "pairs": classes.pairs()}
    tables["intervals"] = None  # profiles have the same numbers with their errors
    return replace(
        report,
        findings=[*report.findings, *classes.findings()],
        cautions=[*report.cautions, *classes.cautions()],
        facts=[*report.facts, *classes.facts()],
        tables={name: one for name, one in {**report.tables, **tables}.items() if one is not None},
        summary={**report.summary, **classes.summary()},
    )


class Classes:
    """A model of latent classes, the rows it was fitted to, and what is known of them."""

    def __init__(self, model: LatentClassAnalysis, a: MixtureAnalysis) -> None:
        self.model, self.a = model, a

    @cached_property
    def fit(self) -> GoodnessOfFit | None:
        """Goodness of fit of the columns of few values; None if there are no two."""
        few = np.isfinite(self.model._n_values).sum()
        return self.model.goodness_of_fit(self.a.X) if few > 1 else None

    @cached_property
    def residuals(self) -> list[dict[str, Any]]:
        """Bivariate residuals, the largest first."""
        return list(self.model.bivariate_residuals(self.a.X))

    @cached_property
    def explained(self) -> float:
        """Entropy R²; NaN with one cluster."""
        return self.model.entropy_r2(self.a.X)

    @cached_property
    def table(self) -> ClassificationTable:
        """Rows by the cluster they are assigned to and that they are expected to be of."""
        return self.model.classification_table(self.a.X)

    def facts(self) -> Iterator[tuple[str, str]]:
        """How well the labels are known."""
        if self.a.n_components > 1:
            yield "entropy R²", number(self.explained, 2)

    def findings(self) -> Iterator[Finding]:
        """How sure labels are in all, and whether the table is one that the model expects."""
        if self.a.n_components > 1:
            error = self.table.error
            text = (
                f"{about(error)} of the labels are expected to be wrong; entropy R² is "
                f"{number(self.explained, 2)} (1 is certain, 0 knows nothing)"
            )
            yield note("labels", text, error=error, entropy_r2=self.explained)
        fit = self.fit
        if fit is not None and fit.degrees_of_freedom > 0 and fit.n_cells <= fit.n_rows:
            of = "" if len(fit.columns) == len(self.a.names) else f" of {listed(fit.columns)}"
            text = (
                f"against what the model expects of the table{of}, G² is {number(fit.likelihood_ratio, 1)} "
                f"on {count(fit.degrees_of_freedom, 'degree')} of freedom (p = {fit.p_value:.2g})"
            )
            rough = f": roughly, for {listed(fit.caveats)}" if fit.caveats else ""
            yield note("fit", text + rough, statistic=fit.likelihood_ratio, p_value=fit.p_value)

    def cautions(self) -> Iterator[Finding]:
        """Pairs that depend on each other within clusters, and parameters that the table does not tell."""
        yield from (one for one in self.model.diagnostics_ if one.severity == "caution")
        far = [one for one in self.residuals if one["residual"] > DEPENDENT_RESIDUAL]
        if far:
            pairs = [f"{_pair(one)} ({number(one['residual'], 1)})" for one in far[:3]]
            more = f" (and {count(len(far) - 3, 'more pair')})" if len(far) > 3 else ""
            text = (
                f"within clusters {listed(pairs)}{more} depend on each other more than the model allows (a "
                "bivariate residual of about 1 is to be expected): ask for more clusters, make such a pair "
                "one column, or leave one out"
            )
            yield caution("dependent pairs", text, pairs=len(far), residual=far[0]["residual"])

    def profiles(self) -> Table:
        """What each cluster is like in each column, with standard errors."""
        records = list(self.model.profile_)
        K, known = self.a.n_components, any(np.isfinite(one["standard_error"]) for one in records)
        n = len(records) // K
        rows = []
        for one, *others in zip(*(records[k * n : (k + 1) * n] for k in range(K)), strict=True):
            cells = [_cell(each["value"], each["standard_error"]) for each in (one, *others)]
            rows.append([f"{one['column']}: {one['quantity']}", *cells])
        note = "Standard errors take long here: LatentClassAnalysis.profile finds them."
        if known:
            note = "Standard errors in brackets, from the information in the rows; none where a number is at "
            note += "the end of what it can be."
        if n > MOST_LINES:
            note += f" The first {MOST_LINES} of {n} lines."
        heads = [f"cluster {k}" for k in range(K)]
        return Table("Profiles", ["", *heads], rows[:MOST_LINES], note, spoken=False)

    def labels(self) -> Table | None:
        """Expected numbers of rows by the cluster assigned; None for one cluster."""
        if self.a.n_components == 1:
            return None
        heads = [f"of cluster {k}" for k in range(self.a.n_components)]
        lines = enumerate(self.table.counts)
        rows = [[f"assigned to {k}", *(number(n, 1) for n in line)] for k, line in lines]
        said = "Expected numbers of rows: those off the diagonal have a wrong label."
        return Table("Labels", ["", *heads], rows, said, spoken=False)

    def pairs(self) -> Table | None:
        """Pairs of columns of few values; None without any."""
        if not self.residuals:
            return None
        rows = [[_pair(one), number(one["residual"], 2)] for one in self.residuals[:MOST_PAIRS]]
        said = "About 1 if the clusters explain the pair, far above 4 if they do not."
        if len(self.residuals) > MOST_PAIRS:
            said += f" The {MOST_PAIRS} largest of {len(self.residuals)}."
        return Table("Bivariate residuals", ["", "residual"], rows, said, spoken=False)

    def summary(self) -> dict[str, Any]:
        """The same for programs."""
        fit = self.fit
        found = {
            "entropy_r2": self.explained,
            "expected_error": self.table.error,
            "classification_table": self.table.counts.tolist(),
            "profile": list(self.model.profile_),
            "bivariate_residuals": self.residuals,
        }
        if fit is not None:
            found["goodness_of_fit"] = {
                "columns": list(fit.columns),
                "likelihood_ratio": fit.likelihood_ratio,
                "pearson": fit.pearson,
                "degrees_of_freedom": fit.degrees_of_freedom,
                "p_value": fit.p_value,
                "caveats": list(fit.caveats),
            }
        return found


def _pair(residual: dict[str, Any]) -> str:
    return f"{residual['column']} and {residual['other']}"


def _cell(value: float, error: float) -> str:
    """A number to two digits of its standard error, which follows in brackets."""
    if not np.isfinite(error) or error == 0:
        return f"{value:.3g}"
    digits = decimals(np.array([error]))
    return f"{number(value, digits)} ({number(error, digits)})"
