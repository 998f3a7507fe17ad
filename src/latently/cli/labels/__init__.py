"""New rows and documents, labelled by models that were fitted before: a file for each kind of model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from latently.cli.labels import cells, rows, states, topics
from latently.cli.labels.labelled import Labelled
from latently.cli.of_model import OfModel
from latently.estimators.hmm import BaseHMM
from latently.estimators.imputation.base import BaseImputer
from latently.estimators.latent_dirichlet_allocation import LatentDirichletAllocation
from latently.estimators.mixture import BaseMixture


class Kind(NamedTuple):
    """What is done with data for models of a kind."""

    models: tuple[type, ...]
    what: str  # these are
    options: tuple[str, ...]  # that are for no others
    read: Callable[[OfModel, dict[str, Any]], tuple[Any, OfModel]]
    label: Callable[[Any, Any, OfModel], Labelled]
    of_report: Callable[[Any, Any, OfModel], tuple[Any, dict[str, Any]]]


KINDS = (
    Kind((BaseMixture,), "mixtures", (), OfModel.as_table, rows.label, rows.of_report),
    Kind(
        (BaseHMM,), "models of series", ("time", "sequence"), OfModel.as_table, states.label, states.of_report
    ),
    Kind(
        (LatentDirichletAllocation,),
        "topic models",
        ("text_column", "vocabulary", "files"),
        OfModel.as_documents,
        topics.label,
        topics.of_report,
    ),
    Kind((BaseImputer,), "imputers", (), OfModel.as_table, cells.label, cells.of_report),
)


def kind_of(model: object) -> Kind:
    """The kind that a model is of."""
    return next(kind for kind in KINDS if isinstance(model, kind.models))
