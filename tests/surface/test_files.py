"""Model files: what comes back is what was saved, and nothing else is ever believed."""

import json
import os
import signal
import stat
import subprocess
import sys
import zipfile
import zlib
from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy.linalg import sqrtm
from sklearn.exceptions import NotFittedError

from examples.own_family import Exponential
from latently import GaussianMixture, MixtureModel, __version__, datasets, load
from latently.archive import FORMAT_VERSION, ModelFileError
from latently.core.parameters import Positive
from latently.emissions import Gaussian
from tests.files import Entries, assert_same, put

FAITHFUL = datasets.load_faithful(as_frame=True).data
X = FAITHFUL.to_numpy()
QUICK = {"n_init": 2, "tol": 1e-4, "random_state": 0}


@pytest.fixture(scope="module")
def mixture():
    return GaussianMixture(2, **QUICK).fit(FAITHFUL)


@pytest.fixture(scope="module")
def saved(mixture, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "faithful.latently"
    mixture.save(path)
    return path


def assert_same_estimator(one, other, rows):
    assert set(vars(one)) == set(vars(other))
    for name, value in vars(one).items():
        assert_same(value, getattr(other, name))
    assert_array_equal(one.predict_proba(rows), other.predict_proba(rows))
    assert_array_equal(one.score_samples(rows), other.score_samples(rows))
    assert one.n_parameters_ == other.n_parameters_


def there_and_back(mixture, path, **options):
    mixture.save(path)
    return load(path, **options)


# -- what comes back -----------------------------------------------------------------------------------


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_a_fitted_mixture_comes_back_whole(covariance_type, tmp_path):
    mixture = GaussianMixture(3, covariance_type=covariance_type, **QUICK).fit(X)
    again = there_and_back(mixture, tmp_path / "model")
    assert_same_estimator(mixture, again, X)
    assert again.bic() == mixture.bic()
    assert str(again.restarts_) == str(mixture.restarts_)
    assert_array_equal(again.fit(X).means_, mixture.means_)


@pytest.mark.parametrize(
    ("covariance_type", "covariances"),
    [
        ("full", [[[2.0, 0.5], [0.5, 1.0]], [[1.0, 0.0], [0.0, 3.0]]]),
        ("tied", [[2.0, 0.5], [0.5, 1.0]]),
        ("diag", [[1.0, 2.0], [3.0, 4.0]]),
        ("spherical", [1.0, 2.0]),
    ],
)
def test_a_mixture_from_parameters_comes_back_unfitted(covariance_type, covariances, tmp_path):
    mixture = GaussianMixture.from_parameters(
        [0.3, 0.7], [[0.0, 1.0], [4.0, 5.0]], covariances, covariance_type=covariance_type
    )
    again = there_and_back(mixture, tmp_path / "model")
    assert_same_estimator(mixture, again, X)
    assert not hasattr(again, "log_likelihood_")


def test_a_maximum_on_the_floor_keeps_its_factors_and_what_is_said_of_it(tmp_path):
    # The factors of a clipped covariance know more than its rounded entries.
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(size=(40, 2)), np.outer(rng.normal(size=15), [1.0, 2.0]) + 9])
    mixture = GaussianMixture(2, means_init=[[0, 0], [9, 9]], max_iter=5, tol=0)
    with pytest.warns(UserWarning, match="spurious"):
        mixture.fit(x)
    recomputed = np.linalg.cholesky(mixture.covariances_)
    assert (recomputed != mixture.params_.emission.cholesky).any()
    again = there_and_back(mixture, tmp_path / "model")
    assert_array_equal(again.params_.emission.cholesky, mixture.params_.emission.cholesky)
    assert_same_estimator(mixture, again, x)
    assert again.diagnostics_ == mixture.diagnostics_


def test_settings_come_back(tmp_path):
    mixture = GaussianMixture(
        2,
        weights_init=[0.5, 0.5],
        means_init=np.array([[2.0, 55.0], [4.0, 80.0]], dtype=np.float32, order="F"),
        precisions_init=np.stack([np.eye(2), np.eye(2)]),
        fixed=("weights",),
        tol=np.float64(1e-3),
        max_iter=np.int64(50),
    ).fit(X)
    again = there_and_back(mixture, tmp_path / "model")
    assert again.fixed == ("weights",)
    assert again.weights_init == [0.5, 0.5]
    assert_same(again.means_init, mixture.means_init)
    assert again.n_parameters_ == mixture.n_parameters_
    assert_array_equal(again.fit(X).means_, mixture.means_)


def test_a_tolerance_without_end_comes_back(tmp_path):
    mixture = GaussianMixture(2, n_init=1, tol=np.inf).fit(X)
    assert there_and_back(mixture, tmp_path / "model").tol == np.inf


def test_what_cannot_be_stored_is_none(tmp_path):
    mixture = GaussianMixture(
        2, n_init=1, random_state=np.random.default_rng(0), callbacks=[lambda *args: None]
    )
    again = there_and_back(mixture.fit(X), tmp_path / "model")
    assert again.random_state is None
    assert again.callbacks is None
    assert mixture.callbacks is not None


def test_names_of_columns_come_back(mixture, saved):
    again = load(saved)
    assert again.feature_names_in_.dtype == object
    assert again.feature_names_in_.tolist() == ["eruptions", "waiting"]
    assert_array_equal(again.predict(FAITHFUL), mixture.predict(FAITHFUL))
    with pytest.raises(ValueError, match="feature names"):
        again.predict(FAITHFUL[["waiting", "eruptions"]])


def test_saving_again_writes_the_same_bytes(saved, tmp_path):
    load(saved).save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == saved.read_bytes()


def test_other_tools_can_look_inside(mixture, saved):
    with zipfile.ZipFile(saved) as archive:
        assert archive.testzip() is None
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        means = np.load(BytesIO(archive.read("params.emission.means.npy")), allow_pickle=False)
        manifest = json.loads(archive.read("manifest.json"))
    assert_array_equal(means, mixture.means_)
    assert manifest["latently"] == __version__


def test_a_path_may_be_text_and_have_any_name(mixture, tmp_path):
    path = str(tmp_path / "a name with spaces, and 'ü'")
    assert_same_estimator(mixture, there_and_back(mixture, path), FAITHFUL)
    assert os.listdir(tmp_path) == ["a name with spaces, and 'ü'"]


# -- families of one's own -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Shifted:
    rates: np.ndarray
    unit: str = "seconds"
    width: float = 1.0


@dataclass(frozen=True)
class ShiftedExponential(Exponential):
    """With settings, and params that say more than numbers."""

    origin: float
    scales: np.ndarray | None = None
    note: str | None = None

    def start(self, description, n_components, rng):
        return Shifted(super().start(description, n_components, rng).rates)

    def log_density(self, params, x):
        return super().log_density(params, x - self.origin)

    def expected_stats(self, params, x, resp):
        return super().expected_stats(params, x - self.origin, resp)

    def m_step(self, stats, params, fixed=()):
        return replace(params, rates=super().m_step(stats, params, fixed).rates)

    def spaces(self, params):
        return {"rates": Positive(params.rates.shape, params.rates)}

    def permute(self, params, order):
        return replace(params, rates=params.rates[order])


@pytest.fixture(scope="module")
def waiting():
    rng = np.random.default_rng(0)
    return rng.exponential(np.where(rng.random(200) < 0.5, 1.0, 9.0))[:, None] * [1.0, 2.0]


def test_a_family_of_latently_is_known(tmp_path):
    mixture = MixtureModel(Gaussian("diag", reg_covar=1e-5), 2, **QUICK).fit(X)
    again = there_and_back(mixture, tmp_path / "model")
    assert_same_estimator(mixture, again, X)
    assert again.emission == Gaussian("diag", reg_covar=1e-5)


def test_a_family_of_ones_own_is_handed_in(waiting, tmp_path):
    mixture = MixtureModel(Exponential(), 2, **QUICK).fit(waiting)
    again = there_and_back(mixture, tmp_path / "model", families=(Exponential,))
    assert_same_estimator(mixture, again, waiting)


def test_settings_of_a_family_come_back(waiting, tmp_path):
    family = ShiftedExponential(1.5, np.array([1.0, 2.0]), note=None)
    start = {"rates": np.array([[1.0, 0.5], [0.1, 0.05]])}
    mixture = MixtureModel(family, 2, starting_values=start, tol=1e-4).fit(waiting + 1.5)
    again = there_and_back(mixture, tmp_path / "model", families=(ShiftedExponential,))
    assert_same_estimator(mixture, again, waiting + 1.5)
    assert again.params_.emission.unit == "seconds"
    assert_array_equal(again.starting_values["rates"], start["rates"])


def test_a_family_not_handed_in_is_named(waiting, tmp_path):
    MixtureModel(Exponential(), 2, **QUICK).fit(waiting).save(tmp_path / "model")
    with pytest.raises(ModelFileError, match=r"needs the class Exponential.*families=\(Exponential,\)"):
        load(tmp_path / "model")
    with pytest.raises(ModelFileError, match=r"families=\(ShiftedExponential, Exponential,\)"):
        load(tmp_path / "model", families=(ShiftedExponential,))


def test_a_class_that_the_family_cannot_see_is_handed_in_too(waiting, tmp_path):
    @dataclass(frozen=True)
    class Hidden:
        rates: np.ndarray

    class Secretive(Exponential):
        def start(self, description, n_components, rng):
            return Hidden(super().start(description, n_components, rng).rates)

        def m_step(self, stats, params, fixed=()):
            return Hidden(super().m_step(stats, params, fixed).rates)

    mixture = MixtureModel(Secretive(), 2, **QUICK).fit(waiting)
    mixture.save(tmp_path / "model")
    with pytest.raises(ModelFileError, match=r"needs the class Hidden.*families=\(Secretive, Hidden,\)"):
        load(tmp_path / "model", families=(Secretive,))
    assert_same_estimator(mixture, load(tmp_path / "model", families=(Secretive, Hidden)), waiting)


def test_a_class_of_the_same_name_does_not_pass_for_ones_own(tmp_path):
    named_alike = dataclass(frozen=True)(type("Gaussian", (Gaussian,), {}))
    mixture = MixtureModel(named_alike(), 2, **QUICK).fit(X)
    mixture.save(tmp_path / "model")
    with pytest.raises(ModelFileError, match="needs the class Gaussian"):
        load(tmp_path / "model")
    assert type(load(tmp_path / "model", families=(named_alike,)).emission) is named_alike


def test_a_family_that_hides_its_settings_cannot_be_saved(waiting, tmp_path):
    class Opaque(Exponential):
        def __init__(self):
            self.setting = 3

    mixture = MixtureModel(Opaque(), 2, **QUICK).fit(waiting)
    with pytest.raises(ValueError, match="Opaque with settings: make it a dataclass"):
        mixture.save(tmp_path / "model")
    assert os.listdir(tmp_path) == []


def test_families_are_classes(saved):
    with pytest.raises(ValueError, match="should be classes, such as Exponential"):
        load(saved, families=(Exponential(),))


# -- what cannot be saved ------------------------------------------------------------------------------


def test_only_a_fitted_mixture_is_saved(tmp_path):
    with pytest.raises(NotFittedError):
        GaussianMixture(2).save(tmp_path / "model")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"n_components": 3}, "3"),
        ({"covariance_type": "diag"}, "diag Gaussian"),
        ({"means_init": object()}, "means_init is a object, which a file cannot hold"),
        ({"tol": -1}, "tol=-1"),
        ({"verbose": "much"}, "verbose is 'much'"),
    ],
)
def test_settings_that_no_longer_fit_the_model_are_refused(saved, setting, message, tmp_path):
    mixture = load(saved).set_params(**setting)
    with pytest.raises(ValueError, match=rf"GaussianMixture cannot be saved: .*{message}"):
        mixture.save(tmp_path / "model")
    assert os.listdir(tmp_path) == []


# -- a path that cannot be written, a process that dies ------------------------------------------------


@pytest.mark.parametrize("parts", [("file", "model"), ("missing", "model"), ("folder",), ("pipe",)])
def test_a_path_that_cannot_be_written_is_named(mixture, parts, tmp_path):
    (tmp_path / "file").write_text("precious")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    path = tmp_path.joinpath(*parts)
    with pytest.raises(
        OSError, match=r"cannot write '.*" + parts[-1] + r"' \(.+\): choose a file in a folder"
    ):
        mixture.save(path)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder", "pipe"]
    assert (tmp_path / "file").read_text() == "precious"
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.mark.parametrize("old", [b"the old one", None])
def test_a_disk_that_is_full_leaves_things_as_they_were(mixture, old, tmp_path):
    resource = pytest.importorskip("resource")
    path = tmp_path / "model"
    if old:
        path.write_bytes(old)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(OSError, match=r"cannot write .*File too large"):
            mixture.save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert os.listdir(tmp_path) == (["model"] if old else [])
    assert old is None or path.read_bytes() == old


SLOW_CHILD = """
import sys, time
import latently.archive
from latently import load

def stop(*args, **kwargs):
    print("here", flush=True)
    time.sleep(60)

source, target, where = sys.argv[1:]
mixture = load(source)
if where == "writing":
    write_array = latently.archive.np.lib.format.write_array
    countdown = iter([write_array, write_array, stop])
    latently.archive.np.lib.format.write_array = lambda *args, **how: next(countdown)(*args, **how)
else:
    latently.archive.os.replace = stop
mixture.save(target)
"""


@pytest.mark.parametrize("where", ["writing", "replacing"])
def test_a_process_killed_while_it_saves_leaves_the_old_file(mixture, saved, where, tmp_path):
    path = tmp_path / "model"
    old = GaussianMixture.from_parameters([1.0], [[0.0]], [[[1.0]]])
    old.save(path)
    before = path.read_bytes()
    command = [sys.executable, "-c", SLOW_CHILD, str(saved), str(path), where]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"here\n"
        assert len(os.listdir(tmp_path)) == 2  # it was in the midst of it
        child.kill()
    assert child.returncode == -signal.SIGKILL
    assert path.read_bytes() == before
    assert_same_estimator(old, load(path), np.zeros((1, 1)))
    mixture.save(path)
    assert_same_estimator(mixture, load(path), FAITHFUL)


def test_an_error_of_any_kind_leaves_nothing_behind(mixture, monkeypatch, tmp_path):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        mixture.save(tmp_path / "model")
    assert os.listdir(tmp_path) == []


def test_rights_and_links_stay(mixture, tmp_path):
    path, link = tmp_path / "model", tmp_path / "link"
    plain = tmp_path / "plain"
    plain.touch()
    mixture.save(path)
    assert path.stat().st_mode == plain.stat().st_mode
    path.chmod(0o600)
    link.symlink_to(path)
    mixture.save(link)
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


# -- files that are damaged ----------------------------------------------------------------------------


def loads_the_same_or_is_refused(mixture, path):
    try:
        again = load(path)
    except ModelFileError as error:
        message = str(error)
    else:
        assert_same_estimator(mixture, again, FAITHFUL)
        return True
    assert str(path) in message
    return False


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("scratch") / "model"


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_flipped_bits_are_noticed_or_harmless(mixture, saved, scratch, data):
    content = bytearray(saved.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    scratch.write_bytes(content)
    loads_the_same_or_is_refused(mixture, scratch)


def test_a_flipped_bit_anywhere_in_the_directory_is_noticed_or_harmless(mixture, saved, scratch):
    content = saved.read_bytes()
    outcomes = set()
    for position in range(content.index(b"PK\1\2"), len(content), 11):
        scratch.write_bytes(content[:position] + bytes([content[position] ^ 0xFF]) + content[position + 1 :])
        outcomes.add(loads_the_same_or_is_refused(mixture, scratch))
    assert outcomes == {True, False}


def test_a_file_cut_short_is_refused(mixture, saved, scratch):
    content = saved.read_bytes()
    for length in {*range(0, len(content), 97), *range(len(content) - 60, len(content))}:
        scratch.write_bytes(content[:length])
        assert not loads_the_same_or_is_refused(mixture, scratch)


def test_a_changed_number_is_noticed(saved, scratch):
    content = saved.read_bytes()
    position = content.index(b"NUMPY") + 130
    scratch.write_bytes(content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :])
    with pytest.raises(ModelFileError, match=r"is damaged \(Bad CRC.*\): take a copy, or save it again"):
        load(scratch)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\x80\x04K\x01.", b"PK"])
def test_another_kind_of_file_is_refused(content, tmp_path):
    (tmp_path / "model").write_bytes(content)
    with pytest.raises(ModelFileError, match=r"model' is not a model file: give one that latently saved"):
        load(tmp_path / "model")


def test_a_missing_file_or_a_folder_is_refused(tmp_path):
    with pytest.raises(ModelFileError, match=r"cannot read '.*nowhere' \(No such file.*\): check the path"):
        load(tmp_path / "nowhere")
    with pytest.raises(ModelFileError, match=r"cannot read .* \(Is a directory\)"):
        load(tmp_path)


# -- files that lie ------------------------------------------------------------------------------------


FACTORS = "params.emission.cholesky"
MEANS = "params.emission.means.npy"


ALTERATIONS = {
    # the archive
    "entry missing": (lambda e: e.pop(MEANS), "entry '.*means.npy' is missing"),
    "entry unknown": (lambda e: e.update(stranger=b""), "entry 'stranger' is missing, unknown"),
    "not a document": (lambda e: e.manifest.pop("document"), "is damaged"),
    "not a list": (lambda e: e.manifest.update(arrays=7), "is damaged"),
    "another format": (lambda e: e.manifest.update(format="else"), "is not that of a latently model"),
    "no version": (lambda e: e.manifest.update(format_version="1"), "format version is '1'"),
    "version 0": (lambda e: e.manifest.update(format_version=0), "format version is 0"),
    "not a number": (lambda e: e.facts.update(n_features=float("nan")), "manifest.json holds NaN"),
    # the arrays
    "objects": (
        lambda e: e.array("params.emission.means", lambda a: a.astype(object)),
        "holds Python objects, which model files never do",
    ),
    "a pickle": (lambda e: e.update({MEANS: b"\x80\x04K\x01."}), "is damaged"),
    "text": (lambda e: e.array("params.emission.means", lambda a: a.astype(str)), "holds <U32"),
    "complex": (lambda e: e.array("params.emission.means", lambda a: a.astype(complex)), "complex128"),
    "a record": (lambda e: e.array("params.emission.means", lambda a: a.view([("a", "f8")])), "only plain"),
    "too many numbers": (lambda e: e.update({MEANS: e[MEANS] + b"12345678"}), "as many numbers"),
    "too few numbers": (lambda e: e.update({MEANS: e[MEANS][:-8]}), "as many numbers"),
    "a vast shape": (
        lambda e: e.update(
            {MEANS: e[MEANS].replace(b"(2, 2), }" + b" " * 12, b"(9999999999, 9), }" + b" " * 3)}
        ),
        r"as many numbers as its shape \(9999999999, 9\)",
    ),
    "a negative shape": (
        lambda e: e.update({MEANS: e[MEANS].replace(b"(2, 2), }  ", b"(-2, -2), }")}),
        "as many numbers",
    ),
    "single precision": (
        lambda e: e.array("params.emission.means", lambda a: a.astype(np.float32)),
        "means is .* not of the type",
    ),
    "integers": (
        lambda e: e.array("params.emission.means", lambda a: a.astype(int)),
        "means is .* not of the type",
    ),
    # the parameters
    "NaN": (lambda e: e.array("params.emission.means", put((0, 0), np.nan)), "'means' is not feasible"),
    "infinity": (lambda e: e.array("params.emission.means", put((0, 0), np.inf)), "'means' is not feasible"),
    "weights too large": (
        lambda e: e.array("params.latent.weights", put(0, 0.9)),
        "'weights' is not feasible",
    ),
    "weights below zero": (
        lambda e: e.array("params.latent.weights", lambda a: np.array([-1.0, 2.0])),
        "'weights' is not feasible",
    ),
    "weights of three": (
        lambda e: e.array("params.latent.weights", lambda a: np.ones(3) / 3),
        r"'weights' has shape \(3,\), should be \(2,\)",
    ),
    "means of three": (
        lambda e: e.array("params.emission.means", lambda a: np.zeros((3, 2))),
        r"'means' has shape \(3, 2\), should be \(2, 2\)",
    ),
    "flat covariances": (
        lambda e: e.array("params.emission.covariances", lambda a: a[0]),
        r"of shape \(2, 2\), are not full covariances, of shape \(2, 2, 2\)",
    ),
    "asymmetric": (
        lambda e: e.array("params.emission.covariances", put((0, 0, 1), 0.0)),
        "'covariances' is not",
    ),
    "indefinite": (
        lambda e: e.array("params.emission.covariances", put((0, 0, 0), -1.0)),
        "'covariances' is not",
    ),
    "factors of others": (lambda e: e.array(FACTORS, lambda a: a * 1.001), "Cholesky factors"),
    "factors upside down": (lambda e: e.array(FACTORS, lambda a: -a), "Cholesky factors"),
    "factors turned round": (
        lambda e: e.array(FACTORS, lambda a: np.swapaxes(a, 1, 2)),
        "Cholesky factors",
    ),
    "square roots": (
        lambda e: e.array(FACTORS, lambda a: np.stack([sqrtm(factor @ factor.T) for factor in a])),
        "Cholesky factors",
    ),
    "params of another kind": (
        lambda e: e.fields("params")["emission"].update(
            latently="CategoricalParams", fields={"emissionprob": {"array": MEANS[:-4]}}
        ),
        "'means' has shape",
    ),
    "no factors": (
        lambda e: (e.fields("params", "emission").pop("cholesky"), e.forget(FACTORS)),
        "no field 'cholesky'",
    ),
    "variances below zero": (
        lambda e: e.array("model.emission.variances", put(0, -1.0)),
        "variances of its features",
    ),
    "variances of three": (
        lambda e: e.array("model.emission.variances", lambda a: np.ones(3)),
        "variances of its",
    ),
    # the document
    "a class unknown": (lambda e: e.facts["params"].update(latently="os"), "says nothing"),
    "a class by path": (lambda e: e.facts["params"].update(latently="os.system"), "says nothing"),
    "another class": (
        lambda e: e.manifest.update(document={"array": "params.emission.means"}),
        "holds a ndarray, not an estimator",
    ),
    "the wrong place": (lambda e: e.facts.update(model=e.facts["params"]), "model is .* not of the type"),
    "a list": (lambda e: e.manifest.update(document=[1, 2]), "holds a list, not an estimator"),
    "a field missing": (lambda e: e.facts.pop("outcome"), "has no field 'outcome'"),
    "a field too many": (lambda e: e.facts.update(extra=1), "has no field 'extra'"),
    "an array unknown": (lambda e: e.facts.update(outcome={"array": "none"}), "says nothing"),
    "an estimator unknown": (
        lambda e: e.document.update(estimator="Forest"),
        "Forest, .* knows CategoricalHMM",
    ),
    "another estimator": (
        lambda e: e.document.update(estimator="MixtureModel"),
        "setting '.*', which MixtureModel",
    ),
    "a setting unknown": (
        lambda e: e.settings(mood="good"),
        "setting 'mood', which GaussianMixture does not",
    ),
    "a setting of text": (lambda e: e.settings(n_components="2"), "n_components is '2'"),
    "a setting of nothing": (lambda e: e.settings(n_components=0), "n_components=0"),
    "a number of runs": (lambda e: e.settings(n_init=0), "n_init=0"),
    "a type of covariances": (lambda e: e.settings(covariance_type="diag"), "diag Gaussian"),
    "an unknown type": (lambda e: e.settings(covariance_type="round"), "covariance_type='round'"),
    "names to fix": (lambda e: e.settings(fixed=[1]), "fixed is"),
    "names of columns": (lambda e: e.facts.update(feature_names={"tuple": ["a"]}), "names .* do not fit"),
    "numbers for names": (lambda e: e.facts.update(feature_names={"tuple": [1, 2]}), "feature_names is"),
    "components": (lambda e: e.facts["model"]["fields"].update(n_components=3), "has 3 components where"),
    "an iteration": (lambda e: e.outcome(n_iter="one"), "n_iter is"),
    "a run": (lambda e: e.outcome(restarts={"tuple": [1]}), "restarts is"),
    "no likelihood": (
        lambda e: e.outcome(log_likelihood={"number": "nan"}),
        "record of its fit",
    ),
    "short history": (
        lambda e: e.array("outcome.log_likelihood_history", lambda a: a[1:]),
        "record of its fit",
    ),
    "endless history": (
        lambda e: e.array("outcome.log_likelihood_history", put(0, np.inf)),
        "record of its fit",
    ),
}


def test_a_file_taken_apart_and_put_together_again_loads(mixture, saved, scratch):
    Entries(saved).write(scratch)
    assert_same_estimator(mixture, load(scratch), FAITHFUL)


@pytest.mark.parametrize("name", ALTERATIONS)
def test_an_altered_file_is_refused(saved, scratch, name):
    alter, message = ALTERATIONS[name]
    entries = Entries(saved)
    alter(entries)
    entries.write(scratch)
    with pytest.raises(ModelFileError, match=message) as refusal:
        load(scratch)
    assert str(scratch) in str(refusal.value)


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (
            lambda e: e.array("params.emission.rates", lambda a: np.ones((3, 2))),
            "'rates' has shape .*, should have 2 components",
        ),
        (lambda e: e.array("params.emission.rates", put((0, 0), -1.0)), "'rates' is not feasible"),
        (lambda e: theta(e).update(extra=1), "has no field 'extra'"),
        (lambda e: theta(e).pop("rates"), "has no field 'rates'"),
    ],
)
def test_an_altered_file_of_a_family_of_ones_own_is_refused(waiting, scratch, alter, message):
    MixtureModel(Exponential(), 2, **QUICK).fit(waiting).save(scratch)
    entries = Entries(scratch)
    alter(entries)
    entries.write(scratch)
    with pytest.raises(ModelFileError, match=message):
        load(scratch, families=(Exponential,))


def test_what_no_space_speaks_of_is_finite_all_the_same(waiting, scratch):
    start = {"rates": np.ones((2, 2)) * [[1.0], [2.0]]}
    family = ShiftedExponential(0.0)
    MixtureModel(family, 2, starting_values=start, max_iter=1, tol=0).fit(waiting).save(scratch)
    entries = Entries(scratch)
    theta(entries)["width"] = {"number": "nan"}
    entries.write(scratch)
    with pytest.raises(ModelFileError, match="'width' is not feasible"):
        load(scratch, families=(ShiftedExponential,))


def theta(entries):
    return entries.facts["params"]["fields"]["emission"]["fields"]


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
        archive.writestr(MEANS, archive.read(MEANS))
    with pytest.raises(ModelFileError, match="there twice"):
        load(scratch)
