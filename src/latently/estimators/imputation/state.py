"""An imputer as the contents of a file, and back: what is read is checked before it is believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from latently.archive import Contents
from latently.core.findings import Finding
from latently.estimators.codec import Decoder, Encoder
from latently.estimators.imputation.parameter_draws import Draw
from latently.estimators.inputs import Array
from latently.estimators.soundness import settings_of, unfitted
from latently.estimators.state import KNOWN, State, mixture_from, state_of

ROOT = "imputer"


@dataclass(frozen=True)
class ImputerState:
    """All there is to an imputer.

    Attributes
    ----------
    estimator : str
        Its class.
    settings : dict of str to object
        Constructor parameters; callbacks and generators of random numbers are None.
    n_features : int
        Number of columns.
    feature_names : tuple of str or None
        Their names, if the data had any.
    kept : tuple of bool
        Which columns the model is of.
    missing_counts : array of shape (n_features,)
        Missing cells of each column at the fit.
    mixture : State
        The model.
    draws : tuple of Draw
        Parameters drawn at the fit.
    diagnostics : tuple of Finding
        What there is to say of the data.
    """

    estimator: str
    settings: dict[str, Any]
    n_features: int
    feature_names: tuple[str, ...] | None
    kept: tuple[bool, ...]
    missing_counts: Array
    mixture: State
    draws: tuple[Draw, ...]
    diagnostics: tuple[Finding, ...] = ()


CLASSES: Mapping[str, type] = {**KNOWN, "ImputerState": ImputerState, "Draw": Draw}


def is_imputer(contents: Contents) -> bool:
    """Whether a file says that it holds an imputer."""
    document = contents.document
    return isinstance(document, dict) and document.get("latently") == ImputerState.__name__


def pack_imputer(imputer: Any) -> Contents:
    """Return what a file needs to hold of a fitted imputer.

    Raises
    ------
    ValueError
        If a setting cannot be stored, or `unpack_imputer` would refuse the contents.
    """
    names = getattr(imputer, "feature_names_in_", None)
    state = ImputerState(
        type(imputer).__name__,
        settings_of(imputer),
        imputer.n_features_in_,
        None if names is None else tuple(names),
        tuple(bool(keep) for keep in imputer._observed_features),
        imputer.missing_counts_.astype(np.float64),
        state_of(imputer.mixture_),
        () if imputer.mixture_._changed else imputer.parameter_draws_,
        imputer.diagnostics_,
    )
    encoder = Encoder(CLASSES)
    try:
        contents = Contents(encoder.encode(state, ROOT), encoder.arrays)
        unpack_imputer(contents, {type(imputer).__name__: type(imputer)}, ())
    except (ValueError, TypeError) as error:
        raise ValueError(f"this {type(imputer).__name__} cannot be saved: {error}") from error
    return contents


def unpack_imputer(contents: Contents, estimators: Mapping[str, type], own: Sequence[type]) -> Any:
    """Return the imputer that was packed.

    Raises
    ------
    ValueError
        If something is missing, unknown, of another type or shape, or not feasible; it is named.
    """
    state = Decoder(contents.arrays, CLASSES, own).decode(contents.document, ROOT)
    if not isinstance(state, ImputerState):
        raise ValueError(f"it holds a {type(state).__name__}, not an imputer")
    if state.estimator not in estimators:
        raise ValueError(
            f"it is a {state.estimator}, and this version of latently knows {', '.join(estimators)}"
        )
    imputer = unfitted(estimators[state.estimator], state.settings, f"{ROOT}.settings")
    d, names = state.n_features, state.feature_names
    if d < 1 or len(state.kept) != d or state.missing_counts.shape != (d,) or not any(state.kept):
        raise ValueError(f"its {d} columns, those it keeps and their missing cells do not fit")
    if names is not None and len(names) != d:
        raise ValueError(f"its {d} columns and their names {names} do not fit")
    template = imputer._mixture(None, None)
    mixture = mixture_from(state.mixture, {type(template).__name__: type(template)})
    _check_draws(state, mixture)
    imputer.n_features_in_ = d
    if names is not None:
        imputer.feature_names_in_ = np.array(names, dtype=object)
    counts = state.missing_counts.astype(np.int64)
    imputer._restore(mixture, np.array(state.kept), counts, state.draws, state.diagnostics)
    return imputer


def _check_draws(state: ImputerState, mixture: Any) -> None:
    """The mixture is of the columns that are kept, and each draw makes one."""
    if mixture.n_features_in_ != sum(state.kept):
        raise ValueError(f"its model has {mixture.n_features_in_} features, and {sum(state.kept)} are kept")
    for draw in state.draws:
        made = draw.mixture(mixture.covariance_type)
        if made.means_.shape != mixture.means_.shape:
            raise ValueError(
                f"a parameter draw has means of shape {made.means_.shape}, not that of the model"
            )
