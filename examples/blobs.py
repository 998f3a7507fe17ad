"""The classic demonstration of EM: points round three centres, found again without their labels."""

import sys

from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score, silhouette_score

from latently import GaussianMixture, plots

# 1000 points, and the centre that each was drawn round. The mixture never sees these labels.
X, y = make_blobs(n_samples=1000, centers=3, random_state=9)

# Plain EM from three of the points as means, so that the whole climb can be seen. For real use leave both
# out: GaussianMixture(3) makes many short runs and finishes the best.
mixture = GaussianMixture(n_components=3, means_init=X[:3], acceleration=None).fit(X)
labels = mixture.predict(X)

print(f"EM {mixture.stop_reason_}, after {mixture.n_iter_} steps")
print(f"log-likelihood      {mixture.log_likelihood_:.3f}")
print(f"adjusted Rand index {adjusted_rand_score(y, labels):.3f}  (1: the same partition as the truth)")
print(f"silhouette          {silhouette_score(X, labels):.3f}  (1: clusters far apart)")

path = sys.argv[1] if len(sys.argv) > 1 else "blobs.png"
panels = plots.mixture_panels(mixture, X, y)
panels[0].figure.savefig(path, dpi=150)
print(f"pictures in {path}")
