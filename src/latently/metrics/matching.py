"""Which predicted label stands for which true one: clusters and hidden states are numbered arbitrarily."""

from collections.abc import Hashable
from dataclasses import dataclass
from itertools import count, filterfalse, islice
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latently.checks.arrays import Cells, as_array, missing_cells, shown


def match_labels(true: ArrayLike, predicted: ArrayLike) -> Cells:
    """Rename predicted labels to the true labels they match best.

    Predicted and true labels are paired, one to one, so that as many samples as possible agree. The
    partition of the samples stays what it was: two of them share a new label if and only if they shared
    the old one.

    Parameters
    ----------
    true : array_like of shape (n_samples,)
        The true labels: numbers, strings or, in an array of objects, anything hashable.
    predicted : array_like of shape (n_samples,)
        The labels to rename, in the same order of samples. They may be of another kind than the true
        ones, and more or fewer.

    Returns
    -------
    ndarray of shape (n_samples,)
        The predicted labels under the names of the true ones. Where there are more predicted labels than
        true ones, those left without a partner take names that `true` does not have, one each, in the
        order in which they first appear: the smallest whole numbers not in `true` if its dtype is a
        number, else ``"unmatched 1"``, ``"unmatched 2"``, ... The dtype is that of `true`, widened where
        such names need it.

    Raises
    ------
    ValueError
        If either array is empty, not one-dimensional or holds NaN, or if their lengths differ.

    See Also
    --------
    matched_accuracy : The share of samples that agree after this renaming.

    Notes
    -----
    Entry (i, j) of the contingency table counts the samples of true label i and predicted label j. To
    pair the labels is to choose entries, no two in a row or in a column, of the greatest sum: an
    assignment problem [1]_, solved by the algorithm of [2]_. The shorter side is paired completely, if
    need be with labels it shares no sample with. Of pairings that tie, the same one is returned on every
    call.

    References
    ----------
    .. [1] Kuhn, H. W. (1955). The Hungarian method for the assignment problem. Naval Research Logistics
       Quarterly 2, 83-97.
    .. [2] Crouse, D. F. (2016). On implementing 2D rectangular assignment algorithms. IEEE Transactions on
       Aerospace and Electronic Systems 52, 1679-1696.

    Examples
    --------
    >>> from latently.metrics import match_labels
    >>> match_labels(["short", "short", "long", "long"], [1, 1, 0, 1])
    array(['short', 'short', 'long', 'short'], dtype='<U5')

    The third of three clusters has no partner among two classes:

    >>> match_labels([0, 0, 1, 1, 1], [7, 7, 5, 5, 9])
    array([0, 0, 1, 1, 2])
    """
    true_labels, predicted_labels = _encode_both(true, predicted)
    n_unmatched = max(0, len(predicted_labels.levels) - len(true_labels.levels))
    names = _extend(true_labels.levels, n_unmatched)
    return names[_partners(true_labels, predicted_labels)[predicted_labels.codes]]


def matched_accuracy(true: ArrayLike, predicted: ArrayLike) -> float:
    """Share of samples whose predicted label is the true one, under the best renaming of labels.

    Parameters
    ----------
    true : array_like of shape (n_samples,)
        The true labels: numbers, strings or, in an array of objects, anything hashable.
    predicted : array_like of shape (n_samples,)
        The predicted labels, in the same order of samples, of any such kind.

    Returns
    -------
    float
        Greater than 0, and 1 if the partitions are the same. Samples whose predicted label is left
        without a partner count as wrong.

    Raises
    ------
    ValueError
        If either array is empty, not one-dimensional or holds NaN, or if their lengths differ.

    See Also
    --------
    match_labels : The renaming itself.

    Notes
    -----
    One minus this is the classification error between two partitions of [1]_, section 2.2. It is not
    corrected for chance: with k labels of equal frequency even a random guess reaches about 1 / k.

    References
    ----------
    .. [1] Meila, M. (2007). Comparing clusterings - an information based distance. Journal of Multivariate
       Analysis 98, 873-895.

    Examples
    --------
    >>> from latently.metrics import matched_accuracy
    >>> matched_accuracy(["short", "short", "long", "long"], [1, 1, 0, 1])
    0.75
    """
    true_labels, predicted_labels = _encode_both(true, predicted)
    partners = _partners(true_labels, predicted_labels)
    return float(np.mean(partners[predicted_labels.codes] == true_labels.codes))


@dataclass(frozen=True)
class _Labels:
    """Labels as whole numbers: sample i has label ``levels[codes[i]]``."""

    levels: Cells
    codes: NDArray[np.intp]


def _encode_both(true: ArrayLike, predicted: ArrayLike) -> tuple[_Labels, _Labels]:
    true_labels, predicted_labels = _encode(true, "true"), _encode(predicted, "predicted")
    n_true, n_predicted = len(true_labels.codes), len(predicted_labels.codes)
    if n_true != n_predicted:
        raise ValueError(
            f"true is of length {n_true}, predicted of {n_predicted}: give a label of each per sample"
        )
    return true_labels, predicted_labels


def _encode(labels: ArrayLike, name: str) -> _Labels:
    labels = as_array(labels, name)
    if labels.ndim != 1:
        raise ValueError(f"{name} has shape {labels.shape}: give one label per sample, in one dimension")
    if len(labels) == 0:
        raise ValueError(f"{name} is empty: give one label per sample")

    # A dictionary rather than np.unique, which sorts: None, tuples and strings may stand side by side.
    values = labels.tolist()
    missing = missing_cells(labels) & np.array([value is not None for value in values])
    if missing.any():
        row = int(missing.argmax())
        raise ValueError(f"{name} holds NaN, first in row {row}: drop such rows, or give them a label")
    first_seen: dict[Any, int] = {}
    for row, value in enumerate(values):
        if not isinstance(value, Hashable):
            raise ValueError(f"{name} holds {shown(value)} in row {row}: labels are numbers or names")
        first_seen.setdefault(value, row)

    code_of = {value: code for code, value in enumerate(first_seen)}
    codes = np.fromiter((code_of[value] for value in values), dtype=np.intp, count=len(values))
    return _Labels(levels=labels[list(first_seen.values())], codes=codes)


def _partners(true: _Labels, predicted: _Labels) -> NDArray[np.intp]:
    """For each predicted level the true level paired with it or, without one, a number beyond those."""
    from scipy.optimize import linear_sum_assignment

    n_true, n_predicted = len(true.levels), len(predicted.levels)
    table = np.zeros((n_true, n_predicted), dtype=np.intp)
    np.add.at(table, (true.codes, predicted.codes), 1)
    paired_true, paired_predicted = linear_sum_assignment(table, maximize=True)

    partners = np.full(n_predicted, -1, dtype=np.intp)
    partners[paired_predicted] = paired_true
    alone = partners < 0
    partners[alone] = n_true + np.arange(alone.sum())
    return partners


def _extend(levels: Cells, n_names: int) -> Cells:
    """Append `n_names` names that are not yet among the levels."""
    if n_names == 0:
        return levels  # in its own dtype
    taken = set(levels.tolist())
    if levels.dtype.kind in "biufc":
        numbers = list(islice(filterfalse(taken.__contains__, count()), n_names))
        return np.concatenate([levels, np.array(numbers, dtype=np.min_scalar_type(numbers[-1]))])
    words = filterfalse(taken.__contains__, map("unmatched {}".format, count(1)))
    return np.concatenate([levels, np.array(list(islice(words, n_names)))])
