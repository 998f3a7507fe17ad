"""Imputation of tables by a Gaussian or a mixture of Gaussians."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Self, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._set_output import ADAPTERS_MANAGER
from sklearn.utils.validation import check_is_fitted

from latently.checks.settings import check_settings
from latently.core.findings import Finding
from latently.core.journal import Journal
from latently.emissions.gaussian import Gaussian
from latently.estimators.bases import OneToOneFeatureMixin
from latently.estimators.gaussian_mixture import GaussianMixture
from latently.estimators.imputation.base import BaseImputer, Moment
from latently.estimators.imputation.columns import COVARIANCE_FLOOR, ROWS_AT_A_TIME
from latently.estimators.imputation.filling import expected, interval
from latently.estimators.imputation.fitting import fit_model, read_table
from latently.estimators.imputation.limits import check_limits, drawn_within
from latently.estimators.imputation.moments import moments
from latently.estimators.imputation.parameter_draws import Draw
from latently.estimators.imputation.settings import ImputationSettings
from latently.estimators.informative import dropped, warn_of
from latently.estimators.inputs import Array, check_rows, random_generator
from latently.estimators.old_names import GAUSSIAN_IMPUTER
from latently.estimators.saving.checkpoint import recorded
from latently.estimators.settings import estimator
from latently.estimators.streaming import read_piece_by_piece


class Read(NamedTuple):
    """A table as the user has it, and its numbers."""

    X: Any
    rows: Any


@estimator(GAUSSIAN_IMPUTER)
class GaussianImputer(BaseImputer[GaussianMixture], ImputationSettings):
    """Fill missing cells by a multivariate normal distribution, or a mixture of them, fitted by EM.

    The fit is by maximum likelihood from all observed cells, exact if cells are missing at random: whether a
    cell is missing may depend on the observed cells of its row, not on what it would have held. Missing cells
    are never filled in on the way.

    Three outputs answer three questions: `transform` gives the best guess of each cell, `interval` how far
    off it may be, and `draw_imputations` several complete tables for analyses with honest standard errors
    (join their results with `latently.pool`).

    Attributes
    ----------
    prior_ : str or None
        The prior that was used: not None where `prior` is "auto" and the likelihood has no maximum.
    mean_ : array of shape (n_features,)
        Mean of the model, in the units of the features; NaN for columns without any observed value.
    covariance_ : array of shape (n_features, n_features)
        Its covariance; of a mixture that of all components together.
    mixture_ : GaussianMixture
        The fitted model.
    diagnostics_ : tuple of Finding
        What there is to say of the table, each with its `kind` and the columns it is about (`which`); its
        ``str`` is the sentence: pairs of columns that are never observed together, why a prior stands in,
        columns without any observed value. Empty if there is nothing.
    parameter_draws_ : tuple of Draw
        Parameters drawn at the fit.

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

    mean_, covariance_ = Moment(1), Moment(2)

    def fit(self, X: object, y: object = None, sample_weight: object = None) -> Self:
        """Fit the model to all observed cells by EM.

        Returns
        -------
        self
            The fitted imputer.

        Raises
        ------
        ValueError
            If a column is not numeric, or holds an infinity; if no column varies; if a setting is unusable.
        SingularCovarianceError
            If the likelihood has no maximum and ``prior=None``: collinear columns are named (a ValueError,
            too).

        Warns
        -----
        UserWarning
            If one component without correlations fills in means.
        UndeterminedWarning
            If the likelihood has no maximum, so that a prior stands in, or a column is dropped.
            If columns are never observed together: nothing is known of how they depend on each other given
            the others, so they are taken to be independent given these. Intervals of single cells are right
            on average all the same; what an analysis of drawn tables says of that dependence is made up.
        ConstantColumnWarning
            If a column is constant: its missing cells are filled with its value.
        ConvergenceWarning
            If `max_iter` was reached.
        """
        check_settings(self)
        self._check_draws()
        table = read_table(self, X, sample_weight)
        check_limits(self.min_value, self.max_value, len(table.observed))
        alone = self.n_components == 1 and not Gaussian(self.covariance_type).correlated
        if alone and len(table.positions) > 1:
            warnings.warn(
                f"one component with covariance_type='{self.covariance_type}' knows no correlations and "
                "fills in the mean of each column; choose 'full', or more components",
                UserWarning,
                stacklevel=2,
            )
        with recorded(self, table.fingerprint) as (journal, seed):
            mixture, draws, said = fit_model(self, table, random_generator(seed), journal)
        left_out = dropped(~table.observed & (not self.keep_empty_features), table.names)
        self._take_up(mixture, table.observed, table.missing_counts, draws, (*left_out, *said))
        warn_of(self.diagnostics_)
        return self

    def _take_up(
        self,
        mixture: GaussianMixture,
        observed: NDArray[np.bool_],
        missing_counts: NDArray[np.int64],
        draws: tuple[Draw, ...],
        diagnostics: tuple[Finding, ...],
    ) -> None:
        super()._take_up(mixture, observed, missing_counts, draws, diagnostics)
        self.prior_ = mixture.prior
        if self.add_indicator:
            from sklearn.impute import MissingIndicator  # it takes long to import, and few ask for it

            example = np.where(missing_counts > 0, np.nan, 0.0)[None]
            self.indicator_ = MissingIndicator(error_on_new=False).fit(example)

    @read_piece_by_piece(lambda imputer: imputer._like())
    def transform(self, X: object, *, to: object = None) -> Any:
        """Fill missing cells by their expectation given the observed cells of their row.

        Only the fitted model is used: new rows teach it nothing.

        Returns
        -------
        array of shape (n_samples, n_features_out)
            Observed cells as they are; a frame if `set_output` asked for one. Columns without any observed
            value at the fit are left out unless `keep_empty_features`. With `add_indicator` more columns
            follow.

        Raises
        ------
        ValueError
            If the columns are not those of the fit, or not numbers.
        """
        rows = self._read(X).rows
        filled = self._filled(rows, lambda table: expected(self.mixture_._predictive(table), table))
        return filled if not self.add_indicator else np.hstack([filled, self.indicator_.transform(rows)])

    def _interval(self, read: Any, level: float, uncertain: bool) -> tuple[Any, Any]:
        table = self._modelled(read)
        draws = [draw.mixture(self.covariance_type) for draw in self.parameter_draws_ if uncertain]
        predictives = [model._predictive(table) for model in draws or [self.mixture_]]
        found = []
        for part in interval(predictives, table, level):
            end = np.full_like(read.rows, np.nan)
            end[:, self._observed_features] = np.clip(part, *self._limits())
            found.append(self._shown(end[:, self._features_out], read.X))
        return found[0], found[1]

    def _drawing(self, read: Any, rng: np.random.Generator) -> Callable[[Any], Any]:
        def complete(draw: Draw) -> Any:
            model = draw.mixture(self.covariance_type)
            filled = self._filled(read.rows, lambda table: drawn_within(model, table, rng, *self._limits()))
            return self._shown(filled, read.X)

        return complete

    def get_feature_names_out(self, input_features: object = None) -> Any:
        names = super().get_feature_names_out(input_features)
        if not self.add_indicator:
            return names
        every = OneToOneFeatureMixin.get_feature_names_out(self, input_features)
        return np.concatenate([names, self.indicator_.get_feature_names_out(every)])

    @classmethod
    def _classes(cls) -> Iterable[type]:
        return Draw, Finding

    def _restore(
        self,
        n_features: int,
        feature_names: tuple[str, ...] | None,
        kept: NDArray[np.bool_] | tuple[bool, ...],
        missing_counts: NDArray[np.int64] | NDArray[np.float64],
        mixture: GaussianMixture,
        draws: tuple[Draw, ...],
        diagnostics: tuple[Finding, ...] = (),
    ) -> None:
        """The model is of the columns that are kept, and each draw makes one."""
        observed = self._restore_table(n_features, feature_names, kept, missing_counts, mixture)
        for draw in draws:
            shape = draw.mixture(mixture.covariance_type).means_.shape
            if shape != mixture.means_.shape:
                raise ValueError(f"a parameter draw has means of shape {shape}, not that of the model")
        self._take_up(mixture, observed, missing_counts.astype(np.int64), draws, diagnostics)

    def _check_draws(self) -> None:
        family = Gaussian(self.covariance_type)
        free = self.prior in (None, "auto") and family.correlated and not family.shared
        plain = self.n_components == 1 and free
        if self.n_parameter_draws and self.draw_method == "posterior" and not plain:
            raise ValueError(
                "draw_method='posterior' is for one full component without a prior: use "
                "draw_method='bootstrap'"
            )

    def _mixture(
        self, random_state: object, prior: str | None, journal: Journal | None = None
    ) -> GaussianMixture:
        mixture = GaussianMixture(
            self.n_components,
            covariance_type=self.covariance_type,
            prior=prior,
            prior_strength=None if prior is None and self.prior == "auto" else self.prior_strength,
            reg_covar=COVARIANCE_FLOOR if self.n_components == 1 else 1e-6,
            **self._run(random_state),
        )
        return self._of_mine(mixture, journal)

    def _read(self, X: object) -> Read:
        check_is_fitted(self)
        return Read(X, check_rows(self, X, reset=False, accepts_missing=True))

    def _modelled(self, read: Any) -> Any:
        return read.rows[:, self._observed_features]

    def _moments(self) -> tuple[Array, Array]:
        mean, covariance = moments(self.mixture_)
        observed = self._observed_features
        if observed.all():
            return mean, covariance
        d = len(observed)
        whole, matrix = np.full(d, np.nan), np.full((d, d), np.nan)
        whole[observed] = mean
        matrix[np.ix_(observed, observed)] = covariance
        return whole, matrix

    @property
    def _features_out(self) -> NDArray[np.bool_]:
        return self._observed_features | self.keep_empty_features

    def _like(self) -> tuple[list[str], Array]:
        """What the columns of the output are called, and what it is like."""
        names = [str(name) for name in self.get_feature_names_out()]
        return names, np.empty((0, len(names)))

    def _shown(self, filled: Array, X: object) -> Any:
        """A table of the output's columns as `set_output` asks for it."""
        if not self._asked_for:
            return filled
        names = super().get_feature_names_out()
        return ADAPTERS_MANAGER.adapters[self._asked_for].create_container(filled, X, columns=names)

    def _limits(self) -> tuple[Array, Array]:
        """Limits of the columns of the model; a constant column is its value, without that of its floor."""
        limits = check_limits(self.min_value, self.max_value, len(self._observed_features))
        lower, upper = (limit[self._observed_features] for limit in limits)
        family = cast("Gaussian", self.mixture_._model.emission)
        if family.constant is None:
            return lower, upper
        value = self.mixture_.means_[0]
        return np.where(family.constant, value, lower), np.where(family.constant, value, upper)

    def _filled(self, rows: Array, fill: Callable[[Any], Array]) -> Any:
        """Rows with missing cells filled in, within their limits; observed cells and the type as they are."""
        out, observed = rows.copy(), self._observed_features
        model: Any = slice(None) if observed.all() else observed
        for start in range(0, len(rows), ROWS_AT_A_TIME):
            part = slice(start, start + ROWS_AT_A_TIME)
            table = rows[part][:, model]
            if np.isnan(table).any():
                out[part, model] = np.where(np.isnan(table), np.clip(fill(table), *self._limits()), table)
        if observed.all():
            return out
        out[:, ~observed] = np.nan_to_num(out[:, ~observed])
        return out[:, self._features_out]
