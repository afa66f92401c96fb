"""Checks of the arguments of a learner."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from skactive._engine.class_descriptions import check_descriptions, with_described
from skactive._engine.positions import array_of
from skactive._engine.targets import check_no_classes, check_part, target_of
from skactive._estimators import fitted_steps, has_partial_fit, is_fitted
from skactive._io.image_paths import are_paths
from skactive._rows import check_is_samples, n_samples_of
from skactive._text import shown
from skactive._validation import check_path
from skactive.base import Target
from skactive.embedding import TextDescriptor


def check_samples(X: Any, name: str = "X_pool") -> Any:
    """Return samples that can be counted and picked, or raise."""
    check_is_samples(X, name)
    if sp.issparse(X):
        if X.ndim > 2:
            raise ValueError(
                f"{name} must have two dimensions, samples and features. Got a sparse array of "
                f"shape {X.shape} instead."
            )
        X = X.tocsr()
    elif not hasattr(X, "__getitem__") or isinstance(X, memoryview):
        X = np.asarray(X)
    if n_samples_of(X) == 0:
        raise ValueError(
            f"{name} is empty: there is no sample to choose. Hint: pass at least one sample."
        )
    return X


def check_seed_set(X: Any, y: Any) -> None:
    """Raise unless labelled samples from outside the pool are samples, and have labels."""
    if X is not None:
        check_is_samples(X, "X_labeled")
    if X is None or y is None:
        given, missing = ("y", "X") if X is None else ("X", "y")
        raise ValueError(
            f"{given}_labeled was passed without {missing}_labeled. Hint: pass both or neither."
        )


def split_pipeline(estimator: Any, X_pool: Any) -> tuple[Any, Any, Any]:
    """Return the transformers, the classifier, and the samples as the classifier takes them.

    A Pipeline whose steps return tokens of texts is not split. It is the classifier, which takes
    texts, and no fit changes its steps.
    """
    if not isinstance(estimator, Pipeline):
        return None, estimator, X_pool
    if len(estimator) == 1:
        return None, estimator[-1], X_pool
    steps, features = fitted_steps(estimator, X_pool, may_be_tokens=True)
    if isinstance(features, Mapping):
        fitted = [(name, _frozen(step)) for name, step in steps.steps[:-1]]
        return None, Pipeline([*fitted, estimator.steps[-1]]), X_pool
    return steps, estimator[-1], features


def _frozen(step: Any) -> Any:
    is_step = step not in (None, "passthrough") and not isinstance(step, FrozenEstimator)
    return FrozenEstimator(step) if is_step else step


def text_descriptor(estimator: Any, steps: Any, X_pool: Any) -> TextDescriptor | None:
    """Return the descriptor of the texts that a whole Pipeline takes, None for any other.

    Parameters
    ----------
    estimator : classifier or Pipeline
        The estimator of a learner.
    steps : Pipeline or None
        Its transformers, None if it was not split.
    X_pool : array-like of length n_samples
        The texts. Tokens have no distances, so that strategies compare texts by this descriptor.
    """
    if steps is not None or not isinstance(estimator, Pipeline) or len(estimator) == 1:
        return None
    return TextDescriptor().fit(X_pool)


def declared_classes(classifier: Any, classes: Any) -> Any:
    """Return the classes that are known before the first answer, or None.

    A fitted classifier with `partial_fit` has its own classes, and none can be added. Classes that
    are described are known, too.
    """
    described = check_descriptions(classifier, getattr(classifier, "class_descriptions", None))
    is_known = is_fitted(classifier) and has_partial_fit(classifier)
    if not is_known or target_of(classifier).kind != "categorical":
        return with_described(classes, described)
    known = classifier.classes_
    named = [] if classes is None else classes.tolist()
    unknown = [name for name in named if name not in known.tolist()]
    if unknown:
        raise ValueError(
            f"`classes` names {unknown[0]!r}, but {type(classifier).__name__} is fitted already "
            f"with the classes {known.tolist()}. Hint: pass it unfitted, and its training data as "
            "X_labeled and y_labeled."
        )
    declared = getattr(classifier, "declared_classes_", known)
    return with_described(declared, described)


def check_journal(owner: object, journal: Any) -> None:
    """Raise unless a journal is a path or None."""
    if journal is not None:
        check_path(owner, "journal", journal)


def check_target(
    estimator: Any, target: Target | None, classes: Any, parts: Any, *, strict_classes: bool
) -> Target:
    """Return the kind of labels of a learner, or raise if a part of it needs another one."""
    target = target_of(estimator, target)
    check_no_classes(target, classes, strict_classes)
    for part in parts:
        check_part(part, target)
    return target


def check_together(fit_params: Any, seed: Any, graph: Any, refresher: Any) -> None:
    """Raise if arguments exclude each other."""
    if fit_params and seed[0] is not None:
        raise ValueError(
            f"fit_params={sorted(fit_params)} are for the samples of the pool, and those of "
            "X_labeled have none. Hint: add the labelled samples to the pool, and `teach` "
            "their labels."
        )
    if graph is not None and refresher is not None:
        raise ValueError(
            "A graph cannot be passed with refresh_every, which replaces the features. "
            "Hint: leave the graph out."
        )


def names_of(X_pool: Any, ids: Any, container: str = "X_pool") -> np.ndarray:
    """Return one name per sample: those given, the index of a DataFrame, paths, or positions."""
    n_samples = n_samples_of(X_pool)
    if isinstance(ids, str | bytes | set | frozenset):
        # The characters of a string are no names, and the order of a set is arbitrary.
        raise TypeError(
            f"The 'ids' parameter must be a list or array with one name for each sample. Got "
            f"{shown(ids)} instead."
        )
    if ids is None and hasattr(X_pool, "iloc"):
        return np.asarray(X_pool.index)
    if ids is None and are_paths(X_pool):
        return np.array([os.fspath(path) for path in X_pool])
    if ids is None:
        return np.arange(n_samples)
    names = array_of(ids)
    if not hasattr(ids, "dtype") and isinstance(ids, Collection) and names.tolist() != list(ids):
        # numpy converts 1 and "a" to strings, and tuples to rows.
        names = np.fromiter(ids, dtype=object, count=len(ids))
    if names.ndim != 1:
        got = f"an array of shape {names.shape}" if names.ndim else shown(ids)
        raise ValueError(
            f"The 'ids' parameter must be a list or array with one name for each sample. Got {got} "
            "instead. Hint: a name of several parts must be a tuple."
        )
    if len(names) != n_samples:
        raise ValueError(
            f"There are {len(names)} ids for the {n_samples} samples of {container}. Hint: pass "
            "one id for each sample."
        )
    return names
