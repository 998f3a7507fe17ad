"""The tables of the README and the docs, from results/*.json; ``python -m benchmarks.tables`` rewrites them.

A table stands between the lines ``<!-- table NAME -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.harness import RESULTS

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
MARKED = re.compile(r"(<!-- table (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def results(name: str) -> dict[str, Any]:
    """What one benchmark wrote."""
    content: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text())
    return content


def markdown(header: list[str], rows: list[list[str]], align: str = "---:") -> str:
    """A table in Markdown; `align` is how all columns but the first stand."""
    lines = [header, ["---", *[align] * (len(header) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def times(value: Any) -> str:
    """A ratio, to two digits."""
    return f"{value:.2g}x" if isinstance(value, float) and value < 99.5 else f"{value:.0f}x"


def overview() -> str:
    """One line for each kind of model."""

    def found(name: str, **wanted: Any) -> dict[str, Any]:
        rows = results(name)["rows"]
        return next(row for row in rows if wanted.items() <= row.items())

    mixture = found("mixture_iteration", n=1_000_000, d=8, K=16, type="full")
    imputed = found("imputation", n=100_000, d=20)
    chain = found("hmm", data="categorical", K=8)
    online = found("topics_online", K=20)
    gibbs = found("topics", method="latently, until tomotopy's")
    fits = median(row["ratio"] for row in results("mixture_fit")["rows"])
    lines = [
        ["an EM iteration of a Gaussian mixture, 1,000,000 rows", _beside(mixture, "scikit-learn", "oneDAL")],
        ["a whole fit of a hard mixture", f"{times(fits)} scikit-learn"],
        [
            "a table of 100,000 rows filled",
            f"{times(imputed['x scikit-learn'])} IterativeImputer, {times(imputed['x Amelia'])} Amelia II",
        ],
        ["an iteration of Baum-Welch, 1,000,000 symbols", _beside(chain, "hmmlearn", "dynamax")],
        ["a pass of online topics, 5000 documents", _beside(online, "scikit-learn", "gensim")],
        ["topics as good as those of 1000 Gibbs passes", f"{times(gibbs['ratio'])} tomotopy"],
    ]
    return markdown(["what", "times as fast as"], lines, align="---")


def _beside(row: dict[str, Any], *peers: str) -> str:
    return ", ".join(f"{times(row[f'x {peer}'])} {peer}" for peer in peers)


def mixture_iteration() -> str:
    """How many times faster an iteration is than scikit-learn's, by size and covariance type."""
    found = [row for row in results("mixture_iteration")["rows"] if row["means x"] == 1.0]
    kinds = ["full", "tied", "diag", "spherical"]
    sizes = list(dict.fromkeys((row["n"], row["d"], row["K"]) for row in found))
    rows = []
    for size in sizes:
        mine = {row["type"]: row for row in found if (row["n"], row["d"], row["K"]) == size}
        rows.append(
            [f"{size[0]:,}, {size[1]}, {size[2]}", *(times(mine[k]["x scikit-learn"]) for k in kinds)]
        )
    return markdown(["rows, features, components", *kinds], rows)


def onedal() -> str:
    """How many times faster an iteration is than oneDAL's."""
    found = [row for row in results("mixture_iteration")["rows"] if row["means x"] == 1.0]
    sizes = list(dict.fromkeys((row["n"], row["d"], row["K"]) for row in found))
    rows = []
    for size in sizes:
        mine = {row["type"]: row["x oneDAL"] for row in found if (row["n"], row["d"], row["K"]) == size}
        if mine["full"] != "-":
            label = f"{size[0]:,}, {size[1]}, {size[2]}"
            rows.append([label, times(mine["full"]), times(mine["diag"])])
    return markdown(["rows, features, components", "full", "diag"], rows)


def overlapping() -> str:
    """The same where clusters overlap and most pairs count."""
    rows = [row for row in results("mixture_iteration")["rows"] if row["means x"] != 1.0]
    header = ["rows, features, components", "type", "means times", "scikit-learn", "oneDAL"]
    return markdown(
        header,
        [
            [
                f"{row['n']:,}, {row['d']}, {row['K']}",
                row["type"],
                f"{row['means x']:g}",
                times(row["x scikit-learn"]),
                times(row["x oneDAL"]) if row["x oneDAL"] != "-" else "-",
            ]
            for row in rows
        ],
    )


def mixture_fit() -> str:
    """A default fit against scikit-learn's ten starts."""
    rows = results("mixture_fit")["rows"]
    return markdown(
        ["seed", "latently, s", "scikit-learn, s", "ratio", "log-likelihood per row, ours less theirs"],
        [
            [
                str(row["seed"]),
                f"{row['latently s']:.2f}",
                f"{row['scikit-learn s']:.1f}",
                times(row["ratio"]),
                f"{row['gain per row']:+.5f}",
            ]
            for row in rows
        ],
    )


def footprint() -> str:
    """Memory and seconds to the first answer."""
    return markdown(
        ["what", "value"], [[r["what"], f"{r['value']:.3g}"] for r in results("footprint")["rows"]]
    )


def imputation() -> str:
    """Imputation against scikit-learn's IterativeImputer."""
    rows = results("imputation")["rows"]
    header = [
        "rows, columns",
        "condition",
        "latently, s",
        "scikit-learn, s",
        "ratio",
        "error over theirs",
        "ratio to 0.88 of their error",
    ]
    return markdown(
        header,
        [
            [
                f"{row['n']:,}, {row['d']}",
                f"{row['condition']:.2g}",
                f"{row['latently s']:.2f}",
                f"{row['scikit-learn s']:.1f}",
                times(row["x scikit-learn"]),
                f"{row['RMSE ratio']:.3f}",
                times(row["x to first good"]),
            ]
            for row in rows
        ],
    )


def imputation_mixture() -> str:
    """An iteration of a mixture with missing cells over one without."""
    rows = results("imputation_mixture")["rows"]
    return markdown(["covariances", "time with 5% missing"], [[r["type"], times(r["ratio"])] for r in rows])


def mixed_imputation() -> str:
    """Imputation of mixed tables against miceforest."""
    rows = results("mixed_imputation")["rows"]
    names = ["who", "seconds", "rmse", "accuracy"]
    header = ["20,000 rows, 12 columns", "seconds", "error of numbers", "categories right"]
    cells = [[row[names[0]], *(f"{row[name]:.3g}" for name in names[1:])] for row in rows]
    return markdown(header, cells)


def squarem() -> str:
    """E-steps of plain EM and of SQUAREM."""
    row = results("squarem")["rows"][0]
    return markdown(
        ["plain EM", "SQUAREM", "ratio"], [[str(row["plain EM"]), str(row["SQUAREM"]), times(row["ratio"])]]
    )


def half_missing() -> str:
    """E-steps of plain EM and of SQUAREM on a table of which half is missing."""
    row = results("imputation_squarem")["rows"][0]
    return markdown(
        ["plain EM", "SQUAREM", "ratio"], [[str(row["plain EM"]), str(row["SQUAREM"]), times(row["ratio"])]]
    )


def hmm() -> str:
    """An iteration of Baum-Welch, and Viterbi, against hmmlearn and dynamax."""
    rows = results("hmm")["rows"]
    names = list(dict.fromkeys(row["data"] for row in rows))
    states = sorted({row["K"] for row in rows})
    lines = []
    for name in names:
        mine = {row["K"]: row["x hmmlearn"] for row in rows if row["data"] == name}
        lines.append([f"{name}, over hmmlearn", *(times(mine[K]) for K in states)])
    beside = {row["K"]: row["x dynamax"] for row in rows if row["x dynamax"] != "-"}
    lines.insert(1, ["the same, over dynamax", *(times(beside[K]) if K in beside else "-" for K in states)])
    return markdown(["data", *(f"K = {K}" for K in states)], lines)


def topics() -> str:
    """Time to a rival's quality on the Associated Press corpus, and quality in the end."""
    rows = results("topics")["rows"]
    return markdown(
        ["method", "seconds", "perplexity"],
        [[row["method"], f"{row['seconds']:.1f}", f"{row['perplexity']:.0f}"] for row in rows],
    )


def topics_speed() -> str:
    """Iterations, passes and transforms of topic models against scikit-learn and gensim."""
    online = results("topics_online")["rows"]
    lines = [
        ["an iteration of variational Bayes, over scikit-learn", *_ratios("topics_vb")],
        ["a pass online, over scikit-learn", *(times(row["x scikit-learn"]) for row in online)],
        ["a pass online, over gensim", *(times(row["x gensim"]) for row in online)],
        ["topics of 10,000 new documents, over scikit-learn", *_ratios("topics_transform")],
    ]
    return markdown(["what", *(f"K = {row['K']}" for row in online)], lines)


def _ratios(name: str) -> list[str]:
    return [times(row["x scikit-learn"]) for row in results(name)["rows"]]


def topics_online() -> str:
    """Held-out perplexity after one pass."""
    names = ("latently", "latently vb", "scikit-learn", "gensim")
    labels = ("online", "online_vb", "scikit-learn", "gensim")
    return markdown(
        ["topics", *labels],
        [
            [str(row["K"]), *(f"{row[f'{name} perplexity']:.0f}" for name in names)]
            for row in results("topics_online")["rows"]
        ],
    )


def topics_priors() -> str:
    """Held-out perplexity with learned and with fixed priors."""
    return markdown(
        ["corpus", "inference", "learned", "fixed"],
        [
            [row["corpus"], row["inference"], f"{row['auto']:.0f}", f"{row['fixed']:.0f}"]
            for row in results("topics_priors")["rows"]
        ],
    )


def shown(value: float) -> str:
    """A count, or a measurement to three digits."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}"


def as_measured(name: str) -> Callable[[], str]:
    """All that a benchmark wrote."""

    def found() -> str:
        rows = results(name)["rows"]
        return markdown(list(rows[0]), [[shown(value) for value in row.values()] for row in rows])

    return found


def machine() -> str:
    """What all was measured on."""
    found = results("mixture_iteration")["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items() if number)
    width = f", {found['vector bits']}-bit vectors" if "vector bits" in found else ""
    return f"{found['processor']}{width}, {found['cores']} cores, Python {found['python']}; {versions}.\n"


TABLES: dict[str, Callable[[], str]] = {name: as_measured(name) for name in ("out_of_core", "cluster")} | {
    table.__name__: table
    for table in (
        mixture_iteration,
        onedal,
        overview,
        overlapping,
        mixture_fit,
        footprint,
        squarem,
        machine,
        imputation,
        imputation_mixture,
        mixed_imputation,
        half_missing,
        hmm,
        topics,
        topics_speed,
        topics_online,
        topics_priors,
    )
}


def filled(text: str) -> str:
    """The page with every table as the results have it."""
    return MARKED.sub(lambda match: f"{match[1]}{TABLES[match[2]]()}{match[3]}", text)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(filled(page.read_text()))
