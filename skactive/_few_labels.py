"""Classifiers that cannot be fitted, or cannot predict, while there are few labels."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skactive._estimators import (
    class_probabilities,
    is_fitted,
    label_probabilities,
    predictive_moments,
)
from skactive._fit_params import per_sample
from skactive._rows import take_rows

# With this many labels of each class, an error is not for lack of labels.
N_ENOUGH = 30


def restore(classifier: Any, blank: Any) -> None:
    """Set a classifier to the state of another one, and keep its identity."""
    # A frozen estimator is its own clone: copy the state before it is cleared.
    state = vars(copy.deepcopy(blank))
    vars(classifier).clear()
    vars(classifier).update(state)


def too_few_labels(
    classifier: Any, classes: list[Any] | None, cause: Exception | None
) -> NotFittedError:
    """Return the error for a prediction by an estimator that waits for more labels.

    `classes` is None if labels have no classes.
    """
    known = "" if classes is None else f": the classes known so far are {classes}"

    reason = "" if cause is None else f" It raised: {cause}"
    return NotFittedError(
        f"{type(classifier).__name__} cannot predict yet{known}. Hint: label more samples.{reason}"
    )


def fit_or_restore(
    classifier: Any,
    blank: Any,
    fit: Callable[[], object],
    X: Any,
    y: Any,
    params: dict[str, Any] | None = None,
) -> ValueError | None:
    """Fit a classifier, or restore it and return the error if there are too few labels.

    Parameters
    ----------
    classifier : classifier
        It is fitted in place.
    blank : classifier
        The state before the fit.
    fit : callable
        Fits the classifier to the labelled samples, or to some of them.
    X, y : array-likes of length n_labeled
        The labelled samples and their labels.
    params : dict, default=None
        Further arguments of the classifier's `fit`, with an entry for each labelled sample.

    Returns
    -------
    error : ValueError or None
        The error of the classifier, which is not fitted then.
    """
    try:
        with warnings.catch_warnings():
            # With few labels, many have the same answer for all samples.
            warnings.filterwarnings("ignore", "Label .* is present in all", UserWarning)
            fit()
        # Nearest neighbours are fitted to any number of samples, and predict by enough of them.
        _predict(classifier, take_rows(X, np.array([0])))
    except ValueError as error:
        if not is_for_lack_of_labels(error, blank, X, y, params):
            raise
        restore(classifier, blank)
        return error
    return None


def fitted_copy(classifier: Any, X: Any, y: np.ndarray) -> Any:
    """Return a copy of a classifier, fitted without a warning about the number of classes.

    None if there are too few labels for it.
    """
    fitted = clone(classifier)
    with warnings.catch_warnings():
        # Among the first labels, nearly each is of a different class.
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        error = fit_or_restore(fitted, classifier, lambda: fitted.fit(X, y), X, y)
    return fitted if error is None else None


def is_for_lack_of_labels(
    error: Exception, classifier: Any, X: Any, y: Any, params: dict[str, Any] | None = None
) -> bool:
    """Return whether an error of a classifier may disappear with more labels.

    It may as long as a class has fewer than 30 labels, unless a copy of the classifier that is
    fitted to 30 copies of labelled samples for each class raises the same error. With one class
    there are too few labels in any case. Of an indicator matrix, each column counts: the copies of
    a sample have its labels in one half, and all others in the other.

    Parameters
    ----------
    error : Exception
        The error of its `fit`, `predict_proba` or `decision_function`.
    classifier : classifier
        The classifier.
    X, y : array-likes of length n_labeled
        The labelled samples and their labels.
    params : dict, default=None
        Further arguments of the classifier's `fit`, with an entry for each labelled sample.

    Returns
    -------
    is_for_lack : bool
        False for any other fault of the classifier or of the samples.
    """
    labels = np.asarray(y)
    if labels.ndim == 2:
        if min(labels.sum(axis=0).min(), (1 - labels).sum(axis=0).min()) >= N_ENOUGH:
            return False
        places = np.resize(np.arange(len(labels)), 2 * N_ENOUGH * len(labels))
        copies = labels[places]
        copies[len(places) // 2 :] = 1 - copies[len(places) // 2 :]
    else:
        classes, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
        if len(classes) < 2:
            return True
        if counts.min() >= N_ENOUGH:
            return False
        places = np.concatenate(
            [np.resize(np.flatnonzero(codes == code), N_ENOUGH) for code in range(len(classes))]
        )
        copies = labels[places]
    X_copies = take_rows(X, places)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tried = clone(classifier)
            tried.fit(X_copies, copies, **per_sample(params or {}, places, len(labels)))
            _predict(tried, X_copies)
    except Exception as other:  # noqa: BLE001 - compared with the error, whatever it is
        return (type(other), str(other)) != (type(error), str(error))
    return True


def posterior_or_none(
    classifier: Any,
    samples: Any,
    labeled_samples: Callable[[], tuple[Any, Any]],
    kind: str = "categorical",
    n_labels: int = 0,
) -> np.ndarray | None:
    """Return the predictive distribution of samples, or None if there are too few labels.

    Parameters
    ----------
    classifier : classifier or regressor
        The estimator, fitted or not.
    samples : array-like of length n_samples
        The samples.
    labeled_samples : callable
        Returns the labelled samples and their labels. It is called after an error only.
    kind : str, default="categorical"
        The kind of labels.
    n_labels : int, default=0
        Number of labels of each sample, if their kind is "multilabel".

    Returns
    -------
    posterior : ndarray of shape (n_samples, n_classes) or (n_samples, 2), or None
        Class probabilities, means and standard deviations, or the probability of each label. None
        also if the rows are not finite, as those of naive Bayes with a class without a label.
    """
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            if kind == "continuous":
                posterior = predictive_moments(classifier, samples)
            elif kind == "multilabel":
                posterior = label_probabilities(classifier, samples, n_labels)
            else:
                posterior = class_probabilities(classifier, samples)
    # CategoricalNB raises an IndexError for a category that no labelled sample has.
    except (ValueError, IndexError) as error:
        X, y = labeled_samples()
        # A classifier that was fitted elsewhere has labels that are not known here.
        is_elsewhere = len(y) == 0 and is_fitted(classifier)
        if is_elsewhere or not is_for_lack_of_labels(error, classifier, X, y):
            raise
        return None
    # A regressor without standard deviations has NaN in place of them.
    if posterior is None or not np.isfinite(posterior[:, :1]).all():
        return None
    is_finite = kind == "continuous" or np.isfinite(posterior).all()
    return posterior if is_finite else None


def _predict(classifier: Any, samples: Any) -> None:
    for method in ("predict_proba", "decision_function", "predict"):
        if hasattr(classifier, method):
            try:
                getattr(classifier, method)(samples)
            except ValueError as error:
                if isinstance(error, NotFittedError):
                    return
                raise
            except Exception:  # noqa: BLE001 - raised again when the user predicts
                return
            return
