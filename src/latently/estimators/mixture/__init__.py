"""What all mixtures have in common, an idea a file."""

from latently.estimators.mixture.base import BaseMixture

__all__ = ["BaseMixture"]
