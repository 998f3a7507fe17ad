"""Latent Dirichlet allocation: each document mixes topics, each topic is a distribution of words.

It is no product of a latent structure and an emission family, since its inner loop is per document;
so it stands beside them and meets the engine by itself.
"""

from latently.models.admixture.collapsed import CollapsedAdmixture
from latently.models.admixture.documents import (
    DocumentSource,
    Entries,
    document_source,
    entries_in_block,
    even,
    joined_documents,
)
from latently.models.admixture.folding import CollapsedFolding
from latently.models.admixture.inference import Expectations, Inference
from latently.models.admixture.params import AdmixtureParams
from latently.models.admixture.remembered import Remembered
from latently.models.admixture.seed_assignments import SeedAssignments
from latently.models.admixture.streaming import Passing, Schedule, Stream, StreamingAdmixture, tokens_of
from latently.models.admixture.variational import VariationalAdmixture

__all__ = [
    "AdmixtureParams",
    "CollapsedAdmixture",
    "CollapsedFolding",
    "DocumentSource",
    "Entries",
    "Expectations",
    "Inference",
    "Passing",
    "Remembered",
    "Schedule",
    "SeedAssignments",
    "Stream",
    "StreamingAdmixture",
    "VariationalAdmixture",
    "document_source",
    "entries_in_block",
    "even",
    "joined_documents",
    "tokens_of",
]
