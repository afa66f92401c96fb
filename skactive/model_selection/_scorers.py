"""What a labelling curve is worth, in one number that scikit-learn's searches can maximise."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from sklearn.metrics import get_scorer
from sklearn.pipeline import Pipeline

from skactive._engine.labels import check_labels
from skactive.model_selection._areas import mean_height
from skactive.model_selection._budgeted_classifier import BudgetedClassifier
from skactive.model_selection._held_out_evaluator import HeldOutEvaluator, RecordedPredictions


def area_under_labeling_curve(
    estimator: Any, X: Any, y: Any, *, scoring: Any = "accuracy"
) -> float:
    """Score a fitted `BudgetedClassifier` by its whole labelling curve, not by its end alone.

    Pass it as ``scoring`` to `GridSearchCV` and friends: a strategy that is good early is worth
    more than one that is as good in the end. For another score pass
    ``functools.partial(area_under_labeling_curve, scoring="balanced_accuracy")``.

    Parameters
    ----------
    estimator : BudgetedClassifier
        Fitted; or a Pipeline that ends in one, or a search whose best estimator is one.
    X : array-like of length n_samples
        Samples that were held out.
    y : array-like of shape (n_samples,)
        Their labels.
    scoring : str or callable, default='accuracy'
        The score after each answer, as `sklearn.metrics.get_scorer` knows it. Classes that were
        not met yet have probability 0.

    Returns
    -------
    area : float
        The mean height of the curve from the first answer to the last, by the trapezoidal rule,
        in units of the score.

    Raises
    ------
    TypeError
        If `estimator` has no stages, or lacks what the score asks for.

    See Also
    --------
    labels_to_score : How many labels a score takes.
    StrategyComparison.area_under_curve : The same of whole strategies.

    Notes
    -----
    Cost: that of `BudgetedClassifier.staged_predict`, and one score for each answer.

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


def labels_to_score(score: float, *, scoring: Any = "accuracy") -> LabelsToScore:
    """Make a scorer that counts the labels a `BudgetedClassifier` needs to reach a score.

    Parameters
    ----------
    score : float
        The score to reach.
    scoring : str or callable, default='accuracy'
        The score after each answer, as `sklearn.metrics.get_scorer` knows it.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y)`` is minus the number of labels after which the score is first
        reached, since searches maximise; minus (labels used + 1) where it never is. It can be
        pickled, cloned and compared.

    See Also
    --------
    area_under_labeling_curve : Tells apart also what does not reach the score.

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
            f"Got {score!r} instead."
        )
    return LabelsToScore(score, scoring)


@dataclass(frozen=True)
class LabelsToScore:
    """The scorer that `labels_to_score` makes."""

    score: float
    scoring: Any

    def __call__(self, estimator: Any, X: Any, y: Any) -> float:
        scores = stage_scores("labels_to_score", estimator, X, y, self.scoring)
        reached = np.flatnonzero(scores >= self.score)
        return -float(reached[0] + 1 if len(reached) else len(scores) + 1)


def stage_scores(who: str, estimator: Any, X: Any, y: Any, scoring: Any) -> np.ndarray:
    """Return the score after each answer, shape (n_labeled,)."""
    budgeted, X = _budgeted(who, estimator, X)
    labels = check_labels(y)
    if scoring == "accuracy":
        return np.array([np.mean(said == labels) for said in budgeted.staged_predict(X)])
    scorer = get_scorer(scoring)
    classes = np.union1d(budgeted.classes_, labels)
    try:
        if budgeted.learns_at_once:
            columns = np.searchsorted(classes, budgeted.classes_)
            scores = []
            for met in budgeted.staged_predict_proba(X):
                probabilities = np.zeros((len(labels), len(classes)))
                probabilities[:, columns] = met
                scores.append(scorer(RecordedPredictions(classes, probabilities), X, labels))
            return np.array(scores, dtype=float)
        features = budgeted.features(X)
        return np.array(
            [
                HeldOutEvaluator(learner, features, labels, classes, scorer).score()
                for learner in budgeted.staged_learners()
            ]
        )
    except AttributeError as error:
        classifier = type(budgeted.classifier_).__name__
        raise TypeError(
            f"scoring={scoring!r} asks for what {classifier} does not have: {error}. Hint: choose "
            "a score of predictions, such as 'accuracy', or a classifier with predict_proba."
        ) from error


def _budgeted(who: str, estimator: Any, X: Any) -> tuple[BudgetedClassifier, Any]:
    """Return the BudgetedClassifier inside, and the samples as it sees them."""
    inner = getattr(estimator, "best_estimator_", estimator)
    if isinstance(inner, Pipeline):
        if isinstance(inner[-1], BudgetedClassifier):
            return inner[-1], X if len(inner) == 1 else inner[:-1].transform(X)
    elif isinstance(inner, BudgetedClassifier):
        return inner, X
    raise TypeError(
        f"{who} asks for the predictions after each label, which {type(inner).__name__} does not "
        "have. Hint: pass a BudgetedClassifier, or a Pipeline that ends in one."
    )
