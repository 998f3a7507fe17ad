"""Saving an estimator: its settings, and the facts that make it a fitted one."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from latently import archive
from latently.archive import Contents
from latently.estimators.saving.codec import Decoder, Encoder, Storable
from latently.estimators.saving.version_1 import as_version_2
from latently.wording import count

NOT_STORED = ("callbacks", "checkpoint")


class Saved(Storable):
    """An estimator that can be saved.

    It declares its facts twice: `_facts` gives them, and the signature of `_restore` says their names and
    types, by which those of a file are checked.
    """

    n_features_in_: int
    feature_names_in_: Any

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the estimator to a file, from which `latently.load` makes one that predicts the same bits.

        The file is a zip archive of JSON and arrays, never a pickle. It holds the settings, and all that was
        learned. Callbacks and the path of a checkpoint are not stored, nor is a generator of random numbers
        in `random_state`: they are None after loading.

        Parameters
        ----------
        path : str or path
            Where to. A file of this name is replaced once the new one is safely on the disk; if saving
            fails, it stays as it was.

        Raises
        ------
        ValueError
            If a setting, or an emission family of one's own, is not made of numbers, strings and arrays.
        OSError
            If the path cannot be written.

        Examples
        --------
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from latently import GaussianMixture, load
        >>> mixture = GaussianMixture.from_parameters([0.5, 0.5], [[0.0], [4.0]], [[[1.0]], [[1.0]]])
        >>> with TemporaryDirectory() as folder:
        ...     mixture.save(Path(folder) / "model.latently")
        ...     again = load(Path(folder) / "model.latently")
        >>> again.predict([[3.0]]).tolist()
        [1]
        """
        check_is_fitted(self)
        archive.write(path, self._contents())

    def _contents(self) -> Contents:
        """What a file needs to hold.

        Raises a ValueError if a setting or a family cannot be stored, or `restored` would refuse the
        contents.
        """
        encoder = Encoder()
        try:
            contents = Contents(encoder.encode(self, ""), encoder.arrays)
            restored(contents, encoder.estimators, encoder.own)
        except (ValueError, TypeError) as error:
            raise ValueError(f"this {type(self).__name__} cannot be saved: {error}") from error
        return contents

    def _stored_settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = self.get_params(deep=False)  # type: ignore[attr-defined]
        settings.update({name: None for name in NOT_STORED if name in settings})
        if not isinstance(settings["random_state"], (int, np.integer)):
            settings["random_state"] = None
        return settings

    def _facts(self) -> dict[str, Any]:
        names = getattr(self, "feature_names_in_", None)
        return {
            "n_features": self.n_features_in_,
            "feature_names": None if names is None else tuple(names),
        }

    @abstractmethod
    def _restore(self, *args: Any, **facts: Any) -> None:
        """Check what `_facts` gave and a file held, and take it up.

        Raises a ValueError if something is of another shape, or not feasible; it is named.
        """

    def _restore_columns(self, n_features: int, feature_names: tuple[str, ...] | None) -> None:
        """Take up the columns, which have one name each if any.

        Raises a ValueError if there are none, or their names are not as many.
        """
        if n_features < 1 or (feature_names is not None and len(feature_names) != n_features):
            raise ValueError(f"its {count(n_features, 'column')} and their names {feature_names} do not fit")
        self.n_features_in_ = n_features
        if feature_names is not None:
            self.feature_names_in_ = np.array(feature_names, dtype=object)


def restored(contents: Contents, estimators: Mapping[str, type], own: Sequence[type] = ()) -> Any:
    """Return the estimator that a file holds.

    `own` are the user's classes. Refuses by name what is missing, unknown, of another type or shape, or not
    feasible; if a class of the user's is needed and not there, by an UnknownClassError.
    """
    if "checkpoint" in contents.document:
        raise ValueError("it is the checkpoint of a fit, which goes on from it with checkpoint=...")
    document = contents.document if contents.version > 1 else as_version_2(contents.document)
    with np.errstate(all="ignore"):
        found = Decoder(contents.arrays, own=own, estimators=estimators).decode(document, "")
    if not isinstance(found, Saved):
        raise ValueError(f"it holds a {type(found).__name__}, not an estimator")
    return found
