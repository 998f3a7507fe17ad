"""The command in tests: how it is run, how its answers are read, and a table for each of its jobs."""

import csv
import json
import shlex
from dataclasses import dataclass
from io import StringIO

import numpy as np

import latently
from latently import datasets

COMPILING = "latently: compiling its kernels, this once (a few seconds)\n"

# A table with which nothing is wrong, and the quickest that can be asked of it.
GOOD = "a,b\n" + "".join(f"{i * i % 17},{i % 5}\n" for i in range(20))
ONE_FIT = ("-k", "1", "--covariance", "full")


def written(rows, separator=","):
    text = StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\n").writerows(rows)
    return text.getvalue()


def rows_of(path, separator=","):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file, delimiter=separator))


def said_in(text):
    """Words of the terminal, wherever its lines end."""
    return " ".join(text.split())


def summary_of(folder):
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))


def model_of(folder):
    return latently.load(folder / "model.latently")


def assert_one_clear_line(code, out, err, words):
    assert (code, out) == (2, "")
    err = err.replace(COMPILING, "")
    assert words in err
    assert err.startswith("latently: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err


# -- plants: an identifier, text, booleans, a name that the result would take, and the truth --------------

_rng = np.random.default_rng(0)
KIND = _rng.permutation(np.repeat([0, 1], [40, 20]))
HEIGHT = 10.0 * KIND + _rng.normal(size=60)
WIDTH = 5.0 * KIND + _rng.normal(size=60)
KINDS = np.where(KIND == 0, "low", "high")
PLANTS = [
    ["id", "height", "name", "width, cm", "ripe", "cluster", "kind"],
    *(
        [str(i + 1), f"{h:.4f}", f"no. {i}", f"{w:.4f}", ["true", "false"][i % 2], "a", kind]
        for i, (h, w, kind) in enumerate(zip(HEIGHT, WIDTH, KINDS, strict=True))
    ),
]
# The same with holes as files have them, and cells of other columns with holes.
HOLED_PLANTS = [list(row) for row in PLANTS]
for _row, _mark in ((3, ""), (8, "NA"), (20, " nan "), (33, "?")):
    HOLED_PLANTS[_row][1] = _mark
for _row in (5, 8, 40):
    HOLED_PLANTS[_row][3] = "n/a"
HOLED_PLANTS[2][2] = ""

# -- texts: three subjects, words that all have, one of a single text, and a text of stop words only ------

SUBJECTS = {
    "sea": ["ship", "sail", "wave", "storm", "harbour", "anchor", "captain", "deck", "tide", "island"],
    "farm": ["field", "plough", "harvest", "barn", "cattle", "wheat", "fence", "tractor", "seed", "orchard"],
    "court": ["judge", "jury", "verdict", "trial", "lawyer", "witness", "appeal", "crime", "guilt", "arrest"],
}
_rng = np.random.default_rng(0)
LABELS = [list(SUBJECTS)[i % 3] for i in range(60)]
TEXTS = [
    " ".join([*_rng.choice(SUBJECTS[label], 25), *_rng.choice(["people", "said", "year"], 4), "The", "and"])
    for label in LABELS
]
TEXTS[5] += " Unique"
LABELS.append("")
TEXTS.append("the and of")
DOCUMENTS = [["id", "text", "subject"], *([f"t{i}", TEXTS[i], LABELS[i]] for i in range(61))]

# -- jobs --------------------------------------------------------------------------------------------------

QUAKES = datasets.load_earthquakes()
EVERY = {"model.latently", "summary.json", "index.html"}


def pictures(*names):
    return {f"{name}.png" for name in names}


@dataclass(frozen=True)
class Job:
    """A run of a job that is looked at by many tests."""

    file: str
    rows: list
    arguments: tuple[str, ...]
    writes: set[str]  # beside the curve of convergence, which is not always drawn
    headline: str
    says: tuple[str, ...]
    options: tuple[str, ...]
    as_typed: str  # the whole command, as the summary has it

    @property
    def results(self):
        return "latently-" + self.arguments[0] + "-" + self.file.removesuffix(".csv")

    @property
    def content(self):
        return written(self.rows)

    @property
    def run(self):
        """What the fixture `results` takes."""
        return self.file, self.content, *shlex.split(self.as_typed)[1:]


JOBS = {
    "cluster": Job(
        "plants.csv",
        PLANTS,
        (
            *("cluster", "plants.csv", "-k", "1:2", "--covariance", "full", "--truth", "kind"),
            *("--columns", 'id,height,"width, cm"'),
        ),
        EVERY | {"result.csv"} | pictures("data", "uncertainty", "bic"),
        "2 clusters in the 60 rows of plants.csv",
        (
            "silhouette",
            "[",  # the best BIC
            "Why it stopped converged",
            "at the same maximum as the best",
            "name (not asked for), ripe (not asked for), cluster (not asked for), kind (the truth)",
            "the columns cluster_2 and probability",
        ),
        ("--components", "--covariance", "--columns", "--truth", "--out", "--seed", "--force"),
        "latently cluster plants.csv -k 1:2 --covariance full --columns 'id,height,\"width, cm\"' "
        "--truth kind --search sequential --seed 0",
    ),
    "impute": Job(
        "plants.csv",
        HOLED_PLANTS,
        ("impute", "plants.csv", "-m", "3", "--columns", 'height,"width, cm"'),
        EVERY
        | {"completed.csv", "intervals.csv", *(f"draws/0{i}.csv" for i in (1, 2, 3))}
        | pictures("patterns", "scatters", "densities", "overimputation"),
        "7 missing cells of plants.csv filled in",
        (
            "id (not asked for), name (not asked for)",
            "Cells stay empty in columns that are not in the model: 1 of name",
            "Wrote latently-impute-plants/: open index.html",
        ),
        ("-m", "--columns", "--components", "--prior", "--level", "--out", "--seed", "--force"),
        "latently impute plants.csv --columns 'height,\"width, cm\"' -m 3 --components 1 --prior auto "
        "--level 0.95 --seed 0",
    ),
    "segment": Job(
        "quakes.csv",
        [["year", "count"], *zip(QUAKES.year, QUAKES.data[:, 0], strict=True)],
        ("segment", "quakes.csv", "-k", "1:3"),
        EVERY
        | {"result.csv", "segments.csv"}
        | pictures("states", "transitions", "emissions", "residuals", "bic"),
        "3 states in the 107 rows of quakes.csv",
        (
            "mean duration in steps 22 9.9 5.1",
            "likeliest next state 1 (54%) 2 (51%) 1 (>99%)",
            "BIC 788.5 703.3 [701.0]",
            "Column 'year' was taken for the time.",
            "Column 'count' was followed, the only one that can be.",
            "taken for counts (Poisson): it holds whole numbers from 0, and its BIC is 701.0, and 705.5 as "
            "counts (negative binomial) and 710.2 as numbers (normal).",
            "--emission gaussian or categorical has it otherwise.",
            "Columns left out year (the time)",
            "Wrote latently-segment-quakes/: open index.html",
            "probability_filtered_past_only",
        ),
        (
            "--column",
            "--time",
            "--sequence",
            "-k",
            "--emission",
            "--covariance",
            "--search",
            "--out",
            "--seed",
        ),
        "latently segment quakes.csv -k 1:3 --emission auto --covariance auto --start stationary "
        "--search sequential --seed 0",
    ),
    "topics": Job(
        "texts.csv",
        DOCUMENTS,
        ("topics", "texts.csv", "--text-column", "text", "-k", "3", "--truth", "subject"),
        EVERY
        | {"topics.csv", "documents.csv"}
        | pictures("topics", "topic_map", "topic_words", "document_topics"),
        "3 topics in the 61 documents of texts.csv",
        (
            "subject and likeliest topic",
            "Why it stopped converged",
            "Wrote latently-topics-texts/: open index.html for the pictures; documents.csv has the columns",
        ),
        (
            *("--text-column", "--files", "--encoding", "--missing", "--truth", "-k"),
            *("--inference", "--stop-words", "--min-df", "--seed-words"),
        ),
        "latently topics texts.csv -k 3 --truth subject --inference cvb0 --text-column text --seed 0",
    ),
}
