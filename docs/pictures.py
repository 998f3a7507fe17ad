"""Pictures of the pages, drawn when they are built."""

from pathlib import Path

import numpy as np
from matplotlib import pyplot

from latently import HiddenMarkovModel, plots
from latently.emissions import Binomial

# Two classes of each family, as `from_parameters` takes them.
FAMILIES = {
    "bernoulli": ("bernoulli", {"probabilities": [[0.2], [0.7]]}),
    "binomial": (Binomial(10), {"probabilities": [[0.2], [0.7]]}),
    "geometric": ("geometric", {"probabilities": [[0.6], [0.15]]}),
    "poisson": ("poisson", {"lambdas": [[2.0], [9.0]]}),
    "negative-binomial": ("negative-binomial", {"means": [[2.0], [9.0]], "dispersions": [[0.1], [0.5]]}),
    "zero-inflated-poisson": (
        "zero-inflated-poisson",
        {"lambdas": [[2.0], [9.0]], "inflations": [[0.1], [0.5]]},
    ),
    "exponential": ("exponential", {"means": [[1.0], [4.0]]}),
    "gamma": ("gamma", {"means": [[2.0], [6.0]], "shapes": [[2.0], [10.0]]}),
    "log-normal": ("log-normal", {"log_means": [[0.0], [1.5]], "log_variances": [[0.25], [0.1]]}),
    "beta": ("beta", {"means": [[0.2], [0.7]], "concentrations": [[10.0], [4.0]]}),
    "von-mises": ("von-mises", {"directions": [[0.0], [2.0]], "concentrations": [[1.0], [8.0]]}),
    "ordinal": ("ordinal", {"locations": [[-1.0], [1.0]], "intercepts": [[0.0, 1.5, 2.0, 1.5, 0.0]]}),
}


def draw(folder: Path) -> None:
    """Draw two classes of every family into a folder, a file for each.

    Parameters
    ----------
    folder : Path
        Where the files go; it is made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, (family, values) in FAMILIES.items():
        model = HiddenMarkovModel.from_parameters(family, [0.5, 0.5], np.full((2, 2), 0.5), values)
        figure, axes = pyplot.subplots(figsize=(6, 2.6), layout="constrained")
        plots.emissions(model, ax=axes)
        figure.savefig(folder / f"{name}.svg")
        pyplot.close(figure)


if __name__ == "__main__":
    draw(Path(__file__).parent / "pictures")
