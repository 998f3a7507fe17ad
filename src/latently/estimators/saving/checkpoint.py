"""Checkpoints: a file from which a fit that was killed goes on, and ends with the same bits."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from latently import archive
from latently.archive import Contents, ModelFileError
from latently.core.acceleration import Squarem
from latently.core.convergence import Progress
from latently.core.digests import digest_of
from latently.core.em import FitResult
from latently.core.errors import FitError, ObjectiveFellError
from latently.core.fixed_point import FixedPoint
from latently.core.incremental import Kept
from latently.core.journal import Journal, RunState, Step
from latently.core.stepwise import Running
from latently.emissions.base import Emission
from latently.emissions.known import known_classes, visible
from latently.estimators.saving.codec import Decoder, Encoder
from latently.version import __version__

OF_RUNS = (RunState, FitResult, FixedPoint, Step, Progress, Squarem, Running, Kept)
WITHOUT_EFFECT = ("callbacks", "checkpoint", "on_interrupt", "n_jobs", "verbose", "memory_budget")
IN_THE_DATA = ("vectorizer",)  # what they do is seen there
PLAIN = (type(None), bool, int, float, str)


@contextmanager
def recorded(
    estimator: Any, data: Any, start: Any = None, **beside: Any
) -> Iterator[tuple[Journal | None, Any]]:
    """Yield the journal of a fit, if its settings ask for one, and what its random numbers come from.

    The file of a checkpoint is there from the beginning on, and gone once the fit is complete. `data` returns
    what tells the data from others, and how they are read; `start` are parameters that the fit goes on from,
    and `beside` is what it follows from beside the settings. Raises a ModelFileError if the file is no
    checkpoint or of another fit, which names what differs, and an OSError if it cannot be written.
    """
    seed, keep = getattr(estimator, "random_state", None), getattr(estimator, "on_interrupt", "") == "keep"
    journal = vars(estimator).pop("_journal", None)  # of a fit that this one is a part of
    if journal is not None or getattr(estimator, "checkpoint", None) is None:
        yield journal or (Journal(keep=True) if keep else None), seed
        return
    file = CheckpointFile(Path(estimator.checkpoint), _head(estimator, data(), start, beside))
    if seed is None:
        seed = file.seed
    file.write({})
    journal = Journal(file, keep=keep)
    goes_on = False
    try:
        yield journal, seed
        goes_on = journal.interrupted
    except BaseException as error:
        goes_on = not isinstance(error, (FitError, ObjectiveFellError))  # these would end so again
        raise
    finally:
        if goes_on:
            journal.write()
        if not (goes_on and file.documents):
            file.path.unlink(missing_ok=True)


class CheckpointFile:
    """The runs of a fit in a file, which need not exist; `head` is what the fit follows from."""

    def __init__(self, path: Path, head: dict[str, Any]) -> None:
        self.path, self._head = path, head
        self.documents: dict[str, Any] = {}
        self._arrays: dict[str, dict[str, Any]] = {}
        self._ended: set[str] = set()
        self.seed: Any = np.random.SeedSequence().entropy  # for a fit that was given none
        if path.exists():
            self._read()

    def _read(self) -> None:
        try:
            contents = archive.read(self.path)
            found = contents.document["checkpoint"]
            self.documents, self.seed = found["runs"], found["seed"]
            before = found["of"]
        except (ModelFileError, KeyError, TypeError):
            text = f"checkpoint={str(self.path)!r} is not that of a fit: name another file, or remove it"
            raise ModelFileError(text) from None
        difference = _difference(before, self._head)
        if difference:
            text = f"checkpoint={str(self.path)!r} is of {difference}: name another file, or remove it"
            raise ModelFileError(text)
        for key in self.documents:
            self._arrays[key] = {
                name: array for name, array in contents.arrays.items() if name.startswith(f"{key}.")
            }

    def key(self, em: Any, params: Any, settings: Any, n: float, earlier: Any) -> str:
        """What a run follows from, as a name."""
        how = [settings.tol, settings.max_iter, sorted(settings.fixed), settings.accelerate, settings.changes]
        return digest([em.source.fingerprint, em.model, params, *how, n, earlier, sorted(em.fixed)])

    def found(self, key: str, em: Any) -> Any:
        """Where a run was or ended; None if it is new."""
        if key not in self.documents:
            return None
        own = (*OF_RUNS, *_classes_of(em.model), *known_classes())
        return Decoder(self._arrays[key], own=own).decode(self.documents[key], key)

    def write(self, runs: dict[str, Any]) -> None:
        """Write where runs are or ended, and what was read of others."""
        for key, at in runs.items():
            if key not in self._ended:
                encoder = Encoder()
                self.documents[key] = encoder.encode(at, key)
                self._arrays[key] = encoder.arrays
            if getattr(at, "stop_reason", ""):
                self._ended.add(key)
        document = {"of": self._head, "seed": self.seed, "runs": self.documents}
        arrays = {name: array for found in self._arrays.values() for name, array in found.items()}
        archive.write(self.path, Contents({"checkpoint": document}, arrays), often=True)


def digest(value: object) -> str:
    """A short name of anything that a file can hold."""
    encoder = Encoder()
    document = json.dumps(encoder.encode(value, ""))
    return digest_of(document, *(part for pair in encoder.arrays.items() for part in pair))


def _head(estimator: Any, data: object, start: object, beside: dict[str, Any]) -> dict[str, Any]:
    """What a fit follows from, in the order in which it is told."""
    settings = {
        name: _said(value)
        for name, value in (estimator.get_params(deep=False) | beside).items()
        if name not in WITHOUT_EFFECT + IN_THE_DATA
    }
    whose = {"estimator": type(estimator).__name__, "latently": __version__}
    return {**whose, "settings": settings, "data": digest(data), "start": digest(start)}


def _said(value: object) -> Any:
    """A setting as it is if it is plain, else a digest."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, PLAIN):
        return repr(value)
    if isinstance(value, (np.random.Generator, np.random.RandomState)):
        return {"digest": digest_of(pickle.dumps(value))}
    return {"digest": digest(value)}


def _difference(before: dict[str, Any], now: dict[str, Any]) -> str:
    """Of what other fit a checkpoint is; nothing if it is of this one."""
    for name, words in (("estimator", "a {}, and this is a {}"), ("latently", "latently {}, and this is {}")):
        if before[name] != now[name]:
            return words.format(before[name], now[name])
    for name, value in now["settings"].items():
        other = before["settings"].get(name)
        if other != value:
            plain = isinstance(other, str) and isinstance(value, str)
            values = f"{name}={other}, and this one has {value}" if plain else f"another {name}"
            return f"a fit with {values}"
    if before["data"] != now["data"]:
        return "a fit to other data"
    return "a fit from other parameters" if before["start"] != now["start"] else ""


def _classes_of(value: object) -> Iterable[type]:
    """The classes that a model is made of, and the dataclasses that these can see."""
    parts = value if isinstance(value, (tuple, list)) else ()
    if is_dataclass(value) or isinstance(value, Emission):
        yield type(value)
        yield from visible(type(value))
    if is_dataclass(value):
        parts = tuple(getattr(value, one.name) for one in fields(value))
    for part in parts:
        yield from _classes_of(part)
