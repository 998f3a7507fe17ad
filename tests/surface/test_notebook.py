"""What a notebook shows: numbers as tables by name, and estimators with what they found."""

import numpy as np
import pandas
import pytest
from numpy.testing import assert_allclose

import latently
from latently import (
    GaussianHMM,
    GaussianImputer,
    GaussianMixture,
    LatentClassAnalysis,
    LatentDirichletAllocation,
    MixedImputer,
    MixtureModel,
    PoissonHMM,
    datasets,
)
from tests.reports import NASTY, Page

X = pandas.DataFrame(datasets.load_faithful().data, columns=["eruption", "wait"])
QUAKES = datasets.load_earthquakes().data
ANSWERS = pandas.DataFrame(
    {f"q{j}": list("yynn" * 20 + "ynyn" * (j + 2) + "yy" * (6 - 2 * j)) for j in range(3)}
)


def test_a_summary_has_all_numbers_by_name_with_their_intervals():
    mixture = GaussianMixture(2, n_init=2, random_state=0).fit(X)
    plain, sure = mixture.summary().frame(), mixture.summary(X, level=0.9).frame()
    assert list(plain) == ["component", "column", "quantity", "value"]
    assert list(sure) == [*plain, "standard_error", "lower", "upper"]
    assert_allclose(sure["value"], plain["value"])
    limits = mixture.confidence_intervals(X, 0.9)
    for quantity, name in (("mean", "means"), ("weight", "weights")):
        for k in range(2):
            mine = sure[(sure["component"] == k) & (sure["quantity"] == quantity)]
            assert_allclose(mine["lower"], np.atleast_1d(limits[name][0][k]), rtol=1e-6)
            assert_allclose(mine["upper"], np.atleast_1d(limits[name][1][k]), rtol=1e-6)
    assert set(sure["column"]) == {"", "eruption", "wait"}
    model = PoissonHMM(2, n_init=2, random_state=0).fit(QUAKES)
    states = model.summary(QUAKES).frame()
    to = states[states["quantity"] == "to state 1"].sort_values("state")
    assert_allclose(to["value"], model.transmat_[:, 1])
    assert ((to["lower"] < to["value"]) & (to["value"] < to["upper"])).all()
    assert "<td>to state 1</td>" in model.summary()._repr_html_()


def test_summaries_of_imputers_and_topics_have_all_numbers_by_name():
    table = pandas.DataFrame(datasets.load_airquality().data[:, :3], columns=["ozone", "sun", "wind"])
    imputer = GaussianImputer().fit(table)
    found = imputer.summary().frame().set_index(["quantity", "column"])["value"]
    assert found["missing cells"].to_dict() == {"ozone": 37, "sun": 7, "wind": 0}
    assert_allclose(found["mean"][table.columns], imputer.mean_)
    assert_allclose(found["standard deviation"][table.columns], np.diag(imputer.covariance_) ** 0.5)
    grades = table.assign(hot=np.where(table["wind"] > 9, "yes", "no"))
    mixed = MixedImputer(2, n_init=1, random_state=0).fit(grades).summary().frame()
    assert set(mixed["column"]) == {"", *grades}
    assert set(mixed["component"]) == {"", 0, 1}
    topics = KINDS["topics"]()
    words = topics.summary(3).frame()
    assert list(words) == ["topic", "share", "word", "probability"]
    for k, mine in words.groupby("topic"):
        assert_allclose(mine["probability"], np.sort(topics.topic_word_[k])[:-4:-1])
    assert_allclose(words.groupby("topic")["share"].first().sum(), 1.0)


KINDS = {
    "mixture": lambda: GaussianMixture(2, n_init=1, random_state=0).fit(X.set_axis([NASTY, "wait"], axis=1)),
    "one column": lambda: MixtureModel("poisson", 2, n_init=1, random_state=0).fit(QUAKES),
    "series": lambda: GaussianHMM(2, n_init=1, random_state=0).fit(X),
    "classes": lambda: LatentClassAnalysis(2, n_init=1, random_state=0).fit(ANSWERS),
    "imputer": lambda: GaussianImputer().fit(datasets.load_airquality().data[:, :4]),
    "mixed imputer": lambda: MixedImputer(2, n_init=1, random_state=0).fit(
        ANSWERS.assign(x=[1.0, np.nan, 2.0, 4.0] * 25)
    ),
    "topics": lambda: LatentDirichletAllocation(2, random_state=0).fit(
        np.eye(4, dtype=int)[[0, 1, 2, 3] * 5]
    ),
    "by hand": lambda: GaussianMixture.from_parameters([0.5, 0.5], [[0.0], [1.0]], [[[1.0]], [[1.0]]]),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("unrendered")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_fitted_estimator_shows_what_it_found(kind):
    model = KINDS[kind]()
    html = model._repr_html_()
    assert model._repr_mimebundle_()["text/html"].endswith(html[html.index("<li>") :])
    assert type(model).__name__ in html
    assert "<li>" in html
    assert NASTY not in html
    assert html.count("<img ") == 1 or kind in ("imputer", "mixed imputer")
    fresh = type(model)() if kind not in ("one column",) else MixtureModel("poisson")
    assert "<li>" not in fresh._repr_html_()


def test_pictures_and_reports_show_themselves():
    mixture = GaussianMixture(1).fit(X)
    assert 'src="data:image/svg+xml,' in mixture._repr_html_()
    shown = Page(latently.report(mixture, X)._repr_html_())
    assert shown.tags == ["iframe"]


def test_visits_to_states_keep_the_dates_and_end_with_their_sequence():
    years = pandas.Series(QUAKES[:, 0], pandas.date_range("1900", periods=107, freq="YS"))
    model = PoissonHMM(3, startprob="stationary", random_state=0).fit(years)
    lengths = [50, 57]
    path, resp = model.predict(years, lengths), model.smooth(years, lengths)
    visits = model.segments(years, lengths)
    spans = [years.index.get_loc(one["start"]) for one in visits]
    assert {0, 50} <= set(spans)
    for one, first in zip(visits, spans, strict=True):
        end = years.index.get_loc(one["end"]) + 1
        assert end - first == one["n_steps"]
        assert set(path[first:end]) == {one["state"]}
        assert one["sequence"] == (first >= 50)
        assert_allclose(one["probability"], resp[first:end, one["state"]].mean())
    assert sum(one["n_steps"] for one in visits) == 107
    apart = model.segments([QUAKES[:50], QUAKES[50:]])  # without labels steps are counted in each sequence
    assert [one["start"] for one in apart] == [first - 50 * (first >= 50) for first in spans]
    steps = model.timeline(years, lengths).frame()
    assert steps["time"].tolist() == years.index.tolist()
    said = " ".join(latently.report(model, years).said)
    assert "At the last row, time 2006-01-01, the state is 0" in said  # no hours that nobody gave
    assert_allclose(steps[["state_0", "state_1", "state_2"]], resp)
