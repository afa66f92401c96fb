"""The result of a comparison of strategies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from skactive._frame import Tabular
from skactive._text import counted, score_number, score_text
from skactive._validation import check_integer
from skactive.model_selection._comparison_summary import ComparisonSummary
from skactive.model_selection._extrapolation import MIN_LABELS, MIN_SPLITS, extrapolated
from skactive.model_selection._goals import goals_of
from skactive.model_selection._paired_comparisons import PairedComparisons
from skactive.model_selection._recommendation import advice, outlook

BASELINE = "random"


@dataclass(frozen=True, eq=False, repr=False)
class StrategyComparison(PairedComparisons, Tabular):
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
    n_unlabeled : int
        Number of samples without a label, which are part of every pool and of no test part.
    kind : str
        The kind of labels: 'categorical', 'continuous' if they are numbers, or 'multilabel' if each
        sample has several.

    See Also
    --------
    compare_strategies : Returns a comparison.
    labeling_curve : Returns a comparison with a single strategy.
    skactive.inspection.LabelingCurveDisplay : Draws the curves.
    skactive.inspection.StrategyComparisonDisplay : Draws wins, losses and their significance.

    Notes
    -----
    Printed, a comparison is a short table; `summary` adds the label savings, and `recommendation`
    says it in a sentence. `table` and `cv_results` are dicts of arrays, which need no pandas and
    which ``pandas.DataFrame`` accepts; `frame` returns a DataFrame.

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
    n_unlabeled: int = 0
    kind: str = "categorical"

    def __repr__(self) -> str:
        n_strategies, n_splits, _ = self.test_scores.shape
        strategies = counted(n_strategies, "strategy", "strategies")
        return (
            f"<StrategyComparison: {strategies}, {counted(n_splits, 'split')}; "
            f"{self.scale()}>\n{self._summary(self._usual_baseline, with_savings=False).short()}"
        )

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

    def summary(self, *, baseline: str | None = None) -> ComparisonSummary:
        """Return the table that ``skactive compare`` prints.

        Parameters
        ----------
        baseline : str, default=None
            The strategy that label savings refer to; None takes 'random' if there is a strategy of
            that name, and leaves savings out otherwise. If labels are numbers, its scores are those
            for which labels are counted.

        Returns
        -------
        summary : ComparisonSummary
            The table: print it, or get the numbers with its `table` or `frame`.
        """
        baseline = self._usual_baseline if baseline is None else baseline
        if baseline is not None:
            self._position(baseline)
        return self._summary(baseline, with_savings=baseline is not None)

    def recommendation(self, *, baseline: str | None = None, n_more: int | None = None) -> str:
        """Return which strategy to use, and what further labels may bring, in two sentences.

        Parameters
        ----------
        baseline : str, default=None
            The strategy that the others are compared with; None takes 'random'.
        n_more : int, default=None
            Number of further labels of the second sentence. None takes 200, or the number of
            unlabelled samples or the present number of labels if smaller. Without unlabelled
            samples the sentence is left out.

        Returns
        -------
        recommendation : str
            The sentences.

        Raises
        ------
        ValueError
            If the baseline is unknown.

        Notes
        -----
        The first sentence compares the numbers of labels for 90 % of the score with every label,
        or for 80 % if no strategy reaches 90 %. If labels are numbers, it compares them for the
        score of the baseline at the end of its curve, or at half of the budget: errors have no zero
        from which shares could be measured. It recommends a strategy only if the area under its
        curve is significantly larger than that of the baseline, by `paired_tests` with Holm's
        correction for the number of strategies. The second sentence is `extrapolated_score` for
        the baseline, which is left out if the curve is too short for it. A baseline other than
        random selection makes that estimate optimistic.
        """
        baseline = BASELINE if baseline is None else baseline
        self._position(baseline)
        if n_more is not None:
            check_integer(self, "n_more", n_more, minimum=1)
        sentences = [advice(self, baseline), outlook(self, baseline, n_more)]
        return " ".join(sentence for sentence in sentences if sentence is not None)

    def extrapolated_score(
        self, n_labels: int, *, strategy: str, confidence: float = 0.95
    ) -> tuple[float, float, float]:
        """Return the score to expect with more labels than there are.

        Parameters
        ----------
        n_labels : int
            The number of labels, at most twice the number of labelled samples.
        strategy : str
            The name of the strategy whose curve is continued, preferably random selection.
        confidence : float, default=0.95
            The level of the interval, in (0, 1).

        Returns
        -------
        score, low, high : float
            The score and the ends of its interval.

        Raises
        ------
        ValueError
            If there are fewer than three splits, or fewer than 20 labels, if `n_labels` is more
            than twice the number of labelled samples, or the sizes of the splits are unknown.

        Notes
        -----
        The model is the power law a - b · n^(-c) with one exponent c from 0.1 to 1.5 for all
        splits, fitted by least squares to the last nine tenths of the curve, at about 12
        points with logarithmic spacing, and to the score with every label. The interval is that
        of the corrected resampled t-test of Nadeau and Bengio over the splits, widened to all
        exponents whose squared error is at most twice the smallest; this factor is a heuristic.

        The statement holds for samples like the labelled ones: if these were not drawn at random,
        neither the curve nor its continuation is the score on the unlabelled samples. The curve
        of an active strategy ends with the samples it did not want, so that its continuation
        means little; continued random selection is a cautious estimate for active selection.

        References
        ----------
        C. Cortes, L. D. Jackel, S. A. Solla, V. Vapnik, J. S. Denker: Learning Curves: Asymptotic
        Values and Rate of Convergence. Advances in Neural Information Processing Systems 6, 1993.
        """
        check_integer(self, "n_labels", n_labels, minimum=1)
        curves = self.test_scores[self._position(strategy)]
        self._check_confidence(confidence)
        if self.n_train is None or self.n_test is None:
            raise ValueError(
                "An extrapolation needs the sizes of the splits, `n_train` and `n_test`, which "
                "this comparison lacks. Hint: pass them to StrategyComparison."
            )
        n_labeled = int(np.max(self.n_train + self.n_test))
        if len(curves) < MIN_SPLITS or n_labeled < MIN_LABELS or len(self.n_labels) < MIN_SPLITS:
            raise ValueError(
                f"An extrapolation needs {MIN_SPLITS} splits and {MIN_LABELS} labels or more. Got "
                f"{counted(len(curves), 'split')} and {counted(n_labeled, 'label')}. Hint: use "
                "more folds, or label more samples."
            )
        if n_labels > 2 * n_labeled:
            raise ValueError(
                f"n_labels={n_labels} is more than twice the {counted(n_labeled, 'label')} there "
                f"are. Hint: choose at most {2 * n_labeled}."
            )
        known, n_full = self.n_labels, float(self.n_train.mean())
        if n_full > known[-1]:
            known = np.append(known, n_full)
            curves = np.column_stack([curves, self.full_scores])
        return extrapolated(
            known,
            curves,
            n_labels,
            n_train=np.asarray(self.n_train),
            n_test=np.asarray(self.n_test),
            confidence=confidence,
        )

    def label_savings(
        self,
        score: float | None,
        *,
        baseline: str,
        confidence: float = 0.95,
        n_resamples: int = 2000,
        random_state: int = 0,
    ) -> np.ndarray:
        """Return the label savings of each strategy over the baseline.

        Parameters
        ----------
        score : float or None
            The score to reach. None takes the score of the baseline at the end of its curve; each
            draw of splits has its own.
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
        self._check_confidence(confidence)
        check_integer(self, "n_resamples", n_resamples, minimum=1)
        needed = self._first_reached(self.mean_scores, score, reference)
        n_splits = self.test_scores.shape[1]
        random = np.random.default_rng(random_state)
        draws = np.empty((n_resamples, len(self.names)))
        for draw in range(n_resamples):
            splits = random.integers(n_splits, size=n_splits)
            curves = self.test_scores[:, splits].mean(axis=1)
            resampled = self._first_reached(curves, score, reference)
            draws[draw] = resampled[reference] / resampled
        # A draw that does not reach the score counts as the extreme value at either end.
        lost, tail = np.isnan(draws), (1 - confidence) / 2
        lowest, highest = np.where(lost, -np.inf, draws), np.where(lost, np.inf, draws)
        lower = np.quantile(lowest, tail, axis=0, method="lower")
        upper = np.quantile(highest, 1 - tail, axis=0, method="higher")
        interval = np.column_stack([needed[reference] / needed, lower, upper])
        return np.where(np.isfinite(interval), interval, np.nan)

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

    def scale(self, *, baseline: str | None = None) -> str:
        """Return the scores that the table of `summary` refers to, in a sentence.

        Parameters
        ----------
        baseline : str, default=None
            The strategy that the others are compared with; None takes 'random' if there is one.

        Returns
        -------
        scale : str
            The sentence, without a full stop.
        """
        baseline = self._usual_baseline if baseline is None else baseline
        goals, name = goals_of(self, baseline), score_text(self.scoring)
        full = self._score_number(float(self.full_scores.mean()))
        if goals.n_baseline is None:
            return f"100 % is the {name} with every label, {full}"
        score = self._score_number(goals.scores[goals.main])
        return f"{goals.texts[goals.main]} is {score}; with every label it is {full}"

    def _summary(self, baseline: str | None, *, with_savings: bool) -> ComparisonSummary:
        goals = goals_of(self, baseline)
        savings = None
        if baseline is not None and with_savings:
            score = goals.scores[goals.main] if goals.n_baseline is None else None
            savings = self.label_savings(score, baseline=baseline)
        needed = [self.labels_to_score(score) for score in goals.scores]
        return ComparisonSummary(
            names=self.names,
            budget=int(self.n_labels[-1]),
            labels_needed=np.column_stack(needed),
            areas=self.area_under_curve().mean(axis=1),
            baseline=baseline,
            savings=savings,
            n_baseline=goals.n_baseline,
        )

    @property
    def _usual_baseline(self) -> str | None:
        return BASELINE if BASELINE in self.names else None

    def _score_number(self, score: float) -> str:
        return score_number(score, is_share=bool(np.abs(self.test_scores).max() <= 1))

    def _check_confidence(self, confidence: float) -> None:
        if not 0 < confidence < 1:
            raise ValueError(
                f"The 'confidence' parameter must be above 0 and below 1. Got {confidence}."
            )

    def _first_reached(
        self, curves: np.ndarray, score: float | None, reference: int = 0
    ) -> np.ndarray:
        """Return the first points at a score, None for the last one of a reference curve."""
        reached = curves >= (curves[reference, -1] if score is None else score)
        first = self.n_labels[reached.argmax(axis=1)].astype(float)
        return np.where(reached.any(axis=1), first, np.nan)
