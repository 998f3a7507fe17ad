"""What there is to say of a mixture: findings, cautions, tables and pictures."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from latently import plots
from latently.core.findings import Finding, caution, note
from latently.report import fits
from latently.report.figure import Figure
from latently.report.html import bullets
from latently.report.maxima import maxima_table
from latently.report.mixture.analysis import MixtureAnalysis
from latently.report.mixture.classes import with_classes
from latently.report.mixture.names import set_apart
from latently.report.mixture.replay import mixture_replay
from latently.report.mixture.ridge import without_dip
from latently.report.report import Report
from latently.report.same import same_in_python
from latently.report.sureness import certainty, intervals
from latently.report.table import Table
from latently.wording import count, listed, number, part, sentence, share

ASKED = """\
model.bic()
model.predict(X)               # the cluster of each row
model.predict_proba(X)         # how likely each row is in each
model.confidence_intervals(X)  # how sure the parameters are
latently.report(model, X, "report.html")
"""
NEXT = (
    "Look at the rows that are less than 90% sure before anything is decided by their cluster.",
    "Try the clusters on new rows, or on half of the old ones: what is real comes back.",
    "If a caution says that a cluster is not one of its own, ask for fewer, and compare.",
)
MOST_LISTED = 8
FEWEST_ROWS, ROWS_PER_COLUMN = 10, 4
MOST_CORRELATED, MOST_LEVELS = 8, 30
MOST_EMISSIONS = 3


def mixture_report(a: MixtureAnalysis) -> Report:
    """All that is said of a mixture."""
    several, source = a.n_components > 1, a.model._source(a.X)
    tables = {
        "clusters": clusters(a),
        "truth": truth(a),
        "bic": fits.bic_table(a.selection, "component"),
        "correlations": correlations(a),
        "certainty": certainty(a.probability, a.labels, a.n_components, "cluster") if several else None,
        "intervals": intervals(a.model, source, a.names, "cluster"),
        "maxima": maxima_table(a.model, source, "cluster"),
    }
    kind = getattr(a.model, "covariance_type", "")
    model = f"Gaussian mixture, {kind} covariances" if kind else f"Mixture of {a.family.distributions}"
    report = Report(
        "mixture",
        f"{count(a.n_components, 'cluster')} in the {count(a.n_rows, 'row')} of {a.source}",
        list(_findings(a)),
        list(_cautions(a)),
        _facts(a),
        {name: table for name, table in tables.items() if table is not None},
        list(_figures(a)),
        fits.how(a, f"{model}, fitted by expectation maximisation", Restarts=str(a.model.restarts_)),
        _summary(a),
        [bullets(NEXT)],
        same_in_python(a.model, a.reading, ASKED),
        _sure(a) if several else [],
        lead=_lead(a),
        replay=lambda: mixture_replay(a),
    )
    return with_classes(a.model, a, report)


def _sure(a: MixtureAnalysis) -> list[str]:
    return [sentence(str(fits.sureness(a.n_unsure, a.n_rows, "cluster"))), fits.agreement(a.model)]


def _lead(a: MixtureAnalysis) -> str:
    """The page in three sentences."""
    if a.n_components == 1:
        return (
            f"No clusters were found in the {count(a.n_rows, 'row')}: one distribution describes them all. "
            f"It is based on {count(len(a.names), 'column')}. The numbers below say where it lies and how "
            "certain that is."
        )
    largest = int(np.argmax(a.sizes))
    surely = share(a.n_rows - a.n_unsure, a.n_rows)
    return (
        f"The {count(a.n_rows, 'row')} fall into {count(a.n_components, 'cluster')}, found without any "
        f"labels. The largest, cluster {largest}, holds {share(a.sizes[largest], a.n_rows)} of them: "
        f"{set_apart(a, largest)}. Of all rows {surely} are at least 90% sure to be in the cluster they are "
        "counted in."
    )


def _facts(a: MixtureAnalysis) -> list[tuple[str, str]]:
    facts = [
        ("clusters", f"{a.n_components}"),
        ("rows", f"{a.n_rows:,}"),
        ("columns used", f"{len(a.names)}"),
        ("BIC", number(a.model.bic(), 1)),
        ("rows less than 90% sure", share(a.n_unsure, a.n_rows)),
    ]
    if a.agreement is not None:
        facts.append(("adjusted Rand index", number(a.agreement.adjusted_rand, 3)))
    return facts


def _findings(a: MixtureAnalysis) -> Iterator[Finding]:
    """The most important first."""
    yield _kind(a)
    if a.n_components > 1:
        yield from (_cluster(a, k) for k in range(a.n_components))
        yield fits.sureness(a.n_unsure, a.n_rows, "cluster")
    if a.n_missing:
        yield _missing(a)
    yield from fits.choice(a.model, a.selection, "component")
    if a.agreement is not None and a.truth is not None:
        yield _agreement(a)


def _kind(a: MixtureAnalysis) -> Finding:
    """By which columns, and of which shape."""
    columns = count(len(a.names), "column")
    columns += f": {listed(a.names)}" if len(a.names) <= MOST_LISTED else ""
    if a.n_components == 1:
        return note("model", f"One {a.family.called} distribution describes all rows, based on {columns}")
    family = a.family.called[:1].upper() + a.family.called[1:]
    shape = a.family.shape("cluster") if len(a.names) > 1 else ""
    text = f"Based on {columns}. {family} in each cluster{f', with {shape}' if shape else ''}"
    kind = getattr(a.model, "covariance_type", "")
    return note("model", f"{text} ({kind} covariances)" if kind else text)


def _cluster(a: MixtureAnalysis, k: int) -> Finding:
    """The size of a cluster, and the columns in which it stands out."""
    text = f"Cluster {k} holds {part(a.sizes[k], 'row', a.n_rows)}: {set_apart(a, k)}"
    return note("component", text, "component", [k], rows=a.sizes[k])


def _missing(a: MixtureAnalysis) -> Finding:
    """How much was not there, and what became of it."""
    rows = part(a.n_incomplete_rows, "row", a.n_rows)
    be, them = ("is", "it") if a.n_missing == 1 else ("are", "some")
    one = a.n_incomplete_rows == 1
    lack, go, have = ("lacks", "counts", "it has") if one else ("lack", "count", "they have")
    text = (
        f"{count(a.n_missing, 'cell')} of {a.missing.size:,} {be} missing: {rows} {lack} {them} and {go} "
        f"with the cells {have}. Nothing was filled in"
    )
    return note("missing", text, "row", cells=a.n_missing, rows=a.n_incomplete_rows)


def _agreement(a: MixtureAnalysis) -> Finding:
    assert a.agreement is not None
    assert a.truth is not None
    index = a.agreement.adjusted_rand
    said = f"Against the truth in {a.truth.name}: adjusted Rand index {number(index, 3)}"
    said += " (1 is the same partition, 0 what chance gives)"
    if a.silhouette is not None:
        said += f"; silhouette {number(a.silhouette, 3)}"
    if a.agreement.n_unlabelled:
        said += f"; {count(a.agreement.n_unlabelled, 'row')} without a label did not count"
    return note("agreement", said, adjusted_rand=index)


def _cautions(a: MixtureAnalysis) -> Iterator[Finding]:
    """The gravest first."""
    yield from (caution("input", text) for text in a.notes)
    fewer = " or a covariance type with fewer parameters" if hasattr(a.model, "covariance_type") else ""
    remedy = f"fewer components{fewer}"
    yield from fits.trust(a, "component", remedy)
    yield from _small(a)
    yield from _no_dip(a)
    text = "the clusters overlap, and the labels of these rows are close to guesses"
    yield from fits.overlap(a.n_unsure, a.n_rows, text)
    if a.n_empty_rows:
        one = a.n_empty_rows == 1
        lack, they_go, add = ("lacks", "it goes", "adds") if one else ("lack", "they go", "add")
        text = (
            f"{count(a.n_empty_rows, 'row')} {lack} all of the columns used: for want of anything else, "
            f"{they_go} to the largest cluster, and {add} nothing to the fit"
        )
        yield caution("empty rows", text, "row", rows=a.n_empty_rows)
    yield from fits.search(a, "component")


def _small(a: MixtureAnalysis) -> Iterator[Finding]:
    """Clusters of few rows, or of few for a covariance matrix of their own."""
    rows = np.round(a.model.weights_ * a.n_rows).astype(int)
    matrix = a.family.correlated and not a.family.shared
    fewest = max(FEWEST_ROWS, ROWS_PER_COLUMN * len(a.names)) if matrix else FEWEST_ROWS
    small = np.flatnonzero(rows < fewest)
    if len(small):
        who = f"cluster {small[0]} rests" if len(small) == 1 else f"clusters {listed(map(str, small))} rest"
        *others, last = rows[small]
        sizes = listed([*(f"{n:,}" for n in others), count(last, "row")])
        what = "means and covariances" if matrix else "means and spreads"
        text = f"{who} on about {sizes}: too few for {what} to be more than rough guesses"
        yield caution("few rows", text, "component", small, least=rows[small].min(), needed=fewest)


def _no_dip(a: MixtureAnalysis) -> Iterator[Finding]:
    pairs = without_dip(a.model)
    if pairs:
        between = listed(f"{i} and {j}" for i, j in pairs[:3])
        more = f" (and {count(len(pairs) - 3, 'more pair')})" if len(pairs) > 3 else ""
        text = (
            f"between clusters {between}{more} the density has no dip to speak of: they may be parts of one "
            "cluster that is not Gaussian. BIC looks for the best density, not for the number of kinds"
        )
        yield caution("no dip", text, "component", pairs)


def clusters(a: MixtureAnalysis) -> Table:
    """Sizes, weights, and what components look like, in the units of the data."""
    rows = [
        ["rows", *(f"{size:,}" for size in a.sizes)],
        ["weight", *(share(weight) for weight in a.model.weights_)],
        *a.components.lines,
    ]
    said = "The weight is the share of the mixture; rows are counted by their likeliest cluster."
    return Table("Clusters", ["", *_heads(a)], rows, f"{a.components.note} {said}")


def _heads(a: MixtureAnalysis) -> list[str]:
    return [f"cluster {k}" for k in range(a.n_components)]


def correlations(a: MixtureAnalysis) -> Table | None:
    """Correlations of pairs of columns within each cluster; None where there are none, or too many."""
    if a.correlations is None or not 1 < len(a.names) <= MOST_CORRELATED:
        return None
    heads = ["every cluster"] if a.family.shared else _heads(a)
    rows = [
        [f"{a.names[i]} and {a.names[j]}", *(number(a.correlations[k, i, j], 2) for k in range(len(heads)))]
        for i, j in combinations(range(len(a.names)), 2)
    ]
    said = "Within the cluster: what is left when the means are taken out."
    return Table("Correlations", ["", *heads], rows, said, spoken=False)


def truth(a: MixtureAnalysis) -> Table | None:
    """How many rows of each true label are in each cluster; None without a truth, or with too many labels."""
    if a.agreement is None or a.truth is None or len(a.agreement.levels) > MOST_LEVELS:
        return None
    counts = np.pad(a.agreement.counts, ((0, 0), (0, a.n_components - a.agreement.counts.shape[1])))
    labelled = zip(a.agreement.levels, counts, strict=True)
    rows = [[level, *(f"{n:,}" for n in line)] for level, line in labelled]
    return Table(f"{a.truth.name} against clusters", [a.truth.name, *_heads(a)], rows)


def _figures(a: MixtureAnalysis) -> Iterator[Figure]:
    """Those that show something."""
    if hasattr(a.model, "marginal"):
        shown = sorted(a.discriminative[:2])
        yield Figure("data", lambda ax: plots.data(a.model, a.X, features=shown, ax=ax), _of_the_data(a))
        if a.n_components > 1:
            said = "Rows between the clusters could belong to either; treat their labels with care."
            yield Figure(
                "uncertainty", lambda ax: plots.uncertainty(a.model, a.X, features=shown, ax=ax), said
            )
    else:
        shown = a.discriminative[:MOST_EMISSIONS]
        yield fits.emissions_figure(a, shown, "component", "responsibilities")
    yield from fits.bic_figure(a.selection)
    yield from fits.climb(a.model)


def _of_the_data(a: MixtureAnalysis) -> str:
    if len(a.names) == 1:
        return "The bars are the rows; the curves are the components, and the mixture they add up to."
    dots = "Each dot is a row, in the colour of its likeliest cluster."
    return dots + " Shown are the two columns that tell the clusters apart best." * (len(a.names) > 2)


def _summary(a: MixtureAnalysis) -> dict[str, object]:
    found: dict[str, object] = {
        **fits.about(a),
        "n_components": a.n_components,
        "covariance_type": getattr(a.model, "covariance_type", None),
        "sizes": a.sizes,
        "weights": a.model.weights_.tolist(),
        **fits.of_parameters(a.model),
        "rows_less_than_90_percent_sure": a.n_unsure,
        **fits.measured(a.model),
        "icl": a.model.icl(a.X),
    }
    if a.selection is not None:
        found["fits"] = a.selection.table_
    if a.agreement is not None and a.truth is not None:
        found["truth"] = {
            "column": a.truth.name,
            "adjusted_rand_index": a.agreement.adjusted_rand,
            "silhouette": a.silhouette,
            "labels": a.agreement.levels,
            "counts": a.agreement.counts.tolist(),
            "rows_without_label": a.agreement.n_unlabelled,
        }
    return found
