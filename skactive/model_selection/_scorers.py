"""Scorers of labelling curves, for scikit-learn's searches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import get_scorer
from sklearn.pipeline import Pipeline

from skactive._engine.label_arrays import union
from skactive._rows import check_is_samples
from skactive._text import shown
from skactive.model_selection._areas import mean_height
from skactive.model_selection._budgeted import BudgetedEstimator
from skactive.model_selection._held_out_evaluator import HeldOutEvaluator
from skactive.model_selection._recorded_predictions import recorded_stages
from skactive.model_selection._scoring import (
    Scorer,
    check_recorded_scorer,
    reads_only_predictions,
    usual_scoring,
)
from skactive.model_selection._several_labels import set_scorer


def area_under_labeling_curve(
    estimator: Any,  # a budgeted estimator, a Pipeline or a search
    X: Any,  # samples of any kind
    y: ArrayLike,
    *,
    scoring: str | Scorer | None = None,
) -> float:
    """Score a budgeted estimator by its whole labelling curve, not only by its end.

    Pass it as ``scoring`` to `GridSearchCV` and other searches: of two strategies with the same
    final score, the one with higher scores early is better. For another score pass
    ``functools.partial(area_under_labeling_curve, scoring="balanced_accuracy")``.

    Parameters
    ----------
    estimator : BudgetedClassifier or BudgetedRegressor
        Fitted; or a Pipeline that ends in one, or a search whose best estimator is one.
    X : array-like of length n_samples
        Held-out samples.
    y : array-like of shape (n_samples,)
        Their labels.
    scoring : str or callable, default=None
        The score after each label, as for `sklearn.metrics.get_scorer`. None takes 'accuracy' for
        classes and 'r2' for numbers. Classes without a label yet have probability 0. A function
        gets the estimator fitted to the labels so far; see `compare_strategies`.

    Returns
    -------
    area : float
        The mean height of the curve from the first label to the last, by the trapezoidal rule,
        in units of the score.

    Raises
    ------
    TypeError
        If `estimator` has no stages, or lacks a method that the score needs.

    See Also
    --------
    labels_to_score : Number of labels to reach a score.
    StrategyComparison.area_under_curve : The same for compared strategies.

    Notes
    -----
    Cost: that of `BudgetedClassifier.staged_predict`, and one score for each label.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skactive.model_selection import BudgetedClassifier, area_under_labeling_curve
    >>> X, y = load_digits(return_X_y=True)
    >>> classifier = BudgetedClassifier(budget=60).fit(X[:1000], y[:1000])
    >>> area = area_under_labeling_curve(classifier, X[1000:], y[1000:])
    >>> bool(0.5 < area < classifier.score(X[1000:], y[1000:]))
    True
    """
    scores = stage_scores("area_under_labeling_curve", estimator, X, y, scoring)
    return float(mean_height(np.arange(1, len(scores) + 1), scores))


def labels_to_score(score: float, *, scoring: str | Scorer | None = None) -> LabelsToScore:
    """Make a scorer that counts the labels a budgeted estimator needs to reach a score.

    Parameters
    ----------
    score : float
        The score to reach.
    scoring : str or callable, default=None
        The score after each label, as for `area_under_labeling_curve`.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y)`` returns minus the number of labels after which the score is
        first reached, since searches maximise; minus (labels used + 1) if it is never reached. It
        can be pickled, cloned and compared.

    See Also
    --------
    area_under_labeling_curve : Also ranks strategies that do not reach the score.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skactive.model_selection import BudgetedClassifier, labels_to_score
    >>> X, y = load_digits(return_X_y=True)
    >>> classifier = BudgetedClassifier(budget=60).fit(X[:1000], y[:1000])
    >>> labels_to_score(0.999)(classifier, X[1000:], y[1000:])
    -61.0
    """
    if isinstance(score, bool) or not isinstance(score, Real) or not np.isfinite(score):
        raise TypeError(
            "The 'score' parameter of labels_to_score must be a finite number. "
            f"Got {shown(score)} instead."
        )
    return LabelsToScore(score, scoring)


@dataclass(frozen=True)
class LabelsToScore:
    """The scorer that `labels_to_score` returns."""

    score: float
    scoring: str | Scorer | None

    def __call__(self, estimator: Any, X: Any, y: ArrayLike) -> float:
        scores = stage_scores("labels_to_score", estimator, X, y, self.scoring)
        reached = np.flatnonzero(scores >= self.score)
        return -float(reached[0] + 1 if len(reached) else len(scores) + 1)


def stage_scores(
    owner: str, estimator: Any, X: Any, y: ArrayLike, scoring: str | Scorer | None
) -> np.ndarray:
    """Return the score after each label, shape (n_labeled,)."""
    budgeted, steps = _budgeted(owner, estimator)
    target = budgeted.target
    are_classes = target.kind == "categorical"
    scoring = usual_scoring(owner, scoring, target)
    check_is_samples(X, "X")
    samples = Pipeline(steps).transform(X) if steps else X
    labels = budgeted.recorded(y)
    if are_classes and scoring == "accuracy":
        stages = budgeted.staged_predict(samples)
        return np.array([np.mean(predicted == labels) for predicted in stages])
    scorer = set_scorer(scoring) if target.kind == "multilabel" else get_scorer(scoring)
    if not are_classes:
        check_recorded_scorer(scorer, scoring, X, labels, target)
    features = budgeted.features(samples)
    if budgeted.final_estimator_ is not budgeted.estimator_:
        steps = [*steps, *budgeted.estimator_.steps[:-1]]
    if steps and not reads_only_predictions(scorer):
        scorer = _with_steps(scorer, steps, X)
    try:
        return np.array(list(_scored_stages(budgeted, features, labels, scorer)), dtype=float)
    except AttributeError as error:
        learned = type(budgeted.final_estimator_).__name__
        score = usual_scoring(owner, None, target)
        remedy = ", or a classifier with predict_proba" if are_classes else ""
        raise TypeError(
            f"scoring={scoring!r} needs a method that {learned} does not have: {error}. Hint: "
            f"choose a score of predictions, such as {score!r}{remedy}."
        ) from error


def _scored_stages(
    budgeted: BudgetedEstimator, features: Any, labels: np.ndarray, scorer: Scorer
) -> Iterator[float]:
    are_classes = budgeted.target.kind == "categorical"
    classes = union(budgeted.classes_, labels) if are_classes else np.empty(0)
    if budgeted.learns_at_once and reads_only_predictions(scorer):
        for recorded in recorded_stages(budgeted.final_estimator_, features, classes):
            yield scorer(recorded, features, labels)
        return
    evaluator: HeldOutEvaluator | None = None
    for learner in budgeted.staged_learners():
        evaluator = evaluator or HeldOutEvaluator(learner, features, labels, classes, scorer)
        yield evaluator.score()


def _with_steps(scorer: Scorer, steps: list[tuple[str, Any]], X: Any) -> Scorer:
    """Return a scorer that passes the samples as given, and the steps before the classifier."""

    def score(classifier: Any, _: Any, labels: np.ndarray) -> float:
        numbered = [(f"step{place}", step) for place, (_, step) in enumerate(steps)]
        return scorer(Pipeline([*numbered, ("estimator", classifier)]), X, labels)

    return score


def _budgeted(owner: str, estimator: Any) -> tuple[BudgetedEstimator, list[tuple[str, Any]]]:
    """Return the budgeted estimator inside, and the steps before it."""
    inner = getattr(estimator, "best_estimator_", estimator)
    if isinstance(inner, Pipeline) and hasattr(inner[-1], "staged_learners"):
        return inner[-1], inner.steps[:-1]
    if hasattr(inner, "staged_learners"):
        return inner, []
    raise TypeError(
        f"{owner} needs the predictions after each label, which {type(inner).__name__} does not "
        "have. Hint: pass a BudgetedClassifier, BudgetedRegressor or "
        "BudgetedMultiLabelClassifier, or a Pipeline that ends in one."
    )
