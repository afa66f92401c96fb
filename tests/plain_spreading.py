"""Label spreading as a dense system, written from its definition alone."""

import numpy as np
import scipy.sparse as sp


def solved(affinity: sp.csr_matrix, labels: np.ndarray, alpha: float) -> tuple[np.ndarray, ...]:
    """Solve for F, and return the scale of each node's tolerance too."""
    degrees = np.asarray(affinity.sum(axis=1)).ravel()
    roots = np.sqrt(np.where(degrees > 0, degrees, 1))
    normalised = affinity.toarray() / roots / roots[:, np.newaxis]
    scores = np.linalg.solve(np.eye(len(roots)) - alpha * normalised, labels)
    return scores, roots / np.sqrt(np.mean(roots**2))
