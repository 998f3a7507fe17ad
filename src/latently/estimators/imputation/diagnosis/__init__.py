"""What to ask about an imputation: which cells are missing, why, and how well they are predicted."""

from latently.estimators.imputation.diagnosis.dispersed import DispersedStarts, dispersed_starts
from latently.estimators.imputation.diagnosis.overimputation import Overimputation, overimpute
from latently.estimators.imputation.diagnosis.patterns import (
    MCARTest,
    MissingPatterns,
    little_mcar_test,
    missing_patterns,
)

__all__ = [
    "DispersedStarts",
    "MCARTest",
    "MissingPatterns",
    "Overimputation",
    "dispersed_starts",
    "little_mcar_test",
    "missing_patterns",
    "overimpute",
]
