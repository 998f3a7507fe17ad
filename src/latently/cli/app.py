"""The command `latently`: its jobs, and how they end."""

from __future__ import annotations

import inspect
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Annotated, Any, get_type_hints

import typer

from latently.checks.refusals import meant
from latently.cli.cluster import Cluster
from latently.cli.demo import Demo
from latently.cli.impute import Impute
from latently.cli.info import Info
from latently.cli.job import Job
from latently.cli.options import options_of
from latently.cli.predict import Predict
from latently.cli.report import Report
from latently.cli.segment import Segment
from latently.cli.topics import Topics
from latently.version import __version__

JOBS: tuple[type[Job[Any, Any]], ...] = (Cluster, Segment, Topics, Impute, Predict, Report, Demo, Info)

# Neither typer nor the click inside it names this class in public.
UsageError: Any = typer.BadParameter.__base__

PREFIX = "Value error, "  # what typer has before some of its words
LONGEST_WORD = 200
EPILOG = "Shell completion: latently --install-completion."

app = typer.Typer(
    add_completion=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"latently {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True, epilog=EPILOG)
def _latently(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Find what is hidden in a table: fit latent-variable models by expectation maximisation."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _command(job: type[Job[Any, Any]]) -> Callable[..., None]:
    """A function of the options of a job, as typer reads it, that runs the job."""
    hints = get_type_hints(job)
    parameters = [
        inspect.Parameter(
            one.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=one.metadata["typer"],
            annotation=hints[one.name],
        )
        for one in options_of(job)
    ]

    def command(**given: Any) -> None:
        job(**given).run()

    command.__doc__ = job.__doc__
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return command


for one_job in JOBS:
    app.command(one_job.name())(_command(one_job))


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
    debug = "--debug" in given
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: _say(str(message))
        warnings.filterwarnings("ignore", "Creating legend")  # matplotlib's, of a machine that is busy
        try:
            return int(app(given, prog_name="latently", standalone_mode=False) or 0)
        except UsageError as error:
            _say(f"{error.format_message().replace(PREFIX, '')} (see latently --help)")
        except Exception as error:
            if debug:
                traceback.print_exc()
            _say(_why(error))
    return 2


def _why(error: Exception) -> str:
    """What went wrong, and whose fault it is."""
    if isinstance(error, OSError):
        of_stream = error.errno is not None and error.strerror == os.strerror(error.errno)
        return f"what was found cannot be printed: {error.strerror}" if of_stream else str(error)
    if isinstance(error, MemoryError):
        return f"the memory does not suffice ({error or 'it is full'}): take fewer rows or columns"
    if meant(error):
        return str(error)
    return (
        f"this is a fault of latently's own ({type(error).__name__}: {error}): please report it with what "
        "--debug shows"
    )


def _say(message: str) -> None:
    """One line, whatever was in the message; of very long names in it the ends."""
    words = (word if len(word) <= LONGEST_WORD else f"{word[:90]}...{word[-90:]}" for word in message.split())
    with suppress(OSError):
        print(f"latently: {' '.join(words)}", file=sys.stderr)
