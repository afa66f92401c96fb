"""A k-nearest-neighbour regressor that learns incrementally."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin

from skactive._engine.continuous import CONTINUOUS
from skactive._engine.distances import Rows, Space
from skactive.neighbors._explanation import VoteExplanation
from skactive.neighbors._means import NeighborMeans
from skactive.neighbors._staged import replayed, staged_means
from skactive.neighbors._votes import n_votes, vote_shares
from skactive.neighbors._weighted_neighbors import WeightedNeighborsEstimator

if TYPE_CHECKING:
    from skactive._contracts._labeling_pool import LabelingPool
    from skactive._contracts._posterior_source import PosteriorSource


class IncrementalKNeighborsRegressor(RegressorMixin, WeightedNeighborsEstimator):
    """Predict the mean of the nearest labels, with incremental learning.

    The labels are numbers. `add_labeled` stores samples and labels for the next `predict`, without
    a fit. Samples added in any split and any order give the same regressor as a `fit` to all of
    them. `relabel` corrects a wrong label and `remove_labeled` removes it, at the same cost.
    ``predict(X, return_std=True)`` also returns standard deviations, by which strategies choose.

    If the relation between samples and labels changes over time, `max_labeled` removes the oldest
    samples, and `half_life` reduces the weight of old samples. The order of the samples then
    matters.

    Parameters
    ----------
    n_neighbors : int, default=5
        Number of neighbours, at least 1. If fewer samples are stored, all of them are neighbours.
    weights : {'uniform', 'distance', 'gaussian'} or callable, default='distance'
        Weight of a neighbour: 1 ('uniform'); one over the distance d ('distance'; if samples have
        distance zero, only these count); or exp(-d² / (2 bandwidth²)) ('gaussian'). A callable
        takes an array of distances of shape (n_queries, n_neighbors) and returns weights of the
        same shape.
    metric : str, default='cosine'
        'cosine', 'euclidean', or another metric of `sklearn.metrics.pairwise_distances`, except
        'precomputed'. Columns of a table have units: scale them, and take 'euclidean'.
    metric_params : dict, default=None
        Further arguments of the metric, such as ``{"p": 3}`` for 'minkowski'.
    bandwidth : float, default=None
        The bandwidth of the Gaussian weights, above 0, in units of distance. None takes the
        distance of each query to the farthest neighbour.
    smoothing : float, default=1.0
        Number of neighbours, at least 0, that the variance of all labels counts as in the standard
        deviation, see Notes. Predictions do not depend on it.
    max_labeled : int, default=None
        Maximum number of stored samples, at least 1. If more are added, the oldest are removed, as
        by `remove_labeled`. None stores all.
    half_life : float, default=None
        Number of further labels after which the weight of a neighbour is half, above 0. The age a
        of a neighbour is the number of stored samples that were added after it. Its weight is
        multiplied by 2^(-a / half_life). None is no decay. Can be combined with `max_labeled`.
    algorithm : {'exact', 'hnsw', 'auto'}, default='exact'
        The search algorithm, as in `IncrementalKNeighborsClassifier`. `posterior_source` always
        searches exactly.

    Attributes
    ----------
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
    IncrementalKNeighborsClassifier : The same for labels that are classes.
    sklearn.neighbors.KNeighborsRegressor : The same mean, with a fit for each new label.

    Notes
    -----
    With weights w_i that sum to 1, the prediction is the mean m = Σ w_i y_i of the labels of the n
    nearest samples. The variance is (n Σ w_i (y_i - m)² + smoothing v) / (n + smoothing), with v
    the population variance of all stored labels: neighbours that agree by chance, or a single one,
    do not give a standard deviation of 0. With `half_life`, n is the sum of the decays.

    Adding, removing or relabelling a sample costs O(n_features), amortised. A prediction is an
    exact search in O(n_queries · n_labeled · n_features), in blocks bounded by scikit-learn's
    ``working_memory``; see `IncrementalKNeighborsClassifier` for the cost of an index.

    A zero vector has the cosine distance 1 to every vector. If only some of the samples with equal
    distance to a query can be neighbours, those with the smallest labels are, then the most
    recently added.

    References
    ----------
    T. Cover, "Estimation by the nearest neighbor rule", IEEE Transactions on Information Theory
    14(1), 1968.

    Examples
    --------
    >>> from skactive.neighbors import IncrementalKNeighborsRegressor
    >>> regressor = IncrementalKNeighborsRegressor(2, metric="euclidean")
    >>> regressor = regressor.add_labeled([[0.0], [1.0], [3.0]], [0.0, 1.0, 9.0])
    >>> regressor.predict([[0.5], [2.0]])
    array([0.5, 5. ])
    >>> regressor.add_labeled([[2.0]], [4.0]).predict([[0.5], [2.0]])
    array([0.5, 4. ])
    >>> mean, std = regressor.predict([[0.5]], return_std=True)
    >>> std.round(2)
    array([2.06])
    """

    stored_target = CONTINUOUS

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

    def partial_fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Store further labelled samples: `add_labeled` by the name of scikit-learn.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,)
            Their labels.

        Returns
        -------
        self : IncrementalKNeighborsRegressor
            The regressor with the new samples.
        """
        return self._add(X, y, classes=None)

    def predict(self, X: ArrayLike, return_std: bool = False) -> Any:  # an array, or a pair
        """Predict the label of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.
        return_std : bool, default=False
            Whether to return the standard deviations too.

        Returns
        -------
        y : ndarray of shape (n_queries,)
            The weighted means of the nearest labels.
        std : ndarray of shape (n_queries,)
            Only if `return_std`: the standard deviations, see Notes of the class.
        """
        labeled, distances, slots = self._search(X)
        values, ages = labeled.labels[slots], self._ages(labeled, slots)
        if not return_std:
            return self.mean(distances, values, ages)
        mean, variance, votes = self.moments(distances, values, ages)
        return mean, self.deviation(variance, votes, float(labeled.labels.var()))

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

        Notes
        -----
        All distances are computed once, as for a single prediction. After each sample, only the
        means of queries with this sample among their nearest are computed again. With
        `max_labeled` or `half_life`, and in a subclass with its own `predict`, the samples are
        added to a clone one by one instead, at the cost of a prediction for each.
        """
        self.check_parameters()
        labeled = self._fitted()
        is_own = type(self).predict is not IncrementalKNeighborsRegressor.predict
        if self.forgets or is_own:
            return replayed(self, "predict", X)
        space = Space(self.metric, self.metric_params)
        queries = Rows(self._checked_features(X))
        return staged_means(space, labeled, queries, self.n_neighbors, self.mean)

    def explain(self, X: ArrayLike) -> VoteExplanation:
        """Return the labelled samples behind each prediction, with their weights.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        explanation : VoteExplanation
            Ids, labels, distances and weights that sum to 1, arrays of shape
            (n_queries, n_neighbors), and the predictions.
        """
        labeled, distances, slots = self._search(X)
        values, ages = labeled.labels[slots], self._ages(labeled, slots)
        return VoteExplanation(
            predictions=self.mean(distances, values, ages),
            indices=labeled.ids[slots],
            labels=values,
            distances=distances,
            shares=self._shares(distances, ages),
            prior_share=np.zeros(len(distances)),
        )

    def posterior_source(self, pool: LabelingPool) -> PosteriorSource:
        """Return a source of means and standard deviations that follows the labels of a pool.

        Parameters
        ----------
        pool : LabelingPool
            The pool. Its labelled samples are the neighbours, not those stored here.

        Returns
        -------
        source : PosteriorSource
            The source, which uses the parameters of this regressor. A label costs
            O(n_samples · n_features).
        """
        return NeighborMeans(self, pool)

    def mean(
        self, distances: np.ndarray, values: np.ndarray, ages: np.ndarray | None = None
    ) -> np.ndarray:
        """Return the mean of the labels of given neighbours.

        Parameters
        ----------
        distances : ndarray of shape (n_queries, n_neighbors)
            Distances to the neighbours.
        values : ndarray of shape (n_queries, n_neighbors)
            Their labels.
        ages : ndarray of int of shape (n_queries, n_neighbors), default=None
            Number of labelled samples added after each neighbour. Required with `half_life`.

        Returns
        -------
        mean : ndarray of shape (n_queries,)
            The weighted means.
        """
        shares = self._shares(distances, ages)
        # Relative to the first neighbour, the mean of equal labels is exactly the label.
        first = values[:, :1]
        return np.asarray(first[:, 0] + np.einsum("ij,ij->i", shares, values - first))

    def moments(
        self, distances: np.ndarray, values: np.ndarray, ages: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return mean and variance of the labels of given neighbours, and their number.

        Parameters
        ----------
        distances, values, ages : ndarray of shape (n_queries, n_neighbors)
            As in `mean`.

        Returns
        -------
        mean, variance : ndarray of shape (n_queries,)
            The weighted means, and the weighted variances around them.
        votes : ndarray of shape (n_queries,)
            The number of neighbours; less with `half_life`.
        """
        shares, mean = self._shares(distances, ages), self.mean(distances, values, ages)
        variance = np.einsum("ij,ij->i", shares, np.square(values - mean[:, np.newaxis]))
        return mean, variance, n_votes(distances, ages, self.half_life)

    def deviation(self, variance: np.ndarray, votes: np.ndarray, overall: float) -> np.ndarray:
        """Return the standard deviation of predictions.

        Parameters
        ----------
        variance, votes : ndarray of shape (n_queries,)
            The variance of the neighbours, and their number.
        overall : float
            The variance of all labels.

        Returns
        -------
        std : ndarray of shape (n_queries,)
            See Notes of the class.
        """
        smoothing = float(self.smoothing)
        return np.asarray(np.sqrt((votes * variance + smoothing * overall) / (votes + smoothing)))

    def _shares(self, distances: np.ndarray, ages: np.ndarray | None) -> np.ndarray:
        return vote_shares(distances, self.weights, self.bandwidth, ages, self.half_life)
