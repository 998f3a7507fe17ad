"""All that a report speaks of: a mixture, the rows it was fitted to, and the search that chose it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from latently.estimators import GaussianMixture
from latently.plots.features import feature_names

if TYPE_CHECKING:
    from latently.selection import Selection

Array = NDArray[np.float64]

SURE = 0.9
MOST_COMPARED = 10_000


@dataclass(frozen=True)
class Truth:
    """How far the clusters agree with labels that the mixture never saw.

    Parameters
    ----------
    name : str
        Name of the column of true labels.
    labels : sequence of str
        The true label of each row.
    """

    name: str
    labels: Sequence[str]


@dataclass(frozen=True)
class MixtureAnalysis:
    """A mixture and how it came about.

    Parameters
    ----------
    mixture : GaussianMixture
        Fitted.
    X : array-like of shape (n_samples, n_features)
        The rows it was fitted to; NaN or null is a missing cell.
    source : str
        What the rows are called: the name of a file.
    selection : Selection, optional
        The search that chose the mixture.
    truth : Truth, optional
        True labels, where they are known.
    left_out : mapping of str to str
        Columns that are not in the mixture, and why.
    notes : sequence of str
        What else to be careful about, such as a column that looks like an identifier.
    settings : mapping of str to str
        How the mixture was asked for, to be printed.
    """

    mixture: GaussianMixture
    X: Any
    source: str
    selection: Selection | None = None
    truth: Truth | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    settings: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def names(self) -> list[str]:
        """Names of the features."""
        return feature_names(self.mixture)

    @cached_property
    def rows(self) -> Array:
        """The rows as an array, NaN where a cell is missing."""
        return np.asarray(self.X, dtype=np.float64)

    @cached_property
    def missing(self) -> NDArray[np.bool_]:
        """Which cells are missing."""
        return np.asarray(np.isnan(self.rows))

    @cached_property
    def n_missing(self) -> int:
        """How many cells are missing."""
        return int(self.missing.sum())

    @cached_property
    def n_holed_rows(self) -> int:
        """How many rows lack a cell."""
        return int(self.missing.any(axis=1).sum())

    @cached_property
    def n_empty_rows(self) -> int:
        """How many rows lack all cells."""
        return int(self.missing.all(axis=1).sum())

    @cached_property
    def resp(self) -> Array:
        """Responsibilities, shape (n_rows, n_components)."""
        return np.asarray(self.mixture.predict_proba(self.X))

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """The likeliest cluster of each row."""
        return np.asarray(self.resp.argmax(axis=1))

    @cached_property
    def probability(self) -> Array:
        """The probability of the likeliest cluster of each row."""
        return np.asarray(self.resp.max(axis=1))

    @property
    def n_rows(self) -> int:
        """How many rows."""
        return len(self.rows)

    @property
    def n_clusters(self) -> int:
        """How many components."""
        return len(self.mixture.weights_)

    @cached_property
    def sizes(self) -> list[int]:
        """How many rows are in each cluster."""
        return np.bincount(self.labels, minlength=self.n_clusters).tolist()

    @cached_property
    def n_unsure(self) -> int:
        """How many rows are less than 90% sure to be in their cluster."""
        return int((self.probability < SURE).sum())

    @cached_property
    def covariances(self) -> Array:
        """Covariance matrix of each cluster, shape (n_clusters, n_features, n_features)."""
        return np.stack([component.covariance for component in self.mixture.components_])

    @cached_property
    def deviations(self) -> Array:
        """Standard deviations, shape (n_clusters, n_features)."""
        return np.sqrt(np.diagonal(self.covariances, axis1=1, axis2=2))

    @cached_property
    def correlations(self) -> Array:
        """Correlation matrix of each cluster, shape (n_clusters, n_features, n_features)."""
        scale = self.deviations
        return self.covariances / (scale[:, :, None] * scale[:, None, :])

    @cached_property
    def standing_out(self) -> Array:
        """How far each mean lies from that of all rows, in standard deviations of all rows."""
        return (self.mixture.means_ - np.nanmean(self.rows, axis=0)) / np.nanstd(self.rows, axis=0)

    @cached_property
    def telling(self) -> list[int]:
        """Features, those that tell the clusters apart best first: by the share of variance between."""
        between = self.mixture.weights_ @ self.standing_out**2
        return np.argsort(-between, kind="stable").tolist()

    @cached_property
    def agreement(self) -> Agreement | None:
        """How far the clusters agree with the truth; None without one."""
        return None if self.truth is None else Agreement.of(self.truth, self.labels)

    @cached_property
    def silhouette(self) -> float | None:
        """Mean silhouette of the complete rows, in the units of the features; None for one cluster.

        Of more than 10,000 rows a random 10,000 count.
        """
        from sklearn.metrics import silhouette_score

        whole = ~self.missing.any(axis=1)
        rows, labels = self.rows[whole], self.labels[whole]
        if not 1 < len(np.unique(labels)) < len(rows):
            return None
        sample = MOST_COMPARED if len(rows) > MOST_COMPARED else None
        return float(silhouette_score(rows, labels, sample_size=sample, random_state=0))


@dataclass(frozen=True)
class Agreement:
    """Clusters and true labels compared, over the rows that have one.

    Attributes
    ----------
    adjusted_rand : float
        Adjusted Rand index: 1 for the same partition, about 0 for one at random.
    levels : list of str
        The true labels.
    counts : array of shape (n_levels, n_clusters)
        How many rows have each label and cluster.
    n_unlabelled : int
        Rows without a true label, which do not count.
    """

    adjusted_rand: float
    levels: list[str]
    counts: NDArray[np.int64]
    n_unlabelled: int

    @classmethod
    def of(cls, truth: Truth, labels: NDArray[np.int64]) -> Agreement:
        """Compare true labels with clusters."""
        from sklearn.metrics import adjusted_rand_score

        known = np.array([label != "" for label in truth.labels])
        levels, codes = np.unique(np.asarray(truth.labels, dtype=object)[known], return_inverse=True)
        counts = np.zeros((len(levels), labels.max() + 1), dtype=np.int64)
        np.add.at(counts, (codes, labels[known]), 1)
        return cls(
            float(adjusted_rand_score(codes, labels[known])), levels.tolist(), counts, int((~known).sum())
        )
