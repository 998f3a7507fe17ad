"""The classic demonstration of a hidden Markov model: what it decodes, and how EM got there."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from latently.checks.settings import WHOLE
from latently.estimators.hmm import BaseHMM
from latently.plots.arguments import picture
from latently.plots.canvas import panels_of
from latently.plots.convergence_plot import convergence
from latently.plots.hmm.decoded_plot import decoded
from latently.plots.hmm.observed import CHAIN


@picture(CHAIN, n=(WHOLE,))
def hmm_panels(
    model: BaseHMM,
    X: object,
    true_states: ArrayLike,
    n: int = 100,
    *,
    lengths: object = None,
    ax: object = None,
) -> Any:
    """Draw true and decoded states of the first time steps beside the climb of the likelihood.

    Raises
    ------
    ValueError
        If the true states are not one for each time step, `n` is less than one, or `ax` has not two panels.

    Examples
    --------
    >>> from latently import CategoricalHMM, datasets, plots
    >>> casino = datasets.load_casino()
    >>> model = CategoricalHMM(2, random_state=0).fit(casino.data)
    >>> rolls, dice = model.sample(500, random_state=1)
    >>> [panel.get_xlabel() for panel in plots.hmm_panels(model, rolls, dice)]
    ['time', 'step']
    """
    left, right = panels = panels_of(ax, 2)
    decoded(model, X, true_states, n, lengths=lengths, ax=left)
    convergence(model, ax=right)
    return panels
