"""The laws, for topic models: honest, and never silently broken."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from latently import LatentDirichletAllocation
from latently.core.backends import SerialBackend
from latently.core.em import Settings, run
from latently.core.errors import FitError
from latently.core.fixed_point import iterate
from latently.core.memory import MemoryMap
from latently.models.admixture import (
    VariationalAdmixture,
    document_source,
)
from tests.laws.exemptions import over_inferences
from tests.planted import planted
from tests.refusing import changed, refused
from tests.topic_kinds import (
    COUNTS,
    KINDS,
    N_WORDS,
    WEIGHTS,
    K,
    fitted,
    of_source,
    params,
    remembered,
    source,
)

pytestmark = pytest.mark.filterwarnings("ignore:documents without words")


# -- 8: honest ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("max_iter", [1, 7, 500])
def test_the_bound_is_that_of_the_topics_returned(max_iter):
    """From an E-step of their own that starts where the documents were left: it hardly does better."""
    tol = 0 if max_iter < 100 else 1e-9
    lda = LatentDirichletAllocation(
        K, inference="vb", tol=tol, max_iter=max_iter, doc_tol=1e-10, max_sweeps=300, random_state=0
    ).fit(COUNTS)
    assert lda.bound_ == lda.history_[-1]
    assert_allclose(sum(lda.bound_parts_.values()), lda.bound_, rtol=1e-12)
    assert len(lda.history_) == lda.n_iter_ + 1
    data = document_source(COUNTS, np.ones(50), np.float64)
    model = VariationalAdmixture(K, N_WORDS, dtype=np.float64, doc_tol=1e-10, max_sweeps=300)
    lengths = np.asarray(COUNTS.sum(axis=1)).ravel() + lda.doc_topic_prior_.sum()
    left = lda.doc_topic_ * lengths[:, None]
    em = MemoryMap(model, data.remembering(lambda _: left, SerialBackend()))
    again = em.e_step(lda.params_).bound
    assert_allclose(again, lda.bound_, rtol=1e-11)
    assert lda.converged_ == (max_iter == 500)
    assert ("converged" in lda.stop_reason_) == lda.converged_


def test_without_an_objective_none_is_reported():
    kept = {"doc_topic_prior": None, "topic_word_prior": None}  # what is learned moves what had come to rest
    lda = LatentDirichletAllocation(K, **kept, random_state=0).fit(COUNTS)
    assert lda.bound_ is None
    assert lda.bound_parts_ is None
    assert not any(hasattr(lda, name) for name in ("bic", "aic", "log_likelihood_"))
    assert len(lda.history_) == lda.n_iter_
    assert lda.converged_
    assert lda.history_[-1] <= 1e-3 < lda.history_[:-1].min()


def test_the_relative_change_is_that_of_the_documents_topics():
    em = of_source(KINDS[0], source())
    before = remembered(em)
    stats = em.e_step(params())
    tokens = WEIGHTS @ np.asarray(COUNTS.sum(axis=1)).ravel()
    moved = WEIGHTS @ np.abs(remembered(em) - before).sum(axis=1)
    assert_allclose(stats.relative_change, moved / tokens, rtol=1e-12)


@over_inferences()
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_topics_of_the_documents_are_those_of_the_topics(inference, dtype):
    """What `fit` says of its documents is what `transform` says."""
    data = planted(2)
    lda = fitted(inference, data.counts, n_components=4, dtype=dtype, max_iter=5)
    shares = lda.transform(data.counts)
    assert_array_equal(shares, clone(lda).fit_transform(data.counts))
    if inference in ("cvb0", "vb"):
        assert_array_equal(shares, lda.doc_topic_)


# -- 9: never silently broken ------------------------------------------------------------------------------


@over_inferences()
def test_counts_beyond_the_precision_are_refused(inference):
    for dtype, value, why in (
        ("float32", 5e15, "float32 can hold"),
        ("float64", 1e31, r"holds 1e\+31 at row 3, column 5: counts are at most 2\*\*53"),
        ("float64", 1e308, r"holds 1e\+308 at row 3, column 5"),
    ):
        counts = changed(COUNTS.toarray().astype(float), (3, 5), value)
        model = LatentDirichletAllocation(K, inference=inference, dtype=dtype)
        refused(lambda model=model, counts=counts: model.fit(counts), why)


@over_inferences()
@pytest.mark.filterwarnings("ignore:X has .*topic models count tokens")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1e10])
def test_counts_of_any_size_give_numbers(inference, dtype, scale):
    counts = COUNTS.toarray() * scale
    counts[5] *= 1e-4
    lda = fitted(inference, counts, dtype=dtype, max_iter=22)
    expected_logs = lda.exp_dirichlet_component_ if inference.endswith("vb") else 1.0
    for found in (lda.components_, lda.transform(counts), expected_logs):
        assert np.isfinite(found).all()
        assert np.all(np.asarray(found) >= 0)
    assert (lda.components_ > 0).all()


@over_inferences()
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("doc_prior", [1e-10, 1e10])
@pytest.mark.parametrize("word_prior", [1e-10, 1e10])
def test_priors_of_any_size_give_numbers(inference, dtype, doc_prior, word_prior):
    counts = COUNTS.toarray()
    counts[20:] *= np.eye(30, N_WORDS, dtype=int)  # documents of one word, that others do not have
    priors = {"doc_topic_prior": doc_prior, "topic_word_prior": word_prior}
    lda = fitted(inference, counts, dtype=dtype, max_iter=25, **priors)
    assert np.isfinite(lda.topic_word_).all()
    assert_allclose(lda.topic_word_.sum(axis=1), 1.0, rtol=1e-6)
    assert_allclose(lda._shares_of(lda._read(counts).counts).sum(axis=1), 1.0, rtol=1e-6)


def test_what_is_no_number_ends_the_fit():
    data = source(weights=np.ones(50))
    em = of_source(KINDS[0], data)
    em.memories.each[0].resp[3] = np.nan
    with pytest.raises(FitError, match="expected counts are not numbers"):
        iterate(em, params(), Settings(1e-3, 10))
    em = of_source(KINDS[3], data)
    topics = params()
    topics.topic_word[3, 1] = np.nan
    with pytest.raises(FitError, match="not a number"):
        run(em, topics, Settings(tol=0, max_iter=3), 1.0)
