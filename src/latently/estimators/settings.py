"""Settings that estimators have in common, and what each may be."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

from latently.checks.settings import (
    ARRAY,
    BOOLEAN,
    COUNT,
    FUNCTIONS,
    N_JOBS,
    RANDOM_STATE,
    TOLERANCE,
    WHOLE,
    Number,
    Such,
    key_of,
    names_such_as,
    one_of,
)
from latently.emissions.base import Emission
from latently.emissions.gaussian import STRUCTURES
from latently.emissions.gaussian.prior import KINDS as PRIORS
from latently.emissions.registry import FAMILIES as EMISSIONS
from latently.estimators.starts import KINDS
from latently.latent.chain import STARTS

Constraints = dict[str, tuple[Any, ...]]

MOST_RUNS = 10**6
MOST_STATES = 2**12  # each start has a matrix of transitions, of 134 MB then

RUN: Constraints = {
    "n_components": (WHOLE,),
    "tol": (TOLERANCE,),
    "max_iter": (COUNT,),
    "n_init": (one_of("auto"), Number(Integral, 1, MOST_RUNS, closed="both")),
    "random_state": RANDOM_STATE,
    "acceleration": (one_of("auto", "squarem"), None),
    "n_jobs": (N_JOBS, None),
    "callbacks": (FUNCTIONS, None),
    "verbose": (COUNT, BOOLEAN),
}
MIXTURE: Constraints = RUN | {
    "fixed": (names_such_as("weights"),),
    "init_params": (one_of("auto", *KINDS),),
    "warm_start": (BOOLEAN,),
}
CHAIN: Constraints = RUN | {
    "n_components": (Number(Integral, 1, MOST_STATES, closed="both"),),
    "fixed": (names_such_as("transmat"),),
    "startprob": (one_of(*STARTS),),
    "startprob_init": (ARRAY, None),
    "transmat_init": (ARRAY, None),
    "warm_start": (BOOLEAN,),
    "memory_budget": (object,),  # read, and refused, in `bytes_of`
}
GAUSSIAN: Constraints = {
    "covariance_type": (key_of(STRUCTURES),),
    "reg_covar": (Number(Real, 0, 1, closed="left"),),
    "means_init": (ARRAY, None),
}
PRIOR: Constraints = {
    "prior": (one_of(*PRIORS), None),
    "prior_strength": (Number(Real, 0, None, closed="neither"), None),
}
ANY_FAMILY: Constraints = {
    "emission": (
        Such(lambda value: isinstance(value, Emission), "a family, such as Poisson()"),
        key_of(EMISSIONS),
    ),
    "starting_values": (Such(lambda value: isinstance(value, Mapping), "a dict of arrays by name"), None),
}
