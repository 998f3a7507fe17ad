"""The jobs of the command, their options, and how they end."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from latently.cli.failure import CommandError
from latently.cli.options import (
    Covariance,
    Encoding,
    Files,
    FirstState,
    Force,
    Inference,
    Missing,
    Out,
    Prior,
    Seed,
    StateCovariance,
    family_name,
)
from latently.version import __version__

# Neither typer nor the click inside it names this class in public.
UsageError: Any = typer.BadParameter.__base__

MOST_OF_WORD = 200

app = typer.Typer(
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"latently {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _latently(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Find what is hidden in a table: fit latent-variable models by expectation maximisation."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def cluster(
    table: Annotated[
        Path, typer.Argument(metavar="TABLE", help="A CSV or Parquet file; its first line names the columns.")
    ],
    components: Annotated[
        str, typer.Option("-k", "--components", help="How many clusters: 3, or from 1 to 9 as 1:9.")
    ] = "1:9",
    covariance: Annotated[
        Covariance,
        typer.Option(
            help="Shape of the clusters: full (each its own), tied (all the same), diag (no correlation), "
            "spherical (round), or all: BIC chooses."
        ),
    ] = Covariance.all,
    columns: Annotated[
        str | None,
        typer.Option(help="Columns to use, as a,b,c. Otherwise all that are numbers.", show_default=False),
    ] = None,
    truth: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="A column of true labels. It is kept out of the model, and compared with the clusters: "
            "adjusted Rand index and silhouette.",
            show_default=False,
        ),
    ] = None,
    missing: Missing = None,
    out: Out = None,
    seed: Seed = 0,
    force: Force = False,
) -> None:
    """Find clusters in a table of numbers with Gaussian mixtures; BIC chooses how many.

    Writes to ./latently-cluster-TABLE/ unless told otherwise: the page index.html, the table with a cluster
    and its probability for each row (result.csv), the model (model.latently), summary.json and pictures.

    Example: latently cluster faithful.csv -k 1:5
    """
    from latently.cli import cluster as job

    job.run(
        job.Request(
            table,
            components,
            covariance.value,
            columns,
            truth,
            tuple(missing or ()),
            out or Path(f"latently-cluster-{table.stem}"),
            seed,
            force,
        )
    )


@app.command()
def impute(
    table: Annotated[
        Path,
        typer.Argument(metavar="TABLE", help="A CSV or Parquet file; empty cells and NA are missing."),
    ],
    columns: Annotated[
        str | None,
        typer.Option(
            help="Columns to fill in and to learn from, as a,b,c. Otherwise all that are numbers.",
            show_default=False,
        ),
    ] = None,
    n_tables: Annotated[
        int, typer.Option("-m", "--tables", help="How many complete tables to draw, for standard errors.")
    ] = 20,
    components: Annotated[
        int,
        typer.Option(
            "-k", "--components", help="How many Gaussians: 1 for lines, more for clusters or bends."
        ),
    ] = 1,
    prior: Annotated[
        Prior | None,
        typer.Option(help="For collinear columns, or few rows: ridge is the usual one.", show_default=False),
    ] = None,
    least: Annotated[
        str | None,
        typer.Option(
            "--min", help="Least value of filled cells: 0, or for some columns a=0,b=1.5.", show_default=False
        ),
    ] = None,
    greatest: Annotated[
        str | None, typer.Option("--max", help="Greatest value of filled cells.", show_default=False)
    ] = None,
    level: Annotated[float, typer.Option(help="Probability of the intervals.")] = 0.95,
    missing: Missing = None,
    out: Out = None,
    seed: Seed = 0,
    force: Force = False,
) -> None:
    """Fill in the missing numbers of a table, and say how far off they may be.

    Writes to ./latently-impute-TABLE/ unless told otherwise: the page index.html, the table with the best
    guess of each missing cell (completed.csv), their intervals (intervals.csv), complete tables for standard
    errors (draws/01.csv and so on), the model (model.latently), summary.json and pictures.

    Example: latently impute airquality.csv -m 20
    """
    from latently.cli import impute as job

    job.run(
        job.Request(
            table,
            columns,
            n_tables,
            components,
            None if prior is None else prior.value,
            least,
            greatest,
            level,
            tuple(missing or ()),
            out or Path(f"latently-impute-{table.stem}"),
            seed,
            force,
        )
    )


@app.command()
def segment(
    table: Annotated[
        Path,
        typer.Argument(
            metavar="SERIES",
            help="A CSV or Parquet file, a row for each time; empty cells and NA are missing.",
        ),
    ],
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            "--columns",
            help="Column to follow; several as a,b or by repeating it. Not needed if only one can be.",
            show_default=False,
        ),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Column of times, which must rise: numbers or dates. It is the axis of the pictures.",
            show_default=False,
        ),
    ] = None,
    sequence: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Column that tells sequences apart: rows that stand together with the same cell are one.",
            show_default=False,
        ),
    ] = None,
    components: Annotated[
        str,
        typer.Option("-k", "--components", help="How many states: 3, or from 1 to 5 as 1:5."),
    ] = "1:5",
    emission: Annotated[
        str,
        typer.Option(
            metavar="FAMILY",
            parser=family_name,
            help="What is seen in a state: gaussian (numbers), poisson (counts), categorical (symbols), or "
            "another family by its name; auto guesses, and says why.",
        ),
    ] = "auto",
    covariance: Annotated[
        StateCovariance,
        typer.Option(
            "--covariance",
            "--covariance-type",
            help="For several columns of numbers: full, tied, diag, spherical, or all of them; auto tries "
            "diag and full.",
        ),
    ] = StateCovariance.auto,
    start: Annotated[
        FirstState,
        typer.Option(
            help="What the first state follows: stationary (the series is cut out of something longer), free "
            "(sequences have a beginning of their own) or uniform."
        ),
    ] = FirstState.stationary,
    missing: Missing = None,
    out: Out = None,
    seed: Seed = 0,
    force: Force = False,
) -> None:
    """Find the hidden states of a series with hidden Markov models; BIC chooses how many.

    Writes to ./latently-segment-SERIES/ unless told otherwise: the page index.html, the table with a state
    and its probabilities for each row (result.csv), the model (model.latently), summary.json and pictures.

    Example: latently segment earthquakes.csv --column count --time year
    """
    from latently.cli import segment as job

    job.run(
        job.Request(
            table,
            tuple(columns or ()),
            time,
            sequence,
            components,
            emission,
            covariance.value,
            start.value,
            tuple(missing or ()),
            out or Path(f"latently-segment-{table.stem}"),
            seed,
            force,
        )
    )


@app.command()
def topics(
    texts: Annotated[
        Path,
        typer.Argument(
            metavar="TEXTS",
            help="A CSV, Parquet or JSON lines file, a text a line (.txt), a folder of texts, or counts.",
        ),
    ],
    text_column: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Column of the texts. Not needed if there is one column, or one called text.",
            show_default=False,
        ),
    ] = None,
    components: Annotated[
        str,
        typer.Option(
            "-k",
            "--components",
            help="How many topics: 20, or several, as 10,20,40 or 5:30, of which documents held out choose.",
        ),
    ] = "20",
    truth: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="A column of true labels, kept out of the model and compared with the likeliest topics.",
            show_default=False,
        ),
    ] = None,
    stop_words: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORDS",
            help="Words to leave out: english, none, or a file of words; several by repeating it. Otherwise "
            "english.",
            show_default=False,
        ),
    ] = None,
    min_df: Annotated[
        str | None,
        typer.Option(
            help="Leave out words of fewer documents: a number, or a share as 0.01. Otherwise 2.",
            show_default=False,
        ),
    ] = None,
    max_df: Annotated[
        str | None,
        typer.Option(
            help="Leave out words of more documents: a number, or a share. Otherwise 0.5.",
            show_default=False,
        ),
    ] = None,
    seed_words: Annotated[
        list[str] | None,
        typer.Option(
            metavar="K=WORD,WORD",
            help="Words that belong to a topic, as 3=sea,ship, or a file with such lines; may be repeated.",
            show_default=False,
        ),
    ] = None,
    inference: Annotated[
        Inference,
        typer.Option(help="How topics are found: cvb0, vb (with a bound), online or online_vb (one pass)."),
    ] = Inference.cvb0,
    vocabulary: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The words of a file of counts, one a line. Otherwise a file beside it.",
            show_default=False,
        ),
    ] = None,
    files: Files = None,
    encoding: Encoding = None,
    missing: Missing = None,
    out: Out = None,
    seed: Seed = 0,
    force: Force = False,
) -> None:
    """Find the topics of texts with latent Dirichlet allocation.

    Writes to ./latently-topics-TEXTS/ unless told otherwise: the page index.html, the topics with their words
    (topics.csv), what each document has of each (documents.csv), the model (model.latently), summary.json and
    pictures.

    Example: latently topics news.csv --text-column body -k 20
    """
    from latently.cli.tables.read import must_be_there

    must_be_there(texts)  # said before much is imported

    from latently.cli import topics as job

    job.run(
        job.Request(
            texts,
            text_column,
            vocabulary,
            files,
            encoding,
            tuple(missing or ()),
            truth,
            components,
            inference.value,
            tuple(stop_words or ()),
            min_df,
            max_df,
            tuple(seed_words or ()),
            out or Path(f"latently-topics-{texts.stem}"),
            seed,
            force,
        )
    )


@app.command()
def predict(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="A model.latently that an earlier run wrote.")
    ],
    table: Annotated[
        Path,
        typer.Argument(metavar="TABLE", help="New rows, with the model's columns by name; or new documents."),
    ],
    time: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="Of a series: column of times, which must rise.", show_default=False
        ),
    ] = None,
    sequence: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="Of a series: column that tells sequences apart.", show_default=False
        ),
    ] = None,
    text_column: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Of documents: column of the texts.", show_default=False),
    ] = None,
    vocabulary: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Of documents in LDA-C format: their words.", show_default=False),
    ] = None,
    files: Files = None,
    encoding: Encoding = None,
    missing: Missing = None,
    out: Out = None,
    force: Force = False,
) -> None:
    """Label new rows or documents with a model fitted before.

    Writes ./latently-predict-TABLE/result.csv unless told otherwise: all columns of the table, the cluster
    of each row, and its probability; of a series the state, and its smoothed and filtered probability. Of
    documents it writes documents.csv, with the likeliest topic and the share of each.

    Example: latently predict latently-cluster-faithful/model.latently new.csv
    """
    from latently.cli import predict as job

    job.run(
        job.Request(
            model,
            table,
            time,
            sequence,
            text_column,
            vocabulary,
            files,
            encoding,
            tuple(missing or ()),
            out or Path(f"latently-predict-{table.stem}"),
            force,
        )
    )


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the page.")] = Path("demo"),
    force: Force = False,
) -> None:
    """Fit models to the data that come with latently, and write a page about what they find."""
    from latently.cli import demo as job

    job.run(out, force)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a job and say how it ended.

    Parameters
    ----------
    arguments : sequence of str, optional
        What stands behind the name of the command. Default: those of the process.

    Returns
    -------
    int
        The exit code.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: _say(str(message))
        try:
            return int(app(given, prog_name="latently", standalone_mode=False) or 0)
        except UsageError as error:
            _say(f"{error.format_message()} (latently --help tells more)")
        except OSError as error:
            of_stream = error.errno is not None and error.strerror == os.strerror(error.errno)
            _say(f"what was found cannot be printed: {error.strerror}" if of_stream else str(error))
        except (CommandError, ValueError, MemoryError) as error:
            _say(str(error) or type(error).__name__)
    return 2


def _say(message: str) -> None:
    """One line, whatever was in the message; of very long names in it the ends."""
    words = (word if len(word) <= MOST_OF_WORD else f"{word[:90]}...{word[-90:]}" for word in message.split())
    with suppress(OSError):
        print(f"latently: {' '.join(words)}", file=sys.stderr)
