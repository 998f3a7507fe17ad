"""What a report on a mixture speaks of: clusters, how sure they are, and how far they agree with a truth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Array
from latently.emissions.described import Components
from latently.report.analysis import Analysis, Truth
from latently.report.fits import SURE

MOST_COMPARED = 10_000


@dataclass(frozen=True)
class MixtureAnalysis(Analysis):
    """A `GaussianMixture`, or a `MixtureModel` of any family, and how it came about."""

    truth: Truth | None = None  # true labels, where they are known

    @cached_property
    def rows(self) -> Array:
        """The rows as the model reads them: categories by their codes, NaN where a cell is missing."""
        return np.asarray(self.family.modelled(self._read))

    @cached_property
    def _read(self) -> Array:
        return np.asarray(self.model._source(self.X).x, dtype=np.float64)

    @cached_property
    def resp(self) -> Array:
        """Responsibilities, shape (n_rows, n_components)."""
        return np.asarray(self.model.predict_proba(self.X))

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """The likeliest cluster of each row."""
        return np.asarray(self.resp.argmax(axis=1))

    @cached_property
    def probability(self) -> Array:
        """The probability of the likeliest cluster of each row."""
        return np.asarray(self.resp.max(axis=1))

    @cached_property
    def sizes(self) -> list[int]:
        """How many rows are in each cluster."""
        return np.bincount(self.labels, minlength=self.n_components).tolist()

    @cached_property
    def n_unsure(self) -> int:
        """How many rows are less than 90% sure to be in their cluster."""
        return int((self.probability < SURE).sum())

    @cached_property
    def components(self) -> Components:
        """What the clusters look like."""
        rows = self.model.weights_ * self.n_rows
        return self.family.describe_components(self.emission, self.names, rows, "cluster")

    @cached_property
    def means(self) -> Array | None:
        """Means of the clusters; None for a family without."""
        found = self.family.mean(self.emission)
        return None if found is None else np.asarray(found)

    @cached_property
    def standing_out(self) -> Array:
        """How far each mean lies from that of all rows, in standard deviations of all rows."""
        return np.asarray((self.means - np.nanmean(self.rows, axis=0)) / np.nanstd(self.rows, axis=0))

    @cached_property
    def discriminative(self) -> list[int]:
        """Columns, those that tell the clusters apart best first: by the share of variance between."""
        if self.means is None:
            found = self.family.standing_out(self.emission, self.names, self.model.weights_)
            far = np.array([[away for away, _ in phrases] for phrases in found])
            order = np.argsort(-(self.model.weights_ @ far**2), kind="stable")
            return order.tolist() if far.size else list(range(len(self.names)))
        between = self.model.weights_ @ self.standing_out**2
        return np.argsort(-between, kind="stable").tolist()

    @cached_property
    def correlations(self) -> Array | None:
        """Correlations within each cluster, shape (n_components, n_columns, n_columns); None without any."""
        covariances = self.family.covariance(self.emission)
        if covariances is None or not self.family.correlated:
            return None
        scale = self.deviations
        return np.asarray(covariances / (scale[:, :, None] * scale[:, None, :]))

    @cached_property
    def agreement(self) -> Agreement | None:
        """How far the clusters agree with the truth; None without one."""
        return None if self.truth is None else Agreement.of(self.truth, self.labels)

    @cached_property
    def silhouette(self) -> float | None:
        """Mean silhouette of the complete rows; None for one cluster, or where rows have no distances.

        In the units of the columns; of columns of any kind, in units in which all count alike.

        Of more than 10,000 rows a random 10,000 count.
        """
        from sklearn.metrics import silhouette_score

        whole = ~self.missing.any(axis=1)
        rows, labels = self._read[whole], self.labels[whole]
        if not 1 < len(np.unique(labels)) < len(rows):
            return None
        apart, sample = self.family.apart(rows), MOST_COMPARED if len(rows) > MOST_COMPARED else None
        if apart is None:
            return None
        return float(silhouette_score(apart, labels, sample_size=sample, random_state=0))


@dataclass(frozen=True)
class Agreement:
    """Clusters and true labels compared, over the rows that have one."""

    adjusted_rand: float  # adjusted Rand index: 1 for the same partition, about 0 for one at random
    levels: list[str]  # the true labels
    counts: NDArray[np.int64]  # (n_levels, n_clusters): how many rows have each label and cluster
    n_unlabelled: int  # rows without a true label, which do not count

    @classmethod
    def of(cls, truth: Truth, labels: NDArray[np.int64]) -> Agreement:
        """Compare true labels with clusters."""
        from sklearn.metrics import adjusted_rand_score

        known = np.array([label != "" for label in truth.labels])
        levels, codes = np.unique(np.asarray(truth.labels, dtype=object)[known], return_inverse=True)
        counts = np.zeros((len(levels), labels.max() + 1), dtype=np.int64)
        np.add.at(counts, (codes, labels[known]), 1)
        score = float(adjusted_rand_score(codes, labels[known]))
        return cls(score, levels.tolist(), counts, int((~known).sum()))
