"""Families of independent features against SciPy's distributions and what every family promises."""

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats as scipy_stats

from latently.core.parameters import check_feasible, feasible, named, with_named
from latently.emissions import (
    Categorical,
    Columns,
    Emission,
    Gaussian,
    Ordinal,
    Poisson,
    negative_binomial,
)
from latently.emissions.categories import Categories
from tests.comparing import assert_same
from tests.families import CASES, at_values, bound, data, hard_rows, over_cases


@over_cases
def test_densities_are_those_of_scipy(name):
    case = CASES[name]
    x = at_values(case)
    density = case.law.logpmf if case.discrete else case.law.logpdf
    expected = density(x[:, None, :])
    for j in range(2):
        one = np.full(x.shape, np.nan)
        one[:, j] = x[:, j]
        assert_allclose(case.family.log_density(case.params, one), expected[:, :, j], rtol=1e-9, atol=1e-12)
    assert_allclose(case.family.log_density(case.params, x), expected.sum(axis=2), rtol=1e-9, atol=1e-12)
    turned = case.family.permute(case.params, [1, 0])
    assert_allclose(case.family.log_density(turned, x)[:, ::-1], expected.sum(axis=2), rtol=1e-9, atol=1e-12)
    assert case.family.accepts_missing
    empty = np.full((1, 2), np.nan)
    assert_allclose(case.family.log_density(case.params, empty), 0.0, atol=0)


@over_cases
def test_distribution_functions_are_those_of_scipy(name):
    case = CASES[name]
    x = at_values(case)
    found, cells = case.family.distribution(case.params, x), x[:, None, :]
    below = case.law.logcdf(cells - 1 if case.discrete else cells)
    tiny = -690.0  # where SciPy's own probabilities underflow
    for mine, theirs in ((found.below, below), (found.above, case.law.logsf(cells))):
        here = theirs > tiny
        assert_allclose(mine[here], theirs[here], rtol=1e-7, atol=1e-9)
        assert (mine[~here] <= tiny + 1).all()
    if case.discrete:
        assert_allclose(found.at, case.law.logpmf(cells), rtol=1e-9, atol=1e-12)
        more = case.family.distribution(case.params, x + 1)
        with np.errstate(invalid="ignore"):
            # no more than a value is less than the next, however small these are
            there = case.family.possible(x + 1)[:, None, :] & (found.at > -1e300)
            there = there & (np.exp(found.below) < 0.9)
        up = np.logaddexp(found.below, found.at)
        assert_allclose(more.below[there], up[there], rtol=2e-3)
    else:
        assert found.at is None
    gone = case.family.distribution(case.params, np.full((1, 2), np.nan))
    assert np.isnan(gone.below).all()
    assert np.isnan(gone.above).all()


@over_cases
def test_what_is_drawn_follows_the_distribution(name):
    case = CASES[name]
    labels, rng = np.repeat([0, 1], 2000), np.random.default_rng(0)
    x = case.family.sample(case.params, labels, rng)
    assert case.family.possible(x).all()
    found = case.family.distribution(case.params, x)
    for k in range(2):
        rows = labels == k
        for j in range(2):
            u = np.exp(found.below[rows, k, j])
            if found.at is not None:
                u = u + rng.random(rows.sum()) * np.exp(found.at[rows, k, j])
            assert scipy_stats.kstest(u, "uniform").pvalue > 1e-3
    mean, deviation = case.family.mean(case.params), case.family.deviation(case.params)
    if mean is None:  # of what goes round
        return
    drawn = np.array([x[labels == k].mean(axis=0) for k in range(2)])
    assert_allclose((drawn - mean) / (deviation / np.sqrt(2000)), 0, atol=4.5)
    assert_allclose([x[labels == k].std(axis=0) for k in range(2)], deviation, rtol=0.25)


@over_cases
def test_statistics_add_up_and_say_what_densities_do(name):
    case = CASES[name]
    x, resp = data(case)
    family = bound(case, x)
    whole = family.expected_stats(case.params, x, resp)
    parts = [family.expected_stats(case.params, x[i:j], resp[i:j]) for i, j in ((0, 0), (0, 70), (70, 200))]
    assert_same(parts[0] + parts[1] + parts[2], whole, rtol=1e-10)
    for params in (case.params, *case.harder):
        average = (resp * family.log_density(params, x)).sum()
        assert_allclose(family.expected_log_likelihood(whole, params), average, rtol=1e-10)
        assert family.inner_terms(whole, params) >= 0


def coordinates(family: Emission, params: Any) -> dict[str, Any]:
    values = named(params)
    return {name: space.chart(values[name]) for name, space in family.spaces(params).items()}


@over_cases
def test_no_neighbour_of_an_m_step_is_better(name):
    case = CASES[name]
    x, resp = data(case)
    family = bound(case, x)
    stats = family.expected_stats(case.params, x, resp)
    best = family.m_step(stats, case.params)
    highest = family.expected_log_likelihood(stats, best)
    rng = np.random.default_rng(1)
    charts = coordinates(family, best)
    assert all(chart.dimension for chart in charts.values())
    for size in (1e-3, 1e-2, 0.1):
        for _ in range(20):
            steps = {one: size * rng.standard_normal(chart.dimension) for one, chart in charts.items()}
            moved = {one: chart.at(steps[one]) for one, chart in charts.items()}
            near = with_named(best, moved)
            check_feasible(near, family.spaces(near))
            assert family.expected_log_likelihood(stats, near) < highest
    for _ in range(5):  # from where Q is equal within rounding: what is found hangs on the statistics only
        moved = {one: chart.at(1e-7 * rng.standard_normal(chart.dimension)) for one, chart in charts.items()}
        again = named(family.m_step(stats, with_named(best, moved)))
        for one, value in named(best).items():
            assert_allclose(again[one], value, rtol=2e-8)
    slopes = family.gradient(stats, best)
    for one, chart in charts.items():
        assert_allclose(chart.basis.T @ np.ravel(slopes[one]), 0, atol=1e-6 * resp.sum())


@over_cases
def test_gradients_are_those_of_q(name):
    case = CASES[name]
    x, resp = data(case)
    family = bound(case, x)
    stats = family.expected_stats(case.params, x, resp)
    slopes = family.gradient(stats, case.params)
    for one, chart in coordinates(family, case.params).items():
        for j in range(chart.dimension):
            step = np.zeros(chart.dimension)
            step[j] = 1e-5
            up, down = (
                family.expected_log_likelihood(stats, with_named(case.params, {one: chart.at(way * step)}))
                for way in (1, -1)
            )
            found = (chart.basis.T @ np.ravel(slopes[one]))[j]
            assert_allclose(found, (up - down) / 2e-5, rtol=1e-4, atol=1e-4 * abs(up) * 1e-3)


@over_cases
def test_hard_columns(name):
    """From any params an M-step goes up and stays where parameters can be."""
    case = CASES[name]
    for x in hard_rows(case).values():
        rng = np.random.default_rng(0)
        description = case.family.describe(x, np.ones(len(x)))
        family = case.family.bind(description)
        started = family.start(description, 2, rng)
        assert np.isfinite(np.nan_to_num(family.embed(description, family.fill(description, x)))).all()
        check_feasible(started, family.spaces(started))
        for params in (started, case.params, *case.harder):
            if not feasible(family.spaces(params), params):  # below a floor of these data
                continue
            for resp in (rng.dirichlet([1.0, 1.0], len(x)), np.eye(2)[np.arange(len(x)) % 2]):
                stats = family.expected_stats(params, x, resp)
                better = family.m_step(stats, params)
                check_feasible(better, family.spaces(better))
                check_feasible(better, case.family.spaces(better))  # as of a model put together by hand
                before, after = (family.expected_log_likelihood(stats, each) for each in (params, better))
                assert after >= before - 1e-11 * (abs(before) + family.inner_terms(stats, params))
                again = family.expected_log_likelihood(stats, family.m_step(stats, better))
                assert_allclose(again, after, rtol=1e-9)


@over_cases
def test_starts_measure_distances_in_deviations_from_where_missing_cells_are_put(name):
    case = CASES[name]
    x = case.family.sample(case.params, np.zeros(1000, dtype=int), np.random.default_rng(0))
    x = np.vstack([x, np.full((1, 2), np.nan)])
    description = case.family.describe(x, np.ones(len(x)))
    family = case.family.bind(description)
    filled = family.fill(description, x)
    assert_same(filled[:-1], x[:-1])
    middle, deviation = filled[-1:], np.nanstd(x, axis=0)
    assert_allclose((middle - np.nanmean(x, axis=0)) / deviation, 0, atol=0.35)  # or a mean of logarithms
    seen = family.embed(description, filled)
    up, down = (family.embed(description, middle + way * 1e-4 * deviation) for way in (1, -1))
    slopes = (up - down) / 2e-4
    if name == "von Mises":  # points on circles, whose unit is a radian
        assert_allclose(np.hypot(*slopes.reshape(2, 2)), deviation, rtol=1e-3)
        one = family.start(description, 1, np.random.default_rng(0))
        assert_allclose(family.deviation(one)[0], deviation, rtol=0.1)
    elif name == "zero-inflated poisson":  # which is a Poisson distribution's but for the extra zeros
        assert_allclose(slopes[0] / deviation, 1 / np.sqrt(middle[0]), rtol=1e-6)
    else:
        if name == "log-normal":
            assert_allclose(family.spaces(case.params)["log_means"].scale, np.nanstd(np.log(x), axis=0))
        assert_allclose(np.where(name == "log-normal", seen[:-1].std(axis=0), slopes), 1.0, rtol=0.2)


def test_a_fit_of_another_family_is_none_of_these_settings():
    for family in (*(case.family for case in CASES.values()), Categorical(3), Columns({"a": "poisson"})):
        with pytest.raises(ValueError, match="its family is full Gaussian, and that of its settings"):
            family.check_fitted(Gaussian())


def test_one_component_of_grades_has_their_shares():
    grades = np.repeat([0.0, 1.0, 3.0], [10, 20, 30])[:, None]
    description = Ordinal(5).describe(grades, np.ones(60))
    family = Ordinal(5).bind(description)
    started = family.start(description, 1, np.random.default_rng(0))
    for params in (started, family.m_step(description, started)):
        shares = np.exp(family.log_density(params, np.arange(5.0)[:, None]))
        assert_allclose(shares[:, 0], [1 / 6, 1 / 3, 0, 1 / 2, 0], rtol=1e-9)


@pytest.mark.parametrize("fixed", [(), ("means",)])
def test_dispersions_are_the_same_from_few_values_and_from_many(fixed, monkeypatch):
    case = CASES["negative binomial"]
    x, resp = data(case)
    stats = case.family.expected_stats(case.params, x, resp)
    dense = case.family.m_step(stats, case.params, fixed)
    monkeypatch.setattr(negative_binomial, "FEW_ABOVE", -np.inf)
    assert_same(case.family.m_step(stats, case.params, fixed), dense, rtol=1e-8)


@over_cases
def test_a_component_without_rows_and_parameters_held(name):
    case = CASES[name]
    x, resp = data(case)
    family = bound(case, x)
    alone = family.m_step(family.expected_stats(case.params, x, resp * [1.0, 0.0]), case.params)
    stats = family.expected_stats(case.params, x, resp)
    everything = {*named(case.params)}
    assert family.rows_needed(case.params, everything) == 0
    assert family.rows_needed_in_all(case.params, 2, everything) == 0
    for one, value in named(case.params).items():
        if "components" in next(p for p in family.parameters if p.name == one).axes:
            assert_allclose(named(alone)[one][1], value[1], rtol=0)
        held = family.m_step(stats, case.params, (one,))
        assert_allclose(named(held)[one], value, rtol=0)
        before, after = (family.expected_log_likelihood(stats, each) for each in (case.params, held))
        assert after >= before - 1e-11 * abs(before)


@over_cases
def test_what_is_said(name):
    case = CASES[name]
    said = case.family.describe_components(case.params, ["x0", "x1"], np.array([100.0, 100.0]), "class")
    assert len(said.words) == 2
    assert case.says in said.words[0]
    assert all(len(line) == 3 for line in said.lines)
    assert {f.name for f in fields(case.params)} == {one.name for one in case.family.parameters}
    for value in case.wrong:
        assert not case.family.possible(np.array([[value, np.nan]])).all()
    assert case.family.possible(at_values(case)).all()


def test_what_is_said_of_categories():
    family = Categories(alphabets=(np.array(["x", "y"]),))
    params = family.params(np.array([[[0.9, 0.1]], [[0.2, 0.8]]]))
    said = family.describe_components(params, ["answer"], np.array([50.0, 50.0]), "class")
    assert said.words == ["answer = x (90%, 55% of all)", "answer = y (80%, 45% of all)"]
    assert said.lines == [["answer = x", "90%", "20%"], ["answer = y", "10%", "80%"]]


def test_of_many_columns_the_first_are_said():
    said = Poisson().describe_components(
        Poisson().params(np.arange(1.0, 10.0)[None]), [*"abcdefghi"], np.array([50.0]), "class"
    )
    assert said.words == ["a 1.00, b 2.00, c 3.00, d 4.00 and 5 more columns"]
