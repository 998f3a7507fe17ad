"""Files that lie: altered, with all sums in order, they are refused, and what is wrong is named."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from examples.own_family import Exponential
from latently import MixtureModel, load
from latently.archive import ModelFileError
from tests.files import Entries, at, put
from tests.saved import WAITING, subject
from tests.surface.test_files import ShiftedExponential

FACTORS = "params.emission.cholesky"
MEANS = "params.emission.means"
FILE = f"{MEANS}.npy"
T, S = "params.latent.transmat", "params.latent.startprob"

ALTERATIONS = {
    "entry missing": ("mixture", lambda e: e.pop(FILE), "entry '.*means.npy' is missing"),
    "entry unknown": ("mixture", lambda e: e.update(stranger=b""), "entry 'stranger' is missing, unknown"),
    "not a document": ("mixture", lambda e: e.manifest.pop("document"), "is damaged"),
    "not a list": ("mixture", lambda e: e.manifest.update(arrays=7), "is damaged"),
    "another format": (
        "mixture",
        lambda e: e.manifest.update(format="else"),
        "is not that of a latently model",
    ),
    "no version": ("mixture", lambda e: e.manifest.update(format_version="1"), "format version is '1'"),
    "version 0": ("mixture", lambda e: e.manifest.update(format_version=0), "format version is 0"),
    "not a number": ("mixture", lambda e: e.facts.update(n_features=float("nan")), "manifest.json holds NaN"),
    # the arrays
    "objects": (
        "mixture",
        at(MEANS, lambda a: a.astype(object)),
        "holds Python objects, which model files never do",
    ),
    "a pickle": ("mixture", lambda e: e.update({FILE: b"\x80\x04K\x01."}), "is damaged"),
    "text": ("mixture", at(MEANS, lambda a: a.astype(str)), "holds <U32"),
    "complex": ("mixture", at(MEANS, lambda a: a.astype(complex)), "complex128"),
    "a record": ("mixture", at(MEANS, lambda a: a.view([("a", "f8")])), "only plain"),
    "too many numbers": (
        "mixture",
        lambda e: e.update({FILE: e[FILE] + b"12345678"}),
        "as many numbers",
    ),
    "too few numbers": (
        "mixture",
        lambda e: e.update({FILE: e[FILE][:-8]}),
        "as many numbers",
    ),
    "a vast shape": (
        "mixture",
        lambda e: e.update(
            {FILE: e[FILE].replace(b"(2, 2), }" + b" " * 12, b"(9999999999, 9), }" + b" " * 3)}
        ),
        r"as many numbers as its shape \(9999999999, 9\)",
    ),
    "a negative shape": (
        "mixture",
        lambda e: e.update({FILE: e[FILE].replace(b"(2, 2), }  ", b"(-2, -2), }")}),
        "as many numbers",
    ),
    "single precision": ("mixture", at(MEANS, lambda a: a.astype(np.float32)), "means is .* not of the type"),
    "integers": ("mixture", at(MEANS, lambda a: a.astype(int)), "means is .* not of the type"),
    # the parameters
    "NaN": ("mixture", at(MEANS, put((0, 0), np.nan)), "'means' is not feasible"),
    "infinity": ("mixture", at(MEANS, put((0, 0), np.inf)), "'means' is not feasible"),
    "weights too large": ("mixture", at("params.latent.weights", put(0, 0.9)), "'weights' is not feasible"),
    "weights below zero": (
        "mixture",
        at("params.latent.weights", lambda a: np.array([-1.0, 2.0])),
        "'weights' is not feasible",
    ),
    "weights of three": (
        "mixture",
        at("params.latent.weights", lambda a: np.ones(3) / 3),
        r"'weights' has shape \(3,\), should be \(2,\)",
    ),
    "means of three": (
        "mixture",
        at(MEANS, lambda a: np.zeros((3, 2))),
        r"'means' has shape \(3, 2\), should be \(2, 2\)",
    ),
    "flat covariances": (
        "mixture",
        at("params.emission.covariances", lambda a: a[0]),
        r"of shape \(2, 2\), are not full covariances, of shape \(2, 2, 2\)",
    ),
    "asymmetric": ("mixture", at("params.emission.covariances", put((0, 0, 1), 0.0)), "'covariances' is not"),
    "indefinite": (
        "mixture",
        at("params.emission.covariances", put((0, 0, 0), -1.0)),
        "'covariances' is not",
    ),
    "factors of others": ("mixture", at(FACTORS, lambda a: a * 1.001), "Cholesky factors"),
    "factors upside down": ("mixture", at(FACTORS, lambda a: -a), "Cholesky factors"),
    "factors turned round": ("mixture", at(FACTORS, lambda a: np.swapaxes(a, 1, 2)), "Cholesky factors"),
    "square roots": (
        "mixture",
        at(FACTORS, lambda a: np.stack([sqrtm(factor @ factor.T) for factor in a])),
        "Cholesky factors",
    ),
    "params of another kind": (
        "mixture",
        lambda e: e.fields("params")["emission"].update(
            latently="CategoricalParams", fields={"emissionprob": {"array": MEANS}}
        ),
        "'means' has shape",
    ),
    "no factors": (
        "mixture",
        lambda e: (e.fields("params", "emission").pop("cholesky"), e.forget(FACTORS)),
        "no field 'cholesky'",
    ),
    "variances below zero": (
        "mixture",
        at("model.emission.variances", put(0, -1.0)),
        "variances of its features",
    ),
    "variances of three": (
        "mixture",
        at("model.emission.variances", lambda a: np.ones(3)),
        "variances of its",
    ),
    # the document
    "a class unknown": ("mixture", lambda e: e.facts["params"].update(latently="os"), "says nothing"),
    "a class by path": ("mixture", lambda e: e.facts["params"].update(latently="os.system"), "says nothing"),
    "another class": (
        "mixture",
        lambda e: e.manifest.update(document={"array": "params.emission.means"}),
        "holds a ndarray, not an estimator",
    ),
    "the wrong place": (
        "mixture",
        lambda e: e.facts.update(model=e.facts["params"]),
        "model is .* not of the type",
    ),
    "an empty document": (
        "mixture",
        lambda e: e.manifest.update(document={}),
        "it is '{}', which says nothing",
    ),
    "a list": ("mixture", lambda e: e.manifest.update(document=[1, 2]), "holds a list, not an estimator"),
    "a field missing": ("mixture", lambda e: e.facts.pop("outcome"), "has no field 'outcome'"),
    "a field too many": ("mixture", lambda e: e.facts.update(extra=1), "has no field 'extra'"),
    "an array unknown": ("mixture", lambda e: e.facts.update(outcome={"array": "none"}), "says nothing"),
    "an estimator unknown": (
        "mixture",
        lambda e: e.document.update(estimator="Forest"),
        "Forest, .* knows CategoricalHMM",
    ),
    "another estimator": (
        "mixture",
        lambda e: e.document.update(estimator="MixtureModel"),
        "setting '.*', which MixtureModel",
    ),
    "a setting unknown": (
        "mixture",
        lambda e: e.settings(mood="good"),
        "setting 'mood', which GaussianMixture does not",
    ),
    "a setting of text": ("mixture", lambda e: e.settings(n_components="2"), "n_components is '2'"),
    "a setting of nothing": ("mixture", lambda e: e.settings(n_components=0), "n_components=0"),
    "a number of runs": ("mixture", lambda e: e.settings(n_init=0), "n_init=0"),
    "a type of covariances": ("mixture", lambda e: e.settings(covariance_type="diag"), "diag Gaussian"),
    "an unknown type": ("mixture", lambda e: e.settings(covariance_type="round"), "covariance_type='round'"),
    "names to fix": ("mixture", lambda e: e.settings(fixed=[1]), "fixed is"),
    "names of columns": (
        "mixture",
        lambda e: e.facts.update(feature_names={"tuple": ["a"]}),
        "names .* do not fit",
    ),
    "numbers for names": (
        "mixture",
        lambda e: e.facts.update(feature_names={"tuple": [1, 2]}),
        "feature_names is",
    ),
    "components": (
        "mixture",
        lambda e: e.facts["model"]["fields"].update(n_components=3),
        "has 3 components where",
    ),
    "an iteration": ("mixture", lambda e: e.outcome(n_iter="one"), "n_iter is"),
    "a run": ("mixture", lambda e: e.outcome(restarts={"tuple": [1]}), "restarts is"),
    "no likelihood": ("mixture", lambda e: e.outcome(log_likelihood={"number": "nan"}), "record of its fit"),
    "short history": ("mixture", at("outcome.log_likelihood_history", lambda a: a[1:]), "record of its fit"),
    "endless history": ("mixture", at("outcome.log_likelihood_history", put(0, np.inf)), "record of its fit"),
    # a family of one's own
    "rates of three": (
        "mixture of one's own family",
        at("params.emission.rates", lambda a: np.ones((3, 2))),
        "'rates' has shape .*, should have 2 components",
    ),
    "rates below zero": (
        "mixture of one's own family",
        at("params.emission.rates", put((0, 0), -1.0)),
        "'rates' is not feasible",
    ),
    "a field of rates too many": (
        "mixture of one's own family",
        lambda e: e.fields("params", "emission").update(extra=1),
        "has no field 'extra'",
    ),
    "a field of rates missing": (
        "mixture of one's own family",
        lambda e: e.fields("params", "emission").pop("rates"),
        "has no field 'rates'",
    ),
    # hidden Markov models
    "transitions too large": ("counts", at(T, put((0, 0), 0.99)), "'transmat' is not feasible"),
    "transitions below zero": (
        "counts",
        at(T, lambda a: a + np.array([-2.0, 2.0, 0.0])),
        "'transmat' is not feasible",
    ),
    "transitions of NaN": ("counts", at(T, put((0, 0), np.nan)), "'transmat' is not feasible"),
    "transitions of two": (
        "counts",
        at(T, lambda a: a[:2, :2]),
        r"'transmat' has shape \(2, 2\), should be \(3, 3\)",
    ),
    "another start": ("counts", at(S, lambda a: np.ones(3) / 3), "startprob is not stationary"),
    "a start of two": ("counts", at(S, lambda a: a[:2]), r"'startprob' has shape \(2,\), should be \(3,\)"),
    "a start of the sum two": ("diag", at(S, lambda a: 2 * a), "'startprob' is not feasible"),
    "a chain of rows": ("diag", lambda e: e.latent(unit="row"), "is no chain that starts 'free'"),
    "a chain of another start": ("diag", lambda e: e.latent(startprob="uniform"), "is no chain that starts"),
    "no chain": (
        "diag",
        lambda e: e.facts["model"]["fields"].update(latent={"latently": "Independent", "fields": {}}),
        "structure is Independent, and that of its settings Chain",
    ),
    "what is impossible": ("zeros", at("model.latent.support", lambda a: ~a), "'transmat' is not feasible"),
    "what is impossible, flat": (
        "zeros",
        at("model.latent.support", lambda a: a[0]),
        r"possible 'transmat' has shape \(2,\)",
    ),
    # the emission
    "rates of counts below zero": (
        "counts",
        at("params.emission.lambdas", put((0, 0), -1.0)),
        "'lambdas' is not feasible",
    ),
    "rates of two": (
        "counts",
        at("params.emission.lambdas", lambda a: a[:2]),
        r"'lambdas' has shape \(2, 1\), should be \(3, 1\)",
    ),
    "means of rates": (
        "counts",
        at("model.emission.means", lambda a: -a),
        "means of its features are not numbers from 0",
    ),
    "symbols too likely": (
        "strings",
        at("params.emission.emissionprob", put((0, 0), 2.0)),
        "'emissionprob' is not feasible",
    ),
    "symbols of another alphabet": (
        "strings",
        at("params.emission.emissionprob", lambda a: a[:, :3]),
        r"'emissionprob' has shape \(2, 3\), should be \(2, 4\)",
    ),
    "possible symbols": (
        "zeros",
        at("model.emission.support", lambda a: a[:, :3]),
        r"possible symbols have shape \(2, 3\)",
    ),
    "variances": (
        "diag",
        at("params.emission.covariances", put((0, 0), -1.0)),
        "'covariances' is not feasible",
    ),
    "factors of others of a hidden Markov model": (
        "full",
        at(FACTORS, lambda a: 1.1 * a),
        "Cholesky factors",
    ),
    "rates of one's own": (
        "one's own family",
        at("params.emission.rates", put((0, 0), np.inf)),
        "'rates' is not feasible",
    ),
    "another family": (
        "a family",
        lambda e: e.settings(emission={"latently": "Gaussian", "fields": {"covariance_type": "diag"}}),
        "family is Poisson, and that of its settings diag Gaussian",
    ),
    # the alphabet
    "symbols fewer": (
        "strings",
        lambda e: e.family(categories={"text": ["a", "c"]}),
        "not a row of 4 symbols",
    ),
    "symbols twice": ("strings", lambda e: e.family(categories={"text": list("aacg")}), "a symbol twice"),
    "symbols unsorted": ("strings", lambda e: e.family(categories={"text": list("tgca")}), "not sorted"),
    "no symbols": ("strings", lambda e: e.family(categories=None), "not a row of 4 symbols"),
    "symbols that are none": ("strings", lambda e: e.family(categories={"text": [1, 2, 3, 4]}), "nothing"),
    "symbols that are lists": (
        "strings",
        lambda e: e.family(categories={"symbols": [[1], [2], [3], [4]]}),
        "which is no symbol",
    ),
    "symbols in a list": ("strings", lambda e: e.family(categories=list("acgt")), "not a row of 4 symbols"),
    "symbols of counts": ("counts", lambda e: e.family(categories={"text": ["a"]}), "no field 'categories'"),
    "another order": (
        "a given order",
        lambda e: e.settings(categories=list("acgt")),
        "alphabet is not that of its settings",
    ),
    # the document
    "states": ("counts", lambda e: e.settings(n_components=2), "3 states where n_components=2"),
    "columns": ("counts", lambda e: e.facts.update(n_features=0), "its 0 columns"),
    "names of columns of a hidden Markov model": (
        "counts",
        lambda e: e.facts.update(feature_names={"tuple": ["a", "b"]}),
        "do not fit",
    ),
    "a bad setting": ("counts", lambda e: e.settings(startprob="early"), "startprob='early'"),
    # topic models
    "counts below zero": ("cvb0", at("topic_word", put((0, 0), -1.0)), "'topic_word' is not feasible"),
    "counts of NaN": ("cvb0", at("topic_word", put((0, 0), np.nan)), "'topic_word' is not feasible"),
    "counts of a word less": ("cvb0", at("topic_word", lambda a: a[1:]), "not those of 2 topics and 20"),
    "counts of integers": ("cvb0", at("topic_word", lambda a: a.astype(int)), "topic_word is"),
    "a prior of zero": ("cvb0", at("doc_prior", put(0, 0.0)), "'doc_prior' is not feasible"),
    "a prior less": ("cvb0", at("doc_prior", lambda a: a[:1]), "not those of 2 topics"),
    "a prior of words": ("cvb0", at("word_prior", lambda a: a[:, 0]), "not those of 2 topics"),
    "an infinite prior": (
        "seeds by topic",
        at("word_prior", put((3, 1), np.inf)),
        "'word_prior' is not feasible",
    ),
    "shares of more than one": (
        "cvb0",
        at("doc_topic", put((0, 0), 1.5)),
        "topics of its documents are not shares",
    ),
    "shares of NaN": ("cvb0", at("doc_topic", put((0, 0), np.nan)), "are not shares"),
    "shares of others": ("cvb0", at("doc_topic", lambda a: a[:, :1]), "are not shares"),
    "words seen": ("cvb0", at("seen_words", lambda a: a[:3]), "what it has seen of 20 words"),
    "words half seen": ("cvb0", at("seen_words", lambda a: a * 0.5), "seen_words is"),
    "documents seen": ("cvb0", at("seen_documents", lambda a: a[:, None]), "what it has seen"),
    "no documents": ("cvb0", lambda e: e.facts.update(n_documents=0.0), "stands for 0.0 documents"),
    "another precision": ("cvb0", lambda e: e.facts.update(dtype="float16"), "dtype is 'float16'"),
    "a word twice": (
        "words",
        lambda e: e.facts.update(vocabulary={"symbols": ["a"] * 20}),
        "has the word 'a' twice",
    ),
    "a word less": (
        "words",
        lambda e: e.facts.update(vocabulary={"symbols": ["a", "b"]}),
        "vocabulary do not fit",
    ),
    "no words": (
        "words",
        lambda e: e.facts.update(vocabulary=None),
        "fitted on tokens, and has no vocabulary",
    ),
    "words in a list": ("words", lambda e: e.facts.update(vocabulary=["a"] * 20), "not a row of words"),
    "columns of topics": ("cvb0", lambda e: e.facts.update(n_features=0), "0 columns"),
    "another kind": ("words", lambda e: e.facts.update(kind="pictures"), "kind is 'pictures'"),
    "texts that nothing splits": (
        "texts",
        lambda e: e.facts.update(splitting=None),
        "does not say how they are split",
    ),
    "an unknown splitter": (
        "texts",
        lambda e: e.facts.update(splitting={"mapping": {"mood": "good"}}),
        "vectorizer has no parameter 'mood'",
    ),
    "a stream of another size": (
        "a stream",
        at("stream.raw", lambda a: a[1:]),
        "stream is not that of 2 topics and 20 words",
    ),
    "a stream below zero": ("a stream", at("stream.raw", put((0, 0), -9.0)), "not feasible"),
    "other sums": ("a stream", at("stream.sums", lambda a: a * 2), "do not sum to their sums"),
    "sums of NaN": ("a stream", at("stream.sums", put(0, np.nan)), "do not sum to their sums"),
    "a factor of zero": ("a stream", lambda e: e.stream(factor=0.0), "are not feasible"),
    "steps below zero": ("a stream", lambda e: e.stream(n_steps=-1), "are not feasible"),
    "a history": ("vb", at("outcome.history", put(0, np.nan)), "record of its fit"),
    "a bound": ("vb", lambda e: e.outcome(bound={"number": "nan"}), "record of its fit"),
    "a bound in words": ("vb", lambda e: e.outcome(bound="high"), "bound is 'high'"),
    "parts of a bound": (
        "vb",
        lambda e: e.outcome(bound_parts={"mapping": {"topics": {"number": "inf"}}}),
        "record of its fit",
    ),
    "empty documents": ("cvb0", at("outcome.empty_documents", lambda a: a[None]), "record of"),
    "topics": ("cvb0", lambda e: e.settings(n_components=3), "not those of 3 topics"),
    "a bad setting of topics": ("cvb0", lambda e: e.settings(inference="gibbs"), "inference='gibbs'"),
    "a field missing of topics": ("cvb0", lambda e: e.facts.pop("doc_prior"), "has no field 'doc_prior'"),
    # imputers
    "another model of an imputer": (
        "imputer",
        lambda e: e.facts.update(kept={"tuple": [True, True, True]}),
        "its model has 2 features, and 3 are kept",
    ),
    "columns kept of an imputer": ("imputer", at("kept", lambda a: a[:2]), "do not fit"),
    "missing cells of an imputer": ("imputer", at("missing_counts", lambda a: a[:2]), "do not fit"),
    "a mixture of an imputer": (
        "imputer",
        at("mixture.params.emission.means", put((0, 0), np.nan)),
        "'means' is not feasible",
    ),
    "draws of an imputer": (
        "imputer with draws",
        at("draws.0.means", lambda a: a[:, :1]),
        r"covariances has shape \(1, 2, 2\), should be \(1, 1, 1\)",
    ),
    "a number for a mixture": (
        "imputer",
        lambda e: e.facts.update(mixture=3),
        "mixture is '3', which is not of the type",
    ),
}


@pytest.mark.parametrize("name", ALTERATIONS)
def test_an_altered_file_is_refused(name, tmp_path):
    which, alter, message = ALTERATIONS[name]
    path = tmp_path / "model"
    subject(which).save(path)
    entries = Entries(path)
    alter(entries)
    entries.write(path)
    with pytest.raises(ModelFileError, match=message) as refusal:
        load(path, families=[Exponential])
    assert str(path) in str(refusal.value)


def test_what_no_space_speaks_of_is_finite_all_the_same(tmp_path):
    start = {"rates": np.ones((2, 2)) * [[1.0], [2.0]]}
    family, path = ShiftedExponential(0.0), tmp_path / "model"
    MixtureModel(family, 2, starting_values=start, max_iter=1, tol=0).fit(WAITING).save(path)
    entries = Entries(path)
    entries.fields("params", "emission")["width"] = {"number": "nan"}
    entries.write(path)
    with pytest.raises(ModelFileError, match="'width' is not feasible"):
        load(path, families=(ShiftedExponential,))
