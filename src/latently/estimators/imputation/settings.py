"""Settings of imputation."""

from __future__ import annotations

from typing import Any

from latently.checks.settings import BOOLEAN, COUNT, POSITIVE, WHOLE, key_of, one_of
from latently.emissions.gaussian import STRUCTURES
from latently.emissions.gaussian.prior import PRIORS
from latently.estimators.imputation.parameter_draws import METHODS
from latently.estimators.settings import BY_COLUMN, setting, settings


@settings
class ImputationSettings:
    """Which model fills missing cells, and what of it is shown.

    Parameters
    ----------
    n_components : int, default 1
        Number of Gaussians. One is the multivariate normal model; more follow bent or clustered data.
    covariance_type : {"full", "tied", "diag", "spherical"}, default "full"
        As for `GaussianMixture`. With one component "diag" and "spherical" know no correlations and fill in
        means; a warning says so.
    prior : {"auto", None, "ridge", "inverse-wishart", "normal-inverse-wishart"}, default "auto"
        "auto" is maximum likelihood where the likelihood has a maximum. Where it has none, because columns
        are collinear or as many as the rows, it is "ridge", and a warning says so. None is maximum
        likelihood, or an error. A prior is counted in the objective. As for `GaussianMixture`.
    prior_strength : float, optional
        As for `GaussianMixture`; with "auto" that of the ridge, if it comes to it.
    n_parameter_draws : int, default 0
        Parameters to draw at the fit, of which `draw_imputations` needs one for each table; 20 is usual.
    draw_method : {"bootstrap", "posterior"}, default "bootstrap"
        "bootstrap" refits on rows drawn with replacement (Honaker & King 2010). "posterior" draws from the
        posterior under the usual flat prior by data augmentation (Schafer 1997); for one full component.
    min_value, max_value : float or array-like of shape (n_features,), optional
        Limits of filled cells. They act on the output only: the fit knows nothing of them. Best guesses and
        ends of intervals beyond them are set to them; draws are from the distribution within them.
    add_indicator : bool, default False
        Whether `transform` appends a column of zeros and ones for each feature that had missing cells at the
        fit.
    keep_empty_features : bool, default False
        Whether columns without any observed value at the fit stay in the output, their missing cells zero.
        Otherwise they are dropped, and a warning says so. As in scikit-learn.
    """

    n_components: int = setting(WHOLE, default=1, kw_only=False)
    covariance_type: str = setting(key_of(STRUCTURES), default="full")
    prior: str | None = setting(one_of("auto", *PRIORS), None, default="auto")
    prior_strength: float | None = setting(POSITIVE, None, default=None)
    n_parameter_draws: int = setting(COUNT, default=0)
    draw_method: str = setting(one_of(*METHODS), default="bootstrap")
    min_value: object = setting(object, default=None)  # read, and refused, in `check_limits`, as is max_value
    max_value: object = setting(object, default=None)
    add_indicator: bool = setting(BOOLEAN, default=False)
    keep_empty_features: bool = setting(BOOLEAN, default=False)


@settings
class MixedImputationSettings:
    """Which mixture fills missing cells of tables with columns of any type.

    Parameters
    ----------
    n_components : "bic" or int, default "bic"
        Number of components. "bic" adds one after the other until BIC has clearly risen twice, and takes the
        number where it is lowest.
    families : "auto" or dict, default "auto"
        By the name of a column, or a tuple of names whose columns are modelled together, a family or the name
        of one of ``latently.emissions.FAMILIES``; columns of an array are called 0, 1, ... The family of a
        column that is not named is chosen by its type and values: see `families_` after the fit.
    unknown : {"error", "missing"}, default "error"
        What a category is that was not there at the fit: an error that names it and its row, or a missing
        cell, which is filled in as others are.
    max_components : int, default 20
        How far "bic" goes.
    n_parameter_draws : int, default 0
        Parameters to draw at the fit, of which `draw_imputations` needs one for each table; 20 is usual. They
        are refits under random weights of the rows, the Bayesian bootstrap.
    """

    n_components: int | str = setting(one_of("bic"), WHOLE, default="bic", kw_only=False)
    families: Any = setting(one_of("auto"), BY_COLUMN, default="auto")
    unknown: str = setting(one_of("error", "missing"), default="error")
    max_components: int = setting(WHOLE, default=20)
    n_parameter_draws: int = setting(COUNT, default=0)
