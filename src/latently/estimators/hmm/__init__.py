"""Hidden Markov models of any emission family, in hmmlearn's names."""

from latently.estimators.hmm.ahead import Filtering, Forecast
from latently.estimators.hmm.base import BaseHMM
from latently.estimators.hmm.residuals import PseudoResiduals

__all__ = ["BaseHMM", "Filtering", "Forecast", "PseudoResiduals"]
