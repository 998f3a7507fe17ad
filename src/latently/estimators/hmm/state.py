"""A hidden Markov model as the contents of a file, and back: what is read is checked, then believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from latently.archive import Contents
from latently.core.findings import Finding
from latently.core.restarts import Restarts
from latently.estimators.codec import Decoder, Encoder
from latently.estimators.inputs import Array
from latently.estimators.soundness import checked_params, factors_of, is_finite, settings_of, unfitted
from latently.estimators.state import KNOWN
from latently.latent.chain import Chain, ChainParams
from latently.models.latent_emission import LatentEmission, LatentEmissionParams

ROOT = "hmm"
ROUNDING = 1e-8


@dataclass(frozen=True)
class HMMOutcome:
    """What a fit leaves beside the parameters: each field is an attribute of that name and an underscore."""

    log_likelihood: float
    log_likelihood_history: Array
    converged: bool
    stop_reason: str
    n_iter: int
    restarts: Restarts
    n_observed: float
    dtype: Literal["float32", "float64"] = "float64"  # of the data, in which parameters are shown
    diagnostics: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class HMMState:
    """All there is to a hidden Markov model.

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
    alphabet : array of shape (n_symbols,) or None
        The symbols: numbers, strings, or both.
    model : LatentEmission
        The model, bound to its data.
    params : LatentEmissionParams
        Its parameters.
    factors : array or None
        Cholesky factors of covariance matrices.
    outcome : HMMOutcome or None
        None if the model was not fitted.
    """

    estimator: str
    settings: dict[str, Any]
    n_features: int
    feature_names: tuple[str, ...] | None
    alphabet: Any
    model: LatentEmission
    params: LatentEmissionParams
    factors: Array | None
    outcome: HMMOutcome | None


CLASSES: Mapping[str, type] = {
    **KNOWN,
    **{cls.__name__: cls for cls in (HMMState, HMMOutcome, Chain, ChainParams)},
}


def is_hmm(contents: Contents) -> bool:
    """Whether a file says that it holds a hidden Markov model."""
    document = contents.document
    return isinstance(document, dict) and document.get("latently") == HMMState.__name__


def pack_hmm(hmm: Any) -> Contents:
    """Return what a file needs to hold.

    Raises
    ------
    ValueError
        If a setting, the alphabet or the family cannot be stored, or `unpack_hmm` would refuse the contents.
    """
    encoder = Encoder(CLASSES)
    try:
        contents = Contents(encoder.encode(_state_of(hmm), ROOT), encoder.arrays)
        unpack_hmm(contents, {type(hmm).__name__: type(hmm)}, encoder.own)
    except (ValueError, TypeError) as error:
        raise ValueError(f"this {type(hmm).__name__} cannot be saved: {error}") from error
    return contents


def unpack_hmm(contents: Contents, estimators: Mapping[str, type], own: Sequence[type] = ()) -> Any:
    """Return the hidden Markov model that was packed.

    Parameters
    ----------
    contents : Contents
        What `pack_hmm` returned.
    estimators : mapping of str to type
        The classes it may be of.
    own : sequence of type
        The user's classes.

    Raises
    ------
    ValueError
        If something is missing, unknown, of another type or shape, or not feasible; it is named.
    UnknownClassError
        If a class of the user's is needed and not in `own` (a ValueError, too).
    """
    state = Decoder(contents.arrays, CLASSES, own).decode(contents.document, ROOT)
    if not isinstance(state, HMMState):
        raise ValueError(f"it holds a {type(state).__name__}, not a hidden Markov model")
    if state.estimator not in estimators:
        allowed = ", ".join(estimators)
        raise ValueError(f"it is a {state.estimator}, and this version of latently knows {allowed}")
    hmm = unfitted(estimators[state.estimator], state.settings, f"{ROOT}.settings")
    _put_in_alphabet(hmm, state.alphabet)
    with np.errstate(all="ignore"):
        _check_model(hmm, state)
        params = checked_params(state.model, state.params, state.n_features, state.factors)
        _check_start(state.model.latent, params.latent)
    hmm.n_features_in_ = state.n_features
    if state.feature_names is not None:
        hmm.feature_names_in_ = np.array(state.feature_names, dtype=object)
    if state.outcome is not None:
        _check_outcome(state.outcome)
    hmm._set_params(state.model, params, state.outcome)
    return hmm


def _state_of(hmm: Any) -> HMMState:
    params, names = hmm.params_, getattr(hmm, "feature_names_in_", None)
    return HMMState(
        type(hmm).__name__,
        settings_of(hmm),
        hmm.n_features_in_,
        None if names is None else tuple(names),
        getattr(hmm, "categories_", None),
        hmm._model,
        params,
        factors_of(params),
        hmm._outcome,
    )


def _put_in_alphabet(hmm: Any, alphabet: Any) -> None:
    """Give a model its alphabet, which must be what its settings make of it; None for a model of numbers."""
    rule = getattr(hmm, "_alphabet", None)
    if (rule is None) != (alphabet is None):
        raise ValueError(f"its alphabet {str(alphabet)[:60]} does not fit a {type(hmm).__name__}")
    if rule is None:
        return
    if not isinstance(alphabet, np.ndarray) or alphabet.ndim != 1 or not len(alphabet):
        raise ValueError("its alphabet is not a row of symbols")
    expected = rule(alphabet)
    if len(expected) != len(alphabet) or expected.tolist() != alphabet.tolist():
        raise ValueError("its alphabet is not that of its settings, or not sorted, or holds a symbol twice")
    hmm.categories_ = alphabet


def _check_model(hmm: Any, state: HMMState) -> None:
    """The model is the one that the settings ask for, and the chain is a chain."""
    model, names = state.model, state.feature_names
    family, K = hmm._family(), hmm.n_components
    if type(model.emission) is not type(family):
        raise ValueError(f"its model is not that of its settings, of {type(family).__name__} observations")
    if model.n_components != K:
        raise ValueError(f"it has {model.n_components} states where n_components={K}")
    if state.n_features < 1 or (names is not None and len(names) != state.n_features):
        raise ValueError(f"its {state.n_features} columns and their names {names} do not fit")
    if state.alphabet is not None and model.emission.n_symbols != len(state.alphabet):  # type: ignore[attr-defined]
        raise ValueError(f"its family has not the {len(state.alphabet)} symbols of its alphabet")
    _check_chain(model.latent, state.params.latent, hmm.startprob, K)


def _check_chain(chain: Any, params: Any, startprob: str, K: int) -> None:
    if not isinstance(chain, Chain) or chain.unit != "sequence" or chain.startprob != startprob:
        raise ValueError(f"its model is no chain that starts {startprob!r}")
    if chain.support is not None and chain.support.shape != (K, K):
        raise ValueError(f"its possible transitions have shape {chain.support.shape}, should be {(K, K)}")
    if chain.first_support is not None and chain.first_support.shape != (K,):
        raise ValueError(
            f"its possible first states have shape {chain.first_support.shape}, should be {(K,)}"
        )
    if not isinstance(params, ChainParams) or params.transmat.shape != (K, K):
        raise ValueError(f"it has not the transitions of {K} states")
    if params.startprob.shape != (K,):
        raise ValueError(f"it has not one startprob for each of {K} states")


def _check_start(chain: Any, params: ChainParams) -> None:
    """The first state follows what it says it does, once the transitions are known to be probabilities."""
    if not (np.abs(params.startprob - chain.first(params)) <= ROUNDING).all():
        raise ValueError(f"its startprob is not {chain.startprob}")


def _check_outcome(outcome: HMMOutcome) -> None:
    history = outcome.log_likelihood_history
    if history.ndim != 1 or not is_finite([outcome.log_likelihood, outcome.n_observed, *history.flat]):
        raise ValueError("the record of its fit is not whole: a likelihood is not finite")
