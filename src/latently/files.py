"""Models from files: the other half of an estimator's `save`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from latently import archive
from latently.archive import ModelFileError
from latently.checks.arrays import shown
from latently.checks.settings import ITERABLE, PATH, checked
from latently.estimators import HOMES
from latently.estimators.saving import UnknownClassError, restored
from latently.lazy import Deferred

__all__ = ["ModelFileError", "load"]


@checked(path=(PATH,), families=(ITERABLE,))
def load(path: str | os.PathLike[str], *, families: Iterable[type] = ()) -> Any:
    """Return the estimator that was saved to a file; it predicts the same bits.

    A file cannot name code to import or to run, so one from a stranger is safe to load. What it holds is
    checked: types, shapes, weights that sum to one, covariances that are positive definite.

    Parameters
    ----------
    path : str or path
        What an estimator's `save` wrote.
    families : iterable of type
        One's own emission families that the model is made of, and the classes of their params if the methods
        of the family cannot see them by name. Those of latently are known.

    Returns
    -------
    estimator
        A mixture, a hidden Markov model, a topic model or a `GaussianImputer`, as it was saved. Callbacks are
        None, and so is `random_state` if it was a generator.

    Raises
    ------
    ModelFileError
        If there is no such file, it is not a model, it is damaged, it comes from a newer latently, or a
        family was not handed in (a ValueError, too). The message names the remedy.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from latently import GaussianMixture, datasets, load
    >>> X = datasets.load_faithful().data
    >>> mixture = GaussianMixture(2, random_state=0).fit(X)
    >>> with TemporaryDirectory() as folder:
    ...     mixture.save(Path(folder) / "faithful.latently")
    ...     again = load(Path(folder) / "faithful.latently")
    >>> (again.predict_proba(X) == mixture.predict_proba(X)).all()
    np.True_
    """
    own = tuple(families)
    wrong = [family for family in own if not isinstance(family, type)]
    if wrong:
        raise ValueError(
            f"families holds {shown(wrong[0])}: should be classes, such as {type(wrong[0]).__name__}"
        )
    contents = archive.read(path)
    name = os.fspath(path)
    try:
        return restored(contents, Deferred("latently.estimators", HOMES), own)
    except UnknownClassError as error:
        classes = ", ".join([*(cls.__name__ for cls in own), error.name])
        raise ModelFileError(
            f"{name!r} {error}, and a file may not name code to import: load(..., families=({classes},))"
        ) from None
    # What the file says goes into constructors and formulas, a user's among them, which may fail in any way.
    except Exception as error:
        raise ModelFileError(f"{name!r} is not sound: {error}; take a copy, or save it again") from error
