"""Estimators as the contents of files, and back: what is read is validated before it is used."""

from latently.estimators.saving.codec import UnknownClassError
from latently.estimators.saving.saved import Saved, restored

__all__ = ["Saved", "UnknownClassError", "restored"]
