"""What settings cannot be, estimator by estimator: refused in one line, and nothing is learned."""

import re
from functools import partial

import numpy as np
import pytest

import latently as L
from examples.own_family import Exponential
from latently.emissions import Binomial, Poisson
from tests.planted import planted

RNG = np.random.default_rng(0)
ROWS = RNG.standard_normal((30, 2)) + 3 * (np.arange(30) % 2)[:, None]
INCOMPLETE = np.where(RNG.random((60, 3)) < 0.2, np.nan, RNG.standard_normal((60, 3)))
COUNTS = np.array([1.0, 2, 0, 7, 8, 9, 1, 0, 2, 9, 8, 1])[:, None]
SYMBOLS = np.array([0, 1, 2, 0, 0, 1, 2, 2, 1, 0, 1, 2])
RATES = np.array([[1.0, 0.2, 3.0], [0.1, 2.0, 0.5]])
WAITS = RNG.exponential(size=(60, 3))
TABLE = planted(0, n=40, n_words=12, n_topics=2, length=15).counts.toarray().astype(float)
WORDS = [f"w{column:02d}" for column in range(12)]

# What is fitted to what, and for each of its settings that cannot be, what is said.
REFUSED = {
    "mixture": (
        L.GaussianMixture,
        ROWS,
        [
            (
                {"precisions_init": [1.0, 0.0], "covariance_type": "spherical"},
                r"precisions_init\[1\] is 0: should be positive",
            ),
            (
                {"fixed": ("mean",)},
                "there is no parameter 'mean'; this model has weights, means, covariances",
            ),
            ({"fixed": ("means",)}, "'means' is to be kept fixed but has no value: give .* means_init"),
            ({"fixed": ("covariances",)}, "'covariances' is to be kept fixed .* precisions_init"),
            ({"fixed": ["means"]}, "fixed"),
            ({"fixed": "means"}, "fixed"),
            ({"reg_covar": 1.0}, "reg_covar=1.0"),
            ({"reg_covar": 2.0}, "reg_covar=2.0"),
            ({"covariance_type": "spheric"}, "covariance_type='spheric': should be one of"),
            ({"init_params": "kmean"}, "init_params='kmean'"),
        ],
    ),
    "mixture of a family of one's own": (
        partial(L.MixtureModel, Exponential()),
        WAITS,
        [
            (
                {"starting_values": {"rate": RATES}},
                "there is no parameter 'rate'; this model has weights, rates",
            ),
            (
                {"fixed": ("rates",)},
                r"'rates' is to be kept fixed but has no value: give .* starting_values\['rates'\]",
            ),
            ({"fixed": "rates"}, r"fixed='rates': should be a tuple of names, such as \('weights',\)"),
            ({"starting_values": {"rates": RATES[:1]}}, r"'rates' has shape \(1, 3\), should be \(2, 3\)"),
            ({"starting_values": {"rates": -RATES}}, "starting value of 'rates' is not feasible"),
            ({"starting_values": {"weights": [0.5, 0.6]}}, r"starting_values\['weights'\] sums to 1.1"),
            ({"init_params": "kmeans"}, "init_params='kmeans' needs distances, and Exponential has none"),
        ],
    ),
    "chain of counts": (
        L.PoissonHMM,
        COUNTS,
        [
            (
                {"fixed": ("means",)},
                "there is no parameter 'means'; this model has startprob, transmat, lambdas",
            ),
            ({"fixed": ("lambdas",)}, "'lambdas' is to be kept fixed but has no value: give .* lambdas_init"),
            ({"fixed": "lambdas"}, r"fixed='lambdas': should be a tuple of names, such as \('transmat',\)"),
            ({"startprob": "even"}, "startprob='even': should be one of 'free', 'stationary', 'uniform'"),
            ({"n_components": 0}, "n_components=0: should be an integer from 1 to 4,096"),
            ({"max_iter": -1}, "max_iter=-1: should be an integer of at least 0"),
            ({"tol": -1.0}, "tol=-1.0"),
            ({"n_init": "many"}, "n_init='many': should be 'auto' or an integer"),
            ({"acceleration": "fast"}, "acceleration='fast': should be 'auto', 'squarem' or None"),
            ({"n_jobs": 0}, "n_jobs=0"),
        ],
    ),
    "chain of numbers": (
        L.GaussianHMM,
        ROWS,
        [
            (
                {"covariance_type": "round"},
                "covariance_type='round': should be one of 'full', 'tied', 'diag'",
            ),
            ({"reg_covar": -1.0}, "reg_covar=-1.0"),
        ],
    ),
    "chain of any family": (
        partial(L.HiddenMarkovModel, emission=Poisson()),
        COUNTS,
        [
            ({"emission": Binomial([9, 9])}, "n_trials holds 2 numbers, and X has 1 column:"),
            ({"emission": "binomial(9"}, r"there is no family 'binomial\(9': write one of"),
            (
                {"starting_values": {"lambda": [[1.0], [2.0]]}},
                "no parameter 'lambda'; this model has startprob, transmat, lambdas",
            ),
            (
                {"starting_values": {"lambdas": [[1.0]]}},
                r"starting_values\['lambdas'\] has shape \(1, 1\), should be \(2, 1\)",
            ),
            (
                {"starting_values": {"lambdas": [[1.0], [-2.0]]}},
                r"starting_values\['lambdas'\]\[1, 0\] is -2: should be positive and finite",
            ),
        ],
    ),
    "chain of symbols": (
        L.CategoricalHMM,
        SYMBOLS,
        [
            ({"categories": [0, 1, 1, 2]}, "categories holds a symbol twice"),
            ({"categories": [0, 1, 2], "n_features": 3}, "categories and n_features both .*leave one out"),
            ({"n_features": 0}, "n_features=0: should be an integer of at least 1"),
            ({"n_features": 2.5}, "n_features=2.5"),
            ({"n_features": True}, "n_features=True"),
        ],
    ),
    "imputer": (
        L.GaussianImputer,
        INCOMPLETE,
        [
            ({"prior": "rigde"}, "prior='rigde'"),
            ({"draw_method": "bootstraps"}, "draw_method='bootstraps'"),
            ({"min_value": [0.0, 1.0]}, "min_value"),
            ({"min_value": np.nan}, "min_value"),
            ({"max_value": [[1.0]]}, "max_value"),
            ({"max_value": [np.nan, 1.0, 1.0]}, "max_value"),
            ({"min_value": [0.0, 0.0, 5.0], "max_value": 1.0}, "min_value is above max_value in column 2"),
            *(
                (
                    {"n_parameter_draws": 2, "draw_method": "posterior", **settings},
                    "'posterior' is for one full component without a prior: use .*'boot",
                )
                for settings in ({"n_components": 2}, {"prior": "ridge"}, {"covariance_type": "tied"})
            ),
        ],
    ),
    "topics": (
        partial(L.LatentDirichletAllocation, vocabulary=WORDS, random_state=0),
        TABLE,
        [
            ({"n_components": 0}, "n_components=0: should be an integer of at least 1"),
            ({"n_components": 2.0}, "n_components=2.0: should be an integer"),
            ({"n_components": True}, "n_components=True: should be an integer"),
            ({"inference": "gibbs"}, "inference='gibbs': should be one of 'cvb0'"),
            ({"inference": ["vb"]}, r"inference=\['vb'\]: should be one of"),
            ({"doc_topic_prior": 0}, "doc_topic_prior=0: should be above zero, from 1e-10 to 1e.10"),
            ({"doc_topic_prior": -1.0}, "doc_topic_prior=-1.0: should be above zero"),
            ({"doc_topic_prior": np.nan}, "doc_topic_prior=nan: should be above zero"),
            ({"doc_topic_prior": 1e-12}, "doc_topic_prior=1e-12: should be above zero, from 1e-10"),
            (
                {"doc_topic_prior": "symmetric"},
                "doc_topic_prior='symmetric': should be 'auto', None, a positive",
            ),
            (
                {"doc_topic_prior": [1, 1, 1]},
                r"has shape \(3,\): should be a number or 2 of them, as n_components",
            ),
            ({"doc_topic_prior": [0.1, -0.1]}, "should be above zero"),
            ({"topic_word_prior": np.inf}, "topic_word_prior=inf: should be above zero, from 1e-10 to 1e.10"),
            ({"topic_word_prior": [0.1] * 5}, r"has shape \(5,\): should be a number or 12 of them"),
            ({"tol": -1e-3}, "tol=-0.001: should be a number of at least 0 or None"),
            ({"tol": "low"}, "tol='low': should be a number of at least 0"),
            ({"tol": np.nan}, "tol=nan: should be a number of at least 0"),
            ({"max_iter": 0}, "max_iter=0: should be an integer of at least 1 or None"),
            ({"doc_tol": -1}, "doc_tol=-1: should be a number of at least 0"),
            ({"max_sweeps": 0}, "max_sweeps=0: should be an integer of at least 1"),
            ({"batch_size": 0}, "batch_size=0: should be an integer of at least 1"),
            ({"batch_size": 2.5}, "batch_size=2.5: should be an integer of at least 1"),
            ({"learning_decay": 0.5}, "learning_decay=0.5: should be a number above 0.5 and at most 1"),
            ({"learning_decay": None}, "learning_decay=None: should be a number above 0.5 and at most 1"),
            ({"learning_offset": 0.5}, "learning_offset=0.5: should be a number of at least 1"),
            ({"total_samples": 0}, "total_samples=0: should be a number above 0"),
            ({"total_samples": np.inf}, "total_samples=inf: should be a number above 0"),
            ({"top_topics": 0}, "top_topics=0: should be an integer of at least 1 or None"),
            ({"top_topics": 1, "inference": "online"}, "the online inferences remember nothing"),
            ({"dtype": "int32"}, "dtype='int32': should be 'auto', 'float32' or 'float64'"),
            ({"dtype": "double precision"}, "dtype='double precision': should be 'auto'"),
            ({"dtype": np.float16}, "should be 'auto', 'float32' or 'float64'"),
            ({"callbacks": print}, r"should be a list of functions of \(iteration, params, value\) or None"),
            ({"callbacks": [3]}, r"callbacks=\[3\]: should be a list of functions of"),
            ({"callbacks": [len]}, "should be a list of functions of"),
            ({"n_jobs": 0}, "n_jobs=0"),
            ({"seed_words": "apple"}, "seed_words='apple': should map topics to lists of words"),
            ({"seed_words": 3}, "seed_words=3: should map topics to lists of words"),
            ({"seed_words": {2: ["w01"]}}, "names topic 2: topics are 0 to 1; raise n_components"),
            ({"seed_words": [[], [], ["w01"]]}, "names topic 2: topics are 0 to 1"),
            ({"seed_words": {"first": ["w01"]}}, "names topic 'first': topics are 0 to 1"),
            ({"seed_words": {0: "w01"}}, "of topic 0 are one string, 'w01': give a list of words"),
            ({"seed_words": {0: 7}}, "of topic 0 are 7: give a list of words"),
            ({"seed_words": {0: ["zebra"]}}, "names 'zebra', which is not in the vocabulary"),
        ],
    ),
}


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        pytest.param(name, settings, message, id=re.sub(r"\W+", " ", f"{name} {settings}")[:60])
        for name, (_, _, refused) in REFUSED.items()
        for settings, message in refused
    ],
)
def test_what_a_setting_cannot_be(name, settings, message):
    make, X, _ = REFUSED[name]
    model = make(**{"n_components": 1 if name == "imputer" else 2, **settings})
    for fit in [getattr(model, verb) for verb in ("fit", "partial_fit") if hasattr(model, verb)]:
        with pytest.raises((ValueError, TypeError), match=message) as caught:
            fit(X)
        assert "\n" not in str(caught.value)
    assert {attribute for attribute in vars(model) if attribute.endswith("_")} <= {"n_features_in_"}


def test_seeds_without_a_vocabulary_are_numbers_of_words():
    for seeds in ([12], ["w01"]):
        model = L.LatentDirichletAllocation(2, seed_words={0: seeds})
        with pytest.raises(ValueError, match="without a vocabulary, words are ids 0 to 11"):
            model.fit(TABLE)
