"""Air quality in New York: what is missing, what can be filled in, and how far to trust it."""

from __future__ import annotations

import numpy as np
import polars as pl

from latently import datasets
from latently.cli.demo.chapter import Chapter, chapter_of
from latently.cli.progress import ShowProgress
from latently.estimators.gaussian_imputer import GaussianImputer
from latently.report.imputation import ImputationAnalysis, imputation_report

FILLED = ["Ozone", "Solar.R", "Wind", "Temp"]
CALENDAR = ["Month", "Day"]
N_TABLES = 20
SEED = 0
ABOUT = (
    "On each day from May to September 1973 ozone, sunshine, wind and temperature were measured in New York; "
    "and on some days one of them was not. What would have been measured, and how well can it be known?"
)
SHOWN = ("scatters", "densities", "patterns", "overimputation")


def air_quality(show: ShowProgress) -> Chapter:
    """Fill in what is missing of four columns; the two of the calendar pass through."""
    measured = datasets.load_airquality()
    names = list(measured.feature_names)
    X = pl.DataFrame(np.asarray(measured.data)[:, [names.index(name) for name in FILLED]], schema=FILLED)
    show(0, 2, "air quality: filling in")
    imputer = GaussianImputer(n_parameter_draws=N_TABLES, random_state=SEED).fit(X)
    a = ImputationAnalysis(
        imputer,
        X,
        "New York, 1973",
        seed=SEED,
        left_out=dict.fromkeys(CALENDAR, "the calendar"),
        settings={"Seed": str(SEED)},
    )
    show(1, 2, "air quality: checking")
    report = imputation_report(a)
    said = [
        f"{a.n_missing} of {a.missing.size} measurements of the air in New York are missing, on "
        f"{a.n_incomplete_rows} of {a.n_rows} days; {' and '.join(CALENDAR)} pass through.",
        *report.said[1:],
    ]
    return chapter_of(report, "airquality", "Air quality", ABOUT, said, SHOWN)
