"""The uncertainty of several labels of each candidate."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np

from skactive._engine.candidate_rank import CandidateRank
from skactive._engine.targets import check_kind
from skactive._validation import check_choice
from skactive.base import PoolView
from skactive.measures._base import Measure
from skactive.measures._row_measure import RowMeasure

# Values that are equal in theory differ in the last computed digits.
DECIMALS = 10


def uncertainties(probabilities: np.ndarray) -> np.ndarray:
    """Return 1 - |2p - 1| of each label."""
    return np.asarray(np.round(1 - np.abs(2 * probabilities - 1), DECIMALS))


def mean_uncertainty(probabilities: np.ndarray) -> np.ndarray:
    """Return the mean of the uncertainties of the labels."""
    return np.asarray(np.round(uncertainties(probabilities).mean(axis=1), DECIMALS))


def min_uncertainty(probabilities: np.ndarray) -> np.ndarray:
    """Return the uncertainty of the most certain label."""
    return np.asarray(uncertainties(probabilities).min(axis=1))


def max_uncertainty(probabilities: np.ndarray) -> np.ndarray:
    """Return the uncertainty of the least certain label."""
    return np.asarray(uncertainties(probabilities).max(axis=1))


def max_loss(probabilities: np.ndarray) -> np.ndarray:
    """Return the hinge loss of the predictions, if the most probable label were the only one."""
    signs = np.where(probabilities > 0.5, 1, -1)
    truth = -np.ones(probabilities.shape, dtype=np.intp)
    truth[np.arange(len(truth)), probabilities.argmax(axis=1)] = 1
    return np.maximum(1 - truth * signs, 0).sum(axis=1).astype(np.float64)


def mean_max_loss(probabilities: np.ndarray) -> np.ndarray:
    """Return the mean hinge loss of the predictions, each label being the only one in turn."""
    signs = np.where(probabilities > 0.5, 1, -1)
    products = 2 * signs - signs.sum(axis=1, keepdims=True)
    return np.asarray(np.maximum(1 - products, 0).mean(axis=1))


def min_confidence(probabilities: np.ndarray) -> np.ndarray:
    """Return the negative probability of the least probable label."""
    return np.asarray(-probabilities.min(axis=1))


def avg_confidence(probabilities: np.ndarray) -> np.ndarray:
    """Return the mean probability of the labels."""
    return np.asarray(np.round(probabilities.mean(axis=1), DECIMALS))


def scores(probabilities: np.ndarray) -> np.ndarray:
    """Return half the probability of each predicted label, and minus half that of the others."""
    return np.where(probabilities > 0.5, 0.5, -0.5) * probabilities


def max_score(probabilities: np.ndarray) -> np.ndarray:
    """Return the largest score of a label."""
    return np.asarray(scores(probabilities).max(axis=1))


def avg_score(probabilities: np.ndarray) -> np.ndarray:
    """Return the mean score of the labels."""
    return np.asarray(np.round(scores(probabilities).mean(axis=1), DECIMALS))


CRITERIA: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mean": mean_uncertainty,
    "min": min_uncertainty,
    "max": max_uncertainty,
    "SVM_binary_minimum": max_uncertainty,
    "max_loss": max_loss,
    "mean_max_loss": mean_max_loss,
    "min_confidence": min_confidence,
    "avg_confidence": avg_confidence,
    "max_score": max_score,
    "avg_score": avg_score,
}
BY_FREQUENCY = "frequency"


class LabelUncertainty(Measure):
    """Measure the uncertainty of several labels of each sample, combined by a criterion.

    With p_l the probability of label l, its uncertainty is u_l = 1 - abs(2 p_l - 1), and the label
    is predicted if p_l > 0.5. The sign s_l is 1 for predicted labels, else -1.

    Parameters
    ----------
    criterion : str, default='mean'
        How the values of labels are combined:

        - 'mean', 'min', 'max': the mean, smallest or largest u_l; in [0, 1];
        - 'frequency': the mean of u_l weighted by the number of labelled samples that have label l,
          plus 1; in [0, 1];
        - 'SVM_binary_minimum': as 'max', the smallest distance to a decision boundary; [0, 1];
        - 'max_loss': Σ max(0, 1 - t_l s_l), t_l = 1 for the most probable label, else -1;
          [0, 2 n_labels];
        - 'mean_max_loss': the mean over labels of max(0, 1 - t · s), t = 1 for this label, else -1;
          [0, n_labels + 1];
        - 'min_confidence': minus the smallest p_l; [-1, 0];
        - 'avg_confidence': the mean of p_l; [0, 1];
        - 'max_score', 'avg_score': the largest, or the mean, of p_l s_l / 2; [-0.5, 0.5].

        The last seven are those of modAL by name, and choose the same samples.

    See Also
    --------
    LabelCardinality : The number of labels instead of their probabilities.
    TargetUncertainty : The usual measure for each kind of labels.

    Notes
    -----
    Cost: O(n_labels) for each candidate whose posterior changed. Before the first label, the value
    of every candidate is 1.

    References
    ----------
    K. Brinker, "On active learning in multi-label classification", 2006, for 'SVM_binary_minimum'.

    X. Li, L. Wang and E. Sung, "Multilabel SVM active learning for image classification", ICIP
    2004, for 'max_loss' and 'mean_max_loss'.

    A. Esuli and F. Sebastiani, "Active learning strategies for multi-label text classification",
    ECIR 2009, for the other criteria of modAL.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.measures import LabelUncertainty
    >>> from skactive.neighbors import IncrementalMultiLabelKNeighbors
    >>> pool = Pool([[1, 0], [0, 1], [3, 1]], estimator=IncrementalMultiLabelKNeighbors(1))
    >>> pool = pool.add_labels([0, 1], [{"cat", "pet"}, {"pet"}])
    >>> LabelUncertainty().utilities(pool).round(3)
    array([0.515])
    """

    is_uncertainty = True
    target_kinds = frozenset({"multilabel"})

    def __init__(self, criterion: str = "mean") -> None:
        self.criterion = criterion

    def utilities(self, pool: PoolView) -> np.ndarray:
        values = self._values(pool, everywhere=False)
        return np.ones(pool.n_candidates) if values is None else values

    def utilities_everywhere(self, pool: PoolView) -> np.ndarray:
        values = self._values(pool, everywhere=True)
        if values is not None and np.isfinite(values.sum()):
            return values
        return super().utilities_everywhere(pool)

    def sentence(
        self,
        value: float,
        rank: CandidateRank,
        posterior: tuple[Sequence[Hashable], Sequence[float]],
    ) -> str:
        if rank.n_lower == 0:
            return "No unlabelled sample has labels that are less uncertain."
        return f"Its labels are more uncertain than those of {rank.than()}."

    def _values(self, pool: PoolView, *, everywhere: bool) -> np.ndarray | None:
        check_kind(self, pool.target.kind)
        check_choice(self, "criterion", self.criterion, {*CRITERIA, BY_FREQUENCY})
        if self.criterion != BY_FREQUENCY:
            return pool.of_posterior(CRITERIA[self.criterion], everywhere=everywhere)
        # The weights change with each label: values that the posterior keeps would not follow.
        posterior = None if everywhere else pool.posterior()
        if posterior is None:
            return None
        weights = (pool.labeled_samples()[1] > 0).sum(axis=0) + 1.0
        mean = uncertainties(posterior) @ (weights / weights.sum())
        return np.asarray(np.round(mean, DECIMALS))


def n_predicted(probabilities: np.ndarray) -> np.ndarray:
    """Return the number of predicted labels."""
    return np.asarray((probabilities > 0.5).sum(axis=1).astype(np.float64))


class LabelCardinality(RowMeasure):
    """Measure how far the number of predicted labels is from the usual number of labels.

    The label cardinality inconsistency abs(Σ 1[p_l > 0.5] - c), with c the mean number of labels of
    the labelled samples. Values are in [0, n_labels].

    See Also
    --------
    LabelUncertainty : The uncertainty of the labels.
    skactive.strategies.AdaptiveLabels : Combines both.

    Notes
    -----
    Labels that are not answered count as labels that a sample does not have. Cost: O(n_labels) for
    each candidate whose posterior changed. Before the first label, the value of every candidate is
    1.

    References
    ----------
    X. Li and Y. Guo, "Active learning with multi-label SVM classification", IJCAI 2013.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.measures import LabelCardinality
    >>> from skactive.neighbors import IncrementalMultiLabelKNeighbors
    >>> pool = Pool([[1, 0], [0, 1], [3, 1]], estimator=IncrementalMultiLabelKNeighbors(1))
    >>> pool = pool.add_labels([0, 1], [{"cat", "pet"}, {"pet"}])
    >>> LabelCardinality().utilities(pool)
    array([0.5])
    """

    target_kinds = frozenset({"multilabel"})

    def utilities(self, pool: PoolView) -> np.ndarray:
        check_kind(self, pool.target.kind)
        numbers = pool.of_posterior(n_predicted)
        if numbers is None:
            return np.ones(pool.n_candidates)
        return np.asarray(np.abs(numbers - mean_cardinality(pool)))


def mean_cardinality(pool: PoolView) -> float:
    """Return the mean number of labels of the labelled samples, 0 without labels."""
    y = pool.labeled_samples()[1]
    return float((y > 0).sum(axis=1).mean()) if len(y) and y.ndim == 2 else 0.0
