"""Multi-label k-nearest neighbours (ML-kNN) that learns incrementally."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin

from skactive._engine.distances import Rows, Space
from skactive._engine.indicator import INDICATOR, sets_of_columns
from skactive._validation import check_number
from skactive.neighbors._explanation import VoteExplanation
from skactive.neighbors._label_counts import NeighborLabels
from skactive.neighbors._label_tables import answered_alike
from skactive.neighbors._neighbor_search import NeighborSearchingEstimator
from skactive.neighbors._parameters import check_search_parameters

if TYPE_CHECKING:
    from skactive._contracts._labeling_pool import LabelingPool
    from skactive._contracts._posterior_source import PosteriorSource


class IncrementalMultiLabelKNeighbors(ClassifierMixin, NeighborSearchingEstimator):
    """Predict several labels of each sample by its nearest labelled samples: ML-kNN.

    The probability of a label follows from the number of neighbours that have it, and from how
    often labelled samples with so many neighbours have it themselves. `add_labeled` stores samples
    and labels for the next `predict`, without a fit. Samples added in any split and any order give
    the same classifier as a `fit` to all of them. `relabel` corrects labels and `remove_labeled`
    removes samples, at the same cost.

    Labels are an indicator matrix. -1 or NaN are labels that are not answered: each label is
    learned from the samples in which it is answered.

    Parameters
    ----------
    n_neighbors : int, default=10
        Number of neighbours, at least 1. If fewer samples are stored, all of them are neighbours.
    metric : str, default='cosine'
        'cosine', 'euclidean', or another metric of `sklearn.metrics.pairwise_distances`, except
        'precomputed'. Columns of a table have units: scale them, and take 'euclidean'.
    metric_params : dict, default=None
        Further arguments of the metric, such as ``{"p": 3}`` for 'minkowski'.
    smoothing : float, default=1.0
        What is added to each number of samples, above 0. 1 is Laplace smoothing, as in the paper.
    max_labeled : int, default=None
        Maximum number of stored samples, at least 1. If more are added, the oldest are removed, as
        by `remove_labeled`. None stores all.

    Attributes
    ----------
    classes_ : ndarray of int of shape (n_labels,)
        The numbers of the columns of the indicator matrix.
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
    y_labeled_ : ndarray of shape (`n_samples_fit_`, n_labels)
        The labels of the stored samples in int8, in the order of `labeled_indices_`; -1 if a label
        is not answered.

    See Also
    --------
    IncrementalKNeighborsClassifier : One label for each sample.
    skactive.base.MultiLabelTarget : Sets of labels by name, for `skactive.ActiveLearner`.

    Notes
    -----
    For each label, n_1 of the n stored samples have it, and n_0 have not. Of those that have it,
    f_1(c) have c neighbours with the label among their K nearest other samples, and f_0(c) of those
    that have not. With s the smoothing, a sample with c such neighbours has the label with
    probability p_1 / (p_0 + p_1), p_b = (s + n_b) / (2 s + n) · (s + f_b(c)) / (s (K + 1) + n_b).
    It is predicted above 0.5.

    Adding, removing or relabelling a sample costs O(n_features), amortised. A prediction is an
    exact search of the neighbours of queries and of stored samples, in O((n_queries + n_labeled) ·
    n_labeled · n_features), in blocks bounded by scikit-learn's ``working_memory``. If some labels
    are not answered, it is one search for each group of labels that are answered in the same
    samples.

    If only some of the samples with equal distance to a query can be neighbours, those with the
    smallest rows of labels are, then the most recently added.

    References
    ----------
    M.-L. Zhang and Z.-H. Zhou, "ML-KNN: a lazy learning approach to multi-label learning", Pattern
    Recognition 40(7), 2007.

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from skactive.neighbors import IncrementalMultiLabelKNeighbors
    >>> X, Y = make_multilabel_classification(200, n_classes=3, random_state=0)
    >>> classifier = IncrementalMultiLabelKNeighbors().fit(X[:90], Y[:90])
    >>> classifier = classifier.add_labeled(X[90:100], Y[90:100])
    >>> classifier.predict(X[100:102])
    array([[0, 1, 0],
           [1, 1, 1]])
    >>> classifier.predict_proba(X[100:102]).shape
    (2, 3)
    """

    stored_target = INDICATOR
    algorithm = "exact"

    def __init__(
        self,
        n_neighbors: int = 10,
        *,
        metric: str = "cosine",
        metric_params: dict[str, Any] | None = None,
        smoothing: float = 1.0,
        max_labeled: int | None = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.metric_params = metric_params
        self.smoothing = smoothing
        self.max_labeled = max_labeled

    @property
    def classes_(self) -> np.ndarray:
        """The numbers of the columns of the indicator matrix."""
        return self._stored("classes_").classes

    def partial_fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Store further labelled samples: `add_labeled` by the name of scikit-learn.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : {array-like, sparse matrix} of shape (n_samples, n_labels)
            Their labels: 1, 0, and -1 or NaN if a label is not answered.

        Returns
        -------
        self : IncrementalMultiLabelKNeighbors
            The classifier with the new samples.
        """
        return self._add(X, y, classes=None)

    def predict(self, X: ArrayLike) -> np.ndarray:
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

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Return the probability of each label for each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        probabilities : ndarray of shape (n_queries, n_labels)
            In [0, 1]. They are those of each label alone: rows do not sum to 1.
        """
        self.check_parameters()
        labeled = self._fitted()
        queries = Rows(self._checked_features(X))
        probabilities = np.empty((len(queries), len(labeled.classes)))
        space = Space(self.metric, self.metric_params)
        for group in answered_alike(space, labeled, self.n_neighbors):
            tables = group.tables(float(self.smoothing))
            probabilities[:, group.columns] = tables.probabilities(group.counts(queries))
        return probabilities

    def held_out(self) -> np.ndarray:
        """Return the probability of each label for the stored samples, without their own labels.

        Returns
        -------
        probabilities : ndarray of shape (`n_samples_fit_`, n_labels)
            In the order of `labeled_indices_`. Neither the neighbours nor the numbers of samples
            contain the sample itself; the neighbours of the other samples do.
        """
        self.check_parameters()
        labeled = self._fitted()
        probabilities = np.empty((len(labeled), len(labeled.classes)))
        space = Space(self.metric, self.metric_params)
        for group in answered_alike(space, labeled, self.n_neighbors):
            tables, own = group.tables(float(self.smoothing)), group.slots
            probabilities[:, group.columns] = tables.probabilities(group.counts(labeled.rows))
            probabilities[np.ix_(own, group.columns)] = tables.probabilities(
                group.own_counts(), group.known
            )
        return probabilities[np.argsort(labeled.ids)]

    def explain(self, X: ArrayLike) -> VoteExplanation:
        """Return the labelled samples that are counted for each prediction.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        explanation : VoteExplanation
            Ids, sets of labels and distances, arrays of shape (n_queries, n_neighbors), and the
            predicted sets. A label is the number of its column. Each neighbour has the same share.
        """
        labeled, distances, slots = self._search(X)
        shares = np.full(distances.shape, 1 / max(distances.shape[1], 1))
        return VoteExplanation(
            predictions=sets_of_columns(self.predict(X)),
            indices=labeled.ids[slots],
            labels=sets_of_columns(labeled.encoded[slots]),
            distances=distances,
            shares=shares,
            prior_share=np.zeros(len(distances)),
        )

    def posterior_source(self, pool: LabelingPool) -> PosteriorSource:
        """Return a source of the probabilities of labels that follows the answers of a pool.

        Parameters
        ----------
        pool : LabelingPool
            The pool. Its labelled samples are the neighbours, not those stored here.

        Returns
        -------
        source : PosteriorSource
            The source, which uses the parameters of this classifier. An answer about all labels of
            a sample costs O(n_samples · n_features). While labels are not answered, an answer costs
            a search of the neighbours of all samples, O(n_samples · n_labeled · n_features).
        """
        return NeighborLabels(self, pool)

    def check_parameters(self) -> None:
        """Raise an error for the first invalid parameter.

        Raises
        ------
        TypeError, ValueError
            If a parameter has an invalid type or value. The message names the parameter and its
            valid values.
        """
        check_search_parameters(self)
        check_number(self, "smoothing", self.smoothing, exclusive=True)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.target_tags.single_output = False
        tags.target_tags.multi_output = True
        return tags
