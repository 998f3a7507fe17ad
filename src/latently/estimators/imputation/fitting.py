"""The model of an imputer: by maximum likelihood where that has a maximum, else with a named prior."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from latently.core.errors import (
    ConstantColumnWarning,
    SingularCovarianceError,
    SpuriousMaximumWarning,
    UndeterminedWarning,
)
from latently.core.findings import CAUTION, Finding, grave
from latently.core.journal import Journal
from latently.emissions.gaussian import Gaussian
from latently.estimators.diagnostics import NEVER_TOGETHER, pairs_in_words, undetermined
from latently.estimators.gaussian_mixture import GaussianMixture
from latently.estimators.imputation.columns import NoMaximumError, check_clear_of_floor, check_rank, singular
from latently.estimators.imputation.parameter_draws import Draw, draw_parameters
from latently.estimators.imputation.tables import Modelled

if TYPE_CHECKING:
    from latently.estimators.gaussian_imputer import GaussianImputer

FALLBACK = "ridge"
SAID_OTHERWISE = (SpuriousMaximumWarning, ConstantColumnWarning, UndeterminedWarning)


def fit_model(
    imputer: GaussianImputer, table: Modelled, rng: np.random.Generator, journal: Journal | None
) -> tuple[GaussianMixture, tuple[Draw, ...], tuple[Finding, ...]]:
    """Fit the model of an imputer, draw its parameters, and say what there is to say of it.

    Raises a NoMaximumError if the likelihood has no maximum and no prior may take its place.
    """
    said: tuple[Finding, ...] = ()
    try:
        mixture, draws = _fitted(
            imputer, table, None if imputer.prior == "auto" else imputer.prior, rng, journal
        )
    except NoMaximumError as error:
        if imputer.prior != "auto" or _from_posterior(imputer):
            raise
        mixture, draws = _fitted(imputer, table, FALLBACK, rng, journal)
        message = (
            f"{error.reason}: the {FALLBACK} prior stands in for what the data do not tell, and what is "
            f"filled in depends on it; ask for it by name if it is meant, or {error.remedy}"
        )
        columns = (tuple(table.positions[list(error.columns)].tolist()),)
        said = (Finding("prior", message, "column", columns, severity=CAUTION),)
    pairs = _unseen(mixture, table)
    return mixture, draws, (*said, *undetermined(pairs, table.names, by_prior=mixture.prior is not None))


def _fitted(
    imputer: GaussianImputer,
    table: Modelled,
    prior: str | None,
    rng: np.random.Generator,
    journal: Journal | None,
) -> tuple[GaussianMixture, tuple[Draw, ...]]:
    """One fit, with a given prior or none, and its draws."""
    unbound = prior is None and Gaussian(imputer.covariance_type).correlated
    if unbound:
        check_rank(table.rows, table.weights, np.flatnonzero(table.varied), table.labels())
    mixture: GaussianMixture = imputer._mixture(rng, prior, journal)
    one = unbound and imputer.n_components == 1
    if one:
        mixture.set_params(callbacks=[*(imputer.callbacks or ()), singular])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            table.fit(mixture)
        except SingularCovarianceError as error:
            raise NoMaximumError("covariances run into singular ones") from error
    if one:
        check_clear_of_floor(mixture._dense(mixture.params_)[0], table.labels())
        mixture.set_params(callbacks=imputer.callbacks)
    spurious = grave(mixture.diagnostics_)
    if unbound and imputer.prior == "auto" and spurious:
        raise NoMaximumError(f"no maximum is to be trusted ({spurious[0]})")
    for warning in caught:
        if not issubclass(warning.category, SAID_OTHERWISE):
            warnings.warn(warning.message, stacklevel=5)
    unseen = _unseen(mixture, table)
    if _from_posterior(imputer) and len(unseen):
        raise ValueError(
            f"columns {pairs_in_words(unseen, table.names)} are never observed together, and the posterior "
            "under a flat prior has then no finite mass: use draw_method='bootstrap'"
        )
    return mixture, draw_parameters(
        mixture, table.rows, table.weights, int(imputer.n_parameter_draws), imputer.draw_method, rng
    )


def _from_posterior(imputer: GaussianImputer) -> bool:
    return bool(imputer.n_parameter_draws and imputer.draw_method == "posterior")


def _unseen(mixture: GaussianMixture, table: Modelled) -> NDArray[np.int64]:
    """Pairs of columns of the table that are never observed together."""
    pairs = [found.which for found in mixture.diagnostics_ if found.kind == NEVER_TOGETHER]
    return table.positions[np.array(pairs, dtype=np.int64).reshape(-1, 2)]
