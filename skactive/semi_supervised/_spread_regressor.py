"""Spreading of numbers on a neighbour graph, updated label by label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import RegressorMixin

from skactive._engine.continuous import CONTINUOUS
from skactive._engine.external_posterior import ExternalPosterior
from skactive.neighbors import VoteExplanation
from skactive.semi_supervised._labeled_nodes import NodeLabelingEstimator
from skactive.semi_supervised._learnt import LearntFromNumbers
from skactive.semi_supervised._parameters import check_spreading_parameters
from skactive.semi_supervised._partial_labels import numbered_nodes
from skactive.semi_supervised._posterior import NodePosterior
from skactive.semi_supervised._spread_head import SpreadHead
from skactive.semi_supervised._spread_numbers import (
    PRIOR,
    Moments,
    NumberHead,
    Numbers,
    Results,
    SpreadNumbers,
    weights_of,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from skactive._contracts._labeling_pool import LabelingPool
    from skactive._contracts._posterior_source import PosteriorSource


class IncrementalLabelSpreadingRegressor(RegressorMixin, NodeLabelingEstimator):
    """Spread numbers along the neighbour graph of all samples, label by label.

    The regressor learns from unlabelled samples too: labels spread from neighbour to neighbour
    through dense regions, and stop at gaps. Predictions combine the spread labels with a
    regression from the features to the labels. `fit` builds the graph once. After that, a label
    updates only the nodes that it reaches.

    Parameters
    ----------
    n_neighbors : int, default=15
        Number of neighbours of each sample in the graph, at least 1.
    metric : str, default='cosine'
        'cosine', 'euclidean', or another name that `sklearn.metrics.pairwise_distances` takes.
        Columns of a table have units: scale them, and take 'euclidean'.
    alpha : float, default=0.9
        In [0, 1): the share of a node's score that comes from its neighbours.
    head_weight : float, default=0.5
        In [0, 1]: the weight of the regression in predictions without labels that tell, see
        `head_weight_`. 0 is label spreading alone.
    tol : float, default=3e-3
        Bound on the error of what each label adds to a node, above 0, as in
        `IncrementalLabelSpreading`.

    Attributes
    ----------
    transduction_ : ndarray of shape (n_nodes,)
        The predicted numbers of all nodes: the samples of `fit`, then those added later.
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
    graph_weights_ : ndarray of shape (n_graphs,)
        The weight of each graph in the spread labels, see Notes.
    head_weight_ : float
        The weight of the regression in predictions.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in `fit`, if X had string names.

    See Also
    --------
    IncrementalLabelSpreading : The same for labels that are classes.
    skactive.neighbors.IncrementalKNeighborsRegressor : The mean of the nearest labels alone.

    Notes
    -----
    In the y of `fit` and `partial_fit`, None and NaN are samples without a label. If no label is
    known yet, all are None.

    Label y_l adds K_il to the mass of node i, and K_il y_l to its sum. K = (I - alpha S)^-1, with
    the affinity S of `IncrementalLabelSpreading`. The spread label is the ratio of sum and mass.
    Where little arrives, it is the mean of all labels, which has the mass 0.005. The
    variance is (Σ K_il (y_l - ratio)² + v) / (mass + 1), with v the variance of all labels: where
    nothing arrives, it is v. Results do not depend on labels that were removed or replaced, nor on
    the calls in which the labels came.

    Tables, which have at most 64 features, have a second graph, as in
    `IncrementalLabelSpreading`. A sample outside a graph has the mean and variance of the mixture
    of its nearest nodes, weighted by similarity.

    The regression is a ridge regression of the labels on 300 Nyström features of a Gaussian
    kernel, whose strength has the smallest error if each label is predicted from the others. Its
    variance is the mean square of these errors.

    The weights of the graphs, and of spread labels and regression, are those of the mixture under
    which the labels are most probable, each predicted from the others, with a prior that is worth
    eight labels.

    Strategies choose by the spread labels, see `posterior_source`.

    Cost of a label: the edges that it reaches, once. The first prediction after a change costs the
    number of nodes that each label reaches, O(n_nodes), and O(300² · n_labeled).

    References
    ----------
    X. Zhu, Z. Ghahramani and J. Lafferty, "Semi-supervised learning using Gaussian fields and
    harmonic functions", ICML 2003.

    D. Zhou, O. Bousquet, T. N. Lal, J. Weston and B. Schölkopf, "Learning with local and global
    consistency", NeurIPS 2004.

    Examples
    --------
    >>> from sklearn.datasets import make_swiss_roll
    >>> from skactive.semi_supervised import IncrementalLabelSpreadingRegressor
    >>> X, y = make_swiss_roll(800, random_state=0)
    >>> regressor = IncrementalLabelSpreadingRegressor(metric="euclidean")
    >>> regressor = regressor.fit(X, [None] * len(y)).relabel(range(60), y[:60])
    >>> bool(regressor.score(X[60:], y[60:]) > 0.9)
    True
    >>> mean, std = regressor.predict(X[:2], return_std=True)
    >>> std.shape
    (2,)
    """

    stored_target = CONTINUOUS
    unlabeled_mark = "the label None"

    def __init__(
        self,
        n_neighbors: int = 15,
        *,
        metric: str = "cosine",
        alpha: float = 0.9,
        head_weight: float = 0.5,
        tol: float = 3e-3,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.alpha = alpha
        self.head_weight = head_weight
        self.tol = tol

    def posterior_source(self, pool: LabelingPool) -> PosteriorSource:
        """Return means and standard deviations of a pool, kept up to date.

        Parameters
        ----------
        pool : LabelingPool
            The pool.

        Returns
        -------
        source : PosteriorSource
            After `fit_pool` of this pool: the spread labels, without regression. For any other
            pool: the result of `predict`.
        """
        if self.__sklearn_is_fitted__() and pool.has_graph(self._first_graph):
            return NodePosterior(self, pool)
        return ExternalPosterior(pool)

    def predict(self, X: ArrayLike | sp.spmatrix, return_std: bool = False) -> Any:  # or a pair
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
            The predictions.
        std : ndarray of shape (n_queries,)
            Only if `return_std`: the standard deviations, see Notes of the class.

        Raises
        ------
        NotFittedError
            If the regressor has no label yet.
        """
        self._check_fitted(labels=True)
        X = self._checked_features(X)
        nearest, results = self.nearest_nodes(X), self._results()
        first, second = nearest.means(results.spread_at(nearest.used), self.graph_weights_).T
        predicted = self._combined(Moments(first, second), X)
        means = results.numbers.means(predicted.first)
        return (means, results.numbers.deviations(predicted.deviation)) if return_std else means

    def explain(self, X: ArrayLike | sp.spmatrix) -> VoteExplanation:
        """Return the share of each labelled node in each prediction.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        explanation : VoteExplanation
            All labelled nodes by their ids, those with the largest share in the spread labels
            first. Arrays have the shape (n_queries, n_labeled). The share of the regression, which
            learns from all labels, is `prior_share`.
        """
        self._check_fitted(labels=True)
        X = self._checked_features(X)
        labeled, nearest = self.labeled_indices_, self.nearest_nodes(X)
        shares = np.zeros((len(nearest.used), len(labeled)))
        for weight, view in zip(self.graph_weights_, self._views, strict=True):
            # The mean of all labels, where little arrives, is shared by all of them.
            masses = view.spread.contributions_at(nearest.used, labeled) + PRIOR / len(labeled)
            shares += weight * masses / masses.sum(axis=1, keepdims=True)
        shares = nearest.means(shares, self.graph_weights_) * (1 - self.head_weight_)
        first = np.argsort(-shares, axis=1, kind="stable")
        return VoteExplanation(
            predictions=self.predict(X),
            indices=labeled[first],
            labels=self.y_labeled_[first],
            distances=np.take_along_axis(self._distances_to(X, labeled), first, axis=1),
            shares=np.take_along_axis(shares, first, axis=1),
            prior_share=np.full(len(shares), self.head_weight_),
            prior_name="regression",
        )

    @property
    def transduction_(self) -> np.ndarray:
        """The predicted numbers of all nodes."""
        self._labeled_for("transduction_")
        self._check_fitted(labels=True)
        results = self._results()
        return results.numbers.means(self._combined(results.spread, self._X).first)

    @property
    def graph_weights_(self) -> np.ndarray:
        """The weight of each graph in the spread labels."""
        self._check_fitted(labels=True)
        return self._results().graph_weights

    @property
    def head_weight_(self) -> float:
        """The weight of the regression in predictions."""
        self._check_fitted(labels=True)
        return self._results().head_weight

    def spread_distributions(self, nodes: ArrayLike | slice = slice(None)) -> np.ndarray:
        """Return the spread labels at nodes, without regression.

        Parameters
        ----------
        nodes : array-like of int of shape (n,) or slice, default=slice(None)
            Ids of nodes.

        Returns
        -------
        distributions : ndarray of shape (n, 2)
            Means and standard deviations.
        """
        self._check_fitted(labels=True)
        results = self._results()
        return results.rows(
            results.spread, nodes if isinstance(nodes, slice) else np.asarray(nodes)
        )

    def held_out_spread(self, nodes: ArrayLike) -> np.ndarray:
        """Return the spread labels of labelled nodes, each without its own label.

        Parameters
        ----------
        nodes : array-like of int of shape (n,)
            Ids of labelled nodes.

        Returns
        -------
        distributions : ndarray of shape (n, 2)
            Means and standard deviations.
        """
        results, places = self._results(), self._places(nodes)
        return results.rows(results.held_out_spread, places)

    def held_out_distributions(self, nodes: ArrayLike) -> np.ndarray:
        """Return the predictions of labelled nodes, each without its own label.

        Parameters
        ----------
        nodes : array-like of int of shape (n,)
            Ids of labelled nodes.

        Returns
        -------
        distributions : ndarray of shape (n, 2)
            Means and standard deviations.
        """
        results, places = self._results(), self._places(nodes)
        return results.rows(results.held_out, places)

    def check_parameters(self) -> None:
        """Raise if a parameter is invalid.

        Raises
        ------
        TypeError, ValueError
            If a parameter has a wrong type or value. The message names the parameter and its
            valid values.
        """
        check_spreading_parameters(self)

    def _parsed(self, y: Any) -> tuple[int, np.ndarray, np.ndarray]:
        return numbered_nodes(y)

    def _graphs_changed(self) -> None:
        self._learnt = LearntFromNumbers()
        self._spread_again(self.labeled_indices_)

    def _spread_again(self, nodes: np.ndarray, *labels: np.ndarray) -> None:
        # What each label adds is kept: only sums and weights follow from all labels.
        self._learnt.results = None

    def _places(self, nodes: ArrayLike) -> np.ndarray:
        """Return the places of labelled nodes among all of them."""
        return np.searchsorted(self.labeled_indices_, self._check_nodes(nodes))

    def _combined(self, spread: Moments, X: np.ndarray | sp.csr_matrix) -> Moments:
        results, head = self._results(), self._learnt.head
        if results.head is None or head is None:
            return spread
        learnt = results.head.moments(head.products(X, results.head.weights)[:, 0])
        weight = results.head_weight
        return Moments.mixed([spread, learnt], np.array([1 - weight, weight]))

    def _results(self) -> Results:
        if self._learnt.results is None:
            nodes, numbers = self.labeled_indices_, Numbers(self.y_labeled_)
            parts = [SpreadNumbers(view, nodes, numbers) for view in self._views]
            weights = weights_of(
                [part.held_out for part in parts], numbers, np.full(len(parts), 1 / len(parts))
            )
            spread = Moments.mixed([part.nodes for part in parts], weights)
            held_out_spread = Moments.mixed([part.held_out for part in parts], weights)
            head, weight, held_out = None, float(self.head_weight), held_out_spread
            if weight > 0:
                if self._learnt.head is None:
                    self._learnt.head = SpreadHead(self._X, self.metric)
                head = NumberHead(self._learnt.head.map_nodes(nodes, self._X), numbers)
                both = [held_out_spread, head.held_out]
                mixture = weights_of(both, numbers, np.array([1 - weight, weight]))
                weight, held_out = float(mixture[1]), Moments.mixed(both, mixture)
            self._learnt.results = Results(
                numbers, spread, weights, head, weight, held_out_spread, held_out
            )
        return self._learnt.results
