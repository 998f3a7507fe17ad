"""Covariance matrices: Cholesky factors, inverses and floors, for one matrix or a stack."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from latently.core.errors import SingularCovarianceError
from latently.core.spaces import symmetric
from latently.core.spaces.base import FEASIBLE_TOL, ON_FLOOR
from latently.emissions.base import Array

EPS = float(np.finfo(np.float64).eps)

# A pivot below this part of the variance, times the number of features, is what rounding leaves of zero.
PIVOT = 64 * EPS
CLEAR = 0.5  # sum of the reciprocal eigenvalues, in units of the floor, below which none is near it
LAST_DIGITS = 4 * EPS  # of the trace: what an eigenvalue is known to
SINGULAR = (
    "is not positive definite: its rows lie in fewer dimensions than there are features, or on one point; "
    "set reg_covar (1e-6 is the default), lower n_components, or leave out collinear features"
)

MOST_PASSES = 1000


def cholesky(covariances: Array, whose: str = "") -> Array:
    """Lower Cholesky factors of one matrix or a stack of them.

    Raises a SingularCovarianceError if a matrix is not positive definite to working precision; it is named.
    """
    factors = _cholesky(covariances)
    if factors is not None:
        return factors
    if covariances.ndim == 2:
        raise SingularCovarianceError(SINGULAR, whose or "the covariance shared by all {label}s ")
    wrong = next(k for k, matrix in enumerate(covariances) if _cholesky(matrix) is None)
    raise SingularCovarianceError(SINGULAR, f"the covariance of {{label}} {wrong} ")


def _cholesky(covariances: Array, inverses: Array | None = None) -> Array | None:
    """Lower Cholesky factors, or None if a matrix is not positive definite to working precision.

    The inverses of the factors are written to `inverses`, if there is room for them.
    """
    factors, d = np.empty(covariances.shape), covariances.shape[-1]
    stack, flat = covariances.reshape(-1, d, d), factors.reshape(-1, d, d)
    for k in range(len(stack)):
        factor, failed = lapack.dpotrf(stack[k], lower=1)
        if failed:
            return None
        flat[k] = factor
        if inverses is not None:
            inverses.reshape(-1, d, d)[k] = lapack.dtrtri(factor, lower=1)[0]
    pivots, variances = factors.diagonal(0, -2, -1), covariances.diagonal(0, -2, -1)
    least = np.minimum.reduce(pivots * pivots / variances, axis=None)
    return factors if least > PIVOT * d else None


def refuse_indefinite(matrices: Array, name: str) -> None:
    """Name a matrix, of one or a stack, that is not symmetric and positive definite.

    Raises a ValueError if there is one.
    """
    for k, matrix in enumerate(matrices.reshape(-1, *matrices.shape[-2:])):
        label = name if matrices.ndim == 2 else f"{name}[{k}]"
        if not symmetric(matrix):
            i, j = np.argwhere(matrix != matrix.T)[0]
            raise ValueError(
                f"{label} is not symmetric: it has {matrix[i, j]:g} at [{i}, {j}] and {matrix[j, i]:g} at "
                f"[{j}, {i}], which should be equal"
            )
        if _cholesky(matrix) is None:
            least = np.linalg.eigvalsh(matrix)[0]
            raise ValueError(
                f"{label} is not positive definite: its least eigenvalue is {least:g}, and should be "
                "positive; make its covariances smaller or its variances larger"
            )


def clip_to_floor(covariances: Array, floor: Array) -> tuple[Array, Array, Array]:
    """The matrices nearest in likelihood to the given ones (one or a stack) that are not below a floor.

    In units of the floor the eigenvalues below one are raised to one, which is the exact M-step under
    this constraint (docs/formulas.md, "Floors").

    The factor of a matrix that is not clear of the floor comes from its eigenvalues, of which those that are
    above the floor by no more than rounding are on it. The matrix itself is rounded in units of its largest
    entries, so a factor taken from it would know the floor to few digits only, and as the likelihood is not
    flat where it rests on a floor, it would fall between iterates by more than rounding. Returns the
    covariances, their lower Cholesky factors and the inverses of these, in their shape.
    """
    unit, whiteners = np.sqrt(floor), np.empty(covariances.shape)
    factors = _cholesky(covariances, whiteners)
    if factors is not None:
        standard = (whiteners * unit).ravel()
        if standard @ standard < CLEAR:  # the sum of all reciprocal eigenvalues, in units of the floor
            return covariances, factors, whiteners
    standards = covariances / (unit[:, None] * unit)
    rounding = LAST_DIGITS * np.trace(standards, axis1=-2, axis2=-1)
    clear = (1.0 + ON_FLOOR + rounding)[..., None, None] * np.eye(len(floor))
    if factors is not None and _positive(standards - clear):
        return covariances, factors, whiteners
    held = covariances.copy()
    stack = held.reshape((-1, *held.shape[-2:]))
    shape = stack.shape
    clipped: dict[int, Array] = {}
    for k, (standard, limit) in enumerate(zip(standards.reshape(shape), clear.reshape(shape), strict=True)):
        if not _positive(standard - limit):
            values, vectors = np.linalg.eigh(standard)
            values = np.where(values > limit[0, 0] - ON_FLOOR, values, 1.0)
            # Largest eigenvalues first, which keeps the small ones accurate in the QR decomposition.
            root = (vectors * np.sqrt(values))[:, ::-1]
            upper = np.asarray(np.linalg.qr(root.T, mode="r"))
            clipped[k] = unit[:, None] * (upper.T * np.sign(np.diagonal(upper)))
            stack[k] = clipped[k] @ clipped[k].T
    factors = cholesky(held)
    for k, factor in clipped.items():
        factors.reshape(stack.shape)[k] = factor
    return held, factors, inverse_factors(factors)


def _positive(matrices: Array) -> bool:
    """Whether all of some matrices have a Cholesky factor."""
    try:
        np.linalg.cholesky(matrices)
    except np.linalg.LinAlgError:
        return False
    return True


def on_floor(covariances: Array, floor: Array, constant: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    """Which of some matrices (K, d, d) touch the floor, beside constant features, which always do."""
    unit = np.sqrt(floor)
    standard = covariances / np.outer(unit, unit)
    if constant is not None:
        standard = standard[:, ~constant][:, :, ~constant]
    least = np.linalg.eigvalsh(standard).min(axis=1, initial=np.inf)
    return np.asarray(least <= 1.0 + ON_FLOOR)


def least_dependent(covariance: Array, unseen: NDArray[np.bool_]) -> Array:
    """The covariance with the same entries but those unseen, whose precision is zero there.

    Of all covariances that share the other entries it has the greatest determinant. Each pass takes the
    features in turn, and predicts one from those it was seen with (docs/formulas.md, "Features never observed
    together"; Hastie, Tibshirani & Friedman 2009, algorithm 17.1). `unseen` is symmetric, and False on the
    diagonal.
    """
    varied = np.diagonal(covariance) > 0
    spread = np.sqrt(np.where(varied, np.diagonal(covariance), 1.0))
    found = covariance / np.outer(spread, spread)
    for _ in range(MOST_PASSES):
        before = found.copy()
        for j in np.flatnonzero(unseen.any(axis=0) & varied):
            free = unseen[j]
            seen = varied & ~free
            seen[j] = False
            slope = np.linalg.solve(found[np.ix_(seen, seen)], found[seen, j])
            found[j, free] = found[free, j] = found[np.ix_(free, seen)] @ slope
        if np.abs(found - before).max() <= PIVOT:
            break
    return np.where(unseen, found * np.outer(spread, spread), covariance)


@cache
def _entries(d: int) -> NDArray[np.int64]:
    """Which entry of a flat lower triangle stands at each place of a flat symmetric matrix."""
    row, column = np.indices((d, d)).reshape(2, -1)
    return np.asarray(np.maximum(row, column) * d + np.minimum(row, column))


def from_lower(lower: Array) -> Array:
    """Symmetric matrices, one or a stack, from their lower triangles."""
    d = lower.shape[-1]
    return lower.reshape(-1, d * d).take(_entries(d), axis=1).reshape(lower.shape)


def inverse_factors(factors: Array) -> Array:
    """The inverses of lower triangular matrices, one or a stack, lower triangular themselves."""
    inverses = np.empty(factors.shape)
    d = factors.shape[-1]
    for factor, inverse in zip(factors.reshape(-1, d, d), inverses.reshape(-1, d, d), strict=True):
        inverse[:], _ = lapack.dtrtri(factor, lower=1)  # which leaves what is above the diagonal
    return inverses


def precision_factors(factors: Array) -> Array:
    """Upper triangular U with U U' = the precision, for lower Cholesky factors of one or more covariances."""
    return np.swapaxes(inverse_factors(factors), -1, -2)


def refuse_other_factors(covariances: Array, factors: Array) -> None:
    """Refuse lower Cholesky factors that are not those of covariances."""
    scale = np.sqrt(np.diagonal(covariances, axis1=-2, axis2=-1))
    slack = FEASIBLE_TOL * scale[..., :, None] * scale[..., None, :]
    if (
        factors.shape != covariances.shape
        or np.triu(factors, 1).any()
        or not (np.diagonal(factors, axis1=-2, axis2=-1) > 0).all()
        or not (np.abs(factors @ np.swapaxes(factors, -1, -2) - covariances) <= slack).all()
    ):
        raise ValueError("the Cholesky factors of its covariances are not theirs")
