"""The base of estimators that are fitted on a budget of labels."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn import get_config
from sklearn.base import BaseEstimator, clone
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skactive._engine.cache import LOOP_CACHE
from skactive._engine.targets import check_one_of, recorded_labels, target_of
from skactive._estimators import classifier_of, keeps_stages, transformers
from skactive._fit_params import check_fit_params, per_sample
from skactive._html import Diagram
from skactive._random_state import random_numbers, seeded
from skactive._rows import check_is_samples
from skactive._validation import check_integer, check_strategy
from skactive.base import Classifier, Target, TransductiveEstimator
from skactive.learner import ActiveLearner, default_strategy
from skactive.model_selection._held_out_predictions import HeldOutPredictions, held_out_predictions
from skactive.model_selection._label_source import LabelSource, check_oracle, label_source
from skactive.model_selection._oracle import Oracle
from skactive.model_selection._simulation import simulate
from skactive.strategies import QueryStrategy


class BudgetedEstimator(BaseEstimator, metaclass=ABCMeta):
    """Base class of estimators that are fitted on the labels that a strategy queries.

    Attributes
    ----------
    target : Target
        The kind of labels. Each class sets its own.
    """

    target: ClassVar[Target]

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

    @staticmethod
    @abstractmethod
    def default_estimator() -> Any:  # a classifier or a regressor
        """Return the estimator that None stands for."""

    @abstractmethod
    def _check_estimator(self, estimator: Any) -> None:
        """Raise unless an estimator learns labels of this kind."""

    @abstractmethod
    def _keep_classes(self, labels: np.ndarray, learner: ActiveLearner) -> None:
        """Set the fitted attributes that only this kind of labels has."""

    def fit(
        self,
        X: Any,  # samples of any kind
        y: ArrayLike,
        **fit_params: Any,  # whatever the estimator's `fit` takes
    ) -> Self:
        """Simulate the labelling loop with `y` as the answers.

        Parameters
        ----------
        X : array-like of length n_samples
            The pool.
        y : array-like of shape (n_samples,)
            The true labels; only those of queried samples are used, apart from `classes_`.
        **fit_params : dict
            Arguments of the `fit` of the estimator, such as `sample_weight`.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        name = type(self).__name__
        if y is None:
            raise ValueError(f"{name} requires y to be passed, but the target y is None.")
        self._check_estimator(self._estimator())
        self._target = target = self._target_for(y)
        check_is_samples(X, "X")
        labels = self.recorded(y)
        check_consistent_length(X, labels)
        self._check_parameters(len(labels))
        random = random_numbers(self.random_state)
        seed = None if self.random_state is None else int(random.randint(2**31 - 1))
        estimator = clone(self._estimator())
        strategy = seeded(self._strategy(), seed)
        params = self._routed(fit_params)
        learner = ActiveLearner(
            estimator, strategy, X, fit_params=params, target=target, cache=LOOP_CACHE
        )
        drawn = random.permutation(len(labels))[: self.seed_set]
        answers = label_source(self.oracle, labels, random, target=target)
        answers.teach(learner, drawn)
        for _ in simulate(
            learner, budget=self.budget, batch_size=self.batch_size, label_source=answers
        ):
            pass
        self._keep(learner, labels, answers, params)
        return self

    def recorded(self, y: ArrayLike) -> np.ndarray:
        """Return the labels of a data set as scores take them.

        Parameters
        ----------
        y : array-like of length n_samples
            The labels.

        Returns
        -------
        labels : ndarray of length n_samples
            The labels, or an error if some are invalid.
        """
        return recorded_labels(y, self.target)

    def _target_for(self, y: Any) -> Target:
        """Return the kind of labels of a data set, or raise if the estimator learns another."""
        kind = target_of(self._estimator()).kind
        check_one_of(type(self).__name__, kind, {self.target.kind})
        return self.target

    def _kept(self, labels: np.ndarray) -> np.ndarray:
        """Return the labels of a learner as `y_labeled_` has them."""
        return labels

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

    def staged_predict(self, X: Any) -> Iterator[np.ndarray]:  # samples of any kind
        """Predict the labels after the first answer, after the second, and so on.

        Parameters
        ----------
        X : array-like of length n_queries
            The samples.

        Returns
        -------
        stages : generator of ndarray of shape (n_queries,)
            Predictions of the estimator with the first labels only, in the order of
            `query_indices_`, the seed set included: `n_labeled_` arrays, one for each label
            whatever the batch size.

        Notes
        -----
        Nearest neighbours are averaged again only where a label changes them: all stages cost a few
        predictions. Any other estimator, and one that forgets, learns the labels again, one by one,
        and predicts after each; as long as it cannot be fitted, the most frequent label is
        predicted, or the mean if labels are numbers.
        """
        check_is_fitted(self)
        features = self.features(X)
        if self.learns_at_once:
            return self.final_estimator_.staged_predict(features)
        return (stage.labels() for stage in self._stages(features))

    @property
    def final_estimator_(self) -> Any:  # any classifier or regressor
        """The fitted estimator: `estimator_`, or its last step, unless that takes tokens."""
        return self.estimator_ if self._takes_samples else classifier_of(self.estimator_)

    @property
    def learns_at_once(self) -> bool:
        """Whether the estimator predicts its own stages, as nearest neighbours do."""
        return keeps_stages(self.final_estimator_)

    def features(self, X: Any) -> Any:  # samples of any kind
        """Return samples as the last step of the estimator takes them.

        Parameters
        ----------
        X : array-like of length n_queries
            The samples.

        Returns
        -------
        features : array-like of length n_queries
            X after all steps of the Pipeline but the last; X itself if there is no other step, or
            if these steps return tokens.
        """
        check_is_samples(X, "X")
        if self.final_estimator_ is self.estimator_:
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
            clone(self.final_estimator_),
            X_pool=samples,
            fit_params=params,
            target=self._target,
            cache=LOOP_CACHE,
        )
        for place, position in enumerate(positions.tolist()):
            learner.teach([position], labels[place : place + 1])
            yield learner

    def _stages(self, features: Any) -> Iterator[HeldOutPredictions]:
        """Yield the predictions for samples after each label; the same object each time."""
        predictions: HeldOutPredictions | None = None
        for learner in self.staged_learners():
            predictions = predictions or held_out_predictions(learner, features)
            predictions.update()
            yield predictions

    def set_params(self, **params: Any) -> Self:
        """Set parameters, those of the estimator and the strategy by ``estimator__`` and so on.

        Parameters
        ----------
        **params : dict
            Such as ``budget=50`` or ``strategy__n_neighbors=10``.

        Returns
        -------
        self : estimator
            This estimator.
        """
        defaults = {"estimator": self.default_estimator, "strategy": default_strategy}
        for name in params:
            owner, nested, _ = name.partition("__")
            if not nested or owner not in defaults:
                continue
            value = params.get(owner, getattr(self, owner))
            if value is None or (owner == "strategy" and isinstance(value, str)):
                meant = defaults[owner]() if value is None else check_strategy(value)
                raise ValueError(
                    f"Invalid parameter {name!r} for {type(self).__name__}: {owner}={value!r} has "
                    f"no parameters to set. Hint: pass {owner}={meant!r}."
                )
        super().set_params(**params)
        return self

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the routing of metadata: from `fit` to the `fit` of the estimator.

        Returns
        -------
        routing : MetadataRouter
            The routing.
        """
        router = MetadataRouter(owner=self).add_self_request(self)
        mapping = MethodMapping().add(caller="fit", callee="fit")
        return router.add(estimator=self._learning(), method_mapping=mapping)

    def _learning(self) -> Any:
        """Return the estimator, or the last step of a Pipeline."""
        return classifier_of(self._estimator())

    def _estimator(self) -> Any:
        return self.default_estimator() if self.estimator is None else self.estimator

    def _strategy(self) -> Any:
        return default_strategy() if self.strategy is None else check_strategy(self.strategy)

    def _routed(self, fit_params: dict[str, Any]) -> dict[str, Any]:
        given = {name: value for name, value in fit_params.items() if value is not None}
        if given and get_config()["enable_metadata_routing"]:
            given = dict(process_routing(self, "fit", **given).estimator.fit)
        check_fit_params(self._learning(), given)
        return given

    def _keep(
        self,
        learner: ActiveLearner,
        labels: np.ndarray,
        answers: LabelSource,
        params: dict[str, Any],
    ) -> None:
        """Set the fitted attributes, and what `staged_learners` needs to learn again."""
        self.estimator_ = learner.fitted_estimator()
        # A Pipeline that takes texts is not split.
        self._takes_samples = learner.pool.estimator is self.estimator_
        self.query_indices_ = queried = learner.answered
        self.n_labeled_ = len(queried)
        self.y_labeled_ = self._kept(learner.answers)
        self.n_answers_ = self.n_labeled_ * answers.n_annotators
        self._keep_classes(labels, learner)
        if isinstance(self.final_estimator_, TransductiveEstimator):
            # It learns from samples without a label, too.
            self._answers: Any = learner.pool.X, queried, self.y_labeled_, {}
            return
        samples = learner.pool.take(queried)
        own = per_sample(params, queried, len(learner.ids))
        self._answers = samples, np.arange(len(queried)), self.y_labeled_, own

    @property
    def n_features_in_(self) -> int:
        """Number of features seen in `fit`."""
        if not hasattr(self, "estimator_"):
            raise AttributeError(f"{type(self).__name__} has no n_features_in_ before 'fit'.")
        return int(self.estimator_.n_features_in_)

    def _check_parameters(self, n_samples: int) -> None:
        check_integer(self, "budget", self.budget, minimum=1)
        check_integer(self, "batch_size", self.batch_size, minimum=1)
        check_integer(self, "seed_set", self.seed_set, minimum=0)
        check_oracle(self, self.oracle, self.target)
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


def estimator_has(method: str) -> Callable[[BudgetedEstimator], bool]:
    """Return a condition of `available_if`: whether the estimator has a method."""

    def has(budgeted: BudgetedEstimator) -> bool:
        estimator = getattr(budgeted, "estimator_", budgeted.estimator)
        return hasattr(budgeted.default_estimator() if estimator is None else estimator, method)

    return has
