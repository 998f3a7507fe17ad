"""What scikit-learn imports and nobody here calls is left out: it takes as long as all the rest.

Its module of mends for older libraries imports pandas and scipy.stats for two functions. The command reads
tables by other means, and who does need one of these imports it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

WHERE = "sklearn.utils.fixes"


class Leaner(MetaPathFinder):
    """Finds that one module, and imports it without these."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where it is; others are left to whoever finds them."""
        spec = PathFinder.find_spec(fullname, path) if fullname == WHERE else None
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            with without_unused():
                execute(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


@contextmanager
def without_unused() -> Iterator[None]:
    """As if pandas were not installed; scipy.stats is imported when something of it is asked for."""
    stats = ModuleType("scipy.stats")

    def find(name: str) -> Any:
        if sys.modules.get("scipy.stats") is stats:
            del sys.modules["scipy.stats"]
        return getattr(import_module("scipy.stats"), name)

    stats.__getattr__ = find  # type: ignore[method-assign]
    put: dict[str, Any] = {"pandas": None, "scipy.stats": stats}
    put = {name: module for name, module in put.items() if name not in sys.modules}
    sys.modules.update(put)
    try:
        yield
    finally:
        for name, module in put.items():
            if name in sys.modules and sys.modules[name] is module:
                del sys.modules[name]
