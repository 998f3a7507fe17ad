"""What both imputers have in common: a mixture, parameter draws, and how they are asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from copy import copy
from dataclasses import fields
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import check_is_fitted

from latently.checks.arrays import as_floats
from latently.checks.settings import BOOLEAN, SHARE, check_whole, checked
from latently.core.findings import Finding
from latently.core.journal import Journal
from latently.estimators.bases import BaseEstimator, OneToOneFeatureMixin, Tags, TransformerMixin
from latently.estimators.documented import Described, entries
from latently.estimators.inputs import random_generator
from latently.estimators.mixture import BaseMixture
from latently.estimators.old_names import AnswersOldNames
from latently.estimators.records import Records
from latently.estimators.saving import Saved
from latently.estimators.settable import read_only
from latently.estimators.settings import RunSettings, WorkSettings
from latently.wording import count


class Shown(ABC):
    """An attribute of a fitted imputer."""

    def __set_name__(self, owner: type, attribute: str) -> None:
        self.attribute = attribute

    def __get__(self, imputer: Any, owner: type | None = None) -> Any:
        if imputer is None:
            return self
        if "mixture_" not in vars(imputer):
            raise AttributeError(f"this {type(imputer).__name__} has no {self.attribute}: it is not fitted")
        return self._shown(imputer)

    @abstractmethod
    def _shown(self, imputer: object) -> Any:
        """What it is."""


class OfModel(Shown):
    """One that is an attribute of the model."""

    def _shown(self, imputer: Any) -> Any:
        return getattr(imputer.mixture_, self.attribute)


class Moment(Shown):
    """Mean (of order 1) or covariance (of order 2) of the model, NaN for columns that it leaves out."""

    def __init__(self, order: int) -> None:
        self.order = order

    def _shown(self, imputer: Any) -> Any:
        return read_only(imputer._moments()[self.order - 1])

    def __set__(self, imputer: Any, value: Any) -> None:
        if imputer.n_components != 1:
            raise AttributeError(
                f"{self.attribute} is that of {imputer.n_components} components together: set means_ and "
                "covariances_ of mixture_"
            )
        array = as_floats(value, self.attribute)
        new = "mixture_" not in vars(imputer)
        d = array.shape[-1] if new and array.ndim else imputer.n_features_in_
        if array.shape != (d,) * self.order:
            raise ValueError(f"{self.attribute} has shape {array.shape}, should be {(d,) * self.order}")
        if new:
            imputer.n_features_in_ = d
            imputer._take_up(imputer._mixture(None, None), np.ones(d, bool), np.zeros(d, np.int64), (), ())
            imputer.mixture_.weights_ = [1.0]
        kept = imputer._observed_features
        part = array[np.ix_(*[kept] * self.order)][None]
        imputer.mixture_ = copy(imputer.mixture_)  # which a copy of this imputer may share
        if self.order == 1:
            imputer.mixture_.means_ = part
        else:
            imputer.mixture_.covariances_ = imputer.mixture_._family().from_matrices(part, self.attribute)


Mixture = TypeVar("Mixture", bound=BaseMixture)


class BaseImputer(
    Generic[Mixture],
    Saved,
    Described,
    AnswersOldNames,
    OneToOneFeatureMixin,
    TransformerMixin,
    BaseEstimator,
    WorkSettings,
    RunSettings,
):
    """Fills missing cells of a table by a mixture fitted to all observed cells.

    Attributes
    ----------
    log_likelihood_ : float
        Log-likelihood of all observed cells, in nats, constants included, the prior not.
    log_likelihood_history_ : array of shape (n_iterates,)
        At each iterate.
    converged_, stop_reason_, n_iter_
        Whether and why EM stopped, and its number of steps.
    missing_counts_ : array of int of shape (n_features,)
        Missing cells of each column at the fit.
    """

    described = entries(
        """
        X : array-like or frame of shape (n_samples, n_features)
            Rows, of the fit or new ones; NaN, and in frames None and null, are missing cells.
        """
    )

    n_parameter_draws: int
    mixture_: Mixture
    parameter_draws_: tuple[Any, ...]
    log_likelihood_, log_likelihood_history_ = OfModel(), OfModel()
    converged_, stop_reason_, n_iter_ = OfModel(), OfModel(), OfModel()

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return "mixture_" in vars(self) and self.mixture_.__sklearn_is_fitted__()

    @abstractmethod
    def _read(self, X: object) -> Any:
        """Rows as the methods below take them."""

    @abstractmethod
    def _modelled(self, read: object) -> Any:
        """Of these rows the columns of which there is a model."""

    @abstractmethod
    def _interval(self, read: object, level: float, uncertain: bool) -> tuple[Any, Any]:
        """Lower and upper ends of intervals, as `interval` returns them."""

    @abstractmethod
    def _drawing(self, read: object, rng: np.random.Generator) -> Callable[[Any], Any]:
        """What makes a completed table of a parameter draw."""

    @checked(level=(SHARE,), parameter_uncertainty=(BOOLEAN,))
    def interval(
        self, X: object, level: float = 0.95, *, parameter_uncertainty: bool = False
    ) -> tuple[Any, Any]:
        """Intervals that hold each missing number with a given probability, given the rest of its row.

        By default the fitted parameters are taken for the true ones; that is the most of it once there are
        fifty rows to a column. With ``parameter_uncertainty=True`` the interval is that of the mixture over
        the parameter draws, and a little wider. Categories have no order and no intervals.

        Parameters
        ----------
        level : float, default 0.95
            Probability of each interval; of counts an end is the least number that reaches its share of it.
        parameter_uncertainty : bool, default False
            Whether the uncertainty of the parameters is in it; needs ``n_parameter_draws`` at the fit.

        Returns
        -------
        lower, upper : array or frame of shape (n_samples, n_features_out)
            In the units of the features; NaN for observed cells, in columns of categories, and in those
            without any observed value. Columns and kind are those of `transform` without indicators.

        Raises
        ------
        ValueError
            If `level` is not between 0 and 1, or there are no parameter draws.
        """
        read = self._read(X)
        if parameter_uncertainty:
            self._need_draws(2)
        return self._interval(read, float(level), bool(parameter_uncertainty))

    def draw_imputations(self, X: object, n_imputations: int = 20, random_state: object = None) -> list[Any]:
        """Complete tables whose missing cells are drawn, each table under parameters of its own.

        So the tables differ by as much as is not known. Run an analysis on each and join the results with
        `latently.pool`.

        Parameters
        ----------
        n_imputations : int, default 20
            How many tables: at most as many as there are parameter draws.

        Returns
        -------
        list of array or frame of shape (n_samples, n_features_out)
            Observed cells as they are. Columns and kind are those of `transform` without indicators.

        Raises
        ------
        ValueError
            If there are fewer parameter draws than tables.
        """
        n_imputations = check_whole("n_imputations", n_imputations)
        read = self._read(X)
        self._need_draws(n_imputations)
        rng = random_generator(self.random_state if random_state is None else random_state)
        return [*map(self._drawing(read, rng), self.parameter_draws_[:n_imputations])]

    def get_feature_names_out(self, input_features: object = None) -> Any:
        """Names of the columns of the output.

        Parameters
        ----------
        input_features : array-like of str, optional
            Names of the columns of the input, if the fit had none.

        Returns
        -------
        array of str
            Those of the input that have not been dropped, and those of an indicator after them.
        """
        return super().get_feature_names_out(input_features)[self._features_out]

    def score(self, X: object, y: object = None) -> float:
        """Mean log density of the observed cells of a row, in nats.

        Returns
        -------
        float
            Higher is better.
        """
        read = self._read(X)
        return float(self.mixture_.score(self._modelled(read)))

    def summary(self) -> Records:
        """What the model of the table is, as a tidy table: a row for each number.

        Returns
        -------
        Records
            With the component, the column, the quantity and its value: the missing cells of each column at
            the fit, which are of no component, and the parameters of the mixture. ``frame()`` is a DataFrame,
            and `notes` are the sentences of `diagnostics_`.

        Examples
        --------
        >>> from latently import GaussianImputer, datasets
        >>> imputer = GaussianImputer().fit(datasets.load_cholesterol().data)
        >>> [row["value"] for row in imputer.summary() if row["quantity"] == "missing cells"]
        [0.0, 0.0, 9.0]
        """
        check_is_fitted(self)
        names = [f"feature {j}" for j in range(self.n_features_in_)]
        names = [str(name) for name in getattr(self, "feature_names_in_", names)]
        modelled = [name for name, kept in zip(names, self._observed_features, strict=True) if kept]
        lines: list[tuple[Any, str, str, Any]] = [
            ("", name, "missing cells", n) for name, n in zip(names, self.missing_counts_, strict=True)
        ]
        lines += [
            (k, one.column, one.name, one.value[k])
            for k in range(self.mixture_.n_components)
            for one in self.mixture_._quantities(modelled)
        ]
        rows = ({"component": k, "column": a, "quantity": b, "value": float(x)} for k, a, b, x in lines)
        return Records(tuple(rows), tuple(map(str, self.diagnostics_)))

    def _take_up(
        self,
        mixture: Mixture,
        observed: NDArray[np.bool_],
        missing_counts: NDArray[np.int64],
        draws: tuple[Any, ...],
        diagnostics: tuple[Finding, ...],
    ) -> None:
        """Set what is known after a fit."""
        self._observed_features = observed
        self.missing_counts_ = missing_counts
        self.mixture_ = mixture
        self.parameter_draws_ = draws
        self.diagnostics_ = diagnostics

    def _facts(self) -> dict[str, Any]:
        return super()._facts() | {
            "kept": self._observed_features,
            "missing_counts": self.missing_counts_,
            "mixture": self.mixture_,
            "draws": () if self.mixture_._changed else self.parameter_draws_,
            "diagnostics": self.diagnostics_,
        }

    def _restore_table(
        self,
        n_features: int,
        feature_names: tuple[str, ...] | None,
        kept: NDArray[np.bool_] | tuple[bool, ...],
        missing_counts: NDArray[Any],
        mixture: Mixture,
    ) -> NDArray[np.bool_]:
        """Take up the columns, of which the model is those that are kept; they are returned."""
        self._restore_columns(n_features, feature_names)
        if np.shape(kept) != (n_features,) or missing_counts.shape != (n_features,) or not any(kept):
            raise ValueError(
                f"its {count(n_features, 'column')}, those it keeps and their missing cells do not fit"
            )
        if mixture.n_features_in_ != sum(kept):
            raise ValueError(
                f"its model is of {count(mixture.n_features_in_, 'feature')}, and it keeps {sum(kept)}"
            )
        return np.array(kept)

    def _run(self, random_state: object) -> dict[str, Any]:
        """Settings of how the model is fitted."""
        shared = (*fields(RunSettings), *fields(WorkSettings))
        mine = {one.name: getattr(self, one.name) for one in shared}
        return mine | {"random_state": random_state, "checkpoint": None}

    def _of_mine(self, mixture: Mixture, journal: Journal | None) -> Mixture:
        """A mixture that is fitted in the name of this imputer."""
        mixture._shown_name, mixture._journal = type(self).__name__, journal
        return mixture

    def _need_draws(self, n: int) -> None:
        if self.mixture_._changed:
            raise ValueError(
                "parameters were set by hand since the fit, and its draws are of others: fit again"
            )
        have = len(self.parameter_draws_)
        if have < n:
            raise ValueError(
                f"it has {count(have, 'parameter draw')}, and {n} are needed: set "
                f"n_parameter_draws={max(n, 20)} and fit again"
            )

    @property
    def _features_out(self) -> NDArray[np.bool_]:
        """Which columns of the input are in the output."""
        return self._observed_features

    @property
    def _asked_for(self) -> str:
        """The library of frames that `set_output` asks for; empty if none."""
        kind = _get_output_config("transform", self)["dense"]
        return "" if kind == "default" else str(kind)
