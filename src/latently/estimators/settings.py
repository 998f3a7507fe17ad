"""Settings of estimators: declared once, as fields with what they may be, a default and a description.

Estimators inherit them. Constructors with their signatures, checks and docstrings follow; the order of bases
is that of settings, from last to first.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from numbers import Integral, Real
from typing import Any, TypeVar, dataclass_transform, get_type_hints

from latently.checks.settings import (
    ARRAY,
    BOOLEAN,
    CALLBACKS,
    COUNT,
    N_JOBS,
    PATH,
    POSITIVE,
    RANDOM_STATE,
    TOLERANCE,
    WHOLE,
    Number,
    Such,
    names_such_as,
    one_of,
)
from latently.emissions.base import Emission
from latently.emissions.gaussian.prior import PRIORS
from latently.emissions.registry import FAMILIES as EMISSIONS
from latently.estimators.documented import describe_class
from latently.estimators.old_names import refuses_old_names
from latently.estimators.starts import START_KINDS
from latently.latent.chain import STARTPROBS

T = TypeVar("T")

MOST_RUNS = 10**6
MOST_STATES = 2**12  # each start has a matrix of transitions, of 134 MB then


def setting(*allowed: Any, default: object = MISSING, kw_only: bool = True) -> Any:
    """Declare a setting of an estimator: what it may be, and its default."""
    return field(default=default, kw_only=kw_only, metadata={"allowed": allowed})


@dataclass_transform(eq_default=False, field_specifiers=(setting,), kw_only_default=True)
def settings(cls: type[T]) -> type[T]:
    """Decorate a class of settings."""
    return dataclass(eq=False, repr=False)(cls)


@dataclass_transform(eq_default=False, field_specifiers=(setting,), kw_only_default=True)
def estimator(old_names: Mapping[str, str]) -> Callable[[type[T]], type[T]]:
    """Decorate an estimator whose settings are fields: its own, and those of its bases.

    It gets a constructor that answers other libraries' names for them, its constraints, and a docstring that
    describes all settings and attributes.
    """

    def decorate(cls: type[T]) -> type[T]:
        made: Any = settings(cls)
        hints = get_type_hints(made)
        made.__init__.__signature__ = _own_first(made)
        made.__init__ = refuses_old_names(old_names)(made.__init__)
        made.__init__.__annotations__ = {one.name: hints[one.name] for one in fields(made)} | {"return": None}
        made._parameter_constraints = {one.name: one.metadata["allowed"] for one in fields(made)}
        describe_class(made)
        return made

    return decorate


def _own_first(cls: Any) -> inspect.Signature:
    """The signature of a constructor with a class's own settings before those that it inherits."""
    signature, own = inspect.signature(cls.__init__), inspect.get_annotations(cls)

    def comes_last(one: inspect.Parameter) -> bool:
        return one.kind is one.KEYWORD_ONLY and one.name not in own

    return signature.replace(parameters=sorted(signature.parameters.values(), key=comes_last))


@settings
class WorkSettings:
    """How any estimator works.

    Parameters
    ----------
    random_state : None, int, Generator or RandomState, optional
        Source of all that is random; an integer repeats.
    n_jobs : int, optional
        Threads; all cores by default, -2 all but one. Any number gives the same bits, and small tables
        are left to one.
    callbacks : sequence of callable, optional
        Each is called as ``callback(iteration, params, log_likelihood)``; True stops.
    verbose : int, default 0
        Above zero, a progress bar is shown.
    """

    random_state: object = setting(*RANDOM_STATE, default=None)
    n_jobs: int | None = setting(N_JOBS, None, default=None)
    callbacks: Any = setting(CALLBACKS, None, default=None)
    verbose: int = setting(COUNT, BOOLEAN, default=0)


@settings
class RunSettings:
    """How EM runs.

    Parameters
    ----------
    tol : float, default 1e-8
        The log-likelihood still to be gained, per row or time, at which EM stops, by Aitken's estimate from
        two plain steps and met twice. 0 means exactly `max_iter` steps.
    max_iter : int, default 1000
        Most EM steps; reaching it raises a ConvergenceWarning. 0 stays at the best of the starting values.
    n_init : "auto" or int, default "auto"
        "auto" starts short runs, a batch at a time, and finishes the best, until the best maximum has been
        found more than once; an integer asks for that many full runs.
    acceleration : {"auto", "squarem", None}, default "auto"
        "auto" extrapolates by SQUAREM once progress has become slow and linear; None is plain EM.
    algorithm : {"auto", "batch", "online", "incremental"}, default "auto"
        What follows the search for a start. "batch", which "auto" is, has an E-step over all data before each
        M-step. "online" makes one pass with an M-step after each minibatch (stepwise EM), which ends near the
        maximum and not at it, and then `exact_iter` EM steps; rows in memory are taken in random order,
        others as they come. "incremental" keeps the statistics of each block and has an M-step after each;
        it converges as "batch" does.
    exact_iter : int, default 0
        Of "online": EM steps after the pass, at most.
    checkpoint : str or path, optional
        A file in which the state of the fit is written every few seconds. If the process dies, the same call
        goes on from there, and ends with the same bits; callbacks are not called again for steps that were
        done. Of other data or settings it is refused. It is removed once the fit is complete.
    on_interrupt : {"raise", "keep"}, default "raise"
        Whether Ctrl-C ends a fit with KeyboardInterrupt, or with the best parameters so far and a
        ConvergenceWarning; then `converged_` is False, and `stop_reason_` "interrupted".
    """

    tol: float = setting(TOLERANCE, default=1e-8)
    max_iter: int = setting(COUNT, default=1000)
    n_init: int | str = setting(one_of("auto"), Number(Integral, 1, MOST_RUNS, closed="both"), default="auto")
    acceleration: str | None = setting(one_of("auto", "squarem"), None, default="auto")
    algorithm: str = setting(one_of("auto", "batch", "online", "incremental"), default="auto")
    exact_iter: int = setting(COUNT, default=0)
    checkpoint: object = setting(PATH, None, default=None)
    on_interrupt: str = setting(one_of("raise", "keep"), default="raise")


@settings
class StartSettings:
    """What EM starts from.

    Parameters
    ----------
    n_components : int, default 1
        Number of components.
    fixed : tuple of str, default ()
        Names of parameters that keep their starting values.
    search : {"auto", "starts", "moves"}, default "auto"
        How to get from a maximum of the likelihood to a higher one. "moves" gives up a component where it
        adds little and splits another where that promises more, and exchanges parts of two maxima, as long
        as the likelihood rises; "starts" only tries other starting values. "auto" makes moves if `n_init` is
        "auto". There are none from given starting values, which name the components.
    warm_start : bool, default False
        Whether `fit` goes on from the parameters in force, of an earlier fit or set by hand. There is one run
        then, and labels stay as they are.
    """

    n_components: int = setting(WHOLE, default=1, kw_only=False)
    fixed: tuple[str, ...] = setting(names_such_as("means"), default=())
    search: str = setting(one_of("auto", "starts", "moves"), default="auto")
    warm_start: bool = setting(BOOLEAN, default=False)


@settings
class MixtureSettings(StartSettings):
    """How a mixture starts.

    Parameters
    ----------
    init_params : {"auto", "kmeans", "k-means++", "random_from_data", "random"}, default "auto"
        Kind of starting values, found on whitened rows where the family has distances; "auto" mixes those
        that suit the family.
    """

    fixed: tuple[str, ...] = setting(names_such_as("weights"), default=())
    init_params: str = setting(one_of("auto", *START_KINDS), default="auto")


@settings
class ChainSettings(StartSettings):
    """The Markov chain of a hidden Markov model.

    Parameters
    ----------
    n_components : int, default 1
        Number of states.
    startprob : {"free", "stationary", "uniform"}, default "free"
        What the first state follows: a distribution of its own, the stationary one of the transitions, or the
        even one.
    startprob_init : array-like of shape (n_components,), optional
        Starting probabilities of the first state.
    transmat_init : array-like of shape (n_components, n_components), optional
        Starting transition probabilities, from row to column. Exact zeros stay zero for ever.
    memory_budget : int or str, optional
        Bytes, or a text such as "500MB", that a pass along one sequence may take while fitting. A sequence
        too long for that is passed in segments that are computed twice, with the same result: then memory
        grows with the square root of its length. There is no limit by default.
    """

    n_components: int = setting(Number(Integral, 1, MOST_STATES, closed="both"), default=1, kw_only=False)
    startprob: str = setting(one_of(*STARTPROBS), default="free")
    startprob_init: object = setting(ARRAY, None, default=None)
    transmat_init: object = setting(ARRAY, None, default=None)
    fixed: tuple[str, ...] = setting(names_such_as("transmat"), default=())
    memory_budget: int | str | None = setting(object, default=None)  # read, and refused, in `bytes_of`


BY_NAME = Such(lambda value: isinstance(value, Mapping), "a dict of arrays by name")
BY_COLUMN = Such(lambda value: isinstance(value, Mapping), "a dict of families by the names of columns")


def _names_a_family(value: object) -> bool:
    """Whether it begins with the name of one; what is in brackets behind it is checked where it is read."""
    return isinstance(value, str) and value.partition("(")[0] in EMISSIONS


@settings
class AnyFamilySettings:
    """A family to choose.

    Parameters
    ----------
    emission : Emission or str
        The family, such as ``latently.emissions.Gaussian("full")`` or one's own (docs, "Writing a family"),
        or the name of one of ``latently.emissions.FAMILIES`` (docs, "The families"): "gaussian", "poisson",
        "bernoulli", "binomial(10)", "categorical", which reads text, too, ...
    starting_values : dict of str to array, optional
        Starting values by the name of the parameter: those of what is hidden, and the fields of the family's
        params.
    """

    emission: Emission | str = setting(
        Such(lambda value: isinstance(value, Emission), "a family, such as Poisson()"),
        Such(_names_a_family, f"one of {', '.join(map(repr, EMISSIONS))}"),
        kw_only=False,
    )
    starting_values: dict[str, Any] | None = setting(BY_NAME, None, default=None)


@settings
class LatentClassSettings:
    """What the columns of latent classes are.

    Parameters
    ----------
    families : "auto" or dict, default "auto"
        By the name of a column, or a tuple of names whose columns belong together, a family or its name, such
        as ``{"age": "gaussian", "visits": "poisson"}``; columns of a table without names are called 0, 1, ...
        For those that are not named, and all with "auto", it is chosen: text, categories, yes and no, and
        whole numbers with at most 12 different values (codes) are categorical; for others see
        `latently.emissions.Columns`.
    unknown : {"error", "missing"}, default "error"
        What a category is that was not there at the fit: an error that names it and its row, or a missing
        cell.
    starting_values : dict of str to array, optional
        Starting values by the name of the parameter, such as "weights" or "categorical.probabilities", shape
        (n_components, n_columns, n_categories).
    """

    families: str | dict[Any, Any] = setting(one_of("auto"), BY_COLUMN, default="auto")
    unknown: str = setting(one_of("error", "missing"), default="error")
    starting_values: dict[str, Any] | None = setting(BY_NAME, None, default=None)


@settings
class GaussianSettings:
    """Of Gaussian families.

    Parameters
    ----------
    reg_covar : float, default 1e-6
        Floor of the covariances relative to the variances of the features, without unit. A fit above the
        floor is the exact maximum of the likelihood; one on it warns. 0 turns it off.
    """

    reg_covar: float = setting(Number(Real, 0, 1, closed="left"), default=1e-6)


@settings
class PriorSettings:
    """A prior of covariances and means.

    Parameters
    ----------
    prior : {None, "ridge", "inverse-wishart", "normal-inverse-wishart"}, default None
        None is maximum likelihood. "ridge" holds every covariance as if there were a few more rows without
        correlations; the other two are conjugate, the last one for the means as well. All are in units of
        the features' variances and counted in the objective.
    prior_strength : float, optional
        For "ridge" how many rows it is worth, by default one more than a hundredth of the data; for the
        others the degrees of freedom, by default ``n_features + 2``.
    """

    prior: str | None = setting(one_of(*PRIORS), None, default=None)
    prior_strength: float | None = setting(POSITIVE, None, default=None)
