"""What all reports say alike of a fit by EM, and of the search that chose it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from latently import plots
from latently.core.findings import Finding, caution, grave, joined, note
from latently.core.parameters import named
from latently.estimators.likelihood import LikelihoodEstimator
from latently.plots.canvas import INVISIBLE
from latently.report.analysis import Analysis
from latently.report.figure import Figure
from latently.report.table import Table
from latently.selection.table import Selection
from latently.version import __version__
from latently.wording import EN_DASH, count, listed, number, part, share

VERY_STRONG = 10.0  # evidence, as a difference of BIC: Kass and Raftery (1995), section 3.2
SURE = 0.9
STANDS_OUT, MOST_NAMED = 0.5, 3  # standard deviations of all rows; columns of a cluster or state
MUCH_UNSURE = 0.2
AT_MOST = "\N{LESS-THAN OR EQUAL TO}"
ENDED = ("log_likelihood", "n_parameters", "converged", "stop_reason", "n_iter")


def in_words(params: Mapping[str, Any], label: str = "component") -> str:
    """The words for a choice.

    Examples
    --------
    >>> in_words({"n_components": 3, "covariance_type": "tied"}, "state")
    '3 states with tied covariances'
    """
    n = count(int(params["n_components"]), label)
    return f"{n} with {params['covariance_type']} covariances" if "covariance_type" in params else n


def choice(model: LikelihoodEstimator, selection: Selection | None, label: str) -> Iterator[Finding]:
    """How clearly BIC chose."""
    if selection is None or len(selection.table_) < 2:
        return
    fits = [row for row in selection.table_ if row["skipped"] is None]
    rivals = [row for row in fits if row is not selection.table_[selection.best_index_]]
    others = [row for row in rivals if not row["failure"] and not grave(row["diagnostics"])]
    best = in_words(selection.best_params_, label)
    text = f"BIC chose {best} ({number(model.bic(), 1)}) among {count(len(fits), 'fit')}"
    if not others:
        yield note("choice", text, fits=len(fits))
        return
    second = min(others, key=lambda row: row["bic"])
    gap = second["bic"] - model.bic()
    verdict = "a clear choice" if gap > VERY_STRONG else "not far enough to rule it out"
    at_most = "" if second["sample"] is None else "at most "
    text += f"; the next best, {in_words(second, label)}, lies {at_most}{number(gap, 1)} above: {verdict}"
    yield note("choice", text, fits=len(fits), gap=gap)


def outstanding(phrases: Sequence[tuple[float, str]]) -> str:
    """What stands out most; where nothing stands out far, what does so furthest."""
    order = sorted(phrases, key=lambda one: -one[0])
    far = [text for away, text in order if away >= STANDS_OUT][:MOST_NAMED]
    near = [text for away, text in order if away > 0][:2]
    if far or not near:
        return listed(far) if far else "as all rows are"
    return f"near the average; furthest from it: {listed(near)}"


def sureness(n_unsure: int, n_rows: int, label: str) -> Finding:
    """How many rows are less than 90% sure to be in their cluster or state."""
    if not n_unsure:
        text = f"every row is at least 90% sure to be in its {label}"
    else:
        be, their = ("is", "its") if n_unsure == 1 else ("are", "their")
        text = f"{part(n_unsure, 'row', n_rows)} {be} less than 90% sure to be in {their} {label}"
    return note("sureness", text, "row", unsure=n_unsure)


def trust(a: Analysis, label: str, remedy: str, hint: str = "") -> Iterator[Finding]:
    """Whether the maximum is to be trusted, and whether the search went far enough.

    The remedy is what to ask for where it is spurious, the hint what else it may mean that BIC asks for more.
    """
    model, selection = a.model, a.selection
    spurious = grave(model.diagnostics_)
    if spurious:
        text = f"this maximum of the likelihood is spurious: {joined(spurious)}. Ask for {remedy}"
        which = [k for found in spurious for k in found.which]
        yield Finding("spurious", text, label, tuple(dict.fromkeys(which)), severity="grave")
    yield from converged(model)
    if selection is not None and selection.edge_ is not None:
        yield _edge(a, selection, label, hint)
    passed_over = model.restarts_.passed_over
    if passed_over:
        was = "maximum was" if len(passed_over) == 1 else "maxima were"
        text = (
            f"{len(passed_over)} higher but spurious {was} passed over ({passed_over[0].diagnostics[0]}): "
            "such a maximum describes a few rows, not the data"
        )
        yield caution("passed over", text, n=len(passed_over))
    rows = [] if selection is None or spurious else selection.table_
    lower = [row for row in rows if grave(row["diagnostics"]) and row["bic"] < model.bic()]
    if lower:
        first = min(lower, key=lambda row: row["bic"])
        text = (
            f"the fit with {in_words(first, label)} has a lower BIC, {number(first['bic'], 1)}, and was not "
            f"chosen, because its maximum is spurious: {grave(first['diagnostics'])[0]}"
        )
        yield caution("lower but spurious", text, bic=first["bic"])


def converged(model: Any, what: str = "EM", moving: str = "numbers") -> Iterator[Finding]:
    """Whether the fit had come to its end."""
    if not model.converged_:
        text = f"{what} had not converged: it {model.stop_reason_}. The {moving} would still move"
        yield caution("not converged", text, n_iter=model.n_iter_)


def _edge(a: Analysis, selection: Selection, label: str, hint: str) -> Finding:
    """The best number of labels is the last of those tried, on either side."""
    tried, n = sorted({row["n_components"] for row in selection.table_}), a.n_components
    which, more, first, last = "smallest", "fewer", 1, tried[-1]
    if n == tried[-1]:
        which, more, first, last = "largest", "more", tried[0], 2 * tried[-1]
    these = f"-k {first}:{last}" if a.by_command else f"range({first}, {last + 1})"
    text = f"the best number of {label}s, {n}, is the {which} that was tried: try {more}, for example {these}"
    return caution("edge", text + (hint if more == "more" else ""), least=tried[0], most=tried[-1])


def agreement(model: LikelihoodEstimator) -> str:
    """How many starts came to the maximum that is shown, and what the others found."""
    restarts = model.restarts_
    n, agreeing = len(restarts.runs), restarts.n_agreeing
    if n == 1:
        return "There was one start: whether others would lead to a higher maximum is not known."
    said = f"{agreeing} of {n} starts came to the maximum shown here"
    if len(restarts.maxima) > 1:
        other = restarts.maxima[1]
        below = restarts.maxima[0].log_likelihood - other.log_likelihood
        said += f"; the next best they found is {number(below, 2)} lower in log-likelihood"
    elif agreeing == n:
        said += ", and none to another"
    return f"{said}. Runs that agree are no proof that there is no higher one."


def overlap(n_unsure: int, n_rows: int, text: str) -> Iterator[Finding]:
    """Many rows that could be elsewhere."""
    if n_unsure > MUCH_UNSURE * n_rows:
        many = f"{share(n_unsure, n_rows)} of the rows are less than 90% sure"
        yield caution("overlap", f"{many}: {text}", "row", unsure=n_unsure)


def search(a: Analysis, label: str) -> Iterator[Finding]:
    """Starts that found nothing, and fits that failed."""
    restarts, selection = a.model.restarts_, a.selection
    if restarts.n_agreeing == 1 and len(restarts.runs) > 1:
        text = (
            f"only one of {len(restarts.runs)} starts reached this maximum, so there may be a higher one: "
            f"try another {'--seed' if a.by_command else 'random_state'} and compare the log-likelihoods"
        )
        yield caution("single start", text, starts=len(restarts.runs))
    failures = [] if selection is None else [row for row in selection.table_ if row["failure"]]
    if failures:
        first = failures[0]
        text = (
            f"{count(len(failures), 'fit')} failed, the first ({in_words(first, label)}) because "
            f"{first['failure']}"
        )
        yield caution("failed", text, n=len(failures))


def bic_table(selection: Selection | None, label: str) -> Table | None:
    """BIC of all fits, by number of labels and kind of covariances; None without a search."""
    if selection is None:
        return None
    fits = selection.table_
    families = list(dict.fromkeys(str(row.get("covariance_type", "BIC")) for row in fits))
    tried = sorted({row["n_components"] for row in fits})
    cells = np.full((len(tried), len(families)), EN_DASH, dtype=object)
    best = (0, 0)
    for i, row in enumerate(fits):
        at = tried.index(row["n_components"]), families.index(str(row.get("covariance_type", "BIC")))
        star = "*" * bool(grave(row["diagnostics"]))
        below = "" if row["sample"] is None else f"{AT_MOST} "
        if row["failure"]:
            cells[at] = "failed"
        elif row["bic"] is not None:
            cells[at] = below + number(row["bic"], 1) + star
        best = at if i == selection.best_index_ else best
    down, across, first = [str(k) for k in tried], families, f"{label}s"
    if len(families) == 1:  # fits into a line
        cells, down, across, best = cells.T, families, down, best[::-1]
    text = "Lower is better; the best is marked."
    if any(grave(row["diagnostics"]) for row in fits):
        text += " A star marks a spurious maximum, which is not to be trusted."
    if any(row["skipped"] for row in fits):
        text += (
            f" {EN_DASH}: not tried, because the fits with fewer {label}s show that it cannot be the best."
        )
    samples = [row["sample"] for row in fits if row["sample"] is not None]
    if samples:
        drawn = f"{count(min(samples), 'row')} drawn from them"
        text += (
            f" {AT_MOST}: of all rows, with parameters fitted to {drawn}, enough to tell it from the best."
        )
    lines = [[name, *line] for name, line in zip(down, cells, strict=True)]
    return Table("BIC", [first, *across], lines, text, frozenset({(best[0], 1 + best[1])}), sure=True)


def bic_figure(selection: Selection | None) -> Iterator[Figure]:
    """The same as a picture."""
    if selection is not None and len({row["n_components"] for row in selection.table_}) > 1:
        said = "BIC weighs fit against the number of parameters. Lower is better."
        yield Figure("bic", lambda ax: plots.criterion(selection, ax=ax), said)


def emissions_figure(a: Analysis, features: Sequence[int], label: str, resp: str, **how: Any) -> Figure:
    """What is seen in each component or state, and what is thought to come from it."""
    text = (
        f"What is seen in each {label}, by the model and in the rows, which are shared out by their {resp}. "
        f"Where the two differ, the distribution does not fit the {label}."
    )

    def draw(axes: Any) -> None:
        plots.emissions(a.model, a.X, features=features, ax=np.atleast_1d(axes), **how)

    return Figure("emissions", draw, text, n_axes=len(features))


def climb(model: Any, said: str = "") -> Iterator[Figure]:
    """How the likelihood rose, where it did."""
    if np.ptp(model.log_likelihood_history_) > INVISIBLE:
        usual = "The best run, from where the short trial runs had left it. The likelihood cannot fall."
        yield Figure("convergence", lambda ax: plots.convergence(model, ax=ax), said or usual)


def how(a: Analysis, model: str, settings: Mapping[str, str] | None = None, **more: str) -> dict[str, str]:
    """How it was computed; underscores of names stand for blanks."""
    fitted = a.model
    of = f" with {count(fitted.n_parameters_, 'parameter')}" if hasattr(fitted, "n_parameters_") else ""
    found = {
        "Software": f"latently {__version__}",
        "Model": model,
        **(settings or {}),
        **a.settings,
        "Log-likelihood": f"{number(fitted.log_likelihood_, 6)}{of or ' of the observed cells'}",
        "Why it stopped": stopped(fitted),
        **{name.replace("_", " "): text for name, text in more.items()},
        "Columns used": ", ".join(a.names),
    }
    if a.left_out:
        found["Columns left out"] = ", ".join(f"{name} ({why})" for name, why in a.left_out.items())
    return found


def stopped(model: Any) -> str:
    """Why a fit stopped and when; details come last."""
    reason, _, detail = model.stop_reason_.partition(": ")
    said = f"{reason} after {count(model.n_iter_, 'step')}"
    return f"{said}: {detail.replace('per unit of weight', 'in log-likelihood per row')}" if detail else said


def about(a: Analysis) -> dict[str, Any]:
    """What the summaries of all fits to tables begin with."""
    return {
        "latently": __version__,
        "input": a.source,
        "n_rows": a.n_rows,
        "columns": list(a.names),
        "missing": a.missing.sum(axis=0).tolist(),
        "columns_left_out": dict(a.left_out),
        "settings": dict(a.settings),
    }


def ended(model: object) -> dict[str, Any]:
    """How a fit ended, in numbers."""
    return {name: getattr(model, f"{name}_") for name in ENDED if hasattr(model, f"{name}_")}


def measured(model: LikelihoodEstimator) -> dict[str, Any]:
    """Numbers that the summaries of all fits by maximum likelihood have."""
    restarts = str(model.restarts_)
    return {**ended(model), "bic": model.bic(), "aic": model.aic(), "restarts": restarts}


def of_parameters(model: LikelihoodEstimator) -> dict[str, Any]:
    """Parameters of the family, as the attributes of the estimator show them."""
    family, params = model._model.emission, model.params_.emission
    attributes = model._attributes()
    found = {}
    for name, own in named(params).items():
        if name not in family.spaces(params):
            continue
        value = getattr(model, attributes[name]) if name in attributes else own
        found[name] = np.asarray(value).tolist()
    spread = family.deviation(params)
    if spread is not None and family.learns_spread:
        found["standard_deviations"] = spread.tolist()
    return found
