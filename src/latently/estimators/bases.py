"""scikit-learn's base classes. `bases.pyi` says what a type checker is to know of them.

They have no types of their own, and of a class with an unknown base a type checker takes any argument.
"""

from importlib import import_module
from typing import Any

from sklearn import base
from sklearn.base import (
    ClassNamePrefixFeaturesOutMixin,
    DensityMixin,
    OneToOneFeatureMixin,
    TransformerMixin,
)
from sklearn.utils import Tags

__all__ = [
    "BaseEstimator",
    "ClassNamePrefixFeaturesOutMixin",
    "DensityMixin",
    "OneToOneFeatureMixin",
    "Tags",
    "TransformerMixin",
]


class BaseEstimator(base.BaseEstimator):
    """scikit-learn's, whose picture in a notebook has below it what the fit found."""

    def _repr_html_inner(self) -> str:
        return str(super()._repr_html_inner()) + self._found()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        bundle: dict[str, str] = super()._repr_mimebundle_(**kwargs)
        return bundle | {kind: text + self._found() for kind, text in bundle.items() if kind == "text/html"}

    def _found(self) -> str:
        """Asked for by name: words and pictures are made in a package above this one."""
        return str(import_module("latently.report.notebook").found(self))
