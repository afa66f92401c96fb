"""k-nearest neighbours that learn from each answer at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from skactive._engine.distances import Rows
from skactive._engine.labeled_samples import LabeledSamples
from skactive.neighbors._explanation import VoteExplanation
from skactive.neighbors._lookahead import KNNLookahead
from skactive.neighbors._neighbor_search import NeighborSearchingClassifier
from skactive.neighbors._parameters import check_vote_parameters
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


class IncrementalKNeighborsClassifier(NeighborSearchingClassifier):
    """Classify by a vote of the nearest labelled samples, and learn from each answer at once.

    There is no training: `add_labeled` stores a sample and its label, and the next `predict`
    knows it. Adding in any split and any order gives the classifier that `fit` on everything
    gives. A wrong answer is taken back as cheaply as it was given (`relabel`,
    `remove_labeled`), and `explain` names the samples that made a prediction.

    Where the task changes while people label, `max_labeled` forgets old answers and `half_life`
    trusts them less. The order then matters: adding in any split gives what `fit` on everything,
    in that order, gives.

    Parameters
    ----------
    n_neighbors : int, default=5
        How many neighbours vote, at least 1. While fewer samples are stored, all of them vote.
    weights : {'uniform', 'distance', 'gaussian'} or callable, default='distance'
        What a vote weighs: the same for all; one over the distance (samples at distance zero,
        if any, decide alone); exp(-d² / (2 bandwidth²)); or what a function makes of the
        distances, an array of shape (n_queries, n_neighbors) to one of the same shape.
    metric : str, default='cosine'
        'cosine', 'euclidean', or another name that `sklearn.metrics.pairwise_distances` takes,
        'precomputed' excepted.
    metric_params : dict, default=None
        Further arguments of the metric, such as ``{"p": 3}`` for 'minkowski'.
    bandwidth : float, default=None
        The bandwidth of the Gaussian weights, above 0, in units of distance. None takes each
        query's distance to the farthest neighbour that votes.
    smoothing : float, default=1.0
        How many votes a uniform prior over the classes has, at least 0. With m neighbours, of
        which a class has the share s of the vote, its probability is
        (m s + smoothing / n_classes) / (m + smoothing), so that one neighbour does not mean
        probability 1. The predicted class does not depend on it. 0 gives the plain vote.
    max_labeled : int, default=None
        How many samples are stored at most, at least 1: when more are added, the oldest go, as
        if by `remove_labeled`. None stores all.
    half_life : float, default=None
        After how many further labels a vote weighs half, above 0. A neighbour after which a
        samples were added that are still stored has its vote multiplied by d = 2^(-a /
        half_life), and the m of `smoothing` becomes the sum of d over the neighbours: where all
        are stale the probabilities go towards equal ones, and strategies ask there again. With
        ``smoothing=0`` only the votes among each other change. None never ages. Both may be set.

    algorithm : {'exact', 'hnsw', 'auto'}, default='exact'
        How the nearest are found. 'exact' compares a query with all stored samples. 'hnsw' walks a
        graph (``pip install 'skactive[index]'``), which takes a fraction of the time where many
        samples are stored and may miss some of the nearest, see `index_recall`; for the metrics
        'cosine' and 'euclidean' and dense samples. 'auto' compares until 20,000 samples are stored
        and 10,000 queries were asked, then takes the graph where there is one. A pool, whose vote
        takes its parameters from a classifier, is always exact.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels seen so far and those declared, sorted.
    declared_classes_ : ndarray of shape (n_declared,) or None
        The classes that `partial_fit` was told of.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in `fit`, where X had string names.
    n_samples_fit_ : int
        How many labelled samples are stored.
    n_samples_seen_ : int
        How many samples were ever added since `fit`: the number the next one will have.
    labeled_indices_ : ndarray of shape (`n_samples_fit_`,)
        The numbers of the stored samples: the first sample ever added has 0, and a number is
        never given again after its sample was removed.
    last_ids_ : ndarray of int of shape (n_samples,)
        The numbers of the samples that `fit`, `partial_fit` or `add_labeled` stored last, in
        their order. With `max_labeled`, some may be gone already.
    y_labeled_ : ndarray of shape (`n_samples_fit_`,)
        Their labels, in the order of `labeled_indices_`.

    See Also
    --------
    sklearn.neighbors.KNeighborsClassifier : The same vote, refitted for each new label.

    Notes
    -----
    Adding, removing or relabelling a sample costs O(n_features), amortised, whatever the number
    stored (a sparse sample other than the last is removed in one copy). A prediction is an exact
    search in O(n_queries · n_labeled · n_features), in blocks bounded by scikit-learn's
    ``working_memory``; with a graph it is O(log(n_labeled) · n_features) for each query, and the
    same for each sample that was added since the last. What a graph proposes is measured and chosen
    from as in an exact search, so that where it misses nobody predictions are the same.

    float32 and float64 stay what they are; other types become float64.

    Defined answers: a zero vector has no direction and stands at cosine distance 1 from
    everything, another zero vector included. Samples at equal distance from a query go by class
    in sorted order, then the younger first, where not all of them can vote. Equal votes go to
    the class that sorts first. After the last sample was removed, declared classes are equally
    probable, and without declared classes predicting raises `NotFittedError`.

    Ages count stored samples only, as if those removed had never been added. A sample that went
    because of `max_labeled` does not come back when another is removed. `relabel` mends an
    answer, which stays as old as it is; a new answer about the same sample is added beside the
    old one.

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
        weights: str | Callable[[np.ndarray], Any] = "distance",
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

    def predict(self, X: Any) -> np.ndarray:
        """Predict the label of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_queries,)
            The class with most of the vote; among equals the one that sorts first.
        """
        probabilities = self.predict_proba(X)
        return np.asarray(self.classes_[probabilities.argmax(axis=1)])

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class for each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        probabilities : ndarray of shape (n_queries, n_classes)
            In the order of `classes_`; rows add up to 1.
        """
        labeled, distances, slots = self._search(X)
        ages = self._ages(labeled, slots)
        return self.vote(distances, labeled.codes[slots], len(labeled.classes), ages)

    def staged_predict(self, X: Any) -> Iterator[np.ndarray]:
        """Predict the labels after the first stored sample, after the second, and so on.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        stages : generator of ndarray of shape (n_queries,)
            What a classifier that was given only the first of the stored samples predicts, by
            age: `n_samples_fit_` arrays.

        See Also
        --------
        staged_predict_proba : The probabilities; says what stages are and cost.
        """
        classes = self._fitted().classes
        return self._staged("predict", X, lambda votes: classes[votes.argmax(axis=1)])

    def staged_predict_proba(self, X: Any) -> Iterator[np.ndarray]:
        """Return the probabilities after the first stored sample, after the second, and so on.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        stages : generator of ndarray of shape (n_queries, n_classes)
            What a classifier that was given only the first of the stored samples says, by age:
            `n_samples_fit_` arrays. All have a column for each of `classes_`; a class that was
            neither met until then nor declared has probability 0.

        Notes
        -----
        All distances are computed once, in one product as for a single prediction, and after
        each sample only those vote again that have it among their nearest: about n_neighbors / i
        of the queries after the i-th. With `max_labeled` or `half_life`, and in a subclass that
        predicts in another way, a classifier is taught sample by sample instead, which costs a
        prediction for each.

        The stored samples of the start count, whatever becomes of them meanwhile.
        """
        return self._staged("predict_proba", X, lambda votes: votes)

    def explain(self, X: Any) -> VoteExplanation:
        """Name the labelled samples that made each prediction, and their share in it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        explanation : VoteExplanation
            Indices, labels, distances and shares of the vote, arrays of shape
            (n_queries, n_neighbors), and the predictions they made.
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
        """Return class probabilities for neighbours that were found elsewhere.

        A pool keeps the nearest labelled samples of every candidate up to date, and takes its
        posterior from here.

        Parameters
        ----------
        distances : ndarray of shape (n_queries, n_neighbors)
            Distances to the neighbours.
        codes : ndarray of int of shape (n_queries, n_neighbors)
            Their classes, in range(n_classes).
        n_classes : int
            How many classes there are, at least 1.
        ages : ndarray of int of shape (n_queries, n_neighbors), default=None
            How many labelled samples came after each neighbour; asked for by `half_life` alone.

        Returns
        -------
        probabilities : ndarray of shape (n_queries, n_classes)
            Rows add up to 1.

        Raises
        ------
        ValueError
            If `half_life` is set and there are no `ages`.
        """
        if isinstance(self.weights, str) and self.half_life is None:
            return compiled_vote(
                distances, codes, n_classes, self.weights, self.bandwidth, self.smoothing
            )
        shares, prior = self._shares(distances, ages)
        return smoothed_probabilities(shares, codes, n_classes, prior)

    def posterior_source(self, pool: LabelingPool) -> PosteriorSource:
        """Return the vote among the labelled samples of a pool, kept up to date.

        Parameters
        ----------
        pool : LabelingPool
            The pool. The samples that this classifier stores itself do not vote.

        Returns
        -------
        source : PosteriorSource
            The vote with the parameters of this classifier. A label costs
            O(n_samples · n_features).
        """
        return VotedPosterior(self, pool)

    def lookahead(self, pool: PoolView, evaluated: np.ndarray, loss: str) -> KNNLookahead:
        """Return the expected error after each possible answer to each query.

        Parameters
        ----------
        pool : PoolView
            The pool, with at least one label.
        evaluated : ndarray of int of shape (n_evaluated,)
            Positions of the samples whose errors are summed.
        loss : {'zero_one', 'log'}
            1 - p of the most probable class, or the entropy.

        Returns
        -------
        lookahead : KNNLookahead
            The vote with the parameters of this classifier, among the labelled samples of the
            pool.
        """
        return KNNLookahead(pool, self, evaluated, loss)

    @property
    def forgets(self) -> bool:
        """Whether `max_labeled` or `half_life` is set."""
        return self.max_labeled is not None or self.half_life is not None

    @property
    def votes_plainly(self) -> bool:
        """Whether each stage is the vote of the samples stored until then.

        Whoever overrides a prediction means that, not the vote of the nearest; and whoever forgets
        has other votes at each stage.
        """
        return not self.forgets and all(
            getattr(type(self), name) is getattr(IncrementalKNeighborsClassifier, name)
            for name in ("predict", "predict_proba")
        )

    def check_parameters(self) -> None:
        """Raise if a parameter is not what it may be.

        Raises
        ------
        TypeError, ValueError
            A sentence that names the parameter and what it may be.
        """
        check_vote_parameters(self)

    def _shares(
        self, distances: np.ndarray, ages: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        shares = vote_shares(distances, self.weights, self.bandwidth, ages, self.half_life)
        votes = n_votes(distances, ages, self.half_life)
        return shares, prior_shares(votes, float(self.smoothing))

    def _ages(self, labeled: LabeledSamples, slots: np.ndarray) -> np.ndarray | None:
        return None if self.half_life is None else labeled.ages()[slots]

    def _staged(
        self, method: str, X: Any, of_rows: Callable[[np.ndarray], np.ndarray]
    ) -> Iterator[np.ndarray]:
        self.check_parameters()
        labeled = self._fitted()
        if not self.votes_plainly:
            return replayed(self, method, X)
        return staged(self, labeled, Rows(self._checked_features(X)), of_rows)
