"""What is odd as a setting, a table or an argument, and where it is not odd: for tests of odd inputs."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
from scipy import sparse

import latently as L
from latently import metrics
from latently.emissions import Gaussian, Poisson

RNG = np.random.default_rng(0)
X = RNG.standard_normal((40, 2)) + 3 * (np.arange(40) % 2)[:, None]
INCOMPLETE = np.where(np.arange(80).reshape(40, 2) % 11, X, np.nan)
COUNTS = RNG.poisson(3, (40, 1)).astype(float)
SYMBOLS = RNG.integers(0, 3, 40)
WORDS = RNG.integers(0, 4, (40, 12))
ESTIMATORS = {
    "GaussianMixture": (L.GaussianMixture(2), X),
    "MixtureModel": (L.MixtureModel(Gaussian("full"), 2), X),
    "GaussianHMM": (L.GaussianHMM(2), X),
    "PoissonHMM": (L.PoissonHMM(2), COUNTS),
    "CategoricalHMM": (L.CategoricalHMM(2), SYMBOLS),
    "HiddenMarkovModel": (L.HiddenMarkovModel(Poisson(), 2), COUNTS),
    "GaussianImputer": (L.GaussianImputer(n_parameter_draws=3), INCOMPLETE),
    "LatentDirichletAllocation": (L.LatentDirichletAllocation(2), WORDS),
    "LatentClassAnalysis": (L.LatentClassAnalysis(2), X),
    "MixedImputer": (L.MixedImputer(2, n_parameter_draws=2), INCOMPLETE),
}

ODD = {
    "object": object(),
    "text": "x",
    "bytes": b"x",
    "complex": 1j,
    "NaN": np.nan,
    "list": ["x"],
    "numbers": [1.5, 2.5],
    "dict": {"a": "b"},
    "function": print,
    "class": int,
    "True": True,
    "None": None,
    "fraction": 2.5,
    "negative": -1,
    "zero": 0,
    "matrix": np.zeros((3, 3, 3)),
    "date": np.datetime64("2020-01-01"),
    "NA": pd.NA,
    "ragged": [[1], [1, 2]],
    "beyond floats": 10**400,
    "sparse": sparse.eye(3),
    "empty": [],
    "masked": np.ma.masked,
}
LARGE = {"beyond floats"}  # an integer of any size
NUMBER = {"fraction", "zero"}
VECTOR = {"None", "numbers", "fraction", "True"}
MAY_BE = {  # what of the odd is not odd, by the setting
    "tol": NUMBER | {"None"},
    "max_iter": {"zero", "None"},
    "exact_iter": {"zero"} | LARGE,
    "checkpoint": {"None", "text"},
    "doc_tol": NUMBER,
    "random_state": {"None", "zero"} | LARGE,
    "acceleration": {"None"},
    "n_jobs": {"None", "negative"} | LARGE,
    "callbacks": {"None", "empty"},
    "verbose": {"zero", "True"} | LARGE,
    "fixed": {"empty"},
    "reg_covar": {"zero"},
    "prior": {"None"},
    "exposure": {"None"},
    "prior_strength": {"None", "fraction"},
    "memory_budget": {"None"} | LARGE,
    "starting_values": {"None"},
    "n_parameter_draws": {"zero"},
    "min_value": VECTOR | {"negative", "zero"},
    "max_value": VECTOR | {"negative", "zero"},
    "add_indicator": {"True"},
    "keep_empty_features": {"True"},
    "warm_start": {"True"},
    "doc_topic_prior": VECTOR,
    "topic_word_prior": {"None", "fraction", "True"},
    "seed_words": {"None", "empty", "ragged"},
    "vocabulary": {"None"},
    "n_features": {"None"} | LARGE,
    "vectorizer": {"None"},
    "learning_offset": {"fraction"},
    "total_samples": {"fraction"},
    "top_topics": {"None"} | LARGE,
    "dtype": {"None"},
    "categories": {"None"},
    "max_sweeps": LARGE,
    "batch_size": LARGE,
    "max_components": LARGE,
}
TOO_LARGE_TO_TRY = {(name, "beyond floats") for name in ("max_iter", "n_parameter_draws")}

RECORDS = np.array([(1, 2.0)] * 20, dtype=[("a", int), ("b", float)])
TABLES = {
    "dates": np.full((20, 2), np.datetime64("2020-01-01")),
    "spans of time": np.ones((20, 2)).astype("m8[s]"),
    "records": RECORDS,
    "dict": {"a": [1, 2]},
    "dicts": [{"a": 1, "b": 2}] * 20,
    "ragged": [[1, 2], [3]] * 10,
    "ragged within": [[[1, 2], [3]]] * 20,
    "one name twice": pd.DataFrame(np.ones((20, 2)), columns=["a", "a"]),
    "beyond floats": [[10**400, 1]] * 20,
    "complex": np.full((20, 2), 1j),
    "a number": 3.0,
    "three dimensions": np.zeros((3, 3, 3)),
    "empty": [],
    "no columns": np.empty((5, 0)),
    "a generator": (row for row in [[1.0, 2.0]] * 20),
    "a text": "abc",
    "objects": [[object(), 1.0]] * 20,
    "sets": [{1, 2}] * 20,
    "a function": print,
    "a module": np,
    "text among numbers": np.array([[1.0, "b"]] * 20, dtype=object),
    "a column of text": pd.DataFrame({"a": [1.0, 2.0] * 10, "b": ["x", "y"] * 10}),
    "a column of dates": pd.DataFrame({"a": [1.0, 2.0] * 10, "b": pd.to_datetime(["2020-01-01"] * 20)}),
    "a column of lists": pl.DataFrame({"a": [[1, 2]] * 20}),
    "a column of structs": pl.DataFrame({"a": [{"b": 1}] * 20}),
    "dates in a list": [[datetime.date(2020, 1, 1), 1.0]] * 20,
    "infinite": [[np.inf, 1.0]] * 20,
}
METHODS = (
    "fit",
    "predict",
    "transform",
    "score",
    "score_samples",
    "bic",
    "smooth",
    "interval",
    "impute",
    "partial_fit",
)

ARGUMENTS = {  # what of the odd is not odd, by the argument
    "sample_weight": {"None", "fraction", "True"},
    "lengths": {"None"},
    "groups": {"None"},
    "states": {"None"},
    "sequence_weight": {"None", "fraction", "True"},
    "level": set(),
    "kind": set(),
    "n_replicates": LARGE,
    "random_state": {"None", "zero", "negative"} | LARGE,
    "n_samples": LARGE,
    "n_imputations": LARGE,
    "steps": LARGE,
    "n_paths": LARGE,
    "n": LARGE,
    "algorithm": set(),
    "relevance": {"zero"},
    "measure": set(),
    "parameter_uncertainty": {"True"},
    "path": {"text"},  # which would be written
}
TOPICS = np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]])
TABLE = np.array([[3.0, 1, 0], [0, 2, 2]])
CHAIN = {"startprob": [0.5, 0.5], "transmat": [[0.9, 0.1], [0.1, 0.9]]}
ALWAYS_HEAVY = {"startprob": [0, 1], "transmat": np.eye(2), "lambdas": [[1.0], [1e300]]}
FUNCTIONS = {
    L.select: (
        {"estimator": L.GaussianMixture(), "X": X, "grid": {"n_components": [1]}},
        {
            "X": {"sparse"},
            "criterion": {"function", "class"},
            "progress": {"None", "function", "class"},
            "verbose": MAY_BE["verbose"],
        },
    ),
    L.pool: (
        {"estimates": [1.0, 2.0], "variances": [1.0, 1.0]},
        {"estimates": {"numbers"}, "variances": {"numbers"}, "df_complete": {"None", "fraction", "True"}},
    ),
    L.little_mcar_test: ({"X": INCOMPLETE}, {}),
    L.missing_patterns: ({"X": INCOMPLETE}, {"X": {"sparse"}}),
    L.overimpute: (
        {"imputer": L.GaussianImputer(), "X": INCOMPLETE},
        {"X": {"sparse"}, "random_state": MAY_BE["random_state"]},
    ),
    L.dispersed_starts: (
        {"imputer": L.GaussianImputer(), "X": INCOMPLETE, "n_starts": 2},
        {"X": {"sparse"}, "random_state": MAY_BE["random_state"], "n_starts": LARGE},
    ),
    L.left_right: ({"n_components": 3}, {"n_components": LARGE, "stay": set(), "reach": LARGE}),
    L.banded: ({"n_components": 3}, {"n_components": LARGE, "width": LARGE}),
    L.load: ({"path": "nowhere"}, {"families": {"empty"}}),
    L.datasets.load_faithful: ({}, {"as_frame": {"True"}}),
    L.MultivariateNormal: ({"mean": [0.0, 0.0], "covariance": np.eye(2)}, {"mean": {"numbers"}}),
    L.MultivariateNormal.fit: ({"X": X}, {"sample_weight": {"None", "fraction", "True"}}),
    L.GaussianMixture.from_parameters: (
        {"weights": [1.0], "means": [[0.0]], "covariances": [[[1.0]]]},
        {"weights": {"None", "True"}},
    ),
    L.PoissonHMM.from_parameters: ({**CHAIN, "lambdas": [[1.0], [2.0]]}, {}),
    L.CategoricalHMM.from_parameters: (
        {**CHAIN, "emissionprob": [[0.5, 0.5], [0.1, 0.9]]},
        {"categories": {"None", "numbers"}},
    ),
    metrics.match_labels: (
        {"true": [0, 1], "predicted": [1, 0]},
        {"true": {"numbers"}, "predicted": {"numbers"}},
    ),
    metrics.fold_in: (
        {"X": TABLE, "topic_word": TOPICS, "doc_topic_prior": 0.1},
        {"X": {"sparse"}, "doc_topic_prior": {"fraction", "numbers", "True"}, "n_iter": LARGE},
    ),
    metrics.held_out_perplexity: (
        {"X": TABLE, "topic_word": TOPICS, "doc_topic_prior": 0.1},
        {
            "X": {"sparse"},
            "doc_topic_prior": {"fraction", "numbers", "True"},
            "n_iter": LARGE,
            "infer": {"None"},
            "seen": {"None"},
            "random_state": {"zero", "negative"} | LARGE,
        },
    ),
    metrics.split_documents: (
        {"X": TABLE},
        {"X": {"sparse"}, "random_state": {"zero", "negative"} | LARGE, "fractional": {"True"}},
    ),
    metrics.coherence: (
        {"topics": [["a", "b"]], "documents": [["a", "b"], ["b"]]},
        {
            "topics": {"ragged"},
            "documents": {"ragged"},
            "n": LARGE,
            "window": {"None"} | LARGE,
            "epsilon": {"None", "fraction"},
            "vocabulary": {"None", "list", "numbers", "empty"},
        },
    ),
    metrics.diversity: ({"topics": TOPICS}, {"topics": {"ragged"}, "n": LARGE}),
    metrics.match_topics: ({"a": TOPICS, "b": TOPICS}, {}),
    metrics.stability: ({"topic_words": [TOPICS, TOPICS]}, {}),
}
