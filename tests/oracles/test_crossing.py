"""Parts of two maxima, and what is made of them."""

import numpy as np
from numpy.testing import assert_allclose

from tests.lattice import at, climber, grid

GOOD, BAD = [(0, 0), (0, 1), (1, 0), (1, 1)], [(0, 0.05), (0, -0.05), (1, 0), (0.6, 1)]


def beside(means):
    """The same on another lattice, far from the first."""
    return [(a + 10, b) for a, b in means]


def two_lattices():
    return np.vstack([grid(2, seed=1), grid(2, seed=2) + np.array([10, 0])])


def test_parts_of_two_maxima_make_a_better_one():
    x, ends = two_lattices(), []
    for means in ([*GOOD, *beside(BAD)], [*BAD, *beside(GOOD)]):
        em, params = at(means, x)
        ends.append(climber(em).end(params))
    _, params = at([*GOOD, *beside(GOOD)], x)
    whole = climber(em).end(params).result.objective
    assert max(end.result.objective for end in ends) < whole - 20
    crossed = climber(em).crossed(*ends, np.random.default_rng(0))
    assert_allclose(crossed.result.objective, whole, atol=1e-3)
    assert crossed.moves[-1].kind == "exchange"


def test_a_label_without_rows_gives_nothing_away():
    lost, x = (1e6, 1e6), two_lattices()
    em, one = at([*GOOD, *beside(BAD), lost], x)
    _, other = at([*BAD, *beside(GOOD), lost], x)
    proposal = next(em.model.exchange(one, other, em.source.blocks(), np.random.default_rng(0)))
    assert_allclose(proposal.params.latent.weights.sum(), 1)
    assert em.e_step(proposal.params).bound > em.e_step(one).bound
