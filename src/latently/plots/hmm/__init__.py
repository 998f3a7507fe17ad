"""Pictures of hidden Markov models and of the sequences they are fitted to."""

from latently.plots.hmm.decoded_plot import decoded
from latently.plots.hmm.emissions_plot import emissions
from latently.plots.hmm.panels import hmm_panels
from latently.plots.hmm.residuals import pseudo_residuals
from latently.plots.hmm.states_plot import states
from latently.plots.hmm.transitions_plot import transitions

__all__ = ["decoded", "emissions", "hmm_panels", "pseudo_residuals", "states", "transitions"]
