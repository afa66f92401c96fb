"""Ask about what would make the classifier surest of all the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import clone

from skactive._validation import check_choice, check_integer
from skactive.measures import Entropy, LeastConfidence
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Batch, Pool
from skactive.pool._posterior import AskedClassifier, class_probabilities
from skactive.strategies._base import QueryStrategy, checked_utilities, random_keys
from skactive.strategies._cold_start import (
    fitted,
    knows_classes,
    once_per_batch,
    posterior_of_classes,
    spread_out,
    whole_pool,
)
from skactive.strategies._one_more_label import OneMoreLabel, loss_of
from skactive.strategies._term import Term

LOSSES = frozenset({"zero_one", "log"})


class ExpectedErrorReduction(QueryStrategy):
    """Choose the candidates whose answer promises to leave the fewest errors in the pool.

    For each candidate x and each label y that it may get, the error that the classifier would
    expect of itself on the other candidates once it knew (x, y), weighted by the probability
    that it gives y now: Σ_y p(y|x) · mean_u loss(u | x, y). The only strategy here that asks what
    an answer does to the goal itself, and affordable for nearest neighbours, where a label changes
    few votes.

    Parameters
    ----------
    loss : {'zero_one', 'log'}, default='zero_one'
        The error expected on a sample: 1 minus the probability of its most probable class, or
        the entropy of its probabilities, in nats.
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
    For an `IncrementalKNeighborsClassifier` the errors are what a refit for every candidate and
    label would give; cost: O(n_candidates · n_evaluated · (n_features + n_neighbors ·
    share of votes that change + n_classes)). Its `max_labeled` is left out of account. Any
    other classifier is fitted anew ``n_candidates · n_classes`` times, on the features of what is
    labelled: choose few candidates. Candidates not tried get the utility of the worst one tried,
    and samples picked for a batch count as if they were alone.

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
        n_candidates: int | None = 200,
        n_evaluated: int | None = 1000,
        random_state: Any = None,
    ) -> None:
        super().__init__(random_state=random_state)
        self.loss = loss
        self.n_candidates = n_candidates
        self.n_evaluated = n_evaluated

    def utilities(self, pool: Pool | Batch) -> np.ndarray:
        """Return by how much an answer for each candidate is expected to lower the error.

        Parameters
        ----------
        pool : Pool or Batch
            Where to choose from; it is not changed.

        Returns
        -------
        utilities : ndarray of shape (n_candidates,)
            The mean error expected now, less that expected after the answer.
        """
        check_choice(self, "loss", self.loss, LOSSES)
        whole = whole_pool(pool)
        candidates = pool.candidates
        if not knows_classes(whole):
            if posterior_of_classes(whole) is None:
                return spread_out(pool, "cosine")
            own_error = LeastConfidence() if self.loss == "zero_one" else Entropy()
            return own_error.utilities(pool)
        reductions = once_per_batch(pool, self, lambda: self._reductions(whole))
        tried = self._tried(candidates, reductions.keys)
        if len(tried) == 0:
            return np.empty(0)
        values = reductions.of(tried)
        utilities = np.full(len(candidates), values.min())
        utilities[np.searchsorted(candidates, tried)] = values
        return utilities

    def terms(self, pool: Pool | Batch) -> dict[str, Term]:
        """Return one term, under the name 'error reduction'.

        Parameters
        ----------
        pool : Pool or Batch
            Where to choose from; it is not changed.

        Returns
        -------
        terms : dict of str to Term
            One, whose factor is the value itself.
        """
        values = checked_utilities(type(self).__name__, self.utilities(pool), pool)
        return {"error reduction": Term(self, values, values)}

    def _tried(self, candidates: np.ndarray, keys: np.ndarray) -> np.ndarray:
        return self._sample(candidates, keys, "n_candidates")

    def _sample(self, candidates: np.ndarray, keys: np.ndarray, name: str) -> np.ndarray:
        """Return those of the candidates that have the smallest keys, ascending."""
        wanted = getattr(self, name)
        if wanted is None or check_integer(self, name, wanted, minimum=1) >= len(candidates):
            return candidates
        return np.sort(candidates[np.argpartition(keys[candidates], wanted)[:wanted]])

    def _reductions(self, pool: Pool) -> Reductions:
        seed: Any = 0 if self.random_state is None else self.random_state
        if isinstance(seed, int | np.integer):
            # Else the same few would be tried until all of them are labelled.
            keys = np.random.default_rng((int(seed), pool.n_labeled)).random(pool.n_samples)
        else:
            keys = random_keys(seed, pool.n_samples)
        evaluated = self._sample(pool.candidates, 1 - keys, "n_evaluated")
        classifier = pool.estimator
        if isinstance(classifier, AskedClassifier):
            classifier = classifier.classifier
        if isinstance(classifier, IncrementalKNeighborsClassifier):
            losses: Any = OneMoreLabel(pool, classifier, evaluated, self.loss).losses
        else:
            losses = RefittedLosses(pool, classifier, evaluated, self.loss).losses
        return Reductions(pool, evaluated, self.loss, keys, losses)


class Reductions:
    """By how much an answer lowers the error, found once for each candidate that is tried."""

    def __init__(
        self, pool: Pool, evaluated: np.ndarray, loss: str, keys: np.ndarray, losses: Any
    ) -> None:
        self.keys = keys
        self._evaluated = evaluated
        self._losses = losses
        self._candidates = pool.candidates
        posterior = posterior_of_classes(pool)
        if posterior is None:
            raise ValueError(
                "ExpectedErrorReduction needs a classifier that is fitted, and the pool has none. "
                "Hint: pass `estimator` to Pool."
            )
        self._chances = chances_of_labels(pool, posterior)
        self._values = np.full(pool.n_samples, np.nan)
        places = np.searchsorted(self._candidates, evaluated)
        self._now = float(loss_of(posterior[places], loss).mean()) if len(places) else 0.0

    def of(self, positions: np.ndarray) -> np.ndarray:
        """Return the reductions for candidates."""
        new = positions[np.isnan(self._values[positions])]
        if len(new):
            n_others = len(self._evaluated) - np.isin(new, self._evaluated)
            chances = self._chances[np.searchsorted(self._candidates, new)]
            expected = np.einsum("ij,ij->i", chances, self._losses(new))
            self._values[new] = self._now - expected / np.maximum(n_others, 1)
        return self._values[positions]


class RefittedLosses:
    """The expected error of any classifier, fitted anew for each possible answer."""

    def __init__(self, pool: Pool, classifier: Any, evaluated: np.ndarray, loss: str) -> None:
        self._pool = pool
        self._classifier = classifier
        self._evaluated = evaluated
        self._loss = loss

    def losses(self, positions: np.ndarray) -> np.ndarray:
        """Return the loss summed over the evaluated samples but the new one itself."""
        X, y = self._pool.labeled_samples()
        stack = sp.vstack if sp.issparse(X) else np.vstack
        summed = np.zeros((len(positions), len(self._pool.classes_)))
        for place, position in enumerate(positions):
            extended = stack([X, self._pool.X[[position]]])
            others = self._pool.X[self._evaluated[self._evaluated != position]]
            for code, label in enumerate(self._pool.classes_):
                refitted = fitted(clone(self._classifier), extended, np.append(y, label))
                if others.shape[0]:
                    posterior = np.asarray(class_probabilities(refitted, others))
                    summed[place, code] = loss_of(posterior, self._loss).sum()
        return summed


def chances_of_labels(pool: Pool, posterior: np.ndarray) -> np.ndarray:
    """Return the posterior with a column for each class of the pool, in their order."""
    asked = pool.estimator.classifier if isinstance(pool.estimator, AskedClassifier) else None
    known = getattr(asked if asked is not None else pool.estimator, "classes_", None)
    if known is None or isinstance(pool.estimator, IncrementalKNeighborsClassifier):
        return posterior
    chances = np.zeros((len(posterior), len(pool.classes_)))
    is_known = np.isin(known, pool.classes_)
    chances[:, np.searchsorted(pool.classes_, known[is_known])] = posterior[:, is_known]
    return chances
