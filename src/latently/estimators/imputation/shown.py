"""What an imputer shows of its model: mean and covariance, which may be set by hand, and how the fit went."""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import copy
from typing import Any

import numpy as np

from latently.checks.arrays import as_floats
from latently.estimators.settable import read_only


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
