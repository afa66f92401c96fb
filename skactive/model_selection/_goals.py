"""The scores at which the labels of strategies are counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from skactive._text import counted, printable, score_text

if TYPE_CHECKING:
    from skactive.model_selection._strategy_comparison import StrategyComparison

# Shares of the score with every label.
FRACTIONS = (0.8, 0.9, 0.95)
# Shares of the budget with which the baseline has a score, if labels are numbers.
BUDGET_FRACTIONS = (0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Goals:
    """Scores to reach.

    Attributes
    ----------
    scores : tuple of float
        The scores.
    texts : tuple of str
        The scores in words.
    main, easiest : int
        The place of the score at which label savings are computed, and of the lowest.
    n_baseline : ndarray of int or None
        The numbers of labels of the baseline; None for shares of the score with every label.
    """

    scores: tuple[float, ...]
    texts: tuple[str, ...]
    main: int
    easiest: int = 0
    n_baseline: np.ndarray | None = None


def goals_of(comparison: StrategyComparison, baseline: str | None) -> Goals:
    """Return the scores at which the labels of the strategies of a comparison are counted.

    If labels are classes, or there is no baseline, these are shares of the score with every label.
    A score of numbers, such as an error, has no zero from which shares could be measured: with a
    baseline, they are the scores that it has with shares of the budget.

    Parameters
    ----------
    comparison : StrategyComparison
        The comparison.
    baseline : str or None
        One of its strategies.
    """
    name = score_text(comparison.scoring)
    if comparison.kind != "continuous" or baseline is None:
        return Goals(
            scores=tuple(share_of_full(comparison.full_scores, share) for share in FRACTIONS),
            texts=tuple(f"{percent(share)} of the {name} with every label" for share in FRACTIONS),
            main=1,
        )
    curve = comparison.mean_scores[comparison.names.index(baseline)]
    places = [baseline_place(comparison.n_labels, share) for share in BUDGET_FRACTIONS]
    n_baseline = comparison.n_labels[places]
    return Goals(
        scores=tuple(curve[places].tolist()),
        texts=tuple(
            f"the {name} of {printable(baseline)} with {counted(n, 'label')}"
            for n in n_baseline.tolist()
        ),
        main=2,
        n_baseline=n_baseline,
    )


def baseline_place(n_labels: np.ndarray, fraction: float) -> int:
    """Return the first point of a curve with a share of the budget."""
    return int(np.argmax(n_labels >= fraction * n_labels[-1]))


def share_of_full(full_scores: np.ndarray, share: float) -> float:
    """Return a share of the score with every label.

    For a score below 0, such as a negated loss, 0.9 means a loss of 1.1 times the full one.
    """
    full = float(full_scores.mean())
    return share * full if full >= 0 else (2 - share) * full


def percent(fraction: float) -> str:
    """Return a fraction as a percentage."""
    return f"{100 * fraction:g} %"
