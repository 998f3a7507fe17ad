"""Run the benchmarks: ``python -m benchmarks [NAME ...]``, all of them without a name."""

from __future__ import annotations

import sys
from importlib import import_module

from benchmarks.harness import machine

NAMES = (
    "mixture_iteration",
    "mixture_run",
    "mixture_fit",
    "optima",
    "tiny",
    "footprint",
    "imputation",
    "mixed_imputation",
    "latent_classes",
    "hmm",
    "topics",
    "planted_topics",
    "scaling",
)


def main() -> None:
    """Run those named, or all."""
    chosen = sys.argv[1:] or list(NAMES)
    unknown = [name for name in chosen if name not in NAMES]
    if unknown:
        sys.exit(f"there is no benchmark '{unknown[0]}'; there are {', '.join(NAMES)}")
    print(machine())
    for name in chosen:
        import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
