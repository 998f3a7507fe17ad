"""Fitted estimators of every kind, for files, pickles and copies: how each is made, and what to ask it."""

import warnings
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from numpy.testing import assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer

import latently as L
from examples.own_family import Exponential
from latently.emissions import Categorical, Gaussian, Poisson
from tests.files import assert_same
from tests.planted import planted

QUICK = {"n_init": 2, "tol": 1e-4, "random_state": 0}
RNG = np.random.default_rng(0)
FAITHFUL = L.datasets.load_faithful(as_frame=True).data
COUNTS = L.datasets.load_earthquakes().data.astype(float)
LETTERS = np.array(list("acgt"))[np.repeat(RNG.integers(4, size=40), 3)][:, None]
HOLED_LETTERS = LETTERS.astype(object)
HOLED_LETTERS[7] = HOLED_LETTERS[30] = None
NUMBERS = RNG.normal(size=(120, 2)) + np.repeat([[0.0, 0.0], [3.0, 1.0], [0.0, 0.0]], 40, axis=0)
MIXED = np.column_stack([LETTERS[:120].astype(object), NUMBERS])
HOLED_NUMBERS = NUMBERS.copy()
HOLED_NUMBERS[3, 0] = HOLED_NUMBERS[50] = np.nan
WAITING = RNG.exponential(np.where(RNG.random(200) < 0.5, 1.0, 9.0))[:, None] * [1.0, 2.0]
LINE = np.concatenate([NUMBERS[:40], np.outer(RNG.normal(size=15), [1.0, 2.0]) + 9])
DATA = planted(0, n=60, n_words=20, n_topics=2, length=20, eta=0.5)
WORDS = csr_matrix(DATA.counts.multiply(np.arange(60)[:, None] != 4))
WORDS.eliminate_zeros()
FRAME = pd.DataFrame(DATA.counts.toarray(), columns=[f"söüße {i}" for i in range(20)])
TOKENS = [[f"wört-{word}" for word in document] for document in DATA.tokens]
TEXTS = [" ".join(f"größe{word}" for word in document) for document in DATA.tokens]
IDS = [[int(word[1:]) for word in document] for document in DATA.tokens]
EVERY = {"stop_words": None, "min_df": 1, "max_df": 1.0}
TABLE = pd.DataFrame(np.insert(HOLED_NUMBERS, 0, np.nan, axis=1), columns=["none", "first", "second"])


def lda(**settings):
    return L.LatentDirichletAllocation(2, **({"random_state": 0} | settings))


def stream(X, **settings):
    model = lda(inference="online", total_samples=100, batch_size=16, **settings)
    return model.partial_fit(X[:30]).partial_fit(X[30:])


def _fitted(model, X, **how):
    return lambda: clone(model).fit(X, **how)


def of_mixture(model, X):
    yield from (model.predict_proba(X), model.score_samples(X), model.n_parameters_)
    if hasattr(model, "log_likelihood_"):
        yield from (model.bic(), str(model.restarts_), model.diagnostics_)


def of_hmm(model, X):
    lengths = [10, len(X) - 10]
    yield from (model.smooth(X, lengths=lengths), model.filter(X), model.predict(X), model.score(X))
    yield from (model.sample_states(X, 2, 0), *model.forecast(X, 2).states, model.n_parameters_)
    yield from (model.bic(), str(model.restarts_))
    if not isinstance(getattr(model, "emission", None), Exponential):  # which cannot be drawn from
        yield from model.sample(20, 0)


def of_topics(model, X):
    yield from (model.transform(X), model.top_words(5, 0.6), model.perplexity(X))
    yield from (model.count_unseen(X), model.coherence(X).per_topic, *model.transform_interval(X))
    if model.vocabulary_ is not None:
        assert {type(word) for word in model.vocabulary_} == {str}


def of_imputer(model, X):
    yield from (np.asarray(model.transform(X)), model.get_feature_names_out(), model.mean_)
    yield model.log_likelihood_
    yield from map(np.asarray, model.interval(X))
    n = len(model.parameter_draws_)
    if n:
        yield from (np.asarray(table) for table in model.draw_imputations(X, n, random_state=0))
        yield from map(np.asarray, model.interval(X, parameter_uncertainty=True))


def gaussian_mixture(k=3, kind="full", **settings):
    return L.GaussianMixture(k, covariance_type=kind, **(QUICK | settings))


def by_hand(kind, covariances):
    means = [[0.0, 1.0], [4.0, 5.0]]
    return lambda: L.GaussianMixture.from_parameters([0.3, 0.7], means, covariances, covariance_type=kind)


MATRIX = [[2.0, 0.5], [0.5, 1.0]]
ON_THE_FLOOR = {"means_init": [[0, 0], [9, 9]], "max_iter": 5, "tol": 0}
FITTED_MIXTURES = {
    "mixture": (gaussian_mixture(2), FAITHFUL),
    **{f"mixture, {kind}": (gaussian_mixture(3, kind), NUMBERS) for kind in ("tied", "diag", "spherical")},
    "mixture of single precision": (gaussian_mixture(2), HOLED_NUMBERS.astype(np.float32)),
    "mixture on the floor": (gaussian_mixture(2, **ON_THE_FLOOR), LINE),
    "mixture of a family": (L.MixtureModel(Gaussian("diag", reg_covar=1e-5), 2, **QUICK), NUMBERS),
    "mixture of counts": (L.MixtureModel(Poisson(), 2, **QUICK), COUNTS),
    "mixture of symbols": (L.MixtureModel(Categorical(), 2, **QUICK), HOLED_LETTERS),
    "latent classes": (L.LatentClassAnalysis(2, **QUICK), MIXED),
    "mixture of one's own family": (L.MixtureModel(Exponential(), 2, **QUICK), WAITING),
}
MIXTURES_BY_HAND = {
    "mixture by hand": by_hand("full", [MATRIX, np.eye(2)]),
    "mixture by hand, tied": by_hand("tied", MATRIX),
    "mixture by hand, diag": by_hand("diag", [[1.0, 2.0], [3.0, 4.0]]),
    "mixture by hand, spherical": by_hand("spherical", [1.0, 2.0]),
}
ZEROS = {
    "transmat_init": [[0.5, 0.5], [0.0, 1.0]],
    "emissionprob_init": [[0.3, 0.3, 0.4, 0.0], [0.1, 0.3, 0.3, 0.3]],
}
WITHOUT_T = np.concatenate([LETTERS[LETTERS != "t"], LETTERS[:, 0]])[:, None]
HMMS = {
    "strings": (L.CategoricalHMM(2, **QUICK), LETTERS),
    "strings with gaps": (L.CategoricalHMM(2, **QUICK), HOLED_LETTERS),
    "a given order": (L.CategoricalHMM(2, categories=list("tgca"), **QUICK), LETTERS),
    "an array of an order": (L.CategoricalHMM(2, categories=np.array(list("tgca")), **QUICK), LETTERS),
    "a tuple of an order": (L.CategoricalHMM(2, categories=tuple("tgcax"), **QUICK), LETTERS),
    "integers": (L.CategoricalHMM(2, **QUICK), RNG.choice([3, 5, 11], size=(80, 1))),
    "integers with gaps": (
        L.CategoricalHMM(2, **QUICK),
        np.array([[3.0], [5.0], [np.nan], [3.0], [9.0]] * 10),
    ),
    "a size": (L.CategoricalHMM(2, n_features=6, **QUICK), RNG.integers(5, size=(80, 1))),
    "zeros": (L.CategoricalHMM(2, startprob="uniform", tol=1e-4, **ZEROS), WITHOUT_T),
    "counts": (L.PoissonHMM(3, startprob="stationary", **QUICK), COUNTS),
    "diag": (L.GaussianHMM(2, **QUICK), HOLED_NUMBERS),
    "full": (L.GaussianHMM(2, covariance_type="full", **QUICK), HOLED_NUMBERS),
    "tied": (L.GaussianHMM(2, covariance_type="tied", startprob="uniform", **QUICK), NUMBERS),
    "spherical": (L.GaussianHMM(2, covariance_type="spherical", **QUICK), NUMBERS),
    "fixed": (L.GaussianHMM(2, means_init=[[0, 0], [3, 1]], fixed=("means",), **QUICK), NUMBERS),
    "a family": (L.HiddenMarkovModel(Poisson(), 2, **QUICK), COUNTS),
    "a family of symbols": (L.HiddenMarkovModel("categorical", 2, **QUICK), LETTERS),
    "one's own family": (L.HiddenMarkovModel(Exponential(), 2, **QUICK), np.abs(HOLED_NUMBERS)),
}
FITTED_TOPICS = {
    "cvb0": (lda(), WORDS),
    "vb": (lda(inference="vb"), WORDS),
    "float32": (lda(inference="vb", dtype=np.float32), WORDS),
    "online": (lda(inference="online", dtype="float32"), WORDS),
    "online_vb": (lda(inference="online_vb", dtype=np.dtype("float64")), WORDS),
    "few topics": (lda(top_topics=1), WORDS),
    "words": (lda(), TOKENS),
    "texts": (lda(vectorizer={"min_df": 1, "max_df": 0.9, "ngram_range": (1, 2)}), TEXTS),
    "a vectorizer": (lda(vectorizer=CountVectorizer(lowercase=False, binary=True)), TEXTS),
    "ids": (lda(n_features=25), IDS),
    "ids of words": (lda(vocabulary=np.array(list("abcdefghijklmnopqrst"))), IDS),
    "a given vocabulary": (lda(vocabulary={f"wört-w{i:02d}": 18 - i for i in range(19)}), TOKENS),
    "a frame": (lda(), FRAME),
    "seeds by topic": (lda(seed_words={np.int64(1): ("wört-w03",)}), TOKENS),
    "seeds in a list": (lda(seed_words=[[3], np.array([5, 7])], inference="vb"), WORDS),
    "priors": (lda(doc_topic_prior=[0.3, 0.1], topic_word_prior=np.linspace(0.1, 1, 20)), WORDS),
}
TOPICS = {
    **{name: (_fitted(model, X), X) for name, (model, X) in FITTED_TOPICS.items()},
    "weights": (_fitted(lda(), WORDS, sample_weight=np.arange(60) % 3), WORDS),
    "a stream": (lambda: stream(WORDS), WORDS),
    "a stream of words": (lambda: stream(TOKENS), TOKENS),
    "a stream of texts": (lambda: stream(TEXTS, vectorizer=EVERY), TEXTS),
    "a stream after a fit": (lambda: lda().fit(TOKENS[:40]).partial_fit(TOKENS[40:]), TOKENS),
}
LIMITS = {"min_value": [0.0, -5.0, 0.0], "add_indicator": True}
PRIOR = {"prior": "ridge", "prior_strength": 3.0, "keep_empty_features": True}
TIED = {"covariance_type": "tied", "n_init": 1, "tol": 1e-3}
IMPUTERS = {
    "imputer": L.GaussianImputer(random_state=0),
    "imputer with draws": L.GaussianImputer(n_parameter_draws=3, random_state=0, **LIMITS),
    "imputer of a tied mixture": L.GaussianImputer(2, n_parameter_draws=2, random_state=1, **TIED),
    "imputer with a prior": L.GaussianImputer(random_state=0, **PRIOR),
}


SUBJECTS = {
    **{name: (_fitted(model, X), X, of_mixture) for name, (model, X) in FITTED_MIXTURES.items()},
    **{name: (make, NUMBERS, of_mixture) for name, make in MIXTURES_BY_HAND.items()},
    **{name: (_fitted(hmm, X, lengths=[10, len(X) - 10]), X, of_hmm) for name, (hmm, X) in HMMS.items()},
    **{name: (make, X, of_topics) for name, (make, X) in TOPICS.items()},
    **{name: (_fitted(imputer, TABLE), TABLE, of_imputer) for name, imputer in IMPUTERS.items()},
}


@cache
def subject(name):
    """A fitted estimator, which no test alters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return SUBJECTS[name][0]()


@cache
def answers(name):
    """What a subject says."""
    _, X, ask = SUBJECTS[name]
    return list(ask(subject(name), X))


@cache
def file_of(name):
    """The bytes of the file of a subject."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        subject(name).save(path)
        return path.read_bytes()


def assert_same_estimator(one, other, name):
    """The same attributes, and whatever is asked of either, the same bits.

    Attributes apart that are the same in other words: settings of topic models, and what holds generators.
    """
    _, X, ask = SUBJECTS[name]
    apart = {"_stream", "_partial", "_words", "mixture_", *(one.get_params() if name in TOPICS else ())}
    assert type(one) is type(other)
    assert set(vars(one)) - {"_partial"} == set(vars(other)) - {"_partial"}  # a running average is not saved
    for attribute, value in vars(one).items():
        if attribute not in apart:
            assert_same(value, getattr(other, attribute))
    said = answers(name) if one is subject(name) else ask(one, X)
    for mine, theirs in zip(said, ask(other, X), strict=True):
        assert_array_equal(mine, theirs)
