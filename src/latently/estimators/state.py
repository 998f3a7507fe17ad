"""A mixture as the contents of a file, and back: all that is read is checked before it is believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from latently.archive import Contents
from latently.core.findings import Finding
from latently.core.restarts import Restarts, Run
from latently.emissions.categorical import Categorical, CategoricalParams
from latently.emissions.gaussian import FAMILIES
from latently.emissions.gaussian.params import GaussianParams, MatrixParams
from latently.emissions.gaussian.prior import Prior
from latently.emissions.poisson import Poisson, PoissonParams
from latently.estimators.codec import Decoder, Encoder
from latently.estimators.inputs import Array
from latently.estimators.soundness import checked_params, factors_of, is_finite, settings_of, unfitted
from latently.latent.independent import Independent, Weights
from latently.models.latent_emission import LatentEmission, LatentEmissionParams

ROOT = "mixture"


@dataclass(frozen=True)
class Outcome:
    """What a fit leaves beside the parameters: each field is an attribute of that name and an underscore."""

    log_likelihood: float
    log_likelihood_history: Array
    parameter_change_history: Array
    converged: bool
    stop_reason: str
    n_iter: int
    restarts: Restarts
    n_observed: float
    lower_bound: float
    lower_bounds: list[float]
    diagnostics: tuple[Finding, ...] = ()
    dtype: Literal["float32", "float64"] = "float64"  # of the data, in which parameters are shown


@dataclass(frozen=True)
class State:
    """All there is to a mixture.

    Attributes
    ----------
    estimator : str
        Its class.
    settings : dict of str to object
        Constructor parameters. Callbacks and generators of random numbers cannot be stored and are None.
    n_features : int
        Number of features.
    feature_names : tuple of str or None
        Their names, if the data had any.
    model : LatentEmission
        The model, bound to its data.
    params : LatentEmissionParams
        Its parameters.
    factors : array or None
        Cholesky factors of covariance matrices. On a floor they say more than the rounded matrices do.
    outcome : Outcome or None
        None if the mixture was not fitted.
    """

    estimator: str
    settings: dict[str, Any]
    n_features: int
    feature_names: tuple[str, ...] | None
    model: LatentEmission
    params: LatentEmissionParams
    factors: Array | None
    outcome: Outcome | None


CLASSES: list[type] = [
    State,
    Outcome,
    Finding,
    Restarts,
    Run,
    LatentEmission,
    LatentEmissionParams,
    Independent,
    Weights,
]
CLASSES += [GaussianParams, MatrixParams, Prior, *FAMILIES.values()]
CLASSES += [Poisson, PoissonParams, Categorical, CategoricalParams]
KNOWN = {cls.__name__: cls for cls in CLASSES}


def pack(mixture: Any) -> Contents:
    """Return what a file needs to hold.

    Parameters
    ----------
    mixture : BaseMixture
        Fitted, or made from parameters.

    Raises
    ------
    ValueError
        If a setting or the family cannot be stored, or `unpack` would refuse the contents.
    """
    encoder = Encoder(KNOWN)
    try:
        contents = Contents(encoder.encode(state_of(mixture), ROOT), encoder.arrays)
        unpack(contents, {type(mixture).__name__: type(mixture)}, encoder.own)
    except (ValueError, TypeError) as error:
        raise ValueError(f"this {type(mixture).__name__} cannot be saved: {error}") from error
    return contents


def unpack(contents: Contents, estimators: Mapping[str, type], own: Sequence[type] = ()) -> Any:
    """Return the mixture that was packed.

    Parameters
    ----------
    contents : Contents
        What `pack` returned.
    estimators : mapping of str to type
        The classes a mixture may be of.
    own : sequence of type
        The user's classes.

    Raises
    ------
    ValueError
        If something is missing, unknown, of another type or shape, or not feasible; it is named.
    UnknownClassError
        If a class of the user's is needed and not in `own` (a ValueError, too).
    """
    state = Decoder(contents.arrays, KNOWN, own).decode(contents.document, ROOT)
    if not isinstance(state, State):
        raise ValueError(f"it holds a {type(state).__name__}, not a mixture")
    return mixture_from(state, estimators)


def mixture_from(state: State, estimators: Mapping[str, type]) -> Any:
    """The mixture of a state, once all of it is found to be sound.

    Raises
    ------
    ValueError
        If something is missing, unknown, of another type or shape, or not feasible; it is named.
    """
    if state.estimator not in estimators:
        allowed = ", ".join(estimators)
        raise ValueError(f"it is a {state.estimator}, and this version of latently knows {allowed}")
    mixture = unfitted(estimators[state.estimator], state.settings, f"{ROOT}.settings")
    with np.errstate(all="ignore"):
        _check_model(mixture, state)
        params = _check_params(state)
    mixture.n_features_in_ = state.n_features
    if state.feature_names is not None:
        mixture.feature_names_in_ = np.array(state.feature_names, dtype=object)
    if state.outcome is not None:
        _check_outcome(state.outcome)
    mixture._set_params(state.model, params, state.outcome)
    return mixture


def state_of(mixture: Any) -> State:
    """All there is to a mixture."""
    params, names = mixture.params_, getattr(mixture, "feature_names_in_", None)
    return State(
        type(mixture).__name__,
        settings_of(mixture),
        mixture.n_features_in_,
        None if names is None else tuple(names),
        mixture._model,
        params,
        factors_of(params),
        mixture._outcome,
    )


def _check_model(mixture: Any, state: State) -> None:
    """The model is the one that the settings ask for."""
    model, names = state.model, state.feature_names
    family = mixture._family()
    if not isinstance(model.latent, Independent) or type(model.emission) is not type(family):
        raise ValueError(f"its model is not that of its settings, of {type(family).__name__} components")
    if model.n_components != mixture.n_components:
        raise ValueError(f"it has {model.n_components} components where n_components={mixture.n_components}")
    if state.n_features < 1 or (names is not None and len(names) != state.n_features):
        raise ValueError(f"its {state.n_features} features and their names {names} do not fit")


def _check_params(state: State) -> LatentEmissionParams:
    """The parameters are of the right shape and lie in their spaces; returned with their factors."""
    K = state.model.n_components
    if not isinstance(state.params.latent, Weights) or state.params.latent.weights.shape != (K,):
        raise ValueError(f"it has not one weight for each of {K} components")
    return checked_params(state.model, state.params, state.n_features, state.factors)


def _check_outcome(outcome: Outcome) -> None:
    history, changes = outcome.log_likelihood_history, outcome.parameter_change_history
    shapes = {history.shape, changes.shape, np.shape(outcome.lower_bounds)}
    numbers = [outcome.log_likelihood, outcome.n_observed, outcome.lower_bound, *outcome.lower_bounds]
    finite = is_finite(numbers) and is_finite(history) and not np.isnan(changes).any()
    if history.ndim != 1 or len(shapes) != 1 or not finite:
        raise ValueError("the record of its fit is not whole: histories differ in length or are not finite")
