"""k-nearest neighbours that learn from each answer at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_consistent_length, validate_data

from skactive._engine.distances import METRICS, Rows, Space
from skactive._engine.exact_search import search
from skactive._engine.labeled_samples import LabeledSamples
from skactive._engine.labels import check_labels
from skactive._validation import are_plain_features, check_choice, check_integer, check_number
from skactive.neighbors._explanation import VoteExplanation
from skactive.neighbors._index import NeighborIndex, has_index, is_installed, is_sparse
from skactive.neighbors._lookahead import KNNLookahead
from skactive.neighbors._posterior import VotedPosterior
from skactive.neighbors._staged import replayed, staged
from skactive.neighbors._votes import (
    VOTE_WEIGHTS,
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

DTYPES = (np.float64, np.float32)
ALGORITHMS = frozenset({"exact", "hnsw", "auto"})


class IncrementalKNeighborsClassifier(ClassifierMixin, BaseEstimator):
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

    def fit(self, X: Any, y: Any) -> IncrementalKNeighborsClassifier:
        """Forget everything, and store labelled samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,)
            Their labels: strings, integers or booleans.

        Returns
        -------
        self : IncrementalKNeighborsClassifier
            The fitted classifier.
        """
        self.check_parameters()
        X, y = self._validated(X, y, reset=True)
        self._labeled = LabeledSamples(X, y, max_labeled=self.max_labeled)
        self.last_ids_ = np.arange(len(y))
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> IncrementalKNeighborsClassifier:
        """Store more labelled samples, of classes that may be declared beforehand.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,)
            Their labels.
        classes : array-like of shape (n_classes,), default=None
            All classes there will be. Once declared in a first call, another label is an error
            here, as scikit-learn has it. Where they never are, labels extend `classes_`.

        Returns
        -------
        self : IncrementalKNeighborsClassifier
            The classifier, which knows the new labels.

        Raises
        ------
        ValueError
            If `classes` differs from what was declared before, or y has another label.
        """
        known = getattr(self, "_labeled", None)
        declared = None if classes is None else np.unique(check_labels(classes))
        if (
            known is not None
            and declared is not None
            and not np.array_equal(declared, known.classes)
        ):
            raise ValueError(
                f"`classes={declared.tolist()}` is not the same as on the last call to "
                f"partial_fit, was: {known.classes.tolist()}."
            )
        if known is not None and declared is None and known.declared is not None:
            declared = known.classes
        return self._add(X, y, classes=declared)

    def add_labeled(self, X: Any, y: Any) -> IncrementalKNeighborsClassifier:
        """Store labelled samples, so that the next prediction knows them.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples, of as many features as those before.
        y : array-like of shape (n_samples,)
            Their labels. One never seen before extends `classes_`.

        Returns
        -------
        self : IncrementalKNeighborsClassifier
            The classifier, which knows the new labels.
        """
        return self._add(X, y, classes=None)

    def remove_labeled(self, indices: Any) -> IncrementalKNeighborsClassifier:
        """Forget labelled samples, as if they had never been added.

        Parameters
        ----------
        indices : int or array-like of int of shape (n_samples,)
            Which samples, by their numbers in the order they were added (`labeled_indices_`).

        Returns
        -------
        self : IncrementalKNeighborsClassifier
            The classifier without them.
        """
        labeled = self._fitted()
        labeled.remove(labeled.check_ids(indices))
        return self

    def relabel(self, indices: Any, y: Any) -> IncrementalKNeighborsClassifier:
        """Replace the labels of labelled samples.

        Parameters
        ----------
        indices : int or array-like of int of shape (n_samples,)
            Which samples, by their numbers in the order they were added (`labeled_indices_`).
        y : array-like of shape (n_samples,)
            Their labels from now on.

        Returns
        -------
        self : IncrementalKNeighborsClassifier
            The classifier, which knows the new labels.
        """
        labeled = self._fitted()
        ids, labels = labeled.check_ids(indices), check_labels(y)
        check_consistent_length(ids, labels)
        labeled.relabel(ids, labels)
        return self

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

    def kneighbors(
        self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True
    ) -> Any:
        """Find the nearest labelled samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), default=None
            The samples. None asks for the neighbours of each stored sample, itself excluded, in
            the order of `labeled_indices_`.
        n_neighbors : int, default=None
            How many; None takes the parameter of the classifier. Fewer are returned where fewer
            are stored.
        return_distance : bool, default=True
            Whether to return the distances too.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors)
            Only if `return_distance`. Nearest first.
        indices : ndarray of shape (n_queries, n_neighbors)
            Numbers of labelled samples: after a `fit` alone, the rows of its X.
        """
        labeled, distances, slots = self._search(X, n_neighbors)
        indices = labeled.ids[slots]
        return (distances, indices) if return_distance else indices

    def index_recall(self, X: Any, n_neighbors: int | None = None) -> float:
        """Return how many of the nearest labelled samples the graph finds.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples to ask for, such as a few hundred of those to be predicted.
        n_neighbors : int, default=None
            How many neighbours; None takes the parameter of the classifier.

        Returns
        -------
        recall : float
            The share of the neighbours found that are no farther than the last of an exact search,
            in [0, 1]. 1.0 where the search is exact.
        """
        labeled, found, _ = self._search(X, n_neighbors)
        queries, space = Rows(self._checked_features(X)), Space(self.metric, self.metric_params)
        width = found.shape[1]
        exact, _ = search(
            space, queries, labeled.rows, width, precedence=labeled.precedence, exclude=None
        )
        if found.size == 0:
            return 1.0
        return float(np.mean(found <= exact[:, -1:] * (1 + 1e-5) + 1e-6))

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

    def labeled_samples(self) -> tuple[Any, np.ndarray | None]:
        """Return the labelled samples that are stored.

        Returns
        -------
        X : {ndarray, CSR matrix} of shape (`n_samples_fit_`, n_features) or None
            The samples, in the order of `labeled_indices_`; None before any was added.
        y : ndarray of shape (`n_samples_fit_`,) or None
            Their labels.
        """
        labeled: LabeledSamples | None = getattr(self, "_labeled", None)
        if labeled is None or len(labeled) == 0:
            return None, None
        order = np.argsort(labeled.ids)
        return labeled.rows.X[order], labeled.labels[order]

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

    def _shares(
        self, distances: np.ndarray, ages: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        shares = vote_shares(distances, self.weights, self.bandwidth, ages, self.half_life)
        votes = n_votes(distances, ages, self.half_life)
        return shares, prior_shares(votes, float(self.smoothing))

    def _ages(self, labeled: LabeledSamples, slots: np.ndarray) -> np.ndarray | None:
        return None if self.half_life is None else labeled.ages()[slots]

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

    def follow(self, labeled: LabeledSamples, n_features: int) -> None:
        """Vote among samples that another classifier stores.

        Parameters
        ----------
        labeled : LabeledSamples
            Where they are stored; it is not copied.
        n_features : int
            Their number of features.
        """
        self._labeled = labeled
        self.n_features_in_ = n_features

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

    @property
    def classes_(self) -> np.ndarray:
        """The labels seen so far and those declared, sorted."""
        return self._stored("classes_").classes

    @property
    def declared_classes_(self) -> np.ndarray | None:
        """The classes that `partial_fit` was told of, or None."""
        return self._stored("declared_classes_").declared

    @property
    def n_samples_fit_(self) -> int:
        """How many labelled samples are stored."""
        return len(self._stored("n_samples_fit_"))

    @property
    def n_samples_seen_(self) -> int:
        """How many samples were ever added: the number the next one will have."""
        return self._stored("n_samples_seen_").next_id

    @property
    def labeled_indices_(self) -> np.ndarray:
        """The numbers of the stored samples, in ascending order."""
        return np.sort(self._stored("labeled_indices_").ids)

    @property
    def y_labeled_(self) -> np.ndarray:
        """The labels of the stored samples, in the order of `labeled_indices_`."""
        labeled = self._stored("y_labeled_")
        return np.asarray(labeled.labels[np.argsort(labeled.ids)])

    def _add(self, X: Any, y: Any, *, classes: np.ndarray | None) -> Any:
        self.check_parameters()
        labeled: LabeledSamples | None = getattr(self, "_labeled", None)
        X, labels = self._validated(X, y, reset=labeled is None, classes=classes)
        if labeled is None:
            self._labeled = LabeledSamples(X, labels, classes, self.max_labeled)
            self.last_ids_ = np.arange(len(labels))
        else:
            self.last_ids_ = labeled.add(X, labels, self.max_labeled)
        return self

    def _validated(
        self, X: Any, y: Any, *, reset: bool, classes: np.ndarray | None = None
    ) -> tuple[Any, np.ndarray]:
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        labels = check_labels(y)
        unknown = [] if classes is None else labels[~np.isin(labels, classes)].tolist()
        if unknown:
            raise ValueError(
                f"y has the label {unknown[0]!r}, which is not in `classes`: "
                f"{np.asarray(classes).tolist()}. Hint: `add_labeled` extends the classes."
            )
        if not reset:
            self._labeled.check_labels(labels)
        noted = self.__dict__.copy()
        try:
            X = self._checked_features(X, reset=reset, ensure_min_samples=1 if reset else 0)
            if X.shape[0] != len(labels):
                check_consistent_length(X, labels)
        except (TypeError, ValueError):
            # With `reset`, scikit-learn notes the features of X before it looks at their values.
            self.__dict__.clear()
            self.__dict__.update(noted)
            raise
        return X, labels

    def _checked_features(self, X: Any, *, reset: bool = False, ensure_min_samples: int = 1) -> Any:
        named = hasattr(self, "feature_names_in_")
        if not (reset or named) and are_plain_features(X, self.n_features_in_, DTYPES):
            return X
        return validate_data(
            self,
            X,
            reset=reset,
            accept_sparse="csr",
            dtype=DTYPES,
            order="C",
            ensure_min_samples=ensure_min_samples,
        )

    def _staged(
        self, method: str, X: Any, of_rows: Callable[[np.ndarray], np.ndarray]
    ) -> Iterator[np.ndarray]:
        self.check_parameters()
        labeled = self._fitted()
        if not self.votes_plainly:
            return replayed(self, method, X)
        return staged(self, labeled, Rows(self._checked_features(X)), of_rows)

    def _search(
        self, X: Any, n_neighbors: int | None = None
    ) -> tuple[LabeledSamples, np.ndarray, np.ndarray]:
        self.check_parameters()
        labeled = self._fitted()
        if n_neighbors is None:
            n_neighbors = self.n_neighbors
        check_integer(self, "n_neighbors", n_neighbors, minimum=1)
        stored = labeled.rows
        exclude = None
        if X is None:
            exclude = labeled.slots(np.sort(labeled.ids))
            queries = stored[exclude]
        else:
            queries = Rows(self._checked_features(X))
        index = self._index_of(labeled)
        if index is not None and (self.algorithm == "hnsw" or index.pays(len(queries))):
            return labeled, *index.search(queries, n_neighbors, exclude)
        distances, slots = search(
            Space(self.metric, self.metric_params),
            queries,
            stored,
            n_neighbors,
            precedence=labeled.precedence,
            exclude=exclude,
        )
        return labeled, distances, slots

    def _index_of(self, labeled: LabeledSamples) -> NeighborIndex | None:
        """Return the graph of the labelled samples, built or not, or None where none can be."""
        if self.algorithm == "exact":
            return None
        if is_sparse(labeled):
            if self.algorithm == "hnsw":
                raise ValueError(
                    "The samples are a sparse matrix, for which algorithm='hnsw' has no graph. "
                    "Hint: algorithm='auto' searches them exactly."
                )
            return None
        if not (has_index(self.metric, self.metric_params) and is_installed()):
            return None
        index: NeighborIndex | None = labeled.index
        space = Space(self.metric)
        if index is None or index.space.metric != space.metric:
            labeled.index = index = NeighborIndex(labeled, space)
        return index

    def check_parameters(self) -> None:
        """Raise if a parameter is not what it may be.

        Raises
        ------
        TypeError, ValueError
            A sentence that names the parameter and what it may be.
        """
        check_integer(self, "n_neighbors", self.n_neighbors, minimum=1)
        check_choice(self, "metric", self.metric, METRICS)
        if not callable(self.weights):
            check_choice(self, "weights", self.weights, VOTE_WEIGHTS)
        if self.bandwidth is not None:
            check_number(self, "bandwidth", self.bandwidth, exclusive=True)
        check_number(self, "smoothing", self.smoothing)
        check_choice(self, "algorithm", self.algorithm, ALGORITHMS)
        if self.algorithm == "hnsw":
            if not has_index(self.metric, self.metric_params):
                raise ValueError(
                    "algorithm='hnsw' has graphs for the metrics 'cosine' and 'euclidean' alone. "
                    f"Got metric={self.metric!r} and metric_params={self.metric_params!r} instead. "
                    "Hint: algorithm='auto' searches exactly where there is no graph."
                )
            if not is_installed():
                raise ImportError(
                    "algorithm='hnsw' needs usearch, which is not installed. Install it with: "
                    "pip install 'skactive[index]'"
                )
        if self.max_labeled is not None:
            check_integer(self, "max_labeled", self.max_labeled, minimum=1)
        if self.half_life is not None:
            check_number(self, "half_life", self.half_life, exclusive=True)

    def _fitted(self) -> LabeledSamples:
        labeled: LabeledSamples | None = getattr(self, "_labeled", None)
        if labeled is None or len(labeled.classes) == 0:
            raise NotFittedError(
                f"This {type(self).__name__} instance is not fitted yet: it holds no labelled "
                "sample. Call 'fit' or 'add_labeled' with some first."
            )
        return labeled

    def _stored(self, attribute: str) -> LabeledSamples:
        labeled: LabeledSamples | None = getattr(self, "_labeled", None)
        if labeled is None:
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {attribute!r} before 'fit'"
            )
        return labeled

    def __sklearn_is_fitted__(self) -> bool:
        return getattr(self, "_labeled", None) is not None

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
