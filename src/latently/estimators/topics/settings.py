"""Settings of topic models: what may be asked for, and what stands where nothing is."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from latently.checks.arrays import as_floats
from latently.checks.settings import ARRAY, POSITIVE, TOLERANCE, WHOLE, Number, Such, one_of
from latently.estimators.settings import RUN, Constraints
from latently.estimators.topics.priors import TUNED

PASSES = {"cvb0": 500, "vb": 500, "online": 1, "online_vb": 1}
TOLERANCES = {"cvb0": 1e-3, "vb": 1e-4, "online": 0.0, "online_vb": 0.0}
SPARSE = 0.025  # priors below which expected logs want double precision
SMALL = 2**20  # entries times topics up to which numbers are float64
# Tokens that a table of this precision can hold: beyond, products of counts and priors underflow.
MOST_TOKENS = {np.dtype(np.float32): 1e15, np.dtype(np.float64): 1e30}


def _is_precision(dtype: Any) -> bool:
    asked = asked_dtype(dtype)
    return asked is None or (isinstance(asked, np.dtype) and asked in MOST_TOKENS)


# How large it may be is said where the vector is made.
DIRICHLET = (one_of("auto"), None, Such(lambda value: isinstance(value, Real), "a positive number"), ARRAY)

TOPICS: Constraints = {name: RUN[name] for name in ("n_jobs", "callbacks", "verbose", "random_state")} | {
    "n_components": (WHOLE,),
    "inference": (one_of(*TUNED),),
    "doc_topic_prior": DIRICHLET,
    "topic_word_prior": DIRICHLET,
    "seed_words": (object,),  # read, and refused, where the words are known, as are the next three
    "vocabulary": (object,),
    "n_features": (WHOLE, None),
    "vectorizer": (object,),
    "tol": (TOLERANCE, None),
    "max_iter": (WHOLE, None),
    "doc_tol": (TOLERANCE,),
    "max_sweeps": (WHOLE,),
    "batch_size": (WHOLE,),
    "learning_decay": (Number(Real, 0.5, 1, closed="right"),),
    "learning_offset": (Number(Real, 1, None, closed="left"),),
    "total_samples": (POSITIVE,),
    "top_topics": (WHOLE, None),
    "dtype": (Such(_is_precision, "'auto', 'float32' or 'float64'"),),
}


def check_memory(model: Any) -> None:
    """Refuse `top_topics` where nothing is remembered.

    Raises
    ------
    ValueError
        If the inference is an online one.
    """
    if model.top_topics is not None and model.inference not in ("cvb0", "vb"):
        raise ValueError("top_topics is for inference='cvb0': the online inferences remember nothing")


def tol_and_max_iter(model: Any) -> tuple[float, int]:
    """When to stop: what was asked for, or what is usual for the inference."""
    tol = TOLERANCES[model.inference] if model.tol is None else float(model.tol)
    return tol, PASSES[model.inference] if model.max_iter is None else int(model.max_iter)


def asked_dtype(dtype: Any) -> Any:
    """The precision that was asked for; None for "auto"."""
    if isinstance(dtype, str) and dtype == "auto":
        return None
    try:
        return np.dtype(dtype) if isinstance(dtype, (str, type, np.dtype)) else dtype
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
        as_floats(prior, "prior").min(initial=1.0)
        for prior in (model.doc_topic_prior, model.topic_word_prior)
        if prior is not None and not isinstance(prior, str)
    ]
    sparse = model.inference.endswith("vb") and min(given, default=1.0) < SPARSE
    small = n_entries * int(model.n_components) <= SMALL
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
