"""The posterior of any classifier or regressor, from its predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from skactive._contracts._posterior_source import PosteriorSource, RowFunction
from skactive._engine.indicator import is_answered
from skactive._few_labels import fitted_copy, posterior_or_none
from skactive._rows import take_rows

if TYPE_CHECKING:
    from skactive._contracts._estimators import Classifier
    from skactive._contracts._labeling_pool import LabelingPool

N_FOLDS = 5


class ExternalPosterior(PosteriorSource):
    """The predictive distributions of an estimator, which is called once after each change.

    Parameters
    ----------
    pool : LabelingPool
        The pool. Its estimator is the classifier or regressor; the caller fits it.
    catch_up : callable, default=None
        Called before each call of the classifier, to fit it to all labels.
    labeled_samples : callable, default=None
        Returns the labelled samples as the classifier takes them; None if it takes the features of
        the pool.
    """

    def __init__(
        self,
        pool: LabelingPool,
        catch_up: Callable[[], None] | None = None,
        labeled_samples: Callable[[], Any] | None = None,
    ) -> None:
        self._pool = pool
        self._samples = labeled_samples
        self._catch_up = catch_up
        self._positions: np.ndarray | None = None
        self._posterior: np.ndarray | None = None
        self._derived: dict[RowFunction, np.ndarray] = {}

    @property
    def classes(self) -> np.ndarray:
        classifier: Any = self.classifier()
        if self._pool.target.kind == "multilabel":
            return self._pool.classes_
        return np.asarray(getattr(classifier, "classes_", np.empty(0)))

    def rows(self, positions: np.ndarray) -> np.ndarray | None:
        places = self._evaluated(positions)
        return None if self._posterior is None else self._posterior[places]

    def of_rows(self, function: RowFunction, positions: np.ndarray) -> np.ndarray | None:
        places = self._evaluated(positions)
        if self._posterior is None:
            return None
        if function not in self._derived:
            self._derived[function] = function(self._posterior)
        return self._derived[function][places]

    def peek(self, positions: np.ndarray) -> np.ndarray | None:
        return self._probabilities(positions)

    def labels_changed(self) -> None:
        self._positions = None

    def held_out(self) -> np.ndarray:
        """Return the rows from five fits, each to four fifths of the labels."""
        X, y = self._labeled_samples()
        if self._pool.target.kind == "multilabel":
            return self._held_out_labels(X, y)
        classes, kind = self._pool.classes_, self._pool.target.kind
        is_categorical = kind == "categorical"
        posterior = np.zeros((len(y), len(classes))) if is_categorical else np.empty((len(y), 2))
        if not is_categorical:
            # Of folds without a prediction.
            posterior[:] = np.mean(y), np.std(y)
        folds = np.random.default_rng(0).permutation(len(y)) % N_FOLDS
        for fold in range(N_FOLDS):
            held_out, rest = folds == fold, folds != fold
            known = np.unique(y[rest])
            if is_categorical and len(known) == 1:
                posterior[held_out, np.searchsorted(classes, known[0])] = 1.0
                continue
            fitted = fitted_copy(self._pool.estimator, _rows(X, rest), y[rest])
            if fitted is None:
                continue
            rows = self._of_fitted(fitted, _rows(X, held_out))
            if rows is not None and is_categorical:
                columns = np.searchsorted(classes, fitted.classes_)
                posterior[np.ix_(np.flatnonzero(held_out), columns)] = rows
            elif rows is not None:
                posterior[held_out] = rows
        return posterior

    def _held_out_labels(self, X: Any, y: np.ndarray) -> np.ndarray:
        """Return the probability of each label, from fits to the answered rows of a matrix."""
        has = (y > 0).sum(axis=0)
        n_answered = np.maximum((y >= 0).sum(axis=0), 1)
        # Of folds without a prediction.
        posterior = np.tile(has / n_answered, (len(y), 1))
        folds = np.random.default_rng(0).permutation(len(y)) % N_FOLDS
        for fold in range(N_FOLDS):
            held_out, rest = folds == fold, (folds != fold) & is_answered(y)
            if not (held_out.any() and rest.any()):
                continue
            fitted = fitted_copy(self._pool.estimator, _rows(X, rest), y[rest])
            rows = None if fitted is None else self._of_fitted(fitted, _rows(X, held_out))
            if rows is not None:
                posterior[held_out] = rows
        return posterior

    def classifier(self) -> Classifier:
        """Return the estimator, fitted to all labels."""
        if self._catch_up is not None:
            self._catch_up()
        classifier: Classifier = self._pool.estimator
        return classifier

    def _probabilities(self, positions: np.ndarray) -> np.ndarray | None:
        return self._of_fitted(self.classifier(), self._pool.take(positions))

    def _of_fitted(self, classifier: Any, samples: Any) -> np.ndarray | None:
        pool = self._pool
        kind, n_labels = pool.target.kind, len(pool.classes_)
        return posterior_or_none(classifier, samples, self._labeled_samples, kind, n_labels)

    def _labeled_samples(self) -> tuple[Any, np.ndarray]:
        X, y = self._pool.labeled_samples()
        samples = None if self._samples is None else self._samples()
        return (X if samples is None else samples), y

    def _evaluated(self, positions: np.ndarray) -> np.ndarray:
        """Return the rows of `_posterior` of given samples, evaluated if necessary."""
        if self._positions is not None and len(self._positions) >= len(positions):
            places = np.searchsorted(self._positions, positions)
            places = np.minimum(places, max(len(self._positions) - 1, 0))
            if np.array_equal(self._positions[places], positions):
                return places
        if len(positions) == 0:
            # Classifiers refuse zero samples: predict one, and keep the number of columns.
            of_first = self._probabilities(np.array([0]))
            self._posterior = None if of_first is None else of_first[:0]
        else:
            self._posterior = self._probabilities(positions)
        self._positions = positions
        self._derived.clear()
        return np.arange(len(positions))


def _rows(X: Any, chosen: np.ndarray) -> Any:
    return take_rows(X, np.flatnonzero(chosen))
