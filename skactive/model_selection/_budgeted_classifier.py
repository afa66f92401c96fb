"""A classifier that sees only as many labels as its budget allows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skactive._engine.labels import check_labels
from skactive._engine.sharing import sharing
from skactive._estimators import transformers
from skactive._fit_params import check_fit_params, per_sample
from skactive._html import Diagram
from skactive._random_state import seeded
from skactive._rows import n_samples_of
from skactive._validation import check_integer
from skactive.learner import ActiveLearner, default_classifier, default_strategy
from skactive.model_selection._label_source import check_oracle, label_source
from skactive.model_selection._simulation import simulate
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.semi_supervised import IncrementalLabelSpreading


def _estimator_has(method: str) -> Any:
    def has(classifier: BudgetedClassifier) -> bool:
        estimator = getattr(classifier, "estimator_", classifier.estimator)
        return hasattr(default_classifier() if estimator is None else estimator, method)

    return has


class BudgetedClassifier(ClassifierMixin, BaseEstimator):
    """Fit a classifier on the labels that a strategy would have asked for.

    `fit(X, y)` plays the labelling loop: X is the pool, y answers the queries, and no more than
    `budget` answers are used. What comes out is an ordinary classifier, so that
    `cross_val_score` tells how good it is on that budget, and `GridSearchCV` tunes the
    strategy's weights like any other parameter.

    Parameters
    ----------
    estimator : classifier or Pipeline, default=None
        The classifier that learns; None takes `IncrementalLabelSpreading()`.
    strategy : QueryStrategy, default=None
        Which samples to ask about; None takes `UncertaintyHerding()`.
    budget : int, default=100
        How many labels may be asked for, at least 1 and at most the number of samples.
    batch_size : int, default=1
        How many samples are asked about at once.
    seed_set : int, default=0
        How many labels of the budget go to samples drawn at random before the first query.
    oracle : Oracle, callable or None, default=None
        Who answers, the seed set included. None answers with `y`. `NoisyOracle` and
        `AnnotatorPanel` err; a grid tunes ``oracle__flip_rate``. A function
        ``oracle(positions, y)`` gets the rows of X just asked about and their true labels, and
        returns one label for each. An `AnnotatorPanel` may revise earlier labels: `y_labeled_`,
        and the classifier at every stage, have them as finally revised.
    random_state : int, RandomState instance or None, default=None
        Draws the seed set, and becomes the `random_state` of the strategy and of the oracle
        where that is None.

    Attributes
    ----------
    estimator_ : classifier or Pipeline
        The classifier that learnt.
    classes_ : ndarray of shape (n_classes,)
        The labels it met, sorted.
    query_indices_ : ndarray of int of shape (budget,)
        Rows of X whose labels were used, in the order they were asked for.
    n_labeled_ : int
        How many labels were used.
    y_labeled_ : ndarray of shape (budget,)
        What was answered about `query_indices_`, as finally revised.
    n_answers_ : int
        How many answers that took: each annotator's counts.
    n_features_in_ : int
        Number of features seen in `fit`, where the estimator counts them.

    See Also
    --------
    skactive.ActiveLearner : The same loop with a person in it.
    compare_strategies : Compares strategies over the whole labelling curve.

    Notes
    -----
    Cost of `fit`: that of `budget` answers, and as many queries as there are batches. Fits on
    equal features in one process, as those of a grid search on one fold, share the neighbour
    graph and whatever else follows from the features alone, up to a quarter of scikit-learn's
    ``working_memory``.

    While only one class is known, classifiers that cannot be fitted on one wait for a second;
    nearest neighbours learn from the first answer on.

    With scikit-learn's metadata routing, what `fit` is passed goes to the classifier that
    learns (the last step of a Pipeline) as its ``set_fit_request`` says; without, it goes there
    if the classifier's `fit` takes it. Arrays with an entry per sample, such as
    `sample_weight`, are cut down to the samples that are labelled.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import cross_val_score
    >>> from skactive.model_selection import BudgetedClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> scores = cross_val_score(BudgetedClassifier(budget=60), X, y, cv=3)
    >>> bool(scores.mean() > 0.8)
    True
    """

    def __init__(
        self,
        estimator: Any = None,
        strategy: Any = None,
        *,
        budget: int = 100,
        batch_size: int = 1,
        seed_set: int = 0,
        oracle: Any = None,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.strategy = strategy
        self.budget = budget
        self.batch_size = batch_size
        self.seed_set = seed_set
        self.oracle = oracle
        self.random_state = random_state

    @sharing()
    def fit(self, X: Any, y: Any, **fit_params: Any) -> BudgetedClassifier:
        """Play the labelling loop with `y` in the person's place.

        Parameters
        ----------
        X : array-like of length n_samples
            The pool.
        y : array-like of shape (n_samples,)
            The true labels; only those asked for are used.
        **fit_params : dict
            Arguments of the `fit` of the classifier that learns, such as `sample_weight`.

        Returns
        -------
        self : BudgetedClassifier
            The fitted classifier.
        """
        if y is None:
            raise ValueError(
                "BudgetedClassifier requires y to be passed, but the target y is None."
            )
        labels = check_labels(y)
        check_classification_targets(labels)
        check_consistent_length(X, labels)
        self._check_parameters(len(labels))
        random = check_random_state(self.random_state)
        seed = None if self.random_state is None else int(random.randint(2**31 - 1))
        estimator = clone(self._estimator())
        strategy = seeded(self._strategy(), seed)
        params = self._routed(fit_params)
        learner = ActiveLearner(estimator, strategy, X, fit_params=params)
        drawn = random.permutation(len(labels))[: self.seed_set]
        answers = label_source(self.oracle, labels, random)
        answers.teach(learner, drawn)
        for _ in simulate(
            learner, budget=self.budget, batch_size=self.batch_size, label_source=answers
        ):
            pass
        self.estimator_ = learner.fitted_estimator()
        self.classes_ = self.estimator_.classes_
        self.query_indices_ = learner.answered
        self.n_labeled_ = len(self.query_indices_)
        self.y_labeled_ = learner.answers
        self.n_answers_ = self.n_labeled_ * answers.n_annotators
        self._keep_answers(learner, params)
        return self

    def predict(self, X: Any) -> np.ndarray:
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
        return np.asarray(self.estimator_.predict(X))

    @available_if(_estimator_has("predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
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
        return np.asarray(self.estimator_.predict_proba(X))

    @available_if(_estimator_has("decision_function"))
    def decision_function(self, X: Any) -> np.ndarray:
        """Return how far each sample is on the side of each class.

        Parameters
        ----------
        X : array-like of length n_queries
            The samples.

        Returns
        -------
        decision : ndarray of shape (n_queries,) or (n_queries, n_classes)
            What the estimator says, in the order of `classes_`.
        """
        check_is_fitted(self)
        return np.asarray(self.estimator_.decision_function(X))

    def staged_predict(self, X: Any) -> Iterator[np.ndarray]:
        """Predict the labels after the first answer, after the second, and so on.

        Parameters
        ----------
        X : array-like of length n_queries
            The samples.

        Returns
        -------
        stages : generator of ndarray of shape (n_queries,)
            What the classifier predicts that knows only the first answers, in the order of
            `query_indices_`, the seed set included: `n_labeled_` arrays. There is one after
            each answer, also where several samples were asked about at once.

        Notes
        -----
        `IncrementalKNeighborsClassifier` votes anew only where an answer changes its vote: all
        stages cost a few predictions. Any other classifier, and one that forgets, is taught the
        answers again, one by one, and predicts after each; until it can be fitted, the one class
        known is predicted.
        """
        check_is_fitted(self)
        features = self.features(X)
        if self.learns_at_once:
            return self.classifier_.staged_predict(features)
        return (_predictions(learner, features) for learner in self.staged_learners())

    @available_if(_estimator_has("predict_proba"))
    def staged_predict_proba(self, X: Any) -> Iterator[np.ndarray]:
        """Return the probability of each class after the first answer, after the second, and so on.

        Parameters
        ----------
        X : array-like of length n_queries
            The samples.

        Returns
        -------
        stages : generator of ndarray of shape (n_queries, n_classes)
            In the order of `classes_`, all of which have a column at every stage; a class not
            met yet has probability 0. The stages are those of `staged_predict`.
        """
        check_is_fitted(self)
        features = self.features(X)
        if self.learns_at_once:
            return self.classifier_.staged_predict_proba(features)
        return (
            _probabilities(learner, features, self.classes_) for learner in self.staged_learners()
        )

    @property
    def classifier_(self) -> Any:
        """The classifier that learnt: `estimator_`, or its last step."""
        return self.estimator_[-1] if isinstance(self.estimator_, Pipeline) else self.estimator_

    @property
    def learns_at_once(self) -> bool:
        """Whether the classifier that learnt keeps its stages itself: nearest neighbours do."""
        classifier = self.classifier_
        return isinstance(classifier, IncrementalKNeighborsClassifier) and not classifier.forgets

    def features(self, X: Any) -> Any:
        """Return samples as the classifier that learnt sees them.

        Parameters
        ----------
        X : array-like of length n_queries
            The samples.

        Returns
        -------
        features : array-like of length n_queries
            X after all steps of the Pipeline but the last; X itself where there is none.
        """
        if not isinstance(self.estimator_, Pipeline) or len(self.estimator_) == 1:
            return X
        return transformers(self.estimator_).transform(X)

    def staged_learners(self) -> Iterator[ActiveLearner]:
        """Teach a learner the answers again, one by one, on the features of those samples.

        Yields
        ------
        learner : ActiveLearner
            The same after each answer, with one answer more.
        """
        samples, positions, labels, params = self._answers
        learner = ActiveLearner(clone(self.classifier_), X_pool=samples, fit_params=params)
        for position, label in zip(positions.tolist(), labels, strict=True):
            learner.teach([position], [label])
            yield learner

    def set_params(self, **params: Any) -> BudgetedClassifier:
        """Set parameters, those of the estimator and the strategy by ``estimator__`` and so on.

        Parameters
        ----------
        **params : dict
            Such as ``budget=50`` or ``strategy__weights={"density": 0.5}``.

        Returns
        -------
        self : BudgetedClassifier
            The classifier.
        """
        defaults = {"estimator": default_classifier, "strategy": default_strategy}
        for name in params:
            owner, nested, _ = name.partition("__")
            if nested and owner in defaults and params.get(owner, getattr(self, owner)) is None:
                raise ValueError(
                    f"Invalid parameter {name!r} for BudgetedClassifier: {owner}=None has no "
                    f"parameters to set. Hint: pass {owner}={defaults[owner]()!r}."
                )
        super().set_params(**params)
        return self

    def get_metadata_routing(self) -> MetadataRouter:
        """Say where metadata go: what `fit` is passed, to the `fit` of the classifier that learns.

        Returns
        -------
        routing : MetadataRouter
            The routing.
        """
        router = MetadataRouter(owner=self).add_self_request(self)
        mapping = MethodMapping().add(caller="fit", callee="fit")
        return router.add(estimator=self._learning(), method_mapping=mapping)

    def _learning(self) -> Any:
        """Return the classifier that will learn."""
        estimator = self._estimator()
        return estimator[-1] if isinstance(estimator, Pipeline) else estimator

    def _estimator(self) -> Any:
        return default_classifier() if self.estimator is None else self.estimator

    def _strategy(self) -> Any:
        return default_strategy() if self.strategy is None else self.strategy

    def _routed(self, fit_params: dict[str, Any]) -> dict[str, Any]:
        given = {name: value for name, value in fit_params.items() if value is not None}
        if given and get_config()["enable_metadata_routing"]:
            given = dict(process_routing(self, "fit", **given).estimator.fit)
        check_fit_params(self._learning(), given)
        return given

    def _keep_answers(self, learner: ActiveLearner, params: dict[str, Any]) -> None:
        """Keep what other classifiers than nearest neighbours have to be taught again."""
        if self.learns_at_once:
            self._answers: Any = None
            return
        asked, n_samples = self.query_indices_, len(learner.ids)
        if isinstance(self.classifier_, IncrementalLabelSpreading):
            # What has no label plays a part, too.
            self._answers = learner.pool.X, asked, self.y_labeled_, {}
            return
        samples = learner.features(learner.samples(asked))
        positions = np.arange(len(asked))
        own = per_sample(params, asked, n_samples)
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
                f"budget={self.budget} labels may be asked for, but there are only "
                f"n_samples={n_samples} samples. Hint: choose a budget of at most that."
            )
        if self.seed_set > self.budget:
            raise ValueError(
                f"seed_set={self.seed_set} is more than the whole budget of {self.budget}."
            )

    def _sk_visual_block_(self) -> Diagram:
        learnt = getattr(self, "estimator_", self._estimator())
        return Diagram(self, [("estimator", learnt), ("strategy", self._strategy())])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = get_tags(self._estimator()).input_tags.sparse
        return tags


def _predictions(learner: ActiveLearner, features: Any) -> np.ndarray:
    try:
        return learner.predict(features)
    except NotFittedError:
        # Most classifiers cannot be fitted on one class; until the second it is all there is.
        if len(learner.classes_) > 1:
            raise
        return np.repeat(learner.classes_, n_samples_of(features))


def _probabilities(learner: ActiveLearner, features: Any, classes: np.ndarray) -> np.ndarray:
    columns = np.searchsorted(classes, learner.classes_)
    probabilities = np.zeros((n_samples_of(features), len(classes)))
    try:
        probabilities[:, columns] = learner.predict_proba(features)
    except NotFittedError:
        if len(columns) > 1:
            raise
        probabilities[:, columns] = 1.0
    return probabilities
