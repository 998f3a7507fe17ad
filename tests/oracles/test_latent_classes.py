"""Tables of latent classes against brute force over all cells, and against the likelihood itself."""

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.stats import chi2

from latently import LatentClassAnalysis

SIZES = (3, 2, 2, 2)
CELLS = np.array(list(product(*map(range, SIZES))))
NAMES = [f"q{j}" for j in range(4)]


def drawn(n, seed, holes=0.0):
    """Answers of two classes, coded from 1; whether the last is missing depends on the first."""
    rng = np.random.default_rng(seed)
    z = rng.random(n) < 0.4
    first = np.where(z, rng.choice(3, n, p=[0.1, 0.2, 0.7]), rng.choice(3, n, p=[0.6, 0.3, 0.1]))
    rest = rng.random((n, 3)) < np.where(z, 0.8, 0.25)[:, None]
    x = np.column_stack([first, rest]).astype(float) + 1
    x[(rng.random(n) < holes * (1 + first)), 3] = np.nan
    return x


def frame(x):
    return dict(zip(NAMES, x.T, strict=True))


def fitted(x, k=2, **settings):
    return LatentClassAnalysis(k, random_state=0, n_init=4, tol=1e-11, **settings).fit(frame(x))


@pytest.fixture(scope="module")
def complete():
    x = drawn(600, 0)
    return x, fitted(x)


def expected_shares(classes):
    p = classes.params_.emission["categorical"].probabilities
    return sum(
        w * np.prod([p[k, j, CELLS[:, j]] for j in range(4)], axis=0) for k, w in enumerate(classes.weights_)
    )


def test_goodness_of_fit_is_the_sum_over_all_cells(complete):
    x, classes = complete
    seen = np.array([(x == cell + 1).all(axis=1).sum() for cell in CELLS])
    expected = len(x) * expected_shares(classes)
    with np.errstate(divide="ignore", invalid="ignore"):
        g2 = 2 * np.where(seen > 0, seen * np.log(seen / expected), 0.0).sum()
    found = classes.goodness_of_fit(frame(x))
    assert_allclose(found.likelihood_ratio, g2, rtol=1e-9)
    assert_allclose(found.pearson, ((seen - expected) ** 2 / expected).sum(), rtol=1e-9)
    assert (found.n_cells, found.n_patterns, found.degrees_of_freedom) == (24, (seen > 0).sum(), 23 - 11)
    assert_allclose(found.p_value, chi2.sf(g2, 12))
    assert found.n_small == (expected < 5).sum()
    assert found.trustworthy == (found.n_small <= 0.2 * 24)


def test_bivariate_residuals_are_those_of_the_tables_of_pairs(complete):
    x, classes = complete
    x = x.copy()
    x[:50, 1] = np.nan
    shares = expected_shares(classes)
    for row in classes.bivariate_residuals(frame(x)):
        i, j = NAMES.index(row["column"]), NAMES.index(row["other"])
        total, n = 0.0, (~np.isnan(x[:, [i, j]]).any(axis=1)).sum()
        for a, b in product(range(SIZES[i]), range(SIZES[j])):
            expected = n * shares[(CELLS[:, i] == a) & (CELLS[:, j] == b)].sum()
            total += (((x[:, i] == a + 1) & (x[:, j] == b + 1)).sum() - expected) ** 2 / expected
        assert_allclose(row["chi_square"], total, rtol=1e-8)
        assert row["degrees_of_freedom"] == (SIZES[i] - 1) * (SIZES[j] - 1)
        assert_allclose(row["residual"], row["chi_square"] / row["degrees_of_freedom"])


def test_with_missing_cells_the_saturated_model_is_of_all_rows():
    x = drawn(300, 1, holes=0.15)
    classes = fitted(x)

    def loss(logits):
        p = np.exp(logits - logits.max())
        p /= p.sum()
        hits = ((x[:, None] == CELLS + 1) | np.isnan(x)[:, None]).all(axis=2)
        return -np.log(hits @ p).sum(), -((hits * p / (hits @ p)[:, None]).sum(axis=0) - len(x) * p)

    best = -minimize(loss, np.zeros(24), jac=True, method="BFGS", options={"gtol": 1e-4}).fun
    found = classes.goodness_of_fit(frame(x))
    assert_allclose(found.likelihood_ratio, 2 * (best - classes.log_likelihood_), atol=1e-3)
    assert np.isnan(found.pearson)


@pytest.mark.slow
def test_with_cells_missing_at_random_the_test_holds_its_level():
    values = []
    for seed in range(60):
        x = drawn(800, seed, holes=0.2)
        values.append(fitted(x).goodness_of_fit(frame(x)).p_value)
    assert abs(np.mean(np.array(values) < 0.1) - 0.1) < 0.1


def test_standard_errors_of_a_profile_are_those_of_the_likelihood(complete):
    x, classes = complete
    profile = classes.profile_
    codes = x.astype(int) - 1

    def log_likelihood(free):
        w, p, at = np.array([free[0], 1 - free[0]]), [], 1
        for size in SIZES:
            rows = free[at : at + 2 * (size - 1)].reshape(2, size - 1)
            p.append(np.column_stack([rows, 1 - rows.sum(axis=1)]))
            at += 2 * (size - 1)
        return np.log(sum(w[k] * np.prod([p[j][k, codes[:, j]] for j in range(4)], axis=0) for k in (0, 1)))

    p = classes.params_.emission["categorical"].probabilities
    free = np.concatenate(
        [classes.weights_[:1], *(p[:, j, : size - 1].ravel() for j, size in enumerate(SIZES))]
    )
    step, n = 1e-4, len(free)
    moves = step * np.eye(n)
    hessian = np.array(
        [
            [
                sum(s * t * log_likelihood(free + s * a + t * b).sum() for s in (1, -1) for t in (1, -1))
                for b in moves
            ]
            for a in moves
        ]
    ) / (4 * step**2)
    errors = np.sqrt(np.diag(np.linalg.inv(-hessian)))[1:]
    found = [
        row["standard_error"]
        for j, size in enumerate(SIZES)
        for k in (0, 1)
        for row in profile
        if row["class"] == k and row["column"] == NAMES[j] and row["quantity"] < size
    ]
    assert_allclose(found, errors, rtol=2e-3)


def test_one_class_is_independence(complete):
    x, _ = complete
    one = LatentClassAnalysis(1).fit(frame(x))
    shares = [np.unique(column, return_counts=True)[1] / len(x) for column in x.T]
    expected = sum((len(x) * share * np.log(share)).sum() for share in shares)
    assert_allclose(one.log_likelihood_, expected, rtol=1e-12)
    errors = [np.sqrt(share * (1 - share) / len(x)) for share in shares]
    assert_allclose(one.profile_.column("standard_error"), np.concatenate(errors), rtol=1e-5)


@pytest.mark.parametrize(("baseline", "total"), [("even", np.log(2)), ("sizes", None)])
def test_how_sure_classes_are(complete, baseline, total):
    x, classes = complete
    resp = classes.predict_proba(frame(x))
    total = total or -(classes.weights_ @ np.log(classes.weights_))
    left = -(resp * np.log(resp)).sum() / len(x)
    assert_allclose(classes.entropy_r2(frame(x), baseline), 1 - left / total)
    table, labels = classes.classification_table(frame(x)), resp.argmax(axis=1)
    assert_allclose(table.counts, [resp[labels == k].sum(axis=0) for k in (0, 1)])
    assert_allclose(table.error, 1 - resp.max(axis=1).mean())
    assert_allclose(table.reduction, 1 - table.error / (1 - resp.mean(axis=0).max()))


def test_imputed_cells_are_the_likeliest(complete):
    x, classes = complete
    x = x[:40].copy()
    x[:20, 0] = np.nan
    x[10:30, 3] = np.nan
    filled = np.column_stack(list(classes.impute(frame(x)).values()))
    resp, p = classes.predict_proba(frame(x)), classes.params_.emission["categorical"].probabilities
    for j in (0, 3):
        best = (resp @ p[:, j]).argmax(axis=1) + 1
        assert_allclose(filled[:, j], np.where(np.isnan(x[:, j]), best, x[:, j]))
