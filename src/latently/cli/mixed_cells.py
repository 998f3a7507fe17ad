"""The job `impute` of tables with categories."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from latently.cli.failure import CommandError
from latently.cli.folder import DRAWS
from latently.cli.tables.notes import notes

if TYPE_CHECKING:
    from latently.cli.terminal import ShowProgress
    from latently.report.imputation import MixedAnalysis


def analysed(job: Any, data: Any, show: ShowProgress) -> MixedAnalysis:
    """Fit a mixture for columns of any kind, fill in, and see how good that is."""
    from sklearn.exceptions import ConvergenceWarning

    from latently.core.errors import ConstantColumnWarning, SpuriousMaximumWarning, UndeterminedWarning
    from latently.estimators import MixedImputer
    from latently.report.imputation import MixedAnalysis

    table, choice = data.table, data.choice
    X = data.X
    still_empty = {name: int(table.missing(name).sum()) for name in choice.left_out}
    a = MixedAnalysis(
        MixedImputer(
            "bic" if job.components == 1 else job.components,
            n_parameter_draws=job.tables,
            random_state=job.seed,
            checkpoint=job.checkpoint,
        ),
        X,
        table.name,
        job.level,
        job.seed,
        f"{DRAWS}/",
        {name: n for name, n in still_empty.items() if n},
        left_out=choice.left_out,
        notes=notes(table, choice, "the other columns"),
        settings=job.settings | table.read_as | data.said,
        reading=job.reading,
    )

    def fit() -> None:
        try:
            a.model.fit(X)
        except ValueError as error:
            raise CommandError(str(error)) from None

    steps = {
        "fitting, and drawing parameters": fit,
        "hiding observed cells and predicting them": lambda: a.check,
        "filling in": lambda: (a.completed, a.limits, a.tables),
    }
    with warnings.catch_warnings():  # the page says all of them
        for category in (
            ConvergenceWarning,
            UndeterminedWarning,
            ConstantColumnWarning,
            SpuriousMaximumWarning,
        ):
            warnings.simplefilter("ignore", category)
        for i, (what, do) in enumerate(steps.items()):
            show(i, len(steps), what)
            do()
    return a
