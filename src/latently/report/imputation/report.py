"""What there is to say of an imputation: findings, tables and what to do next."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from latently.core.findings import Finding, note
from latently.metrics import pool
from latently.report import fits
from latently.report.imputation.analysis import ImputationAnalysis
from latently.report.imputation.cautions import cautions
from latently.report.imputation.figures import imputation_figures
from latently.report.imputation.filled import (
    MOST_LISTED,
    counts,
    draws,
    going_on,
    headline,
    how_much,
    lead,
    numbers,
)
from latently.report.report import Report
from latently.report.same import same_in_python
from latently.report.table import Table
from latently.wording import EN_DASH, count, decimals, exact, number, percent, sentence, share

MOST_PATTERNS, MOST_NAMED = 12, 6
SIGNIFICANT = 0.05
REGRESSION = "A regression, for example, with the uncertainty of what was missing in its intervals:"
POOLED = """\
pooled = latently.pool([fit.params for fit in fits], [fit.bse**2 for fit in fits], fits[0].df_resid)
pooled.estimate, pooled.standard_error, pooled.interval(0.95)
"""
FROM_FILES = """\
from glob import glob
import latently, pandas, statsmodels.formula.api as smf

fits = [smf.ols("y ~ x", pandas.read_csv(path)).fit() for path in sorted(glob("draws/*.csv"))]
"""
ASKED = """\
model.transform(X)                            # the best guess of each missing cell
model.interval(X, parameter_uncertainty=True)  # between what limits each lies
model.draw_imputations(X, {n})                   # tables for tests and standard errors: see latently.pool
latently.report(model, X, "report.html")
"""
FROM_IMPUTER = """\
import latently, statsmodels.api as sm

imputer = latently.GaussianImputer(n_parameter_draws=20, random_state=0).fit(X)
fits = [sm.OLS(table[:, 0], sm.add_constant(table[:, 1:])).fit() for table in imputer.draw_imputations(X)]
"""


def imputation_report(a: ImputationAnalysis) -> Report:
    """All that is said of an imputation.

    Examples
    --------
    >>> from latently import GaussianImputer, datasets
    >>> from latently.report.imputation import ImputationAnalysis
    >>> X = datasets.load_airquality().data[:, :4]
    >>> imputer = GaussianImputer(n_parameter_draws=3, random_state=0).fit(X)
    >>> imputation_report(ImputationAnalysis(imputer, X, "airquality.csv")).headline
    '44 missing cells of airquality.csv filled in'
    """
    return Report(
        "imputation",
        headline(a),
        list(_findings(a)),
        list(cautions(a)),
        _facts(a),
        {"columns": columns(a), "patterns": patterns(a), "means": means(a)},
        list(imputation_figures(a)),
        _how(a),
        _summary(a),
        going_on(a, REGRESSION, FROM_FILES + POOLED, FROM_IMPUTER + POOLED),
        same_in_python(a.model, a.reading, ASKED.format(n=a.n_tables)),
        _sure(a),
        lead=lead(a, list(_tried(a))),
        replay=a.replay,
    )


def _facts(a: ImputationAnalysis) -> list[tuple[str, str]]:
    facts = [*counts(a), ("filled outside the observed range", f"{int(a.outside.sum()):,}")]
    if a.overimputation is not None:
        found = a.overimputation
        of = f"of hidden cells in {percent(found.level)} intervals"
        facts.append((of, share(int(found.inside.sum()), len(found.true))))
    if a.test is not None:
        p = a.test.p_value
        facts.append(("p of Little's test", "<0.001" if p < 0.001 else f"{p:.3f}"))
    return facts


def _findings(a: ImputationAnalysis) -> Iterator[Finding]:
    """The most important first."""
    yield from how_much(a)
    yield mcar(a)
    yield _outside(a)
    if a.overimputation is not None:
        yield _check(a)
    yield draws(a)


def mcar(a: ImputationAnalysis) -> Finding:
    """Little's test, and what it does not say."""
    asks = (
        "The imputation asks for less: that it depends only on cells that are observed whether one is "
        "missing. No test can show that"
    )
    if a.test is None:
        text = "Little's test of whether cells are missing completely at random cannot be made on this table."
        return note("mcar", f"{text} {asks}")
    p_value, df = a.test.p_value, a.test.df
    p = "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"
    freedom = f"{count(df, 'degree')} of freedom"
    numbers = f"(chi-squared {number(a.test.statistic, 1)} with {freedom}, {p})"
    text = (
        f"Little's test finds no sign that cells are not missing completely at random {numbers}, which is no "
        f"proof that they are. {asks}"
    )
    if p_value < SIGNIFICANT:
        text = (
            f"Cells are not missing completely at random, says Little's test {numbers}: rows that lack cells "
            f"differ from complete ones in what is known of them, so complete rows alone may mislead. {asks}"
        )
    return note("mcar", text, statistic=a.test.statistic, df=df, p_value=p_value)


def _outside(a: ImputationAnalysis) -> Finding:
    filled, drawn = int(a.outside.sum()), a.drawn_outside.sum(axis=0)
    text = f"{_filled_outside(a, filled)} {_drawn_outside(a, drawn)}"
    which = np.flatnonzero((drawn > 0) | a.outside.any(axis=0))
    return note("outside", text, "column", which, filled=filled)


def _filled_outside(a: ImputationAnalysis, n: int) -> str:
    if not n:
        return "Every filled cell lies within the observed range of its column."
    where = []
    for j in np.flatnonzero(a.outside.any(axis=0)):
        cells = a.completed[a.outside[:, j], j]
        below, above = a.least[j] - cells.min(), cells.max() - a.greatest[j]
        ends = []
        if below > 0:
            lowest = number(cells.min(), decimals([a.deviations[j], below]))
            ends.append(f"down to {lowest}, least observed {exact(a.least[j])}")
        if above > 0:
            highest = number(cells.max(), decimals([a.deviations[j], above]))
            ends.append(f"up to {highest}, greatest observed {exact(a.greatest[j])}")
        where.append(f"{len(cells):,} of {a.names[j]}: {'; '.join(ends)}")
    lie, their = ("lies", "its") if n == 1 else ("lie", "their")
    shown = where[:MOST_LISTED] + (["..."] if len(where) > MOST_LISTED else [])
    return (
        f"{n:,} of the {count(a.n_missing, 'filled cell')} {lie} outside the observed range of {their} "
        f"column ({'; '.join(shown)})."
    )


def _drawn_outside(a: ImputationAnalysis, shares: np.ndarray) -> str:
    beyond = [j for j in np.argsort(-shares, kind="stable") if shares[j] > 0]
    if not beyond:
        return "So does every drawn one." if not a.outside.any() else "No drawn one does."
    shown = [f"{share(shares[j])} of {a.names[j]}" for j in beyond[:MOST_LISTED]]
    more = " and fewer of others" if len(beyond) > MOST_LISTED else ""
    n = a.missing.sum(axis=0)
    return (
        f"Of the drawn cells {share(float(shares @ n), n.sum())} lie outside it ({', '.join(shown)}{more})."
    )


def _check(a: ImputationAnalysis) -> Finding:
    found = a.overimputation
    assert found is not None
    n, inside = len(found.true), int(found.inside.sum())
    were, (lie, their) = "was" if n == 1 else "were", ("lies", "its") if inside == 1 else ("lie", "their")
    text = (
        f"As a check, {count(n, 'observed cell')} {were} hidden and predicted: {inside:,} "
        f"({share(inside, n)}) {lie} in {their} {percent(found.level)} interval"
    )
    return note("check", text, hidden=n, inside=inside)


def _tried(a: ImputationAnalysis) -> Iterator[str]:
    """How hidden cells were predicted, for the lead."""
    if a.overimputation is not None:
        found = a.overimputation
        yield (
            "When known cells were hidden and predicted the same way, "
            f"{share(int(found.inside.sum()), len(found.true))} of them lay in their "
            f"{percent(found.level)} intervals."
        )


def _sure(a: ImputationAnalysis) -> list[str]:
    """How sure what is filled in is."""
    said = [_check(a)] if a.overimputation is not None else []
    starts = [] if a.starts is None else [f"Fits from other starts: {starts_in_words(a)}"]
    return [sentence(text) for text in (*map(str, said), *starts)]


def means(a: ImputationAnalysis) -> Table:
    """Means of the columns by Rubin's rules: what is not known of missing cells is in their intervals."""
    tables, n = np.array(a.tables), a.n_rows
    rows = []
    for j, name in enumerate(a.names):
        if not tables[:, :, j].var(axis=1).all():
            continue
        pooled = pool(tables[:, :, j].mean(axis=1), tables[:, :, j].var(axis=1, ddof=1) / n, n - 1)
        low, high = (float(end) for end in pooled.interval(a.level))
        digits = decimals([(high - low) / 4])
        cells = (number(float(pooled.estimate), digits), f"{number(low, digits)} to {number(high, digits)}")
        more = float(pooled.relative_increase)
        rows.append([name, *cells, share(more / (1 + more))])
    text = (
        f"The mean of each column and its {percent(a.level)} interval, from the drawn tables by Rubin's "
        "rules (latently.pool). Lost: the share of the squared standard error that is due to missing cells."
    )
    heads = ["", "mean", "interval", "lost"]
    return Table("Means, and how sure they are", heads, rows, text, spoken=False, sure=True)


def columns(a: ImputationAnalysis) -> Table:
    """What each column lacks, what is observed of it, and what the model says, in the units of the data."""
    rows = []
    for j, name in enumerate(a.names):
        observed, filled = a.rows[~a.missing[:, j], j], a.completed[a.missing[:, j], j]
        digits, n = decimals([a.deviations[j]]), len(filled)
        pairs = (observed.mean(), observed.std()), (a.model.mean_[j], a.deviations[j])
        rows.append(
            [
                name,
                f"{n:,} ({share(n, a.n_rows)})" if n else "none",
                *(f"{number(mean, digits)} ± {number(spread, digits)}" for mean, spread in pairs),
                f"{exact(observed.min())} to {exact(observed.max())}",
                f"{number(filled.min(), digits)} to {number(filled.max(), digits)}" if n else EN_DASH,
                f"{int(a.outside[:, j].sum()):,}" if n else EN_DASH,
                share(a.explained[j]),
            ]
        )
    return Table(
        "Columns",
        ["", "missing", "observed", "by the model", "observed range", "filled in", "outside", "explained"],
        rows,
        "Mean ± standard deviation, in the units of the data: of the observed cells, and by maximum "
        "likelihood from all of them. Outside: filled cells beyond the observed range. Explained: the share "
        "of the variance that the other columns explain, by the model.",
    )


def patterns(a: ImputationAnalysis) -> Table:
    """Which columns are missing together, the most frequent first."""
    found = a.patterns
    rows = []
    for observed, n in zip(found.observed[:MOST_PATTERNS], found.counts[:MOST_PATTERNS], strict=True):
        lacking = [a.names[j] for j in np.flatnonzero(~observed)]
        more = f" and {len(lacking) - MOST_NAMED} more" if len(lacking) > MOST_NAMED else ""
        what = ", ".join(lacking[:MOST_NAMED]) + more if lacking else "nothing"
        rows.append([what, f"{n:,}", share(n, a.n_rows)])
    rest = len(found.counts) - len(rows)
    text = f"The most frequent of {len(found.counts):,} patterns." if rest > 0 else ""
    return Table("What is missing together", ["missing", "rows", "share"], rows, text)


def _how(a: ImputationAnalysis) -> dict[str, str]:
    """How it was computed."""
    several = a.model.n_components > 1
    model = f"Mixture of {a.model.n_components} Gaussians" if several else "Multivariate normal distribution"
    prior = "maximum likelihood" if a.model.prior_ is None else f"a prior ({a.model.prior_})"
    intervals = (
        f"{percent(a.level)}, each cell given the observed cells of its row; the uncertainty of the "
        f"parameters is in them, by {count(a.n_tables, 'refit')} on rows drawn with replacement"
    )
    return fits.how(
        a,
        f"{model}, fitted by expectation maximisation to all observed cells, by {prior}",
        {"Intervals": intervals},
        **({} if a.starts is None else {"Other starts": starts_in_words(a)}),
    )


def starts_in_words(a: ImputationAnalysis) -> str:
    """Where fits from starts far apart ended."""
    assert a.starts is not None
    ended = "at one maximum" if a.starts.level else "at more than one maximum"
    parameters = ", with different parameters" if a.starts.level and not a.starts.agree else ""
    return f"{len(a.starts.log_likelihoods)}, scattered far apart, ended {ended}{parameters}"


def _summary(a: ImputationAnalysis) -> dict[str, object]:
    imputer = a.model
    found: dict[str, object] = {
        **fits.about(a),
        **numbers(a),
        "n_components": imputer.n_components,
        "prior": imputer.prior_,
        "filled_outside_the_observed_range": a.outside.sum(axis=0).tolist(),
        "share_drawn_below_and_above_the_observed_range": a.drawn_outside.T.tolist(),
        "explained": a.explained.tolist(),
        "patterns": [
            {"missing": [name for name, seen in zip(a.names, row, strict=True) if not seen], "rows": n}
            for row, n in zip(a.patterns.observed, a.patterns.counts, strict=True)
        ],
        "little_mcar_test": None,
        "overimputation": None,
        "mean": imputer.mean_.tolist(),
        "covariance": imputer.covariance_.tolist(),
        **fits.ended(imputer),
        "starts_agree": None if a.starts is None else a.starts.agree,
        "diagnostics": [{"kind": one.kind, "columns": _columns_of(a, one)} for one in imputer.diagnostics_],
    }
    if a.test is not None:
        test = {"statistic": a.test.statistic, "df": a.test.df, "p_value": a.test.p_value}
        found["little_mcar_test"] = test
    check = a.overimputation
    if check is not None:
        hidden = {"hidden_cells": len(check.true), "level": check.level, "coverage": check.coverage}
        found["overimputation"] = hidden
    return found


def _columns_of(a: ImputationAnalysis, finding: Finding) -> list[list[str]]:
    return [[a.names[j] for j in np.atleast_1d(group)] for group in finding.which]
