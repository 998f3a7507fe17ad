"""Documents held out of a fit, chosen by what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import _safe_indexing

from latently.estimators.topics.forms import read_table, recognise
from latently.selection.rows import Parts

HELD_OUT_SHARE = 0.2


def divided(X: Any, fit_params: Mapping[str, object]) -> Parts:
    """Hold out a fifth of the documents, equal ones together.

    Which, follows from what they hold: so neither their order nor a seed matters. Raises a ValueError if
    there are not two different documents.
    """
    held_out = _least(fingerprints(X))
    if held_out.all():
        raise ValueError("all documents are equal, so none can be held out: give others, too")
    documents = X if hasattr(X, "shape") else list(X)
    kept, measured = (np.flatnonzero(which) for which in (~held_out, held_out))
    return Parts(documents, fit_params, _safe_indexing(documents, measured)).only(kept)


def fingerprints(X: object) -> list[bytes]:
    """A number for each document that follows from what it holds."""
    form, documents = recognise(X)
    if form not in ("table", "integers"):
        return [_digest("\0".join([str(len(document)), *map(str, document)])) for document in documents]
    counts = read_table(documents, "this search")
    limits = zip(counts.indptr[:-1], counts.indptr[1:], strict=True)
    words, numbers = counts.indices.astype("<i8"), counts.data.astype("<f8")
    return [_digest(words[low:high].tobytes() + numbers[low:high].tobytes()) for low, high in limits]


def _digest(content: str | bytes) -> bytes:
    return blake2b(content.encode() if isinstance(content, str) else content, digest_size=16).digest()


def _least(prints: list[bytes]) -> NDArray[np.bool_]:
    """A fifth of them and their equals, at least one."""
    ordered = sorted(prints)
    last = ordered[max(round(HELD_OUT_SHARE * len(ordered)), 1) - 1]
    return np.array([one <= last for one in prints])
