"""Settings of topic models: what may be asked for, and what stands where nothing is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from numbers import Integral, Real
from typing import Any

import numpy as np

from latently.estimators.topics.priors import TUNED

PASSES = {"cvb0": 500, "vb": 500, "online": 1, "online_vb": 1}
TOLERANCES = {"cvb0": 1e-3, "vb": 1e-4, "online": 0.0, "online_vb": 0.0}
SPARSE = 0.025  # priors below which expected logs want double precision
SMALL = 2**20  # entries times topics up to which numbers are float64
# Tokens that a table of this precision can hold: beyond, products of counts and priors underflow.
MOST_TOKENS = {np.dtype(np.float32): 1e15, np.dtype(np.float64): 1e30}


def check_settings(model: Any) -> None:
    """Refuse settings that make no sense.

    Raises
    ------
    ValueError
        Naming the setting.
    """
    if not isinstance(model.inference, str) or model.inference not in TUNED:
        raise ValueError(f"inference={model.inference!r}: should be one of {', '.join(map(repr, TUNED))}")
    for name in ("n_components", "batch_size", "max_sweeps"):
        _check_whole(name, getattr(model, name))
    for name in ("max_iter", "top_topics"):
        if getattr(model, name) is not None:
            _check_whole(name, getattr(model, name), " or None")
    if model.tol is not None:
        _check_number("tol", model.tol, lambda v: v >= 0, "0 or more")
    _check_number("doc_tol", model.doc_tol, lambda v: v >= 0, "0 or more")
    _check_number("total_samples", model.total_samples, lambda v: 0 < v < np.inf, "above zero and finite")
    _check_number("learning_decay", model.learning_decay, lambda v: 0.5 < v <= 1.0, "above 0.5 and at most 1")
    _check_number("learning_offset", model.learning_offset, lambda v: 1.0 <= v < np.inf, "1 or more")
    if model.top_topics is not None and model.inference not in ("cvb0", "vb"):
        raise ValueError("top_topics is for inference='cvb0': the online inferences remember nothing")
    asked = asked_dtype(model.dtype)
    if asked is not None and not (isinstance(asked, np.dtype) and asked in MOST_TOKENS):
        raise ValueError(f"dtype={model.dtype!r}: should be 'auto', 'float32' or 'float64'")
    callbacks = model.callbacks
    if callbacks is not None and not (isinstance(callbacks, Iterable) and all(map(callable, callbacks))):
        raise ValueError(f"callbacks={callbacks!r}: should be a list of functions, or None")


def tol_and_max_iter(model: Any) -> tuple[float, int]:
    """When to stop: what was asked for, or what is usual for the inference."""
    tol = TOLERANCES[model.inference] if model.tol is None else model.tol
    return tol, PASSES[model.inference] if model.max_iter is None else model.max_iter


def asked_dtype(dtype: Any) -> Any:
    """The precision that was asked for; None for "auto"."""
    if isinstance(dtype, str) and dtype == "auto":
        return None
    try:
        return np.dtype(dtype)
    except TypeError:
        return dtype


def chosen_dtype(model: Any, n_entries: int) -> np.dtype[Any]:
    """The precision of tables: where it is left open, double for small corpora and where logs ask for it.

    Single precision holds exp(E log) down to ``exp(-40)`` of the largest, which priors below 0.025 exceed.
    """
    asked = asked_dtype(model.dtype)
    if asked is not None:
        return np.dtype(asked)
    given = [
        np.min(prior)
        for prior in (model.doc_topic_prior, model.topic_word_prior)
        if prior is not None and not isinstance(prior, str)
    ]
    sparse = model.inference.endswith("vb") and min(given, default=1.0) < SPARSE
    small = n_entries * model.n_components <= SMALL
    return np.dtype(np.float64 if small or sparse else np.float32)


def check_tokens(n_tokens: float, dtype: np.dtype[Any]) -> None:
    """Refuse more tokens than a precision can hold.

    Raises
    ------
    ValueError
        Naming the limit.
    """
    most = MOST_TOKENS[dtype]
    if not n_tokens <= most:
        raise ValueError(
            f"the counts, times weights, come to {n_tokens:g}, and {dtype} can hold {most:g}: scale them down"
            + (" or use dtype='float64'" if dtype == np.float32 else "")
        )


def _check_whole(name: str, value: Any, otherwise: str = "") -> None:
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name}={value!r}: should be an integer of at least 1{otherwise}")


def _check_number(name: str, value: Any, holds: Callable[[Any], bool], words: str) -> None:
    if not isinstance(value, Real) or not holds(value):
        raise ValueError(f"{name}={value!r}: should be {words}")
