"""How often a default fit finds the highest maximum known of hard cases, and in what time.

Cases are drawn at random: mixtures of 6 to 15 Gaussians and hidden Markov models of 4 to 8 states, of several
families, sizes and separations. The highest maximum known is the best of many full runs, of those that can be
trusted by what the library says of them; a fit has found it if it ends as high or higher, and can be trusted.
Said beside it is how many of these have no component that rests on fewer than five rows.
"""

from __future__ import annotations

import itertools
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.mixture import GaussianMixture as Peer

from benchmarks.harness import table, write
from latently import CategoricalHMM, GaussianHMM, GaussianMixture, PoissonHMM
from latently.core.findings import grave

SAME = 1e-2  # log-likelihoods that differ by no more are of one maximum
LEAST_ROWS = 5
TUNED = 100  # cases that the search was tuned on come before
MOST_ROWS = 1000  # of a case: fifty starts of the others take minutes as it is
FULL_RUNS = {"mixtures": 200, "chains": 100}  # that the best known is the best of
STRUCTURES = ("full", "diag", "tied", "spherical")
CHAINS = {"gaussian": GaussianHMM, "poisson": PoissonHMM, "categorical": CategoricalHMM}


def mixture(seed: int) -> tuple[dict[str, Any], np.ndarray]:
    """A hard mixture: what it is, and its rows."""
    rng = np.random.default_rng([7, seed])
    K, d, n = (
        int(rng.integers(6, 16)),
        int(rng.choice([1, 2, 3, 5, 8])),
        int(rng.choice([500, 1000, 2000, 4000])),
    )
    kind, separation = STRUCTURES[rng.integers(4)], float(rng.choice([2, 3, 4, 6])) * (2.5 if d == 1 else 1)
    labels = rng.choice(K, n, p=rng.dirichlet(np.full(K, 3.0)))
    means = separation * rng.standard_normal((K, d))
    shared = np.eye(d) + rng.standard_normal((d, d)) / np.sqrt(d)
    roots = {
        "full": lambda: (np.eye(d) + rng.standard_normal((d, d)) / np.sqrt(d)) * rng.uniform(0.5, 1.5),
        "tied": lambda: shared,
        "diag": lambda: np.diag(rng.uniform(0.4, 1.6, d)),
        "spherical": lambda: np.eye(d) * rng.uniform(0.5, 1.5),
    }
    factors = np.array([roots[kind]() for _ in range(K)])
    noise = np.einsum("nij,nj->ni", factors[labels], rng.standard_normal((n, d)))
    case = {"kind": kind, "K": K, "d": d, "n": n, "separation": separation}
    return case, means[labels] + noise


def chain(seed: int) -> tuple[dict[str, Any], np.ndarray]:
    """A hard hidden Markov model: what it is, and one sequence of it."""
    rng = np.random.default_rng([8, seed])
    K, n, stay = (
        int(rng.integers(4, 9)),
        int(rng.choice([400, 800, 1500, 3000])),
        float(rng.choice([0.7, 0.9, 0.97])),
    )
    kind = ("gaussian", "poisson", "categorical")[rng.integers(3)]
    transmat = (1 - stay) * rng.dirichlet(np.full(K, 0.7), K) + stay * np.eye(K)
    states = [0]
    for _ in range(n - 1):
        states.append(int(rng.choice(K, p=transmat[states[-1]])))
    if kind == "gaussian":
        d = int(rng.choice([1, 2, 3]))
        means = float(rng.choice([1.5, 2.5, 4.0])) * rng.standard_normal((K, d)) * (2 if d == 1 else 1)
        x = means[states] + rng.uniform(0.5, 1.5, (K, d))[states] * rng.standard_normal((n, d))
    elif kind == "poisson":
        x = rng.poisson((1 + rng.gamma(1.0, 20.0, K))[states])[:, None].astype(float)
    else:
        emission = rng.dirichlet(np.full(6, 0.3), K)
        x = np.array([[rng.choice(6, p=emission[state])] for state in states])
    return {"kind": kind, "K": K, "d": x.shape[1], "n": n, "stay": stay}, x


@dataclass(frozen=True)
class Fit:
    """What became of a fit."""

    log_likelihood: float
    seconds: float  # of the processor
    sound: bool  # whether it can be trusted
    ample: bool  # whether each component has some rows


def fitted(model: Any, x: np.ndarray) -> Fit:
    """Fit a model."""
    start = time.process_time()
    model.fit(x)
    spent = time.process_time() - start
    ours = hasattr(model, "log_likelihood_")
    value = model.log_likelihood_ if ours else model.score(x) * (len(x) if isinstance(model, Peer) else 1)
    # scikit-learn adds to variances, and says nothing of maxima that rest on that
    said = model.diagnostics_ if ours else here(model).fit(x).diagnostics_ if isinstance(model, Peer) else ()
    ample = len(x) * getattr(model, "weights_", np.ones(1)).min() >= LEAST_ROWS
    return Fit(float(value), spent, not grave(said), bool(ample))


def here(peer: Peer) -> GaussianMixture:
    """A mixture of ours that goes on from where scikit-learn's ended."""
    start = {"weights_init": peer.weights_, "means_init": peer.means_, "precisions_init": peer.precisions_}
    return GaussianMixture(peer.n_components, covariance_type=peer.covariance_type, **start)


def compare(
    case: dict[str, Any], x: np.ndarray, contestants: dict[str, Callable[[int], Any]], many: Any, seeds: int
) -> dict[str, Any]:
    """All contestants from several seeds on one case."""
    found = {name: [fitted(make(seed), x) for seed in range(seeds)] for name, make in contestants.items()}
    known = fitted(many, x)
    lowest = known.log_likelihood - SAME if known.sound else -np.inf
    row = {**case, "full runs: s": known.seconds}
    for name, fits in found.items():
        best = [fit for fit in fits if fit.sound and fit.log_likelihood >= lowest]
        row[f"{name}: best"] = len(best) / seeds
        row[f"{name}: on five rows"] = sum(fit.ample for fit in best) / seeds
        row[f"{name}: s"] = float(np.median([fit.seconds for fit in fits]))
    return row


def mixtures(case: int, seeds: int) -> dict[str, Any]:
    """One mixture, beside scikit-learn with fifty starts."""
    about, x = mixture(case)
    K, kind = about["K"], {"covariance_type": about["kind"]}
    contestants: dict[str, Callable[[int], Any]] = {
        "default": lambda seed: GaussianMixture(K, random_state=seed, n_jobs=1, **kind),
        "starts": lambda seed: GaussianMixture(K, random_state=seed, n_jobs=1, search="starts", **kind),
        "scikit-learn": lambda seed: Peer(K, n_init=50, random_state=seed, max_iter=1000, tol=1e-6, **kind),
    }
    n_init, drawn = FULL_RUNS["mixtures"], "random_from_data"
    many = GaussianMixture(K, n_init=n_init, init_params=drawn, random_state=99, n_jobs=1, **kind)
    return compare(about, x, contestants, many, seeds)


class FiftyStarts:
    """hmmlearn's model of a kind, the best of fifty starts."""

    def __init__(self, kind: str, K: int, seed: int) -> None:
        self.kind, self.K, self.seed = kind, K, seed

    def fit(self, x: np.ndarray) -> None:
        """Fit from fifty starts."""
        from hmmlearn import hmm

        make = getattr(
            hmm,
            {"gaussian": "GaussianHMM", "poisson": "PoissonHMM", "categorical": "CategoricalHMM"}[self.kind],
        )
        x = x if self.kind == "gaussian" else x.astype(int)
        fits = [
            make(self.K, n_iter=1000, tol=1e-4, random_state=1000 * self.seed + start).fit(x)
            for start in range(50)
        ]
        best = max(fits, key=lambda model: model.score(x))
        self.best, self.weights_ = best.score(x), best.predict_proba(x).mean(axis=0)

    def score(self, x: np.ndarray) -> float:
        """Log-likelihood of the best."""
        return float(self.best)


def chains(case: int, seeds: int) -> dict[str, Any]:
    """One hidden Markov model, beside hmmlearn with fifty starts where it is installed."""
    about, x = chain(case)
    K, make = about["K"], CHAINS[about["kind"]]
    contestants: dict[str, Callable[[int], Any]] = {
        "default": lambda seed: make(K, random_state=seed, n_jobs=1),
        "starts": lambda seed: make(K, random_state=seed, n_jobs=1, search="starts"),
        "hmmlearn": lambda seed: FiftyStarts(about["kind"], K, seed),
    }
    return compare(
        about, x, contestants, make(K, n_init=FULL_RUNS["chains"], random_state=99, n_jobs=1), seeds
    )


def hard(make: Callable[[int], tuple[dict[str, Any], np.ndarray]], n: int) -> list[int]:
    """So many cases of those that nothing was tuned on, and that have no more rows than can be waited for."""
    return list(
        itertools.islice((case for case in itertools.count(TUNED) if len(make(case)[1]) <= MOST_ROWS), n)
    )


def main(n_mixtures: int = 20, n_chains: int = 20, seeds: int = 1) -> None:
    """Measure, print and write after each case."""
    warnings.simplefilter("ignore")
    for name, make, measure, n in (
        ("hidden Markov models", chain, chains, n_chains),
        ("mixtures", mixture, mixtures, n_mixtures),
    ):
        rows: list[dict[str, Any]] = []
        for case in hard(make, n):
            rows.append(measure(case, seeds))
            middle: dict[str, Any] = {"kind": "mean share, median s"}
            for key in rows[0]:
                values = [row[key] for row in rows]
                if key.endswith(("best", "five rows")):
                    middle[key] = float(np.mean(values))
                elif key.endswith(" s"):
                    middle[key] = float(np.median(values))
            write(f"optima_{name.split()[0]}", [*rows, middle])
        if rows:
            table(f"The best maximum known of hard {name}, by default and by fifty starts", [*rows, middle])
