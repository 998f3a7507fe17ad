"""What the files of estimators have in common, and whether what is read of them is sound."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from latently.checks.settings import check_settings
from latently.core.parameters import named
from latently.emissions.base import Emission
from latently.emissions.categorical import Categorical, CategoricalParams
from latently.emissions.gaussian import GaussianFamily
from latently.emissions.gaussian.params import GaussianParams, MatrixParams
from latently.emissions.poisson import Poisson, PoissonParams
from latently.estimators.codec import check_types
from latently.estimators.inputs import Array
from latently.models.latent_emission import LatentEmission, LatentEmissionParams

NOT_STORED = ("callbacks",)
ROUNDING = 1e-8


def settings_of(estimator: Any) -> dict[str, Any]:
    """Constructor parameters; None for callbacks and generators of random numbers."""
    settings: dict[str, Any] = estimator.get_params(deep=False)
    settings.update(dict.fromkeys(NOT_STORED))
    if not isinstance(settings["random_state"], (int, np.integer)):
        settings["random_state"] = None
    return settings


def unfitted(cls: Any, settings: dict[str, Any], where: str) -> Any:
    """An estimator with settings that were read.

    Raises
    ------
    ValueError
        If one is unknown or of another type, or the estimator refuses it.
    """
    unknown = sorted(set(settings) - set(cls._get_param_names()))
    if unknown:
        raise ValueError(f"it has a setting '{unknown[0]}', which {cls.__name__} does not")
    check_types(cls.__init__, settings, where)
    estimator = cls(**settings)
    check_settings(estimator)
    return estimator


def factors_of(params: LatentEmissionParams) -> Array | None:
    """Cholesky factors of covariance matrices: on a floor they say more than the rounded matrices do."""
    emission = params.emission
    return emission.cholesky if isinstance(emission, MatrixParams) else None


def checked_params(
    model: LatentEmission, params: LatentEmissionParams, n_features: int, factors: Array | None
) -> LatentEmissionParams:
    """Params found to be of the right shape and in their spaces, with their factors.

    Raises
    ------
    ValueError
        If they are not; the culprit is named.
    """
    _check_emission(model.emission, params.emission, model.n_components, n_features)
    values = named(params)
    wrong = [name for name, value in values.items() if not is_finite(value)]
    spaces = model.spaces(params)
    wrong += [name for name, space in spaces.items() if not space.feasible(values[name])]
    if wrong:
        raise ValueError(f"its '{wrong[0]}' is not feasible: not finite, or out of range")
    return _with_factors(params, factors)


def _check_emission(emission: Emission, theta: Any, K: int, d: int) -> None:
    if isinstance(emission, GaussianFamily):
        _check_gaussians(emission, theta, K, d)
    elif type(emission) is Poisson:
        _check_rates(emission, theta, K, d)
    elif type(emission) is Categorical:
        _check_symbols(emission, theta, K, d)
    elif type(emission).permute is Emission.permute:  # components are along the first axis
        short = [name for name, value in named(theta).items() if np.shape(value)[:1] != (K,)]
        if short:
            raise ValueError(f"its '{short[0]}' is not that of {K} components")


def _check_gaussians(family: GaussianFamily, theta: Any, K: int, d: int) -> None:
    if not isinstance(theta, GaussianParams) or theta.means.shape != (K, d):
        raise ValueError(f"its means are not those of {K} components and {d} features")
    found, shape = theta.covariances.shape, family.from_dense(np.broadcast_to(0.0, (K, d, d))).shape
    if found != shape or type(theta) is not type(family.params(theta.means, theta.covariances)):
        kind = type(family).__name__
        raise ValueError(f"its covariances, of shape {found}, are not those of a {kind}, of shape {shape}")
    floor = np.ones(d) if family.variances is None else family.variances
    if floor.shape != (d,) or not is_finite(floor) or not ((floor >= 0).all() and floor.any()):
        raise ValueError("the variances of its features are not numbers from 0, one for each")


def _check_rates(family: Poisson, theta: Any, K: int, d: int) -> None:
    if not isinstance(theta, PoissonParams) or theta.lambdas.shape != (K, d):
        raise ValueError(f"its rates are not those of {K} components and {d} features")
    means = np.ones(d) if family.means is None else family.means
    if means.shape != (d,) or not is_finite(means) or not (means >= 0).all():
        raise ValueError("the means of its features are not numbers from 0, one for each")


def _check_symbols(family: Categorical, theta: Any, K: int, d: int) -> None:
    shape = (K, family.n_symbols)
    if d != 1 or not isinstance(theta, CategoricalParams) or theta.emissionprob.shape != shape:
        raise ValueError(f"its probabilities are not those of {K} components and {family.n_symbols} symbols")
    if family.support is not None and family.support.shape != shape:
        raise ValueError(f"its possible symbols have shape {family.support.shape}, should be {shape}")


def _with_factors(params: LatentEmissionParams, factors: Array | None) -> LatentEmissionParams:
    theta = params.emission
    if not isinstance(theta, MatrixParams):
        return params
    scale = np.sqrt(np.diagonal(theta.covariances, axis1=-2, axis2=-1))
    room = ROUNDING * scale[..., :, None] * scale[..., None, :]
    if (
        factors is None
        or factors.shape != theta.covariances.shape
        or np.triu(factors, 1).any()
        or not (np.diagonal(factors, axis1=-2, axis2=-1) > 0).all()
        or not (np.abs(factors @ np.swapaxes(factors, -1, -2) - theta.covariances) <= room).all()
    ):
        raise ValueError("the Cholesky factors of its covariances are not theirs")
    return replace(params, emission=MatrixParams.factored(theta.means, theta.covariances, factors))


def is_finite(value: Any) -> bool:
    """Whether numbers are neither NaN nor infinite; what is no floating-point number is."""
    array = np.asarray(value)
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())
