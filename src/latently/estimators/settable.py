"""Attributes of a fitted estimator: its parameters, and what was found out by fitting them.

The parameters are held in one place, `params_`. An attribute such as `means_` is a view of them. It is
read-only, so that ``model.means_[0] = 5`` is an error and never a change that nothing follows. As a whole it
may be set, on a new estimator as on a fitted one. Several that are set one after the other fit each other in
the end only, so they are checked when the model is next used.
"""

from __future__ import annotations

import warnings
from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Generic, Self, TypeVar

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from latently.checks.arrays import as_numbers
from latently.checks.settings import check_settings
from latently.core.convergence import Progress
from latently.core.exploration import Start
from latently.core.findings import Finding
from latently.core.moves import Move
from latently.core.parameters import named
from latently.core.restarts import Found, Restarts, Run
from latently.emissions.base import Emission
from latently.emissions.known import known_classes
from latently.estimators.fitting import Outcome
from latently.estimators.inputs import Array, random_generator
from latently.estimators.saving import Saved
from latently.latent.base import Latent
from latently.latent.chain import Chain, ChainParams
from latently.latent.independent import Independent, Weights
from latently.models.latent_emission import LatentEmission, LatentEmissionParams
from latently.wording import count

M = TypeVar("M")
P = TypeVar("P")


def read_only(value: object) -> Array:
    """A view of an array that cannot be written to."""
    view = np.asarray(value).view()
    view.setflags(write=False)
    return view


def _freeze(params: object) -> None:
    for value in named(params).values():
        if isinstance(value, np.ndarray):
            value.setflags(write=False)


class Parameter:
    """An attribute that is a parameter of the model, by its name in the engine, such as "means".

    ``show(model)`` is what the attribute shows, and ``take(model, value, attribute)`` makes the parameter of
    what was set; by default both are the parameter itself.
    """

    def __init__(
        self,
        name: str,
        show: Callable[[Any], Array] | None = None,
        take: Callable[[Any, Array, str], Array] | None = None,
    ) -> None:
        self.name, self.show, self.take = name, show, take

    def __set_name__(self, owner: type, attribute: str) -> None:
        self.attribute = attribute

    def __get__(self, model: Any, owner: type | None = None) -> Any:
        if model is None:
            return self
        if model._pending and self.take is not None and model._complete:  # shown otherwise than it was set
            model._take_up()
        attribute, value = model._pending.get(self.name, (None, None))
        if attribute != self.attribute:
            if attribute is not None or "_in_force" not in vars(model):
                model._take_up()
            value = named(model._fitted[1])[self.name] if self.show is None else self.show(model)
        return read_only(model._as_shown(value))

    def __set__(self, model: Any, value: Any) -> None:
        given = as_numbers(value, self.attribute)
        array = np.array(given, dtype=np.float64)
        shown = None if model._pending else getattr(model, self.attribute, None)
        if shown is None or not np.array_equal(shown, array):
            model._set_one(self, array, single=given.dtype == np.float32)


class Recorded:
    """An attribute that tells of the fit, until a parameter is set by hand."""

    def __set_name__(self, owner: type, attribute: str) -> None:
        self.attribute, self.name = attribute, attribute.rstrip("_")

    def __get__(self, model: Any, owner: type | None = None) -> Any:
        if model is None:
            return self
        if model._outcome is None:
            raise AttributeError(f"there is no {self.attribute}: {model._why_no_record()}")
        return getattr(model._outcome, self.name)

    def __set__(self, model: Any, value: Any) -> None:
        model._outcome = replace(model._outcome, **{self.name: value})


class Settable(Generic[M, P], metaclass=ABCMeta):
    """An estimator whose parameters may be set by hand."""

    n_components: int
    _pending: Mapping[str, tuple[str, Array]] = {}  # by parameter: the attribute that was set, and what to
    _changed: tuple[str, ...] = ()  # attributes that were set since a fit
    _outcome: Any = None  # what the fit left beside the parameters
    _single: bool = False  # whether all that was set by hand is of single precision

    def __dir__(self) -> Iterable[str]:
        """All names, also of what cannot be told while a value that was set by hand is wrong."""
        try:
            return super().__dir__()
        except ValueError:
            return object.__dir__(self)

    @abstractmethod
    def _assembled(self, values: Mapping[str, object], suffix: str = "_") -> tuple[M, P]:
        """The model and the params of values by name, checked; users add a suffix to the names."""

    def _needed(self) -> list[str]:
        """Names of the parameters that make a model."""
        return list(self._attributes())

    @classmethod
    @cache
    def _attributes(cls) -> dict[str, str]:
        """The attribute of each parameter."""
        found: dict[str, str] = {}
        for base in reversed(cls.__mro__):
            for item in vars(base).values():
                if isinstance(item, Parameter):
                    found.setdefault(item.name, item.attribute)
        return found

    @property
    def params_(self) -> P:
        """All parameters; those that were set by hand are checked."""
        self._take_up()
        return self._fitted[1]

    @property
    def _model(self) -> M:
        self._take_up()
        return self._fitted[0]

    @property
    def _fitted(self) -> tuple[M, P]:
        """The model and its parameters before anything was set by hand since."""
        try:
            found: tuple[M, P] = vars(self)["_in_force"]
        except KeyError:
            raise NotFittedError(
                f"This {type(self).__name__} instance is not fitted yet: call 'fit', or set its parameters"
            ) from None
        return found

    @property
    def _complete(self) -> bool:
        """Whether all parameters are there, in force or set by hand."""
        return "_in_force" in vars(self) or not set(self._needed()) - set(self._pending)

    def _set_params(self, model: M, params: P, outcome: object = None) -> None:
        """Put parameters in force, with what is known of a fit that found them."""
        _freeze(params)
        self._in_force = model, params
        self._pending, self._changed, self._outcome = {}, (), outcome

    def __setstate__(self, state: Any) -> None:
        super().__setstate__(state)  # type: ignore[misc]
        if "_in_force" in vars(self):  # copies and pickles of arrays can be written to
            _freeze(self._fitted[1])

    def _as_shown(self, value: Array) -> Array:
        """In the type of the data of the fit, or of what was set; what follows from sums stays float64."""
        kept = np.float32 if self._single else value.dtype
        return value.astype(getattr(self._outcome, "dtype", kept), copy=False)

    def __sklearn_is_fitted__(self) -> bool:
        if "_in_force" in vars(self) or not self._pending:
            return "_in_force" in vars(self)
        missing = [name for name in self._needed() if name not in self._pending]
        if missing:
            have = ", ".join(attribute for attribute, _ in self._pending.values())
            needs = ", ".join(self._attributes()[name] for name in missing)
            raise NotFittedError(
                f"this {type(self).__name__} is not fitted and has {have} only: set {needs} or call 'fit'"
            )
        return True

    def _check_fitted(self) -> None:
        """Refuse a model without parameters, or with wrong ones."""
        check_is_fitted(self)
        self._take_up()

    def _set_one(self, parameter: Parameter, value: Array, *, single: bool) -> None:
        self._single = single and (self._single or not self._pending)
        self._changed = tuple(dict.fromkeys((*self._changed, parameter.attribute)))
        self._pending = {**self._pending, parameter.name: (parameter.attribute, value)}
        self._outcome = None

    def _take_up(self) -> None:
        """Put in force what was set by hand.

        Raises a ValueError if a value is out of range, or the values do not fit each other. Raises a
        NotFittedError if others are needed, too (a ValueError, too).
        """
        if self._pending and self.__sklearn_is_fitted__():
            changed = self._changed
            self._set_params(*self._assembled({**self._values(), **self._set_values()}))
            self._changed = changed

    def _values(self) -> dict[str, Array]:
        """Parameters in force, without those that follow from others; none in a new estimator."""
        if "_in_force" not in vars(self):
            return {}
        model: Any = self._fitted[0]
        params = self._fitted[1]
        values = named(params)
        return {name: values[name] for name in model.spaces(params)}

    def _set_values(self) -> dict[str, Array]:
        """What was set by hand and is not yet in force, as parameters."""
        found = {}
        for name, (attribute, value) in self._pending.items():
            take = getattr(type(self), attribute).take
            found[name] = value if take is None else take(self, value, attribute)
        return found

    def _warn_of_loss(self, remedy: str, stacklevel: int = 4) -> None:
        """Warn where a fit begins without what was set by hand."""
        if self._changed:
            changed = ", ".join(self._changed)
            warnings.warn(
                f"{changed} set by hand: fit starts again without it, {remedy}",
                UserWarning,
                stacklevel=stacklevel,
            )

    def _why_no_record(self) -> str:
        """Why nothing is said of a fit, and what to do."""
        if self._changed:
            return (
                f"no fit has found these parameters ({', '.join(self._changed)} set by hand): pass X, or fit"
            )
        return "this model was not fitted to data: pass X"

    def _of_the_fit(self) -> tuple[float, float]:
        """Log-likelihood and n of the training data.

        Raises a ValueError if there are none, or the parameters are no longer those of the fit.
        """
        if self._outcome is None:
            raise ValueError(self._why_no_record())
        return self._outcome.log_likelihood, self._outcome.n_observed

    def _from(self, **values: Any) -> Self:
        """The same estimator with parameters, called in refusals what they are called here."""
        self._set_params(*self._assembled(values, ""))
        return self


class SettableModel(Settable[LatentEmission, LatentEmissionParams], Saved):
    """One whose model is a latent structure times an emission family."""

    n_features_in_: int
    random_state: Any
    warm_start: bool
    _progress: Progress | None = None  # of a fit that another may go on from

    @abstractmethod
    def _latent(self) -> Latent:
        """The latent structure that the settings ask for."""

    @abstractmethod
    def _family(self) -> Emission:
        """The emission family that the settings ask for, unbound."""

    def _assembled(
        self, values: Mapping[str, object], suffix: str = "_"
    ) -> tuple[LatentEmission, LatentEmissionParams]:
        check_settings(self)
        K, latent = int(self.n_components), self._latent()
        mine = {name: value for name, value in values.items() if name in latent.names}
        others = {name: value for name, value in values.items() if name not in latent.names}
        old, kept = vars(self).get("_in_force", (None, None))
        same = old is not None and old.n_components == K
        if same and not set(mine) & set(self._pending):
            latent, first = old.latent, kept.latent
        else:
            latent, first = latent.given(mine, K, suffix)
        if same and not set(others) & set(self._pending):
            return LatentEmission(latent, old.emission, K), LatentEmissionParams(first, kept.emission)
        family = self._family() if old is None else self._family().reading_as(old.emission)
        family, second = family.given(others, K, suffix)
        means = family.mean(second)
        n_features = (1 if means is None else means.shape[1]) + len(family.conditioned_on)
        if n_features != vars(self).get("n_features_in_", n_features):
            vars(self).pop("feature_names_in_", None)
        self.n_features_in_ = n_features
        return LatentEmission(latent, family, K), LatentEmissionParams(first, second)

    @classmethod
    def _classes(cls) -> Iterable[type]:
        return (
            *(LatentEmission, LatentEmissionParams, Independent, Weights, Chain, ChainParams),
            *(Outcome, Restarts, Run, Found, Move, Finding),
            *known_classes(),
        )

    def _facts(self) -> dict[str, Any]:
        return super()._facts() | {"model": self._model, "params": self.params_, "outcome": self._outcome}

    def _restore(
        self,
        n_features: int,
        feature_names: tuple[str, ...] | None,
        model: LatentEmission,
        params: LatentEmissionParams,
        outcome: Outcome | None,
    ) -> None:
        """The model is the one that the settings ask for, and has these params."""
        self._restore_columns(n_features, feature_names)
        self._latent().check_fitted(model.latent)
        self._family().check_fitted(model.emission)
        if model.n_components != self.n_components:
            labels = count(model.n_components, model.latent.label)
            raise ValueError(f"it has {labels} where n_components={self.n_components}")
        model.check(params, n_features)
        if outcome is not None:
            outcome.check()
        self._set_params(model, params, outcome)

    def _argument_of(self, name: str) -> str:
        """The argument in which the user gives the starting value of a parameter."""
        return f"{name}_init" if name in self._attributes() else f"starting_values[{name!r}]"

    def _given(self) -> dict[str, Any]:
        """Starting values that the user gave, by the name of the parameter."""
        given = {name: getattr(self, self._argument_of(name), None) for name in self._attributes()}
        given.update(getattr(self, "starting_values", None) or {})
        return {name: value for name, value in given.items() if value is not None}

    def _checked(self, model: LatentEmission, name: str, value: object, n_features: int, label: str) -> Array:
        """A value that a user gave to a parameter, which is called `label` in refusals."""
        if name in model.latent.names:
            return model.latent.checked(name, value, model.n_components, label)
        return model.emission.checked(name, value, model.n_components, n_features, label)

    def _rng(self, random_state: object) -> np.random.Generator:
        """A generator from a seed, or from the model's own if there is none."""
        return random_generator(self.random_state if random_state is None else random_state)

    def _goes_on(self) -> bool:
        """Whether a fit goes on from parameters in force; warns if it begins without what was set by hand.

        Raises a ValueError if what was set by hand is out of range, or the parameters are of another number
        of components.
        """
        if not self.warm_start:
            self._warn_of_loss("unless warm_start=True", stacklevel=5)
        if not self.warm_start or not self._complete:
            return False
        have = self._model.n_components
        if have != self.n_components:
            raise ValueError(
                f"n_components={self.n_components}, and warm_start=True goes on from "
                f"{count(have, 'component')}: set it back, or warm_start=False"
            )
        return True

    def _start_from(self, model: LatentEmission) -> list[Start[LatentEmissionParams]]:
        """The start of a fit that goes on."""
        params = self.params_
        return [Start("warm", lambda rng: model.projected(params), self._progress)]

    def _set_so_far(self, model: LatentEmission, n_features: int) -> dict[str, Array]:
        """With `warm_start`, what was set by hand of parameters the rest of which is yet to be found."""
        if not self.warm_start or "_in_force" in vars(self):
            return {}
        return {
            name: self._checked(model, name, value, n_features, self._pending[name][0])
            for name, value in self._set_values().items()
        }
