"""Tests and counts for pairs of strategies."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from skactive._validation import check_choice, check_number
from skactive.model_selection._areas import mean_height
from skactive.model_selection._paired_tests import (
    CORRECTIONS,
    TESTS,
    PairedTests,
    corrected,
    tested,
)


class PairedComparisons:
    """Tests and counts for pairs of the strategies of a comparison."""

    names: tuple[str, ...]
    n_labels: np.ndarray
    test_scores: np.ndarray
    n_train: np.ndarray | None
    n_test: np.ndarray | None

    def area_under_curve(self) -> np.ndarray:
        """Return the mean height of each labelling curve.

        Returns
        -------
        areas : ndarray of shape (n_strategies, n_splits)
            The area by the trapezoidal rule, divided by the range of labels; in units of the
            score.
        """
        return mean_height(self.n_labels, self.test_scores)

    def paired_tests(
        self,
        *,
        baseline: str | None = None,
        n_labels: int | None = None,
        test: str = "corrected_t",
        correction: str | None = "holm",
        alpha: float = 0.05,
    ) -> PairedTests:
        """Test for pairs of strategies whether their difference is significant.

        Parameters
        ----------
        baseline : str, default=None
            The name of the strategy that the others are compared with; None tests every pair.
        n_labels : int, default=None
            The number of labels at which scores are compared; None compares the areas under
            the curves.
        test : {'corrected_t', 'wilcoxon'}, default='corrected_t'
            The corrected resampled t-test of Nadeau and Bengio, or the signed-rank test of
            Wilcoxon.
        correction : {'holm', 'benjamini_hochberg'}, default='holm'
            The correction of p-values for the number of pairs: Holm's method bounds the
            probability of one false positive or more, Benjamini and Hochberg's the share of false
            positives among all positives. None does not correct them.
        alpha : float, default=0.05
            The level below which a corrected p-value is significant, in (0, 1).

        Returns
        -------
        tests : PairedTests
            One entry per pair, in the order of `names`.

        Raises
        ------
        ValueError
            If there is only one strategy, a name or a number of labels is unknown, or the t-test
            lacks `n_train` or `n_test`.

        Notes
        -----
        With the differences d_j of J splits, their mean m and variance s² (ddof=1), the
        statistic of the corrected test is t = m / √((1/J + n_test/n_train) s²) with J − 1
        degrees of freedom. The plain t-test has 1/J only, as if the splits were independent; since
        they share training samples, it reports differences that do not exist. Wilcoxon's test has
        the same fault, but assumes no normal distribution; with five splits or fewer its p-value
        is never below 0.05.

        With one split, p is NaN and no difference is significant. Strategies that are equal in all
        splits have p = 1. The same difference in all splits has t = ±∞ and p = 0. Differences
        within rounding count as 0.

        References
        ----------
        C. Nadeau, Y. Bengio: Inference for the Generalization Error. Machine Learning 52, 2003.

        F. Wilcoxon: Individual Comparisons by Ranking Methods. Biometrics Bulletin 1, 1945.

        S. Holm: A Simple Sequentially Rejective Multiple Test Procedure. Scandinavian Journal
        of Statistics 6, 1979.

        Y. Benjamini, Y. Hochberg: Controlling the False Discovery Rate. Journal of the Royal
        Statistical Society B 57, 1995.
        """
        check_choice(self, "test", test, TESTS)
        if correction is not None:
            check_choice(self, "correction", correction, CORRECTIONS)
        if not 0 < check_number(self, "alpha", alpha) < 1:
            raise ValueError(f"The 'alpha' parameter must be above 0 and below 1. Got {alpha}.")
        pairs = self._pairs(baseline)
        differences = self._differences(n_labels)[tuple(np.transpose(pairs))]
        statistic, p_value = tested(differences, test, self._test_to_train(test))
        corrected_p_value = corrected(p_value, correction)
        return PairedTests(
            first=tuple(self.names[first] for first, _ in pairs),
            second=tuple(self.names[second] for _, second in pairs),
            mean_difference=differences.mean(axis=1),
            statistic=statistic,
            p_value=p_value,
            corrected_p_value=corrected_p_value,
            significant=corrected_p_value < alpha,
            test=test,
            correction=correction,
            alpha=alpha,
        )

    def win_tie_loss(self, *, n_labels: int | None = None, tolerance: float = 0.0) -> np.ndarray:
        """Count the splits in which each strategy is better than, equal to or worse than others.

        Parameters
        ----------
        n_labels : int, default=None
            The number of labels at which scores are compared; None compares the areas under
            the curves.
        tolerance : float, default=0.0
            The largest difference that counts as a tie, in units of the score. A difference
            within rounding always does.

        Returns
        -------
        counts : ndarray of int of shape (n_strategies, n_strategies, 3)
            Numbers of splits in which the strategy of the row wins against that of the column,
            ties with it, and loses.
        """
        tolerance = check_number(self, "tolerance", tolerance)
        differences = self._differences(n_labels)
        outcomes = [
            differences > tolerance,
            np.abs(differences) <= tolerance,
            differences < -tolerance,
        ]
        return np.stack([outcome.sum(axis=2) for outcome in outcomes], axis=2)

    def _differences(self, n_labels: int | None) -> np.ndarray:
        """Return row minus column, shape (n_strategies, n_strategies, n_splits)."""
        if n_labels is None:
            heights = self.area_under_curve()
        else:
            known = self.n_labels.tolist()
            if n_labels not in known:
                nearest = min(known, key=lambda known_number: abs(known_number - n_labels))
                raise ValueError(
                    f"The curves have no point at {n_labels} labels. Hint: the nearest is "
                    f"{nearest}."
                )
            heights = self.test_scores[:, :, known.index(n_labels)]
        rows, columns = heights[:, np.newaxis], heights[np.newaxis]
        rounding = np.isclose(rows, columns, rtol=1e-9, atol=1e-12)
        return np.where(rounding, 0.0, rows - columns)

    def _pairs(self, baseline: str | None) -> list[tuple[int, int]]:
        if len(self.names) < 2:
            raise ValueError(
                f"{self.names[0]!r} is the only strategy, but a test needs two. Hint: compare it "
                "with another, such as RandomSampling()."
            )
        if baseline is None:
            return list(combinations(range(len(self.names)), 2))
        reference = self._position(baseline)
        return [(place, reference) for place in range(len(self.names)) if place != reference]

    def _test_to_train(self, test: str) -> float:
        if test == "wilcoxon":
            return 0.0
        if self.n_train is None or self.n_test is None:
            raise ValueError(
                "test='corrected_t' needs the sizes of the splits, `n_train` and `n_test`, which "
                "this comparison lacks. Hint: pass test='wilcoxon'."
            )
        return float(np.mean(np.asarray(self.n_test) / self.n_train))

    def _position(self, name: str) -> int:
        if name not in self.names:
            raise ValueError(f"No strategy is named {name!r}. The names are {list(self.names)}.")
        return self.names.index(name)
