"""Odd settings, inputs and arguments of every kind: each is refused in one line that a `raise` of ours says.

A traceback that ends in another library, or in ours at a line that does not raise, is an error that nobody
meant; so is a warning of NumPy's on the way, and so is silence.
"""

import inspect
import linecache
import traceback
import tracemalloc
import warnings

import numpy as np
import pytest

import latently as L
from latently import metrics
from tests.odd import (
    ALWAYS_HEAVY,
    ARGUMENTS,
    COUNTS,
    ESTIMATORS,
    FUNCTIONS,
    INCOMPLETE,
    MAY_BE,
    METHODS,
    ODD,
    TABLES,
    TOO_LARGE_TO_TRY,
    WORDS,
    X,
)


def problem(call, culprit=""):
    """What is wrong with how a call is refused; None if nothing is, and the culprit is named."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", RuntimeWarning)
        try:
            call()
        except Exception as error:
            *_, (frame, number) = traceback.walk_tb(error.__traceback__)
            file = frame.f_code.co_filename
            line = linecache.getline(file, number).strip()
            ours = line.startswith("raise ") and ("latently" in file or "sklearn" in file)
            named = culprit in str(error) and "\n" not in str(error)
            if ours and named and isinstance(error, (ValueError, TypeError)):
                return None
            return f"{type(error).__name__}: {error} ({file}: {line})"
    return "accepted"


def problems(cases):
    found = {name: problem(call, *culprit) for name, call, *culprit in cases}
    return {name: text for name, text in found.items() if text is not None}


def quick(name, **settings):
    estimator, _ = ESTIMATORS[name]
    usual = {"random_state": 0, "n_jobs": 1, "n_init": 1, "max_iter": 20}
    known = estimator.get_params()
    return type(estimator)(**known | {key: usual[key] for key in usual if key in known} | settings)


OF_COLUMNS = "LatentClassAnalysis", "MixedImputer"
ARE_MIXED = {"dict", "records", "a column of text"}  # tables of columns of any kind


@pytest.fixture(scope="module")
def fitted():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {name: quick(name).fit(x) for name, (_, x) in ESTIMATORS.items()}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_settings(name):
    x = ESTIMATORS[name][1]

    def allowed(setting):
        array = setting.endswith("_init") and setting not in ("n_init", "max_iter")
        return {"None"} if array else MAY_BE.get(setting, set())

    def culprit(setting, odd):
        return "'x'" if (setting, odd) == ("fixed", "list") else setting  # the parameter that is not there

    cases = [
        (
            f"{setting}={odd}",
            lambda s=setting, value=value: quick(name, **{s: value}).fit(x),
            culprit(setting, odd),
        )
        for setting in ESTIMATORS[name][0].get_params(deep=False)
        for odd, value in ODD.items()
        if odd not in allowed(setting) and (setting, odd) not in TOO_LARGE_TO_TRY
    ]
    assert problems(cases) == {}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_tables(name, fitted):
    mixed = ARE_MIXED if name in OF_COLUMNS else ()
    cases = [
        (
            f"{method}({table})",
            lambda m=method, x=x: getattr(quick(name) if "fit" in m else fitted[name], m)(x),
        )
        for method in METHODS
        if hasattr(fitted[name], method)
        for table, x in TABLES.items()
        if table not in mixed and not (name == "CategoricalHMM" and table in ("a column of dates",))
    ]
    assert problems(cases) == {}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_arguments(name, fitted):
    x, model = ESTIMATORS[name][1], fitted[name]
    cases = []
    for method in [method for method in dir(type(model)) if not method.startswith(("_", "set_", "from_"))]:
        function = getattr(type(model), method)
        if not inspect.isfunction(function):
            continue
        names = inspect.signature(function).parameters
        given = {"X": x} if "X" in names else {}
        given |= {"kind": "bootstrap"} if "n_replicates" in names else {}
        given |= {"lag": 1} if "lag" in names else {}
        given |= {"resp": np.full((40, 2), 0.5)} if "resp" in names else {}
        elsewhere = set() if name == "GaussianMixture" else {"path"}  # one function saves them all
        for argument in (names.keys() & ARGUMENTS.keys()) - elsewhere:
            target = quick(name) if "fit" in method else model
            cases += [
                (
                    f"{method}({argument}={odd})",
                    lambda t=target, m=method, a={**given, argument: value}: getattr(t, m)(**a),
                )
                for odd, value in ODD.items()
                if odd not in ARGUMENTS[argument]
            ]
    assert problems(cases) == {}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__qualname__)
def test_functions(function):
    given, may_be = FUNCTIONS[function]
    cases = [
        (f"{argument}={odd}", lambda a={**given, argument: value}: function(**a))
        for argument in given.keys() | may_be.keys()
        for odd, value in ODD.items()
        if odd not in may_be.get(argument, set())
    ]
    assert problems(cases) == {}


@pytest.mark.parametrize("size", [20_000, 10**9])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_sizes_that_no_memory_holds_are_refused_before_it_is_asked_for(name, size):
    x = ESTIMATORS[name][1]
    cases = [("n_components", lambda: quick(name, n_components=size).fit(x))]
    if "n_init" in ESTIMATORS[name][0].get_params():
        cases.append(("n_init", lambda: quick(name, n_init=1000 * size).fit(x)))
    tracemalloc.start()
    found = problems(cases)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == {}
    assert most < 10e6  # bytes


def test_numbers_too_large_or_too_small():
    heavy, words = np.full(40, 1e308), np.full((40, 12), 1e300)
    topics = L.LatentDirichletAllocation(2, random_state=0).fit(WORDS)
    cases = [
        *((name, lambda n=name: quick(n).fit(X, sample_weight=heavy)) for name in list(ESTIMATORS)[:2]),
        ("imputer", lambda: quick("GaussianImputer").fit(INCOMPLETE, sample_weight=heavy)),
        ("chain", lambda: quick("PoissonHMM").fit(COUNTS, sequence_weight=[1e308])),
        ("limit", lambda: quick("GaussianImputer", max_value=-np.inf).fit(INCOMPLETE)),
        *((verb, lambda v=verb: getattr(topics, v)(words)) for verb in ("fit", "transform", "score")),
        ("split", lambda: metrics.split_documents(words)),
        ("rate", lambda: L.PoissonHMM.from_parameters(**ALWAYS_HEAVY).sample(3)),
        ("nothing held out", lambda: topics.score(WORDS * 1e-320)),
    ]
    assert problems(cases) == {}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_misspelt_settings(name):
    with pytest.raises(TypeError, match=r"has no setting 'n_component': did you mean n_components=\?"):
        type(ESTIMATORS[name][0])(n_component=2)


@pytest.mark.parametrize("kind", [np.int64, np.uint8, np.int8])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_integers_of_numpy_are_integers(name, kind, fitted):
    whole = {key: value for key, value in quick(name).get_params().items() if type(value) is int}
    model = quick(name, **{key: kind(min(value, 100)) for key, value in whole.items()})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(ESTIMATORS[name][1])
    assert type(model.get_params()["n_components"]) is kind
    for figure in ("log_likelihood_", "topic_word_"):
        if hasattr(model, figure):
            np.testing.assert_array_equal(getattr(model, figure), getattr(fitted[name], figure))


def test_pictures_are_of_fitted_models():
    pictures = [getattr(L.plots, name) for name in L.plots.__all__]
    cases = []
    for picture in pictures:
        names = list(inspect.signature(picture).parameters)
        first = names[0] if names[0] != "X" else names[1]
        rest = {name: X for name in names if name in ("X", "true_states", "tables") and name != first}
        for odd, value in {
            **ODD,
            "empty": object(),
            "not fitted": L.GaussianMixture(2),
            "a class": L.GaussianHMM,
        }.items():
            cases.append((f"{picture.__name__}({odd})", lambda p=picture, a={**rest, first: value}: p(**a)))
    assert problems(cases) == {}
