"""Stepwise and incremental EM: what they are where they are batch EM, and where they end."""

from dataclasses import replace

import numpy as np
import pytest

from latently import GaussianHMM, GaussianMixture, LatentClassAnalysis
from latently.core import stepwise
from latently.core.em import EMMap, Settings, run
from latently.core.incremental import first_pass, incremental, next_pass
from latently.core.parameters import named
from latently.core.stepwise import Running, stepped
from tests.comparing import assert_same
from tests.models import ENTRIES

BY_DAY = [entry for entry in ENTRIES if not entry.nightly]


def close(one, other, entry, rtol=1e-8):
    for name, value in named(one).items():
        np.testing.assert_allclose(named(other)[name], value, rtol=entry.rtol(rtol), atol=1e-9, err_msg=name)


@pytest.mark.parametrize("entry", BY_DAY, ids=lambda entry: entry.name)
def test_a_step_that_forgets_all_before_is_a_batch_step(entry):
    model, start, data = entry.prepared()
    em, total = EMMap(model, data.source), float(data.row_weights.sum())
    stats = em.e_step(start)
    batch = em.m_step(stats, start)
    found = stepped(model, Running(start, None, 0.0, total), stats, total, 1.0, total, ())
    close(found.params, batch, entry)


@pytest.mark.parametrize("entry", BY_DAY, ids=lambda entry: entry.name)
def test_statistics_that_were_taken_elsewhere_make_the_same_step(entry):
    """Moved to other params they say the same of the data: the M-step and Q are those before."""
    model, start, data = entry.prepared()
    em = EMMap(model, data.source)
    stats = em.e_step(start)
    there = em.m_step(stats, start)
    moved = model.moved(stats, there)
    close(model.m_step(moved, there), model.m_step(stats, there), entry)
    q = model.expected_log_likelihood(stats, there)
    assert model.expected_log_likelihood(moved, there) == pytest.approx(q, rel=1e-9)
    again = em.e_step(there)
    assert_same(moved + again, again + moved)  # which could not be added before


@pytest.mark.slow
@pytest.mark.parametrize("entry", BY_DAY, ids=lambda entry: entry.name)
def test_the_free_energy_rises_block_by_block_to_where_batch_em_ends(entry, monkeypatch):
    monkeypatch.setattr(stepwise, "LEAST_ROWS", 8)
    model, start, data = entry.prepared()
    em, n = EMMap(model, replace(data.source, block_rows=16)), float(data.weights.sum())
    at = first_pass(em, start)
    assert len(at.stats) > 1
    for _ in range(5):
        at = next_pass(em, at)  # which raises an error if it fell
    stats = em.e_step(at.params)
    assert em.objective(stats, at.params) >= at.energies[-1] - 1e-9 * abs(at.energies[-1])
    ended = incremental(em, at.params, Settings(tol=1e-9, max_iter=3000), n)
    assert ended.converged
    batch = run(em, at.params, Settings(tol=1e-9, max_iter=3000), n)
    assert ended.objective == pytest.approx(batch.objective, abs=1e-4 * n)


def planted(n, seed=0):
    rng = np.random.default_rng(seed)
    means, labels = rng.normal(size=(4, 3)) * 2.0, rng.integers(4, size=n)
    return means[np.sort(labels)] + rng.normal(size=(n, 3))


@pytest.mark.slow
def test_one_pass_in_steps_ends_near_the_maximum_even_of_sorted_rows():
    X = planted(20_000)
    batch = GaussianMixture(4, random_state=0, n_jobs=1).fit(X)
    for exact, most, ended in (0, 100, "one pass in steps"), (3, 20, "one pass in steps and 3 exact ones"):
        seen = []
        settings = {"exact_iter": exact, "callbacks": [lambda i, *_: seen.append(i)]}  # noqa: B023
        online = GaussianMixture(4, algorithm="online", **settings, random_state=0, n_jobs=1).fit(X)
        assert online.log_likelihood_ == pytest.approx(online.score(X) * len(X), rel=1e-12)
        assert 0 <= batch.log_likelihood_ - online.log_likelihood_ < most  # of 119,000
        assert not online.converged_
        assert online.n_iter_ == 1 + exact
        assert seen == list(range(1, 2 + exact))
        assert online.stop_reason_ == f"made {ended}"
        assert len(online.log_likelihood_history_) == 1 + exact


GIVEN = {
    GaussianMixture: ("weights", "means", "covariances"),
    GaussianHMM: ("startprob", "transmat", "means", "covariances"),
}


@pytest.mark.slow
@pytest.mark.parametrize("make", GIVEN)
def test_partial_fits_come_near_a_fit_of_all_rows(make):
    rng = np.random.default_rng(1)
    X = rng.permutation(planted(6_000))
    how = {} if make is GaussianMixture else {"lengths": [20] * 30}
    model = make(4, random_state=0, n_jobs=1)
    for rows in np.split(X, 10):
        model.partial_fit(rows, **how)
    assert not hasattr(model, "log_likelihood_")
    whole = {} if make is GaussianMixture else {"lengths": [20] * 300}
    best = make(4, random_state=0, n_jobs=1).fit(X, **whole)
    short = (best.score(X, **whole) - model.score(X, **whole)) * (len(X) if make is GaussianMixture else 1)
    assert 0 <= short < 60
    before = best.means_.copy()
    best.partial_fit(X, **whole)  # after a fit to all of them there is nothing more to learn
    np.testing.assert_allclose(best.means_, before, atol=0.05)
    by_hand = make.from_parameters(**{name: getattr(best, f"{name}_") for name in GIVEN[make]})
    with pytest.raises(ValueError, match="from a file or were set by hand: fit with warm_start=True"):
        by_hand.partial_fit(X, **whole)


def test_a_partial_fit_knows_the_columns_and_categories_of_the_first():
    table = {"colour": ["red", "blue", "blue", "green"] * 30, "size": np.random.default_rng(0).random(120)}
    model = LatentClassAnalysis(2, families={"size": "gaussian"}, random_state=0).partial_fit(table)
    model.partial_fit({name: cells[:7] for name, cells in table.items()})
    assert model.class_sizes_.sum() == pytest.approx(1)
    with pytest.raises(ValueError, match="purple"):
        model.partial_fit({"colour": ["purple"], "size": [2.0]})
