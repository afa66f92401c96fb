"""Members of a committee, with their probabilities, votes and means."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.exceptions import NotFittedError

from skactive._contracts._pool_view import PoolView
from skactive._engine.label_arrays import positions_of, union
from skactive._estimators import class_probabilities, classifier_of
from skactive._few_labels import fitted_copy

# Number of neighbours that the pool keeps for each vote of a member. A bootstrap sample contains
# each labelled sample once on average, and some not at all.
NEIGHBORS_PER_VOTE = 4


class BaggedNeighbors:
    """Nearest-neighbour estimators, each fitted to its own bootstrap sample of the labels.

    The number of times that a labelled sample counts for a member is drawn from the Poisson
    distribution with mean 1. This is the limit of a bootstrap, and earlier draws stay the same
    when labels are added. Members choose their neighbours among those that the pool keeps.

    Parameters
    ----------
    pool : PoolView
        The pool, with labels.
    n_members : int
        Number of members.
    n_neighbors : int
        Number of votes that each member counts.
    metric : str
        The metric.
    seed : int
        Seed of the bootstrap samples.
    """

    gives_probabilities = True

    def __init__(
        self, pool: PoolView, n_members: int, n_neighbors: int, metric: str, seed: int
    ) -> None:
        self._n_neighbors = n_neighbors
        self._places = pool.labeled_neighbors(NEIGHBORS_PER_VOTE * n_neighbors, metric)[1]
        self._labels = pool.labeled_samples()[1]
        self.classes = pool.classes_
        self._counts = [
            np.random.default_rng((seed, member)).poisson(1.0, size=len(self._labels))
            for member in range(n_members)
        ]

    @cached_property
    def _codes(self) -> np.ndarray:
        return np.searchsorted(self.classes, self._labels)

    def probabilities(self, positions: np.ndarray) -> np.ndarray:
        """Return the probabilities of each member, shape (n_members, n, n_classes)."""
        places = self._places[positions]
        n, n_classes = len(positions), len(self.classes)
        cells = (np.arange(n)[:, np.newaxis] * n_classes + self._codes[places]).ravel()
        probabilities = np.empty((len(self._counts), n, n_classes))
        for member, counts in enumerate(self._counts):
            taken = self._vote_counts(counts[places])
            sums = np.bincount(cells, weights=taken.ravel(), minlength=n * n_classes)
            probabilities[member] = sums.reshape(n, n_classes)
        return probabilities / probabilities.sum(axis=2, keepdims=True)

    def means(self, positions: np.ndarray) -> np.ndarray:
        """Return the mean of the labels that each member counts, shape (n_members, n)."""
        places = self._places[positions]
        labels, means = self._labels[places], np.empty((len(self._counts), len(positions)))
        for member, counts in enumerate(self._counts):
            taken = self._vote_counts(counts[places])
            means[member] = np.einsum("ij,ij->i", taken, labels) / taken.sum(axis=1)
        return means

    def _vote_counts(self, counts: np.ndarray) -> np.ndarray:
        """Return the number of votes of each neighbour; the nearest `n_neighbors` votes count."""
        # A member whose bootstrap sample contains none of the neighbours counts each once.
        counts = np.where(counts.any(axis=1, keepdims=True), counts, 1)
        before = np.cumsum(counts, axis=1) - counts
        return np.asarray(np.clip(self._n_neighbors - before, 0, counts))


class FittedMembers:
    """Classifiers that are fitted already, with the classes of all of them together.

    Parameters
    ----------
    members : list of classifier
        The members, fitted. A learner of modAL can be a member.
    pool : PoolView
        The pool of the samples to predict.
    on_features : bool
        Whether members take the features, or the samples that the pool's estimator takes.
    """

    # Some classifiers have no probabilities, only predictions.
    gives_probabilities = False

    def __init__(self, members: Sequence[Any], pool: PoolView, *, on_features: bool) -> None:
        self._members = members
        self._pool = pool
        self._on_features = on_features
        self._classes = [np.asarray(classes_of(member)) for member in members]
        self.classes = union(*self._classes)

    def probabilities(self, positions: np.ndarray) -> np.ndarray:
        """Return the probabilities of each member, shape (n_members, n, n_classes)."""
        samples = self._samples(positions)
        shape = (len(self._members), len(positions), len(self.classes))
        probabilities = np.zeros(shape)
        for place, (member, known) in enumerate(zip(self._members, self._classes, strict=True)):
            columns = positions_of(known, self.classes)
            answer = class_probabilities(member, samples)
            if answer is None:
                raise NotFittedError(f"{type(member).__name__} is not fitted yet.")
            probabilities[place][:, columns] = answer
        return probabilities

    def votes(self, positions: np.ndarray) -> np.ndarray:
        """Return the share of the members for each class, shape (n, n_classes)."""
        samples = self._samples(positions)
        winners = [
            np.searchsorted(self.classes, np.asarray(member.predict(samples)))
            for member in self._members
        ]
        return vote_shares(np.asarray(winners), len(self.classes))

    def _samples(self, positions: np.ndarray) -> Any:
        return self._pool.X[positions] if self._on_features else self._pool.take(positions)


# Their members are a committee; those of boosting and of one-versus-rest classifiers are not.
ENSEMBLES = (BaggingClassifier, ExtraTreesClassifier, RandomForestClassifier, VotingClassifier)


class OwnMembers:
    """The members of the classifier of a pool, which is an ensemble, or draws its probabilities.

    Parameters
    ----------
    pool : PoolView
        The pool, whose classifier is fitted.
    """

    gives_probabilities = True

    def __init__(self, pool: PoolView) -> None:
        self._pool = pool
        self.classes = np.asarray(pool.estimator.classes_)

    @staticmethod
    def are_in(classifier: Any) -> bool:
        """Return whether a classifier has members, or draws its probabilities."""
        last = classifier_of(classifier)
        return isinstance(last, ENSEMBLES) or hasattr(last, "sample_proba")

    def probabilities(self, positions: np.ndarray) -> np.ndarray:
        """Return the probabilities of each member, shape (n_members, n, n_classes)."""
        samples, last = self._pool.take(positions), self._pool.estimator
        if hasattr(last, "steps"):
            samples, last = last[:-1].transform(samples), last[-1]
        if not isinstance(last, ENSEMBLES):
            drawn = np.asarray(last.sample_proba(samples))
            if drawn.ndim != 3 or drawn.shape[1:] != (len(positions), len(self.classes)):
                raise ValueError(
                    f"{type(last).__name__}.sample_proba must return an array of shape (n_members, "
                    f"{len(positions)}, {len(self.classes)}). Got the shape {drawn.shape}."
                )
            return drawn
        # Members are fitted without the names of columns, bagged ones to some of the columns, and
        # to the positions of the classes as labels.
        values = samples if issparse(samples) else np.asarray(samples)
        members = last.estimators_
        columns = getattr(last, "estimators_features_", [slice(None)] * len(members))
        probabilities = np.zeros((len(members), len(positions), len(self.classes)))
        for place, (member, chosen) in enumerate(zip(members, columns, strict=True)):
            known = np.asarray(member.classes_).astype(int)
            probabilities[place][:, known] = class_probabilities(member, values[:, chosen])
        return probabilities


def fitted_committee(classifiers: Sequence[Any], pool: PoolView) -> FittedMembers | None:
    """Return copies of classifiers, fitted to the labelled samples of a pool.

    Members that need more labels are left out; None if all of them do.
    """
    X, y = pool.labeled_samples()
    members = [fitted_copy(one, X, y) for one in classifiers]
    seated = [one for one in members if one is not None]
    return FittedMembers(seated, pool, on_features=True) if seated else None


def fitted_regressors(regressors: Sequence[Any], pool: PoolView) -> list[Any] | None:
    """Return copies of regressors, fitted to the labelled samples of a pool.

    Members that need more labels are left out; None if fewer than two are left.
    """
    X, y = pool.labeled_samples()
    members = [fitted_copy(one, X, y) for one in regressors] if len(y) else []
    fitted = [one for one in members if one is not None]
    return fitted if len(fitted) > 1 else None


def modal_committee(learners: Sequence[Any], pool: PoolView) -> FittedMembers | None:
    """Return the members of a committee of modAL, or None if one of them is not fitted."""
    try:
        return FittedMembers(learners, pool, on_features=False)
    except NotFittedError:
        return None


def classes_of(member: Any) -> Any:
    """Return the classes of a fitted classifier or learner of modAL."""
    for known in (member, getattr(member, "estimator", None)):
        classes = getattr(known, "classes_", None)
        if classes is not None:
            return classes
    raise NotFittedError(f"{type(member).__name__} is not fitted yet.")


def vote_shares(winners: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the share of the members that chose each class, shape (n, n_classes)."""
    n_members, n = winners.shape
    cells = (np.arange(n) * n_classes + winners).ravel()
    counts = np.bincount(cells, minlength=n * n_classes).reshape(n, n_classes)
    return counts / n_members
