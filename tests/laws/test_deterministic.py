"""Law 4: same seed, same bits, for any number of threads."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from latently import GaussianMixture
from latently.core.backends import SerialBackend, backend
from latently.core.em import EMMap, describe
from tests.comparing import assert_identical
from tests.laws.exemptions import bound_by
from tests.models import iterate


class Backwards(SerialBackend):
    """The last piece first."""

    def map(self, task: Callable[[Any], Any], pieces: Iterable[Any]) -> Iterator[Any]:
        return reversed([task(piece) for piece in reversed(list(pieces))])

    def __enter__(self) -> "Backwards":
        return self

    def __exit__(self, *_: object) -> None: ...


@bound_by()
def test_same_bits_by_any_executor(entry):
    model, params, data = entry.prepared()
    expected = iterate(EMMap(model, data.source), params, 2)
    description = describe(model, data.source, SerialBackend())
    for opened in (partial(backend, 2), partial(backend, 7), Backwards):
        with opened() as workers:
            assert_identical(expected, iterate(EMMap(model, data.source, workers), params, 2))
            assert_identical(description, describe(model, data.source, workers))


@bound_by()
def test_an_e_step_changes_nothing(entry):
    """Neither params nor data; so a second one gives the same."""
    model, params, data = entry.prepared()
    x, weights = data.x.copy(), data.weights.copy()
    em = EMMap(model, data.source)
    first = em.e_step(params)
    em.m_step(first, params)
    assert_identical(first, em.e_step(params))
    np.testing.assert_array_equal(data.x, x)
    np.testing.assert_array_equal(data.weights, weights)


@bound_by()
def test_same_seed_same_start(entry):
    model, _, data = entry.prepared()
    description = describe(model, data.source, SerialBackend())
    one, other, another = (model.start(description, np.random.default_rng(seed)) for seed in (7, 7, 8))
    assert_identical(one, other)
    with pytest.raises(AssertionError):
        assert_identical(one, another)


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_same_bits_for_any_number_of_blas_threads(covariance_type):
    X = np.random.default_rng(0).standard_normal((1500, 40)) + np.arange(1500)[:, None] % 3
    mixture = GaussianMixture(3, covariance_type=covariance_type, random_state=3, tol=0, max_iter=3, n_init=2)
    found = []
    for n_threads in (1, 2):
        with threadpool_limits(n_threads, user_api="blas"):
            found.append(clone(mixture).fit(X))
    np.testing.assert_array_equal(*(model.log_likelihood_history_ for model in found))
    assert_identical(*(model.params_ for model in found))
