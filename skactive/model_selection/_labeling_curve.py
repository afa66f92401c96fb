"""The labelling curve of one strategy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any

from joblib import Memory
from numpy.typing import ArrayLike

from skactive._estimators import check_classifier
from skactive._validation import check_integer, check_strategy
from skactive.base import Classifier
from skactive.learner import default_strategy
from skactive.model_selection._compare_strategies import compare_strategies
from skactive.model_selection._oracle import Oracle
from skactive.model_selection._scoring import Scorer
from skactive.model_selection._strategy_comparison import StrategyComparison
from skactive.strategies import QueryStrategy


def labeling_curve(
    estimator: Classifier | None,
    strategy: QueryStrategy | str | None,
    X: Any,  # samples of any kind
    y: ArrayLike,
    *,
    budget: int = 100,
    batch_size: int = 1,
    cv: Any = 16,  # an int or any splitter
    groups: ArrayLike | None = None,
    scoring: str | Scorer | None = None,
    params: Mapping[str, Any] | None = None,  # arguments of `fit`, of any type
    oracle: Oracle | Callable[..., ArrayLike] | None = None,
    n_jobs: int | None = None,
    random_state: int | None = None,
    memory: str | PathLike[str] | Memory | None = None,
    progress: bool = False,
) -> StrategyComparison:
    """Compute how the score of an estimator grows with the number of labels.

    scikit-learn's `learning_curve` does this for samples drawn at random, `labeling_curve` for
    samples that a strategy queries. The curve shows whether more labels would help, and how many
    a score needs. To choose between strategies, `compare_strategies` uses the same splits for all.

    Parameters
    ----------
    estimator : classifier, regressor or Pipeline
        The classifier; None takes `IncrementalLabelSpreading()`, or
        `IncrementalKNeighborsRegressor()` if a label is a number with a fraction.
    strategy : QueryStrategy
        The query strategy, or its name in `all_strategies`; None takes `UncertaintyHerding()`.
    X : array-like of length n_samples
        Samples; the training part of a split is the pool, with all unlabelled samples.
    y : array-like of shape (n_samples,)
        Their labels; None, NaN and blank strings mark unlabelled samples, see `compare_strategies`.
    budget : int, default=100
        Number of labels, at most the size of the smallest training part.
    batch_size : int, default=1
        Number of samples in each query.
    cv : int or cross-validation generator, default=16
        The splits. An int means that many folds, shuffled by `random_state`. Those of classes are
        stratified; each class needs as many samples.
    groups : array-like of shape (n_samples,), default=None
        Passed to ``cv.split``, for splitters that keep groups together.
    scoring : str or callable, default=None
        The score, as for `sklearn.metrics.get_scorer`. None takes 'accuracy' for classes, 'r2',
        the coefficient of determination, for numbers, and 'f1_micro' for several labels, which
        have 'neg_hamming_loss', too. Classes that have no label yet have
        probability 0. A function ``scoring(estimator, X_test, y_test)`` gets the fitted classifier
        after each batch and predicts anew, which takes about ten times as long with the default
        classifier; a name or a `make_scorer` object reads predictions that are updated.
    params : dict of str to object, default=None
        Arguments of the `fit` of the classifier; see `compare_strategies`.
    oracle : Oracle or callable, default=None
        The source of labels; None takes `y`. See `compare_strategies`.
    n_jobs : int, default=None
        Number of processes, as in joblib; -1 takes all cores.
    random_state : int, default=None
        Seed of the folds, and of the strategy if its own `random_state` is None.
    memory : str, path or joblib.Memory, default=None
        A folder that stores the scores of each loop, so that an interrupted run can continue.
        Needs a `random_state`; see `compare_strategies`.
    progress : bool, default=False
        Whether to show a progress bar, on standard error.

    Returns
    -------
    curve : StrategyComparison
        The labelling curve, under the name that was passed, or that of the strategy's class.

    Raises
    ------
    ValueError
        As raised by `compare_strategies`.

    See Also
    --------
    compare_strategies : The same for several strategies, with label savings and tests.
    skactive.inspection.LabelingCurveDisplay : Draws the curve.

    Notes
    -----
    Cost and memory are those of `compare_strategies`.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skactive.model_selection import labeling_curve
    >>> from skactive.strategies import UncertaintyHerding
    >>> X, y = load_digits(return_X_y=True)
    >>> curve = labeling_curve(None, UncertaintyHerding(), X, y, budget=60, cv=3, random_state=0)
    >>> curve.names
    ('UncertaintyHerding',)
    >>> bool(curve.mean_scores[0, 59] > curve.mean_scores[0, 19])
    True
    """
    if estimator is not None:
        order = "the order is labeling_curve(estimator, strategy, X, y)."
        check_classifier(estimator, hint=order, or_regressor=True)
    check_integer("labeling_curve", "budget", budget, minimum=1)
    check_integer("labeling_curve", "batch_size", batch_size, minimum=1)
    name = strategy if isinstance(strategy, str) else None
    strategy = default_strategy() if strategy is None else check_strategy(strategy)
    return compare_strategies(
        estimator,
        {name or type(strategy).__name__: strategy},
        X,
        y,
        budget=budget,
        batch_size=batch_size,
        cv=cv,
        groups=groups,
        scoring=scoring,
        params=params,
        oracle=oracle,
        n_jobs=n_jobs,
        random_state=random_state,
        memory=memory,
        progress=progress,
    )
