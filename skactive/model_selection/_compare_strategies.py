"""Simulated labelling loops of several strategies on the same splits."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import joblib
import numpy as np
import sklearn
from numpy.typing import ArrayLike
from sklearn import get_config
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_consistent_length

from skactive import __version__
from skactive._engine.cache import LOOP_CACHE
from skactive._engine.targets import check_part, have_fractions
from skactive._estimators import check_classifier, classifier_of
from skactive._fit_params import per_sample
from skactive._progress import ProgressBar
from skactive._random_state import seeded
from skactive._rows import check_is_samples, take_rows
from skactive._text import shown
from skactive._validation import (
    check_integer,
    check_jobs,
    check_mapping,
    check_strategy,
)
from skactive.base import Classifier, Target, TransductiveEstimator
from skactive.learner import ActiveLearner, default_classifier, default_regressor
from skactive.model_selection._held_out_evaluator import HeldOutEvaluator
from skactive.model_selection._label_source import check_oracle, label_source
from skactive.model_selection._loop_folder import loop_storage
from skactive.model_selection._oracle import Oracle
from skactive.model_selection._partial_labels import known_labels
from skactive.model_selection._scoring import Scorer, name_of, scorer_of, usual_scoring
from skactive.model_selection._several_labels import have_several, recorded_target
from skactive.model_selection._simulation import simulate
from skactive.model_selection._splits import check_variety, splits_of
from skactive.model_selection._strategy_comparison import StrategyComparison
from skactive.model_selection._usable_strategies import usable_strategies
from skactive.semi_supervised import IncrementalMultiLabelSpreading
from skactive.strategies import QueryStrategy

_ORDER = "compare_strategies(estimator, strategies, X, y)"


def compare_strategies(
    estimator: Classifier | None,
    strategies: Mapping[str, QueryStrategy | str] | Sequence[str] | None,
    X: Any,  # samples of any kind
    y: ArrayLike,
    *,
    budget: int = 100,
    batch_size: int = 1,
    cv: Any = 5,  # an int or any splitter
    groups: ArrayLike | None = None,
    scoring: str | Scorer | None = None,
    params: Mapping[str, Any] | None = None,  # arguments of `fit`, of any type
    oracle: Oracle | Callable[..., ArrayLike] | None = None,
    n_jobs: int | None = None,
    random_state: int | None = None,
    memory: str | os.PathLike[str] | joblib.Memory | None = None,
    progress: bool = False,
) -> StrategyComparison:
    """Simulate the labelling loop with each strategy on each split, and score after each answer.

    Parameters
    ----------
    estimator : classifier, regressor or Pipeline
        The classifier; None takes `IncrementalLabelSpreading()`. With a regressor, labels are
        numbers. None takes `IncrementalKNeighborsRegressor()` if a label is a number with a
        fraction, such as 0.5, and `IncrementalMultiLabelSpreading()` for several labels.
    strategies : dict of str to QueryStrategy, list of str, str or None
        The strategies by name; a string takes one of `all_strategies`, and a list of such names
        takes these. None takes all that can be used with the labels and the estimator. If it has
        neither probabilities nor standard deviations, a warning names those that are left out.
    X : array-like of length n_samples
        Samples; the training part of a split is the pool, with all unlabelled samples.
    y : array-like of shape (n_samples,) or (n_samples, n_labels)
        Their labels, an indicator matrix or sets of labels if each has several; None, NaN and blank
        strings mark unlabelled samples. The splits are those of the labelled samples. Unlabelled
        samples take part in the neighbour graph and in densities, but a simulation cannot query
        them.
    budget : int, default=100
        Number of labels, at most the size of the smallest training part.
    batch_size : int, default=1
        Number of samples in each query.
    cv : int or cross-validation generator, default=5
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
        Arguments of the `fit` of the classifier, such as ``{"sample_weight": weights}``. Arrays
        with an entry per sample are restricted to the labelled samples.
    oracle : Oracle, callable or None, default=None
        The source of labels, as in `BudgetedClassifier`; None takes `y`. All strategies of a
        split get the same errors. A function gets positions in X. Scores are computed against
        the true labels, and the score with every label uses the true labels.
    n_jobs : int, default=None
        Number of processes, as in joblib; -1 takes all cores.
    random_state : int, default=None
        Seed of the folds, and of strategies and an oracle whose own `random_state` is None. The
        errors of the oracle differ between splits.
    memory : str, path or joblib.Memory, default=None
        A folder that stores the scores of each loop as soon as the loop is done. A run that was
        interrupted, or one with more strategies, computes only the missing loops. Needs a
        `random_state`. A loop is recognised by its arguments, all of which must be picklable: the
        estimator, the strategy, the scorer and the oracle with their parameters, X, y, the split,
        the seed, the budget, the batch size, `params`, and the releases of skactive and
        scikit-learn. The source of your own classes and functions is no part of that: after a
        change there, use another folder. The scores are JSON, and no file of the folder is
        executed; a damaged one is computed again. A `joblib.Memory` reads pickles instead, which
        can execute code: pass one only if you trust its folder.
    progress : bool, default=False
        Whether to show a progress bar, on standard error.

    Returns
    -------
    comparison : StrategyComparison
        The labelling curves.

    Raises
    ------
    ValueError
        If the budget is larger than a training part, a class has fewer samples than there are
        folds, all labels are equal or there are none, the score needs probabilities that the
        estimator does not have or is for another kind of labels, or lengths differ.
    TypeError
        If a strategy or the oracle needs another kind of labels.

    See Also
    --------
    labeling_curve : The same for one strategy.
    BudgetedClassifier, BudgetedRegressor, BudgetedMultiLabelClassifier : One loop as an estimator.

    Notes
    -----
    The cost is that of ``n_splits * len(strategies)`` loops: in each, `budget` answers, the
    queries of the strategy, and a prediction of the test part after each batch. With
    `IncrementalKNeighborsClassifier` the test part is predicted once for all stages, unless
    `scoring` is a function, and an answer with its score costs O((n_train + n_test) ·
    n_features). The loops of a split that run in one process share the neighbour graph, densities
    and clusterings, up to a quarter of scikit-learn's ``working_memory``; processes map the
    features from one file. Results do not depend on `n_jobs`.

    If there are more strategies than processes, those that would wait for the loops of others
    run one query first, so that their errors are raised early.

    With `memory`, a splitter that shuffles needs a `random_state` of its own to return the same
    splits again.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skactive.model_selection import compare_strategies
    >>> from skactive.strategies import RandomSampling, UncertaintyHerding
    >>> X, y = load_digits(return_X_y=True)
    >>> comparison = compare_strategies(
    ...     None, {"random": RandomSampling(), "herding": UncertaintyHerding()}, X, y,
    ...     budget=60, cv=3, random_state=0,
    ... )
    >>> random, herding = comparison.area_under_curve().mean(axis=1)
    >>> bool(herding > random)
    True
    """
    estimator = default_estimator(y) if estimator is None else estimator
    check_classifier(estimator, hint=f"the order is {_ORDER}.", or_regressor=True)
    estimator, target = clone(estimator), recorded_target(estimator, y)
    if strategies is not None:
        strategies = _checked_strategies(strategies, target)
    check_is_samples(X, "X")
    params = check_mapping("compare_strategies", "params", params, "names of arguments")
    labels, labeled, unlabeled = known_labels(y, target)
    check_consistent_length(X, np.concatenate([labeled, unlabeled]))
    check_variety(labels, target)
    if random_state is not None:
        check_integer("compare_strategies", "random_state", random_state, minimum=0)
    check_jobs("compare_strategies", n_jobs)
    scoring = usual_scoring("compare_strategies", scoring, target)
    budget = check_integer("compare_strategies", "budget", budget, minimum=1)
    batch_size = check_integer("compare_strategies", "batch_size", batch_size, minimum=1)
    check_oracle("compare_strategies", oracle, target)
    X_labeled = take_rows(X, labeled) if len(unlabeled) else X
    scorer = scorer_of(scoring, target, estimator, X_labeled, labels)
    if strategies is None:
        strategies = usable_strategies(estimator, target, X_labeled, labels)
    task = Task(estimator, X, labels, labeled, unlabeled, scorer, dict(params), target)
    if groups is not None:
        check_is_samples(groups, "groups")
        check_consistent_length(X, groups)
        groups = take_rows(np.asarray(groups), labeled)
    splits = splits_of(cv, labels, groups, random_state, target)
    n_train = np.array([len(train) for train, _ in splits])
    if budget > n_train.min():
        raise ValueError(
            f"budget={budget} is larger than the smallest training part, which has "
            f"{n_train.min()} samples. Hint: choose a smaller budget or more folds."
        )
    noise = np.random.SeedSequence(random_state).generate_state(len(splits)).tolist()
    seeds: list[Any] = [None] * len(splits) if random_state is None else noise
    storage = loop_storage(memory)
    if random_state is None and storage.location is not None:
        raise ValueError(
            "With random_state=None every run draws other splits and seeds, so `memory` cannot "
            "return a stored loop. Hint: pass a seed, such as random_state=0."
        )
    # A memory-mapped X of a worker process has the same hash as X itself.
    curve, full_score = (storage.cache(call, mmap_mode="r") for call in (_curve, _full_score))
    calls: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
        (curve, (task, strategy, split, seed, budget, batch_size, oracle, errs))
        for split, seed, errs in zip(splits, seeds, noise, strict=True)
        for strategy in strategies.values()
    ]
    calls += [(full_score, (task, split)) for split in splits]
    n_curves = len(splits) * len(strategies)
    n_workers = joblib.effective_n_jobs(n_jobs)
    if len(strategies) > n_workers:
        missing = [
            strategy
            for strategy, (_, arguments) in zip(strategies.values(), calls, strict=False)
            if not curve.check_call_in_cache(*arguments)
        ]
        _query_once(task, missing[n_workers:], take_rows(X, task.pool_rows(splits[0][0])))
    results = _results(calls, n_jobs, progress=progress)
    curves = np.array(results[:n_curves]).reshape(len(splits), len(strategies), -1)
    n_labels = np.minimum(np.arange(1, curves.shape[2] + 1) * batch_size, budget)
    return StrategyComparison(
        names=tuple(strategies),
        n_labels=n_labels,
        test_scores=curves.transpose(1, 0, 2).copy(),
        full_scores=np.array(results[n_curves:]),
        scoring=name_of(scoring),
        n_train=n_train,
        n_test=np.array([len(test) for _, test in splits]),
        n_unlabeled=len(unlabeled),
        kind=target.kind,
    )


def default_estimator(y: Any) -> Any:
    """Return the estimator that None stands for: by the kind of labels."""
    if have_several(y):
        return IncrementalMultiLabelSpreading()
    return default_regressor() if have_fractions(y) else default_classifier()


def _checked_strategies(strategies: Any, target: Target) -> dict[str, Any]:
    """Return query strategies by name, those of the registry for names."""
    if isinstance(strategies, str):
        strategies = [strategies]
    if isinstance(strategies, list | tuple) and all(isinstance(one, str) for one in strategies):
        strategies = {name: name for name in strategies}
    if not isinstance(strategies, Mapping):
        raise TypeError(
            "`strategies` must be a dict of query strategies by name, such as "
            "{'herding': UncertaintyHerding()}, or a list of names. "
            f"Got {shown(strategies)} instead."
        )
    if not strategies:
        raise ValueError(
            "`strategies` is empty. Hint: pass a dict such as {'herding': UncertaintyHerding()}."
        )
    checked = {name: check_strategy(strategy) for name, strategy in strategies.items()}
    for strategy in checked.values():
        check_part(strategy, target)
    return checked


def _query_once(task: Task, strategies: list[Any], X_train: Any) -> None:
    """Run one query of each strategy, so that its errors show before the loops of the others."""
    if strategies:
        pool = ActiveLearner(
            clone(task.estimator), strategies[0], X_train, target=task.target, cache=LOOP_CACHE
        ).pool
        for strategy in strategies:
            clone(strategy).select(pool)


def _results(
    calls: list[tuple[Callable[..., Any], tuple[Any, ...]]], n_jobs: int | None, *, progress: bool
) -> list[Any]:
    """Return the results of calls in their order; the progress bar moves when any is done."""
    # joblib 1.3 has the ordered generator alone, with which the bar waits for the slowest call.
    unordered = tuple(map(int, joblib.__version__.split(".")[:2])) >= (1, 4)
    finished = joblib.Parallel(
        n_jobs=n_jobs, return_as="generator_unordered" if unordered else "generator"
    )(joblib.delayed(_numbered)(number, *call) for number, call in enumerate(calls))
    bar = ProgressBar(finished, total=len(calls), desc="labelling loops", disable=not progress)
    return [result for _, result in sorted(bar, key=lambda pair: pair[0])]


def _numbered(number: int, call: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[int, Any]:
    return number, call(*arguments)


@dataclass(frozen=True)
class Task:
    """The part of a call that all loops of a comparison have in common."""

    estimator: Classifier
    X: Any = field(repr=False)  # joblib stores the representations beside each result
    # Splits are positions in `labels`; these are the labels of the rows `labeled` of X.
    labels: np.ndarray = field(repr=False)
    labeled: np.ndarray = field(repr=False)
    unlabeled: np.ndarray = field(repr=False)
    scorer: Scorer | None
    params: dict[str, Any] = field(repr=False)
    target: Target
    # With another release the results may differ: `memory` stores them separately.
    releases: tuple[str, str] = field(default_factory=lambda: (__version__, sklearn.__version__))

    def pool_rows(self, train: np.ndarray) -> np.ndarray:
        """Return the rows of X in the pool of a split: the training part, then the unlabelled."""
        return np.concatenate([self.labeled[train], self.unlabeled])

    def fit_params(self, rows: np.ndarray) -> dict[str, Any]:
        """Return the arguments of `fit` for some rows of X."""
        return per_sample(self.params, rows, len(self.labeled) + len(self.unlabeled))


def _curve(
    task: Task,
    strategy: QueryStrategy,
    split: tuple[np.ndarray, np.ndarray],
    seed: int | None,
    budget: int,
    batch_size: int,
    oracle: Oracle | Callable[..., ArrayLike] | None,
    noise: int,
) -> list[float]:
    """Return the scores of one strategy on one split, one for each batch."""
    train, test = split
    rows = task.pool_rows(train)
    learner = ActiveLearner(
        clone(task.estimator),
        seeded(strategy, seed),
        take_rows(task.X, rows),
        fit_params=task.fit_params(rows),
        target=task.target,
        cache=LOOP_CACHE,
    ).skip(np.arange(len(train), len(rows)))
    evaluator = _evaluator(task, learner, test, may_defer=oracle is None)
    positions, target = task.labeled[train], task.target
    answers = label_source(
        oracle, task.labels, noise, rows=train, positions=positions, target=target
    )
    scores = [
        evaluator.score(revised=answers.revised)
        for _ in simulate(learner, budget=budget, batch_size=batch_size, label_source=answers)
        if not evaluator.is_deferred
    ]
    return list(evaluator.staged_scores(batch_size)) if evaluator.is_deferred else scores


def _evaluator(
    task: Task, learner: ActiveLearner, test: np.ndarray, *, may_defer: bool = False
) -> HeldOutEvaluator:
    """Return the scores of a learner on the test part of a split."""
    return HeldOutEvaluator(
        learner,
        take_rows(task.X, task.labeled[test]),
        task.labels[test],
        np.unique(task.labels) if task.target.kind == "categorical" else np.empty(0),
        task.scorer,
        may_defer=may_defer,
    )


def _full_score(task: Task, split: tuple[np.ndarray, np.ndarray]) -> float:
    """Return the score on one split with every label of the training part."""
    train, test = split
    estimator = clone(task.estimator)
    learns_from_pool = isinstance(classifier_of(estimator), TransductiveEstimator)
    if learns_from_pool or task.target.kind == "multilabel":
        # It learns from a neighbour graph, which the loops of the split have built, or from labels
        # that a learner prepares.
        rows = task.pool_rows(train)
        learner = ActiveLearner(
            estimator,
            X_pool=take_rows(task.X, rows),
            fit_params=task.fit_params(rows),
            target=task.target,
            cache=LOOP_CACHE,
        ).teach(np.arange(len(train)), task.labels[train])
        if task.target.kind == "multilabel":
            return _evaluator(task, learner, test).score()
        fitted = learner.fitted_estimator()
    else:
        rows = task.labeled[train]
        params = task.fit_params(rows)
        if isinstance(estimator, Pipeline) and not get_config()["enable_metadata_routing"]:
            params = {f"{estimator.steps[-1][0]}__{name}": value for name, value in params.items()}
        fitted = estimator.fit(take_rows(task.X, rows), task.labels[train], **params)
    X_test, y_test = take_rows(task.X, task.labeled[test]), task.labels[test]
    if task.scorer is None:
        return float(fitted.score(X_test, y_test))
    return float(task.scorer(fitted, X_test, y_test))
