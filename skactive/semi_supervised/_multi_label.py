"""Spreading of several labels on one neighbour graph, updated label by label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import ClassifierMixin

from skactive._engine.blocks import row_blocks
from skactive._engine.external_posterior import ExternalPosterior
from skactive._engine.indicator import INDICATOR, sets_of_columns
from skactive.neighbors import VoteExplanation
from skactive.semi_supervised._label_spreading import IncrementalLabelSpreading
from skactive.semi_supervised._labeled_nodes import NodeLabelingEstimator
from skactive.semi_supervised._learnt import Learnt
from skactive.semi_supervised._parameters import check_spreading_parameters
from skactive.semi_supervised._posterior import NodePosterior
from skactive.semi_supervised._spread_head import N_LANDMARKS, SpreadHead

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from skactive._contracts._labeling_pool import LabelingPool
    from skactive._contracts._posterior_source import PosteriorSource


class IncrementalMultiLabelSpreading(ClassifierMixin, NodeLabelingEstimator):
    """Spread several labels of each sample along one neighbour graph, label by label.

    Each label spreads as by an `IncrementalLabelSpreading` of its own, from the samples that have
    it and from those that have not. All of them share the graph. `fit` builds it once. After that,
    an answer updates only the nodes that it reaches.

    Labels are an indicator matrix. -1 or NaN are labels that are not answered: each label spreads
    from the samples in which it is answered.

    Parameters
    ----------
    n_neighbors : int, default=15
        Number of neighbours of each sample in the graph, at least 1.
    metric : str, default='cosine'
        'cosine', 'euclidean', or another name that `sklearn.metrics.pairwise_distances` takes.
        Columns of a table have units: scale them, and take 'euclidean'.
    alpha : float, default=0.9
        In [0, 1): the share of a node's score that comes from its neighbours.
    class_mass : float, default=0.5
        In [0, 1]: the scores of having a label and of not having it are divided by this power of
        their sum, see `IncrementalLabelSpreading`.
    head_weight : float, default=0.75
        In [0, 1]: the weight of the regression in predictions of a label without answers that
        tell. 0 is label spreading alone.
    tol : float, default=3e-3
        Bound on the error of the scores, above 0.

    Attributes
    ----------
    classes_ : ndarray of int of shape (n_labels,)
        The numbers of the columns of the indicator matrix.
    label_distributions_ : ndarray of shape (n_nodes, n_labels)
        The probability of each label of all nodes: the samples of `fit`, then those added later.
    transduction_ : ndarray of int of shape (n_nodes, n_labels)
        1 for each label with a probability above 0.5, else 0.
    labeled_indices_ : ndarray of int of shape (n_labeled,)
        The labelled nodes, in ascending order.
    last_ids_ : ndarray of int of shape (n,)
        The nodes that were labelled by the last call of a method, in the order of its samples.
    y_labeled_ : ndarray of shape (n_labeled, n_labels)
        The labels of `labeled_indices_` in int8; -1 if a label is not answered.
    n_samples_seen_ : int
        Number of nodes, labelled or not.
    graph_ : NeighborGraph
        The neighbour graph.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in `fit`, if X had string names.

    See Also
    --------
    IncrementalLabelSpreading : One label for each sample, with the formulas.
    skactive.neighbors.IncrementalMultiLabelKNeighbors : The nearest labelled samples alone.

    Notes
    -----
    In the y of `fit` and `partial_fit`, rows without any answer are unlabelled samples.

    Affinities, nearest nodes and the kernel of the regression are computed once for all labels.
    The cost of an answer about a sample is that of `IncrementalLabelSpreading` for each label.

    References
    ----------
    D. Zhou, O. Bousquet, T. N. Lal, J. Weston and B. Schölkopf, "Learning with local and global
    consistency", NeurIPS 2004.

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from skactive.semi_supervised import IncrementalMultiLabelSpreading
    >>> X, Y = make_multilabel_classification(300, n_classes=3, random_state=0)
    >>> spreading = IncrementalMultiLabelSpreading().fit(X, [[-1, -1, -1]] * len(X))
    >>> spreading = spreading.relabel(range(50), Y[:50]).relabel([50], [[1, -1, -1]])
    >>> spreading.predict(X[[100, 104]])
    array([[0, 1, 0],
           [0, 0, 1]])
    >>> spreading.predict_proba(X[[100, 104]]).shape
    (2, 3)
    """

    stored_target = INDICATOR
    unlabeled_mark = "-1 in each column"

    def __init__(
        self,
        n_neighbors: int = 15,
        *,
        metric: str = "cosine",
        alpha: float = 0.9,
        class_mass: float = 0.5,
        head_weight: float = 0.75,
        tol: float = 3e-3,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.alpha = alpha
        self.class_mass = class_mass
        self.head_weight = head_weight
        self.tol = tol

    def posterior_source(self, pool: LabelingPool) -> PosteriorSource:
        """Return the probability of each label of a pool, kept up to date.

        Parameters
        ----------
        pool : LabelingPool
            The pool.

        Returns
        -------
        source : PosteriorSource
            After `fit_pool` of this pool: the spread labels, without regression and calibration.
            For any other pool: the probabilities of `predict_proba`.
        """
        if self.__sklearn_is_fitted__() and pool.has_graph(self._first_graph):
            return NodePosterior(self, pool)
        return ExternalPosterior(pool)

    def predict(self, X: ArrayLike | sp.spmatrix) -> np.ndarray:
        """Predict the labels of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        y : ndarray of int of shape (n_queries, n_labels)
            1 for each label with a probability above 0.5, else 0.
        """
        return (self.predict_proba(X) > 0.5).astype(np.int64)

    def predict_proba(self, X: ArrayLike | sp.spmatrix) -> np.ndarray:
        """Return the probability of each label for each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        probabilities : ndarray of shape (n_queries, n_labels)
            In [0, 1]. They are those of each label alone: rows do not sum to 1.

        Raises
        ------
        NotFittedError
            If the classifier has no label yet.
        """
        self._check_fitted(labels=True)
        X = self._checked_features(X)
        nearest = self.nearest_nodes(X)
        probabilities = np.empty((X.shape[0], len(self.classes_)))
        for block in row_blocks(X.shape[0], 8 * N_LANDMARKS):
            mapped, near = self._mapped(X[block]), nearest.take(np.arange(X.shape[0])[block])
            for column, one in enumerate(self._of_labels):
                probabilities[block, column] = one.probabilities(one.spread_at(near), mapped)[:, 1]
        return probabilities

    def explain(self, X: ArrayLike | sp.spmatrix) -> VoteExplanation:
        """Return the share of each labelled node in each prediction.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        explanation : VoteExplanation
            All labelled nodes by their ids, those with the largest share first. A share is the mean
            of those in the probabilities of all labels. Labels and predictions are sets of columns.
            Arrays have the shape (n_queries, n_labeled).
        """
        self._check_fitted(labels=True)
        X = self._checked_features(X)
        labeled, nearest, mapped = self.labeled_indices_, self.nearest_nodes(X), self._mapped(X)
        shares, prior = np.zeros((X.shape[0], len(labeled))), np.zeros(X.shape[0])
        for one in self._of_labels:
            probabilities = one.probabilities(one.spread_at(nearest), mapped)
            of_nodes, of_prior = one.shares(probabilities, nearest, mapped)
            shares[:, np.searchsorted(labeled, one.labeled_indices_)] += of_nodes
            prior += of_prior
        shares /= len(self.classes_)
        first = np.argsort(-shares, axis=1, kind="stable")
        return VoteExplanation(
            predictions=sets_of_columns(self.predict(X)),
            indices=labeled[first],
            labels=sets_of_columns(self.y_labeled_)[first],
            distances=np.take_along_axis(self._distances_to(X, labeled), first, axis=1),
            shares=np.take_along_axis(shares, first, axis=1),
            prior_share=prior / len(self.classes_),
        )

    @property
    def classes_(self) -> np.ndarray:
        """The numbers of the columns of the indicator matrix."""
        return self._labeled_for("classes_").classes

    @property
    def label_distributions_(self) -> np.ndarray:
        """The probability of each label of all nodes."""
        self._labeled_for("label_distributions_")
        self._check_fitted(labels=True)
        self._share_head()
        return np.column_stack([one.label_distributions_[:, 1] for one in self._of_labels])

    @property
    def transduction_(self) -> np.ndarray:
        """1 for each label of a node with a probability above 0.5, else 0."""
        self._labeled_for("transduction_")
        return (self.label_distributions_ > 0.5).astype(np.int64)

    def spread_distributions(self, nodes: ArrayLike | slice = slice(None)) -> np.ndarray:
        """Return the spread labels at nodes, without regression and calibration.

        Parameters
        ----------
        nodes : array-like of int of shape (n,) or slice, default=slice(None)
            Ids of nodes.

        Returns
        -------
        probabilities : ndarray of shape (n, n_labels)
            The probability of each label. A labelled node has its own labels.
        """
        self._check_fitted(labels=True)
        return np.column_stack([one.spread_distributions(nodes)[:, 1] for one in self._of_labels])

    def held_out_spread(self, nodes: ArrayLike) -> np.ndarray:
        """Return the spread labels of labelled nodes, each without its own labels.

        Parameters
        ----------
        nodes : array-like of int of shape (n,)
            Ids of labelled nodes.

        Returns
        -------
        probabilities : ndarray of shape (n, n_labels)
            As `spread_distributions` returns them.
        """
        nodes = self._check_nodes(nodes)
        found = self.spread_distributions(nodes)
        for column, one in enumerate(self._of_labels):
            own = np.isin(nodes, one.labeled_indices_)
            if own.any():
                found[own, column] = one.held_out_spread(nodes[own])[:, 1]
        return found

    def held_out_distributions(self, nodes: ArrayLike) -> np.ndarray:
        """Return the predictions of labelled nodes, each without its own labels.

        Parameters
        ----------
        nodes : array-like of int of shape (n,)
            Ids of labelled nodes.

        Returns
        -------
        probabilities : ndarray of shape (n, n_labels)
            As `predict_proba` returns them.
        """
        nodes = self._check_nodes(nodes)
        self._check_fitted(labels=True)
        mapped = self._mapped(self._X[nodes])
        found = np.empty((len(nodes), len(self.classes_)))
        for column, one in enumerate(self._of_labels):
            own = np.isin(nodes, one.labeled_indices_)
            spread = one.spread_distributions(nodes)
            found[:, column] = one.probabilities(spread, mapped)[:, 1]
            if own.any():
                found[own, column] = one.held_out_distributions(nodes[own])[:, 1]
        return found

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
        rows = INDICATOR.validate(y)
        nodes = np.flatnonzero((rows >= 0).any(axis=1))
        return len(rows), nodes, rows[nodes]

    def _unlabeled(self, names: np.ndarray | None) -> np.ndarray:
        return np.empty((0, 0), dtype=np.int8)

    def _graphs_changed(self) -> None:
        self._of_labels: list[IncrementalLabelSpreading] = []
        self._learnt = Learnt()
        self._spread_again(self.labeled_indices_)

    def _spread_again(self, nodes: np.ndarray, *labels: np.ndarray) -> None:
        n_labels = len(self._labeled.classes)
        if n_labels != len(self._of_labels):
            self._of_labels = [self._of_one_label() for _ in range(n_labels)]
            nodes = self._in_order()
        rows = np.full((len(nodes), n_labels), -1, dtype=np.int8)
        is_labeled = self._ids[nodes] >= 0
        if is_labeled.any():
            rows[is_labeled] = self._labeled.labels_of(self._ids[nodes[is_labeled]])
        for one, answers in zip(self._of_labels, rows.T, strict=True):
            is_known, is_answered = np.isin(nodes, one.labeled_indices_), answers >= 0
            if (is_known & ~is_answered).any():
                one.remove_labeled(nodes[is_known & ~is_answered])
            if is_answered.any():
                one.relabel(nodes[is_answered], answers[is_answered])

    def _of_one_label(self) -> IncrementalLabelSpreading:
        """Return a classifier of one label, whose classes are 0 and 1, with the same graphs."""
        one = IncrementalLabelSpreading(**self.get_params(deep=False))
        return one._start_beside(self.graph_, self._X, self._views, [0, 1])  # noqa: SLF001 - of the same package

    def _mapped(self, X: Any) -> np.ndarray | None:
        """Return the features of samples as the regressions of all labels take them."""
        head = self._share_head()
        return None if head is None else head.map(X)

    def _share_head(self) -> SpreadHead | None:
        """Return the kernel of the regressions, which all labels share."""
        if self.head_weight == 0:
            return None
        if self._learnt.head is None:
            self._learnt.head = SpreadHead(self._X, self.metric)
        for one in self._of_labels:
            one.share_head(self._learnt.head)
        return self._learnt.head

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.target_tags.single_output = False
        tags.target_tags.multi_output = True
        return tags
