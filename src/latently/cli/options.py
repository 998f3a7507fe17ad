"""What options take, and those that several jobs have."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Covariance(StrEnum):
    """What `--covariance` takes."""

    full = "full"
    tied = "tied"
    diag = "diag"
    spherical = "spherical"
    all = "all"


class Prior(StrEnum):
    """What `--prior` takes."""

    ridge = "ridge"
    inverse_wishart = "inverse-wishart"
    normal_inverse_wishart = "normal-inverse-wishart"


def family_name(name: str) -> str:
    """What `--emission` takes: a family of the registry, which takes long to import, or "auto"."""
    if name == "auto":
        return name
    from latently.emissions.registry import FAMILIES

    if name not in FAMILIES:
        known = ", ".join(map(repr, ("auto", *FAMILIES)))
        raise typer.BadParameter(f"{name!r} is not one of {known}.")
    return name


class StateCovariance(StrEnum):
    """What `--covariance` of `segment` takes."""

    auto = "auto"
    full = "full"
    tied = "tied"
    diag = "diag"
    spherical = "spherical"
    all = "all"


class FirstState(StrEnum):
    """What `--start` takes."""

    stationary = "stationary"
    free = "free"
    uniform = "uniform"


class Inference(StrEnum):
    """What `--inference` takes."""

    cvb0 = "cvb0"
    vb = "vb"
    online = "online"
    online_vb = "online_vb"


Missing = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CODES",
        help="What stands for a missing cell, as -200 or -999,unknown, or in one column, as height=-200; "
        "several by repeating it.",
        show_default=False,
    ),
]
Files = Annotated[
    str | None,
    typer.Option(
        metavar="PATTERN",
        help="Of a folder: which files are documents, as '*' or '*.html'. Otherwise those that end in .txt.",
        show_default=False,
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option(help="Of documents: how they are encoded, as latin-1. Otherwise UTF-8.", show_default=False),
]
Out = Annotated[Path | None, typer.Option(help="Folder for the results.", show_default=False)]
Seed = Annotated[
    int, typer.Option(help="Source of all that is random: the same seed, the same result.", min=0)
]
Force = Annotated[bool, typer.Option("--force", help="Replace the results of an earlier run.")]
