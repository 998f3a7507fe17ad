"""How topics were found, pass by pass."""

from __future__ import annotations

import warnings
from copy import copy
from typing import Any

import numpy as np
from sklearn.base import clone

from latently.metrics import match_topics
from latently.report.interactive.recorder import Frame, Recorder, Track
from latently.report.interactive.replay import Replay, Shown, recorded
from latently.report.interactive.topics import topics_view
from latently.report.topics.analysis import TopicsAnalysis
from latently.wording import count

MOST_TOKENS = 2_000_000  # of documents that are fitted again for a page


def topics_replay(a: TopicsAnalysis) -> Replay | None:
    """The passes of the fit, as recorded or made again; None where that would take too long."""
    n_topics = a.n_topics
    if n_topics == 1 or not len(a.model.history_):
        return None
    found = recorded(a.model, float(a.model.history_[-1]))
    note = "These are the passes of the fit, recorded on the way"
    if found is None:
        if a.collection.n_tokens > MOST_TOKENS or not isinstance(a.model.random_state, int):
            return None
        found = _made_again(a)
        note = "The fit was not recorded, so it was made again for this replay, from the same seed"
    _, track = found
    shown = Shown.of(track, [track], f"{note}: {count(len(track.values), 'step')}.")
    words = a.collection.words if a.model.vocabulary_ is None else list(a.model.vocabulary_)
    rises = "lower bound" if a.model.bound_ is not None else "change in each pass"
    return shown.replay("topics", "topic", topics_view(_moments(a.model, shown.frames), words), rises)


def _made_again(a: TopicsAnalysis) -> tuple[Recorder, Track]:
    """The same fit from the same seed, recorded."""
    recorder = Recorder()
    again = clone(a.model).set_params(callbacks=[recorder], verbose=0)
    if a.model.vocabulary_ is not None:  # of which seed words may be
        again.set_params(vocabulary=list(a.model.vocabulary_), vectorizer=None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is odd about the documents is said already
        again.fit(a.collection.counts)
    return recorder, recorder.runs[-1]


def _moments(model: Any, frames: list[Frame]) -> list[Any]:
    """The model at each step, its topics in the order of the fit."""
    order = match_topics(model.topic_word_, frames[-1].params.probabilities).partner
    seen = []
    for frame in frames:
        moment = copy(model)
        moment._set_params(None, frame.params.permuted(np.asarray(order)), model._outcome)
        seen.append(moment)
    return seen
