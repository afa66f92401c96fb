"""Base class of classifiers whose samples are nodes of a neighbour graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import ClassifierMixin

from skactive._engine.class_descriptions import (
    check_columns,
    check_descriptions,
    description_rows,
    with_described,
)
from skactive._engine.label_arrays import is_among, union
from skactive._engine.labels import CATEGORICAL, check_classes
from skactive.semi_supervised._labeled_nodes import NodeLabelingEstimator
from skactive.semi_supervised._learnt import LearntFromSpread
from skactive.semi_supervised._partial_labels import labeled_nodes, warn_of_one_class

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from skactive.neighbors import NeighborGraph
    from skactive.semi_supervised._spread_view import SpreadView


class NodeLabelingClassifier(ClassifierMixin, NodeLabelingEstimator):
    """Base class that declares and describes classes, and spreads the labels of each."""

    stored_target = CATEGORICAL
    unlabeled_mark = "the label -1"
    class_descriptions: Mapping[Any, Any] | None

    def fit(self, X: ArrayLike | sp.spmatrix, y: ArrayLike) -> Self:
        """Build the graph of all samples, and spread the labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples, labelled or not.
        y : array-like of shape (n_samples,)
            Their labels. Unlabelled samples have -1, '-1' among strings, or a missing value: None,
            NaN or pandas.NA. All samples may be unlabelled.

        Returns
        -------
        self : IncrementalLabelSpreading
            The fitted classifier.

        Warns
        -----
        UserWarning
            If y has -1 and one other class, as the labels of a binary problem may.
        """
        if y is not None:
            warn_of_one_class(y, self._parsed(y)[2])
        return super().fit(X, y)

    def partial_fit(
        self, X: ArrayLike | sp.spmatrix, y: ArrayLike, classes: ArrayLike | None = None
    ) -> Self:
        """Add labelled and unlabelled samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples. The first call builds the graph, later calls add nodes.
        y : array-like of shape (n_samples,)
            Their labels, as in `fit`.
        classes : array-like of shape (n_classes,), default=None
            All classes that will occur. Later calls may omit them.

        Returns
        -------
        self : IncrementalLabelSpreading
            The classifier with the samples.
        """
        n_samples, nodes, labels = self._parsed(y)
        declared = None if classes is None else union(check_classes(classes))
        with_described(declared, check_descriptions(self, self.class_descriptions))
        unknown = [] if declared is None else labels[~is_among(labels, declared)].tolist()
        if declared is not None and unknown:
            raise ValueError(
                f"y has the label {unknown[0]!r}, which is not in `classes`: {declared.tolist()}. "
                "Hint: `add_labeled` extends the classes."
            )
        if not self.__sklearn_is_fitted__():
            self.check_parameters()
            self._build(X, n_samples, labels, classes)
            return self._label(nodes, labels)
        if declared is not None and not np.array_equal(declared, self.classes_):
            raise ValueError(
                f"`classes={declared.tolist()}` is not the same as on the last call to "
                f"partial_fit, was: {self.classes_.tolist()}."
            )
        return self._add_nodes(X, n_samples, nodes, labels)

    def _start_beside(
        self,
        graph: NeighborGraph,
        X: np.ndarray | sp.csr_matrix,
        views: list[SpreadView],
        classes: ArrayLike,
    ) -> Self:
        """Start without labels from the graphs of another estimator, which are shared.

        Parameters
        ----------
        graph : NeighborGraph
            The graph of the other estimator.
        X : {ndarray, CSR matrix} of shape (n_samples, n_features)
            Its samples.
        views : list of SpreadView
            Its graphs. Their labels are left out.
        classes : array-like of shape (n_classes,)
            Classes that are known beforehand.

        Returns
        -------
        self : IncrementalLabelSpreading
            The classifier.
        """
        self.n_features_in_ = X.shape[1]
        self._describe(X.dtype, None)
        self.graph_ = self._first_graph = graph
        self._X, self._views = X, [view.beside() for view in views]
        return self._without_labels(classes)

    @property
    def declared_classes_(self) -> np.ndarray | None:
        """The classes that were declared, or None."""
        return self._labeled_for("declared_classes_").declared

    @property
    def classes_(self) -> np.ndarray:
        """The labels of the labelled nodes and the declared classes, sorted."""
        return self._labeled_for("classes_").classes

    def _parsed(self, y: Any) -> tuple[int, np.ndarray, np.ndarray]:
        nodes, labels = labeled_nodes(y)
        return len(np.asarray(y, dtype=object)), nodes, labels

    def _check_known(self, X: Any, labels: np.ndarray, classes: Any) -> None:
        self._describe(X.dtype, getattr(self, "feature_names_in_", None))
        known = self._known_classes(classes)
        if known is not None:
            CATEGORICAL.check_alike(known, labels)

    def _describe(self, dtype: Any, columns: Any) -> None:
        described = check_descriptions(self, self.class_descriptions)
        check_columns(described, columns)
        self._descriptions = description_rows(described, self.n_features_in_, dtype)

    def _known_classes(self, classes: Any) -> np.ndarray | None:
        declared = None if classes is None else check_classes(classes)
        return with_described(declared, self._descriptions)

    def _graphs_changed(self) -> None:
        self._learnt = LearntFromSpread()
        for view in self._views:
            view.anchor(self._descriptions)
        self._spread_again(self.labeled_indices_, self._labeled.classes)

    def _spread_again(self, nodes: np.ndarray, *labels: np.ndarray) -> None:
        labeled = self._in_order()
        y, changed = self._labeled.labels_of(self._ids[labeled]), union(*labels)
        for place, label in enumerate(changed.tolist()):
            of_label = labeled[is_among(y, changed[[place]])]
            for view in self._views:
                view.spread.assign(label, of_label)
        self._learnt.labels_changed()
