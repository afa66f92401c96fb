"""Functions for any scikit-learn estimator: steps, fitted state, class probabilities."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from inspect import signature
from typing import Any

import numpy as np
from scipy.sparse import issparse
from scipy.special import expit, softmax
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from skactive._contracts._estimators import IncrementalEstimator
from skactive._rows import n_samples_of
from skactive._text import shown


class NoUncertaintyError(TypeError):
    """An estimator has neither probabilities nor standard deviations, where some are needed."""


def check_is_regressor(estimator: Any, *, hint: str = "") -> None:
    """Raise unless an estimator is a regressor; `hint` says where samples belong instead."""
    if not _is_regressor(estimator):
        raise _kind_error(estimator, "The estimator must be a regressor.", hint)


def check_classifier(
    estimator: Any, name: str = "The estimator", *, hint: str = "", or_regressor: bool = False
) -> None:
    """Raise unless an estimator is a classifier; `hint` says where samples belong instead.

    With `or_regressor`, it can be a regressor, too.
    """
    is_one = _is_object(estimator) and is_classifier(estimator)
    if is_one or (or_regressor and _is_regressor(estimator)):
        return
    fact = f"{name} must be a classifier{' or a regressor' if or_regressor else ''}."
    raise _kind_error(estimator, fact, hint)


def _is_object(estimator: Any) -> bool:
    return hasattr(estimator, "get_params") and not isinstance(estimator, type)


def _kind_error(estimator: Any, fact: str, hint: str) -> TypeError:
    is_data = hasattr(estimator, "shape") or isinstance(estimator, list | tuple)
    if not _is_object(estimator) and is_data:
        shape = getattr(estimator, "shape", None) or (len(estimator),)
        got = f"{type(estimator).__name__} of shape {tuple(shape)}"
        return TypeError(f"{fact} Got {got} instead." + (f" Hint: {hint}" if hint else ""))
    return TypeError(f"{fact} Got {shown(estimator)} instead.")


def check_regressors(owner: object, name: str, regressors: Any) -> None:
    """Raise unless a parameter is a list of at least two regressors."""
    fact = f"The {name!r} parameter of {type(owner).__name__} must be a list of regressors."
    if not isinstance(regressors, Sequence) or isinstance(regressors, str):
        raise TypeError(f"{fact} Got {shown(regressors)} instead.")
    for one in regressors:
        if not _is_regressor(one):
            raise TypeError(f"{fact} Got {shown(one)} as one of them.")
    if len(regressors) < 2:
        raise ValueError(f"{fact} Got {len(regressors)}. Hint: pass at least two.")


def check_regressor(owner: object, name: str, regressor: Any) -> None:
    """Raise unless a parameter is a regressor."""
    if not _is_regressor(regressor):
        raise TypeError(
            f"The {name!r} parameter of {type(owner).__name__} must be a regressor. Got "
            f"{shown(regressor)} instead."
        )


def _is_regressor(one: Any) -> bool:
    return _is_object(one) and is_regressor(one)


# How the transformers of scikit-learn say that they need y. Not all have the tag that says so.
MISSES_LABELS = re.compile("requires y to be passed|required positional argument: 'y'")


def classifier_of(estimator: Any) -> Any:
    """Return a classifier, or the last step of a Pipeline."""
    return estimator[-1] if isinstance(estimator, Pipeline) else estimator


def has_partial_fit(estimator: Any) -> bool:
    """Return whether `partial_fit` adds samples to those that an estimator has learned.

    That of a network of skorch trains for all epochs on the new samples alone, and forgets others.
    """
    return hasattr(estimator, "partial_fit") and not _is_network(estimator)


def _is_network(estimator: Any) -> bool:
    return any(_is_of_skorch(one) for one in type(estimator).__mro__)


def _is_of_skorch(one: Any) -> bool:
    return bool(one.__module__.split(".")[0] == "skorch")


def check_labels_of_network(classifier: Any, labels: np.ndarray) -> None:
    """Raise if a network of skorch cannot learn labels, which are the numbers of its outputs.

    A subclass with a `fit` of its own may encode any labels.
    """
    network = classifier_of(classifier)
    if not _is_network(network) or not _is_of_skorch(type(network).fit):
        return
    classes = getattr(network, "classes", None)
    for label in np.unique(labels).tolist():
        is_output = isinstance(label, int) and label >= 0
        if not is_output or (classes is not None and label not in list(classes)):
            known = "" if classes is None else f", {list(classes)},"
            raise ValueError(
                f"{type(network).__name__} learns the numbers of its outputs{known} and not the "
                f"label {label!r}. Hint: encode labels in a `fit` of a subclass, as the user guide "
                "shows."
            )


def check_columns(classifier: Any, probabilities: np.ndarray) -> None:
    """Raise unless probabilities have a column for each class of a classifier."""
    classes = getattr(classifier, "classes_", ())
    n_columns = probabilities.shape[1] if probabilities.ndim == 2 else 1
    if len(classes) > 1 and n_columns != len(classes):
        known = np.asarray(classes).tolist()
        raise TypeError(
            f"{type(classifier_of(classifier)).__name__}.predict_proba returned {n_columns} "
            f"columns for the {len(classes)} classes {known}. Hint: a network of skorch "
            "needs the class of each output, such as classes=[0, 1, 2]."
        )


def transformers(pipeline: Pipeline) -> Pipeline:
    """Return a Pipeline in which an identity step replaces the classifier."""
    # The step is replaced, not removed: it may be the only one, and before scikit-learn 1.7 a
    # Pipeline that ends in a stateless transformer counts as not fitted.
    return Pipeline([*pipeline.steps[:-1], ("features", FunctionTransformer())])


def fitted_steps(
    pipeline: Pipeline, X: Any, *, may_be_tokens: bool = False
) -> tuple[Pipeline, Any]:
    """Return the transformers of a Pipeline, fitted, and X transformed by them.

    A step that is not fitted yet is cloned and fitted to the output of the step before, without
    labels, since the pool is transformed before the first label is known.

    Parameters
    ----------
    pipeline : Pipeline
        The transformers and the classifier after them.
    X : array-like of length n_samples
        Raw samples.
    may_be_tokens : bool, default=False
        Whether the output can be a mapping, as a tokenizer returns for texts.

    Returns
    -------
    steps : Pipeline
        The transformers: those that were fitted, and fitted clones of the others.
    features : array-like of shape (n_samples, n_features), or mapping
        Their output.

    Raises
    ------
    TypeError
        If they return a mapping, unless that is allowed.
    ValueError
        If they do not return one row for each sample.
    """
    steps, n_samples = [], n_samples_of(X)
    for name, given in pipeline.steps[:-1]:
        step = given
        if given in (None, "passthrough"):
            pass
        elif is_fitted(given):
            X = given.transform(X)
        else:
            step = clone(given)
            try:
                X = step.fit_transform(X)
            except (TypeError, ValueError) as error:
                if not MISSES_LABELS.search(str(error)):
                    raise
                raise ValueError(
                    f"The step {name!r}, {type(step).__name__}, learns from labels, and there are "
                    "none yet. Hint: fit it first."
                ) from error
        steps.append((name, step))
    if isinstance(X, Mapping) and not may_be_tokens:
        raise TypeError(
            f"The steps before the classifier return a {type(X).__name__} of {list(X)}, and not an "
            "array of features. Hint: use skactive.ActiveLearner, which takes tokens of texts, "
            "without refresh_every."
        )
    n_rows = n_samples_of(next(iter(X.values()))) if isinstance(X, Mapping) else n_samples_of(X)
    if n_rows != n_samples:
        raise ValueError(
            f"The pool has {n_samples} samples, but the steps before the classifier return "
            f"{n_rows} rows. Hint: use steps that return one row for each sample. Text "
            "steps such as TfidfVectorizer need a list of texts or one column of a DataFrame."
        )
    return transformers(Pipeline([*steps, pipeline.steps[-1]])), X


def is_fitted(estimator: Any) -> bool:
    """Return whether an estimator is fitted, or needs no fit."""
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    return True


def has_learned(estimator: Any) -> bool:
    """Return whether an estimator is fitted, and not only ready to predict without a fit.

    A Gaussian process that is not fitted predicts by its prior.
    """
    names = [name for name in vars(estimator) if name.endswith("_") and name[0] != "_"]
    return is_fitted(estimator) and (get_tags(estimator).requires_fit or bool(names))


def class_probabilities(classifier: Any, samples: Any) -> np.ndarray | None:
    """Return the class probabilities of samples, or None if the classifier is not fitted yet.

    Without `predict_proba`, they come from the decision function, through the logistic function
    for two classes and the softmax for more.
    """
    try:
        if hasattr(classifier, "predict_proba"):
            probabilities = np.asarray(classifier.predict_proba(samples))
            # Some classifiers return two columns for a single class.
            is_single = len(getattr(classifier, "classes_", ())) == 1
            check_columns(classifier, probabilities)
            return np.ones((len(probabilities), 1)) if is_single else probabilities
        if hasattr(classifier, "decision_function"):
            decision = np.asarray(classifier.decision_function(samples))
            if decision.ndim == 1:
                if len(getattr(classifier, "classes_", ())) == 1:
                    return np.ones((len(decision), 1))
                positive = expit(decision)
                return np.column_stack([1 - positive, positive])
            return np.asarray(softmax(decision, axis=1))
        # Some methods of a meta-estimator appear with its fit.
        if hasattr(type(classifier), "predict_proba") and not is_fitted(classifier):
            return None
    except NotFittedError:
        return None
    raise NoUncertaintyError(
        f"{type(classifier).__name__} has neither predict_proba nor decision_function, so that "
        "its uncertainty cannot be measured. Hint: choose a classifier that has one of them, or a "
        "strategy without uncertainty, such as 'random' or 'max-herding'."
    )


def label_probabilities(classifier: Any, samples: Any, n_labels: int) -> np.ndarray | None:
    """Return the probability of each label of samples, or None if the classifier is not fitted yet.

    The classifier was fitted to an indicator matrix. Its `predict_proba` may return an array, a
    sparse matrix or a list of arrays, one for each label; without it, probabilities are the
    logistic function of the decision function.

    Returns
    -------
    probabilities : ndarray of shape (n_samples, n_labels) or None
    """
    try:
        if hasattr(classifier, "predict_proba"):
            rows = classifier.predict_proba(samples)
            if isinstance(rows, list):
                each = zip(rows, classifier.classes_, strict=True)
                return np.column_stack([_of_having(one, classes) for one, classes in each])
            found = as_dense(rows)
            if n_labels == 1 and found.shape[1:] != (1,):
                found = _of_having(found, np.asarray(classifier.classes_))[:, np.newaxis]
        elif hasattr(classifier, "decision_function"):
            found = expit(as_dense(classifier.decision_function(samples)))
            found = found.reshape(len(found), -1)
        elif not is_fitted(classifier):
            return None
        else:
            raise NoUncertaintyError(
                f"{type(classifier).__name__} has neither predict_proba nor decision_function, so "
                "that its uncertainty cannot be measured. Hint: choose a classifier that has one "
                "of them, or a strategy without uncertainty, such as 'random' or 'max-herding'."
            )
    except NotFittedError:
        return None
    if found.shape[1] != n_labels:
        raise ValueError(
            f"{type(classifier).__name__} returned probabilities of shape {found.shape} for "
            f"{n_labels} labels. Hint: choose a classifier of several labels, such as "
            "MultiOutputClassifier or IncrementalMultiLabelKNeighbors."
        )
    return found


def _of_having(probabilities: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the probability of 1 from those of the classes of a label, which may lack 1."""
    place = np.flatnonzero(np.asarray(classes) == 1)
    return np.zeros(len(probabilities)) if len(place) == 0 else probabilities[:, place[0]]


def as_dense(values: Any) -> np.ndarray:
    """Return an array of values, which may be a sparse matrix."""
    return np.asarray(values.toarray() if issparse(values) else values)


def predictive_moments(regressor: Any, samples: Any) -> np.ndarray | None:
    """Return mean and standard deviation of the labels of samples, or None if it is not fitted.

    The standard deviation comes from ``predict(X, return_std=True)``, or is that of the predictions
    of the members of an ensemble. It is NaN if the regressor has neither. Where it is the root of
    a variance that is negative by rounding, as that of `BayesianRidge` can be, it is 0.

    Returns
    -------
    moments : ndarray of shape (n_samples, 2) or None
    """
    try:
        if "return_std" in signature(classifier_of(regressor).predict).parameters:
            with np.errstate(invalid="ignore"):
                moments = np.column_stack(regressor.predict(samples, return_std=True))
            return _without_roots_of_rounding(moments)
        mean = np.asarray(regressor.predict(samples), dtype=np.float64).reshape(-1)
    except NotFittedError:
        return None
    members = getattr(regressor, "estimators_", None)
    # The members of boosting are stages of one prediction, in an array.
    if not isinstance(members, list) or len(members) < 2:
        return np.column_stack([mean, np.full(len(mean), np.nan)])
    # Members are fitted without the names of columns, bagged ones to some of the columns.
    values = samples if issparse(samples) else np.asarray(samples)
    columns = getattr(regressor, "estimators_features_", [slice(None)] * len(members))
    predicted = [
        member.predict(values[:, chosen]) for member, chosen in zip(members, columns, strict=True)
    ]
    return np.column_stack([mean, np.std(predicted, axis=0)])


def _without_roots_of_rounding(moments: np.ndarray) -> np.ndarray:
    is_root = np.isfinite(moments[:, 0]) & np.isnan(moments[:, 1])
    moments[is_root, 1] = 0.0
    return moments


def no_deviation(regressor: Any) -> NoUncertaintyError:
    """Return the error for a regressor without standard deviations, where some are needed."""
    return NoUncertaintyError(
        f"{type(classifier_of(regressor)).__name__} gives no standard deviation, so that its "
        "uncertainty cannot be measured. Hint: choose a regressor whose predict has return_std, "
        "such as IncrementalKNeighborsRegressor, an ensemble, such as RandomForestRegressor, or a "
        "strategy without uncertainty, such as 'greedy' or 'herding'."
    )


def predicted_with_std(regressor: Any, samples: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return predictions and their standard deviations, or raise if the regressor has none."""
    moments = predictive_moments(regressor, samples) if is_regressor(regressor) else None
    if moments is None or np.isnan(moments[:, 1]).any():
        raise no_deviation(regressor)
    return moments[:, 0], moments[:, 1]


def stored_samples(classifier: Any) -> tuple[Any, Any]:
    """Return the labelled samples that a classifier stores, or (None, None)."""
    labeled_samples = getattr(classifier, "labeled_samples", None)
    return (None, None) if labeled_samples is None else labeled_samples()


def keeps_stages(classifier: Any) -> bool:
    """Return whether stage i of an estimator's `staged_predict` has learned its first i labels.

    Estimators of scikit-learn that learn by stages, such as boosting, have a `staged_predict` of
    another meaning. One that forgets has lost its first labels.
    """
    stores_labels = isinstance(classifier, IncrementalEstimator)
    has_stages = hasattr(classifier, "staged_predict") and (
        is_regressor(classifier) or hasattr(classifier, "staged_predict_proba")
    )
    return stores_labels and has_stages and not getattr(classifier, "forgets", False)
