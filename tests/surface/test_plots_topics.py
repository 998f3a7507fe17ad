"""Pictures of topic models show what they say: words, shares, distances, passes."""

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal

from latently import LatentDirichletAllocation, plots
from latently.plots.topic_models.labels import place_labels
from latently.plots.topic_models.looks import overall, shares
from latently.plots.topic_models.topic_map_plot import jensen_shannon, scaled
from tests.pictures import mesh, note, of_kind, ticks, title

RNG = np.random.default_rng(0)
WORDS = [f"{letter}{i}" for letter in "abc" for i in range(12)]
TOPICS = np.zeros((3, 36))
for _k in range(3):
    TOPICS[_k, 12 * _k : 12 * _k + 12] = np.arange(12, 0, -1) / 78
MIXED = RNG.dirichlet([0.2, 0.2, 0.2], size=40)
COUNTS = np.array([RNG.multinomial(60, theta) for theta in MIXED @ TOPICS])
MODEL = LatentDirichletAllocation(3, vocabulary=WORDS, random_state=0).fit(COUNTS)
MANY = LatentDirichletAllocation(15, vocabulary=WORDS, random_state=0, max_iter=20, tol=0).fit(COUNTS)
ONLINE = LatentDirichletAllocation(3, inference="online", random_state=0).fit(COUNTS)


def circles(ax):
    """Middles and areas, in the order of the numbers in them."""
    drawn = of_kind(ax, PathCollection)
    numbers = [int(text.get_text()) for text in ax.texts if text.get_text().isdecimal()]
    assert len(numbers) == len(drawn)
    order = np.argsort(numbers)
    where = np.array([one.get_offsets()[0] for one in drawn])
    return where[order], np.array([one.get_sizes()[0] for one in drawn])[order]


def test_topics_that_were_set_by_hand_are_drawn():
    model = LatentDirichletAllocation(3)
    model.components_ = 100 * TOPICS + 1
    assert title(plots.topic_map(model)) == "How far 3 topics are apart"


# -- bars ----------------------------------------------------------------------------------------------


def test_bars_are_the_probabilities_of_the_most_relevant_words_in_the_topic_and_in_all_texts():
    panels = plots.topics(MODEL, n=4)
    assert len(panels) == 3
    for k, panel in enumerate(panels):
        words = MODEL.top_words(4, 0.6)[k]
        assert ticks(panel.yaxis) == words
        columns = [WORDS.index(word) for word in words]
        behind, in_front = panel.containers
        assert_allclose([bar.get_width() for bar in in_front], MODEL.topic_word_[k, columns])
        assert_allclose([bar.get_width() for bar in behind], overall(MODEL)[columns])
        assert panel.get_ylim()[0] > panel.get_ylim()[1]  # the first word on top
    assert note(panels[0]) == "relevance 0.6; bars: probability in the topic, pale: in all texts"
    assert title(panels[1]) == f"Topic 1, {shares(MODEL)[1]:.0%} of all words"


def test_panels_stand_in_even_lines_and_each_title_is_nearest_to_its_own():
    panels = plots.topics(MANY, topics=range(6))
    assert [panel.get_subplotspec().colspan.start for panel in panels] == [0, 1, 2] * 2
    assert {panel.get_xlabel() for panel in panels} == {"probability"}
    panels[0].figure.draw_without_rendering()
    heading = panels[3]._left_title.get_window_extent()
    above, below = panels[0].xaxis.get_ticklabels()[0].get_window_extent(), panels[3].bbox
    assert heading.y0 - below.y1 < above.y0 - heading.y1


def test_relevance_changes_the_order_and_is_told():
    common = COUNTS.copy()
    common[:, 35] += 40
    model = LatentDirichletAllocation(3, vocabulary=WORDS, random_state=0).fit(common)
    plain, telling = (plots.topics(model, n=1, relevance=weight) for weight in (1.0, 0.0))
    assert [ticks(panel.yaxis) for panel in plain] == [["c11"]] * 3
    assert all(ticks(panel.yaxis) != ["c11"] for panel in telling)
    assert note(telling[0]).startswith("relevance 0;")


def test_shares_are_of_all_words_with_the_prior_taken_off():
    tokens = (MODEL.doc_topic_ * COUNTS.sum(axis=1, keepdims=True)).sum(axis=0)
    assert_allclose(shares(MODEL), tokens / tokens.sum(), atol=0.02)
    assert shares(MODEL).sum() == pytest.approx(1)
    seeded = LatentDirichletAllocation(3, vocabulary=WORDS, seed_words={2: ["a0", "a1"]}, random_state=0)
    assert shares(seeded.fit(COUNTS)).sum() == pytest.approx(1)


def test_of_many_topics_the_largest_are_drawn_and_the_note_says_so():
    panels = plots.topics(MANY, n=3)
    drawn = [int(title(panel).split()[1].rstrip(",")) for panel in panels]
    assert sorted(np.argsort(-shares(MANY), kind="stable")[:12].tolist()) == drawn
    assert note(panels[0]).endswith("12 of 15 topics, the largest")
    asked = plots.topics(MANY, topics=[14, 2])
    assert [title(panel).split(",")[0] for panel in asked] == ["Topic 14", "Topic 2"]
    assert note(asked[0]).endswith("2 of 15 topics")


# -- maps ----------------------------------------------------------------------------------------------


def test_documents_by_topics():
    ax = plots.document_topics(MODEL)
    assert_allclose(mesh(ax).reshape(20, 3), MODEL.doc_topic_[:20])
    assert ax.get_ylim() == (20, 0)
    assert (title(ax), note(ax)) == ("Topics of 20 documents", "of 40; each row sums to one")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("topic", "document")
    new = plots.document_topics(MODEL, COUNTS[::-1], 5)
    assert_allclose(mesh(new).reshape(5, 3), MODEL.transform(COUNTS[::-1])[:5])
    chosen = plots.document_topics(MODEL, documents=[7, 3], names=["seven", "a $ three"])
    assert_allclose(mesh(chosen).reshape(2, 3), MODEL.doc_topic_[[7, 3]])
    assert ticks(chosen.yaxis) == ["seven", r"a \$ three"]
    assert mesh(plots.document_topics(ONLINE, COUNTS)).size == 60


def test_topics_by_words_draws_the_first_words_of_each_topic_or_a_small_vocabulary_whole():
    ax = plots.topic_words(MODEL, n=2)
    words = [word for topic in MODEL.top_words(2, 0.6) for word in topic]
    assert ticks(ax.xaxis) == words
    assert_allclose(mesh(ax).reshape(3, 6), MODEL.topic_word_[:, [WORDS.index(word) for word in words]])
    assert title(ax) == "3 topics by 6 words"
    small = LatentDirichletAllocation(2, random_state=0).fit(COUNTS[:, ::2])
    whole = plots.topic_words(small)
    assert_allclose(mesh(whole).reshape(2, 18), small.topic_word_)
    assert (note(whole), whole.get_xlabel()) == ("all words", "word")


def test_where_words_have_no_room_the_largest_topics_are_drawn():
    rng = np.random.default_rng(1)
    wide = LatentDirichletAllocation(30, random_state=0, max_iter=5, tol=0).fit(rng.poisson(0.3, (60, 400)))
    ax = plots.topic_words(wide, n=4)
    n_words = len(ticks(ax.xaxis))
    assert n_words < 60
    kept = [int(k) for k in ticks(ax.yaxis)]
    assert kept == sorted(np.argsort(-shares(wide), kind="stable")[: len(kept)].tolist())
    assert mesh(ax).size == n_words * len(kept)
    assert note(ax).endswith("of 30 topics the largest")


def test_the_panels_of_the_classic_demonstration_stand_side_by_side():
    _, axes = pyplot.subplots(1, 2)
    panels = plots.topics_panels(MODEL, COUNTS[:6], ax=axes)
    assert [panel.get_ylabel() for panel in panels] == ["document", "topic"]
    assert panels[0] is axes[0]
    assert_allclose(mesh(panels[0]).reshape(6, 3), MODEL.transform(COUNTS[:6]))


# -- the map of topics ---------------------------------------------------------------------------------


def test_distances_are_those_of_jensen_and_shannon():
    rng = np.random.default_rng(0)
    topics = rng.dirichlet(np.full(9, 0.4), size=5)
    found = jensen_shannon(topics)
    for i in range(5):
        for j in range(5):
            middle = (topics[i] + topics[j]) / 2
            divergence = sum((p * np.log(p / middle)).sum() for p in (topics[i], topics[j])) / 2
            assert found[i, j] == pytest.approx(np.sqrt(max(divergence, 0.0)), abs=1e-7)
    apart = jensen_shannon(np.eye(3))
    assert_allclose(apart, np.sqrt(np.log(2)) * (1 - np.eye(3)))


def test_scaling_keeps_distances_that_fit_on_a_plane():
    points = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0], [1.0, 1.0]])
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    found, kept = scaled(distances)
    assert_allclose(np.linalg.norm(found[:, None] - found, axis=2), distances, atol=1e-12)
    assert kept == pytest.approx(1)
    # The corners of a simplex spread evenly over all directions: a plane holds two of five.
    assert scaled(1 - np.eye(6))[1] == pytest.approx(2 / 5)


def test_areas_of_circles_are_shares_and_labels_name_topics():
    ax = plots.topic_map(MODEL, n=2)
    where, areas = circles(ax)
    assert_allclose(areas / areas.sum(), shares(MODEL))
    expected, kept = scaled(jensen_shannon(MODEL.topic_word_))
    assert_allclose(where, expected)
    labels = {text.get_text() for text in ax.texts}
    assert {f"{k}: {', '.join(words)}" for k, words in enumerate(MODEL.top_words(2, 0.6))} <= labels
    assert f"{kept:.0%} of their squares" in note(ax)
    assert title(ax) == "How far 3 topics are apart"
    # Both axes have the same scale.
    scale = np.abs(ax.transData.transform([[1, 1], [0, 0]]) @ [[1, 0], [0, 1]])
    across, up = scale[0] - scale[1]
    assert across == pytest.approx(up, rel=1e-3)


def boxes(ax, words):
    extents = [text.get_window_extent() for text in ax.texts if (": " in text.get_text()) == words]
    return [box for box in extents if box.width]


def overlap(a, b):
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    return max(width, 0) * max(height, 0) / (a.width * a.height)


@pytest.mark.parametrize(("model", "n"), [(MODEL, 3), (MANY, 3), (MANY, 10)])
def test_labels_lie_inside_and_hardly_on_each_other(model, n):
    ax = plots.topic_map(model, n, ax=Figure(layout="constrained").subplots())  # without pyplot, too
    ax.figure.draw_without_rendering()
    labels, frame = boxes(ax, words=True), ax.get_window_extent()
    assert 1 <= len(labels) <= len(model.components_)
    for i, one in enumerate(labels):
        assert overlap(one, frame) > 0.97
        assert all(overlap(one, other) < 0.06 for other in labels[:i])


def test_a_label_without_room_is_left_out():
    _, ax = pyplot.subplots(figsize=(3, 3))
    place_labels(ax, np.full((30, 2), 0.5), np.full(30, 10.0), [f"{i}: a label" for i in range(30)])
    labels = boxes(ax, words=True)
    assert 2 <= len(labels) < 30
    assert all(overlap(one, other) < 0.06 for i, one in enumerate(labels) for other in labels[:i])


def test_one_topic_and_two_have_a_map():
    one = LatentDirichletAllocation(1, random_state=0).fit(COUNTS)
    assert title(plots.topic_map(one)) == "A single topic"
    two = LatentDirichletAllocation(2, random_state=0).fit(COUNTS)
    where, _ = circles(plots.topic_map(two))
    distance = jensen_shannon(two.topic_word_)[0, 1]
    assert_allclose(np.abs(where[:, 0]), distance / 2)
    assert_allclose(where[:, 1], 0, atol=1e-12)


# -- convergence ---------------------------------------------------------------------------------------


def test_convergence_of_cvb0_is_its_relative_change_on_a_logarithmic_axis():
    ax = plots.convergence(MODEL)
    assert ax.get_yscale() == "log"
    assert ax.get_ylabel() == "relative change of the documents' topics"
    assert_allclose(ax.lines[0].get_ydata(), MODEL.history_)
    assert_array_equal(ax.lines[0].get_xdata(), 1 + np.arange(MODEL.n_iter_))
    assert title(ax) == f"Converged after {MODEL.n_iter_} passes"
    assert note(ax) == "CVB0 has no objective to climb; dashed: where it stops"
    assert_allclose(ax.lines[-1].get_ydata(), 1e-3)
    exact = plots.convergence(MANY)
    assert title(exact) == "Not converged after 20 passes"
    assert "dashed" not in note(exact)


def test_convergence_of_variational_bayes_is_its_bound():
    model = LatentDirichletAllocation(3, inference="vb", random_state=0).fit(COUNTS)
    ax = plots.convergence(model)
    assert ax.get_ylabel() == "lower bound below its last value"
    assert_allclose(ax.lines[0].get_ydata(), model.history_ - model.bound_)
    assert title(ax) == f"Converged after {len(model.history_) - 1} steps"
    assert note(ax).endswith("; it is no likelihood")


def bars(**arguments):
    return lambda: plots.topics(MODEL, **arguments)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (bars(n=0), "n=0: should be an integer of at least 1"),
        (bars(n=2.5), "n=2.5: should be an integer"),
        (bars(relevance=1.5), "should be a number from 0 to 1"),
        (bars(topics=[3]), "topics holds 3: should be from 0 to 2"),
        (bars(topics=[]), "topics is empty"),
        (bars(ax=np.empty(2, dtype=object)), "ax holds 2 panels, and this picture has 3"),
        (lambda: plots.topics_panels(MODEL, ax=Figure().subplots()), "ax holds 1 panel"),
        (lambda: plots.document_topics(MODEL, documents=[40]), "documents holds 40: should be from 0 to 39"),
        (
            lambda: plots.document_topics(MODEL, documents=[1, 2], names=["one"]),
            "names are 1, and 2 documents are drawn",
        ),
        (lambda: plots.document_topics(ONLINE), r"fitted online\): give them as X"),
        (lambda: plots.convergence(ONLINE), "inference='online' keeps no history"),
    ],
)
def test_what_cannot_be_drawn_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
