"""A search that fits only what may be the best: it stops where it may, and chooses what all fits would."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import load_iris

from latently import GaussianMixture, PoissonHMM, datasets, select
from latently.core.errors import SpuriousMaximumWarning
from latently.core.findings import Finding
from latently.core.moves import Climber
from latently.estimators.likelihood.in_a_search import InASearch, ToBeat
from latently.selection import rows
from latently.selection.order import Scale

FEW_ROWS = Finding("few rows", "rests on a row", severity="grave")
STRUCTURES = ["full", "tied", "diag", "spherical"]


class Scored(BaseEstimator):
    """Fits nothing: its BIC is that of its kind and number of components; below zero it is spurious."""

    def __init__(self, n_components=1, kind="a"):
        self.n_components = n_components
        self.kind = kind

    def fit(self, X):
        score = self.TABLE[self.kind][self.n_components - 1]
        if score is None:
            raise ValueError("no")
        self.score, self.diagnostics_ = score, (FEW_ROWS,) if score < 0 else ()
        return self

    def bic(self):
        return self.score


def searched(**table):
    """Which numbers were tried of each kind, and the search."""
    kinds = list(table)
    n = len(table[kinds[0]])
    estimator = type("Scored", (Scored,), {"TABLE": table})()
    found = select(estimator, [[0.0]], {"kind": kinds, "n_components": range(1, n + 1)}, search="sequential")
    tried = {
        kind: [r["n_components"] for r in found.table_ if r["kind"] == kind and not r["skipped"]]
        for kind in kinds
    }
    return tried, found


def test_numbers_end_where_the_criterion_has_clearly_risen_twice():
    tried, _ = searched(a=[50.0, 40.0, 47.0, 45.0, 48.0, 30.0, 37.0])
    assert tried == {"a": [1, 2, 3, 4, 5, 6, 7]}  # 47 and 48 are clear, and 45 stands between them
    tried, found = searched(a=[50.0, 40.0, 47.0, 48.0, 0.0])
    assert tried == {"a": [1, 2, 3, 4]}
    assert found.best_params_ == {"kind": "a", "n_components": 2}
    assert [row["skipped"] for row in found.table_] == [None] * 4 + ["bic had clearly risen twice"]
    assert found.failures_ == []
    assert found.edge_ is None
    assert "not tried: bic had" in str(found)


def test_what_is_out_of_reach():
    """Bayes: minus twice the log-likelihood that may be hoped for, and what parameters cost."""
    to_beat = ToBeat("bic", 1000.0)
    assert not to_beat.out_of_reach([-490.0], 10, np.exp(4.0))  # 1020 - 40 may come
    assert to_beat.out_of_reach([-501.0], 10, np.exp(4.0))
    assert to_beat.out_of_reach([-495.0, -495.0], 10, np.exp(4.0))  # twice as many starts, half the hope
    assert not to_beat.out_of_reach([-495.0, -504.0], 10, np.exp(4.0))  # maxima differ: there may be others
    assert to_beat.out_of_reach([-600.0, -496.0, -495.0], 10, np.exp(4.0))  # the highest hardly do
    assert not to_beat.out_of_reach([-501.0], 10, np.exp(4.0), excess=0.5)  # more rows still count
    assert ToBeat("icl", 1000.0).out_of_reach([-501.0], 10, np.exp(4.0))
    assert not ToBeat("aic", 1000.0).out_of_reach([-501.0], 10, np.exp(4.0))


@pytest.mark.parametrize(
    ("K", "X", "bic"),
    [(3, datasets.load_faithful().data[::2], 1250.0), (2, datasets.load_faithful().data, 2400.0)],
    ids=["moves", "starts alone"],
)
def test_a_fit_that_cannot_be_the_best_takes_no_more_starts(K, X, bic):
    model, runs = GaussianMixture(K, covariance_type="diag" if K > 2 else "full", random_state=0), {}
    for value in (None, np.inf, bic, 0.0):
        mixture = clone(model)
        mixture._in_a_search = None if value is None else InASearch(ToBeat("bic", value), brief=value == 0.0)
        runs[value] = len(mixture.fit(X).restarts_.runs)
    assert runs[None] == runs[np.inf] == runs[bic] > runs[0.0] == 4
    mixture._in_a_search = InASearch(ToBeat("bic", 0.0), known=2)  # by which it was thought within reach
    assert len(mixture.fit(X).restarts_.runs) in (runs[None], 12)


def test_a_sample_of_the_rows_tells_which_fit_cannot_be_the_best():
    X = _clusters()
    mixture = GaussianMixture(4, random_state=0).fit(X)
    least = mixture.bic() - 2 * (20 + mixture.n_parameters_)  # no start comes there
    runs = len(mixture.restarts_.runs)
    mixture._in_a_search = InASearch(ToBeat("bic", least - 100), brief=True)
    assert len(mixture.fit(X).restarts_.runs) == 4 < runs


def test_in_a_search_moves_begin_at_maxima_that_can_be_trusted(monkeypatch):
    climbed, begun = Climber.climbed, []
    monkeypatch.setattr(
        Climber,
        "climbed",
        lambda self, end, rng: begun.append(bool(end.diagnostics)) or climbed(self, end, rng),
    )
    X = np.vstack([np.random.default_rng(1).normal(size=(40, 2)), np.full((3, 2), 9.0)])
    mixture = GaussianMixture(3, random_state=0)
    with pytest.warns(SpuriousMaximumWarning):
        mixture.fit(X)
    assert any(begun)
    begun.clear()
    mixture._in_a_search = InASearch(ToBeat("bic", 1e9))
    with pytest.warns(SpuriousMaximumWarning):
        mixture.fit(X)
    assert not any(begun)


def test_only_those_that_may_be_the_best_are_fitted_at_length():
    X, calls = datasets.load_faithful().data, []
    model, grid = GaussianMixture(random_state=0), {"n_components": range(1, 5)}
    found = select(model, X, grid, search="sequential", progress=lambda i, n, params: calls.append((i, n)))
    every = select(model, X, grid)
    assert found.best_params_ == every.best_params_ == {"n_components": 2}
    assert str(found.best_.restarts_) == str(every.best_.restarts_)
    assert found.best_.log_likelihood_ == every.best_.log_likelihood_
    assert len(found.best_.restarts_.runs) > 8
    assert found.best_._in_a_search is None
    assert calls[:4] == [(0, 4), (1, 4), (2, 4), (3, 4)]
    assert [i for i, _ in calls[4:]] == list(range(len(calls[4:])))
    assert 0 < len(calls[4:]) < 4


@pytest.mark.parametrize("again", [9.0, 12.0])
def test_the_better_of_two_fits_is_kept(again):
    """Without a seed the second may be worse."""

    class Fickle(Scored):
        TABLE, fits = {"a": [10.0]}, []

        def fit(self, X):
            super().fit(X)
            self.score = again if self.fits else self.score
            self.fits.append(self.score)
            self.restarts_ = SimpleNamespace(_left_open=(0.0,) if len(self.fits) == 1 else None)
            return self

    found = select(Fickle(), [[0.0]], {"n_components": [1]}, search="sequential")
    assert Fickle.fits == [10.0, again]
    assert found.table_[0]["bic"] == found.best_.bic() == min(10.0, again)


def test_another_kind_of_model_ends_where_it_cannot_come_near():
    _, first = searched(a=[50.0, 40.0, 47.0])
    estimator, grid = type("Other", (Scored,), {"TABLE": {"a": [100.0, 90.0, 80.0, 79.0]}})(), range(1, 5)
    other = select(estimator, [[0.0]], {"n_components": grid}, search="sequential", to_beat=first)
    assert [row["skipped"] is None for row in other.table_] == [True, True, True, False]
    assert "too little" in other.table_[3]["skipped"]
    assert other.best_params_ == {"n_components": 3}
    with pytest.raises(ValueError, match="to_beat was chosen by 'bic', and this is a search by 'aic'"):
        select(GaussianMixture(), [[0.0], [1.0]], {"n_components": [1]}, "aic", to_beat=first)
    with pytest.raises(ValueError, match="should be a Selection or None"):
        select(estimator, [[0.0]], {"n_components": grid}, to_beat=first.best_)


def test_a_kind_ends_where_it_cannot_come_near_the_lowest():
    tried, found = searched(a=[100.0, 60.0, 20.0, 10.0, 5.0, 4.0], b=[100.0, 90.0, 80.0, 79.0, 78.0, 77.0])
    assert tried["a"] == [1, 2, 3, 4, 5, 6]
    assert tried["b"] == [1, 2, 3]  # three times ten less would be 50, and 20 was there
    assert "too little" in found.table_[-1]["skipped"]


def test_a_kind_that_is_behind_ends_where_it_has_risen_once():
    leading, behind = [100.0, 60.0, 20.0, 27.0, 28.0, 29.0], [100.0, 80.0, 40.0, 50.0, 50.0, 0.0]
    tried, found = searched(a=leading, b=behind)
    assert tried == {"a": [1, 2, 3, 4, 5], "b": [1, 2, 3, 4]}
    assert "clearly above the lowest" in found.table_[-1]["skipped"]


@pytest.mark.parametrize(
    ("figures", "tried"),
    [
        ([-9.0, -8.0, -7.0, -6.0], [1]),  # one component rests on too few rows, so any would
        ([None, 3.0, 2.0, 1.0], [1]),
        ([9.0, -8.0, -7.0, 1.0], [1, 2, 3]),
        ([9.0, None, 8.0, 1.0], [1, 2, 3, 4]),
    ],
)
def test_fits_that_are_none_count_as_risen(figures, tried):
    assert searched(a=figures, b=[5.0] * 4)[0]["a"] == tried


def test_if_all_fail_the_first_reason_is_told():
    with pytest.raises(ValueError, match="the only fit failed, because no"):
        searched(a=[None, 1.0])


@pytest.mark.parametrize("criterion", ["perplexity", "coherence", lambda fitted, X: 0.0])
def test_only_criteria_of_the_likelihood_tell_when_they_have_risen(criterion):
    model = GaussianMixture()
    if criterion in ("perplexity", "coherence"):
        from latently import LatentDirichletAllocation

        model = LatentDirichletAllocation()
    with pytest.raises(ValueError, match="search='sequential' cannot tell when"):
        select(model, [[0.0], [1.0]], {"n_components": [1, 2]}, criterion, search="sequential")


@pytest.mark.parametrize("search", ["auto", "starts", "moves"])
def test_each_fit_can_be_told_how_to_search(search):
    X, grid = np.random.default_rng(0).normal(size=(30, 1)), {"n_components": [1, 2]}
    found = select(GaussianMixture(random_state=0, n_init=2), X, grid, search=search)
    asked = select(GaussianMixture(random_state=0, n_init=2, search=search), X, grid)
    assert [row["bic"] for row in found.table_] == [row["bic"] for row in asked.table_]
    assert found.best_.search == search


def _of_mixture(X, most):
    grid = {"covariance_type": STRUCTURES, "n_components": range(1, most + 1)}
    return GaussianMixture(n_init=1, tol=1e-4, init_params="kmeans", random_state=0), X, grid


@pytest.mark.parametrize(
    ("model", "X", "grid"),
    [
        _of_mixture(load_iris().data, 5),
        _of_mixture(datasets.load_faithful().data, 5),
        _of_mixture(np.random.default_rng(0).normal(size=(300, 2)) @ [[3.0, 1.0], [0.0, 1.0]], 4),
        (
            PoissonHMM(n_init=2, random_state=0),
            datasets.load_earthquakes().data,
            {"n_components": range(1, 7)},
        ),
    ],
    ids=["iris", "faithful", "one cluster", "earthquakes"],
)
def test_it_chooses_what_an_exhaustive_search_chooses(model, X, grid):
    every, found = (select(model, X, grid, search=search) for search in ("exhaustive", "sequential"))
    assert found.best_params_ == every.best_params_
    assert any(row["skipped"] for row in found.table_)
    for row, same in zip(found.table_, every.table_, strict=True):
        assert row["skipped"] or row["bic"] == same["bic"]


# -- many rows -----------------------------------------------------------------------------------------


@pytest.fixture
def few(monkeypatch):
    """Samples of 500 rows, then of 2,000."""
    monkeypatch.setattr(rows, "FIRST_ROWS", 500)
    monkeypatch.setattr(rows, "ROWS_FACTOR", 4)


def _clusters(n=9000):
    rng = np.random.default_rng(3)
    shapes = np.array([[[1.0, 0.0], [0.8, 0.3]], [[0.4, 0.0], [0.0, 1.0]], [[1.0, 0.5], [-0.5, 0.4]]])
    z = rng.integers(3, size=n)
    return np.array([[0.0, 0.0], [4.0, 1.0], [1.0, 5.0]])[z] + np.einsum(
        "nij,nj->ni", shapes[z], rng.normal(size=(n, 2))
    )


def test_of_many_rows_the_best_is_chosen_on_samples_and_fitted_to_all(few):
    X = _clusters()
    model, _, grid = _of_mixture(X, 5)
    calls = []
    found = select(model, X, grid, search="sequential", progress=lambda i, n, params: calls.append((i, n)))
    assert found.best_params_ == {"covariance_type": "full", "n_components": 3}
    best = found.table_[found.best_index_]
    assert best["sample"] is None
    alone = GaussianMixture(3, n_init=1, random_state=0).fit(X)
    assert best["bic"] == found.best_.bic() == pytest.approx(alone.bic(), abs=0.1)
    asked = model.get_params() | {"covariance_type": "full", "n_components": 3}
    assert found.best_.get_params() == asked
    sampled = [row for row in found.table_ if row["sample"] is not None]
    assert {row["sample"] for row in sampled} <= {500, 2000}
    assert len(sampled) > 8
    assert calls[0] == (0, 20)
    assert calls[-1][1] < 4  # few were left in the end
    for row in sampled[:3]:
        model.set_params(covariance_type=row["covariance_type"], n_components=row["n_components"]).fit(X)
        still = row["n_parameters"] * len(X) / row["sample"]
        assert model.bic() < row["bic"] < model.bic() + 2 * still
        assert row["log_likelihood"] == pytest.approx(row["n_parameters"] - row["aic"] / 2)
    assert "of 500 rows only" in str(found)


def test_samples_only_choose_and_nothing_is_fitted_to_them_at_length(few):
    fits = []

    class Watched(GaussianMixture):
        def fit(self, X, **how):
            if not self.warm_start:
                fits.append((len(X), self._in_a_search.brief))
            return super().fit(X, **how)

    X = np.random.default_rng(0).gamma(2.0, size=(9000, 2))
    found = select(Watched(random_state=0), X, {"n_components": range(1, 7)}, search="sequential")
    assert set(fits) == {(500, True), (9000, False)}  # the best of all rows at length
    best = found.best_.set_params(warm_start=False)
    assert found.table_[found.best_index_]["bic"] <= GaussianMixture(**best.get_params()).fit(X).bic() + 1e-3


@pytest.mark.parametrize("criterion", ["icl", "sabic"])
def test_samples_keep_their_weights(few, criterion):
    X = _clusters(3000)
    model = GaussianMixture(n_init=1, tol=1e-3, random_state=0)
    grid = {"n_components": [1, 2, 3, 4]}
    plain, double = (
        select(
            model, X, grid, criterion=criterion, search="sequential", sample_weight=np.full(len(X), weight)
        )
        for weight in (1.0, 2.0)
    )
    assert plain.best_.n_components == double.best_.n_components == 3
    assert double.table_[0]["log_likelihood"] == pytest.approx(
        2 * plain.table_[0]["log_likelihood"], rel=1e-9
    )


def test_series_and_small_tables_are_fitted_whole(few):
    counts = np.random.default_rng(0).poisson(3.0, size=(1500, 1))
    found = select(
        PoissonHMM(n_init=1, random_state=0), counts, {"n_components": [1, 2]}, search="sequential"
    )
    assert [row["sample"] for row in found.table_] == [None, None]


def test_what_more_rows_take_off_a_criterion_is_expected():
    """One Gaussian, of which both the maximum of a sample and that of all rows are known."""
    rng = np.random.default_rng(0)
    n, m, d = 4000, 400, 3
    X = rng.normal(size=(n, d))
    p = d + d * (d + 1) // 2

    def deviance(some):
        mean, covariance = some.mean(axis=0), np.cov(some.T, bias=True)
        away = X - mean
        inside = np.einsum("ij,ij->", away, np.linalg.solve(covariance, away.T).T)
        return n * np.linalg.slogdet(2 * np.pi * covariance)[1] + inside

    scale = Scale("aic", n / m - 1)
    still = [
        scale.expected(
            {"aic": deviance(X[rng.permutation(n)[:m]]), "n_parameters": p, "diagnostics": (), "sample": m}
        )
        - deviance(X)
        for _ in range(400)
    ]
    error = scale.excess * np.sqrt(2 * p)
    assert abs(np.mean(still)) < 4 * error / np.sqrt(len(still)) + 0.05 * scale.excess * p
    assert np.std(still) == pytest.approx(error, rel=0.2)
