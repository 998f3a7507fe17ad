"""The bootstrap test of the number of components: its level and power, what it imposes, what it refuses."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.stats import binom

from latently import (
    CategoricalHMM,
    GaussianHMM,
    GaussianMixture,
    LatentDirichletAllocation,
    MixtureModel,
    PoissonHMM,
    datasets,
    left_right,
    likelihood_ratio_test,
)
from latently.estimators.likelihood.refits import Refit, redrawn
from latently.selection.likelihood_ratio import decided
from tests.simulations import by_night

RNG = np.random.default_rng(0)
COUNTS = RNG.poisson(np.where(np.arange(60) < 30, 2.0, 9.0))[:, None]
QUICK = {"n_init": 2, "tol": 1e-6, "max_iter": 3000}  # without a second component the likelihood is flat
ONE, TWO, THREE = (MixtureModel("poisson", k, **QUICK) for k in (1, 2, 3))


def test_what_is_found_does_not_hang_on_threads_and_is_said_in_a_sentence():
    tests = [likelihood_ratio_test(ONE, TWO, COUNTS, 9, random_state=0, n_jobs=n_jobs) for n_jobs in (1, 2)]
    assert_array_equal(tests[0].replicates, tests[1].replicates)
    test = tests[0]
    assert (test.n_replicates, test.n_failed, test.pvalue) == (9, 0, 0.1)
    alone = [model.fit(COUNTS).log_likelihood_ for model in (ONE, TWO)]
    assert test.statistic == pytest.approx(2 * (alone[1] - alone[0]), abs=1e-3)
    found = (
        f"2 components fit no better than 1 by more than chance: statistic {test.statistic:.2f}, p = 0.1 ("
    )
    assert str(test).startswith(f"At the level 0.05, {found}")
    assert str(test).endswith("by 9 replicates. More replicates might decide otherwise.")
    assert str(replace(test, pvalue=0.004, interval=(0.0, 0.03), n_failed=2)) == (
        f"At the level 0.05, 2 components fit better than 1: statistic {test.statistic:.2f}, p = 0.004 "
        "(99.9% interval 0 to 0.03) by 9 replicates. 2 replicates could not be fitted and are left out."
    )


@pytest.mark.parametrize("n", by_night(300))
def test_it_holds_its_level(n):
    rng = np.random.default_rng(1)
    data = rng.poisson(3.0, (n, 40, 1))
    tests = [likelihood_ratio_test(ONE, TWO, X, 9, level=None, random_state=2) for X in data]
    assert binom.sf(sum(test.pvalue <= 0.2 for test in tests) - 1, n, 0.2) > 1e-4
    assert sum(test.n_failed for test in tests) == 0


def test_it_stops_early_with_the_same_decision():
    counts = np.tile([3, 4], 15)[:, None]  # less dispersed than Poisson's, so that two are no better than one
    whole, part = (
        likelihood_ratio_test(ONE, TWO, counts, 9, level=level, random_state=3) for level in (None, 0.05)
    )
    assert part.n_replicates < whole.n_replicates == 9
    assert_array_equal(part.replicates, whole.replicates[: part.n_replicates])
    assert (part.pvalue <= 0.05) == (whole.pvalue <= 0.05)
    assert part.interval[0] > 0.05
    assert str(whole).startswith("Likelihood ratio of 2 components to 1: statistic ")


@pytest.mark.parametrize("p", [0.03, 0.05, 0.08])
def test_a_decision_is_wrong_at_most_once_in_a_thousand(p):
    n = np.arange(1, 400)
    higher = np.random.default_rng(4).random((2000, len(n))) < p
    n_higher = higher.cumsum(axis=1)
    at = decided(n_higher, n, 0.05)
    first = np.arange(len(higher)), at.argmax(axis=1)
    above = n_higher[first] > 0.05 * n[first[1]]
    wrong = at[first] & ((p == 0.05) | (above != (p > 0.05)))
    assert binom.sf(wrong.sum() - 1, len(higher), 0.001) > 1e-4


def test_the_published_statistic_of_old_faithful():
    """mclust's mclustBootstrapLRT(faithful, modelName = "VVV"), 1 against 2 components.

    Scrucca, L., Fop, M., Murphy, T. B. and Raftery, A. E. (2016). mclust 5. R Journal 8, 289-317.
    """
    X = datasets.load_faithful().data
    one, two = (GaussianMixture(k, n_init=1, random_state=0) for k in (1, 2))
    test = likelihood_ratio_test(one, two, X, 2, random_state=0)
    assert test.statistic == pytest.approx(319.065354, abs=1e-3)  # its EM stops a little earlier
    assert test.pvalue == 1 / 3
    assert test.replicates.max() < 40


# -- what replicates have of the data -------------------------------------------------------------------


def test_cells_that_are_missing_are_missing_in_replicates():
    X = np.random.default_rng(5).normal(size=(200, 3))
    X[::3, 0] = X[1::5, 2] = np.nan
    model = GaussianMixture(1).fit(X)
    rows = redrawn(model._model, model.params_, model._source(X), np.random.default_rng(6)).x
    assert_array_equal(np.isnan(rows), np.isnan(X))
    assert not np.isin(rows[~np.isnan(rows)], X).any()
    symbols = np.array(["a", None, "b", "a", None, "b"] * 9)
    hmm = CategoricalHMM(1).fit(symbols, lengths=[20, 34])
    source = redrawn(
        hmm._model, hmm.params_, hmm._source(symbols, lengths=[20, 34]), np.random.default_rng(7)
    )
    assert_array_equal(hmm._model.emission.observed(source.x), symbols != None)  # noqa: E711
    assert_array_equal(source.offsets, [0, 20, 54])


def test_less_is_known_of_incomplete_rows():
    X = np.random.default_rng(8).normal(size=(80, 2))
    X[::2, 0] = X[1::2, 1] = np.nan
    X[:20] += 30
    one, two = (GaussianMixture(k, covariance_type="diag", n_init=1, tol=1e-6) for k in (1, 2))
    test = likelihood_ratio_test(one, two, X, 3, random_state=0)
    assert test.statistic > test.replicates.max() + 50


def test_integer_weights_are_repeated_rows():
    weights = np.arange(60) % 3
    weighted = likelihood_ratio_test(ONE, TWO, COUNTS, 3, random_state=0, sample_weight=weights)
    repeated = likelihood_ratio_test(ONE, TWO, np.repeat(COUNTS, weights, axis=0), 3, random_state=0)
    assert weighted.statistic == pytest.approx(repeated.statistic, abs=1e-3)
    assert np.allclose(weighted.replicates, repeated.replicates, atol=1e-2)


def test_other_weights_are_those_of_rows_drawn(monkeypatch):
    seen = []
    of = Refit.of
    monkeypatch.setattr(Refit, "of", lambda *given: seen.append(given[1].weights) or of(*given))
    weights = 0.5 + np.arange(60) % 2
    likelihood_ratio_test(ONE, TWO, COUNTS, 1, n_jobs=1, sample_weight=weights)
    assert all(np.array_equal(found, weights) for found in seen)


def test_estimators_fitted_to_the_data_are_taken_as_they_are(monkeypatch):
    fitted = [model.fit(COUNTS) for model in (ONE, TWO)]
    monkeypatch.setattr(MixtureModel, "fit", None)
    assert likelihood_ratio_test(*fitted, COUNTS, 1).n_replicates == 1
    with pytest.raises(TypeError):  # of other rows
        likelihood_ratio_test(*fitted, COUNTS[1:], 1)


def test_states_of_a_chain_and_of_one_that_goes_only_ahead():
    series = np.concatenate([np.full(25, 0.0), np.full(25, 6.0)]) + np.random.default_rng(9).normal(size=50)
    quick = {"n_init": 1, "tol": 1e-5}
    test = likelihood_ratio_test(
        *(GaussianHMM(k, **quick) for k in (1, 2)), series[:, None], 3, random_state=0
    )
    assert test.pvalue == 0.25
    assert "2 states" in str(test)
    two, three = (PoissonHMM(k, transmat_init=left_right(k), **quick) for k in (2, 3))
    assert likelihood_ratio_test(two, three, COUNTS, 2, random_state=0).n_failed == 0


def test_a_larger_model_that_ends_below_the_smaller_is_a_failure_and_counted(monkeypatch):
    best, asked = Refit.best, []

    def worse(self, warm, rng, *, few=False, more=1):
        found = best(self, warm, rng, few=few, more=more)
        asked.append(more)
        return found if few or len(asked) < 4 else replace(found, log_likelihood=-1e6)

    monkeypatch.setattr(Refit, "best", worse)
    with pytest.raises(
        ValueError, match=r"all 2 replicates failed; the first because the likelihood ratio is -1\.99"
    ):
        likelihood_ratio_test(ONE, TWO, COUNTS, 2, n_jobs=1, random_state=0)
    assert asked == [1, 1, 1, 1, 4, 1, 1, 4]


# -- what is refused ------------------------------------------------------------------------------------

TABLE = np.random.default_rng(10).normal(size=(30, 2))


@pytest.mark.parametrize(
    ("small", "large", "X", "given", "message"),
    [
        (
            ONE,
            GaussianMixture(2),
            COUNTS,
            {},
            r"of another family than large \(independent Poisson, independent",
        ),
        (GaussianMixture(1), GaussianMixture(2, covariance_type="tied"), TABLE, {}, "of another family"),
        (ONE, PoissonHMM(2), COUNTS, {}, "of another family"),
        (TWO, TWO, COUNTS, {}, "small has n_components=2, large 2: large should have more"),
        (THREE, TWO, COUNTS, {}, "small has n_components=3, large 2"),
        (
            LatentDirichletAllocation(2),
            TWO,
            COUNTS,
            {},
            "small=.*should be a mixture or a hidden Markov model",
        ),
        (ONE, TWO, COUNTS, {"level": 1.0}, "level=1.0: should be a number between 0 and 1"),
        (ONE, TWO, COUNTS, {"n_replicates": 0}, "n_replicates=0"),
        (
            PoissonHMM(2, startprob="uniform", **QUICK),
            PoissonHMM(3, startprob="uniform", **QUICK),
            COUNTS,
            {},
            "small is no special case of large",
        ),
        (
            *(GaussianMixture(k, prior="ridge", n_init=1) for k in (1, 2)),
            TABLE,
            {},
            "there is a prior",
        ),
        (
            *(PoissonHMM(k, **QUICK) for k in (1, 2)),
            COUNTS,
            {"states": np.zeros(60, dtype=int)},
            "states are known",
        ),
        (GaussianMixture(1, n_init=1).fit(TABLE), GaussianMixture(2), TABLE[:, :1], {}, "X has 1 features"),
        (ONE, MixtureModel("poisson", 2, fixed=("weights",)), COUNTS, {}, "fixed=.*all of whose parameters"),
    ],
)
def test_what_cannot_be_compared_is_refused(small, large, X, given, message):
    with pytest.raises(ValueError, match=message) as refused:
        likelihood_ratio_test(small, large, X, **{"n_replicates": 1, "random_state": 0} | given)
    assert "\n" not in str(refused.value)
