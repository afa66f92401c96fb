"""The result of a comparison of strategies."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import rankdata

from skactive._frame import Tabular
from skactive._validation import check_choice, check_integer, check_number
from skactive.model_selection._areas import mean_height
from skactive.model_selection._paired_tests import (
    CORRECTIONS,
    TESTS,
    PairedTests,
    corrected,
    tested,
)


@dataclass(frozen=True, eq=False)
class StrategyComparison(Tabular):
    """Labelling curves of several strategies over the same splits.

    Attributes
    ----------
    names : tuple of str
        The names of the strategies, in the order in which they were passed.
    n_labels : ndarray of int of shape (n_points,)
        The number of labels at each point of a curve.
    test_scores : ndarray of shape (n_strategies, n_splits, n_points)
        Scores on the test part of each split.
    full_scores : ndarray of shape (n_splits,)
        Scores with every label of the training part.
    scoring : str
        The name of the score.
    n_train : ndarray of int of shape (n_splits,) or None
        Number of samples in the training part of each split; None if unknown.
    n_test : ndarray of int of shape (n_splits,) or None
        Number of samples in the test part of each split; None if unknown.

    See Also
    --------
    compare_strategies : Returns a comparison.
    labeling_curve : Returns a comparison with a single strategy.
    skactive.inspection.LabelingCurveDisplay : Draws the curves.
    skactive.inspection.StrategyComparisonDisplay : Draws wins, losses and their significance.

    Notes
    -----
    `table` and `cv_results` are dicts of arrays, which need no pandas and which
    ``pandas.DataFrame`` accepts; `frame` returns a DataFrame.

    Examples
    --------
    >>> import numpy as np
    >>> from skactive.model_selection import StrategyComparison
    >>> comparison = StrategyComparison(
    ...     names=("random", "cdf-product"),
    ...     n_labels=np.array([10, 20, 30, 40]),
    ...     test_scores=np.array([[[0.5, 0.6, 0.7, 0.8]], [[0.6, 0.8, 0.85, 0.9]]]),
    ...     full_scores=np.array([0.95]),
    ...     scoring="accuracy",
    ... )
    >>> comparison.labels_to_score(0.8)
    array([40., 20.])
    >>> comparison.label_savings(0.8, baseline="random")[1]
    array([2., 2., 2.])
    """

    names: tuple[str, ...]
    n_labels: np.ndarray
    test_scores: np.ndarray
    full_scores: np.ndarray
    scoring: str
    n_train: np.ndarray | None = None
    n_test: np.ndarray | None = None

    @property
    def mean_scores(self) -> np.ndarray:
        """Scores averaged over splits, shape (n_strategies, n_points)."""
        return np.asarray(self.test_scores.mean(axis=1))

    @property
    def cv_results(self) -> dict[str, np.ndarray]:
        """Scores in the format of `cv_results_` of a grid search.

        One row per strategy and number of labels, with the columns 'strategy', 'n_labels',
        'split0_test_score' and so on, 'mean_test_score', 'std_test_score' (the standard
        deviation over the splits, ddof=0) and 'rank_test_score', 1 for the best mean at that
        number of labels; equal means share the better rank.
        """
        n_strategies, n_splits, n_points = self.test_scores.shape
        means = self.mean_scores
        lost = np.where(np.isnan(means), -np.inf, means)
        ranks = rankdata(-lost, method="min", axis=0).astype(np.int32)
        splits = {
            f"split{split}_test_score": self.test_scores[:, split].ravel()
            for split in range(n_splits)
        }
        return {
            "strategy": np.repeat(self.names, n_points),
            "n_labels": np.tile(self.n_labels, n_strategies),
            **splits,
            "mean_test_score": means.ravel(),
            "std_test_score": self.test_scores.std(axis=1).ravel(),
            "rank_test_score": ranks.ravel(),
        }

    def labels_to_score(self, score: float) -> np.ndarray:
        """Return the number of labels with which each strategy reaches a score.

        Parameters
        ----------
        score : float
            The score to reach.

        Returns
        -------
        n_labels : ndarray of shape (n_strategies,)
            The first point at which the curve, averaged over splits, is at least `score`; NaN if
            it never is.
        """
        return self._first_reached(self.mean_scores, score)

    def area_under_curve(self) -> np.ndarray:
        """Return the mean height of each labelling curve.

        Returns
        -------
        areas : ndarray of shape (n_strategies, n_splits)
            The area by the trapezoidal rule, divided by the range of labels; in units of the
            score.
        """
        return mean_height(self.n_labels, self.test_scores)

    def label_savings(
        self,
        score: float,
        *,
        baseline: str,
        confidence: float = 0.95,
        n_resamples: int = 2000,
        random_state: int = 0,
    ) -> np.ndarray:
        """Return the label savings of each strategy over the baseline.

        Parameters
        ----------
        score : float
            The score to reach.
        baseline : str
            The name of the strategy to compare with.
        confidence : float, default=0.95
            The level of the interval, in (0, 1).
        n_resamples : int, default=2000
            Number of times that the splits are drawn, with replacement, for the interval.
        random_state : int, default=0
            Seed of the draws.

        Returns
        -------
        savings : ndarray of shape (n_strategies, 3)
            The number of labels that the baseline needs divided by the number that the strategy
            needs, and the lower and upper end of its bootstrap interval. NaN if either does not
            reach the score; an end of the interval is NaN if more than its share of the draws do
            not.
        """
        reference = self._position(baseline)
        if not 0 < confidence < 1:
            raise ValueError(
                f"The 'confidence' parameter must be above 0 and below 1. Got {confidence}."
            )
        check_integer(self, "n_resamples", n_resamples, minimum=1)
        needed = self.labels_to_score(score)
        n_splits = self.test_scores.shape[1]
        random = np.random.default_rng(random_state)
        draws = np.empty((n_resamples, len(self.names)))
        for draw in range(n_resamples):
            splits = random.integers(n_splits, size=n_splits)
            resampled = self._first_reached(self.test_scores[:, splits].mean(axis=1), score)
            draws[draw] = resampled[reference] / resampled
        # A draw that does not reach the score counts as the extreme value at either end.
        lost, tail = np.isnan(draws), (1 - confidence) / 2
        lowest, highest = np.where(lost, -np.inf, draws), np.where(lost, np.inf, draws)
        lower = np.quantile(lowest, tail, axis=0, method="lower")
        upper = np.quantile(highest, 1 - tail, axis=0, method="higher")
        interval = np.column_stack([needed[reference] / needed, lower, upper])
        return np.where(np.isfinite(interval), interval, np.nan)

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

    def table(self) -> dict[str, np.ndarray]:
        """Return all scores in long form, one row per strategy, split and number of labels.

        Returns
        -------
        table : dict of str to ndarray of shape (n_rows,)
            Columns 'strategy', 'split', 'n_labels' and 'score'.
        """
        n_strategies, n_splits, n_points = self.test_scores.shape
        strategy, split, point = np.indices((n_strategies, n_splits, n_points)).reshape(3, -1)
        return {
            "strategy": np.asarray(self.names)[strategy],
            "split": split,
            "n_labels": self.n_labels[point],
            "score": self.test_scores.ravel(),
        }

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

    def _first_reached(self, curves: np.ndarray, score: float) -> np.ndarray:
        reached = curves >= score
        first = self.n_labels[reached.argmax(axis=1)].astype(float)
        return np.where(reached.any(axis=1), first, np.nan)

    def _position(self, name: str) -> int:
        if name not in self.names:
            raise ValueError(f"No strategy is named {name!r}. The names are {list(self.names)}.")
        return self.names.index(name)
