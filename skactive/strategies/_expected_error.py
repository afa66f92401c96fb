"""The expected error after each possible answer."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from sklearn.exceptions import NotFittedError

from skactive._engine.cold_start import (
    cold_start_utilities,
    has_two_classes,
    posterior_of_classes,
)
from skactive._engine.losses import loss_of
from skactive._estimators import check_classifier, class_probabilities
from skactive._few_labels import fitted_copy
from skactive._rows import concatenate_rows
from skactive._validation import check_choice, check_integer
from skactive.base import Classifier, PoolView
from skactive.measures import Entropy, LeastConfidence
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies._base import QueryStrategy, draw_keys, drawn_candidates

LOSSES = frozenset({"zero_one", "log"})


class ExpectedErrorReduction(QueryStrategy):
    """Choose the candidates with the lowest expected error of the pool after their labels.

    The expected error of a candidate x is Σ_y p(y|x) · mean_u loss(u | x, y): for each possible
    label y, the loss on the other candidates u that the classifier expects after learning (x, y),
    weighted by the present probability of y. This is the criterion closest to the goal, the
    accuracy. It is affordable for nearest neighbours, since one label changes few votes.
    `utilities` are the mean error expected now, less that expected after the answer.

    Parameters
    ----------
    loss : {'zero_one', 'log'}, default='zero_one'
        The error expected on a sample: 1 minus the probability of its most probable class, or
        the entropy of its probabilities, in nats.
    estimator : classifier, default=None
        The classifier whose error is expected. None takes the pool's classifier if it has a
        method `lookahead`, as `IncrementalKNeighborsClassifier` has, and one of this class with
        default parameters otherwise. Any other classifier is copied, and refitted for every
        candidate and label.
    n_candidates : int or None, default=200
        Number of candidates that are tried, at least 1, drawn again after each label; None tries
        all.
    n_evaluated : int or None, default=1000
        Number of candidates on which the error is evaluated, at least 1, drawn again after each
        label; None takes all.
    random_state : int, RandomState instance or None, default=None
        None breaks ties by position; otherwise they are broken at random. It is also the seed of
        the draws of candidates; None draws as 0 does.

    See Also
    --------
    UncertaintySampling : Uses the uncertainty of the candidate alone.

    Notes
    -----
    For nearest neighbours the errors equal those of a refit for every candidate and label, and are
    computed without refits; cost: O(n_candidates · n_evaluated · n_features) for the distances and
    O(n_neighbors + n_classes) for each vote that changes. Their `max_labeled` is ignored. Another
    `estimator` is fitted ``n_candidates · n_classes`` times, to the features of the labelled
    samples: try few candidates.

    The expectation uses the classifier's own probabilities: where few neighbours agree on a wrong
    class, the expected error is 0, and the error is not found. With the first hundred labels of
    digits, photos and questions the accuracy was below that of random sampling, even with one
    initial label of each class.

    Candidates that are not tried get the lowest utility of those that are. Each sample of a batch
    is chosen as if it were alone.

    Until labels of two classes are known, and enough for the classifier, no error can be computed:
    the first choice is the most central candidate, the next is the one farthest from all labelled
    samples. If only the probabilities of a learner are known, as for a learner of modAL without
    `y_training`, the utility of a candidate is its own expected error. The only component of
    `terms` is 'error reduction'.

    References
    ----------
    N. Roy and A. McCallum, "Toward optimal active learning through sampling estimation of error
    reduction", ICML 2001.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.neighbors import IncrementalKNeighborsClassifier
    >>> from skactive.strategies import ExpectedErrorReduction
    >>> X = [[0.0], [1.0], [2.0], [3.0], [9.0]]
    >>> pool = Pool(X, estimator=IncrementalKNeighborsClassifier(metric="euclidean"))
    >>> pool = pool.add_labels([0, 4], ["a", "b"])
    >>> indices, utilities = ExpectedErrorReduction().select(pool)
    >>> indices, utilities.round(2)
    (array([2]), array([0.06]))
    """

    _component_name = "error reduction"

    target_kinds = frozenset({"categorical"})

    def __init__(
        self,
        loss: str = "zero_one",
        *,
        estimator: Classifier | None = None,
        n_candidates: int | None = 200,
        n_evaluated: int | None = 1000,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(random_state=random_state)
        self.loss = loss
        self.estimator = estimator
        self.n_candidates = n_candidates
        self.n_evaluated = n_evaluated

    def utilities(self, pool: PoolView) -> np.ndarray:
        check_choice(self, "loss", self.loss, LOSSES)
        if self.estimator is not None:
            check_classifier(self.estimator, "The 'estimator' parameter of ExpectedErrorReduction")
        for name in ("n_candidates", "n_evaluated"):
            if getattr(self, name) is not None:
                check_integer(self, name, getattr(self, name), minimum=1)
        whole = pool.whole
        candidates = pool.candidates
        if not has_two_classes(whole):
            if posterior_of_classes(whole) is None:
                metric = getattr(self._classifier(pool), "metric", "cosine")
                return cold_start_utilities(
                    pool, "euclidean" if metric == "euclidean" else "cosine"
                )
            own_error = LeastConfidence() if self.loss == "zero_one" else Entropy()
            return own_error.utilities(pool)
        reductions = pool.once_per_batch(self, lambda: self._reductions(whole))
        if reductions is None:
            return cold_start_utilities(pool, "euclidean")
        tried = drawn_candidates(candidates, reductions.keys, self.n_candidates)
        if len(tried) == 0:
            return np.empty(0)
        values = reductions.of(tried)
        utilities = np.full(len(candidates), values.min())
        utilities[np.searchsorted(candidates, tried)] = values
        return utilities

    def _reductions(self, pool: PoolView) -> Reductions | None:
        """Return the errors, or None if there are too few labels for the classifier."""
        keys = draw_keys(self.random_state, pool)
        evaluated = drawn_candidates(pool.candidates, 1 - keys, self.n_evaluated)
        classifier = self._classifier(pool)
        if hasattr(classifier, "lookahead"):
            return Reductions(classifier.lookahead(pool, evaluated, self.loss), keys)
        model = RefitLookahead(pool, classifier, evaluated, self.loss)
        return Reductions(model, keys) if model.is_fitted else None

    def _classifier(self, pool: PoolView) -> Any:
        """Return the classifier whose error is expected."""
        if self.estimator is not None:
            return self.estimator
        has_lookahead = hasattr(pool.estimator, "lookahead")
        return pool.estimator if has_lookahead else IncrementalKNeighborsClassifier()


class Lookahead(Protocol):
    """The expected error after each possible answer to each query."""

    evaluated: np.ndarray
    loss: str

    def posterior(self, positions: np.ndarray) -> np.ndarray:
        """Return the present class probabilities."""

    def losses(self, positions: np.ndarray) -> np.ndarray:
        """Return the loss summed over the evaluated samples, by sample and label."""


class Reductions:
    """The reduction of the error by an answer, computed once for each candidate tried."""

    def __init__(self, model: Lookahead, keys: np.ndarray) -> None:
        self.keys = keys
        self._model = model
        self._values = np.full(len(keys), np.nan)
        evaluated = model.evaluated
        now = loss_of(model.posterior(evaluated), model.loss) if len(evaluated) else np.zeros(1)
        self._now = float(now.mean())

    def of(self, positions: np.ndarray) -> np.ndarray:
        """Return the reductions for candidates."""
        new = positions[np.isnan(self._values[positions])]
        if len(new):
            chances = self._model.posterior(new)
            expected = np.einsum("ij,ij->i", chances, self._model.losses(new))
            n_others = len(self._model.evaluated) - np.isin(new, self._model.evaluated)
            # Rounded so that equal samples get equal values.
            self._values[new] = np.round(self._now - expected / np.maximum(n_others, 1), 12)
        return self._values[positions]


class RefitLookahead:
    """The expected error of any classifier, refitted for each possible answer.

    It has the interface of `KNNLookahead`, which is for nearest neighbours.
    """

    def __init__(self, pool: PoolView, classifier: Any, evaluated: np.ndarray, loss: str) -> None:
        self.evaluated = evaluated
        self.loss = loss
        self._pool = pool
        self._classifier = classifier
        self._X, self._y = pool.labeled_samples()
        self._labels = np.unique(self._y)
        self._now = fitted_copy(classifier, self._X, self._y)

    @property
    def is_fitted(self) -> bool:
        """Whether there are enough labels for the classifier."""
        return self._now is not None

    def posterior(self, positions: np.ndarray) -> np.ndarray:
        """Return the present class probabilities, for the labels that are known."""
        return self._probabilities(self._now, self._pool.X[positions])

    def losses(self, positions: np.ndarray) -> np.ndarray:
        """Return the loss summed over the evaluated samples but the new one itself."""
        summed = np.zeros((len(positions), len(self._labels)))
        for place, position in enumerate(positions):
            extended = concatenate_rows(self._X, self._pool.X[[position]])
            others = self._pool.X[self.evaluated[self.evaluated != position]]
            for code, label in enumerate(self._labels if others.shape[0] else ()):
                refitted = fitted_copy(self._classifier, extended, np.append(self._y, label))
                summed[place, code] = loss_of(
                    self._probabilities(refitted, others), self.loss
                ).sum()
        return summed

    def _probabilities(self, classifier: Any, X: Any) -> np.ndarray:
        probabilities = None if classifier is None else class_probabilities(classifier, X)
        if probabilities is None:
            raise NotFittedError(
                f"{type(classifier).__name__} is not fitted after a call of its `fit`. Hint: pass "
                "another estimator."
            )
        return probabilities
