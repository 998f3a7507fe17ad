"""The classic demonstration of a hidden Markov model: what it decodes, and how EM got there."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from latently.checks.settings import WHOLE
from latently.plots.arguments import CHAIN, picture
from latently.plots.canvas import given_axes, new_axes
from latently.plots.convergence_plot import convergence
from latently.plots.hmm.decoded_plot import decoded


@picture(model=CHAIN, n=(WHOLE,))
def hmm_panels(
    model: Any, X: Any, true_states: ArrayLike, n: int = 100, *, lengths: Any = None, ax: Any = None
) -> Any:
    """Draw true and decoded states of the first time steps beside the climb of the likelihood.

    Parameters
    ----------
    X : array-like of shape (n_steps, n_features), or a list of such
        The sequences.
    true_states : array-like of shape (n_steps,)
        The true states: numbers or names.
    n : int, default 100
        How many time steps to draw.

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
    left, right = panels = new_axes(2) if ax is None else given_axes(ax, 2)
    decoded(model, X, true_states, n, lengths=lengths, ax=left)
    convergence(model, ax=right)
    return panels
