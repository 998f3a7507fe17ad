"""What all estimators of a latent structure times an emission family have in common, an idea a file."""

from latently.estimators.likelihood.base import LikelihoodEstimator

__all__ = ["LikelihoodEstimator"]
