"""Strategies for samples with several labels: MMC, CVIRS and adaptive combination."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression

from skactive._engine.indicator import is_answered
from skactive._estimators import label_probabilities
from skactive._few_labels import fitted_copy
from skactive._validation import check_number
from skactive.base import PoolView
from skactive.measures import LabelCardinality, LabelUncertainty
from skactive.strategies._base import QueryStrategy
from skactive.strategies._support.spread import spread_if_constant
from skactive.strategies._support.texts_of_pools import check_estimator_takes_vectors
from skactive.strategies._utility_component import UtilityComponent

# Values that are equal in theory differ in the last computed digits.
DECIMALS = 10


class LabelStrategy(QueryStrategy):
    """Base class of strategies that need the probability of each label."""

    target_kinds = frozenset({"multilabel"})

    def utilities(self, pool: PoolView) -> np.ndarray:
        self._check_parameters()
        spread = spread_if_constant(self, pool, LabelUncertainty())
        if spread is not None:
            return spread.utilities(pool)
        # Without a posterior, all candidates would be equally uncertain.
        posterior: Any = pool.posterior()
        return self._utilities(pool, posterior)

    def terms(self, pool: PoolView) -> dict[str, UtilityComponent]:
        spread = spread_if_constant(self, pool, LabelUncertainty())
        return super().terms(pool) if spread is None else spread.terms(pool)

    def _check_parameters(self) -> None:
        """Raise if a parameter has an invalid value."""
        return

    @abstractmethod
    def _utilities(self, pool: PoolView, posterior: np.ndarray) -> np.ndarray:
        """Return the utilities of the candidates, given the probabilities of their labels."""


class MMC(LabelStrategy):
    """Choose the candidate that reduces the loss of all labels most: maximal confidence.

    The number k of labels of each candidate is predicted first, by a logistic regression from its
    sorted probabilities. Its k most probable labels are taken for true. The utility is
    Σ (1 - t_l (2 p_l - 1)) / 2, with t_l = 1 for these labels and -1 for the others: the loss that
    the answer would reduce.

    Parameters
    ----------
    random_state : int, RandomState instance or None, default=None
        None breaks ties by position; otherwise they are broken at random.

    See Also
    --------
    skactive.measures.LabelUncertainty : The uncertainty of labels alone.

    Notes
    -----
    Utilities are in [0, n_labels]. The logistic regression is fitted to the labelled samples of the
    pool, in each query; labels that are not answered count as labels that a sample does not have.
    While all candidates are equally uncertain, the choice is that of `KCenterGreedy`.

    Cost: a fit to n_labeled samples with n_labels features, and O(n_labels log n_labels) for each
    candidate.

    References
    ----------
    B. Yang, J.-T. Sun, T. Wang and Z. Chen, "Effective multi-label active learning for text
    classification", KDD 2009.

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from skactive import ActiveLearner
    >>> from skactive.neighbors import IncrementalMultiLabelKNeighbors
    >>> from skactive.strategies import MMC
    >>> X, Y = make_multilabel_classification(60, random_state=0)
    >>> learner = ActiveLearner(IncrementalMultiLabelKNeighbors(5), MMC(), X)
    >>> learner.teach(range(20), Y[:20]).query(2)
    array([40, 58])
    """

    def __init__(self, *, random_state: int | np.random.RandomState | None = None) -> None:
        super().__init__(random_state=random_state)

    def _utilities(self, pool: PoolView, posterior: np.ndarray) -> np.ndarray:
        whole = pool.whole
        numbers = np.array([len(one) for one in whole.labels.tolist()], dtype=np.intp)
        if len(numbers) == 0:
            y = whole.labeled_samples()[1]
            predicted = np.full(len(posterior), round(float((y > 0).sum(axis=1).mean())))
        elif len(np.unique(numbers)) == 1:
            predicted = np.full(len(posterior), numbers[0])
        else:
            known = whole.posterior(whole.labeled)
            regression = LogisticRegression(max_iter=1000)
            regression.fit(_sorted_shares(posterior if known is None else known), numbers)
            predicted = regression.predict(_sorted_shares(posterior))
        ranks = np.argsort(np.argsort(-posterior, axis=1, kind="stable"), axis=1)
        signs = np.where(ranks < predicted[:, np.newaxis], 1, -1)
        losses = (1 - signs * (2 * posterior - 1)) / 2
        return np.asarray(np.round(losses.sum(axis=1), DECIMALS))


class CVIRS(LabelStrategy):
    """Choose by the ranks of margins, and by how much predictions differ from labelled samples.

    The utility is s · v. The score s of ranks is the mean over labels of (n - τ_l) / (n - 1), with
    τ_l the rank of a candidate by the margin abs(2 p_l - 1) among the n candidates, smallest first.
    The inconsistency v is the mean over labelled samples of the distance between the predicted
    labels and theirs.

    Parameters
    ----------
    random_state : int, RandomState instance or None, default=None
        None breaks ties by position; otherwise they are broken at random.

    See Also
    --------
    MMC : The reduction of the loss.

    Notes
    -----
    The distance of two sets of labels is the normalised entropy distance
    (2 H(A, B) - H(A) - H(B)) / H(A, B), and 1 if they have no common label and no common missing
    label. Ranks of equal margins are their mean. Utilities are in [0, 1]. Labels that are not
    answered count as labels that a sample does not have. While all candidates are equally
    uncertain, the choice is that of `KCenterGreedy`.

    Cost: O(n_labels · n_candidates log n_candidates), and O(n_labels) for each pair of different
    sets, predicted and labelled.

    References
    ----------
    O. Reyes, C. Morell and S. Ventura, "Effective active learning strategy for multi-label
    learning", Neurocomputing 273, 2018.

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from skactive import ActiveLearner
    >>> from skactive.neighbors import IncrementalMultiLabelKNeighbors
    >>> from skactive.strategies import CVIRS
    >>> X, Y = make_multilabel_classification(60, random_state=0)
    >>> learner = ActiveLearner(IncrementalMultiLabelKNeighbors(5), CVIRS(), X)
    >>> learner.teach(range(20), Y[:20]).query(2)
    array([40, 58])
    """

    def __init__(self, *, random_state: int | np.random.RandomState | None = None) -> None:
        super().__init__(random_state=random_state)

    def _utilities(self, pool: PoolView, posterior: np.ndarray) -> np.ndarray:
        n = len(posterior)
        margins = np.round(np.abs(2 * posterior - 1), DECIMALS)
        ranks = rankdata(margins, axis=0)
        scores = ((n - ranks) / (n - 1)).mean(axis=1) if n > 1 else np.ones(n)
        predicted, of_candidate = _distinct(posterior > 0.5)
        labeled, of_labeled = _distinct(pool.whole.labeled_samples()[1] > 0)
        weights = np.bincount(of_labeled) / len(of_labeled)
        inconsistency = (_distances(predicted, labeled) @ weights)[of_candidate]
        return np.asarray(np.round(scores * inconsistency, DECIMALS))


class AdaptiveLabels(LabelStrategy):
    """Choose by uncertainty and the number of labels, weighted by the expected error.

    The utility is u^β c^(1-β). The uncertainty u is one over the margin between predicted labels
    and the others, c is `skactive.measures.LabelCardinality`. For each β the best candidate is
    added to the labelled samples, with the labels that are predicted for it, and the classifier is
    fitted again. The β whose classifier has the smallest expected error on the candidates is taken.

    Parameters
    ----------
    step : float, default=0.1
        Difference of two values of β, in (0, 1]. They go from 0 to 1.
    random_state : int, RandomState instance or None, default=None
        None breaks ties by position; otherwise they are broken at random.

    See Also
    --------
    skactive.measures.LabelCardinality : The number of labels alone.

    Notes
    -----
    With f_l = 2 p_l - 1, the margin is the smallest f of predicted labels minus the largest of the
    others; u is 0 if all labels are predicted, or none. The expected error of a candidate is
    max(1 - f_l) over predicted labels plus max(1 + f_l) over the others. Utilities are at least 0.
    While all candidates are equally uncertain, the choice is that of `KCenterGreedy`.

    Cost: at most 1 / step + 1 fits of the classifier, each with a prediction of all candidates.

    References
    ----------
    X. Li and Y. Guo, "Active learning with multi-label SVM classification", IJCAI 2013.

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from skactive import ActiveLearner
    >>> from skactive.neighbors import IncrementalMultiLabelKNeighbors
    >>> from skactive.strategies import AdaptiveLabels
    >>> X, Y = make_multilabel_classification(60, random_state=0)
    >>> learner = ActiveLearner(IncrementalMultiLabelKNeighbors(5), AdaptiveLabels(), X)
    >>> learner.teach(range(20), Y[:20]).query(2)
    array([35, 20])
    """

    def __init__(
        self, step: float = 0.1, *, random_state: int | np.random.RandomState | None = None
    ) -> None:
        super().__init__(random_state=random_state)
        self.step = step

    def _check_parameters(self) -> None:
        step = check_number(self, "step", self.step, exclusive=True)
        if step > 1:
            raise ValueError(
                "The 'step' parameter of AdaptiveLabels must be a number above 0 and at most 1. "
                f"Got {self.step!r} instead."
            )

    def _utilities(self, pool: PoolView, posterior: np.ndarray) -> np.ndarray:
        hint = "choose another strategy, such as 'herding' or 'cvirs'."
        check_estimator_takes_vectors(self, pool, hint)
        step = float(self.step)
        decisions, predicted = 2 * posterior - 1, posterior > 0.5
        lowest = np.where(predicted, decisions, np.inf).min(axis=1)
        highest = np.where(predicted, -np.inf, decisions).max(axis=1)
        uncertainty, cardinality = 1 / (lowest - highest), LabelCardinality().utilities(pool)
        errors: dict[int, float] = {}
        best = np.inf, cardinality
        for beta in np.linspace(0, 1, round(1 / step) + 1):
            values = np.round(uncertainty**beta * cardinality ** (1 - beta), DECIMALS)
            place = int(values.argmax())
            if place not in errors:
                errors[place] = self._expected_error(pool, place, predicted[place])
            if errors[place] < best[0]:
                best = errors[place], values
        return np.asarray(best[1])

    def _expected_error(self, pool: PoolView, place: int, labels: np.ndarray) -> float:
        """Return the expected error after a candidate gets the labels that are predicted."""
        X, y = pool.whole.labeled_samples()
        answered, one = is_answered(y), pool.X[pool.candidates[[place]]]
        stack: Any = sp.vstack if sp.issparse(X) else np.concatenate
        features = stack([X[answered], one])
        fitted = fitted_copy(
            pool.estimator, features, np.vstack([y[answered], labels.astype(y.dtype)])
        )
        if fitted is None:
            return np.inf
        rows = label_probabilities(fitted, pool.X[pool.candidates], y.shape[1])
        if rows is None:
            return np.inf
        decisions = 2 * rows - 1
        of_predicted = np.where(decisions < 0, 0, 1 - decisions).max(axis=1)
        of_others = np.where(decisions > 0, 0, 1 + decisions).max(axis=1)
        return round(float((of_predicted + of_others).sum()), DECIMALS)


def _sorted_shares(probabilities: np.ndarray) -> np.ndarray:
    """Return probabilities in descending order, as shares of their sum."""
    ordered = -np.sort(-probabilities, axis=1)
    total = ordered.sum(axis=1, keepdims=True)
    return np.divide(ordered, total, out=np.zeros_like(ordered), where=total > 0)


def _distinct(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    distinct, places = np.unique(rows, axis=0, return_inverse=True)
    return distinct, np.ravel(places)


def _distances(sets: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the distance of sets of labels to others, see Notes of `CVIRS`."""
    n_labels = sets.shape[1]
    one, two = sets.astype(np.float64), others.astype(np.float64)
    both, first = one @ two.T, one.sum(axis=1)[:, np.newaxis]
    second = two.sum(axis=1)[np.newaxis, :]
    joint = sum(
        _information(part / n_labels)
        for part in (both, first - both, second - both, n_labels - first - second + both)
    )
    own = sum(_information(part / n_labels) for part in (first, n_labels - first))
    other = sum(_information(part / n_labels) for part in (second, n_labels - second))
    distances = np.divide(2 * joint - own - other, joint, out=np.zeros(both.shape), where=joint > 0)
    distances[first + second - 2 * both == n_labels] = 1.0
    return np.clip(distances, 0.0, 1.0)


def _information(shares: np.ndarray) -> np.ndarray:
    """Return -p log2 p, 0 for 0."""
    return -shares * np.log2(np.where(shares > 0, shares, 1.0))
