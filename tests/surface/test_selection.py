"""One search over settings: what it keeps, what it forgives, and how it chooses."""

import gc
import weakref

import numpy as np
import pandas
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator

from latently import GaussianMixture, datasets, select
from latently.core.findings import Finding

FAITHFUL = datasets.load_faithful().data
LONELY = Finding("few rows", "rests on a row", severity="grave")
MIXTURE = GaussianMixture(n_init=1, tol=1e-5, random_state=0)


class Stub(BaseEstimator):
    """Fits nothing: its BIC is `score`, and it says of itself what it is told to."""

    def __init__(self, n_components=1, score=0.0, kind="plain", diagnostics=(), fails=None):
        self.n_components = n_components
        self.score = score
        self.kind = kind
        self.diagnostics = diagnostics
        self.fails = fails

    def fit(self, X):
        if self.fails:
            raise ValueError(self.fails)
        self.diagnostics_ = self.diagnostics
        self.log_likelihood_ = -self.score / 2
        self.n_parameters_ = self.n_components
        self.converged_ = True
        return self

    def bic(self):
        return self.score

    def aic(self):
        return -self.score


def params_of(selection):
    return [tuple(row[name] for name in selection.names) for row in selection.table_]


# -- the table -----------------------------------------------------------------------------------------


def test_each_row_is_the_fit_of_its_combination():
    grid = {"covariance_type": ["diag", "tied"], "n_components": [1, 2]}
    selection = select(MIXTURE, FAITHFUL, grid)
    assert params_of(selection) == [("diag", 1), ("diag", 2), ("tied", 1), ("tied", 2)]
    for row in selection.table_:
        settings = {name: row[name] for name in grid}
        alone = GaussianMixture(n_init=1, tol=1e-5, random_state=0, **settings).fit(FAITHFUL)
        assert row.pop("seconds") > 0
        assert row == {
            **settings,
            "bic": alone.bic(),
            "aic": alone.aic(),
            "log_likelihood": alone.log_likelihood_,
            "n_parameters": alone.n_parameters_,
            "converged": True,
            "diagnostics": (),
            "warnings": (),
            "failure": None,
            "skipped": None,
            "sample": None,
        }


def test_a_seeded_search_repeats():
    tables = [select(MIXTURE, FAITHFUL, {"n_components": [1, 2, 3]}).table_ for _ in range(2)]
    for row in (*tables[0], *tables[1]):
        del row["seconds"]
    assert tables[0] == tables[1]


def test_dicts_of_a_list_follow_each_other_and_share_their_columns():
    grid = [{"n_components": [2], "kind": ["a", "b"]}, {}, {"score": [-1.0]}]
    selection = select(Stub(), FAITHFUL, grid)
    assert selection.names == ("n_components", "kind", "score")
    assert params_of(selection) == [(2, "a", 0.0), (2, "b", 0.0), (1, "plain", 0.0), (1, "plain", -1.0)]
    assert selection.best_params_ == {"n_components": 1, "kind": "plain", "score": -1.0}


def test_numbers_of_numpy_become_plain_ones():
    selection = select(Stub(), FAITHFUL, {"n_components": np.arange(1, 3), "score": np.array([0.5])})
    assert [type(value) for row in params_of(selection) for value in row] == [int, float] * 2


def test_a_frame_can_be_made_of_the_table():
    selection = select(Stub(), FAITHFUL, {"n_components": [1, 2], "fails": [None, "no"]})
    frame = pandas.DataFrame(selection.table_)
    assert frame["bic"].isna().tolist() == [False, True, False, True]
    assert frame["n_components"].tolist() == [1, 1, 2, 2]


# -- the choice ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def searches():
    grid = {"n_components": range(1, 5)}
    return {criterion: select(MIXTURE, FAITHFUL, grid, criterion) for criterion in ("bic", "aic", "icl")}


@pytest.mark.parametrize("criterion", ["bic", "aic", "icl"])
def test_the_best_is_lowest_by_the_criterion(searches, criterion):
    selection = searches[criterion]
    values = [row[criterion] for row in selection.table_]
    assert selection.criterion == criterion
    assert selection.best_index_ == np.argmin(values)
    assert selection.best_params_ == {"n_components": 1 + np.argmin(values)}
    assert selection.best_.n_components == selection.best_params_["n_components"]
    assert getattr(selection.best_, criterion)(FAITHFUL) == pytest.approx(min(values), rel=1e-12)


def test_the_criteria_do_not_always_agree(searches):
    # So the test above can tell them apart.
    assert searches["bic"].best_index_ != searches["aic"].best_index_


@pytest.mark.parametrize(
    ("criterion", "penalty"),
    [
        ("bic", lambda p, n: p * np.log(n)),
        ("aic", lambda p, n: 2 * p),
        ("sabic", lambda p, n: p * np.log((n + 2) / 24)),
        ("caic", lambda p, n: p * (1 + np.log(n))),
        ("hq", lambda p, n: 2 * p * np.log(np.log(n))),
        ("aic3", lambda p, n: 3 * p),
    ],
)
def test_criteria_charge_for_parameters_by_the_weight_of_the_rows(criterion, penalty):
    weights = np.arange(len(FAITHFUL)) % 3
    (row,) = select(
        MIXTURE, FAITHFUL, {"n_components": [1]}, criterion, sample_weight=weights, search="sequential"
    ).table_
    expected = -2 * row["log_likelihood"] + penalty(5, weights.sum())
    assert row[criterion] == pytest.approx(expected, rel=1e-12)


@pytest.mark.filterwarnings("ignore::latently.core.errors.WeightWarning")
def test_what_rows_of_too_little_weight_cannot_decide_is_no_choice():
    # log log n is none where the weights sum to one
    with pytest.raises(ValueError, match="hq is -inf"):
        select(MIXTURE, FAITHFUL, {"n_components": [1]}, "hq", sample_weight=np.full(272, 1 / 272))


def test_a_callable_gets_the_fitted_estimator_and_the_rows():
    held_out = FAITHFUL[::2]

    def surprise(fitted, X):
        assert X is FAITHFUL
        return -fitted.score(held_out)

    selection = select(MIXTURE, FAITHFUL, {"n_components": [1, 2]}, surprise)
    assert selection.criterion == "surprise"
    assert [row["surprise"] for row in selection.table_][1] == -selection.best_.score(held_out)
    assert {"bic", "aic"} < set(selection.table_[0])


def test_of_equals_the_first_is_chosen():
    assert select(Stub(), FAITHFUL, {"kind": ["a", "b"]}).best_params_ == {"kind": "a"}


def test_a_spurious_maximum_loses_to_any_other():
    grid = [
        {"diagnostics": [(LONELY,)], "score": [-5.0, 5.0]},
        {"diagnostics": [()], "score": [2.0, 1.0]},
    ]
    assert select(Stub(), FAITHFUL, grid).best_params_ == {"diagnostics": (), "score": 1.0}
    assert select(Stub(), FAITHFUL, grid[::-1]).best_params_ == {"diagnostics": (), "score": 1.0}


def test_among_spurious_maxima_the_lowest_is_chosen():
    grid = {"score": [2.0, 1.0, 3.0]}
    assert select(Stub(diagnostics=(LONELY,)), FAITHFUL, grid).best_params_ == {"score": 1.0}


def test_diagnostics_of_a_mixture_reach_the_table_and_the_choice():
    x = np.concatenate([np.random.default_rng(0).normal(size=30), np.full(20, 0.5)])[:, None]
    selection = select(MIXTURE, x, {"n_components": [1, 2]})
    assert selection.table_[1]["bic"] < selection.table_[0]["bic"]
    assert selection.table_[1]["diagnostics"][0].numbers["on_floor"]
    assert "spurious" in selection.table_[1]["warnings"][0]
    assert selection.best_.n_components == 1


# -- what goes wrong -----------------------------------------------------------------------------------


def test_a_failing_fit_is_recorded_and_the_search_goes_on():
    selection = select(MIXTURE, FAITHFUL, {"n_components": [1, 300, 2]})
    (failed,) = selection.failures_
    assert failed[0] == {"n_components": 300}
    assert "lower n_components" in failed[1]
    row = selection.table_[1]
    assert row["failure"] == failed[1]
    assert [row[name] for name in ("bic", "aic", "log_likelihood", "n_parameters", "converged")] == [None] * 5
    assert selection.best_params_ == {"n_components": 2}


def test_an_engine_failure_is_one_of_the_row():
    x = np.repeat(np.arange(4.0), 5)[:, None]
    grid = {"reg_covar": [0, 1e-6], "n_components": [4]}
    selection = select(GaussianMixture(n_init=2, random_state=0), x, grid)
    assert "singular" in selection.table_[0]["failure"] or "positive" in selection.table_[0]["failure"]
    assert selection.table_[1]["failure"] is None


def test_a_criterion_that_fails_or_is_no_number_fails_its_row():
    def fussy(fitted, X):
        if fitted.n_components == 2:
            raise ValueError("two is one too many")
        return np.nan if fitted.n_components == 3 else 0.0

    selection = select(Stub(), FAITHFUL, {"n_components": [1, 2, 3]}, fussy)
    assert [row["failure"] for row in selection.table_] == [
        None,
        "two is one too many",
        "fussy is not a number",
    ]
    assert selection.table_[2]["bic"] is None


def test_if_all_fail_the_first_reason_is_told():
    with pytest.raises(ValueError, match=r"all 2 fits failed; the first because column 0 has no observed"):
        select(MIXTURE, np.full((5, 2), np.nan), {"n_components": [1, 2]})


def test_what_is_not_about_the_data_is_not_swallowed():
    def broken(fitted, X):
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        select(Stub(), FAITHFUL, {"n_components": [1]}, broken)


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ({}, "grid is empty"),
        ([], "grid is empty"),
        ([{}], "grid is empty"),
        (
            {"n_component": [1]},
            r"'n_component', which is no setting of GaussianMixture; it has .*n_components",
        ),
        ({"n_components": []}, "no values for 'n_components'"),
        ({"n_components": 3}, r"n_components=3: should be a list of values, such as \[3\]"),
        (
            {"covariance_type": "full"},
            r"covariance_type='full': should be a list of values, such as \['full'\]",
        ),
        (["n_components"], "grid holds 'n_components': should be a dict"),
    ],
)
def test_an_unusable_grid_is_refused_before_any_fit(grid, message):
    def never(*args):
        raise AssertionError("a fit was begun")

    with pytest.raises(ValueError, match=message):
        select(MIXTURE, FAITHFUL, grid, progress=never)


def test_an_unknown_criterion_is_refused():
    with pytest.raises(ValueError, match=r"criterion='loo': should be 'bic', 'aic', 'icl'"):
        select(MIXTURE, FAITHFUL, {"n_components": [1]}, "loo")


def test_warnings_go_to_the_table_only():
    # filterwarnings = error: a warning that came out would fail this test.
    selection = select(
        GaussianMixture(n_init=1, max_iter=3, random_state=0), FAITHFUL, {"n_components": [1, 3]}
    )
    assert [row["converged"] for row in selection.table_] == [True, False]
    assert selection.table_[0]["warnings"] == ()
    assert "max_iter=3" in selection.table_[1]["warnings"][0]


# -- manners -------------------------------------------------------------------------------------------


def test_the_estimator_stays_as_it_is():
    stub = Stub(n_components=7)
    selection = select(stub, FAITHFUL, {"n_components": [1, 2]})
    assert vars(stub) == vars(Stub(n_components=7))
    assert selection.best_ is not stub


def test_only_the_best_is_kept():
    fitted = []

    def note(estimator, X):
        fitted.append(weakref.ref(estimator))
        return estimator.score

    selection = select(Stub(), FAITHFUL, {"score": [3.0, 1.0, 2.0]}, note)
    gc.collect()
    assert [reference() for reference in fitted] == [None, selection.best_, None]


def test_weights_reach_the_fit_and_the_criterion():
    weights = np.arange(len(FAITHFUL)) % 3
    repeated = np.repeat(FAITHFUL, weights, axis=0)
    means = [[2.0, 55.0], [4.3, 80.0]]
    mixture = GaussianMixture(2, means_init=means)
    grid = {"covariance_type": ["full", "diag"]}
    for criterion in ("bic", "icl"):
        weighted = select(mixture, FAITHFUL, grid, criterion, sample_weight=weights)
        plain = select(mixture, repeated, grid, criterion)
        values = [[row[criterion] for row in selection.table_] for selection in (weighted, plain)]
        assert values[0] == pytest.approx(values[1], rel=1e-9)


def test_progress_is_told_before_each_fit():
    calls = []
    select(Stub(), FAITHFUL, {"n_components": [3, 4]}, progress=lambda *call: calls.append(call))
    assert calls == [(0, 2, {"n_components": 3}), (1, 2, {"n_components": 4})]


def test_a_bar_is_shown_if_asked_for(capsys):
    select(Stub(), FAITHFUL, {"n_components": [1, 2]})
    assert capsys.readouterr() == ("", "")
    select(Stub(), FAITHFUL, {"n_components": [1, 2]}, verbose=1)
    assert "2/2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("best", "tried", "edge"),
    [
        (4, [1, 2, 3, 4], "the best n_components, 4, is the largest that was tried: try larger ones"),
        (2, [2, 3, 4], "the best n_components, 2, is the smallest that was tried: try smaller ones"),
        (1, [1, 2, 3], None),
        (3, [4, 3, 2], None),
        (3, [3], None),
    ],
)
def test_a_best_number_of_components_at_the_edge_is_told(best, tried, edge):
    selection = select(
        Stub(), FAITHFUL, {"n_components": tried}, lambda fitted, X: abs(fitted.n_components - best)
    )
    assert selection.best_params_ == {"n_components": best}
    assert selection.edge_ == edge
    assert str(selection).endswith(edge or "lambda>")


def test_the_edge_is_that_of_the_best_kind():
    grid = [{"kind": ["a"], "n_components": [1, 2]}, {"kind": ["b"], "n_components": [1, 2, 3]}]
    selection = select(
        Stub(), FAITHFUL, grid, lambda fitted, X: (fitted.kind, fitted.n_components) != ("a", 2)
    )
    assert "2, is the largest" in selection.edge_


def test_without_numbers_of_components_there_is_no_edge():
    assert select(Stub(), FAITHFUL, {"kind": ["a", "b"]}).edge_ is None


def test_printed_it_is_an_aligned_table_with_the_best_marked():
    grid = {"n_components": [9, 10], "diagnostics": [(), (LONELY,)], "fails": [None, "no luck"]}
    lines = repr(select(Stub(score=1234.5), FAITHFUL, grid)).splitlines()
    heading, *rows, legend = lines
    assert heading.split() == [
        *("n_components", "diagnostics", "fails", "bic", "aic"),
        *("log_likelihood", "n_parameters", "converged", "remarks"),
    ]
    assert [row.startswith("*") for row in rows] == [True] + [False] * 7
    end = heading.index("bic") + len("bic")
    assert [row[:end].split()[-1] for row in rows] == ["1234.50", "-"] * 4
    assert all(row[end : end + 1] == " " for row in rows)
    assert rows[1].endswith("failed: no luck")
    assert rows[2].endswith("spurious: rests on a row")
    assert legend.startswith("* lowest bic")


def test_arrays_in_the_grid_are_values_like_any_other():
    means = [np.array([[2.0, 55.0], [4.3, 80.0]]), np.array([[4.3, 80.0], [2.0, 55.0]])]
    selection = select(GaussianMixture(2), FAITHFUL, {"means_init": means, "n_components": [2]})
    assert_array_equal(selection.best_.means_init, selection.best_params_["means_init"])
    assert selection.edge_ is None
    assert str(selection)
