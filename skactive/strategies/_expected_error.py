"""Ask about what would make the classifier surest of all the others."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skactive._engine.cold_start import (
    fitted,
    knows_classes,
    posterior_of_classes,
    spread_out,
)
from skactive._engine.losses import loss_of
from skactive._estimators import class_probabilities
from skactive._validation import check_choice, check_integer, checked_utilities
from skactive.base import PoolView
from skactive.measures import Entropy, LeastConfidence
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies._base import QueryStrategy, random_keys
from skactive.strategies._utility_component import UtilityComponent

LOSSES = frozenset({"zero_one", "log"})


class ExpectedErrorReduction(QueryStrategy):
    """Choose the candidates whose answer promises to leave the fewest errors in the pool.

    For each candidate x and each label y that it may get, the error that the classifier would
    expect of itself on the other candidates once it knew (x, y), weighted by the probability
    that it gives y now: Σ_y p(y|x) · mean_u loss(u | x, y). It asks what an answer does to the
    goal itself, and is affordable for nearest neighbours, where a label changes few votes.

    Parameters
    ----------
    loss : {'zero_one', 'log'}, default='zero_one'
        The error expected on a sample: 1 minus the probability of its most probable class, or
        the entropy of its probabilities, in nats.
    estimator : classifier, default=None
        Whose error. None takes the pool's classifier if it is an
        `IncrementalKNeighborsClassifier`, and one with default parameters otherwise. Any other
        classifier is copied, and fitted anew for every candidate and label.
    n_candidates : int or None, default=200
        How many candidates are tried, at least 1, others for each number of labels; None tries
        all.
    n_evaluated : int or None, default=1000
        Over how many candidates the error is taken, at least 1, others for each number of labels;
        None takes all.
    random_state : int, RandomState instance or None, default=None
        How ties are broken: at random, or by position where it is None. An int also seeds the
        draws of those tried and evaluated, which are those of 0 otherwise.

    See Also
    --------
    UncertaintySampling : Asks what the classifier is unsure of, whatever it stands for.

    Notes
    -----
    The errors of nearest neighbours are those that a refit for every candidate and label would
    give, found without one; cost: O(n_candidates · n_evaluated · n_features) for the distances
    and O(n_neighbors + n_classes) for each vote that changes. Their `max_labeled` is left out of
    account. Another `estimator` is fitted ``n_candidates · n_classes`` times, to the features of
    what is labelled: try few candidates.

    What is expected is the classifier's own opinion: where few neighbours agree on a wrong class
    no error is expected, and none is found. With the first hundred labels of digits, photos and
    questions this asked about less useful samples than random sampling did, even with a label of
    each class to begin with.

    Candidates that are not tried have the utility of the worst that is. Samples of a batch are
    chosen as if each were alone.

    While labels of two classes are missing no error can be expected: first comes the most
    central candidate, then the one farthest from all that is labelled. Where the labels are
    not known but a learner's probabilities are, as of a learner of modAL without `y_training`, a
    candidate is worth its own expected error.

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

    def __init__(
        self,
        loss: str = "zero_one",
        *,
        estimator: Any = None,
        n_candidates: int | None = 200,
        n_evaluated: int | None = 1000,
        random_state: Any = None,
    ) -> None:
        super().__init__(random_state=random_state)
        self.loss = loss
        self.estimator = estimator
        self.n_candidates = n_candidates
        self.n_evaluated = n_evaluated

    def utilities(self, pool: PoolView) -> np.ndarray:
        """Return by how much an answer for each candidate is expected to lower the error.

        Parameters
        ----------
        pool : PoolView
            The candidates to choose from. It is not changed.

        Returns
        -------
        utilities : ndarray of shape (n_candidates,)
            The mean error expected now, less that expected after the answer.
        """
        check_choice(self, "loss", self.loss, LOSSES)
        whole = pool.whole
        candidates = pool.candidates
        if not knows_classes(whole):
            if posterior_of_classes(whole) is None:
                metric = getattr(self._classifier(pool), "metric", "cosine")
                return spread_out(pool, "euclidean" if metric == "euclidean" else "cosine")
            own_error = LeastConfidence() if self.loss == "zero_one" else Entropy()
            return own_error.utilities(pool)
        reductions = pool.once_per_batch(self, lambda: self._reductions(whole))
        tried = self._tried(candidates, reductions.keys)
        if len(tried) == 0:
            return np.empty(0)
        values = reductions.of(tried)
        utilities = np.full(len(candidates), values.min())
        utilities[np.searchsorted(candidates, tried)] = values
        return utilities

    def terms(self, pool: PoolView) -> dict[str, UtilityComponent]:
        """Return one term, under the name 'error reduction'.

        Parameters
        ----------
        pool : PoolView
            The candidates to choose from. It is not changed.

        Returns
        -------
        terms : dict of str to UtilityComponent
            One, whose factor is the value itself.
        """
        values = checked_utilities(type(self).__name__, self.utilities(pool), pool)
        return {"error reduction": UtilityComponent(self, values, values)}

    def _tried(self, candidates: np.ndarray, keys: np.ndarray) -> np.ndarray:
        return self._sample(candidates, keys, "n_candidates")

    def _sample(self, candidates: np.ndarray, keys: np.ndarray, name: str) -> np.ndarray:
        """Return those of the candidates that have the smallest keys, ascending."""
        wanted = getattr(self, name)
        if wanted is None or check_integer(self, name, wanted, minimum=1) >= len(candidates):
            return candidates
        return np.sort(candidates[np.argpartition(keys[candidates], wanted)[:wanted]])

    def _reductions(self, pool: PoolView) -> Reductions:
        seed: Any = 0 if self.random_state is None else self.random_state
        if isinstance(seed, int | np.integer):
            # Else the same few would be tried until all of them are labelled.
            keys = np.random.default_rng((int(seed), pool.n_labeled)).random(pool.n_samples)
        else:
            keys = random_keys(seed, pool.n_samples)
        evaluated = self._sample(pool.candidates, 1 - keys, "n_evaluated")
        classifier = self._classifier(pool)
        if hasattr(classifier, "lookahead"):
            return Reductions(classifier.lookahead(pool, evaluated, self.loss), keys)
        return Reductions(RefitLookahead(pool, classifier, evaluated, self.loss), keys)

    def _classifier(self, pool: PoolView) -> Any:
        """Return whose error is expected."""
        if self.estimator is not None:
            return self.estimator
        has_lookahead = hasattr(pool.estimator, "lookahead")
        return pool.estimator if has_lookahead else IncrementalKNeighborsClassifier()


class Lookahead(Protocol):
    """The expected error after each possible answer to each query."""

    evaluated: np.ndarray
    loss: str

    def posterior(self, positions: np.ndarray) -> np.ndarray:
        """Return class probabilities as they are now."""

    def losses(self, positions: np.ndarray) -> np.ndarray:
        """Return the loss summed over the evaluated samples, by sample and label."""


class Reductions:
    """By how much an answer lowers the error, found once for each candidate that is tried."""

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
            # Equal samples are equal, whatever the rounding of a product.
            self._values[new] = np.round(self._now - expected / np.maximum(n_others, 1), 12)
        return self._values[positions]


class RefitLookahead:
    """The expected error of any classifier, fitted anew for each possible answer.

    The same questions as `KNNLookahead` answers for nearest neighbours.
    """

    def __init__(self, pool: PoolView, classifier: Any, evaluated: np.ndarray, loss: str) -> None:
        self.evaluated = evaluated
        self.loss = loss
        self._pool = pool
        self._classifier = classifier
        self._X, self._y = pool.labeled_samples()
        self._labels = np.unique(self._y)
        self._now = fitted(clone(classifier), self._X, self._y)

    def posterior(self, positions: np.ndarray) -> np.ndarray:
        """Return class probabilities as they are now, for the labels that are known."""
        return self._answer(self._now, self._pool.X[positions])

    def losses(self, positions: np.ndarray) -> np.ndarray:
        """Return the loss summed over the evaluated samples but the new one itself."""
        stack = sp.vstack if sp.issparse(self._X) else np.vstack
        summed = np.zeros((len(positions), len(self._labels)))
        for place, position in enumerate(positions):
            extended = stack([self._X, self._pool.X[[position]]])
            others = self._pool.X[self.evaluated[self.evaluated != position]]
            for code, label in enumerate(self._labels if others.shape[0] else ()):
                refitted = fitted(clone(self._classifier), extended, np.append(self._y, label))
                summed[place, code] = loss_of(self._answer(refitted, others), self.loss).sum()
        return summed

    def _answer(self, classifier: Any, X: Any) -> np.ndarray:
        answer = class_probabilities(classifier, X)
        if answer is None:
            raise NotFittedError(f"{type(classifier).__name__} knows nothing after it was fitted.")
        return answer
