"""Files that lie: altered, with all sums in order, they are refused, and what is wrong is named."""

import zipfile
import zlib
from io import BytesIO

import numpy as np
import pytest
from scipy.linalg import sqrtm

from examples.own_family import Exponential
from latently import MixtureModel, load
from latently.archive import FORMAT_VERSION, ModelFileError
from tests.files import Entries, at, put
from tests.saved import WAITING, file_of, subject
from tests.surface.test_files import ShiftedExponential

FACTORS = "params.emission.cholesky"
MEANS = "params.emission.means"
FILE = f"{MEANS}.npy"
T, S = "params.latent.transmat", "params.latent.startprob"
WEIGHTS = "params.latent.weights"
COVARIANCES = "params.emission.covariances"
VARIANCES = "model.emission.variances"
HISTORY = "outcome.log_likelihood_history"
RATES = "params.emission.rates"
LAMBDAS = "params.emission.lambdas"
SYMBOLS = "params.emission.emissionprob"

ALTERATIONS = {
    "mixture": [
        (lambda e: e.pop(FILE), "entry '.*means.npy' is missing"),
        (lambda e: e.update(stranger=b""), "entry 'stranger' is missing, unknown"),
        (lambda e: e.manifest.pop("document"), "is damaged"),
        (lambda e: e.manifest.update(arrays=7), "is damaged"),
        (lambda e: e.manifest.update(format="else"), "is not that of a latently model"),
        (lambda e: e.manifest.update(format_version="1"), "format version is '1'"),
        (lambda e: e.manifest.update(format_version=0), "format version is 0"),
        (lambda e: e.facts.update(n_features=float("nan")), "manifest.json holds NaN"),
        (at(MEANS, lambda a: a.astype(object)), "holds Python objects, which model files never do"),
        (lambda e: e.update({FILE: b"\x80\x04K\x01."}), "is damaged"),
        (at(MEANS, lambda a: a.astype(str)), "holds <U32"),
        (at(MEANS, lambda a: a.astype(complex)), "complex128"),
        (at(MEANS, lambda a: a.view([("a", "f8")])), "only plain"),
        (lambda e: e.update({FILE: e[FILE] + b"12345678"}), "as many numbers"),
        (lambda e: e.update({FILE: e[FILE][:-8]}), "as many numbers"),
        (
            lambda e: e.update(
                {FILE: e[FILE].replace(b"(2, 2), }" + b" " * 12, b"(9999999999, 9), }" + b" " * 3)}
            ),
            r"as many numbers as its shape \(9999999999, 9\)",
        ),
        (lambda e: e.update({FILE: e[FILE].replace(b"(2, 2), }  ", b"(-2, -2), }")}), "as many numbers"),
        (at(MEANS, lambda a: a.astype(np.float32)), "means is .* not of the type"),
        (at(MEANS, lambda a: a.astype(int)), "means is .* not of the type"),
        (at(MEANS, put((0, 0), np.nan)), "'means' is not feasible"),
        (at(MEANS, put((0, 0), np.inf)), "'means' is not feasible"),
        (at(WEIGHTS, put(0, 0.9)), "'weights' is not feasible"),
        (at(WEIGHTS, lambda a: np.array([-1.0, 2.0])), "'weights' is not feasible"),
        (at(WEIGHTS, lambda a: np.ones(3) / 3), r"'weights' has shape \(3,\), should be \(2,\)"),
        (at(MEANS, lambda a: np.zeros((3, 2))), r"'means' has shape \(3, 2\), should be \(2, 2\)"),
        (
            at(COVARIANCES, lambda a: a[0]),
            r"of shape \(2, 2\), are not full covariances, of shape \(2, 2, 2\)",
        ),
        (at(COVARIANCES, put((0, 0, 1), 0.0)), "'covariances' is not"),
        (at(COVARIANCES, put((0, 0, 0), -1.0)), "'covariances' is not"),
        (at(FACTORS, lambda a: a * 1.001), "Cholesky factors"),
        (at(FACTORS, lambda a: -a), "Cholesky factors"),
        (at(FACTORS, lambda a: np.swapaxes(a, 1, 2)), "Cholesky factors"),
        (at(FACTORS, lambda a: np.stack([sqrtm(factor @ factor.T) for factor in a])), "Cholesky factors"),
        (
            lambda e: e.fields("params")["emission"].update(
                latently="CategoricalParams", fields={"emissionprob": {"array": MEANS}}
            ),
            "'means' has shape",
        ),
        (
            lambda e: (e.fields("params", "emission").pop("cholesky"), e.forget(FACTORS)),
            "no field 'cholesky'",
        ),
        (at(VARIANCES, put(0, -1.0)), "variances of its features"),
        (at(VARIANCES, lambda a: np.ones(3)), "variances of its"),
        (lambda e: e.facts["params"].update(latently="os"), "says nothing"),
        (lambda e: e.facts["params"].update(latently="os.system"), "says nothing"),
        (
            lambda e: e.manifest.update(document={"array": "params.emission.means"}),
            "holds a ndarray, not an estimator",
        ),
        (lambda e: e.facts.update(model=e.facts["params"]), "model is .* not of the type"),
        (lambda e: e.manifest.update(document={}), "it is '{}', which says nothing"),
        (lambda e: e.manifest.update(document=[1, 2]), "holds a list, not an estimator"),
        (lambda e: e.facts.pop("outcome"), "has no field 'outcome'"),
        (lambda e: e.facts.update(extra=1), "has no field 'extra'"),
        (lambda e: e.facts.update(outcome={"array": "none"}), "says nothing"),
        (lambda e: e.document.update(estimator="Forest"), "Forest, .* knows CategoricalHMM"),
        (lambda e: e.document.update(estimator="MixtureModel"), "setting '.*', which MixtureModel"),
        (lambda e: e.settings(mood="good"), "setting 'mood', which GaussianMixture does not"),
        (lambda e: e.settings(n_components="2"), "n_components is '2'"),
        (lambda e: e.settings(n_components=0), "n_components=0"),
        (lambda e: e.settings(n_init=0), "n_init=0"),
        (lambda e: e.settings(covariance_type="diag"), "diag Gaussian"),
        (lambda e: e.settings(covariance_type="round"), "covariance_type='round'"),
        (lambda e: e.settings(fixed=[1]), "fixed is"),
        (lambda e: e.facts.update(feature_names={"tuple": ["a"]}), "names .* do not fit"),
        (lambda e: e.facts.update(feature_names={"tuple": [1, 2]}), "feature_names is"),
        (lambda e: e.facts["model"]["fields"].update(n_components=3), "has 3 components where"),
        (lambda e: e.outcome(n_iter="one"), "n_iter is"),
        (lambda e: e.outcome(restarts={"tuple": [1]}), "restarts is"),
        (lambda e: e.outcome(log_likelihood={"number": "nan"}), "record of its fit"),
        (at(HISTORY, lambda a: a[1:]), "record of its fit"),
        (at(HISTORY, put(0, np.inf)), "record of its fit"),
    ],
    "mixture of one's own family": [
        (at(RATES, lambda a: np.ones((3, 2))), "'rates' has shape .*, should have 2 components"),
        (at(RATES, put((0, 0), -1.0)), "'rates' is not feasible"),
        (lambda e: e.fields("params", "emission").update(extra=1), "has no field 'extra'"),
        (lambda e: e.fields("params", "emission").pop("rates"), "has no field 'rates'"),
    ],
    "counts": [
        (at(T, put((0, 0), 0.99)), "'transmat' is not feasible"),
        (at(T, lambda a: a + np.array([-2.0, 2.0, 0.0])), "'transmat' is not feasible"),
        (at(T, put((0, 0), np.nan)), "'transmat' is not feasible"),
        (at(T, lambda a: a[:2, :2]), r"'transmat' has shape \(2, 2\), should be \(3, 3\)"),
        (at(S, lambda a: np.ones(3) / 3), "startprob is not stationary"),
        (at(S, lambda a: a[:2]), r"'startprob' has shape \(2,\), should be \(3,\)"),
        (at(LAMBDAS, put((0, 0), -1.0)), "'lambdas' is not feasible"),
        (at(LAMBDAS, lambda a: a[:2]), r"'lambdas' has shape \(2, 1\), should be \(3, 1\)"),
        (at("model.emission.means", lambda a: -a), "means of its features are not numbers from 0"),
        (lambda e: e.family(categories={"text": ["a"]}), "no field 'categories'"),
        (lambda e: e.settings(n_components=2), "3 states where n_components=2"),
        (lambda e: e.facts.update(n_features=0), "its 0 columns"),
        (lambda e: e.facts.update(feature_names={"tuple": ["a", "b"]}), "do not fit"),
        (lambda e: e.settings(startprob="early"), "startprob='early'"),
    ],
    "diag": [
        (at(S, lambda a: 2 * a), "'startprob' is not feasible"),
        (lambda e: e.latent(unit="row"), "is no chain that starts 'free'"),
        (lambda e: e.latent(startprob="uniform"), "is no chain that starts"),
        (
            lambda e: e.facts["model"]["fields"].update(latent={"latently": "Independent", "fields": {}}),
            "structure is Independent, and that of its settings Chain",
        ),
        (at(COVARIANCES, put((0, 0), -1.0)), "'covariances' is not feasible"),
    ],
    "zeros": [
        (at("model.latent.support", lambda a: ~a), "'transmat' is not feasible"),
        (at("model.latent.support", lambda a: a[0]), r"possible 'transmat' has shape \(2,\)"),
        (at("model.emission.support", lambda a: a[:, :3]), r"possible symbols have shape \(2, 3\)"),
    ],
    "strings": [
        (at(SYMBOLS, put((0, 0), 2.0)), "'emissionprob' is not feasible"),
        (at(SYMBOLS, lambda a: a[:, :3]), r"'emissionprob' has shape \(2, 3\), should be \(2, 4\)"),
        (lambda e: e.family(categories={"text": ["a", "c"]}), "not a row of 4 symbols"),
        (lambda e: e.family(categories={"text": list("aacg")}), "a symbol twice"),
        (lambda e: e.family(categories={"text": list("tgca")}), "not sorted"),
        (lambda e: e.family(categories=None), "not a row of 4 symbols"),
        (lambda e: e.family(categories={"text": [1, 2, 3, 4]}), "nothing"),
        (lambda e: e.family(categories={"symbols": [[1], [2], [3], [4]]}), "which is no symbol"),
        (lambda e: e.family(categories=list("acgt")), "not a row of 4 symbols"),
    ],
    "full": [
        (at(FACTORS, lambda a: 1.1 * a), "Cholesky factors"),
    ],
    "one's own family": [
        (at(RATES, put((0, 0), np.inf)), "'rates' is not feasible"),
    ],
    "a family": [
        (
            lambda e: e.settings(emission={"latently": "Gaussian", "fields": {"covariance_type": "diag"}}),
            "family is Poisson, and that of its settings diag Gaussian",
        ),
    ],
    "a given order": [
        (lambda e: e.settings(categories=list("acgt")), "alphabet is not that of its settings"),
    ],
    "cvb0": [
        (at("topic_word", put((0, 0), -1.0)), "'topic_word' is not feasible"),
        (at("topic_word", put((0, 0), np.nan)), "'topic_word' is not feasible"),
        (at("topic_word", lambda a: a[1:]), "not those of 2 topics and 20"),
        (at("topic_word", lambda a: a.astype(int)), "topic_word is"),
        (at("doc_prior", put(0, 0.0)), "'doc_prior' is not feasible"),
        (at("doc_prior", lambda a: a[:1]), "not those of 2 topics"),
        (at("word_prior", lambda a: a[:, 0]), "not those of 2 topics"),
        (at("doc_topic", put((0, 0), 1.5)), "topics of its documents are not shares"),
        (at("doc_topic", put((0, 0), np.nan)), "are not shares"),
        (at("doc_topic", lambda a: a[:, :1]), "are not shares"),
        (at("seen_words", lambda a: a[:3]), "what it has seen of 20 words"),
        (at("seen_words", lambda a: a * 0.5), "seen_words is"),
        (at("seen_documents", lambda a: a[:, None]), "what it has seen"),
        (lambda e: e.facts.update(n_documents=0.0), "stands for 0.0 documents"),
        (lambda e: e.facts.update(dtype="float16"), "dtype is 'float16'"),
        (lambda e: e.facts.update(n_features=0), "0 columns"),
        (at("outcome.empty_documents", lambda a: a[None]), "record of"),
        (lambda e: e.settings(n_components=3), "not those of 3 topics"),
        (lambda e: e.settings(inference="gibbs"), "inference='gibbs'"),
        (lambda e: e.facts.pop("doc_prior"), "has no field 'doc_prior'"),
    ],
    "seeds by topic": [
        (at("word_prior", put((3, 1), np.inf)), "'word_prior' is not feasible"),
    ],
    "words": [
        (lambda e: e.facts.update(vocabulary={"symbols": ["a"] * 20}), "has the word 'a' twice"),
        (lambda e: e.facts.update(vocabulary={"symbols": ["a", "b"]}), "vocabulary do not fit"),
        (lambda e: e.facts.update(vocabulary=None), "fitted on tokens, and has no vocabulary"),
        (lambda e: e.facts.update(vocabulary=["a"] * 20), "not a row of words"),
        (lambda e: e.facts.update(kind="pictures"), "kind is 'pictures'"),
    ],
    "texts": [
        (lambda e: e.facts.update(splitting=None), "does not say how they are split"),
        (
            lambda e: e.facts.update(splitting={"mapping": {"mood": "good"}}),
            "vectorizer has no parameter 'mood'",
        ),
    ],
    "a stream": [
        (at("stream.raw", lambda a: a[1:]), "stream is not that of 2 topics and 20 words"),
        (at("stream.raw", put((0, 0), -9.0)), "not feasible"),
        (at("stream.sums", lambda a: a * 2), "do not sum to their sums"),
        (at("stream.sums", put(0, np.nan)), "do not sum to their sums"),
        (lambda e: e.stream(factor=0.0), "are not feasible"),
        (lambda e: e.stream(n_steps=-1), "are not feasible"),
    ],
    "vb": [
        (at("outcome.history", put(0, np.nan)), "record of its fit"),
        (lambda e: e.outcome(bound={"number": "nan"}), "record of its fit"),
        (lambda e: e.outcome(bound="high"), "bound is 'high'"),
        (lambda e: e.outcome(bound_parts={"mapping": {"topics": {"number": "inf"}}}), "record of its fit"),
    ],
    "imputer": [
        (
            lambda e: e.facts.update(kept={"tuple": [True, True, True]}),
            "its model is of 2 features, and it keeps 3",
        ),
        (at("kept", lambda a: a[:2]), "do not fit"),
        (at("missing_counts", lambda a: a[:2]), "do not fit"),
        (at("mixture.params.emission.means", put((0, 0), np.nan)), "'means' is not feasible"),
        (lambda e: e.facts.update(mixture=3), "mixture is '3', which is not of the type"),
    ],
    "imputer with draws": [
        (
            at("draws.0.means", lambda a: a[:, :1]),
            r"covariances has shape \(1, 2, 2\), should be \(1, 1, 1\)",
        ),
    ],
}


@pytest.mark.parametrize(
    ("which", "alter", "message"),
    [
        pytest.param(which, alter, message, id=f"{which}, {number}: {message}")
        for which, alterations in ALTERATIONS.items()
        for number, (alter, message) in enumerate(alterations)
    ],
)
def test_an_altered_file_is_refused(which, alter, message, tmp_path):
    path = tmp_path / "model"
    path.write_bytes(file_of(which))
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


# -- files that lie of themselves --------------------------------------------------------------------------


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "saved"
    subject("mixture").save(path)
    return path


@pytest.fixture
def scratch(tmp_path):
    return tmp_path / "model"


def test_a_newer_format_says_what_to_install(saved, scratch):
    entries = Entries(saved)
    entries.manifest.update(format_version=FORMAT_VERSION + 1, latently="7.2.0", arrays=["new"])
    entries.write(scratch)
    with pytest.raises(ModelFileError, match=r"pip install 'latently>=7\.2\.0'"):
        load(scratch)
    entries.manifest.update(latently="1; rm -rf /")
    entries.write(scratch)
    with pytest.raises(ModelFileError, match=r"pip install --upgrade latently$"):
        load(scratch)


def test_a_compressed_file_is_refused_before_it_is_unpacked(saved, scratch):
    Entries(saved).write(scratch, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(ModelFileError, match=r"entry 'manifest.json' is not stored as it should be"):
        load(scratch)


def test_a_size_beyond_that_of_the_file_is_refused(saved, scratch):
    content = bytearray(saved.read_bytes())
    directory = content.index(b"PK\1\2")
    content[directory + 24 : directory + 28] = (2**31).to_bytes(4, "little")
    scratch.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"entry 'manifest.json' is not stored as it should be"):
        load(scratch)


def test_entries_inside_each_other_are_refused(saved, scratch):
    entries = Entries(saved)
    inner = BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("inner.npy", bytes(10**6))
        header = archive.start_dir
    entries.manifest["arrays"] += ["outer", "inner"]
    entries["outer.npy"] = inner.getvalue()[:header]
    entries.write(scratch)
    with zipfile.ZipFile(scratch, "a") as archive:
        outer = archive.getinfo("outer.npy")
        hidden = zipfile.ZipInfo("inner.npy", outer.date_time)
        hidden.header_offset = outer.header_offset + 30 + len("outer.npy")
        hidden.file_size = hidden.compress_size = 10**6
        hidden.CRC = zlib.crc32(bytes(10**6))
        archive.filelist.append(hidden)
        archive._didModify = True
    with pytest.raises(ModelFileError, match="its entries overlap"):
        load(scratch)


def test_an_entry_there_twice_is_refused(saved, scratch):
    Entries(saved).write(scratch)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(scratch, "a") as archive:
        archive.writestr("params.emission.means.npy", archive.read("params.emission.means.npy"))
    with pytest.raises(ModelFileError, match="there twice"):
        load(scratch)
