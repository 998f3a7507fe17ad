"""Small tables with holes, of which many have a likelihood without a bound: none is reported as a bug."""

import warnings

import numpy as np
import pytest

from latently import GaussianImputer
from latently.core.errors import SingularCovarianceError, UndeterminedWarning
from tests.simulations import by_night


def small(seed):
    """A few rows of a few columns: numbers, ties, or some complete rows on a plane."""
    rng = np.random.default_rng(seed)
    n, d, kind = rng.integers(4, 13), rng.integers(2, 6), seed % 3
    x = rng.standard_normal((n, d))
    if kind == 1:
        x = np.round(x)
    elif kind == 2:
        x[: n // 2, -1] = x[: n // 2, :-1].sum(axis=1)
    x[rng.random(x.shape) < rng.uniform(0.05, 0.6)] = np.nan
    low, high = np.nanmin(np.vstack([x, np.zeros(d)]), axis=0), np.nanmax(np.vstack([x, np.zeros(d)]), axis=0)
    return np.vstack([x, low - 1, high + 1])  # each column varies


@pytest.mark.filterwarnings("ignore::latently.core.errors.UndeterminedWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("seeds", [range(1, 7), *by_night(range(30))])
def test_each_has_a_maximum_or_a_prior_stands_in(seeds):
    outcomes = []
    for seed in seeds:
        x = small(seed)
        imputer = GaussianImputer(n_jobs=1).fit(x)
        assert np.isfinite(imputer.transform(x)).all()
        outcomes.append(imputer.prior_)
        if imputer.prior_ is None:
            continue
        with pytest.raises(SingularCovarianceError, match="set prior='ridge'"):
            GaussianImputer(prior=None, n_jobs=1).fit(x)
        assert imputer.diagnostics_[0].kind == "prior"
    assert 7 / 30 < outcomes.count(None) / len(seeds) < 23 / 30


def test_an_attempt_that_is_given_up_says_nothing_of_its_own():
    """Only that a prior stands in, not that the attempt without one had not converged."""
    x = small(2)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        imputer = GaussianImputer(max_iter=3, n_jobs=1).fit(np.column_stack([x, x[:, 0]]))
    assert imputer.prior_ == "ridge"
    assert sum(one.category is UndeterminedWarning for one in told) >= 1
    assert sum("max_iter=3" in str(one.message) for one in told) == 1
