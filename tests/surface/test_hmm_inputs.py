"""Ways to hand in sequences: groups, frames, lists of them; the search over states; the budget of memory."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from latently import CategoricalHMM, GaussianHMM, HiddenMarkovModel, PoissonHMM, plots, select
from latently.checks.settings import bytes_of
from latently.core.errors import SpuriousMaximumWarning
from latently.emissions import Categorical, Poisson
from tests.refusing import refused

LENGTHS = [20, 1, 35]
EDGES = np.cumsum(LENGTHS)[:-1]
IDS = np.repeat(["first", "second", "third"], LENGTHS)
rng = np.random.default_rng(0)
STATES = np.cumsum(rng.random(56) < 0.15) % 2
COUNTS = rng.poisson(np.array([2.0, 14.0])[STATES])[:, None]
NUMBERS = STATES[:, None] * [4.0, -2.0] + rng.normal(size=(56, 2))
SYMBOLS = np.where(rng.random(56) < 0.8, STATES, rng.integers(3, size=56))

MODELS = {
    "counts": (PoissonHMM(2, n_init=2, random_state=0), COUNTS),
    "numbers": (GaussianHMM(2, n_init=2, random_state=0), NUMBERS),
    "symbols": (CategoricalHMM(2, n_init=2, random_state=0), SYMBOLS),
    "any family": (HiddenMarkovModel(Poisson(), 2, n_init=2, random_state=0), COUNTS),
}
over_models = pytest.mark.parametrize("name", list(MODELS))


# -- groups ------------------------------------------------------------------------------------------------


@over_models
def test_groups_are_lengths(name):
    model, x = MODELS[name]
    by_lengths = model.fit(x, lengths=LENGTHS).log_likelihood_
    for ids in (
        IDS,
        list(IDS),
        pd.Series(IDS),
        np.repeat([7, 3, 5], LENGTHS),
        np.repeat([1.5, 0, -1], LENGTHS),
    ):
        assert model.fit(x, groups=ids).log_likelihood_ == by_lengths
    for verb in ("smooth", "predict_proba", "filter", "predict", "score", "bic", "aic"):
        method = getattr(model, verb)
        assert_array_equal(method(x, groups=IDS), method(x, lengths=LENGTHS), err_msg=verb)
    assert_array_equal(model.fixed_lag(x, 2, groups=IDS), model.fixed_lag(x, 2, lengths=LENGTHS))
    assert_array_equal(model.decode(x, groups=IDS)[1], model.decode(x, lengths=LENGTHS)[1])
    by_groups, by_lengths = model.pseudo_residuals(x, groups=IDS), model.pseudo_residuals(x, lengths=LENGTHS)
    assert_array_equal(by_groups.mid, by_lengths.mid)
    assert model.score_samples(x, groups=IDS)[0] == model.score(x, lengths=LENGTHS)
    assert model.score(x) != model.score(x, groups=IDS)


def test_groups_with_weights_and_known_states():
    known = {"sequence_weight": [1, 0, 2], "states": np.where(np.arange(56) < 5, STATES, -1)}
    model = PoissonHMM(2, n_init=2, random_state=0)
    by_lengths = model.fit(COUNTS, lengths=LENGTHS, **known).log_likelihood_
    assert model.fit(COUNTS, groups=IDS, **known).log_likelihood_ == by_lengths


def test_starts_agree_with_known_states():
    """Few known states are enough to tell states of about the same means apart, and which is which."""
    rng = np.random.default_rng(3)
    K, n = 5, 1500
    switches = rng.random(n) < 0.05
    hidden = np.cumsum(switches * rng.integers(1, K, n)) % K
    x = 4.0 * np.array([2, 0, 4, 1, 3])[hidden][:, None] + rng.normal(size=(n, 1))
    known = np.full(n, -1)
    some = rng.choice(n, 60, replace=False)
    known[some] = hidden[some]
    for n_init in ("auto", 1):
        model = GaussianHMM(K, n_init=n_init, random_state=0).fit(x, states=known)
        assert (model.predict(x, states=known) == hidden).mean() > 0.995
        assert_array_equal(model.predict(x, states=known)[some], hidden[some])
        assert model.score(x, states=known) == pytest.approx(model.log_likelihood_, rel=1e-12)
    symbols = np.minimum(rng.poisson(2.0 * hidden), 9)
    model = CategoricalHMM(K, random_state=0).fit(symbols, states=known)
    assert (model.predict(symbols, states=known) == hidden).mean() > 0.8


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (np.roll(IDS, 3), "group 'third' appears again at time 24, after others: sort the rows by group"),
        ([1, 2] * 28, "group 1 appears again at time 2"),
        (IDS[:-1], r"groups has shape \(55,\), should be \(56,\): the sequence of each time"),
        (IDS[:, None], r"groups has shape \(56, 1\), should be \(56,\)"),
        ([None, *IDS[1:]], "groups has no entry at time 0: give one to each time"),
        (np.r_[np.zeros(55), np.nan], "groups has no entry at time 55"),
    ],
)
def test_groups_that_cannot_be(groups, message):
    model = PoissonHMM(2, n_init=1, random_state=0).fit(COUNTS)
    for verb in ("fit", "score", "predict", "smooth", "bic"):
        refused(lambda verb=verb: getattr(model, verb)(COUNTS, groups=groups), message)


def test_groups_beside_what_says_the_same():
    model = PoissonHMM(2)
    refused(
        lambda: model.fit(COUNTS, groups=IDS, lengths=LENGTHS),
        "lengths and groups both say where sequences end: leave one out",
    )
    parts = np.split(COUNTS, EDGES)
    refused(lambda: model.fit(parts, groups=IDS), "X is a list of sequences, .*: leave groups out")


# -- frames ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_lists_of_frames(kind):
    make = pd.DataFrame if kind == "pandas" else pl.DataFrame
    parts = [make({"a": part[:, 0], "b": part[:, 1]}) for part in np.split(NUMBERS, EDGES)]
    model = GaussianHMM(2, n_init=2, random_state=0)
    arrays = model.fit(np.split(NUMBERS, EDGES)).log_likelihood_
    # Columns of a frame may lie one after the other: then sums are taken in another order.
    assert model.fit(parts).log_likelihood_ == pytest.approx(arrays, rel=1e-12)
    assert model.feature_names_in_.tolist() == ["a", "b"]
    assert_array_equal(model.predict(parts), model.predict(tuple(parts)))
    changed = [parts[0], make({"c": [1.0], "b": [2.0]}), parts[2]]
    refused(
        lambda: model.fit(changed),
        r"sequence 1 has columns \['c', 'b'\], and sequence 0 \['a', 'b'\]",
    )
    mixed = [parts[0], np.split(NUMBERS, EDGES)[1]]
    refused(lambda: model.fit(mixed), "sequence 1 has columns without names, and sequence 0")


def test_symbols_in_columns_of_frames():
    model = CategoricalHMM(2, n_init=2, random_state=0)
    words = np.array(["no", "yes", "perhaps"])[SYMBOLS]
    likelihood = model.fit(np.split(words, EDGES)).log_likelihood_
    for parts in (
        [pd.Series(part) for part in np.split(words, EDGES)],
        [pd.DataFrame({"word": part}) for part in np.split(words, EDGES)],
        [part[:, None] if i else part for i, part in enumerate(np.split(words, EDGES))],
    ):
        assert model.fit(parts).log_likelihood_ == likelihood
    assert model.categories_.tolist() == ["no", "perhaps", "yes"]


@pytest.mark.parametrize("name", ["counts", "numbers", "any family"])
@pytest.mark.parametrize("library", [pd, pl])
def test_a_series_is_a_table_of_one_column_and_keeps_its_name(name, library):
    model, x = MODELS[name]
    column = x[:, 0]
    model = clone(model).fit(library.Series(name="count", **{"data" if library is pd else "values": column}))
    assert model.feature_names_in_.tolist() == ["count"]
    frame = library.DataFrame({"count": column})
    assert_array_equal(model.predict(frame["count"]), model.predict(frame))
    assert_array_equal(
        clone(model).fit(library.Series(column)).predict(column[:, None]), model.predict(frame)
    )
    parts = [frame["count"][:20], frame["count"][20:]]
    assert_array_equal(model.predict(parts), model.predict([frame[:20], frame[20:]]))


# -- tables that are none ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["counts", "numbers", "any family"])
def test_sequences_of_other_shapes(name):
    model, x = MODELS[name]
    flat = x[:, 0]
    refused(lambda: model.fit(flat), r"Expected 2D array.* shape \(56,\).*write np.asarray\(X\)\[:, None\]")
    refused(
        lambda: model.fit(np.split(flat, EDGES)),
        r"sequence 0 has shape \(20,\), should be \(n_steps, n_features\): write .*\[:, None\]",
    )
    refused(lambda: model.fit([x[:20], flat[20:]]), r"sequence 1 has shape \(36,\)")
    refused(lambda: model.fit(list(x)), r"sequence 0 has shape .* np.stack\(X\) if X is a list of rows")
    refused(
        lambda: model.fit([x, np.column_stack([x, x])]), r"sequence 1 has shape .*, and sequence 0 \(56, "
    )
    refused(
        lambda: model.fit(np.stack([x, x])), r"X has shape \(2, 56, .\): .* write list\(np.asarray\(X\)\)"
    )
    assert model.fit(list(np.stack([x, x]))).n_features_in_ == x.shape[1]
    refused(lambda: model.fit([x[:20], x[20:].tolist()]), "sequence 1 is a list: make it an array")
    lists = [x[:20].tolist(), x[20:].tolist()]
    refused(
        lambda: model.fit(lists),
        r"row 1 of X is not as long as row 0: .* \[np.asarray\(part\) for part in X\]",
    )
    refused(lambda: model.fit([[1.0, 2.0], [1.0]]), "row 1 of X is not as long as row 0")
    refused(lambda: model.fit(3.0), "Expected 2D|should be")


def test_symbols_of_other_shapes():
    model = CategoricalHMM(2)
    refused(lambda: model.fit([[0, 1, 1], [1, 0]]), "row 1 of X is not as long as row 0")
    refused(lambda: model.fit([[0, 1, 1], [1, 0, 0]]), "one symbol for each row, .* are a list of arrays")
    refused(lambda: model.fit([SYMBOLS, np.zeros((4, 2))]), r"sequence 1 has shape \(4, 2\): should be")
    refused(lambda: model.fit([SYMBOLS, np.array(["a"])]), "sequence 1 holds text, and sequence 0 numbers")


def test_masked_symbols_and_numbers():
    masked = np.ma.masked_equal(SYMBOLS, 1)
    gaps = np.where(SYMBOLS == 1, np.nan, SYMBOLS)
    settings = {"n_features": 3, "n_init": 1, "random_state": 0}
    found = [CategoricalHMM(2, **settings).fit(x).log_likelihood_ for x in (masked, masked[:, None], gaps)]
    assert found[0] == found[1] == found[2]


# -- symbols in a model of any family ----------------------------------------------------------------------


def test_any_family_of_symbols():
    given = {
        "transmat_init": [[0.7, 0.3], [0.4, 0.6]],
        "startprob_init": [0.6, 0.4],
        "max_iter": 30,
        "tol": 0,
    }
    table = [[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]]
    incomplete = np.where(np.arange(56) % 9 == 4, np.nan, SYMBOLS)[:, None]
    one = CategoricalHMM(2, n_features=3, emissionprob_init=table, **given).fit(incomplete)
    start = {"emissionprob": table}
    for x in (incomplete, incomplete.astype(np.float32)):
        other = HiddenMarkovModel(Categorical(3), 2, starting_values=start, **given).fit(x)
        assert_allclose(other.log_likelihood_history_, one.log_likelihood_history_, rtol=1e-12)
        assert_allclose(other.params_.emission.emissionprob, one.emissionprob_, rtol=1e-9)
        assert other.bic() == pytest.approx(one.bic(), rel=1e-12)
        assert_array_equal(other.predict(x), one.predict(incomplete))
        assert_allclose(other.score(x), one.score(incomplete))
    whole = HiddenMarkovModel(Categorical(3), 2, n_init=1, random_state=0).fit(SYMBOLS[:, None])
    assert np.isfinite(whole.log_likelihood_)
    where = r"time 3 holds {}, which is not in the alphabet \(0, 1, 2\)"
    for wrong in (3, -1, 0.5):
        x = SYMBOLS[:, None].astype(float)
        x[3] = wrong
        told = where.format(float(x[3, 0]))
        refused(lambda x=x: whole.fit(x), told)
        refused(lambda x=x: whole.predict(x, groups=IDS), f"sequence 0, {told}")
    refused(lambda: whole.fit(np.ones((4, 2))), "one symbol for each row")


# -- a state that loses its data ---------------------------------------------------------------------------

GIVEN = {
    "startprob_init": [0.5, 0.5, 0.0],
    "transmat_init": [[0.5, 0.5, 0.0], [0.4, 0.6, 0.0], [0.3, 0.3, 0.4]],
}
EMPTIED = {
    "counts": (PoissonHMM(3, lambdas_init=[[2.0], [14.0], [90.0]], **GIVEN), COUNTS, "lambdas_"),
    "symbols": (
        CategoricalHMM(3, emissionprob_init=[[0.5, 0.2, 0.3], [0.2, 0.5, 0.3], [0.2, 0.2, 0.6]], **GIVEN),
        SYMBOLS,
        "emissionprob_",
    ),
    **{
        kind: (
            GaussianHMM(3, covariance_type=kind, means_init=[[0, 0], [4, -2], [9, 9]], **GIVEN),
            NUMBERS,
            "means_",
        )
        for kind in ("diag", "full", "tied", "spherical")
    },
    "any family": (
        HiddenMarkovModel(Poisson(), 3, starting_values={"lambdas": [[2.0], [14.0], [90.0]]}, **GIVEN),
        COUNTS,
        None,
    ),
}


@pytest.mark.parametrize("name", list(EMPTIED))
def test_a_state_that_nothing_reaches_keeps_its_row_and_is_named(name):
    model, x, shown = EMPTIED[name]
    model.set_params(tol=1e-4, max_iter=200)
    with (
        pytest.warns(SpuriousMaximumWarning, match="2 kept no data"),
        pytest.warns(UserWarning, match="^state 2 kept no data: lower n_components"),
    ):
        model.fit(x)
    assert_allclose(model.transmat_[2], GIVEN["transmat_init"][2], rtol=1e-15)
    values = getattr(model, shown) if shown else model.params_.emission.lambdas
    given = {"lambdas_": [90.0], "emissionprob_": [0.2, 0.2, 0.6], "means_": [9.0, 9.0], None: [90.0]}[shown]
    assert_allclose(values[2], given, rtol=1e-12)
    assert np.isfinite(model.log_likelihood_)
    assert_array_equal(model.predict(x) == 2, False)


# -- the search over states --------------------------------------------------------------------------------


@over_models
def test_select_over_states(name):
    model, x = MODELS[name]
    parts = np.split(x, EDGES)
    grid = {"n_components": [1, 2]}
    found = select(model, x, grid, lengths=LENGTHS)
    assert [row["n_components"] for row in found.table_] == [1, 2]
    assert not found.failures_
    by_groups, of_parts = select(model, x, grid, groups=IDS), select(model, parts, grid)
    for other in (by_groups, of_parts):
        assert [row["bic"] for row in other.table_] == [row["bic"] for row in found.table_]
        assert other.best_params_ == found.best_params_
    assert found.best_.bic() == pytest.approx(found.best_.bic(x, groups=IDS), rel=1e-12)
    assert_allclose(found.table_[1]["log_likelihood"], model.fit(x, groups=IDS).log_likelihood_)
    assert "* lowest bic" in str(found)
    figure = plots.criterion(found)
    assert figure is not None
    assert isinstance(getattr(figure, "figure", figure), Figure)


def test_select_by_other_criteria():
    model, x = MODELS["counts"]
    grid = {"n_components": [1, 2], "startprob": ["free", "stationary"]}
    by_aic = select(model, x, grid, criterion="aic", lengths=LENGTHS)
    assert by_aic.best_params_["n_components"] == 2
    halves = x[:40], x[40:]

    def ahead(fitted, X):
        return -fitted.score(halves[1])

    assert select(model, halves[0], grid, criterion=ahead).criterion == "ahead"
    assert select(model, x, grid, criterion="icl").criterion == "icl"
    refused(
        lambda: select(model, x, grid, criterion="coherence"),
        "criterion='coherence'.*PoissonHMM",
    )


# -- the budget of memory ----------------------------------------------------------------------------------


def test_budgets_in_words():
    assert bytes_of(None) is None
    found = [bytes_of(text) for text in ("7b", "500MB", "2 GB", "1.5kib", " 3MiB ", 12, np.int64(5))]
    assert found == [7, 500_000_000, 2_000_000_000, 1536, 3 * 2**20, 12, 5]


@pytest.mark.parametrize("budget", ["much", "500", "-1MB", "0MB", "1ib", 0, -5, 1.5, True, "MB"])
def test_budgets_that_are_none(budget):
    model = PoissonHMM(2, memory_budget=budget)
    refused(lambda: model.fit(COUNTS), "memory_budget=.*: should be None, a number of bytes, or")
