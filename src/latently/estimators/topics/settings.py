"""Settings of topic models: what may be asked for, and what stands where nothing is."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from latently.checks.arrays import as_floats
from latently.checks.settings import ARRAY, PATH, POSITIVE, TOLERANCE, WHOLE, Number, Such, one_of
from latently.estimators.settings import setting, settings
from latently.estimators.topics.priors import TUNED

DEFAULT_PASSES = {"cvb0": 500, "vb": 500, "online": 1, "online_vb": 1}
TOLERANCES = {"cvb0": 1e-3, "vb": 1e-4, "online": 0.0, "online_vb": 0.0}
SPARSE_PRIOR = 0.025  # priors below which expected logs want double precision
MOST_IN_DOUBLE = 2**20  # entries times topics up to which numbers are float64
# Tokens that a table of this precision can hold: beyond, products of counts and priors underflow.
MOST_TOKENS_IN = {np.dtype(np.float32): 1e15, np.dtype(np.float64): 1e30}


def _is_precision(dtype: object) -> bool:
    asked = asked_dtype(dtype)
    return asked is None or (isinstance(asked, np.dtype) and asked in MOST_TOKENS_IN)


# How large it may be is said where the vector is made.
DIRICHLET = (one_of("auto"), None, Such(lambda value: isinstance(value, Real), "a positive number"), ARRAY)


@settings
class StreamSettings:
    """How minibatches of documents are weighed.

    Parameters
    ----------
    learning_decay, learning_offset : float, default 0.7 and 10
        The step of number t weighs ``(learning_offset + t) ** -learning_decay``.
    total_samples : float, default 1e6
        Documents that `partial_fit` will have seen in the end, roughly.
    """

    learning_decay: float = setting(Number(Real, 0.5, 1, closed="right"), default=0.7)
    learning_offset: float = setting(Number(Real, 1, None, closed="left"), default=10.0)
    total_samples: float = setting(POSITIVE, default=1e6)


@settings
class TopicSettings:
    """What topics are looked for, and how.

    Parameters
    ----------
    n_components : int, default 10
        Number of topics.
    inference : {"cvb0", "vb", "online", "online_vb"}, default "cvb0"
        "cvb0": collapsed variational Bayes of zero order [1]_, fast and best on documents held out; it has no
        objective. "vb": variational Bayes [2]_, with a bound that never falls, begun by CVB0. "online" and
        "online_vb": one minibatch at a time, SCVB0 [3]_ and stochastic variational Bayes [4]_.
    doc_topic_prior : "auto", None, float or array of shape (n_components,), default "auto"
        Dirichlet prior of the topics of a document. "auto" learns one number for each topic, from the tuned
        one on; None keeps the tuned one: 0.1 for "cvb0" and "online", 0.05 for the others. The online
        inferences do not learn.
    topic_word_prior : "auto", None, float or array of shape (n_features,), default "auto"
        Dirichlet prior of the words of a topic. "auto" learns one number for all, None keeps the tuned one,
        0.05.
    seed_words : mapping of int to lists of words, or list of such lists, optional
        Words given to topics: each counts in its topic as often as it occurs in all texts, from the first
        pass to the last.
    vocabulary : sequence of str or mapping of str to int, optional
        The words, in the order of the columns.
    n_features : int, optional
        Size of the vocabulary, where documents are lists of word ids.
    vectorizer : mapping or CountVectorizer, optional
        How raw texts are split into words; parameters that replace those of the default,
        ``stop_words="english", min_df=2, max_df=0.5`` and words with their vowel signs.
    tol : float, optional
        When to stop. "cvb0": at this relative change of the documents' topics in a pass (1e-3). "vb": when
        the bound will gain no more than this per token (1e-4). 0 makes exactly `max_iter` passes.
    max_iter : int, optional
        Most passes over the documents: 500; for the online inferences exactly so many, 1.
    doc_tol : float, default 1e-3
        Change of a document's topics, in relation to its length, at which its inner sweeps end.
    max_sweeps : int, default 100
        Most inner sweeps over a document.
    batch_size : int, default 256
        Documents in a minibatch of the online inferences.
    top_topics : int, optional
        "cvb0" remembers for each entry the likeliest so many topics only: for corpora whose entries times
        topics do not fit into memory.
    checkpoint : str or path, optional
        A file in which the state of the fit, with all that "cvb0" and "vb" remember, is written every few
        seconds or, if that takes long, every few minutes. If the process dies, the same call goes on from
        there, and ends with the same bits; callbacks are not called again for passes that were done. Of other
        data or settings it is refused. It is removed once the fit is complete.
    on_interrupt : {"raise", "keep"}, default "raise"
        Whether Ctrl-C ends a fit with KeyboardInterrupt, or with the topics so far and a ConvergenceWarning;
        then `converged_` is False, and `stop_reason_` "interrupted".
    dtype : {"auto", "float32", "float64"}, default "auto"
        Of tables and of what is remembered. "auto" is float64 for small corpora (a million entries times
        topics) and, with expected logs, for priors below 0.025; float32 for others. What is shown is float32
        if the counts are.
    """

    n_components: int = setting(WHOLE, default=10, kw_only=False)
    inference: str = setting(one_of(*TUNED), default="cvb0")
    doc_topic_prior: Any = setting(*DIRICHLET, default="auto")
    topic_word_prior: object = setting(*DIRICHLET, default="auto")
    seed_words: Any = setting(object, default=None)  # read, and refused, later, as the next three
    vocabulary: object = setting(object, default=None)
    n_features: int | None = setting(WHOLE, None, default=None)
    vectorizer: object = setting(object, default=None)
    tol: float | None = setting(TOLERANCE, None, default=None)
    max_iter: int | None = setting(WHOLE, None, default=None)
    doc_tol: float = setting(TOLERANCE, default=1e-3)
    max_sweeps: int = setting(WHOLE, default=100)
    batch_size: int = setting(WHOLE, default=256)
    top_topics: int | None = setting(WHOLE, None, default=None)
    checkpoint: object = setting(PATH, None, default=None)
    on_interrupt: str = setting(one_of("raise", "keep"), default="raise")
    dtype: object = setting(Such(_is_precision, "'auto', 'float32' or 'float64'"), default="auto")


def check_memory(model: Any) -> None:
    """Refuse `top_topics` where nothing is remembered.

    Raises a ValueError if the inference is an online one.
    """
    if model.top_topics is not None and model.inference not in ("cvb0", "vb"):
        raise ValueError("top_topics is for inference='cvb0': the online inferences remember nothing")


def tol_and_max_iter(model: Any) -> tuple[float, int]:
    """When to stop: what was asked for, or what is usual for the inference."""
    tol = TOLERANCES[model.inference] if model.tol is None else float(model.tol)
    return tol, DEFAULT_PASSES[model.inference] if model.max_iter is None else int(model.max_iter)


def asked_dtype(dtype: object) -> Any:
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
        as_floats(prior, name).min(initial=1.0)
        for name in ("doc_topic_prior", "topic_word_prior")
        if (prior := getattr(model, name)) is not None and not isinstance(prior, str)
    ]
    sparse = model.inference.endswith("vb") and min(given, default=1.0) < SPARSE_PRIOR
    small = n_entries * int(model.n_components) <= MOST_IN_DOUBLE
    return np.dtype(np.float64 if small or sparse else np.float32)


def check_tokens(n_tokens: float, dtype: np.dtype[Any]) -> None:
    """Refuse more tokens than a precision can hold.

    Raises a ValueError naming the limit.
    """
    most = MOST_TOKENS_IN[dtype]
    if not n_tokens <= most:
        raise ValueError(
            f"the counts, times weights, come to {n_tokens:g}, and {dtype} can hold {most:g}: scale them down"
            + (" or use dtype='float64'" if dtype == np.float32 else "")
        )
