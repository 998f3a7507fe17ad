"""Pictures of hidden Markov models and of the sequences they are fitted to."""

from latently.plots.hmm.decoded import decoded
from latently.plots.hmm.emissions import emissions
from latently.plots.hmm.panels import hmm_panels
from latently.plots.hmm.residuals import pseudo_residuals
from latently.plots.hmm.states import states
from latently.plots.hmm.transitions import transitions

__all__ = ["decoded", "emissions", "hmm_panels", "pseudo_residuals", "states", "transitions"]
