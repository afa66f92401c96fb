"""A sampler that decides about each sample of a stream, and learns the labels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import validate_data

from skactive._agreement import N_RECENT, Agreement
from skactive._engine.declared_classes import check_declared
from skactive._engine.labels import CATEGORICAL, check_classes
from skactive._engine.targets import check_one_of, target_of
from skactive._estimators import check_classifier
from skactive._random_state import random_numbers
from skactive._text import counted, shown
from skactive._validation import are_plain_features, check_integer
from skactive.base import Classifier
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.streams._base import StreamStrategy
from skactive.streams._budget import StreamBudget
from skactive.streams._learning import StreamLearning, learning_of
from skactive.streams._registry import stream_strategy
from skactive.streams._samples import as_batch, check_sizes, is_one_sample

DTYPES = (np.float64, np.float32)


class StreamSampler(ClassifierMixin, BaseEstimator):
    """Decide about each sample of a stream whether to label it, and learn the labels.

    Samples arrive one by one or in small batches. `query` decides at once, within the budget;
    `teach` learns a label. Neither needs samples that arrive later, and the memory does not grow
    with the length of the stream.

    Parameters
    ----------
    estimator : classifier, default=None
        The classifier. None is `IncrementalKNeighborsClassifier` with the Euclidean metric. A
        classifier with `add_labeled` stores the labels; with `partial_fit` and declared `classes`,
        it learns each label as it comes; any other is fitted anew to the latest `max_labeled`
        labels. A fitted classifier is copied with what it has learned.
    strategy : StreamStrategy or str, default='herding'
        How to decide, or a name of `all_stream_strategies`. The first sample of a stream is always
        queried, so that there are predictions from then on.
    budget : float or int, default=0.1
        A float is a share of the samples, above 0 and at most 1. An int is a number of labels in
        all, at least 1, which are spent on at most a tenth of the samples seen so far.
    window : int, default=None
        None never exceeds the budget: of n samples at most ⌈budget · n⌉ are queried, whatever n.
        An int estimates recent spending only, see `StreamBudget`.
    classes : array-like of shape (n_classes,), default=None
        All labels, if they are known beforehand. Other labels are then refused.
    max_labeled : int, default=1000
        The number of latest labels that the classifier keeps, at least 1. A classifier that learns
        by `partial_fit` keeps what it has learned.
    drift_detector : object, default=None
        A detector such as ``river.drift.PageHinkley(mode="up")``, with `update(x)` and
        `drift_detected`. For each label it gets 1 if the classifier had predicted another one, and
        0 otherwise. At a drift the classifier forgets all but the latest 20 labels.
    random_state : int, RandomState instance or None, default=None
        The random numbers of the strategy. An int gives the same decisions each time.

    Attributes
    ----------
    n_seen_ : int
        Number of samples that `query` has decided about.
    n_queried_ : int
        Number of those that were queried.
    n_labeled_ : int
        Number of labels that were taught, queried or not.
    drifts_ : list of int
        The values of `n_labeled_` after which a drift was detected.
    last_utilities_ : ndarray of shape (n_samples,)
        The utilities of the samples of the last `query`; -inf for a sample that the strategy
        excludes.
    estimator_ : classifier
        The classifier.
    strategy_ : StreamStrategy
        The strategy, with its state.
    budget_ : StreamBudget
        The budget, with the samples and queries so far.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features, if X had string names.

    See Also
    --------
    skactive.ActiveLearner : Chooses samples from a pool.
    all_stream_strategies : The strategies by name.

    Notes
    -----
    The parameters are read at the first `query` or `teach`. A call with invalid arguments raises
    an error and changes nothing.

    A batch is decided about sample by sample, with the classifier as it is: the decisions are the
    same as one by one without labels in between.

    References
    ----------
    I. Žliobaitė, A. Bifet, B. Pfahringer and G. Holmes, "Active learning with drifting streaming
    data", IEEE Transactions on Neural Networks and Learning Systems 25(1), 2014.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skactive.streams import StreamSampler
    >>> X, y = load_digits(return_X_y=True)
    >>> sampler = StreamSampler(budget=0.1)
    >>> n_correct = 0
    >>> for x, label in zip(X, y):
    ...     if sampler.query(x):
    ...         sampler = sampler.teach(x, label)
    ...     n_correct += sampler.predict(x) == label
    >>> sampler.n_seen_, sampler.n_queried_
    (1797, 180)
    >>> bool(n_correct / len(y) > 0.9)
    True
    """

    def __init__(
        self,
        estimator: Classifier | None = None,
        strategy: StreamStrategy | str = "herding",
        *,
        budget: float = 0.1,
        window: int | None = None,
        classes: ArrayLike | None = None,
        max_labeled: int = 1000,
        drift_detector: Any = None,  # a detector of another package
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.strategy = strategy
        self.budget = budget
        self.window = window
        self.classes = classes
        self.max_labeled = max_labeled
        self.drift_detector = drift_detector
        self.random_state = random_state

    def query(self, X: Any) -> Any:  # samples of any kind; one decision or several
        """Decide about the next sample, or the next samples.

        Parameters
        ----------
        X : array-like of shape (n_features,) or (n_samples, n_features), or dict
            One sample, or a batch, which may be empty or a list of dicts. A dict has the features
            of one sample by name, as in river.

        Returns
        -------
        queried : bool or ndarray of bool of shape (n_samples,)
            True for a sample to label. One value for one sample.
        """
        with self._unchanged_on_error():
            self._begin()
            batch = self._checked(X)
            uncertainties = self._uncertainties(batch)
        queried = np.zeros(len(batch), dtype=bool)
        self.last_utilities_ = np.zeros(len(batch))
        for place, x in enumerate(batch):
            queried[place], self.last_utilities_[place] = self._decide(x, uncertainties[place])
        return bool(queried[0]) if is_one_sample(X) else queried

    def teach(self, X: Any, y: Any) -> StreamSampler:  # samples and labels of any kind
        """Learn labels, of samples that were queried or of any others.

        A label may come late, or for a sample that was never queried: this one is free, and not
        counted in the budget.

        Parameters
        ----------
        X : array-like of shape (n_features,) or (n_samples, n_features), or dict
            One sample or a batch, which may be empty.
        y : label or array-like of shape (n_samples,)
            Its label, or their labels.

        Returns
        -------
        self : StreamSampler
            The sampler.
        """
        with self._unchanged_on_error():
            self._begin()
            labels = self._checked_labels([y] if is_one_sample(X) and np.ndim(y) == 0 else y)
            batch = self._checked(X)
            if len(batch) != len(labels):
                raise ValueError(
                    f"X has {counted(len(batch), 'sample')}, and y "
                    f"{counted(len(labels), 'label')}. Hint: give one label for each sample."
                )
            if len(labels) == 0:
                return self
            watch = self._watch if self._knows_labels else None
            predicted = labels if watch is None else self._learning.predict(batch)
            self._learning.add(batch, labels)
        self.n_labeled_ += len(labels)
        for place, agreed in enumerate((predicted == labels).tolist()):
            if watch is not None and watch.update(agreed) is not None:
                self.drifts_.append(self.n_labeled_ - len(labels) + place + 1)
                self._learning.forget(N_RECENT)
                watch.reset()
        self.strategy_.learned(lambda: self._learning.latest()[0])
        return self

    def predict(self, X: Any) -> Any:  # samples of any kind; one label or several
        """Predict the label of each sample.

        While the classifier cannot be fitted yet, such as with one class only, this is the most
        frequent label.

        Parameters
        ----------
        X : array-like of shape (n_features,) or (n_samples, n_features), or dict
            One sample or a batch.

        Returns
        -------
        y : label or ndarray of shape (n_samples,)
            The predicted labels; one label for one sample.
        """
        self._check_is_taught()
        y = self._learning.predict(self._checked(X))
        return y[0] if is_one_sample(X) else y

    def predict_proba(self, X: Any) -> np.ndarray:  # samples of any kind
        """Return the probability of each class for each sample.

        Parameters
        ----------
        X : array-like of shape (n_features,) or (n_samples, n_features), or dict
            One sample or a batch.

        Returns
        -------
        probabilities : ndarray of shape (n_classes,) or (n_samples, n_classes)
            Columns in the order of `classes_`; the frequencies of the labels while the classifier
            cannot be fitted yet.
        """
        self._check_is_taught()
        batch = self._checked(X)
        probabilities = self._learning.posterior(batch)
        if probabilities is None:
            probabilities = np.tile(self._learning.frequencies(), (len(batch), 1))
        return np.asarray(probabilities[0] if is_one_sample(X) else probabilities)

    @property
    def classes_(self) -> np.ndarray:
        """The declared classes, or those of the labels that are kept, sorted."""
        self._check_is_taught()
        return self._learning.classes

    @property
    def estimator_(self) -> Any:  # of the user's class
        """The classifier, with what it has learned."""
        return self._learning.estimator

    @property
    def n_seen_(self) -> int:
        """Number of samples that `query` has decided about."""
        return self.budget_.n_seen

    @property
    def n_queried_(self) -> int:
        """Number of samples that were queried."""
        return self.budget_.n_queried

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "budget_") and self._knows_labels

    @property
    def _knows_labels(self) -> bool:
        return self._learning.n_kept > 0 or self._learning.can_predict

    @contextmanager
    def _unchanged_on_error(self) -> Iterator[None]:
        """Restore the attributes if a check fails; what they contain changes after all checks."""
        before = self.__dict__.copy()
        try:
            yield
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    def _begin(self) -> None:
        """Check the parameters, and create the state, at the first call."""
        if hasattr(self, "budget_"):
            return
        given = self.estimator
        if given is None:
            given = IncrementalKNeighborsClassifier(metric="euclidean")
        check_classifier(given)
        check_one_of(type(self).__name__, target_of(given).kind, {CATEGORICAL.kind})
        max_labeled = check_integer(self, "max_labeled", self.max_labeled, minimum=1)
        classes = None if self.classes is None else np.unique(check_classes(self.classes))
        self.budget_ = StreamBudget(self.budget, window=self.window)
        self.strategy_ = clone(stream_strategy(self.strategy))
        self.strategy_.begin(self._random_numbers())
        self._learning: StreamLearning = learning_of(given, max_labeled, classes)
        self._watch = None if self.drift_detector is None else Agreement(self.drift_detector)
        self._names: tuple[Any, ...] | None = None
        self.n_labeled_ = 0
        self.drifts_: list[int] = []
        self.last_utilities_ = np.empty(0)

    def _random_numbers(self) -> np.random.RandomState:
        if isinstance(self.random_state, Integral):
            return random_numbers(self.random_state)
        # The state of a given generator is not part of this sampler.
        return np.random.RandomState(random_numbers(self.random_state).randint(2**31 - 1))

    def _checked(self, X: Any) -> np.ndarray:
        """Return one sample or several as an array of shape (n_samples, n_features), or raise."""
        batch, self._names = as_batch(X, self._names)
        n_features = getattr(self, "n_features_in_", -1)
        if hasattr(self, "feature_names_in_") or not are_plain_features(batch, n_features, DTYPES):
            batch = validate_data(
                self,
                batch,
                reset=n_features == -1,
                dtype=DTYPES,
                order="C",
                ensure_all_finite=False,
                ensure_min_samples=0,
            )
        check_sizes(batch, X, self._names)
        return np.asarray(batch)

    def _checked_labels(self, y: Any) -> np.ndarray:
        """Return labels as an array of the type of those so far, or raise."""
        labels = CATEGORICAL.validate(y)
        if self._knows_labels or self.classes is not None:
            CATEGORICAL.check_alike(self._learning.classes, labels)
        if self.classes is not None:
            check_declared(labels, self._learning.classes)
        return labels

    def _uncertainties(self, X: np.ndarray) -> np.ndarray:
        if len(X) == 0:
            return np.empty(0)
        values = np.asarray(self.strategy_.uncertainties(X, self._learning.posterior))
        if values.shape != (len(X),) or not np.isfinite(values).all():
            raise ValueError(
                f"{type(self.strategy_).__name__}.uncertainties must return one finite number for "
                f"each of {counted(len(X), 'sample')}. Got {shown(values)} instead."
            )
        return values

    def _decide(self, x: np.ndarray, uncertainty: float) -> tuple[bool, float]:
        """Decide about the next sample, and return the decision with the utility."""
        strategy, budget = self.strategy_, self.budget_
        utility = float(strategy.utility(x, float(uncertainty)))
        is_wanted = bool(strategy.decide(utility, budget))
        # Nothing can be predicted before the first label.
        is_first = budget.n_seen == 0 and not self._knows_labels
        queried = (is_wanted or is_first) and budget.is_left
        strategy.observe(x, queried)
        budget.record(queried)
        return queried, utility

    def _check_is_taught(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise NotFittedError(
                "This StreamSampler has no label yet. Hint: call teach(x, y) for the samples for "
                "which query(x) is True; the first sample always is."
            )
