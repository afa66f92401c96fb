"""The gains of simulated labels, from which a utility can be learned."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_consistent_length

from skactive._engine.targets import recorded_labels
from skactive._estimators import check_classifier
from skactive._random_state import random_numbers
from skactive._rows import check_is_samples
from skactive._validation import check_integer
from skactive.base import CategoricalTarget, Classifier
from skactive.learner import ActiveLearner, default_classifier
from skactive.measures import LearnedUtility
from skactive.model_selection._splits import check_variety
from skactive.pool import FeatureCache

_ORDER = "simulated_gains(X, y, estimator=...)"


def simulated_gains(
    X: Any,  # samples of any kind
    y: ArrayLike,
    *,
    estimator: Classifier | None = None,
    n_simulations: int = 100,
    n_candidates: int = 20,
    max_labels: int = 100,
    metric: str | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Simulate labels of a data set, and record by how much each of them lowers the error rate.

    Each simulation labels samples at random, and then tries candidates: it adds the label of a
    candidate, compares the error rates, and removes the label. A regressor that learns the gains
    from the features is the parameter of `skactive.measures.LearnedUtility`, which queries samples
    of other data sets by it.

    Parameters
    ----------
    X : array-like of length n_samples
        The samples.
    y : array-like of shape (n_samples,)
        Their labels, of two or more classes.
    estimator : classifier or Pipeline, default=None
        The classifier; None takes `IncrementalLabelSpreading()`. Choose the one that will query:
        what one classifier learns from a label differs from what another does.
    n_simulations : int, default=100
        Number of simulations, at least 1, each with its own labelled samples.
    n_candidates : int, default=20
        Number of candidates in each simulation, at least 1.
    max_labels : int, default=100
        The largest number of labelled samples, at least 2, and at most half of the samples. The
        logarithm of the number is uniformly distributed from 2 on.
    metric : str, default=None
        The `metric` of the `LearnedUtility` that is to be learned.
    random_state : int, RandomState instance or None, default=None
        Draws the labelled samples and the candidates.

    Returns
    -------
    features : ndarray of shape (n_gains, n_features)
        The features of each candidate before its label is added, see
        `skactive.measures.LearnedUtility`. `n_gains` is ``n_simulations * n_candidates``; it is
        lower if there are fewer candidates or if the classifier has no probabilities yet.
    gains : ndarray of shape (n_gains,)
        The decrease of the error rate by each label, from -1 to 1. The error rate is that on the
        other samples without a label.

    Raises
    ------
    TypeError
        If `estimator` is no classifier.
    ValueError
        If there are fewer than four samples or a single class, lengths differ, or the classifier
        has class probabilities in none of the simulations.

    See Also
    --------
    skactive.measures.LearnedUtility : Queries by the gains that a regressor predicts.
    compare_strategies : Shows whether a learned utility is better on your own samples.

    Notes
    -----
    The labelled samples are drawn from all samples, so that classes may be missing, as they are in
    a labelling loop that begins without labels.

    To learn from several data sets, concatenate the results of several calls.

    Cost: ``n_simulations * n_candidates`` labels are added, and as many removed. For
    `IncrementalKNeighborsClassifier` and `IncrementalLabelSpreading` a label changes the
    predictions of a part of the samples: 2,000 gains of digits, with 1,797 samples, took 4 and 40
    seconds. Any other classifier is fitted again for each label, and predicts all samples.

    References
    ----------
    K. Konyushkova, R. Sznitman and P. Fua, "Learning active learning from data", NeurIPS 2017.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skactive.model_selection import simulated_gains
    >>> X, y = load_iris(return_X_y=True)
    >>> features, gains = simulated_gains(X, y, n_simulations=5, random_state=0)
    >>> features.shape, gains.shape
    ((100, 11), (100,))
    """
    estimator = default_classifier() if estimator is None else estimator
    check_classifier(estimator, hint=f"the order is {_ORDER}.")
    check_is_samples(X, "X")
    labels = recorded_labels(y, CategoricalTarget())
    check_consistent_length(X, labels)
    check_variety(labels, CategoricalTarget())
    if len(labels) < 4:
        raise ValueError(
            f"simulated_gains needs four samples or more. Got {len(labels)}. Hint: pass more."
        )
    n_simulations = check_integer("simulated_gains", "n_simulations", n_simulations, minimum=1)
    n_candidates = check_integer("simulated_gains", "n_candidates", n_candidates, minimum=1)
    max_labels = check_integer("simulated_gains", "max_labels", max_labels, minimum=2)
    rng = random_numbers(random_state)
    measure, cache = LearnedUtility(metric=metric), FeatureCache()
    all_features, all_gains = [], []
    for _ in range(n_simulations):
        learner = ActiveLearner(estimator, X_pool=X, cache=cache)
        labeled = _drawn(labels, min(max_labels, len(labels) // 2), rng)
        learner.teach(labeled, labels[labeled])
        features = measure.features(learner.pool)
        if features is not None:
            places = rng.permutation(len(features))[:n_candidates]
            gains = _gains(learner, labels, learner.pool.candidates[places])
            all_features.append(features[places][~np.isnan(gains)])
            all_gains.append(gains[~np.isnan(gains)])
    if not any(map(len, all_gains)):
        raise ValueError(
            f"{type(estimator).__name__} had class probabilities in none of {n_simulations} "
            "simulations. Hint: raise max_labels, or pass another classifier."
        )
    return np.concatenate(all_features), np.concatenate(all_gains)


def _drawn(labels: np.ndarray, max_labels: int, rng: np.random.RandomState) -> np.ndarray:
    """Return positions of samples to label, of two classes or more."""
    n = int(np.exp(rng.uniform(np.log(2), np.log(max_labels + 1))))
    order = rng.permutation(len(labels))
    # The first sample of another class is one of them in any case.
    other = int(np.flatnonzero(labels[order] != labels[order[0]])[0])
    return order[:n] if other < n else np.append(order[: n - 1], order[other])


def _gains(learner: ActiveLearner, labels: np.ndarray, tried: np.ndarray) -> np.ndarray:
    """Return the decrease of the error rate by the label of each of some candidates."""
    before, gains = _errors(learner, labels), np.full(len(tried), np.nan)
    for place, position in enumerate(tried.tolist()):
        learner.teach([position], labels[[position]])
        after = _errors(learner, labels)
        if before is not None and after is not None:
            # The candidate itself has a label now, and counts neither before nor after.
            n_fewer = np.count_nonzero(before) - before[position] - np.count_nonzero(after)
            gains[place] = n_fewer / max(learner.pool.n_candidates, 1)
        learner.unlabel([position])
    return gains


def _errors(learner: ActiveLearner, labels: np.ndarray) -> np.ndarray | None:
    """Return whether each sample without a label is predicted wrongly; shape (n_samples,)."""
    candidates, errors = learner.pool.candidates, np.zeros(len(labels), dtype=bool)
    posterior = learner.pool.posterior()
    # Some classifiers have no probabilities while a class has one label.
    if posterior is None:
        return None
    errors[candidates] = learner.pool.classes_[posterior.argmax(axis=1)] != labels[candidates]
    return errors
