"""An imputation on a page: what was found, the pictures, the numbers, how to go on, how it was computed."""

from __future__ import annotations

from collections.abc import Sequence

from latently.report.figure import Figure
from latently.report.imputation import tables
from latently.report.imputation.analysis import ImputationAnalysis
from latently.report.imputation.cautions import cautions
from latently.report.imputation.figures import imputation_figures
from latently.report.imputation.findings import findings, headline, percent, starts_in_words
from latently.report.page import (
    Markup,
    Section,
    bullets,
    code,
    definitions,
    figures,
    page,
    paragraph,
    side_by_side,
    table,
    tiles,
    warning,
)
from latently.version import __version__
from latently.wording import count, number, share

POOLED = """\
pooled = latently.pool([fit.params for fit in fits], [fit.bse**2 for fit in fits], fits[0].df_resid)
pooled.estimate, pooled.standard_error, pooled.interval(0.95)
"""
FROM_FILES = """\
from glob import glob
import latently, pandas, statsmodels.formula.api as smf

fits = [smf.ols("y ~ x", pandas.read_csv(path)).fit() for path in sorted(glob("draws/*.csv"))]
"""
FROM_IMPUTER = """\
import latently, statsmodels.api as sm

imputer = latently.GaussianImputer(n_parameter_draws=20, random_state=0).fit(X)
fits = [sm.OLS(table[:, 0], sm.add_constant(table[:, 1:])).fit() for table in imputer.draw_imputations(X)]
"""


def imputation_page(a: ImputationAnalysis, pictures: Sequence[Figure] | None = None) -> str:
    """The whole page of one imputation.

    Parameters
    ----------
    a : ImputationAnalysis
        The imputer and how it came about.
    pictures : sequence of Figure, optional
        Those to show. Default: `imputation_figures`.

    Returns
    -------
    str
        HTML that needs no other file.

    Examples
    --------
    >>> from latently import GaussianImputer, datasets
    >>> from latently.report.imputation import ImputationAnalysis
    >>> X = datasets.load_airquality().data[:, :4]
    >>> imputer = GaussianImputer(n_parameter_draws=3, random_state=0).fit(X)
    >>> html = imputation_page(ImputationAnalysis(imputer, X, "airquality.csv"))
    >>> "44 missing cells of airquality.csv filled in" in html
    True
    """
    first, *more = findings(a)
    doubts = cautions(a)
    careful = [warning("What to be careful about", doubts)] if doubts else []
    sections = [
        Section("What was found", [_tiles(a), bullets(more), *careful]),
        Section("Pictures", [figures(imputation_figures(a) if pictures is None else pictures)]),
        Section("Numbers", [numbers(a)]),
        Section("How to go on", _going_on(a)),
        Section("How it was computed", [how(a)]),
    ]
    return page(headline(a), first, sections, f"latently {__version__}")


def _tiles(a: ImputationAnalysis) -> Markup:
    facts = [
        ("cells filled in", f"{a.n_missing:,}"),
        ("of the cells", share(a.n_missing, a.missing.size)),
        ("rows with a hole", f"{a.n_holed_rows:,}"),
        ("filled outside the observed range", f"{int(a.outside.sum()):,}"),
    ]
    if a.overimputation is not None:
        found = a.overimputation
        facts.append(
            (
                f"of hidden cells in {percent(found.level)} intervals",
                share(int(found.inside.sum()), len(found.true)),
            )
        )
    if a.test is not None:
        p = a.test.p_value
        facts.append(("p of Little's test", "<0.001" if p < 0.001 else f"{p:.3f}"))
    return tiles(facts)


def numbers(a: ImputationAnalysis) -> Markup:
    """Its tables: columns, and patterns of what they lack."""
    return side_by_side(table(one) for one in (tables.columns(a), tables.patterns(a)))


def _going_on(a: ImputationAnalysis) -> list[Markup]:
    if not a.drawn:
        return [paragraph("Each question has an output of its own."), _answers(), code(FROM_IMPUTER + POOLED)]
    return [
        definitions(
            [
                ("completed.csv", "The best guess of each cell: for looking things up, and for predictions."),
                (
                    "intervals.csv",
                    "Between what limits each filled cell lies, with a probability of "
                    f"{percent(a.level)}; rows are counted from 1 below the header.",
                ),
                (
                    a.drawn,
                    f"{count(a.n_tables, 'table')} whose cells were drawn, each under parameters of its own: "
                    "for tests, intervals and standard errors.",
                ),
            ]
        ),
        paragraph("A regression, for example, with the uncertainty of what was missing in its intervals:"),
        code(FROM_FILES + POOLED),
    ]


def _answers() -> Markup:
    return definitions(
        [
            ("transform", "The best guess of each cell: for looking things up, and for predictions."),
            ("interval", "Between what limits each filled cell lies."),
            ("draw_imputations", "Tables for tests, intervals and standard errors, joined by latently.pool."),
        ]
    )


def how(a: ImputationAnalysis) -> Markup:
    """How it was computed."""
    imputer = a.imputer
    model = (
        "Multivariate normal distribution"
        if imputer.n_components == 1
        else f"Mixture of {imputer.n_components} Gaussians"
    )
    prior = "maximum likelihood" if imputer.prior_ is None else f"a prior ({imputer.prior_})"
    facts = [
        ("Software", f"latently {__version__}"),
        ("Model", f"{model}, fitted by expectation maximisation to all observed cells, by {prior}"),
        *a.settings.items(),
        (
            "Intervals",
            f"{percent(a.level)}, each cell given the observed cells of its row; the uncertainty of the "
            f"parameters is in them, by {count(a.n_tables, 'refit')} on rows drawn with replacement",
        ),
        ("Log-likelihood", f"{number(imputer.log_likelihood_, 6)} of the observed cells"),
        ("Why it stopped", f"{imputer.stop_reason_}, after {count(imputer.n_iter_, 'step')}"),
    ]
    if a.starts is not None:
        facts.append(("Other starts", starts_in_words(a.starts)))
    facts.append(("Columns used", ", ".join(a.names)))
    if a.left_out:
        facts.append(("Columns left out", ", ".join(f"{name} ({why})" for name, why in a.left_out.items())))
    return definitions(facts)
