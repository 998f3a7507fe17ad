"""What is said of latent classes: profiles, goodness of fit, residuals, how sure labels are."""

from latently.estimators.latent_classes.classified import ClassificationTable
from latently.estimators.latent_classes.goodness_of_fit import GoodnessOfFit
from latently.estimators.records import Records

__all__ = ["ClassificationTable", "GoodnessOfFit", "Records"]
