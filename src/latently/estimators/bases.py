"""scikit-learn's base classes. `bases.pyi` says what a type checker is to know of them.

They have no types of their own, and of a class with an unknown base a type checker takes any argument.
"""

from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    DensityMixin,
    OneToOneFeatureMixin,
    TransformerMixin,
)

__all__ = [
    "BaseEstimator",
    "ClassNamePrefixFeaturesOutMixin",
    "DensityMixin",
    "OneToOneFeatureMixin",
    "TransformerMixin",
]
