"""Classifiers that are fitted again, or that learn by `partial_fit`."""

from __future__ import annotations

import copy
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone, is_regressor
from sklearn.pipeline import Pipeline

from skactive._engine.indicator import is_answered
from skactive._engine.label_arrays import is_among, joined, union
from skactive._estimators import as_dense, check_labels_of_network, has_learned, is_fitted
from skactive._few_labels import fit_or_restore, restore
from skactive._fit_params import per_sample
from skactive._rows import concatenate_rows, n_samples_of, newest, take_rows
from skactive.learner._updaters._updater import EstimatorUpdater

if TYPE_CHECKING:
    from skactive.learner._updaters._updater import UpdateSource


class RefitUpdater(EstimatorUpdater):
    """Fits a classifier again when it is next used, if labels have changed."""

    # Whether a classifier that is fitted already can learn further labels.
    _can_continue = False

    def __init__(self, classifier: Any, source: UpdateSource) -> None:
        self.classifier = classifier
        self._source = source
        if source.seed[0] is None and has_learned(classifier) and not self._can_continue:
            raise ValueError(
                f"The estimator, {type(classifier).__name__}, is fitted already, and can only be "
                "fitted again, which would discard its training data. Hint: pass its training data "
                "as X_labeled and y_labeled."
            )
        self._blank = clone(classifier)
        self._is_behind = source.seed[0] is not None
        if source.seed[1] is not None:
            self.check(source.seed[1])

    def check(self, labels: np.ndarray) -> None:
        if self._source.pool.target.kind == "categorical":
            check_labels_of_network(self._blank, labels)

    def add(self, positions: np.ndarray, labels: np.ndarray) -> None:
        self._is_behind = True

    def remove(self, positions: np.ndarray) -> None:
        self._is_behind = True

    def relabel(self, positions: np.ndarray, labels: np.ndarray) -> None:
        self._is_behind = True

    def start_over(self) -> None:
        self._is_behind = True

    def catch_up(self) -> None:
        if self._is_behind:
            self._fit_again()
            if not self._is_finite():
                restore(self.classifier, self._blank)
            self._is_behind = False

    def labeled_samples(self) -> Any:
        # The vectors of texts are no samples of the classifier.
        return self._source.labeled_samples() if isinstance(self.classifier, Pipeline) else None

    def _is_finite(self) -> bool:
        """Return whether probabilities are numbers: without variance those of GaussianNB are not.

        All rows of such a classifier are NaN.
        """
        if not (is_fitted(self.classifier) and hasattr(self.classifier, "predict_proba")):
            return True
        first = take_rows(self._source.samples, np.array([0]))
        # A classifier may predict samples near the labelled ones only.
        with np.errstate(all="ignore"), suppress(ValueError, IndexError):
            rows = self.classifier.predict_proba(first)
            rows = rows if isinstance(rows, list) else [rows]
            return all(bool(np.isfinite(as_dense(one)).all()) for one in rows)
        return True

    def _fit_again(self) -> None:
        restore(self.classifier, self._blank)
        X, y, positions = self._labeled_samples()
        self.error = None
        if y is not None:
            # Labels of a journal are checked here.
            self.check(y)
            params = self._params(positions)
            fit = partial(self.classifier.fit, X, y, **params)
            self.error = fit_or_restore(self.classifier, self._blank, fit, X, y, params)

    def _params(self, positions: np.ndarray) -> dict[str, Any]:
        source = self._source
        return per_sample(source.fit_params, positions, n_samples_of(source.samples))

    def _labeled_samples(self) -> tuple[Any, Any, np.ndarray]:
        """Return the samples to fit, their labels, and the positions of those of the pool.

        Samples with labels that are not answered are left out.
        """
        pool = self._source.pool
        X, y = self._source.seed
        if X is not None:
            X, y = newest(X, y, pool.n_labeled - len(pool.labeled))
        if X is not None:
            y = self._source.encoded(np.asarray(y))
            answered = is_answered(y)
            if not answered.all():
                X, y = take_rows(X, np.flatnonzero(answered)), y[answered]
        labels = self._source.encoded(pool.labels)
        labeled, labels = pool.labeled[is_answered(labels)], labels[is_answered(labels)]
        if len(labeled) == 0:
            return (None, None, labeled) if X is None or len(y) == 0 else (X, y, labeled)
        samples = take_rows(self._source.samples, labeled)
        if X is None or len(y) == 0:
            return samples, labels, labeled
        both = np.concatenate([y, labels]) if y.ndim == 2 else joined(y, labels)
        return concatenate_rows(X, samples), both, labeled


class PartialFitUpdater(RefitUpdater):
    """Passes new answers to `partial_fit`, and starts again if labels were removed."""

    _can_continue = True

    def __init__(self, classifier: Any, source: UpdateSource) -> None:
        self._is_regressor = is_regressor(classifier)
        super().__init__(classifier, source)
        self._blank = copy.deepcopy(classifier)
        self._pending: list[int] = []
        if source.seed[1] is not None:
            self.check(source.seed[1])

    def add(self, positions: np.ndarray, labels: np.ndarray) -> None:
        self._pending += positions.tolist()

    def catch_up(self) -> None:
        if self._pending and not self._is_behind:
            # A classifier that fails during `partial_fit` is fitted again.
            self._is_behind = True
            labels = self._source.pool.labels_of(self._pending)
            if (
                self._is_regressor
                or is_among(labels, getattr(self.classifier, "classes_", ())).all()
            ):
                pending = np.asarray(self._pending)
                X = take_rows(self._source.samples, pending)
                # After an error it starts again, which raises the error or waits for more labels.
                with suppress(ValueError):
                    self.classifier.partial_fit(X, labels, **self._params(pending))
                    self._pending.clear()
                    # A batch without variance: all labels together may have some.
                    self._is_behind = not self._is_finite()
        super().catch_up()

    def check(self, labels: np.ndarray) -> None:
        if self._is_regressor or not is_fitted(self._blank):
            return
        known = self._blank.classes_
        unknown = labels[~is_among(labels, known)].tolist()
        if unknown:
            raise ValueError(
                f"{type(self._blank).__name__} was fitted with the classes {known.tolist()} and "
                f"cannot learn {unknown[0]!r}. Hint: pass it unfitted, and its training data as "
                "X_labeled and y_labeled."
            )

    def _fit_again(self) -> None:
        restore(self.classifier, self._blank)
        X, y, positions = self._labeled_samples()
        params = self._params(positions)
        self.error = None
        fit = partial(self.classifier.partial_fit, X, y, **params)
        if y is not None and self._is_regressor:
            self.error = fit_or_restore(self.classifier, self._blank, fit, X, y, params)
        elif y is not None and is_fitted(self.classifier):
            fit()
        elif y is not None:
            declared = self._source.classes
            classes = union(y) if declared is None else union(np.asarray(declared), y)
            # Most classifiers cannot be fitted to a single class: fit once there is a second one.
            if len(classes) > 1:
                fit = partial(self._fit_from_blank, X, y, classes, params)
                self.error = fit_or_restore(self.classifier, self._blank, fit, X, y, params)
        self._pending.clear()

    def _fit_from_blank(self, X: Any, y: Any, classes: np.ndarray, params: dict[str, Any]) -> None:
        """Fit by `partial_fit`, or by `fit` if a setting such as early stopping excludes it."""
        try:
            self.classifier.partial_fit(X, y, classes=classes, **params)
        except ValueError:
            restore(self.classifier, self._blank)
            self.classifier.fit(X, y, **params)
