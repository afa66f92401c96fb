"""The kind of labels that an estimator learns, and what cannot be used with it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import is_classifier, is_regressor
from sklearn.utils import get_tags

from skactive._contracts._target import Target
from skactive._engine.continuous import CONTINUOUS
from skactive._engine.labels import CATEGORICAL, check_labels, label_values
from skactive._engine.multi_label import MultiLabelTarget
from skactive._estimators import classifier_of
from skactive._text import shown

SETS = MultiLabelTarget()

# What to use in place of a part that needs labels of another kind.
HINTS = {
    "multilabel": 'Hint: the guide "Several labels of each sample" lists the parts for them, such '
    "as LabelUncertainty.",
    "categorical": "Hint: numbers need a regressor, and several labels a MultiLabelTarget.",
    "continuous": 'Hint: the guide "Regression" lists the parts for numbers, such as '
    "PredictiveVariance.",
}


# The kinds of labels that can be replayed and drawn.
RECORDED = frozenset({"categorical", "continuous"})


def target_of(estimator: Any, target: Target | None = None) -> Target:
    """Return the kind of labels: the given one, or that of an estimator or Pipeline.

    Parameters
    ----------
    estimator : estimator or None
        A regressor learns continuous labels, a classifier that learns nothing but several labels
        of each sample learns sets of labels, and any other estimator categorical ones.
    target : Target or None
        Overrides it.
    """
    if target is not None:
        if not isinstance(target, Target):
            raise TypeError(
                "The 'target' parameter must be a skactive.base.Target, such as "
                f"ContinuousTarget(), or None. Got {shown(target)} instead."
            )
        _check_learns(estimator, target)
        return target
    # Objects without scikit-learn's tags, as strategies of other tools get them, are classifiers.
    if not hasattr(estimator, "__sklearn_tags__"):
        return CATEGORICAL
    if is_regressor(estimator):
        return CONTINUOUS
    # A Pipeline has not all tags of its last step.
    return CATEGORICAL if get_tags(classifier_of(estimator)).target_tags.single_output else SETS


def _check_learns(estimator: Any, target: Target) -> None:
    """Raise if a regressor gets labels that are no numbers, or a classifier numbers."""
    if not hasattr(estimator, "__sklearn_tags__"):
        return
    if target.kind == CONTINUOUS.kind and is_classifier(estimator):
        wanted = "regressor"
    elif target.kind in {CATEGORICAL.kind, SETS.kind} and is_regressor(estimator):
        wanted = "classifier"
    else:
        return
    raise TypeError(
        f"{type(target).__name__} needs a {wanted}. Got {type(classifier_of(estimator)).__name__} "
        f"instead. Hint: pass a {wanted}, or leave the target out."
    )


def recorded_labels(y: ArrayLike, target: Target) -> np.ndarray:
    """Return the labels of a data set as an array, or raise; strings are kept as they are."""
    return check_labels(y) if target.kind == "categorical" else target.validate(y)


def have_fractions(y: Any) -> bool:
    """Return whether labels are numbers, and one of them is no whole number."""
    values = label_values(y)
    if values.dtype.kind == "O":
        values = np.array([one for one in values.ravel().tolist() if isinstance(one, float)])
    if values.dtype.kind != "f":
        return False
    numbers = values[np.isfinite(values)]
    return bool((numbers != np.floor(numbers)).any())


def check_no_classes(target: Target, classes: Any, strict_classes: Any = False) -> None:
    """Raise if classes are given for labels that have none."""
    if target.kind == "multilabel":
        if classes is not None:
            raise ValueError(
                "`classes` were passed beside a target of several labels. Hint: pass them as "
                "target=MultiLabelTarget(classes)."
            )
        return
    if target.kind != "categorical" and (classes is not None or strict_classes):
        raise ValueError(
            f"`classes` were passed, but labels are {target.kind}, and have no classes. Hint: "
            "leave `classes` and `strict_classes` out, or pass a classifier."
        )


def check_part(part: Any, target: Target) -> None:
    """Raise if a part, or a measure inside it, needs labels of another kind."""
    # A strategy checks its measures, too.
    if hasattr(part, "check_target"):
        part.check_target(target)
    check_kind(part, target.kind)


def check_kind(part: Any, kind: str) -> None:
    """Raise if a measure or strategy needs labels of another kind.

    Parameters
    ----------
    part : object
        With `target_kinds`, the kinds that it can be used with; None means any.
    kind : str
        The kind of labels of a pool.
    """
    kinds = getattr(part, "target_kinds", None)
    if kinds is not None:
        name = getattr(part, "name_of_kind_error", type(part).__name__)
        check_one_of(name, kind, kinds)


def check_one_of(name: str, kind: str, kinds: Collection[str] = RECORDED) -> None:
    """Raise unless a kind of labels is one of those that a part of a name can be used with."""
    if kind not in kinds:
        raise TypeError(
            f"{name} needs {' or '.join(sorted(kinds))} labels. Got {kind} labels "
            f"instead. {HINTS[kind]}"
        )
