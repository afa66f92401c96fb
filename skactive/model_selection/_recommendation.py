"""A comparison in one or two sentences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from skactive._text import counted, printable, score_text
from skactive.model_selection._goals import goals_of

if TYPE_CHECKING:
    from skactive.model_selection._strategy_comparison import StrategyComparison

ALPHA = 0.05
N_MORE = 200
CHANCE = "but the difference between their curves may be due to chance."


def advice(comparison: StrategyComparison, baseline: str) -> str:
    """Return a sentence that recommends a strategy, and says whether that may be chance."""
    rivals = [name for name in comparison.names if name != baseline]
    shown = {name: printable(name) for name in comparison.names}
    if not rivals:
        return f"Only {shown[baseline]} was run: there is nothing to compare it with."
    goal, needed = reached_goal(comparison, rivals, baseline)
    name = min(rivals, key=lambda one: (math.isnan(needed[one]), needed[one]))
    count, reference = needed[name], needed[baseline]
    budget = int(comparison.n_labels[-1])
    if math.isnan(count):
        if not math.isnan(reference):
            return (
                f"Use {shown[baseline]}: it needed {labels(reference)} for {goal}, and every other "
                f"strategy more than {budget:,}."
            )
        return f"No strategy reached {goal} with {counted(budget, 'label')}."
    if count == reference:
        return (
            f"No strategy needed fewer labels than {shown[baseline]}, {labels(count)} for {goal}."
        )
    if count > reference:
        others = f"{shown[name]}, the best of the others, {count:,.0f}"
        if difference(comparison, name, baseline)[1]:
            return f"Use {shown[baseline]}: it needed {labels(reference)} for {goal}, and {others}."
        return f"{shown[baseline]} needed {labels(reference)} for {goal}, and {others}, {CHANCE}"
    other = f"more than {budget:,}" if math.isnan(reference) else f"{reference:,.0f}"
    mean, is_significant = difference(comparison, name, baseline)
    if is_significant and mean > 0:
        return (
            f"Use {shown[name]}: it needed {labels(count)} for {goal}, where {shown[baseline]} "
            f"needed {other}."
        )
    return (
        f"{shown[name]} needed {labels(count)} for {goal}, where {shown[baseline]} needed {other}, "
        f"{CHANCE}"
    )


def reached_goal(
    comparison: StrategyComparison, rivals: list[str], baseline: str
) -> tuple[str, dict[str, float]]:
    """Return the score at which to compare in words, and the labels needed for it."""
    goals = goals_of(comparison, baseline)
    for place in (goals.main, goals.easiest):
        counts = comparison.labels_to_score(goals.scores[place]).tolist()
        needed = dict(zip(comparison.names, counts, strict=True))
        if not all(math.isnan(needed[name]) for name in rivals):
            break
    return goals.texts[place], needed


def difference(comparison: StrategyComparison, name: str, baseline: str) -> tuple[float, bool]:
    """Return the area of a strategy above that of the baseline, and whether it is significant."""
    has_sizes = comparison.n_train is not None and comparison.n_test is not None
    tests = comparison.paired_tests(
        baseline=baseline, test="corrected_t" if has_sizes else "wilcoxon", alpha=ALPHA
    )
    place = tests.first.index(name)
    return float(tests.mean_difference[place]), bool(tests.significant[place])


def outlook(comparison: StrategyComparison, baseline: str, n_more: int | None) -> str | None:
    """Return a sentence on the score with more labels, None if the data do not allow one."""
    if comparison.n_train is None or comparison.n_test is None:
        return None
    n_now = int(np.max(comparison.n_train + comparison.n_test))
    if n_more is None:
        n_more = min(N_MORE, comparison.n_unlabeled, n_now)
    if n_more < 1:
        return None
    try:
        score, low, high = comparison.extrapolated_score(n_now + n_more, strategy=baseline)
    except ValueError:
        return None
    chosen = "chosen at random" if baseline == "random" else f"chosen by {printable(baseline)}"
    name = score_text(comparison.scoring)
    article = "an" if name[0] in "aeiouR" else "a"
    expected = f"{score:.2f} ({low:.2f} to {high:.2f})"
    if comparison.kind == "continuous":
        expected = f"{score:.3g} ({low:.3g} to {high:.3g})"
    return f"With {counted(n_more, 'more label')}, {chosen}, expect {article} {name} of {expected}."


def labels(n: float) -> str:
    """Return a number of labels in words."""
    return counted(round(n), "label")
