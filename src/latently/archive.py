"""One file that holds a JSON document and arrays of numbers, and never a pickle.

The file is a zip archive, so any tool can look inside: ``manifest.json``, and an ``.npy`` entry for each
array. Entries are stored, not compressed: what they claim to need cannot exceed the size of the file.
Nothing in it is executed, and nothing is believed before it was checked.
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np

from latently.checks.arrays import Cells
from latently.checks.settings import PATH, checked
from latently.version import __version__

FORMAT = "latently model"
FORMAT_VERSION = 2
MAGIC = b"PK\3\4"
MANIFEST = "manifest.json"
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same contents make the same bytes


class ModelFileError(ValueError):
    """A file cannot be read as a model; the message names the file, the culprit and the remedy."""


@dataclass(frozen=True)
class Contents:
    """What a file holds."""

    document: Any  # anything that JSON can say. It refers to the arrays by their names
    # booleans, integers and floating-point numbers of at most 64 bits
    arrays: Mapping[str, Cells]
    version: int = FORMAT_VERSION  # of the format: what the document looks like
    about: Any = None  # what a program notes beside the model, as JSON can say it; no model needs it


@checked(path=(PATH,))
def write(path: str | os.PathLike[str], contents: Contents, *, often: bool = False) -> None:
    """Write a file in one step: it is there as a whole, or the path is as it was before.

    A file that is there is replaced once the new one is safely on the disk. One that is written `often`, by
    one process, takes the place of what a dead process left. Raises an OSError that names the path, or a
    ValueError if JSON cannot say the document or an array holds other things than numbers.
    """
    target = Path(os.path.realpath(path))
    partial = target.with_name(f".latently-{target.name if often else secrets.token_hex(8)}.partial")
    try:
        if target.exists() and not target.is_file():
            raise FileExistsError(errno.EEXIST, "there is a folder or a device of that name")
        with open(partial, "wb" if often else "xb") as file:
            with suppress(FileNotFoundError):
                shutil.copymode(target, partial)
            _write(file, contents)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, target)
    except OSError as error:
        raise OSError(
            error.errno,
            f"cannot write {os.fspath(path)!r} ({error.strerror}): choose a file in a folder that exists, "
            "may be written to, and has room",
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink()


def read(path: str | os.PathLike[str]) -> Contents:
    """Read a file, believing nothing it says.

    Raises a ModelFileError if there is none, or it is not one of latently's, damaged or of a newer format.
    """
    name = os.fspath(path)
    try:
        with open(path, "rb") as file:
            return _read(file)
    except OSError as error:
        raise ModelFileError(f"cannot read {name!r} ({error.strerror or error}): check the path") from error
    except _Refused as error:
        raise ModelFileError(f"{name!r} {error}") from None
    # A damaged archive trips zipfile, json and NumPy in more ways than they document.
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise ModelFileError(f"{name!r} is damaged ({reason}): take a copy, or save it again") from error


class _Refused(Exception):
    """What is wrong is known, and so is the remedy."""


def _write(file: BinaryIO, contents: Contents) -> None:
    manifest = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "latently": __version__,
        "arrays": list(contents.arrays),
        "document": contents.document,
        **({} if contents.about is None else {"about": contents.about}),
    }
    with ZipFile(file, "w", ZIP_STORED) as archive:
        text = json.dumps(manifest, indent=1, allow_nan=False)
        archive.writestr(_entry(MANIFEST), text.encode())
        for name, array in contents.arrays.items():
            _check_dtype(array.dtype, name)
            buffer = BytesIO()
            np.lib.format.write_array(buffer, array, version=(1, 0), allow_pickle=False)
            archive.writestr(_entry(f"{name}.npy"), buffer.getbuffer())


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, LONG_AGO)
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    return entry


def _read(file: BinaryIO) -> Contents:
    if file.read(len(MAGIC)) != MAGIC:
        raise _Refused("is not a model file: give one that latently saved")
    size = os.fstat(file.fileno()).st_size
    with ZipFile(file) as archive:
        manifest = json.loads(_bytes(archive, MANIFEST, size), parse_constant=_refuse_constant)
        _check_format(manifest)
        names, document = manifest["arrays"], manifest["document"]
        expected = [MANIFEST, *(f"{name}.npy" for name in names)]
        found = archive.namelist()
        if sorted(found) != sorted(expected):
            odd = sorted(set(found) ^ set(expected)) or found
            raise ValueError(f"its entry {odd[0]!r} is missing, unknown or there twice")
        if sum(entry.file_size for entry in archive.infolist()) > size:
            raise ValueError("its entries overlap")
        data = {name: _bytes(archive, f"{name}.npy", size) for name in names}
    arrays = {name: _array(data[name], name) for name in names}
    return Contents(document, arrays, manifest["format_version"], manifest.get("about"))


def _check_format(manifest: object) -> None:
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ValueError(f"its {MANIFEST} is not that of a {FORMAT}")
    version = manifest.get("format_version")
    if not isinstance(version, int) or version < 1:
        raise ValueError(f"its format version is {version!r}")
    if version > FORMAT_VERSION:
        writer = str(manifest.get("latently"))
        known = re.fullmatch(r"\d+(\.\w+)*", writer, re.ASCII)
        raise _Refused(
            f"has version {version} of the format, and this is latently {__version__}, which reads up to "
            f"{FORMAT_VERSION}: pip install " + (f"'latently>={writer}'" if known else "--upgrade latently")
        )


def _refuse_constant(word: str) -> None:
    raise ValueError(f"its {MANIFEST} holds {word}")


def _bytes(archive: ZipFile, name: str, size: int) -> bytes:
    """Read an entry, which cannot be larger than the file."""
    if name not in archive.NameToInfo:
        raise ValueError(f"its entry {name!r} is missing")
    entry = archive.getinfo(name)
    if entry.compress_type != ZIP_STORED or entry.file_size > size:
        raise ValueError(f"its entry {name!r} is not stored as it should be")
    return archive.read(entry)


def _array(data: bytes, name: str) -> Cells:
    """Read an array in the .npy format, its size checked before any memory is taken."""
    stream = BytesIO(data)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError(f"its array {name!r} is of an unknown format")
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(stream)
    _check_dtype(dtype, name)
    start = stream.tell()
    count = int(np.prod(shape, dtype=object))
    if any(n < 0 for n in shape) or count * dtype.itemsize != len(data) - start:
        raise ValueError(f"its array {name!r} has not as many numbers as its shape {shape} needs")
    array = np.frombuffer(data, dtype, count, start).astype(dtype.newbyteorder("="))
    return array.reshape(shape, order="F" if fortran_order else "C")


def _check_dtype(dtype: np.dtype[Any], name: str) -> None:
    if dtype.kind not in "biuf" or dtype.itemsize > 8:
        what = "Python objects" if dtype.hasobject else str(dtype)
        raise ValueError(f"its array {name!r} holds {what}, which model files never do: only plain numbers")
