"""Hidden Markov models from given parameters, each checked: a refusal names the culprit and the remedy."""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass
from typing import Any, TypeVar

import numpy as np

from latently.core.errors import SingularCovarianceError
from latently.core.parameters import named, symmetric
from latently.emissions.base import Emission
from latently.emissions.gaussian import GaussianFamily
from latently.emissions.gaussian.matrices import cholesky
from latently.emissions.gaussian.params import MatrixParams
from latently.estimators.hmm.base import BaseHMM, probabilities
from latently.estimators.inputs import Array
from latently.latent.chain import STARTS, Chain, ChainParams
from latently.models.latent_emission import LatentEmission, LatentEmissionParams

HMM = TypeVar("HMM", bound=BaseHMM)


@dataclass(frozen=True)
class GivenChain:
    """A chain made by hand.

    Attributes
    ----------
    startprob : str
        The setting of that name.
    chain : Chain
        Transitions that are exactly zero cannot happen.
    params : ChainParams
        The probabilities.
    """

    startprob: str
    chain: Chain
    params: ChainParams

    @property
    def n_components(self) -> int:
        """Number of states."""
        return len(self.params.transmat)


def given_chain(startprob: Any, transmat: Any) -> GivenChain:
    """Check the probabilities of a chain.

    Parameters
    ----------
    startprob : array-like of shape (n_components,), "stationary" or "uniform"
        Probabilities of the first state, or what they follow from.
    transmat : array-like of shape (n_components, n_components)
        Transition probabilities, from row to column.

    Raises
    ------
    ValueError
        If the shapes are others, or a row is no set of probabilities, which is named.
    """
    transmat = np.array(transmat, dtype=np.float64)
    K = len(transmat) if transmat.ndim == 2 else 0
    if not K or transmat.shape != (K, K):
        raise ValueError(f"transmat has shape {transmat.shape}, should be (n_components, n_components)")
    transmat = probabilities(transmat, (K, K), "transmat")
    support = None if (transmat > 0).all() else transmat > 0
    if isinstance(startprob, str):
        if startprob not in STARTS[1:]:
            allowed = " or ".join(map(repr, STARTS[1:]))
            raise ValueError(f"startprob={startprob!r}: should be {K} probabilities, or {allowed}")
        chain = Chain(startprob=startprob, support=support)
        params = chain.settled(ChainParams(np.full(K, 1.0 / K), transmat))
        return GivenChain(startprob, chain, params)
    params = ChainParams(probabilities(startprob, (K,), "startprob"), transmat)
    return GivenChain("free", Chain(support=support), params)


def given_gaussians(family: GaussianFamily, n_components: int, means: Any, covariances: Any) -> Any:
    """Check means and covariances, and put them together.

    Raises
    ------
    ValueError
        If the shapes are others, a mean is not finite, a variance not positive, or a matrix not symmetric and
        positive definite; the state is named.
    """
    means = np.array(means, dtype=np.float64)
    if means.ndim != 2 or not means.shape[1] or len(means) != n_components:
        raise ValueError(f"means has shape {means.shape}, should be ({n_components}, n_features)")
    _refuse(~np.isfinite(means), means, "means", "finite")
    covariances = np.array(covariances, dtype=np.float64)
    d = means.shape[1]
    shape = family.from_dense(np.broadcast_to(0.0, (n_components, d, d))).shape
    if covariances.shape != shape:
        kind = type(family).__name__
        raise ValueError(f"covariances has shape {covariances.shape}, should be {shape} for a {kind}")
    _refuse(~np.isfinite(covariances), covariances, "covariances", "finite")
    params = family.params(means, covariances)
    if isinstance(params, MatrixParams):
        for k, matrix in enumerate(covariances.reshape(-1, d, d)):
            _refuse_matrix(matrix, "covariances" if covariances.ndim == 2 else f"covariances[{k}]")
    else:
        _refuse(covariances <= 0, covariances, "covariances", "positive")
    return params


def _refuse_matrix(matrix: Array, name: str) -> None:
    if not symmetric(matrix):
        i, j = np.argwhere(matrix != matrix.T)[0]
        raise ValueError(
            f"{name} is not symmetric: it has {matrix[i, j]:g} at [{i}, {j}] and {matrix[j, i]:g} at "
            f"[{j}, {i}], which should be equal"
        )
    try:
        cholesky(matrix)
    except SingularCovarianceError:
        least = np.linalg.eigvalsh(matrix)[0]
        raise ValueError(
            f"{name} is not positive definite: its least eigenvalue is {least:g}, and should be positive; "
            "make its covariances smaller or its variances larger"
        ) from None


def given_rates(n_components: int, lambdas: Any) -> Array:
    """Check rates.

    Raises
    ------
    ValueError
        If the shape is another, or a rate is not positive, which is named.
    """
    rates = np.array(lambdas, dtype=np.float64)
    if rates.ndim != 2 or not rates.shape[1] or len(rates) != n_components:
        raise ValueError(f"lambdas has shape {rates.shape}, should be ({n_components}, n_features)")
    _refuse(~(np.isfinite(rates) & (rates > 0)), rates, "lambdas", "positive and finite")
    return rates


def _refuse(wrong: Any, values: Array, name: str, what: str) -> None:
    if wrong.any():
        at = tuple(int(i) for i in np.argwhere(wrong)[0])
        place = ", ".join(map(str, at))
        raise ValueError(f"{name}[{place}] is {values[at]:g}: should be {what}")


def given_emission(emission: Emission, n_components: int, params: Any) -> Any:
    """Check the parameters of any family.

    Raises
    ------
    ValueError
        If they are not those of so many states, or lie out of range; the parameter is named.
    """
    if not isinstance(emission, Emission):
        raise ValueError(f"emission is a {type(emission).__name__}: should be a family, such as Poisson()")
    if not is_dataclass(params) or isinstance(params, type):
        raise ValueError(
            f"params is a {type(params).__name__}: should be what {type(emission).__name__}.start makes, a "
            "dataclass of arrays"
        )
    values = named(params)
    if type(emission).permute is Emission.permute:
        for name, value in values.items():
            if np.shape(value)[:1] != (n_components,):
                raise ValueError(
                    f"'{name}' has shape {np.shape(value)}: its first axis should be the {n_components} "
                    "states of transmat"
                )
    with np.errstate(all="ignore"):
        spaces = emission.spaces(params)
    for name, space in spaces.items():
        if not (np.isfinite(values[name]).all() and space.feasible(values[name])):
            raise ValueError(f"'{name}' is not feasible: check its range, and its sum if it has one")
    return params


def made(hmm: HMM, chain: GivenChain, family: Emission, params: Any, n_features: int) -> HMM:
    """Give an estimator its parameters."""
    hmm.n_features_in_ = n_features
    model = LatentEmission(chain.chain, family, chain.n_components)
    hmm._set_params(model, LatentEmissionParams(chain.params, params))
    return hmm
