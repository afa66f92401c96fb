"""The labelling curve of one strategy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from skactive._validation import check_integer
from skactive.learner import default_strategy
from skactive.model_selection._compare_strategies import compare_strategies
from skactive.model_selection._strategy_comparison import StrategyComparison


def labeling_curve(
    estimator: Any,
    strategy: Any,
    X: Any,
    y: Any,
    *,
    budget: int = 100,
    batch_size: int = 1,
    cv: Any = 16,
    groups: Any = None,
    scoring: Any = "accuracy",
    params: Mapping[str, Any] | None = None,
    oracle: Any = None,
    n_jobs: int | None = None,
    random_state: int | None = None,
    memory: Any = None,
    progress: bool = False,
) -> StrategyComparison:
    """Find out how the score grows with the number of labels asked for.

    It is to the labels of one strategy what scikit-learn's `learning_curve` is to samples drawn
    at random: it tells whether more labels would help, and how many a score takes. To choose
    between strategies, `compare_strategies` plays them on the same splits.

    Parameters
    ----------
    estimator : classifier or Pipeline
        The classifier that learns; None takes `IncrementalLabelSpreading()`.
    strategy : QueryStrategy
        Which samples to ask about; None takes `UncertaintyHerding()`.
    X : array-like of length n_samples
        Samples; the training part of a split is the pool.
    y : array-like of shape (n_samples,)
        Their labels.
    budget : int, default=100
        How many labels may be asked for, at most the size of the smallest training part.
    batch_size : int, default=1
        How many samples are asked about at once.
    cv : int or cross-validation generator, default=16
        The splits. An int stands for that many stratified folds, shuffled by `random_state`;
        each class needs as many samples.
    groups : array-like of shape (n_samples,), default=None
        Passed to ``cv.split``, for splitters that keep groups together.
    scoring : str or callable, default='accuracy'
        The score, as `sklearn.metrics.get_scorer` knows it. Classes that were not met yet have
        probability 0.
    params : dict of str to object, default=None
        Arguments of the `fit` of the classifier that learns; see `compare_strategies`.
    oracle : Oracle or callable, default=None
        Who answers, where it is not `y`; see `compare_strategies`.
    n_jobs : int, default=None
        How many processes share the splits, as in joblib; -1 takes all cores.
    random_state : int, default=None
        Seed of the folds and of the strategy where its own `random_state` is None.
    memory : str, path or joblib.Memory, default=None
        A folder that stores the scores of each loop, so that an interrupted run can continue.
        Needs a `random_state`; see `compare_strategies`.
    progress : bool, default=False
        Whether to show a progress bar, on standard error.

    Returns
    -------
    curve : StrategyComparison
        The labelling curve, under the name of the strategy's class.

    Raises
    ------
    ValueError
        For what `compare_strategies` refuses.

    See Also
    --------
    compare_strategies : The same for several strategies, with label savings and tests.
    skactive.inspection.LabelingCurveDisplay : Draws the curve.

    Notes
    -----
    Cost and memory are those of `compare_strategies`, which does the work.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skactive.model_selection import labeling_curve
    >>> from skactive.strategies import CDFProduct
    >>> X, y = load_digits(return_X_y=True)
    >>> curve = labeling_curve(None, CDFProduct(), X, y, budget=60, cv=3, random_state=0)
    >>> curve.names
    ('CDFProduct',)
    >>> bool(curve.mean_scores[0, 59] > curve.mean_scores[0, 19])
    True
    """
    check_integer("labeling_curve", "budget", budget, minimum=1)
    check_integer("labeling_curve", "batch_size", batch_size, minimum=1)
    strategy = default_strategy() if strategy is None else strategy
    return compare_strategies(
        estimator,
        {type(strategy).__name__: strategy},
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
