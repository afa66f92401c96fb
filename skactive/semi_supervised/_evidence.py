"""Weights and temperature under which held-out labels are most probable."""

from __future__ import annotations

import numpy as np

# The inverse temperatures among which the likelihood chooses, and the normal distribution of their
# logarithm that is assumed before there are labels.
INVERSES = np.geomspace(0.5, 12, 48)
PRIOR_INVERSE, PRIOR_DEVIATION = 2.0, 0.5

# Smaller probabilities count as this one.
LEAST = 1e-12

# Number of labels that the prior of weights is worth, and of rounds of expectation maximisation.
PRIOR_LABELS = 8.0
N_ROUNDS = 30


def mixture_weights(probabilities: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Return the weights of a mixture under which observed labels are most probable.

    Parameters
    ----------
    probabilities : ndarray of shape (n, n_predictions)
        The probability that each prediction gives to the label of each sample, without the label.
    prior : ndarray of shape (n_predictions,)
        The weights without samples, with a sum of 1.

    Returns
    -------
    weights : ndarray of shape (n_predictions,)
        Their sum is 1. The estimate of maximal posterior probability, under a Dirichlet prior.
    """
    weights = prior.copy()
    for _ in range(N_ROUNDS):
        shares = weights * np.maximum(probabilities, LEAST) + LEAST * prior
        shares /= shares.sum(axis=1, keepdims=True)
        weights = shares.sum(axis=0) + PRIOR_LABELS * prior
        weights /= weights.sum()
    return weights


def temperature(probabilities: np.ndarray, codes: np.ndarray) -> float:
    """Return the temperature under which observed classes are most probable.

    Parameters
    ----------
    probabilities : ndarray of shape (n, n_classes)
        The probabilities of labelled samples, each predicted without its own label.
    codes : ndarray of int of shape (n,)
        The column of each label.

    Returns
    -------
    temperature : float
        Above 0. Without samples, that of the prior.
    """
    deviations = np.log(INVERSES / PRIOR_INVERSE) / PRIOR_DEVIATION
    objectives = -np.square(deviations) / 2
    logarithms = np.log(np.maximum(probabilities, LEAST))
    rows = np.arange(len(codes))
    for place, inverse in enumerate(INVERSES):
        scaled = inverse * logarithms
        of_label = scaled[rows, codes]
        objectives[place] += (of_label - np.log(np.exp(scaled).sum(axis=1))).sum()
    return float(1 / INVERSES[int(objectives.argmax())])


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return probabilities to the power 1 / temperature, normalised."""
    scaled = np.maximum(probabilities, LEAST) ** (1 / temperature)
    # Class by class, so that the sum of a row does not depend on the other rows.
    scaled /= sum(scaled.T)[:, np.newaxis]
    return scaled
