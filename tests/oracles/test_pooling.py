"""Rubin's rules against the formulas written out, and against what they are to estimate."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import t as student

from latently import pool

Q = np.array([1.2, 0.8, 1.1, 0.9, 1.5])
U = np.array([0.04, 0.05, 0.045, 0.05, 0.04])


def test_by_hand():
    """Rubin 1987, equations 3.1.2 to 3.1.10."""
    m, within, between = 5, 0.045, Q.var(ddof=1)
    total = within + 1.2 * between
    increase = 1.2 * between / within
    df = (m - 1) * (1 + 1 / increase) ** 2
    found = pool(Q, U)
    assert found.n_imputations == 5
    assert_allclose(found.estimate, 1.1)
    assert_allclose((found.within, found.between, found.variance), (within, between, total))
    assert_allclose(found.standard_error**2, total)
    assert_allclose(found.relative_increase, increase)
    assert_allclose(found.df, df)
    assert_allclose(found.fraction_missing, (increase + 2 / (df + 3)) / (increase + 1))
    lower, upper = found.interval(0.9)
    assert_allclose((lower, upper), 1.1 + np.array([-1, 1]) * student.ppf(0.95, df) * np.sqrt(total))


@pytest.mark.parametrize("df_complete", [5, 20, 98, 1e9])
def test_degrees_of_freedom_of_small_tables(df_complete):
    """Barnard & Rubin 1999, equation 3; never more than the complete table has."""
    large = pool(Q, U).df
    found = pool(Q, U, df_complete=df_complete)
    share = 1.2 * Q.var(ddof=1) / found.variance
    observed = (df_complete + 1) / (df_complete + 3) * df_complete * (1 - share)
    assert_allclose(found.df, 1 / (1 / large + 1 / observed))
    assert found.df < min(df_complete, large)
    assert_allclose(found.variance, pool(Q, U).variance)


def test_several_estimates_at_once():
    together = pool(np.column_stack([Q, 10 * Q]), np.column_stack([U, 100 * U]), df_complete=[30, 60])
    for j, (scale, df) in enumerate([(1, 30), (10, 60)]):
        alone = pool(scale * Q, scale**2 * U, df_complete=df)
        for name in ("estimate", "variance", "standard_error", "df", "fraction_missing", "relative_increase"):
            assert_allclose(getattr(together, name)[j], getattr(alone, name), err_msg=name)
        assert_allclose([end[j] for end in together.interval()], alone.interval())


def test_tables_that_agree():
    """Nothing missing, nothing between: the complete table's own interval."""
    found = pool(np.full(4, 2.0), np.full(4, 0.25), df_complete=20)
    assert_allclose(found.variance, 0.25)
    assert_allclose(found.df, 21 / 23 * 20)
    large = pool(np.full(4, 2.0), np.full(4, 0.25))
    assert large.df == np.inf
    assert_allclose(large.interval(), [2.0 - 1.959964 * 0.5, 2.0 + 1.959964 * 0.5], rtol=1e-6)
    assert large.fraction_missing == 0.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((Q, U[:4]), r"estimates have shape \(5,\) and variances \(4,\)"),
        ((1.0, 2.0), r"both should be \(m,\) or"),
        ((Q[:1], U[:1]), "there is 1 imputed table: pooling needs at least two"),
        ((np.where(Q > 1.4, np.nan, Q), U), "the estimate of table 4 is not finite"),
        ((Q, np.where(Q > 1.4, -1.0, U)), "the variance of table 4 is not positive: give squared standard"),
        ((Q, U, 0), "df_complete=0: should be a positive number"),
        ((Q, U, [3.0, 4.0]), "df_complete=.*: should be a positive number, or one for each"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message) as caught:
        pool(*arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("level", [0, 1, 95])
def test_bad_levels(level):
    with pytest.raises(ValueError, match="between 0 and 1"):
        pool(Q, U).interval(level)
