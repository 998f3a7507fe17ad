"""What to ask about missing cells: which, why, how well predicted, and whether EM ends at one optimum."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import chi2, kstest

from latently import (
    GaussianImputer,
    datasets,
    dispersed_starts,
    little_mcar_test,
    missing_patterns,
    overimpute,
)
from tests.simulations import repeated

AIR = datasets.load_airquality().data[:, :4]
MEAN, COVARIANCE = np.array([0.0, 3.0, 1.0]), np.array([[1.0, 0.6, 0.2], [0.6, 1.0, 0.4], [0.2, 0.4, 1.0]])


def rows(n, seed):
    rng = np.random.default_rng(seed)
    return rng.multivariate_normal(MEAN, COVARIANCE, size=n), rng


# -- Little's test ----------------------------------------------------------------------------------------


def little_by_hand(x):
    """Little 1988, equation 4, pattern by pattern."""
    imputer = GaussianImputer(tol=1e-14).fit(x)
    seen = ~np.isnan(x)
    statistic, df = 0.0, -x.shape[1]
    for pattern in np.unique(seen[seen.any(axis=1)], axis=0):
        mine = x[(seen == pattern).all(axis=1)][:, pattern]
        away = mine.mean(axis=0) - imputer.mean_[pattern]
        part = imputer.covariance_[np.ix_(pattern, pattern)]
        statistic += len(mine) * away @ np.linalg.solve(part, away)
        df += pattern.sum()
    return statistic, df


@pytest.mark.parametrize("seed", range(3))
def test_little_s_statistic(seed):
    x, rng = rows(80, seed)
    x[rng.random(x.shape) < 0.25] = np.nan
    x[:2] = np.nan
    found = little_mcar_test(x)
    statistic, df = little_by_hand(x)
    assert_allclose(found.statistic, statistic, rtol=1e-5)
    assert found.df == df
    assert_allclose(found.p_value, chi2.sf(statistic, df), rtol=1e-5)


@pytest.mark.parametrize("n_tables", repeated(8, 60))
def test_little_s_test_holds_its_level_and_sees_what_is_not_random(n_tables):
    p_values, seen = [], []
    for seed in range(n_tables):
        x, rng = rows(200, seed)
        lost = rng.random(x.shape) < 0.2
        p_values.append(little_mcar_test(np.where(lost, np.nan, x)).p_value)
        x[x[:, 0] > 0.3, 1] = np.nan
        seen.append(little_mcar_test(x).p_value)
    assert kstest(p_values, "uniform").pvalue > 0.01
    assert max(seen) < 1e-3


def test_one_pattern_tells_nothing():
    x, _ = rows(50, 0)
    found = little_mcar_test(x)
    assert np.isnan(found.p_value)
    assert (found.statistic, found.df, found.n_patterns) == (0.0, 0, 1)


def test_little_s_test_of_tables_without_a_maximum():
    x, _ = rows(50, 0)
    with pytest.raises(ValueError, match="columns 0, 3 are collinear"):
        little_mcar_test(np.column_stack([x, x[:, 0]]))
    with pytest.raises(ValueError, match="column 3 has no observed value"):
        little_mcar_test(np.column_stack([x, np.full(50, np.nan)]))


# -- patterns ---------------------------------------------------------------------------------------------


def test_patterns():
    x = np.array(
        [
            [1.0, 2.0, 3.0],
            [np.nan, 1.0, 2.0],
            [4.0, 5.0, 6.0],
            [np.nan, 2.0, 0.0],
            [1.0, 9.0, 8.0],
            [np.nan] * 3,
        ]
    )
    found = missing_patterns(pd.DataFrame(x, columns=["a", "b", "c"]))
    assert found.observed.tolist() == [[True] * 3, [False, True, True], [False] * 3]
    assert found.counts.tolist() == [3, 2, 1]
    assert found.missing_counts.tolist() == [3, 1, 1]
    assert found.feature_names == ("a", "b", "c")
    assert missing_patterns(x).feature_names is None
    assert (found.n_rows, found.n_complete) == (6, 3)
    assert found.share_missing == pytest.approx(5 / 18)


def test_patterns_of_a_real_table():
    found = missing_patterns(AIR)
    assert found.counts.tolist() == [111, 35, 5, 2]
    assert_array_equal(found.missing_counts, [37, 7, 0, 0])
    assert found.counts @ ~found.observed == pytest.approx([37, 7, 0, 0])


def test_patterns_refuse_what_is_no_number():
    with pytest.raises(ValueError, match="column 'b' is not numeric"):
        missing_patterns(pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}))
    with pytest.raises(ValueError, match="contains infinity at row 1, column 0"):
        missing_patterns([[1.0], [np.inf]])


# -- overimputation ---------------------------------------------------------------------------------------


def test_overimputation_predicts_cells_it_has_not_seen():
    x, rng = rows(400, 1)
    x[rng.random(x.shape) < 0.1] = np.nan
    imputer = GaussianImputer(tol=1e-6)
    found = overimpute(imputer, x, share=0.2, level=0.8, random_state=0)
    assert not hasattr(imputer, "mean_")
    assert len(found.true) == round(0.2 * np.sum(~np.isnan(x)))
    assert_array_equal(found.true, x[found.rows, found.columns])
    incomplete = x.copy()
    incomplete[found.rows, found.columns] = np.nan
    fitted = GaussianImputer(tol=1e-6).fit(incomplete)
    assert_array_equal(found.predicted, fitted.transform(incomplete)[found.rows, found.columns])
    lower, upper = fitted.interval(incomplete, 0.8)
    assert_array_equal(found.lower, lower[found.rows, found.columns])
    assert_array_equal(found.upper, upper[found.rows, found.columns])
    assert found.level == 0.8
    assert abs(found.coverage - 0.8) < 4 * np.sqrt(0.16 / len(found.true))
    again = overimpute(imputer, x, share=0.2, level=0.8, random_state=0)
    assert_array_equal(again.predicted, found.predicted)
    assert overimpute(imputer, x, share=0.2, level=0.8, random_state=1).rows.tolist() != found.rows.tolist()


def test_overimputation_of_a_wrong_model_is_seen():
    """Heavy tails stretch the Gaussian, so that intervals of half the cells hold most of them."""
    rng = np.random.default_rng(0)
    heavy, light = rng.standard_t(2, size=(1000, 2)), rng.standard_normal((1000, 2))
    coverages = [overimpute(GaussianImputer(), x, 0.2, 0.5, random_state=0).coverage for x in (heavy, light)]
    assert coverages[0] > 0.65
    assert abs(coverages[1] - 0.5) < 4 * np.sqrt(0.25 / 400)


@pytest.mark.parametrize("share", [0, 1, -0.5, 1e-9])
def test_bad_shares(share):
    with pytest.raises(ValueError, match="share="):
        overimpute(GaussianImputer(), AIR, share)


# -- dispersed starts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("covariance_type", ["full", "tied"])
def test_one_gaussian_with_few_holes_has_one_optimum(covariance_type):
    imputer = GaussianImputer(covariance_type=covariance_type)
    found = dispersed_starts(imputer, AIR, n_starts=4, random_state=0)
    assert found.converged.all()
    assert found.agree
    assert (found.n_iter > 1).all()
    assert_allclose(found.log_likelihoods, GaussianImputer(tol=1e-12).fit(AIR).log_likelihood_, atol=1e-4)
    assert not hasattr(imputer, "mean_")


def test_a_likelihood_with_more_than_one_optimum_is_seen():
    """Two components for three clouds: it depends on the start which two of them share one."""
    x, rng = rows(240, 3)
    x += np.array([[0.0, 0.0, 0.0], [12.0, 0.0, 4.0], [0.0, 15.0, -4.0]])[np.arange(240) % 3]
    x[rng.random(x.shape) < 0.1] = np.nan
    found = dispersed_starts(GaussianImputer(2, tol=1e-4), x, n_starts=3, random_state=0)
    assert len(found.log_likelihoods) == 3
    assert not found.agree


def test_too_few_starts():
    with pytest.raises(ValueError, match="n_starts=1: should be an integer of at least 2"):
        dispersed_starts(GaussianImputer(), AIR, 1)
