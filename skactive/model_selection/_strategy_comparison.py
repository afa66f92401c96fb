"""What a comparison of strategies found, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skactive._validation import check_integer


@dataclass(frozen=True, eq=False)
class StrategyComparison:
    """Labelling curves of several strategies over the same splits.

    Attributes
    ----------
    names : tuple of str
        The strategies, in the order they were given.
    n_labels : ndarray of int of shape (n_points,)
        How many labels each point of a curve stands for.
    test_scores : ndarray of shape (n_strategies, n_splits, n_points)
        Scores on the test part of each split.
    full_scores : ndarray of shape (n_splits,)
        Scores with every label of the training part.
    scoring : str
        What the scores are.

    See Also
    --------
    compare_strategies : Makes one.
    skactive.inspection.LabelingCurveDisplay : Draws one.

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

    @property
    def mean_scores(self) -> np.ndarray:
        """Scores averaged over splits, shape (n_strategies, n_points)."""
        return np.asarray(self.test_scores.mean(axis=1))

    def labels_to_score(self, score: float) -> np.ndarray:
        """Return how many labels each strategy needs, on average over splits, for a score.

        Parameters
        ----------
        score : float
            The score to reach.

        Returns
        -------
        n_labels : ndarray of shape (n_strategies,)
            The first point at which the mean curve is at least `score`; NaN where it never is.
        """
        return self._first_reached(self.mean_scores, score)

    def area_under_curve(self) -> np.ndarray:
        """Return the mean height of each labelling curve over the labels asked for.

        Returns
        -------
        areas : ndarray of shape (n_strategies, n_splits)
            By the trapezoidal rule, divided by the range of labels; in units of the score.
        """
        if len(self.n_labels) == 1:
            return np.asarray(self.test_scores[:, :, 0])
        widths = np.diff(self.n_labels)
        heights = (self.test_scores[:, :, 1:] + self.test_scores[:, :, :-1]) / 2
        return np.asarray((heights * widths).sum(axis=2) / widths.sum())

    def label_savings(
        self,
        score: float,
        *,
        baseline: str,
        confidence: float = 0.95,
        n_resamples: int = 2000,
        random_state: int = 0,
    ) -> np.ndarray:
        """Return how many times fewer labels each strategy needs than the baseline.

        Parameters
        ----------
        score : float
            The score to reach.
        baseline : str
            The name of the strategy to compare with.
        confidence : float, default=0.95
            The level of the interval, in (0, 1).
        n_resamples : int, default=2000
            How often the splits are drawn anew, with replacement, for the interval.
        random_state : int, default=0
            Seed of the draws.

        Returns
        -------
        savings : ndarray of shape (n_strategies, 3)
            Labels the baseline needs divided by labels the strategy needs, and the lower and
            upper end of its bootstrap interval. NaN where either does not reach the score; an
            end of the interval is NaN where more than that share of the draws do not.
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
        # A draw that does not reach the score counts as the worst at either end.
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

    def _first_reached(self, curves: np.ndarray, score: float) -> np.ndarray:
        reached = curves >= score
        first = self.n_labels[reached.argmax(axis=1)].astype(float)
        return np.where(reached.any(axis=1), first, np.nan)

    def _position(self, name: str) -> int:
        if name not in self.names:
            raise ValueError(f"No strategy is named {name!r}. Known are {list(self.names)}.")
        return self.names.index(name)
