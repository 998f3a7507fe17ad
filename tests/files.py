"""Model files taken apart, altered, and put together again with all sums in order."""

import json
import zipfile
from dataclasses import fields, is_dataclass
from io import BytesIO

import numpy as np
from numpy.testing import assert_array_equal


class Entries(dict):
    """The entries of a file, beside its manifest."""

    def __init__(self, path):
        with zipfile.ZipFile(path) as archive:
            super().__init__((name, archive.read(name)) for name in archive.namelist())
        self.manifest = json.loads(self.pop("manifest.json"))
        self.document = self.manifest["document"]
        self.facts = self.document["facts"]

    def write(self, path, *, compression=zipfile.ZIP_STORED):
        with zipfile.ZipFile(path, "w", compression) as archive:
            archive.writestr("manifest.json", json.dumps(self.manifest))
            for name, data in self.items():
                archive.writestr(name, data)

    def array(self, name, change):
        """Alter an array in place, or put what the change returns in its stead."""
        array, stream = np.load(BytesIO(self[f"{name}.npy"])), BytesIO()
        changed = change(array)
        np.save(stream, array if changed is None else changed, allow_pickle=True)
        self[f"{name}.npy"] = stream.getvalue()

    def forget(self, name):
        self.pop(f"{name}.npy")
        self.manifest["arrays"].remove(name)

    def settings(self, **changes):
        self.document["settings"].update(changes)

    def fields(self, *path):
        """The fields of an object, by the names that lead to it."""
        found = self.facts
        for name in path:
            found = found[name]["fields"]
        return found

    def outcome(self, **changes):
        self.fields("outcome").update(changes)

    def latent(self, **changes):
        self.fields("model", "latent").update(changes)

    def family(self, **changes):
        self.fields("model", "emission").update(changes)

    def stream(self, **changes):
        self.fields("stream").update(changes)


def at(name, change):
    """A change of one array."""
    return lambda entries: entries.array(name, change)


def put(index, value):
    return lambda array: array.__setitem__(index, value)


def assert_same(one, other):
    """Same types, same values, same bits, all the way down."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        assert one.flags.c_contiguous == other.flags.c_contiguous
        assert one.flags.writeable == other.flags.writeable
        assert_array_equal(one, other)
    elif is_dataclass(one):
        for field in (field for field in fields(one) if field.compare):
            assert_same(getattr(one, field.name), getattr(other, field.name))
    elif isinstance(one, dict):
        assert list(one) == list(other)
        for name in one:
            assert_same(one[name], other[name])
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other)
        for mine, theirs in zip(one, other, strict=True):
            assert_same(mine, theirs)
    elif hasattr(one, "__dict__"):
        assert_same(vars(one), vars(other))
    else:
        assert one == other or (one != one and other != other)  # NaN
