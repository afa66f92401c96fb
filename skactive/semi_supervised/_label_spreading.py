"""Label spreading on a neighbour graph, updated label by label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from skactive._engine.class_descriptions import check_descriptions
from skactive._engine.external_posterior import ExternalPosterior
from skactive.neighbors import VoteExplanation
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
    neighbour to neighbour through dense regions, and stop at gaps. Predictions combine the spread
    labels with a regression from the features to the spread labels, and are calibrated. `fit`
    builds the graph once. After that, a label updates only the nodes that it reaches.

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
    head_weight : float, default=0.75
        In [0, 1]: the weight of the regression in predictions without labels that tell, see
        `head_weight_`. 0 is label spreading alone.
    tol : float, default=3e-3
        Bound on the error of the scores, above 0: see Notes.
    class_descriptions : dict, default=None
        For each class that is described, an array of shape (n_sentences, n_features): the features
        of samples, such as sentences, that are typical of it. They are a prior, whose weight falls
        with the number of labels, and predict without any label.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels of the labelled nodes, and the declared and described classes, sorted.
    label_distributions_ : ndarray of shape (n_nodes, n_classes)
        Class probabilities of all nodes: the samples of `fit`, then those added later.
    transduction_ : ndarray of shape (n_nodes,)
        The most probable class of each node.
    declared_classes_ : ndarray of shape (n_declared,) or None
        The classes that were declared, or else those that are described.
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
    temperature_ : float
        The temperature of the probabilities.
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

    Tables, which have at most 64 features, have a second graph: of the Manhattan
    distances of the features, each scaled to unit variance. The spread labels are then the weighted
    mean of those along both graphs. The spread labels of a sample outside a graph are the mean over
    its nearest nodes, weighted by similarity.

    The descriptions of a class spread from the nodes that are nearest to them, which share their
    weight by similarity. With n labels, a description counts as much as 120 / (30 + n) labels.

    The regression is a ridge regression on 300 Nyström features of a Gaussian kernel of the
    features. It is fitted to the spread labels of all nodes, at most 5,000 of them, and its
    strength is chosen by generalised cross-validation. It smooths errors of the spread labels.

    Evidence decides on weights and calibration: each labelled node is predicted without its own
    label. The weights of the graphs, and of spread labels and regression, are those of the mixture
    under which these labels are most probable, with a prior that is worth eight labels.
    Probabilities p of the mixture are calibrated, under the same criterion, to be proportional to
    ``p ** (1 / temperature_)``. Evidence is at most 100 of the labels.

    Strategies choose by the spread labels, see `posterior_source`.

    Cost of a label: the edges that it reaches; in one of 32 cases, and if a label is removed or
    replaced, those that all labels of its class reach, and those of each of the last up to 31
    labels. New nodes repeat this for all classes. The first prediction after a label costs O(300 ·
    min(n_nodes, 5,000) · n_classes), one spreading for each new label, and for each label of the
    evidence the nodes that it reaches.

    References
    ----------
    D. Zhou, O. Bousquet, T. N. Lal, J. Weston and B. Schölkopf, "Learning with local and global
    consistency", NeurIPS 2004.

    X. Zhu, Z. Ghahramani and J. Lafferty, "Semi-supervised learning using Gaussian fields and
    harmonic functions", ICML 2003, for class-mass normalisation.

    V. Stojnić, Y. Kalantidis and G. Tolias, "Label propagation for zero-shot classification with
    vision-language models", CVPR 2024, and M. Zanella, B. Gérin and I. Ben Ayed, "Boosting
    vision-language models with transduction", NeurIPS 2024, for class descriptions.

    C. Williams and M. Seeger, "Using the Nyström method to speed up kernel machines", NeurIPS 2000.

    C. Guo, G. Pleiss, Y. Sun and K. Weinberger, "On calibration of modern neural networks", ICML
    2017, for the temperature.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skactive.semi_supervised import IncrementalLabelSpreading
    >>> X, y = load_digits(return_X_y=True)
    >>> spreading = IncrementalLabelSpreading().fit(X, [-1] * len(y))
    >>> spreading = spreading.relabel(range(30), y[:30])
    >>> bool((spreading.transduction_ == y).mean() > 0.88)
    True
    """

    def __init__(
        self,
        n_neighbors: int = 15,
        *,
        metric: str = "cosine",
        alpha: float = 0.9,
        class_mass: float = 0.5,
        head_weight: float = 0.75,
        tol: float = 3e-3,
        class_descriptions: Mapping[Any, ArrayLike] | None = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.alpha = alpha
        self.class_mass = class_mass
        self.head_weight = head_weight
        self.tol = tol
        self.class_descriptions = class_descriptions

    def posterior_source(self, pool: LabelingPool) -> PosteriorSource:
        """Return the posterior of a pool, kept up to date.

        Parameters
        ----------
        pool : LabelingPool
            The pool.

        Returns
        -------
        source : PosteriorSource
            After `fit_pool` of this pool: the spread labels, without regression and calibration,
            which do not improve queries. For any other pool: the probabilities of `predict_proba`.
        """
        if self.__sklearn_is_fitted__() and pool.has_graph(self._first_graph):
            return SpreadPosterior(self, pool)
        return ExternalPosterior(pool)

    def outside_posterior_source(self, pool: LabelingPool) -> PosteriorSource:
        """Return the posterior of samples outside the graph, kept up to date.

        Parameters
        ----------
        pool : LabelingPool
            A pool of the samples. All labelled samples of this classifier are its labelled
            samples from outside.

        Returns
        -------
        source : PosteriorSource
            The probabilities of `predict_proba`. Nearest nodes are searched once.
        """
        return OutsidePosterior(self, pool)

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
            If the classifier has no label yet, and no class is described.
        """
        self._check_fitted(labels=True)
        X = self._checked_features(X)
        return self._predicted(self.spread_at(self.nearest_nodes(X)), X)

    def explain(self, X: ArrayLike | sp.spmatrix) -> VoteExplanation:
        """Return the share of each labelled node in each prediction.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        explanation : VoteExplanation
            All labelled nodes by their ids, those with the largest share first. The share of a node
            is that of its label in the spread labels at the nearest nodes, and in those that the
            regression learns from. The share of the descriptions is part of that of the
            prior. Arrays have the shape (n_queries, n_labeled). Cost: one spreading for each
            labelled node.
        """
        self._check_fitted(labels=True)
        X = self._checked_features(X)
        labeled, nearest, mapped = self.labeled_indices_, self.nearest_nodes(X), self.mapped(X)
        probabilities = self.probabilities(self.spread_at(nearest), mapped)
        shares, prior = self.shares(probabilities, nearest, mapped)
        first = np.argsort(-shares, axis=1, kind="stable")
        return VoteExplanation(
            predictions=self.classes_[probabilities.argmax(axis=1)],
            indices=labeled[first],
            labels=self.y_labeled_[first],
            distances=np.take_along_axis(self._distances_to(X, labeled), first, axis=1),
            shares=np.take_along_axis(shares, first, axis=1),
            prior_share=prior,
            prior_name="class descriptions and uniform prior"
            if self._descriptions
            else "uniform prior",
        )

    @property
    def label_distributions_(self) -> np.ndarray:
        """Class probabilities of all nodes."""
        self._labeled_for("label_distributions_")
        self._check_fitted(labels=True)
        return self._predicted(self.spread_distributions(), self._X)

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
        check_descriptions(self, self.class_descriptions)
