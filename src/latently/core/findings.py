"""What there is to say of a fit, as data: what it is, of what, how much, how grave, and in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

Severity = Literal["note", "caution", "grave"]
CAUTION: Severity = "caution"
GRAVE: Severity = "grave"


@dataclass(frozen=True)
class Finding:
    """Something that a user of a fit should know. Its ``str`` is the sentence.

    Attributes
    ----------
    kind : str
        What it is, for programs, such as "few rows" or "never observed together".
    text : str
        What it is, in words.
    subject : str
        What it is about: "component", "state", "topic", "column", ..., or "fit" for all of it.
    which : tuple of int, or of tuple of int
        Which of them, by number; those that belong together as one entry.
    numbers : dict of str to float
        How much, by name.
    severity : {"note", "caution", "grave"}
        Whether it is a fact, a reason to be careful, or a reason not to trust the fit.

    Examples
    --------
    >>> found = Finding("no data", "state 1 kept no data", "state", (1,), severity="grave")
    >>> str(found), found.kind, found.which
    ('state 1 kept no data', 'no data', (1,))
    """

    kind: str
    text: str
    subject: str = "fit"
    which: tuple[int | tuple[int, ...], ...] = ()
    numbers: dict[str, float] = field(default_factory=dict)
    severity: Severity = "note"

    def __str__(self) -> str:
        return self.text


def note(kind: str, text: str, subject: str = "fit", which: Iterable[Any] = (), **numbers: Any) -> Finding:
    """A fact."""
    return Finding(kind, text, subject, _plain(which), numbers)


def caution(
    kind: str, text: str, subject: str = "fit", which: Iterable[object] = (), **numbers: Any
) -> Finding:
    """A reason to be careful."""
    return Finding(kind, text, subject, _plain(which), numbers, CAUTION)


def _plain(which: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(tuple(map(int, one)) if np.ndim(one) else int(one) for one in which)


def grave(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that are a reason not to trust the fit."""
    return tuple(found for found in findings if found.severity == GRAVE)


def joined(findings: Iterable[Finding]) -> str:
    """Their words in one line."""
    return "; ".join(map(str, findings))
