"""Labels that spread along the neighbour graph, learnt one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skactive._engine.external_posterior import ExternalPosterior
from skactive.neighbors import IncrementalKNeighborsClassifier, VoteExplanation
from skactive.semi_supervised._parameters import check_spreading_parameters
from skactive.semi_supervised._posterior import OutsidePosterior, SpreadPosterior
from skactive.semi_supervised._spread_scores import NodeScoringClassifier

if TYPE_CHECKING:
    from skactive._contracts._labeling_pool import LabelingPool
    from skactive._contracts._posterior_source import PosteriorSource


class IncrementalLabelSpreading(NodeScoringClassifier):
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
    last_ids_ : ndarray of int of shape (n,)
        The nodes that the last call of a method labelled, in the order of its samples.
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
        self._check_fitted(labels=True)
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
        self._check_fitted(labels=True)
        X = self._checked_features(X)
        labeled = self.labeled_indices_
        numbers, queries = self._ids[labeled], np.arange(X.shape[0])[:, np.newaxis]
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

    @property
    def label_distributions_(self) -> np.ndarray:
        """Class probabilities of all nodes."""
        self._labeled_for("label_distributions_")
        self._check_fitted(labels=True)
        return self.mixed(self.spread_distributions(), self._vote(self._X))

    @property
    def transduction_(self) -> np.ndarray:
        """The most probable class of each node."""
        self._labeled_for("transduction_")
        return np.asarray(self.classes_[self.label_distributions_.argmax(axis=1)])

    def check_parameters(self) -> None:
        """Raise if a parameter is not what it may be.

        Raises
        ------
        TypeError, ValueError
            A sentence that names the parameter and what it may be.
        """
        check_spreading_parameters(self)

    def _vote(self, X: Any) -> np.ndarray | None:
        if self.half_vote is None or len(self._labeled) == 0:
            return None
        return self.voter_.predict_proba(X)
