"""Fitted estimators of every kind, for files, pickles and copies: how each is made, and what to ask it."""

import warnings
from functools import cache

import numpy as np
import pandas as pd
from numpy.testing import assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer

from examples.own_family import Exponential
from latently import (
    CategoricalHMM,
    GaussianHMM,
    GaussianImputer,
    GaussianMixture,
    HiddenMarkovModel,
    LatentDirichletAllocation,
    MixtureModel,
    PoissonHMM,
    datasets,
)
from latently.emissions import Categorical, Gaussian, Poisson
from tests.files import assert_same
from tests.planted import planted

QUICK = {"n_init": 2, "tol": 1e-4, "random_state": 0}
RNG = np.random.default_rng(0)
FAITHFUL = datasets.load_faithful(as_frame=True).data
COUNTS = datasets.load_earthquakes().data.astype(float)
LETTERS = np.array(list("acgt"))[np.repeat(RNG.integers(4, size=40), 3)][:, None]
HOLED_LETTERS = LETTERS.astype(object)
HOLED_LETTERS[7] = HOLED_LETTERS[30] = None
NUMBERS = RNG.normal(size=(120, 2)) + np.repeat([[0.0, 0.0], [3.0, 1.0], [0.0, 0.0]], 40, axis=0)
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
    return LatentDirichletAllocation(2, **({"random_state": 0} | settings))


def stream(X, **settings):
    model = lda(inference="online", total_samples=100, batch_size=16, **settings)
    return model.partial_fit(X[:30]).partial_fit(X[30:])


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
    yield from (model.transform(X), model.top_words(5, 0.6), model.perplexity(X), model.score(X))
    yield from (model.count_unseen(X), model.coherence(X).per_topic, *model.transform_interval(X))
    if model.vocabulary_ is not None:
        assert {type(word) for word in model.vocabulary_} == {str}


def of_imputer(model, X):
    yield from (
        np.asarray(model.transform(X)),
        model.get_feature_names_out(),
        model.log_likelihood_,
        model.mean_,
    )
    yield from map(np.asarray, model.interval(X))
    n = len(model.parameter_draws_)
    if n:
        yield from (np.asarray(table) for table in model.draw_imputations(X, n, random_state=0))
        yield from map(np.asarray, model.interval(X, parameter_uncertainty=True))


HAND = [0.3, 0.7], [[0.0, 1.0], [4.0, 5.0]]
MATRIX = [[2.0, 0.5], [0.5, 1.0]]
MIXTURES = {
    "mixture": (lambda: GaussianMixture(2, **QUICK).fit(FAITHFUL), FAITHFUL),
    "mixture, tied": (lambda: GaussianMixture(3, covariance_type="tied", **QUICK).fit(NUMBERS), NUMBERS),
    "mixture, diag": (lambda: GaussianMixture(3, covariance_type="diag", **QUICK).fit(NUMBERS), NUMBERS),
    "mixture, spherical": (
        lambda: GaussianMixture(3, covariance_type="spherical", **QUICK).fit(NUMBERS),
        NUMBERS,
    ),
    "mixture of single precision": (
        lambda: GaussianMixture(2, **QUICK).fit(HOLED_NUMBERS.astype(np.float32)),
        HOLED_NUMBERS,
    ),
    "mixture on the floor": (
        lambda: GaussianMixture(2, means_init=[[0, 0], [9, 9]], max_iter=5, tol=0).fit(LINE),
        LINE,
    ),
    "mixture by hand": (lambda: GaussianMixture.from_parameters(*HAND, [MATRIX, np.eye(2)]), NUMBERS),
    "mixture by hand, tied": (
        lambda: GaussianMixture.from_parameters(*HAND, MATRIX, covariance_type="tied"),
        NUMBERS,
    ),
    "mixture by hand, diag": (
        lambda: GaussianMixture.from_parameters(*HAND, [[1.0, 2.0], [3.0, 4.0]], covariance_type="diag"),
        NUMBERS,
    ),
    "mixture by hand, spherical": (
        lambda: GaussianMixture.from_parameters(*HAND, [1.0, 2.0], covariance_type="spherical"),
        NUMBERS,
    ),
    "mixture of a family": (
        lambda: MixtureModel(Gaussian("diag", reg_covar=1e-5), 2, **QUICK).fit(NUMBERS),
        NUMBERS,
    ),
    "mixture of counts": (lambda: MixtureModel(Poisson(), 2, **QUICK).fit(COUNTS), COUNTS),
    "mixture of symbols": (lambda: MixtureModel(Categorical(), 2, **QUICK).fit(HOLED_LETTERS), HOLED_LETTERS),
    "mixture of one's own family": (lambda: MixtureModel(Exponential(), 2, **QUICK).fit(WAITING), WAITING),
}
HMMS = {
    "strings": (CategoricalHMM(2, **QUICK), LETTERS),
    "strings with gaps": (CategoricalHMM(2, **QUICK), HOLED_LETTERS),
    "a given order": (CategoricalHMM(2, categories=list("tgca"), **QUICK), LETTERS),
    "an array of an order": (CategoricalHMM(2, categories=np.array(list("tgca")), **QUICK), LETTERS),
    "a tuple of an order": (CategoricalHMM(2, categories=tuple("tgcax"), **QUICK), LETTERS),
    "integers": (CategoricalHMM(2, **QUICK), RNG.choice([3, 5, 11], size=(80, 1))),
    "integers with gaps": (CategoricalHMM(2, **QUICK), np.array([[3.0], [5.0], [np.nan], [3.0], [9.0]] * 10)),
    "a size": (CategoricalHMM(2, n_features=6, **QUICK), RNG.integers(5, size=(80, 1))),
    "zeros": (
        CategoricalHMM(
            2,
            startprob="uniform",
            transmat_init=[[0.5, 0.5], [0.0, 1.0]],
            emissionprob_init=[[0.3, 0.3, 0.4, 0.0], [0.1, 0.3, 0.3, 0.3]],
            tol=1e-4,
        ),
        np.concatenate([LETTERS[LETTERS != "t"], LETTERS[:, 0]])[:, None],
    ),
    "counts": (PoissonHMM(3, startprob="stationary", **QUICK), COUNTS),
    "diag": (GaussianHMM(2, **QUICK), HOLED_NUMBERS),
    "full": (GaussianHMM(2, covariance_type="full", **QUICK), HOLED_NUMBERS),
    "tied": (GaussianHMM(2, covariance_type="tied", startprob="uniform", **QUICK), NUMBERS),
    "spherical": (GaussianHMM(2, covariance_type="spherical", **QUICK), NUMBERS),
    "fixed": (GaussianHMM(2, means_init=[[0, 0], [3, 1]], fixed=("means",), **QUICK), NUMBERS),
    "a family": (HiddenMarkovModel(Poisson(), 2, **QUICK), COUNTS),
    "a family of symbols": (HiddenMarkovModel("categorical", 2, **QUICK), LETTERS),
    "one's own family": (HiddenMarkovModel(Exponential(), 2, **QUICK), np.abs(HOLED_NUMBERS)),
}
TOPICS = {
    "cvb0": (lambda: lda().fit(WORDS), WORDS),
    "vb": (lambda: lda(inference="vb").fit(WORDS), WORDS),
    "float32": (lambda: lda(inference="vb", dtype=np.float32).fit(WORDS), WORDS),
    "online": (lambda: lda(inference="online", dtype="float32").fit(WORDS), WORDS),
    "online_vb": (lambda: lda(inference="online_vb", dtype=np.dtype("float64")).fit(WORDS), WORDS),
    "few topics": (lambda: lda(top_topics=1).fit(WORDS), WORDS),
    "a stream": (lambda: stream(WORDS), WORDS),
    "a stream of words": (lambda: stream(TOKENS), TOKENS),
    "a stream of texts": (lambda: stream(TEXTS, vectorizer=EVERY), TEXTS),
    "a stream after a fit": (lambda: lda().fit(TOKENS[:40]).partial_fit(TOKENS[40:]), TOKENS),
    "words": (lambda: lda().fit(TOKENS), TOKENS),
    "texts": (lambda: lda(vectorizer={"min_df": 1, "max_df": 0.9, "ngram_range": (1, 2)}).fit(TEXTS), TEXTS),
    "a vectorizer": (lambda: lda(vectorizer=CountVectorizer(lowercase=False, binary=True)).fit(TEXTS), TEXTS),
    "ids": (lambda: lda(n_features=25).fit(IDS), IDS),
    "ids of words": (lambda: lda(vocabulary=np.array(list("abcdefghijklmnopqrst"))).fit(IDS), IDS),
    "a given vocabulary": (
        lambda: lda(vocabulary={f"wört-w{i:02d}": 18 - i for i in range(19)}).fit(TOKENS),
        TOKENS,
    ),
    "a frame": (lambda: lda().fit(FRAME), FRAME),
    "seeds by topic": (lambda: lda(seed_words={np.int64(1): ("wört-w03",)}).fit(TOKENS), TOKENS),
    "seeds in a list": (lambda: lda(seed_words=[[3], np.array([5, 7])], inference="vb").fit(WORDS), WORDS),
    "priors": (
        lambda: lda(doc_topic_prior=[0.3, 0.1], topic_word_prior=np.linspace(0.1, 1, 20)).fit(WORDS),
        WORDS,
    ),
    "weights": (lambda: lda().fit(WORDS, None, np.arange(60) % 3), WORDS),
}
IMPUTERS = {
    "imputer": GaussianImputer(random_state=0),
    "imputer with draws": GaussianImputer(
        n_parameter_draws=3, random_state=0, min_value=[0.0, -5.0, 0.0], add_indicator=True
    ),
    "imputer of a tied mixture": GaussianImputer(
        2, covariance_type="tied", n_parameter_draws=2, random_state=1, tol=1e-4
    ),
    "imputer with a prior": GaussianImputer(
        prior="ridge", prior_strength=3.0, keep_empty_features=True, random_state=0
    ),
}


def _fitted(model, X, **how):
    return lambda: model.fit(X, **how)


SUBJECTS = {
    **{name: (make, X, of_mixture) for name, (make, X) in MIXTURES.items()},
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


def assert_same_estimator(one, other, name):
    """The same attributes, and whatever is asked of either, the same bits.

    Attributes apart that are the same in other words: settings of topic models, and what holds generators.
    """
    _, X, ask = SUBJECTS[name]
    apart = {"_stream", "_words", "mixture_", *(one.get_params() if name in TOPICS else ())}
    assert type(one) is type(other)
    assert set(vars(one)) == set(vars(other))
    for attribute, value in vars(one).items():
        if attribute not in apart:
            assert_same(value, getattr(other, attribute))
    for mine, theirs in zip(ask(one, X), ask(other, X), strict=True):
        assert_array_equal(mine, theirs)
