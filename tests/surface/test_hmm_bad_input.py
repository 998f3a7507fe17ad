"""What is refused in sequences, and how: the sequence and the time are named, and the remedy."""

import re
import warnings
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from latently import CategoricalHMM, GaussianHMM, HiddenMarkovModel, PoissonHMM
from latently.core.errors import FitError, ImpossibleObservationError
from latently.emissions import Poisson
from tests.refusing import changed, refused

COUNTS = np.array([1.0, 2, 0, 7, 8, 9, 1, 0, 2, 9, 8, 1])[:, None]
NUMBERS = np.random.default_rng(0).standard_normal((12, 2))
SYMBOLS = np.array([0, 1, 2, 0, 0, 1, 2, 2, 1, 0, 1, 2])


# -- lengths -----------------------------------------------------------------------------------------------

LENGTHS = {
    "too few": ([5, 5], "lengths add up to 10, and X has 12 time steps: they should be equal"),
    "too many": ([5, 8], "lengths add up to 13, and X has 12 time steps"),
    "an empty sequence": ([5, 0, 7], "sequence 1 is empty: leave it out"),
    "negative": ([13, -1], "lengths holds -1: should be positive"),
    "fractions": ([5.5, 6.5], "should be a list of integers, one for each sequence"),
    "one number": (12, "lengths=12: should be a list of integers"),
    "text": ("ab", "lengths='ab': should be a list of integers"),
    "a matrix": ([[6, 6]], "should be a list of integers"),
}
FITTED = {
    "counts": (PoissonHMM(2, n_init=1, random_state=0), COUNTS),
    "symbols": (CategoricalHMM(2, n_init=1, random_state=0), SYMBOLS),
    "numbers": (GaussianHMM(2, covariance_type="spherical", n_init=1, random_state=0), NUMBERS),
}


@cache
def fitted(name):
    estimator, x = FITTED[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return estimator.fit(x), x


@pytest.mark.parametrize("case", list(LENGTHS))
@pytest.mark.parametrize("name", list(FITTED))
def test_lengths(name, case):
    lengths, message = LENGTHS[case]
    model, x = fitted(name)
    for verb in ("fit", "smooth", "filter", "predict", "decode", "score", "score_samples", "bic", "aic"):
        refused(lambda verb=verb: getattr(model, verb)(x, lengths=lengths), message)
    refused(lambda: model.fixed_lag(x, 1, lengths=lengths), message)


@pytest.mark.parametrize("name", list(FITTED))
def test_lists_of_sequences(name):
    model, x = fitted(name)
    refused(lambda: model.fit([x[:5], x[:0], x[5:]]), "sequence 1 is empty: leave it out")
    refused(lambda: model.fit([x[:5], x[5:]], lengths=[5, 7]), "X is a list .*: leave lengths out")
    refused(lambda: model.fit(x[:0]), "sequence 0 is empty")
    refused(lambda: model.smooth([]), "sequence 0 is empty")


def test_lengths_in_the_place_of_y():
    for name in FITTED:
        model, x = fitted(name)
        both = "y has 2 entries for 12 time steps, and lengths are given"
        refused(lambda model=model, x=x: model.fit(x, [5, 7], lengths=[5, 7]), both)
        refused(lambda model=model, x=x: model.fit(x, [5, 6]), "lengths add up to 11, and X has 12 time")
        refused(lambda model=model, x=x: model.fit([x[:5], x[5:]], [5, 7]), "X is a list of sequences")
        refused(lambda model=model, x=x: model.score(x, np.ones(12, dtype=int)), "12 ones.*write lengths=")
        refused(
            lambda model=model, x=x: model.sample(3, currstate=model.n_components), "currstate=.*from 0 to"
        )


# -- symbols -----------------------------------------------------------------------------------------------

VERBS = ("smooth", "filter", "predict", "decode", "score", "score_samples", "bic", "forecast")


def test_symbols_outside_the_alphabet_at_prediction():
    model, _ = fitted("symbols")
    where = (
        r"time 1 holds .*7.*, which is not in the alphabet \(0, 1, 2\): add it to categories and fit again"
    )
    for verb in VERBS:
        refused(lambda verb=verb: getattr(model, verb)([0, 7, 1]), where)
    refused(lambda: model.score([0, 1, 0, 7], lengths=[2, 2]), "sequence 1, time 1 holds .*7")
    refused(lambda: model.filtering().update(7), "holds .*7.*, which is not in the alphabet")
    for wrong in (-1, 0.5, "rain"):
        refused(lambda wrong=wrong: model.predict([wrong]), "time 0 holds .*, which is not in the alphabet")
    words = CategoricalHMM(1).fit(list("abcab"))
    refused(lambda: words.predict(["a", "b", "rain"]), r"time 2 holds .*rain.* not in the alphabet \('a', ")
    refused(lambda: words.predict([1, 2]), "time 0 holds .*1.*not in the alphabet")


def test_symbols_outside_the_alphabet_at_fit():
    refused(lambda: CategoricalHMM(2, n_features=2).fit(SYMBOLS), r"time 2 holds .*2.* alphabet \(0, 1\)")
    model = CategoricalHMM(2, categories=[0, 2])
    refused(lambda: model.fit(SYMBOLS, lengths=[4, 8]), "sequence 0, time 1 holds .*1.*add it to categories")
    refused(lambda: CategoricalHMM(2, n_features=3).fit(["a", "b"]), "time 0 holds .*a.*not in the alphabet")


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([None, None], "no symbol is observed"),
        (np.zeros((4, 2)), r"X has shape \(4, 2\): should be one symbol for each row"),
    ],
)
def test_what_is_no_row_of_symbols(x, message):
    refused(lambda: CategoricalHMM(2).fit(x), message)


# -- counts and numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [-1.0, 1.5, -0.25, 2.0**53 + 2, 1e200])
def test_counts(value):
    wrong = changed(COUNTS, 7, value)
    text = re.escape(f"column 0 holds {value:g}: counts are whole numbers from 0, and at most 2**53")
    whole, split = f"time 7, {text}", f"sequence 1, time 2, {text}"
    refused(lambda: PoissonHMM(2).fit(wrong), whole)
    refused(lambda: PoissonHMM(2).fit(wrong, lengths=[5, 7]), split)
    model, _ = fitted("counts")
    for verb in VERBS:
        refused(lambda verb=verb: getattr(model, verb)(wrong), whole)
    refused(lambda: model.score([wrong[:5], wrong[5:]]), split)
    refused(lambda: model.filtering().update([value]), re.escape(f"holds {value:g}"))
    refused(lambda: HiddenMarkovModel(Poisson(), 2).fit(wrong, lengths=[5, 7]), split)


def test_unsigned_counts():
    """As they are read from files: the largest are refused, and others fitted without a word."""
    x = np.array([2**64 - 1, *range(20)], dtype=np.uint64)[:, None]
    refused(lambda: PoissonHMM(2).fit(x), "time 0, column 0 holds 1.84467e.19: counts are")
    x = np.random.default_rng(0).poisson(np.repeat([9e14, 8e15], 50)[:, None]).astype(np.uint64)
    assert_allclose(PoissonHMM(2, random_state=0).fit(x).lambdas_[:, 0], [9e14, 8e15], rtol=1e-7)


# -- weights and known states ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0], r"sequence_weight has shape \(1,\), should be \(2,\): one for each sequence"),
        (np.ones(12), r"sequence_weight has shape \(12,\)"),
        ([1.0, -1.0], "sequence_weight of sequence 1 is -1: weights must be finite, and zero or more"),
        ([np.nan, 1.0], "sequence_weight of sequence 0 is nan"),
        ([0.0, 0.0], "sequence_weight is zero for every sequence: at least one sequence must count"),
    ],
    ids=str,
)
def test_weights(weights, message):
    refused(lambda: PoissonHMM(2).fit(COUNTS, lengths=[5, 7], sequence_weight=weights), message)


@pytest.mark.parametrize(
    ("states", "message"),
    [
        ([0, 1], r"states has shape \(2,\), should be 12 integers, -1 for unknown"),
        (np.full(12, 0.5), "should be 12 integers, -1 for unknown"),
        (changed(np.full(12, -1), 4, 2), "states holds 2 at time 4: should be -1 or from 0 to 1"),
        (changed(np.full(12, -1), 0, -2), "states holds -2 at time 0"),
    ],
    ids=["too few", "fractions", "too high", "too low"],
)
def test_known_states(states, message):
    refused(lambda: PoissonHMM(2).fit(COUNTS, states=states), message)


# -- impossible observations -------------------------------------------------------------------------------

CYCLE = {
    "startprob_init": [1.0, 0.0],
    "transmat_init": [[0.0, 1.0], [1.0, 0.0]],
    "emissionprob_init": [[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]],
}


def test_impossible_at_fit():
    model = CategoricalHMM(2, **CYCLE)
    message = "sequence 1 is impossible from time 1 on: .* check that observation"
    refused(lambda: model.fit([0, 1, 0, 2, 0, 0, 0, 0], lengths=[4, 4]), message, FitError)


@pytest.mark.parametrize("n_before", [0, 3])
def test_impossible_at_prediction(n_before):
    """In the first sequence or in a later one."""
    model = CategoricalHMM(2, **CYCLE).fit([0, 1, 0, 2])
    x, lengths = [0, 1, 0] * n_before + [0, 1, 1, 2], [3] * n_before + [4]
    for verb in ("smooth", "predict_proba", "predict", "decode", "score_samples", "filter"):
        where = f"{f'sequence {n_before}' if n_before else 'the series'} is impossible from time 2 on"
        if verb == "filter":
            where = f"sequence {n_before}, time 2 is impossible" if n_before else "^time 2 is impossible"
        refused(lambda verb=verb: getattr(model, verb)(x, lengths=lengths), where, ImpossibleObservationError)
    refused(lambda: model.forecast([0, 1, 1]), "time 2 is impossible", ImpossibleObservationError)
    refused(lambda: model.fixed_lag([0, 1, 1], 1), "time 2 is impossible", ImpossibleObservationError)
    assert model.score(x, lengths=lengths) == -np.inf
    assert model.bic(x, lengths=lengths) == np.inf


def test_impossible_online():
    online = CategoricalHMM(2, **CYCLE).fit([0, 1, 0, 2]).filtering()
    online.update(0)
    refused(lambda: online.update(0), "observation 1 is impossible", ImpossibleObservationError)
    assert_array_equal(online.states, [1.0, 0.0])
    assert_array_equal(online.update(2), [0.0, 1.0])


# -- other arguments ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, x: m.decode(x, algorithm="best"), "algorithm='best': should be 'viterbi' or 'map'"),
        (lambda m, x: m.fixed_lag(x, -1), "lag=-1: should be an integer of at least 0"),
        (lambda m, x: m.fixed_lag(x, 1.5), "lag=1.5"),
        (lambda m, x: m.forecast(x, 0), "steps=0: should be an integer of at least 1"),
        (lambda m, x: m.sample(0), "n_samples=0: should be an integer of at least 1"),
        (lambda m, x: m.sample(1.5), "n_samples=1.5"),
    ],
)
def test_arguments(call, message):
    model, x = fitted("counts")
    refused(lambda: call(model, x), message)
