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


def posterior(scores: np.ndarray, class_mass: float) -> np.ndarray:
    """Return class probabilities of nodes by their scores, shape (n_nodes, n_classes)."""
    masses = scores.sum(axis=0)
    weighted = scores * np.where(masses > 0, masses, np.inf) ** -class_mass
    weighted *= masses.sum() / weighted.sum() if weighted.sum() else 0
    weighted += 0.005 / scores.shape[1]
    return weighted / weighted.sum(axis=1, keepdims=True)
