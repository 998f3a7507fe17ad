"""A fault of latently's own is not taken for data that allow no answer, wherever a part can be left out."""

from types import SimpleNamespace

import numpy as np
import pandas
import polars
import pytest

from latently import GaussianImputer, GaussianMixture, MixedImputer, datasets
from latently.checks.columns import as_table
from latently.checks.refusals import meant
from latently.cli.hints import hints
from latently.cli.options import family_name
from latently.cli.tables.families import columns_and_families
from latently.cli.tables.read import table_of
from latently.cli.whole import allowed, whole_of
from latently.core.errors import FitError, ObjectiveFellError, unless_refused
from latently.emissions import Columns
from latently.report.imputation import ImputationAnalysis, MixedAnalysis
from latently.report.topics import run_trials
from latently.sources.base import located
from tests.command import QUAKES, assert_one_clear_line, written
from tests.surface.test_report_topics import COUNTS, collection

DO_NOT_FIT = "operands could not be broadcast"
AIR = pandas.DataFrame(datasets.load_airquality().data[:, :4], columns=["Ozone", "Solar.R", "Wind", "Temp"])


def fault(*_, **__):
    np.zeros(2) + np.zeros(3)


def raises(error):
    def raising(*_, **__):
        raise error

    return raising


@pytest.mark.parametrize(
    "fails", [fault, raises(ObjectiveFellError("it fell")), raises(ValueError("of another library"))]
)
def test_what_can_be_left_out_is_left_out_where_it_is_refused_only(fails):
    assert unless_refused(lambda: 1) == 1
    assert unless_refused(lambda: GaussianMixture(3).fit([[1.0], [2.0]])) is None
    assert unless_refused(raises(FitError("it shrank"))) is None
    with pytest.raises(ValueError, match=r"it fell|of another|operands"):
        unless_refused(fails)


PARTS = {"little_mcar_test": "test", "overimpute": "overimputation", "dispersed_starts": "starts"}


@pytest.mark.parametrize("check", PARTS)
def test_checks_of_an_imputation(monkeypatch, check):
    imputer, where = GaussianImputer(n_parameter_draws=0).fit(AIR), "latently.report.imputation.analysis"
    monkeypatch.setattr(f"{where}.{check}", raises(FitError("too few")))
    assert getattr(ImputationAnalysis(imputer, AIR, "air.csv"), PARTS[check]) is None
    monkeypatch.setattr(f"{where}.{check}", fault)
    with pytest.raises(ValueError, match=DO_NOT_FIT):
        getattr(ImputationAnalysis(imputer, AIR, "air.csv"), PARTS[check])


def test_the_check_of_an_imputation_of_a_mixed_table(monkeypatch):
    table = AIR.assign(windy=np.where(AIR["Wind"] > 9, "yes", "no"))
    a = MixedAnalysis(MixedImputer(1, n_parameter_draws=0).fit(table), table, "air.csv")
    for fails, error in (raises(FitError("too few")), None), (fault, DO_NOT_FIT):
        monkeypatch.setattr(MixedImputer, "fit", fails)
        vars(a).pop("check", None)
        if error is None:
            assert a.check is None
        else:
            with pytest.raises(ValueError, match=error):
                _ = a.check


def test_trials_of_numbers_of_topics(monkeypatch):
    monkeypatch.setattr("latently.report.topics.trials.held_out_perplexity", raises(FitError("too few")))
    assert run_trials(collection(COUNTS), [2], 0, {}) == []
    monkeypatch.setattr("latently.report.topics.trials.held_out_perplexity", fault)
    with pytest.raises(ValueError, match=DO_NOT_FIT):
        run_trials(collection(COUNTS), [2], 0, {})


def test_a_hint_at_clusters(monkeypatch):
    data = SimpleNamespace(choice=SimpleNamespace(X=polars.DataFrame({"a": [1.0, 1.0]})))
    monkeypatch.setattr("latently.cli.hints._time", lambda _: [])
    assert list(hints(data, 1, 0)) == []
    monkeypatch.setattr(GaussianMixture, "fit", fault)
    with pytest.raises(ValueError, match=DO_NOT_FIT):
        list(hints(data, 1, 0))


def test_a_family_that_a_series_may_be_of(run, here, monkeypatch):
    (here / "t.csv").write_text(written([["count"], *QUAKES.data.tolist()]))
    monkeypatch.setattr("latently.emissions.negative_binomial.NegativeBinomial.m_step", fault)
    code, out, err = run("segment", "t.csv", "-k", "2")
    assert_one_clear_line(
        code, out, err, "a fault of latently's own (ValueError: the only fit failed, because"
    )


OPTIONS = {  # what reads an option, by what it calls
    "latently.emissions.registry.family_of": lambda _: family_name("poisson"),
    "latently.cli.tables.families.family_of": lambda _: columns_and_families(
        table_of(b"a\n1", "t"), "a:poisson"
    ),
    "latently.checks.settings.bytes_of": lambda _: allowed("1GB"),
    "latently.sources.files.paths_of": lambda path: whole_of(
        path, SimpleNamespace(memory="1", scheduler=None)
    ),
}


@pytest.mark.parametrize("called", OPTIONS)
def test_an_option(monkeypatch, tmp_path, called):
    path = tmp_path / "t.csv"
    path.write_text("a\n1\n")
    monkeypatch.setattr(called, fault)
    with pytest.raises(ValueError, match=DO_NOT_FIT):
        OPTIONS[called](path)


def located_fault():
    with located(SimpleNamespace(where="part 2")):
        fault()


@pytest.mark.parametrize(
    ("called", "do", "said"),
    [
        (
            "latently.emissions.columns.groups.family_of",
            lambda t: Columns({"a": "poisson"}).learned(t),
            "column 'a'",
        ),
        (
            "latently.emissions.categories.alphabet_of",
            lambda t: Columns({"a": "categorical"}).learned(t),
            "column 'a'",
        ),
        (None, lambda _: located_fault(), "part 2"),
    ],
)
def test_a_fault_stays_one_where_it_is_told_of_what(monkeypatch, called, do, said):
    if called:
        monkeypatch.setattr(called, fault)
    with pytest.raises(ValueError, match=f"{said}: {DO_NOT_FIT}") as caught:
        do(as_table({"a": [1, 2, 1]}))
    assert not meant(caught.value)
