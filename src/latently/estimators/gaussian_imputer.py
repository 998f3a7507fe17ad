"""Imputation of tables by a Gaussian or a mixture of Gaussians."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from latently import archive
from latently.checks.settings import BOOLEAN, COUNT, SHARE, check_setting, check_settings, check_whole, one_of
from latently.core.errors import ConstantColumnWarning, SpuriousMaximumWarning, UndeterminedWarning
from latently.estimators.diagnostics import Diagnostic, tell, undetermined
from latently.estimators.gaussian_mixture import GaussianMixture
from latently.estimators.imputation.columns import check_clear_of, check_rank, kept_columns
from latently.estimators.imputation.filling import expected, interval
from latently.estimators.imputation.limits import check_limits
from latently.estimators.imputation.moments import moments
from latently.estimators.imputation.parameter_draws import METHODS, Draw, draw_parameters
from latently.estimators.imputation.truncated import drawn_within
from latently.estimators.inputs import (
    Array,
    check_informative,
    check_rows,
    check_weights,
    column_names,
    random_generator,
)
from latently.estimators.old_names import GAUSSIAN_IMPUTER, refuses_old_names
from latently.estimators.settings import GAUSSIAN, PRIOR, RUN, Constraints

FLOOR = 1e-10
ROWS = 2**14  # filled in at a time


class GaussianImputer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Fill missing cells by a multivariate normal distribution, or a mixture of them, fitted by EM.

    The fit is by maximum likelihood from all observed cells, exact if cells are missing at random: whether a
    cell is missing may depend on the observed cells of its row, not on what it would have held. Missing cells
    are never filled in on the way.

    Three outputs answer three questions: `transform` gives the best guess of each cell, `interval` how far
    off it may be, and `draw_imputations` several complete tables for analyses with honest standard errors
    (join their results with `latently.pool`).

    Parameters
    ----------
    n_components : int, default 1
        Number of Gaussians. One is the multivariate normal model; more follow bent or clustered data.
    covariance_type : {"full", "tied", "diag", "spherical"}, default "full"
        As for `GaussianMixture`. With one component "diag" and "spherical" know no correlations and fill in
        means; a warning says so.
    prior : {None, "ridge", "inverse-wishart", "normal-inverse-wishart"}, default None
        None is maximum likelihood. A prior is needed if columns are collinear or as many as the rows; it is
        counted in the objective. As for `GaussianMixture`.
    prior_strength : float, optional
        As for `GaussianMixture`.
    n_parameter_draws : int, default 0
        Parameters to draw at the fit, of which `draw_imputations` needs one for each table; 20 is usual.
    draw_method : {"bootstrap", "posterior"}, default "bootstrap"
        "bootstrap" refits on rows drawn with replacement (Honaker & King 2010). "posterior" draws from the
        posterior under the usual flat prior by data augmentation (Schafer 1997); for one full component.
    tol : float, default 1e-8
        The log-likelihood still to be gained, per row, at which EM stops.
    max_iter : int, default 1000
        Most EM steps; reaching it raises a ConvergenceWarning.
    n_init : "auto" or int, default "auto"
        Starts of a mixture, as for `GaussianMixture`.
    min_value, max_value : float or array-like of shape (n_features,), optional
        Limits of filled cells. They act on the output only: the fit knows nothing of them. Best guesses and
        ends of intervals beyond them are set to them; draws are from the distribution within them.
    add_indicator : bool, default False
        Whether `transform` appends a column of zeros and ones for each feature that had missing cells at the
        fit.
    keep_empty_features : bool, default False
        Whether columns without any observed value stay, as NaN. Otherwise they are an error.
    random_state : None, int, Generator or RandomState
        Source of all that is random; an integer repeats.
    acceleration : {"auto", "squarem", None}, default "auto"
        As for `GaussianMixture`.
    n_jobs : int, optional
        Threads; all cores by default. Any number gives the same bits.
    callbacks : sequence of callable, optional
        Each is called as ``callback(iteration, params, log_likelihood)``; True stops.
    verbose : int, default 0
        Above zero, a progress bar is shown.

    Attributes
    ----------
    mean_ : array of shape (n_features,)
        Mean of the model, in the units of the features.
    covariance_ : array of shape (n_features, n_features)
        Its covariance; of a mixture that of all components together.
    log_likelihood_ : float
        Log-likelihood of all observed cells, in nats, constants included, the prior not.
    log_likelihood_history_ : array of shape (n_iterates,)
        At each iterate.
    converged_, stop_reason_, n_iter_
        Whether and why EM stopped, and its number of steps.
    mixture_ : GaussianMixture
        The fitted model.
    diagnostics_ : tuple of Diagnostic
        What there is to say of the table, each with its `kind`, the positions of its `columns` and a
        `message`: pairs of columns that are never observed together. Empty if there is nothing.
    parameter_draws_ : tuple of Draw
        Parameters drawn at the fit.
    missing_counts_ : array of int of shape (n_features,)
        Missing cells of each column at the fit.

    See Also
    --------
    latently.pool : Join the results of several imputed tables by Rubin's rules.
    latently.little_mcar_test : Whether cells are missing completely at random.
    latently.missing_patterns : Which cells are missing together.

    References
    ----------
    .. [1] Little, R. J. A. and Rubin, D. B. (2002). Statistical Analysis with Missing Data, 2nd edition,
           sections 8.2 and 11.2.
    .. [2] Honaker, J. and King, G. (2010). What to do about missing values in time-series cross-section data.
           American Journal of Political Science 54, 561-581.
    .. [3] Schafer, J. L. (1997). Analysis of Incomplete Multivariate Data, section 5.4.

    Examples
    --------
    >>> import numpy as np
    >>> from latently import GaussianImputer
    >>> X = np.array([[1.0, 2.1], [2.0, 3.9], [3.0, 6.2], [4.0, 7.8], [5.0, np.nan]])
    >>> imputer = GaussianImputer().fit(X)
    >>> imputer.transform(X)[4].round(2).tolist()
    [5.0, 9.85]
    >>> lower, upper = imputer.interval(X)
    >>> bool(lower[4, 1] < 9.85 < upper[4, 1])
    True
    """

    _parameter_constraints: ClassVar[Constraints] = (
        RUN
        | PRIOR
        | {
            "covariance_type": GAUSSIAN["covariance_type"],
            "n_parameter_draws": (COUNT,),
            "draw_method": (one_of(*METHODS),),
            "min_value": (object,),  # read, and refused, in `check_limits`, as is max_value
            "max_value": (object,),
            "add_indicator": (BOOLEAN,),
            "keep_empty_features": (BOOLEAN,),
        }
    )

    @refuses_old_names(GAUSSIAN_IMPUTER)
    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: str = "full",
        prior: str | None = None,
        prior_strength: float | None = None,
        n_parameter_draws: int = 0,
        draw_method: str = "bootstrap",
        tol: float = 1e-8,
        max_iter: int = 1000,
        n_init: int | str = "auto",
        min_value: Any = None,
        max_value: Any = None,
        add_indicator: bool = False,
        keep_empty_features: bool = False,
        random_state: Any = None,
        acceleration: str | None = "auto",
        n_jobs: int | None = None,
        callbacks: Any = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.prior = prior
        self.prior_strength = prior_strength
        self.n_parameter_draws = n_parameter_draws
        self.draw_method = draw_method
        self.tol = tol
        self.max_iter = max_iter
        self.n_init = n_init
        self.min_value = min_value
        self.max_value = max_value
        self.add_indicator = add_indicator
        self.keep_empty_features = keep_empty_features
        self.random_state = random_state
        self.acceleration = acceleration
        self.n_jobs = n_jobs
        self.callbacks = callbacks
        self.verbose = verbose

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit the model to all observed cells by EM.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The table; NaN is a missing cell.
        y : None
            Ignored; there for scikit-learn's conventions.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.

        Returns
        -------
        self
            The fitted imputer.

        Raises
        ------
        ValueError
            If a column has no observed value or only one, is not numeric, or holds an infinity; if there are
            no more rows than columns and no prior; if a setting is unusable.
        SingularCovarianceError
            If columns are collinear and there is no prior: they are named (a ValueError, too).

        Warns
        -----
        UserWarning
            If one component without correlations fills in means.
        UndeterminedWarning
            If columns are never observed together: nothing is known of how they depend on each other given
            the others, so they are taken to be independent given these. Intervals of single cells are right
            on average all the same; what an analysis of drawn tables says of that dependence is made up.
        ConvergenceWarning
            If `max_iter` was reached.
        """
        check_settings(self)
        self._check_draws()
        names = column_names(X)
        rows = check_rows(self, X, reset=True, accepts_missing=True)
        weights = check_weights(sample_weight, len(rows))
        kept = kept_columns(rows, weights, names, self.keep_empty_features)
        if names is not None:
            names = [name for name, keep in zip(names, kept, strict=True) if keep]
        table = rows if kept.all() else rows[:, kept]
        check_limits(self.min_value, self.max_value, len(kept))
        check_informative(table, weights, int(self.n_components), names)
        correlated = self.covariance_type in ("full", "tied") and table.shape[1] > 1
        if correlated and self.prior is None:
            check_rank(table, weights, names)
        if self.n_components == 1 and not correlated and table.shape[1] > 1:
            warnings.warn(
                f"one component with covariance_type='{self.covariance_type}' knows no correlations and "
                "fills in the mean of each column; choose 'full', or more components",
                UserWarning,
                stacklevel=2,
            )
        rng = random_generator(self.random_state)
        mixture = self._mixture(rng)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SpuriousMaximumWarning)
            warnings.simplefilter("ignore", ConstantColumnWarning)
            warnings.simplefilter("ignore", UndeterminedWarning)  # it knows no names: they are told below
            mixture.fit(table, sample_weight=weights)
        if correlated and self.n_components == 1:
            check_clear_of(mixture._dense(mixture.params_)[0], 100 * FLOOR, names)
        pairs = [pair for found in mixture.diagnostics_ for pair in found.columns]
        diagnostics = undetermined(
            np.flatnonzero(kept)[np.array(pairs, dtype=int)], column_names(X), by_prior=self.prior is not None
        )
        if diagnostics and self.n_parameter_draws and self.draw_method == "posterior":
            raise ValueError(
                f"{diagnostics[0].message.partition(': ')[0]}, and the posterior under a flat prior has then "
                "no finite mass: use draw_method='bootstrap'"
            )
        draws = draw_parameters(mixture, table, weights, int(self.n_parameter_draws), self.draw_method, rng)
        self._restore(mixture, kept, np.isnan(rows).sum(axis=0), draws, diagnostics)
        tell(self.diagnostics_)
        return self

    def _restore(
        self,
        mixture: GaussianMixture,
        kept: NDArray[np.bool_],
        missing_counts: NDArray[np.int64],
        draws: tuple[Draw, ...],
        diagnostics: tuple[Diagnostic, ...],
    ) -> None:
        """Set what is known after a fit."""
        self._kept_features = kept
        self.missing_counts_ = missing_counts
        self.mixture_ = mixture
        self.diagnostics_ = diagnostics
        self.mean_, self.covariance_ = self._moments()
        self.log_likelihood_ = mixture.log_likelihood_
        self.log_likelihood_history_ = mixture.log_likelihood_history_
        self.converged_ = mixture.converged_
        self.stop_reason_ = mixture.stop_reason_
        self.n_iter_ = mixture.n_iter_
        self.parameter_draws_ = draws
        if self.add_indicator:
            from sklearn.impute import MissingIndicator  # it takes long to import, and few ask for it

            example = np.where(missing_counts > 0, np.nan, 0.0)[None]
            self.indicator_ = MissingIndicator(error_on_new=False).fit(example)

    def transform(self, X: Any) -> Any:
        """Fill missing cells by their expectation given the observed cells of their row.

        Only the fitted model is used: new rows teach it nothing.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, of the fit or new ones; NaN is a missing cell.

        Returns
        -------
        array of shape (n_samples, n_features)
            Observed cells as they are; a frame if `set_output` asked for one. With `add_indicator` more
            columns follow.

        Raises
        ------
        ValueError
            If the columns are not those of the fit, or not numbers.
        """
        rows = self._rows(X)
        filled = self._filled(rows, lambda table: expected(self.mixture_._predictive(table), table))
        return filled if not self.add_indicator else np.hstack([filled, self.indicator_.transform(rows)])

    def interval(
        self, X: Any, level: float = 0.95, *, parameter_uncertainty: bool = False
    ) -> tuple[Array, Array]:
        """Intervals that hold each missing cell with a given probability, given the rest of its row.

        By default the fitted parameters are taken for the true ones; that is the most of it once there are
        fifty rows to a column. With ``parameter_uncertainty=True`` the interval is that of the mixture over
        the parameter draws, and a little wider.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows; NaN is a missing cell.
        level : float, default 0.95
            Probability of each interval.
        parameter_uncertainty : bool, default False
            Whether the uncertainty of the parameters is in it; needs ``n_parameter_draws`` at the fit.

        Returns
        -------
        lower, upper : array of shape (n_samples, n_features)
            In the units of the features; NaN for observed cells.

        Raises
        ------
        ValueError
            If `level` is not between 0 and 1, or there are no parameter draws.
        """
        check_setting("level", level, SHARE)
        rows = self._rows(X)
        table = rows[:, self._kept_features]
        if parameter_uncertainty:
            self._need_draws(2)
            models = [draw.mixture(self.covariance_type) for draw in self.parameter_draws_]
        else:
            models = [self.mixture_]
        predictives = [model._predictive(table) for model in models]
        lower, upper = interval(predictives, table, float(level))
        shape = rows.shape
        ends = np.full(shape, np.nan), np.full(shape, np.nan)
        for end, part in zip(ends, (lower, upper), strict=True):
            end[:, self._kept_features] = np.clip(part, *self._limits())
        return ends

    def draw_imputations(
        self, X: Any, n_imputations: int = 20, random_state: Any = None
    ) -> list[NDArray[Any]]:
        """Complete tables whose missing cells are drawn, each table under parameters of its own.

        So the tables differ by as much as is not known. Run an analysis on each and join the results with
        `latently.pool`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, of the fit or new ones.
        n_imputations : int, default 20
            How many tables: at most as many as there are parameter draws.
        random_state : None, int, Generator or RandomState
            None takes the imputer's own.

        Returns
        -------
        list of array of shape (n_samples, n_features)
            Observed cells as they are.

        Raises
        ------
        ValueError
            If there are fewer parameter draws than tables.
        """
        n_imputations = check_whole("n_imputations", n_imputations)
        rows = self._rows(X)
        self._need_draws(n_imputations)
        rng = random_generator(self.random_state if random_state is None else random_state)
        models = [draw.mixture(self.covariance_type) for draw in self.parameter_draws_[:n_imputations]]

        def complete(model: GaussianMixture) -> Any:
            return self._filled(rows, lambda table: drawn_within(model, table, rng, *self._limits()))

        return [complete(model) for model in models]

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Names of the columns of the output.

        Parameters
        ----------
        input_features : array-like of str, optional
            Names of the columns of the input, if the fit had none.

        Returns
        -------
        array of str
            Those of the input, and those of the indicator after them.
        """
        names = super().get_feature_names_out(input_features)
        if not self.add_indicator:
            return names
        more = self.indicator_.get_feature_names_out(names)
        return np.concatenate([names, more])

    def score(self, X: Any, y: Any = None) -> float:
        """Mean log density of the observed cells of a row, in nats.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.
        y : None
            Ignored.

        Returns
        -------
        float
            Higher is better.
        """
        rows = self._rows(X)
        return float(self.mixture_.score(rows[:, self._kept_features]))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the imputer to a file, from which `latently.load` makes one that fills in the same bits.

        Parameters
        ----------
        path : str or path
            Where to; replaced once the new file is safely on the disk.

        Raises
        ------
        ValueError
            If a setting cannot be stored.
        OSError
            If the path cannot be written.
        """
        from latently.estimators.imputation.state import pack_imputer

        check_is_fitted(self)
        archive.write(path, pack_imputer(self))

    def _check_draws(self) -> None:
        plain = self.n_components == 1 and self.covariance_type == "full" and self.prior is None
        if self.n_parameter_draws and self.draw_method == "posterior" and not plain:
            raise ValueError(
                "draw_method='posterior' is for one full component without a prior: use "
                "draw_method='bootstrap'"
            )

    def _mixture(self, random_state: Any) -> GaussianMixture:
        return GaussianMixture(
            self.n_components,
            covariance_type=self.covariance_type,
            prior=self.prior,
            prior_strength=self.prior_strength,
            tol=self.tol,
            max_iter=self.max_iter,
            n_init=self.n_init,
            reg_covar=FLOOR if self.n_components == 1 else 1e-6,
            random_state=random_state,
            acceleration=self.acceleration,
            n_jobs=self.n_jobs,
            callbacks=self.callbacks,
            verbose=self.verbose,
        )

    def _need_draws(self, n: int) -> None:
        have = len(self.parameter_draws_)
        if have < n:
            raise ValueError(
                f"there are {have} parameter draws and {n} are needed: set n_parameter_draws={max(n, 20)} "
                "and fit again"
            )

    def _rows(self, X: Any) -> Any:
        check_is_fitted(self)
        return check_rows(self, X, reset=False, accepts_missing=True)

    def _moments(self) -> tuple[Array, Array]:
        mean, covariance = moments(self.mixture_)
        if self._kept_features.all():
            return mean, covariance
        kept = np.flatnonzero(self._kept_features)
        d = len(self._kept_features)
        whole, matrix = np.full(d, np.nan), np.full((d, d), np.nan)
        whole[kept] = mean
        matrix[np.ix_(kept, kept)] = covariance
        return whole, matrix

    def _limits(self) -> tuple[Array, Array]:
        lower, upper = check_limits(self.min_value, self.max_value, len(self._kept_features))
        return lower[self._kept_features], upper[self._kept_features]

    def _filled(self, rows: Any, fill: Callable[[Any], Array]) -> Any:
        """Rows with missing cells filled in, within their limits; observed cells and the type as they are."""
        out = rows.copy()
        kept: Any = slice(None) if self._kept_features.all() else self._kept_features
        for start in range(0, len(rows), ROWS):
            part = slice(start, start + ROWS)
            table = rows[part][:, kept]
            if np.isnan(table).any():
                out[part, kept] = np.where(np.isnan(table), np.clip(fill(table), *self._limits()), table)
        return out
