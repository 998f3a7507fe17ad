"""Pictures of hidden Markov models show what they say: transitions, emissions, residuals."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_hex
from matplotlib.patches import StepPatch
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import ndtri
from scipy.stats import norm, poisson

from latently import CategoricalHMM, HiddenMarkovModel, PoissonHMM, plots
from latently.emissions import Gaussian
from latently.plots.hmm.residuals import autocorrelations
from latently.plots.palette import COLOURS, colour
from tests.given import (
    CASINO,
    COUNTS,
    COVARIANCES,
    DICE,
    LAMBDAS,
    MEANS,
    PAIR,
    QUAKES,
    ROLLS,
    SERIES,
    TRANSMAT,
    YEARS,
    sticky,
)
from tests.pictures import bars, dots, legend, mesh, note, of_kind, ticks, title


def lacking(rows, j=1):
    x = SERIES.copy()
    x[rows, j] = np.nan
    return x


def written(ax):
    return [text.get_text() for text in ax.texts]


# -- transitions -------------------------------------------------------------------------------------------


def test_the_map_has_the_transition_probabilities_and_beside_it_durations_and_shares():
    ax = plots.transitions(QUAKES)
    values = mesh(ax)
    assert_allclose(np.ma.filled(values, 0.0), TRANSMAT)
    assert values.mask.tolist() == (np.array(TRANSMAT) == 0).tolist()  # blank
    numbers = {(t.get_position()[1] - 0.5, t.get_position()[0] - 0.5): t.get_text() for t in ax.texts[:8]}
    expected = [[".95", ".02", ".03"], [".05", ".90", ".05"], [None, ".20", ".80"]]
    assert numbers == {(i, j): cell for i in range(3) for j in range(3) if (cell := expected[i][j])}
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("to state", "from state")
    assert ax.get_ylim() == (3, 0)
    shares = [f"{share:.0%}" for share in QUAKES.get_stationary_distribution()]
    assert written(ax)[8:16] == ["steps", "20.0", "10.0", "5.0", "share", *shares]


def test_a_state_that_is_never_left_lasts_for_ever():
    model = PoissonHMM.from_parameters([1, 0], [[0.999, 0.001], [0, 1]], [[10.0], [20.0]])
    texts = written(plots.transitions(model))
    assert texts[:6] == [">.99", "<.01", "1", "steps", "1,000", "for ever"]


def test_of_very_many_states_the_numbers_are_left_out():
    texts = written(plots.transitions(PoissonHMM.from_parameters(*sticky(20), np.arange(1.0, 21)[:, None])))
    assert not {".81", ".01"} & set(texts)
    assert texts.count("5.3") == 4


# -- emissions ---------------------------------------------------------------------------------------------


def outlines(ax):
    """Step functions: filled ones, and lines."""
    drawn = [patch for patch in ax.patches if isinstance(patch, StepPatch)]
    return [one for one in drawn if one.get_fill()], [one for one in drawn if not one.get_fill()]


def test_counts_have_an_outline_for_each_state():
    ax = plots.emissions(QUAKES)[0]
    filled, lines = outlines(ax)
    assert len(filled) == len(lines) == 3
    for k, drawn in enumerate(lines):
        values, edges, _ = drawn.get_data()
        assert_allclose(values, poisson.pmf(edges[:-1] + 0.5, LAMBDAS[k]), rtol=1e-10)
        assert to_hex(drawn.get_edgecolor()) == colour(k)
    assert title(ax) == "Distributions in 3 states"


def test_states_that_were_set_by_hand_have_an_outline():
    model = PoissonHMM(2)
    model.startprob_, model.transmat_, model.lambdas_ = [0.5, 0.5], np.full((2, 2), 0.5), [[1.0], [5.0]]
    assert title(plots.emissions(model)[0]) == "Distributions in 2 states"


def test_with_data_states_have_their_shares_and_what_is_seen_is_shared_out():
    ax = plots.emissions(QUAKES, COUNTS)[0]
    filled, lines = outlines(ax)
    resp = QUAKES.smooth(COUNTS)
    shares = resp.mean(axis=0)
    for k in range(3):
        values, edges, _ = lines[k].get_data()
        assert_allclose(values, shares[k] * poisson.pmf(edges[:-1] + 0.5, LAMBDAS[k]), rtol=1e-10)
        values, edges, _ = filled[k].get_data()
        assert values @ np.diff(edges) == pytest.approx(shares[k])
        expected = np.histogram(COUNTS[:, 0], edges, weights=resp[:, k])[0] / len(COUNTS) / np.diff(edges)
        assert_allclose(values, expected)
    at, whole = ax.lines[0].get_data()
    assert_allclose(whole, poisson.pmf(at[:, None], LAMBDAS) @ shares)
    assert len(ax.lines) == 1
    assert legend(ax) == [f"state {k}: {shares[k]:.0%}" for k in range(3)]


def test_numbers_have_a_curve_for_each_state_and_feature():
    x = lacking(slice(20))
    panels, resp = plots.emissions(PAIR, x), PAIR.smooth(x)
    assert [panel.get_xlabel() for panel in panels] == ["feature 0", "feature 1"]
    for j, panel in enumerate(panels):
        seen = ~np.isnan(x[:, j])
        for k in range(2):
            at, density = panel.lines[k].get_data()
            expected = resp[seen, k].mean() * norm.pdf(at, MEANS[k, j], np.sqrt(COVARIANCES[k, j, j]))
            assert_allclose(density, expected, rtol=1e-8, atol=1e-12)
            assert at[0] <= x[seen, j].min() < x[seen, j].max() <= at[-1]
    alone = plots.emissions(PAIR)  # without data: areas are one
    areas = [np.trapezoid(drawn.get_ydata(), drawn.get_xdata()) for panel in alone for drawn in panel.lines]
    assert_allclose(areas, 1, atol=0.015)
    assert [panel.get_xlabel() for panel in plots.emissions(PAIR, features=[1])] == ["feature 1"]


def test_symbols_have_bars_and_dashes_of_what_is_seen():
    ax = plots.emissions(DICE, ROLLS)[0]
    assert_allclose([patch.get_height() for patch in ax.patches], CASINO.emissionprob.ravel())
    resp, hits = DICE.smooth(ROLLS), np.arange(1, 7) == ROLLS
    dashes = [[ends[0, 1] for ends in drawn.get_segments()] for drawn in of_kind(ax, LineCollection)]
    assert_allclose(dashes, resp.T @ hits / resp.sum(axis=0)[:, None])
    assert ticks(ax.xaxis) == list("123456")
    assert len({round(patch.get_x(), 6) for patch in ax.patches}) == 12  # side by side


def test_more_bars_than_can_be_told_apart_become_a_map():
    prob, x = np.random.default_rng(0).dirichlet(np.ones(40), size=5), np.arange(40)[:, None]
    ax = plots.emissions(CategoricalHMM.from_parameters(*sticky(5), prob), x)[0]
    kept = np.sort(np.argsort(-prob.max(axis=0))[:30])
    assert_allclose(mesh(ax), prob[:, kept])
    assert ticks(ax.xaxis) == [str(symbol) for symbol in kept]
    assert "30 of 40 symbols" in note(ax)


class Whole(Gaussian):
    accepts_missing = False


def test_what_cannot_be_shown_is_refused():
    with pytest.raises(ValueError, match="every cell of 'feature 1' is missing: leave X out"):
        plots.emissions(PAIR, lacking(slice(None)))
    with pytest.raises(ValueError, match="every cell of 'feature 1' is missing"):
        plots.pseudo_residuals(PAIR, lacking(slice(None)), feature=1)
    model = HiddenMarkovModel(Whole("diag"), 2, random_state=0, n_init=1).fit(SERIES)
    with pytest.raises(ValueError, match="Whole does not accept missing cells"):
        plots.emissions(model)


# -- pseudo-residuals --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ordinary", "forecast"])
def test_residuals_over_time_with_their_segments(kind):
    first, *_ = plots.pseudo_residuals(QUAKES, COUNTS, time=YEARS, kind=kind)
    found = QUAKES.pseudo_residuals(COUNTS, kind=kind)
    points = np.column_stack([YEARS, found.mid[:, 0]])
    out = np.abs(found.mid[:, 0]) > 1.96
    assert_allclose(dots(first)[COLOURS[0]], points[~out])
    assert_allclose(dots(first)[COLOURS[1]], points[out])
    assert_allclose(bars(first)[:107, :, 1], np.column_stack([found.lower[:, 0], found.upper[:, 0]]))
    assert sorted(drawn.get_ydata()[0] for drawn in first.lines) == [-2.58, -1.96, 1.96, 2.58]
    assert note(first) == f"{out.sum()} of 107 ({out.mean():.1%}) outside 95%"
    assert title(first) == f"{kind.capitalize()} pseudo-residuals"


def test_quantiles_lie_against_those_of_the_normal_distribution():
    x = lacking(slice(10, 20))
    middle = plots.pseudo_residuals(PAIR, x, feature=1)[1]
    z = PAIR.pseudo_residuals(x).mid[:, 1]
    z = np.sort(z[~np.isnan(z)])
    diagonal, points = middle.lines
    assert_allclose(points.get_ydata(), z)
    assert_allclose(points.get_xdata(), ndtri((np.arange(290) + 0.5) / 290))
    assert_array_equal(*diagonal.get_data())
    assert note(middle).startswith(f"mean {z.mean():.2f}".replace("-", "\N{MINUS SIGN}"))
    middle = plots.pseudo_residuals(DICE, ROLLS)[1]
    assert_allclose(middle.lines[1].get_ydata(), np.sort(DICE.pseudo_residuals(ROLLS).drawn(0)[:, 0]))
    assert "points within segments" in note(middle)


def test_autocorrelations_are_within_sequences_and_fill_the_last_panel():
    values = np.array([1.0, -1.0, 1.0, np.nan, 1.0, -1.0, 1.0, -1.0, 5.0, 5.0])
    centred = values - np.nanmean(values)
    lags, found, pairs = autocorrelations(values, np.array([0, 8, 10]))
    products = [centred[t] * centred[t + 1] for t in (0, 1, 4, 5, 6, 8)]
    assert pairs.tolist() == [6, 4]  # lag 2: 0-2, 4-6, 5-7 and, across the gap, 2-4
    assert lags.tolist() == [1, 2]
    assert found[0] == pytest.approx(np.mean(products) / np.nanmean(centred**2))

    right = plots.pseudo_residuals(QUAKES, COUNTS)[2]
    lags, values, pairs = autocorrelations(QUAKES.pseudo_residuals(COUNTS).mid[:, 0], np.array([0, 107]))
    assert len(lags) == 25
    assert_allclose(bars(right)[:, 1, 1], values)
    (band,) = of_kind(right, PolyCollection)
    assert band.get_paths()[0].vertices[:, 1].max() == pytest.approx(1.96 / np.sqrt(pairs[-1]))


def test_of_very_many_residuals_some_are_drawn_and_all_are_counted():
    x, _ = QUAKES.sample(12_000, random_state=0)
    panels = plots.pseudo_residuals(QUAKES, x)
    assert sum(map(len, dots(panels[0]).values())) == 10_000
    out = int((np.abs(QUAKES.pseudo_residuals(x).mid) > 1.96).sum())
    assert note(panels[0]) == f"{out:,} of 12,000 ({out / 12_000:.1%}) outside 95%; 10,000 of them drawn"
    assert len(panels[1].lines[1].get_xdata()) == 1000
