"""Data of which the reports say what there is to say: wines, heart attacks, a casino, Python's reference."""

from __future__ import annotations

from pydoc_data.topics import topics

import numpy as np
import polars as pl
from sklearn.datasets import load_wine

from latently import datasets
from latently.cli.corpora import Documents
from latently.cli.corpora.documents import numbered
from latently.cli.corpora.words import WordChoice, collect
from latently.cli.demo.chapter import Chapter, chapter_of
from latently.cli.progress import ShowProgress
from latently.cli.tables.table import Table
from latently.estimators.categorical_hmm import CategoricalHMM
from latently.estimators.gaussian_imputer import GaussianImputer
from latently.estimators.gaussian_mixture import GaussianMixture
from latently.estimators.latent_dirichlet_allocation import LatentDirichletAllocation
from latently.report.analysis import Truth
from latently.report.fits import in_words
from latently.report.imputation import ImputationAnalysis, imputation_report
from latently.report.mixture import MixtureAnalysis, mixture_report
from latently.report.segmentation import SegmentationAnalysis, segmentation_report
from latently.report.topics import TopicsAnalysis, topics_report
from latently.selection.search import select
from latently.wording import number, sentence, share

SEED = 0
N_TABLES = 20
N_TOPICS = 8
SETTINGS = {"Seed": str(SEED)}
WINES = (
    "178 wines from one region of Italy, made of three kinds of grapes, and what a laboratory measured in "
    "each (the data come with scikit-learn). The kinds are kept from the model, and compared with its "
    "clusters."
)
HEART_ATTACKS = (
    "Cholesterol of 28 patients 2, 4 and 14 days after a heart attack; the last of them was not taken of "
    "nine. What would it have been (Schafer 1997, table 5.1)?"
)
CASINO = (
    "300 rolls of a die in a casino that changes, now and then, from a fair die to a loaded one and back "
    "(Durbin et al. 1998, chapter 3). Only the faces are seen."
)
REFERENCE = (
    "The parts of the reference of Python that help() shows, as they come with the Python that runs this: "
    "from 'assert' to 'yield'. Eight topics are asked for: which are they?"
)


def wines(show: ShowProgress) -> Chapter:
    """Fit mixtures of some numbers and shapes to the wines."""
    found = load_wine()
    X = pl.DataFrame(found.data, schema=list(found.feature_names))
    selection = select(
        GaussianMixture(random_state=SEED),
        X,
        {"covariance_type": ["tied", "diag"], "n_components": range(1, 7)},
        progress=lambda i, n, at: show(i, n, f"wines: {in_words(at)}"),
    )
    labels = [f"grape {kind}" for kind in found.target]
    a = MixtureAnalysis(
        selection.best_, X, "the wines", Truth("grapes", labels), selection=selection, settings=SETTINGS
    )
    report = mixture_report(a)
    return chapter_of(report, "wine", "Wines", WINES, report.said)


def heart_attacks(show: ShowProgress) -> Chapter:
    """Fill in the cholesterol of the 14th day."""
    measured = datasets.load_cholesterol()
    X = pl.DataFrame(measured.data, schema=list(measured.feature_names))
    show(0, None, "cholesterol: filling in")
    imputer = GaussianImputer(n_parameter_draws=N_TABLES, random_state=SEED).fit(X)
    report = imputation_report(ImputationAnalysis(imputer, X, "the patients", seed=SEED, settings=SETTINGS))
    return chapter_of(report, "cholesterol", "After heart attacks", HEART_ATTACKS, report.said)


def dishonest_casino(show: ShowProgress) -> Chapter:
    """Look for the loaded die; compare what is found with the true one, and with where EM ends from it."""
    casino = datasets.load_casino()
    rolls = casino.data[:, :1]
    show(0, None, "casino: finding the loaded die")
    model, one = (CategoricalHMM(k, startprob="stationary", random_state=SEED).fit(rolls) for k in (2, 1))
    model.feature_names_in_ = np.array(["roll"], dtype=object)
    a = SegmentationAnalysis(model, rolls, "the rolls", ["roll"], time_name="roll", settings=SETTINGS)
    report = segmentation_report(a)
    true = {"transmat_init": casino.transmat, "emissionprob_init": casino.emissionprob}
    near = CategoricalHMM(2, startprob="stationary", **true).fit(rolls)
    tables = casino.emissionprob, model.emissionprob_, near.emissionprob_
    loaded, most, close = (share(float(np.max(table[:, -1]))) for table in tables)
    said = [
        *report.said,
        f"The loaded die shows a six in {loaded} of its rolls; of the states found, the one with most sixes "
        f"does so in {most}.",
        "Started from the casino's own probabilities, EM ends at another maximum, "
        f"{number(model.log_likelihood_ - near.log_likelihood_, 2)} lower, whose second die shows a six in "
        f"{close}: with so few rows the highest maximum need not be the one nearest to the truth.",
        f"That there are two dice is told here, and not found: BIC is {number(one.bic(), 1)} for one state "
        f"and {number(model.bic(), 1)} for two, as 300 rolls are few for so many probabilities.",
    ]
    return chapter_of(report, "casino", "A dishonest casino", CASINO, said)


def python_reference(show: ShowProgress) -> Chapter:
    """Find what the parts of the reference of Python are about."""
    show(0, None, "topics of the reference of Python")
    titles = sorted(topics)
    texts = [topics[title] for title in titles]
    rest = Table("python", numbered(len(texts)))
    collection = collect(Documents("the reference of Python", "texts", rest, texts), WordChoice())
    model = LatentDirichletAllocation(N_TOPICS, vocabulary=collection.words, random_state=SEED)
    a = TopicsAnalysis(model.fit(collection.counts), collection, "the reference of Python", titles)
    report = topics_report(a)
    said = [*report.said, *map(sentence, map(str, report.aloud))]
    return chapter_of(report, "python", "Python", REFERENCE, said)
