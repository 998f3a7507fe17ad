"""Pictures of mixtures show what they say: rows, components, criteria and the climb."""

from types import SimpleNamespace

import numpy as np
import pandas
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager
from matplotlib.patches import Ellipse
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm

from latently import GaussianMixture, MixtureModel, datasets, plots
from latently.core.findings import Finding
from latently.plots import fonts
from latently.plots.palette import colour
from tests.pictures import dots, legend, title
from tests.processes import process

FAITHFUL = datasets.load_faithful().data
WAITS = FAITHFUL[:, 1:]
TWO = GaussianMixture(2, n_init=1, random_state=0).fit(FAITHFUL)
OF_WAITS = GaussianMixture(2, n_init=1, random_state=0).fit(WAITS)
ABC = pandas.DataFrame(np.random.default_rng(0).normal(size=(50, 3)) * [1, 2, 3], columns=list("abc"))
OF_ABC = GaussianMixture(2, n_init=1, random_state=0).fit(ABC)


def a_search(best, criterion, *rows, names=("covariance_type", "n_components")):
    """What `select` returns, of rows of settings, value, findings and failure."""
    table = [
        {
            **dict(zip(names, row, strict=False)),
            criterion: row[-3],
            "diagnostics": row[-2],
            "failure": row[-1],
        }
        for row in rows
    ]
    params = {name: table[best][name] for name in names}
    chosen = {"best_": GaussianMixture(), "best_index_": best, "best_params_": params}
    return SimpleNamespace(table_=table, criterion=criterion, names=names, **chosen)


SEARCH = a_search(
    5,
    "bic",
    ("full", 1, 400.0, (), None),
    ("full", 2, 310.0, (), None),
    ("full", 3, 290.0, [Finding("few rows", "rests on 2 rows", severity="grave")], None),
    ("tied", 1, 500.0, (), None),
    ("tied", 2, None, (), "singular"),
    ("tied", 3, 300.0, (), None),
)

# -- rows ------------------------------------------------------------------------------------------------


def test_data_draws_each_row_in_the_colour_of_its_component():
    ax = plots.data(TWO, FAITHFUL)
    labels = TWO.predict(FAITHFUL)
    assert dots(ax).keys() == {colour(0), colour(1)}
    for k in range(2):
        assert_array_equal(dots(ax)[colour(k)], FAITHFUL[labels == k])
    assert title(ax) == "272 rows in 2 components"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("feature 0", "feature 1")


@pytest.mark.parametrize(
    ("covariance", "size", "angle"),
    [([[4.0, 0.0], [0.0, 1.0]], (2, 1), 0), ([[2.0, 1.0], [1.0, 2.0]], (np.sqrt(3), 1), 45)],
)
def test_ellipses_are_one_and_two_standard_deviations(covariance, size, angle):
    mixture = GaussianMixture.from_parameters([1.0], [[3.0, -1.0]], [covariance])
    ax = plots.data(mixture, mixture.sample(50, random_state=0)[0])
    ellipses = [patch for patch in ax.patches if isinstance(patch, Ellipse)]
    assert_allclose([(e.width, e.height) for e in ellipses], np.outer([2, 4], size))
    assert {e.center for e in ellipses} == {(3.0, -1.0)}
    assert_allclose([e.angle % 180 for e in ellipses], angle)


def test_contours_hold_half_and_nine_tenths():
    draws, _ = TWO.sample(5000, random_state=1)
    ax = plots.data(TWO, draws)
    levels = next(drawn.levels for drawn in ax.collections if hasattr(drawn, "levels"))
    inside = [(TWO.score_samples(draws) > level).mean() for level in levels]
    assert_allclose(inside, [0.9, 0.5], atol=0.03)


def test_other_features_are_chosen_by_position_or_name():
    by_name, by_position = (plots.data(OF_ABC, ABC, features=chosen) for chosen in (("c", "a"), (2, 0)))
    assert (by_name.get_xlabel(), by_name.get_ylabel()) == ("c", "a")
    for k, drawn in dots(by_name).items():
        assert_array_equal(drawn, dots(by_position)[k])
    assert_array_equal(np.sort(np.concatenate(list(dots(by_name).values()))[:, 0]), np.sort(ABC["c"]))
    unnamed = GaussianMixture.from_parameters([1.0], np.zeros((1, 3)), np.eye(3)[None])
    ax = plots.data(unnamed, ABC.to_numpy(), features=(0, 2))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("feature 0", "feature 2")


def test_one_feature_is_a_histogram_under_densities_that_sum_to_one():
    ax = plots.data(OF_WAITS, WAITS)
    whole, *parts = ax.lines
    x, density = whole.get_data()
    assert np.trapezoid(density, x) == pytest.approx(1, abs=0.01)
    assert_allclose(sum(part.get_ydata() for part in parts), density, rtol=1e-6)
    assert sum(bar.get_width() * bar.get_height() for bar in ax.patches) == pytest.approx(1)


def test_of_very_many_rows_some_are_drawn_and_the_title_says_so():
    X, _ = TWO.sample(12_000, random_state=0)
    ax = plots.data(TWO, X)
    assert sum(map(len, dots(ax).values())) == 10_000
    assert title(ax) == "12,000 rows in 2 components, 10,000 of them drawn"


def test_a_name_with_dollars_is_no_formula():
    X = pandas.DataFrame(FAITHFUL, columns=["cost ($)", r"price ($\)"])
    ax = plots.data(GaussianMixture(1).fit(X), X)
    ax.figure.draw_without_rendering()
    assert ax.get_xlabel() == r"cost (\$)"


def test_pictures_are_drawn_on_the_axes_given():
    pyplot.close("all")  # what pages may have left open in this process
    _, axes = pyplot.subplots(1, 4)
    drawn = [
        plots.data(TWO, FAITHFUL, ax=axes[0]),
        plots.uncertainty(TWO, FAITHFUL, ax=axes[1]),
        plots.convergence(TWO, ax=axes[2]),
        plots.criterion(SEARCH, ax=axes[3]),
    ]
    assert all(one is other for one, other in zip(drawn, axes, strict=True))
    assert len(pyplot.get_fignums()) == 1


def test_uncertainty_counts_the_rows_that_are_not_sure():
    mixture = GaussianMixture(3, covariance_type="tied", n_init=2, random_state=0).fit(FAITHFUL)
    ax = plots.uncertainty(mixture, FAITHFUL)
    n_unsure = int((mixture.uncertainty(FAITHFUL) > 0.1).sum())
    assert 10 < n_unsure < 100
    assert title(ax) == f"{n_unsure} of 272 rows are less than 90% sure"
    assert sorted(map(len, dots(ax).values())) == [n_unsure, 272 - n_unsure]
    heights = np.concatenate([drawn[:, 1] for drawn in dots(plots.uncertainty(OF_WAITS, WAITS)).values()])
    assert_allclose(np.sort(heights), np.sort(OF_WAITS.uncertainty(WAITS)))  # of one feature, a height


def test_panels_show_the_truth_the_clusters_and_the_climb():
    truth = np.where(TWO.predict(FAITHFUL) == 0, "long", "short")
    panels = plots.mixture_panels(TWO, FAITHFUL, truth)
    assert [title(ax) for ax in panels[:2]] == ["272 rows of 2 true clusters", "272 rows in 2 components"]
    assert title(panels[2]).startswith("Converged")
    for k, drawn in dots(panels[0]).items():
        assert_array_equal(drawn, dots(panels[1])[k])  # the same colour for what is the same
    _, axes = pyplot.subplots(1, 3)
    panels = plots.mixture_panels(TWO, FAITHFUL, ax=axes)
    assert len(dots(panels[0])) == 1
    assert title(panels[0]) == "272 rows as given"


def test_what_components_of_a_mixture_emit():
    X = np.random.default_rng(0).poisson(np.array([[1.0], [30.0]])[np.repeat([0, 1], [90, 60])])
    (panel,) = plots.emissions(MixtureModel("poisson", 2, n_init=2, random_state=0).fit(X), X)
    assert title(panel) == "Distributions in 2 components"
    assert legend(panel) == ["component 0: 60%", "component 1: 40%"]


# -- the climb and the criteria --------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_convergence_draws_the_history_below_its_end():
    ax = plots.convergence(TWO)
    history = TWO.log_likelihood_history_
    assert_allclose(ax.lines[0].get_ydata(), history - history[-1])
    assert title(ax) == f"Converged after {len(history) - 1} steps"
    short = GaussianMixture(3, n_init=1, max_iter=1, random_state=0).fit(FAITHFUL)
    assert title(plots.convergence(short)) == "Not converged after 1 step"
    still = SimpleNamespace(log_likelihood_history_=[-100.0, -100.0 - 1e-13, -100.0], converged_=True)
    low, high = plots.convergence(still).get_ylim()
    assert high - low >= 1e-4  # rounding does not look like a fall


def test_criterion_draws_a_line_for_each_family_a_gap_for_a_failure_and_marks_doubts_and_the_best():
    ax = plots.criterion(SEARCH)
    lines = {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}
    assert_allclose(lines["full"].get_ydata(), [100, 10, -10])
    assert_allclose(lines["tied"].get_ydata(), [200, np.nan, 0])
    assert title(ax) == "BIC is lowest (300.0) for tied, 3 components"
    hollow = [line for line in ax.lines if line.get_markerfacecolor() == "white" and len(line.get_xdata())]
    assert [line.get_xydata().tolist() for line in hollow] == [[[3.0, -10.0]]]
    assert lines["full"].get_markevery() == [0, 1]
    assert ax.get_ylim()[0] < -10
    ring = ax.lines[-1]
    assert ring.get_xydata().tolist() == [[3.0, 0.0]]
    assert ring.get_fillstyle() == "none"


@pytest.mark.parametrize(
    ("name", "extreme", "values"),
    [("coherence", "highest", [0.31, 0.42, 0.36]), ("perplexity", "lowest", [900.0, 750.0, 800.0])],
)
def test_criteria_of_topics_are_drawn_as_they_are(name, extreme, values):
    rows = [(k, value, (), None) for k, value in zip((2, 3, 4), values, strict=True)]
    ax = plots.criterion(a_search(1, name, *rows, names=("n_components",)))
    assert ax.lines[0].get_ydata().tolist() == values
    assert ax.lines[-1].get_xydata().tolist() == [[3.0, values[1]]]
    assert ax.get_ylabel() == name
    assert ax.get_yscale() == "linear"
    assert title(ax).startswith(f"{name} is {extreme} (")


# -- intervals -------------------------------------------------------------------------------------------


def test_intervals_are_those_of_the_fit():
    ax = plots.intervals(TWO, FAITHFUL, "means", feature=1, level=0.9)
    low, high = TWO.confidence_intervals(FAITHFUL, 0.9)["means"]
    lines = [line.get_xdata() for line in ax.lines if len(line.get_xdata()) == 2]
    assert_allclose(lines, np.column_stack([low[:, 1], high[:, 1]]))
    assert_allclose(
        [line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 1], TWO.means_[:, 1]
    )
    assert "90% intervals" in title(ax)
    one = GaussianMixture(1).fit(FAITHFUL)
    same = GaussianMixture.from_parameters([0.5, 0.5], one.means_[[0, 0]], one.covariances_[[0, 0]])
    ax = plots.intervals(same, FAITHFUL, "weights")  # of which there are none
    assert [line.get_markerfacecolor() for line in ax.lines] == ["white", "white"]
    rolls = np.array([[3], [5], [6], [6], [3]] * 40)
    ax = plots.intervals(MixtureModel("categorical", 1).fit(rolls), rolls, "emissionprob", feature=2)
    assert ax.get_xlabel() == "emissionprob: feature 0 = 6"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plots.data(OF_ABC, ABC, features=("a", "z")), "no feature 'z'; there are a, b, c"),
        (lambda: plots.data(OF_ABC, ABC, features=(0, 1, 2)), "one feature or two"),
        (lambda: plots.data(OF_ABC, ABC, features=(0, 7)), "from 0 to 2"),
        (lambda: plots.criterion(SEARCH, "icl"), "no 'icl'"),
        (lambda: plots.mixture_panels(OF_WAITS, WAITS), r"use plots\.data"),
        (lambda: plots.mixture_panels(TWO, FAITHFUL, ax=pyplot.subplots(1, 2)[1]), "2 panels, .* has 3"),
        (
            lambda: plots.intervals(TWO, FAITHFUL, "mean"),
            "parameter='mean': should be one of 'weights', 'means'",
        ),
        (lambda: plots.intervals(TWO, FAITHFUL, "covariances"), "should be one of 'weights', 'means'"),
        (lambda: plots.intervals(TWO, FAITHFUL, feature=2), "feature=2: should be from 0 to 1"),
    ],
)
def test_what_cannot_be_drawn_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_long_names_are_wrapped_and_skewed_columns_have_logarithmic_axes():
    rng = np.random.default_rng(0)
    name = "concentration of nitrogen dioxide in the air of the city at noon"
    X = pandas.DataFrame({name: np.exp(rng.normal(3, 1.5, 200)), "plain": rng.normal(50, 5, 200)})
    mixture = GaussianMixture(2, n_init=2, random_state=0).fit(X)
    ax = plots.data(mixture, X)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "linear")
    assert ax.get_xlabel().replace("\n", " ") == name
    assert max(map(len, ax.get_xlabel().split("\n"))) <= 44
    for patch in ax.patches:
        assert np.isfinite(ax.transData.transform(patch.get_xy())).all()
    alone = mixture.marginal([0])
    vars(alone).pop("feature_names_in_", None)
    panels = plots.data(alone, X[[name]].to_numpy()), plots.emissions(alone, X[[name]].to_numpy())[0]
    edges = [bar.get_x() for bar in panels[0].patches] + [X[name].max()]
    heights = [bar.get_height() for bar in panels[0].patches]
    assert heights @ np.diff(np.log10(edges)) == pytest.approx(1)
    means, deviations = alone.means_[:, 0], alone.covariances_[:, 0, 0] ** 0.5
    for ax, curve in ((panels[0], 0), (panels[1], -1)):
        at, density = ax.lines[curve].get_data()  # per factor of ten
        mass = np.diff(norm.cdf(at[[0, -1], None], means, deviations) @ mixture.weights_)[0]
        assert ax.get_xscale() == "log"
        assert np.trapezoid(density, np.log10(at)) == pytest.approx(mass, abs=0.01)


def test_letters_the_usual_font_lacks_come_from_another_or_are_warned_of_once(monkeypatch):
    monkeypatch.setattr(fonts, "_told", set())
    usual = fonts._letters(findfont(FontProperties()))
    other = next(iter(fonts._letters(findfont("STIXGeneral")) - usual))
    figure = Figure()
    ax = figure.subplots()
    ax.set(xlabel=chr(other), title="plain")
    fonts.fit_fonts(figure)
    assert any(
        other in fonts._letters(findfont(FontProperties(family=[name])))
        for name in ax.xaxis.label.get_fontfamily()
    )
    own = [font for font in fontManager.ttflist if "mpl-data" in font.fname]
    monkeypatch.setattr(fontManager, "ttflist", own)  # of which one says that it has all letters
    monkeypatch.setattr(fonts, "_covering", fonts._covering.__wrapped__)
    ax.set_xlabel("\u6e29")
    with pytest.warns(UserWarning, match="no installed font has .*: install .* fonts-noto-cjk"):
        fonts.fit_fonts(figure)
    fonts.fit_fonts(figure)  # and says nothing, which would be an error here


NEEDED = """
import sys
from types import SimpleNamespace
import sklearn.utils.validation, sklearn.cluster  # which may bring some of them along
before = set(sys.modules)
from latently import GaussianImputer, GaussianMixture, PoissonHMM, plots
print(sorted({"matplotlib", "polars", "typer", "rich"} & (set(sys.modules) - before)))
there = sys.modules.pop("matplotlib", None)
sys.modules["matplotlib"] = None
try:
    plots.convergence(SimpleNamespace(log_likelihood_history_=[0.0]))
except ImportError as error:
    print(error)
sys.modules["matplotlib"] = there
if there is None:
    del sys.modules["matplotlib"]
import matplotlib
matplotlib.use("agg")
mixture = GaussianMixture.from_parameters([1.0], [[0.0]], [[[1.0]]])
plots.data(mixture, [[-1.0], [0.0], [1.0]])
plots.intervals(mixture, [[-1.0], [0.0], [1.0]])
plots.transitions(PoissonHMM.from_parameters([1, 0], [[0.9, 0.1], [0.1, 0.9]], [[1.0], [9.0]]))
plots.convergence(GaussianImputer(n_parameter_draws=0).fit([[1.0], [2.0], [3.0]]))
of_topics = ("topic", "dirichlet", "admixture")
print([one for one in sys.modules if "latently" in one and any(word in one for word in of_topics)])
"""


def test_the_library_imports_no_extra_says_what_a_picture_needs_and_brings_no_topics_for_others(tmp_path):
    ran = process(tmp_path, code=NEEDED)
    told = 'pictures need matplotlib: pip install "latently[plot]"'
    assert ran.stdout.splitlines() == ["[]", told, "[]"], ran.stderr
