"""Seconds of one Baum-Welch iteration: plain EM from given starting values, beside hmmlearn and dynamax.

Ours tells the time after each iteration; of hmmlearn a run of more iterations less one of fewer is taken; of
dynamax what `fit_em` needs for many epochs less what it needs for two, as it compiles anew at each call.
"""

from __future__ import annotations

import logging
import time
import warnings
from typing import Any

import numpy as np

from benchmarks.harness import alternate, installed, medians, seconds, table, write
from latently import CategoricalHMM, GaussianHMM

ONE = ((3, 4, 1_000_000), (8, 16, 1_000_000), (32, 64, 300_000), (128, 64, 50_000))
MANY = ((3, 4), (8, 16), (32, 64), (128, 64))
EPOCHS = {3: 100, 8: 10, 32: 8}  # of dynamax, so many that its compilation does not matter
GAUSSIAN = ((3, 500_000), (8, 500_000), (32, 200_000), (128, 20_000))


def chain(K: int, T: int, rng: Any) -> tuple[Any, Any]:
    """Transitions that prefer to stay, and states drawn from them."""
    transmat = 0.3 * rng.dirichlet(np.full(K, 0.5), K) + 0.7 * np.eye(K)
    edges, states, uniform = np.cumsum(transmat, axis=1), np.zeros(T, dtype=np.int64), rng.random(T)
    for t in range(1, T):
        states[t] = min(int(np.searchsorted(edges[states[t - 1]], uniform[t])), K - 1)
    return transmat, states


def symbols(K: int, M: int, T: int, seed: int = 0) -> Any:
    """Symbols of a hidden Markov model, shape (T, 1)."""
    rng = np.random.default_rng(seed)
    emission = rng.dirichlet(np.full(M, 0.3), K)
    _, states = chain(K, T, rng)
    drawn = (np.cumsum(emission, axis=1)[states] < rng.random(T)[:, None]).sum(axis=1)
    return np.minimum(drawn, M - 1)[:, None]


def start(K: int, M: int) -> dict[str, Any]:
    """Starting values."""
    rng = np.random.default_rng(1)
    return {
        "startprob": np.full(K, 1 / K),
        "transmat": rng.dirichlet(np.full(K, 5.0), K),
        "emissionprob": rng.dirichlet(np.full(M, 5.0), K),
    }


def ours(model: Any, X: Any, lengths: Any) -> float:
    """Seconds of an iteration, between callbacks."""
    ticks: list[float] = []
    model.set_params(
        callbacks=[lambda *_: ticks.append(time.perf_counter())],
        max_iter=8,
        tol=0,
        acceleration=None,
        n_init=1,
    )
    model.fit(X, lengths=lengths)
    return (ticks[-1] - ticks[2]) / (len(ticks) - 3)


def hmmlearn_iteration(make: Any, X: Any, lengths: Any, many: int) -> float:
    """Seconds of an iteration, by the difference of two runs."""
    times = [seconds(lambda n=n: make(n).fit(X, lengths)) for n in (1, many)]
    return (times[1] - times[0]) / (many - 1)


def categorical_line(K: int, M: int, X: Any, lengths: Any, rounds: int, dynamax: bool) -> dict[str, Any]:
    """One categorical problem, all contestants."""
    from hmmlearn import hmm

    values = start(K, M)
    many = 4 if K < 100 else 2

    def latently() -> float:
        given = {f"{name}_init": value for name, value in values.items()}
        return ours(CategoricalHMM(K, n_features=M, **given), X, lengths)

    def peer(n_iter: int) -> Any:
        model = hmm.CategoricalHMM(K, n_iter=n_iter, tol=-np.inf, init_params="", implementation="scaling")
        model.startprob_, model.transmat_ = values["startprob"].copy(), values["transmat"].copy()
        model.emissionprob_, model.n_features = values["emissionprob"].copy(), M
        return model

    contestants = {"latently": latently, "hmmlearn": lambda: hmmlearn_iteration(peer, X, lengths, many)}
    if dynamax and installed("dynamax"):
        contestants["dynamax"] = dynamax_iteration(K, M, X, values)
    latently()
    return _row({"data": "categorical", "K": K, "T": len(X)}, medians(alternate(contestants, rounds)))


def dynamax_iteration(K: int, M: int, X: Any, values: dict[str, Any]) -> Any:
    """A function that gives the seconds of an epoch of `fit_em`, in double precision."""
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp
    from dynamax.hidden_markov_model import CategoricalHMM as Peer

    model = Peer(K, 1, M)
    params, properties = model.initialize(
        jax.random.PRNGKey(0),
        initial_probs=jnp.array(values["startprob"]),
        transition_matrix=jnp.array(values["transmat"]),
        emission_probs=jnp.array(values["emissionprob"])[:, None, :],
    )
    emissions = jnp.array(X)

    def run(epochs: int) -> None:
        jax.block_until_ready(model.fit_em(params, properties, emissions, num_iters=epochs, verbose=False))

    run(2)
    many = EPOCHS[K]
    return lambda: (seconds(lambda: run(many + 2)) - seconds(lambda: run(2))) / many


def gaussian_line(K: int, T: int, rounds: int) -> dict[str, Any]:
    """One Gaussian problem with diagonal covariances and four features."""
    from hmmlearn import hmm

    rng = np.random.default_rng(0)
    _, states = chain(K, T, rng)
    means = 2 * rng.normal(size=(K, 4))
    X = means[states] + rng.normal(size=(T, 4))
    values = start(K, 2)
    first = means + 0.3 * rng.normal(size=means.shape)

    def latently() -> float:
        model = GaussianHMM(
            K,
            startprob_init=values["startprob"],
            transmat_init=values["transmat"],
            means_init=first,
            covariances_init=np.ones((K, 4)),
        )
        return ours(model, X, None)

    def peer(n_iter: int) -> Any:
        model = hmm.GaussianHMM(
            K, "diag", n_iter=n_iter, tol=-np.inf, init_params="", implementation="scaling", min_covar=0
        )
        model.startprob_, model.transmat_ = values["startprob"].copy(), values["transmat"].copy()
        model.means_, model.covars_ = first.copy(), np.ones((K, 4))
        return model

    contestants = {"latently": latently, "hmmlearn": lambda: hmmlearn_iteration(peer, X, None, 3)}
    latently()
    return _row({"data": "Gaussian diag, d = 4", "K": K, "T": T}, medians(alternate(contestants, rounds)))


def viterbi_line(K: int, M: int, T: int, rounds: int) -> dict[str, Any]:
    """Decoding of one sequence."""
    from hmmlearn import hmm

    X, values = symbols(K, M, T), start(K, M)
    given = {f"{name}_init": value for name, value in values.items()}
    mine = CategoricalHMM(K, n_features=M, fixed=tuple(values), **given).fit(X[:1000])
    theirs = hmm.CategoricalHMM(K, init_params="")
    theirs.startprob_, theirs.transmat_, theirs.emissionprob_ = values.values()
    theirs.n_features = M
    mine.predict(X)
    contestants = {
        "latently": lambda: seconds(lambda: mine.predict(X)),
        "hmmlearn": lambda: seconds(lambda: theirs.predict(X)),
    }
    return _row({"data": "Viterbi, categorical", "K": K, "T": T}, medians(alternate(contestants, rounds)))


def _row(row: dict[str, Any], found: dict[str, float]) -> dict[str, Any]:
    row["x hmmlearn"] = found["hmmlearn"] / found["latently"]
    row["x dynamax"] = found["dynamax"] / found["latently"] if "dynamax" in found else "-"
    for name in ("latently", "hmmlearn", "dynamax"):
        row[f"{name} s"] = found.get(name, "-")
    return row


def main(rounds: int = 3) -> None:
    """Measure, print and write."""
    warnings.simplefilter("ignore")
    logging.getLogger("hmmlearn").setLevel(logging.ERROR)
    rows = [categorical_line(K, M, symbols(K, M, T), None, rounds, K < 100) for K, M, T in ONE]
    for K, M in MANY:
        X, lengths = symbols(K, M, 1_000_000), np.full(10_000, 100)
        often = rounds if K < 100 else 1  # hmmlearn takes minutes
        rows.append(categorical_line(K, M, X, lengths, often, False) | {"data": "10,000 x 100"})
    rows += [gaussian_line(K, T, rounds) for K, T in GAUSSIAN]
    rows += [viterbi_line(K, M, min(T, 200_000), rounds) for K, M, T in ONE]
    table("One Baum-Welch iteration, and Viterbi", rows)
    write("hmm", rows)
