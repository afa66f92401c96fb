"""Label spreading on a neighbour graph, updated label by label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from skactive._engine.external_posterior import ExternalPosterior
from skactive.neighbors import IncrementalKNeighborsClassifier, VoteExplanation
from skactive.semi_supervised._parameters import check_spreading_parameters
from skactive.semi_supervised._posterior import OutsidePosterior, SpreadPosterior
from skactive.semi_supervised._spread_scores import NodeScoringClassifier

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from skactive._contracts._labeling_pool import LabelingPool
    from skactive._contracts._posterior_source import PosteriorSource


class IncrementalLabelSpreading(NodeScoringClassifier):
    """Spread labels along the neighbour graph of all samples, label by label.

    With few labels, most of the information is in the unlabelled samples: labels spread from
    neighbour to neighbour through dense regions, and stop at gaps. As the number of labels grows,
    the classifier gives more weight to the vote of the nearest labelled samples. `fit` builds the
    graph once. After that, a label updates only the nodes that it reaches.

    Parameters
    ----------
    n_neighbors : int, default=15
        Number of neighbours of each sample in the graph, at least 1.
    metric : str, default='cosine'
        'cosine', 'euclidean', or another name that `sklearn.metrics.pairwise_distances` takes.
    alpha : float, default=0.9
        In [0, 1): the share of a node's score that comes from its neighbours.
    class_mass : float, default=0.5
        In [0, 1]: the scores of a class are divided by this power of their sum. 1 is class-mass
        normalisation, which makes all classes equally large, and fails if they are not. 0 favours
        the classes with the most labels. 0.5 suits balanced and unbalanced classes.
    half_vote : float, default=200
        Number of labels at which the vote has the weight 1/2, above 0: with n labels its weight
        is n / (n + half_vote). None omits the vote.
    voter : IncrementalKNeighborsClassifier, default=None
        The classifier whose probabilities are the vote. It is cloned. None takes
        `IncrementalKNeighborsClassifier(metric=metric)`.
    tol : float, default=1e-3
        Bound on the error of the scores, above 0: see Notes.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels of the labelled nodes and the declared classes, sorted.
    label_distributions_ : ndarray of shape (n_nodes, n_classes)
        Class probabilities of all nodes: the samples of `fit`, then those added later.
    transduction_ : ndarray of shape (n_nodes,)
        The most probable class of each node.
    declared_classes_ : ndarray of shape (n_declared,) or None
        The classes that were declared.
    labeled_indices_ : ndarray of int of shape (n_labeled,)
        The labelled nodes, in ascending order.
    last_ids_ : ndarray of int of shape (n,)
        The nodes that were labelled by the last call of a method, in the order of its samples.
    y_labeled_ : ndarray of shape (n_labeled,)
        The labels of `labeled_indices_`.
    n_samples_seen_ : int
        Number of nodes, labelled or not.
    graph_ : NeighborGraph
        The neighbour graph.
    voter_ : IncrementalKNeighborsClassifier
        The classifier of the vote, fitted to all labelled nodes.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in `fit`, if X had string names.

    See Also
    --------
    IncrementalKNeighborsClassifier : The vote alone, without unlabelled samples.
    sklearn.semi_supervised.LabelSpreading : Computes the solution again in each `fit`.

    Notes
    -----
    Scores are F = (I - alpha S)^-1 Y. S is the self-tuning affinity of the graph, normalised by
    the degrees d of the nodes, and Y the labels. The error of F at node i is below
    ``tol * sqrt(d_i / mean(d))``; a label adds at least 1 to the score of its own node. If the
    scores of a node are close to 0, its probabilities are uniform. The scores depend on the
    labels in their order, not on labels that were removed or replaced, nor on the calls in which
    the labels came.

    The prediction for a sample outside the graph is the mean over its nearest nodes, weighted by
    similarity, mixed with the vote of its nearest labelled samples. `label_distributions_` has
    the predictions for nodes.

    Cost of a label: the edges that it reaches; in one of 32 cases, and if a label is removed or
    replaced, those that all labels of its class reach, and those of each of the last up to 31
    labels. New nodes repeat this for all classes.
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
            After `fit_pool` of this pool: the spread labels, mixed with the vote of the labelled
            samples of the pool. For any other pool: the probabilities of `predict_proba`.
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
            A pool of the samples. All labelled samples of this classifier are its labelled
            samples from outside.
        nearest : tuple of ndarray of shape (n_samples, n_neighbors), default=None
            The result of `nearest_nodes` for the samples. None computes it.

        Returns
        -------
        source : PosteriorSource
            The probabilities of `predict_proba`. Nearest nodes and neighbours are searched once.
        """
        return OutsidePosterior(self, pool, nearest)

    def predict(self, X: ArrayLike | sp.spmatrix) -> np.ndarray:
        """Predict the label of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_queries,)
            The most probable class; of equally probable classes the first in `classes_`.
        """
        probabilities = self.predict_proba(X)
        return np.asarray(self.classes_[probabilities.argmax(axis=1)])

    def predict_proba(self, X: ArrayLike | sp.spmatrix) -> np.ndarray:
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
            If the classifier has no label yet.
        """
        self._check_fitted(labels=True)
        X = self._checked_features(X)
        return self.mixed(self.spread_at(self.nearest_nodes(X)), self._vote(X))

    def explain(self, X: ArrayLike | sp.spmatrix) -> VoteExplanation:
        """Return the share of each labelled node in each prediction.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        explanation : VoteExplanation
            All labelled nodes by their ids, those with the largest share first. A share adds up
            the label that has spread from the node and the vote of the node. Arrays have the
            shape (n_queries, n_labeled). Cost: for each sample, one spreading from each of its
            nearest nodes.
        """
        self._check_fitted(labels=True)
        X = self._checked_features(X)
        labeled = self.labeled_indices_
        numbers, queries = self._ids[labeled], np.arange(X.shape[0])[:, np.newaxis]
        order = np.argsort(numbers)

        def places_of(found: np.ndarray) -> np.ndarray:
            return order[np.searchsorted(numbers, found, sorter=order)]

        nearest = self.nearest_nodes(X)
        probabilities = self.mixed(self.spread_at(nearest), self._vote(X))
        shares, prior = self._spread_shares(nearest, labeled)
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
            predictions=self.classes_[probabilities.argmax(axis=1)],
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
        """Raise if a parameter is invalid.

        Raises
        ------
        TypeError, ValueError
            If a parameter has a wrong type or value. The message names the parameter and its
            valid values.
        """
        check_spreading_parameters(self)

    def _vote(self, X: np.ndarray | sp.csr_matrix) -> np.ndarray | None:
        if self.half_vote is None or len(self._labeled) == 0:
            return None
        return self.voter_.predict_proba(X)
