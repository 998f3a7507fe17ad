"""What topic models integrate out, by its formula and by every assignment of tokens to topics."""

from itertools import product

import numpy as np
from scipy.special import gammaln


def log_dirichlet_multinomial(counts: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """log of the integral of prod_k theta_k^n_k over the Dirichlet distribution for each row of counts."""
    total = gammaln(prior.sum()) - gammaln((counts + prior).sum(axis=-1))
    return total + (gammaln(counts + prior) - gammaln(prior)).sum(axis=-1)


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
            log_dirichlet_multinomial(of_documents, alpha).sum()
            + log_dirichlet_multinomial(of_topics, eta).sum()
        )
    return float(np.logaddexp.reduce(values))
