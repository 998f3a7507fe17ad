"""What topic models integrate out, by its formula and by every assignment of tokens to topics."""

from itertools import product

import numpy as np
from scipy.special import gammaln


def log_dirichlet_multinomial(counts: np.ndarray, prior: np.ndarray) -> float:
    """log of the integral of prod_k theta_k^n_k over the Dirichlet distribution: no matter in what order."""
    total = gammaln(prior.sum()) - gammaln((counts + prior).sum())
    return float(total + (gammaln(counts + prior) - gammaln(prior)).sum())


def log_evidence(X: np.ndarray, alpha: np.ndarray, eta: np.ndarray) -> float:
    """log p(words), by the sum over all assignments of tokens to topics; both Dirichlets integrated out."""
    documents = np.repeat(np.arange(len(X)), X.sum(axis=1))
    words = np.concatenate([np.repeat(np.arange(X.shape[1]), row) for row in X])
    values = []
    for assignment in product(range(len(alpha)), repeat=len(words)):
        of_documents = np.zeros((len(X), len(alpha)))
        of_topics = np.zeros((len(alpha), X.shape[1]))
        np.add.at(of_documents, (documents, assignment), 1)
        np.add.at(of_topics, (assignment, words), 1)
        values.append(
            sum(log_dirichlet_multinomial(row, alpha) for row in of_documents)
            + sum(log_dirichlet_multinomial(row, eta) for row in of_topics)
        )
    return float(np.logaddexp.reduce(values))
