"""A k-nearest-neighbour classifier that learns incrementally."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from skactive._engine.distances import Rows
from skactive.neighbors._class_store import ClassStoringClassifier
from skactive.neighbors._explanation import VoteExplanation
from skactive.neighbors._lookahead import KNNLookahead
from skactive.neighbors._posterior import VotedPosterior
from skactive.neighbors._staged import replayed, staged
from skactive.neighbors._votes import (
    compiled_vote,
    n_votes,
    prior_shares,
    smoothed_probabilities,
    vote_shares,
)

if TYPE_CHECKING:
    from skactive._contracts._labeling_pool import LabelingPool
    from skactive._contracts._pool_view import PoolView
    from skactive._contracts._posterior_source import PosteriorSource


class IncrementalKNeighborsClassifier(ClassStoringClassifier):
    """Classify by a vote of the nearest labelled samples, with incremental learning.

    `add_labeled` stores samples and labels for the next `predict`, without a fit. Samples added in
    any split and any order give the same classifier as a `fit` to all of them. `relabel` corrects
    a wrong label and `remove_labeled` removes it, at the same cost. `explain` returns the samples
    behind a prediction.

    If the relation between samples and labels changes over time, `max_labeled` removes the oldest
    samples, and `half_life` reduces the weight of old samples. The order of the samples then
    matters: samples added in any split give the same classifier as a `fit` to all of them in this
    order.

    Parameters
    ----------
    n_neighbors : int, default=5
        Number of neighbours that vote, at least 1. If fewer samples are stored, all of them vote.
    weights : {'uniform', 'distance', 'gaussian'} or callable, default='distance'
        Weight of a vote: 1 ('uniform'); one over the distance d ('distance'; if samples have
        distance zero, only these vote); or exp(-d² / (2 bandwidth²)) ('gaussian'). A callable
        takes an array of distances of shape (n_queries, n_neighbors) and returns weights of the
        same shape.
    metric : str, default='cosine'
        'cosine', 'euclidean', or another metric of `sklearn.metrics.pairwise_distances`, except
        'precomputed'.
    metric_params : dict, default=None
        Further arguments of the metric, such as ``{"p": 3}`` for 'minkowski'.
    bandwidth : float, default=None
        The bandwidth of the Gaussian weights, above 0, in units of distance. None takes the
        distance of each query to the farthest neighbour that votes.
    smoothing : float, default=1.0
        Number of votes of a uniform prior over the classes, at least 0. With m neighbours and the
        share s of their vote for a class, the probability of the class is
        (m s + smoothing / n_classes) / (m + smoothing), so that one neighbour does not give
        probability 1. The predicted class does not depend on it. 0 is the vote without a prior.
    max_labeled : int, default=None
        Maximum number of stored samples, at least 1. If more are added, the oldest are removed, as
        by `remove_labeled`. None stores all.
    half_life : float, default=None
        Number of further labels after which the weight of a vote is half, above 0. The age a of a
        neighbour is the number of stored samples that were added after it. Its vote is multiplied
        by d = 2^(-a / half_life), and the m of `smoothing` is the sum of d over the neighbours. If
        all neighbours are old, the probabilities of the classes approach each other, so that
        strategies query this region again. With ``smoothing=0`` only the weights of the votes
        relative to each other change. None is no decay. Can be combined with `max_labeled`.
    algorithm : {'exact', 'hnsw', 'auto'}, default='exact'
        The search algorithm. 'exact' compares a query with all stored samples. 'hnsw' searches
        approximately with an index, a hierarchical navigable small world graph
        (``pip install 'skactive[index]'``). It takes a fraction of the time if many samples are
        stored, may miss some of the nearest (see `index_recall`), and supports dense samples and
        the metrics 'cosine' and 'euclidean'. 'auto' is 'exact' until 20,000 samples are stored and
        there were more than 10,000 queries; from then on it is 'hnsw', if that is installed and
        supported. `posterior_source` and `lookahead` always search exactly.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels seen so far and the declared classes, sorted.
    declared_classes_ : ndarray of shape (n_declared,) or None
        The `classes` that were passed to `partial_fit`.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in `fit`, if X had string names.
    n_samples_fit_ : int
        Number of stored samples.
    n_samples_seen_ : int
        Number of samples added since `fit`, removed ones included; the id of the next sample.
    labeled_indices_ : ndarray of int of shape (`n_samples_fit_`,)
        The ids of the stored samples, ascending. The id of a sample is the number of samples
        added before it. The id of a removed sample is not used again.
    last_ids_ : ndarray of int of shape (n_samples,)
        The ids of the samples of the last call of `fit`, `partial_fit` or `add_labeled`, in their
        order. With `max_labeled`, some may have been removed already.
    y_labeled_ : ndarray of shape (`n_samples_fit_`,)
        The labels of the stored samples, in the order of `labeled_indices_`.

    See Also
    --------
    IncrementalKNeighborsRegressor : The same for labels that are numbers.
    sklearn.neighbors.KNeighborsClassifier : The same vote, with a fit for each new label.

    Notes
    -----
    Adding, removing or relabelling a sample costs O(n_features), amortised, for any number of
    stored samples. Only the removal of a sparse sample other than the last copies all stored
    samples. A prediction is an exact search in O(n_queries · n_labeled · n_features), in blocks
    bounded by scikit-learn's ``working_memory``. With an index it costs
    O(log(n_labeled) · n_features) for each query, and the same for each sample that was added
    since the last query. The index only proposes samples: their distances are computed and the
    nearest are chosen as in an exact search. If it misses none, predictions are the same.

    float32 and float64 features keep their type; other types are converted to float64.

    Special cases: a zero vector has the cosine distance 1 to every vector, other zero vectors
    included. If only some of the samples with equal distance to a query can vote, they are chosen
    by class in sorted order, then the most recently added first. With equal votes, the first
    class in sorted order is predicted. If all samples were removed, declared classes have equal
    probabilities, and without declared classes a prediction raises `NotFittedError`.

    The age counts stored samples only, as if the removed ones had never been added. A sample that
    was removed because of `max_labeled` is not restored when another is removed. `relabel` keeps
    the age of a sample. A second label of the same sample, added by `add_labeled`, is stored
    beside the first.

    References
    ----------
    T. Cover and P. Hart, "Nearest neighbor pattern classification", IEEE Transactions on
    Information Theory 13(1), 1967.

    Examples
    --------
    >>> from skactive.neighbors import IncrementalKNeighborsClassifier
    >>> classifier = IncrementalKNeighborsClassifier(n_neighbors=3)
    >>> classifier.add_labeled([[1.0, 0.1], [0.1, 1.0]], ["apple", "orange"]).predict([[2, 1]])
    array(['apple'], dtype='<U6')
    >>> classifier.add_labeled([[2.0, 1.0]], ["pear"]).predict([[2, 1]])
    array(['pear'], dtype='<U6')
    >>> classifier.explain([[2, 1]]).labels
    array([['pear', 'apple', 'orange']], dtype='<U6')
    """

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        weights: str | Callable[[np.ndarray], ArrayLike] = "distance",
        metric: str = "cosine",
        metric_params: dict[str, Any] | None = None,
        bandwidth: float | None = None,
        smoothing: float = 1.0,
        max_labeled: int | None = None,
        half_life: float | None = None,
        algorithm: str = "exact",
    ) -> None:
        self.n_neighbors = n_neighbors
        self.weights = weights
        self.metric = metric
        self.metric_params = metric_params
        self.bandwidth = bandwidth
        self.smoothing = smoothing
        self.max_labeled = max_labeled
        self.half_life = half_life
        self.algorithm = algorithm

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict the label of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_queries,)
            The classes with the largest share of the vote. With equal shares, the first class in
            sorted order.
        """
        probabilities = self.predict_proba(X)
        return np.asarray(self.classes_[probabilities.argmax(axis=1)])

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Return the probability of each class for each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        probabilities : ndarray of shape (n_queries, n_classes)
            Columns in the order of `classes_`; rows sum to 1.
        """
        labeled, distances, slots = self._search(X)
        ages = self._ages(labeled, slots)
        return self.vote(distances, labeled.codes[slots], len(labeled.classes), ages)

    def staged_predict(self, X: ArrayLike) -> Iterator[np.ndarray]:
        """Predict labels after each stored sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        stages : generator of ndarray of shape (n_queries,)
            The predictions with the first stored sample only, with the first two, and so on, in
            the order of their ids: `n_samples_fit_` arrays.

        See Also
        --------
        staged_predict_proba : The probabilities, with notes on cost.
        """
        classes = self._fitted().classes
        return self._staged("predict", X, lambda votes: classes[votes.argmax(axis=1)])

    def staged_predict_proba(self, X: ArrayLike) -> Iterator[np.ndarray]:
        """Return class probabilities after each stored sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        stages : generator of ndarray of shape (n_queries, n_classes)
            The probabilities with the first stored sample only, with the first two, and so on, in
            the order of their ids: `n_samples_fit_` arrays. All have a column for each of
            `classes_`; a class that is neither seen so far nor declared has probability 0.

        Notes
        -----
        All distances are computed once, as for a single prediction. After each sample, only the
        votes of queries with this sample among their nearest are computed again: those of about
        n_neighbors / i of the queries after the i-th sample. With `max_labeled` or `half_life`,
        and in a subclass with its own `predict` or `predict_proba`, the samples are added to a
        clone one by one instead, at the cost of a prediction for each.

        Changes of the classifier between two stages do not change the later stages.
        """
        return self._staged("predict_proba", X, lambda votes: votes)

    def explain(self, X: ArrayLike) -> VoteExplanation:
        """Return the labelled samples behind each prediction, with their shares of the vote.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        explanation : VoteExplanation
            Ids, labels, distances and shares of the vote, arrays of shape
            (n_queries, n_neighbors), and the predictions.
        """
        labeled, distances, slots = self._search(X)
        codes, ages = labeled.codes[slots], self._ages(labeled, slots)
        shares, prior = self._shares(distances, ages)
        probabilities = smoothed_probabilities(shares, codes, len(labeled.classes), prior)
        return VoteExplanation(
            predictions=labeled.classes[probabilities.argmax(axis=1)],
            indices=labeled.ids[slots],
            labels=labeled.classes[codes],
            distances=distances,
            shares=shares * (1 - prior[:, np.newaxis]),
            prior_share=prior,
        )

    def vote(
        self,
        distances: np.ndarray,
        codes: np.ndarray,
        n_classes: int,
        ages: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return class probabilities for given neighbours.

        The source of `posterior_source` calls it with the neighbours that a pool keeps up to date.

        Parameters
        ----------
        distances : ndarray of shape (n_queries, n_neighbors)
            Distances to the neighbours.
        codes : ndarray of int of shape (n_queries, n_neighbors)
            Their classes, in range(n_classes).
        n_classes : int
            Number of classes, at least 1.
        ages : ndarray of int of shape (n_queries, n_neighbors), default=None
            Number of labelled samples added after each neighbour. Required with `half_life`, and
            not used otherwise.

        Returns
        -------
        probabilities : ndarray of shape (n_queries, n_classes)
            Rows sum to 1.

        Raises
        ------
        ValueError
            If `half_life` is set and `ages` is None.
        """
        if isinstance(self.weights, str) and self.half_life is None:
            return compiled_vote(
                distances, codes, n_classes, self.weights, self.bandwidth, self.smoothing
            )
        shares, prior = self._shares(distances, ages)
        return smoothed_probabilities(shares, codes, n_classes, prior)

    def posterior_source(self, pool: LabelingPool) -> PosteriorSource:
        """Return a source of class probabilities that follows the labels of a pool.

        Parameters
        ----------
        pool : LabelingPool
            The pool. Its labelled samples vote, not the samples stored in this classifier.

        Returns
        -------
        source : PosteriorSource
            The source, which uses the parameters of this classifier. A label costs
            O(n_samples · n_features).
        """
        return VotedPosterior(self, pool)

    def lookahead(self, pool: PoolView, evaluated: np.ndarray, loss: str) -> KNNLookahead:
        """Return the expected error of a pool after each possible next label.

        Parameters
        ----------
        pool : PoolView
            The pool, with at least one label. Its labelled samples vote.
        evaluated : ndarray of int of shape (n_evaluated,)
            Positions of the samples whose losses are summed.
        loss : {'zero_one', 'log'}
            1 - p of the most probable class, or the entropy.

        Returns
        -------
        lookahead : KNNLookahead
            The lookahead, which uses the parameters of this classifier.
        """
        return KNNLookahead(pool, self, evaluated, loss)

    @property
    def votes_plainly(self) -> bool:
        """Whether each stage of `staged_predict` is the vote of the samples stored until then.

        False with `max_labeled` or `half_life`, and in a subclass with its own `predict` or
        `predict_proba`.
        """
        return not self.forgets and all(
            getattr(type(self), name) is getattr(IncrementalKNeighborsClassifier, name)
            for name in ("predict", "predict_proba")
        )

    def _shares(
        self, distances: np.ndarray, ages: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        shares = vote_shares(distances, self.weights, self.bandwidth, ages, self.half_life)
        votes = n_votes(distances, ages, self.half_life)
        return shares, prior_shares(votes, float(self.smoothing))

    def _staged(
        self, method: str, X: ArrayLike, of_rows: Callable[[np.ndarray], np.ndarray]
    ) -> Iterator[np.ndarray]:
        self.check_parameters()
        labeled = self._fitted()
        if not self.votes_plainly:
            return replayed(self, method, X)
        return staged(self, labeled, Rows(self._checked_features(X)), of_rows)
