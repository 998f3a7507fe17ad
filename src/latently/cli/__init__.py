"""The command `latently`. What it needs beyond the library is imported when it is called."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

from latently.cli.interruption import interruptible

NEEDED = ("matplotlib", "polars", "rich", "typer")
MADE = 50_000  # objects between two searches for garbage: Python's 700 make for hundreds of them


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit: 0 if all went well, 2 if what was asked cannot be, 130 if interrupted."""
    gc.set_threshold(MADE, *gc.get_threshold()[1:])
    with interruptible():
        code = _run(arguments)
    sys.exit(code)


def _run(arguments: Sequence[str] | None) -> int:
    from importlib.util import find_spec

    for name in NEEDED:
        if find_spec(name) is None:
            print(f'latently: the command needs {name}: pip install "latently[cli]"', file=sys.stderr)
            return 2

    from latently.cli.app import run
    from latently.cli.leaner import Leaner

    if "sklearn" not in sys.modules:
        sys.meta_path.insert(0, Leaner())
    return run(arguments)
