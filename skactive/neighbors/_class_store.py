"""The base class of classifiers that store labelled samples by id."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin

from skactive._engine.label_arrays import is_among, union
from skactive._engine.labels import CATEGORICAL, check_classes
from skactive.neighbors._weighted_neighbors import WeightedNeighborsEstimator


class ClassStoringClassifier(ClassifierMixin, WeightedNeighborsEstimator):
    """Base class that declares classes, and checks labels against them."""

    stored_target = CATEGORICAL

    def partial_fit(self, X: ArrayLike, y: ArrayLike, classes: ArrayLike | None = None) -> Self:
        """Store further labelled samples, and declare the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,)
            Their labels.
        classes : array-like of shape (n_classes,), default=None
            All classes that y can have, in this call and later ones. They are declared in the
            first call, as in scikit-learn; later calls may omit them. Without declared classes,
            new labels extend `classes_`.

        Returns
        -------
        self : IncrementalKNeighborsClassifier
            The classifier with the new samples.

        Raises
        ------
        ValueError
            If `classes` differs from the classes declared before, or y has a label that was not
            declared.
        """
        known = getattr(self, "_labeled", None)
        declared = None if classes is None else union(check_classes(classes))
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

    @property
    def classes_(self) -> np.ndarray:
        """The labels seen so far and the declared classes, sorted."""
        return self._stored("classes_").classes

    @property
    def declared_classes_(self) -> np.ndarray | None:
        """The `classes` that were passed to `partial_fit`, or None."""
        return self._stored("declared_classes_").declared

    def _check_labels(self, labels: np.ndarray, classes: np.ndarray | None) -> None:
        unknown = [] if classes is None else labels[~is_among(labels, classes)].tolist()
        if unknown:
            raise ValueError(
                f"y has the label {unknown[0]!r}, which is not in `classes`: "
                f"{np.asarray(classes).tolist()}. Hint: `add_labeled` extends the classes."
            )
