"""One of a thing is told in the singular, in whatever message."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from latently import (
    GaussianImputer,
    GaussianMixture,
    LatentClassAnalysis,
    LatentDirichletAllocation,
    MixtureModel,
    PoissonHMM,
    overimpute,
)
from latently.emissions import MixtureOfGaussians
from latently.estimators.likelihood.errors import spread
from latently.estimators.topics.facts import split_into_words
from latently.models.latent_emission import _spurious
from tests.command import said_in
from tests.refusing import refused

COUNTS = np.array([[3, 0], [0, 2], [1, 1]])


def test_replicates():
    found = spread(SimpleNamespace(n_ambiguous=1, n_failed=1, values={}), ()).reasons
    assert found == (
        "1 replicate was left out: its components are not those of the fit",
        "1 replicate was left out: its fit failed",
    )
    found = spread(SimpleNamespace(n_ambiguous=2, n_failed=3, values={}), ()).reasons
    assert found[1] == "3 replicates were left out: their fits failed"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: LatentDirichletAllocation(2, n_features=1).fit(COUNTS), "n_features= announce 1 word:"),
        (lambda: LatentDirichletAllocation(2, n_features=3).fit(COUNTS[:, :1]), "X has 1 column, and"),
        (
            lambda: LatentDirichletAllocation(2, n_features=3, vocabulary=["a"]).fit([["a"]]),
            "vocabulary has 1 word: leave",
        ),
        (lambda: LatentDirichletAllocation(2).fit(COUNTS[:, :1]), "X has 1 distinct word for n_components=2"),
        (lambda: LatentDirichletAllocation(1).fit(COUNTS).get_topics(["a"]), "vocabulary has 1 word, and"),
        (lambda: PoissonHMM(2).fit([[1]], lengths=[2]), "X has 1 time step: they should be equal"),
        (lambda: PoissonHMM(2).fit([[1]], states=[0.5]), "should be 1 integer, -1 for unknown"),
        (
            lambda: PoissonHMM.from_parameters("free", [[1.0]], [[1.0]]),
            "should be 1 probability, or 'stationary'",
        ),
        (lambda: overimpute(GaussianImputer(), [[1.0], [np.nan]], 0.1), "of 1 observed cell hides none"),
        (
            lambda: MixtureModel("poisson", 1).fit([[1], [2]]).standard_errors([[1]], "robust"),
            "than the 1 parameter, .* and there is 1: use",
        ),
    ],
)
def test_refusals(call, message):
    refused(call, message)


def test_what_is_said_of_fits():
    assert "which kept 1 word;" in split_into_words(CountVectorizer(), 1)[0]
    one, two = (MixtureOfGaussians(n, "diag").form for n in (1, 2))
    assert two == one.replace("1", "2") + "s"
    short = str(_spurious("state", 0, "", (1.0, "row 4"), 3))
    assert "on 1 effective distinct row (row 4" in short
    yes_or_no = {name: np.arange(40) // 2**i % 2 for i, name in enumerate("abc")}
    fit = LatentClassAnalysis(1, random_state=0).fit(yes_or_no).goodness_of_fit(yes_or_no)
    assert f"{fit.degrees_of_freedom} degrees of freedom; 8 patterns in 8 cells" in str(fit)
    two = {name: yes_or_no[name] for name in "ab"}
    assert "1 degree of freedom; 4 patterns" in str(LatentClassAnalysis(1).fit(two).goodness_of_fit(two))


def test_the_command(run, here):
    GaussianMixture(1).fit(COUNTS).save(here / "one.latently")
    assert "one.latently holds a GaussianMixture of 1 component" in said_in(run("info", "one.latently")[1])
