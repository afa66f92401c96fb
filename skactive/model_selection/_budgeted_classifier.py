"""A classifier that is fitted on a budget of labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skactive._engine.cache import LOOP_CACHE
from skactive._engine.label_arrays import of_all_classes, positions_of, union
from skactive._engine.labels import check_labels
from skactive._estimators import check_classifier, classifier_of, keeps_stages, transformers
from skactive._fit_params import check_fit_params, per_sample
from skactive._html import Diagram
from skactive._random_state import random_numbers, seeded
from skactive._rows import check_is_samples
from skactive._validation import check_integer, check_strategy
from skactive.base import Classifier, TransductiveEstimator
from skactive.learner import ActiveLearner, default_classifier, default_strategy
from skactive.model_selection._all_classes import decision_for_all
from skactive.model_selection._held_out_predictions import HeldOutPredictions
from skactive.model_selection._label_source import check_oracle, label_source
from skactive.model_selection._oracle import Oracle
from skactive.model_selection._simulation import simulate
from skactive.strategies import QueryStrategy


def _estimator_has(method: str) -> Callable[[BudgetedClassifier], bool]:
    def has(classifier: BudgetedClassifier) -> bool:
        estimator = getattr(classifier, "estimator_", classifier.estimator)
        return hasattr(default_classifier() if estimator is None else estimator, method)

    return has


class BudgetedClassifier(ClassifierMixin, BaseEstimator):
    """Fit a classifier on the labels that a strategy queries.

    `fit(X, y)` simulates the labelling loop: X is the pool, y answers the queries, and at most
    `budget` labels are used. The result is an ordinary classifier: `cross_val_score` estimates
    its score on that budget, and `GridSearchCV` tunes the strategy like any other parameter.

    Parameters
    ----------
    estimator : classifier or Pipeline, default=None
        The classifier; None takes `IncrementalLabelSpreading()`.
    strategy : QueryStrategy or str, default=None
        The query strategy, or its name in `all_strategies`; None takes `UncertaintyHerding()`.
    budget : int, default=100
        Number of labels, at least 1 and at most the number of samples.
    batch_size : int, default=1
        Number of samples in each query.
    seed_set : int, default=0
        Number of labels of the budget that go to samples drawn at random before the first query.
    oracle : Oracle, callable or None, default=None
        The source of labels, also for the seed set. None takes `y`. `NoisyOracle` and
        `AnnotatorPanel` make errors; a grid tunes ``oracle__flip_rate``. A function
        ``oracle(positions, y)`` gets the rows of X that were just queried and their true labels,
        and returns one label for each. An `AnnotatorPanel` may revise earlier labels:
        `y_labeled_`, and the classifier at every stage, have the final labels.
    random_state : int, RandomState instance or None, default=None
        Draws the seed set, and becomes the `random_state` of the strategy and of the oracle
        if theirs is None.

    Attributes
    ----------
    estimator_ : classifier or Pipeline
        The fitted classifier.
    classifier_ : classifier
        `estimator_`, or its last step.
    classes_ : ndarray of shape (n_classes,)
        All labels of `y`, and described classes, sorted. A class that is not described and was
        never queried has probability 0.
    query_indices_ : ndarray of int of shape (budget,)
        Rows of X whose labels were used, in the order in which they were queried.
    n_labeled_ : int
        Number of labels that were used.
    y_labeled_ : ndarray of shape (budget,)
        The final labels of `query_indices_`.
    n_answers_ : int
        Number of answers: those of each annotator count.
    n_features_in_ : int
        Number of features seen in `fit`, if the estimator has it.

    See Also
    --------
    skactive.ActiveLearner : The same loop with an annotator.
    compare_strategies : Compares strategies over the whole labelling curve.

    Notes
    -----
    Cost of `fit`: that of `budget` answers, and as many queries as there are batches. Fits on
    equal features in one process, such as those of a grid search on one fold, share the neighbour
    graph, densities and clusterings, up to a quarter of scikit-learn's ``working_memory``.

    While there are too few labels for the classifier, the strategy queries without its
    probabilities, as in `ActiveLearner`.

    With scikit-learn's metadata routing, the arguments of `fit` go to the classifier (the last
    step of a Pipeline) as its ``set_fit_request`` says; without, they go there if the `fit` of the
    classifier takes them. Arrays with an entry per sample, such as `sample_weight`, are restricted
    to the labelled samples.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import cross_val_score
    >>> from skactive.model_selection import BudgetedClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> scores = cross_val_score(BudgetedClassifier(budget=60), X, y, cv=3)
    >>> bool(scores.mean() > 0.9)
    True
    """

    def __init__(
        self,
        estimator: Classifier | None = None,
        strategy: QueryStrategy | str | None = None,
        *,
        budget: int = 100,
        batch_size: int = 1,
        seed_set: int = 0,
        oracle: Oracle | Callable[..., ArrayLike] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.strategy = strategy
        self.budget = budget
        self.batch_size = batch_size
        self.seed_set = seed_set
        self.oracle = oracle
        self.random_state = random_state

    def fit(
        self,
        X: Any,  # samples of any kind
        y: ArrayLike,
        **fit_params: Any,  # whatever the classifier's `fit` takes
    ) -> BudgetedClassifier:
        """Simulate the labelling loop with `y` as the answers.

        Parameters
        ----------
        X : array-like of length n_samples
            The pool.
        y : array-like of shape (n_samples,)
            The true labels; only those of queried samples are used, apart from `classes_`.
        **fit_params : dict
            Arguments of the `fit` of the classifier, such as `sample_weight`.

        Returns
        -------
        self : BudgetedClassifier
            The fitted classifier.
        """
        if y is None:
            raise ValueError(
                "BudgetedClassifier requires y to be passed, but the target y is None."
            )
        check_classifier(
            self._estimator(), hint="pass samples to fit, BudgetedClassifier().fit(X, y)."
        )
        check_is_samples(X, "X")
        labels = check_labels(y)
        check_classification_targets(labels)
        check_consistent_length(X, labels)
        self._check_parameters(len(labels))
        random = random_numbers(self.random_state)
        seed = None if self.random_state is None else int(random.randint(2**31 - 1))
        estimator = clone(self._estimator())
        strategy = seeded(self._strategy(), seed)
        params = self._routed(fit_params)
        learner = ActiveLearner(estimator, strategy, X, fit_params=params, cache=LOOP_CACHE)
        drawn = random.permutation(len(labels))[: self.seed_set]
        answers = label_source(self.oracle, labels, random)
        answers.teach(learner, drawn)
        for _ in simulate(
            learner, budget=self.budget, batch_size=self.batch_size, label_source=answers
        ):
            pass
        self.estimator_ = learner.fitted_estimator()
        self.query_indices_ = learner.answered
        self.n_labeled_ = len(self.query_indices_)
        self.y_labeled_ = learner.answers
        self.classes_ = union(labels, self.y_labeled_, learner.classes_)
        self.n_answers_ = self.n_labeled_ * answers.n_annotators
        self._keep_answers(learner, params)
        return self

    def predict(self, X: Any) -> np.ndarray:  # samples of any kind
        """Predict the label of each sample.

        Parameters
        ----------
        X : array-like of length n_queries
            The samples.

        Returns
        -------
        y : ndarray of shape (n_queries,)
            The labels.
        """
        check_is_fitted(self)
        check_is_samples(X, "X")
        return np.asarray(self.estimator_.predict(X))

    @available_if(_estimator_has("predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:  # samples of any kind
        """Return the probability of each class for each sample.

        Parameters
        ----------
        X : array-like of length n_queries
            The samples.

        Returns
        -------
        probabilities : ndarray of shape (n_queries, n_classes)
            In the order of `classes_`.
        """
        check_is_fitted(self)
        check_is_samples(X, "X")
        return self._with_all_classes(self.estimator_.predict_proba(X))

    @available_if(_estimator_has("decision_function"))
    def decision_function(self, X: Any) -> np.ndarray:  # samples of any kind
        """Return the decision function of the classifier.

        Parameters
        ----------
        X : array-like of length n_queries
            The samples.

        Returns
        -------
        decision : ndarray of shape (n_queries,) or (n_queries, n_classes)
            The values of `estimator_`, in the order of `classes_`. A class that was never queried
            has a value 1 below the smallest of the sample.
        """
        check_is_fitted(self)
        check_is_samples(X, "X")
        values = np.asarray(self.estimator_.decision_function(X))
        columns = positions_of(np.asarray(self.estimator_.classes_), self.classes_)
        return decision_for_all(values, columns, len(self.classes_))

    def staged_predict(self, X: Any) -> Iterator[np.ndarray]:  # samples of any kind
        """Predict the labels after the first answer, after the second, and so on.

        Parameters
        ----------
        X : array-like of length n_queries
            The samples.

        Returns
        -------
        stages : generator of ndarray of shape (n_queries,)
            Predictions of the classifier with the first labels only, in the order of
            `query_indices_`, the seed set included: `n_labeled_` arrays, one for each label
            whatever the batch size.

        Notes
        -----
        `IncrementalKNeighborsClassifier` votes again only where a label changes its vote: all
        stages cost a few predictions. Any other classifier, and one that forgets, learns the
        labels again, one by one, and predicts after each; as long as it cannot be fitted, the most
        frequent label is predicted.
        """
        check_is_fitted(self)
        features = self.features(X)
        if self.learns_at_once:
            return self.classifier_.staged_predict(features)
        return (stage.labels() for stage in self._stages(features))

    @available_if(_estimator_has("predict_proba"))
    def staged_predict_proba(self, X: Any) -> Iterator[np.ndarray]:  # samples of any kind
        """Return the probability of each class after the first answer, after the second, and so on.

        Parameters
        ----------
        X : array-like of length n_queries
            The samples.

        Returns
        -------
        stages : generator of ndarray of shape (n_queries, n_classes)
            In the order of `classes_`, all of which have a column at every stage; a class without
            a label yet has probability 0. The stages are those of `staged_predict`.
        """
        check_is_fitted(self)
        features = self.features(X)
        if self.learns_at_once:
            stages = self.classifier_.staged_predict_proba(features)
            return (self._with_all_classes(probabilities) for probabilities in stages)
        return (stage.probabilities(self.classes_) for stage in self._stages(features))

    def _with_all_classes(self, probabilities: ArrayLike) -> np.ndarray:
        """Return probabilities with a column for each of `classes_`, 0 for those never queried."""
        known = np.asarray(self.estimator_.classes_)
        return of_all_classes(np.asarray(probabilities), known, self.classes_)

    @property
    def classifier_(self) -> Any:  # any classifier
        """The fitted classifier: `estimator_`, or its last step."""
        return classifier_of(self.estimator_)

    @property
    def learns_at_once(self) -> bool:
        """Whether the classifier predicts its own stages, as nearest neighbours do."""
        return keeps_stages(self.classifier_)

    def features(self, X: Any) -> Any:  # samples of any kind
        """Return samples as the classifier takes them.

        Parameters
        ----------
        X : array-like of length n_queries
            The samples.

        Returns
        -------
        features : array-like of length n_queries
            X after all steps of the Pipeline but the last; X itself if there is no other step.
        """
        check_is_samples(X, "X")
        if not isinstance(self.estimator_, Pipeline) or len(self.estimator_) == 1:
            return X
        return transformers(self.estimator_).transform(X)

    def staged_learners(self) -> Iterator[ActiveLearner]:
        """Teach a learner the labels again, one by one, on the features of their samples.

        Yields
        ------
        learner : ActiveLearner
            The same learner each time, with one label more.
        """
        samples, positions, labels, params = self._answers
        learner = ActiveLearner(
            clone(self.classifier_), X_pool=samples, fit_params=params, cache=LOOP_CACHE
        )
        for place, position in enumerate(positions.tolist()):
            learner.teach([position], labels[place : place + 1])
            yield learner

    def _stages(self, features: Any) -> Iterator[HeldOutPredictions]:
        """Yield the predictions for samples after each label; the same object each time."""
        predictions: HeldOutPredictions | None = None
        for learner in self.staged_learners():
            predictions = predictions or HeldOutPredictions(learner, features)
            predictions.update()
            yield predictions

    def set_params(self, **params: Any) -> BudgetedClassifier:
        """Set parameters, those of the estimator and the strategy by ``estimator__`` and so on.

        Parameters
        ----------
        **params : dict
            Such as ``budget=50`` or ``strategy__n_neighbors=10``.

        Returns
        -------
        self : BudgetedClassifier
            The classifier.
        """
        defaults = {"estimator": default_classifier, "strategy": default_strategy}
        for name in params:
            owner, nested, _ = name.partition("__")
            if not nested or owner not in defaults:
                continue
            value = params.get(owner, getattr(self, owner))
            if value is None or (owner == "strategy" and isinstance(value, str)):
                meant = defaults[owner]() if value is None else check_strategy(value)
                raise ValueError(
                    f"Invalid parameter {name!r} for BudgetedClassifier: {owner}={value!r} has no "
                    f"parameters to set. Hint: pass {owner}={meant!r}."
                )
        super().set_params(**params)
        return self

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the routing of metadata: from `fit` to the `fit` of the classifier.

        Returns
        -------
        routing : MetadataRouter
            The routing.
        """
        router = MetadataRouter(owner=self).add_self_request(self)
        mapping = MethodMapping().add(caller="fit", callee="fit")
        return router.add(estimator=self._learning(), method_mapping=mapping)

    def _learning(self) -> Any:
        """Return the classifier, or the last step of a Pipeline."""
        return classifier_of(self._estimator())

    def _estimator(self) -> Any:
        return default_classifier() if self.estimator is None else self.estimator

    def _strategy(self) -> Any:
        return default_strategy() if self.strategy is None else check_strategy(self.strategy)

    def _routed(self, fit_params: dict[str, Any]) -> dict[str, Any]:
        given = {name: value for name, value in fit_params.items() if value is not None}
        if given and get_config()["enable_metadata_routing"]:
            given = dict(process_routing(self, "fit", **given).estimator.fit)
        check_fit_params(self._learning(), given)
        return given

    def _keep_answers(self, learner: ActiveLearner, params: dict[str, Any]) -> None:
        """Keep the labels, and the samples from which `staged_learners` learns them again."""
        queried, n_samples = self.query_indices_, len(learner.ids)
        if isinstance(self.classifier_, TransductiveEstimator):
            # It learns from samples without a label, too.
            self._answers: Any = learner.pool.X, queried, self.y_labeled_, {}
            return
        samples = learner.pool.take(queried)
        positions = np.arange(len(queried))
        own = per_sample(params, queried, n_samples)
        self._answers = samples, positions, self.y_labeled_, own

    @property
    def n_features_in_(self) -> int:
        """Number of features seen in `fit`."""
        if not hasattr(self, "estimator_"):
            raise AttributeError("BudgetedClassifier has no n_features_in_ before 'fit'.")
        return int(self.estimator_.n_features_in_)

    def _check_parameters(self, n_samples: int) -> None:
        check_integer(self, "budget", self.budget, minimum=1)
        check_integer(self, "batch_size", self.batch_size, minimum=1)
        check_integer(self, "seed_set", self.seed_set, minimum=0)
        check_oracle(self, self.oracle)
        if self.budget > n_samples:
            raise ValueError(
                f"budget={self.budget} is larger than the number of samples, "
                f"n_samples={n_samples}. Hint: choose a budget of at most that."
            )
        if self.seed_set > self.budget:
            raise ValueError(
                f"seed_set={self.seed_set} is larger than the budget of {self.budget}. Hint: the "
                "seed set is part of the budget."
            )

    def _sk_visual_block_(self) -> Diagram:
        estimator = getattr(self, "estimator_", self._estimator())
        return Diagram(self, [("estimator", estimator), ("strategy", self._strategy())])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = get_tags(self._estimator()).input_tags.sparse
        return tags
