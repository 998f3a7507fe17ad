"""Parameters drawn as uncertain as they are: by the bootstrap, or from the posterior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from latently.core.backends import backend, count_threads
from latently.core.callbacks import STOPPED
from latently.core.em import EMMap, Settings, describe, run
from latently.core.errors import FitError
from latently.core.libraries import single_threaded_libraries
from latently.emissions.gaussian import Gaussian
from latently.emissions.gaussian.matrices import cholesky
from latently.estimators.gaussian_mixture import GaussianMixture
from latently.estimators.imputation.columns import NoMaximumError, singular
from latently.estimators.imputation.filling import Predictive, drawn
from latently.estimators.inputs import Array
from latently.models.latent_emission import LatentEmissionParams
from latently.wording import count

METHODS = ("bootstrap", "posterior")
AUGMENTATION_STEPS = 100  # of data augmentation from one draw to the next
DRAW_TRIES = 10
MOST_ROWS_DRAWN = 2**62  # rows that can be drawn: of more there is no uncertainty left


@dataclass(frozen=True)
class Draw:
    """Parameters of a mixture."""

    weights: Array  # (K,): weights
    means: Array  # (K, d): means
    covariances: Array  # covariances, in the shape of their type

    def mixture(self, covariance_type: str) -> GaussianMixture:
        """The mixture that has these parameters."""
        return GaussianMixture.from_parameters(
            self.weights, self.means, self.covariances, covariance_type=covariance_type
        )


def draw_parameters(
    mixture: GaussianMixture, table: Array, weights: Array, n: int, method: str, rng: np.random.Generator
) -> tuple[Draw, ...]:
    """Draw parameters as uncertain as a table leaves them.

    The mixture was fitted to the table, whose rows count as often as weights say. Raises a NoMaximumError if
    refits without a prior keep failing, on tables too small to be drawn from with replacement, and a FitError
    if those with one do.
    """
    if not n:
        return ()
    draw = {"bootstrap": _bootstrap, "posterior": _posterior}[method]
    return draw(mixture, table, weights, n, rng)


def _bootstrap(
    mixture: GaussianMixture, table: Array, weights: Array, n: int, rng: np.random.Generator
) -> tuple[Draw, ...]:
    """Refits from the fit itself, on as many rows drawn with replacement."""
    draws: list[Draw] = []
    share = weights / weights.max()
    share /= share.sum()
    total = min(max(round(float(weights.sum())), 1), MOST_ROWS_DRAWN)
    observed = ~np.isnan(table)
    needed = 2 if mixture.prior is None else 1
    one = mixture.n_components == 1 and mixture._family().correlated
    settings = Settings(mixture.tol, mixture.max_iter, callbacks=[singular] if one else (), accelerate=True)
    rested = _on_floor(mixture, mixture.params_)
    failure: Exception | str | None = None
    with single_threaded_libraries(), backend(count_threads(mixture.n_jobs)) as workers:
        described = describe(mixture._model, mixture._of_rows(table, share), workers)
        for _ in range(n * DRAW_TRIES):
            counts = rng.multinomial(total, share).astype(np.float64)
            if (counts @ observed < needed).any():
                continue
            source = mixture._of_rows(table, counts).grouped()
            em = EMMap(mixture._model, source, workers)
            try:
                result = run(em, mixture.params_, settings, counts.sum())
            except FitError as error:
                failure = error
                continue
            # On the floor there is no maximum: too few distinct rows were drawn.
            params = result.params
            if result.stop_reason == STOPPED or (_on_floor(mixture, params) & ~rested).any():
                failure = failure or "covariances are singular"
                continue
            params = mixture._model.least_dependent(described, params)
            draws.append(Draw(params.latent.weights, params.emission.means, params.emission.covariances))
            if len(draws) == n:
                return tuple(draws)
    reason = (
        f"only {len(draws)} of {count(n, 'refit')} on rows drawn with replacement succeeded "
        f"({failure or 'columns are left with too few observed values'})"
    )
    if mixture.prior is None:
        raise NoMaximumError(reason)
    raise FitError(f"{reason}: leave columns out")


def _on_floor(mixture: GaussianMixture, params: LatentEmissionParams) -> NDArray[np.bool_]:
    """Which components have a covariance that is singular but for its floor."""
    family = cast("Gaussian", mixture._model.emission)
    assert family.floor is not None  # as of any that was fitted
    unit = np.sqrt(family.floor)
    standard = family.dense(params.emission) / np.outer(unit, unit)
    if family.constant is not None:
        standard = standard[:, ~family.constant][:, :, ~family.constant]
    return np.asarray(np.linalg.eigvalsh(standard)[:, 0] < 2.0)


def _posterior(
    mixture: GaussianMixture, table: Array, weights: Array, n: int, rng: np.random.Generator
) -> tuple[Draw, ...]:
    """Data augmentation under the prior ``det(covariance) ** (-(d + 1) / 2)`` (Schafer 1997, section 5.4)."""
    from scipy.stats import wishart

    rows = np.asarray(table, dtype=np.float64)
    rows, weights = rows[weights > 0], weights[weights > 0]
    seen = ~np.isnan(rows).all(axis=1)
    rows, weights = rows[seen], weights[seen]
    total = weights.sum()
    emission = mixture.params_.emission
    mean, covariance = emission.means[0], emission.covariances[0]
    ones = np.ones((len(rows), 1))
    draws: list[Draw] = []
    for step in range(n * AUGMENTATION_STEPS):
        complete = drawn(Predictive(ones, mean[None], covariance[None]), rows, rng)
        centre = weights @ complete / total
        away = complete - centre
        scatter = (away.T * weights) @ away
        # With W a standard Wishart matrix and L L' the scatter, L inv(W) L' is inverse Wishart.
        standard = wishart.rvs(total - 1, np.eye(len(centre)), random_state=rng)
        root = np.linalg.cholesky(np.atleast_2d(standard))
        half = np.linalg.solve(root, cholesky(scatter[None])[0].T)
        covariance = half.T @ half
        covariance = (covariance + covariance.T) / 2
        mean = centre + np.linalg.cholesky(covariance / total) @ rng.standard_normal(len(centre))
        if (step + 1) % AUGMENTATION_STEPS == 0:
            draws.append(Draw(np.ones(1), mean[None], covariance[None]))
    return tuple(draws)
