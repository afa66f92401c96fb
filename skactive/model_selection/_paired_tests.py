"""Significance tests of the differences between strategies."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.stats import false_discovery_control, wilcoxon
from scipy.stats import t as student_t

from skactive._frame import Tabular

TESTS = frozenset({"corrected_t", "wilcoxon"})
CORRECTIONS = frozenset({"benjamini_hochberg", "holm"})


@dataclass(frozen=True, eq=False)
class PairedTests(Tabular):
    """Significance tests of the differences between pairs of strategies.

    Each attribute except the last three has one entry per pair.

    Attributes
    ----------
    first : tuple of str
        One strategy of each pair.
    second : tuple of str
        The other; the baseline if one was passed.
    mean_difference : ndarray of shape (n_pairs,)
        Mean over the splits of the first minus the second, in units of the score: positive if the
        first is better.
    statistic : ndarray of shape (n_pairs,)
        Student's t, or Wilcoxon's smaller sum of ranks; NaN for a single split.
    p_value : ndarray of shape (n_pairs,)
        The p-value of the two-sided test, in [0, 1]; NaN for a single split.
    corrected_p_value : ndarray of shape (n_pairs,)
        The p-value, corrected for the number of pairs.
    significant : ndarray of bool of shape (n_pairs,)
        Whether the corrected p-value is below `alpha`.
    test : str
        The name of the test.
    correction : str or None
        The name of the correction.
    alpha : float
        The significance level.

    See Also
    --------
    StrategyComparison.paired_tests : Runs the tests, and describes them.

    Examples
    --------
    >>> import numpy as np
    >>> from skactive.model_selection import StrategyComparison
    >>> heights = np.array([[0.80, 0.82, 0.81, 0.83], [0.75, 0.78, 0.76, 0.77]])
    >>> comparison = StrategyComparison(
    ...     names=("cdf-product", "random"),
    ...     n_labels=np.array([50]),
    ...     test_scores=heights[:, :, np.newaxis],
    ...     full_scores=np.full(4, 0.95),
    ...     scoring="accuracy",
    ...     n_train=np.full(4, 75),
    ...     n_test=np.full(4, 25),
    ... )
    >>> tests = comparison.paired_tests()
    >>> tests.first, tests.second, tests.p_value.round(3)
    (('cdf-product',), ('random',), array([0.004]))
    """

    first: tuple[str, ...]
    second: tuple[str, ...]
    mean_difference: np.ndarray
    statistic: np.ndarray
    p_value: np.ndarray
    corrected_p_value: np.ndarray
    significant: np.ndarray
    test: str
    correction: str | None
    alpha: float

    def table(self) -> dict[str, np.ndarray]:
        """Return the tests, one row per pair.

        Returns
        -------
        table : dict of str to ndarray of shape (n_pairs,)
            Columns 'first', 'second', 'mean_difference', 'statistic', 'p_value',
            'corrected_p_value' and 'significant'.
        """
        return {
            "first": np.asarray(self.first),
            "second": np.asarray(self.second),
            "mean_difference": self.mean_difference,
            "statistic": self.statistic,
            "p_value": self.p_value,
            "corrected_p_value": self.corrected_p_value,
            "significant": self.significant,
        }


def tested(
    differences: np.ndarray, test: str, test_to_train: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return statistic and two-sided p-value for each row of differences over splits."""
    n_pairs, n_splits = differences.shape
    statistic, p_value = np.full((2, n_pairs), np.nan)
    if n_splits == 1:
        return statistic, p_value
    known = np.isfinite(differences).all(axis=1)
    # No test is defined if all differences are 0: the strategies are equal, and p = 1.
    equal = known & ~differences.any(axis=1)
    statistic[equal], p_value[equal] = 0.0, 1.0
    rest = known & ~equal
    if test == "corrected_t":
        statistic[rest], p_value[rest] = corrected_t(differences[rest], test_to_train)
    else:
        for place in np.flatnonzero(rest):
            statistic[place], p_value[place] = signed_rank(differences[place])
    return statistic, p_value


def corrected_t(differences: np.ndarray, test_to_train: float) -> tuple[np.ndarray, np.ndarray]:
    """Return Nadeau and Bengio's t and its p-value for each row; no row may be all zero."""
    n_splits = differences.shape[1]
    variance = differences.var(axis=1, ddof=1) * (1 / n_splits + test_to_train)
    with np.errstate(divide="ignore"):  # with the same difference in all splits, t is infinite
        t = differences.mean(axis=1) / np.sqrt(variance)
    return t, 2 * student_t.sf(np.abs(t), n_splits - 1)


def signed_rank(differences: np.ndarray) -> tuple[float, float]:
    """Return Wilcoxon's statistic and p-value, without the splits whose difference is 0."""
    with warnings.catch_warnings():
        # With few splits and ties, scipy warns that its normal approximation is coarse.
        warnings.filterwarnings("ignore", category=UserWarning, module="scipy")
        warnings.filterwarnings("ignore", "Sample size too small", UserWarning)
        found = wilcoxon(differences[differences != 0])
    return float(found.statistic), float(found.pvalue)


def corrected(p_value: np.ndarray, correction: str | None) -> np.ndarray:
    """Return p-values corrected for their number; NaN stays NaN."""
    known = np.isfinite(p_value)
    if correction is None or not known.any():
        return p_value.copy()
    result = np.full(len(p_value), np.nan)
    correct = holm if correction == "holm" else false_discovery_control
    result[known] = correct(p_value[known])
    return result


def holm(p_value: np.ndarray) -> np.ndarray:
    """Return p-values corrected by Holm's step-down procedure."""
    order = np.argsort(p_value)
    stepped = np.maximum.accumulate(p_value[order] * np.arange(len(p_value), 0, -1))
    result = np.empty(len(p_value))
    result[order] = np.minimum(stepped, 1)
    return result
