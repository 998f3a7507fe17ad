"""Model files: what comes back is what was saved, and nothing else is ever believed."""

import copy
import json
import os
import signal
import stat
import zipfile
from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from examples.own_family import Exponential
from latently import GaussianMixture, MixtureModel, __version__, load
from latently.archive import ModelFileError
from latently.core.spaces import Positive
from latently.emissions import Gaussian
from tests.processes import dies, in_a_process
from tests.saved import EVERY, FAITHFUL, QUICK, TEXTS, WAITING, assert_same_estimator, lda, subject

X = FAITHFUL.to_numpy()


@pytest.fixture(scope="module")
def mixture():
    return subject("mixture")


@pytest.fixture(scope="module")
def saved(mixture, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "faithful.latently"
    mixture.save(path)
    return path


def there_and_back(mixture, path, **options):
    mixture.save(path)
    return load(path, **options)


# -- what a file is -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "array", "attribute"),
    [
        ("mixture", "params.emission.means", "means_"),
        ("strings", "params.emission.emissionprob", "emissionprob_"),
        ("words", "topic_word", "components_"),
        ("imputer", "missing_counts", "missing_counts_"),
    ],
)
def test_other_tools_can_look_inside(name, array, attribute, tmp_path):
    subject(name).save(tmp_path / "model")
    with zipfile.ZipFile(tmp_path / "model") as archive:
        assert archive.testzip() is None
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        found = np.load(BytesIO(archive.read(f"{array}.npy")), allow_pickle=False)
        manifest = json.loads(archive.read("manifest.json"))
    assert_array_equal(found.T if name == "words" else found, getattr(subject(name), attribute))
    assert (manifest["latently"], manifest["format_version"]) == (__version__, 2)
    assert manifest["document"]["estimator"] == type(subject(name)).__name__


def test_a_path_may_be_text_and_have_any_name(mixture, tmp_path):
    path = str(tmp_path / "a name with spaces, and 'ü'")
    assert_same_estimator(mixture, there_and_back(mixture, path), "mixture")
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


def test_settings_of_a_family_come_back(tmp_path):
    family = ShiftedExponential(1.5, np.array([1.0, 2.0]), note=None)
    start = {"rates": np.array([[1.0, 0.5], [0.1, 0.05]])}
    mixture = MixtureModel(family, 2, starting_values=start, tol=1e-4).fit(WAITING + 1.5)
    again = there_and_back(mixture, tmp_path / "model", families=(ShiftedExponential,))
    assert_array_equal(again.predict_proba(WAITING + 1.5), mixture.predict_proba(WAITING + 1.5))
    assert again.params_.emission.unit == "seconds"
    assert_array_equal(again.starting_values["rates"], start["rates"])


def test_a_class_that_the_family_cannot_see_is_handed_in_too(tmp_path):
    @dataclass(frozen=True, slots=True)
    class Hidden:
        rates: np.ndarray

    class Secretive(Exponential):
        def start(self, description, n_components, rng):
            return Hidden(super().start(description, n_components, rng).rates)

        def m_step(self, stats, params, fixed=()):
            return Hidden(super().m_step(stats, params, fixed).rates)

    mixture = MixtureModel(Secretive(), 2, **QUICK).fit(WAITING)
    mixture.save(tmp_path / "model")
    with pytest.raises(ModelFileError, match=r"needs the class Hidden.*families=\(Secretive, Hidden,\)"):
        load(tmp_path / "model", families=(Secretive,))
    again = load(tmp_path / "model", families=(Secretive, Hidden))
    assert_array_equal(again.predict_proba(WAITING), mixture.predict_proba(WAITING))


def test_a_class_of_the_same_name_does_not_pass_for_ones_own(tmp_path):
    named_alike = dataclass(frozen=True)(type("Gaussian", (Gaussian,), {}))
    mixture = MixtureModel(named_alike(), 2, **QUICK).fit(X)
    mixture.save(tmp_path / "model")
    with pytest.raises(ModelFileError, match="needs the class Gaussian"):
        load(tmp_path / "model")
    assert type(load(tmp_path / "model", families=(named_alike,)).emission) is named_alike


def test_a_family_that_hides_its_settings_cannot_be_saved(tmp_path):
    class Opaque(Exponential):
        def __init__(self):
            self.setting = 3

    mixture = MixtureModel(Opaque(), 2, **QUICK).fit(WAITING)
    with pytest.raises(ValueError, match="Opaque with settings: make it a dataclass"):
        mixture.save(tmp_path / "model")
    assert os.listdir(tmp_path) == []


def test_families_are_classes(saved):
    with pytest.raises(ValueError, match="should be classes, such as Exponential"):
        load(saved, families=(Exponential(),))


# -- what cannot be saved ------------------------------------------------------------------------------


NO_LONGER = [
    ("mixture", {"n_components": 3}, "3"),
    ("mixture", {"covariance_type": "diag"}, "diag Gaussian"),
    ("mixture", {"means_init": object()}, "means_init is a object, which a file cannot hold"),
    ("mixture", {"tol": -1}, "tol=-1"),
    ("mixture", {"verbose": "much"}, "verbose is 'much'"),
    ("strings", {"n_components": 3}, "2 states where n_components=3"),
    ("strings", {"startprob": "uniform"}, "no chain that starts 'uniform'"),
    ("strings", {"transmat_init": object()}, "transmat_init is a object, which a file cannot hold"),
    ("strings", {"categories": ["a", "c"]}, "alphabet is not that of its settings"),
    ("strings", {"categories": np.array(["2020-01-01"], dtype="datetime64[D]")}, "which a file cannot hold"),
    ("cvb0", {"n_components": 3}, "not those of 3 topics and 20 words"),
    ("cvb0", {"inference": "gibbs"}, "inference='gibbs'"),
    ("cvb0", {"max_iter": 2.5}, "max_iter"),
    ("cvb0", {"doc_topic_prior": object()}, "doc_topic_prior is a object, which a file cannot hold"),
    ("texts", {"vectorizer": {"tokenizer": str.split}}, "which a file cannot hold"),
]


@pytest.mark.parametrize(("name", "setting", "message"), NO_LONGER)
def test_settings_that_no_longer_fit_the_model_are_refused(name, setting, message, tmp_path):
    model = copy.deepcopy(subject(name)).set_params(**setting)
    with pytest.raises(ValueError, match=rf"this {type(model).__name__} cannot be saved: .*{message}"):
        model.save(tmp_path / "model")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "settings",
    [{"tokenizer": str.split, "token_pattern": None}, {"analyzer": str.split}, {"dtype": np.int32}],
)
def test_a_function_of_ones_own_cannot_be_saved(settings, tmp_path):
    model = lda(vectorizer={**EVERY, **settings}).fit(TEXTS)
    with pytest.raises(ValueError, match=r"LatentDirichletAllocation cannot be saved: .* a file cannot hold"):
        model.save(tmp_path / "model")


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


@pytest.mark.parametrize("where", ["writing", "replacing"])
def test_a_process_killed_while_it_saves_leaves_the_old_file(mixture, where, tmp_path):
    path = tmp_path / "model"
    old = GaussianMixture.from_parameters([1.0], [[0.0]], [[[1.0]]])
    old.save(path)
    before = path.read_bytes()

    def task():
        write, countdown = np.lib.format.write_array, iter([True, True])
        if where == "writing":
            np.lib.format.write_array = lambda *args, **how: (
                write(*args, **how) if next(countdown, 0) else dies()
            )
        else:
            os.replace = dies
        mixture.save(path)

    _, status = os.waitpid(in_a_process(task), 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
    assert len(os.listdir(tmp_path)) == 2  # it was in the midst of it
    assert path.read_bytes() == before
    assert_array_equal(load(path).means_, old.means_)
    mixture.save(path)
    assert_same_estimator(mixture, load(path), "mixture")


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


def loads_the_same_or_is_refused(name, path):
    try:
        again = load(path)
    except ModelFileError as error:
        message = str(error)
    else:
        assert_same_estimator(subject(name), again, name)
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
    loads_the_same_or_is_refused("mixture", scratch)


def test_a_flipped_bit_anywhere_in_the_directory_is_noticed_or_harmless(mixture, saved, scratch):
    content = saved.read_bytes()
    outcomes = set()
    for position in range(content.index(b"PK\1\2"), len(content), 11):
        scratch.write_bytes(content[:position] + bytes([content[position] ^ 0xFF]) + content[position + 1 :])
        outcomes.add(loads_the_same_or_is_refused("mixture", scratch))
    assert outcomes == {True, False}


@pytest.mark.parametrize("name", ["strings", "a stream of words", "imputer"])
def test_flipped_bits_of_other_kinds_are_noticed_or_harmless(name, tmp_path):
    path, outcomes = tmp_path / "model", set()
    subject(name).save(path)
    content, rng = path.read_bytes(), np.random.default_rng(0)
    for position in rng.integers(len(content), size=100):
        flipped = bytearray(content)
        flipped[position] ^= int(rng.integers(1, 256))
        path.write_bytes(flipped)
        outcomes.add(loads_the_same_or_is_refused(name, path))
    assert False in outcomes


@pytest.mark.parametrize(("name", "step"), [("mixture", 97), ("counts", 211), ("vb", 401), ("imputer", 401)])
def test_a_file_cut_short_is_refused(name, step, tmp_path):
    path = tmp_path / "model"
    subject(name).save(path)
    content = path.read_bytes()
    for length in {*range(0, len(content), step), *range(len(content) - 60, len(content))}:
        path.write_bytes(content[:length])
        assert not loads_the_same_or_is_refused(name, path)


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
