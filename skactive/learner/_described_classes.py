"""Raw samples that describe classes, as features of a classifier."""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline

from skactive._engine.class_descriptions import check_embedded, name_of
from skactive._rows import n_samples_of


def describe(classifier: Any, described: list[tuple[Any, Any]], steps: Pipeline | None) -> None:
    """Set the class descriptions of a classifier to features, or raise.

    Parameters
    ----------
    classifier : classifier
        It has a parameter `class_descriptions`. Without descriptions it is not changed.
    described : list of (label, samples)
        The classes and their descriptions.
    steps : Pipeline or None
        The fitted steps before the classifier.
    """
    if not described:
        return
    if "class_descriptions" not in classifier.get_params(deep=False):
        raise TypeError(
            f"class_descriptions was passed, but {type(classifier).__name__} has no parameter of "
            "this name. Hint: use IncrementalLabelSpreading()."
        )
    features = {}
    for label, samples in described:
        name, n_samples = name_of(label), n_samples_of(samples)
        try:
            features[label] = samples if steps is None else steps.transform(samples)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            fact = " ".join(str(error).split()).rstrip(".")
            raise kind(
                f"The steps before the classifier cannot transform {name}: {fact}. Hint: describe "
                "classes by samples of the kind of X_pool."
            ) from error
        if n_samples_of(features[label]) != n_samples:
            raise ValueError(
                f"{name} has {n_samples} samples, but the steps before the classifier return "
                f"{n_samples_of(features[label])} rows. Hint: describe classes by samples of the "
                "kind of X_pool."
            )
        check_embedded(label, samples, features[label])
    classifier.set_params(class_descriptions=features)
