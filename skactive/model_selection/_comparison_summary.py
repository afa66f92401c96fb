"""The table of a comparison: labels needed, area under the curve, label savings."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from skactive._frame import Tabular
from skactive._text import counted, printable, score_number
from skactive.model_selection._goals import BUDGET_FRACTIONS, FRACTIONS, percent

UNKNOWN = "–"
MAX_ROWS = 20


@dataclass(frozen=True, eq=False, repr=False)
class ComparisonSummary(Tabular):
    """A table with a row for each strategy: ``print(comparison.summary())``.

    Attributes
    ----------
    names : tuple of str
        The names of the strategies.
    budget : int
        The number of labels at the end of the curves.
    labels_needed : ndarray of shape (n_strategies, 3)
        The numbers of labels with which the mean curve first reaches 80, 90 and 95 % of the score
        with every label, or the scores at `n_baseline`; NaN if it never does.
    areas : ndarray of shape (n_strategies,)
        The mean height of each curve.
    baseline : str or None
        The strategy that the others are compared with.
    savings : ndarray of shape (n_strategies, 3) or None
        Label savings over the baseline at 90 %, or at the last of `n_baseline`, and the ends of
        their 95 % interval, as returned by `StrategyComparison.label_savings`; None without a
        baseline.
    n_baseline : ndarray of int of shape (3,) or None
        Numbers of labels, if labels are numbers and there is a baseline: the first points with
        50, 75 and 100 % of the budget. The score of the baseline there takes the place of a share
        of the score with every label.

    See Also
    --------
    StrategyComparison.summary : Returns it.

    Examples
    --------
    >>> import numpy as np
    >>> from skactive.model_selection import StrategyComparison
    >>> comparison = StrategyComparison(
    ...     names=("random", "margin"),
    ...     n_labels=np.array([10, 20, 30, 40]),
    ...     test_scores=np.array([[[0.5, 0.6, 0.7, 0.8]], [[0.6, 0.8, 0.85, 0.9]]]),
    ...     full_scores=np.array([0.9]),
    ...     scoring="accuracy",
    ... )
    >>> print(comparison.summary())
                   labels needed for  area under  label savings at 90 %
    strategy    80 %    90 %    95 %   the curve  (95 % interval)
    -------------------------------------------------------------------
    random        40    > 40    > 40       0.650  1, the baseline
    margin        20      30      40       0.800  > 1.3
    """

    names: tuple[str, ...]
    budget: int
    labels_needed: np.ndarray
    areas: np.ndarray
    baseline: str | None
    savings: np.ndarray | None
    n_baseline: np.ndarray | None = None

    def table(self) -> dict[str, np.ndarray]:
        """Return the numbers as columns of one length, by name.

        Returns
        -------
        table : dict of str to ndarray of shape (n_strategies,)
            Columns 'strategy', 'labels_80', 'labels_90', 'labels_95', 'area_under_curve' and, with
            a baseline, 'label_savings', 'savings_low' and 'savings_high'. With `n_baseline`, the
            columns are 'labels_50', 'labels_75' and 'labels_100' instead, by the share of the
            budget.
        """
        fractions = FRACTIONS if self.n_baseline is None else BUDGET_FRACTIONS
        needed = {
            f"labels_{100 * fraction:.0f}": column
            for fraction, column in zip(fractions, self.labels_needed.T, strict=True)
        }
        savings = {}
        if self.savings is not None:
            columns = ("label_savings", "savings_low", "savings_high")
            savings = dict(zip(columns, self.savings.T, strict=True))
        return {
            "strategy": np.asarray(self.names),
            **needed,
            "area_under_curve": self.areas,
            **savings,
        }

    def __str__(self) -> str:
        return self._drawn(self._savings_cells())

    def __repr__(self) -> str:
        return f"<ComparisonSummary of {len(self.names)}>\n{self}"

    def short(self) -> str:
        """Return the table without label savings, of at most 20 rows.

        Returns
        -------
        short : str
            The lines; the last one counts the rows that are left out, if there are any.
        """
        lines = self._drawn([]).splitlines()
        if (more := len(self.names) - MAX_ROWS) <= 0:
            return "\n".join(lines)
        return "\n".join([*lines[:-more], f"and {more} more"])

    def _drawn(self, savings: list[str]) -> str:
        names = [printable(name) for name in self.names]
        width = max(len(name) for name in ("strategy", *names))
        heading, goals = "labels needed for", [percent(fraction) for fraction in FRACTIONS]
        if self.n_baseline is not None:
            heading = "labels to match the baseline at"
            goals = [counted(n, "label") for n in self.n_baseline.tolist()]
        wide = max(8, 2 + max(map(len, goals)), 1 + len(heading) // len(goals))
        cells = "".join(f"{goal:>{wide}}" for goal in goals)
        titles = [
            f"{'':{width}}{heading:>{len(cells)}}  area under",
            f"{'strategy':{width}}{cells}   the curve",
        ]
        if savings:
            titles[0] += f"  label savings at {goals[self._main]}"
            titles[1] += "  (95 % interval)"
        lines = [*titles, "-" * max(map(len, titles))]
        for place, name in enumerate(names):
            counts = "".join(f"{self._count_cell(n):>{wide}}" for n in self.labels_needed[place])
            area = score_number(self.areas[place], is_share=self._are_shares)
            cells = f"  {savings[place]}" if savings else ""
            lines.append(f"{name:{width}}{counts}  {area:>10}{cells}")
        return "\n".join(lines)

    @property
    def _main(self) -> int:
        """The place of the score at which label savings are computed."""
        return 1 if self.n_baseline is None else 2

    @property
    def _are_shares(self) -> bool:
        """Whether scores are of the size of shares, and not of the labels."""
        return bool(np.abs(self.areas).max() <= 1)

    def _count_cell(self, n_labels: float) -> str:
        return f"> {self.budget}" if math.isnan(n_labels) else f"{n_labels:.0f}"

    def _savings_cells(self) -> list[str]:
        if self.savings is None or self.baseline is None:
            return []
        needed = self.labels_needed[:, self._main]
        baseline_reaches = not math.isnan(needed[self.names.index(self.baseline)])
        cells = []
        for name, n_labels, (savings, low, high) in zip(
            self.names, needed.tolist(), self.savings.tolist(), strict=True
        ):
            if name == self.baseline:
                cells.append("1, the baseline")
            elif math.isnan(n_labels):
                cells.append(UNKNOWN)
            elif not baseline_reaches:
                cells.append(f"> {self.budget / n_labels:.1f}")
            elif math.isnan(low) or math.isnan(high):
                cells.append(f"{savings:.1f} ({UNKNOWN})")
            else:
                cells.append(f"{savings:.1f} ({low:.1f} to {high:.1f})")
        return cells
