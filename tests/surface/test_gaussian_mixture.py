"""What the estimator promises beyond the laws: samples, callbacks, fixed parameters, parts of mixtures."""

import inspect

import numpy as np
import pandas
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture as Rival

from latently import GaussianMixture, datasets

FAITHFUL = datasets.load_faithful().data
TYPES = ["full", "tied", "diag", "spherical"]


@pytest.fixture(scope="module")
def faithful():
    return GaussianMixture(2, random_state=0).fit(FAITHFUL)


def known(covariance_type="full"):
    """Three components in three dimensions, of any type."""
    root = np.array([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [-0.2, 0.5, 1.1]])
    dense = np.stack([np.eye(3), root @ root.T, 2 * root @ root.T])
    covariances = {
        "full": dense,
        "tied": dense[1],
        "diag": np.array([[1.0, 2.0, 0.5], [0.3, 1.0, 1.0], [2.0, 2.0, 1.0]]),
        "spherical": np.array([1.0, 0.5, 2.0]),
    }[covariance_type]
    means = np.array([[0.0, 0.0, 0.0], [2.0, 1.0, -1.0], [-1.0, 3.0, 0.5]])
    return GaussianMixture.from_parameters(
        [0.5, 0.3, 0.2], means, covariances, covariance_type=covariance_type
    )


def dense(mixture):
    return [component.covariance for component in mixture.components_]


def density(mixture, rows):
    """By scipy.stats, component by component."""
    parts = [
        weight * multivariate_normal(mean, matrix).pdf(rows)
        for weight, mean, matrix in zip(mixture.weights_, mixture.means_, dense(mixture), strict=True)
    ]
    return np.sum(parts, axis=0)


# -- sampling ---------------------------------------------------------------------------------------------


def test_sample_repeats_by_an_integer_and_draws_from_a_generator(faithful):
    assert [part.shape for part in faithful.sample()] == [(1, 2), (1,)]
    for one, other in zip(faithful.sample(9, 5), faithful.sample(9, 5), strict=True):
        assert_array_equal(one, other)
    rng = np.random.default_rng(5)
    first, second = faithful.sample(9, rng)[0], faithful.sample(9, rng)[0]
    assert (first != second).all()
    assert_array_equal(first, faithful.sample(9, 5)[0])
    assert (known("full").sample(9)[0] != known("full").sample(9)[0]).all()


@pytest.mark.parametrize("covariance_type", TYPES)
def test_sample_is_from_the_mixture(covariance_type):
    mixture = known(covariance_type)
    X, labels = mixture.sample(6000, random_state=0)
    assert X.shape == (6000, 3)
    assert_allclose(np.bincount(labels) / 6000, mixture.weights_, atol=0.03)
    for k, matrix in enumerate(dense(mixture)):
        assert_allclose(X[labels == k].mean(axis=0), mixture.means_[k], atol=0.15)
        assert_allclose(np.cov(X[labels == k].T), matrix, atol=0.3)
    # In random order: neighbours are of the same component as often as any two rows.
    assert np.mean(labels[1:] == labels[:-1]) == pytest.approx((mixture.weights_**2).sum(), abs=0.03)


# -- starting values, fixed parameters --------------------------------------------------------------------


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("name", ["weights", "means", "covariances"])
def test_fixed_parameters_keep_their_values(covariance_type, name):
    truth = GaussianMixture(2, covariance_type=covariance_type, n_init=2, random_state=0).fit(FAITHFUL)
    given = {
        "weights_init": np.array([0.5, 0.5]),
        "means_init": np.array([[4.0, 78.0], [2.2, 56.0]]),
        "precisions_init": truth.precisions_ * 0.8,
    }
    mixture = GaussianMixture(2, covariance_type=covariance_type, fixed=(name,), **given).fit(FAITHFUL)
    held = {
        "weights": (mixture.weights_, given["weights_init"]),
        "means": (mixture.means_, given["means_init"]),
        "covariances": (mixture.covariances_, truth.covariances_ / 0.8),
    }
    for other, (value, start) in held.items():
        if other == name:
            assert_allclose(value, start, rtol=1e-10)
        else:
            assert np.abs(value / start - 1).max() > 1e-3
    assert mixture.converged_
    assert mixture.log_likelihood_ < truth.log_likelihood_
    free = {
        "weights": 1,
        "means": 4,
        "covariances": {"full": 6, "tied": 3, "diag": 4, "spherical": 2}[covariance_type],
    }
    assert mixture.n_parameters_ == sum(free.values()) - free[name]


def test_all_fixed_leaves_nothing_to_do():
    mixture = known()
    X, _ = mixture.sample(50, 0)
    again = GaussianMixture(
        3,
        weights_init=mixture.weights_,
        means_init=mixture.means_,
        precisions_init=mixture.precisions_,
        fixed=("weights", "means", "covariances"),
    ).fit(X)
    assert_allclose(again.score(X), mixture.score(X), rtol=1e-10)
    assert again.n_parameters_ == 0


@pytest.mark.parametrize("covariance_type", TYPES)
def test_starting_values_leave_nothing_to_chance(covariance_type):
    start = {"means_init": FAITHFUL[[0, 1]], "covariance_type": covariance_type, "acceleration": None}
    one, other = (GaussianMixture(2, random_state=seed, **start).fit(FAITHFUL) for seed in (0, 1))
    assert_array_equal(one.means_, other.means_)
    assert len(one.restarts_.runs) == 1


def test_partial_starting_values_are_put_into_every_start():
    mixture = GaussianMixture(2, weights_init=[0.2, 0.8], fixed=("weights",), random_state=0).fit(FAITHFUL)
    assert_allclose(mixture.weights_, [0.2, 0.8])
    assert len(mixture.restarts_.runs) > 5


@pytest.mark.parametrize("init_params", ["auto", "kmeans", "k-means++", "random_from_data", "random"])
def test_kinds_of_start(init_params):
    mixture = GaussianMixture(2, init_params=init_params, n_init=6, random_state=0).fit(FAITHFUL)
    kinds = {run.kind for run in mixture.restarts_.runs}
    assert len(mixture.restarts_.runs) == 6
    assert kinds == {init_params} or (init_params == "auto" and len(kinds) > 2)
    assert mixture.log_likelihood_ == pytest.approx(-1130.26396, abs=1e-4)


def test_starts_do_not_depend_on_units():
    """Found on whitened rows: so from stretched clusters as well, and from the same seed the same."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 2)) * [1.0, 0.05] + (np.arange(200) % 2)[:, None] * [0.0, 0.5]
    for scales in ([1.0, 1.0], [1e-6, 1e6]):
        mixture = GaussianMixture(2, init_params="kmeans", n_init=1, max_iter=1, tol=0, random_state=0)
        agreement = np.mean(mixture.fit_predict(X * scales) == np.arange(200) % 2)
        assert max(agreement, 1 - agreement) == 1.0


# -- other ways in and out --------------------------------------------------------------------------------


@pytest.mark.parametrize("covariance_type", TYPES)
def test_from_parameters(covariance_type):
    mixture = known(covariance_type)
    X, _ = mixture.sample(30, 0)
    assert_allclose(np.exp(mixture.score_samples(X)), density(mixture, X), rtol=1e-10)
    assert mixture.predict(X).shape == (30,)
    assert_allclose(mixture.means_[0], 0.0)
    assert_allclose(mixture.bic(X), -2 * mixture.score_samples(X).sum() + mixture.n_parameters_ * np.log(30))
    with pytest.raises(ValueError, match="this model was not fitted to data: pass X"):
        mixture.bic()


def test_from_parameters_shares_nothing_with_the_caller():
    means = np.zeros((1, 2))
    mixture = GaussianMixture.from_parameters([1.0], means, [np.eye(2)])
    means += 7
    assert_array_equal(mixture.means_, 0.0)


def test_symmetric_up_to_rounding_is_symmetric():
    """The inverse of a chain's covariance has zeros that may come out as 1e-17 here and 1e-18 there."""
    covariance = 0.5 ** np.abs(np.subtract.outer(np.arange(5), np.arange(5)))
    precision = np.linalg.inv(covariance)
    precision[0, 2], precision[2, 0], precision[0, 1] = 1e-17, 1e-18, np.nextafter(precision[1, 0], 0)
    assert (precision != precision.T).any()
    assert GaussianMixture.from_parameters([1.0], np.zeros((1, 5)), precision[None]).weights_ == 1
    X = np.random.default_rng(0).standard_normal((30, 5))
    start = {"means_init": np.zeros((1, 5)), "precisions_init": precision[None]}
    assert GaussianMixture(1, **start).fit(X).converged_


@pytest.mark.parametrize("covariance_type", TYPES)
def test_marginal(covariance_type):
    mixture = known(covariance_type)
    marginal = mixture.marginal([2, 0])
    assert isinstance(marginal, GaussianMixture)
    assert marginal.covariance_type == covariance_type
    assert_allclose(marginal.means_, mixture.means_[:, [2, 0]])
    rows = np.array([[0.3, 1.0], [-1.0, 0.0]])
    cells = np.linspace(
        -30, 30, 3001
    )  # to integrate a smooth density, sums on a grid are as good as any rule
    for row, found in zip(rows, np.exp(marginal.score_samples(rows)), strict=True):
        grid = np.column_stack([np.full(3001, row[1]), cells, np.full(3001, row[0])])
        assert_allclose(found, density(mixture, grid).sum() * (cells[1] - cells[0]), rtol=1e-9)


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("given", [[1], [2, 0]])
def test_conditional_is_joint_over_marginal(covariance_type, given):
    mixture = known(covariance_type)
    values = np.array([0.7, -0.4])[: len(given)]
    free = [i for i in range(3) if i not in given]
    conditional = mixture.conditional(given, values)
    assert isinstance(conditional, GaussianMixture)
    rows = np.random.default_rng(0).standard_normal((8, 3))
    rows[:, given] = values
    expected = density(mixture, rows) / np.exp(mixture.marginal(given).score_samples(values[None]))
    assert_allclose(np.exp(conditional.score_samples(rows[:, free])), expected, rtol=1e-9)


def test_conditional_far_from_every_component():
    """Densities underflow, their ratios do not."""
    conditional = known().conditional([0], [1e3])
    assert np.isfinite(conditional.weights_).all()
    assert conditional.weights_.sum() == pytest.approx(1.0)


def test_components_are_distributions():
    mixture = known()
    rows = np.zeros((1, 3))
    total = sum(w * c.density(rows)[0] for w, c in zip(mixture.weights_, mixture.components_, strict=True))
    assert_allclose(np.log(total), mixture.score_samples(rows)[0])


# -- what is said of rows ---------------------------------------------------------------------------------


def test_uncertainty(faithful):
    assert_allclose(faithful.uncertainty(FAITHFUL), 1 - faithful.predict_proba(FAITHFUL).max(axis=1))
    assert faithful.uncertainty(FAITHFUL).min() >= 0.0
    assert faithful.uncertainty(FAITHFUL).max() <= 0.5


def test_probabilities(faithful):
    resp = faithful.predict_proba(FAITHFUL)
    assert_allclose(resp.sum(axis=1), 1.0, rtol=1e-12)
    assert_array_equal(faithful.predict(FAITHFUL), resp.argmax(axis=1))
    assert_allclose(np.exp(faithful.score_samples(FAITHFUL)), density(faithful, FAITHFUL), rtol=1e-10)
    assert_array_equal(GaussianMixture(2, random_state=0).fit_predict(FAITHFUL), faithful.predict(FAITHFUL))


def test_icl(faithful):
    resp = faithful.predict_proba(FAITHFUL)
    penalty = -2 * np.log(resp.max(axis=1)).sum()
    assert faithful.icl(FAITHFUL) == pytest.approx(faithful.bic() + penalty)
    assert faithful.icl(FAITHFUL) > faithful.bic()
    weights = np.arange(272) % 3
    assert faithful.icl(FAITHFUL, weights) == pytest.approx(
        faithful.icl(np.repeat(FAITHFUL, weights, axis=0))
    )
    assert faithful.bic(FAITHFUL, weights) == pytest.approx(
        faithful.bic(np.repeat(FAITHFUL, weights, axis=0))
    )
    assert faithful.aic(FAITHFUL, weights) == pytest.approx(
        faithful.aic(np.repeat(FAITHFUL, weights, axis=0))
    )


# -- kinds of input ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("covariance_type", TYPES)
def test_float32_is_stored_as_such_and_close_to_float64(covariance_type):
    from latently.core.array_source import ArraySource

    stored = []
    original = ArraySource.__init__
    single = FAITHFUL.astype(np.float32)
    mixture = GaussianMixture(2, covariance_type=covariance_type, n_init=1, random_state=0)
    with pytest.MonkeyPatch.context() as patch:

        def spy(self, x, *rest, **others):
            stored.append(x.dtype)
            original(self, x, *rest, **others)

        patch.setattr(ArraySource, "__init__", spy)
        mixture.fit(single)
    assert set(stored) == {np.dtype(np.float32)}
    assert_allclose(mixture.means_, mixture.params_.emission.means, rtol=1e-7)
    double = GaussianMixture(2, covariance_type=covariance_type, n_init=1, random_state=0).fit(FAITHFUL)
    assert_allclose(mixture.log_likelihood_, double.log_likelihood_, rtol=1e-6)
    assert isinstance(mixture.score(single), float)


def test_integers_and_lists_are_numbers():
    X = np.round(FAITHFUL * 10).astype(np.int32)
    mixture = GaussianMixture(2, n_init=1, random_state=0)
    expected = mixture.fit(X.astype(float)).means_
    for same in (X, X.tolist(), np.asfortranarray(X)):
        assert_array_equal(mixture.fit(same).means_, expected)


# -- conventions ------------------------------------------------------------------------------------------


def test_arguments_have_the_names_of_scikit_learn_where_they_mean_the_same():
    ours, theirs = (set(inspect.signature(kind).parameters) for kind in (GaussianMixture, Rival))
    assert theirs - ours == {"verbose_interval"}


def test_fitting_again_forgets_the_first_fit():
    mixture = GaussianMixture(2, random_state=0).fit(FAITHFUL)
    mixture.set_params(n_components=1, covariance_type="diag").fit(FAITHFUL[:, :1])
    assert mixture.means_.shape == (1, 1)
    assert mixture.n_features_in_ == 1
    assert mixture.converged_


def test_features_are_given_and_kept_by_name():
    X = pandas.DataFrame(datasets.load_faithful().data, columns=["eruption", "wait"])
    mixture = GaussianMixture(2, n_init=1, random_state=0).fit(X)
    by_name, by_position = mixture.conditional(["eruption"], [3.0]), mixture.conditional([0], [3.0])
    assert_allclose(by_name.means_, by_position.means_)
    assert by_name.feature_names_in_.tolist() == ["wait"]
    assert mixture.marginal(["wait", "eruption"]).feature_names_in_.tolist() == ["wait", "eruption"]
    with pytest.raises(
        ValueError, match="given holds 'length': there is no such feature; there are eruption, wait"
    ):
        mixture.conditional(["length"], [3.0])
