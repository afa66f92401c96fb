"""The labels of a learner or a budgeted classifier, in the order in which they came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skactive._engine.features import in_memory
from skactive._engine.label_arrays import joined
from skactive._engine.targets import check_one_of, recorded_labels
from skactive._estimators import classifier_of, transformers
from skactive._few_labels import fitted_copy
from skactive._rows import n_samples_of, take_rows
from skactive._text import shown
from skactive.base import HasPosteriorSource, PoolView, TransductiveEstimator
from skactive.pool import Pool

if TYPE_CHECKING:
    from skactive.model_selection import BudgetedClassifier, BudgetedRegressor


@dataclass
class RecordedLoop:
    """A labelling loop whose predictions can be computed again after any number of labels.

    Attributes
    ----------
    pool : PoolView
        The pool; labels of its own samples are not read.
    classifier : classifier or regressor
        The estimator that was taught.
    labeled, labels : ndarray of shape (n_labeled,)
        Positions and labels in the order in which they came.
    """

    pool: PoolView
    classifier: Any
    labeled: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        self.features = in_memory(self.pool.X)
        self.seed = self.pool.labeled_outside()
        self.is_continuous = self.pool.target.kind == "continuous"

    def predictions(self) -> np.ndarray | None:
        """Return the label predicted for each sample of the pool, or None without labels."""
        if len(self.labeled) == 0 and self.seed[0] is None:
            return None
        return next(self.staged_predictions(self.features, [len(self.labeled)]))

    def staged_predictions(self, X: Any, stages: list[int]) -> Iterator[np.ndarray]:
        """Yield the predictions for some rows after given numbers of labels.

        At least one label, or the seed set, must be known by then.
        """
        if isinstance(self.classifier, TransductiveEstimator):
            return self._on_pool(X, stages)
        if isinstance(self.classifier, HasPosteriorSource):
            return self._updated(X, stages)
        return self._fitted(X, stages)

    def _on_pool(self, X: Any, stages: list[int]) -> Iterator[np.ndarray]:
        classifier: Any = clone(self.classifier).fit_pool(self.pool)
        # The rows are arrays, also those of a DataFrame.
        vars(classifier).pop("feature_names_in_", None)
        for known, stage in pairwise([0, *stages]):
            classifier.relabel(self.labeled[known:stage], self.labels[known:stage])
            yield classifier.predict(X)

    def _updated(self, X: Any, stages: list[int]) -> Iterator[np.ndarray]:
        # The rows are a pool of their own, whose labels all come from outside.
        rows = Pool(X, estimator=clone(self.classifier), dtype=np.float64)
        if self.seed[0] is not None:
            rows.add_labeled(*self.seed)
        for known, stage in pairwise([0, *stages]):
            new = take_rows(self.features, self.labeled[known:stage])
            rows.add_labeled(new, self.labels[known:stage])
            posterior: Any = rows.posterior()
            if self.is_continuous:
                yield posterior[:, 0].copy()
            else:
                yield rows.classes_[posterior.argmax(axis=1)]

    def _fitted(self, X: Any, stages: list[int]) -> Iterator[np.ndarray]:
        for stage in stages:
            samples = take_rows(self.features, self.labeled[:stage])
            labels = self.labels[:stage]
            if self.seed[0] is not None:
                stack = sp.vstack if sp.issparse(samples) else np.concatenate
                samples = stack([self.seed[0], samples])
                labels = joined(np.asarray(self.seed[1]), labels)
            if self.is_continuous:
                fitted = fitted_copy(self.classifier, samples, labels)
                # The mean is predicted while there are too few labels.
                means = np.full(X.shape[0], labels.mean()) if fitted is None else fitted.predict(X)
                yield np.asarray(means)
                continue
            classes = np.unique(labels)
            if len(classes) > 1:
                yield np.asarray(clone(self.classifier).fit(samples, labels).predict(X))
            else:
                # Most classifiers cannot be fitted on one class, which is predicted meanwhile.
                yield np.repeat(classes, X.shape[0])


def recorded_loop(
    owner: str, estimator: Any, X: Any, y: Any
) -> tuple[RecordedLoop, np.ndarray | None]:
    """Return the labelling loop of an estimator, and the true labels if they are known.

    Parameters
    ----------
    owner : str
        The class named in error messages.
    estimator : ActiveLearner, BudgetedClassifier or BudgetedRegressor
        A budgeted estimator must be fitted.
    X : array-like of length n_samples or None
        The samples that a budgeted estimator was fitted on.
    y : array-like of shape (n_samples,) or None
        Their true labels.

    Returns
    -------
    loop : RecordedLoop
        The labelling loop.
    y : ndarray of shape (n_samples,) or None
        The validated true labels.
    """
    if hasattr(estimator, "X_pool"):
        if X is not None:
            raise ValueError(
                f"{owner} takes the pool of an ActiveLearner from the learner itself. "
                "Hint: leave X out; the true labels are passed as y=."
            )
        check_one_of(owner, estimator.pool.target.kind)
        _check_is_split(owner, estimator.estimator, estimator.pool.estimator)
        classifier = classifier_of(estimator.estimator)
        loop = RecordedLoop(estimator.pool, classifier, estimator.labeled, estimator.labels)
    elif hasattr(estimator, "budget"):
        if X is None or y is None:
            raise ValueError(
                f"{owner} needs the samples and labels that {type(estimator).__name__} was fitted "
                "on, which keeps only their positions. Hint: pass X and y."
            )
        check_is_fitted(estimator)
        loop = _of_budgeted(owner, estimator, X)
    else:
        raise TypeError(
            f"{owner} draws an ActiveLearner or a fitted BudgetedClassifier or BudgetedRegressor. "
            f"Got {shown(estimator)} instead."
        )
    if y is None:
        return loop, None
    truth = recorded_labels(y, loop.pool.target)
    check_consistent_length(loop.features, truth)
    return loop, truth


def _of_budgeted(
    owner: str, budgeted: BudgetedClassifier | BudgetedRegressor, X: Any
) -> RecordedLoop:
    labeled = budgeted.query_indices_
    if labeled.max() >= n_samples_of(X):
        raise ValueError(
            f"{owner} was passed {n_samples_of(X)} samples, but {type(budgeted).__name__} queried "
            f"sample {labeled.max()}. Hint: pass the X and y that it was fitted on."
        )
    fitted = budgeted.estimator_
    _check_is_split(owner, fitted, budgeted.final_estimator_)
    features = transformers(fitted).transform(X) if isinstance(fitted, Pipeline) else X
    pool = Pool(features, samples=features, dtype=np.float64, target=budgeted.target)
    # The labels are the answers of the oracle, which may differ from the truth.
    return RecordedLoop(pool, classifier_of(fitted), labeled, budgeted.y_labeled_)


def _check_is_split(owner: str, estimator: Any, last: Any) -> None:
    """Raise for a Pipeline that takes texts as a whole, without vectors in between."""
    if estimator is last and isinstance(estimator, Pipeline):
        raise TypeError(
            f"{owner} draws vectors that a classifier takes, but {type(estimator[-1]).__name__} "
            "takes tokens of texts. Hint: pass an estimator with steps that return vectors."
        )
