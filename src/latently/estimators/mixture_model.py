"""A mixture of any emission family, the user's own included."""

from __future__ import annotations

from typing import Any, ClassVar

from latently.emissions.base import Emission
from latently.emissions.registry import family_of
from latently.estimators.inputs import tagged
from latently.estimators.mixture import BaseMixture
from latently.estimators.old_names import ANY_MIXTURE, refuses_old_names
from latently.estimators.settings import ANY_FAMILY, MIXTURE, Constraints


class MixtureModel(BaseMixture):
    """A finite mixture of any emission family, fitted by EM.

    Parameters
    ----------
    emission : Emission or str
        The family, such as ``latently.emissions.Gaussian("full")`` or one's own (docs, "Writing a family"),
        or the name of one of ``latently.emissions.FAMILIES``: "gaussian", "poisson", "categorical".
    n_components : int, default 1
        Number of components.
    tol : float, default 1e-8
        The log-likelihood still to be gained, per row, at which EM stops, by Aitken's estimate from two plain
        steps and met twice. 0 means exactly `max_iter` steps.
    max_iter : int, default 1000
        Most EM steps; reaching it raises a ConvergenceWarning. 0 stays at the best of the starting values.
    n_init : "auto" or int, default "auto"
        "auto" starts many short runs and finishes the best; an integer asks for that many full runs.
    init_params : {"auto", "kmeans", "k-means++", "random_from_data", "random"}, default "auto"
        Kind of starting values; "auto" mixes those that suit the family.
    starting_values : dict, optional
        Starting values by the name of the parameter: "weights", and the fields of the family's params.
    fixed : tuple of str, default ()
        Names of parameters that keep their starting values.
    warm_start : bool, default False
        Whether `fit` goes on from the parameters in force, of an earlier fit or set by hand. There is one run
        then, and labels stay as they are.
    random_state : None, int, Generator or RandomState
        Source of all that is random; an integer repeats.
    acceleration : {"auto", "squarem", None}, default "auto"
        "auto" extrapolates by SQUAREM once progress has become slow and linear; None is plain EM.
    n_jobs : int, optional
        Threads; all cores by default, -2 all but one. Any number gives the same bits.
    callbacks : sequence of callable, optional
        Each is called as ``callback(iteration, params, log_likelihood)``; True stops.
    verbose : int, default 0
        Above zero, a progress bar is shown.

    Attributes
    ----------
    weights_ : array of shape (n_components,)
        Probability of each component, in falling order unless starting values were given.
    params_ : LatentEmissionParams
        All parameters: ``params_.emission`` is what the family's M-step returns.
    log_likelihood_ : float
        Total log-likelihood of the training data under `params_`.
    converged_, stop_reason_, n_iter_, diagnostics_, restarts_
        Whether and why the best run stopped, its EM steps, what there is to say of the fit, and the
        record of all runs.

    See Also
    --------
    GaussianMixture : The same for Gaussians, with what is special to them.

    References
    ----------
    .. [1] McLachlan, G. J. and Peel, D. (2000). Finite Mixture Models. Wiley, section 2.8.

    Examples
    --------
    >>> from latently import MixtureModel, datasets
    >>> from latently.emissions import Gaussian
    >>> X = datasets.load_faithful().data
    >>> mixture = MixtureModel(Gaussian("full"), 2, random_state=0).fit(X)
    >>> round(mixture.log_likelihood_, 3)
    -1130.264
    """

    _parameter_constraints: ClassVar[Constraints] = MIXTURE | ANY_FAMILY

    @refuses_old_names(ANY_MIXTURE)
    def __init__(
        self,
        emission: Emission | str,
        n_components: int = 1,
        *,
        tol: float = 1e-8,
        max_iter: int = 1000,
        n_init: int | str = "auto",
        init_params: str = "auto",
        starting_values: dict[str, Any] | None = None,
        fixed: tuple[str, ...] = (),
        warm_start: bool = False,
        random_state: Any = None,
        acceleration: str | None = "auto",
        n_jobs: int | None = None,
        callbacks: Any = None,
        verbose: int = 0,
    ) -> None:
        self.emission = emission
        self.n_components = n_components
        self.tol = tol
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.starting_values = starting_values
        self.fixed = fixed
        self.warm_start = warm_start
        self.random_state = random_state
        self.acceleration = acceleration
        self.n_jobs = n_jobs
        self.callbacks = callbacks
        self.verbose = verbose

    def __sklearn_tags__(self) -> Any:
        return tagged(super().__sklearn_tags__(), self._family())

    def _family(self) -> Emission:
        return family_of(self.emission)

    def _argument_of(self, name: str) -> str:
        return f"starting_values['{name}']"
