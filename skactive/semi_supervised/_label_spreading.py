"""Labels that spread along the neighbour graph, learnt one by one."""

from __future__ import annotations

from collections.abc import Hashable
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_consistent_length, validate_data

from skactive._engine.distances import METRICS
from skactive._engine.external_posterior import ExternalPosterior
from skactive._engine.labeled_samples import LabeledSamples
from skactive._engine.labels import check_labels
from skactive._validation import check_choice, check_integer, check_number
from skactive.neighbors import (
    IncrementalKNeighborsClassifier,
    NeighborGraph,
    VoteExplanation,
)
from skactive.semi_supervised._posterior import OutsidePosterior, SpreadPosterior
from skactive.semi_supervised._spread import Spread

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from skactive._contracts._labeling_pool import LabelingPool
    from skactive._contracts._pool_view import PoolView
    from skactive._contracts._posterior_source import PosteriorSource

# What the uniform prior counts at every node, where a label gives its own node at least 1: it
# decides only where next to nothing arrives.
PRIOR = 0.005

DTYPES = (np.float64, np.float32)


class IncrementalLabelSpreading(ClassifierMixin, BaseEstimator):
    """Spread labels along the neighbour graph of all samples, each in the moment it is given.

    With a handful of labels, samples without one know most: where they lie close together, a
    label goes from neighbour to neighbour through all of them, and stops where it is empty. With
    many labels the nearest of them know better, and this classifier moves smoothly towards their
    vote. The graph is built once by `fit`; from then on a label costs only what it reaches.

    Parameters
    ----------
    n_neighbors : int, default=15
        How many neighbours each sample has in the graph, at least 1.
    metric : str, default='cosine'
        'cosine', 'euclidean', or another name that `sklearn.metrics.pairwise_distances` takes.
    alpha : float, default=0.9
        In [0, 1): how much of its score a node takes from its neighbours.
    class_mass : float, default=0.5
        In [0, 1]: the scores of a class are divided by this power of their sum. 1 makes all
        classes equally large, as class-mass normalisation has it, and fails where they are not;
        0 lets the classes with the most labels win. A half does well on both.
    half_vote : float, default=200
        With how many labels the vote has half the say, above 0: with n labels it has the share
        n / (n + half_vote). None leaves it out.
    voter : IncrementalKNeighborsClassifier, default=None
        Who votes; None takes `IncrementalKNeighborsClassifier(metric=metric)`. It is cloned.
    tol : float, default=1e-3
        How far scores may be off the exact solution, above 0: see Notes.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels that are there, sorted, and those declared.
    label_distributions_ : ndarray of shape (n_nodes, n_classes)
        Class probabilities of all nodes: the samples of `fit`, then those that have joined.
    transduction_ : ndarray of shape (n_nodes,)
        The most probable class of each.
    declared_classes_ : ndarray of shape (n_declared,) or None
        The classes that were declared.
    labeled_indices_ : ndarray of int of shape (n_labeled,)
        The labelled nodes, in ascending order.
    y_labeled_ : ndarray of shape (n_labeled,)
        Their labels.
    n_samples_seen_ : int
        Number of nodes, labelled or not.
    graph_ : NeighborGraph
        The graph.
    voter_ : IncrementalKNeighborsClassifier
        Who votes: it knows all labelled nodes.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in `fit`, where X had string names.

    See Also
    --------
    IncrementalKNeighborsClassifier : The vote alone, which needs no unlabelled samples.
    sklearn.semi_supervised.LabelSpreading : Solves for all labels anew in each `fit`.

    Notes
    -----
    Scores are F = (I - alpha S)^-1 Y, with S the graph's self-tuning affinity, normalised by the
    degrees d of the nodes, and Y the labels. F of node i is off by less than
    ``tol * sqrt(d_i / mean(d))``, whatever labels came and went; 1 is what a label gives its own
    node at least. Where next to nothing arrives, probabilities are uniform.

    A sample that is no node is given the mean of its nearest nodes, weighted by similarity, and
    the vote of its own nearest labelled samples. For a sample that is one, ask
    `label_distributions_`.

    Cost of a label: local, some thousand edges, whatever the number of nodes.
    `label_distributions_`: O(n_nodes · (n_classes + n_features · n_labeled)).

    References
    ----------
    D. Zhou, O. Bousquet, T. N. Lal, J. Weston and B. Schölkopf, "Learning with local and global
    consistency", NeurIPS 2004.

    X. Zhu, Z. Ghahramani and J. Lafferty, "Semi-supervised learning using Gaussian fields and
    harmonic functions", ICML 2003, for class-mass normalisation.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skactive.semi_supervised import IncrementalLabelSpreading
    >>> X, y = load_digits(return_X_y=True)
    >>> spreading = IncrementalLabelSpreading().fit(X, [-1] * len(y))
    >>> spreading = spreading.relabel(range(30), y[:30])
    >>> bool((spreading.transduction_ == y).mean() > 0.9)
    True
    """

    def __init__(
        self,
        n_neighbors: int = 15,
        *,
        metric: str = "cosine",
        alpha: float = 0.9,
        class_mass: float = 0.5,
        half_vote: float | None = 200,
        voter: IncrementalKNeighborsClassifier | None = None,
        tol: float = 1e-3,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.alpha = alpha
        self.class_mass = class_mass
        self.half_vote = half_vote
        self.voter = voter
        self.tol = tol

    def fit(self, X: Any, y: Any) -> IncrementalLabelSpreading:
        """Build the graph of all samples, and spread the labels of those that have one.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples, labelled or not.
        y : array-like of shape (n_samples,)
            Their labels; -1 (None or '-1' among strings) where there is none, be it everywhere.

        Returns
        -------
        self : IncrementalLabelSpreading
            The fitted classifier.
        """
        self.check_parameters()
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        nodes, labels = _labels_and_where(y)
        X = self._checked_anew(X, len(np.asarray(y, dtype=object)))
        graph = NeighborGraph.of(X, n_neighbors=self.n_neighbors, metric=self.metric)
        self._start(graph, X)
        return self._label(nodes, labels)

    def fit_graph(
        self, graph: NeighborGraph, X: Any, classes: Any = None
    ) -> IncrementalLabelSpreading:
        """Take a graph that is built already, with no label yet.

        Parameters
        ----------
        graph : NeighborGraph
            The graph of X, such as ``pool.graph()``.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        classes : array-like of shape (n_classes,), default=None
            Classes there will be, where they are known beforehand.

        Returns
        -------
        self : IncrementalLabelSpreading
            The classifier, to which `relabel` tells labels.
        """
        self.check_parameters()
        n_samples = X.shape[0] if hasattr(X, "shape") else len(X)
        if graph.n_samples != n_samples:
            raise ValueError(
                f"The graph has {graph.n_samples} nodes, but X has {n_samples} samples. "
                "Hint: pass the graph of X."
            )
        return self._start(graph, self._checked_anew(X, n_samples), classes)

    def fit_pool(
        self, pool: PoolView, classes: ArrayLike | None = None
    ) -> IncrementalLabelSpreading:
        """Forget everything, and take the samples of a pool as nodes.

        Parameters
        ----------
        pool : PoolView
            The pool. Its neighbour graph is used, and its labelled samples from outside the pool
            join the graph; labels of its own samples are not read.
        classes : array-like of shape (n_classes,), default=None
            Labels that are known beforehand.

        Returns
        -------
        self : IncrementalLabelSpreading
            The classifier. The number of a node is the position of the sample in the pool.
        """
        self.fit_graph(pool.graph(self.n_neighbors, self.metric), pool.X, classes)
        X, y = pool.labeled_outside()
        return self if X is None else self.join_labeled(X, y)

    def posterior_source(self, pool: LabelingPool) -> PosteriorSource:
        """Return the posterior of a pool, kept up to date.

        Parameters
        ----------
        pool : LabelingPool
            The pool.

        Returns
        -------
        source : PosteriorSource
            After `fit_pool` of this pool: what spreads to its samples, mixed with the vote of its
            labelled samples. For any other pool: what `predict_proba` returns.
        """
        if self.__sklearn_is_fitted__() and pool.has_graph(self._first_graph):
            return SpreadPosterior(self, pool)
        return ExternalPosterior(pool)

    def outside_posterior_source(
        self, pool: LabelingPool, nearest: tuple[np.ndarray, np.ndarray] | None = None
    ) -> PosteriorSource:
        """Return the posterior of samples outside the graph, kept up to date.

        Parameters
        ----------
        pool : LabelingPool
            The samples, and as samples from outside the pool all labelled samples of this
            classifier.
        nearest : tuple of ndarray of shape (n_samples, n_neighbors), default=None
            What `nearest_nodes` returns for the samples. None computes it.

        Returns
        -------
        source : PosteriorSource
            What `predict_proba` returns, with the nearest nodes and neighbours found once.
        """
        return OutsidePosterior(self, pool, nearest)

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> IncrementalLabelSpreading:
        """Take in samples, with labels or without, of classes that may be declared beforehand.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples. In a first call they make the graph, later they join it.
        y : array-like of shape (n_samples,)
            Their labels, as in `fit`.
        classes : array-like of shape (n_classes,), default=None
            Classes there will be.

        Returns
        -------
        self : IncrementalLabelSpreading
            The classifier, which knows the samples.
        """
        nodes, labels = _labels_and_where(y)
        unknown = [] if classes is None else labels[~np.isin(labels, classes)].tolist()
        if unknown:
            raise ValueError(
                f"y has the label {unknown[0]!r}, which is not in `classes`: "
                f"{np.unique(classes).tolist()}. Hint: `add_labeled` extends the classes."
            )
        if not self.__sklearn_is_fitted__():
            self.fit(X, np.full(len(y), -1))
            self._start(self.graph_, self._X, classes)
            return self._label(nodes, labels)
        if classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(
                f"`classes={np.unique(classes).tolist()}` is not the same as on the last call to "
                f"partial_fit, was: {self.classes_.tolist()}."
            )
        X = self._checked_features(X)
        check_consistent_length(X, y)
        self._labeled.check_labels(labels)
        return self._label(self._join(X) + nodes, labels)

    def add_labeled(self, X: Any, y: Any) -> IncrementalLabelSpreading:
        """Take in labelled samples, so that the next prediction knows them.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples. One that equals an unlabelled node, bit for bit, labels that node; any
            other joins the graph.
        y : array-like of shape (n_samples,)
            Their labels.

        Returns
        -------
        self : IncrementalLabelSpreading
            The classifier, which knows the new labels.
        """
        labels = check_labels(y)
        if not self.__sklearn_is_fitted__():
            return self.fit(X, labels)
        X = self._checked_features(X, minimum=0)
        check_consistent_length(X, labels)
        self._labeled.check_labels(labels)
        nodes = self._nodes_like(X)
        strangers = np.flatnonzero(nodes < 0)
        if len(strangers):
            first = self._join(X[strangers])
            nodes[strangers] = first + np.arange(len(strangers))
        return self._label(nodes, labels)

    def join_labeled(self, X: Any, y: Any) -> IncrementalLabelSpreading:
        """Take in labelled samples as further nodes, whether or not nodes equal them.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,)
            Their labels.

        Returns
        -------
        self : IncrementalLabelSpreading
            The classifier, which knows them.
        """
        self._fitted()
        labels = check_labels(y)
        X = self._checked_features(X)
        check_consistent_length(X, labels)
        self._labeled.check_labels(labels)
        return self._label(self._join(X) + np.arange(len(labels)), labels)

    def remove_labeled(self, indices: Any) -> IncrementalLabelSpreading:
        """Take labels back: the nodes stay, as unlabelled ones.

        Parameters
        ----------
        indices : int or array-like of int of shape (n,)
            Labelled nodes, by their numbers.

        Returns
        -------
        self : IncrementalLabelSpreading
            The classifier, as if they had never been labelled.
        """
        nodes = self._check_nodes(indices)
        unlabeled = nodes[self._numbers[nodes] < 0]
        if len(unlabeled):
            raise ValueError(f"Node {unlabeled[0]} is not labelled. Hint: see `labeled_indices_`.")
        self._unlabel(nodes)
        return self

    def relabel(self, indices: Any, y: Any) -> IncrementalLabelSpreading:
        """Give nodes labels, their first or others than before.

        Parameters
        ----------
        indices : int or array-like of int of shape (n,)
            Nodes, by their numbers: the rows of `fit`, then those that have joined.
        y : array-like of shape (n,)
            Their labels from now on.

        Returns
        -------
        self : IncrementalLabelSpreading
            The classifier, which knows the labels.
        """
        nodes, labels = self._check_nodes(indices), check_labels(y)
        check_consistent_length(nodes, labels)
        self._labeled.check_labels(labels)
        self._unlabel(nodes[self._numbers[nodes] >= 0])
        return self._label(nodes, labels)

    def predict(self, X: Any) -> np.ndarray:
        """Predict the label of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_queries,)
            The most probable class; among equals the one that sorts first.
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

        Raises
        ------
        NotFittedError
            If no label is known yet.
        """
        self._fitted(labels=True)
        X = self._checked_features(X)
        return self.mixed(self.spread_at(self.nearest_nodes(X)), self._vote(X))

    def explain(self, X: Any) -> VoteExplanation:
        """Name the labelled nodes behind each prediction, and their share in it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        explanation : VoteExplanation
            All labelled nodes by their numbers, those with the largest share first: what has
            spread from each, and its part in the vote. Arrays of shape (n_queries, n_labeled).
            A sample costs one spreading for each of its nearest nodes.
        """
        self._fitted(labels=True)
        X = self._checked_features(X)
        labeled = self.labeled_indices_
        numbers, queries = self._numbers[labeled], np.arange(X.shape[0])[:, np.newaxis]
        order = np.argsort(numbers)

        def places_of(found: np.ndarray) -> np.ndarray:
            return order[np.searchsorted(numbers, found, sorter=order)]

        shares, prior = self._spread_shares(self.nearest_nodes(X), labeled)
        if self.half_vote is not None and len(labeled):
            vote = self.voter_.explain(X)
            voted = np.zeros(shares.shape)
            voted[queries, places_of(vote.indices)] = vote.shares
            shares, prior = self.mixed(shares, voted), self.mixed(prior, vote.prior_share)
        apart = np.empty(shares.shape)
        if len(labeled):
            distances, found = self.voter_.kneighbors(X, len(labeled))
            apart[queries, places_of(found)] = distances
        first = np.argsort(-shares, axis=1, kind="stable")
        return VoteExplanation(
            predictions=self.predict(X),
            indices=labeled[first],
            labels=self.y_labeled_[first],
            distances=np.take_along_axis(apart, first, axis=1),
            shares=np.take_along_axis(shares, first, axis=1),
            prior_share=prior,
        )

    def _spread_shares(
        self, nearest: tuple[np.ndarray, np.ndarray], labeled: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return what each label has of what spreads to samples, and what the prior has."""
        nodes, weights = nearest
        used, places = np.unique(nodes, return_inverse=True)
        classes = self.classes_.tolist()
        masses = self._spread.masses(classes)[np.newaxis]
        scores = self._weighted(self._spread.scores(classes, used), masses)
        whole = scores.sum(axis=1) + PRIOR
        codes = np.searchsorted(self.classes_, self.y_labeled_)
        is_of = np.eye(len(classes))[codes]
        # Labels of a class share its score as they spread; those that hardly do, alike.
        reached = self._spread.between(used, labeled) + np.finfo(np.float64).tiny
        of_class = (scores / whole[:, np.newaxis]) / np.maximum(
            reached @ is_of, np.finfo(np.float64).tiny
        )
        shares, places = reached * of_class[:, codes], places.reshape(nodes.shape)
        return (
            np.einsum("qk,qkl->ql", weights, shares[places]),
            np.einsum("qk,qk->q", weights, (PRIOR / whole)[places]),
        )

    def nearest_nodes(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """Find the nodes that speak for samples outside the graph.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        nodes : ndarray of int of shape (n_queries, n_neighbors)
            Their nearest nodes.
        weights : ndarray of shape (n_queries, n_neighbors)
            What each counts; rows add up to 1.
        """
        self._fitted()
        distances, nodes = self.graph_.kneighbors(X)
        weights = self.graph_.similarities(distances, nodes)
        # A sample so far out that it is like none is given the mean of its nearest nodes.
        weights = np.maximum(weights, np.finfo(np.float64).tiny)
        return nodes, weights / weights.sum(axis=1, keepdims=True)

    def spread_at(self, nearest: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """Return what spreads to samples outside the graph, the vote left out.

        Parameters
        ----------
        nearest : tuple of (nodes, weights)
            What `nearest_nodes` returned.

        Returns
        -------
        probabilities : ndarray of shape (n_queries, n_classes)
            The weighted mean of the nodes.
        """
        nodes, weights = nearest
        used, places = np.unique(nodes, return_inverse=True)
        spread = self.spread_distributions(used)
        mean = np.einsum("qk,qkc->qc", weights, spread[places.reshape(nodes.shape)])
        # By rounding, weights may add up to more than 1, which `log_loss` refuses.
        return np.minimum(mean, 1.0)

    def spread_distributions(self, nodes: Any = slice(None)) -> np.ndarray:
        """Return what spreads to nodes, the vote left out.

        Parameters
        ----------
        nodes : array-like of int of shape (n,), default=slice(None)
            Which nodes.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            Rows add up to 1.
        """
        classes = self.classes_.tolist()
        masses = self._spread.masses(classes)[np.newaxis]
        return self._normalized(self._spread.scores(classes, nodes), masses)

    def is_reached(self) -> np.ndarray:
        """Tell which nodes labels have ever spread to: at all others probabilities are uniform.

        Returns
        -------
        is_reached : ndarray of bool of shape (n_nodes,)
            Not to be changed. Some may not be reached any more, after labels were taken back.
        """
        self._fitted()
        return self._spread.is_reached

    def held_out_distributions(self, nodes: Any) -> np.ndarray:
        """Return what spreads to labelled nodes, each as if its own label were not known.

        Parameters
        ----------
        nodes : array-like of int of shape (n,)
            Labelled nodes.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            Rows add up to 1. A label costs one spreading of its own the first time it is asked
            for, then nothing until samples join.
        """
        nodes = self._check_nodes(nodes)
        classes = self.classes_.tolist()
        labels = self._labeled.labels_of(self._numbers[nodes])
        rows, columns = np.arange(len(nodes)), np.searchsorted(self.classes_, labels)
        scores = self._spread.scores(classes, nodes)
        masses = np.repeat(self._spread.masses(classes)[np.newaxis], len(nodes), axis=0)
        own, spread = self._spread.own(nodes)
        scores[rows, columns] = np.maximum(scores[rows, columns] - own, 0.0)
        # The last label of a class leaves no more than what rounding and the tolerance do.
        left = masses[rows, columns] - spread
        masses[rows, columns] = np.where(left > 1e-6 * spread, left, 0.0)
        return self._normalized(scores, masses)

    def _weighted(self, scores: np.ndarray, masses: np.ndarray) -> np.ndarray:
        factors = np.zeros(masses.shape)
        met = masses > 0
        factors[met] = masses[met] ** -float(self.class_mass)
        # On the whole, scores stay as large as they were.
        total, whole = (masses * factors).sum(axis=1), masses.sum(axis=1)
        factors *= np.divide(whole, total, out=np.zeros_like(total), where=total > 0)[:, np.newaxis]
        scores *= factors
        return scores

    def _normalized(self, scores: np.ndarray, masses: np.ndarray) -> np.ndarray:
        scores = self._weighted(scores, masses)
        scores += PRIOR / scores.shape[1]
        # Class by class, so that a row has the same sum whichever rows are beside it.
        scores /= sum(scores.T)[:, np.newaxis]
        return scores

    def mixed(self, spread: np.ndarray, vote: np.ndarray | None) -> np.ndarray:
        """Return the mixture of what spreads and of the vote, by the number of labels.

        Parameters
        ----------
        spread, vote : ndarray of shape (n, n_classes)
            Probabilities, or shares of them. Where `vote` is None there is none.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            Where rows of both add up to 1, so do these.
        """
        if vote is None or self.half_vote is None:
            return spread
        n_labeled = len(self._labeled)
        share = n_labeled / (n_labeled + float(self.half_vote))
        mixture = (1 - share) * spread
        mixture += share * vote
        return mixture

    def labeled_samples(self) -> tuple[Any, np.ndarray | None]:
        """Return the labelled nodes.

        Returns
        -------
        X : {ndarray, CSR matrix} of shape (n_labeled, n_features) or None
            The samples, in the order of `labeled_indices_`; None before any was labelled.
        y : ndarray of shape (n_labeled,) or None
            Their labels.
        """
        if not self.__sklearn_is_fitted__() or len(self._labeled) == 0:
            return None, None
        return self._X[self.labeled_indices_], self.y_labeled_

    @property
    def n_samples_seen_(self) -> int:
        """Number of nodes, which is the number that the next sample to join will have."""
        self._stored("n_samples_seen_")
        return self.graph_.n_samples

    @property
    def declared_classes_(self) -> np.ndarray | None:
        """The classes that were declared, or None."""
        return self._stored("declared_classes_").declared

    @property
    def classes_(self) -> np.ndarray:
        """The labels that are there, and those declared, sorted."""
        return self._stored("classes_").classes

    @property
    def label_distributions_(self) -> np.ndarray:
        """Class probabilities of all nodes."""
        self._stored("label_distributions_")
        self._fitted(labels=True)
        return self.mixed(self.spread_distributions(), self._vote(self._X))

    @property
    def transduction_(self) -> np.ndarray:
        """The most probable class of each node."""
        self._stored("transduction_")
        return np.asarray(self.classes_[self.label_distributions_.argmax(axis=1)])

    @property
    def labeled_indices_(self) -> np.ndarray:
        """The labelled nodes, in ascending order."""
        self._stored("labeled_indices_")
        return np.flatnonzero(self._numbers >= 0)

    @property
    def y_labeled_(self) -> np.ndarray:
        """The labels of `labeled_indices_`."""
        return self._stored("y_labeled_").labels_of(self._numbers[self.labeled_indices_])

    def check_parameters(self) -> None:
        """Raise if a parameter is not what it may be.

        Raises
        ------
        TypeError, ValueError
            A sentence that names the parameter and what it may be.
        """
        check_integer(self, "n_neighbors", self.n_neighbors, minimum=1)
        check_choice(self, "metric", self.metric, METRICS)
        for name in ("alpha", "class_mass"):
            value = check_number(self, name, getattr(self, name))
            if value > 1 or (name == "alpha" and value == 1):
                bound = "below 1" if name == "alpha" else "of at most 1"
                raise ValueError(
                    f"The {name!r} parameter of {type(self).__name__} must be a number {bound}. "
                    f"Got {value} instead."
                )
        if self.half_vote is not None:
            check_number(self, "half_vote", self.half_vote, exclusive=True)
        check_number(self, "tol", self.tol, exclusive=True)
        if self.voter is not None:
            self.voter.check_parameters()
            if self.voter.forgets:
                raise ValueError(
                    f"The 'voter' of {type(self).__name__} must not forget. Got {self.voter!r}. "
                    "Hint: leave 'max_labeled' and 'half_life' out."
                )

    def _start(
        self, graph: NeighborGraph, X: Any, classes: Any = None
    ) -> IncrementalLabelSpreading:
        self.graph_ = self._first_graph = graph
        self._X = X
        names = np.empty(0) if classes is None else check_labels(classes)
        self._labeled = LabeledSamples(X[:0], names[:0], None if classes is None else names)
        self._spread = Spread(graph.affinity(), alpha=float(self.alpha), tol=float(self.tol))
        self._numbers = np.full(graph.n_samples, -1)
        self._keys: dict[Hashable, list[int]] | None = None
        voter = IncrementalKNeighborsClassifier(metric=self.metric)
        self.voter_ = voter if self.voter is None else clone(self.voter)
        self.voter_.follow(self._labeled, self.n_features_in_)
        return self

    def _label(self, nodes: np.ndarray, labels: np.ndarray) -> IncrementalLabelSpreading:
        if len(nodes):
            self._numbers[nodes] = self._labeled.add(self._X[nodes], labels)
        for label in np.unique(labels):
            self._spread.add(nodes[labels == label], label.item())
        return self

    def _unlabel(self, nodes: np.ndarray) -> None:
        ids = self._numbers[nodes]
        labels = self._labeled.labels_of(ids)
        self._labeled.remove(ids)
        self._numbers[nodes] = -1
        for label in np.unique(labels):
            self._spread.add(nodes[labels == label], label.item(), -1.0)

    def _join(self, X: Any) -> int:
        first = self.graph_.n_samples
        self.graph_ = self.graph_.join(X)
        self._X = self.graph_.X
        self._numbers = np.concatenate([self._numbers, np.full(X.shape[0], -1)])
        self._spread.join(self.graph_.affinity())
        self._keys = None
        return first

    def _nodes_like(self, X: Any) -> np.ndarray:
        """Return for each row an unlabelled node that equals it, -1 where there is none."""
        if self._keys is None:
            self._keys = {}
            for node, key in enumerate(_keys(self._X)):
                self._keys.setdefault(key, []).append(node)
        nodes, taken = np.full(X.shape[0], -1), set()
        for row, key in enumerate(_keys(X.astype(self._X.dtype))):
            for node in self._keys.get(key, ()):
                if self._numbers[node] < 0 and node not in taken:
                    nodes[row] = node
                    taken.add(node)
                    break
        return nodes

    def _vote(self, X: Any) -> np.ndarray | None:
        if self.half_vote is None or len(self._labeled) == 0:
            return None
        return self.voter_.predict_proba(X)

    def _check_nodes(self, indices: Any) -> np.ndarray:
        self._fitted()
        nodes = np.atleast_1d(np.asarray(indices))
        if nodes.size == 0:
            return nodes.astype(np.intp)
        if nodes.dtype.kind not in "iu" or nodes.ndim != 1:
            raise TypeError(f"Nodes are named by integers. Got {indices!r} instead.")
        outside = nodes[(nodes < 0) | (nodes >= len(self._numbers))]
        if len(outside):
            raise ValueError(
                f"There is no node {outside[0]}: the graph has {len(self._numbers)} nodes."
            )
        if len(np.unique(nodes)) < len(nodes):
            raise ValueError(f"A node is named twice in {nodes.tolist()}.")
        return nodes.astype(np.intp)

    def _checked_anew(self, X: Any, n_samples: int) -> Any:
        noted = self.__dict__.copy()
        try:
            X = self._checked_features(X, reset=True)
            check_consistent_length(X, np.empty(n_samples))
        except (TypeError, ValueError):
            # scikit-learn notes the features of X before it looks at their values.
            self.__dict__.clear()
            self.__dict__.update(noted)
            raise
        return X

    def _checked_features(self, X: Any, *, reset: bool = False, minimum: int = 1) -> Any:
        return validate_data(
            self,
            X,
            reset=reset,
            accept_sparse="csr",
            dtype=DTYPES,
            order="C",
            ensure_min_samples=minimum,
        )

    def _fitted(self, *, labels: bool = False) -> None:
        if not self.__sklearn_is_fitted__():
            raise NotFittedError(
                f"This {type(self).__name__} instance is not fitted yet: it has no graph. Call "
                "'fit' with all samples first, those without a label as -1."
            )
        if labels and len(self._labeled.classes) == 0:
            raise NotFittedError(
                f"This {type(self).__name__} instance knows no label yet. Call 'relabel' or "
                "'add_labeled' with some first."
            )

    def _stored(self, attribute: str) -> LabeledSamples:
        if not self.__sklearn_is_fitted__():
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {attribute!r} before 'fit'"
            )
        return self._labeled

    def __getstate__(self) -> dict[str, Any]:
        # Hashes of bytes differ from process to process.
        return {**super().__getstate__(), "_keys": None}

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "graph_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _labels_and_where(y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return which samples have a label, and the labels."""
    # Of a list that mixes strings and -1, numpy would make strings.
    values = np.asarray(y) if hasattr(y, "dtype") else np.asarray(y, dtype=object)
    if values.ndim != 1:
        return np.arange(len(values)), check_labels(y)
    if values.dtype.kind in "biuf":
        is_labeled = values != -1
    else:
        is_labeled = np.array([not _is_unlabeled(value) for value in values.tolist()], dtype=bool)
    nodes = np.flatnonzero(is_labeled)
    kept = values[nodes]
    return nodes, check_labels(kept.tolist() if kept.dtype.kind == "O" else kept)


def _is_unlabeled(value: Any) -> bool:
    return value is None or (isinstance(value, str | Real) and value in (-1, "-1"))


def _keys(X: Any) -> list[Hashable]:
    if sp.issparse(X):
        rows = [X[row] for row in range(X.shape[0])]
        return [hash((row.indices.tobytes(), row.data.tobytes())) for row in rows]
    return [hash(row.tobytes()) for row in X]
