"""What models of any library need: attributes of the estimator underneath, and names without a model."""

from __future__ import annotations

from typing import Any


class Shared:
    """An attribute of the estimator underneath, which is the model's `_model`."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.attribute = name

    def __init__(self, name: str | None = None) -> None:
        self.name = name

    def __get__(self, model: Any, owner: type | None = None) -> Any:
        return self if model is None else getattr(model._model, self.name or self.attribute)

    def __set__(self, model: Any, value: Any) -> None:
        setattr(model._model, self.name or self.attribute, value)


def absent(name: str, remedy: str) -> type:
    """A class that refuses to be made and says what is in its place."""

    def refuse(self: Any, *args: Any, **settings: Any) -> None:
        raise NotImplementedError(f"there is no {name}: {remedy}")

    return type(name, (), {"__init__": refuse, "__doc__": "Not there: making one says what is in its place."})
