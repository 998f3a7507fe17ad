"""Coordinates without constraints for params: what an optimiser or a finite difference moves in.

Zero is the point itself. Written for the tests, apart from the package, to check it by.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import expit, logit

from latently.core.parameters import named, with_named
from latently.core.spaces import SPD, Positive, Real, Simplex, UnitInterval


def _real(space: Real, value: np.ndarray, u: np.ndarray) -> np.ndarray:
    moves = space.scale * u.reshape(value.shape)
    return value + (moves if space.fixed is None else np.where(space.fixed, 0.0, moves))


def _positive(space: Positive, value: np.ndarray, u: np.ndarray) -> np.ndarray:
    return value * np.exp(u.reshape(value.shape))


def _simplex(space: Simplex, value: np.ndarray, u: np.ndarray) -> np.ndarray:
    moved = value * np.exp(u.reshape(value.shape))
    return moved / moved.sum(axis=-1, keepdims=True)


def _spd(space: SPD, value: np.ndarray, u: np.ndarray) -> np.ndarray:
    d = value.shape[-1]
    lower = np.zeros(value.shape)
    rows, columns = np.tril_indices(d)
    lower[..., rows, columns] = u.reshape((*value.shape[:-2], -1))
    diagonal = np.arange(d)
    lower[..., diagonal, diagonal] = np.exp(lower[..., diagonal, diagonal])
    root = np.linalg.cholesky(value) @ lower
    return root @ np.swapaxes(root, -1, -2)


def _unit_interval(space: UnitInterval, value: np.ndarray, u: np.ndarray) -> np.ndarray:
    return expit(logit(value) + u.reshape(value.shape))


CHARTS = {Real: _real, Positive: _positive, Simplex: _simplex, SPD: _spd, UnitInterval: _unit_interval}


def n_coordinates(space: Any, value: np.ndarray) -> int:
    if isinstance(space, SPD):
        d = value.shape[-1]
        return value.size // (d * d) * (d * (d + 1) // 2)
    return value.size


class Chart:
    """Params near given ones, by a vector of coordinates."""

    def __init__(self, model: Any, params: Any) -> None:
        self.params, self.latent = params, model.latent
        self.held = ""
        self.spaces = model.spaces(params)
        values = named(params)
        self.values = {name: values[name] for name in self.spaces}
        sizes = [n_coordinates(space, self.values[name]) for name, space in self.spaces.items()]
        self.size = sum(sizes)
        self.cuts = np.cumsum(sizes)[:-1]

    def at(self, u: np.ndarray) -> Any:
        pieces = np.split(u, self.cuts)
        moved = {
            name: CHARTS[type(space)](space, self.values[name], piece)
            for (name, space), piece in zip(self.spaces.items(), pieces, strict=True)
            if name != self.held
        }
        params = with_named(self.params, moved)
        return replace(
            params, latent=self.latent.projected(params.latent)
        )  # what follows from others follows

    def hold(self, name: str) -> None:
        """Leave a parameter where it is."""
        self.held = name

    def flat(self, u: np.ndarray) -> np.ndarray:
        values = named(self.at(u))
        return np.concatenate([np.ravel(values[name]) for name in self.spaces])

    def rank(self) -> int:
        """Number of directions in which the params can move."""
        h = 1e-5
        columns = [(self.flat(h * e) - self.flat(-h * e)) / (2 * h) for e in np.eye(self.size)]
        return int(np.linalg.matrix_rank(np.array(columns).T, tol=1e-6))
